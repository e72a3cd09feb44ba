"""What has to hold of factors, eigenvalues and transforms, whatever the algorithm.

Signs and phases of vectors, and the order of eigenvalues that have none, are free, so results are
multiplied again, in the wider dtype, and compared with the operand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType
from xgpu_conformance.bounds import FACTOR, FOURIER
from xgpu_conformance.judge import EXACT, Check, Rule
from xgpu_conformance.ulp import Values, epsilon, kind
from xgpu_conformance.values import normal


def wide(x: Values) -> Values:
    """In the platform's widest floats."""
    return x.astype(np.clongdouble if x.dtype.kind == "c" else np.longdouble)


def dagger(x: Values) -> Values:
    """The conjugate transpose of each matrix."""
    return np.conj(np.swapaxes(x, -1, -2))


def norm(x: Values) -> Any:
    """The root of the sum of squares of each matrix, with its axes kept."""
    return np.sqrt(np.sum(np.abs(wide(x)) ** 2, axis=(-2, -1), keepdims=True))


def hermitian(dtype: DType, shape: tuple[int, ...], rng: np.random.Generator) -> Values:
    """Symmetric or Hermitian matrices, the diagonal exactly real."""
    x = normal(dtype, shape, rng)
    return np.asarray((x + dagger(x)) / 2, dtype)


def definite(dtype: DType, shape: tuple[int, ...], rng: np.random.Generator) -> Values:
    """Hermitian matrices with eigenvalues above 1/2."""
    x = normal(dtype, shape, rng)
    x = x @ dagger(x) / max(shape[-1], 1) + np.eye(shape[-1])
    return np.asarray((x + dagger(x)) / 2, dtype)


def regular(dtype: DType, shape: tuple[int, ...], rng: np.random.Generator) -> Values:
    """Square matrices that are far from singular."""
    x = normal(dtype, shape, rng) / np.sqrt(shape[-1]) / 4
    return np.asarray(x + np.eye(shape[-1]), dtype)


def same(made: Values, wanted: Values, x: Values, part: str, factor: float = FACTOR) -> Check:
    """A product is what it has to be, to what a backward stable algorithm may change in ``x``."""
    size = max(x.shape[-2:], default=1)
    allowed = factor * size * epsilon(x.dtype) * np.asarray(norm(x), np.float64)
    dtype = dtypes.complex128 if made.dtype.kind == "c" else dtypes.float64
    shape = np.broadcast_shapes(made.shape, wanted.shape)
    got, right = (np.broadcast_to(v, shape).astype(dtype) for v in (made, wanted))
    return Check(got, right, Rule(allowed=np.broadcast_to(allowed, shape), zeros=False), (), part)


def shapes(results: Sequence[Values], wanted: Sequence[tuple[DType, tuple[int, ...]]]) -> None:
    """Each result has its dtype and shape.

    Raises:
        AssertionError: one has not.
    """
    for number, (got, (dtype, shape)) in enumerate(zip(results, wanted, strict=True)):
        if got.dtype != dtype or got.shape != shape:
            raise AssertionError(
                f"result {number}: {got.dtype} of shape {got.shape}, not {dtype} of {shape}"
            )


def zero(x: Values, part: str) -> Check:
    """All are zero, of either sign."""
    return Check(np.abs(x), np.zeros_like(np.abs(x)), EXACT, (), part)


def orthonormal(columns: Values, part: str) -> Check:
    """The columns of each matrix have length 1 and are at right angles."""
    m, k = columns.shape[-2:]
    made = dagger(wide(columns)) @ wide(columns)
    identity = np.broadcast_to(np.eye(k), made.shape)
    allowed = FACTOR * max(m, 1) * epsilon(columns.dtype)
    dtype = dtypes.complex128 if made.dtype.kind == "c" else dtypes.float64
    return Check(
        made.astype(dtype), identity.astype(dtype), Rule(allowed=allowed, zeros=False), (), part
    )


def cholesky(x: Values, factor: Values, upper: bool = False) -> list[Check]:
    """X = L L^H, L lower with a real positive diagonal."""
    beyond = np.tril(factor, -1) if upper else np.triu(factor, 1)
    low = dagger(factor) if upper else factor
    diagonal = np.diagonal(low, axis1=-2, axis2=-1)
    return [
        zero(beyond, "the other triangle"),
        same(wide(low) @ dagger(wide(low)), x, x, "the product of the factors"),
        Check(diagonal.real > 0, np.ones(diagonal.shape, bool), EXACT, (), "diagonal > 0"),
        *_real(diagonal, "diagonal"),
    ]


def qr(x: Values, q: Values, r: Values) -> list[Check]:
    """X = Q R, the columns of Q orthonormal, R upper with a real diagonal."""
    return [
        zero(np.tril(r, -1), "R below its diagonal"),
        orthonormal(q, "columns of Q"),
        same(wide(q) @ wide(r), x, x, "Q R"),
        *_real(np.diagonal(r, axis1=-2, axis2=-1), "the diagonal of R"),
    ]


def svd(x: Values, u: Values, s: Values, vh: Values) -> list[Check]:
    """X = U S Vh with orthonormal columns and rows, S descending and not negative."""
    k = s.shape[-1]
    again = (wide(u)[..., :k] * wide(s)[..., None, :]) @ wide(vh)[..., :k, :]
    return [
        orthonormal(u, "columns of U"),
        orthonormal(dagger(vh), "rows of Vh"),
        same(again, x, x, "U S Vh"),
        *ordered(s[..., ::-1], "singular values, from the last"),
        Check(s >= 0, np.ones(s.shape, bool), EXACT, (), "singular values >= 0"),
    ]


def eigh(x: Values, values: Values, vectors: Values) -> list[Check]:
    """X V = V diag(w), V orthonormal, w ascending."""
    left = wide(x) @ wide(vectors)
    right = wide(vectors) * wide(values)[..., None, :]
    return [
        orthonormal(vectors, "eigenvectors"),
        same(left, right, x, "x V beside V diag(w)"),
        *ordered(values, "eigenvalues"),
    ]


def eig(x: Values, values: Values, vectors: Values) -> list[Check]:
    """X V = V diag(w), columns of V of length 1."""
    lengths = np.sqrt(np.sum(np.abs(wide(vectors)) ** 2, axis=-2)).astype(np.float64)
    allowed = FACTOR * max(x.shape[-1], 1) * epsilon(x.dtype)
    left = wide(x) @ wide(vectors)
    right = wide(vectors) * wide(values)[..., None, :]
    return [
        Check(lengths, np.ones_like(lengths), Rule(allowed=allowed), (), "lengths of vectors"),
        same(left, right, x, "x V beside V diag(w)"),
    ]


def spectrum(x: Values, values: Values, expected: Values, part: str) -> list[Check]:
    """Eigenvalues or singular values: each right one is there, in any order.

    Each expected value is compared with the nearest one that is left.
    """
    flat = values.reshape(-1, values.shape[-1])
    right = expected.reshape(-1, expected.shape[-1])
    paired = np.empty_like(flat)
    for row, wanted in enumerate(right):
        left = list(flat[row])
        for place, value in enumerate(wanted):
            nearest = int(np.argmin([abs(v - value) for v in left]))
            paired[row, place] = left.pop(nearest)
    allowed = FACTOR * max(x.shape[-1], 1) * epsilon(x.dtype) * np.asarray(norm(x), np.float64)
    shape = expected.shape
    rule = Rule(allowed=np.broadcast_to(allowed[..., 0], shape), zeros=False)
    return [Check(paired.reshape(shape), expected, rule, (), part)]


def solved(a: Values, b: Values, x: Values) -> list[Check]:
    """A x = b, for each right side."""
    residual = wide(a) @ wide(x)
    allowed = FACTOR * a.shape[-1] * epsilon(a.dtype) * np.asarray(norm(a) * norm(x), np.float64)
    dtype = dtypes.complex128 if a.dtype.kind == "c" else dtypes.float64
    right = np.broadcast_to(b, residual.shape).astype(dtype)
    rule = Rule(allowed=np.broadcast_to(allowed, residual.shape), zeros=False)
    return [Check(residual.astype(dtype), right, rule, (), "a x beside b")]


def near(got: Values, expected: Values, dtype: DType, count: int, size: Any = None) -> Check:
    """Within what rounding explains of ``count`` steps, of the size of a result."""
    scale = np.abs(expected) if size is None else size
    allowed = FACTOR * max(count, 1) * epsilon(dtype) * np.asarray(scale, np.float64)
    return Check(got, expected, Rule(allowed=np.broadcast_to(allowed, expected.shape), zeros=False))


def transform(got: Values, expected: Values, dtype: DType, points: int) -> Check:
    """A transform of so many points: errors below a multiple of the norm of the whole."""
    with np.errstate(all="ignore"):
        size = np.sqrt(np.sum(np.abs(wide(expected)) ** 2)) if expected.size else 0.0
    allowed = FOURIER * (1 + np.log2(max(points, 1))) * epsilon(dtype) * float(size)
    return Check(got, expected, Rule(allowed=np.full(expected.shape, allowed), zeros=False))


def ordered(x: Values, part: str) -> list[Check]:
    """Ascending along the last axis."""
    right = x[..., 1:] >= x[..., :-1]
    return [Check(right, np.ones(right.shape, bool), EXACT, (), f"{part} ascend")]


def _real(x: Values, part: str) -> list[Check]:
    return [zero(x.imag, f"imaginary {part}")] if kind(x.dtype) == "c" else []
