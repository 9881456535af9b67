"""Cytokines, angiopoietin-2 and a two-pore wall (M5).

The two-pore body behind an endothelium, after `physiology.md` 6.1-6.4. A cytokine drive C opens the barrier to
E, m_L = 1 + (M_L - 1) E, and releases angiopoietin-2, which at Tie2 competes with angiopoietin-1 and lowers the
drive that is needed. Angiopoietin-2 alone opens nothing. Nothing forces it up either: one published attack had a
normal level. At a release gain `r_A` near 0, which its prior allows, the drive opens the barrier by itself,
E = C^2 / (C^2 + C_50^2), and a leak as large follows from a larger drive `a_C`, a lower `C_50` or a larger `M_L`.
Where angiopoietin-2 was not measured it is a latent state, and nothing tells `a_C`, `C_50` and `M_L` apart; a
series of it beside haematocrit and albumin does so weakly. What an assay reads is the level times its scale: of
one patient's chart only the product of `Ang2_0` and `x_assay` can be known.

Steroid, immunoglobulin, aminophylline with terbutaline act on the drive, an antibody against angiopoietin-2 on how
much of it Tie2 sees, not on what an assay reads.

The glycocalyx and syndecan-1 are outputs. Their pull on the small pores, `g_h` and `g_s`, is held near 0 by its
prior and absent at 0; published patients disagree on it. Flux is positive from plasma to interstitium.

Where the barrier stays at one opening E, without that pull, it is `two_pore` with `m_L` = 1 + (M_L - 1) E.
"""

from typing import Any, NamedTuple

from cls_infer.model import (
    Derived,
    Observable,
    Parameter,
    State,
    fixed,
    full_leak,
    logit_normal,
    lognormal,
    lognormal_noise,
    reported_onset,
    truncated_normal,
)
from cls_infer.model.reference import treatment_effects
from cls_infer.model.two_pore import (
    two_pore_chart,
    two_pore_model,
    two_pore_over_time,
    two_pore_parameters,
    two_pore_states,
)
from cls_infer.model.within import within
from cls_infer.physiology import (
    TwoPoreFlows,
    ang2_release,
    barrier_motion,
    barrier_target,
    decay_rate,
    open_between,
    ramp_between,
    shedding,
    tie2_signal,
    treated_drive,
    two_pore_flows,
    two_pore_rates,
    unbound_ang2,
    worn_conductance,
    worn_sieve,
)

parameters = {
    # the attack
    "M_L": Parameter(
        "1", full_leak("clarkson"), "barrier fully open, by cause, else Clarkson, physiology.md 6.2 [A]", reference=12.0
    ),
    "a_C": Parameter("1", lognormal(1.5, 0.7), "1 septic shock, 2 Clarkson, physiology.md 6.3 [A]", reference=2.0),
    "t_0": Parameter("h", reported_onset, "reported onset +-6 h, physiology.md 7.1", reference=24.0),
    "D": Parameter("h", lognormal(36.0, 0.4), "leak phase 1-4 days [F], physiology.md 7.1"),
    "w_C": Parameter("h", lognormal(2.0, 0.5), "edges of the drive; as the onset of 7.1 [A]"),
    "t_half_C": Parameter("h", fixed(0.8), "tumour necrosis factor, terminal 49 min [F], physiology.md 6.1"),
    "intake_attack": Parameter("1", logit_normal(0.4, 1.2), "uncharted; nil to healthy [A]", reference=1.0),
    "t_convalescence": Parameter("h", fixed(24.0), "intake recovers a day after the drive ends [A]"),
    # angiopoietins
    "Ang2_0": Parameter("ng/mL", lognormal(2.5, 0.3), "controls 2.7 [F], physiology.md 14.1"),
    "t_half_A": Parameter("h", lognormal(5.0, 0.5), "LPS curve, 3-8 h [D], physiology.md 6.1"),
    "r_A": Parameter(
        "1", logit_normal(10.0, 1.5, high=30.0), "severe sepsis x5-13, a normal attack x1 [F]; spread [A]"
    ),
    "K_A": Parameter("1", lognormal(0.3, 0.5), "physiology.md 14.1 [A]"),
    "h_A": Parameter("1", fixed(1.5), "physiology.md 6.2 [A]"),
    "x_assay": Parameter("1", lognormal(1.0, 0.5), "kits differ 2-3 fold [M], physiology.md 6.1", scope="shared"),
    "ang1_level": Parameter("1", lognormal(0.8, 0.4), "falls in sepsis [F], 0.4 in shock [A]", reference=1.0),
    "t_ramp": Parameter("h", fixed(24.0), "angiopoietin-1 falls within a day, physiology.md 13 [A]"),
    # Tie2 and the barrier
    "kappa": Parameter("1", lognormal(0.15, 0.5), "physiology.md 14.1 [A]"),
    "eps": Parameter("1", logit_normal(0.18, 0.84), "Beta(2, 8) of 14.1 by its quartiles [A]", reference=0.2),
    "C_50": Parameter("1", lognormal(3.0, 0.5), "physiology.md 14.1 [A]"),
    "q_C": Parameter("1", fixed(2), "physiology.md 6.2 [A]"),
    "n_C": Parameter("1", fixed(2), "physiology.md 6.2 [A]"),
    "t_on": Parameter("h", lognormal(3.0, 0.4), "physiology.md 14.1 [A]"),
    "t_off": Parameter("h", lognormal(18.0, 0.4), "physiology.md 14.1 [A]"),
    "w_E": Parameter("1", fixed(0.02), "opening passes into closing, physiology.md 6.2 [A]"),
    # glycocalyx and syndecan-1
    "t_half_G": Parameter("h", fixed(48.0), "recovers over days [M], value [A], physiology.md 6.4"),
    "k_Gd": Parameter("1/h", fixed(0.06), "physiology.md 6.4 [A]"),
    "K_G": Parameter("1", fixed(0.5), "physiology.md 6.4 [A]"),
    "S1_0": Parameter("ng/mL", lognormal(20.0, 0.3), "normal 15 [F], physiology.md 14.1"),
    "t_half_S": Parameter("h", fixed(6.0), "physiology.md 6.4 [A]"),
    "Y_S": Parameter("ng/mL", lognormal(900.0, 0.7), "shed by the whole glycocalyx, physiology.md 6.4; spread [A]"),
    "g_h": Parameter("1", truncated_normal(0.0, 0.1, 0.0, 1.0), "optional coupling, physiology.md 6.4", reference=0.0),
    "g_s": Parameter("1", truncated_normal(0.0, 0.1, 0.0, 1.0), "optional coupling, physiology.md 6.4", reference=0.0),
    **two_pore_parameters,
    **treatment_effects("the drive", antibody_on="the angiopoietin-2 that Tie2 sees"),
}

states = {
    **two_pore_states,
    "C": State("1", lambda p, h: 0.0, what="cytokine drive"),
    "Ang2": State("ng/mL", lambda p, h: p.Ang2_0, what="angiopoietin-2 in plasma"),
    "E": State("1", lambda p, h: 0.0, what="opening of the barrier"),
    "G": State("1", lambda p, h: 1.0, what="glycocalyx that is left"),
    "S1": State("ng/mL", lambda p, h: p.S1_0, what="syndecan-1 in plasma"),
}


class Flows(NamedTuple):
    """The body's flows, and the endothelium at the same instant."""

    body: TwoPoreFlows
    u_C: Any
    C: Any
    Ang2: Any
    ang2_read: Any
    ang1: Any
    signal: Any
    E: Any
    E_target: Any
    G: Any
    S1: Any


def flows(t, y, p, h, u):
    end = p.t_0 + p.D
    ang1 = 1 - (1 - p.ang1_level) * ramp_between(t, p.t_0, end, p.t_ramp, p.w_C)
    signal = tie2_signal(unbound_ang2(u, p) * y.Ang2 / p.Ang2_0 / ang1, p.kappa, p.eps)
    ill = open_between(t, p.t_0, end + p.t_convalescence, p.w_C)
    worn = h._replace(sieve=worn_sieve(h.sieve, y.G, p.g_s))
    return Flows(
        body=two_pore_flows(
            y,
            p,
            worn,
            u,
            m_L=1 + (p.M_L - 1) * y.E,
            m_S=worn_conductance(y.G, p.g_h),
            intake=u.intake * (1 - (1 - p.intake_attack) * ill),
        ),
        u_C=treated_drive(u, p) * p.a_C * open_between(t, p.t_0, end, p.w_C),
        C=y.C,
        Ang2=y.Ang2,
        ang2_read=y.Ang2 * p.x_assay,
        ang1=ang1,
        signal=signal,
        E=y.E,
        E_target=barrier_target(y.C, signal, p.C_50, p.q_C, p.n_C),
        G=y.G,
        S1=y.S1,
    )


def rates(f, y, p, h, u):
    shed = shedding(f.C, f.G, p.k_Gd, p.K_G)
    return {
        **two_pore_rates(f.body, y, p, h, u),
        "C": decay_rate(p.t_half_C) * (f.u_C - f.C),
        "Ang2": decay_rate(p.t_half_A) * (p.Ang2_0 * ang2_release(f.C, p.r_A, p.K_A, p.h_A) - f.Ang2),
        "E": barrier_motion(f.E, f.E_target, p.t_on, p.t_off, p.w_E),
        "G": decay_rate(p.t_half_G) * (1 - f.G) - shed,
        "S1": decay_rate(p.t_half_S) * (p.S1_0 - f.S1) + p.Y_S * shed,
    }


observables = {
    **within("body", two_pore_chart),
    "ang2": Observable("ng/mL", lambda f: f.ang2_read, lognormal_noise(0.3)),
    "syndecan_1": Observable("ng/mL", lambda f: f.S1, lognormal_noise(0.35)),
}
derived = {
    **within("body", two_pore_over_time),
    "cytokine_drive": Derived("1", lambda f: f.C),
    "ang2_level": Derived("ng/mL", lambda f: f.Ang2),
    "ang1_ratio": Derived("1", lambda f: f.ang1),
    "tie2_signal": Derived("1", lambda f: f.signal),
    "barrier_opening": Derived("1", lambda f: f.E),
    "glycocalyx": Derived("1", lambda f: f.G),
}

model = two_pore_model(
    __doc__,
    parameters,
    flows,
    states=states,
    rates=rates,
    observables=observables,
    derived=derived,
    begins="t_0",
    lead_in=36.0,
)
