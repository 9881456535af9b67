"""What therapy.csv may hold: each item with the input channels it feeds, per canonical unit.

The channels are the fields of `cls_infer.physiology.inputs.Inputs`. [F], [M], [A] are the trust marks of
`physiology.md`: found, from memory, assumed.
"""

from dataclasses import dataclass, field
from typing import Literal

from ..colloids import COLLOIDS
from .names import plain


@dataclass(frozen=True)
class Item:
    """A treatment or loss.

    A `volume` item has a total, spread evenly over its time: `per_unit` is what one `unit` of it brings to
    each channel (albumin_20: 200 g per L). So has a `dose`, whose time is how long it acts, never an instant.
    A `level` item holds its channel at the amount while it lasts. `low` and `high` bound what one row can
    possibly hold [unit].
    """

    kind: Literal["volume", "dose", "level"]
    unit: str
    low: float
    high: float
    per_unit: dict[str, float] = field(repr=False)
    label: str


def _fluid(label: str, **per_litre: float) -> Item:
    return Item("volume", "L", 0.0, 50.0, {"water": 1.0, **per_litre}, label)


def _loss(label: str, channel: str) -> Item:
    return Item("volume", "L", 0.0, 50.0, {channel: 1.0}, label)


def _judged(label: str, channel: str) -> Item:
    """Return a treatment of the leak: 1 while it is judged to act, other amounts scale the log of its effect."""
    return _level(f"{label}: 1 while judged to act", channel, "1", 0.0, 5.0)


def _level(label: str, channel: str, unit: str, low: float, high: float) -> Item:
    return Item("level", unit, low, high, {channel: 1.0}, label)


ITEMS: dict[str, Item] = {
    # sodium [mmol/L] of crystalloids: physiology.md 5.7; of any kind, as plasma [A]; saline by weight, 58.44 g/mol
    "crystalloid": _fluid("crystalloid of any kind", sodium=140.0),
    "ringer": _fluid("Ringer's lactate or acetate", sodium=130.0),
    "saline_0.9": _fluid("saline 0.9 %", sodium=154.0),
    "saline_0.45": _fluid("saline 0.45 %, half-normal", sodium=77.0),
    "saline_3": _fluid("saline 3 %, hypertonic", sodium=513.0),
    "saline_7.5": _fluid("saline 7.5 %, hypertonic", sodium=1284.0),
    "bicarbonate_8.4": _fluid("sodium bicarbonate 8.4 %", sodium=1000.0),
    "dextrose_5": _fluid("dextrose 5 %, which leaves pure water"),
    # albumin solutions by their labelled strength, physiology.md 5.5; sodium 130-160 by the pharmacopoeia (USP) [F]
    "albumin_4": _fluid("albumin 4 %", albumin=40.0, sodium=145.0),
    "albumin_5": _fluid("albumin 5 %", albumin=50.0, sodium=145.0),
    "albumin_20": _fluid("albumin 20 %", albumin=200.0, sodium=145.0),
    "albumin_25": _fluid("albumin 25 %", albumin=250.0, sodium=145.0),
    # physiology.md 5.5: about 35 g/L albumin and 25 g/L other protein; sodium with that of the citrate [M]
    "ffp": _fluid("fresh frozen plasma", albumin=35.0, globulin=25.0, sodium=170.0),
    # grams per litre by the label; in saline
    **{name: _fluid(c.about, colloid=c.grams_per_litre, sodium=154.0) for name, c in COLLOIDS.items()},
    # the cells' own volume; 1 `unit` is 0.18 L, physiology.md 5.5 [M]
    "red_cells": Item("volume", "L", 0.0, 20.0, {"red_cells": 1.0}, "packed red cells, without their medium"),
    "bleeding": _loss("whole blood lost", "bleeding"),
    # plasma goes with its protein, red cells come back; physiology.md 5.5
    "plasma_exchange": _loss("plasma removed; what replaces it is its own row", "plasma_removed"),
    # albumin sieving 0, physiology.md 5.5
    "crrt_ultrafiltrate": _loss("net fluid removed by haemofiltration", "ultrafiltration"),
    "oral_intake": _level("drinking relative to usual; 0 is nil by mouth", "intake", "1", 0.0, 10.0),
    "norepinephrine": _level("norepinephrine", "norepinephrine", "ug/kg/min", 0.0, 10.0),
    "venous_pressure": _level("pressure added to the veins", "venous_pressure", "mmHg", -30.0, 100.0),
    # conditions and drugs as what they do, physiology.md 5.2-5.6 and 9
    "diuresis": _level(
        "urine relative to the kidney's own; loop diuretic 2 to 7, injury 0", "diuresis", "1", 0.0, 20.0
    ),
    # a loop diuretic by its dose, fever by the temperature, physiology.md 5.4
    "furosemide": Item(
        "dose", "mg", 0.0, 5000.0, {"furosemide": 1.0}, "loop diuretic, over the time it acts: a bolus 1 to 4 h"
    ),
    "temperature": _level("body temperature, for the water that fever costs", "temperature", "degC", 28.0, 44.0),
    "venodilation": _level("volume the veins hold without pressure, added", "venodilation", "L", -2.0, 3.0),
    # physiology.md 5.3: 0.6 to 1; the drop of a vasoplegia
    "arterial_tone": _level("arterial pressure relative to usual; dilatation below 1", "arterial_tone", "1", 0.2, 2.0),
    "evaporation": _level("insensible loss relative to health, fever apart", "evaporation", "1", 0.0, 30.0),
    "albumin_synthesis": _level("albumin made, relative to health", "albumin_synthesis", "1", 0.0, 5.0),
    "albuminuria": _level("plasma cleared of albumin by the kidney", "albuminuria", "L/h", 0.0, 1.0),
    "lymph_patency": _level("lymph flow relative to an open lymphatic", "lymph_patency", "1", 0.0, 10.0),
    "transmembrane_pressure": _level(
        "pressure across an artificial membrane", "transmembrane_pressure", "mmHg", -200.0, 800.0
    ),
    # treatments of the leak itself, physiology.md 6.1 for the antibody, else [A]
    "steroid": _judged("corticosteroid", "steroid"),
    "immunoglobulin": _judged("intravenous immunoglobulin", "immunoglobulin"),
    "aminophylline_terbutaline": _judged("aminophylline with terbutaline", "aminophylline_terbutaline"),
    "anti_ang2": _judged("antibody against angiopoietin-2", "anti_ang2"),
}

SPELLINGS: dict[str, str] = {
    **dict.fromkeys(("ringers", "ringer_lactate", "ringer's lactate", "lactated_ringer", "hartmann", "rl"), "ringer"),
    **dict.fromkeys(("saline", "nacl", "nacl_0.9", "nacl 0.9%", "normal_saline", "ns", "0.9% saline"), "saline_0.9"),
    **dict.fromkeys(("glucose", "glucose_5", "glucose 5%", "dextrose", "d5w"), "dextrose_5"),
    **dict.fromkeys(("plasmalyte", "sterofundin", "jonosteril", "balanced crystalloid"), "crystalloid"),
    **dict.fromkeys(("human albumin 20%", "hsa_20", "ha_20"), "albumin_20"),
    **dict.fromkeys(("human albumin 5%", "hsa_5", "ha_5"), "albumin_5"),
    **dict.fromkeys(("plasma", "fresh_frozen_plasma"), "ffp"),
    **dict.fromkeys(("prbc", "packed_cells", "rbc", "erythrocytes", "transfusion"), "red_cells"),
    **dict.fromkeys(("noradrenaline", "levophed"), "norepinephrine"),
    **dict.fromkeys(("frusemide", "lasix"), "furosemide"),
    **dict.fromkeys(("blood_loss", "ebl", "hemorrhage", "haemorrhage"), "bleeding"),
    **dict.fromkeys(("ivig", "immunoglobulins"), "immunoglobulin"),
    **dict.fromkeys(("prednisolone", "methylprednisolone", "hydrocortisone", "dexamethasone"), "steroid"),
    **dict.fromkeys(("theophylline", "aminophylline", "terbutaline"), "aminophylline_terbutaline"),
}
"""How charts call these items: proposed and not taken, for what is meant, and in which unit, is the reader's word."""


def item_name(written: str) -> str:
    """Return an item's name as the vocabulary spells it: `Ringer` is `ringer`; any other word as it is."""
    return plain(written) if plain(written) in ITEMS else written
