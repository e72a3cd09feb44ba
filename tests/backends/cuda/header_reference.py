"""Inputs for the tests of the CUDA headers, exact results by mpmath, and errors in ULP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import mpmath as mp
import numpy as np
from numpy.typing import NDArray

from xgpu.plugin.dtypes import DType

Values = NDArray[Any]

# ---- Inputs ----


def specials(dtype: DType) -> Values:
    """The values of a real dtype at which functions change their behaviour."""
    if dtype.kind == "b":
        return np.array([False, True])
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        small = [*range(-10, 20), 31, 32, 33, 63, 64, 65, 100, -64]
        wanted = {*small, info.min, info.min + 1, info.max, info.max - 1, info.max // 2}
        return np.array(sorted(v for v in wanted if info.min <= v <= info.max), dtype)
    limits = np.finfo(dtype)
    one = dtype.type(1)
    edges = [limits.max, limits.tiny, limits.smallest_subnormal, limits.tiny / 3, np.inf, np.nan]
    near = [np.nextafter(one, 2 * one), np.nextafter(one, 0 * one), *(0.5, 1, 1.5, 2, 2.5, 3, 3.5)]
    powers = [2.0**7, 2.0**15, 2.0**31 - 1, 2.0**31, 2.0**32, 2.0**63, 2.0**64, 1e-5, 10, 300, 1e20]
    positive = np.array([0, *edges, *near, *powers], dtype)
    return np.concatenate([positive, -positive])


def random_values(dtype: DType, count: int, seed: int) -> Values:
    """Half of them any bit pattern, a quarter near 10, a quarter small whole numbers."""
    rng = np.random.default_rng(seed)
    if dtype.kind == "b":
        coins: Values = rng.random(count) < 0.5
        return coins
    values = rng.integers(0, 256, count * dtype.itemsize, np.uint8).view(dtype).copy()
    quarter = count // 4
    with np.errstate(all="ignore"):
        values[:quarter] = rng.integers(0, 12, quarter).astype(dtype)
        if dtype.kind == "f":
            values[quarter : 2 * quarter] = rng.normal(0, 10, quarter)
    return values


def values(dtype: DType, count: int = 4000) -> Values:
    """Special and random values of a real dtype."""
    return np.concatenate([specials(dtype), random_values(dtype, count, 1)])


def pairs(dtype: DType, count: int = 20000) -> tuple[Values, Values]:
    """All pairs of special values, and random pairs."""
    a, b = np.meshgrid(specials(dtype), specials(dtype))
    return (
        np.concatenate([a.ravel(), random_values(dtype, count, 1)]),
        np.concatenate([b.ravel(), random_values(dtype, count, 2)]),
    )


def finite_plane(real: DType, count: int) -> Values:
    """Complex numbers with finite components other than 0: families of ``count`` each."""
    limits = np.finfo(real)
    bits, top = limits.nmant, float(limits.maxexp)
    rng = np.random.default_rng(3)

    def sign() -> Values:
        signs: Values = rng.choice([-1.0, 1.0], count)
        return signs

    def power(low: float, high: float) -> Values:
        powers: Values = sign() * 2.0 ** rng.uniform(low, high, count)
        return powers

    def near_1() -> Values:
        numbers: Values = sign() * (1 + power(-bits, 0))
        return numbers

    angle, radius = rng.uniform(-np.pi, np.pi, count), 1 + power(-bits, 0)
    edge = np.log(2.0) * top  # where exp overflows
    families = [
        (rng.normal(0, 2, count), rng.normal(0, 2, count)),
        (power(-30, 30), power(-30, 30)),
        (power(-top - bits, top), power(-top - bits, top)),
        (power(top - 4, top), power(top - 4, top)),
        (power(-top - bits, -top + 4), power(-top - bits, -top + 4)),
        (radius * np.cos(angle), radius * np.sin(angle)),
        (radius * np.cos(angle) - 1, radius * np.sin(angle)),
        (sign(), power(-top - bits, 0)),
        (power(-top - bits, 0), sign()),
        (near_1(), power(-2 * bits, 0)),
        (power(-2 * bits, 0), near_1()),
        (sign() * rng.uniform(edge - 5, edge + 5, count), rng.uniform(-10, 10, count)),
        (rng.uniform(-10, 10, count), sign() * rng.uniform(edge - 5, edge + 5, count)),
        (
            rng.uniform(edge / 4, edge, count),  # beside the zeros of sine and cosine
            np.pi / 2 * rng.integers(-4, 5, count) + power(-30, 0),
        ),
    ]
    with np.errstate(all="ignore"):
        parts = np.array(families).astype(real)
    z: Values = np.empty(parts.shape[::2], np.result_type(real, np.complex64))
    z.real, z.imag = parts[:, 0], parts[:, 1]
    kept: Values = z[np.isfinite(z) & (z.real != 0) & (z.imag != 0)]
    return kept


# ---- Exact results ----


def _log1p(z: Any) -> Any:
    """Without the sum 1 + z, which no working precision holds for a tiny z."""
    if abs(z) > 0.25:
        return mp.log(1 + z)
    length = mp.log1p(2 * z.real + z.real**2 + z.imag**2) / 2
    return mp.mpc(length, mp.atan2(z.imag, 1 + z.real))


REAL: Final[dict[str, Callable[..., Any]]] = {
    **{name: getattr(mp, name) for name in ("acos", "acosh", "asin", "asinh", "atan", "atan2")},
    **{name: getattr(mp, name) for name in ("atanh", "cos", "cosh", "exp", "expm1", "hypot")},
    **{name: getattr(mp, name) for name in ("log", "log10", "log1p", "sin", "sinh", "tan", "tanh")},
    "log2": lambda x: mp.log(x) / mp.log(2),
    "logaddexp": lambda a, b: mp.log(mp.exp(a) + mp.exp(b)),
    "pow": lambda a, b: a**b,
}

COMPLEX: Final[dict[str, Callable[[Any], Any]]] = {
    **{name: getattr(mp, name) for name in ("acos", "acosh", "asin", "asinh", "atan", "atanh")},
    **{name: getattr(mp, name) for name in ("cos", "cosh", "exp", "log", "sin", "sinh", "sqrt")},
    **{name: getattr(mp, name) for name in ("tan", "tanh")},
    "expm1": lambda z: mp.exp(z) - 1,
    "log10": lambda z: mp.log(z) / mp.log(10),
    "log1p": _log1p,
    "log2": lambda z: mp.log(z) / mp.log(2),
    "reciprocal": lambda z: 1 / z,
    "sign": lambda z: z / abs(z),
}


def exact(function: Callable[..., Any], *operands: Any) -> Any:
    """``function`` at floats or complex numbers, right to 90 bits in each component.

    mpmath's working precision is raised until two results agree: it promises no accuracy of a
    result's small component, and gives 0 for one that it does not resolve.
    """
    last, precision = None, 250
    while True:
        with mp.workprec(precision):
            result = mp.mpmathify(function(*(mp.mpmathify(x) for x in operands)))
        parts = ("real", "imag") if isinstance(result, mp.mpc) else ("real",)
        if last is not None and all(_agree(getattr(result, p), getattr(last, p)) for p in parts):
            return result
        if precision > 6000:
            return result
        last, precision = result, 3 * precision


def _agree(a: Any, b: Any) -> bool:
    if not mp.isfinite(a) or not mp.isfinite(b):
        return bool(a == b or (mp.isnan(a) and mp.isnan(b)))
    return bool(a != 0 and abs(a - b) <= abs(a) * mp.mpf(2) ** -90)


# ---- Errors ----


def ulps(got: float, wanted: Any, dtype: DType, magnitude: Any = None) -> float:
    """The error of ``got`` in units of the last place of ``wanted``.

    With ``magnitude``, in units of that number's last place if it is the larger: for a result
    that is the difference of terms of that size. Overflow is right where ``wanted`` rounds to
    infinity or lies within 4 ULP of that.
    """
    limits = np.finfo(dtype)
    size = max(abs(wanted), abs(magnitude or 0))
    exponent = max(mp.frexp(size)[1] - 1, int(limits.minexp)) if size else int(limits.minexp)
    unit = mp.mpf(2) ** (exponent - limits.nmant)
    if np.isinf(got) and np.sign(got) == mp.sign(wanted):
        largest = mp.mpf(float(limits.max))
        return 0.0 if abs(wanted) > largest * (1 - 4 * mp.mpf(float(limits.eps))) else float("inf")
    if not np.isfinite(got):
        return float("inf")
    return float(abs(mp.mpf(float(got)) - wanted) / unit)


def same(a: Values, b: Values) -> Values:
    """Where two arrays hold the same value: equal bits, or both NaN; complex by component."""
    if a.dtype.kind == "c":
        return same(a.real, b.real) & same(a.imag, b.imag)
    if a.dtype.kind == "f":
        bits = f"u{a.dtype.itemsize}"
        a, b = np.ascontiguousarray(a), np.ascontiguousarray(b)
        equal: Values = (a.view(bits) == b.view(bits)) | (np.isnan(a) & np.isnan(b))
        return equal
    whole: Values = a == b
    return whole
