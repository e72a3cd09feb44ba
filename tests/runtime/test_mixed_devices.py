"""Calls that get arrays of two devices."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import host

HERE, THERE = "cpu", "cudasim:0"

CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: x + y,
    "compare": lambda x, y: x < y,
    "where": lambda x, y: xgpu.where(x > 2, x, y),
    "clip": lambda x, y: xgpu.clip(x, y[0], y[3]),
    "matmul": lambda x, y: x @ y,
    "vecdot": lambda x, y: xgpu.vecdot(x, y),
    "tensordot": lambda x, y: xgpu.tensordot(x, y, axes=1),
    "concat": lambda x, y: xgpu.concat([x, y]),
    "stack": lambda x, y: xgpu.stack([x, y]),
    "meshgrid": lambda x, y: xgpu.meshgrid(x, y)[1],
    "broadcast_arrays": lambda x, y: xgpu.broadcast_arrays(x, y)[0],
    "isin": lambda x, y: xgpu.isin(x, y),
    "searchsorted": lambda x, y: xgpu.searchsorted(x, y),
    "take": lambda x, y: xgpu.take(x, xgpu.astype(y, xgpu.int64) % 4),
    "take_along_axis": lambda x, y: xgpu.take_along_axis(x, xgpu.astype(y, xgpu.int64) % 4),
    "index": lambda x, y: x[xgpu.astype(y, xgpu.int64) % 4],
    "mask": lambda x, y: x[y > 2],
    "repeat": lambda x, y: xgpu.repeat(x, xgpu.astype(y, xgpu.int64)),
    "diff": lambda x, y: xgpu.diff(x, append=y),
    "outer": lambda x, y: xgpu.linalg.outer(x, y),
    "cross": lambda x, y: xgpu.linalg.cross(x[1:], y[1:]),
    "solve": lambda x, y: xgpu.linalg.solve(x[:2, None] * xgpu.eye(2, device=x.device), y[:2]),
    "pow, 0-d": lambda x, y: x ** y[1],
}

NO_MIXTURE = {"broadcast_arrays"}
"""Which give each array its own device."""


def operands(first: str, second: str) -> tuple[xgpu.Array, xgpu.Array]:
    """Two vectors."""
    return (
        xgpu.asarray([1.0, 2.0, 3.0, 4.0], device=first),
        xgpu.asarray([2.0, 3.0, 1.0, 4.0], device=second),
    )


@pytest.mark.parametrize("name", CALLS)
def test_each_call(name: str) -> None:
    call = CALLS[name]
    expected = host(call(*operands(HERE, HERE)))
    if name in NO_MIXTURE:
        assert call(*operands(HERE, THERE)).device == HERE
        return
    for first, second in ((HERE, THERE), (THERE, HERE)):
        x, y = operands(first, second)
        with pytest.raises(xgpu.DeviceMismatchError, match="xgpu.to_device"):
            call(x, y)
        with xgpu.mixed_devices("move"), xgpu.trace() as trace:
            result = call(x, y)
            assert result.device == first
            np.testing.assert_array_equal(host(result), expected)
        assert any("takes one device" in copy.reason for copy in trace.copies)
        assert x.device == first
        assert y.device == second
        with pytest.raises(xgpu.DeviceMismatchError):
            call(x, y)


def test_a_number_goes_to_the_array() -> None:
    number, x = xgpu.asarray(2.0), xgpu.asarray([1.0, 2.0], device=THERE)
    with xgpu.mixed_devices("move"):
        assert (number * x).device == THERE
        assert (x * number).device == THERE
        assert xgpu.where(number > 1, x, number).device == THERE
        assert (number + xgpu.asarray(1.0, device=THERE)).device == HERE


def test_what_is_written_to_stays() -> None:
    x, y = operands(HERE, THERE)
    view = x[:]
    with pytest.raises(xgpu.DeviceMismatchError):
        x += y
    with pytest.raises(xgpu.DeviceMismatchError):
        x[:] = y
    with xgpu.mixed_devices("move"):
        x += y
        x[0] = y[3]
        x[xgpu.asarray([1])] = y[:1]
        number = xgpu.asarray(1.0)
        number += y[0]
        assert number.device == HERE
    assert x.device == HERE
    assert view.tolist() == [4.0, 2.0, 4.0, 8.0]


def test_warnings_name_the_line() -> None:
    x, y = operands(HERE, THERE)
    with warnings.catch_warnings(record=True) as caught, xgpu.mixed_devices("warn"):
        warnings.simplefilter("always")
        assert (x + y).device == HERE
    (warning,) = caught
    assert warning.category is xgpu.MixedDevicesWarning
    assert warning.filename == __file__
    assert "got arrays on cpu and on cudasim:0: moved to cpu" in str(warning.message)


def test_the_guard_sees_the_copies() -> None:
    x, y = operands(HERE, THERE)
    with xgpu.mixed_devices("move"), xgpu.guard("error"), pytest.raises(xgpu.GuardError):
        x + y


def test_policies_are_checked() -> None:
    policy: Any = "copy"
    with (
        pytest.raises(ValueError, match="takes one of error, warn, move: got 'copy'"),
        xgpu.mixed_devices(policy),
    ):
        pass
