"""The pages of docs/models are what the command writes today, and their figures show something."""

import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from cls_infer.cohort.scenario import read_scenario
from cls_infer.model import available, load_model
from cls_infer.model.structure import structure_of
from cls_infer.pages.figure import draw
from cls_infer.pages.mermaid import mermaid
from cls_infer.pages.page import COMMAND, index, page
from cls_infer.pages.typical import TYPICAL, typical_run

FOLDER = Path(__file__).parents[2] / "docs" / "models"
STALE = f"the pages are not what the models say today; write them again: ./in-env {COMMAND}"
MOST_BYTES = 80_000


@pytest.mark.parametrize("name", available())
def test_a_page_says_what_the_model_is_today(name):
    there = FOLDER / f"{name}.md"
    assert there.is_file(), STALE
    assert there.read_text(encoding="utf-8") == page(load_model(name)), STALE


def test_the_index_lists_every_model_and_nothing_else_lies_there():
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == index(), STALE
    expected = {"README.md", *(f"{name}.{kind}" for name in available() for kind in ("md", "png"))}
    assert {path.name for path in FOLDER.iterdir()} == expected, STALE


@pytest.mark.parametrize("name", available())
def test_a_figure_is_small_and_not_blank(name):
    path = FOLDER / f"{name}.png"
    assert path.is_file() and path.stat().st_size < MOST_BYTES, STALE
    pixels = imread(path)[..., :3]
    assert np.std(pixels) > 0.03  # a white page has none
    dark = np.any(pixels < 0.5, axis=-1)
    assert all(half.any() for half in np.array_split(dark, 3, axis=1)), "a column of panels is empty"


@pytest.mark.parametrize("name", available())
def test_what_a_figure_shows_is_in_the_model(name):
    model, run = load_model(name), typical_run(load_model(name))
    assert set(run.panels) <= {*model.observables, *model.derived}
    assert set(run.changes) <= set(model.parameters)
    if run.scenario:
        assert set(read_scenario(run.scenario).changes) <= set(model.parameters)


def test_only_shipped_models_have_a_typical_run():
    assert set(TYPICAL) <= set(available())


def test_a_figure_is_drawn():
    assert draw(load_model("dialyzer")).startswith(b"\x89PNG")


@pytest.mark.parametrize("name", available())
def test_every_arrow_of_a_diagram_joins_nodes_that_are_there(name):
    text = mermaid(structure_of(load_model(name)))
    nodes = set(re.findall(r"(\w+)(?=\[|\()", re.sub(r'"[^"]*"', '""', text)))
    for line in text.splitlines():
        ends = re.match(r'  (\w+)(?:\S*?"[^"]*"\S*)? (?:-->|-\.->|---) (\w+)', line)
        if ends:
            assert set(ends.groups()) <= nodes, line
    assert len(re.findall('"', text)) % 2 == 0
