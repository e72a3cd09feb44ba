"""Stacks of matrices for the tests of linalg, and comparison within rounding."""

from __future__ import annotations

from typing import Any

import numpy as np

import xgpu
from tests.comparing import ALL, COMPLEX, FLOATS, host

INEXACT = [*FLOATS, *COMPLEX]
NUMERIC = [d for d in ALL if d.kind != "b"]
STACKS: list[tuple[int, ...]] = [(), (3,), (2, 1, 3), (0,), (2, 0)]
SQUARE = [0, 1, 2, 5]
OBLONG = [(1, 1), (3, 3), (5, 2), (2, 5), (1, 4), (4, 1), (0, 3), (3, 0), (0, 0)]


def random(shape: tuple[int, ...], dtype: Any, seed: int = 0) -> Any:
    """Normal numbers, complex ones in both components."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(shape)
    if np.dtype(dtype).kind == "c":
        values = values + 1j * rng.standard_normal(shape)
    return values.astype(dtype)


def hermitian(shape: tuple[int, ...], dtype: Any, seed: int = 0) -> Any:
    x = random(shape, dtype, seed)
    return x + np.conj(np.swapaxes(x, -1, -2))


def positive(shape: tuple[int, ...], dtype: Any, seed: int = 0) -> Any:
    """Hermitian matrices with eigenvalues of 1 and more."""
    x = random(shape, dtype, seed)
    return x @ np.conj(np.swapaxes(x, -1, -2)) + np.eye(shape[-1], dtype=dtype)


def close(x: xgpu.Array, expected: Any, dtype: Any = None) -> None:
    """As `same`, within 200 units in the last place of the largest element."""
    expected = np.asarray(expected, dtype=dtype)
    assert isinstance(x, xgpu.Array)
    assert (x.shape, x.dtype) == (expected.shape, expected.dtype)
    largest = float(np.max(np.abs(expected), initial=1.0))
    tolerance = 200 * float(np.finfo(expected.dtype).eps) * largest
    np.testing.assert_allclose(host(x), expected, rtol=0, atol=tolerance)


def real(dtype: Any) -> Any:
    return np.finfo(dtype).dtype


def dagger(x: Any) -> Any:
    return np.conj(np.swapaxes(x, -1, -2))


def each(stack: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [stack] if 0 in stack else list(np.ndindex(*stack))
