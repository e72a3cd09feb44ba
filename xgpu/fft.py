"""The extension ``fft``: discrete Fourier transforms of any length, along one axis or several.

``norm`` says which direction divides by the number n of points: "backward" the inverse one,
"forward" the other one, "ortho" both by its root. An axis is cut or padded with zeros to ``n`` or
``s`` points. The transforms of complex input take complex dtypes alone (float32 gives complex64,
float64 complex128 where real input is taken; integers and bool are computed in float64 there).

Every function raises TypeError for another kind of dtype, IndexError for an axis out of range, and
ValueError for a number of points below 1, another ``norm``, or ``s`` without ``axes``.

Source: Array API 2025.12, "Fourier Transform Extension".
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any, Final, Literal

from xgpu.arguments import checked, device_or_default
from xgpu.array import Array, read, wrap
from xgpu.creation import zeros
from xgpu.elementwise import conj
from xgpu.graph import infer
from xgpu.graph.device import Device
from xgpu.graph.node import coordinate
from xgpu.graph.shapes import normalize_axes, normalize_axis
from xgpu.manipulation import concat, moveaxis, roll
from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import DType, complex_of, kind_of, real_of
from xgpu.plugin.ops import Op
from xgpu.plugin.program import Result
from xgpu.runtime import record

__all__ = [
    "fft",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "ifft",
    "ifftn",
    "ifftshift",
    "ihfft",
    "irfft",
    "irfftn",
    "rfft",
    "rfftfreq",
    "rfftn",
]

Norm = Literal["backward", "ortho", "forward"]
_NORMS: Final = ("backward", "ortho", "forward")


def fft(x: Array, /, *, n: int | None = None, axis: int = -1, norm: Norm = "backward") -> Array:
    """The discrete Fourier transform of complex x along ``axis``.

    Source: Array API 2025.12, Fourier Transform Extension.
    """
    return _complex(x, (n,), (axis,), norm, False, "fft")


def ifft(x: Array, /, *, n: int | None = None, axis: int = -1, norm: Norm = "backward") -> Array:
    """The inverse of `fft`.

    Source: Array API 2025.12, Fourier Transform Extension.
    """
    return _complex(x, (n,), (axis,), norm, True, "ifft")


def fftn(
    x: Array,
    /,
    *,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: Norm = "backward",
) -> Array:
    """The discrete Fourier transform of complex x along several axes, all of them for None.

    In ``s``, -1 is the length of the axis.

    Source: Array API 2025.12, Fourier Transform Extension.
    """
    return _complex(x, _lengths(s), axes, norm, False, "fftn")


def ifftn(
    x: Array,
    /,
    *,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: Norm = "backward",
) -> Array:
    """The inverse of `fftn`.

    Source: Array API 2025.12, Fourier Transform Extension.
    """
    return _complex(x, _lengths(s), axes, norm, True, "ifftn")


def rfft(x: Array, /, *, n: int | None = None, axis: int = -1, norm: Norm = "backward") -> Array:
    """The first ``n // 2 + 1`` frequencies of real x; the others are their conjugates.

    Source: Array API 2025.12, Fourier Transform Extension.
    """
    return _from_real(x, (n,), (axis,), norm, False, "rfft")


def irfft(x: Array, /, *, n: int | None = None, axis: int = -1, norm: Norm = "backward") -> Array:
    """The inverse of `rfft`: n real values, ``2 * (M - 1)`` of them for M frequencies if None.

    Source: Array API 2025.12, Fourier Transform Extension.
    """
    return _to_real(x, (n,), (axis,), norm, True, "irfft")


def rfftn(
    x: Array,
    /,
    *,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: Norm = "backward",
) -> Array:
    """The transform of real x along several axes; of the last one, `rfft`'s frequencies.

    Source: Array API 2025.12, Fourier Transform Extension.
    """
    return _from_real(x, _lengths(s), axes, norm, False, "rfftn")


def irfftn(
    x: Array,
    /,
    *,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: Norm = "backward",
) -> Array:
    """The inverse of `rfftn`; ``s`` is the shape of the result, as for `irfft`.

    Source: Array API 2025.12, Fourier Transform Extension.
    """
    return _to_real(x, _lengths(s), axes, norm, True, "irfftn")


def hfft(x: Array, /, *, n: int | None = None, axis: int = -1, norm: Norm = "backward") -> Array:
    """The real transform of a signal with Hermitian symmetry, of which x is the first half.

    n values, ``2 * (M - 1)`` of them for M given if None.

    Source: Array API 2025.12, Fourier Transform Extension.
    """
    return _to_real(x, (n,), (axis,), norm, False, "hfft")


def ihfft(x: Array, /, *, n: int | None = None, axis: int = -1, norm: Norm = "backward") -> Array:
    """The inverse of `hfft`: the first ``n // 2 + 1`` values.

    Source: Array API 2025.12, Fourier Transform Extension.
    """
    return _from_real(x, (n,), (axis,), norm, True, "ihfft")


def fftfreq(
    n: int,
    /,
    *,
    d: float = 1.0,
    dtype: DType | None = None,
    device: str | Device | None = None,
) -> Array:
    """The frequencies that `fft` of n samples ``d`` apart has, in cycles per unit of ``d``.

    Raises:
        TypeError: n is no integer, or a dtype that is not real floating.
        ValueError: n is below 1.
        ZeroDivisionError: ``d`` is 0.

    Source: Array API 2025.12, Fourier Transform Extension.
    """
    return _frequencies(n, False, d, dtype, device, "fftfreq")


def rfftfreq(
    n: int,
    /,
    *,
    d: float = 1.0,
    dtype: DType | None = None,
    device: str | Device | None = None,
) -> Array:
    """The frequencies that `rfft` of n samples ``d`` apart has, in cycles per unit of ``d``.

    Raises:
        TypeError: n is no integer, or a dtype that is not real floating.
        ValueError: n is below 1.
        ZeroDivisionError: ``d`` is 0.

    Source: Array API 2025.12, Fourier Transform Extension.
    """
    return _frequencies(n, True, d, dtype, device, "rfftfreq")


def fftshift(x: Array, /, *, axes: int | Sequence[int] | None = None) -> Array:
    """The frequency 0 moved from the start of the axes to the middle; a copy.

    Source: Array API 2025.12, Fourier Transform Extension.
    """
    places = _shifted(x, axes, "fftshift")
    return roll(x, tuple(x.shape[i] // 2 for i in places), axis=places)


def ifftshift(x: Array, /, *, axes: int | Sequence[int] | None = None) -> Array:
    """The inverse of `fftshift`, from which it differs where the length is odd; a copy.

    Source: Array API 2025.12, Fourier Transform Extension.
    """
    places = _shifted(x, axes, "ifftshift")
    return roll(x, tuple(-(x.shape[i] // 2) for i in places), axis=places)


# One transform, whatever its axes


def _complex(
    x: Array,
    s: Sequence[int | None] | None,
    axes: Sequence[int] | None,
    norm: Norm,
    inverse: bool,
    name: str,
) -> Array:
    x = _taken(ops.FFT, x, name)
    places, lengths = _resolved(x, s, axes, name)
    scale = _scale(lengths, norm, inverse, name)
    result = wrap(read(x))
    for axis, n in zip(reversed(places), reversed(lengths), strict=True):
        result = _along(ops.FFT, result, axis, n, n, inverse=inverse)
    return _scaled(result, scale)


def _from_real(
    x: Array,
    s: Sequence[int | None] | None,
    axes: Sequence[int] | None,
    norm: Norm,
    inverse: bool,
    name: str,
) -> Array:
    x = _taken(ops.RFFT, x, name)
    places, lengths = _resolved(x, s, axes, name)
    if not places:
        raise ValueError(f"{name}() needs an axis: the last one is real")
    scale = _scale(lengths, norm, inverse, name)
    half = lengths[-1] // 2 + 1
    result = _along(ops.RFFT, x, places[-1], lengths[-1], half)
    for axis, n in zip(places[-2::-1], lengths[-2::-1], strict=True):
        result = _along(ops.FFT, result, axis, n, n, inverse=False)
    return _scaled(conj(result) if inverse else result, scale)


def _to_real(
    x: Array,
    s: Sequence[int | None] | None,
    axes: Sequence[int] | None,
    norm: Norm,
    inverse: bool,
    name: str,
) -> Array:
    x = _taken(ops.IRFFT, x, name)
    places, lengths = _resolved(x, s, axes, name, halved=True)
    if not places:
        raise ValueError(f"{name}() needs an axis: the last one is real")
    scale = _scale(lengths, norm, inverse, name)
    result = x if inverse else conj(x)
    for axis, n in zip(places[:-1], lengths[:-1], strict=True):
        result = _along(ops.FFT, result, axis, n, n, inverse=True)
    n = lengths[-1]
    return _scaled(_along(ops.IRFFT, result, places[-1], n // 2 + 1, n, n=n), scale)


def _along(op: Op, x: Array, axis: int, given: int, made: int, **attributes: Any) -> Array:
    """``op`` along ``axis``, cut or padded to ``given`` points; the result has ``made`` points."""
    x = moveaxis(x, axis, -1)
    stack, length = x.shape[:-1], x.shape[-1]
    if length > given:
        x = x[..., :given]
    elif length < given:
        padding = zeros((*stack, given - length), dtype=x.dtype, device=x.device)
        x = concat([x, padding], axis=-1)
    shape = (*stack, made)
    dtype = {"complex": complex_of, "real": real_of}.get(op.result, dtypes.check)(x.dtype)
    if 0 in shape:
        result = zeros(shape, dtype=dtype, device=x.device)
    else:
        (node,) = record.own_kernel(op, [read(x)], [Result(dtype, shape)], **attributes)
        result = wrap(node)
    return moveaxis(result, -1, axis)


def _scaled(x: Array, scale: float) -> Array:
    return x if scale == 1 else x * scale


# Arguments


def _lengths(s: Sequence[int] | None) -> list[int | None] | None:
    """``s`` with None for -1."""
    if s is None:
        return None
    if not isinstance(s, Sequence):
        raise TypeError(f"s must be a sequence of integers: got {s!r}")
    return [None if n == -1 else n for n in s]


def _taken(op: Op, x: Array, name: str) -> Array:
    """``x`` in a dtype of the kind that ``op`` takes."""
    dtype = checked(x, name).dtype
    if kind_of(dtype) in op.accepts:
        infer.compute(op, dtype)  # raises for 16-bit floats
        return x
    if op.accepts == "f" and kind_of(dtype) != "c":
        return wrap(record.cast(read(x), dtypes.DEFAULT_REAL))
    kind = "real" if op.accepts == "f" else "complex"
    remedy = "take xgpu.real" if kind == "real" else "convert it with xgpu.astype"
    raise TypeError(f"{name}() takes {kind} floating dtypes: got {dtype}; {remedy} first")


def _resolved(
    x: Array,
    s: Sequence[int | None] | None,
    axes: Sequence[int] | None,
    name: str,
    halved: bool = False,
) -> tuple[list[int], list[int]]:
    """The axes in order and the number of points of each.

    ``halved``: x has ``n // 2 + 1`` for the n points of the last axis.
    """
    if axes is None:
        if s is not None:
            raise ValueError(f"{name}(s=...) needs axes=... too: got s={tuple(s)}")
        places = list(range(x.ndim))
    else:
        if not isinstance(axes, Sequence):
            raise TypeError(f"axes must be a sequence of integers: got {axes!r}")
        places = [normalize_axis(a, x.ndim) for a in axes]
    whole = [x.shape[i] for i in places]
    if halved and whole:
        whole[-1] = 2 * (whole[-1] - 1)
    if s is None:
        asked: list[int | None] = [None] * len(places)
    else:
        asked = list(s)
        if len(asked) != len(places):
            raise ValueError(
                f"{name}() needs as many lengths as axes: got s={tuple(s)} for axes {places}"
            )
    lengths = [_points(own if n is None else n, name) for n, own in zip(asked, whole, strict=True)]
    return places, lengths


def _points(n: int, name: str) -> int:
    try:
        count = operator.index(n)
    except TypeError:
        raise TypeError(f"{name}() takes an int as the number of points: got {n!r}") from None
    if count < 1:
        raise ValueError(f"{name}() needs at least 1 point: got {count}")
    return count


def _scale(lengths: list[int], norm: str, inverse: bool, name: str) -> float:
    if norm not in _NORMS:
        raise ValueError(f"{name}() takes norm='backward', 'ortho' or 'forward': got {norm!r}")
    points = math.prod(lengths)
    if norm == "ortho":
        return 1 / math.sqrt(points)
    return 1 / points if (norm == "backward") == inverse else 1.0


def _shifted(x: Array, axes: int | Sequence[int] | None, name: str) -> tuple[int, ...]:
    rank = checked(x, name).ndim
    return normalize_axes(tuple(axes) if isinstance(axes, Sequence) else axes, rank)


def _frequencies(
    n: int,
    half: bool,
    d: float,
    dtype: DType | None,
    device: str | Device | None,
    name: str,
) -> Array:
    """The frequencies of n samples, up to the middle one or all; no memory, as `xgpu.arange`."""
    count = _points(n, name)
    target = dtypes.DEFAULT_REAL if dtype is None else dtypes.check(dtype)
    if kind_of(target) != "f":
        raise TypeError(f"{name}() gives real floating dtypes: got {target}")
    place = coordinate((count // 2 + 1 if half else count,), 0, device_or_default(device))
    if not half:
        ahead = record.with_scalar(ops.LESS, place, (count + 1) // 2, False)
        behind = record.with_scalar(ops.SUBTRACT, place, count, False)
        place = record.where(ahead, place, behind)
    # In float64 whatever the dtype, so that each frequency is the nearest number to the exact one.
    if not isinstance(d, int | float):
        raise TypeError(f"{name}() takes a real number as d: got {d!r}")
    span = float(d) * count
    if span == 0:
        raise ZeroDivisionError(f"{name}() needs samples some way apart: got d={d!r}")
    steps = record.cast(place, dtypes.float64)
    return wrap(record.cast(record.with_scalar(ops.DIVIDE, steps, span, False), target))
