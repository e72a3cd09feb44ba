"""A write that is refused leaves the array, its views and what was recorded as they were."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import xgpu
from tests.bad_input import rows_arrays
from tests.bad_input.calls import Raw, function_of
from tests.bad_input.row import Row
from tests.comparing import same
from xgpu.plugin import UnsupportedOperationError

WRITES = [row for row in rows_arrays.ROWS if "=" in row.name]


def placed(value: Any, device: xgpu.Device) -> Any:
    """``value`` with arrays on the device in place of NumPy's."""
    if isinstance(value, Raw):
        return value.value
    if isinstance(value, np.ndarray):
        return xgpu.asarray(value, device=device)
    if isinstance(value, tuple):
        return tuple(placed(v, device) for v in value)
    return value


@pytest.mark.parametrize("row", WRITES, ids=lambda row: f"{row.name}-{row.error.__name__}")
def test_a_refused_write_changes_nothing(row: Row, device: xgpu.Device) -> None:
    x = row.call.args[0]
    rest = [placed(v, device) for v in row.call.args[1:]]
    kept = xgpu.asarray(x, device=device)
    pending = xgpu.where(kept == kept, kept, kept)  # the same values, not computed yet
    for a in (kept, pending):
        view, copied = a[..., ::-1], xgpu.asarray(a, copy=True)
        # What a backend has no kernel for is refused as well.
        with pytest.raises((row.error, UnsupportedOperationError)):
            function_of(row.name)(a, *rest)
        same(a, x)
        same(view, x[..., ::-1])
        same(copied, x)
        # And the array is none the worse.
        a[..., 0] = a[..., 1]
        expected = x.copy()
        expected[..., 0] = expected[..., 1]
        same(view, expected[..., ::-1])


def test_there_are_writes() -> None:
    assert {row.name for row in WRITES} >= {"x[key] = value", "x += y", "x /= y", "x @= y"}
    assert len(WRITES) > 50
