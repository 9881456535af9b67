"""The parameters of one attack of Clarkson disease."""

from .leak import peak_leak
from .onset import reported_onset
from .prior import fixed, logit_normal, lognormal
from .spec import Parameter

attack_parameters = {
    "M": Parameter("1", peak_leak("clarkson"), "peak leak by cause, else Clarkson, physiology.md 1.4", reference=10.0),
    "t_0": Parameter("h", reported_onset, "reported onset +-6 h, physiology.md 7.1", reference=24.0),
    "D": Parameter("h", lognormal(36.0, 0.4), "leak phase 1-4 days [F]"),
    "t_off": Parameter("h", lognormal(12.0, 0.5), "physiology.md 7.1"),
    "w_on": Parameter("h", lognormal(2.0, 0.5), "physiology.md 7.1"),
    "e_p": Parameter("1", logit_normal(0.055, 0.85), "prodrome, Beta(1.5, 20) of 7.1 by its quartiles", reference=0.04),
    "intake_attack": Parameter("1", logit_normal(0.4, 1.2), "uncharted; nil to healthy [A]", reference=1.0),
    # the shape of the drive
    "prodrome_lead": Parameter("h", fixed(24.0), "prodrome a day ahead [F], physiology.md 7.1"),
    "prodrome_width": Parameter("h", fixed(2.0), "physiology.md 7.1"),
    "prodrome_merge": Parameter("1", fixed(1.0), "1: noisy-OR of prodrome and attack; e_p: the larger of the two"),
    "w_corner": Parameter("h", fixed(2.0), "smoothed corner where the leak begins to close [A]"),
    "t_convalescence": Parameter("h", fixed(24.0), "intake recovers a day after the leak begins to close [A]"),
}
