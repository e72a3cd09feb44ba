"""Operands of elementwise ops and functions: which numbers, and where any answer is right.

What the standard and NumPy leave undefined is not given: casts of what a dtype does not hold,
shifts by more than the bits there are, quotients and powers of complex numbers that are not finite.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from xgpu.plugin.dtypes import DType
from xgpu_conformance import bounds
from xgpu_conformance.judge import EXACT, UNSIGNED_ZEROS, Rule
from xgpu_conformance.ulp import Values, kind, limits
from xgpu_conformance.values import families, pair_families, plane, random, specials

SHIFTS: Final = ("bitwise_left_shift", "bitwise_right_shift")
FINITE_ONLY: Final = frozenset({"divide", "multiply", "pow", "reciprocal", "sign", "square"})
"""Of complex numbers, those whose values beside infinities the standard leaves open."""


def special(name: str, dtype: DType, arity: int, subnormals: bool) -> tuple[Values, ...]:
    """Special numbers; of two operands, all pairs of them."""
    x = specials(dtype, subnormals)
    if arity == 1:
        return usable(name, x)
    if kind(dtype) == "c" or arity > 2:
        x = x[:: 3 if len(x) > 100 or arity > 2 else 1]
    if arity > 2:
        return usable(name, *(v.reshape(-1) for v in np.meshgrid(*[x] * arity)))
    a, b = (v.reshape(-1) for v in np.meshgrid(x, x))
    return usable(name, a, b)


def arbitrary(
    name: str, dtype: DType, arity: int, count: int, rng: np.random.Generator, subnormals: bool
) -> tuple[Values, ...]:
    """Random numbers of every size."""
    return usable(name, *(random(dtype, count, rng, subnormals) for _ in range(arity)))


def hard(
    name: str, dtype: DType, arity: int, count: int, rng: np.random.Generator
) -> tuple[Values, ...]:
    """Ranges in which a function of floats is hard; about ``count`` numbers."""
    if kind(dtype) == "c":
        return usable(name, *(plane(dtype, count // 6, rng) for _ in range(arity)))
    if arity == 1:
        return usable(name, families(name, dtype, count // 8, rng))
    pairs = pair_families(name, dtype, count // 4, rng)
    if arity == 2:
        return usable(name, *pairs)
    return usable(name, *pairs, rng.uniform(0, 1, pairs[0].size).astype(dtype))


def usable(name: str, *x: Values) -> tuple[Values, ...]:
    """The operands with small numbers in place of those whose result is open."""
    dtype = x[0].dtype
    if name in SHIFTS:
        bits = 8 * dtype.itemsize
        return x[0], (x[1].astype(np.int64) % bits).astype(dtype)
    if kind(dtype) == "c" and name in FINITE_ONLY:
        return _tamed(name, *x)
    if name in ("gammaincinv", "gammainccinv", "stdtrit"):
        # The error of the quantile is that of the probability over the first parameter.
        few = (x[0] > 0) & (x[0] < 1)
        return np.where(few, x[0] + 1, x[0]).astype(dtype), x[1]
    return x


def _tamed(name: str, *x: Values) -> tuple[Values, ...]:
    filler = x[0].dtype.type(1.5 - 0.5j)
    largest = float(limits(x[0].dtype).max)
    with np.errstate(all="ignore"):
        size = [np.maximum(np.abs(z.real), np.abs(z.imag)).astype(np.float64) for z in x]
        keep = np.isfinite(size[0]) & np.isfinite(size[-1])
        if name in ("multiply", "square"):
            keep &= size[0] < largest / 4 / np.maximum(size[-1], 1)
        if name in ("divide", "reciprocal"):
            keep &= size[-1] != 0
        if name == "sign":
            keep &= size[0] != 0
        if name == "pow":
            keep &= _moderate_power(*x)
    return tuple(np.where(keep, z, filler).astype(z.dtype) for z in x)


def _moderate_power(base: Values, exponent: Values) -> Values:
    """Where a power neither over- nor underflows, nor has an angle that float does not resolve."""
    base, exponent = base.astype(np.complex128), exponent.astype(np.complex128)
    log = np.log(np.where(base == 0, 1, base))
    power = exponent * log
    fine = (np.abs(power.real) < 60) & (np.abs(power.imag) < 60) & (np.abs(exponent) < 60)
    return np.asarray((base != 0) & fine & (np.abs(log) < 60))


def free_signs(name: str, *x: Values) -> Values | None:
    """Where no sign of a complex function's components is fixed: NaN, and infinite angles."""
    if x[0].dtype.kind != "c" or name in bounds.BY_COMPONENT:
        return None
    free = np.zeros(x[0].shape, bool)
    for z in x:
        free |= np.isnan(z.real) | np.isnan(z.imag)
        if name in bounds.STRAIGHT:
            free |= np.isinf(z.imag)
        if name in bounds.TURNED:
            free |= np.isinf(z.real)
    return free


def rule(name: str, computed: DType, expected: Values, *x: Values) -> Rule:
    """How near the results of a function of these operands have to be."""
    allowed = bounds.bound(name, computed)
    if not allowed:
        return UNSIGNED_ZEROS if name in bounds.UNSIGNED_ZEROS else EXACT
    size = None
    if name in bounds.OF_OPERANDS:
        sizes = [np.abs(v) for v in (expected, *x)]
        size = np.maximum.reduce([np.where(np.isfinite(s), s, 0) for s in sizes])
    free = free_signs(name, *x)
    if free is not None:
        # Beside a NaN no sign says anything.
        free = free | np.isnan(expected)
    zeros = kind(computed) != "c" or name not in bounds.OPEN_ZEROS
    poles = _poles(*x)
    return Rule(allowed, name in bounds.OF_LARGER, size, zeros=zeros, free_signs=free, poles=poles)


def _poles(*x: Values) -> Values:
    """Where an operand is 0, 1 or infinite: no result overflows there, but may be infinite."""
    found = np.zeros(x[0].shape, bool)
    for v in x:
        size = np.abs(v)
        found |= (v == 0) | (size == 1) | np.isinf(size)
    return found
