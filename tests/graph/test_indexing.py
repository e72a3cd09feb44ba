"""Basic indexing against NumPy: the same elements, and the same errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from xgpu.graph.indexing import index
from xgpu.graph.view import whole


def elements(shape: tuple[int, ...], key: Any) -> Any:
    view = index(whole(shape), key)
    flat = np.arange(int(np.prod(shape)))
    if 0 in view.shape:
        return np.empty(view.shape, flat.dtype)
    strides = tuple(s * flat.itemsize for s in view.strides)
    return np.ndarray(view.shape, flat.dtype, flat, view.offset * flat.itemsize, strides)


@given(st.data())
def test_every_basic_index_selects_what_numpy_selects(data: st.DataObject) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    key = data.draw(hnp.basic_indices(shape, allow_newaxis=True))
    expected = np.arange(int(np.prod(shape))).reshape(shape)[key]
    np.testing.assert_array_equal(elements(shape, key), expected)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (3, "index 3 is out of bounds for axis 0 with size 3"),
        ((0, -5), "index -5 is out of bounds for axis 1 with size 4"),
        ((0, 0, 0), "too many indices"),
        ((..., ...), "single ellipsis"),
        (1.5, "only integers, slices"),
        ("a", "only integers, slices"),
        (True, "boolean"),
        (slice(0.5, None), "slice indices must be integers"),
    ],
)
def test_bad_keys_are_index_errors(key: Any, message: str) -> None:
    with pytest.raises(IndexError, match=message):
        index(whole((3, 4)), key)


def test_a_zero_step_is_numpys_value_error() -> None:
    with pytest.raises(ValueError, match="step"):
        index(whole((3,)), slice(None, None, 0))
