"""Comparing what a device gave with what is right, value by value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xgpu_conformance.ulp import (
    Values,
    distance,
    kind,
    parts,
    smallest_normal,
    subnormal,
    unit,
    zeros_differ,
)


@dataclass(frozen=True)
class Rule:
    """How near is right. By itself: the same value, the same sign of zero, NaN for NaN.

    ``bound`` is in ULP, of the expected value or, with ``size``, of these magnitudes (complex
    numbers: of the larger component, if ``larger``). ``allowed`` is an absolute error for each
    value instead, for sums and residuals. ``zeros``: whether a zero's sign counts.
    ``free_signs`` (with expected values of complex numbers): where no component's sign counts.
    ``poles``: where an infinity is no overflow, so the largest number is not its neighbour.
    Infinities and NaN have to be there whatever the bound; an infinity may be the neighbour of
    the largest number.
    """

    bound: float = 0.0
    larger: bool = False
    size: Values | None = None
    allowed: Any = None
    zeros: bool = True
    free_signs: Any = None
    poles: Any = None


MANY: Final = 100_000

EXACT = Rule()
UNSIGNED_ZEROS = Rule(zeros=False)


class Check(NamedTuple):
    """Values to compare, and what they came from."""

    got: Values
    expected: Values
    rule: Rule = EXACT
    inputs: tuple[Values, ...] = ()
    """Operands of the result's shape, to show what caused an error; none where values depend on
    whole arrays."""
    part: str = ""
    """Which of several results."""
    places: Values | None = None
    """Where the values are in the whole result, if they are some of it."""
    others: int = 0
    """How many values besides these were found to be right."""


class Verdict(NamedTuple):
    """What came of a check."""

    error: NDArray[np.float64]  #: for each value in C order: ULP, or multiples of what is allowed
    wrong: NDArray[np.bool_]
    in_ulp: bool


class MismatchError(Exception):
    """A result of another dtype, shape, length or type than it has to be."""


def judge(check: Check, subnormals: bool = True) -> Verdict:
    """Compare.

    Without ``subnormals`` a result that is below the smallest normal number may be zero, and no
    result counts that is of such a number.

    Raises:
        MismatchError: dtype or shape differ, so there are no values to compare.
    """
    got, expected, rule = check.got, check.expected, check.rule
    if got.dtype != expected.dtype:
        raise MismatchError(f"{_of(check)}dtype {got.dtype}, not {expected.dtype}")
    if got.shape != expected.shape:
        raise MismatchError(f"{_of(check)}shape {got.shape}, not {expected.shape}")
    shape, got, expected = got.shape, got.reshape(-1), expected.reshape(-1)
    with np.errstate(all="ignore"):
        if rule.allowed is not None:
            allowed = np.broadcast_to(np.asarray(rule.allowed, np.float64), shape).reshape(-1)
            if not subnormals and kind(got.dtype) in "fc":
                allowed = np.maximum(allowed, smallest_normal(got.dtype))
            return _within(got, expected, allowed, rule.zeros)
        if kind(got.dtype) not in "fc":
            wrong = np.asarray(got != expected)
            return Verdict(np.where(wrong, np.inf, 0.0), wrong, True)
        error = _errors_where_different(got, expected, rule)
        if not subnormals:
            error = np.where(_flushed(check, got, expected), 0.0, error)
    return Verdict(error, error > rule.bound, True)


def _errors_where_different(got: Values, expected: Values, rule: Rule) -> NDArray[np.float64]:
    """Errors, which equal bits need not be asked for: of many values, most are equal."""
    if got.size < MANY or rule.size is not None or rule.free_signs is not None:
        return _errors(got, expected, rule)
    bits = f"V{got.dtype.itemsize}"
    places = np.flatnonzero(np.ascontiguousarray(got).view(bits) != expected.view(bits))
    result = np.zeros(got.shape)
    if rule.poles is not None:
        rule = replace(rule, poles=np.broadcast_to(rule.poles, got.shape)[places])
    result[places] = _errors(got[places], expected[places], rule)
    return result


def _errors(got: Values, expected: Values, rule: Rule) -> NDArray[np.float64]:
    free = None if rule.free_signs is None else np.broadcast_to(rule.free_signs, got.shape)
    size = None if rule.size is None else np.broadcast_to(rule.size, got.shape)
    if rule.larger and got.dtype.kind == "c":
        size = np.maximum(np.abs(expected.real), np.abs(expected.imag))
    result = np.zeros(got.shape)
    for mine, right in zip(parts(got), parts(expected), strict=True):
        if free is not None:
            mine, right = (np.where(free, np.abs(v), v) for v in (mine, right))
        error = distance(mine, right)
        if size is not None:
            finite = np.isfinite(mine) & np.isfinite(right) & ~np.isnan(size)
            # Beside an infinite component, a finite one is nothing.
            sized = np.abs(mine.astype(np.float64) - right.astype(np.float64)) / unit(size)
            sized = np.where(np.isinf(size), 0.0, sized)
            error = np.where(finite, np.minimum(error, sized), error)
        if rule.zeros:
            error = np.where(zeros_differ(mine, right), np.inf, error)
        if rule.poles is not None:
            error = np.where(rule.poles & np.isinf(right) & np.isfinite(mine), np.inf, error)
        result = np.maximum(result, error)
    return result


def _within(got: Values, expected: Values, allowed: Values, zeros: bool) -> Verdict:
    """Errors as multiples of what is allowed; what is not finite has to be the same."""
    result = np.zeros(got.shape)
    for mine, right in zip(parts(got), parts(expected), strict=True):
        mine, right = mine.astype(np.float64), right.astype(np.float64)
        finite = np.isfinite(mine) & np.isfinite(right)
        same = (mine == right) | (np.isnan(mine) & np.isnan(right))
        apart = np.abs(mine - right)
        ratio = np.where(apart <= allowed, np.where(allowed > 0, apart / allowed, 0), np.inf)
        far = np.where(allowed > 0, apart / allowed, np.inf)
        error = np.where(finite, np.where(apart <= allowed, ratio, far), np.where(same, 0, np.inf))
        if zeros:
            error = np.where(zeros_differ(mine, right), np.inf, error)
        result = np.maximum(result, error)
    return Verdict(result, result > 1.0, False)


def _flushed(check: Check, got: Values, expected: Values) -> NDArray[np.bool_]:
    """Where subnormal operands, or results and nothing else, explain that values differ."""
    same = np.ones(got.shape, bool)
    for mine, right in zip(parts(got), parts(expected), strict=True):
        lost = subnormal(right) & (np.abs(mine) < smallest_normal(mine.dtype))
        equal = distance(mine, right) <= check.rule.bound
        if check.rule.zeros:
            equal &= ~zeros_differ(mine, right)
        same &= lost | equal
    for operand in check.inputs:
        if kind(operand.dtype) in "fc":
            for part in parts(np.broadcast_to(operand, check.got.shape).reshape(-1)):
                same |= subnormal(part)
    return same


def _of(check: Check) -> str:
    return f"{check.part}: " if check.part else ""
