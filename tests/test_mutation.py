"""The check of the tests by mutants: a sample of it, and that a survivor is reported."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import xgpu
from tests import mutants, mutation

SCRIPT = Path(mutation.__file__)
SIGNATURES = json.loads(mutants.SIGNATURES.read_text())
STANDARD = [name for names in SIGNATURES.values() for name in names]


def check(*arguments: str) -> tuple[int, str]:
    """Exit status and output of the script."""
    run = subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, check=False
    )
    return run.returncode, run.stdout + run.stderr


def test_a_sample_is_killed() -> None:
    sample = ("add", "can_cast", "unique_counts", "Array.T", "Array.__isub__")
    status, output = check(*(f"--only={m}" for m in (*sample, "Array.__rmul__ scalar")))
    assert "killed 6/6" in output
    assert status == 0


def test_a_survivor_is_reported() -> None:
    status, output = check("--only=linalg.det", "--only=sin", "--tests=tests/test_sorting.py")
    assert "killed 0/2" in output
    assert "survived: linalg.det" in output
    assert "survived: sin" in output
    assert status == 1


def test_a_test_that_fails_anyway_kills_nothing(tmp_path: Path) -> None:
    failing = tmp_path / "test_failing.py"
    failing.write_text("def test_sin():\n    assert False\n")
    status, output = check("--only=sin", f"--tests={failing}")
    assert "fails without a mutant" in output
    assert "killed 0/1" in output
    assert status == 1


def test_a_mistaken_name_is_refused() -> None:
    status, output = check("--only=sinus")
    assert "no mutant is named 'sinus'" in output
    assert status == 2


def test_there_is_a_mutant_of_everything() -> None:
    names = mutants.names()
    assert max(Counter(names).values()) == 1
    functions = [n for n in names if not n.startswith("Array.")]
    assert len(functions) == len(STANDARD) > 170
    assert {"where", "linalg.matmul", "fft.irfftn", "__array_namespace_info__"} <= {*functions}
    members = {n.removeprefix("Array.") for n in names if n.startswith("Array.")}
    standard = {"__dlpack__", "__index__", "__setitem__", "__rpow__", "__imatmul__", "mT", "size"}
    assert standard <= members
    assert {"__eq__ scalar", "__rsub__ scalar", "__ixor__ scalar", "to_device"} <= members
    assert not any(m.startswith("_") and not m.startswith("__") for m in members)


def test_zeroed_keeps_all_but_the_values() -> None:
    x = xgpu.ones((2, 3), dtype=xgpu.int8)
    zeros = mutants.zeroed(x)
    assert (zeros.shape, zeros.dtype, zeros.device) == (x.shape, x.dtype, x.device)
    assert not np.any(np.asarray(zeros))
    counts = mutants.zeroed(xgpu.unique_counts(x))
    assert type(counts).__name__ == "UniqueCounts"
    assert int(counts.counts[0]) == 0
    assert mutants.zeroed((True, 3, 2.5, "a", [1j])) == (False, 0, 0.0, "", [0j])
    assert mutants.zeroed(xgpu.float32) == xgpu.bool
    assert mutants.zeroed(xgpu.iinfo(xgpu.int8)).max == 0
    assert mutants.zeroed(xgpu.__array_namespace_info__()).capabilities() == {}


@pytest.mark.parametrize(
    ("name", "word"), [("add", "add"), ("fft.fft", "fft"), ("Array.__add__ scalar", "__add__")]
)
def test_tests_are_chosen_by_the_name(name: str, word: str) -> None:
    assert mutants.word(name) == word
    chosen = mutation.chosen(name)
    assert {*chosen} == {*mutation.files()}


def test_files_that_name_it_come_first() -> None:
    names = [p.name for p in mutation.chosen("searchsorted")[: mutation.FEW]]
    assert "test_searching.py" in names
    assert mutation.chosen("fft.hfft")[0].name == "test_fft.py"
