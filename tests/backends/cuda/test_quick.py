"""Launches that repeat themselves: queued as a graph, with the operands that they are given."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import xgpu as xp
from tests.comparing import host
from xgpu.runtime import matching
from xgpu_cuda.launch import quick


@pytest.fixture(params=["cudasim:0", pytest.param("cuda:0", marks=pytest.mark.gpu)])
def cuda(request: pytest.FixtureRequest) -> xp.Device:
    try:
        return xp.device(request.param)
    except xp.BackendUnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture
def graphs(cuda: xp.Device, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The graphs that are made, each with how often it was queued."""
    made: list[Any] = []
    driver = cuda.backend.driver
    new = driver.new_graph

    class Counted:
        def __init__(self, graph: Any) -> None:
            self.graph, self.queued = graph, 0
            made.append(self)

        def add(self, *launch: Any) -> None:
            self.graph.add(*launch)

        def queue(self) -> None:
            self.queued += 1
            self.graph.queue()

    monkeypatch.setattr(driver, "new_graph", lambda device: Counted(new(device)))
    monkeypatch.setattr(matching, "HITS", 1)
    cuda.matchers.clear()
    cuda.plans.clear()
    yield made
    cuda.matchers.clear()
    cuda.plans.clear()


def array(cuda: xp.Device, seed: int, size: int = 100) -> xp.Array:
    values = np.random.default_rng(seed).standard_normal(size).astype(np.float32)
    return xp.asarray(values, device=cuda)


def test_the_same_again_is_a_graph(
    cuda: xp.Device, graphs: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = array(cuda, 0), array(cuda, 1)
    expected = host(x) + host(y)
    driver = cuda.backend.driver
    allocate = driver.allocate
    room = allocate(cuda.index, expected.nbytes)
    # What is freed is given out again at once: a pool of memory does so, the host's need not.
    monkeypatch.setattr(
        driver,
        "allocate",
        lambda device, nbytes: room if nbytes == room.nbytes else allocate(device, nbytes),
    )
    # The first is lowered, the second makes a matcher, and the next one's operands come again.
    for _ in range(2 + 1 + quick.REPEATED + 4):
        z = x + y
        np.testing.assert_array_equal(host(z), expected)
        del z
    assert [graph.queued for graph in graphs] == [5]


def test_two_in_turn_are_graphs(
    cuda: xp.Device, graphs: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = array(cuda, 0), array(cuda, 1)
    expected = host(x) + host(y)
    driver = cuda.backend.driver
    allocate = driver.allocate
    # A name that is given the next result while it has the last one, as in most loops.
    rooms = itertools.cycle([allocate(cuda.index, expected.nbytes) for _ in range(2)])
    monkeypatch.setattr(
        driver,
        "allocate",
        lambda device, nbytes: (
            next(rooms) if nbytes == expected.nbytes else allocate(device, nbytes)
        ),
    )
    for _ in range(2 + 2 + 2 * quick.REPEATED + 4):
        z = x + y
        xp.materialize(z)
    np.testing.assert_array_equal(host(z), expected)
    assert sorted(graph.queued for graph in graphs) == [3, 3]


def test_other_operands_are_read(cuda: xp.Device, graphs: list[Any]) -> None:
    arrays = [array(cuda, seed) for seed in range(3)]
    hosts = [host(x) for x in arrays]
    kept = []
    for turn in range(40):
        a, b = turn // 10 % 3, turn // 7 % 3
        z = arrays[a] * arrays[b]
        xp.materialize(z)
        np.testing.assert_array_equal(host(z), hosts[a] * hosts[b])
        if turn % 9 == 0:
            kept.append((z, hosts[a] * hosts[b]))
        del z
    for z, expected in kept:
        np.testing.assert_array_equal(host(z), expected)
    assert sum(graph.queued for graph in graphs) < 40


def test_numbers_that_are_equal_and_not_the_same(cuda: xp.Device, graphs: list[Any]) -> None:
    x = array(cuda, 0)
    for value in (0.0, -0.0, math.nan, 0.0, -0.0, 2.0):
        for _ in range(quick.REPEATED + 5):
            z, expected = host(x * value), host(x) * np.float32(value)
            np.testing.assert_array_equal(z, expected)
            if not math.isnan(value):  # a GPU's NaN has other bits
                np.testing.assert_array_equal(np.signbit(z), np.signbit(expected))
    for number in range(20):  # each its own object
        value = float(f"{number % 2}.5")
        np.testing.assert_array_equal(host(x * value), host(x) * np.float32(value))
    assert len(graphs) < 12


def test_rows(cuda: xp.Device, graphs: list[Any]) -> None:
    def softmax(x: xp.Array) -> xp.Array:
        e = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
        return e / xp.sum(e, axis=-1, keepdims=True)

    x = xp.reshape(array(cuda, 0, 96), (4, 24))
    y = xp.reshape(array(cuda, 1, 96), (4, 24))
    xp.materialize(x, y)
    first, second = host(softmax(x)), host(softmax(y))
    for _ in range(quick.REPEATED + 6):
        np.testing.assert_array_equal(host(softmax(x)), first)
    np.testing.assert_array_equal(host(softmax(y)), second)
    np.testing.assert_array_equal(host(softmax(x)), first)


def test_large_results_have_none(
    cuda: xp.Device, graphs: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick, "SMALL", 256)
    x = array(cuda, 0)
    for _ in range(quick.REPEATED + 6):
        np.testing.assert_array_equal(host(x + x), host(x) * 2)
    assert not graphs


def test_on_another_stream(cuda: xp.Device, graphs: list[Any]) -> None:
    x, y = array(cuda, 0), array(cuda, 1)
    expected = host(x) - host(y)
    stream = xp.Stream(cuda)
    for _ in range(quick.REPEATED + 6):
        with stream:
            z = x - y
        np.testing.assert_array_equal(host(z), expected)
        del z
        np.testing.assert_array_equal(host(x - y), expected)
