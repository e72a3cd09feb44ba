"""What all tests share: the devices that a test runs on, and Hypothesis's settings."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

import xgpu
from tests import filling, late_gpu
from xgpu.plugin import BackendUnavailableError, KernelOp, Result, Strided, ops

settings.register_profile(
    "default",
    deadline=None,  # a first example compiles kernels
    derandomize=True,  # the same examples on each run, so that a failure is the change's own
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("default")


def pytest_addoption(parser: pytest.Parser) -> None:
    """See `tests.filling` and `tests.late_gpu`."""
    filling.add_option(parser)
    late_gpu.add_option(parser)


def pytest_configure(config: pytest.Config) -> None:
    """See `tests.filling` and `tests.late_gpu`."""
    if config.getoption("late_gpu"):
        late_gpu.play()
    byte = config.getoption("fill")
    if byte is not None:
        filling.fill(byte)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say each reason for skipping once, with the number of tests that it concerns."""
    reports = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in reports)
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count} skipped: {reason}")


@pytest.fixture(
    params=["cpu:0", "cudasim:0", pytest.param("cuda:0", marks=pytest.mark.gpu)],
)
def device(request: pytest.FixtureRequest) -> xgpu.Device:
    """Runs a test on each device of the project's own backends; skips those not here."""
    try:
        return xgpu.device(request.param)
    except BackendUnavailableError as error:
        pytest.skip(f"{request.param}: {error}")


@pytest.fixture
def on_device(device: xgpu.Device) -> Iterator[xgpu.Device]:
    """Has a test that names no device run on each of them."""
    with xgpu.default_device(device):
        yield device


@pytest.fixture(autouse=True, scope="session")
def _kernel_ops_get_what_their_rows_say() -> None:
    """Hold each call of the reference's kernel ops to the contract of `xgpu.plugin`."""
    kernel_ops = xgpu.device("cpu").backend.kernel_ops
    for name in list(kernel_ops):
        kernel_ops[name] = _held_to_contract(ops.TABLE[name], kernel_ops[name])


def _held_to_contract(op: ops.Op, function: KernelOp) -> KernelOp:
    def run(
        device: int,
        operands: Sequence[Strided],
        results: Sequence[Result],
        attributes: Mapping[str, Any],
    ) -> list[Any]:
        assert len(operands) == op.arity
        assert all(0 not in operand.shape for operand in operands)
        assert all(0 not in result.shape for result in results)
        assert op.takes(operands[0].dtype)
        buffers = function(device, operands, results, attributes)
        assert len(buffers) == len(results)
        for buffer, result in zip(buffers, results, strict=True):
            assert (buffer.dtype, buffer.shape) == (result.dtype, (math.prod(result.shape),))
        return buffers

    return run


@pytest.fixture(autouse=True)
def _no_chosen_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the caller's XGPU_* settings out of processes that a test starts."""
    for name in ("XGPU_DEVICE", "XGPU_EAGER"):
        monkeypatch.delenv(name, raising=False)
