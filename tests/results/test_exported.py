"""A run for other programs: draws as a tidy table and the whole tree as NetCDF, neither with a number changed."""

import csv

import numpy as np
import pytest
import xarray as xr
from results.made_up import chart, origin, sampled

from cls_infer.errors import InputError
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.results.fitted import conclude
from cls_infer.results.netcdf import write_netcdf
from cls_infer.results.tidy import write_draws


@pytest.fixture(scope="module")
def tree():
    """A fit of two patients; the first one's infusion is unknown."""
    model = load_model("volume_kinetics")
    target = posterior(model, chart("P1", "P2", uncharted=True))
    return conclude([sampled(target)], provenance=origin(model, target.cohort)).tree


def test_every_draw_is_a_row_and_what_was_known_has_none(tree, tmp_path):
    path = tmp_path / "draws.csv"
    count = write_draws(tree, "posterior", path)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == count
    assert list(rows[0]) == ["name", "unit", "patient", "chain", "draw", "value"]
    kept = tree["posterior"].to_dataset()
    for name, variable in kept.items():
        assert variable.dims == ("chain", "draw", "patient")
        table = np.full(variable.shape, np.nan)
        patients = list(kept["patient"].values)
        for row in rows:
            if row["name"] == name:
                table[int(row["chain"]), int(row["draw"]), patients.index(row["patient"])] = float(row["value"])
                assert row["unit"] == variable.attrs["unit"]
        np.testing.assert_array_equal(table, variable.values)
    assert {row["patient"] for row in rows if row["name"] == "ringer_0h"} == {"P1"}


def test_draws_without_a_patient_or_with_another_dimension_have_their_columns(tmp_path):
    shared = xr.DataArray([[1.5, 2.5]], dims=("chain", "draw"), attrs={"unit": "L"})
    offset = xr.DataArray([[[0.1], [0.2]]], dims=("chain", "draw", "assay"), coords={"assay": ["kit"]})
    known = xr.DataArray(3.0)
    tree = xr.DataTree.from_dict({"/posterior": xr.Dataset({"V": shared, "offset": offset, "held": known})})
    write_draws(tree, "posterior", tmp_path / "draws.csv")
    assert (tmp_path / "draws.csv").read_text(encoding="utf-8") == (
        "name,unit,assay,chain,draw,value\nV,L,,0,0,1.5\nV,L,,0,1,2.5\noffset,,kit,0,0,0.1\noffset,,kit,0,1,0.2\n"
    )


def test_a_group_without_draws_is_told(tree, tmp_path):
    with pytest.raises(InputError) as caught:
        write_draws(tree, "posteriors", tmp_path / "draws.csv")
    assert "did you mean `posterior`" in str(caught.value)
    assert not (tmp_path / "draws.csv").exists()


def test_netcdf_gives_back_the_same_tree(tree, tmp_path):
    tree.attrs["long"] = "é" * 100_000  # more than an attribute of plain HDF5 can hold, as the inputs of a large cohort
    write_netcdf(tree, tmp_path / "run.nc")
    with xr.open_datatree(tmp_path / "run.nc", engine="h5netcdf", decode_times=False) as again:
        assert again.identical(tree)
        assert dict(again.attrs) == dict(tree.attrs)
