"""Arrays that are made: every element from its definition, in fractions where it has one."""

from __future__ import annotations

import itertools
import math
from array import array
from fractions import Fraction
from typing import Any, Final

import numpy as np
import pytest

import xgpu
from tests.comparing import host
from tests.values.checks import close, each, epsilon, exactly, large, some, within
from tests.values.inputs import COMPLEX, DTYPES, FLOATS, INTEGERS, SHAPES, random, specials
from tests.values.ulp import Values, kind
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

FILLED: Final[tuple[Any, ...]] = (*SHAPES, 0, 5)


def shape_of(shape: Any) -> tuple[int, ...]:
    return shape if isinstance(shape, tuple) else (shape,)


# Filled with one value


@each(DTYPES)
def test_zeros_ones_and_empty(dtype: DType, device: xgpu.Device) -> None:
    for shape in some(device, FILLED, dtype):
        whole = shape_of(shape)
        exactly(xgpu.zeros(shape, dtype=dtype, device=device), np.zeros(whole, dtype), device)
        exactly(xgpu.ones(shape, dtype=dtype, device=device), np.ones(whole, dtype), device)
        blank = xgpu.empty(shape, dtype=dtype, device=device)
        assert (blank.shape, blank.dtype, blank.device) == (whole, dtype, device)
        assert host(blank).shape == whole
        other = xgpu.asarray(random(dtype, whole), device=device)
        exactly(xgpu.zeros_like(other), np.zeros(whole, dtype), device)
        exactly(xgpu.ones_like(other), np.ones(whole, dtype), device)
        blank = xgpu.empty_like(other)
        assert (blank.shape, blank.dtype, blank.device) == (whole, dtype, device)
        blank[...] = other
        exactly(blank, host(other), device)
        plain = xgpu.zeros(whole, device=device)
        exactly(xgpu.zeros_like(plain, dtype=dtype), np.zeros(whole, dtype), device)
        exactly(xgpu.ones_like(plain, dtype=dtype), np.ones(whole, dtype), device)
        assert xgpu.empty_like(plain, dtype=dtype).dtype is dtype


def test_default_dtypes(device: xgpu.Device) -> None:
    for x in (
        xgpu.zeros(2, device=device),
        xgpu.ones(2, device=device),
        xgpu.empty(2, device=device),
    ):
        assert x.dtype is dtypes.float64
    for value, dtype in ((True, "bool"), (3, "int64"), (1.5, "float64"), (1j, "complex128")):
        exactly(xgpu.full((2,), value, device=device), np.full(2, value, dtype), device)
        exactly(xgpu.asarray(value, device=device), np.asarray(value, dtype), device)
        exactly(xgpu.asarray([value, value], device=device), np.full(2, value, dtype), device)
    mixed: list[tuple[Any, str]] = [
        ([True, 2], "int64"), ([1, 2.5], "float64"), ([1.5, 2j], "complex128"),
        ([True, 1j], "complex128"),
    ]  # fmt: skip
    for values, name in mixed:
        exactly(xgpu.asarray(values, device=device), np.asarray(values, name), device)
    assert xgpu.arange(3, device=device).dtype is dtypes.int64
    assert xgpu.arange(3.0, device=device).dtype is dtypes.float64
    assert xgpu.arange(0, 3, 1.0, device=device).dtype is dtypes.float64
    assert xgpu.linspace(0, 1, 3, device=device).dtype is dtypes.float64
    assert xgpu.linspace(0, 1j, 3, device=device).dtype is dtypes.complex128
    assert xgpu.eye(2, device=device).dtype is dtypes.float64


@each(DTYPES)
def test_full(dtype: DType, device: xgpu.Device) -> None:
    values = specials(dtype)
    scalars = [v.item() if dtype.name != "bfloat16" else float(v) for v in values[::3]]
    for scalar in some(device, scalars, dtype):
        expected = np.full((2, 3), np.asarray(scalar).astype(dtype))
        got = xgpu.full((2, 3), scalar, dtype=dtype, device=device)
        exactly(got, expected, device, scalar)
        other = xgpu.zeros((2, 3), dtype=dtype, device=device)
        exactly(xgpu.full_like(other, scalar), expected, device, scalar)
        assert got.dtype is dtype
    for shape in some(device, FILLED, dtype):
        got = xgpu.full(shape, True, dtype=dtype, device=device)
        exactly(got, np.ones(shape_of(shape), dtype), device, shape)
    if kind(dtype) in "iu":
        for beyond in (int(np.iinfo(dtype).max) + 1, int(np.iinfo(dtype).min) - 1):
            with pytest.raises(OverflowError):
                xgpu.full(2, beyond, dtype=dtype, device=device)
            with pytest.raises(OverflowError):
                xgpu.asarray(beyond, dtype=dtype, device=device)


@each([dtypes.bool_, dtypes.int16, dtypes.float32, dtypes.complex128])
def test_many_of_one_value(dtype: DType, device: xgpu.Device) -> None:
    n = large(device)
    for x, value in (
        (xgpu.zeros(n, dtype=dtype, device=device), 0),
        (xgpu.ones(n, dtype=dtype, device=device), 1),
        (xgpu.full(n, True, dtype=dtype, device=device), 1),
    ):
        exactly(x, np.full(n, value, dtype), device)
        if device.type == "cudasim":
            break


# Ranges


RANGES: Final = (
    (5,), (0,), (-3,), (2, 7), (7, 2), (0, 10, 3), (10, 0, -3), (10, 1, -3), (0, 9, 3), (1, 2, 100),
    (-5, 6, 2), (5, -6, -4), (0, 1, 7), (3, 3), (100, 127), (127, -1, -1),
)  # fmt: skip


@each([d for d in DTYPES if kind(d) != "b"])
def test_whole_ranges(dtype: DType, device: xgpu.Device) -> None:
    for given in some(device, RANGES, dtype):
        numbers = list(range(*given))
        if kind(dtype) == "u" and any(v < 0 for v in (*numbers, *given[:1])):
            continue
        got = xgpu.arange(*given, dtype=dtype, device=device)
        exactly(got, np.asarray(numbers).astype(dtype), device, given)


@each(INTEGERS)
def test_ranges_at_the_limits(dtype: DType, device: xgpu.Device) -> None:
    info = np.iinfo(dtype)
    low, high = int(info.min), int(info.max)
    for start, stop, step in (
        (high - 3, high + 1, 1),
        (low, low + 3, 1),
        (high, high - 4, -1),
        (low, high + 1, high // 2 + 1),
        (high, low - 1, low - high if low else -high),
    ):
        numbers = list(range(start, stop, step))
        got = xgpu.arange(start, stop, step, dtype=dtype, device=device)
        exactly(got, np.asarray(numbers, dtype), device, (start, stop, step))
    for beyond in ((high, high + 2), (low - 1, low + 1)):
        with pytest.raises(OverflowError):
            xgpu.arange(*beyond, dtype=dtype, device=device)


STEPS: Final = (
    (0.0, 1.0, 0.1), (1.0, 0.0, -0.25), (0, 3, 0.5), (-1.5, 2.0, 0.7), (0.0, 5.0, 1),
    (2.5, 2.5, 1.0), (1e-3, 2e-3, 1e-4), (0.0, 1.0, 7.0), (5.0, 1.0, 1.0), (0.5, 90.0, 3.25),
)  # fmt: skip


@each(FLOATS)
def test_ranges_of_fractions(dtype: DType, device: xgpu.Device) -> None:
    for start, stop, step in some(device, STEPS, dtype):
        got = xgpu.arange(start, stop, step, dtype=dtype, device=device)
        # ceil((stop - start) / step) in float64, and each element from its own number.
        count = max(0, math.ceil((stop - start) / step))
        truth = [float(Fraction(start) + i * Fraction(step)) for i in range(count)]
        # The step and the start, the product and the sum are rounded to the dtype.
        size = np.asarray([abs(start) + i * abs(step) for i in range(count)])
        within(got, truth, 1.5 * epsilon(dtype) * size, dtype, device, (start, stop, step))
    with pytest.raises(ZeroDivisionError):
        xgpu.arange(0, 1, 0.0, dtype=dtype, device=device)


@each(INTEGERS)
def test_ranges_of_fractions_truncated(dtype: DType, device: xgpu.Device) -> None:
    got = xgpu.arange(0.5, 90.0, 3.25, dtype=dtype, device=device)
    exactly(got, np.asarray([math.trunc(0.5 + i * 3.25) for i in range(28)], dtype), device)


@each([dtypes.int64, dtypes.float32])
def test_long_ranges(dtype: DType, device: xgpu.Device) -> None:
    n = large(device)
    exactly(xgpu.arange(n, dtype=dtype, device=device), np.arange(n).astype(dtype), device)
    got = xgpu.arange(n, -n, -3, dtype=dtype, device=device)
    exactly(got, np.asarray(list(range(n, -n, -3))).astype(dtype), device)


@each([*FLOATS, *COMPLEX])
def test_linspace(dtype: DType, device: xgpu.Device) -> None:
    ends: list[tuple[Any, Any]] = [(0, 1), (-2.5, 4), (10, -3), (1e-3, 2e-3), (5, 5), (-1, 1)]
    ends += [(0, 1 - 2j), (3j, -1 + 0.5j)] if dtype.kind == "c" else []
    for (start, stop), num, endpoint in some(
        device, itertools.product(ends, (0, 1, 2, 3, 10, 101), (True, False)), dtype
    ):
        got = xgpu.linspace(start, stop, num, dtype=dtype, device=device, endpoint=endpoint)
        parts = max(num - 1 if endpoint else num, 1)
        a, b = complex(start), complex(stop)
        truth = [complex(
            float(Fraction(a.real) + i * Fraction(b.real - a.real) / parts),
            float(Fraction(a.imag) + i * Fraction(b.imag - a.imag) / parts),
        ) for i in range(num)]  # fmt: skip
        # Computed in float64 with four roundings, then rounded once.
        size = np.abs(truth) * epsilon(dtype) / 2 if num else 0.0
        size = size + 4 * 2.0**-52 * (abs(a) + abs(b))
        values: Any = np.asarray(truth) if dtype.kind == "c" else np.asarray(truth).real
        within(got, values, size, dtype, device, (start, stop, num, endpoint))
        if num:
            assert host(got)[0] == np.asarray(start).astype(dtype)
        if num > 1 and endpoint:
            assert host(got)[-1] == np.asarray(stop).astype(dtype)
    with pytest.raises(ValueError):
        xgpu.linspace(0, 1, -1, device=device)


@each(INTEGERS)
def test_linspace_of_integers_is_the_floor(dtype: DType, device: xgpu.Device) -> None:
    cases = [(0, 9, 4, True), (0, 10, 5, False), (3, 100, 9, True)]
    cases += [(-9, 9, 5, True), (-7, -1, 5, False)] if dtype.kind == "i" else []
    for start, stop, num, endpoint in cases:
        parts = num - 1 if endpoint else num
        truth = [math.floor(start + i * ((stop - start) / parts)) for i in range(num)]
        got = xgpu.linspace(start, stop, num, dtype=dtype, device=device, endpoint=endpoint)
        exactly(got, np.asarray(truth, dtype), device, (start, stop))


def test_linspace_of_many_and_of_extremes(device: xgpu.Device) -> None:
    n = large(device)
    got = host(xgpu.linspace(-1, 1, n, dtype=xgpu.float32, device=device))
    assert np.all(np.diff(got) >= 0) and got[0] == -1 and got[-1] == 1 and got[n // 2] == 0
    for count in (3, 4, 9):  # the distance of the ends is beyond the largest number
        end = Fraction(1.75e308)
        truth = [float(-end + i * 2 * end / (count - 1)) for i in range(count)]
        got = host(xgpu.linspace(-1.75e308, 1.75e308, count, device=device))
        close(got, truth, 1.75e308 * 2.0**-50, count)
        assert got[0] == -1.75e308 and got[-1] == 1.75e308
    for start, stop in ((0.0, 5e-324), (1e-310, 4e-310)):
        got = host(xgpu.linspace(start, stop, 4, device=device))
        assert got[0] == start and got[-1] == stop and np.all(np.diff(got) >= 0)


# Matrices


@each(DTYPES)
def test_eye(dtype: DType, device: xgpu.Device) -> None:
    for rows, columns, k in some(
        device, itertools.product((0, 1, 3, 5), (None, 0, 2, 5), (0, 1, -1, 2, -4, 9)), dtype
    ):
        m = rows if columns is None else columns
        truth = [[1 if j - i == k else 0 for j in range(m)] for i in range(rows)]
        got = xgpu.eye(rows, columns, k=k, dtype=dtype, device=device)
        exactly(got, np.asarray(truth, dtype).reshape(rows, m), device, (rows, columns, k))


@pytest.mark.parametrize("name", ["tril", "triu"])
@each(DTYPES)
def test_triangles(name: str, dtype: DType, device: xgpu.Device) -> None:
    shapes = ((3, 3), (3, 5), (5, 3), (1, 1), (2, 3, 4, 2), (0, 3), (2, 0, 2))
    for shape, k in some(
        device, itertools.product(shapes, (0, 1, -1, 2, -3, 99, -99)), (name, dtype)
    ):
        a = random(dtype, shape)
        expected = a.copy()
        for i, j in np.ndindex(*shape[-2:]):
            if (j - i > k) if name == "tril" else (j - i < k):
                expected[..., i, j] = 0
        x = xgpu.asarray(a, device=device)
        got = getattr(xgpu, name)(x, k=k)
        exactly(got, expected, device, (shape, k))
        got[...] = False
        exactly(x, a, device, "a copy")
    a = random(dtype, (6, 8))
    got = getattr(xgpu, name)(xgpu.asarray(a, device=device)[::-1, ::2].T)
    exactly(got, getattr(np, name)(a[::-1, ::2].T), device, "a view")
    if kind(dtype) == "f":  # what is dropped does not matter
        x = xgpu.full((2, 2), float("nan"), dtype=dtype, device=device)
        nan = np.nan
        truth = [[nan, 0], [nan, nan]] if name == "tril" else [[nan, nan], [0, nan]]
        exactly(getattr(xgpu, name)(x), np.asarray(truth, dtype), device)


@each(DTYPES)
def test_meshgrid(dtype: DType, device: xgpu.Device) -> None:
    for lengths in some(device, ((3,), (2, 3), (3, 1), (2, 3, 4), (2, 0), (2, 3, 1, 2)), dtype):
        lists = [random(dtype, (n,), i) for i, n in enumerate(lengths)]
        given = [xgpu.asarray(line, device=device) for line in lists]
        for indexing in ("xy", "ij"):
            order = list(range(len(lengths)))
            if indexing == "xy" and len(lengths) > 1:
                order[0], order[1] = 1, 0
            shape = tuple(lengths[i] for i in order)
            got = xgpu.meshgrid(*given, indexing=indexing)
            assert type(got) is tuple and len(got) == len(lengths)
            for i, grid in enumerate(got):
                expected = np.empty(shape, dtype)
                for at in np.ndindex(*shape):
                    expected[at] = lists[i][at[order.index(i)]]
                exactly(grid, expected, device, (lengths, indexing, i))
    assert xgpu.meshgrid() == ()
    x = xgpu.asarray(random(dtype, (4,)), device=device)
    for default, chosen in zip(
        xgpu.meshgrid(x, x[:2]), xgpu.meshgrid(x, x[:2], indexing="xy"), strict=True
    ):
        exactly(default, host(chosen), device)


# From elsewhere


def nested(a: Values) -> Any:
    return a.tolist() if a.dtype.name != "bfloat16" else a.astype("float32").tolist()


@each(DTYPES)
def test_asarray(dtype: DType, device: xgpu.Device) -> None:
    for shape in some(device, SHAPES, dtype):
        a = random(dtype, shape)
        for given in (a, np.asfortranarray(a), a[...][::-1] if a.ndim else a):
            x = xgpu.asarray(given, device=device)
            exactly(x, given, device, shape)
        if 0 not in shape:
            got = xgpu.asarray(nested(a), dtype=dtype, device=device)
            exactly(got, a, device, (shape, "nested"))
        x = xgpu.asarray(a, device=device)
        assert xgpu.asarray(x) is x and xgpu.asarray(x, copy=False) is x
        assert xgpu.asarray(x, dtype=dtype, copy=None) is x
        copied = xgpu.asarray(x, copy=True)
        copied[...] = False
        exactly(x, a, device, "a copy")
    a = np.ones(4, dtype)
    x = xgpu.asarray(a, device=device)
    a[...] = 0
    exactly(x, np.ones(4, dtype), device, "NumPy's memory is not shared")
    again = xgpu.asarray([x[0], x[1]], device=device)
    exactly(again, np.ones(2, dtype), device, "a list of arrays")
    with pytest.raises(ValueError, match="copy"):
        xgpu.asarray(nested(a), copy=False, device=device)


def test_asarray_of_buffers(device: xgpu.Device) -> None:
    for code, name in (
        ("b", "int8"),
        ("H", "uint16"),
        ("i", "int32"),
        ("q", "int64"),
        ("f", "float32"),
        ("d", "float64"),
    ):
        buffer = array(code, [1, 2, 3])
        exactly(xgpu.asarray(buffer, device=device), np.asarray([1, 2, 3], name), device)
        view = memoryview(buffer)
        exactly(xgpu.asarray(view, device=device), np.asarray([1, 2, 3], name), device)
    exactly(
        xgpu.asarray(bytearray(b"\x01\xff"), device=device), np.asarray([1, 255], "uint8"), device
    )
    exactly(
        xgpu.asarray(np.asarray([1, 2], ">i4"), device=device), np.asarray([1, 2], "int32"), device
    )


@each([d for d in DTYPES if d.name != "bfloat16"])
def test_from_dlpack(dtype: DType, device: xgpu.Device) -> None:
    for shape in some(device, SHAPES, dtype):
        a = np.asarray(random(dtype, shape))
        exactly(xgpu.from_dlpack(a, device=device), a, device, shape)
        exactly(xgpu.from_dlpack(a, device=device, copy=True), a, device, shape)
        x = xgpu.asarray(a, device=device)
        exactly(xgpu.from_dlpack(x), a, device, (shape, "its own"))
    a = random(dtype, (4, 6))[::-1, ::2].T
    exactly(xgpu.from_dlpack(a, device=device), a, device, "a view")
    if device.type == "cpu":
        back = np.from_dlpack(xgpu.asarray(a, device=device))
        assert back.dtype == dtype and back.tobytes() == np.ascontiguousarray(a).tobytes()
    with pytest.raises(AttributeError):
        xgpu.from_dlpack([1.0])
