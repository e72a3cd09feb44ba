"""Structures that come to several programs: followed when they are met again, and told apart."""

from __future__ import annotations

import operator
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

import xgpu as xp
from tests.comparing import host
from xgpu.array import read
from xgpu.graph import rows
from xgpu.graph.node import Node
from xgpu.plugin import KernelError
from xgpu.runtime import donation, matching, materialize, recall
from xgpu.runtime.series import Series

Program = Callable[..., Any]


@pytest.fixture(autouse=True)
def soon(device: xp.Device, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Matchers for what is met once again, and few rows that fit."""
    monkeypatch.setattr(matching, "HITS", 1)
    monkeypatch.setattr(rows, "BESIDE", 4)
    monkeypatch.setattr(rows, "HELD", 4)
    device.matchers.clear()
    device.plans.clear()
    yield
    device.matchers.clear()
    device.plans.clear()


class Launches:
    """Stands in for a backend's launches, and notes each."""

    def __init__(self, device: xp.Device, monkeypatch: pytest.MonkeyPatch) -> None:
        self.backend = device.backend
        self.launch = device.backend.launch
        self.names: list[str] = []
        self.given: list[int] = []  # outputs that had memory, of each launch
        self.alive: list[list[bool]] = []  # which of ``watched`` were, at each launch
        self.watched: list[weakref.ref[Node]] = []
        self.fails_at = -1
        # Prepared launches do not pass here.
        monkeypatch.setattr(self.backend, "launchers", None, raising=False)
        monkeypatch.setattr(self.backend, "launch", self)

    def __call__(
        self, index: int, kernel: Any, shape: Any, inputs: Sequence[Any], outputs: Sequence[Any]
    ) -> Any:
        if len(self.names) == self.fails_at:
            raise KernelError("told to fail")
        self.names.append(kernel.name)
        self.given.append(sum(output[0] is not None for output in outputs))
        self.alive.append([ref() is not None for ref in self.watched])
        return self.launch(index, kernel, shape, inputs, outputs)

    def watch(self, root: xp.Array) -> None:
        """Forget what was noted, and watch the nodes that ``root`` is made of."""
        found = [read(root)]
        for node in found:
            found += [source for source in node.inputs if source not in found]
        self.watched = [weakref.ref(node) for node in found]
        self.names, self.given, self.alive = [], [], []


@pytest.fixture
def launches(device: xp.Device, monkeypatch: pytest.MonkeyPatch) -> Launches:
    return Launches(device, monkeypatch)


def array(device: xp.Device, seed: int, *shape: int, dtype: str = "float64") -> xp.Array:
    values = np.random.default_rng(seed).integers(1, 9, shape) / 4
    return xp.asarray(values.astype(dtype), device=device)


def eager(fn: Program, *arrays: xp.Array) -> Any:
    with xp.eager():
        return host(fn(*arrays))


def standardise(x: xp.Array) -> xp.Array:
    return (x - xp.mean(x, axis=0)) / xp.std(x, axis=0)


def shares(x: xp.Array) -> xp.Array:
    powers = xp.exp(x * 0.5)
    return powers / xp.sum(powers, axis=0)


def in_turn(x: xp.Array) -> xp.Array:
    rest = x - xp.mean(x, axis=0)
    return rest / xp.max(xp.abs(rest), axis=1, keepdims=True) + xp.sum(x * 2.0)


PROGRAMS: dict[str, Program] = {
    "standardise": standardise,
    "shares": shares,
    "in turn": in_turn,
    "of a result": lambda x: standardise(x @ x.T),
    "of a sum": lambda x: xp.sum(shares(x)) * 2.0,
    "through views": lambda x: (x * x)[1:] + (x * x)[:-1] * xp.sum(x * x),
    "generator": lambda x: x / xp.sum(x * xp.arange(9.0, device=x.device)[:, None], axis=0),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_again(
    name: str, device: xp.Device, launches: Launches, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = PROGRAMS[name]
    x, y = array(device, 0, 9, 6), array(device, 1, 9, 6)
    expected = [eager(program, given) for given in (x, y)]
    noted = []
    for _ in range(4):
        root = program(x)
        launches.watch(root)
        np.testing.assert_allclose(host(root), expected[0], rtol=1e-12)
        noted.append((launches.names, launches.given, launches.alive))
        del root
    assert len(noted[0][0]) > 1
    assert noted[2:] == noted[1:-1]
    assert noted[1][:2] == noted[0][:2], "the launches are those of what was lowered"
    for later, first in zip(noted[1][2], noted[0][2], strict=True):
        # Lowering itself may hold some a little longer.
        assert all(map(operator.le, later, first)), "nothing is let go of later"
    # Nothing is planned: not even looked at by what would.
    monkeypatch.setattr(recall, "walk", None)
    monkeypatch.setattr(materialize, "_fused", None)
    np.testing.assert_allclose(host(program(y)), expected[1], rtol=1e-12)


def test_prepared_launches(device: xp.Device) -> None:
    x, y = array(device, 0, 9, 6), array(device, 1, 9, 6)
    for program in PROGRAMS.values():
        expected = [eager(program, given) for given in (x, y)]
        for _ in range(6):
            np.testing.assert_allclose(host(program(x)), expected[0], rtol=1e-12)
            np.testing.assert_allclose(host(program(y)), expected[1], rtol=1e-12)
    assert any(isinstance(plan, Series) for plan in device.plans.values())


def test_what_is_alike_is_not_taken_for_it(device: xp.Device) -> None:
    alike: list[Program] = [
        lambda x, y: (x - xp.mean(x, axis=0)) / xp.std(x, axis=0),
        lambda x, y: (x - xp.mean(x, axis=1)) / xp.std(x, axis=1),
        lambda x, y: (x - xp.mean(x, axis=0)) / xp.std(y, axis=0),
        lambda x, y: (y - xp.mean(x, axis=0)) / xp.std(x, axis=0),
        lambda x, y: (x - xp.mean(x, axis=0)) / xp.std(x, axis=0, correction=1),
        lambda x, y: (x - xp.mean(x.T, axis=0)) / xp.std(x, axis=0),
        lambda x, y: (x[::-1] - xp.mean(x, axis=0)) / xp.std(x, axis=0),
        lambda x, y: (x - xp.mean(x, axis=0)) / xp.std(x[1:], axis=0),
    ]
    x, y = array(device, 0, 8, 8), array(device, 1, 8, 8)
    expected = [eager(program, x, y) for program in alike]
    for _ in range(4):
        for program, wanted in zip(alike, expected, strict=True):
            np.testing.assert_allclose(host(program(x, y)), wanted, rtol=1e-12)


def test_other_shapes_dtypes_and_strides(device: xp.Device) -> None:
    whole = array(device, 0, 12, 12)
    given = [
        whole,
        whole[:7],
        whole[:, 3:9],
        whole[::2, ::-1],
        whole.T,
        array(device, 1, 9, 6, dtype="float32"),
        array(device, 2, 9, 6),
        xp.asarray(np.arange(54).reshape(9, 6) % 7, device=device),
    ]
    expected = [eager(standardise, x) for x in given]
    for _ in range(4):
        for x, wanted in zip(given, expected, strict=True):
            got = host(standardise(x))
            assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
            np.testing.assert_allclose(got, wanted, rtol=1e-4 if got.dtype == "f4" else 1e-11)


def test_writes_between(device: xp.Device) -> None:
    x = array(device, 0, 9, 6)
    row = x[1]
    for number in range(8):
        before, got = eager(standardise, x), standardise(x)
        if number % 2:
            row[...] = float(number)  # what was recorded reads what was there before
            x[0, 2] += 1.5
            np.testing.assert_allclose(host(got), before, rtol=1e-12)
            before, got = eager(standardise, x), standardise(x)
        np.testing.assert_allclose(host(got), before, rtol=1e-12)


def test_a_write_to_the_result_leaves_the_next_one_alone(device: xp.Device) -> None:
    x = array(device, 0, 9, 6)
    expected = eager(standardise, x)
    for _ in range(5):
        got = standardise(x)
        np.testing.assert_allclose(host(got), expected, rtol=1e-12)
        got[...] = 7.0
        assert host(got).min() == 7.0


def test_what_is_held_is_written_too(
    device: xp.Device, launches: Launches, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = array(device, 0, 9, 6)

    def program(kept: int) -> list[Any]:
        mean, deviation = xp.mean(x, axis=0), xp.std(x, axis=0)
        rest = x - mean
        root = rest / deviation
        held = [array for n, array in enumerate((mean, deviation, rest)) if kept >> n & 1]
        del mean, deviation, rest
        launches.watch(root)
        xp.materialize(root)
        written = [read(array).buffer is not None for array in held]
        return [launches.names, written, [host(array) for array in (root, *held)]]

    expected = [program(kept) for kept in range(8)]
    for kept in (0, 7, *range(8), *range(8)):
        names, written, values = program(kept)
        assert names == expected[kept][0]
        assert all(written), "the kernel that computed it wrote it"
        for got, wanted in zip(values, expected[kept][2], strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-12)
    for kept in (1, 4, 5):
        program(kept)
        with monkeypatch.context() as patch:
            patch.setattr(recall, "walk", None)
            program(kept)


def test_held_and_elementwise_of_any_shape(
    device: xp.Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    def program(x: xp.Array) -> tuple[xp.Array, xp.Array]:
        kept = x * 2.0
        return kept, kept + x

    for size in (3, 3, 3, 8, 8, 5, 1, 0, 3):
        x = array(device, size, size)
        kept, root = program(x)
        xp.materialize(root)
        assert read(kept).buffer is not None
        np.testing.assert_array_equal(host(root), host(x) * 3)
        np.testing.assert_array_equal(host(kept), host(x) * 2)
    monkeypatch.setattr(recall, "walk", None)
    x = array(device, 1, 7)
    kept, root = program(x)
    np.testing.assert_array_equal(host(root), host(x) * 3)
    np.testing.assert_array_equal(host(kept), host(x) * 2)


def test_in_the_memory_of_what_nobody_reads_again(
    device: xp.Device, launches: Launches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(donation, "LEAST", 0)
    x = array(device, 0, 9, 9)
    expected = eager(lambda x: standardise(x @ x), x)
    given = []
    for turn in range(6):
        product = x @ x
        kept = product if turn % 2 else None
        root = standardise(product)
        del product
        launches.watch(root)
        xp.materialize(root)
        given.append(launches.given)
        np.testing.assert_allclose(host(root), expected, rtol=1e-12)
        if kept is not None:
            np.testing.assert_allclose(host(kept), host(x) @ host(x), rtol=1e-12)
    assert given[2:] == given[:-2]
    assert not any(given[1])
    if hasattr(device.backend, "donation"):
        assert given[0] == [0, 1], "the last program writes where the product was"


def test_a_step_that_fails_can_be_made_again(device: xp.Device, launches: Launches) -> None:
    x = array(device, 0, 9, 6)
    expected = eager(standardise, x)
    for _ in range(3):
        host(standardise(x))
    for fails_at in (0, 1):
        root = standardise(x)
        launches.watch(root)
        launches.fails_at = fails_at
        with pytest.raises(KernelError, match="told to fail") as raised:
            xp.materialize(root)
        assert __file__ in "".join(raised.value.__notes__), "whose line asked for it"
        launches.fails_at = -1
        assert read(root).buffer is None
        np.testing.assert_allclose(host(root), expected, rtol=1e-12)
        np.testing.assert_allclose(host(standardise(x)), expected, rtol=1e-12)


def test_a_lowering_that_fails_is_not_remembered(device: xp.Device, launches: Launches) -> None:
    x = array(device, 0, 9, 6)
    expected = eager(standardise, x)
    launches.watch(x)
    launches.fails_at = 1
    root = standardise(x)
    with pytest.raises(KernelError):
        xp.materialize(root)
    launches.fails_at = -1
    for _ in range(4):
        np.testing.assert_allclose(host(standardise(x)), expected, rtol=1e-12)
    np.testing.assert_allclose(host(root), expected, rtol=1e-12)


def test_in_several_threads(device: xp.Device) -> None:
    given = [array(device, seed, 9, 6) for seed in range(4)]
    expected = [eager(in_turn, x) for x in given]
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for _ in range(20):
                got = in_turn(given[number])
                np.testing.assert_allclose(host(got), expected[number], rtol=1e-12)
        except BaseException as error:  # reported by the thread that started it
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_on_another_stream(device: xp.Device) -> None:
    if getattr(device.backend, "streams", None) is None:
        pytest.skip(f"{device} has no streams")
    x = array(device, 0, 9, 6)
    expected = eager(standardise, x)
    stream = xp.Stream(device)
    for _ in range(5):
        with stream:
            got = standardise(x)
            xp.materialize(got)
        np.testing.assert_allclose(host(standardise(x)), expected, rtol=1e-12)
        np.testing.assert_allclose(host(got), expected, rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_random_programs_of_which_some_are_held(seed: int, device: xp.Device) -> None:
    rng = np.random.default_rng(seed)
    unary: list[Program] = [
        xp.abs,
        xp.square,
        lambda x: x[::-1],
        lambda x: x.T,
        lambda x: x - xp.mean(x, axis=0),
        lambda x: x / xp.sum(xp.abs(x) + 1.0, axis=1, keepdims=True),
        lambda x: x * 0.5 + xp.max(x),
    ]

    def program(plan: list[list[int]], x: xp.Array, y: xp.Array) -> list[xp.Array]:
        values = [x, y]
        for op, i, j in plan:
            a, b = values[i % len(values)], values[-1 - j % len(values)]
            values.append(unary[op](a) if op < len(unary) else a + b)
        return [value for n, value in enumerate(values) if n % 3 == 2 or n == len(values) - 1]

    for _ in range(4):
        plan = rng.integers(0, len(unary) + 3, (int(rng.integers(2, 8)), 3)).tolist()
        for number in range(6):
            x, y = (array(device, seed + number + n, 6, 6) for n in range(2))
            with xp.eager():
                expected = [host(value) for value in program(plan, x, y)]
            found = program(plan, x, y)
            for value, wanted in zip(reversed(found), reversed(expected), strict=True):
                np.testing.assert_allclose(host(value), wanted, rtol=1e-9)
