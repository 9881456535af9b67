"""One run of each model that shows what it is for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..cohort.records import Event
from ..cohort.scenario import read_scenario
from ..model.spec import Model
from ..solve.simulate import Simulation, simulate
from .about import scenarios_of


@dataclass(frozen=True)
class Run:
    """A scenario, or none, what is changed on top of it, how long, and the quantities that a figure of it shows."""

    scenario: str = ""
    changes: Mapping[str, float] = field(default_factory=dict)
    hours: float | None = None
    panels: tuple[str, ...] = ()

    def command(self, model: str) -> str:
        """Return how to print the same run."""
        changes = [f"--set {name}={value:g}" for name, value in self.changes.items()]
        scenario = [f"--scenario {self.scenario}"] if self.scenario else []
        length = [f"--hours {self.hours:g}"] if self.hours else []
        return " ".join(["cls-infer simulate", model, *scenario, *length, *changes])


ROWS = 192
"""Times in a figure."""

KNOTS = {"z_2": -0.5, "z_3": 1.5, "z_4": 2.0, "z_5": 0.5, "z_6": -1.0, "z_7": 0.5, "z_8": 1.0, "z_9": -2.0}

BODY = ("hematocrit", "albumin", "plasma_volume", "interstitial_volume", "map", "lymph_flow")

TYPICAL = {
    "ang2_two_pore": Run(
        "septic_shock",
        panels=(
            *("cytokine_drive", "ang2", "barrier_opening"),
            *("glycocalyx", "syndecan_1", "transcapillary_escape_rate"),
        ),
    ),
    "bighamian_2016": Run("bleed_900_ml", hours=6, panels=("blood_volume", "fluid_shift", "hematocrit")),
    "burn": Run(
        "burn_30_parkland",
        panels=("m_L_burnt", "pressure_burnt", "gained_burnt", "gained_intact", "hematocrit", "albumin"),
    ),
    "clarkson_episode": Run(
        "clarkson_16_l", panels=("m_L", "hematocrit", "albumin", "plasma_volume", "weight_change", "urine_rate")
    ),
    "colloid": Run(
        "starch",
        panels=(
            *("plasma_colloid", "interstitial_colloid", "colloid_cleared"),
            *("colloid_pressure", "plasma_volume", "hematocrit"),
        ),
    ),
    "dialyzer": Run("dialyzer_pressures", panels=("driving_pressure", "ultrafiltration_rate")),
    "free_leak": Run(
        changes={"m_L": 6, **KNOTS},
        hours=120,
        panels=("m_L", "hematocrit", "albumin", "plasma_volume", "interstitial_volume", "map"),
    ),
    "lung": Run(
        "hydrostatic_lung",
        panels=(
            *("lung_interstitial_volume", "lung_lymph_flow", "alveolar_fluid"),
            *("evlwi", "oedema_to_plasma_protein", "lung_lymph_to_plasma_protein"),
        ),
    ),
    "multi_tissue": Run(
        changes={"m_L_skin": 2, "m_L_muscle": 2, "m_L_viscera": 12},
        hours=48,
        panels=("gained_skin", "gained_muscle", "gained_viscera", "hematocrit", "albumin", "map"),
    ),
    "one_pore": Run(changes={"m": 10}, hours=48, panels=BODY),
    "revised_starling": Run(
        "ringer_25_ml_per_kg",
        panels=("hematocrit", "albumin", "plasma_volume", "interstitial_volume", "urine_rate", "weight_change"),
    ),
    "sodium": Run(
        "hypertonic_saline",
        panels=("sodium", "cell_water", "urine_sodium", "plasma_volume", "interstitial_volume", "hematocrit"),
    ),
    "sodium_episode": Run(
        "clarkson_hypotonic",
        panels=("m_L", "sodium", "cell_water", "hematocrit", "interstitial_volume", "urine_sodium"),
    ),
    "tagraxofusp": Run(
        "tagraxofusp", panels=("drive", "m_L", "albumin", "hematocrit", "weight_change", "interstitial_volume")
    ),
    "two_pore": Run("tenfold_leak", panels=BODY),
    "two_pore_experiment": Run(
        changes={"dP_c": 5, "V_p0": 300},
        hours=96,
        panels=(
            *("capillary_pressure", "filtration", "lymph_flow"),
            *("tissue_weight_change", "lymph_to_plasma", "tracer_in_plasma"),
        ),
    ),
    "two_pore_reflex": Run(
        "bleed_900_ml",
        panels=(
            *("blood_volume", "capillary_pressure", "arteriolar_fraction"),
            *("lymph_flow", "plasma_volume", "hematocrit"),
        ),
    ),
    "volume_kinetics": Run("ringer_25_ml_per_kg", panels=("central_excess", "peripheral_excess", "urine")),
    "wheal": Run(
        "mast_cell_wheal",
        panels=("m_L_wheal", "gained_wheal", "pressure_wheal", "gained_rest", "hematocrit", "albumin"),
    ),
    "xie_1995": Run(
        "albumin_5_10_ml_per_kg",
        panels=("plasma_volume", "interstitial_volume", "albumin", "hematocrit", "capillary_pressure", "lymph_flow"),
    ),
}
"""What shows each model best; another shows its first scenario."""

ANY = "ringer_25_ml_per_kg"


def typical_run(model: Model) -> Run:
    """Return the run that shows what a model is for."""
    return TYPICAL.get(model.name) or Run(next(iter(scenarios_of(model)), ANY))


def events_of(run: Run) -> tuple[Event, ...]:
    """Return what is given in a run."""
    return read_scenario(run.scenario).therapy if run.scenario else ()


def changes_of(run: Run) -> dict[str, float]:
    """Return the parameters that a run changes."""
    return {**(read_scenario(run.scenario).changes if run.scenario else {}), **run.changes}


def simulated(model: Model, run: Run) -> Simulation:
    """Return how a run of a model goes."""
    story = read_scenario(run.scenario) if run.scenario else None
    hours = run.hours or (story.hours if story else 48.0)
    return simulate(model, changes=changes_of(run), therapy=events_of(run), hours=hours, every=hours / ROWS)


def title_of(run: Run) -> str:
    """Return in words what happens in a run."""
    if run.scenario:
        return read_scenario(run.scenario).title
    changed = ", ".join(f"{name} = {value:g}" for name, value in run.changes.items())
    return f"The reference adult with {changed}"
