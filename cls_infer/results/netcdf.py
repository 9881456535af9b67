"""A run's tree as one NetCDF file, for programs that read ArviZ's data."""

from pathlib import Path

import xarray as xr

ENGINE = "h5netcdf"


def write_netcdf(tree: xr.DataTree, path: Path) -> None:
    """Write the tree, each group a group of the file; `xarray.open_datatree` gives it back identical."""
    tree.to_netcdf(path, engine=ENGINE)
