"""Counts the copies to the host during a run of the official suite, as a plugin of pytest.

    PYTHONPATH=docs/measurements XGPU_DEVICE=cuda:0 ... pytest -p official_reads array_api_tests

Prints how often the driver copied to the host, and why: what the front-end read, by its reason. The
difference is what the backend's own ops read, such as whether a decomposition failed.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import xgpu
from xgpu.runtime import trace

reasons: Counter[str] = Counter()
totals: Counter[str] = Counter()


def _copied(direction: str, device: Any, dtype: Any, shape: Any, reason: str) -> None:
    if direction == "to host" and str(device) != "cpu" and 0 not in shape:
        reasons[reason] += 1


def pytest_configure(config: pytest.Config) -> None:
    """Count from here on."""
    trace.copied = _copied


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the counts of this process on."""
    driver = getattr(xgpu.asarray(0).device.backend, "driver", None)
    found = dict(reasons)
    if driver is not None:
        found["all, as the driver counts"] = driver.reads
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["reads"] = found
    else:
        totals.update(found)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Add a worker's counts."""
    totals.update(getattr(node, "workeroutput", {}).get("reads", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the sums."""
    for reason, count in totals.most_common():
        terminalreporter.write_line(f"copies to the host, {reason}: {count}")
