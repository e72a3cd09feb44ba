"""Every form of key, read and assigned: positions chosen by NumPy, values followed by hand.

NumPy applied to the array of positions says which elements a key chooses and in what shape; the
library resolves keys by code of its own. A dictionary of positions keeps what is written, the last
one of equal positions winning.
"""

from __future__ import annotations

import itertools
from typing import Any, Final

import numpy as np
import pytest

import xgpu
from tests.comparing import host
from tests.values.checks import each, exactly, large, some
from tests.values.inputs import DTYPES, INTEGERS, random
from tests.values.ulp import Values, kind
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

Key = Any


def ids(values: Any, dtype: Any = "int64") -> Values:
    """An array of indices."""
    return np.asarray(values, dtype)


def mask(*bits: Any) -> Values:
    return np.asarray(bits, bool)


def to_device(key: Key, device: xgpu.Device) -> Key:
    """The key with arrays of the library in place of NumPy's."""
    if isinstance(key, tuple):
        return tuple(to_device(k, device) for k in key)
    return xgpu.asarray(key, device=device) if isinstance(key, np.ndarray) else key


def check(a: Values, key: Key, device: xgpu.Device) -> None:
    """The key reads what it should, and assigns an array, a broadcast row and a scalar there."""
    places = np.arange(a.size).reshape(a.shape)[key]
    flat = a.ravel()
    x, given = xgpu.asarray(a, device=device), to_device(key, device)
    expected = np.asarray([flat[i] for i in places.ravel()], a.dtype).reshape(places.shape)
    exactly(x[given], expected, device, key)

    values = random(a.dtype, places.shape, 5)
    written = flat.copy()
    for i, value in zip(places.ravel().tolist(), values.ravel(), strict=True):
        written[i] = value
    y = xgpu.asarray(a, device=device)
    y[given] = xgpu.asarray(values, device=device)
    exactly(y, written.reshape(a.shape), device, (key, "assigned"))

    scalar = random(a.dtype, (1,), 7)[0]
    same, spread = flat.copy(), flat.copy()
    same[places.ravel()] = scalar
    y = xgpu.asarray(a, device=device)
    y[given] = scalar.item() if a.dtype.name != "bfloat16" else float(scalar)
    exactly(y, same.reshape(a.shape), device, (key, "a scalar"))
    if places.ndim:
        row = random(a.dtype, (1, places.shape[-1]), 9)[:, :: -1 if places.shape[-1] else 1]
        for i, at in zip(places.ravel().tolist(), np.ndindex(*places.shape), strict=True):
            spread[i] = row[0, at[-1]]
        y = xgpu.asarray(a, device=device)
        y[given] = xgpu.asarray(row[0], device=device)
        exactly(y, spread.reshape(a.shape), device, (key, "a row"))


# One axis


@each(DTYPES)
def test_integers(dtype: DType, device: xgpu.Device) -> None:
    for n in (1, 2, 5):
        a = random(dtype, (n,))
        x = xgpu.asarray(a, device=device)
        for i in range(-n, n):
            exactly(x[i], a[i], device, i)
            exactly(x[(i,)], a[i], device, i)
        for i in (n, -n - 1, 2**70):
            with pytest.raises(IndexError):
                x[i]
            with pytest.raises(IndexError):
                x[i] = x[0]
    for i in (0, 2, -5):
        check(random(dtype, (5, 3)), i, device)


def test_slices(device: xgpu.Device) -> None:
    bounds: list[int | None] = [None, *range(-7, 8)]
    a = random(dtypes.int16, (5,))
    x, listed = xgpu.asarray(a, device=device), a.tolist()
    steps: tuple[int | None, ...] = (None, 1, 2, 3, 7, -1, -2, -7)
    every = itertools.product(bounds, bounds, steps)
    chosen = list(every)[:: 13 if device.type == "cudasim" else 1]
    for start, stop, step in chosen:
        key = slice(start, stop, step)
        exactly(x[key], np.asarray(listed[key], "int16"), device, key)
    for start, stop, step in chosen[:: 1 if device.type == "cudasim" else 11]:
        key = slice(start, stop, step)
        count = len(listed[key])
        written = list(listed)
        for i, value in zip(range(5)[key], range(100, 100 + count), strict=True):
            written[i] = value
        y = xgpu.asarray(a, device=device)
        y[key] = xgpu.arange(100, 100 + count, dtype=xgpu.int16, device=device)
        exactly(y, np.asarray(written, "int16"), device, key)
    with pytest.raises(ValueError, match="zero"):
        x[::0]


# Several axes


BASIC: Final[tuple[Key, ...]] = (
    (),
    ...,
    (...,),
    None,
    (None, ...),
    (..., None),
    0,
    -1,
    (1, 2),
    (1, -1, 3, 0),
    (slice(None),),
    (slice(1, None), slice(None), 2),
    (slice(None, None, -1), 1, slice(None, None, -2)),
    (..., 0),
    (..., slice(None, None, 2)),
    (0, ..., 1),
    (slice(2), ..., slice(3, 0, -1), 1),
    (None, 1, None, slice(1, 3), None),
    (..., None, slice(1), None),
    (slice(2, 1), slice(None), ...),
    (slice(None), slice(0, 0), 1),
    (2, slice(None, None, -1), slice(None, None, -1), slice(None, None, -1)),
    (None, None, None, ..., None),
    (slice(-1, None), slice(-2, 0, -1), slice(-3, -1), ...),
)


@each(DTYPES)
def test_basic_keys(dtype: DType, device: xgpu.Device) -> None:
    a = random(dtype, (3, 4, 5, 2))
    for key in some(device, BASIC, dtype):
        check(a, key, device)


def test_keys_of_0d_and_empty_arrays(device: xgpu.Device) -> None:
    scalar = np.asarray(3.5)
    key: Key
    for key in ((), ..., (...,), None, (None, None), (..., None)):
        check(scalar, key, device)
    for key in (True, False, np.asarray(True), np.asarray(False)):
        check(scalar, key, device)
        check(np.arange(6.0).reshape(2, 3), key, device)
    empty = np.zeros((0, 3))
    for key in (
        ...,
        slice(None),
        (slice(None, None, -1), 1),
        (slice(None), slice(None, 2)),
        ids([]),
    ):
        check(empty, key, device)
    for bad in (0, (0, 0), (slice(None), 3)):
        with pytest.raises(IndexError):
            xgpu.asarray(empty, device=device)[bad]
    with pytest.raises(IndexError):
        xgpu.asarray(scalar, device=device)[0]


def test_refused(device: xgpu.Device) -> None:
    x = xgpu.ones((2, 3), device=device)
    for key in ((0, 0, 0), (..., ...), (0, ..., ...), (..., 0, 0, 0), (slice(None),) * 3):
        with pytest.raises(IndexError):
            x[key]
        with pytest.raises(IndexError):
            x[key] = 1.0
    arrays: list[Any] = [
        np.ones(3, bool), np.ones((2, 2), bool), np.ones((2, 3, 1), bool),
        ids([2]), ids([-3]), ids([0, 5, 1]), (ids([0]), ids([3])), (0, ids([0, -4])),
    ]  # fmt: skip
    for key in arrays:
        with pytest.raises(IndexError):
            x[to_device(key, device)]
        with pytest.raises(IndexError):
            x[to_device(key, device)] = 1.0
    with pytest.raises(IndexError, match="broadcast"):
        x[to_device((ids([0, 1]), ids([0, 1, 2])), device)]
    for wrong in (1.0, "a", xgpu.ones(2, device=device)):
        with pytest.raises((IndexError, TypeError)):
            x[wrong]
    exactly(x, np.ones((2, 3)), device, "nothing was written")


def test_one_element_is_a_0d_array(device: xgpu.Device) -> None:
    x = xgpu.asarray([[1, 2], [3, 4]], device=device)
    assert isinstance(x[0, 1], xgpu.Array) and x[0, 1].shape == ()
    assert x[xgpu.asarray(0, device=device), 1].shape == ()
    exactly(
        x[xgpu.asarray(1, device=device), xgpu.asarray(-1, device=device)], np.asarray(4), device
    )


# Masks


def masks(shape: tuple[int, ...]) -> list[Values]:
    """None, all, one and some of the places, over the first axes."""
    result = []
    for rank in range(1, len(shape) + 1):
        lead = shape[:rank]
        bits = np.random.default_rng(rank).random(lead) < 0.5
        one = np.zeros(lead, bool)
        one.flat[-1:] = True
        result += [bits, ~bits, np.zeros(lead, bool), np.ones(lead, bool), one]
    return result


@each(DTYPES)
def test_masks(dtype: DType, device: xgpu.Device) -> None:
    for shape in some(device, ((5,), (3, 4), (2, 3, 2, 2), (0,), (0, 3), (3, 0)), dtype):
        a = random(dtype, shape)
        for key in some(device, masks(shape), (dtype, shape)):
            check(a, key, device)


def test_masks_with_other_keys(device: xgpu.Device) -> None:
    a = random(dtypes.int32, (3, 4, 2, 5))
    rows, columns = mask(True, False, True), mask(0, 1, 1, 0)
    keys: list[Key] = [
        (rows,),
        (rows, slice(None), 1),
        (slice(None), columns),
        (..., mask(0, 1, 0, 0, 1)),
        (0, columns, ..., None),
        (None, rows, slice(None, None, -1)),
        (slice(None), mask([0, 1], [1, 1], [0, 0], [1, 0])),
        (rows, ids([1, 3])),
        (slice(1, None), columns, 0, ids([2, 4])),
    ]
    for key in some(device, keys):
        check(a, key, device)


def test_masks_computed_from_the_array(device: xgpu.Device) -> None:
    a = np.asarray([3.0, -1.0, np.nan, 0.0, -0.0, 7.0, -np.inf])
    x = xgpu.asarray(a, device=device)
    exactly(x[x > 0], np.asarray([3.0, 7.0]), device)
    exactly(x[xgpu.isnan(x)], np.asarray([np.nan]), device)
    x[x < 0] = 0.0
    x[xgpu.isnan(x)] = 5.0
    exactly(x, np.asarray([3.0, 0, 5, 0, -0.0, 7, 0]), device)
    x[x == 0] = x[x != 0][:1]
    exactly(x, np.asarray([3.0, 3, 5, 3, 3, 7, 3]), device)


# Integer arrays


INTEGER: Final[tuple[Key, ...]] = (
    ids([0, 2, 1]),
    ids([-1, 0, -3, 2, 2]),
    ids([[0, 1], [2, 0]]),
    ids([]),
    ids([[], []]),
    (ids([0, 2]), ids([1, 3])),
    (ids([[0], [2]]), ids([1, 3, 0])),
    (ids([0, 1]), 2),
    (1, ids([0, 3, 3])),
    (ids([0, 2]), ids([1, 1]), ids([4, -5]), ids([0, 1])),
    (ids([0, 1]), ids([2, 3]), 1, ids([1, 0])),
    (ids([1]), ids([[0, 1, 2]]), 3, ids([[1], [0]])),
    (ids(1), ids(2)),
    (ids(1), ids([0, 2])),
    (ids([2, 0]), slice(None)),
    (slice(None), ids([3, 0])),
    (slice(1, None), ids([3, 0, 1]), slice(None, None, -2)),
    (ids([0, 2]), slice(None), ids([4, 1])),
    (ids([0, 2]), slice(None, None, -1), slice(3), ids([1, 0])),
    (slice(None), ids([0, 2]), ids([1, 4])),
    (..., ids([1, 0])),
    (..., ids([4, 4]), slice(None)),
    (ids([1, 2]), ..., ids([0, 1])),
    (None, ids([0, 1])),
    (ids([0, 1]), None),
    (slice(None), None, ids([0, 3]), ids([1, 2])),
    (ids([0, 1]), None, ids([2, 3])),
    (0, slice(None), ids([1, 3])),
    (0, slice(None), slice(None), ids([1, 0])),
    (slice(None), 1, ids([[0, 1], [2, 3]])),
    (..., 1, ids([0, 2]), None, slice(None, None, -1)),
    (ids([[0, 1], [1, 0]]), slice(1, 3), ids([[1], [2]]), 0),
)


@each(DTYPES)
def test_integer_arrays(dtype: DType, device: xgpu.Device) -> None:
    a = random(dtype, (3, 4, 5, 2))
    for key in some(device, INTEGER, dtype):
        check(a, key, device)


@each(INTEGERS)
def test_dtypes_of_indices(dtype: DType, device: xgpu.Device) -> None:
    values = [0, 2, 1, 4] if kind(dtype) == "u" else [0, -2, 1, -5]
    a = random(dtypes.float64, (5, 3))
    for key in (ids(values, dtype), (slice(None), ids([1, 0], dtype)), ids(1, dtype)):
        check(a, key, device)


def test_repeated_positions_keep_the_last(device: xgpu.Device) -> None:
    x = xgpu.zeros(3, dtype=xgpu.int64, device=device)
    x[to_device(ids([1, 1, 2, 1, 2]), device)] = xgpu.asarray([5, 6, 7, 8, 9], device=device)
    exactly(x, np.asarray([0, 8, 9]), device)
    y = xgpu.zeros((2, 2), dtype=xgpu.int64, device=device)
    y[to_device((ids([0, 0, 0]), ids([1, 1, 1])), device)] = xgpu.asarray([1, 2, 3], device=device)
    exactly(y, np.asarray([[0, 3], [0, 0]]), device)


def test_of_views(device: xgpu.Device) -> None:
    a = random(dtypes.float32, (6, 5, 4))
    places = np.arange(a.size).reshape(a.shape)
    views: list[Key] = [
        (slice(None, None, -1), slice(None, None, 2), slice(1, 3)),
        (slice(1, 5, 2), 3, slice(None, None, -1)),
        (2,),
        (slice(None), None, slice(4, None, -2), 0),
    ]
    keys: list[Key] = [
        0, slice(None, None, -1), (..., 0), ids([1, 0, 1]), (..., ids([0, -1])), (ids([0, 1]), 0),
    ]  # fmt: skip
    for view, key in some(device, itertools.product(views, keys)):
        chosen = places[view][key]
        values = random(dtypes.float32, chosen.shape, 3)
        x = xgpu.asarray(a, device=device)
        seen = x[view]
        exactly(seen[to_device(key, device)], a.ravel()[chosen], device, (view, key))
        seen[to_device(key, device)] = xgpu.asarray(values, device=device)
        written = a.ravel().copy()
        for i, value in zip(chosen.ravel().tolist(), values.ravel(), strict=True):
            written[i] = value
        exactly(x, written.reshape(a.shape), device, (view, key))


@pytest.mark.parametrize("seed", range(6))
def test_random_keys(seed: int, device: xgpu.Device) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(3 if device.type == "cudasim" else 60):
        shape = tuple(int(n) for n in rng.integers(1, 5, rng.integers(1, 5)))
        check(random(dtypes.int32, shape, seed), random_key(rng, shape), device)


def random_key(rng: np.random.Generator, shape: tuple[int, ...]) -> Key:
    """Any mixture that NumPy takes: integers, slices, arrays, a mask, an ellipsis, new axes."""
    common = tuple(int(n) for n in rng.integers(1, 4, rng.integers(0, 3)))
    key: list[Key] = []
    masked = False
    head = int(rng.integers(0, len(shape) + 1))
    tail = int(rng.integers(0, len(shape) - head + 1)) if rng.random() < 0.5 else 0
    for n in (*shape[:head], *shape[len(shape) - tail :]):
        choice = rng.integers(0, 7)
        if choice == 0:
            key.append(int(rng.integers(-n, n)))
        elif choice == 1 and not masked and len(common) < 2:
            bits = np.zeros(n, bool)
            bits[rng.integers(0, n)] = True  # one place: it broadcasts with any index array
            key.append(bits)
            masked = True
        elif choice <= 3:
            own = tuple(c if rng.random() < 0.7 else 1 for c in common)
            key.append(rng.integers(-n, n, own[rng.integers(0, len(own) + 1) :]))
        else:
            start, stop = (
                None if rng.random() < 0.4 else int(v) for v in rng.integers(-n, n + 1, 2)
            )
            step = [None, 1, 2, -1, -2][rng.integers(0, 5)]
            key.append(slice(start, stop, step))
    if tail or rng.random() < 0.3:
        key.insert(head, ...)
    for _ in range(rng.integers(0, 3)):
        key.insert(int(rng.integers(0, len(key) + 1)), None)
    return tuple(key)


# What is assigned


def test_assigned_dtypes(device: xgpu.Device) -> None:
    for target in some(device, DTYPES[1:]):
        sources = [d for d in DTYPES if d is not target and xgpu.can_cast(d, target)]
        for source in some(device, sources, target):
            x = xgpu.zeros(4, dtype=target, device=device)
            values = np.asarray([1, 0, 1], source)
            x[1:] = xgpu.asarray(values, device=device)
            exactly(x, np.asarray([0, *values.tolist()]).astype(target), device, (source, target))
            y = xgpu.zeros(4, dtype=target, device=device)
            y[to_device(ids([3, 0, 1]), device)] = xgpu.asarray(values, device=device)
            expected = np.asarray([values[1], values[2], 0, values[0]]).astype(target)
            exactly(y, expected, device, (source, target))


@each(DTYPES)
def test_assigned_scalars(dtype: DType, device: xgpu.Device) -> None:
    letter = kind(dtype)
    scalars: list[Any] = [True, False]
    if letter != "b":
        scalars += [0, 3]
    if letter in "fc":
        scalars += [1.5, -0.0, float("nan"), float("-inf"), -7]
    if letter == "c":
        scalars += [1 - 2j, complex(-0.0, float("nan"))]
    for scalar in scalars:
        for key in (slice(1, None), 0, ids([2, 0]), mask(1, 0, 1), ...):
            x = xgpu.zeros(3, dtype=dtype, device=device)
            x[to_device(key, device)] = scalar
            expected = np.zeros(3, dtype)
            expected[key] = np.asarray(scalar).astype(dtype)
            exactly(x, expected, device, (scalar, key))
    x = xgpu.zeros(3, dtype=dtype, device=device)
    if letter in "iu":
        info = np.iinfo(dtype)
        for key in (0, slice(None), to_device(ids([1]), device)):
            for beyond in (int(info.max) + 1, int(info.min) - 1):
                with pytest.raises(OverflowError):
                    x[key] = beyond
        x[0] = int(info.max)
        exactly(x, np.asarray([info.max, 0, 0], dtype), device)
    refused: list[Any] = {"b": [1, 1.5, 1j], "i": [1.5, 1j], "u": [1.5, 1j], "f": [1j]}.get(
        letter, []
    )
    for value in refused:
        with pytest.raises(TypeError):
            x[1] = value


def test_an_assignment_reads_before_it_writes(device: xgpu.Device) -> None:
    a = np.arange(8)
    for key, value in ((slice(1, None), slice(None, -1)), (slice(None, None, -1), slice(None))):
        x = xgpu.asarray(a, device=device)
        x[key] = x[value]
        expected = a.copy()
        expected[key] = a[value].copy()
        exactly(x, expected, device, key)
    x = xgpu.asarray(a, device=device)
    x[to_device(ids([0, 1, 2]), device)] = x[to_device(ids([1, 2, 0]), device)]
    exactly(x, np.asarray([1, 2, 0, 3, 4, 5, 6, 7]), device)
    y = xgpu.asarray(a, device=device)
    y[:4] += y[4:]
    y[y > 8] *= -1
    exactly(y, np.asarray([4, 6, 8, -10, 4, 5, 6, 7]), device)


def test_shapes_that_do_not_broadcast(device: xgpu.Device) -> None:
    x = xgpu.zeros((2, 3), device=device)
    for key, shape in (
        (slice(None), (2, 2)),
        (0, (2,)),
        (..., (1, 2, 3, 1)),
        (to_device(ids([0, 1, 0]), device), (2, 3)),
        (to_device(mask([1, 0, 1], [0, 1, 0]), device), (2,)),
    ):
        with pytest.raises(ValueError):
            x[key] = xgpu.ones(shape, device=device)
    exactly(x, np.zeros((2, 3)), device)


# take and take_along_axis


@each(DTYPES)
def test_take(dtype: DType, device: xgpu.Device) -> None:
    for shape in some(device, ((5,), (3, 4), (2, 3, 4, 2), (3, 0)), dtype):
        a = random(dtype, shape)
        x = xgpu.asarray(a, device=device)
        for axis in range(-a.ndim, a.ndim):
            n = shape[axis]
            lists: list[list[int]] = [[], [0], [n - 1, 0, -1, -n, 0]] if n else [[]]
            for numbers in lists:
                rows = [np.moveaxis(a, axis, 0)[i % n] for i in numbers]
                target = (len(rows), *np.moveaxis(a, axis, 0).shape[1:])
                expected = np.moveaxis(np.asarray(rows, dtype).reshape(target), 0, axis)
                indices = xgpu.asarray(ids(numbers), device=device)
                exactly(xgpu.take(x, indices, axis=axis), expected, device, (shape, axis, numbers))
        turned = xgpu.flip(x)
        indices = xgpu.asarray(ids([0] if shape[0] else []), device=device)
        exactly(xgpu.take(turned, indices, axis=0), np.flip(a)[: min(1, shape[0])], device, shape)
    x = xgpu.asarray(a := random(dtype, (4,)), device=device)
    exactly(xgpu.take(x, to_device(ids([3, -4, 1]), device)), a[[3, 0, 1]], device)
    for bad in ([4], [-5]):
        with pytest.raises(IndexError):
            xgpu.take(x, to_device(ids(bad), device))


@each(DTYPES)
def test_take_along_axis(dtype: DType, device: xgpu.Device) -> None:
    for shape, other, axis in some(device, (
        ((5,), (3,), 0),
        ((5,), (0,), -1),
        ((3, 4), (3, 2), 1),
        ((3, 4), (2, 4), 0),
        ((3, 4), (1, 2), -1),
        ((1, 4), (3, 6), -1),
        ((2, 3, 4, 2), (2, 5, 4, 2), 1),
        ((2, 3, 4, 2), (1, 3, 1, 2), -2),
        ((0, 3), (0, 2), 1),
    ), dtype):  # fmt: skip
        a = random(dtype, shape)
        place = axis % a.ndim
        n = shape[axis]
        numbers = np.random.default_rng(len(shape)).integers(-n, n, other)
        whole = list(np.broadcast_shapes(
            tuple(1 if i == place else k for i, k in enumerate(shape)),
            tuple(1 if i == place else k for i, k in enumerate(other)),
        ))  # fmt: skip
        whole[place] = other[place]
        expected = np.empty(whole, dtype)
        for at in np.ndindex(*whole):
            index = numbers[tuple(0 if other[i] == 1 else k for i, k in enumerate(at))]
            source = [0 if shape[i] == 1 else k for i, k in enumerate(at)]
            source[place] = int(index) % n
            expected[at] = a[tuple(source)]
        got = xgpu.take_along_axis(
            xgpu.asarray(a, device=device), xgpu.asarray(numbers, device=device), axis=axis
        )
        exactly(got, expected, device, (shape, other, axis))
    a = random(dtype, (3, 4))
    x = xgpu.asarray(a, device=device)
    exactly(xgpu.take_along_axis(x[::-1].T, to_device(ids([[2], [0], [1], [-1]]), device)),
            np.asarray([[a[0, 0]], [a[2, 1]], [a[1, 2]], [a[0, 3]]]), device)  # fmt: skip
    for bad in ([[4]], [[-5]]):
        with pytest.raises(IndexError):
            xgpu.take_along_axis(x, to_device(ids(bad), device))


# Many elements


@each([dtypes.int8, dtypes.float64])
def test_many_elements(dtype: DType, device: xgpu.Device) -> None:
    n = large(device)
    a = random(dtype, (n,))
    x = xgpu.asarray(a, device=device)
    rng = np.random.default_rng(4)
    chosen, bits = rng.integers(-n, n, n), rng.random(n) < 0.3
    order = xgpu.asarray(chosen, device=device)
    where = xgpu.asarray(bits, device=device)
    exactly(x[order], a[chosen], device, "gather")
    exactly(xgpu.take(x, order), a[chosen], device, "take")
    exactly(x[where], a[bits], device, "mask")
    exactly(x[::-7], a[::-7], device, "slice")
    written = a.copy()
    written[chosen] = a
    y = xgpu.asarray(a, device=device)
    y[order] = x
    exactly(y, written, device, "scatter with repeated positions")
    written = a.copy()
    written[bits] = a[: bits.sum()]
    y = xgpu.asarray(a, device=device)
    y[where] = x[: int(bits.sum())]
    exactly(y, written, device, "assignment by a mask")
    m = n // 11
    table, columns = xgpu.reshape(x[: 11 * m], (m, 11)), rng.integers(0, 11, (m, 3))
    got = xgpu.take_along_axis(table, xgpu.asarray(columns, device=device))
    exactly(got, np.take_along_axis(a[: 11 * m].reshape(m, 11), columns, -1), device)
    assert host(got).shape == (m, 3)
