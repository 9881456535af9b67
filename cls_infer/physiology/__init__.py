"""The equations of fluid and protein exchange, one idea a file, written for one patient.

Every function takes and returns scalars and holds no constant that has a unit. Flux is positive
from plasma to interstitium. Sources carry a mark: [F] found and read, [M] from memory of the
paper, [D] derived or computed for this project, [A] assumed.
"""

from .blood import haematocrit, haemoglobin, red_cell_volume
from .body import circulate, external_balance, plasma_bled, red_cell_balance
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
from .episode import leak_drive
from .filter import ultrafiltration
from .inputs import REST, Inputs
from .interstitium import interstitial_pressure
from .kidney import urine_flow
from .lymph import log_logistic, lymph_flow
from .oncotic import landis_pappenheimer, partial_pressures
from .pores import permeability_per_conductance, reflection_coefficient, restricted_diffusion
from .solute import bernoulli, solute_flux, unidirectional_clearance
from .starling import fluid_flux
from .turnover import net_turnover
from .two_pore import total_pressure
from .two_pore_body import two_pore_flows, two_pore_rates
from .window import open_between

__all__ = [
    "REST",
    "Inputs",
    "arteriolar_fraction",
    "bernoulli",
    "capillary_pressure",
    "central_venous_pressure",
    "circulate",
    "external_balance",
    "fluid_flux",
    "haematocrit",
    "haemoglobin",
    "interstitial_pressure",
    "landis_pappenheimer",
    "leak_drive",
    "log_logistic",
    "lymph_flow",
    "mean_arterial_pressure",
    "net_turnover",
    "open_between",
    "partial_pressures",
    "permeability_per_conductance",
    "plasma_bled",
    "pressor_rise",
    "pressor_venoconstriction",
    "red_cell_balance",
    "red_cell_volume",
    "reflection_coefficient",
    "restricted_diffusion",
    "small_vein_pressure",
    "solute_flux",
    "total_pressure",
    "two_pore_flows",
    "two_pore_rates",
    "ultrafiltration",
    "unidirectional_clearance",
    "unstressed_volume",
    "urine_flow",
]
