"""xarray, around an array as its data."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from docs.measurements.ecosystem.row import Row, X

xarray: Any = importlib.import_module("xarray")

CALLS = """d + 1|d - d.mean("t")|d.mean()|d.sum("x")|d.max()|d.min("t")|d.std()|d.var("x")
    |d.prod("t")|d.count()|d.median("t")|d.argmax("x")|d.cumsum("x")|d.any()|d.isel(t=0)
    |d.isel(t=[0, 2])|d.sel(x=3)|d.sel(x=[1, 3])|d.where(d > 0)|d.where(d > 0, 0)|d.fillna(0)
    |d.isnull()|d.transpose("x", "t")|d.diff("x")|d.roll(x=1)|d.shift(x=1)|d.pad(x=1)
    |d.coarsen(x=2, boundary="trim").mean()|d.rolling(x=2).mean()|d.groupby("k").mean()
    |d.stack(z=("t", "x"))|d.expand_dims("q")|d.dropna("t")
    |d.sortby("x", ascending=False)|d.reindex(x=[0, 1, 7])|d.idxmax("x")|d.clip(-1, 1)
    |d.round()|d.astype("float32")|d.integrate("x")|d.weighted(d.fillna(0) ** 2).mean("t")
    |d.quantile(0.5, "t")|d.interp(x=[0.5, 1.5])|d.differentiate("x")|d.polyfit("x", 1)
    |xarray.concat([d, d], "t")|xarray.where(d > 0, d, 0)|xarray.cov(d, d)|xarray.corr(d, d)
    |xarray.dot(d, d, dim="x")|xarray.apply_ufunc(abs, d)|d.to_dataset(name="v").mean()["v"]
    |d.map_blocks(lambda block: block * 2)"""


def rows() -> Iterator[Row]:
    """All of them."""
    holes = np.where(X > 2, np.nan, X)
    for call in CALLS.split("|"):
        text = " ".join(call.split())
        yield Row("xarray", text, called(text), (holes,))


def called(text: str) -> Any:
    """The call's data, with ``d`` a DataArray with two coordinates and one to group by."""
    code = compile(text, "xarray's call", "eval")

    def run(values: Any) -> Any:
        t, x = values.shape
        coords = {"t": np.arange(t), "x": np.arange(x), "k": ("t", np.arange(t) % 3)}
        d = xarray.DataArray(values, dims=("t", "x"), coords=coords)
        result = eval(code, {"d": d, "xarray": xarray})
        if isinstance(result, xarray.Dataset):
            return [variable.data for variable in result.values()]
        return result.data

    return run
