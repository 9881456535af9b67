"""Every variable a chart may hold: its canonical unit, what is possible in a living patient, its spellings.

The ranges only catch slips of unit or typing, so they are wide [assumed]; they are no reference intervals.
"""

from dataclasses import dataclass

from .names import plain


@dataclass(frozen=True)
class Variable:
    """A clinical variable: canonical `unit`, and `low` to `high` possible at all in that unit."""

    unit: str
    low: float
    high: float
    label: str


VARIABLES: dict[str, Variable] = {
    # what today's models predict
    "hematocrit": Variable("1", 0.05, 0.85, "haematocrit"),
    "hemoglobin": Variable("g/L", 15, 290, "haemoglobin"),
    "albumin": Variable("g/L", 1, 80, "plasma albumin"),
    "total_protein": Variable("g/L", 5, 150, "plasma total protein"),
    "oncotic_pressure": Variable("mmHg", 1, 70, "plasma colloid osmotic pressure"),
    "map": Variable("mmHg", 10, 250, "mean arterial pressure"),
    "cvp": Variable("mmHg", -15, 60, "central venous pressure"),
    "weight_change": Variable("kg", -50, 100, "body weight gained since health"),
    "urine": Variable("L", 0, 40, "urine collected over the window"),
    "urine_rate": Variable("L/h", 0, 4, "urine flow"),
    "plasma_volume": Variable("L", 0.1, 15, "plasma volume"),
    "transcapillary_escape_rate": Variable("1/h", 0, 3, "share of plasma albumin leaving per hour"),
    "interstitial_albumin": Variable("g/L", 0, 80, "albumin in interstitial fluid"),
    "plasma_dilution": Variable("1", -0.95, 5, "relative gain of plasma volume"),
    "tracer_in_plasma": Variable("1", 0, 2, "labelled albumin per volume of plasma, relative to time 0"),
    "lymph_flow": Variable("L/h", 0, 10, "lymph flow before the nodes"),
    "tissue_weight_change": Variable("kg", -20, 60, "weight gained by tissue, its blood apart"),
    "ultrafiltration_rate": Variable("L/h", -5, 10, "flow through an artificial membrane"),
    "evlwi": Variable("mL/kg", 1, 100, "extravascular lung water per kg of predicted body weight"),
    "oedema_to_plasma_protein": Variable("1", 0.02, 5, "total protein of alveolar oedema fluid over that of plasma"),
    "lung_lymph_to_plasma_protein": Variable("1", 0.01, 2, "total protein of lung lymph over that of plasma"),
    "sbp": Variable("mmHg", 20, 350, "systolic pressure; with dbp it becomes map"),
    "dbp": Variable("mmHg", 5, 250, "diastolic pressure; with sbp it becomes map"),
    # endothelium and inflammation
    "ang1": Variable("ng/mL", 0, 1000, "angiopoietin-1"),
    "ang2": Variable("ng/mL", 0, 1000, "angiopoietin-2"),
    "syndecan_1": Variable("ng/mL", 0, 10000, "syndecan-1"),
    "vegf": Variable("ng/mL", 0, 1000, "vascular endothelial growth factor"),
    "vcam_1": Variable("ng/mL", 0, 100000, "vascular cell adhesion molecule 1"),
    "tnf": Variable("ng/mL", 0, 1000, "tumour necrosis factor"),
    "il_6": Variable("ng/mL", 0, 10000, "interleukin 6"),
    "crp": Variable("mg/L", 0, 1500, "C-reactive protein"),
    "igg": Variable("g/L", 0, 200, "immunoglobulin G"),
    # laboratory
    "sodium": Variable("mmol/L", 80, 220, "sodium"),
    "potassium": Variable("mmol/L", 0.5, 15, "potassium"),
    "chloride": Variable("mmol/L", 40, 200, "chloride"),
    "bicarbonate": Variable("mmol/L", 1, 80, "bicarbonate"),
    "creatinine": Variable("umol/L", 5, 5000, "creatinine"),
    "bun": Variable("mmol/L", 0.1, 120, "blood urea nitrogen, as urea"),
    "urea": Variable("mmol/L", 0.1, 120, "urea"),
    "glucose": Variable("mmol/L", 0.1, 150, "glucose"),
    "lactate": Variable("mmol/L", 0.05, 50, "lactate"),
    "bilirubin": Variable("umol/L", 0.1, 1500, "total bilirubin"),
    "osmolality": Variable("mOsm/kg", 150, 600, "plasma osmolality"),
    "platelets": Variable("1e9/L", 0, 5000, "platelets"),
    "wbc": Variable("1e9/L", 0, 1500, "white cells"),
    # bedside
    "heart_rate": Variable("1/min", 5, 350, "heart rate"),
    "respiratory_rate": Variable("1/min", 1, 120, "respiratory rate"),
    "spo2": Variable("1", 0.1, 1, "oxygen saturation"),
    "temperature": Variable("degC", 12, 47, "body temperature"),
    "weight": Variable("kg", 0.3, 650, "body weight"),
    "bladder_pressure": Variable("mmHg", -5, 80, "intra-abdominal pressure"),
    "pcwp": Variable("mmHg", -10, 80, "pulmonary capillary wedge pressure"),
}

SPELLINGS: dict[str, str] = {
    **dict.fromkeys(("haematocrit", "hct", "ht", "pcv"), "hematocrit"),
    **dict.fromkeys(("haemoglobin", "hb", "hgb"), "hemoglobin"),
    **dict.fromkeys(("alb", "serum_albumin", "plasma_albumin"), "albumin"),
    **dict.fromkeys(("tp", "tprot", "protein", "serum_protein"), "total_protein"),
    **dict.fromkeys(("cop", "colloid_osmotic_pressure"), "oncotic_pressure"),
    **dict.fromkeys(("mean_arterial_pressure", "mbp", "abp_mean"), "map"),
    **dict.fromkeys(("systolic", "systolic_blood_pressure", "sys"), "sbp"),
    **dict.fromkeys(("diastolic", "diastolic_blood_pressure", "dia"), "dbp"),
    **dict.fromkeys(("central_venous_pressure",), "cvp"),
    **dict.fromkeys(("weight_gain",), "weight_change"),
    **dict.fromkeys(("urine_output", "urine_volume", "diuresis", "uo"), "urine"),
    **dict.fromkeys(("urine_flow",), "urine_rate"),
    **dict.fromkeys(("pv",), "plasma_volume"),
    **dict.fromkeys(("elwi", "extravascular_lung_water_index"), "evlwi"),
    **dict.fromkeys(("edema_to_plasma_protein", "ef_pl"), "oedema_to_plasma_protein"),
    **dict.fromkeys(("ter",), "transcapillary_escape_rate"),
    **dict.fromkeys(("angiopoietin_1", "angpt1", "ang_1"), "ang1"),
    **dict.fromkeys(("angiopoietin_2", "angpt2", "ang_2"), "ang2"),
    **dict.fromkeys(("syndecan", "syndecan1", "sdc1"), "syndecan_1"),
    **dict.fromkeys(("na",), "sodium"),
    **dict.fromkeys(("k",), "potassium"),
    **dict.fromkeys(("cl",), "chloride"),
    **dict.fromkeys(("hco3",), "bicarbonate"),
    **dict.fromkeys(("cr", "crea", "scr"), "creatinine"),
    **dict.fromkeys(("blood_urea_nitrogen",), "bun"),
    **dict.fromkeys(("lac",), "lactate"),
    **dict.fromkeys(("plt", "platelet_count", "thrombocytes"), "platelets"),
    **dict.fromkeys(("leukocytes", "leucocytes", "white_cell_count", "wcc"), "wbc"),
    **dict.fromkeys(("hr", "pulse"), "heart_rate"),
    **dict.fromkeys(("rr",), "respiratory_rate"),
    **dict.fromkeys(("sao2", "oxygen_saturation"), "spo2"),
    **dict.fromkeys(("temp", "body_temperature"), "temperature"),
    **dict.fromkeys(("body_weight", "wt"), "weight"),
}


def canonical_name(written: str) -> str | None:
    """Return the vocabulary's name of a variable as a chart writes it, None if it holds no such variable."""
    name = plain(written)
    name = SPELLINGS.get(name, name)
    return name if name in VARIABLES else None
