"""What the value tests of whole arrays share: comparison with truths, exact and within bounds.

A truth is computed apart from the library: moved elements by NumPy or by lists of Python, integers
as Python integers, sums by `math.fsum` or in fractions, matrices and transforms in the long
double of the platform or by mpmath. A bound says how far rounding alone may lead from it, as an
absolute error for each element; it follows from the algorithm's analysis and not from what was
measured, so any order of summation and any library of a device has to keep it.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

import numpy as np
import pytest

import xgpu
from tests.comparing import host
from tests.values.inputs import LARGE
from tests.values.ulp import Values, compare, format_of, kind
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

Test = TypeVar("Test", bound=Callable[..., None])
Case = TypeVar("Case")

SIMULATED: Final = 2
"""So many dtypes of a test, and cases of one, run on the simulator: each is a kernel to compile
there. Which ones differs from test to test, so that together the tests take all of them."""

SMALL: Final = 5_003
"""The length of a long array on the simulator: beyond one block and one tile, and odd."""


def each(dtypes_: Sequence[DType]) -> Callable[[Test], Test]:
    """Run a test for each ``dtype`` on each ``device``, and a choice of dtypes on the simulator."""

    def decorate(test: Test) -> Test:
        start, count = zlib.crc32(test.__name__.encode()), len(dtypes_)
        few = {
            (start + i * max(count // SIMULATED, 1)) % count for i in range(min(SIMULATED, count))
        }
        gpu = pytest.mark.gpu
        pairs = [
            *(pytest.param("cpu:0", d, id=f"cpu-{d}") for d in dtypes_),
            *(
                pytest.param("cudasim:0", dtypes_[i], id=f"cudasim-{dtypes_[i]}")
                for i in sorted(few)
            ),
            *(pytest.param("cuda:0", d, id=f"cuda-{d}", marks=gpu) for d in dtypes_),
        ]
        mark = pytest.mark.parametrize(("device", "dtype"), pairs, indirect=["device"])
        marked: Test = mark(test)
        return marked

    return decorate


def some(
    device: xgpu.Device, cases: Iterable[Case], what: object = "", most: int = SIMULATED
) -> list[Case]:
    """All of the cases, and on the simulator a choice of them that ``what`` turns."""
    given = list(cases)
    if device.type != "cudasim" or len(given) <= most:
        return given
    start, step = zlib.crc32(str(what).encode()), len(given) // most
    return [given[(start + i * step) % len(given)] for i in range(most)]


def large(device: xgpu.Device) -> int:
    """A length of more than 10 ** 6, and on the simulator, which is slow, of some blocks."""
    return SMALL if device.type == "cudasim" else LARGE


def exactly(x: xgpu.Array, expected: Any, device: xgpu.Device, what: object = "") -> None:
    """``x`` is on the device and has the dtype, the shape and the values, to the sign of zeros."""
    assert isinstance(x, xgpu.Array), f"{what}: {type(x).__name__}"
    assert x.device is device, f"{what}: on {x.device}"
    expected = np.asarray(expected)
    got = host(x)
    assert x.dtype is dtypes.SUPPORTED[expected.dtype], f"{what}: {x.dtype}, not {expected.dtype}"
    assert x.shape == got.shape, f"{what}: shape {x.shape}, values of shape {got.shape}"
    compare(got, expected, what=what)


def equal(x: xgpu.Array, expected: Any, device: xgpu.Device, what: object = "") -> None:
    """As `exactly`, for results where the sign of a zero is open."""
    expected = np.asarray(expected)
    exactly(x + 0 if kind(x.dtype) in "fc" else x, positive_zeros(expected), device, what)


def positive_zeros(a: Values) -> Values:
    """``a`` with +0 for each zero."""
    if kind(a.dtype) not in "fc":
        return a
    return np.asarray(a + a.dtype.type(0))


def within(
    x: xgpu.Array, truth: Any, bound: Any, dtype: DType, device: xgpu.Device, what: object = ""
) -> None:
    """``x`` has the dtype, the truth's shape, and no element further from it than ``bound``."""
    assert isinstance(x, xgpu.Array), f"{what}: {type(x).__name__}"
    assert x.device is device, f"{what}: on {x.device}"
    assert x.dtype is dtype, f"{what}: {x.dtype}, not {dtype}"
    close(host(x), truth, bound, what)


def close(got: Values, truth: Any, bound: Any, what: object = "") -> None:
    """Each element lies within ``bound`` of the truth, in the platform's long double."""
    truth = wide(np.asarray(truth))
    assert got.shape == truth.shape, f"{what}: shape {got.shape}, not {truth.shape}"
    error = np.abs(wide(got) - truth)
    allowed = np.broadcast_to(np.asarray(bound, np.longdouble), error.shape)
    if error.size and not np.all(error <= allowed):
        i = np.unravel_index(int(np.argmax(~(error <= allowed))), error.shape)
        raise AssertionError(
            f"{what} at {tuple(map(int, i))} is {got[i]!r}, not {truth[i]!r}: off by "
            f"{float(error[i]):.3g}, {float(allowed[i]):.3g} allowed"
        )


def wide(a: Any) -> Values:
    """``a`` in the platform's long double, real or complex."""
    given = np.asarray(a)
    made: Values = given.astype(np.clongdouble if given.dtype.kind == "c" else np.longdouble)
    return made


def epsilon(dtype: DType) -> float:
    """The distance from 1 to the next larger number, of the dtype or of its components."""
    return format_of(dtype).epsilon


def tame(dtype: DType, shape: int | tuple[int, ...], seed: int = 0) -> Values:
    """Small numbers of both signs, for sums and products that stay in range; multiples of 1/8.

    Whole numbers from -9 to 9 for integers, from 0 on for unsigned ones.
    """
    rng = np.random.default_rng([seed, *dtype.name.encode()])
    letter = kind(dtype)
    if letter == "b":
        return rng.integers(0, 2, shape).astype(dtype)
    if letter in "iu":
        return rng.integers(0 if letter == "u" else -9, 10, shape).astype(dtype)
    if letter == "f":
        return (rng.integers(-16, 17, shape) / 8).astype(dtype)
    real, imag = rng.integers(-16, 17, (2, *np.atleast_1d(shape)))
    return np.asarray((real / 8 + 1j * (imag / 8)).astype(dtype)).reshape(shape)


def near_one(dtype: DType, shape: int | tuple[int, ...], seed: int = 0) -> Values:
    """Numbers of magnitude 1, 8/9 or 9/8 and of either sign or axis, for products of many."""
    rng = np.random.default_rng([seed, *dtype.name.encode()])
    turns = [1.0, -1.0, 1j, -1j] if dtype.kind == "c" else [1.0, -1.0]
    sizes = rng.choice([1.0, 1.0, 9 / 8, 8 / 9], shape)
    return np.asarray((rng.choice(turns, shape) * sizes).astype(dtype))


def accumulator(dtype: DType) -> DType:
    """The dtype of a sum: integers add in 64 bits."""
    return {"b": dtypes.int64, "i": dtypes.int64, "u": dtypes.uint64}.get(kind(dtype), dtype)


def wrapped(values: Iterable[int], dtype: DType) -> Values:
    """Python integers as an array of an integer dtype, modulo 2 to the number of its bits."""
    bits = 8 * dtype.itemsize
    lowest = -(2 ** (bits - 1)) if dtype.kind == "i" else 0
    return np.asarray([(int(v) - lowest) % 2**bits + lowest for v in values], dtype)


def fsum(values: Iterable[Any]) -> Any:
    """The sum of floats or complex numbers, rounded once."""
    numbers = [complex(v) for v in values]
    real = math.fsum(v.real for v in numbers)
    return (
        complex(real, math.fsum(v.imag for v in numbers)) if any(v.imag for v in numbers) else real
    )


def axes_of(axis: int | Sequence[int] | None, rank: int) -> tuple[int, ...]:
    """Axis numbers from 0 on, in order."""
    given = range(rank) if axis is None else axis if isinstance(axis, Sequence) else (axis,)
    return tuple(sorted(a % rank for a in given))


def lines(a: Values, axes: tuple[int, ...]) -> tuple[tuple[int, ...], list[list[Any]]]:
    """What a fold over ``axes`` folds: the shape that is kept, and a list of elements for each
    place of it, both in C order.
    """
    kept = [i for i in range(a.ndim) if i not in axes]
    shape = tuple(a.shape[i] for i in kept)
    result = []
    for place in np.ndindex(*shape):
        key: list[Any] = [slice(None)] * a.ndim
        for i, at in zip(kept, place, strict=True):
            key[i] = at
        result.append(a[tuple(key)].ravel().tolist())
    return shape, result


def keeping(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape with the axes folded to length 1."""
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def key_of(value: Any, descending: bool) -> tuple[Any, ...]:
    """What Python compares: NaN after all numbers, complex numbers by their parts."""
    if isinstance(value, complex | np.complexfloating):
        number = complex(value)
        if number != number:
            return (1,)
        parts = (number.real, number.imag)
        return (0, *(-v for v in parts)) if descending else (0, *parts)
    number = int(value) if isinstance(value, int | bool | np.integer | np.bool_) else float(value)
    if number != number:
        return (1,)
    return (0, -number if descending else number)


def place_of(line: list[Any], largest: bool) -> int:
    """The first of the largest or smallest elements; a NaN is both."""
    best = 0
    for i, value in enumerate(line):
        if line[best] != line[best]:
            break
        if value != value or (value > line[best] if largest else value < line[best]):
            best = i
    return best
