"""Value tests come alive on a device as its backend gets the ops that they need."""

from __future__ import annotations

from collections.abc import Generator

import pytest

import xgpu


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Skip a test, saying what is missing, where the device's backend lacks an op that it needs.

    The reference lacks none, so on ``cpu`` that is a failure.
    """
    try:
        return (yield)
    except xgpu.UnsupportedOperationError as error:
        device = getattr(item, "funcargs", {}).get("device")
        if device is None or device.type == "cpu":
            raise
        pytest.skip(str(error).partition(";")[0])
