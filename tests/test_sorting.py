"""Sorting against Python's own stable sort, which knows nothing of NumPy's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import ALL, COMPLEX, FLOATS, INTEGERS, host, same, sample

pytestmark = pytest.mark.usefixtures("on_device")

NAN = math.nan


def rank(value: Any, descending: bool) -> tuple[Any, ...]:
    """A key for Python's sort: NaN last in either direction, complex numbers by their parts."""
    if isinstance(value, complex):
        real = value.real if value.imag == value.imag else NAN
        return (*rank(real, descending), *rank(value.imag, descending))
    if value != value:
        return (1, 0)
    return (0, -value if descending else value)


def expected_order(x: Any, axis: int, descending: bool) -> Any:
    """The indices that Python's stable sort gives along an axis."""

    def line(values: Any) -> Any:
        items = values.tolist()
        return sorted(range(len(items)), key=lambda i: rank(items[i], descending))

    if not x.size:
        return np.zeros(x.shape, "int64")
    return np.apply_along_axis(line, axis, x).astype("int64")


def check(a: Any, x: xgpu.Array, axis: int, descending: bool) -> None:
    places = expected_order(a, axis, descending)
    same(xgpu.argsort(x, axis=axis, descending=descending), places)
    same(xgpu.sort(x, axis=axis, descending=descending), np.take_along_axis(a, places, axis))
    loose = host(xgpu.argsort(x, axis=axis, descending=descending, stable=False))
    np.testing.assert_array_equal(np.sort(loose, axis=axis), np.sort(places, axis=axis))
    np.testing.assert_array_equal(
        np.take_along_axis(a, loose, axis), np.take_along_axis(a, places, axis)
    )
    ordered = xgpu.sort(x, axis=axis, descending=descending, stable=False)
    same(ordered, np.take_along_axis(a, places, axis))


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_dtypes(dtype: np.dtype[Any], descending: bool) -> None:
    a = sample(dtype, (5, 40))
    check(a, xgpu.asarray(a), 1, descending)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("axis", [0, 1, 2, 3, -1, -3])
def test_axes_of_views(axis: int, descending: bool) -> None:
    a = sample(np.dtype("float32"), (4, 3, 5, 2))
    x = xgpu.asarray(a)
    check(a, x, axis, descending)
    turned = np.ascontiguousarray(a[::-1, ..., ::-1].transpose(2, 0, 1, 3))
    check(turned, xgpu.permute_dims(x[::-1, ..., ::-1], (2, 0, 1, 3)), axis, descending)
    stretched = np.ascontiguousarray(np.broadcast_to(a[:, :1], a.shape))
    check(stretched, xgpu.broadcast_to(x[:, :1], a.shape), axis, descending)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("dtype", [*FLOATS, *COMPLEX], ids=str)
def test_special_values(dtype: np.dtype[Any], descending: bool) -> None:
    line = [NAN, 1.0, -0.0, math.inf, 0.0, -math.inf, NAN, 5e-324, -1.0, 0.0, -0.0, 1.0]
    a = np.asarray(line, dtype)
    if dtype.kind == "c":
        a = np.asarray([complex(p, q) for p in line[:9] for q in line[:9]], dtype)
    x = xgpu.asarray(a)
    check(a, x, 0, descending)
    order = host(xgpu.argsort(x, descending=descending))
    values = host(xgpu.sort(x, descending=descending))
    for part in (np.real, np.imag):
        np.testing.assert_array_equal(np.signbit(part(values)), np.signbit(part(a[order])))


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_the_ends_of_the_integers(dtype: np.dtype[Any], descending: bool) -> None:
    info = np.iinfo(dtype)
    a = np.asarray([0, info.max, info.min, 1, info.max - 1, info.min, info.max], dtype)
    check(a, xgpu.asarray(a), 0, descending)


@pytest.mark.parametrize("shape", [(1,), (0,), (0, 3), (3, 0), (1, 1), (2, 1)])
def test_few_elements(shape: tuple[int, ...]) -> None:
    for dtype in (np.dtype("int16"), np.dtype("complex64")):
        a = sample(dtype, shape)
        for axis in range(len(shape)):
            for descending in (False, True):
                check(a, xgpu.asarray(a), axis, descending)


def test_many_elements() -> None:
    a = np.random.default_rng(0).integers(-500, 500, 1_100_000)
    x = xgpu.asarray(a)
    same(xgpu.sort(x), np.sort(a))
    same(xgpu.argsort(x), np.argsort(a, stable=True))
    down = xgpu.argsort(x, descending=True)
    same(down, np.argsort(-a, stable=True))


def test_the_argument_stays_and_the_result_is_a_copy() -> None:
    x = xgpu.asarray([2, 1])
    one = xgpu.asarray([5])
    for given, result in ((x, xgpu.sort(x)), (one, xgpu.sort(one))):
        result[...] = 9
        assert 9 not in host(given)


def test_of_something_pending() -> None:
    a = sample(np.dtype("float64"), (30,))
    x = xgpu.asarray(a)
    same(xgpu.sort(x * 2.0 - 1.0) + 1.0, np.sort(a * 2.0 - 1.0) + 1.0)


@pytest.mark.parametrize("name", ["sort", "argsort"])
def test_refuses(name: str) -> None:
    function = getattr(xgpu, name)
    with pytest.raises(IndexError, match="axis 2 is out of bounds for array of dimension 2"):
        function(xgpu.ones((2, 2)), axis=2)
    with pytest.raises(IndexError, match="dimension 0"):
        function(xgpu.asarray(1.0))
    with pytest.raises(TypeError, match=rf"{name}\(\) takes an xgpu array: got list"):
        function([1, 2])
    with pytest.raises(TypeError, match="axis must be an integer"):
        function(xgpu.ones(2), axis=None)
