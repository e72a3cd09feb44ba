"""Reports: their JSON, ids, declared failures, runs that are resumed, processes that end."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import xgpu
from tests.conformance import wrong
from xgpu_conformance import (
    Cell,
    Expectation,
    Failure,
    Report,
    Requirements,
    Worst,
    expectations,
    plan,
    running,
    schema,
    workers,
)
from xgpu_conformance import cell as cells
from xgpu_conformance.case import Options, Planned, Setting
from xgpu_conformance.schema import ReportError, make_id, matches, parse_id, replay_command

EXP = Planned("ops", "exp", "float64")
REPORT = Report(
    device="cuda:0",
    backend="cuda",
    versions={"xgpu": "1"},
    flags={"large": "100"},
    seed=3,
    levels=("ops",),
    cells=(
        Cell(
            "ops",
            "exp",
            "float64",
            "expected",
            "known",
            4,
            100,
            1,
            2,
            (Failure("level=ops&name=exp", "wrong", 3.0), Failure("x", "raised")),
            Worst(math.inf, 2.0, "level=ops", ("1.0", "nan"), "nan", "1.0"),
            Expectation("name=exp", "known", "https://example.org/1", "2100-01-01"),
            1.5,
        ),
        Cell("ops", "log", "float64"),
    ),
)


def test_json_comes_back_the_same() -> None:
    assert schema.from_json(schema.to_json(REPORT)) == REPORT
    nothing = json.loads(schema.to_json(REPORT))
    assert nothing["cells"][0]["worst"]["ulp"] == "inf"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": 99}, "has schema 99, this xgpu reads up to 1"),
        ({"schema": "1"}, "schema is '1', not a version number"),
        ({"device": 7}, "device is 7, not of type str"),
        ({"seed": 1.5}, "seed is 1.5, not of type int"),
        ({"seed": True}, "seed is true, not of type int"),
        ({"levels": ["opps"]}, r'levels\[0\] is "opps", not one of ops'),
        ({"levels": "ops"}, "levels is .*not a list"),
        ({"flags": {"a": 1}}, "not an object of strings"),
        ({"seconds": "soon"}, "seconds is .* not a number"),
        ({"more": 1}, "unknown field 'more'"),
        ({"cells": [{"level": "ops", "name": "a"}]}, r"'cells\[0\].dtype' is missing"),
        ({"cells": [{"level": "ops", "name": "a", "dtype": "b"}] * 2}, "has a cell twice"),
        ({"cells": [3]}, r"cells\[0\] is 3, not an object"),
    ],
)
def test_a_wrong_report_says_where(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ReportError, match=said):
        schema.from_json(json.dumps(json.loads(schema.to_json(REPORT)) | change))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "7"])
def test_what_is_no_report(text: str) -> None:
    with pytest.raises(ReportError, match="is not JSON|is no conformance report"):
        schema.from_json(text)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    schema.write(REPORT, path)
    assert schema.read(path) == REPORT
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
    with pytest.raises(ReportError, match="cannot read the report"):
        schema.read(tmp_path / "none.json")
    with pytest.raises(ReportError, match="cannot write the report"):
        schema.write(REPORT, tmp_path / "none" / "a.json")


def test_ids() -> None:
    parts = {"level": "ops", "name": "Array.__add__", "dtype": "float32", "case": "a b&c=d+e/%"}
    assert parse_id(make_id(**parts)) == parts
    assert REPORT.cells[1].id == "level=ops&name=log&dtype=float64"
    command = replay_command("cpu:0", "level=ops&name=log")
    assert command == "xgpu conformance --replay 'device=cpu:0&level=ops&name=log'"
    assert matches("name=l*&level=ops", REPORT.cells[1].id)
    assert not matches("name=l*&case=x", REPORT.cells[1].id)
    for text in ("", "ops", "level=ops&name=add", "level=oops&name=add&dtype=int8"):
        with pytest.raises(ValueError, match="not the id|no level"):
            parse_id(text)


def test_ids_are_the_same_in_every_run() -> None:
    def ids(device: str) -> list[str]:
        setting = Setting(xgpu.device(device), Options(large=2003))
        source = cells.SOURCES["ops"]
        found = source.cases(setting, "add", cells.dtype_of("float32"))
        planned = Planned("ops", "add", "float32")
        return [cells.case_id(planned, case, setting.options) for case in found]

    first = ids("cpu")
    assert first == ids("cpu")
    assert len(set(first)) == len(first)
    assert first[0] == "level=ops&name=add&dtype=float32&case=special&seed=0"
    assert "level=ops&name=add&dtype=float32&case=large&seed=0&size=2003" in first


def test_the_same_seed_gives_the_same_cell() -> None:
    setting = Setting(xgpu.device("cpu"), Options(large=2003))
    one, two = (cells.run(setting, Planned("ops", "tanh", "float32")) for _ in "ab")
    assert dataclasses.replace(one, seconds=0) == dataclasses.replace(two, seconds=0)
    other = dataclasses.replace(setting, options=Options(1, 2003))
    assert cells.run(other, Planned("ops", "tanh", "float32")).worst != one.worst


# Runs


@pytest.fixture
def off_by_3() -> Iterator[xgpu.Device]:
    xgpu.register_backend("wrong", wrong.Wrong(exp=wrong.exp_off_by_3))
    yield xgpu.device("wrong:0")
    xgpu.unregister_backend("wrong")


def test_a_run_that_is_broken_off_is_resumed(off_by_3: xgpu.Device, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    options = Options(large=2003)
    chosen = plan.selected(plan.planned(["ops"]), ("exp", "log"), ("float32", "float64"))
    report = plan.blank(off_by_3, ["ops"], 0, plan.flags(options), chosen)
    assert report.counts()["untested"] == len(report.cells) > 600
    todo = running.left(report)
    assert len(todo) == 4

    def stop(cell: Cell) -> None:
        if cell.name == "exp" and cell.dtype == "float64":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        running.carried_out(report, workers.run_here(off_by_3, options, todo), path, stop)
    half = schema.read(path)
    assert not half.finished
    assert len(running.left(half)) in (1, 2, 3)
    assert half.flags == {"large": "2003"}
    again = plan.options_of(half)
    assert again == options
    rest = running.left(half)
    whole = running.carried_out(half, workers.run_here(off_by_3, again, rest), path)
    assert whole.finished and schema.read(path) == whole
    at_once = running.carried_out(report, workers.run_here(off_by_3, options, todo))
    plain = [dataclasses.replace(c, seconds=0) for c in whole.cells]
    assert plain == [dataclasses.replace(c, seconds=0) for c in at_once.cells]
    counts = whole.counts()
    assert (counts["pass"], counts["fail"]) == (3, 1)
    assert counts["untested"] == len(whole.cells) - 4
    assert {c.reason for c in whole.cells if c.state == "untested"} == {"not selected"}


def test_requirements_take_cells_out_and_count_them() -> None:
    options = Options(large=2003, requirements=Requirements(complex=False, linalg=False))
    setting = Setting(xgpu.device("cpu"), options)
    for planned in (
        Planned("ops", "add", "complex64"),
        Planned("ops", "svd", "float32", ("linalg",)),
    ):
        found = cells.run(setting, planned)
        assert found.state == "unsupported" and "is answered with no" in found.reason
        assert found.values == 0
    assert cells.run(setting, Planned("ops", "add", "float32")).state == "pass"
    with pytest.raises(ValueError, match="no requirement 'colour'"):
        Requirements.without(["colour"])


@pytest.mark.parametrize("days", [1, 0, -1])
def test_a_declared_failure_counts_again_from_its_date_on(off_by_3: xgpu.Device, days: int) -> None:
    expires = (date.today() + timedelta(days)).isoformat()
    known = Expectation("name=exp&dtype=float64", "3 ULP", "https://example.org", expires)
    found = cells.run(Setting(off_by_3, Options(large=2003, expected=(known,))), EXP)
    assert found.state == ("expected" if days > 0 else "fail")
    assert ("was expected until" in found.reason) == (days <= 0)
    assert (found.expectation == known) == (days > 0)
    assert found.failed > 0


def test_a_declaration_covers_what_it_names(off_by_3: xgpu.Device) -> None:
    known = Expectation("name=exp&case=special", "3 ULP", "link", "2100-01-01")
    found = cells.run(Setting(off_by_3, Options(large=2003, expected=(known,))), EXP)
    assert found.state == "fail"  # other cases fail too
    unused = Expectation(EXP._replace(name="log").name and "level=ops&name=log&dtype=float64",
                         "no longer", "link", "2100-01-01")  # fmt: skip
    setting = Setting(off_by_3, Options(large=2003, expected=(unused,)))
    passing = cells.run(setting, Planned("ops", "log", "float64"))
    assert passing.state == "pass" and "but passes" in passing.reason


def test_declarations_are_read(tmp_path: Path) -> None:
    path = tmp_path / "expected.toml"
    entry = '[[expected]]\nmatch = "name=exp"\nreason = "r"\nlink = "l"\n'
    path.write_text(entry + "expires = 2030-01-01\n")
    assert expectations.read(path) == (Expectation("name=exp", "r", "l", "2030-01-01"),)
    for text, said in (
        ("x =", "cannot read"),
        ("x = 1", "has to consist of"),
        (entry, "has to have match"),
        (entry + 'expires = "soon"', "not a date"),
        (entry + "expires = 3", "not a date"),
        (entry.replace("name=exp", "exp") + "expires = 2030-01-01", "not parts of an id"),
        (entry.replace('"r"', '""') + "expires = 2030-01-01", "reason is '', not a text"),
    ):
        path.write_text(text)
        with pytest.raises(ValueError, match=said):
            expectations.read(path)


def test_a_cell_that_crashes_or_hangs_is_one_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(__file__).parents[2]
    monkeypatch.syspath_prepend(str(root))
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "registers_crashing.py").write_text(
        "import xgpu\nfrom tests.conformance.wrong import crashing\n"
        "xgpu.register_backend('wrong', crashing())\n"
    )
    names = ("exp", "abs", "log", "sin", "cos")
    todo = [Planned("ops", name, "float32") for name in names]
    options = Options(large=2003)
    results = workers.run_apart("wrong:0", options, todo, 2, 2.0, ["registers_crashing"])
    found = {c.name: c for c in results}
    assert {n: c.state for n, c in found.items()} == {
        "exp": "fail",
        "abs": "pass",
        "log": "fail",
        "sin": "fail",
        "cos": "pass",
    }
    assert found["exp"].failures[0].message == "the process ended with status 3"
    assert "case=special" in found["exp"].failures[0].id
    assert "no result within 2 s" in found["log"].failures[0].message
    assert "no sine today" in found["sin"].failures[0].message


def test_no_process_can_begin() -> None:
    todo = [Planned("ops", "exp", "float32")]
    with pytest.raises(workers.WorkerError, match="no backend serves device type 'nowhere'"):
        list(workers.run_apart("nowhere:0", Options(), todo, 1))


def test_a_process_gives_way_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []

    class Counted(workers._Worker):
        def __init__(self, *arguments: Any) -> None:
            started.append(arguments[-1].dtype)
            super().__init__(*arguments)

    monkeypatch.setattr(workers, "_Worker", Counted)
    monkeypatch.setattr(workers, "CELLS", 2)
    dtypes = ["bool", "int8", "int16", "int32", "int64"]
    todo = [Planned("ops", "equal", dtype) for dtype in dtypes]
    found = list(workers.run_apart("cpu", Options(large=103), todo, 1))
    assert [c.dtype for c in found] == dtypes
    assert {c.state for c in found} == {"pass"}
    assert started == ["bool", "int16", "int64"]
