"""Running the array API's own suite against wrong backends until a test of it fails.

The suite is collected once. The tests that reach an op are found by a run of all of them on the
reference, with the same seed; a wrong op is tried on these, those that name it first, and so is a
wrong function. What is no op's is tried on the tests of arrays and of most chapters.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Final

import hypothesis
import pytest

import xgpu
from tests.wrong_backends import memory, programs, zeros
from tests.wrong_backends.kill import Verdict, forked
from tests.wrong_backends.mutant import Mutant
from tests.wrong_backends.table import DEVICE, MUTANTS, register
from xgpu.runtime import plugins
from xgpu_numpy.backend import NumpyBackend

EXAMPLES: Final = 20
SEED: Final = 0
VERSION: Final = "2025.12"
LIMIT: Final = 240
"""Seconds for all tests of one backend; one that takes longer hangs, and is killed by that."""

WRONG: Final = "test_data_type_functions.py::test_can_cast"
"""A test that is wrong itself, and fails on the reference."""

EVERYWHERE: Final = frozenset(
    [
        *(memory.MEMORY, memory.VIEWS, memory.SCALARS, memory.WRITES),
        *(programs.FUSION, programs.SIZES, programs.STATE),
    ]
)
"""Classes of faults that are in no op alone."""

FILES: Final = frozenset(
    [
        *("test_array_object", "test_creation_functions", "test_indexing_functions"),
        *("test_manipulation_functions", "test_operators_and_elementwise_functions"),
        *("test_searching_functions", "test_statistical_functions"),
    ]
)
"""Files of tests that such a fault is looked for in."""

TRACE: Final = "the reference"

identity: Final = id


class Traced(NumpyBackend):
    """The reference, which notes the ops that it computes."""

    def __init__(self) -> None:
        super().__init__()
        self.reached: set[str] = set()
        for name, right in list(self.functions.items()):
            self.functions[name] = self._noted(name, right)
        self.kernel_ops = {name: self._kernel_op(self.functions[name]) for name in self.kernel_ops}

    def _noted(self, name: str, right: Callable[..., Any]) -> Callable[..., Any]:
        def function(*args: Any, **attributes: Any) -> Any:
            self.reached.add(name)
            return right(*args, **attributes)

        return function


class Session:
    """A plugin of pytest that runs the collected tests against one wrong backend after another.

    Args:
        ids: wrong backends.
        at_once: how many processes.
        near: leave out the tests that name nothing of what is wrong.
        give: gets each verdict.
    """

    def __init__(
        self, ids: Iterable[str], at_once: int, near: bool, give: Callable[[Verdict], None]
    ) -> None:
        self.ids = list(ids)
        self.at_once = at_once
        self.near = near
        self.give = give
        self.failed: str | None = None
        self.message = ""

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Keep no examples, which would help to find the next fault, and shrink none."""
        hypothesis.settings.register_profile(
            "wrong-backends",
            hypothesis.settings.get_profile("array-api-tests"),
            database=None,
            phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
            report_multiple_bugs=False,
        )
        hypothesis.settings.load_profile("wrong-backends")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests in forks of this process."""
        gc.collect()
        gc.freeze()  # what forks share is not copied by a look at it
        (_, traced), *_ = forked([TRACE], 1, lambda _: self.trace(session.items))
        assert isinstance(traced, dict), traced
        reached = {test: set(ops) for test, ops in traced["reached"].items() if ops is not None}
        items = [item for item in session.items if item.nodeid in reached]
        failing = [item.nodeid for item in session.items if item.nodeid not in reached]
        print(f"{len(items)} tests; left out: {', '.join(failing) or 'none'}", file=sys.stderr)
        for id, found in forked(self.ids, self.at_once, lambda id: self.judged(id, items, reached)):
            if isinstance(found, str):
                mutant = MUTANTS[id]
                said = "the process ended, or did not end in time"
                found = asdict(Verdict(id, mutant.kind, mutant.wrong, "all", "?", said, 0, 0.0))
            self.give(Verdict(**found))
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the first failure."""
        if report.failed and self.failed is None:
            self.failed = report.nodeid
            crash = getattr(report.longrepr, "reprcrash", None)
            self.message = str(getattr(crash, "message", "")).partition("\n")[0]

    def trace(self, items: Sequence[pytest.Item]) -> dict[str, Any]:
        """The ops and functions that each test reaches; None for one that fails anyway.

        Such are those that take the device's memory for the host's.
        """
        backend = Traced()
        xgpu.register_backend(zeros.DEVICE, backend)
        xgpu.set_default_device(DEVICE)
        noted = {}
        for name in zeros.functions():
            right = zeros.owner(name)
            wrong = zeros.put(name, partial(_noted, backend.reached, name))
            noted[identity(right)] = wrong
        found: dict[str, list[str] | None] = {}
        for item in items:
            backend.reached.clear()
            self.failed = None
            _rebind(item, noted)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            found[item.nodeid] = None if self.failed else sorted(backend.reached)
        return {"reached": found}

    def judged(
        self, id: str, items: Sequence[pytest.Item], reached: dict[str, set[str]]
    ) -> dict[str, Any]:
        """Make a wrong backend in this process, for good, and run tests until one fails."""
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(LIMIT)
        right = dict(vars(xgpu))
        mutant, start = register(id), time.monotonic()
        xgpu.set_default_device(DEVICE)
        wrong = {identity(f): vars(xgpu)[n] for n, f in right.items() if vars(xgpu)[n] is not f}
        named, others = chosen(mutant, items, reached)
        count, level = 0, ""
        for part, tests in (("named", named), ("all", () if self.near else others)):
            for item in tests:
                _rebind(item, wrong)
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
                count += 1
                if self.failed is not None:
                    level = part
                    break
            if level:
                break
        seconds = round(time.monotonic() - start, 2)
        cell = self.failed or ""
        return asdict(
            Verdict(id, mutant.kind, mutant.wrong, level, cell, self.message, count, seconds)
        )


def chosen(
    mutant: Mutant, items: Sequence[pytest.Item], reached: dict[str, set[str]]
) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """The tests that are named after what is wrong, and the others that may reach it."""
    words = mutant.official or mutant.first
    named = [i for i in items if any(w.strip("_").lower() in i.name.lower() for w in words)]
    ops = {mutant.first[0]} if mutant.patch is not None else zeros.OWN & set(mutant.first)
    skipped = {i.nodeid for i in named}
    if not ops or mutant.kind in EVERYWHERE:
        rest = [i for i in items if i.nodeid not in skipped and i.path.stem in FILES]
    else:
        rest = [i for i in items if i.nodeid not in skipped and reached[i.nodeid] & ops]
    return named, rest


def _noted(
    reached: set[str], name: str, right: Callable[..., Any], *args: Any, **kwargs: Any
) -> Any:
    reached.add(name)
    return right(*args, **kwargs)


def _rebind(item: pytest.Item, wrong: dict[int, Any]) -> None:
    """Give a test the wrong function for the right one that it was collected with."""
    call = getattr(item, "callspec", None)
    if not wrong or call is None:
        return
    for name, value in dict(call.params).items():
        if identity(value) in wrong:
            call.params[name] = wrong[identity(value)]
        elif isinstance(value, tuple) and hasattr(value, "_fields"):
            fields: list[Any] = [wrong.get(identity(v), v) for v in value]
            call.params[name] = type(value)(*fields)


def verdicts(ids: Iterable[str], at_once: int, suite: Path, near: bool) -> Iterator[Verdict]:
    """What becomes of each.

    Args:
        ids: wrong backends.
        at_once: how many processes.
        suite: a checkout of data-apis/array-api-tests.
        near: leave out the tests that name nothing of what is wrong.

    Raises:
        RuntimeError: the suite did not run.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        with os.fdopen(writing, "w", buffering=1) as pipe:
            _serve(ids, at_once, suite, near, lambda v: print(json.dumps(asdict(v)), file=pipe))
    os.close(writing)
    with os.fdopen(reading) as pipe:
        for line in pipe:
            yield Verdict(**json.loads(line))
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError(f"the official suite did not run in {suite}; see what pytest printed")


def _serve(
    ids: Iterable[str], at_once: int, suite: Path, near: bool, give: Callable[[Verdict], None]
) -> None:
    """Be the process of the session, and end."""
    status = 1
    try:
        # The suite asks for all devices: other backends' libraries run threads, and forks are slow.
        only = [entry for entry in plugins._entry_points() if entry.name == "cpu"]
        setattr(plugins, "_entry_points", lambda: only)  # noqa: B010
        os.chdir(suite)
        os.environ["ARRAY_API_TESTS_MODULE"] = "xgpu"
        os.environ["ARRAY_API_TESTS_VERSION"] = VERSION
        sys.path.insert(0, str(suite))
        arguments = ["array_api_tests", "--max-examples", str(EXAMPLES), "--disable-deadline"]
        arguments += [f"--hypothesis-seed={SEED}", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
        arguments += ["--tb=short", "--disable-warnings", "--rootdir", str(suite)]
        arguments += ["--xfails-file", os.devnull, "--skips-file", os.devnull]
        arguments += ["--deselect", f"array_api_tests/{WRONG}"]
        log = os.open(os.devnull, os.O_WRONLY)
        os.dup2(log, 1)
        ended = pytest.main(arguments, plugins=[Session(ids, at_once, near, give)])
        status = 0 if ended in (0, 1, 5) else 1
    finally:
        sys.stderr.flush()
        os._exit(status)
