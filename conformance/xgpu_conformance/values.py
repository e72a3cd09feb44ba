"""The numbers that are tried: special ones, random ones, and ranges where a function is hard.

NumPy arrays on the host, the same for the same seed and place.
"""

from __future__ import annotations

import zlib
from functools import cache
from typing import Any, Final

import numpy as np

from xgpu.plugin.dtypes import DType
from xgpu_conformance.ulp import Values, epsilon, joined, kind, limits, real_dtype

LOGARITHMS: Final = frozenset({"log", "log10", "log1p", "log2"})
EXPONENTIALS: Final = frozenset({"cosh", "exp", "expm1", "sinh"})
CIRCULAR: Final = frozenset({"cos", "sin", "tan"})


def generator(seed: int, *place: object) -> np.random.Generator:
    """Random numbers that depend on the seed and on these words alone."""
    return np.random.default_rng([seed, *(zlib.crc32(str(word).encode()) for word in place)])


@cache
def specials(dtype: DType, subnormals: bool = True) -> Values:
    """The numbers at which functions of a dtype change their behaviour; read-only.

    Integers: the limits, their neighbours, small ones of both signs. Floats: zeros, infinities,
    NaN, subnormals, the smallest and the largest normal numbers, the neighbours of 1, halves,
    powers of two around the limits of integers; of both signs. Complex: pairs of some of these.
    """
    result = _specials(dtype, subnormals)
    result.flags.writeable = False
    return result


def _specials(dtype: DType, subnormals: bool) -> Values:
    if kind(dtype) == "b":
        return np.array([False, True])
    if kind(dtype) in "iu":
        info = np.iinfo(dtype)
        small = [*range(-9, 10), 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, -64]
        wanted = {*small, info.min, info.min + 1, info.max, info.max - 1, info.max // 2}
        return np.array(sorted(v for v in wanted if info.min <= v <= info.max), dtype)
    info = limits(dtype)
    smallest, normal = float(info.smallest_subnormal), float(info.smallest_normal)
    largest, eps = float(info.max), float(info.eps)
    tiny = [smallest, 3 * smallest, normal / 3] if subnormals else []
    if kind(dtype) == "c":
        real = [0.0, *tiny[:1], normal, 0.5, 1.0, 2.5, largest, np.inf]
        both = np.array([*real, *(-x for x in real), np.nan])
        a, b = np.meshgrid(both, both)
        return joined(a.ravel(), b.ravel(), dtype)
    powers = (2.0**15, 2.0**31, 2.0**32, 2.0**63, 2.0**64)
    positive = [
        *(0.0, *tiny, normal, 1 - eps / 2, 1.0, 1 + eps, largest, np.inf, np.nan),
        *(1e-5, 0.25, 0.5, 1.5, 2.0, 2.5, 3.0, 3.5, 7.0, 10.0, 300.0),
        *(x for x in powers if x <= largest),
    ]
    return np.array([*positive, *(-x for x in positive)]).astype(dtype)


def random(dtype: DType, count: int, rng: np.random.Generator, subnormals: bool = True) -> Values:
    """Numbers of every size: a half near 1, a quarter small whole numbers, a quarter any bits."""
    letter = kind(dtype)
    if letter == "b":
        return rng.random(count) < 0.5
    if letter == "c":
        real = real_dtype(dtype)
        return joined(
            random(real, count, rng, subnormals), random(real, count, rng, subnormals), dtype
        )
    bits = np.frombuffer(rng.bytes(count * dtype.itemsize), dtype)
    low = 0 if letter == "u" else -12
    near = rng.normal(0, 2, count) if letter == "f" else rng.integers(low, 100, count)
    choice = rng.integers(0, 4, count)
    whole = rng.integers(low, 13, count).astype(dtype)
    values = np.where(choice == 0, bits, np.where(choice == 1, whole, near.astype(dtype)))
    values = values.astype(dtype)
    return values if subnormals or letter != "f" else normal_only(values)


def ties(dtype: DType, target: DType) -> Values:
    """Numbers almost in the middle between two of a narrower float dtype.

    Rounded twice, to a dtype between first, they go the wrong way.
    """
    if kind(target) != "f" or kind(dtype) not in "iuf":
        return np.empty(0, dtype)
    kept = 1 - int(np.log2(epsilon(target)))
    if kind(dtype) == "f":
        digits = 1 - int(np.log2(epsilon(dtype)))
        least, powers = 2.0 ** (1 - digits), range(3)
    else:
        digits = np.iinfo(dtype).bits - 1
        least, powers = 0.0, range(kept + 1, digits)
    if digits <= kept:
        return np.empty(0, dtype)
    found: list[Any] = []
    for power in powers:
        for number in range(3):
            for way in (-1, 1):
                if kind(dtype) == "f":
                    middle = 1 + number * 2.0 ** (1 - kept) + 2.0**-kept
                    found.append((middle + way * least) * 2.0**power)
                else:
                    middle_ = 2**power + number * 2 ** (power - kept + 1) + 2 ** (power - kept)
                    found.append(middle_ + way)
    return np.array(found).astype(dtype) if found else np.empty(0, dtype)


def normal_only(x: Values) -> Values:
    """``x`` with zeros in place of subnormals, in both components of complex numbers."""
    if kind(x.dtype) == "c":
        return joined(normal_only(x.real), normal_only(x.imag), x.dtype)
    if kind(x.dtype) != "f":
        return x
    with np.errstate(all="ignore"):
        small = np.abs(x) < limits(x.dtype).smallest_normal
    return np.where(small, np.zeros_like(x), x).astype(x.dtype)


def tame(dtype: DType, shape: tuple[int, ...], rng: np.random.Generator) -> Values:
    """Small numbers whose sums, and products of two, no order of summation rounds.

    Multiples of 1/8 up to 2, of bool and integers whole numbers up to 9.
    """
    letter = kind(dtype)
    if letter == "b":
        return np.asarray(rng.integers(0, 2, shape).astype(dtype))
    if letter in "iu":
        return np.asarray(rng.integers(0 if letter == "u" else -9, 10, shape).astype(dtype))
    if letter == "f":
        return np.asarray((rng.integers(-16, 17, shape) / 8).astype(dtype))
    real, imag = (rng.integers(-16, 17, shape) / 8 for _ in "ab")
    return joined(real, imag, dtype)


def normal(dtype: DType, shape: tuple[int, ...], rng: np.random.Generator) -> Values:
    """Normal numbers; complex ones in both components."""
    real = rng.standard_normal(shape)
    if kind(dtype) == "c":
        return joined(real, rng.standard_normal(shape), dtype)
    return np.asarray(real.astype(dtype))


def distinct(dtype: DType, shape: tuple[int, ...], rng: np.random.Generator) -> Values:
    """Small numbers, mostly different from each other, so that a misplaced one is seen."""
    count = int(np.prod(shape))
    if kind(dtype) == "b":
        return np.asarray(rng.random(shape) < 0.5)
    start = rng.integers(0, 50)
    whole = (start + np.arange(count)) % 120
    if kind(dtype) == "c":
        return joined(whole.reshape(shape), (whole[::-1] - 7).reshape(shape), dtype)
    return np.asarray(whole.astype(dtype).reshape(shape))


def families(name: str, dtype: DType, count: int, rng: np.random.Generator) -> Values:
    """Ranges of one real operand in which a function is hard, or changes its algorithm."""
    info = limits(dtype)
    top = int(np.log2(float(info.max)))
    lowest = int(np.log2(float(info.smallest_normal)))
    bits = 1 - int(np.log2(float(info.eps)))
    edge = np.log(2.0) * top
    near_1 = 1 + _powers(rng, count, -bits, -1)
    found = [
        _powers(rng, count, lowest - bits, top),
        _powers(rng, count, -12, 12),
        _powers(rng, count, lowest - bits, lowest),
        rng.uniform(-2, 2, count),
        near_1,
    ]
    if name in ("acos", "asin", "atanh"):
        found += [rng.uniform(-1, 1, count), -near_1]
    elif name == "acosh":
        found += [1 + np.abs(_powers(rng, count, -bits, 6))]
    elif name in LOGARITHMS:
        found += [np.abs(_powers(rng, count, lowest - bits, top)), -1 + np.abs(near_1 - 1)]
    elif name in EXPONENTIALS:
        found += [rng.uniform(-edge, edge, count), edge + rng.uniform(-2, 2, count)]
        found += [np.log(2.0) * rng.uniform(lowest - bits - 2, lowest + 2, count)]
    elif name in CIRCULAR:
        found += [np.pi / 2 * rng.integers(-8, 9, count) + _powers(rng, count, -bits, 0)]
        found += [np.pi / 2 * np.floor(2.0 ** rng.uniform(0, min(top, 40), count))]
    with np.errstate(all="ignore"):
        return np.concatenate([x.astype(dtype) for x in found])


def pair_families(name: str, dtype: DType, count: int, rng: np.random.Generator) -> list[Values]:
    """The same for two real operands."""
    info = limits(dtype)
    top, bits = int(np.log2(float(info.max))), 1 - int(np.log2(float(info.eps)))
    lowest = int(np.log2(float(info.smallest_normal)))
    near = _powers(rng, count, lowest - bits, top)
    pairs = [
        (_powers(rng, count, lowest - bits, top), _powers(rng, count, lowest - bits, top)),
        (_powers(rng, count, -5, 5), _powers(rng, count, -5, 5)),
        (near, near * 2.0 ** rng.uniform(-4, 4, count)),
    ]
    if name == "pow":
        base = np.abs(_powers(rng, count, -bits, top)) + 2.0**-bits
        pairs += [(base, rng.uniform(-1.1, 1.1, count) * top / np.log2(base))]
        near_1 = 1 + _powers(rng, count, -bits + 1, -2)
        pairs += [(near_1, rng.uniform(-1.1, 1.1, count) * top / np.log2(near_1))]
        pairs += [(rng.integers(-20, 21, count), rng.integers(-9, 10, count))]
    elif name == "logaddexp":
        first = rng.uniform(-20, 0, count)
        pairs += [(first, np.log1p(-np.exp(np.minimum(first, -1e-9))))]
        pairs += [(rng.uniform(-20, 20, count), rng.uniform(-20, 20, count))]
    elif name in ("floor_divide", "remainder"):
        divisor = _powers(rng, count, -3, 3)
        pairs += [(divisor * rng.integers(-9, 10, count), divisor)]
    with np.errstate(all="ignore"):
        return [np.concatenate([p[i].astype(dtype) for p in pairs]) for i in (0, 1)]


def plane(dtype: DType, count: int, rng: np.random.Generator) -> Values:
    """Complex numbers: near 0, near 1, on the unit circle, on the axes, large and small."""
    bits = 1 - int(np.log2(epsilon(dtype)))
    angle, radius = rng.uniform(-np.pi, np.pi, count), 1 + _powers(rng, count, -bits, 0)
    whole = rng.integers(-3, 4, count)
    pairs = [
        (rng.normal(0, 2, count), rng.normal(0, 2, count)),
        (_powers(rng, count, -30, 30), _powers(rng, count, -30, 30)),
        (radius * np.cos(angle), radius * np.sin(angle)),
        (radius * np.cos(angle) - 1, radius * np.sin(angle)),
        (whole, rng.normal(0, 2, count)),
        (rng.normal(0, 2, count), whole),
    ]
    return np.concatenate([joined(a, b, dtype) for a, b in pairs])


def _powers(rng: np.random.Generator, count: int, low: float, high: float) -> Any:
    """Numbers of both signs whose logarithms are spread evenly."""
    return rng.choice([-1.0, 1.0], count) * 2.0 ** rng.uniform(low, high, count)
