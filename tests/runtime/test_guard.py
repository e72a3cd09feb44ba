"""What waits or copies without being asked, and what the guard does about it."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from threading import Thread
from typing import Any

import numpy as np
import pytest

import xgpu

IMPLICIT: dict[str, Callable[[Any], Any]] = {
    "item": lambda x: x[0].item(),
    "float": lambda x: float(x[0]),
    "int": lambda x: int(x[0]),
    "bool": lambda x: bool(x[0] > 0),
    "tolist": lambda x: x.tolist(),
    "repr": repr,
    "format": lambda x: f"{x[0]:.1f}",
    "mask": lambda x: x[x > 1],
    "nonzero": xgpu.nonzero,
    "unique": xgpu.unique_values,
    "index bounds": lambda x: x[xgpu.astype(x / 4, xgpu.int64)],
    "DLPack to the host": lambda x: x.__dlpack__(dl_device=(1, 0)),
}

EXPLICIT: dict[str, Callable[[Any], Any]] = {
    "to_device": lambda x: np.asarray(xgpu.to_device(x, "cpu")),
    "method to_device": lambda x: x.to_device("cpu"),
    "asarray": lambda x: xgpu.asarray([1.0, 2.0], device=x.device) + x[:2],
    "synchronize": lambda x: xgpu.synchronize(x.device),
    "materialize": xgpu.materialize,
    "arithmetic": lambda x: xgpu.sum(xgpu.exp(x) @ x),
}


@pytest.fixture
def x(device: xgpu.Device) -> Any:
    return xgpu.asarray([1.0, 2.0, 3.0], device=device) * 2


@pytest.mark.parametrize("name", IMPLICIT)
def test_what_nobody_asked_for(x: Any, name: str) -> None:
    call = IMPLICIT[name]
    shared = name.startswith("DLPack") and x.__dlpack_device__() == (1, 0)
    if x.device.type == "cpu" or shared:
        with xgpu.guard("error"):
            call(x)
        return
    with (
        pytest.raises(xgpu.GuardError, match=r"to the host.*test_guard\.py:\d+; ask for it"),
        xgpu.guard("error"),
    ):
        call(x)
    with xgpu.guard("error", transfers="allow"), pytest.raises(xgpu.GuardError, match="a wait for"):
        call(x)
    with xgpu.guard("allow"):
        call(x)
    call(x)


@pytest.mark.parametrize("name", EXPLICIT)
def test_what_was_asked_for(x: Any, name: str) -> None:
    with xgpu.guard("error"):
        EXPLICIT[name](x)


def test_a_decomposition_waits(device: xgpu.Device) -> None:
    x = xgpu.asarray([[2.0, 1.0], [1.0, 3.0]], device=device)
    with xgpu.guard("error", syncs="allow"):
        lower = xgpu.linalg.cholesky(x)
    if device.type != "cpu":
        with xgpu.guard(), pytest.raises(xgpu.GuardError, match=r"cholesky\(\) says whether"):
            xgpu.linalg.cholesky(x)
    assert np.allclose(np.asarray(xgpu.to_device(lower @ lower.T - x, "cpu")), 0)


def test_nothing_is_lost() -> None:
    x = xgpu.arange(4, device="cudasim:0") + 1
    with xgpu.guard(), pytest.raises(xgpu.GuardError):
        int(xgpu.sum(x))
    assert int(xgpu.sum(x)) == 10


def test_warnings_and_log_name_the_line(caplog: pytest.LogCaptureFixture) -> None:
    x = xgpu.ones(2, device="cudasim:0")
    with warnings.catch_warnings(record=True) as caught, xgpu.guard("warn"):
        warnings.simplefilter("always")
        float(x[0])
        bool(x[1])
    assert [w.category for w in caught] == [xgpu.GuardWarning] * 2
    assert caught[0].filename == __file__
    assert caught[1].lineno == caught[0].lineno + 1
    caplog.set_level(logging.INFO, logger="xgpu.guard")
    with xgpu.guard("log", syncs="log"):
        float(x[0])
    (record,) = caplog.records
    assert "test_guard.py:" in record.message


def test_it_is_the_threads_own_and_nests() -> None:
    x = xgpu.ones(2, device="cudasim:0")
    found: list[Any] = []
    with xgpu.guard("error"):
        thread = Thread(target=lambda: found.append(float(x[0])))
        thread.start()
        thread.join()
        with xgpu.guard("allow"):
            float(x[1])
        with pytest.raises(xgpu.GuardError):
            float(x[1])
    assert found == [1.0]


def test_actions_are_checked() -> None:
    wrong: list[dict[str, Any]] = [{"action": "raise"}, {"transfers": "no"}, {"syncs": True}]
    for given in wrong:
        with (
            pytest.raises(ValueError, match="one of error, warn, log, allow: got"),
            xgpu.guard(**given),
        ):
            pass
