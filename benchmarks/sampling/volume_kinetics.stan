functions {
  vector rates(real t, vector x, real k_12, real k_21, real k_10, real infused) {
    return [infused - (k_10 + k_12) * x[1] + k_21 * x[2], k_12 * x[1] - k_21 * x[2]]';
  }
}
data {
  int patients;
  int pooled;
  array[pooled] int follows;
  array[5 - pooled] int alone;
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
  array[2] real spread;
  array[patients] vector[during + after] hemoglobin;
}
parameters {
  vector[pooled] mu;
  vector[pooled] w;
  matrix[pooled, patients] eta;
  matrix[5 - pooled, patients] own;
}
transformed parameters {
  array[patients] vector[during + after] mean;
  {
    vector[pooled] tau = spread[1] * exp(spread[2] * w);
    for (p in 1 : patients) {
      vector[5] z;
      z[follows] = mu + tau .* eta[, p];
      z[alone] = own[, p];
      vector[4] k = centre .* exp(log_sd .* z[1:4]);
      real hct = hematocrit[1] + hematocrit[2] * z[5];
      array[during] vector[2] x = ode_rk45_tol(rates, rep_vector(0, 2), 0, first, 1e-6, 1e-8, 10000, k[1], k[2], k[3], infused);
      array[after] vector[2] y = ode_rk45_tol(rates, x[during], stop, second, 1e-6, 1e-8, 10000, k[1], k[2], k[3], 0);
      for (i in 1 : during) mean[p][i] = mchc * hct / (1 + x[i, 1] / k[4] * (1 - hct));
      for (i in 1 : after) mean[p][during + i] = mchc * hct / (1 + y[i, 1] / k[4] * (1 - hct));
    }
  }
}
model {
  mu ~ std_normal();
  w ~ std_normal();
  to_vector(eta) ~ std_normal();
  to_vector(own) ~ std_normal();
  for (p in 1 : patients) hemoglobin[p] ~ normal(mean[p], noise);
}
