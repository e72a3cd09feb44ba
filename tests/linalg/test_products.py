"""Products of vectors, powers and diagonals, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import ALL, same, sample
from tests.linalg.sampled import (
    INEXACT,
    NUMERIC,
    positive,
    real,
)
from xgpu import linalg

pytestmark = pytest.mark.usefixtures("on_device")


@pytest.mark.parametrize("dtype", NUMERIC, ids=str)
def test_cross(dtype: np.dtype[Any]) -> None:
    for first, second, axis in (
        ((3,), (3,), -1),
        ((4, 3), (3,), -1),
        ((2, 1, 3), (4, 3), -1),
        ((3, 4), (3, 4), -2),
        ((3, 4), (2, 3, 1), -2),
        ((3, 4), (3, 4), 0),
        ((0, 3), (3,), -1),
    ):
        x, y = sample(dtype, first), sample(dtype, second, seed=1)
        a, b = np.broadcast_arrays(np.moveaxis(x, axis, -1), np.moveaxis(y, axis, -1))
        with np.errstate(over="ignore"):
            expected = np.moveaxis(np.cross(a, b), -1, axis)
        same(linalg.cross(xgpu.asarray(x), xgpu.asarray(y), axis=axis), expected)


def test_cross_refused() -> None:
    x, y = xgpu.ones((3, 4)), xgpu.ones((2, 3, 4))
    with pytest.raises(ValueError, match="3 elements"):
        linalg.cross(x, x)
    with pytest.raises(ValueError, match="3 elements"):
        linalg.cross(xgpu.ones((1, 3)), xgpu.ones((3, 1)), axis=-1)
    with pytest.raises(ValueError, match="different ranks takes a negative axis"):
        linalg.cross(x, y, axis=0)
    with pytest.raises(IndexError, match="out of bounds"):
        linalg.cross(x, y, axis=-3)
    with pytest.raises(ValueError, match="broadcast"):
        linalg.cross(xgpu.ones((2, 3)), xgpu.ones((4, 3)))
    with pytest.raises(TypeError, match="bool"):
        linalg.cross(xgpu.ones(3, dtype=xgpu.bool), xgpu.ones(3, dtype=xgpu.bool))


@pytest.mark.parametrize("shape", [(3, 4), (4, 3), (1, 1), (2, 3, 5), (0, 3), (2, 3, 0)], ids=str)
@pytest.mark.parametrize("offset", [0, 1, -1, 2, -2, 5, -7])
def test_diagonal_and_trace(shape: tuple[int, ...], offset: int, device: xgpu.Device) -> None:
    for dtype in ALL if device.type == "cpu" else (np.dtype("float64"),):
        x = sample(dtype, shape)
        given = xgpu.asarray(x, device=device)
        rows, columns = shape[-2:]
        places = [(i, i + offset) for i in range(rows) if 0 <= i + offset < columns]
        if places:
            expected = np.stack([x[..., i, j] for i, j in places], axis=-1)
        else:
            expected = np.zeros((*shape[:-2], 0), dtype)
        same(linalg.diagonal(given, offset=offset), expected)
        same(linalg.trace(given, offset=offset), np.sum(expected, axis=-1))
        same(linalg.diagonal(given.mT, offset=-offset), expected)


def test_a_diagonal_is_a_view() -> None:
    values = np.arange(24.0).reshape(2, 3, 4)
    x, expected = xgpu.asarray(values), values.copy()
    diagonal = linalg.diagonal(x[:, ::-1, 1:], offset=-1)
    same(diagonal, np.stack([values[:, 1, 1], values[:, 0, 2]], axis=-1))
    diagonal += 100.0
    for i, j in ((1, 1), (0, 2)):
        expected[:, i, j] += 100.0
    same(x, expected)
    y = xgpu.asarray(values[0, :3, :3])
    main = linalg.diagonal(y)
    main[...] = main[::-1]
    expected = values[0, :3, :3].copy()
    expected[range(3), range(3)] = expected[range(3), range(3)][::-1]
    same(y, expected)


def test_trace_in_another_dtype() -> None:
    x = np.full((3, 3), 100, "int8")
    given = xgpu.asarray(x)
    same(linalg.trace(given), np.asarray(300))
    same(linalg.trace(given, dtype=xgpu.int8), np.asarray(44, "int8"))
    same(linalg.trace(given, dtype=xgpu.float32), np.asarray(300, "float32"))
    same(linalg.trace(xgpu.asarray(x.astype("uint8"))), np.asarray(300, "uint64"))


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, -1, -2, -5])
@pytest.mark.parametrize("dtype", INEXACT, ids=str)
def test_matrix_power(dtype: np.dtype[Any], n: int) -> None:
    for shape in ((3, 3), (2, 2, 2), (1, 1), (0, 2, 2), (0, 0)):
        size = max(shape[-1], 1)
        x = positive(shape, dtype) / dtype.type(size * 3)
        got = linalg.matrix_power(xgpu.asarray(x), n)
        expected = np.linalg.matrix_power(x.astype(np.result_type(dtype, "float64")), n)
        largest = np.max(np.abs(expected), initial=1.0)
        same(
            got / xgpu.asarray(largest, dtype=real(dtype)), (expected / largest).astype(dtype), 1e-4
        )


def test_powers_of_integers_are_exact() -> None:
    x = np.asarray([[1, 1], [1, 0]])
    same(linalg.matrix_power(xgpu.asarray(x), 80), np.linalg.matrix_power(x, 80))
    same(linalg.matrix_power(xgpu.asarray(x), 0), np.eye(2, dtype="int64"))
    same(linalg.matrix_power(xgpu.asarray(x), -1), np.asarray([[0.0, 1.0], [1.0, -1.0]]))


def test_a_first_power_is_a_copy() -> None:
    x = xgpu.ones((2, 2))
    power = linalg.matrix_power(x, 1)
    power[0, 0] = 5.0
    same(x, np.ones((2, 2)))


@pytest.mark.parametrize("dtype", NUMERIC, ids=str)
def test_outer(dtype: np.dtype[Any], device: xgpu.Device) -> None:
    for n, m in ((3, 4), (1, 1), (0, 3), (3, 0)):
        x, y = sample(dtype, (n,)), sample(dtype, (m,), seed=1)
        got = linalg.outer(xgpu.asarray(x, device=device), xgpu.asarray(y, device=device))
        same(got, np.outer(x, y))
