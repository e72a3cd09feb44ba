"""The report: what was run, on what, and a cell for each function and dtype; and its JSON.

A report lists every cell of its levels from the start, as untested, so that one that was broken off
says what is missing and can be resumed, and no cell is left out in silence.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args
from urllib.parse import parse_qsl, quote, urlencode

SCHEMA: Final = 1
"""Raised when a report of an older version could be misread; one of a newer version is refused."""

State = Literal["pass", "fail", "expected", "unsupported", "untested"]
"""``pass``: every value is right.  ``fail``: at least one is wrong.  ``expected``: what is wrong
was declared, with a reason and a date.  ``unsupported``: the backend says that it has it not.
``untested``: nothing was run, for the cell's ``reason``."""

Level = Literal["ops", "functions", "programs", "faults", "exhaustive", "official"]

STATES: Final[tuple[State, ...]] = get_args(State)
LEVELS: Final[tuple[Level, ...]] = get_args(Level)

NOT_RUN: Final = "not run yet"
"""The reason of an untested cell that a resumed run goes on with."""
NOT_SELECTED: Final = "not selected"
"""The reason of an untested cell that the command line left out."""

Key = tuple[Level, str, str]
"""(level, name, dtype): which cell."""


class ReportError(ValueError):
    """A report cannot be read or written: no file, no JSON, a wrong or a newer schema."""


@dataclass(frozen=True)
class Failure:
    """One thing that is wrong: a value, a shape, an error that was raised."""

    id: str  #: of the value (``...&case=special&at=17``) or of the case; replays it
    message: str  #: what was given, what came of it, what is right
    ulp: float | None = None  #: None where it is not a matter of accuracy


@dataclass(frozen=True)
class Worst:
    """The value of a cell with the largest error, whether or not it is within the bound.

    A cell that has none is right to the last bit, or is not a matter of ULP.
    """

    ulp: float  #: infinity where a NaN, an infinity or a sign is wrong
    bound: float  #: the largest error allowed
    id: str  #: of the value; replays it
    inputs: tuple[str, ...]  #: the operands that caused it, as Python prints them
    got: str
    expected: str


@dataclass(frozen=True)
class Expectation:
    """A declared failure: of all ids that have what ``match`` says.

    ``match`` is some of an id's parts, joined by ``&``; a part may end in ``*``. ``expires`` is an
    ISO date, from which on the failure counts again.
    """

    match: str
    reason: str
    link: str
    expires: str


@dataclass(frozen=True)
class Cell:
    """One function, or op, and dtype at one level.

    ``cases`` and ``values`` count what was run: a case is one call, or one program, and has as many
    values as its results have elements. ``failures`` has the first few of the ``failed`` values.
    """

    level: Level
    name: str
    dtype: str
    state: State = "untested"
    reason: str = NOT_RUN  #: why unsupported, untested or expected; "" otherwise
    cases: int = 0
    values: int = 0
    failed_cases: int = 0
    failed: int = 0  #: values that are wrong; a case that raised counts as one
    failures: tuple[Failure, ...] = ()
    worst: Worst | None = None
    expectation: Expectation | None = None
    seconds: float = 0.0

    @property
    def key(self) -> Key:
        """(level, name, dtype)."""
        return self.level, self.name, self.dtype

    @property
    def id(self) -> str:
        """``level=ops&name=add&dtype=float32``; the same in every report, for every backend."""
        return make_id(level=self.level, name=self.name, dtype=self.dtype)


@dataclass(frozen=True)
class Report:
    """What one run found out about one device."""

    device: str  #: such as ``cuda:0``
    backend: str  #: the backend's own name
    device_name: str = ""
    driver: str = ""  #: what the backend tells of the device besides its name
    memory: int = 0  #: of the device, in bytes; 0 where unknown
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of ``xgpu``, ``numpy``, ``python``, ``platform``, and of the backend's own distributions."""
    flags: Mapping[str, str] = field(default_factory=dict)
    """Options that change what is run: requirements answered with no, sizes, selections."""
    seed: int = 0
    date: str = ""  #: of the start, ISO 8601 in UTC
    seconds: float = 0.0
    finished: bool = False
    levels: tuple[Level, ...] = ()
    cells: tuple[Cell, ...] = ()
    schema: int = SCHEMA

    def counts(self, level: Level | None = None) -> dict[State, int]:
        """How many cells, of one level or of all, are in each state."""
        found = Counter(c.state for c in self.cells if level in (None, c.level))
        return {state: found[state] for state in STATES}

    def by_key(self) -> dict[Key, Cell]:
        """The cells by (level, name, dtype)."""
        return {cell.key: cell for cell in self.cells}


# Ids


def make_id(**parts: object) -> str:
    """``name=value`` pairs joined by ``&``, in the order given, quoted as in a URL's query."""
    pairs = [(key, str(value)) for key, value in parts.items()]
    return urlencode(pairs, quote_via=quote, safe=":,()[]*.-")


def parse_id(text: str) -> dict[str, str]:
    """The parts of an id.

    Raises:
        ValueError: it is no query string, or lacks ``level``, ``name`` or ``dtype``.
    """
    try:
        parts = dict(parse_qsl(text.replace("+", "%2B"), strict_parsing=True))
    except ValueError:
        parts = {}
    missing = [part for part in ("level", "name", "dtype") if part not in parts]
    if missing:
        raise ValueError(
            f"not the id of a cell or a value: {text!r} lacks {', '.join(missing)}; "
            "an id is such as 'level=ops&name=add&dtype=float32'"
        )
    if parts["level"] not in LEVELS:
        raise ValueError(f"no level {parts['level']!r}; there are {', '.join(LEVELS)}")
    return parts


def matches(pattern: str, id: str) -> bool:
    """Whether an id has every part of ``pattern``; a value there may end in ``*``."""
    have = dict(parse_qsl(id.replace("+", "%2B")))
    for key, value in parse_qsl(pattern.replace("+", "%2B")):
        if key not in have:
            return False
        if not (have[key].startswith(value[:-1]) if value.endswith("*") else have[key] == value):
            return False
    return True


def replay_command(device: str, id: str) -> str:
    """The one line that runs a cell, a case or a value again."""
    return f"xgpu conformance --replay '{make_id(device=device)}&{id}'"


# JSON


def to_json(report: Report) -> str:
    """The report as JSON text, with a line for each cell.

    Infinity and NaN are the strings "inf" and "nan". A cell's fields that have their default are
    left out, but for its state and its reason.
    """
    head = {"schema": report.schema} | _plain(dataclasses.replace(report, cells=()))
    del head["cells"]
    lines = [_dumped(_brief(cell)) for cell in report.cells]
    whole = json.dumps(head, indent=1, allow_nan=False).removesuffix("\n}")
    cells = "\n  ".join(["", *(f"{line}," for line in lines)]).removesuffix(",")
    return f'{whole},\n "cells": [{cells}\n ]\n}}'


def from_json(text: str, where: str = "the report") -> Report:
    """The report in a JSON text.

    Raises:
        ReportError: it is no JSON, no report, of a newer schema, or a value is of a wrong type; the
            message names the place.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ReportError(f"{where} is not JSON: {error}") from None
    if not isinstance(data, dict) or "schema" not in data:
        raise ReportError(f"{where} is no conformance report: it has no 'schema'")
    if type(data["schema"]) is not int or data["schema"] < 1:
        raise ReportError(f"{where}: schema is {data['schema']!r}, not a version number")
    if data["schema"] > SCHEMA:
        raise ReportError(
            f"{where} has schema {data['schema']}, this xgpu reads up to {SCHEMA}: "
            "read it with the version of xgpu that wrote it, or a newer one"
        )
    report: Report = _Reader(where).record(Report, data, "")
    if len(report.by_key()) != len(report.cells):
        raise ReportError(f"{where} has a cell twice")
    return report


def read(path: Path) -> Report:
    """The report in a file.

    Raises:
        ReportError: the file cannot be read, or as `from_json`.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ReportError(f"{path} is not JSON: {error}") from None
    except OSError as error:
        raise ReportError(f"cannot read the report {path}: {error.strerror}") from None
    return from_json(text, str(path))


def write(report: Report, path: Path) -> None:
    """Put the report into a file, whole or not at all.

    Raises:
        ReportError: the file cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(to_json(report) + "\n", encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise ReportError(f"cannot write the report {path}: {error.strerror}") from None


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _brief(value: Cell) -> Any:
    given = {f.name: f.default for f in dataclasses.fields(value)}
    kept = {f for f in given if f in ("state", "reason") or getattr(value, f) != given[f]}
    return {name: item for name, item in _plain(value).items() if name in kept}


def _dumped(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


class _Reader:
    """Values of JSON as the fields of dataclasses, each with its type checked."""

    def __init__(self, where: str) -> None:
        self.where = where

    def record(self, kind: type[Any], data: Any, place: str) -> Any:
        if not isinstance(data, dict):
            raise self.wrong(place, data, "an object")
        fields = {f.name: f for f in dataclasses.fields(kind)}
        for name in data:
            if name not in fields:
                raise ReportError(f"{self.where}: unknown field {self.join(place, name)!r}")
        given = {}
        for name, wanted in fields.items():
            at = self.join(place, name)
            if name in data:
                given[name] = self.value(str(wanted.type), data[name], at)
            elif wanted.default is wanted.default_factory is dataclasses.MISSING:
                raise ReportError(f"{self.where}: {at!r} is missing")
        return kind(**given)

    def value(self, wanted: str, data: Any, place: str) -> Any:
        if wanted.endswith(" | None"):
            if data is None:
                return None
            wanted = wanted.removesuffix(" | None")
        if wanted == "float":
            return self.number(data, place)
        if wanted in _RECORDS:
            return self.record(_RECORDS[wanted], data, place)
        if wanted in _CHOICES:
            if data not in _CHOICES[wanted]:
                raise self.wrong(place, data, f"one of {', '.join(_CHOICES[wanted])}")
            return data
        if wanted.startswith("tuple["):
            item = wanted.removeprefix("tuple[").removesuffix(", ...]")
            if not isinstance(data, list):
                raise self.wrong(place, data, "a list")
            return tuple(self.value(item, each, f"{place}[{i}]") for i, each in enumerate(data))
        if wanted == "Mapping[str, str]":
            if not (isinstance(data, dict) and all(isinstance(v, str) for v in data.values())):
                raise self.wrong(place, data, "an object of strings")
            return data
        if type(data) is not _PLAIN[wanted]:
            raise self.wrong(place, data, f"of type {wanted}")
        return data

    def number(self, data: Any, place: str) -> float:
        if type(data) in (int, float):
            return float(data)
        if data in ("inf", "-inf", "nan"):
            return float(data)
        raise self.wrong(place, data, "a number")

    def wrong(self, place: str, data: Any, wanted: str) -> ReportError:
        shown = json.dumps(data)
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        return ReportError(f"{self.where}: {place or 'it'} is {shown}, not {wanted}")

    def join(self, place: str, name: str) -> str:
        return f"{place}.{name}" if place else name


_RECORDS: Final[dict[str, type[Any]]] = {
    kind.__name__: kind for kind in (Failure, Worst, Expectation, Cell)
}
_CHOICES: Final[dict[str, tuple[str, ...]]] = {"State": STATES, "Level": LEVELS}
_PLAIN: Final[dict[str, type]] = {"str": str, "int": int, "bool": bool}
