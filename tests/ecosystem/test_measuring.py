"""A row that hangs, fails or ends its process is lost alone, and a run that was cut goes on."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from docs.measurements.ecosystem.run import Limits, Run, merged

HEADER = {"device": "made up", "versions": {"made up": "1"}, "machine": "", "date": ""}
CALLS = [("one", "equal"), ("one", "hangs"), ("one", "dies"), ("one", "breaks"), ("one", "last")]


def serve(asked: Any, device: str) -> None:
    """Stands for a process that calls rows, some of which go wrong."""
    while True:
        kind, part, *number = asked.recv()
        if kind == "list":
            asked.send("not installed" if part == "absent" else CALLS)
            continue
        call = CALLS[number[0]][1]
        if call == "hangs":
            time.sleep(60)
        if call == "dies":
            os._exit(3)
        asked.send(({"state": "equal", "pid": os.getpid(), "seconds": 0.0}, call != "breaks"))


def run(path: Path, seconds: float = 60.0, resume: bool = False) -> Any:
    limits = Limits(seconds=seconds, row=0.5)
    parts = ("part", "absent")
    return Run("made up", parts, limits, path, HEADER, resume, serve=serve).go()


def test_a_row_that_goes_wrong_is_lost_alone(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    found = run(path)
    assert json.loads(path.read_text()) == found
    assert [row["call"] for row in found["rows"]] == [call for _, call in CALLS]
    states = {row["call"]: row["state"] for row in found["rows"]}
    assert states == dict.fromkeys(states, "equal") | {"hangs": "lost", "dies": "lost"}
    said = {row["call"]: row.get("why", "") for row in found["rows"]}
    assert "not done after 0.5 s" in said["hangs"]
    assert "ended, with 3" in said["dies"]
    assert found["absent"] == {"absent": "not installed"}
    assert found["left"] == 0
    # What broke the device is followed by a process of its own.
    pids = {row["call"]: row.get("pid") for row in found["rows"]}
    assert pids["breaks"] != pids["last"]


def test_a_run_that_was_cut_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    cut = run(path, seconds=0.0)
    assert cut["rows"] == []
    assert "not reached" in cut["absent"]["part"]
    whole = run(path)
    again = run(path, resume=True)
    kept = [row["pid"] for row in whole["rows"] if row["state"] == "equal"]
    assert [row["pid"] for row in again["rows"] if row["state"] == "equal"] == kept
    assert again["seconds"] >= whole["seconds"]


def test_files_of_parts_make_one(tmp_path: Path) -> None:
    def written(name: str, part: str, states: dict[str, str], **more: Any) -> Path:
        rows = [{"part": part, "consumer": part, "call": c, "state": s} for c, s in states.items()]
        path = tmp_path / name
        path.write_text(
            json.dumps({**HEADER, "seconds": 2, "absent": {}, "left": 0, "rows": rows, **more})
        )
        return path

    first = written("a", "scipy", {"x": "lost", "y": "equal"}, absent={"stats": "cut"})
    second = written("b", "stats", {"z": "equal"})
    third = written("c", "scipy", {"x": "equal"})
    found = merged([second, first, third], ("scipy", "stats"))
    said = [(row["part"], row["call"], row["state"]) for row in found["rows"]]
    assert said == [("scipy", "x", "equal"), ("scipy", "y", "equal"), ("stats", "z", "equal")]
    assert found["seconds"] == 6
    assert found["absent"] == {}
    other = written("d", "stats", {}, device="another")
    with pytest.raises(SystemExit, match="another device"):
        merged([first, other], ("scipy", "stats"))
