"""A pytest plugin: other libraries' own suites, with one namespace in the place of all others.

``consumer_suites.py`` runs pytest with it. In the environment ``SUITE_NAMESPACE`` is ``xgpu`` or
``array_api_strict``, and ``SUITE_RESULTS`` the file that gets the outcomes. No installed file is
changed: what a suite would parametrize its tests with is replaced while they are collected, and
tests of no namespace are left out. So are the exceptions that a suite makes for array-api-strict:
both namespaces meet the same tests.
"""

from __future__ import annotations

import importlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

NAME: Final = os.environ["SUITE_NAMESPACE"]
STRICT: Final = "array_api_strict"
BACKEND_MARKS: Final = (
    "skip_xp_backends",
    "xfail_xp_backends",
    "skip_xp_backend",
    "xfail_xp_backend",
)


class Library:
    """Stands where array-api-extra's tests have a member of their enum of libraries."""

    name = NAME.upper()
    value = modname = NAME

    def like(self, *others: Any) -> bool:
        """Whether one of them is array-api-strict, where tests branch by what a library chose."""
        return any(other.modname == STRICT for other in others)


def pytest_configure(config: pytest.Config) -> None:
    """Have scikit-learn's tests parametrized; they ask when they are imported."""
    for mark in ("thread_unsafe", "array_api_backends"):
        config.addinivalue_line("markers", f"{mark}: of plugins that are not used here")
    if os.environ.get("SUITE") == "sklearn":
        api: Any = importlib.import_module("sklearn.utils._array_api")
        api.yield_namespaces = _sklearn_namespaces
        api.yield_namespace_device_dtype_combinations = _sklearn_combinations
        kind = api.NamespaceAndDevice
        api.yield_mixed_namespace_input_permutations = lambda: iter(
            [(kind(NAME, _DEVICES[1][0]), kind("torch", "cpu"), f"{NAME} to torch cpu")]
        )
    if os.environ.get("SUITE") == "array_api_extra" and NAME != STRICT:
        # Its fixture calls this of each library that is like array-api-strict.
        namespace: Any = importlib.import_module(NAME)
        namespace.set_array_api_strict_flags = lambda **flags: None
    if NAME == "xgpu":
        info: Any = type(importlib.import_module(NAME).__array_namespace_info__())
        every = info.devices
        # Not those of other plugins that are installed, whose backends need not have all ops.
        info.devices = lambda self: [d for d in every(self) if d.type in ("cpu", "cudasim")]
    config.pluginmanager.register(Outcomes(config), "consumer-outcomes")


_DEVICES: Final = (
    (("CPU_DEVICE", "float64"), ("device1", "float32"))
    if NAME == STRICT
    else (("cpu", "float64"), ("cpu", "float32"))
)


def _sklearn_namespaces(include_numpy_namespaces: bool = True) -> Iterator[str]:
    yield NAME


def _sklearn_combinations(include_numpy_namespaces: bool = True) -> Iterator[tuple[str, str, str]]:
    for device, dtype in _DEVICES:
        yield NAME, device, dtype


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Put the namespace in the place of those that SciPy's and array-api-extra's fixtures have."""
    fixtures: Any = metafunc._arg2fixturedefs
    for fixture in fixtures.get("xp", ()):
        names = fixture.func.__globals__
        if fixture.params and "xp_known_backends" in names:
            names["xp_known_backends"].add(NAME)
            marks = pytest.mark.array_api_backends
            fixture.params = [pytest.param(importlib.import_module(NAME), id=NAME, marks=marks)]
    for fixture in fixtures.get("library", ()):
        if fixture.params and "Backend" in (names := fixture.func.__globals__):
            strict = names["Backend"].ARRAY_API_STRICT
            fixture.params = [pytest.param(strict if NAME == STRICT else Library(), id=NAME)]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests of no namespace, and exceptions for array-api-strict."""
    chosen = [item for item in items if _about_the_namespace(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
    items[:] = chosen
    for node in {node for item in items for node in item.listchain()}:
        node.own_markers[:] = [kept for mark in node.own_markers for kept in _without(mark)]


def _about_the_namespace(item: pytest.Item) -> bool:
    params = item.callspec.params if hasattr(item, "callspec") else {}
    if os.environ.get("SUITE") == "sklearn":
        mixed = any(getattr(value, "xp", None) == NAME for value in params.values())
        return mixed or params.get("array_namespace") == NAME
    return "xp" in params or "library" in params


def _without(mark: pytest.Mark) -> list[pytest.Mark]:
    """The mark without exceptions for array-api-strict, and for both where it is one."""
    if mark.name not in BACKEND_MARKS:
        return [mark]
    if any(STRICT in str(getattr(given, "value", given)) for given in mark.args):
        return []
    if STRICT in mark.kwargs.get("exceptions", ()):
        wider = {**mark.kwargs, "exceptions": [*mark.kwargs["exceptions"], NAME]}
        return [getattr(pytest.mark, mark.name)(*mark.args, **wider).mark]
    return [mark]


class Outcomes:
    """Counts outcomes and writes them when the run ends."""

    def __init__(self, config: pytest.Config) -> None:
        self.of: dict[str, str] = {}
        self.messages: dict[str, str] = {}
        self.here = not hasattr(config, "workerinput")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the call's outcome, or that of a set-up which went otherwise than well."""
        if report.when == "call" or (report.outcome != "passed" and report.nodeid not in self.of):
            expected = hasattr(report, "wasxfail")
            outcome = {"skipped": "xfailed", "passed": "xpassed"}.get(report.outcome, "failed")
            self.of[report.nodeid] = outcome if expected else report.outcome
            if report.outcome == "failed":
                crash = getattr(report.longrepr, "reprcrash", None)
                text = crash.message if crash else str(report.longrepr)
                self.messages[report.nodeid] = text[:600]
            elif report.outcome == "skipped" and not expected:
                self.messages[report.nodeid] = str(report.longrepr[2])[:200]  # type: ignore[index]

    def pytest_sessionfinish(self) -> None:
        """Write the file."""
        if not self.here:
            return
        outcomes = {
            "counts": dict(Counter(self.of.values())),
            "failed": {k: self.messages[k] for k, v in self.of.items() if v == "failed"},
            "skipped": dict(
                Counter(self.messages[k] for k, v in self.of.items() if v == "skipped")
            ),
            "passed": sorted(k for k, v in self.of.items() if v == "passed"),
        }
        Path(os.environ["SUITE_RESULTS"]).write_text(json.dumps(outcomes, indent=1) + "\n")
