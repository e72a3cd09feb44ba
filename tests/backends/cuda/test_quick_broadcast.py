"""Prepared launches of programs that broadcast: what addresses decide is looked at each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import xgpu as xp
from tests.comparing import host
from xgpu.array import holding, read
from xgpu.graph.node import leaf
from xgpu.runtime import matching
from xgpu_cuda.driver import Memory
from xgpu_cuda.launch.elementwise import ElementwiseKernel

Program = Callable[..., Any]


@pytest.fixture(params=["cudasim:0", pytest.param("cuda:0", marks=pytest.mark.gpu)])
def cuda(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[xp.Device]:
    try:
        device = xp.device(request.param)
    except xp.BackendUnavailableError as error:
        pytest.skip(str(error))
    monkeypatch.setattr(matching, "HITS", 1)
    device.matchers.clear()
    device.plans.clear()
    yield device
    device.matchers.clear()
    device.plans.clear()


@pytest.fixture
def usual(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes of launches that were not prepared."""
    shapes: list[tuple[int, ...]] = []
    launch = ElementwiseKernel.launch

    def noted(self: ElementwiseKernel, shape: tuple[int, ...], *operands: Any) -> list[Memory]:
        shapes.append(shape)
        return launch(self, shape, *operands)

    monkeypatch.setattr(ElementwiseKernel, "launch", noted)
    return shapes


def array(cuda: xp.Device, seed: int, *shape: int, dtype: str = "float32") -> xp.Array:
    values = np.random.default_rng(seed).integers(1, 99, shape).astype(dtype)
    return xp.asarray(values, device=cuda)


def learned(fn: Program, *arrays: xp.Array) -> None:
    for _ in range(3):
        host(fn(*arrays))


PROGRAMS: dict[str, Program] = {
    "row": lambda x, row, column: x * 2 + row,
    "column": lambda x, row, column: x - column,
    "both": lambda x, row, column: (x - row) * column,
    "cut": lambda x, row, column: x[:, 1:] - x[:, :-1] + row[1:],
    "element": lambda x, row, column: x + row[3],
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("shape", [(6, 8), (40, 33), (5, 1)])
def test_values(name: str, shape: tuple[int, int], cuda: xp.Device) -> None:
    program = PROGRAMS[name]
    if name == "element" and shape[1] < 4:
        shape = (5, 4)
    for dtype in ("float32", "int16"):
        for seed in range(6):
            x, row = array(cuda, seed, *shape, dtype=dtype), array(cuda, 7, shape[1], dtype=dtype)
            column = array(cuda, 8, shape[0], 1, dtype=dtype)
            np.testing.assert_array_equal(
                host(program(x, row, column)), program(*map(host, (x, row, column)))
            )


def test_they_are_prepared(cuda: xp.Device, usual: list[tuple[int, ...]]) -> None:
    x, row, column = array(cuda, 0, 6, 8), array(cuda, 1, 8), array(cuda, 2, 6, 1)
    for name in ("row", "column", "both"):
        learned(PROGRAMS[name], x, row, column)
    usual.clear()
    for name in ("row", "column", "both"):
        learned(PROGRAMS[name], x, row, column)
    assert not usual


def test_addresses_that_wide_accesses_cannot_have(
    cuda: xp.Device, usual: list[tuple[int, ...]]
) -> None:
    x, row = array(cuda, 0, 6, 8), array(cuda, 1, 12)

    def program(x: xp.Array, row: xp.Array) -> Any:
        return x * 2 + row

    first = xp.asarray(host(row)[:8], device=cuda)
    learned(program, x, first)
    memory: Memory = read(row).buffer
    for ahead in (0, 1, 2, 4, 1, 0):
        inside = Memory(memory.ptr + 4 * ahead, 32, memory, memory.home)
        part = holding(leaf(inside, (8,), xp.float32, cuda))
        usual.clear()
        expected = host(x) * 2 + host(row)[ahead : ahead + 8]
        np.testing.assert_array_equal(host(program(x, part)), expected)
        assert len(usual) == (ahead % 4 != 0)
        np.testing.assert_array_equal(host(program(x, first)), host(x) * 2 + host(first))


def test_what_strides_leave_to_addresses_is_not_prepared(
    cuda: xp.Device, usual: list[tuple[int, ...]]
) -> None:
    x, y = array(cuda, 0, 280, 260), array(cuda, 1, 280, 260)
    programs: list[Program] = [
        lambda x, y: x[1:, 1:] + x[:-1, 1:] * 2,  # neighbours below one another, in one buffer
        lambda x, y: x[1:, 1:] + y[:-1, 1:] * 2,
        lambda x, y: x[:260] + y[:260].T,  # across memory
    ]
    for program in programs:
        learned(program, x, y)
        usual.clear()
        for a, b in ((x, y), (y, x), (x, x)):
            np.testing.assert_array_equal(host(program(a, b)), program(host(a), host(b)))
        assert usual
