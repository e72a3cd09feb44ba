"""xarray with arrays as the data of a DataArray."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import same, sample

pytest.importorskip("xarray")
xarray: Any = importlib.import_module("xarray")

VALUES = sample(np.dtype("float64"), (4, 6)) / 3
HOLES = np.where(VALUES > 0.7, np.nan, VALUES)
CALLS: dict[str, Any] = {
    "centred": lambda d: d - d.mean("t"),
    "reductions": lambda d: d.sum("x") + d.max("x") + d.min("x") + d.std("x") + d.var("x"),
    "product": lambda d: d.prod("t"),
    "where": lambda d: d.where(d > 0),
    "where, else": lambda d: d.where(d > 0, -1.0),
    "fillna": lambda d: d.fillna(0),
    "transpose": lambda d: d.transpose("x", "t"),
    "diff": lambda d: d.diff("x"),
    "shift": lambda d: d.shift(x=2),
    "pad": lambda d: d.pad(x=(1, 2), constant_values=7.0),
    "roll": lambda d: d.roll(x=1),
    "coarsen": lambda d: d.coarsen(x=2).mean(),
    "dot": lambda d: xarray.dot(d.fillna(0), d.fillna(1), dim="x"),
    "concat": lambda d: xarray.concat([d, d], "t"),
    "correlation": lambda d: xarray.corr(d, d * d),
    "broadcast": lambda d: d * d.isel(t=0),
}
READ: dict[str, Any] = {
    "isel": lambda d: d.isel(t=[0, 2]),
    "sel": lambda d: d.sel(x=[1, 3, 1]),
    "sortby": lambda d: d.sortby("x", ascending=False),
    "groupby": lambda d: d.groupby("k").mean(),
    "dropna": lambda d: d.dropna("t"),
    "reindex": lambda d: d.reindex(x=[0, 1, 9]),
}


def labelled(values: Any) -> Any:
    """A DataArray with two coordinates and one to group by."""
    coords = {"t": np.arange(4), "x": np.arange(6), "k": ("t", np.arange(4) % 2)}
    return xarray.DataArray(values, dims=("t", "x"), coords=coords)


@pytest.mark.parametrize("name", [*CALLS, *READ])
def test_the_data_stays_an_array_of_the_device(name: str, device: xgpu.Device) -> None:
    if name == "dropna" and device.type != "cpu":
        pytest.skip("xarray counts NaN on the host")
    call = CALLS.get(name) or READ[name]
    # xarray selects by NumPy's arrays, which are copied to the device, and makes arrays of scalars.
    guarded = xgpu.guard("error") if name in CALLS else xgpu.guard("allow")
    with guarded, xgpu.default_device(device):
        got = call(labelled(xgpu.asarray(HOLES, device=device))).data
    assert got.device is device
    same(got, call(labelled(HOLES)).data, rtol=1e-13)


def test_repr_shows_the_array() -> None:
    assert "array" in repr(labelled(xgpu.asarray(VALUES)))
