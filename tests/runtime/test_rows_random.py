"""Random programs about rows give what NumPy gives, on each device."""

from __future__ import annotations

import pytest

import xgpu
from tests.programs.rows import run


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_random_rows(first: int) -> None:
    for seed in range(first, first + 100):
        run("cpu", seed, 14)


def test_random_rows_call_by_call() -> None:
    with xgpu.eager():
        for seed in range(50):
            run("cpu", seed, 14)


def test_a_long_program_of_rows() -> None:
    assert len(run("cpu", 7, 400)) > 250


@pytest.mark.parametrize("seed", range(6))
def test_random_rows_on_each_device(device: xgpu.Device, seed: int) -> None:
    run(device, seed, 8)


def test_random_programs_have_row_programs() -> None:
    device = xgpu.device("cpu")
    for seed in range(60):
        run(device, seed, 14)
    assert sum(kernel.program.staged() for kernel in device.kernels.values()) > 20
