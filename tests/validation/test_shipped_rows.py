"""The shipped rows: nothing published is dropped, the models' values are pinned, the page is of today."""

import re
from functools import cache
from pathlib import Path

import pytest

from cls_infer.cohort.shipped import shipped_folder
from cls_infer.validation.judge import TOLERANCE, Judged, judge_one
from cls_infer.validation.page import render
from cls_infer.validation.published import fluid_kinetics
from cls_infer.validation.read import read_validation

PAGE = Path(__file__).parents[2] / "docs" / "validation.md"
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]\d+)?(?![\w.]*\w)")


@cache
def chapters():
    return read_validation()


def rows():
    return [row for chapter in chapters() for row in chapter.comparisons]


MODELS = (
    *("two_pore", "revised_starling", "two_pore_experiment", "clarkson_episode", "ang2_two_pore", "tagraxofusp"),
    *("lung", "sodium", "colloid", "two_pore_reflex"),
)


def test_every_row_of_the_table_is_on_the_page():
    compared = [row.data_row for row in rows() if row.data_row]
    left = [one.data_row for chapter in chapters() for one in chapter.uncomputed if one.data_row]
    assert sorted({*compared, *left}) == sorted(fluid_kinetics())
    assert not set(compared) & set(left)


def test_every_model_of_a_row_is_pinned_below():
    assert {model for row in rows() for model in row.value} == set(MODELS)


@pytest.mark.parametrize("model", MODELS)
def test_a_models_values_are_those_of_its_rows(model):
    judged = judge_one(rows(), model)
    assert len(judged) == sum(model in row.value for row in rows())
    moved = [f"{one.row.what}: {one.value:.5g}, the row says {one.row.value[model]:.5g}" for one in judged if one.moved]
    assert moved == []


def test_the_page_is_what_the_command_writes():
    """The test above holds the values to those of the rows; the page is written from the same, up to its digits."""
    pinned = [Judged(row, model, value) for row in rows() for model, value in row.value.items()]
    today, there = render(chapters(), pinned).splitlines(), PAGE.read_text(encoding="utf-8").splitlines()
    assert len(today) == len(there), "write it again: cls-infer validate --out docs/validation.md"
    for written, found in zip(there, today, strict=True):
        assert NUMBER.sub("#", written) == NUMBER.sub("#", found)
        # three digits are printed, so the last may differ by one: 1 % at most; and the tolerance of the rows
        assert [float(n) for n in NUMBER.findall(written)] == pytest.approx(
            [float(n) for n in NUMBER.findall(found)], rel=0.01 + TOLERANCE
        )


def test_the_shipped_folders_name_their_sources():
    for folder in ("validation", "fluid_kinetics", "case_reports"):
        text = (shipped_folder() / folder / "source.toml").read_text(encoding="utf-8")
        assert all(f"{key} = " in text for key in ("title", "origin", "reference", "licence"))
