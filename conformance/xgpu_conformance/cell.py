"""Running one cell: its cases, what is wrong in them, and the state that follows."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, NamedTuple

import numpy as np

import xgpu
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType
from xgpu_conformance import (
    exhaustive_level,
    faults_level,
    functions_level,
    ops_level,
    programs_level,
)
from xgpu_conformance.case import Case, Options, Planned, Setting, Source, UntestedError, shown
from xgpu_conformance.judge import Check, MismatchError, Verdict, judge
from xgpu_conformance.schema import (
    Cell,
    Expectation,
    Failure,
    Level,
    Worst,
    make_id,
    matches,
)

SOURCES: Final[dict[Level, Source]] = {
    "ops": ops_level,
    "functions": functions_level,
    "programs": programs_level,
    "faults": faults_level,
    "exhaustive": exhaustive_level,
}
"""The levels that there are."""

FIRST: Final = 5
"""So many failures of a cell are kept."""


def dtype_of(name: str) -> DType:
    """A dtype of xgpu by its name.

    Raises:
        ValueError: there is none.
    """
    for dtype in dtypes.ALL:
        if dtype.name == name:
            return dtype
    known = ", ".join(d.name for d in dtypes.ALL)
    raise ValueError(f"no dtype {name!r}; there are {known}")


class Value(NamedTuple):
    """One value of a case, for printing."""

    at: int
    inputs: tuple[str, ...]
    got: str
    expected: str
    ulp: float
    bound: float
    wrong: bool
    in_ulp: bool

    def message(self) -> str:
        """What was given, what came of it, what is right."""
        given = f"of {', '.join(self.inputs)}: " if self.inputs else ""
        said = f"{given}{self.got}, not {self.expected}"
        if not math.isfinite(self.ulp):
            return said
        if self.in_ulp:
            return f"{said} ({self.ulp:.3g} ULP, {self.bound:g} allowed)"
        return f"{said} ({self.ulp:.3g} times what is allowed)"


@dataclass
class Tally:
    """What a cell's cases have shown so far."""

    cell: str  #: its id
    expected: Sequence[Expectation] = ()
    subnormals: bool = True
    today: str = field(default_factory=lambda: date.today().isoformat())
    cases: int = 0
    values: int = 0
    failed_cases: int = 0
    failed: int = 0
    failures: list[Failure] = field(default_factory=list)
    worst: Worst | None = None
    undeclared: int = 0
    used: Expectation | None = None
    lacking: str = ""
    untested: str = ""

    def add(self, case: str, checks: Sequence[Check]) -> None:
        """Judge what one case gave."""
        self.cases += 1
        wrong = 0
        try:
            for number, check in enumerate(checks):
                wrong += self._judged(case, number if len(checks) > 1 else None, check)
        except MismatchError as error:
            wrong += 1
            self._fail(Failure(case, str(error)))
        self.failed_cases += wrong > 0

    def raised(self, case: str, error: BaseException) -> None:
        """A case that gave nothing."""
        self.cases += 1
        self.failed_cases += 1
        said = str(error).strip() or "no message"
        self._fail(Failure(case, f"raised {error.__class__.__name__}: {said}"))

    def _judged(self, case: str, part: int | None, check: Check) -> int:
        verdict = judge(check, self.subnormals)
        self.values += verdict.error.size + check.others
        if not verdict.error.size:
            return 0
        place = case if part is None else f"{case}&part={part}"
        if verdict.in_ulp:
            self._note_worst(place, check, verdict)
        wrong = np.flatnonzero(verdict.wrong)
        for at in wrong[:FIRST].tolist():
            value = value_at(check, verdict, at)
            label = f"{check.part}: " if check.part else ""
            ulp = value.ulp if verdict.in_ulp else None
            self._fail(Failure(f"{place}&at={value.at}", label + value.message(), ulp))
        rest = wrong.size - min(wrong.size, FIRST)
        self.failed += rest
        if rest and not self._declared(place):
            self.undeclared += rest
        return int(wrong.size)

    def _note_worst(self, place: str, check: Check, verdict: Verdict) -> None:
        at = int(np.argmax(verdict.error))
        ulp = float(verdict.error[at])
        if ulp > (self.worst.ulp if self.worst else 0.0):
            value = value_at(check, verdict, at)
            self.worst = Worst(
                ulp, value.bound, f"{place}&at={value.at}", value.inputs, value.got, value.expected
            )

    def _fail(self, failure: Failure) -> None:
        self.failed += 1
        if len(self.failures) < FIRST:
            self.failures.append(failure)
        if not self._declared(failure.id):
            self.undeclared += 1

    def _declared(self, id: str) -> bool:
        for expectation in self.expected:
            if expectation.expires > self.today and matches(expectation.match, id):
                self.used = expectation
                return True
        return False

    def finish(self, planned: Planned, seconds: float) -> Cell:
        """The cell."""
        reason = ""
        if self.failed and not self.undeclared and self.used is not None:
            state, reason = "expected", self.used.reason
        elif self.failed:
            state = "fail"
            late = [e for e in self.expected if e.expires <= self.today]
            gone = [e for e in late if any(matches(e.match, f.id) for f in self.failures)]
            reason = f"was expected until {gone[0].expires}: {gone[0].reason}" if gone else ""
        elif self.lacking:
            state, reason = "unsupported", self.lacking
        elif self.untested or not self.cases:
            state, reason = "untested", self.untested or "has no case"
        else:
            state = "pass"
            open_ = [e for e in self.expected if matches_cell(e.match, planned)]
            reason = f"declared as expected ({open_[0].reason}), but passes" if open_ else ""
        return Cell(
            *planned.key,
            state,  # type: ignore[arg-type]
            reason,
            self.cases,
            self.values,
            self.failed_cases,
            self.failed,
            tuple(self.failures),
            self.worst,
            self.used if state == "expected" else None,
            round(seconds, 4),
        )


def matches_cell(pattern: str, planned: Planned) -> bool:
    """Whether a pattern names this very cell: level, name and dtype, all of them."""
    named = all(f"{part}=" in pattern for part in ("level", "name", "dtype"))
    return named and matches("&".join(pattern.split("&")[:3]), cell_id(planned))


def cell_id(planned: Planned) -> str:
    """The id of a cell."""
    return make_id(level=planned.level, name=planned.name, dtype=planned.dtype)


def case_id(planned: Planned, case: Case, options: Options) -> str:
    """The id of a case, with all that it depends on."""
    parts = dict(case.parts)
    if not options.requirements.subnormals:
        parts["without"] = "subnormals"
    return f"{cell_id(planned)}&{make_id(case=case.name, seed=options.seed, **parts)}"


def value_at(check: Check, verdict: Verdict, at: int) -> Value:
    """One value of a check."""
    bound = check.rule.bound if verdict.in_ulp else 1.0
    return Value(
        at if check.places is None else int(check.places[at]),
        tuple(shown(x.reshape(-1)[at]) for x in check.inputs),
        shown(check.got.reshape(-1)[at]),
        shown(check.expected.reshape(-1)[at]),
        float(verdict.error[at]),
        bound,
        bool(verdict.wrong[at]),
        verdict.in_ulp,
    )


def run(setting: Setting, planned: Planned) -> Cell:
    """Run all cases of a cell. Whatever one raises is its failure."""
    setting = replace(setting, cell=cell_id(planned))
    start = time.perf_counter()
    left_out = setting.options.requirements.against(planned.dtype, planned.needs)
    source = SOURCES[planned.level]
    tally = Tally(cell_id(planned), setting.options.expected, setting.subnormals)
    if left_out:
        tally.lacking = f"requirement {left_out!r} is answered with no"
    else:
        tally.lacking = source.unsupported(setting, planned.name)
    if not tally.lacking:
        cases = source.cases(setting, planned.name, dtype_of(planned.dtype))
        for id, checks in outcomes(setting, planned, cases):
            if isinstance(checks, xgpu.UnsupportedOperationError):
                tally.lacking = str(checks).partition(";")[0]
            elif isinstance(checks, UntestedError):
                tally.untested = str(checks)
            elif isinstance(checks, BaseException):
                tally.raised(id, checks)
            else:
                tally.add(id, checks)
    return tally.finish(planned, time.perf_counter() - start)


def outcomes(
    setting: Setting,
    planned: Planned,
    cases: Iterable[Case],
) -> Iterator[tuple[str, Sequence[Check] | Exception]]:
    """The id of each case, with its checks or what it raised."""
    waiting = iter(cases)
    while True:
        checks: Sequence[Check] | Exception
        try:
            case = next(waiting)
        except StopIteration:
            return
        except Exception as error:
            yield cell_id(planned), error
            return
        id = case_id(planned, case, setting.options)
        setting.begins(id)
        try:
            with np.errstate(all="ignore"):
                checks = case.run()
        except Exception as error:
            checks = error
        yield id, checks


def replay(
    setting: Setting, parts: Mapping[str, str]
) -> Iterator[tuple[str, Sequence[Check] | Exception]]:
    """Run again what an id names: a cell, a case or the case of a value.

    Raises:
        ValueError: there is nothing of that id.
    """
    source = SOURCES.get(parts["level"])  # type: ignore[call-overload]
    known = {p.key: p for p in (source.planned() if source else [])}
    planned = known.get((parts["level"], parts["name"], parts["dtype"]))
    if planned is None or source is None:
        raise ValueError(f"there is no cell {make_id(**_cell_parts(parts))!r}")
    found = False
    for outcome in outcomes(setting, planned, source.replayed(setting, parts)):
        found = True
        yield outcome
    if not found:
        raise ValueError(f"{make_id(**_cell_parts(parts))!r} has no case {parts.get('case')!r}")


def _cell_parts(parts: Mapping[str, str]) -> dict[str, str]:
    return {key: parts[key] for key in ("level", "name", "dtype")}
