"""How fast attacks recover and what dilutes septic blood: the tables of docs/evidence/recovery_of_episodes.md.

    ./in-env python benchmarks/recovery_of_episodes.py [recovery] [limits] [prior] [sepsis]

Every course is a run of data/validation or a shipped scenario with one thing changed. Nothing shipped is changed.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from cls_infer.cli.machine import prepare_jax
from cls_infer.cohort.records import Event
from cls_infer.cohort.scenario import Scenario, read_scenario
from cls_infer.model import load_model
from cls_infer.solve.simulate import Run, regular_times, simulate_together
from cls_infer.validation.read import read_validation

CLOSING = (12, 9, 6, 4, 3, 2, 1)
"""Time constants of the closing leak [h]; 12 is the usual one."""

ARRIVAL, RANDOMISED, LEAVES = 24, 27, 99
"""Hours of the septic scenario."""


class Course(NamedTuple):
    """One run by name, and all that is read from it by name [time]."""

    name: str
    hour: np.ndarray
    values: Mapping[str, np.ndarray]

    def at(self, quantity: str, hour: float) -> float:
        """Return a quantity at an hour of the run."""
        return float(np.interp(hour, self.hour, self.values[quantity]))

    def times(self, quantity: str, start: float, hours: float = 24.0) -> float:
        """Return how many times its value at `start` a quantity is some hours later."""
        return self.at(quantity, start + hours) / self.at(quantity, start)


class Change(NamedTuple):
    """What differs from a run: its name, parameters, therapy left out by item, therapy added, hours."""

    name: str
    changes: Mapping[str, float] = {}
    without: Sequence[str] = ()
    more: Sequence[Event] = ()


def given(item: str, start: float, end: float, amount: float) -> Event:
    """Return a treatment: a total in litres, or a level."""
    return Event(item=item, start=start, end=end, amount=amount, row=1)


def runs() -> dict[str, Scenario]:
    """Return the runs of the validation rows by their names in the files."""
    found = [row.run for chapter in read_validation() for row in chapter.comparisons]
    return {run.name.split("/")[-1]: run for run in found}


def changed(run: Scenario, change: Change) -> Scenario:
    """Return a run with a change."""
    kept = [event for event in run.therapy if event.item not in change.without]
    return replace(
        run, name=change.name, changes={**run.changes, **change.changes}, therapy=(*kept, *change.more), every=0.5
    )


def courses(model: str, scenarios: Sequence[Scenario]) -> list[Course]:
    """Simulate them in one batch."""
    asked = [Run(regular_times(one.hours, one.every), one.changes, one.therapy) for one in scenarios]
    found = simulate_together(load_model(model), asked)
    return [
        Course(one.name, s.time, {name: values for name, (_, values) in (s.states | s.columns).items()})
        for one, s in zip(scenarios, found, strict=True)
    ]


def say(*lines: str) -> None:
    """Print lines."""
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table."""
    say("| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(r) + " |" for r in rows), "")


def fastest(course: Course, quantity: str, corner: float) -> tuple[float, float]:
    """Return the most that a quantity is multiplied by in a day about the corner, and the hours after it at which."""
    starts = np.arange(corner - 12, corner + 24)
    gains = [course.times(quantity, start) for start in starts]
    best = int(np.argmax(gains))
    return gains[best], float(starts[best] - corner)


def recovery() -> None:
    """The day of recovery, by therapy and by how fast the leak closes."""
    known = runs()
    attack = Change("12 h", {}, ("crystalloid",))
    untreated = changed(known["case_a"], attack)
    therapies = {
        "untreated": untreated,
        "as charted: 6 L a day for two days": known["case_a"],
        "16 L in four days": changed(
            untreated,
            Change("", more=[given("crystalloid", 24 + a, 24 + b, v) for a, b, v in LITRES_16]),
        ),
        "case C": known["case_c"],
    }
    asked = [
        (therapy, t_off, changed(run, Change(f"{therapy}, {t_off}", {"t_off": t_off})))
        for therapy, run in therapies.items()
        for t_off in CLOSING
    ]
    head = ("therapy", "t_off, h", "plasma x", "albumin in plasma x", "fastest day: plasma x (starts)", "albumin x")
    rows = []
    for (therapy, t_off, run), one in zip(asked, courses("clarkson_episode", [r for *_, r in asked]), strict=True):
        corner = run.changes["t_0"] + run.changes["D"]
        plasma, albumin = fastest(one, "V_p", corner), fastest(one, "A_p", corner)
        rows.append(
            (
                therapy,
                f"{t_off}",
                f"{one.times('V_p', corner):.2f}",
                f"{one.times('A_p', corner):.2f}",
                f"{plasma[0]:.2f} ({plasma[1]:+.0f} h)",
                f"{albumin[0]:.2f} ({albumin[1]:+.0f} h)",
            )
        )
    table(head, rows)


LITRES_16 = ((6, 12, 5.4), (12, 24, 4.2), (24, 48, 3.6), (48, 96, 3.36))
"""Hours after the onset, and litres: those of the scenario `clarkson_16_l`."""


def limits() -> None:
    """One thing at a time, closing in 12 h and in 6 h; and the flows at the corner."""
    known = runs()
    corner = 72.0
    tried = [
        Change("nothing"),
        Change("lymph ceiling 5 x", {"J_max_ratio": 5}),
        Change("lymph ceiling 25 x", {"J_max_ratio": 25}),
        Change("lambda_L 0.2", {"lambda_L": 0.2}),
        Change("lambda_L 0.8", {"lambda_L": 0.8}),
        Change("lymph pumped twice as fast from the corner on", more=[given("lymph_patency", corner, 144, 2)]),
        Change("lymph at half from the corner on", more=[given("lymph_patency", corner, 144, 0.5)]),
        Change("LpS 0.42", {"LpS": 0.42}),
        Change("LpS 0.42, large pores as before", {"LpS": 0.42, "alpha_L0": 0.021}),
        Change("C_v 0.34", {"C_v": 0.34}),
        Change("no prodrome", {"e_p": 1e-6}),
        Change("J_L0 0.4", {"J_L0": 0.4}),
        Change("100 mL of albumin 20 % four times on that day", more=_albumin(corner)),
        Change("no fluid on that day", without=("crystalloid",), more=[given("crystalloid", 48, 72, 6)]),
        Change("12 L on that day", more=[given("crystalloid", 72, 96, 6)]),
    ]
    pairs = [
        (change, t_off, changed(known["case_a"], change._replace(changes={**change.changes, "t_off": t_off})))
        for change in tried
        for t_off in (12, 6)
    ]
    found = {
        (change.name, t_off): one
        for (change, t_off, _), one in zip(pairs, courses("clarkson_episode", [r for *_, r in pairs]), strict=True)
    }
    rows = []
    for change in tried:
        a, b = found[change.name, 12], found[change.name, 6]
        gains = [f"{c.times('V_p', corner):.2f}, {c.times('A_p', corner):.2f}" for c in (a, b)]
        depth = f"{a.at('V_p', corner) / a.at('V_p', 0):.2f}, {a.at('A_p', corner) / a.at('A_p', 0):.2f}"
        rows.append((change.name, depth, *gains, f"{a.values['lymph_flow'].max():.2f}"))
    table(("changed", "V, A at the corner, of health", "x V, x A in 12 h", "x V, x A in 6 h", "most lymph, L/h"), rows)
    _flows(known["case_a"], corner)


def _albumin(corner: float) -> list[Event]:
    return [given("albumin_20", corner + h, corner + h + 1, 0.1) for h in (0, 6, 12, 18)]


def _flows(run: Scenario, corner: float) -> None:
    """Print what comes back by lymph and what escapes, for a leak that closes ever faster."""
    asked = [changed(run, Change(f"{t:g}", {"t_off": t, "w_corner": 0.2})) for t in (12, 6, 3, 0.1)]
    rows = []
    for one in courses("clarkson_episode", asked):
        back = one.values["lymph_flow"] * one.values["interstitial_albumin"]
        change = np.gradient(one.values["A_p"], one.hour)
        span = (one.hour >= corner + 1) & (one.hour <= corner + 36)
        top = int(np.argmax(np.where(span, change, -np.inf)))
        ceiling = 2.75 * one.values["interstitial_albumin"][top]
        rows.append(
            (
                one.name,
                f"{one.hour[top] - corner:+.1f}",
                f"{change[top]:.1f}",
                f"{back[top]:.1f}",
                f"{back[top] - change[top]:.1f}",
                f"{one.values['lymph_flow'][top]:.2f}",
                f"{one.values['interstitial_albumin'][top]:.1f}",
                f"{ceiling:.0f}",
            )
        )
    head = ("t_off, h", "fastest at, h", "plasma gains, g/h", "lymph brings, g/h", "net escape, g/h")
    table((*head, "lymph, L/h", "c_i, g/L", "at the lymph's ceiling, g/h"), rows)


def prior() -> None:
    """What the prior of the attack says of the day of recovery: the reference body, the leak's course drawn."""
    rng, lanes = np.random.default_rng(1), 300
    run = runs()["case_a"]

    def drawn(median: float, sd: float) -> np.ndarray:
        return median * np.exp(sd * rng.standard_normal(lanes))

    drawn_all = {"M": 1 + drawn(9, 0.5), "D": drawn(36, 0.4), "t_off": drawn(12, 0.5), "w_on": drawn(2, 0.5)}
    scenarios, corners = [], []
    for i in range(lanes):
        changes = {name: float(values[i]) for name, values in drawn_all.items()}
        corners.append(24 + changes["D"])
        scenarios.append(replace(changed(run, Change(f"{i}", changes)), hours=264.0, every=2.0, therapy=()))
    found = courses("clarkson_episode", scenarios)
    gains = np.array([[one.times(q, c) for q in ("V_p", "A_p")] for one, c in zip(found, corners, strict=True)])
    rows = [
        (
            name,
            *(f"{q:.2f}" for q in np.quantile(gains[:, k], (0.05, 0.5, 0.95))),
            f"{np.mean(gains[:, k] >= seen):.2f}",
        )
        for k, (name, seen) in enumerate((("plasma x", 2.21), ("albumin in plasma x", 2.76)))
    ]
    table(("day from the corner on, untreated", "5 %", "50 %", "95 %", "share at or above case A"), rows)


def sepsis() -> None:
    """The septic scenario and what each of its inputs does to haemoglobin."""
    mended = read_scenario("septic_shock")
    tried = [
        Change("the scenario"),
        Change("no leak (M_L 1)", {"M_L": 1}),
        Change("M_L 2", {"M_L": 2}),
        Change("M_L 3", {"M_L": 3}),
        Change("nothing drunk at home", without=("oral_intake",), more=_drinking(0, 0.44)),
        Change("drinks as usual at home", without=("oral_intake",), more=_drinking(1, 0.44)),
        Change("nothing but the infusions in hospital", without=("oral_intake",), more=_drinking(0.5, 0)),
        Change("drinks as usual in hospital", without=("oral_intake",), more=_drinking(0.5, 1)),
        Change("not the 35 mL/kg", without=("crystalloid",), more=_arise()),
        Change("no infusion at all", without=("crystalloid",)),
        Change("no venodilation", without=("venodilation",)),
        Change("venodilation 1.2 L", without=("venodilation",), more=[given("venodilation", 0, LEAVES, 1.2)]),
        Change("no lost arterial tone", without=("arterial_tone",)),
        Change("no lost arterial tone, M_L 2", {"M_L": 2}, without=("arterial_tone",)),
        Change("arterial tone 0.85", without=("arterial_tone",), more=[given("arterial_tone", 0, LEAVES, 0.85)]),
        Change("arterial tone 0.7", without=("arterial_tone",), more=[given("arterial_tone", 0, LEAVES, 0.7)]),
        Change("pressor at a third of its dose", without=("norepinephrine",), more=[_pressor(0.1)]),
        Change("no pressor", without=("norepinephrine",)),
        Change("urine as the kidney would", without=("diuresis",)),
        Change("no urine in hospital", without=("diuresis",), more=[given("diuresis", ARRIVAL, LEAVES, 0)]),
        Change("albumin made as usual", without=("albumin_synthesis",)),
        Change("39 degrees", more=[given("temperature", 0, LEAVES, 39)]),
        Change("capillary pressure 1.4 mmHg lower", more=[given("venous_pressure", 0, LEAVES, -1.57)]),
        Change("capillary pressure 1.4 mmHg higher", more=[given("venous_pressure", 0, LEAVES, 1.57)]),
        Change("lymph at half", more=[given("lymph_patency", 0, LEAVES, 0.5)]),
        Change("40 mL of blood a day for the laboratory", more=[given("bleeding", ARRIVAL, 96, 0.12)]),
    ]
    rows = []
    for one in courses("ang2_two_pore", [changed(mended, change) for change in tried]):
        health, there = one.at("hemoglobin", 0), one.at("hemoglobin", ARRIVAL)
        falls = [1 - one.at("hemoglobin", RANDOMISED + h) / there for h in (6, 24, 72)]
        rows.append(
            (
                one.name,
                f"{there / health:.2f}",
                *(f"{100 * fall:.0f}" for fall in falls),
                f"{one.at('hemoglobin', RANDOMISED + 24) / health:.2f}",
                f"{one.at('albumin', RANDOMISED + 24):.0f}",
                f"{one.at('weight_change', 96) - one.at('weight_change', ARRIVAL):+.1f}",
                f"{one.at('urine', 96) - one.at('urine', ARRIVAL):.1f}",
                f"{100 * one.values['transcapillary_escape_rate'].max():.0f}",
                f"{one.at('map', ARRIVAL):.0f}, {one.at('map', RANDOMISED + 24):.0f}",
            )
        )
    head = ("changed", "on arrival, of health", "fall 6 h, %", "24 h", "72 h", "24 h, of health", "albumin 24 h, g/L")
    table((*head, "water kept in 3 d, kg", "urine, L", "largest TER, %/h", "MAP on arrival, 24 h"), rows)
    say("published: 133 g/L on arrival; falls 13.5, 17.3, 18.0 %", "")


def _drinking(home: float, hospital: float) -> list[Event]:
    """Return drinking relative to usual, before and after the arrival."""
    return [given("oral_intake", 0, ARRIVAL, home), given("oral_intake", ARRIVAL, LEAVES, hospital)]


def _pressor(dose: float) -> Event:
    return given("norepinephrine", RANDOMISED, LEAVES, dose)


def _arise() -> list[Event]:
    """Return what was infused after randomisation alone."""
    return [
        given("crystalloid", RANDOMISED + a, RANDOMISED + b, v)
        for a, b, v in ((0, 6, 1.3), (6, 24, 1.6), (24, 72, 1.7))
    ]


PARTS = {"recovery": recovery, "limits": limits, "prior": prior, "sepsis": sepsis}


def main() -> None:
    """Print the tables asked for, all without a name."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    asked = parser.parse_args().parts or list(PARTS)
    prepare_jax()
    for name in asked:
        say(f"## {name}", "")
        PARTS[name]()


if __name__ == "__main__":
    main()
