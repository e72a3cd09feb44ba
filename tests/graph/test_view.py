"""The view algebra against NumPy's own strides."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from xgpu.graph import view as views
from xgpu.graph.view import View, broadcast, compose, contiguous_strides, is_contiguous, whole

Shapes = st.lists(st.integers(0, 4), min_size=0, max_size=4).map(tuple)


def elements(view: View, size: int) -> Any:
    """What ``view`` shows of 0 .. size - 1."""
    flat = np.arange(size)
    if 0 in view.shape:
        return np.empty(view.shape, flat.dtype)
    strides = tuple(s * flat.itemsize for s in view.strides)
    return np.ndarray(view.shape, flat.dtype, flat, view.offset * flat.itemsize, strides)


def view_of(array: Any, base: Any) -> View:
    """The View that NumPy holds for ``array``, a view on the contiguous ``base``."""
    size = base.itemsize
    offset = (array.ctypes.data - base.ctypes.data) // size if array.size else 0
    return View(array.shape, tuple(s // size for s in array.strides), offset)


@st.composite
def numpy_views(draw: st.DrawFn) -> tuple[Any, Any]:
    """A contiguous array and a view on it after a few steps of basic view operations."""
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple))
    base = np.arange(math.prod(shape)).reshape(shape)
    view = base
    for _ in range(draw(st.integers(0, 3))):
        match draw(st.sampled_from(["slice", "permute", "broadcast", "newaxis", "reshape"])):
            case "slice" if view.ndim:
                key = []
                for n in view.shape:
                    step = draw(st.sampled_from([1, 2, -1, -2]))
                    start = draw(st.integers(-n, n))
                    key.append(slice(start, None, step))
                view = view[tuple(key)]
            case "permute":
                view = view.transpose(draw(st.permutations(range(view.ndim))))
            case "broadcast":
                view = np.broadcast_to(view, (draw(st.integers(1, 3)), *view.shape))
            case "newaxis":
                view = view[..., None]
            case "reshape":
                flat = view.reshape(-1)
                if np.shares_memory(flat, base):
                    view = flat
    return base, view


@given(Shapes)
def test_contiguous_strides_are_numpys(shape: tuple[int, ...]) -> None:
    array = np.empty(shape, np.int8)
    if array.size:
        for ours, theirs, n in zip(contiguous_strides(shape), array.strides, shape, strict=True):
            assert ours == theirs or n == 1
    assert is_contiguous(whole(shape))


@given(numpy_views(), st.data())
def test_reshape_gives_a_view_exactly_where_numpy_does(
    pair: tuple[Any, Any], data: st.DataObject
) -> None:
    base, array = pair
    target = data.draw(st.permutations((*array.shape, 1))).copy()
    if len(target) > 1 and data.draw(st.booleans()):
        target = [target[0] * target[1], *target[2:]]
    ours = views.reshape(view_of(array, base), tuple(target))
    theirs = array.reshape(target)
    shares = np.shares_memory(theirs, base) if array.size else True
    assert (ours is not None) == shares
    if ours is not None:
        np.testing.assert_array_equal(elements(ours, base.size), theirs)


@given(numpy_views(), numpy_views())
def test_compose_reads_one_view_after_the_other(
    first: tuple[Any, Any], second: tuple[Any, Any]
) -> None:
    base, inner = first
    # The second view is taken over the C order of the first one's result.
    middle = np.ascontiguousarray(inner)
    outer_base, outer = second
    if outer_base.size > middle.size:
        return
    outer_view = view_of(outer, outer_base)
    expected = elements(outer_view, middle.size)
    expected = middle.reshape(-1)[expected] if expected.size else expected
    composed = compose(outer_view, view_of(inner, base))
    if composed is not None:
        np.testing.assert_array_equal(elements(composed, base.size), expected)


@given(numpy_views(), st.data())
def test_compose_always_succeeds_axis_by_axis(pair: tuple[Any, Any], data: st.DataObject) -> None:
    """Transposing, slicing and broadcasting what was viewed never needs a copy."""
    base, inner = pair
    middle = np.arange(inner.size).reshape(inner.shape)
    outer = middle.transpose(data.draw(st.permutations(range(middle.ndim))))
    outer = outer[
        tuple(slice(None, None, data.draw(st.sampled_from([1, -1, 2]))) for _ in outer.shape)
    ]
    outer = np.broadcast_to(outer, (2, *outer.shape))
    composed = compose(view_of(outer, middle), view_of(inner, base))
    assert composed is not None
    expected = inner.reshape(-1)[np.ascontiguousarray(outer)] if outer.size else outer
    np.testing.assert_array_equal(elements(composed, base.size), expected)


def test_compose_refuses_what_strides_cannot_express() -> None:
    # (2, 3) broadcast along its rows, flattened: element k is k % 3.
    inner = broadcast(whole((3,)), (2, 3))
    assert compose(whole((6,)), inner) is None


def test_a_step_across_rows_is_refused_and_not_misread() -> None:
    # The diagonal of a transposed (3, 3) matrix, addressed as every fourth element.
    inner = views.permute(whole((3, 3)), (1, 0))
    assert compose(View((3,), (4,), 0), inner) is None
