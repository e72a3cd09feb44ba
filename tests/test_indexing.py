"""Masks and arrays of integers in keys, take and take_along_axis, against NumPy."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import xgpu
from tests.comparing import ALL, INTEGERS, host, same, sample

DEVICE = "cpu"
SHAPES = [(), (3,), (0,), (1,), (2, 3), (3, 1), (0, 2), (2, 3, 2), (3, 2, 2, 4)]


def key_of(random: Random, shape: tuple[int, ...], bad: bool) -> tuple[Any, ...]:
    """A random key for ``shape`` with masks, index arrays, integers, slices, newaxis, ellipsis."""
    key: list[Any] = []
    block = [(), (2,), (1,), (3, 2), (2, 1), (0,)]
    common = random.choice(block)
    axis, rank = 0, len(shape)
    stop = random.randint(0, rank)
    used = False
    while axis < stop:
        left = random.randint(0, 8)
        length = shape[axis]
        if left < 3 and (length or 0 in common):
            size = common if random.random() < 0.7 else (1,) * random.randint(0, 2)
            if not length and 0 not in size:
                size = common
            low, high = (-length - bad, length + bad) if length else (0, 1)
            numbers = [random.randrange(low, high) for _ in range(int(np.prod(size)))]
            dtype = random.choice(["int64", "int64", "int8", "int32"])
            key.append(np.array(numbers, dtype).reshape(size))
            axis += 1
        elif left == 3 and length:
            key.append(random.randrange(-length, length))
            axis += 1
        elif left == 4:
            count = random.randint(1, min(2, rank - axis))
            ones = random.random()
            numbers = [
                random.random() < ones for _ in range(int(np.prod(shape[axis : axis + count])))
            ]
            key.append(np.array(numbers, bool).reshape(shape[axis : axis + count]))
            axis += count
        elif left == 5 and not used and random.random() < 0.5:
            key.append(...)
            used = True
            axis += random.randint(0, rank - axis)
        elif left == 6:
            key.append(None)
        else:
            ends = [None, *range(-length - 1, length + 2)]
            step = random.choice([None, 1, 2, -1, -2])
            key.append(slice(random.choice(ends), random.choice(ends), step))
            axis += 1
    if random.random() < 0.1:
        key.insert(random.randint(0, len(key)), random.choice([True, False]))
    return tuple(key)


def ours(key: Any) -> Any:
    if isinstance(key, tuple):
        return tuple(ours(k) for k in key)
    return xgpu.asarray(key, device=DEVICE) if isinstance(key, np.ndarray) else key


def views(a: Any, x: xgpu.Array, random: Random) -> tuple[Any, xgpu.Array]:
    """The same view of both, so that storage and array differ."""
    if a.ndim > 1 and random.random() < 0.3:
        a, x = (
            a.T if a.ndim == 2 else a.transpose(1, 0, *range(2, a.ndim)),
            (x.T if a.ndim == 2 else xgpu.permute_dims(x, (1, 0, *range(2, a.ndim)))),
        )
    if a.ndim and random.random() < 0.3:
        a, x = a[::-1], x[::-1]
    if a.ndim and random.random() < 0.2:
        a, x = a[..., 1:], x[..., 1:]
    return a, x


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=1500)
def test_keys_select_what_numpys_do(seed: int) -> None:
    random = Random(seed)
    shape = random.choice(SHAPES)
    base = np.arange(int(np.prod(shape)), dtype="float64").reshape(shape)
    a, x = views(base, xgpu.asarray(base, device=DEVICE), random)
    key = key_of(random, a.shape, bad=random.random() < 0.1)
    try:
        expected = a[key]
    except IndexError:
        with pytest.raises(IndexError):
            x[ours(key)]
        return
    with nullcontext() if expected.size else suppress(IndexError):  # NumPy does not look then
        same(x[ours(key)], expected)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=1500)
def test_keys_assign_where_numpys_do(seed: int) -> None:
    random = Random(seed)
    shape = random.choice(SHAPES)
    base = np.arange(int(np.prod(shape)), dtype="float64").reshape(shape)
    storage = xgpu.asarray(base, device=DEVICE)
    a, x = views(base, storage, random)
    key = key_of(random, a.shape, bad=False)
    try:
        part = a[key].shape
    except IndexError:
        with pytest.raises(IndexError):
            x[ours(key)] = 1.0
        return
    if 0 in part:
        with suppress(IndexError):  # NumPy does not look at indices then
            x[ours(key)] = 1.0
        same(x, a)
        return
    target = tuple(n if random.random() < 0.7 else 1 for n in part)
    target = target[random.randint(0, len(target)) :] if random.random() < 0.3 else target
    value = -1.0 - np.arange(int(np.prod(target))).reshape(target)
    kept = x[...] + 0.0
    before = a.copy()
    a[key] = value
    x[ours(key)] = ours(value) if random.random() < 0.8 or value.ndim else float(value)
    same(x, a)
    same(storage, base)
    same(kept, before)


@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_each_dtype_is_selected_and_assigned(dtype: np.dtype[Any]) -> None:
    a, b = sample(dtype, (4, 5)), sample(dtype, (3, 5), seed=1)
    x = xgpu.asarray(a, device=DEVICE)
    rows = np.asarray([2, -1, 0])
    same(x[ours(rows)], a[rows])
    mask = sample(np.dtype("bool"), (4, 5), seed=2)
    same(x[ours(mask)], a[mask])
    a[rows] = b
    x[ours(rows)] = ours(b)
    same(x, a)
    a[mask] = b.reshape(-1)[0]
    x[ours(mask)] = ours(b)[0, 0]
    same(x, a)
    few = sample(dtype, (int(mask.sum()),), seed=3)
    a[mask] = few
    x[ours(mask)] = ours(few)
    same(x, a)


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_each_dtype_of_index(dtype: np.dtype[Any]) -> None:
    a = sample(np.dtype("float32"), (6, 3))
    places = np.asarray([[5, 0], [1, 1]], dtype)
    x = xgpu.asarray(a, device=DEVICE)
    same(x[ours(places)], a[places])
    same(xgpu.take(x, ours(places[0]), axis=0), np.take(a, places[0], axis=0))
    if dtype.kind == "i":
        same(x[ours(-places - 1)], a[-places - 1])
    with pytest.raises(IndexError, match="index 6 is out of bounds for axis 0 with size 6"):
        x[ours(places + np.asarray(1, dtype))]
    if dtype == np.uint64:
        with pytest.raises(IndexError, match="index 18446744073709551615 is out of bounds"):
            x[ours(np.asarray([2**64 - 1], dtype))]


def test_the_last_of_equal_places_wins() -> None:
    x = xgpu.zeros(3, device=DEVICE)
    x[ours(np.asarray([1, 1, -2, 0]))] = ours(np.asarray([5.0, 6.0, 7.0, 8.0]))
    same(x, np.asarray([8.0, 7.0, 0.0]))


def test_an_update_reads_before_it_writes() -> None:
    x = xgpu.zeros(3, device=DEVICE)
    places = ours(np.asarray([1, 1, 2]))
    x[places] += 1.0
    same(x, np.asarray([0.0, 1.0, 1.0]))
    y = xgpu.arange(5, device=DEVICE)
    y[ours(np.asarray([0, 1, 2, 3, 4]))] = y[::-1]
    same(y, np.arange(5)[::-1])
    y[y > 2] = y[y > 2] * 10
    same(y, np.asarray([40, 30, 2, 1, 0]))
    y[y > 2] -= 1
    same(y, np.asarray([39, 29, 2, 1, 0]))


def test_a_selection_is_a_copy_and_an_assignment_is_seen_through_views() -> None:
    x = xgpu.reshape(xgpu.arange(6, device=DEVICE), (2, 3))
    column, old = x[:, 1], x[ours(np.asarray([0, 1]))]
    x[ours(np.asarray([0])), ours(np.asarray([1]))] = 10
    x.T[ours(np.asarray([1])), 1] = 20
    x[x == 0] = 7
    same(column, np.asarray([10, 20]))
    same(x, np.asarray([[7, 10, 2], [3, 20, 5]]))
    same(old, np.arange(6).reshape(2, 3))


def test_0d_arrays_of_integers_are_integers() -> None:
    a = np.arange(12).reshape(3, 4)
    x = xgpu.asarray(a, device=DEVICE)
    one, two = xgpu.asarray(1, device=DEVICE), xgpu.asarray(-2, dtype=xgpu.int8, device=DEVICE)
    same(x[one], a[1])
    same(x[one, two], a[1, -2])
    same(x[:, two], a[:, -2])
    same(x[ours(np.asarray([0, 2])), two], a[[0, 2], -2])
    row = x[one]
    row[...] = 0
    assert not host(x)[1].any()
    with pytest.raises(IndexError, match="index 3 is out of bounds"):
        x[xgpu.asarray(3, device=DEVICE)]


@pytest.mark.parametrize("mask", [True, False])
def test_masks_without_axes(mask: bool) -> None:
    a = np.arange(6.0).reshape(2, 3)
    for key in (mask, np.bool_(mask), xgpu.asarray(mask, device=DEVICE)):
        x = xgpu.asarray(a, device=DEVICE)
        same(x[key], a[mask])
        same(xgpu.asarray(3, device=DEVICE)[key], np.asarray(3)[mask])
        b = a.copy()
        b[mask] = b[0] * 2
        x[key] = x[0] * 2
        same(x, b)
        scalar = xgpu.asarray(3, device=DEVICE)
        scalar[key] = 4
        assert int(scalar) == (4 if mask else 3)


def test_a_mask_with_an_axis_of_length_0_selects_nothing() -> None:
    x = xgpu.reshape(xgpu.arange(6, device=DEVICE), (2, 3))
    none = xgpu.zeros((0, 3), dtype=xgpu.bool, device=DEVICE)
    assert x[none].shape == (0,)
    assert x[none[:, 0]].shape == (0, 3)
    x[none] = 9
    same(x, np.arange(6).reshape(2, 3))


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (np.asarray([3]), "index 3 is out of bounds for axis 0 with size 3"),
        (np.asarray([0, -4]), "index -4 is out of bounds for axis 0 with size 3"),
        ((slice(None), None, np.asarray([4])), "index 4 is out of bounds for axis 1 with size 4"),
        ((..., np.asarray([4])), "index 4 is out of bounds for axis 1 with size 4"),
        ((np.asarray([0]), 4), "index 4 is out of bounds for axis 1 with size 4"),
        ((np.asarray([0, 1]), np.asarray([0, 1, 2])), r"shape mismatch.*\(2,\) \(3,\)"),
        (np.asarray([1.0]), "must be of integer or bool dtype: got float64"),
        (np.ones(2, bool), "size of axis is 3 but size of corresponding boolean axis is 2"),
        ((slice(None), np.ones(5, bool)), "along axis 1; size of axis is 4"),
        (np.ones((3, 4, 1), bool), "too many indices"),
        ((0, np.asarray([0]), np.asarray([0])), "too many indices"),
        ((..., np.asarray([0]), ...), "single ellipsis"),
        ((np.asarray([0]), "a"), "are valid indices: got str"),
    ],
)
def test_bad_keys_are_index_errors_of_both_calls(key: Any, said: str) -> None:
    x = xgpu.ones((3, 4), device=DEVICE)
    with pytest.raises(IndexError, match=said):
        x[ours(key)]
    with pytest.raises(IndexError, match=said):
        x[ours(key)] = 1.0
    same(x, np.ones((3, 4)))


KEYS_OF_THE_HOST: list[Any] = [
    [0, 2],
    [],
    [[0, 1], [2, -1]],
    [True, False, True],
    np.asarray([2, 0, 0]),
    np.asarray([2, 0], "uint8"),
    np.asarray([True, False, True]),
    np.asarray(1),
    np.zeros(0, "int64"),
    np.eye(3, 4) > 0,
    (slice(None), [0, -1]),
    (np.asarray([[0], [2]]), [1, 3]),
    (..., np.asarray([1, 2])),
    (0, [1, 2]),
]


@pytest.mark.parametrize("key", KEYS_OF_THE_HOST, ids=repr)
def test_lists_and_arrays_of_numpy_are_keys(key: Any, device: xgpu.Device) -> None:
    a = np.arange(12.0).reshape(3, 4)
    x = xgpu.asarray(a, device=device)
    got = x[key]
    assert got.device is device
    same(got, a[key])
    x[key] = -1.0
    a[key] = -1.0
    same(x, a)


def test_keys_of_the_host_are_refused_like_others(device: xgpu.Device) -> None:
    x = xgpu.ones((3, 4), device=device)
    for key, said in (
        ([0, 3], "index 3 is out of bounds for axis 0"),
        (np.asarray([-4]), "index -4 is out of bounds"),
        ([0.5], "integer or bool dtype: got float64"),
        (["a"], "a list used as an index holds integers or bool"),
        ([[0], [1, 2]], "a list used as an index"),
        ([True], "did not match indexed array along axis 0"),
    ):
        with pytest.raises(IndexError, match=said):
            x[key]
        with pytest.raises(IndexError, match=said):
            x[key] = 0.0
    with pytest.raises(IndexError, match="are valid indices: got tuple"):
        x[(0, 1), :]


def test_a_key_of_the_host_is_no_wait_and_a_copy_to_the_device(device: xgpu.Device) -> None:
    x = xgpu.ones((3, 4), device=device)
    with xgpu.guard("error", transfers="allow"):
        x[[0, 2]][np.asarray([1])] = 2.0
    if device.type == "cpu":
        return
    with xgpu.guard(), pytest.raises(xgpu.GuardError, match=r"host to .*: an index of the host"):
        x[[0, 2]]


def test_bad_values_are_refused_and_change_nothing() -> None:
    x = xgpu.reshape(xgpu.arange(6, device=DEVICE), (2, 3))
    places, mask = ours(np.asarray([0, 1])), x > 3
    for key in (places, mask):
        with pytest.raises(TypeError, match="assignment cannot put 1.5 into an array of int64"):
            x[key] = 1.5
        with pytest.raises(TypeError, match="cannot assign float64 to an array of int64"):
            x[key] = xgpu.ones(3, device=DEVICE)
        with pytest.raises(OverflowError, match="out of bounds for int64"):
            x[key] = 2**63
        with pytest.raises(ValueError, match="could not broadcast"):
            x[key] = xgpu.arange(4, device=DEVICE)
        with pytest.raises(ValueError, match="could not broadcast"):
            x[key] = xgpu.ones((1, 4, 1), dtype=xgpu.int64, device=DEVICE)
        with pytest.raises(TypeError, match="numpy.ndarray"):
            x[key] = np.ones(2)  # type: ignore[assignment]
        for read_only in (xgpu.broadcast_to(x, (2, 3)), xgpu.broadcast_to(x[:1], (2, 3))):
            with pytest.raises(ValueError, match="read-only"):
                read_only[key] = 1
    same(x, np.arange(6).reshape(2, 3))


def test_values_are_cast_to_the_arrays_dtype() -> None:
    x = xgpu.zeros(4, dtype=xgpu.float32, device=DEVICE)
    x[ours(np.asarray([0, 1]))] = xgpu.asarray([1, 2], dtype=xgpu.int8, device=DEVICE)
    x[ours(np.asarray([False, False, True, True]))] = xgpu.asarray(0.1, device=DEVICE)
    same(x, np.asarray([1, 2, 0.1, 0.1], "float32"))


def test_assigning_by_a_mask_fuses_and_reads_nothing(device: xgpu.Device) -> None:
    a = np.arange(12.0, dtype="float32").reshape(3, 4)
    x = xgpu.asarray(a, device=device)
    with xgpu.trace() as trace:
        y = x * 2.0
        y[y > 10.0] = 0.0
        y[:, xgpu.asarray([True, False, False, True], device=device)] = x[:, :1]
        z = y + 1.0
        assert not trace.kernels
        xgpu.materialize(z)
        w = x * 3.0
        w[w < 12.0] = 1.0
        total = xgpu.sum(w)
        before = len(trace.kernels)
        xgpu.materialize(total)
        assert len(trace.kernels) == before + 1
    same(total, np.sum(np.where(a * 3 < 12, np.float32(1), a * 3)))
    b = a * 2
    b[b > 10] = 0
    b[:, [True, False, False, True]] = a[:, :1]
    same(z, b + 1)


def test_an_index_is_read_once() -> None:
    x, places = xgpu.arange(5, device=DEVICE), ours(np.asarray([3, 1]))
    xgpu.materialize(x, places)
    with xgpu.trace() as trace:
        x[places]
    first = len(trace.kernels)
    with xgpu.trace() as trace:
        x[places]
    assert len(trace.kernels) == 1 < first


def test_assigning_where_an_integer_stands_apart_from_a_mask() -> None:
    a = np.arange(24.0).reshape(2, 3, 4)
    x = xgpu.asarray(a, device=DEVICE)
    mask = np.asarray([True, False, True, True])
    for value in (np.asarray([[5.0, 6.0, 7.0]]), np.asarray([8.0, 9.0, 1.0]), np.asarray(2.0)):
        a[0, :, mask] = value
        x[0, :, ours(mask)] = ours(value)
        same(x, a)


def test_many_elements() -> None:
    a = np.random.default_rng(0).random((1200, 1000))
    x = xgpu.asarray(a, device=DEVICE)
    mask = a > 0.5
    same(x[x > 0.5], a[mask])
    places = np.random.default_rng(1).integers(-1200, 1200, 3000)
    same(x[ours(places)], a[places])
    a[places[:600], 1:] = 0
    x[ours(places[:600]), 1:] = 0
    same(x, a)


@pytest.mark.parametrize("shape", [(5,), (2, 5), (3, 2, 5), (2, 1, 3, 5)])
def test_take(shape: tuple[int, ...]) -> None:
    a = sample(np.dtype("int32"), shape)
    x = xgpu.asarray(a, device=DEVICE)
    for axis in range(-len(shape), len(shape)):
        n = shape[axis]
        for places in ([0, n - 1, -1, -n, 0], []):
            chosen = np.asarray(places, "int64")
            same(xgpu.take(x, ours(chosen), axis=axis), np.take(a, chosen, axis=axis))
            turned = np.ascontiguousarray(a[::-1].T)
            got = xgpu.take(
                xgpu.permute_dims(x[::-1], tuple(range(len(shape)))[::-1]),
                ours(chosen),
                axis=-1 - axis if axis < 0 else len(shape) - 1 - axis,
            )
            same(got, np.take(turned, chosen, axis=len(shape) - 1 - axis % len(shape)))


def test_take_needs_no_axis_of_a_sequence() -> None:
    x = xgpu.arange(4, device=DEVICE)
    same(xgpu.take(x, ours(np.asarray([3, -1, 0]))), np.asarray([3, 3, 0]))


@pytest.mark.parametrize(
    ("shape", "axis", "indices"),
    [
        ((4,), 0, (2,)),
        ((4,), -1, (0,)),
        ((3, 4), 1, (3, 2)),
        ((3, 4), 0, (5, 4)),
        ((3, 4), -2, (2, 1)),
        ((1, 4), 1, (3, 2)),
        ((2, 3, 4), 1, (2, 6, 4)),
        ((2, 3, 4), 2, (1, 1, 3)),
        ((2, 1, 2, 4), -2, (2, 3, 5, 1)),
        ((0, 3), 1, (0, 2)),
        ((0, 3), 0, (0, 3)),
    ],
)
def test_take_along_axis(shape: tuple[int, ...], axis: int, indices: tuple[int, ...]) -> None:
    a = sample(np.dtype("float64"), shape)
    n = shape[axis]
    size = int(np.prod(indices))
    places = np.random.default_rng(0).integers(-n, max(n, 1), size).reshape(indices)
    wide = np.broadcast_shapes(
        tuple(1 if i == axis % len(shape) else s for i, s in enumerate(shape)),
        tuple(1 if i == axis % len(shape) else s for i, s in enumerate(indices)),
    )
    stretched = np.broadcast_to(
        a, tuple(n if i == axis % len(shape) else s for i, s in enumerate(wide))
    )
    full = np.broadcast_to(
        places, tuple(indices[axis] if i == axis % len(shape) else s for i, s in enumerate(wide))
    )
    expected = np.take_along_axis(stretched, full, axis)
    for x in (xgpu.asarray(a, device=DEVICE), xgpu.asarray(a.T.copy(), device=DEVICE)):
        x = x if x.shape == shape else xgpu.permute_dims(x, tuple(range(x.ndim))[::-1])
        same(xgpu.take_along_axis(x, ours(places), axis=axis), expected)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda x, i: xgpu.take(x, i), ValueError, "needs an axis for an array of 2 axes"),
        (
            lambda x, i: xgpu.take(x, i[None], axis=0),
            ValueError,
            r"1-d indices: got shape \(1, 2\)",
        ),
        (lambda x, i: xgpu.take(x, i, axis=2), IndexError, "axis 2 is out of bounds"),
        (lambda x, i: xgpu.take(x, i + 2, axis=0), IndexError, "index 3 is out of bounds for axis"),
        (lambda x, i: xgpu.take(x, i > 0, axis=0), TypeError, "integer dtype: got bool"),
        (lambda x, i: xgpu.take(x, [0], axis=0), TypeError, "got list"),  # type: ignore[arg-type]
        (lambda x, i: xgpu.take([0], i, axis=0), TypeError, "got list"),  # type: ignore[arg-type]
        (lambda x, i: xgpu.take_along_axis(x, i), ValueError, "got 2 and 1"),
        (lambda x, i: xgpu.take_along_axis(x, i[None, :] + 2, axis=0), IndexError, "index 3"),
        (lambda x, i: xgpu.take_along_axis(x, i[:, None], axis=1), ValueError, "broadcast"),
        (lambda x, i: xgpu.take_along_axis(x, i[None] * 1.0), TypeError, "got float64"),
        (lambda x, i: xgpu.take_along_axis(x, i[None], axis=-3), IndexError, "axis -3"),
    ],
)
def test_take_refuses(call: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        call(xgpu.ones((3, 4), device=DEVICE), xgpu.asarray([0, 1], device=DEVICE))


def test_arrays_of_another_device_are_refused(device: xgpu.Device) -> None:
    x, places = xgpu.arange(3, device=DEVICE), xgpu.asarray([0], device=device)
    if x.device is device:
        pytest.skip("one device")
    for call in (
        lambda: x[places],
        lambda: x[places > 0],
        lambda: x.__setitem__(places, 1),
        lambda: xgpu.take(x, places),
        lambda: xgpu.take_along_axis(x, places),
        lambda: xgpu.searchsorted(x, places),
        lambda: xgpu.repeat(x, xgpu.asarray([1, 2, 3], device=device)),
        lambda: xgpu.isin(x, places),
    ):
        with pytest.raises(xgpu.DeviceMismatchError, match="move"):
            call()


@pytest.mark.parametrize("eager", [False, True], ids=["lazy", "eager"])
@given(st.integers(0, 2**32 - 1))
@settings(max_examples=150)
def test_programs_of_keys_and_aliases(eager: bool, seed: int) -> None:
    random = Random(seed)
    shape = random.choice([(4,), (2, 3), (2, 3, 2), (3, 1, 2)])
    base = np.arange(int(np.prod(shape)), dtype="float64").reshape(shape)
    with xgpu.eager(eager):
        pool = [(base, xgpu.asarray(base, device=DEVICE))]
        for _ in range(12):
            a, x = random.choice(pool)
            step = random.randint(0, 4)
            if step == 0:
                pool.append(views(a, x, random))
                continue
            if step == 1:
                pool.append((np.asarray(a * 2.0 + 1.0), x * 2.0 + 1.0))
                continue
            if step == 2 and a.ndim:
                limit = random.randint(-3, 40)
                low, high = a < limit, x < float(limit)
                a[low], x[high] = -1.0, -1.0
                continue
            key = key_of(random, a.shape, bad=False)
            try:
                part = a[key]
            except IndexError:
                continue
            if not part.size:
                continue
            if step == 3:
                # The copy has NumPy's values even where NumPy gives a view.
                pool.append((np.array(part), xgpu.asarray(x[ours(key)], copy=True)))
                continue
            other, y = random.choice(pool)
            if other.shape == part.shape:
                a[key], x[ours(key)] = other.copy(), y
            else:
                a[key] = part + 1.0
                x[ours(key)] += 1.0
        for a, x in pool:
            same(x, a)
