"""Functions that rearrange arrays, against NumPy, and what of them is a view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import ALL, host, same, sample

INT = np.dtype("int64")


def given(*shape: int) -> tuple[Any, xgpu.Array]:
    """The same distinct numbers on both sides."""
    x = np.arange(int(np.prod(shape))).reshape(shape)
    return x, xgpu.asarray(x)


def shares(x: xgpu.Array, y: xgpu.Array) -> bool:
    """Whether a write through ``y`` is seen in ``x``; both are left changed."""
    before = host(x)
    y[...] = -77
    return not np.array_equal(before, host(x))


#: The standard has tuples alone; SciPy gives lists.
BY_LISTS: Any = ([0, 2], [1, 0])

VIEWS: dict[str, tuple[Callable[[Any], Any], Callable[[xgpu.Array], xgpu.Array]]] = {
    "permute": (lambda a: a.transpose(2, 0, 1), lambda x: xgpu.permute_dims(x, (2, 0, 1))),
    "permute negative": (
        lambda a: a.transpose(-1, 0, 1),
        lambda x: xgpu.permute_dims(x, (-1, 0, 1)),
    ),
    "moveaxis": (lambda a: np.moveaxis(a, 0, -1), lambda x: xgpu.moveaxis(x, 0, -1)),
    "moveaxis by lists": (
        lambda a: np.moveaxis(a, [0, 2], [1, 0]),
        lambda x: xgpu.moveaxis(x, *BY_LISTS),
    ),
    "moveaxis several": (
        lambda a: np.moveaxis(a, (0, 2), (1, 0)),
        lambda x: xgpu.moveaxis(x, (0, 2), (1, 0)),
    ),
    "flip": (lambda a: np.flip(a), lambda x: xgpu.flip(x)),
    "flip one": (lambda a: np.flip(a, 1), lambda x: xgpu.flip(x, axis=1)),
    "flip two": (lambda a: np.flip(a, (0, -1)), lambda x: xgpu.flip(x, axis=(0, -1))),
    "expand": (lambda a: np.expand_dims(a, 1), lambda x: xgpu.expand_dims(x, 1)),
    "expand end": (lambda a: np.expand_dims(a, -1), lambda x: xgpu.expand_dims(x, -1)),
    "expand several": (
        lambda a: np.expand_dims(a, (0, -1, 2)),
        lambda x: xgpu.expand_dims(x, (0, -1, 2)),
    ),
    "squeeze": (
        lambda a: np.squeeze(a[:, :1, :1], (1, 2)),
        lambda x: xgpu.squeeze(x[:, :1, :1], (1, 2)),
    ),
    "reshape": (lambda a: a.reshape(6, 4), lambda x: xgpu.reshape(x, (6, 4))),
    "reshape flat": (lambda a: a.reshape(-1), lambda x: xgpu.reshape(x, (-1,))),
    "reshape strided": (
        lambda a: a[::-1, :, ::2].reshape(2, 3, 1, 2),
        lambda x: xgpu.reshape(x[::-1, :, ::2], (2, 3, 1, 2), copy=False),
    ),
    "unstack": (lambda a: a[:, 1], lambda x: xgpu.unstack(x, axis=1)[1]),
    "unstack end": (lambda a: a[..., -1], lambda x: xgpu.unstack(x, axis=-1)[-1]),
    "transpose": (lambda a: a.swapaxes(1, 2), lambda x: x.mT),
}


@pytest.mark.parametrize("name", VIEWS)
def test_views(name: str) -> None:
    of_numpy, of_xgpu = VIEWS[name]
    a, x = given(2, 3, 4)
    same(of_xgpu(x), of_numpy(a))
    same(of_xgpu(x[::-1, :, ::-1]), of_numpy(a[::-1, :, ::-1]))
    of_xgpu(x)[...] = 5
    of_numpy(a)[...] = 5
    same(x, a)
    view = of_xgpu(x)
    x += 1
    same(view, of_numpy(a) + 1)


COPIES: dict[str, tuple[Callable[[Any], Any], Callable[[xgpu.Array], xgpu.Array]]] = {
    "concat one": (lambda a: np.concatenate([a]), lambda x: xgpu.concat([x])),
    "concat": (
        lambda a: np.concatenate([a, a[:, 1:]], axis=1),
        lambda x: xgpu.concat([x, x[:, 1:]], axis=1),
    ),
    "concat flat": (
        lambda a: np.concatenate([a, a[0]], axis=None),
        lambda x: xgpu.concat((x, x[0]), axis=None),
    ),
    "stack": (lambda a: np.stack([a, a + 1]), lambda x: xgpu.stack([x, x + 1])),
    "stack end": (lambda a: np.stack([a, a], axis=-1), lambda x: xgpu.stack((x, x), axis=-1)),
    "tile": (lambda a: np.tile(a, (2, 1, 3)), lambda x: xgpu.tile(x, (2, 1, 3))),
    "tile few": (lambda a: np.tile(a, (2,)), lambda x: xgpu.tile(x, (2,))),
    "tile many": (lambda a: np.tile(a, (2, 1, 1, 2)), lambda x: xgpu.tile(x, (2, 1, 1, 2))),
    "tile none": (lambda a: np.tile(a, (0, 2)), lambda x: xgpu.tile(x, (0, 2))),
    "repeat": (lambda a: np.repeat(a, 2), lambda x: xgpu.repeat(x, 2)),
    "repeat axis": (lambda a: np.repeat(a, 3, axis=1), lambda x: xgpu.repeat(x, 3, axis=1)),
    "repeat none": (lambda a: np.repeat(a, 0, axis=-1), lambda x: xgpu.repeat(x, 0, axis=-1)),
    "roll": (lambda a: np.roll(a, 5), lambda x: xgpu.roll(x, 5)),
    "roll axis": (lambda a: np.roll(a, -1, axis=2), lambda x: xgpu.roll(x, -1, axis=2)),
    "roll far": (lambda a: np.roll(a, 100, axis=1), lambda x: xgpu.roll(x, 100, axis=1)),
    "roll axes": (
        lambda a: np.roll(a, (1, -2), axis=(0, 2)),
        lambda x: xgpu.roll(x, (1, -2), axis=(0, 2)),
    ),
    "roll same axis": (
        lambda a: np.roll(a, (1, 1), axis=(1, 1)),
        lambda x: xgpu.roll(x, (1, 1), axis=(1, 1)),
    ),
    "roll one shift": (
        lambda a: np.roll(a, 1, axis=(1, 2)),
        lambda x: xgpu.roll(x, 1, axis=(1, 2)),
    ),
    "reshape": (
        lambda a: a.transpose(2, 1, 0).reshape(4, 6),
        lambda x: xgpu.reshape(xgpu.permute_dims(x, (2, 1, 0)), (4, 6)),
    ),
    "reshape asked": (lambda a: a.reshape(24), lambda x: xgpu.reshape(x, (24,), copy=True)),
}


@pytest.mark.parametrize("name", COPIES)
def test_copies(name: str, device: xgpu.Device) -> None:
    of_numpy, of_xgpu = COPIES[name]
    a, x = given(2, 3, 4)
    x = xgpu.to_device(x, device)
    got = of_xgpu(x)
    assert got.device is device
    same(got, of_numpy(a))
    same(of_xgpu(x[:, ::-1, ::-1]), of_numpy(a[:, ::-1, ::-1]))
    if got.size:
        assert not shares(x, got)


@pytest.mark.parametrize("name", [*VIEWS, *COPIES])
def test_each_function_is_lazy(name: str) -> None:
    _, x = given(2, 3, 4)
    with xgpu.trace() as trace:
        {**VIEWS, **COPIES}[name][1](x)
    assert trace.kernels == []


@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_each_dtype(dtype: np.dtype[Any]) -> None:
    a = sample(dtype)
    x = xgpu.asarray(a)
    same(xgpu.concat([x, x[::-1]]), np.concatenate([a, a[::-1]]))
    same(xgpu.repeat(xgpu.flip(x), 2), np.repeat(np.flip(a), 2))
    same(xgpu.roll(xgpu.tile(x, (1, 2)), 3, axis=1), np.roll(np.tile(a, (1, 2)), 3, axis=1))


def test_joining_promotes() -> None:
    a, b = np.asarray([1, 2], "int8"), np.asarray([0.5], "float32")
    same(xgpu.concat([xgpu.asarray(a), xgpu.asarray(b)]), np.concatenate([a, b]))
    c = np.asarray([True, False])
    same(xgpu.stack([xgpu.asarray(c), xgpu.asarray(a)]), np.stack([c, a]))


def test_each_part_that_is_joined_is_one_kernel() -> None:
    x = xgpu.asarray([1.0, 2.0])
    with xgpu.trace() as trace:
        joined = xgpu.concat([x + 1.0, xgpu.exp(x) * 2.0, x[::-1]])
        xgpu.materialize(joined)
    assert len(trace.kernels) == 3
    moved = sum(kernel.bytes for kernel in trace.kernels)
    assert moved == 3 * 2 * 2 * 8
    same(joined, np.concatenate([[2.0, 3.0], np.exp([1.0, 2.0]) * 2.0, [2.0, 1.0]]))


def test_a_join_of_many_parts() -> None:
    parts = [xgpu.asarray([i]) + 0 for i in range(250)]
    same(xgpu.concat(parts), np.arange(250))
    same(xgpu.stack(parts, axis=1), np.arange(250)[None])


def test_broadcast_to() -> None:
    a, x = given(3, 1)
    same(xgpu.broadcast_to(x, (2, 3, 4)), np.broadcast_to(a, (2, 3, 4)))
    same(xgpu.broadcast_to(x[0, 0], (2,)), np.broadcast_to(a[0, 0], (2,)))
    same(xgpu.broadcast_to(x, (3, 0)), np.broadcast_to(a, (3, 0)))
    view = xgpu.broadcast_to(x, (3, 2))
    x += 10
    same(view, np.broadcast_to(a + 10, (3, 2)))


def test_broadcast_arrays_and_shapes() -> None:
    a, x = given(3, 1)
    b, y = given(4)
    got = xgpu.broadcast_arrays(x, y)
    assert isinstance(got, tuple)
    for g, e in zip(got, np.broadcast_arrays(a, b), strict=True):
        same(g, e)
    assert xgpu.broadcast_arrays() == ()
    once, again = xgpu.broadcast_arrays(x, xgpu.ones((3, 1)))
    assert once is x
    again[0] = 5.0  # nothing was stretched, so it may be written to, as NumPy's
    assert again[0, 0] == 5.0
    assert xgpu.broadcast_shapes((3, 1), (4,), (1, 1, 1)) == (1, 3, 4)
    assert xgpu.broadcast_shapes() == ()
    assert xgpu.broadcast_shapes((0,), (1,)) == (0,)
    with pytest.raises(ValueError, match=r"\(2,\) \(3,\)"):
        xgpu.broadcast_shapes((2,), (3,))
    with pytest.raises(ValueError, match="broadcast"):
        xgpu.broadcast_arrays(x, xgpu.ones((2, 2)))


def test_broadcast_views_are_read_only() -> None:
    _, x = given(3, 1)
    for view in (
        xgpu.broadcast_to(x, (3, 4)),
        xgpu.broadcast_to(x, (3, 1)),
        xgpu.broadcast_to(x, (3, 4))[:, 0],
        xgpu.broadcast_arrays(x, xgpu.ones(4))[0].T[1],
        xgpu.reshape(xgpu.broadcast_to(x, (2, 3, 1)), (2, 3))[0],
    ):
        with pytest.raises(ValueError, match="read-only"):
            view[...] = 1
        with pytest.raises(ValueError, match="read-only"):
            view += 1
        with pytest.raises(ValueError, match="read-only"):
            view[:0] = 2
    same(x, np.arange(3)[:, None])
    copied = xgpu.asarray(xgpu.broadcast_to(x, (3, 4)), copy=True)
    copied += 1
    same(copied, np.broadcast_to(np.arange(3)[:, None], (3, 4)) + 1)


@pytest.mark.parametrize(
    ("target", "key"),
    [((6, 4), ...), ((4, 6), (slice(None), slice(None, None, 2))), ((2, 3, 2, 2), ...), ((24,), 0)],
)
def test_reshape_of_broadcast_and_strided_views(target: tuple[int, ...], key: Any) -> None:
    a, x = given(4, 1, 6)
    b, y = np.broadcast_to(a[:, 0, :1], (4, 6)), xgpu.broadcast_to(x[:, 0, :1], (4, 6))
    same(xgpu.reshape(y, target)[key], b.reshape(target)[key])
    c, z = a[::-1, 0, ::-1], x[::-1, 0, ::-1]
    same(xgpu.reshape(z, target)[key], c.reshape(target)[key])
    d, w = c.T, z.T
    same(xgpu.reshape(w, target)[key], d.reshape(target)[key])


def test_reshape_with_an_unknown_length() -> None:
    a, x = given(2, 3, 4)
    for shape in ((-1, 4), (2, -1), (4, -1, 2), (-1,)):
        same(xgpu.reshape(x, shape), a.reshape(shape))
    same(xgpu.reshape(x[:0], (0, 5)), a[:0].reshape(0, 5))
    same(xgpu.reshape(x[0, 0, 0], (1, 1)), a[0, 0, 0].reshape(1, 1))
    same(xgpu.reshape(x[:1, :1, :1], ()), a[:1, :1, :1].reshape(()))


def test_roll_and_flip_of_nothing() -> None:
    a, x = given(0, 3)
    same(xgpu.roll(x, 2), np.roll(a, 2))
    same(xgpu.roll(x, 2, axis=0), np.roll(a, 2, axis=0))
    same(xgpu.flip(x), np.flip(a))
    same(xgpu.flip(xgpu.asarray(3)), np.asarray(3))
    assert xgpu.unstack(x) == ()


REFUSED: list[tuple[Callable[[xgpu.Array], Any], type[Exception], str]] = [
    (lambda x: xgpu.broadcast_to(x, (3,)), ValueError, r"cannot stretch shape \(2, 3\) to \(3,\)"),
    (lambda x: xgpu.broadcast_to(x, (3, 3)), ValueError, "cannot stretch"),
    (lambda x: xgpu.broadcast_to(x, (2, 1)), ValueError, "cannot stretch"),
    (lambda x: xgpu.concat([]), ValueError, "at least one array"),
    (lambda x: xgpu.concat(x), TypeError, "got one array"),  # type: ignore[arg-type]
    (lambda x: xgpu.concat([x, 1.0]), TypeError, "float"),  # type: ignore[list-item]
    (lambda x: xgpu.concat([x, x[0]]), ValueError, r"\(2, 3\) and \(3,\)"),
    (lambda x: xgpu.concat([x, x[:, :2]]), ValueError, r"\(2, 3\) and \(2, 2\)"),
    (lambda x: xgpu.concat([x[0, 0]]), ValueError, "0-d"),
    (lambda x: xgpu.concat([x], axis=2), IndexError, "axis 2 is out of bounds"),
    (lambda x: xgpu.expand_dims(x, 3), IndexError, "out of bounds"),
    (lambda x: xgpu.expand_dims(x, (0, 0)), ValueError, "duplicate"),
    (lambda x: xgpu.flip(x, axis=2), IndexError, "out of bounds"),
    (lambda x: xgpu.moveaxis(x, 0, 2), IndexError, "destination: axis 2"),
    (lambda x: xgpu.moveaxis(x, (0, 1), 0), ValueError, "as many destinations"),
    (lambda x: xgpu.moveaxis(x, (0, 0), (0, 1)), ValueError, "duplicate"),
    (lambda x: xgpu.permute_dims(x, (0,)), ValueError, "each of 2 axes once"),
    (lambda x: xgpu.permute_dims(x, (0, 0)), ValueError, "duplicate"),
    (lambda x: xgpu.permute_dims(x, (0, 2)), IndexError, "out of bounds"),
    (lambda x: xgpu.repeat(x, -1), ValueError, "at least 0"),
    (lambda x: xgpu.repeat(x, 1.5), TypeError, "integer"),  # type: ignore[arg-type]
    (lambda x: xgpu.repeat(x, xgpu.ones(2)), TypeError, "integer dtype: got float64"),
    (lambda x: xgpu.repeat(x, xgpu.ones(1)), TypeError, "integer"),
    (lambda x: xgpu.repeat(x, xgpu.ones(2, dtype=INT)), ValueError, "each of 6 places"),
    (lambda x: xgpu.repeat(x, xgpu.ones((1, 1), dtype=INT)), ValueError, r"shape \(1, 1\)"),
    (lambda x: xgpu.repeat(x, xgpu.arange(-1, 2), axis=1), ValueError, "at least 0: got -1"),
    (lambda x: xgpu.repeat(x, xgpu.asarray([-2])), ValueError, "at least 0: got -2"),
    (lambda x: xgpu.reshape(x, (4,)), ValueError, r"size 6 into shape \(4,\)"),
    (lambda x: xgpu.reshape(x, (-1, -1)), ValueError, "one unknown"),
    (lambda x: xgpu.reshape(x, (-2, 3)), ValueError, "negative"),
    (lambda x: xgpu.reshape(x, (4, -1)), ValueError, "size 6"),
    (lambda x: xgpu.reshape(x.T, (6,), copy=False), ValueError, r"reshape\(copy=False\)"),
    (lambda x: xgpu.roll(x, (1, 2), axis=(0, 1, 1)), ValueError, "as many shifts"),
    (lambda x: xgpu.roll(x, 1, axis=2), IndexError, "out of bounds"),
    (lambda x: xgpu.squeeze(x, 0), ValueError, r"axes of length 1: got axis 0 of shape \(2, 3\)"),
    (lambda x: xgpu.squeeze(x, 2), IndexError, "out of bounds"),
    (lambda x: xgpu.stack([x, x[:1]]), ValueError, "one shape"),
    (lambda x: xgpu.stack([x], axis=3), IndexError, "out of bounds"),
    (lambda x: xgpu.stack([]), ValueError, "at least one array"),
    (lambda x: xgpu.tile(x, (-1,)), ValueError, "negative"),
    (lambda x: xgpu.unstack(x[0, 0]), ValueError, "0-d"),
    (lambda x: xgpu.unstack(x, axis=2), IndexError, "out of bounds"),
    (lambda x: xgpu.flip([1, 2]), TypeError, r"flip\(\) takes an xgpu array: got list"),  # type: ignore[arg-type]
    (lambda x: xgpu.reshape(np.ones(2), (2, 1)), TypeError, r"xgpu\.asarray"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_refused(number: int) -> None:
    call, error, said = REFUSED[number]
    with pytest.raises(error, match=said):
        call(xgpu.asarray(np.arange(6).reshape(2, 3)))


@pytest.mark.parametrize("dtype", ["int64", "uint8", "int16"])
def test_repeat_by_an_array_of_numbers(dtype: str) -> None:
    a = np.arange(24.0).reshape(2, 4, 3)
    x = xgpu.asarray(a)
    for numbers in ([2, 0, 1, 3], [0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 0, 5], [2]):
        given = np.asarray(numbers, dtype)
        same(xgpu.repeat(x, xgpu.asarray(given), axis=1), np.repeat(a, given, axis=1))
        same(xgpu.repeat(x, xgpu.asarray(given), axis=-2), np.repeat(a, given, axis=-2))
        turned = xgpu.permute_dims(x[::-1], (1, 2, 0))
        expected = np.repeat(a[::-1].transpose(1, 2, 0), given, axis=0)
        same(xgpu.repeat(turned, xgpu.asarray(given), axis=0), expected)
    flat = np.arange(24) % 3
    same(xgpu.repeat(x, xgpu.asarray(flat.astype(dtype))), np.repeat(a, flat))
    none = xgpu.zeros((0, 2))
    same(xgpu.repeat(none, xgpu.zeros(0, dtype=xgpu.int64), axis=0), np.zeros((0, 2)))
    same(xgpu.repeat(none, xgpu.asarray([1, 2]), axis=1), np.zeros((0, 3)))


def test_repeat_by_an_array_gives_a_copy() -> None:
    x = xgpu.asarray([1, 2])
    for numbers in ([1, 1], [1], [0, 0]):
        y = xgpu.repeat(x, xgpu.asarray(numbers))
        y[...] = 9
    same(x, np.asarray([1, 2]))
