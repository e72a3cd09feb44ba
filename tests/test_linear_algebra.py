"""Products of matrices and vectors, against NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import ALL, same, sample

NUMERIC = [d for d in ALL if d.kind != "b"]
SHAPES = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 4)),
    ((2, 3), (3, 4)),
    ((5, 2, 3), (3, 4)),
    ((5, 1, 2, 3), (4, 3, 2)),
    ((3,), (5, 3, 2)),
    ((5, 2, 3), (3,)),
    ((0, 3), (3, 2)),
    ((2, 0), (0, 3)),
    ((0,), (0,)),
]


@pytest.mark.parametrize(("first", "second"), SHAPES, ids=str)
def test_matmul(first: tuple[int, ...], second: tuple[int, ...], device: xgpu.Device) -> None:
    x, y = sample(np.dtype("float64"), first), sample(np.dtype("float64"), second, seed=1)
    a, b = xgpu.asarray(x, device=device), xgpu.asarray(y, device=device)
    for got in (xgpu.matmul(a, b), a @ b):
        assert got.device is device
        same(got, x @ y, rtol=1e-14)


@pytest.mark.parametrize("dtype", NUMERIC, ids=str)
def test_matmul_of_each_dtype(dtype: np.dtype[Any]) -> None:
    x, y = sample(dtype, (2, 3)), sample(dtype, (3, 2), seed=1)
    same(xgpu.matmul(xgpu.asarray(x), xgpu.asarray(y)), x @ y, rtol=1e-6)
    same(xgpu.asarray(x).T @ xgpu.asarray(y).mT, x.T @ y.T, rtol=1e-6)


def test_matmul_promotes_and_reads_views_and_pending_values() -> None:
    x, y = sample(np.dtype("int8"), (4, 6)), sample(np.dtype("float32"), (3, 4), seed=1)
    a, b = xgpu.asarray(x), xgpu.asarray(y)
    same((a * 2)[::2, ::-1].T @ (b + 1.0)[:, ::2].T, (x * 2)[::2, ::-1].T @ (y + 1)[:, ::2].T, 1e-6)
    same(xgpu.broadcast_to(a[:, :1], (4, 4)) @ b.T, np.broadcast_to(x[:, :1], (4, 4)) @ y.T, 1e-6)


def test_matmul_in_place_and_reflected() -> None:
    x = np.asarray([[1.0, 2.0], [3.0, 4.0]])
    a = xgpu.asarray(x)
    view = a[0]
    a @= a
    same(a, x @ x)
    same(view, (x @ x)[0])
    with pytest.raises(TypeError, match="unsupported operand"):
        a @ 2.0  # type: ignore[operator]
    with pytest.raises(ValueError, match="non-broadcastable"):
        a @= xgpu.ones(2)


def test_matrix_transpose() -> None:
    x = sample(np.dtype("int32"), (2, 3, 4))
    a = xgpu.asarray(x)
    same(xgpu.matrix_transpose(a), x.swapaxes(1, 2))
    xgpu.matrix_transpose(a)[0, 1, 2] = 99
    assert int(a[0, 2, 1]) == 99


def numpys_vecdot(x: Any, y: Any, axis: int) -> Any:
    """The sum of products with the axis moved to the end."""
    a, b = np.moveaxis(x, axis, -1), np.moveaxis(y, axis, -1)
    return (np.conj(a) * b).sum(axis=-1, dtype=np.result_type(x, y))


TENSORDOTS: list[tuple[tuple[int, ...], tuple[int, ...], Any]] = [
    ((2, 3), (3, 4), 1),
    ((2, 3), (2, 3), 2),
    ((2, 3), (4, 5), 0),
    ((2, 3, 4), (4, 3, 5), ((1, 2), (1, 0))),
    ((2, 3, 4), (4, 3, 5), ([-1, -2], [0, 1])),
    ((2, 3), (3, 2), ((0, 1), (1, 0))),
    ((2, 3), (5,), ((), ())),
    ((), (2, 3), 0),
    ((3, 0), (0, 2), 1),
    ((0, 3), (3, 2), 1),
    ((3,), (3,), 1),
]


@pytest.mark.parametrize(("first", "second", "axes"), TENSORDOTS, ids=str)
def test_tensordot(
    first: tuple[int, ...], second: tuple[int, ...], axes: Any, device: xgpu.Device
) -> None:
    x, y = sample(np.dtype("float64"), first), sample(np.dtype("float64"), second, seed=1)
    got = xgpu.tensordot(xgpu.asarray(x, device=device), xgpu.asarray(y, device=device), axes=axes)
    same(got, np.tensordot(x, y, axes=axes), rtol=1e-14)


@pytest.mark.parametrize("dtype", NUMERIC, ids=str)
def test_products_of_each_dtype(dtype: np.dtype[Any]) -> None:
    x, y = sample(dtype, (4, 3)), sample(dtype, (4, 3), seed=1)
    a, b = xgpu.asarray(x), xgpu.asarray(y)
    same(xgpu.tensordot(a, b), np.tensordot(x, y), rtol=1e-6)
    for axis in (-1, -2):
        same(xgpu.vecdot(a, b, axis=axis), numpys_vecdot(x, y, axis), rtol=1e-6)


@pytest.mark.parametrize(
    ("first", "second", "axis"),
    [
        ((3,), (3,), -1),
        ((2, 3), (3,), -1),
        ((4, 1, 3), (2, 3), -1),
        ((3, 4), (3, 1), -2),
        ((2, 0), (0,), -1),
        ((2, 3), (2, 3), 0),
    ],
    ids=str,
)
def test_vecdot(
    first: tuple[int, ...], second: tuple[int, ...], axis: int, device: xgpu.Device
) -> None:
    x, y = sample(np.dtype("float64"), first), sample(np.dtype("float64"), second, seed=1)
    got = xgpu.vecdot(xgpu.asarray(x, device=device), xgpu.asarray(y, device=device), axis=axis)
    same(got, numpys_vecdot(x, y, axis), rtol=1e-14)


def test_vecdot_conjugates_its_first_operand_and_is_one_kernel() -> None:
    x = xgpu.asarray([1 + 2j, 3 - 1j])
    with xgpu.trace() as trace:
        same(xgpu.vecdot(x, x), np.asarray(15 + 0j))
    assert len(trace.kernels) == 1


def two(*shapes: tuple[int, ...]) -> tuple[xgpu.Array, ...]:
    """Ones of these shapes."""
    return tuple(xgpu.ones(shape) for shape in shapes)


REFUSED: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: xgpu.matmul(*two((), (3,))), ValueError, "0-d"),
    (lambda: xgpu.matmul(*two((2, 3), (2, 3))), ValueError, "3 columns on the left"),
    (lambda: xgpu.matmul(*two((3,), (2,))), ValueError, "3 columns"),
    (lambda: xgpu.matmul(*two((2, 1, 3), (3, 3, 1))), ValueError, "broadcast"),
    (lambda: xgpu.matmul(xgpu.ones(2), 2.0), TypeError, "float"),  # type: ignore[arg-type]
    (lambda: xgpu.matmul(xgpu.ones(2), np.ones(2)), TypeError, r"xgpu\.asarray"),  # type: ignore[arg-type]
    (lambda: xgpu.ones(2) @ np.ones(2), TypeError, r"xgpu\.asarray"),
    (lambda: np.ones(2) @ xgpu.ones(2), TypeError, r"xgpu\.asarray"),
    (
        lambda: xgpu.matmul(*[xgpu.ones(2, dtype=xgpu.bool)] * 2),
        TypeError,
        r"matmul\(\) does not take dtype bool",
    ),
    (lambda: xgpu.matrix_transpose(xgpu.ones(3)), ValueError, "at least 2 axes"),
    (lambda: xgpu.tensordot(*two((2, 3), (2, 3)), axes=1), ValueError, "equal length"),
    (lambda: xgpu.tensordot(*two((2,), (2,)), axes=2), ValueError, "cannot sum over 2"),
    (lambda: xgpu.tensordot(*two((2,), (2,)), axes=-1), ValueError, "cannot sum over -1"),
    (lambda: xgpu.tensordot(*two((2,), (2,)), axes=((1,), (0,))), IndexError, "out of bounds"),
    (lambda: xgpu.tensordot(*two((2, 2), (2,)), axes=((0, 1), (0,))), ValueError, "as many axes"),
    (lambda: xgpu.tensordot(*two((2, 2), (2, 2)), axes=((0, 0), (0, 1))), ValueError, "each once"),
    (lambda: xgpu.vecdot(*two((2, 3), (2, 1))), ValueError, "equal lengths along axis -1"),
    (lambda: xgpu.vecdot(*two((2, 3), (4, 3))), ValueError, "broadcast"),
    (lambda: xgpu.vecdot(*two((3,), (2, 3)), axis=-2), IndexError, "out of bounds"),
    (lambda: xgpu.vecdot(xgpu.ones(2), [1, 2]), TypeError, "list"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_refused(number: int) -> None:
    call, error, said = REFUSED[number]
    with pytest.raises(error, match=said):
        call()


def test_the_reflected_operator_has_the_left_operand_as_its_argument(device: xgpu.Device) -> None:
    a, b = np.arange(6).reshape(2, 3), np.arange(12).reshape(3, 4)
    x, y = xgpu.asarray(a, device=device), xgpu.asarray(b, device=device)
    same(y.__rmatmul__(x), a @ b)
