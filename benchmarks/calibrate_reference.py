"""The reference adult from published fluid experiments: posterior beside today's values, rows before and after.

    ./in-env python benchmarks/calibrate_reference.py [MODEL] [--draws N] [--warmup N] [--chains N] [--seed N]
        [--mode-only] [--starts N] [--spread ROW=SD]... [--hold NAME=VALUE]...

MODEL is a shipped model with a two-pore wall, or the path of a model file. Each experiment of data/reference_adult
is a patient; all share one body, whose baselines are held, for the experiments are published relative to them. The
rows are those of data/validation: in sample where the number was fitted, out of sample where it was not. Nothing
shipped is changed.

--mode-only seeks the mode and draws nothing: enough to rank bodies. --spread gives a row
another spread, in its unit, as `albumin/plasma_volume/0.83=0.045`; a large one takes the row out. --hold keeps one of
the body's parameters.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from cls_infer import fit, load_model, read_cohort
from cls_infer.cli.machine import prepare_jax
from cls_infer.cohort.records import Cohort, Measurement
from cls_infer.cohort.scenario import Scenario
from cls_infer.cohort.shipped import shipped_folder
from cls_infer.inference.settings import Settings
from cls_infer.inference.start import Start, find_start
from cls_infer.likelihood.posterior import Posterior, posterior
from cls_infer.model import Model
from cls_infer.model.noise import normal_noise
from cls_infer.model.prior import Fixed
from cls_infer.results.fitted import Fit
from cls_infer.results.summary import Row
from cls_infer.validation.chapter import Comparison
from cls_infer.validation.judge import Judged, judge_one
from cls_infer.validation.read import read_validation
from cls_infer.validation.reading import Read

BASELINES = ("m_L", "BW", "V_p0", "Hct0", "C_A0", "C_G0", "MAP0")
"""What the published changes are relative to; held at the reference adult's."""

NO_NOISE = 1e-4
"""A patient's noise, in the unit of the variable: the mean of a group scatters by its own spread alone."""

LONGER = 3
"""A run whose half-life is read lasts so many times as long: another body may keep what it got for more than a day."""

LIKE = "two_pore"
"""Rows that are compared with this model are compared with any that has the same body."""


def of_group_means(model: Model) -> Model:
    """Return the model as groups of people show it: the spread of a mean is the data set's.

    The known range of the escape rate is left out, for it is measured.
    """
    known = {name: one for name, one in model.healthy_ranges.items() if name != "TER_0"}
    observables = {name: replace(one, noise=normal_noise(NO_NOISE)) for name, one in model.observables.items()}
    return replace(model, observables=observables, healthy_ranges=known)


def free_body(model: Model) -> tuple[str, ...]:
    """Return the body's parameters that the experiments may move: those with a prior, baselines apart."""
    return tuple(
        name
        for name, parameter in model.parameters.items()
        if name not in BASELINES and not parameter.acts_through and not isinstance(parameter.prior_of({}), Fixed)
    )


def of_the_body(rows: Iterable[Row]) -> list[Row]:
    """Return one row for each parameter; what scales with body weight comes once a patient, and all weigh the same."""
    return [replace(row, name=name) for name, row in {row.variable: row for row in rows}.items()]


def with_spreads(cohort: Cohort, spreads: Mapping[str, float]) -> Cohort:
    """Return the cohort with other spreads, by `patient/variable/hour` as `--spread` writes it."""
    left = dict(spreads)

    def own(patient: str, one: Measurement) -> Measurement:
        return replace(one, extra_sd=left.pop(f"{patient}/{one.variable}/{one.time:g}", one.extra_sd))

    patients = tuple(replace(p, measurements=tuple(own(p.name, m) for m in p.measurements)) for p in cohort.patients)
    if left:
        raise SystemExit(f"no such row: {', '.join(left)}")
    return replace(cohort, patients=patients)


def body_at(target: Posterior, z: np.ndarray) -> dict[str, float]:
    """Return the body's free parameters at one point."""
    values, _ = target.pooling.values(target.pooling.coordinates(z))
    return {slot.name: float(value[0]) for slot, value in zip(target.pooling.parameters, values, strict=True)}


def evidence(start: Start) -> float:
    """Return the log evidence in Laplace's approximation: coordinates are standard normal under the prior."""
    return float(np.max(start.log_posterior) + 0.5 * np.linalg.slogdet(start.covariance)[1])


def pulls(target: Posterior, z: np.ndarray) -> list[str]:
    """Return a line for each fitted row: what was measured, what the body gives, their distance in spreads."""
    mean = np.asarray(target.predicted(target.pooling.coordinates(z)).mean)
    lines = ["| fitted row | measured | at the mode | distance in spreads |", "|---|---|---|---|"]
    for patient, its_mean in zip(target.cohort.patients, mean, strict=True):
        for one, predicted in zip(patient.measurements, its_mean, strict=False):
            distance = (predicted - one.value) / one.extra_sd
            what = f"{patient.name}/{one.variable}/{one.time:g}"
            lines.append(f"| {what} | {one.value:.4g} | {predicted:.4g} | {distance:+.1f} |")
    return lines


def moved(rows: Iterable[Row], model: Model) -> list[str]:
    """Return a line for each parameter: its value today, its posterior, MOVED where today's is outside 5 to 95 %."""
    lines = ["| parameter | today | posterior median (5 to 95 %) | contraction | |", "|---|---|---|---|---|"]
    for row in rows:
        today = model.reference_value(row.name)
        mark = "" if row.q05 <= today <= row.q95 else "MOVED"
        unit = "" if row.unit == "1" else f", {row.unit}"
        posterior = f"{row.q50:.3g} ({row.q05:.3g} to {row.q95:.3g})"
        lines.append(f"| `{row.name}`{unit} | {today:.3g} | {posterior} | {row.contraction:.2f} | {mark} |")
    return lines


def rows_of(model: str) -> list[Comparison]:
    """Return the rows of the validation page that are read from one run, which the body of `model` can repeat."""
    rows = [row for chapter in read_validation() for row in chapter.comparisons if LIKE in row.value]
    once = [(row, row.reading) for row in rows if isinstance(row.reading, Read)]
    halved = {read.run.name for _, read in once if read.shows.measure == "half_life"}
    found = []
    for row, read in once:
        run = read.run
        longer = replace(run, hours=run.hours * LONGER) if run.name in halved else run
        found.append(in_run(replace(row, value={model: row.value[LIKE]}), longer))
    return found


def run_of(row: Comparison) -> Scenario:
    """Return the one run that a row is read from."""
    (run,) = row.reading.runs
    return run


def in_run(row: Comparison, run: Scenario) -> Comparison:
    """Return the row, read from another run."""
    assert isinstance(row.reading, Read)
    return replace(row, reading=replace(row.reading, run=run))


def with_body(rows: Sequence[Comparison], body: Mapping[str, float]) -> list[Comparison]:
    """Return the rows, of runs by another body; what a run sets itself it keeps, unless the body has it."""
    return [
        in_run(row, replace(run, name=f"{run.name}, calibrated", changes={**run.changes, **body}))
        for row, run in zip(rows, map(run_of, rows), strict=True)
    ]


def compared(before: Sequence[Judged], after: Sequence[Judged]) -> list[str]:
    """Return a line for each row, in-sample rows first, with MISS where a value lies outside what was published."""
    lines = ["| row | published | today | calibrated |", "|---|---|---|---|"]
    pairs = sorted(zip(before, after, strict=True), key=lambda pair: not pair[0].row.in_sample)
    for old, new in pairs:
        place = "fit" if old.row.in_sample else "pred"
        low, high = old.row.published.low, old.row.published.high
        lines.append(
            f"| ({place}) {old.row.what} | {low:.3g} to {high:.3g} {old.row.unit} | {_marked(old)} | {_marked(new)} |"
        )
    for place, fitted in (("fit", True), ("pred", False)):
        counts = [sum(one.miss for one in judged if one.row.in_sample == fitted) for judged in (before, after)]
        rows = sum(one.row.in_sample == fitted for one in before)
        lines.append(f"| misses of {rows} ({place}) | | {counts[0]} | {counts[1]} |")
    return lines


def _marked(one: Judged) -> str:
    return f"{one.value:.3g}{' MISS' if one.miss else ''}"


def verdict_of(done: Fit) -> list[str]:
    """Return the verdict on the fit."""
    return [f"verdict: {'ok' if done.verdict.ok else 'not met'}", *(f"- {what}" for what in done.verdict.unmet)]


def sampling_options(about: str | None) -> argparse.ArgumentParser:
    """Return a command line that says how to sample."""
    parser = argparse.ArgumentParser(description=(about or "").splitlines()[0])
    parser.add_argument("--draws", type=int, default=250)
    parser.add_argument("--warmup", type=int, default=250)
    parser.add_argument("--chains", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    return parser


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the command line's choices of how to sample; no draws follow those asked for."""
    asked = {name: getattr(options, name) for name in ("draws", "warmup", "chains", "seed")}
    return Settings(**asked, most_draws=options.draws)


def say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def numbers(asked: Iterable[str]) -> dict[str, float]:
    """Return what is asked for as `NAME=VALUE`."""
    return {name: float(value) for name, value in (one.split("=") for one in asked)}


def free_and_held(model: Model, options: argparse.Namespace) -> tuple[tuple[str, ...], dict[str, float]]:
    """Return the body's free parameters, and the values of those that are held."""
    held = {**{name: model.reference_value(name) for name in BASELINES}, **numbers(options.hold)}
    return tuple(name for name in free_body(model) if name not in held), held


def at_the_mode(cohort: Cohort, model: Model, options: argparse.Namespace) -> dict[str, float]:
    """Seek the mode, say what is there, return the body."""
    free, held = free_and_held(model, options)
    target = posterior(of_group_means(model), cohort, shared=free, fixed=held)
    start = find_start(target, seed=options.seed, starts=options.starts)
    body = body_at(target, start.mode)
    say(f"log posterior at the mode: {np.max(start.log_posterior):.2f}; log evidence (Laplace): {evidence(start):.2f}")
    say("the starts reached: " + ", ".join(f"{one:.2f}" for one in sorted(start.log_posterior)), "")
    learnt = dict(zip(target.pooling.labels(), 1 - np.diag(start.covariance), strict=True))
    say("| parameter | today | mode | contraction (Laplace) |", "|---|---|---|---|")
    for name, number in body.items():
        say(f"| `{name}` | {model.reference_value(name):.3g} | {number:.3g} | {learnt[name]:.2f} |")
    say("")
    say(*pulls(target, start.mode), "")
    return {**body, **numbers(options.hold)}


def sampled(cohort: Cohort, model: Model, options: argparse.Namespace) -> dict[str, float]:
    """Draw, say what the draws are, return the medians."""
    free, held = free_and_held(model, options)
    done = fit(
        cohort,
        of_group_means(model),
        shared=free,
        fixed=held,
        settings=settings_of(options),
        report=lambda news: sys.stderr.write(f"{news}\n"),
    )
    body = of_the_body(done.summary)
    say(*moved(body, model), "", *verdict_of(done), "")
    return {**{row.name: row.q50 for row in body}, **numbers(options.hold)}


def asked() -> argparse.Namespace:
    """Return the command line's choices."""
    parser = sampling_options(__doc__)
    parser.add_argument("model", nargs="?", default="two_pore")
    parser.add_argument("--mode-only", action="store_true")
    parser.add_argument("--hold", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--starts", type=int, default=6)
    parser.add_argument("--spread", action="append", default=[], metavar="ROW=SD")
    return parser.parse_args()


def main() -> None:
    """Fit, then print the posterior and the rows."""
    options = asked()
    prepare_jax()
    model = load_model(options.model)
    cohort = with_spreads(read_cohort(shipped_folder() / "reference_adult"), numbers(options.spread))
    body = (at_the_mode if options.mode_only else sampled)(cohort, model, options)
    rows = rows_of(options.model)
    judged = judge_one([*rows, *with_body(rows, body)], options.model)
    say(*compared(judged[: len(rows)], judged[len(rows) :]))


if __name__ == "__main__":
    main()
