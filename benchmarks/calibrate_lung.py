"""The lung from published ratios of protein: posterior beside today's values, rows before and after.

    ./in-env python benchmarks/calibrate_lung.py [--direct] [--draws N] [--warmup N] [--chains N] [--seed N]

Each experiment of data/reference_lung is a patient; all share one lung, whose constants are free within what is
published or, where nothing is, within a wide assumption. The body is held at the reference adult's. The rows are
those of data/validation: in sample where the number was fitted here, out of sample where it was not. Nothing shipped
is changed. With --direct a share of the water that alveoli clear, estimated too, goes straight to plasma, as most of
it did in isolated sheep lungs; the shipped lung gives all of it to the interstitium.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from calibrate_reference import (
    NO_NOISE,
    compared,
    moved,
    of_the_body,
    sampling_options,
    say,
    settings_of,
    verdict_of,
    with_body,
)

from cls_infer import fit, load_model, read_cohort
from cls_infer.cli.machine import prepare_jax
from cls_infer.cohort.records import Cohort
from cls_infer.cohort.shipped import shipped_folder
from cls_infer.model import Covariates, Model, Parameter, logit_normal, lognormal, normal
from cls_infer.model.noise import normal_noise
from cls_infer.model.prior import Fixed, Prior
from cls_infer.types import Scalar
from cls_infer.validation.chapter import Comparison
from cls_infer.validation.judge import Judged, simulated, value_of
from cls_infer.validation.read import read_validation

IMPOSED: dict[str, dict[str, float]] = {
    "lymph_at_rest": {},
    "lymph_at_high_flow": {"P_cl": 25.0},
    "cardiogenic": {"P_cl": 25.0},
    "ards": {"P_cl": 10.0, "m_Ll": 5.0, "AFC": 0.06},
}
"""What each experiment does to the lung, as the runs of data/validation have it; the rest is the reference adult's."""

WIDER: dict[str, Prior] = {
    "r_Sl": normal(5.0, 0.3),  # nm; 4.0 to 5.5 in the peritoneum [F]
    "r_Ll": normal(25.0, 2.5),  # nm; 20 to 30 [F]
    "f_ex_l": logit_normal(0.45, 0.7),  # 0.25 [A] to the rabbit's 0.66 [F]
    "J_max_ratio_l": lognormal(12.0, 0.3),  # sheep 10 [F]
    "lambda_Ll": lognormal(0.25, 0.5),  # [A], as the body's
    "m_lo_l": lognormal(40.0, 0.4),  # [A]
    "m_hi_l": lognormal(6.0, 0.4),  # [A]
    "k_flood": lognormal(3.0, 0.7),  # [A]
    "f_flood": lognormal(0.45, 0.3, shift=1.0),  # [A]
}
"""Constants of the lung that the model holds and the experiments may move."""

FREE = ("LpS_l", "alpha_Ll", "J_Ll0", "V_l0", *WIDER)

FITTED = (
    "Total protein of lung lymph over plasma (sheep)",
    "The same at very high flow: capillaries at 25 mmHg for a day",
    "Protein of oedema fluid over plasma, cardiogenic: capillaries at 25 mmHg, at 6 h",
    "Protein of oedema fluid over plasma, ARDS: leak of 5, at 6 h",
)
"""The rows of data/validation that data/reference_lung holds."""


DIRECT = "f_direct"
"""Share of the water cleared from alveoli that capillaries take up: 42 of 60 parts in isolated sheep lungs [F]."""


def with_direct_clearance(model: Model) -> Model:
    """Return the lung some of whose cleared water goes straight to plasma."""

    def rates(f: Any, y: Any, p: Any, h: Any, u: Any) -> dict[str, Scalar]:
        slopes = dict(model.rates(f, y, p, h, u))
        past = p.f_direct * f.lung.J_clear
        return {**slopes, "V_l": slopes["V_l"] - past, "V_p": slopes["V_p"] + past}

    share = Parameter("1", logit_normal(0.7, 1.0), "isolated sheep lungs, abstract [F]", reference=0.0)
    return replace(model, parameters={**model.parameters, DIRECT: share}, rates=rates)


def imposed(model: Model, name: str) -> Mapping[str, float]:
    """Return the illness of an experiment's lung: pressure, leak and clearance."""
    return {what: IMPOSED[name].get(what, model.reference_value(what)) for what in ("P_cl", "m_Ll", "AFC")}


def of_experiments(model: Model) -> Model:
    """Return the model with the lung's constants free and the illness each patient's own, known exactly.

    The spread of a row is the data set's alone; the lymph's known range of health is left out, for it is measured.
    """

    def known(name: str) -> Callable[[Covariates], Prior]:
        def of(patient: Covariates) -> Prior:
            return normal(float(patient.get(name, model.reference_value(name))), 0.0)

        return of

    parameters = dict(model.parameters)
    for name, prior in WIDER.items():
        parameters[name] = replace(parameters[name], prior=prior)
    for name in ("P_cl", "m_Ll", "AFC"):
        parameters[name] = replace(parameters[name], prior=known(name))
    ranges = {name: one for name, one in model.healthy_ranges.items() if not name.startswith("lung")}
    observables = {name: replace(one, noise=normal_noise(NO_NOISE)) for name, one in model.observables.items()}
    return replace(model, parameters=parameters, healthy_ranges=ranges, observables=observables)


def experiments(model: Model) -> Cohort:
    """Return the experiments, each with what it does to the lung among its patient's covariates."""
    cohort = read_cohort(shipped_folder() / "reference_lung")
    patients = tuple(
        replace(patient, covariates={**patient.covariates, **imposed(model, patient.name)})
        for patient in cohort.patients
    )
    return replace(cohort, patients=patients)


def held(model: Model, free: Sequence[str]) -> dict[str, float]:
    """Return the body: all that has a prior and is neither the lung's nor an illness imposed."""
    return {
        name: model.reference_value(name)
        for name, parameter in model.parameters.items()
        if name not in (*free, "P_cl", "m_Ll", "AFC") and not isinstance(parameter.prior_of({}), Fixed)
    }


def rows_of_the_lung() -> list[Comparison]:
    """Return the rows of the validation page on the lung, in sample where they are fitted here."""
    rows = [row for chapter in read_validation() for row in chapter.comparisons if list(row.value) == ["lung"]]
    return [replace(row, in_sample=row.what in FITTED) for row in rows]


def judged_of(model: Model, rows: Sequence[Comparison]) -> list[Judged]:
    """Return what this model says of the rows; all of its runs in one program."""
    simulations = simulated(model, rows)
    return [Judged(row, "lung", value_of(row, "lung", simulations)) for row in rows]


def main() -> None:
    """Fit, then print the posterior and the rows."""
    parser = sampling_options(__doc__)
    parser.add_argument("--direct", action="store_true", help="let plasma take up cleared water directly")
    options = parser.parse_args()
    prepare_jax()
    model = with_direct_clearance(load_model("lung")) if options.direct else load_model("lung")
    free = (*FREE, DIRECT) if options.direct else FREE
    done = fit(
        experiments(model),
        of_experiments(model),
        shared=free,
        fixed=held(model, free),
        settings=settings_of(options),
        report=lambda news: sys.stderr.write(f"{news}\n"),
    )
    lung = [row for row in of_the_body(done.summary) if row.name in free]
    say(*moved(lung, model), "", *verdict_of(done), "")
    rows = rows_of_the_lung()
    judged = judged_of(model, [*rows, *with_body(rows, {row.name: row.q50 for row in lung})])
    say(*compared(judged[: len(rows)], judged[len(rows) :]))


if __name__ == "__main__":
    main()
