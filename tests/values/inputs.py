"""The arrays that the value tests use: special and random values, and shapes, for every dtype.

All are NumPy arrays on the host, the same on each run. `DTYPES` is every dtype of the library.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import numpy as np

from tests.values.ulp import Values, format_of, kind
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

DTYPES: Final[tuple[DType, ...]] = tuple(dtypes.ALL)
INTEGERS: Final = tuple(d for d in DTYPES if kind(d) in "iu")
FLOATS: Final = tuple(d for d in DTYPES if kind(d) == "f")
COMPLEX: Final = tuple(d for d in DTYPES if kind(d) == "c")

#: Shapes of one array: 0-d, empty, one element, ranks up to 4, and lengths that no block divides.
SHAPES: Final[tuple[tuple[int, ...], ...]] = (
    (),
    (0,),
    (3, 0, 2),
    (1,),
    (37,),
    (5, 7),
    (2, 3, 4),
    (3, 1, 4, 5),
)
#: Pairs of shapes that broadcast.
SHAPE_PAIRS: Final[tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]] = (
    ((), ()),
    ((), (7,)),
    ((5, 7), (7,)),
    ((5, 1), (1, 7)),
    ((2, 1, 4, 1), (3, 1, 5)),
    ((0,), (1,)),
    ((3, 0, 2), (1, 1, 1)),
)
#: More elements than 10 ** 6, and a length that is no multiple of a power of two.
LARGE: Final = 1_000_003


@cache
def specials(dtype: DType) -> Values:
    """The values at which functions of ``dtype`` change their behaviour; read-only.

    Integers: the limits, their neighbours, and small numbers of both signs. Real floats: zeros,
    infinities, NaN, subnormals, the smallest and largest normal numbers, the neighbours of 1,
    halves, powers of two around the limits of the integers; each with both signs. Complex: every
    pair of a smaller set of those.
    """
    result = _specials(dtype)
    result.flags.writeable = False
    return result


def _specials(dtype: DType) -> Values:
    if kind(dtype) == "b":
        return np.array([False, True])
    if kind(dtype) in "iu":
        info = np.iinfo(dtype)
        small = [*range(-9, 10), 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, -64]
        wanted = {*small, info.min, info.min + 1, info.max, info.max - 1, info.max // 2}
        return np.array(sorted(v for v in wanted if info.min <= v <= info.max), dtype)
    limits = format_of(dtype)
    if kind(dtype) == "c":
        real = [0.0, limits.smallest, limits.normal, 0.5, 1.0, 2.5, limits.largest, np.inf]
        both = np.array([*real, *(-x for x in real), np.nan])
        a, b = np.meshgrid(both, both)
        return joined(a.ravel(), b.ravel(), dtype)
    positive = [
        *(0.0, limits.smallest, 3 * limits.smallest, limits.normal / 3, limits.normal),
        *(1 - limits.epsilon / 2, 1.0, 1 + limits.epsilon, limits.largest, np.inf, np.nan),
        *(1e-5, 0.25, 0.5, 1.5, 2.0, 2.5, 3.0, 3.5, 7.0, 10.0, 300.0),
        *(x for x in (2.0**15, 2.0**31, 2.0**32, 2.0**63, 2.0**64) if x <= limits.largest),
    ]
    return np.array([*positive, *(-x for x in positive)]).astype(dtype)


def random(dtype: DType, shape: int | tuple[int, ...], seed: int = 0) -> Values:
    """Values of every size: a half near 1, a quarter small whole numbers, a quarter any bits.

    Any bits of a floating dtype include subnormals and, rarely, infinities and NaN.
    """
    rng = np.random.default_rng([seed, *dtype.name.encode()])
    count = int(np.prod(shape))
    if kind(dtype) == "b":
        return (rng.random(shape) < 0.5).astype(dtype)
    if kind(dtype) == "c":
        part = dtypes.real_of(dtype)
        re, im = random(part, count, 2 * seed + 101), random(part, count, 2 * seed + 102)
        return joined(re, rng.permutation(im), dtype).reshape(shape)
    bits = np.frombuffer(rng.bytes(count * dtype.itemsize), dtype)
    low = 0 if kind(dtype) == "u" else -12
    near = rng.normal(0, 2, count) if kind(dtype) == "f" else rng.integers(low, 100, count)
    choice = rng.integers(0, 4, count)
    whole = rng.integers(low, 13, count).astype(dtype)
    values = np.where(choice == 0, bits, np.where(choice == 1, whole, near.astype(dtype)))
    return values.astype(dtype).reshape(shape)


def finite(x: Values) -> Values:
    """``x`` with 1 in place of infinities and NaN."""
    if kind(x.dtype) in "biu":
        return x
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(x), x, x.dtype.type(1))


def arrays(dtype: DType, seed: int = 0) -> Iterator[tuple[str, Values]]:
    """Arrays of each shape, and views of them: transposed, with steps and with negative steps.

    Each comes with the name of its kind, for messages. The views are views: convert the base and
    apply `VIEWS` to test the library's own.
    """
    for shape in SHAPES:
        yield f"shape {shape}", random(dtype, shape, seed)
    base = random(dtype, (6, 5, 4), seed)
    for name, key in VIEWS.items():
        yield name, base[key]
    yield "transposed", base.transpose(2, 0, 1)


#: Basic indices for an array of rank 3: steps, negative steps, offsets, one element, newaxis.
VIEWS: Final[dict[str, Any]] = {
    "every second": (slice(None, None, 2), slice(None), slice(1, None, 2)),
    "negative steps": (slice(None, None, -1), slice(None, None, -2), slice(None, None, -1)),
    "an offset": (slice(2, 5), 1, slice(1, 4)),
    "one element": (3, 2, 1),
    "an empty slice": (slice(4, 2),),
    "a new axis": (slice(1, 3), None, slice(None), -1),
}


def joined(re: Any, im: Any, dtype: DType) -> Values:
    """The complex array of these components; ``re + 1j * im`` would lose zeros and infinities."""
    result: Values = np.empty(np.broadcast_shapes(np.shape(re), np.shape(im)), dtype)
    with np.errstate(over="ignore"):
        result.real, result.imag = re, im
    return result
