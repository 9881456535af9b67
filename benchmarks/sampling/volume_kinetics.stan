functions {
  vector rates(real t, vector x, real k_12, real k_21, real k_10, real infused) {
    return [infused - (k_10 + k_12) * x[1] + k_21 * x[2], k_12 * x[1] - k_21 * x[2]]';
  }
}
data {
  int during;
  int after;
  array[during] real first;
  array[after] real second;
  real infused;
  real stop;
  real noise;
  real mchc;
  vector[4] centre;
  vector[4] log_sd;
  array[2] real hematocrit;
  vector[during + after] hemoglobin;
}
parameters {
  vector[5] z;
}
transformed parameters {
  vector[during + after] mean;
  {
    vector[4] k = centre .* exp(log_sd .* z[1:4]);
    real hct = hematocrit[1] + hematocrit[2] * z[5];
    array[during] vector[2] x = ode_rk45_tol(rates, rep_vector(0, 2), 0, first, 1e-6, 1e-8, 10000, k[1], k[2], k[3], infused);
    array[after] vector[2] y = ode_rk45_tol(rates, x[during], stop, second, 1e-6, 1e-8, 10000, k[1], k[2], k[3], 0);
    for (i in 1 : during) mean[i] = mchc * hct / (1 + x[i, 1] / k[4] * (1 - hct));
    for (i in 1 : after) mean[during + i] = mchc * hct / (1 + y[i, 1] / k[4] * (1 - hct));
  }
}
model {
  z ~ std_normal();
  hemoglobin ~ normal(mean, noise);
}
