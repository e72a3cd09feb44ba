"""What an error says of a kernel that failed: which were queued, from where, how to find it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import xgpu
from xgpu.graph.faults import replay
from xgpu.plugin import KernelError
from xgpu_numpy.backend import NumpyBackend


class Faulty(NumpyBackend):
    """A device that fails where ``failing`` says."""

    failing = ""

    def launch(self, *args: Any) -> list[Any]:
        self.fail("launch")
        return super().launch(*args)

    def to_host(self, *args: Any) -> Any:
        self.fail("to_host")
        return super().to_host(*args)

    def synchronize(self, device: int) -> None:
        self.fail("synchronize")

    def fail(self, where: str) -> None:
        if self.failing == where:
            raise KernelError(f"{where} failed")


@pytest.fixture
def faulty() -> Iterator[Faulty]:
    backend = Faulty()
    xgpu.register_backend("faulty", backend)
    yield backend
    xgpu.unregister_backend("faulty")


def notes(error: pytest.ExceptionInfo[KernelError]) -> str:
    return "\n".join(error.value.__notes__)


@pytest.mark.parametrize("where", ["launch", "to_host", "synchronize"])
def test_a_fault_names_the_last_kernels_their_lines_and_the_replay(
    faulty: Faulty, where: str
) -> None:
    x = xgpu.asarray([1.0, 2.0], device="faulty")
    y = xgpu.exp(x)
    xgpu.materialize(y)
    z = xgpu.cumulative_sum(y)
    last = x + z
    faulty.failing = where
    with pytest.raises(KernelError, match=f"{where} failed") as error:
        (xgpu.synchronize("faulty") if where == "synchronize" else float(xgpu.sum(last)))
    said = notes(error).splitlines()
    assert said[0] == "Queued last on faulty:0, the latest first:"
    named = [line for line in said if line.startswith("  ")]
    assert all(f"{__file__}:" in line for line in named)
    assert any(line.startswith("  cumulative_sum, asked for at ") for line in named)
    assert said[-1].endswith(replay())
    assert len(named) == (2 if where == "synchronize" else 3)
    faulty.failing = ""
    assert float(xgpu.sum(last)) == pytest.approx(3 + 2 * 2.718281828459045 + 7.38905609893065)


def test_an_error_is_explained_once(faulty: Faulty) -> None:
    x = xgpu.ones(2, device="faulty") + 1
    faulty.failing = "launch"
    with pytest.raises(KernelError) as error:
        print(x)
    assert len(error.value.__notes__) == 2


def test_the_replay_is_the_command_that_runs_this_process(tmp_path: Path) -> None:
    program = tmp_path / "a program.py"
    program.write_text("from xgpu.graph.faults import replay; print(replay())")
    command = [sys.executable, str(program), "--of", "two words"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    expected = f"CUDA_LAUNCH_BLOCKING=1 XGPU_EAGER=1 {sys.executable} '{program}' --of 'two words'"
    assert done.stdout.strip() == expected


FAULT = """
import numpy as np
import xgpu

x = xgpu.arange(8, dtype=xgpu.float32, device="cuda:0")
xgpu.materialize(x)
driver = x.device.backend.driver
source = 'extern "C" __global__ void trap(int unused) { __trap(); }'
trap = driver.load(0, source, ("trap",))["trap"]
y = x + 1.0
xgpu.materialize(y)
driver.launch(0, trap, 1, 32, 0, np.zeros(4, np.uint8))
print(float(xgpu.sum(y)))
"""


@pytest.mark.gpu
def test_a_fault_on_a_gpu(tmp_path: Path) -> None:
    try:
        xgpu.device("cuda:0")
    except xgpu.BackendUnavailableError as error:
        pytest.skip(f"cuda:0: {error}")
    program = tmp_path / "fault.py"
    program.write_text(FAULT)
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True)
    assert done.returncode == 1
    assert "KernelError" in done.stderr
    assert "xgpu_elementwise[add], asked for at " + f"{program}:11" in done.stderr
    assert f"CUDA_LAUNCH_BLOCKING=1 XGPU_EAGER=1 {sys.executable} {program}" in done.stderr
