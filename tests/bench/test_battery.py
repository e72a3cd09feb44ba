"""Battery runs: processes, what goes wrong in them, and the results."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest

from xgpu.bench.battery import Battery, Job
from xgpu.bench.cases import CASES
from xgpu.bench.results import Cell, Results, Row

#: Stands for numexpr, and does with each case something that a library may do.
UNUSUAL = """
import os, time
__version__ = "0"

def evaluate(text, names):
    print("a library may print what it likes")
    if text == "x + y":
        return names["x"] + names["y"] * 1.01
    if text == "a * x + y":
        time.sleep(60)
    if text.startswith("half"):
        raise MemoryError("out of memory")
    if text == "(x - y) ** 2":
        raise RuntimeError("no such thing")
    os.write(2, b"the end\\n")
    os._exit(3)
"""


def results(device: str = "cpu") -> Results:
    return Results(device, "a device", "command", "2026-01-01", {}, 1e10)


def jobs(*names: str) -> list[Job]:
    return [Job(CASES[name], 500) for name in names]


@pytest.fixture(scope="module")
def unusual(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("site")
    (folder / "numexpr.py").write_text(UNUSUAL)
    found, rows = results(), []
    battery = Battery(
        ("xgpu", "numexpr", "triton"),
        "cpu",
        memory=1 << 30,
        limit=4.0,
        seconds=0.01,
        without=["xgpu:gelu"],
        done=lambda: rows.append(found.rows[-1].case),
        environment={
            "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
        },
    )
    names = ("add", "axpy", "gelu", "chain", "squared_distance", "sort")
    battery.run([*jobs(*names), Job(CASES["sum"], 10**9)], found)
    assert rows == list(names)
    return found


def test_rows_go_on_whatever_a_library_does(unusual: Results) -> None:
    cells = {row.case: row.cells for row in unusual.rows}
    said = {case: (cell["numexpr"].state, cell["numexpr"].why) for case, cell in cells.items()
            if "numexpr" in cell}  # fmt: skip
    assert said.pop("add")[0] == "failed"
    assert "it differs by" in cells["add"]["numexpr"].why
    assert said == {
        "axpy": ("left out", "it took more than 4 s"),
        "gelu": ("left out", "the device has no room for it"),
        "chain": ("left out", "its process ended: the end"),
        "squared_distance": ("failed", "RuntimeError: no such thing"),
    }
    for case in ("add", "axpy", "chain", "squared_distance", "sort"):
        cell = cells[case]["xgpu"]
        assert cell.state == "ok", (case, cell.why)
        assert cell.median is not None and cell.low is not None and cell.high is not None
        assert 0.0 < cell.low <= cell.median <= cell.high
        assert cell.first is not None and cell.first > 0.0
        assert cell.error is not None and cell.error <= CASES[case].tolerance
    assert cells["gelu"]["xgpu"] == Cell("left out", "not asked for")


def test_what_is_not_there_is_said(unusual: Results) -> None:
    assert unusual.absent == {"triton": "Triton computes on GPUs alone"}
    assert unusual.left_out == [
        "sum, all, 1,000,000,000 elements: it needs 8,000,000,000 bytes, cpu has 1,073,741,824"
    ]
    assert set(unusual.versions) == {"xgpu", "numexpr"}
    assert unusual.failed() == [
        f"x + y, numexpr: {unusual.rows[0].cells['numexpr'].why}",
        "sum((x - y)^2), numexpr: RuntimeError: no such thing",
    ]


def test_results_become_json(unusual: Results) -> None:
    data = json.loads(json.dumps(unusual.as_json(), allow_nan=False))
    assert [row["case"] for row in data["rows"]] == [row.case for row in unusual.rows]
    assert data["rows"][0]["cells"]["xgpu"]["median"] > 0.0
    assert data["rows"][0]["share"] > 0.0
    assert data["rows"][0]["ratio"] is None


def test_no_row_begins_after_the_time(tmp_path: Path) -> None:
    found = results()
    Battery(("xgpu",), "cpu", 0, total=0.0).run(jobs("add", "sort"), found)
    assert found.rows == []
    assert len(found.left_out) == 2
    assert "the time for the whole run is over" in found.left_out[0]


def test_memory_and_first_use_on_a_device_that_tells(tmp_path: Path) -> None:
    found = results("cudasim:0")
    battery = Battery(("xgpu", "numpy"), "cudasim:0", 0, seconds=0.01)
    battery.environment = {"XGPU_CACHE_DIR": str(tmp_path)}
    battery.run([Job(CASES["add"], 5000), Job(CASES["add"], 1024, "host")], found)
    if "xgpu" in found.absent:
        pytest.skip(found.absent["xgpu"])
    assert found.absent == {"numpy": "it has no device cudasim:0"}
    device, host = (row.cells["xgpu"] for row in found.rows)
    assert (device.state, device.peak) == ("ok", found.rows[0].moves)
    assert device.compiling is not None and device.compiling > 0.0
    assert device.first is not None and device.compiling <= device.first
    assert host.compiling == 0.0
    assert host.median is not None and host.median > 0.0


def row(case: str, group: str = "main", **seconds: float) -> Row:
    cells = {name: Cell(median=t) for name, t in seconds.items()}
    return Row(case, case, group, "device", 100, [], 4000, 1000, True, cells)


def test_ratios_and_shares() -> None:
    found = results()
    found.rows = [
        row("a", xgpu=1e-6, cupy=4e-6, torch=2e-6),
        row("b", xgpu=1e-6, cupy=9e-6),
        row("c", xgpu=1e-6),
        row("d", group="dtypes", xgpu=1e-6, cupy=1.0),
    ]
    assert found.rows[0].best_peer() == ("torch", 2e-6)
    assert found.rows[0].ratio() == pytest.approx(2.0)
    assert math.isnan(found.rows[2].ratio())
    assert found.mean_ratio() == pytest.approx(math.sqrt(2.0 * 9.0))
    assert found.mean_ratio("cupy") == pytest.approx(6.0)
    assert math.isnan(found.mean_ratio("jit"))
    assert found.share(found.rows[0]) == pytest.approx(5000 / 1e10 / 1e-6)
    found.rows[0].streams = False
    assert math.isnan(found.share(found.rows[0]))
