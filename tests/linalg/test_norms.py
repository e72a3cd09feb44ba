"""Norms, against NumPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import same
from tests.linalg.sampled import (
    INEXACT,
    close,
    random,
    real,
)
from xgpu import linalg

pytestmark = pytest.mark.usefixtures("on_device")

MATRIX_ORDS: list[Any] = ["fro", None, "nuc", 1, 2, math.inf, -1, -2, -math.inf]
VECTOR_ORDS: list[Any] = [0, 1, 2, 3, math.inf, -1, -2, -math.inf, 0.5, -0.5, 2.5, 2.0]


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("ord", MATRIX_ORDS)
@pytest.mark.parametrize("dtype", INEXACT, ids=str)
def test_matrix_norm(dtype: np.dtype[Any], ord: Any, keepdims: bool) -> None:
    for shape in ((3, 4), (4, 2), (1, 1), (2, 3, 4, 2), (0, 3, 4)):
        x = random(shape, dtype)
        got = linalg.matrix_norm(xgpu.asarray(x), ord=ord, keepdims=keepdims)
        expected = np.linalg.norm(x, ord=ord, axis=(-2, -1), keepdims=keepdims)
        close(got, expected, real(dtype))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0), (2, 0, 3)], ids=str)
def test_norms_of_matrices_without_elements(shape: tuple[int, ...]) -> None:
    x = xgpu.zeros(shape)
    for ord in ("fro", "nuc", 1, 2, math.inf):
        same(linalg.matrix_norm(x, ord=ord), np.zeros(shape[:-2]))
    with pytest.raises(ValueError, match="of no elements"):
        linalg.matrix_norm(x, ord=-2)
    for ord in (1, 2, math.inf, 0, 3.5):
        same(linalg.vector_norm(x, ord=ord), np.asarray(0.0))
    with pytest.raises(ValueError, match="of no elements"):
        linalg.vector_norm(x, ord=-math.inf)


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("ord", VECTOR_ORDS)
@pytest.mark.parametrize("dtype", INEXACT, ids=str)
def test_vector_norm(dtype: np.dtype[Any], ord: Any, keepdims: bool) -> None:
    x = random((2, 3, 4), dtype)
    x[0, 0, :2] = 0
    for axis in (None, 0, -1, (0, 2), (-1, 1), (0, 1, 2)):
        axes = range(3) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        kept = [i for i in range(3) if i not in {a % 3 for a in axes}]
        rows = np.moveaxis(x, kept, range(len(kept)))
        rows = rows.reshape(*(x.shape[i] for i in kept), -1)
        with np.errstate(divide="ignore"):
            expected = np.linalg.norm(rows, ord=ord, axis=-1)
        if keepdims:
            expected = expected.reshape([n if i in kept else 1 for i, n in enumerate(x.shape)])
        got = linalg.vector_norm(xgpu.asarray(x), axis=axis, keepdims=keepdims, ord=ord)
        same(got, expected.astype(real(dtype)), rtol=2e-5 if real(dtype) == "float32" else 1e-13)


def test_norms_without_singular_values_are_composites(device: xgpu.Device) -> None:
    x = random((2, 3, 4), "complex64")
    given = xgpu.asarray(x, device=device)
    for ord in (2, 1, math.inf):
        same(linalg.vector_norm(given, ord=ord), np.linalg.norm(x.reshape(-1), ord), rtol=1e-6)
    for norm in ("fro", 1, math.inf):
        got = linalg.matrix_norm(given, ord=norm)
        assert got.device is device
        same(got, np.linalg.norm(x, norm, axis=(-2, -1)), rtol=1e-6)


def test_orders_are_numbers_of_python_or_numpy() -> None:
    x = xgpu.asarray([3.0, -4.0])
    for ord in (np.float32(2), np.int64(2), np.float64(2)):
        same(linalg.vector_norm(x, ord=ord), np.asarray(5.0))  # type: ignore[arg-type]
        same(linalg.matrix_norm(x[None, :], ord=ord), np.asarray(5.0), 1e-15)  # type: ignore[arg-type]
    refused: list[Any] = ["fro", 2j, True, None, x[0]]
    for bad in refused:
        with pytest.raises(TypeError, match="real number as ord"):
            linalg.vector_norm(x, ord=bad)


def test_vector_norm_of_a_number() -> None:
    for ord, expected in ((2, 3.0), (0, 1.0), (1, 3.0), (math.inf, 3.0), (-1, 3.0), (3, 3.0)):
        same(linalg.vector_norm(xgpu.asarray(-3.0), ord=ord), np.asarray(expected), rtol=1e-15)
    same(linalg.vector_norm(xgpu.asarray([3.0, -4.0]), axis=()), np.asarray([3.0, 4.0]))


@pytest.mark.parametrize("ord", VECTOR_ORDS)
def test_vector_norm_of_special_values(ord: Any) -> None:
    for special in (np.nan, np.inf, -np.inf, -0.0, 5e-324):
        x = np.asarray([1.0, special, 2.0])
        with np.errstate(all="ignore"):
            expected = np.linalg.norm(x, ord=ord)
        same(linalg.vector_norm(xgpu.asarray(x), ord=ord), np.asarray(expected), rtol=1e-15)
