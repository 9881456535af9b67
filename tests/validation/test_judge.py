"""When a model misses, moves and differs, on made-up rows."""

import pytest

from cls_infer.cohort.scenario import Scenario, Shows
from cls_infer.validation.chapter import Chapter, Comparison, Source, Uncomputed
from cls_infer.validation.judge import Judged
from cls_infer.validation.page import render
from cls_infer.validation.published import Published, around
from cls_infer.validation.reading import Read

RUN = Scenario("run", "a run", (), "", 1.0, 1.0, {}, (), ())


def row(published: Published, **changes) -> Comparison:
    shows = Shows("albumin", "largest", published.low, published.high, "made up")
    told = {"unit": "g/L", "source": Source("made up", "A", "10"), "in_sample": False}
    value = {"two_pore": 10.0, "revised_starling": 10.0}
    return Comparison(
        **{"what": "Albumin", "reading": Read(RUN, shows), "published": published, "value": value} | told | changes
    )


MISSES = [  # published, a model's value, whether it misses
    (around(10.0, 2.0, "SD"), 12.0, False),
    (around(10.0, 2.0, "SD"), 12.1, True),
    (around(10.0, 2.0, "SEM"), 7.9, True),
    (around(10.0, None, ""), 11.0, False),  # none published: a tenth
    (around(10.0, None, ""), 8.9, True),
    (around(-10.0, None, ""), -9.5, False),
    (around(-10.0, None, ""), -8.9, True),
    (Published(None, 5.0, 6.0, "range"), 5.0, False),
    (Published(None, 5.0, 6.0, "range"), 4.9, True),
    (Published(10.0, 9.0, 20.0, "95% CI"), 19.0, False),  # lopsided, as published
]


@pytest.mark.parametrize(("published", "value", "misses"), MISSES)
def test_a_value_outside_the_spread_is_a_miss(published, value, misses):
    assert Judged(row(published), "two_pore", value).miss is misses


def test_a_band_keeps_its_order_in_another_unit():
    there = Published(15.0, 10.0, 20.0, "range").converted("%", "1")
    assert (there.low, there.value, there.high) == pytest.approx((0.10, 0.15, 0.20))


def test_a_value_moves_when_it_leaves_that_of_the_file():
    one = row(around(10.0, 2.0, "SD"))
    # four digits are written: 0.2 % apart is moved
    assert not Judged(one, "two_pore", 10.015).moved
    assert Judged(one, "two_pore", 10.03).moved


def test_only_the_first_model_is_held_to_what_is_stated_of_the_reference():
    one = row(around(10.0, 2.0, "SD"), stated=12.0)
    assert Judged(one, "two_pore", 10.0).differs
    assert not Judged(one, "two_pore", 11.8).differs
    assert not Judged(one, "revised_starling", 10.0).differs


def test_the_page_says_what_was_judged():
    rows = (
        row(around(10.0, 2.0, "SD"), stated=12.0, in_sample=True, note="A note."),
        row(Published(None, 5.0, 6.0, "range"), what="More albumin"),
    )
    left = Uncomputed("Rats", "3 mL", Source("a study", "F", "data/fluid_kinetics"), "They are rats.", 50)
    judged = [Judged(one, model, 10.0) for one in rows for model in one.value]
    page = render([Chapter("Albumin", "About it.", rows, (left,))], judged)
    assert "| Albumin. *A note.* | 10 ± 2 (SD) g/L | `two_pore` | 10 |  | in | made up [A]; 10 |" in page
    assert "| More albumin. | 5 to 6 (range) g/L | `two_pore` | 10 | **MISS** | out |" in page
    assert "| Rats | 3 mL | They are rats. | a study [F]; row 50 |" in page
    assert "| `revised_starling` | 1 | 0 | 1 | 1 |" in page
    assert "- Albumin: `two_pore` 10, said to be 12 g/L. A note." in page
