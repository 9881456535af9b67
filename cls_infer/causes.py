"""Why the wall leaks: the causes a chart may name, each with how large its leak is taken to be.

The numbers are a prior for the excess of large pores at the peak, m_L - 1, lognormal by its median and log-sd.
A source of `physiology.md` is named where there is one; the rest is assumed, as the nearest sourced cause.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """One cause of leak: what it is, and the prior of m_L - 1 at its peak."""

    about: str
    median: float
    log_sd: float
    source: str


CAUSES: dict[str, Cause] = {
    "clarkson": Cause("systemic capillary leak syndrome (Clarkson disease)", 9.0, 0.5, "physiology.md 1.4"),
    "sepsis": Cause("sepsis and septic shock", 1.0, 0.8, "physiology.md 1.4"),
    "drug": Cause("a drug with no entry of its own", 2.0, 0.6, "physiology.md 1.4"),
    "tagraxofusp": Cause("tagraxofusp", 2.0, 0.6, "physiology.md 7.2"),
    "gemcitabine": Cause("gemcitabine", 2.0, 0.6, "assumed: as a drug"),
    "il2": Cause("interleukin-2", 2.0, 0.6, "assumed: as a drug"),
    "engraftment": Cause("engraftment syndrome", 2.0, 0.8, "assumed: as a drug, spread of sepsis"),
    "differentiation_syndrome": Cause("differentiation syndrome", 2.0, 0.8, "assumed: as a drug, spread of sepsis"),
    "hlh": Cause("haemophagocytic lymphohistiocytosis", 2.0, 0.8, "assumed: as a drug, spread of sepsis"),
    "dengue": Cause("dengue", 2.0, 0.8, "assumed: haematocrit rises by a fifth"),
    "haemorrhagic_fever": Cause("another viral haemorrhagic fever", 2.0, 0.8, "assumed: as dengue"),
    "ovarian_hyperstimulation": Cause("ovarian hyperstimulation syndrome", 2.0, 0.8, "assumed: as dengue"),
    "venom": Cause("snake and other venoms", 4.0, 0.8, "assumed: between a drug and Clarkson disease"),
    "ricin": Cause("ricin", 4.0, 0.8, "assumed: as venom"),
    "burn": Cause("burns, in the tissue that is not burnt", 1.0, 0.8, "assumed: as sepsis"),
    "ards": Cause("acute respiratory distress syndrome, outside the lung", 1.0, 0.8, "assumed: as sepsis"),
    "diabetes": Cause("chronic slow leak, as in diabetes", 0.3, 0.5, "assumed: escape of albumin raised by a third"),
}
