"""Matrices whose properties are known, and exact arithmetic on them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import mpmath
import numpy as np

from tests.values.checks import wide
from tests.values.inputs import COMPLEX, FLOATS
from tests.values.ulp import Values, kind
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

#: The dtypes in which the libraries of linear algebra compute.
SOLVED: Final = tuple(d for d in (*FLOATS, *COMPLEX) if dtypes.real_of(d).itemsize >= 4)
STACKS: Final[tuple[tuple[int, ...], ...]] = ((), (3,), (2, 1, 3))
EMPTY: Final[tuple[tuple[int, ...], ...]] = ((0,), (2, 0))

Exact = list[list[Fraction]]


def normal(shape: tuple[int, ...], dtype: DType, seed: int = 0) -> Values:
    """Normal numbers, complex ones in both components."""
    rng = np.random.default_rng([seed, *dtype.name.encode()])
    values = rng.standard_normal(shape)
    if dtype.kind == "c":
        values = values + 1j * rng.standard_normal(shape)
    return np.asarray(values, dtype)


def whole(shape: tuple[int, ...], dtype: DType, seed: int = 0, most: int = 6) -> Values:
    """Small whole numbers, complex ones in both components."""
    rng = np.random.default_rng([seed, *dtype.name.encode()])
    values = rng.integers(0 if kind(dtype) == "u" else -most, most + 1, shape)
    if dtype.kind == "c":
        return np.asarray(values + 1j * rng.integers(-most, most + 1, shape), dtype)
    return np.asarray(values, dtype)


def dagger(x: Values) -> Values:
    """The conjugate transpose of each matrix."""
    return np.conj(np.swapaxes(x, -1, -2))


def product(*factors: Values) -> Values:
    """Products of stacks of matrices in long double."""
    result = wide(factors[0])
    for factor in factors[1:]:
        result = np.einsum("...ij,...jk->...ik", result, wide(factor))
    return result


def norm(x: Values) -> Values:
    """The root of the sum of squares of each matrix, with axes kept, in long double."""
    return np.asarray(np.sqrt(np.sum(np.abs(wide(x)) ** 2, axis=(-2, -1), keepdims=True)))


def hermitian(shape: tuple[int, ...], dtype: DType, seed: int = 0) -> Values:
    """Symmetric or Hermitian matrices, the diagonal exactly real."""
    x = normal(shape, dtype, seed)
    return np.asarray((x + dagger(x)) / 2, dtype)


def definite(shape: tuple[int, ...], dtype: DType, seed: int = 0) -> Values:
    """Hermitian matrices with eigenvalues above 1/2, exactly Hermitian."""
    x = product(normal(shape, dtype, seed), dagger(normal(shape, dtype, seed)))
    x = np.asarray(x / max(shape[-1], 1) + np.eye(shape[-1]), dtype)
    return np.asarray((x + dagger(x)) / 2, dtype)


def hilbert(n: int) -> Exact:
    """1 / (i + j + 1): positive definite, with a condition that grows as e ** (3.5 n)."""
    return [[Fraction(1, i + j + 1) for j in range(n)] for i in range(n)]


def scaled_hilbert(n: int) -> list[list[int]]:
    """The Hilbert matrix times a number that makes its elements whole, so no dtype rounds them."""
    scale = int(np.lcm.reduce(range(1, 2 * n)))
    return [[scale // (i + j + 1) for j in range(n)] for i in range(n)]


def second_differences(n: int) -> tuple[list[list[int]], list[float]]:
    """2 on the diagonal and -1 beside it, and its eigenvalues, ascending, rounded once."""
    rows = [[2 if i == j else -1 if abs(i - j) == 1 else 0 for j in range(n)] for i in range(n)]
    values = [float(2 - 2 * mpmath.cos(mpmath.pi * k / (n + 1))) for k in range(1, n + 1)]
    return rows, values


def circulant(first: list[int]) -> tuple[list[list[int]], list[complex]]:
    """A circulant matrix of a first column, and its eigenvalues: the transform of that."""
    n = len(first)
    rows = [[first[(i - j) % n] for j in range(n)] for i in range(n)]
    values = [
        complex(sum(c * mpmath.expjpi(mpmath.mpf(-2 * j * k) / n) for j, c in enumerate(first)))
        for k in range(n)
    ]
    return rows, values


def inverse(matrix: Any) -> Exact:
    """The exact inverse of a matrix of whole numbers or fractions, by elimination."""
    n = len(matrix)
    rows = [[*map(Fraction, row), *(Fraction(i == j) for j in range(n))]
            for i, row in enumerate(matrix)]  # fmt: skip
    for i in range(n):
        pivot = next(r for r in range(i, n) if rows[r][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [v / rows[i][i] for v in rows[i]]
        for r in range(n):
            if r != i and rows[r][i]:
                rows[r] = [a - rows[r][i] * b for a, b in zip(rows[r], rows[i], strict=True)]
    return [row[n:] for row in rows]


def determinant(matrix: Any) -> Any:
    """The exact determinant, by expansion along the first row, of whole, complex or other numbers.

    Complex numbers of whole components stay exact as long as they are small.
    """
    if not len(matrix):
        return 1
    return sum(
        (-1) ** j * value * determinant([[*row[:j], *row[j + 1 :]] for row in matrix[1:]])
        for j, value in enumerate(matrix[0])
        if value
    )


def floats(matrix: Exact) -> Values:
    """Fractions in long double, each rounded once or twice."""
    return np.asarray(
        [[np.longdouble(v.numerator) / np.longdouble(v.denominator) for v in row] for row in matrix]
    )


def of_ranks(m: int, n: int, rank: int, dtype: DType) -> Values:
    """A matrix of small whole numbers of just this rank: rows of which later ones are sums."""
    if not rank:
        return np.zeros((m, n), dtype)
    base = np.eye(rank, n, dtype="int64") + np.triu(whole((rank, n), dtypes.int64, 3, 2), 1)
    rows = [
        base[i] if i < rank else base[: i % rank + 1].sum(axis=0) * (i % 3 + 1) for i in range(m)
    ]
    return np.asarray(rows, dtype)


def device_matrix(matrix: Any, dtype: DType) -> Values:
    """Rows of Python numbers as an array."""
    return np.asarray([[float(v) for v in row] for row in matrix], dtype)
