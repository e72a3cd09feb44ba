"""all, any and diff against Python's own, and integers modulo the dtype."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.values.checks import axes_of, each, exactly, keeping, large, lines, some, wrapped
from tests.values.inputs import DTYPES, SHAPES, random, specials
from tests.values.ulp import Values, kind
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

NUMERIC = [d for d in DTYPES if kind(d) != "b"]


@pytest.mark.parametrize("name", ["all", "any"])
@each(DTYPES)
def test_all_and_any(name: str, dtype: DType, device: xgpu.Device) -> None:
    function, fold = getattr(xgpu, name), {"all": all, "any": any}[name]
    for shape in some(device, SHAPES, (name, dtype)):
        for a in (random(dtype, shape), np.zeros(shape, dtype), np.ones(shape, dtype)):
            x = xgpu.asarray(a, device=device)
            pairs: list[Any] = list(itertools.combinations(range(-len(shape), 0), 2))
            given = [None, (), *range(-len(shape), len(shape)), *pairs]
            for axis in some(device, given, shape, 1):
                axes = axes_of(axis, len(shape))
                kept, rows = lines(a, axes)
                truth = np.asarray([fold(v != 0 for v in row) for row in rows], bool)
                exactly(function(x, axis=axis), truth.reshape(kept), device, (shape, axis))
                got = function(x, axis=axis, keepdims=True)
                exactly(got, truth.reshape(keeping(shape, axes)), device, (shape, axis))
    for value in specials(dtype):
        # NaN and infinity are not zero, a zero of either sign is, and a complex number if both are.
        x = xgpu.asarray(np.asarray([value]), device=device)
        exactly(function(x), np.asarray(bool(value != 0)), device, value)
        if device.type == "cudasim":
            break


@each([dtypes.bool_, dtypes.int8, dtypes.float32, dtypes.complex128])
def test_all_and_any_of_many(dtype: DType, device: xgpu.Device) -> None:
    n = large(device)
    for place in some(device, (0, n // 2, n - 1), dtype, 1):
        a = np.ones(n, dtype)
        a[place] = 0
        x = xgpu.asarray(a, device=device)
        exactly(xgpu.all(x), np.asarray(False), device)
        exactly(xgpu.any(x), np.asarray(True), device)
    exactly(xgpu.all(xgpu.ones(n, dtype=dtype, device=device)), np.asarray(True), device)
    exactly(xgpu.any(xgpu.zeros(n, dtype=dtype, device=device)), np.asarray(False), device)


def difference(a: Values, axis: int, n: int) -> Values:
    """Each element less the one before it, rounded as the dtype does; integers modulo it."""
    rows = np.moveaxis(a, axis, 0)
    for _ in range(n):
        if kind(a.dtype) in "iu":
            exact = [u - v for v, u in itertools.pairwise(rows.astype(object))]
            flat = [v for row in exact for v in np.asarray(row, object).ravel()]
            shape = (max(len(rows) - 1, 0), *rows.shape[1:])
            rows = wrapped(flat, a.dtype).reshape(shape)
        else:
            with np.errstate(all="ignore"):
                parts = [u - v for v, u in itertools.pairwise(rows)]
            rows = np.asarray(parts, a.dtype).reshape(max(len(rows) - 1, 0), *rows.shape[1:])
    return np.moveaxis(rows, 0, axis)


@each(NUMERIC)
def test_diff(dtype: DType, device: xgpu.Device) -> None:
    for shape in some(device, ((0,), (1,), (2,), (9,), (5, 7), (2, 3, 4, 2), (3, 0)), dtype):
        a = random(dtype, shape)
        x = xgpu.asarray(a, device=device)
        both = itertools.product(range(-len(shape), len(shape)), (0, 1, 2, 4))
        for axis, n in some(device, both, shape, 1):
            got = xgpu.diff(x, axis=axis, n=n)
            exactly(got, difference(a, axis, n), device, (shape, axis, n))
    a = random(dtype, (6, 5))
    x = xgpu.asarray(a, device=device)[::-2, ::-1].T
    exactly(xgpu.diff(x, axis=0), difference(a[::-2, ::-1].T, 0, 1), device, "a view")
    got = xgpu.diff(x, n=0)
    got[...] = 0
    exactly(x, a[::-2, ::-1].T, device, "a copy")


@each(NUMERIC)
def test_diff_with_more_at_the_ends(dtype: DType, device: xgpu.Device) -> None:
    for shape, axis, before, after in some(device, (
        ((4,), -1, (1,), (2,)),
        ((4,), 0, (0,), (1,)),
        ((3, 4), 1, (3, 2), None),
        ((3, 4), 0, None, (1, 4)),
        ((2, 3, 2), -2, (2, 1, 2), (2, 2, 2)),
        ((0,), 0, (1,), (1,)),
    ), dtype):  # fmt: skip
        a = random(dtype, shape)
        ends = [
            None if s is None else random(dtype, s, 3 + i) for i, s in enumerate((before, after))
        ]
        whole = np.concatenate([m for m in (ends[0], a, ends[1]) if m is not None], axis=axis)
        given = [None if m is None else xgpu.asarray(m, device=device) for m in ends]
        for n in (1, 2):
            got = xgpu.diff(
                xgpu.asarray(a, device=device), axis=axis, n=n, prepend=given[0], append=given[1]
            )
            exactly(got, difference(whole, axis, n), device, (shape, axis, n))


@each([dtypes.uint8, dtypes.float32, dtypes.complex128])
def test_diff_of_many(dtype: DType, device: xgpu.Device) -> None:
    a = random(dtype, (large(device),))
    with np.errstate(all="ignore"):
        expected = a[1:] - a[:-1]
    exactly(xgpu.diff(xgpu.asarray(a, device=device)), expected, device)
