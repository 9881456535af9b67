"""What therapy does to the body per unit time: the channels every treatment is made of."""

from typing import NamedTuple

from ..types import Scalar


class Inputs(NamedTuple):
    """Rates and levels imposed from outside, constant between therapy breakpoints.

    A treatment changes several channels at once: an albumin infusion is `water` and `albumin`.
    """

    water: Scalar = 0.0
    """volume into plasma [L/h]"""
    albumin: Scalar = 0.0
    """albumin into plasma [g/h]"""
    globulin: Scalar = 0.0
    """all other protein into plasma [g/h]"""
    red_cells: Scalar = 0.0
    """packed red-cell volume [L/h]"""
    bleeding: Scalar = 0.0
    """whole blood lost [L/h]"""
    ultrafiltration: Scalar = 0.0
    """protein-free fluid removed from plasma [L/h]"""
    intake: Scalar = 1.0
    """oral intake relative to health [1]"""
    norepinephrine: Scalar = 0.0
    """norepinephrine [ug/kg/min]"""
    venous_pressure: Scalar = 0.0
    """pressure added to the small veins [mmHg]"""
    transmembrane_pressure: Scalar = 0.0
    """pressure across an artificial membrane [mmHg]"""
    diuresis: Scalar = 1.0
    """urine relative to what the kidney would make [1]"""
    venodilation: Scalar = 0.0
    """added to the veins' unstressed volume [L]"""
    arterial_tone: Scalar = 1.0
    """mean arterial pressure relative to what blood volume would give; below 1 dilated [1]"""
    evaporation: Scalar = 1.0
    """insensible loss relative to health [1]"""
    albumin_synthesis: Scalar = 1.0
    """albumin made, relative to health [1]"""
    albuminuria: Scalar = 0.0
    """plasma that the kidney clears of albumin [L/h]"""
    lymph_patency: Scalar = 1.0
    """lymph flow relative to what the interstitial pressure would drive [1]"""
    sodium: Scalar = 0.0
    """sodium into plasma [mmol/h]"""
    plasma_removed: Scalar = 0.0
    """plasma taken out with its protein, the red cells given back [L/h]"""
    furosemide: Scalar = 0.0
    """loop diuretic that acts [mg/h]"""
    temperature: Scalar = 37.0
    """body temperature [degC]"""
    steroid: Scalar = 0.0
    """corticosteroid: 1 while it is judged to act [1]"""
    immunoglobulin: Scalar = 0.0
    """intravenous immunoglobulin: 1 while it is judged to act [1]"""
    aminophylline_terbutaline: Scalar = 0.0
    """aminophylline with terbutaline: 1 while they are judged to act [1]"""
    anti_ang2: Scalar = 0.0
    """antibody against angiopoietin-2: 1 while it is judged to act [1]"""
    colloid: Scalar = 0.0
    """synthetic colloid into plasma [g/h]"""


REST = Inputs()
"""No therapy, healthy intake."""
