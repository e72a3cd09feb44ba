"""As if eager: random programs give what NumPy gives, recorded or run call by call."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

import xgpu
from tests.programs.beside_numpy.program import EXCHANGES, STEPS, run

PROGRAMS = st.lists(st.integers(0, 2**32 - 1), min_size=20, max_size=60)
SHAPES = st.sampled_from([None, None, (1,), (4,), (3, 3), (6, 1), (2, 3, 4)])
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)


@pytest.mark.parametrize("eager", [False, True], ids=["lazy", "eager"])
@given(seeds=PROGRAMS, shape=SHAPES)
@settings(max_examples=600, phases=PHASES)
def test_random_programs(eager: bool, seeds: list[int], shape: tuple[int, ...] | None) -> None:
    with xgpu.eager(eager):
        run("cpu", note, shape, seeds)


@given(seeds=PROGRAMS, shape=SHAPES)
@settings(max_examples=200, phases=PHASES)
def test_random_programs_while_traced(seeds: list[int], shape: tuple[int, ...] | None) -> None:
    with xgpu.trace():
        run("cpu", note, shape, seeds)


@pytest.mark.parametrize("eager", [False, True], ids=["lazy", "eager"])
@given(seeds=PROGRAMS, shape=SHAPES)
@settings(max_examples=150, phases=PHASES)
def test_random_programs_that_share_memory(
    eager: bool, seeds: list[int], shape: tuple[int, ...] | None
) -> None:
    with xgpu.eager(eager):
        run("cpu", note, shape, seeds, STEPS + EXCHANGES)


@pytest.mark.parametrize("seed", range(3))
def test_random_programs_that_share_memory_on_each_device(device: xgpu.Device, seed: int) -> None:
    log: list[str] = []
    run(device, log.append, (3, 3), [1000 * seed + i for i in range(40)], STEPS + EXCHANGES)


@pytest.mark.parametrize("seed", range(4))
def test_a_long_program(seed: int) -> None:
    log: list[str] = []
    run("cpu", log.append, (3, 3), [1000 * seed + i for i in range(1000)])
    assert len(log) > 800


@pytest.mark.parametrize("seed", range(3))
def test_random_programs_on_each_device(device: xgpu.Device, seed: int) -> None:
    log: list[str] = []
    run(device, log.append, (3, 3), [1000 * seed + i for i in range(25)])


# What random programs have found, each in its smallest form.


def values(x: xgpu.Array) -> list[object]:
    """The elements as nested lists."""
    result: list[object] = np.asarray(x).tolist()
    return result


def test_a_scalar_that_was_read_still_broadcasts() -> None:
    x = xgpu.asarray(3)
    assert int(x) == 3
    assert values(x + xgpu.asarray([1, 2])) == [4, 5]
    assert values(xgpu.astype(x, xgpu.float64) * xgpu.asarray([1.0, 2.0])) == [3.0, 6.0]


def test_a_scalar_read_before_and_after_it_is_written_in_one_program() -> None:
    x = xgpu.asarray(3.0)
    squared = xgpu.square(x)
    view = x[None]
    view[::2] = view[:1][::-1] + view
    assert float(squared - x) == 3.0


def test_a_reduction_of_a_reduction_materialized_together() -> None:
    x = xgpu.asarray([0.0, 3.0, 1.0])
    place = xgpu.argmax(x, axis=0, keepdims=True)
    largest = xgpu.max(place)
    xgpu.materialize(place, largest)
    assert values(place) == [1]
    assert int(largest) == 1


def test_reductions_of_nothing_that_was_broadcast() -> None:
    x = xgpu.broadcast_to(xgpu.zeros((0, 1)), (0, 9))
    assert values(xgpu.count_nonzero(x, axis=0)) == [0] * 9
    assert int(xgpu.prod(x)) == 1
    y = xgpu.sum(xgpu.broadcast_to(xgpu.asarray([[1, 2]]), (0, 3, 1, 2)), axis=(0, 1, 2))
    y[:] -= y[::-1]
    assert values(y) == [0, 0]


def test_an_empty_array_has_no_repeated_elements() -> None:
    x = xgpu.reshape(xgpu.zeros((0, 3)), (2, 0), copy=True)
    x -= 1.0
    assert x.shape == (2, 0)


def test_a_view_of_the_old_value_outlives_a_write_computed_from_it() -> None:
    x = xgpu.reshape(xgpu.equal(xgpu.asarray(1.0), 2.0), (-1,))
    rolled = xgpu.roll(x, 1)
    x[...] = rolled == rolled
    assert values(x) == [True]
    assert values(rolled) == [False]


def test_overlapping_parts_are_read_before_they_are_written() -> None:
    x = xgpu.arange(9)
    x[::2] = x[:5]
    assert values(x) == [0, 1, 1, 3, 2, 5, 3, 7, 4]
    x[1:] = x[:-1]
    assert values(x) == [0, 0, 1, 1, 3, 2, 5, 3, 7]
    x[:-1] += x[1:]
    assert values(x) == [0, 1, 2, 4, 5, 7, 8, 10, 7]
    y = xgpu.reshape(xgpu.arange(9), (3, 3))
    y[...] = y.T
    assert values(y) == [[0, 3, 6], [1, 4, 7], [2, 5, 8]]
    y += y.T
    assert values(y) == [[0, 4, 8], [4, 8, 12], [8, 12, 16]]


def test_a_loop_that_only_writes_keeps_to_the_limit_of_recording() -> None:
    x = xgpu.zeros(3)
    part = x[1:]
    for i in range(500):
        part += 1.0
        x[0] = float(i)
    assert values(x) == [499.0, 500.0, 500.0]


@pytest.mark.parametrize("eager", [False, True], ids=["lazy", "eager"])
def test_errors_are_raised_by_their_own_call(eager: bool) -> None:
    x, y = xgpu.ones((2, 3)), xgpu.ones((2, 4))
    with xgpu.eager(eager) if eager else nullcontext():
        with pytest.raises(ValueError, match=r"\(2, 3\) \(2, 4\)"):
            x + y
        with pytest.raises(TypeError, match="bitwise_and"):
            xgpu.bitwise_and(x, 1)
        with pytest.raises(IndexError, match="out of bounds"):
            x[2]
        with pytest.raises(IndexError, match="out of bounds"):
            xgpu.sum(x, axis=2)
        with pytest.raises(OverflowError, match="300"):
            xgpu.astype(x, xgpu.uint8) + 300
