"""Bounds of integer nodes: never wrong, whatever wraps around; and narrow where that is needed."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import xgpu
from xgpu.array import read
from xgpu.graph import ranges

DTYPES = [np.dtype(f"{sign}int{bits}") for sign in ("", "u") for bits in (8, 16, 32, 64)]
SHAPE = (2, 3)


def computed(x: xgpu.Array) -> xgpu.Array:
    xgpu.materialize(x)
    return x


UNARY: dict[str, Callable[[Any], Any]] = {
    "abs": abs,
    "negative": operator.neg,
    "invert": operator.invert,
    "sign": xgpu.sign,
    "square": xgpu.square,
    "flip": xgpu.flip,
    "transposed": lambda x: xgpu.reshape(x.T, SHAPE),
    "part": lambda x: xgpu.broadcast_to(x[0, 1:2], SHAPE),
    "sum": lambda x: xgpu.broadcast_to(xgpu.sum(x, axis=1, keepdims=True, dtype=x.dtype), SHAPE),
    "sum of all": lambda x: xgpu.broadcast_to(xgpu.sum(x), SHAPE),
    "max": lambda x: xgpu.broadcast_to(xgpu.max(x, axis=0), SHAPE),
    "min": lambda x: xgpu.broadcast_to(xgpu.min(x), SHAPE),
    "argmax": lambda x: xgpu.broadcast_to(xgpu.argmax(x, axis=1, keepdims=True), SHAPE),
    "argsort": xgpu.argsort,
    "sort": lambda x: xgpu.sort(x, axis=0, descending=True),
    "coordinates": lambda x: x * 0 + xgpu.arange(3, dtype=x.dtype),
    "inverse": lambda x: xgpu.unique_inverse(x).inverse_indices,
    "searched": lambda x: xgpu.searchsorted(xgpu.sort(x[0]), x),
    "nonzero": lambda x: (
        xgpu.broadcast_to(xgpu.concat(xgpu.nonzero(x))[-1:] + x[0, 0] * 0, SHAPE)
        if bool(xgpu.any(x != 0))
        else x
    ),
    "concat": lambda x: xgpu.concat([x[:1], x[:1]]),
    "roll": lambda x: xgpu.roll(x, 1),
    "taken": lambda x: xgpu.take(x, xgpu.asarray([1, 0]), axis=0),
    "truth": lambda x: xgpu.astype(x > 1, x.dtype),
    "logic": lambda x: xgpu.astype((x > 1) | ~(x < 0) & (x != 3), xgpu.int8),
    "through float": lambda x: xgpu.astype(xgpu.astype(x, xgpu.float64) / 2, xgpu.int64),
    "running": lambda x: xgpu.cumulative_sum(x, axis=1, dtype=x.dtype),
    "clip": lambda x: xgpu.clip(x, 1, 5),
    "materialized": lambda x: computed(x + 0),
    "remainder, materialized": lambda x: computed(x % 7),
}
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
    "left": operator.lshift,
    "right": operator.rshift,
    "maximum": xgpu.maximum,
    "minimum": xgpu.minimum,
    "where": lambda x, y: xgpu.where(x > 2, x, y),
}


def check(x: xgpu.Array, bounds: ranges.Bounds) -> None:
    low, high = bounds
    values = np.asarray(xgpu.asarray(x, copy=True))  # what NumPy sees, others may write to
    assert low <= int(values.min()) and int(values.max()) <= high


def leaf(data: Any) -> xgpu.Array:
    dtype = data.draw(st.sampled_from(DTYPES))
    info = np.iinfo(dtype)
    ends = [info.min, info.max, 0, 1, max(info.min, -1), info.max // 2]
    number = st.one_of(
        st.integers(max(info.min, -9), 9), st.sampled_from(ends), st.integers(info.min, info.max)
    )
    values = np.asarray(data.draw(st.lists(number, min_size=6, max_size=6)), dtype).reshape(SHAPE)
    x = xgpu.asarray(values)
    if data.draw(st.booleans()):
        ranges.remember(read(x), int(values.min()), int(values.max()))
    return x


@settings(max_examples=250)
@given(st.data())
def test_random_programs(data: Any) -> None:
    pool = [leaf(data) for _ in range(2)]
    found = []
    for _ in range(data.draw(st.integers(1, 9))):
        name = data.draw(st.sampled_from([*UNARY, *BINARY, *BINARY]))
        x = data.draw(st.sampled_from(pool))
        try:
            if name in UNARY:
                made = UNARY[name](x)
            elif data.draw(st.booleans()):
                made = BINARY[name](x, data.draw(st.sampled_from(pool)))
            else:
                info = np.iinfo(x.dtype)
                ends = [info.min, info.max, 0, 1, 2, 7, -1, -5, 63, 100]
                scalar = data.draw(st.sampled_from([n for n in ends if info.min <= n <= info.max]))
                pair = (x, scalar) if name == "where" or data.draw(st.booleans()) else (scalar, x)
                made = BINARY[name](*pair)
        except TypeError:  # int64 and uint64 have no integer in common, unsigned ones no minus
            continue
        if made.dtype.kind not in "iu":
            continue
        found.append((made, ranges.bounds(read(made))))
        pool.append(made)
    for made, bounds in found:
        check(made, bounds)
        check(made, ranges.bounds(read(made)))


@pytest.mark.parametrize("dtype", [np.dtype("int8"), np.dtype("uint8")], ids=str)
@pytest.mark.parametrize("name", BINARY)
def test_all_bounds_of_two_numbers(name: str, dtype: np.dtype[Any]) -> None:
    """Each pair of small intervals at the ends of the dtype and around 0, against all pairs."""
    info = np.iinfo(dtype)
    numbers = [*range(info.min, info.min + 3), *range(-2, 10), *range(info.max - 2, info.max + 1)]
    numbers = sorted({n for n in numbers if info.min <= n <= info.max})
    for low, high in [(a, b) for a in numbers[::2] for b in numbers if a <= b <= a + 3]:
        x = xgpu.asarray(np.arange(low, high + 1, dtype=np.int64).astype(dtype)[:, None])
        ranges.remember(read(x), low, high)
        for first, last in [(a, b) for a in numbers[::2] for b in numbers if a <= b <= a + 4]:
            y = xgpu.asarray(np.arange(first, last + 1, dtype=np.int64).astype(dtype))
            ranges.remember(read(y), first, last)
            made = BINARY[name](x, y)
            check(made, ranges.bounds(read(made)))


def on_device(*numbers: int) -> xgpu.Array:
    x = xgpu.asarray(np.asarray(numbers))
    ranges.remember(read(x), min(numbers), max(numbers))
    return x


X = on_device(-3, 0, 4)
UNKNOWN = xgpu.asarray(np.asarray([5, 6, 7]))
NARROW: dict[str, tuple[Callable[[], xgpu.Array], ranges.Bounds]] = {
    "arange": (lambda: xgpu.arange(2, 20, 3), (2, 17)),
    "counted down": (lambda: xgpu.arange(9, -1, -1), (0, 9)),
    "scalar": (lambda: xgpu.asarray(7) + xgpu.zeros(3, dtype=xgpu.int64), (7, 7)),
    "add": (lambda: X + 10, (7, 14)),
    "subtract": (lambda: 1 - X, (-3, 4)),
    "multiply": (lambda: X * X, (-12, 16)),
    "square": (lambda: xgpu.square(X), (0, 16)),
    "abs": (lambda: abs(X), (0, 4)),
    "of anything": (lambda: UNKNOWN % 10, (0, 9)),
    "of anything, negative": (lambda: UNKNOWN % -10, (-9, 0)),
    "less than the divisor": (lambda: xgpu.arange(5) % 100, (0, 4)),
    "floor_divide": (lambda: xgpu.arange(20) // 4, (0, 4)),
    "clip": (lambda: xgpu.clip(UNKNOWN, 0, 8), (0, 8)),
    "bits": (lambda: UNKNOWN & 15, (0, 15)),
    "shifted": (lambda: xgpu.arange(16) >> 2, (0, 3)),
    "where": (lambda: xgpu.where(UNKNOWN > 5, X, 9), (-3, 9)),
    "truth": (lambda: xgpu.astype(UNKNOWN > 5, xgpu.int64), (0, 1)),
    "counted": (lambda: xgpu.count_nonzero(UNKNOWN), (0, 3)),
    "cast": (lambda: xgpu.astype(X, xgpu.int8), (-3, 4)),
    "cast that wraps around": (lambda: xgpu.astype(X, xgpu.uint8), (0, 255)),
    "dtype": (lambda: xgpu.astype(xgpu.astype(UNKNOWN, xgpu.int8), xgpu.int64), (-128, 127)),
    "argmax": (lambda: xgpu.argmax(xgpu.ones((4, 5)), axis=1), (0, 4)),
    "argsort": (lambda: xgpu.argsort(xgpu.ones((4, 5)), axis=0), (0, 3)),
    "argsort of complex": (lambda: xgpu.argsort(xgpu.ones(4) * 1j), (0, 3)),
    "sort": (lambda: xgpu.sort(X), (-3, 4)),
    "searchsorted": (lambda: xgpu.searchsorted(X, UNKNOWN), (0, 3)),
    "nonzero": (lambda: xgpu.nonzero(xgpu.ones((4, 5)))[1], (0, 4)),
    "unique_inverse": (lambda: xgpu.unique_inverse(UNKNOWN).inverse_indices, (0, 2)),
    "unique_all": (lambda: xgpu.unique_all(UNKNOWN).indices, (0, 2)),
    "concat": (lambda: xgpu.concat([X, X + 5]), (-3, 9)),
    "stack": (lambda: xgpu.stack([X, X + 5]), (-3, 9)),
    "views": (lambda: xgpu.flip(xgpu.expand_dims(X, axis=0))[:, ::-1].T, (-3, 4)),
    "taken": (lambda: X[xgpu.asarray([0, 1])], (-3, 4)),
}


@pytest.mark.parametrize("name", NARROW)
def test_what_is_known(name: str) -> None:
    make, expected = NARROW[name]
    made = make()
    assert ranges.bounds(read(made)) == expected
    check(made, expected)


@pytest.mark.parametrize("name", ["argmax", "argsort", "nonzero", "of anything", "unique_inverse"])
def test_what_stays_known_when_it_is_materialized(name: str) -> None:
    make, expected = NARROW[name]
    for eager in (False, True):
        with xgpu.eager(eager):
            made = make()
            xgpu.materialize(made)
        assert ranges.bounds(read(made)) == expected


def test_a_byte_of_bool_that_another_wrote_may_be_any() -> None:
    flags = xgpu.empty(4, dtype=xgpu.bool)
    assert ranges.bounds(read(xgpu.astype(flags, xgpu.int64))) == (0, 255)
    assert ranges.bounds(read(xgpu.astype(~flags, xgpu.int64))) == (0, 255)


def test_a_write_is_another_value() -> None:
    x = xgpu.arange(5) + 0
    x[1] = 100
    assert ranges.bounds(read(x)) == (0, 100)
    x[2:] = UNKNOWN
    assert ranges.bounds(read(x)) == ranges.limits(np.dtype("int64"))


def test_a_large_graph_is_not_followed_without_end() -> None:
    x = xgpu.arange(4)
    for _ in range(60):
        x = x + x - x
    assert ranges.bounds(read(x))[0] <= 0
    wide = [xgpu.arange(4) for _ in range(2 * ranges.MOST)]
    while len(wide) > 1:
        wide = [a + b for a, b in zip(wide[::2], wide[1::2], strict=True)]
    assert ranges.bounds(read(wide[0])) == ranges.limits(np.dtype("int64"))
