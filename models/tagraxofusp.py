"""The capillary leak of tagraxofusp behind a two-pore wall: a leak that builds up over the days of dosing.

The two-pore body with m_L(t) = 1 + (M - 1) E(t), `physiology.md` 7.2: the drive E rises over days from the first
dose, at time 0, and fades over days once the five doses are given. While it lasts less albumin is made. Flux is
positive out of plasma.

A drive long risen that never fades is `two_pore` with `m_L` = M, where as much albumin is made as in health.
"""

from typing import Any, NamedTuple

from cls_infer.model import (
    Derived,
    Parameter,
    fixed,
    logit_normal,
    lognormal,
    normal,
    peak_leak,
    reported_onset,
)
from cls_infer.model.reference import healthy_albumin, healthy_hematocrit
from cls_infer.model.two_pore import (
    two_pore_chart,
    two_pore_model,
    two_pore_over_time,
    two_pore_parameters,
)
from cls_infer.model.within import within
from cls_infer.physiology import drug_drive, synthesis_under, treated_leak, two_pore_flows, two_pore_rates


def half_risen(patient):
    """The charted onset give or take a day, or a factor; otherwise day 4 after a first dose at time 0."""
    return reported_onset({"onset": 96.0, "onset_sd": 24.0, **patient})


def hematocrit_before(patient):
    """The patient's own, else that of an anaemic patient with leukaemia."""
    return healthy_hematocrit(patient) if "baseline_hematocrit" in patient else normal(0.32, 0.04)


def albumin_before(patient):
    """The patient's own, else that of a patient fit to start: the label asks for 32 g/L."""
    return healthy_albumin(patient) if "baseline_albumin" in patient else normal(38.0, 3.0)


parameters = {
    # the drug's effect
    "M": Parameter("1", peak_leak("tagraxofusp"), "peak leak by cause, else tagraxofusp, physiology.md 7.2"),
    "t_half": Parameter("h", half_risen, "half of the rise, physiology.md 7.2; median onset day 6 [F]", reference=96.0),
    "w_rise": Parameter("h", lognormal(18.0, 0.3), "physiology.md 7.2 [A]"),
    "D": Parameter("h", lognormal(48.0, 0.4), "from t_half until it begins to close, 144 h in physiology.md 7.2 [A]"),
    "t_off": Parameter("h", lognormal(72.0, 0.4), "physiology.md 7.2 [A]; resolves in a median of 6 days [F]"),
    "w_corner": Parameter("h", fixed(6.0), "smoothed corner where the leak begins to close [A]"),
    "f_syn": Parameter("1", logit_normal(0.6, 0.5), "albumin synthesis at full drive, physiology.md 7.2 [A]"),
    **two_pore_parameters,
    # the patient before the first dose
    "Hct0": Parameter("1", hematocrit_before, "about 0.32, physiology.md 7.2", reference=0.32),
    "C_A0": Parameter("g/L", albumin_before, "38 in physiology.md 7.2; at least 32 to start [F]", reference=38.0),
}


class Flows(NamedTuple):
    body: Any
    drive: Any
    synthesis: Any


def flows(t, y, p, h, u):
    E = drug_drive(t, p.t_half, p.D, p.w_rise, p.t_off, p.w_corner)
    return Flows(
        body=two_pore_flows(y, p, h, u, m_L=treated_leak(1 + (p.M - 1) * E, u, p), intake=u.intake),
        drive=E,
        synthesis=u.albumin_synthesis * synthesis_under(E, p.f_syn),
    )


def rates(f, y, p, h, u):
    return two_pore_rates(f.body, y, p, h, u._replace(albumin_synthesis=f.synthesis))


model = two_pore_model(
    __doc__,
    parameters,
    flows,
    rates=rates,
    observables=within("body", two_pore_chart),
    derived={**within("body", two_pore_over_time), "drive": Derived("1", lambda f: f.drive)},
    begins="t_half",
    lead_in=96.0,
)
