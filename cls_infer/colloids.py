"""Synthetic colloids a chart may hold, each with what the wall, the kidney and an osmometer make of it.

One number stands for each polydisperse solution. The sources carry the trust marks of `physiology.md`: [F] found
in a public page, [M] from memory of the paper, [D] derived, [A] assumed; that file itself gives starch's radius alone.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Colloid:
    """One solution: grams per litre by its label, Stokes radius [nm], oncotic pressure, clearance.

    `k1` [mmHg/(g/L)] is RT at 310 K over the number average of its molar mass; `k2` [mmHg/(g/L)^2] makes the
    solution as it is sold exert the pressure its makers state. `k_clear` [1/h] is the share of what is in plasma
    that is excreted or broken down per hour, by median and log-sd.
    """

    about: str
    grams_per_litre: float
    radius: float
    k1: float
    k2: float
    k_clear: tuple[float, float]
    source: str


COLLOIDS: dict[str, Colloid] = {
    "dextran_40": Colloid(
        about="dextran 40, 10 %",
        grams_per_litre=100.0,
        radius=4.5,
        k1=0.823,
        k2=0.00972,
        k_clear=(0.20, 0.4),
        source="radius Mishler 1981 [F]; 23.5 kg/mol NIH Z01-BQ004005 [F]; solution 168-191 mmHg Mitra 2009 [F]; "
        "half excreted in 3 h, three quarters in a day, label [M]",
    ),
    "dextran_70": Colloid(
        about="dextran 70, 6 %",
        grams_per_litre=60.0,
        radius=5.8,
        k1=0.488,
        k2=0.00909,
        k_clear=(0.05, 0.4),
        source="radius 0.033 M^0.463, Granath [M]; 39.6 kg/mol NIH Z01-BQ004005 [F]; solution 56-68 mmHg Mitra "
        "2009 [F]; 58 % of 6 % dextran excreted in a day, after a litre of blood lost [F]",
    ),
    "hes_130": Colloid(
        about="hydroxyethyl starch 130/0.4, 6 %",
        grams_per_litre=60.0,
        radius=5.0,
        k1=0.298,
        k2=0.00503,
        k_clear=(0.50, 0.3),
        source="radius physiology.md 5.5 [A]; 65 kg/mol [M]; solution 36 mmHg Mitra 2009 [F]; "
        "22-24 mL/min Waitzinger 2003 [F] to 31 mL/min, Swiss label [F], of 3 L of plasma",
    ),
}
USUAL = "hes_130"
"""Where a chart names none: the one whose radius `physiology.md` gives."""
