"""What all tests share: the devices that a test runs on, and Hypothesis's settings."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

import xgpu
from xgpu.plugin import BackendUnavailableError

settings.register_profile(
    "default",
    deadline=None,  # a first example compiles kernels
    derandomize=True,  # the same examples on each run, so that a failure is the change's own
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("default")


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


@pytest.fixture(autouse=True)
def _no_chosen_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the caller's XGPU_* settings out of processes that a test starts."""
    for name in ("XGPU_DEVICE", "XGPU_EAGER"):
        monkeypatch.delenv(name, raising=False)
