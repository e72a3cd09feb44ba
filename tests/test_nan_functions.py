"""Reductions that leave NaN out, beside NumPy's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import same

pytestmark = [
    pytest.mark.usefixtures("on_device"),
    pytest.mark.filterwarnings("ignore:.*(empty slice|All-NaN|Degrees of freedom):RuntimeWarning"),
]

NAMES = ["nansum", "nanprod", "nanmax", "nanmin", "nanmean", "nanvar", "nanstd"]
CALLS: list[dict[str, Any]] = [{}, {"axis": 0}, {"axis": 1, "keepdims": True}, {"axis": (0, 1)}]


def values(dtype: Any) -> Any:
    """A column and a row of NaN, and some between."""
    rng = np.random.default_rng(3)
    x = rng.standard_normal((5, 6)).astype(dtype)
    if np.dtype(dtype).kind == "c":
        x = x + (1j * rng.standard_normal((5, 6))).astype(dtype)
    x[2], x[:, 3], x[0, 0], x[1, 1] = math.nan, math.nan, math.nan, math.inf
    return x


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("name", NAMES)
def test_floating(name: str, dtype: str) -> None:
    x = values(dtype)
    if name in ("nanmax", "nanmin") and dtype.startswith("complex"):
        with pytest.raises(TypeError, match="does not take dtype complex"):
            getattr(xgpu, name)(xgpu.asarray(x))
        return
    for finite in (False, True):
        if finite or dtype.startswith("complex"):
            x[1, 1] = 2
        with np.errstate(invalid="ignore"):
            for given in CALLS:
                expected = getattr(np, name)(x, **given)
                got = getattr(xgpu, name)(xgpu.asarray(x), **given)
                assert got.dtype == expected.dtype
                np.testing.assert_allclose(np.asarray(xgpu.to_device(got, "cpu")), expected, 1e-5)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint32", "int64"])
@pytest.mark.parametrize("name", NAMES)
def test_what_cannot_be_nan(name: str, dtype: str) -> None:
    x = np.arange(1, 13).reshape(3, 4).astype(dtype)
    if dtype == "bool" and name in ("nansum", "nanprod", "nanmax", "nanmin"):
        return  # as the functions that they go to
    for given in CALLS:
        same(getattr(xgpu, name)(xgpu.asarray(x), **given), getattr(np, name)(x, **given), 1e-12)


def test_corrections_dtypes_and_nothing() -> None:
    x = values("float32")
    x[1, 1] = 1
    for ddof in (1, 0.5):
        same(xgpu.nanvar(xgpu.asarray(x), 0, ddof=ddof), np.nanvar(x, 0, ddof=ddof), 1e-5)
    few = xgpu.asarray([[1.0, math.nan], [2.0, 5.0]])
    assert np.isnan(xgpu.nanvar(few, 0, ddof=1).tolist()[1])
    expected: Any = np.nanmean(x, 0, np.float64)
    same(xgpu.nanmean(xgpu.asarray(x), 0, xgpu.float64)[0], expected[0], 1e-12)
    assert xgpu.nansum(xgpu.asarray(x), dtype=xgpu.float64).dtype == xgpu.float64
    empty = xgpu.zeros((0, 2))
    same(xgpu.nansum(empty, 0), np.zeros(2))
    assert np.isnan(xgpu.nanmean(empty, 0).tolist()).all()
    with pytest.raises(ValueError, match="no elements"):
        xgpu.nanmax(empty, 0)
    with pytest.raises(TypeError, match=r"nanmean\(\) takes an xgpu array"):
        xgpu.nanmean(3.0)  # type: ignore[arg-type]
