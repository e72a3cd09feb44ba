"""all, any and diff, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import ALL, same, sample


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1), ()], ids=str)
@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_all_and_any(dtype: np.dtype[Any], axis: Any, keepdims: bool) -> None:
    x = sample(dtype, (4, 3))
    x[0] = 0
    x[:, 1] = 1
    for name in ("all", "any"):
        expected = getattr(np, name)(x, axis=axis, keepdims=keepdims)
        same(getattr(xgpu, name)(xgpu.asarray(x), axis=axis, keepdims=keepdims), expected)


def test_on_each_device(device: xgpu.Device) -> None:
    x = xgpu.asarray([[1.0, 0.0, float("nan")], [2.0, 3.0, -1.0]], device=device)
    same(xgpu.all(x, axis=1), np.asarray([False, True]))
    same(xgpu.any(x == 0.0, axis=0), np.asarray([False, True, False]))
    same(xgpu.diff(x[:, :2]), np.asarray([[-1.0], [1.0]]))


def test_of_no_elements_and_of_one() -> None:
    same(xgpu.all(xgpu.zeros((0, 2)), axis=0), np.asarray([True, True]))
    same(xgpu.any(xgpu.zeros(0)), np.asarray(False))
    same(xgpu.all(xgpu.asarray(0)), np.asarray(False))
    same(xgpu.any(xgpu.asarray(1j)), np.asarray(True))


def test_all_refuses() -> None:
    with pytest.raises(IndexError, match="out of bounds"):
        xgpu.all(xgpu.ones(2), axis=1)
    with pytest.raises(ValueError, match="duplicate"):
        xgpu.any(xgpu.ones((2, 2)), axis=(0, 0))
    with pytest.raises(TypeError, match=r"all\(\) takes an xgpu array: got bool"):
        xgpu.all(True)  # type: ignore[arg-type]


@pytest.mark.parametrize("n", [0, 1, 2, 5])
@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("dtype", [d for d in ALL if d.kind != "b"], ids=str)
def test_diff(dtype: np.dtype[Any], axis: int, n: int) -> None:
    x = sample(dtype, (4, 3))
    expected = np.diff(x, n=n, axis=axis)
    same(xgpu.diff(xgpu.asarray(x), n=n, axis=axis), expected)
    same(xgpu.diff(xgpu.asarray(x)[::-1], n=n, axis=axis), np.diff(x[::-1], n=n, axis=axis))


def test_diff_with_parts_joined_to_it() -> None:
    x, y = sample(np.dtype("int64"), (3, 4)), sample(np.dtype("int64"), (3, 2), seed=1)
    a, b = xgpu.asarray(x), xgpu.asarray(y)
    same(xgpu.diff(a, prepend=b), np.diff(x, prepend=y))
    same(xgpu.diff(a, append=b, n=2), np.diff(x, append=y, n=2))
    same(xgpu.diff(a, axis=0, prepend=a, append=a), np.diff(x, axis=0, prepend=x, append=x))
    with pytest.raises(ValueError, match="equal lengths"):
        xgpu.diff(a, prepend=b[:1])


def test_diff_of_order_zero_is_a_copy() -> None:
    x = xgpu.asarray([1, 2])
    y = xgpu.diff(x, n=0)
    y += 1
    same(x, np.asarray([1, 2]))


def test_diff_refuses() -> None:
    with pytest.raises(ValueError, match="n of at least 0: got -1"):
        xgpu.diff(xgpu.ones(3), n=-1)
    with pytest.raises(ValueError, match="0-d"):
        xgpu.diff(xgpu.asarray(1.0))
    with pytest.raises(IndexError, match="out of bounds"):
        xgpu.diff(xgpu.ones(3), axis=1)
    with pytest.raises(TypeError, match="bool"):
        xgpu.diff(xgpu.asarray([True, False]))
