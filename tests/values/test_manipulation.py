"""What rearranges elements: where each element of the result comes from, place by place.

An array's elements are told apart by their positions: the positions are moved by an oracle of
lists and loops, and the values follow them. Views must be views: what is written through the
result is seen in the argument.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pytest

import xgpu
from tests.comparing import host
from tests.values.checks import each, exactly, large, some
from tests.values.inputs import DTYPES, SHAPE_PAIRS, SHAPES, VIEWS, random
from tests.values.ulp import Values
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

Shape = tuple[int, ...]
Place = tuple[int, ...]


def moved(a: Values, shape: Shape, source: Callable[[Place], Place]) -> Values:
    """The array of a shape whose element at a place is that of ``a`` at its source."""
    result = np.empty(shape, a.dtype)
    for place in np.ndindex(*shape):
        result[place] = a[source(place)]
    return result


def arguments(dtype: DType, device: xgpu.Device, what: object) -> list[tuple[xgpu.Array, Values]]:
    """Arrays of every shape, and views with steps, negative steps and turned axes."""
    made = [(xgpu.asarray(a := random(dtype, shape), device=device), a) for shape in SHAPES]
    base = random(dtype, (6, 5, 4))
    given = xgpu.asarray(base, device=device)
    made += [(given[key], base[key]) for key in VIEWS.values()]
    made.append((xgpu.permute_dims(given, (2, 0, 1)), base.transpose(2, 0, 1)))
    return some(device, made, (dtype, what))


def writes_through(x: xgpu.Array, view: xgpu.Array) -> None:
    """What is written to all of the view is seen in the array."""
    if not x.size:
        return
    assert x.size == view.size
    before = host(view)
    view[...] = xgpu.zeros_like(view)
    assert not np.any(host(x))
    view[...] = xgpu.asarray(before, device=x.device)


# Broadcasting


def stretched(shapes: Sequence[Shape]) -> Shape:
    """The standard's rule, axis by axis from the last one."""
    rank = max(map(len, shapes), default=0)
    result = []
    for i in range(rank):
        lengths = {s[i - rank + len(s)] for s in shapes if i - rank + len(s) >= 0} - {1}
        if len(lengths) > 1:
            raise ValueError(f"{shapes} do not broadcast")
        result.append(lengths.pop() if lengths else 1)
    return tuple(result)


def from_stretched(shape: Shape) -> Callable[[Place], Place]:
    def source(place: Place) -> Place:
        own = place[len(place) - len(shape) :]
        return tuple(0 if n == 1 else i for i, n in zip(own, shape, strict=True))

    return source


ODD_SHAPES: Final = (
    (),
    (1,),
    (3,),
    (1, 1),
    (2, 1),
    (1, 3),
    (2, 3),
    (0,),
    (1, 0),
    (4, 1, 3),
    (2, 1, 1, 1),
)


def test_broadcast_shapes() -> None:
    assert xgpu.broadcast_shapes() == ()
    for count in (1, 2, 3):
        for shapes in itertools.product(ODD_SHAPES, repeat=count):
            try:
                expected = stretched(shapes)
            except ValueError:
                with pytest.raises(ValueError, match="broadcast"):
                    xgpu.broadcast_shapes(*shapes)
            else:
                got = xgpu.broadcast_shapes(*shapes)
                assert got == expected and type(got) is tuple


@each(DTYPES)
def test_broadcast_to_and_arrays(dtype: DType, device: xgpu.Device) -> None:
    for first, second in some(device, SHAPE_PAIRS, dtype):
        a, b = random(dtype, first, 1), random(dtype, second, 2)
        x, y = xgpu.asarray(a, device=device), xgpu.asarray(b, device=device)
        shape = stretched((first, second))
        truth = [moved(m, shape, from_stretched(m.shape)) for m in (a, b)]
        exactly(xgpu.broadcast_to(x, shape), truth[0], device, shape)
        exactly(xgpu.broadcast_to(y, (2, *shape)), np.stack([truth[1]] * 2), device, shape)
        both = xgpu.broadcast_arrays(x, y)
        assert type(both) is tuple and len(both) == 2
        for got, expected in zip(both, truth, strict=True):
            exactly(got, expected, device, shape)
    x = xgpu.asarray(random(dtype, (6, 1))[::-2], device=device)
    exactly(xgpu.broadcast_to(x, (2, 3, 4)), moved(host(x), (2, 3, 4), lambda i: (i[1], 0)), device)
    assert xgpu.broadcast_arrays() == ()
    (only,) = xgpu.broadcast_arrays(x)
    exactly(only, host(x), device)


def test_broadcast_to_refuses(device: xgpu.Device) -> None:
    x = xgpu.ones((2, 3), device=device)
    for shape in ((3,), (2, 1), (3, 3), (2, 3, 1), (), (2, 0)):
        with pytest.raises(ValueError, match="stretch"):
            xgpu.broadcast_to(x, shape)
    with pytest.raises(ValueError, match="broadcast"):
        xgpu.broadcast_arrays(x, xgpu.ones(2, device=device))


# Joining


@each(DTYPES)
def test_concat(dtype: DType, device: xgpu.Device) -> None:
    for shapes, axis in some(device, (
        (((2,), (3,), (0,), (1,)), 0),
        (((2, 3), (1, 3), (4, 3)), 0),
        (((2, 3), (2, 1), (2, 0)), 1),
        (((2, 3), (2, 1)), -1),
        (((2, 3, 4, 1), (2, 1, 4, 1)), -3),
        (((1, 2, 3),), 2),
    ), dtype):  # fmt: skip
        parts = [random(dtype, shape, i) for i, shape in enumerate(shapes)]
        given = [xgpu.asarray(part, device=device) for part in parts]
        lists = [np.moveaxis(p, axis, 0) for p in parts]
        rows = [row for part in lists for row in part]
        expected = np.moveaxis(np.asarray(rows, dtype), 0, axis)
        exactly(xgpu.concat(given, axis=axis), expected, device, (shapes, axis))
        exactly(xgpu.concat(tuple(given), axis=axis), expected, device, (shapes, axis))
        flat = [v for part in parts for v in part.ravel()]
        exactly(xgpu.concat(given, axis=None), np.asarray(flat, dtype), device, shapes)
    a = random(dtype, (4, 3))
    x = xgpu.asarray(a, device=device)
    expected = np.asarray([*a[::-1].T, *a.T[:, ::-1]], dtype)
    exactly(xgpu.concat([x[::-1].T, x.T[:, ::-1]]), expected, device, "views")
    exactly(xgpu.concat([x[0, 0], x[1:, 1]], axis=None), a[[0, 1, 2, 3], [0, 1, 1, 1]], device)
    copy = xgpu.concat([x])
    copy[0, 0] = x[1, 1]
    exactly(x, a, device, "a copy")


def test_concat_promotes(device: xgpu.Device) -> None:
    for first, second in some(device, itertools.product(DTYPES, repeat=2)):
        x, y = (xgpu.ones(n, dtype=d, device=device) for n, d in ((1, first), (2, second)))
        dtype = xgpu.result_type(first, second)
        for got in (xgpu.concat([x, y]), xgpu.stack([x, y[:1]])):
            exactly(got, np.ones(got.shape, dtype), device, (first, second))


@each(DTYPES)
def test_stack_and_unstack(dtype: DType, device: xgpu.Device) -> None:
    for shape, count, axis in some(device, (
        ((), 3, 0), ((), 1, -1), ((4,), 2, 0), ((4,), 2, 1), ((4,), 2, -1), ((2, 3), 3, 1),
        ((2, 3, 1), 2, -2), ((2, 0), 2, 0), ((2, 3), 1, -3),
    ), dtype):  # fmt: skip
        parts = [random(dtype, shape, i) for i in range(count)]
        place = axis % (len(shape) + 1)
        whole = (*shape[:place], count, *shape[place:])
        expected = np.empty(whole, dtype)
        for at in np.ndindex(*whole):
            expected[at] = parts[at[place]][(*at[:place], *at[place + 1 :])]
        given = [xgpu.asarray(part, device=device) for part in parts]
        got = xgpu.stack(given, axis=axis)
        exactly(got, expected, device, (shape, axis))
        exactly(xgpu.stack(tuple(given), axis=axis), expected, device, (shape, axis))
        again = xgpu.unstack(got, axis=axis)
        assert type(again) is tuple and len(again) == count
        for x, part in zip(again, parts, strict=True):
            exactly(x, part, device, (shape, axis))
    assert xgpu.unstack(xgpu.zeros((0, 3), dtype=dtype, device=device)) == ()


# Axes


@each(DTYPES)
def test_expand_dims_and_squeeze(dtype: DType, device: xgpu.Device) -> None:
    a = random(dtype, (2, 3))
    x = xgpu.asarray(a, device=device)
    for axis, shape in (
        (0, (1, 2, 3)),
        (1, (2, 1, 3)),
        (2, (2, 3, 1)),
        (-1, (2, 3, 1)),
        (-3, (1, 2, 3)),
        ((0, 1), (1, 1, 2, 3)),
        ((0, 3), (1, 2, 3, 1)),
        ((3, 0), (1, 2, 3, 1)),
        # Negative places count from the end of the result: M = N + len(axis).
        ((-1, 0), (1, 2, 3, 1)),
        ((-2, -4), (1, 2, 1, 3)),
        ((-1, -2), (2, 3, 1, 1)),
        ((1, -2), (2, 1, 1, 3)),
        ((0, 2, -1), (1, 2, 1, 3, 1)),
        ((), (2, 3)),
    ):
        expected = np.asarray(a.ravel(), dtype).reshape(shape)
        got = xgpu.expand_dims(x, axis)
        exactly(got, expected, device, axis)
        if axis != ():
            exactly(xgpu.squeeze(got, axis), a, device, axis)
    writes_through(x, xgpu.squeeze(xgpu.expand_dims(x, (0, -1)), 0))
    exactly(xgpu.squeeze(x[None], ()), a[None], device)
    exactly(xgpu.expand_dims(x[::-1, 1], 0), a[None, ::-1, 1], device)
    zero_d = xgpu.asarray(a[0, 0], device=device)
    exactly(xgpu.expand_dims(zero_d, (0, 1)), a[0, 0].reshape(1, 1), device)
    for bad in (3, -4, (4, 0), (0, -5)):
        with pytest.raises(IndexError):
            xgpu.expand_dims(x, bad)
    for twice in ((0, 0), (0, -4), (-1, 3)):
        with pytest.raises(ValueError, match="duplicate"):
            xgpu.expand_dims(x, twice)
    for wrong in (0, -1, (0, 1)):
        with pytest.raises(ValueError, match="length 1"):
            xgpu.squeeze(x, wrong)
    with pytest.raises(IndexError):
        xgpu.squeeze(x, 2)


@each(DTYPES)
def test_flip(dtype: DType, device: xgpu.Device) -> None:
    for x, a in arguments(dtype, device, "flip"):
        every = range(-a.ndim, a.ndim)
        given: list[Any] = [None, *every, (), tuple(range(a.ndim))]
        given += [(i, 0) for i in range(1, a.ndim)]
        for axis in some(device, given, a.shape, 1):
            axes = {i % a.ndim for i in (axis if isinstance(axis, tuple) else
                                         range(a.ndim) if axis is None else (axis,))}  # fmt: skip
            expected = moved(a, a.shape, lambda p, s=a.shape, axes=axes: tuple(
                s[k] - 1 - i if k in axes else i for k, i in enumerate(p)))  # type: ignore[misc]  # fmt: skip
            exactly(xgpu.flip(x, axis=axis), expected, device, (a.shape, axis))
    x = xgpu.asarray(random(dtype, (3, 4)), device=device)
    writes_through(x, xgpu.flip(x))


@each(DTYPES)
def test_permute_dims_and_moveaxis(dtype: DType, device: xgpu.Device) -> None:
    for x, a in arguments(dtype, device, "permute"):
        rank = a.ndim
        orders = list(itertools.permutations(range(rank)))
        for order in some(device, orders, a.shape, 1)[:8]:
            negative = tuple(i - rank if k % 2 else i for k, i in enumerate(order))
            shape = tuple(a.shape[i] for i in order)
            places = {origin: k for k, origin in enumerate(order)}
            expected = moved(a, shape, lambda p, places=places: tuple(
                p[places[i]] for i in range(len(p))))  # type: ignore[misc]  # fmt: skip
            exactly(xgpu.permute_dims(x, negative), expected, device, order)
            back = tuple(range(rank))
            exactly(xgpu.moveaxis(x, order, back), expected, device, order)
            exactly(xgpu.moveaxis(x, negative, tuple(i - rank for i in back)), expected, device)
        places_of = itertools.product(range(-rank, rank), repeat=2)
        for source, target in some(device, places_of, a.shape, 1):
            turned = [i for i in range(rank) if i != source % rank]
            turned.insert(target % rank, source % rank)
            expected = np.transpose(a, turned)
            exactly(xgpu.moveaxis(x, source, target), expected, device, (source, target))
    y = xgpu.asarray(random(dtype, (2, 3, 4)), device=device)
    writes_through(y, xgpu.permute_dims(y, (2, 0, 1)))
    writes_through(y, xgpu.moveaxis(y, 0, -1))


# Repetition and rolling


@each(DTYPES)
def test_repeat(dtype: DType, device: xgpu.Device) -> None:
    for x, a in arguments(dtype, device, "repeat"):
        for count in (0, 1, 3):
            flat = [v for v in a.ravel() for _ in range(count)]
            exactly(xgpu.repeat(x, count), np.asarray(flat, dtype), device, (a.shape, count))
        for axis in some(device, range(-a.ndim, a.ndim), a.shape, 1):
            length = a.shape[axis]
            counts = [(3 * i + 1) % 4 for i in range(length)]
            for given, numbers in (
                (2, [2] * length),
                (xgpu.asarray([3], device=device), [3] * length),
                (xgpu.asarray(np.asarray(counts, "int64"), device=device), counts),
                (xgpu.asarray(np.asarray(counts, "uint8"), device=device), counts),
            ):
                rows = [row for row, n in zip(np.moveaxis(a, axis, 0), numbers, strict=True)
                        for _ in range(n)]  # fmt: skip
                shape = list(np.moveaxis(a, axis, 0).shape)
                shape[0] = len(rows)
                expected = np.moveaxis(np.asarray(rows, dtype).reshape(shape), 0, axis)
                exactly(
                    xgpu.repeat(x, given, axis=axis), expected, device, (a.shape, axis, numbers)
                )
    a = random(dtype, (5,))
    each_number = xgpu.asarray([0, 2, 0, 0, 1], device=device)
    exactly(xgpu.repeat(xgpu.asarray(a, device=device), each_number), a[[1, 1, 4]], device)
    exactly(xgpu.repeat(xgpu.asarray(a, device=device), each_number * 0), a[:0], device)


@each(DTYPES)
def test_roll(dtype: DType, device: xgpu.Device) -> None:
    for x, a in arguments(dtype, device, "roll"):
        flat = list(a.ravel())
        n = len(flat)
        for shift in some(device, (0, 1, -1, 5, -13, n, 10**12 + 1), a.shape):
            turned = [flat[(i - shift) % n] for i in range(n)]
            got = xgpu.roll(x, shift)
            exactly(got, np.asarray(turned, dtype).reshape(a.shape), device, (a.shape, shift))
        cases: list[tuple[Any, Any]] = [(2, i) for i in range(-a.ndim, a.ndim)]
        if a.ndim > 1:
            cases += [((1, -2), (0, 1)), (3, (0, -1)), ((1, 1, -3), (0, 0, 1)), ((2, -7), (-1, 0))]
        for shift, axis in some(device, cases, a.shape, 1):
            axes = axis if isinstance(axis, tuple) else (axis,)
            shifts = shift if isinstance(shift, tuple) else (shift,) * len(axes)
            total = dict.fromkeys(range(a.ndim), 0)
            for k, by in zip(axes, shifts, strict=True):
                total[k % a.ndim] += by
            expected = moved(a, a.shape, lambda p, t=total, s=a.shape: tuple(
                (i - t[k]) % s[k] for k, i in enumerate(p)))  # type: ignore[misc]  # fmt: skip
            exactly(xgpu.roll(x, shift, axis=axis), expected, device, (a.shape, shift, axis))
    x = xgpu.asarray(a := random(dtype, (4,)), device=device)
    copy = xgpu.roll(x, 0)
    copy[...] = x[::-1]
    exactly(x, a, device, "a copy")


@each(DTYPES)
def test_tile(dtype: DType, device: xgpu.Device) -> None:
    for x, a in arguments(dtype, device, "tile"):
        counts_of: list[tuple[int, ...]] = [
            (), (1,), (3,), (2, 3), (1, 2, 1), (2, 1, 2, 2), (0,), (2, 0)
        ]  # fmt: skip
        for times in some(device, counts_of, a.shape, 1):
            rank = max(a.ndim, len(times))
            padded = a.reshape((1,) * (rank - a.ndim) + a.shape)
            counts = (1,) * (rank - len(times)) + times
            shape = tuple(n * t for n, t in zip(padded.shape, counts, strict=True))
            expected = moved(padded, shape, lambda p, s=padded.shape: tuple(
                i % n for i, n in zip(p, s, strict=True)))  # type: ignore[misc]  # fmt: skip
            exactly(xgpu.tile(x, times), expected, device, (a.shape, times))


# Shape


@each(DTYPES)
def test_reshape(dtype: DType, device: xgpu.Device) -> None:
    for x, a in arguments(dtype, device, "reshape"):
        n = a.size
        targets: list[Any] = [(n,), (-1,), (1, n, 1), (n, 1), (1, 1, 1, n)]
        targets += [(2, n // 2), (-1, 2)] if n and n % 2 == 0 else []
        targets += [(3, -1), (n // 3, 1, 3)] if n and n % 3 == 0 else []
        targets += [()] if n == 1 else []
        targets += [(0, 5), (4, 0, 2)] if n == 0 else []
        for target in some(device, targets, a.shape):
            flat = list(a.ravel())
            shape = (
                tuple(n // -math.prod(target) if k == -1 else k for k in target) if n else target
            )
            if -1 in shape:
                shape = (0,)
            expected = np.empty(shape, dtype)
            for k, place in enumerate(np.ndindex(*shape)):
                expected[place] = flat[k]
            for copy in (None, True):
                got = xgpu.reshape(x, target, copy=copy)
                exactly(got, expected, device, (a.shape, target, copy))
    a = random(dtype, (4, 6))
    x = xgpu.asarray(a, device=device)
    writes_through(x, xgpu.reshape(x, (3, 8)))
    writes_through(x[::-1], xgpu.reshape(x[::-1], (2, 2, 6), copy=False))
    copied = xgpu.reshape(x, (24,), copy=True)
    copied[...] = xgpu.roll(copied, 1)
    exactly(x, a, device, "a copy")
    exactly(xgpu.reshape(x.T, (24,)), np.asarray([v for row in a.T for v in row], dtype), device)
    with pytest.raises(ValueError, match="copy=False"):
        xgpu.reshape(x.T, (24,), copy=False)


# Many elements


@each([dtypes.int8, dtypes.float64])
def test_many_elements(dtype: DType, device: xgpu.Device) -> None:
    n = large(device) // 7 * 7
    a = random(dtype, (n,))
    x = xgpu.asarray(a, device=device)
    exactly(xgpu.flip(x), a[::-1], device)
    exactly(xgpu.roll(x, -12_345), np.concatenate([a[12_345 % n :], a[: 12_345 % n]]), device)
    exactly(xgpu.concat([x[::2], x[1::2]]), np.concatenate([a[::2], a[1::2]]), device)
    y, b = xgpu.reshape(x, (7, n // 7)), a.reshape(7, n // 7)
    exactly(xgpu.reshape(y.T, (n,)), b.T.ravel(), device)
    exactly(xgpu.tile(x[: n // 2], (2,)), np.concatenate([a[: n // 2]] * 2), device)
    exactly(xgpu.repeat(x[: n // 2], 2), np.repeat(a[: n // 2], 2), device)
    exactly(xgpu.stack([x, x[::-1]], axis=1), np.stack([a, a[::-1]], axis=1), device)
    exactly(xgpu.broadcast_to(y[:, :1], y.shape), np.broadcast_to(b[:, :1], b.shape), device)
    exactly(xgpu.permute_dims(y, (1, 0)), b.T, device)
    numbers = np.arange(n) % 3
    got = xgpu.repeat(x, xgpu.asarray(numbers, device=device))
    exactly(got, np.repeat(a, numbers), device)
