"""The battery's cases as xgpu runs them, and the comparison that they pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import xgpu
from xgpu.array import numpy_of
from xgpu.bench.case import Case, Draw
from xgpu.bench.cases import CASES
from xgpu.bench.comparing import PART, compare
from xgpu.bench.files import Files, computed
from xgpu.bench.libraries import LIBRARIES
from xgpu.bench.plan import PARTS, SWEPT, jobs

#: On the simulator, whose compiler takes a second per kernel, one of each theme.
SIMULATED = ("chain_int8", "softmax", "argmax", "argsort", "stencil", "pairwise")


def found_by_xgpu(case: Case, given: list[Any], device: xgpu.Device) -> Any:
    inputs = [xgpu.asarray(x, device=device) for x in given]
    found = numpy_of(case.programs["xgpu"](xgpu, *inputs))
    return found if case.compared is None else case.compared(found, *given)


@pytest.mark.parametrize("name", CASES)
def test_xgpu_gives_the_reference(name: str, device: xgpu.Device, tmp_path: Path) -> None:
    if device.type == "cudasim" and name not in SIMULATED:
        pytest.skip("its kernels are tested elsewhere")
    full = CASES[name]
    case = full if full.group == "digits" and device.type == "cpu" else full.scaled(600)
    files = Files(tmp_path)
    paths = files.inputs(case)
    reference = files.reference(case, paths)
    given = [np.load(p).reshape(d.shape) for p, d in zip(paths, case.draws, strict=True)]
    assert [x.dtype.name for x in given] == [draw.dtype for draw in case.draws]
    for x, draw in zip(given, case.draws, strict=True):
        parts = np.stack([x.real, x.imag]) if x.dtype.kind == "c" else x
        assert draw.low <= parts.min() < parts.max() < draw.high
    difference = compare(found_by_xgpu(case, given, device), np.load(reference), case.tolerance)
    assert difference.equal, difference.said


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_complete(name: str) -> None:
    case = CASES[name]
    assert case.name == name
    assert case.group in PARTS
    assert {"xgpu", "numpy"} <= set(case.programs) <= set(LIBRARIES)
    small = case.scaled(1000)
    assert 500 <= small.elements <= 2048 or case.group == "digits"
    assert [len(draw.shape) for draw in small.draws] == [len(draw.shape) for draw in case.draws]
    assert case.scaled(case.elements).draws == case.draws


def test_parts_of_a_reference_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xgpu.bench.files.PART", 64)
    for case in (CASES[name].scaled(3000) for name in ("black_scholes", "layer_norm", "pairwise")):
        given = [draw.make(np.random.default_rng(n)) for n, draw in enumerate(case.draws)]
        whole = case.programs["numpy"](np, *(x.astype(np.float64) for x in given))
        np.testing.assert_allclose(computed(case, given), whole.astype(np.float32), rtol=1e-6)


def test_equal_draws_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = Files(tmp_path)
    flat, square = Draw((64,)), Draw((8, 8))
    first = files.inputs(Case("a", "", (flat, flat), {}))
    assert len(set(first)) == 2
    assert not np.array_equal(*map(np.load, first))
    assert files.inputs(Case("b", "", (square,), {})) == first[:1]
    monkeypatch.setattr("xgpu.bench.files.KEPT", 700)
    last = files.inputs(Case("c", "", (Draw((32,)),), {}))
    assert sorted(tmp_path.iterdir()) == sorted([first[0], *last])  # the oldest is gone


def test_comparing() -> None:
    x = np.linspace(-1.0, 4.0, 3 * PART + 5).astype(np.float32).reshape(-1, 1)
    assert compare(x, x, 0.0) == (0.0, True, "")
    for place in (0, PART, -1):
        other = x.copy()
        other[place] += 0.125
        found = compare(other, x, 0.01)
        assert not found.equal
        assert found.error == pytest.approx(0.125 / 4.0, rel=1e-5)
        assert "3.1e-02 of the largest value" in found.said
        assert compare(other, x, 0.04).equal
        other[place] = np.nan
        assert compare(other, x, 1.0).error == np.inf
        assert not compare(x, other, 1.0).equal
        assert compare(other, other, 0.0).equal
        other[place] = np.inf
        assert compare(other, other, 0.0).equal
        assert not compare(other, -other, 1.0).equal
    assert "its shape is" in compare(x, x[:-1], 1.0).said
    assert compare(np.array([1 + 2j]), np.array([1 + 1j]), 0.5).error == pytest.approx(0.5**0.5)
    assert compare(np.empty(0), np.empty(0), 0.0).equal
    assert not compare(np.ones(1), np.zeros(1), 0.5).equal


def test_the_parts_of_a_plan() -> None:
    every = jobs((), (100, 10**9), None, "cuda:0")
    assert [job.part for job in every] == sorted((job.part for job in every), key=PARTS.index)
    assert {job.part for job in every} == set(PARTS)
    assert [(job.case.name, job.elements) for job in every if job.part == "sizes"] == [
        (name, size) for name in SWEPT for size in (100, 10**9)
    ]
    assert all(job.elements is None for job in every if job.part in ("main", "dtypes"))
    assert {job.case.name for job in every if job.host} >= {"add", "chain", "softmax"}
    some = jobs(("host", "sort"), (), 5000, "cuda:0")
    assert (some[-1].case.name, some[-1].elements, some[0].part) == ("sort", 5000, "host")
    assert [job.elements for job in jobs(("sum",), (), None, "cpu")] == [1 << 24]
    assert jobs(("sizes",), (10**8,), None, "cpu") == []
