"""Dtypes: the standard's tables written out, limits from the formats, casts value by value."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any, Final

import numpy as np
import pytest

import xgpu
from tests.comparing import host
from tests.values.checks import each, exactly, large, some
from tests.values.inputs import COMPLEX, DTYPES, FLOATS, INTEGERS, SHAPES, random, specials
from tests.values.ulp import format_of, kind
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

NARROW: Final = tuple(d for d in FLOATS if d.itemsize == 2)
STANDARD: Final = tuple(d for d in DTYPES if d not in NARROW)

#: The standard's tables: what meets in each row and column, in the order of the heads.
TABLES: Final = (
    ("i1 i2 i4 i8", "i1 i2 i4 i8", "i2 i2 i4 i8", "i4 i4 i4 i8", "i8 i8 i8 i8"),
    ("u1 u2 u4 u8", "u1 u2 u4 u8", "u2 u2 u4 u8", "u4 u4 u4 u8", "u8 u8 u8 u8"),
    ("f4 f8 c8 c16", "f4 f8 c8 c16", "f8 f8 c16 c16", "c8 c16 c8 c16", "c16 c16 c16 c16"),
    ("?", "?"),
)
#: Unsigned rows, signed columns i1 i2 i4 i8; uint64 with a signed dtype is left open.
MIXED: Final = {"u1": "i2 i2 i4 i8", "u2": "i4 i4 i4 i8", "u4": "i8 i8 i8 i8"}


RANKS: Final = {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}


def meetings() -> dict[tuple[DType, DType], DType]:
    """Every pair of which the standard says what it gives."""
    result = {}
    for heads, *rows in TABLES:
        names = heads.split()
        for name, row in zip(names, rows, strict=True):
            for other, met in zip(names, row.split(), strict=True):
                result[np.dtype(name), np.dtype(other)] = np.dtype(met)
    for name, row in MIXED.items():
        for other, met in zip(["i1", "i2", "i4", "i8"], row.split(), strict=True):
            result[np.dtype(name), np.dtype(other)] = np.dtype(met)
            result[np.dtype(other), np.dtype(name)] = np.dtype(met)
    return result


MEETINGS: Final = meetings()


def test_result_type_of_two() -> None:
    assert len(MEETINGS) == 16 + 16 + 16 + 1 + 24
    for (first, second), met in MEETINGS.items():
        assert xgpu.result_type(first, second) is dtypes.SUPPORTED[met], (first, second)
    for first, second in itertools.product(DTYPES, repeat=2):
        met = xgpu.result_type(first, second)
        assert met is xgpu.result_type(second, first)
        # Whatever is left open is of the higher kind, or float64 for uint64 with a signed dtype.
        assert RANKS[kind(met)] >= max(RANKS[kind(d)] for d in (first, second))
        assert xgpu.can_cast(first, met) and xgpu.can_cast(second, met)
    for dtype in DTYPES:
        assert xgpu.result_type(dtype) is dtype
        assert xgpu.result_type(dtype, dtype, dtype) is dtype
        assert xgpu.result_type(dtypes.bool_, dtype) is dtype


def test_result_type_of_many(device: xgpu.Device) -> None:
    assert xgpu.result_type(dtypes.int8, dtypes.uint8, dtypes.uint16) is dtypes.int32
    assert xgpu.result_type(dtypes.float32, dtypes.complex64, dtypes.float64) is dtypes.complex128
    x = xgpu.ones(2, dtype=xgpu.int8, device=device)
    assert xgpu.result_type(x, dtypes.int16) is dtypes.int16
    assert xgpu.result_type(x, x[0]) is dtypes.int8  # a 0-d array counts as any array
    assert xgpu.result_type(x, xgpu.asarray(1, device=device)) is dtypes.int64
    with pytest.raises(ValueError):
        xgpu.result_type()
    assert xgpu.result_type(1, 2.0) is dtypes.float64


@each(DTYPES)
def test_scalars_do_not_change_the_dtype(dtype: DType, device: xgpu.Device) -> None:
    x = xgpu.ones(2, dtype=dtype, device=device)
    scalars: dict[str, list[Any]] = {
        "b": [True], "i": [True, 1, -3], "u": [True, 3], "f": [True, 1, 1.5, 10**30],
        "c": [True, 1, 1.5, 1j],
    }  # fmt: skip
    for scalar in scalars[kind(dtype)]:
        assert xgpu.result_type(x, scalar) is dtype
        assert xgpu.result_type(scalar, dtype) is dtype
        assert xgpu.result_type(scalar, x, scalar, dtype) is dtype
    if kind(dtype) == "f":
        expected = {8: dtypes.complex128}.get(dtype.itemsize, dtypes.complex64)
        assert xgpu.result_type(x, 1j) is expected
    # Functions with scalars keep to it as well.
    if kind(dtype) in "iuf":
        for result in (
            xgpu.where(x > 0, x, 1), xgpu.where(x > 0, 1, x), xgpu.clip(x, 0, 1),
            xgpu.maximum(x, 1), xgpu.add(1, x), x * 2, 2 - x,
        ):  # fmt: skip
            assert result.dtype is dtype


@each(DTYPES)
def test_can_cast(dtype: DType, device: xgpu.Device) -> None:
    x = xgpu.ones(2, dtype=dtype, device=device)
    for other in DTYPES:
        expected = xgpu.result_type(dtype, other) is other
        assert xgpu.can_cast(dtype, other) is expected
        assert xgpu.can_cast(x, other) is expected
        if (dtype, other) in MEETINGS:
            assert expected is bool(MEETINGS[dtype, other] == other)


KINDS: Final = {
    "bool": "b", "signed integer": "i", "unsigned integer": "u", "integral": "iu",
    "real floating": "f", "complex floating": "c", "numeric": "iufc",
}  # fmt: skip


def test_isdtype() -> None:
    for dtype in DTYPES:
        for name, letters in KINDS.items():
            assert xgpu.isdtype(dtype, name) is (kind(dtype) in letters)
        for other in DTYPES:
            assert xgpu.isdtype(dtype, other) is (dtype is other)
            assert xgpu.isdtype(dtype, (other, "bool")) is (dtype is other or kind(dtype) == "b")
        assert xgpu.isdtype(dtype, ("integral", "real floating")) is (kind(dtype) in "iuf")
        assert xgpu.isdtype(dtype, ()) is False
    with pytest.raises(ValueError):
        xgpu.isdtype(dtypes.int8, "integer")


def test_finfo(device: xgpu.Device) -> None:
    for dtype in (*FLOATS, *COMPLEX):
        form, real = format_of(dtype), dtypes.real_of(dtype)
        for given in (dtype, xgpu.ones(2, dtype=dtype, device=device)):
            info = xgpu.finfo(given)
            assert info.bits == 8 * real.itemsize and type(info.bits) is int
            for got, expected in (
                (info.eps, form.epsilon), (info.max, form.largest), (info.min, -form.largest),
                (info.smallest_normal, form.normal),
            ):  # fmt: skip
                assert got == expected and type(got) is float
            assert info.dtype is real
    for dtype in (*INTEGERS, dtypes.bool_):
        with pytest.raises(ValueError):
            xgpu.finfo(dtype)


def test_iinfo(device: xgpu.Device) -> None:
    for dtype in INTEGERS:
        bits = 8 * dtype.itemsize
        low, high = (
            (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if dtype.kind == "i" else (0, 2**bits - 1)
        )
        for given in (dtype, xgpu.ones(2, dtype=dtype, device=device)):
            info = xgpu.iinfo(given)
            assert (info.bits, info.min, info.max) == (bits, low, high)
            assert all(type(v) is int for v in (info.bits, info.min, info.max))
            assert info.dtype is dtype
    for dtype in (*FLOATS, *COMPLEX, dtypes.bool_):
        with pytest.raises(ValueError):
            xgpu.iinfo(dtype)


# astype


def rounded(value: Fraction, dtype: DType) -> float:
    """The nearest number of a real floating dtype, ties to even; infinity beyond the largest."""
    form = format_of(dtype)
    if not value:
        return 0.0
    size = abs(value)
    exponent = max(math.frexp(float(size))[1] - 1 if float(size) != math.inf else 1024, form.lowest)
    unit = Fraction(2) ** (exponent - form.digits + 1)
    result = round(size / unit) * unit  # Python rounds halves of fractions to even
    if result >= Fraction(2) ** (form.highest + 1):
        return math.copysign(math.inf, value)
    return math.copysign(float(result), value)


def cast(value: Any, source: DType, target: DType) -> Any:
    """One element as it is in the target, or None where the standard leaves it open."""
    number = complex(value) if kind(source) == "c" else value
    if kind(target) == "b":
        return bool(number != 0)
    if kind(source) in "biu":
        whole = int(value)
        if kind(target) in "iu":
            bits = 8 * target.itemsize
            low = -(2 ** (bits - 1)) if target.kind == "i" else 0
            return (whole - low) % 2**bits + low
        return rounded(Fraction(whole), dtypes.real_of(target))
    if kind(target) in "iu":
        number = float(value)
        info = np.iinfo(target)
        inside = math.isfinite(number) and int(info.min) <= math.trunc(number) <= int(info.max)
        return math.trunc(number) if inside else None
    real = dtypes.real_of(target)
    parts = (number.real, number.imag) if kind(source) == "c" else (float(value),)
    made = [
        v if v == 0 or not math.isfinite(v) else rounded(Fraction(v), real)
        for v in map(float, parts)
    ]
    return complex(*made) if len(made) == 2 else made[0]


@each(DTYPES)
def test_astype(dtype: DType, device: xgpu.Device) -> None:
    for target in some(device, DTYPES, dtype):
        a = np.concatenate([specials(dtype), random(dtype, (40,))])
        x = xgpu.asarray(a, device=device)
        if kind(dtype) == "c" and kind(target) not in "bc":
            with pytest.raises(TypeError, match="real"):
                xgpu.astype(x, target)
            continue
        pairs = [(v, cast(v, dtype, target)) for v in a]
        known = np.asarray([made is not None for _, made in pairs])
        given = a[known]
        with np.errstate(all="ignore"):
            expected = np.asarray([made for _, made in pairs if made is not None]).astype(target)
        if kind(target) in "iu":
            expected = np.asarray([made for _, made in pairs if made is not None], target)
        got = xgpu.astype(xgpu.asarray(given, device=device), target)
        exactly(got, expected, device, (dtype, target))


def test_astype_copies_and_moves(device: xgpu.Device) -> None:
    for shape in SHAPES:
        x = xgpu.asarray(random(dtypes.float32, shape), device=device)
        assert xgpu.astype(x, dtypes.float32, copy=False) is x
        y = xgpu.astype(x, dtypes.float32)
        assert y is not x
        before = host(x)
        y[...] = 0
        exactly(x, before, device, shape)
        z = xgpu.astype(x, dtypes.complex64, copy=False)
        exactly(z, before.astype("complex64"), device, shape)
        there = xgpu.astype(x, dtypes.int8 if not shape else dtypes.bool_, device="cpu")
        assert there.device is xgpu.device("cpu")
    x = xgpu.asarray(random(dtypes.int16, (6, 4)), device=device)[::-1, ::2].T
    exactly(xgpu.astype(x, dtypes.float64), host(x).astype("float64"), device, "a view")


@each([dtypes.int8, dtypes.float32, dtypes.complex64])
def test_astype_of_many(dtype: DType, device: xgpu.Device) -> None:
    a = random(dtype, (large(device),))
    x = xgpu.asarray(a, device=device)
    with np.errstate(invalid="ignore"):  # NaN of any bits
        truth, wider = a != 0, a.astype("complex128")
    exactly(xgpu.astype(x, dtypes.bool_), truth, device)
    exactly(xgpu.astype(x, dtypes.complex128), wider, device)
