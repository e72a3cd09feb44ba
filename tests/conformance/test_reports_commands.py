"""`xgpu conformance report`, `diff` and `badge`, and reports that cannot be read or written."""

from __future__ import annotations

import dataclasses
import json
import xml.etree.ElementTree as ET
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from tests.conformance.pages import failed, other, passed, reports
from xgpu.cli.main import main
from xgpu_conformance import Cell, Failure, Report, schema, summary
from xgpu_conformance.report import badge, diff
from xgpu_conformance.report.share import share


def call(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "160"}).invoke(main, ["conformance", *arguments])


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """The files of a report that passes, and of one that does not."""
    paths = (tmp_path / "right.json", tmp_path / "wrong.json")
    for report, path in zip(reports(), paths, strict=True):
        schema.write(report, path)
    return str(paths[0]), str(paths[1])


def test_the_json_is_a_line_for_each_cell(files: tuple[str, str]) -> None:
    right, _ = reports()
    lines = Path(files[0]).read_text().splitlines()
    assert sum(line.startswith('  {"level"') for line in lines) == len(right.cells)
    assert '{"level":"ops","name":"abs","dtype":"bool","state":"pass","reason":"",' in lines[-44]
    assert lines[1] == ' "schema": 1,' and max(map(len, lines)) < 400
    assert schema.read(Path(files[0])) == right
    assert schema.from_json(schema.to_json(Report("a", "b"))) == Report("a", "b")


# A page


def test_a_page_of_two_reports(files: tuple[str, str], tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    result = call("report", *files, "--html", str(out))
    assert result.exit_code == 0 and result.output == f"page: {out}\n"
    text = out.read_text()
    assert text.startswith("<!doctype html>") and "cpu:0, wrong:0" in text


# A comparison


def test_a_comparison(files: tuple[str, str]) -> None:
    result = call("diff", *files)
    assert result.exit_code == 1
    said = " ".join(result.output.split())
    assert "ops exp float64 pass fail" in said and "ops add int8 pass fail" in said
    assert "xgpu conformance --replay 'device=wrong:0&level=ops&name=add&dtype=int8" in said
    assert "after: wrong:0, not finished" in said
    assert "regression 10, improvement 0, change 0, accuracy 0, not compared 1, same 31" in said
    back = call("diff", *reversed(files))
    assert back.exit_code == 0
    assert "regression 0, improvement 9, change 1" in " ".join(back.output.split())
    same = call("diff", files[0], files[0])
    assert same.exit_code == 0 and "same 42" in same.output


def test_a_comparison_as_json(files: tuple[str, str]) -> None:
    result = call("diff", *files, "--json")
    found = json.loads(result.output)
    assert found["counts"]["regression"] == 10 and found["after"]["finished"] is False
    assert len(found["differences"]) == 11
    entry = next(d for d in found["differences"] if d["id"].endswith("name=add&dtype=int8"))
    assert entry["note"] == "of 1, 2: 4, not 3" and entry["before"] == "pass"


EXP = ("ops", "exp", "float64")
WRONG = failed(*EXP, "wrong")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (passed("ops", "exp", "float64"), WRONG, "regression"),
        (WRONG, passed("ops", "exp", "float64"), "improvement"),
        (WRONG, WRONG, "same"),
        (WRONG, dataclasses.replace(WRONG, failed=3), "regression"),
        (WRONG, dataclasses.replace(WRONG, failed=1), "improvement"),
        (WRONG, dataclasses.replace(WRONG, failed=20, values=1000), "same"),
        (passed("ops", "exp", "float64", 1), passed("ops", "exp", "float64", 2), "accuracy"),
        (other("ops", "exp", "float64", "unsupported", "none"), WRONG, "regression"),
        (WRONG, other("ops", "exp", "float64", "unsupported", "none"), "change"),
        (WRONG, other("ops", "exp", "float64", "untested", "not selected"), "not compared"),
        (
            passed("ops", "exp", "float64"),
            other("ops", "exp", "float64", "untested", schema.NOT_RUN),
            "regression",
        ),
        (None, WRONG, "regression"),
        (None, passed("ops", "exp", "float64"), "change"),
        (passed("ops", "exp", "float64"), None, "regression"),
    ],
)
def test_each_kind_of_difference(before: Cell | None, after: Cell | None, kind: str) -> None:
    old, new = (
        Report("cpu:0", "numpy", levels=("ops",), cells=(cell,) if cell else ())
        for cell in (before, after)
    )
    (found,) = diff.compare(old, new)
    assert found.kind == kind


# A badge


def test_a_badge(files: tuple[str, str], tmp_path: Path) -> None:
    svg, endpoint = tmp_path / "a.svg", tmp_path / "a.json"
    result = call(
        "badge", files[1], "--svg", str(svg), "--endpoint", str(endpoint), "--label", "x<y"
    )
    assert result.output == "x<y: 88.5% of 35 cells, not finished\n"
    root = ET.fromstring(svg.read_text())
    title = root.find("{http://www.w3.org/2000/svg}title")
    assert title is not None and title.text == "x<y: 88.5% of 35 cells, not finished"
    found = json.loads(endpoint.read_text())
    assert found["isError"] is True and found["schemaVersion"] == 1
    right, wrong = reports()
    assert badge.message(right) == "100% of 42 cells"
    assert len({badge.color(r) for r in (right, wrong, Report("a", "b", finished=True))}) == 3
    assert badge.color(dataclasses.replace(right, finished=False)) not in (
        badge.color(right),
        badge.color(wrong),
    )
    assert "say what to write" in call("badge", files[0]).output


def test_a_share_is_never_rounded_up() -> None:
    many = tuple(passed("ops", f"f{n}", "int8") for n in range(2999))
    bad = failed("ops", "g", "int8", "no")
    report = Report("a", "b", cells=(*many, bad))
    assert str(share(report)) == "99.9%" and str(share(Report("a", "b"))) == "no cells"
    alone = Report("a", "b", cells=(*many, other("ops", "g", "int8", "unsupported", "none")))
    assert str(share(alone)) == "100%" and share(alone).counted == 2999


# The terminal


def shown(report: Report) -> str:
    out = StringIO()
    summary.show(report, Console(file=out, width=160))
    return out.getvalue()


def test_cells_that_fail_alike_are_told_once() -> None:
    cells = []
    for number in range(40):
        cell = failed("ops", f"f{number}", "int8", "raised TypeError: no such keyword [copy]")
        again = Failure(f"{cell.id}&case=2", "raised TypeError: no such keyword [copy]")
        cells.append(dataclasses.replace(cell, failures=(*cell.failures, again)))
    cells.append(failed("functions", "exp", "int8", "another"))
    cells.append(failed("official", "a.py::b", "any", "a third"))
    said = shown(Report("wrong:0", "wrong", levels=("ops", "functions"), cells=tuple(cells)))
    assert said.count("no such keyword [copy]") == 1
    assert (
        "the same in ops f1 int8, ops f2 int8, ops f3 int8, ops f4 int8, ops f5 int8 and 34" in said
    )
    assert said.count("another") == 1 and "more failed cells" not in said
    assert "official --suite PATH --device wrong:0 --tests 'a.py::b'" in said
    apart = tuple(failed("ops", f"f{number}", "int8", f"m{number}") for number in range(23))
    assert "and 3 more failed cells" in shown(Report("w", "w", levels=("ops",), cells=apart))


# Bad input


@pytest.mark.parametrize("command", ["report", "diff", "badge", "--resume", "official"])
def test_a_report_of_a_newer_schema(command: str, tmp_path: Path, files: tuple[str, str]) -> None:
    newer = tmp_path / "newer.json"
    newer.write_text(json.dumps(json.loads(Path(files[0]).read_text()) | {"schema": 2}))
    for folder in ("array_api_tests", "array-api"):
        (tmp_path / folder).mkdir()
    out = str(tmp_path / "out")
    rest: dict[str, list[str]] = {
        "report": [str(newer), "--html", out],
        "diff": [files[0], str(newer)],
        "badge": [str(newer), "--svg", out],
        "--resume": [str(newer)],
        "official": ["--suite", str(tmp_path), "--json", str(newer)],
    }
    result = call(command, *rest[command])
    said = " ".join(result.output.split())
    assert result.exit_code == 2, result.output
    assert f"{newer} has schema 2, this xgpu reads up to 1: read it with the version" in said
    assert not Path(out).exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("report", "{right}", "--html", "/no/a.html"),
            "cannot write the page /no/a.html: No such",
        ),
        (("report", "/no/a.json", "--html", "{out}"), "cannot read the report /no/a.json: No such"),
        (("report", "--html", "{out}"), "Missing argument 'FILE.json..."),
        (("report", "{right}"), "Missing option '--html'"),
        (("report", "{broken}", "--html", "{out}"), "broken.json is not JSON"),
        (("report", "{binary}", "--html", "{out}"), "binary.json is not JSON"),
        (("diff", "{right}", "/no/a.json"), "cannot read the report /no/a.json"),
        (("diff", "{right}"), "Missing argument 'AFTER.json'"),
        (("badge", "{right}", "--svg", "/no/a.svg"), "cannot write /no/a.svg: No such"),
        (("cpu", "-n", "0", "--functions", "add", "--json", "{file}/a.json"), "Not a directory"),
    ],
)
def test_files_that_cannot_be_read_or_written(
    arguments: tuple[str, ...], said: str, tmp_path: Path, files: tuple[str, str]
) -> None:
    broken, binary = tmp_path / "broken.json", tmp_path / "binary.json"
    broken.write_text('{"schema": 1,')
    binary.write_bytes(b"\xff\xfe\x00")
    given: dict[str, Any] = {
        "{right}": files[0],
        "{out}": tmp_path / "out",
        "{broken}": broken,
        "{binary}": binary,
        "{file}/a.json": broken / "a.json",
    }
    result = call(*(str(given.get(word, word)) for word in arguments))
    assert result.exit_code == 2, result.output
    assert said in " ".join(result.output.split())
