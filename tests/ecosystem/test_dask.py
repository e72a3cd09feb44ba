"""dask.array with chunks that are xgpu's arrays."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import host, same, sample

pytest.importorskip("dask.array")
da: Any = importlib.import_module("dask.array")

VALUES = sample(np.dtype("float64"), (6, 8))
HOLES = np.where(VALUES > 1, np.nan, VALUES)
CALLS: dict[str, Any] = {
    "operators": lambda d: (d + 1) * d - d.sum(axis=0),
    "sum": lambda d: d.sum(),
    "mean": lambda d: d.mean(axis=1),
    "mean of all": lambda d: d.mean(),
    "mean, axes kept": lambda d: d.mean(axis=0, keepdims=True),
    "max": lambda d: d.max(axis=0),
    "tensordot": lambda d: da.tensordot(d, d, axes=((0,), (0,))),
    "einsum": lambda d: da.einsum("ij,ik->jk", d, d),
    "concatenate": lambda d: da.concatenate([d, d], axis=1),
    "take": lambda d: da.take(d, [7, 0, 3], axis=1),
    "list as a key": lambda d: d[:, [0, 2, 5]],
    "slices": lambda d: d[1:5, ::3],
    "rechunk": lambda d: d.rechunk((6, 3)),
    "transposed": lambda d: d.T,
    "roll": lambda d: da.roll(d, 3),
    "astype": lambda d: d.astype("float32"),
}


def chunked(device: xgpu.Device | None, values: Any = VALUES, chunks: Any = (3, 3)) -> Any:
    """A dask array whose chunks are NumPy's, or xgpu's on a device."""
    d = da.from_array(values, chunks=chunks)
    if device is None:
        return d
    meta = xgpu.empty((0,) * values.ndim, dtype=values.dtype, device=device)
    return d.map_blocks(xgpu.asarray, device=device, dtype=values.dtype, meta=meta)


@pytest.mark.parametrize("name", CALLS)
def test_chunks_stay_arrays_of_the_device(name: str, device: xgpu.Device) -> None:
    d = chunked(device)
    assert type(d._meta) is xgpu.Array
    with xgpu.guard("error", transfers="allow" if name in ("take", "list as a key") else "error"):
        got = CALLS[name](d).compute(scheduler="synchronous")
    assert got.device is device
    expected = CALLS[name](chunked(None)).compute(scheduler="synchronous")
    same(got, expected, rtol=1e-13)


def test_from_array_keeps_the_chunks() -> None:
    d = da.from_array(xgpu.asarray(VALUES), chunks=(3, 3), asarray=False, name=False)
    same((d + 1).compute(scheduler="synchronous"), VALUES + 1)


def test_mean_without_nan() -> None:
    """The chunks' sums are NumPy's, which takes arrays on the host."""
    d = chunked(xgpu.device("cpu"), HOLES)
    got = da.nanmean(d, axis=0).compute(scheduler="synchronous")
    np.testing.assert_allclose(got, np.nanmean(HOLES, axis=0), rtol=1e-13)


@pytest.mark.parametrize("method", ["linear", "lower", "nearest"])
def test_percentile_is_merged_on_the_host(method: str, device: xgpu.Device) -> None:
    for values in (VALUES[0], VALUES[0] > 0):
        got, expected = (
            da.percentile(chunked(place, values, 4), [20, 50], method=method).compute()
            for place in (device, None)
        )
        assert type(got) is np.ndarray
        np.testing.assert_array_equal(got, expected)


def test_to_numpy(device: xgpu.Device) -> None:
    dispatch: Any = importlib.import_module("dask.array.dispatch")
    got = dispatch.to_numpy_dispatch(xgpu.asarray(VALUES, device=device))
    assert type(got) is np.ndarray
    np.testing.assert_array_equal(got, VALUES)


def test_threads(device: xgpu.Device) -> None:
    if device.type != "cpu":
        pytest.skip("the simulator runs one kernel at a time")
    got = (chunked(device) ** 2).sum(axis=0).compute()
    np.testing.assert_allclose(host(got), (VALUES**2).sum(axis=0))
