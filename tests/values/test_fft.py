"""Fourier transforms against the sum that defines them, in the platform's long double."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any, Final

import numpy as np
import pytest

import xgpu
from tests.comparing import host
from tests.values.checks import each, epsilon, exactly, large, some, wide, within
from tests.values.inputs import DTYPES, FLOATS, random
from tests.values.matrices import normal
from tests.values.ulp import Values, kind
from xgpu import fft
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

NORMS: Final = ("backward", "ortho", "forward")
LENGTHS: Final = (1, 2, 3, 4, 5, 7, 8, 12, 13, 16, 31, 32, 60, 101)
#: The real dtypes whose complex ones exist with the same precision.
REAL: Final = tuple(d for d in FLOATS if d.itemsize >= 4)

FACTOR: Final = 8.0
"""A transform of n points is off by a small multiple of ``log2(n) * eps`` in the root of the mean
square (Higham, Accuracy and Stability, theorem 24.2), and no element by more than all of them;
lengths with large prime factors go through longer transforms (Bluestein's), three of them."""


@cache
def exponentials(n: int, inverse: bool) -> Values:
    """The matrix with exp(-+2 pi i j k / n), the exponent reduced exactly."""
    turn = 8 * np.arctan(np.longdouble(1)) / n
    table = np.cos(turn * np.arange(n)) + (1j if inverse else -1j) * np.sin(turn * np.arange(n))
    j = np.arange(n)
    return np.asarray(table[np.outer(j, j) % n])


def cut(x: Values, axis: int, n: int) -> Values:
    """The first n places along an axis, with zeros where there are none."""
    moved = np.moveaxis(x, axis, -1)
    result = np.zeros((*moved.shape[:-1], n), x.dtype)
    result[..., : min(n, moved.shape[-1])] = moved[..., :n]
    return np.moveaxis(result, -1, axis)


def transform(x: Values, axes: Sequence[int], lengths: Sequence[int], inverse: bool) -> Values:
    """The sum over all points, along each axis; unscaled."""
    result = wide(x).astype(np.clongdouble)
    for axis, n in zip(axes, lengths, strict=True):
        moved = np.moveaxis(cut(result, axis, n), axis, -1)
        result = np.moveaxis(np.einsum("...j,jk->...k", moved, exponentials(n, inverse)), -1, axis)
    return result


def hermitian(x: Values, axis: int, n: int) -> Values:
    """All n frequencies of a real signal of which x has the first n // 2 + 1.

    What can have no imaginary part, the first one and of an even n the middle one, has none.
    """
    half = np.moveaxis(cut(x, axis, n // 2 + 1), axis, -1)
    result = np.zeros((*half.shape[:-1], n), np.clongdouble)
    result[..., : n // 2 + 1] = half
    result[..., 0] = half[..., 0].real
    if n % 2 == 0:
        result[..., n // 2] = half[..., n // 2].real
    for k in range(n // 2 + 1, n):
        result[..., k] = np.conj(half[..., n - k])
    return np.moveaxis(result, -1, axis)


def scale(count: int, norm: str, inverse: bool) -> np.longdouble:
    one = np.longdouble(1)
    if norm == "ortho":
        return np.longdouble(one / np.sqrt(one * count))
    return one / count if (norm == "backward") == inverse else one


def truth_of(
    name: str, x: Values, axes: Sequence[int], lengths: Sequence[int], norm: str
) -> Values:
    """What the function gives, by definition. ``lengths`` are those of the transform's points."""
    points = math.prod(lengths)
    inverse = name.startswith("i")
    if name in ("fft", "ifft", "fftn", "ifftn"):
        return transform(x, axes, lengths, inverse) * scale(points, norm, inverse)
    if name in ("rfft", "rfftn", "ihfft"):
        all_of_them = transform(x, axes, lengths, inverse) * scale(points, norm, inverse)
        return cut(all_of_them, axes[-1], lengths[-1] // 2 + 1)
    others = transform(x, axes[:-1], lengths[:-1], True)
    signal = hermitian(others, axes[-1], lengths[-1])
    return (transform(signal, axes[-1:], lengths[-1:], inverse) * scale(points, norm, inverse)).real


def check(got: xgpu.Array, name: str, x: Values, axes: Sequence[int], lengths: Sequence[int],
          norm: str, device: xgpu.Device) -> None:  # fmt: skip
    truth = truth_of(name, x, axes, lengths, norm)
    real = dtypes.real_of(x.dtype)
    dtype = real if name in ("irfft", "irfftn", "hfft") else dtypes.complex_of(real)
    # Every element of the result may be off by eps times the norm of all of a transform's points.
    points = math.prod(lengths)
    limit = FACTOR * math.log2(2 * points) * epsilon(real)
    of_one = np.sqrt(np.sum(np.abs(truth) ** 2, axis=tuple(axes), keepdims=True))
    size = 2 * of_one + epsilon(real) * np.sqrt(np.sum(np.abs(wide(x)) ** 2))
    within(got, truth, limit * size, dtype, device, (name, lengths, axes, norm))


ONE: Final = ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")


def taken(name: str, real: DType) -> DType:
    """The dtype that a function takes, of a precision."""
    return real if name in ("rfft", "rfftn", "ihfft") else dtypes.complex_of(real)


@pytest.mark.parametrize("name", ONE)
@each(REAL)
def test_lengths(name: str, dtype: DType, device: xgpu.Device) -> None:
    for n in some(device, LENGTHS, name, 3):
        count = n // 2 + 1 if name in ("irfft", "hfft") else n
        x = normal((2, count), taken(name, dtype), n)
        given = xgpu.asarray(x, device=device)
        function = getattr(fft, name)
        check(function(given, n=n), name, x, (1,), (n,), "backward", device)
        if name not in ("irfft", "hfft") or n % 2 == 0:  # whose default length is the even one
            check(function(given), name, x, (1,), (n,), "backward", device)


@pytest.mark.parametrize("name", ONE)
@each(REAL)
def test_axes_lengths_and_norms(name: str, dtype: DType, device: xgpu.Device) -> None:
    x = normal((3, 4, 2, 5), taken(name, dtype))
    given = xgpu.asarray(x, device=device)
    cases = list(itertools.product((0, 1, -2, -1), (None, 2, 3, 8), NORMS))
    for axis, n, norm in some(device, cases, (name, dtype), 1):
        own = x.shape[axis]
        points = n or (2 * (own - 1) if name in ("irfft", "hfft") else own)
        got = getattr(fft, name)(given, n=n, axis=axis, norm=norm)
        check(got, name, x, (axis % 4,), (points,), norm, device)


MANY: Final[tuple[tuple[Any, Any], ...]] = (
    (None, None),
    (None, (0,)),
    (None, (2, 0)),
    (None, (-1, 1, 0)),
    ((4, 3), (1, 2)),
    ((2, 6), (-1, 0)),
    ((5, -1), (0, 2)),
    ((1, 2, 3), (0, 1, 2)),
)


@pytest.mark.parametrize("name", ["fftn", "ifftn", "rfftn", "irfftn"])
@each(REAL)
def test_several_axes(name: str, dtype: DType, device: xgpu.Device) -> None:
    x = normal((3, 4, 5), taken(name, dtype))
    given = xgpu.asarray(x, device=device)
    cases = list(itertools.product(MANY, NORMS))
    for (s, axes), norm in some(device, cases, (name, dtype), 1):
        places = [a % 3 for a in (axes if axes is not None else (0, 1, 2))]
        own = [x.shape[i] for i in places]
        if name == "irfftn":
            own[-1] = 2 * (own[-1] - 1)
        lengths = own if s is None else [o if n == -1 else n for n, o in zip(s, own, strict=True)]
        got = getattr(fft, name)(given, s=s, axes=axes, norm=norm)
        check(got, name, x, places, lengths, norm, device)


@each(REAL)
def test_four_axes(dtype: DType, device: xgpu.Device) -> None:
    x = normal((2, 3, 2, 4), dtypes.complex_of(dtype))
    given = xgpu.asarray(x, device=device)
    check(fft.fftn(given), "fftn", x, (0, 1, 2, 3), x.shape, "backward", device)
    check(fft.irfftn(given), "irfftn", x, (0, 1, 2, 3), (2, 3, 2, 6), "backward", device)
    y = x.real.copy()
    got = fft.rfftn(xgpu.real(given))
    check(got, "rfftn", y, (0, 1, 2, 3), x.shape, "backward", device)


# What is known without computing


@pytest.mark.parametrize("norm", NORMS)
@each(REAL)
def test_back_and_forth(norm: Any, dtype: DType, device: xgpu.Device) -> None:
    complex_dtype = dtypes.complex_of(dtype)
    for n in some(device, (1, 2, 9, 30, 97), dtype):
        x, y = normal((3, n), complex_dtype), normal((3, n), dtype)
        a, b = xgpu.asarray(x, device=device), xgpu.asarray(y, device=device)
        limit = FACTOR * math.log2(2 * n) * epsilon(dtype) * 2 * math.sqrt(np.sum(np.abs(x) ** 2))
        within(fft.ifft(fft.fft(a, norm=norm), norm=norm), x, limit, complex_dtype, device)
        within(fft.ifftn(fft.fftn(a, norm=norm), norm=norm), x, limit, complex_dtype, device)
        within(fft.irfft(fft.rfft(b, norm=norm), n=n, norm=norm), y, limit, dtype, device)
        within(fft.hfft(fft.ihfft(b, norm=norm), n=n, norm=norm), y, limit, dtype, device)
        back = fft.irfftn(fft.rfftn(b, norm=norm), s=(3, n), axes=(0, 1), norm=norm)
        within(back, y, limit, dtype, device)


@each(REAL)
def test_impulses_and_constants(dtype: DType, device: xgpu.Device) -> None:
    complex_dtype = dtypes.complex_of(dtype)
    limit = 64 * epsilon(dtype)
    for n in (1, 2, 5, 8, 24):
        impulse = np.zeros(n, complex_dtype)
        impulse[0] = 2
        given = xgpu.asarray(impulse, device=device)
        within(fft.fft(given), np.full(n, 2), limit, complex_dtype, device)
        within(fft.ifft(given), np.full(n, 2 / n), limit, complex_dtype, device)
        flat = xgpu.asarray(np.full(n, 3, dtype), device=device)
        spike = np.zeros(n // 2 + 1)
        spike[0] = 3 * n
        within(fft.rfft(flat), spike, limit * n, complex_dtype, device)
        # The transform of a real signal: the first frequency is its sum and real.
        assert host(fft.rfft(flat))[0].imag == 0
        impulse[0], impulse[1 % n] = 0, 1
        wave = exponentials(n, False)[1 % n]
        within(fft.fft(xgpu.asarray(impulse, device=device)), wave, limit, complex_dtype, device)


@each(REAL)
def test_parts_that_do_not_count(dtype: DType, device: xgpu.Device) -> None:
    x = normal((2, 5), dtypes.complex_of(dtype))
    given = xgpu.asarray(x, device=device)
    for n in (8, 9, 6, 3, 1):
        plain = x.copy()
        plain[:, 0] = plain[:, 0].real
        if n % 2 == 0:
            plain[:, n // 2] = plain[:, n // 2].real
        for name in ("irfft", "hfft"):
            got = getattr(fft, name)(given, n=n)
            check(got, name, plain, (1,), (n,), "backward", device)


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
@each(REAL)
def test_nan_and_infinity_stay_in_their_row(
    special: float, dtype: DType, device: xgpu.Device
) -> None:
    x = normal((3, 8), dtypes.complex_of(dtype))
    x[1, 3] = special
    got = host(fft.fft(xgpu.asarray(x, device=device)))
    assert not np.any(np.isfinite(got[1])) and np.all(np.isfinite(got[[0, 2]]))
    got = host(fft.rfft(xgpu.asarray(x.real.copy(), device=device)))
    assert not np.any(np.isfinite(got[1])) and np.all(np.isfinite(got[[0, 2]]))
    got = host(fft.irfft(xgpu.asarray(x, device=device)))
    assert not np.any(np.isfinite(got[1])) and np.all(np.isfinite(got[[0, 2]]))


@each(REAL)
def test_extreme_sizes(dtype: DType, device: xgpu.Device) -> None:
    huge = float(np.finfo(dtype).max) / 64
    tiny = float(np.finfo(dtype).tiny) * 64
    for factor in (huge, tiny):
        x = (normal((2, 12), dtypes.complex_of(dtype)) * dtype.type(factor) / 4).astype(
            dtypes.complex_of(dtype)
        )
        check(fft.fft(xgpu.asarray(x, device=device)), "fft", x, (1,), (12,), "backward", device)


@each(REAL)
def test_no_elements(dtype: DType, device: xgpu.Device) -> None:
    complex_dtype = dtypes.complex_of(dtype)
    x = xgpu.zeros((0, 6), dtype=complex_dtype, device=device)
    y = xgpu.zeros((0, 6), dtype=dtype, device=device)
    exactly(fft.fft(x), np.zeros((0, 6), complex_dtype), device)
    exactly(fft.ifftn(x, axes=(1,)), np.zeros((0, 6), complex_dtype), device)
    exactly(fft.rfft(y), np.zeros((0, 4), complex_dtype), device)
    exactly(fft.irfft(x), np.zeros((0, 10), dtype), device)
    exactly(fft.hfft(x, n=5), np.zeros((0, 5), dtype), device)
    exactly(fft.ihfft(y), np.zeros((0, 4), complex_dtype), device)
    # An axis of no places padded with zeros.
    exactly(fft.fft(x.T, axis=-1, n=4), np.zeros((6, 4), complex_dtype), device)
    exactly(fft.rfft(y.T, n=5), np.zeros((6, 3), complex_dtype), device)


@each(REAL)
def test_views_and_pending_operands(dtype: DType, device: xgpu.Device) -> None:
    x = normal((6, 8, 5), dtypes.complex_of(dtype))
    given = xgpu.asarray(x, device=device)
    seen = np.ascontiguousarray(x[::-1, ::2].transpose(2, 0, 1))
    turned = xgpu.permute_dims(given[::-1, ::2], (2, 0, 1))
    check(fft.fft(turned, axis=0), "fft", seen, (0,), (5,), "backward", device)
    check(fft.ifft(turned * 2.0), "ifft", 2 * seen, (2,), (4,), "backward", device)
    check(fft.irfftn(turned), "irfftn", seen, (0, 1, 2), (5, 6, 6), "backward", device)
    real = np.ascontiguousarray(seen.real)
    check(fft.rfft(xgpu.real(turned), axis=1), "rfft", real, (1,), (6,), "backward", device)
    exactly(given, x, device)


@each(REAL)
def test_many_points(dtype: DType, device: xgpu.Device) -> None:
    # A power of two, and a prime number.
    n = 2**20 if dtype is dtypes.float64 else 1_000_003
    if device.type == "cudasim":
        n = 2**12 if dtype is dtypes.float64 else 5_003
    x = normal((n,), dtypes.complex_of(dtype))
    got = host(fft.fft(xgpu.asarray(x, device=device)))
    # A few frequencies by definition; Parseval's equation for all of them.
    of_all = math.sqrt(n) * math.sqrt(np.sum(np.abs(x.astype("complex128")) ** 2))
    # The errors of single elements: the root of their mean square, with room for the largest.
    limit = FACTOR * math.log2(2 * n) * epsilon(dtype) * of_all / math.sqrt(n) * 4
    j = np.arange(n)
    for k in (0, n // 3, n - 1):
        angle = (2 * np.pi / n) * ((j * k) % n)
        truth = np.sum(x.astype("complex128") * np.exp(-1j * angle))
        assert abs(complex(got[k]) - truth) <= limit, k
    energy = math.sqrt(np.sum(np.abs(got.astype("complex128")) ** 2))
    assert abs(energy - of_all) <= FACTOR * math.log2(2 * n) * epsilon(dtype) * of_all
    y = np.ascontiguousarray(x.real)
    half = host(fft.rfft(xgpu.asarray(y, device=device)))
    assert half.shape == (n // 2 + 1,)
    for k in (1, n // 2):
        truth = np.sum(y.astype("float64") * np.exp(-1j * (2 * np.pi / n) * ((j * k) % n)))
        assert abs(complex(half[k]) - truth) <= limit, k
    back = host(fft.irfft(xgpu.asarray(half, device=device), n=n))
    assert np.max(np.abs(back.astype("float64") - y)) <= 2 * limit / math.sqrt(n)


@pytest.mark.parametrize("name", ["rfft", "ihfft", "rfftn"])
@each([d for d in DTYPES if kind(d) in "biu"])
def test_integers_are_real_numbers(name: str, dtype: DType, device: xgpu.Device) -> None:
    x = random(dtype, (3, 6)) & dtype.type(15) if kind(dtype) != "b" else random(dtype, (3, 6))
    got = getattr(fft, name)(xgpu.asarray(x, device=device))
    places = (0, 1) if name == "rfftn" else (1,)
    lengths = (3, 6) if name == "rfftn" else (6,)
    check(got, name, x.astype("float64"), places, lengths, "backward", device)


@each([d for d in FLOATS if d not in REAL])
def test_16_bits_are_refused(dtype: DType, device: xgpu.Device) -> None:
    x = xgpu.ones(4, dtype=dtype, device=device)
    for name in ("rfft", "rfftn", "ihfft", "fft"):
        with pytest.raises(TypeError, match=dtype.name):
            getattr(fft, name)(x)


# Frequencies and shifts


@pytest.mark.parametrize("name", ["fftfreq", "rfftfreq"])
@each(FLOATS)
def test_frequencies(name: str, dtype: DType, device: xgpu.Device) -> None:
    for n, d in some(device, itertools.product((1, 2, 3, 8, 9, 101), (1.0, 0.1, 3, -2.5)), dtype):
        got = getattr(fft, name)(n, d=d, dtype=dtype, device=device)
        if name == "rfftfreq":
            steps = list(range(n // 2 + 1))
        else:
            steps = [k if k < (n + 1) // 2 else k - n for k in range(n)]
        truth = [float(Fraction(k) / (Fraction(d) * n)) for k in steps]
        # One rounding of d * n and one of the quotient in float64, one to the dtype.
        limit = (0.5 * epsilon(dtype) + 3e-16) * np.abs(truth)
        within(got, truth, limit, dtype, device, (n, d))
    if dtype is dtypes.float64:
        got = getattr(fft, name)(6, device=device)
        signs = [0, 1, 2, 3] if name == "rfftfreq" else [0, 1, 2, -3, -2, -1]
        exactly(got, np.asarray([k / 6 for k in signs]), device)


@each(FLOATS)
def test_many_frequencies(dtype: DType, device: xgpu.Device) -> None:
    n = large(device)
    steps = np.arange(n)
    steps[(n + 1) // 2 :] -= n
    got = fft.fftfreq(n, d=0.5, dtype=dtype, device=device)
    within(got, steps / (0.5 * n), epsilon(dtype), dtype, device)


@pytest.mark.parametrize("axes", [None, 0, -1, (0,), (1, 0), (2, 3), (-1, -2, 0)], ids=str)
@each(DTYPES)
def test_shifts(axes: Any, dtype: DType, device: xgpu.Device) -> None:
    for shape in ((4, 5, 3, 2), (1, 2, 7, 1), (0, 3, 2, 2)):
        x = random(dtype, shape)
        given = xgpu.asarray(x, device=device)
        places = range(4) if axes is None else (axes,) if isinstance(axes, int) else axes
        forth, back = np.empty_like(x), np.empty_like(x)
        for i in np.ndindex(*shape):
            there, here = list(i), list(i)
            for a in places:
                there[a] = (i[a] + shape[a] // 2) % shape[a]
                here[a] = (i[a] - shape[a] // 2) % shape[a]
            forth[tuple(there)], back[tuple(here)] = x[i], x[i]
        exactly(fft.fftshift(given, axes=axes), forth, device, shape)
        exactly(fft.ifftshift(given, axes=axes), back, device, shape)


@each(DTYPES)
def test_shifts_of_few_and_many(dtype: DType, device: xgpu.Device) -> None:
    for n in some(device, (0, 1, 2, 5, 6), dtype):
        x = random(dtype, (n,))
        given = xgpu.asarray(x, device=device)
        lines = x.tolist() if kind(dtype) in "biu" else list(x)
        middle = (n + 1) // 2
        exactly(fft.fftshift(given), np.asarray(lines[middle:] + lines[:middle], dtype), device, n)
        exactly(fft.ifftshift(fft.fftshift(given)), x, device, n)
    if dtype in (dtypes.float32, dtypes.int8):
        x = random(dtype, (large(device),))
        middle = (x.size + 1) // 2
        got = fft.fftshift(xgpu.asarray(x, device=device))
        exactly(got, np.concatenate([x[middle:], x[:middle]]), device)
