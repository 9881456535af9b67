"""The equations of fluid and protein exchange, one idea a file, written for one patient.

Every function takes and returns scalars and holds no constant that has a unit. Flux is positive
from plasma to interstitium. Sources carry a mark: [F] found and read, [M] from memory of the
paper, [D] derived or computed for this project, [A] assumed.
"""

from .attack import attack_at
from .blood import haematocrit, haemoglobin, red_cell_volume
from .body import circulate, external_balance, plasma_lost, red_cell_balance
from .circulation import (
    arteriolar_fraction,
    capillary_pressure,
    central_venous_pressure,
    mean_arterial_pressure,
    pressor_rise,
    pressor_venoconstriction,
    small_vein_pressure,
    unstressed_volume,
)
from .colloid import ColloidHealth, colloid_flows, colloid_rates
from .drug_leak import drug_drive, synthesis_under
from .endothelium import (
    ang2_release,
    barrier_motion,
    barrier_target,
    decay_rate,
    hill,
    shedding,
    tie2_signal,
    worn_conductance,
    worn_sieve,
)
from .episode import leak_drive
from .experiment import tracer_flux
from .filter import ultrafiltration
from .free_course import leak_about, smooth_course
from .glycocalyx import glycocalyx_wall
from .injury import fading_injury
from .inputs import REST, Inputs
from .interstitium import interstitial_pressure, pressure_of_tissue
from .kidney import diuretic_factor, evaporation_factor, urine_flow
from .leak_treatment import treated_drive, treated_leak, unbound_ang2
from .linear_lymph import linear_lymph_flow, steady_interstitial_ratio
from .lung import two_pore_lung_flows, two_pore_lung_rates
from .lymph import log_logistic, lymph_flow
from .oncotic import landis_pappenheimer, partial_pressures
from .pores import permeability_per_conductance, reflection_coefficient, restricted_diffusion
from .reflex import ReflexFlows, constricted_fraction, lymph_lag, reflex_flows, reflex_rates
from .shift_target import fluid_shift, retained_rate
from .sodium import cell_water_flux, dilution_factor, plasma_sodium, urine_sodium
from .sodium_body import sodium_flows, sodium_rates
from .solute import bernoulli, solute_flux, unidirectional_clearance
from .starling import fluid_flux
from .survival import hazard_of_death
from .tissue import Tissue, tissue_body_flows, tissue_body_rates
from .turnover import net_turnover
from .two_pore import solute_sieve, total_pressure, wall_flux, whole_wall
from .two_pore_body import TwoPoreFlows, two_pore_flows, two_pore_rates
from .window import open_between, ramp_between, risen

__all__ = [
    "REST",
    "ColloidHealth",
    "Inputs",
    "ReflexFlows",
    "Tissue",
    "TwoPoreFlows",
    "ang2_release",
    "arteriolar_fraction",
    "attack_at",
    "barrier_motion",
    "barrier_target",
    "bernoulli",
    "capillary_pressure",
    "cell_water_flux",
    "central_venous_pressure",
    "circulate",
    "colloid_flows",
    "colloid_rates",
    "constricted_fraction",
    "decay_rate",
    "dilution_factor",
    "diuretic_factor",
    "drug_drive",
    "evaporation_factor",
    "external_balance",
    "fading_injury",
    "fluid_flux",
    "fluid_shift",
    "glycocalyx_wall",
    "haematocrit",
    "haemoglobin",
    "hazard_of_death",
    "hill",
    "interstitial_pressure",
    "landis_pappenheimer",
    "leak_about",
    "leak_drive",
    "linear_lymph_flow",
    "log_logistic",
    "lymph_flow",
    "lymph_lag",
    "mean_arterial_pressure",
    "net_turnover",
    "open_between",
    "partial_pressures",
    "permeability_per_conductance",
    "plasma_lost",
    "plasma_sodium",
    "pressor_rise",
    "pressor_venoconstriction",
    "pressure_of_tissue",
    "ramp_between",
    "red_cell_balance",
    "red_cell_volume",
    "reflection_coefficient",
    "reflex_flows",
    "reflex_rates",
    "restricted_diffusion",
    "retained_rate",
    "risen",
    "shedding",
    "small_vein_pressure",
    "smooth_course",
    "sodium_flows",
    "sodium_rates",
    "solute_flux",
    "solute_sieve",
    "steady_interstitial_ratio",
    "synthesis_under",
    "tie2_signal",
    "tissue_body_flows",
    "tissue_body_rates",
    "total_pressure",
    "tracer_flux",
    "treated_drive",
    "treated_leak",
    "two_pore_flows",
    "two_pore_lung_flows",
    "two_pore_lung_rates",
    "two_pore_rates",
    "ultrafiltration",
    "unbound_ang2",
    "unidirectional_clearance",
    "unstressed_volume",
    "urine_flow",
    "urine_sodium",
    "wall_flux",
    "whole_wall",
    "worn_conductance",
    "worn_sieve",
]
