"""The stages of a run on a GPU: cut at their limits, what they leave, and what the summary says."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pytest

from docs.measurements import on_a_gpu
from docs.measurements.on_a_gpu import ROOT, STAGES, Ended, Stage, lines, main

FAILING = """
import pytest
@pytest.mark.parametrize("x", [1, 2])
def test_odd(x):
    assert x % 2
"""

SLOW = "import time; print('begun', flush=True); time.sleep(600)"


@pytest.fixture
def given(tmp_path: Path) -> argparse.Namespace:
    return argparse.Namespace(out=tmp_path, device="cudasim:0", n=2, suite=None, seconds=600.0)


def only(monkeypatch: pytest.MonkeyPatch, **stages: Stage) -> None:
    monkeypatch.setattr(on_a_gpu, "STAGES", stages)


def python(tmp_path: Path, name: str, code: str) -> str:
    path = tmp_path / f"{name}.py"
    path.write_text(code)
    return f"{{python}} {path}"


def test_what_becomes_of_stages(
    given: argparse.Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_a_gpu, "GRACE", 0.5)
    fine = python(tmp_path, "fine", "import sys; print(sys.argv[1:])")
    slow = python(tmp_path, "slow", SLOW)
    failing = tmp_path / "test_failing.py"
    failing.write_text(FAILING)
    only(
        monkeypatch,
        good=Stage("all", 60, "a", (f"{fine} {{device}} {{out}}", fine)),
        bad=Stage("all", 60, "b", (f"{{python}} -m pytest -v -p no:cacheprovider {failing}",)),
        late=Stage("all", 3, "c", (slow, fine)),
        absent=Stage("all", 60, "d", (fine,), needs="no-such-program"),
        suite=Stage("all", 60, "e", (fine,), needs="suite"),
    )
    on_a_gpu.run(["good", "bad", "late", "absent", "suite"], given)
    said = (tmp_path / "summary.md").read_text()
    assert "| good | passed |" in said
    assert "| bad | failed (1) |" in said
    assert f"{failing.name}::test_odd[2]" in said
    assert "test_odd[1]" not in said
    assert "- bad: 1 failed, 1 passed in " in said
    assert "| late | cut |" in said
    assert "begun" in (tmp_path / "late.log").read_text()
    assert "- absent: there is no no-such-program" in said
    assert "- suite: --suite names no checkout" in said
    assert f"['cudasim:0', '{tmp_path}']" in (tmp_path / "good.log").read_text()


def test_no_stage_begins_without_time(
    given: argparse.Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, one=Stage("all", 60, "a", (python(tmp_path, "fine", ""),)))
    given.seconds = 20.0
    on_a_gpu.run(["one"], given)
    assert "| one | left out | 0 |" in (tmp_path / "summary.md").read_text()


def test_names_are_found_in_a_log_that_was_cut(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(
        "[gw0] [  1%] PASSED tests/test_a.py::test_one\n"
        "[gw1] [  2%] FAILED tests/test_a.py::test_two[cuda:0]\n"
        "tests/test_b.py::test_three[a b] ERROR  [ 50%]\n"
        "FAILED tests/test_a.py::test_two[cuda:0] - assert 1 == 2\n"
    )
    wanted = ["tests/test_a.py::test_two[cuda:0]", "tests/test_b.py::test_three[a b]"]
    assert list(lines(log, "cut")) == wanted


def test_stages_fit_into_their_groups_and_run_what_is_there() -> None:
    groups: dict[str, float] = {}
    for stage in STAGES.values():
        groups[stage.group] = groups.get(stage.group, 0.0) + stage.seconds
        for command in stage.commands:
            for word in command.split():
                if word.endswith(".py") or word.startswith("tests"):
                    module = ROOT / f"{word.replace('.', '/')}.py"
                    assert (ROOT / word).exists() or module.exists()
    assert {name: seconds for name, seconds in groups.items() if seconds > 600} == {}


def test_the_list_and_a_wrong_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["on_a_gpu.py", str(tmp_path), "--list"])
    main()
    assert len(capsys.readouterr().out.splitlines()) == len(STAGES)
    monkeypatch.setattr(sys, "argv", ["on_a_gpu.py", str(tmp_path), "nonsense"])
    with pytest.raises(SystemExit):
        main()
    assert "no stage and no group is called 'nonsense'" in capsys.readouterr().err


def test_a_later_run_adds_to_the_summary(tmp_path: Path) -> None:
    second, first, *_ = STAGES
    on_a_gpu.note(tmp_path, first, Ended("passed", 1.0, []))
    on_a_gpu.note(tmp_path, second, Ended("cut", 2.0, ["a::b"]))
    rows = on_a_gpu.summary(tmp_path).read_text().splitlines()
    assert [row.split()[1] for row in rows[2:4]] == [second, first]
    assert rows[-1] == f"- {second}: a::b"
