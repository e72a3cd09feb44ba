"""Results in the memory of what nobody reads again: where that is done, and where not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

import xgpu as xp
from tests.programs.beside_numpy.program import EXCHANGES, STEPS, run
from xgpu.codegen import donors
from xgpu.plugin import Operand
from xgpu.runtime import donation

PROGRAMS = st.lists(st.integers(0, 2**32 - 1), min_size=20, max_size=60)
SHAPES = st.sampled_from([None, (4,), (3, 3), (6, 1), (2, 3, 4)])
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)


class Overwriting:
    """The reference as a device that writes results to the memory of inputs: with plain copies."""

    def __init__(self, backend: Any) -> None:
        self._launch = backend.launch
        self.given = 0

    def pairs(
        self, device: int, kernel: Any, shape: tuple[int, ...], inputs: Sequence[Operand]
    ) -> list[tuple[int, int]]:
        """See `xgpu.plugin.Donation.pairs`."""
        return [
            (source, target)
            for source, target in donors(kernel.program)
            if self._alone(inputs[source][0], math.prod(shape))
            and inputs[source][1] == 0
            and sum(value is inputs[source][0] for value, _, _ in inputs) == 1
        ]

    def _alone(self, buffer: Any, points: int) -> bool:
        return buffer.base is None and buffer.flags.owndata and buffer.size == points

    def launch(
        self,
        device: int,
        kernel: Any,
        shape: tuple[int, ...],
        inputs: Sequence[Operand],
        outputs: Sequence[Operand],
    ) -> list[Any]:
        """See `xgpu.plugin.Backend.launch`."""
        ids = {id(value) for value, _, _ in inputs if value is not None}
        taken = [
            number
            for number, (value, _, _) in enumerate(outputs)
            if id(value) in ids and value.size == math.prod(shape)
        ]
        fresh = [(None, *o[1:]) if n in taken else o for n, o in enumerate(outputs)]
        made: list[Any] = self._launch(device, kernel, shape, inputs, fresh)
        for number in taken:
            buffer = outputs[number][0]
            buffer[...] = made[number]
            made[number] = buffer
            self.given += 1
        return made


@pytest.fixture
def all_sizes(device: xp.Device, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(donation, "LEAST", 0)
    device.matchers.clear()  # they take the short way for what was small
    yield
    device.matchers.clear()


@pytest.fixture(scope="module")
def overwriting() -> Iterator[Overwriting]:
    backend = xp.device("cpu").backend
    with pytest.MonkeyPatch.context() as patch:
        device = Overwriting(backend)
        patch.setattr(donation, "LEAST", 0)
        patch.setattr(backend, "donation", device, raising=False)
        patch.setattr(backend, "launch", device.launch)
        xp.device("cpu").matchers.clear()  # they take the short way for what was small
        yield device
        xp.device("cpu").matchers.clear()


@given(seeds=PROGRAMS, shape=SHAPES)
@settings(max_examples=250, phases=PHASES)
def test_random_programs(
    overwriting: Overwriting, seeds: list[int], shape: tuple[int, ...] | None
) -> None:
    run("cpu", note, shape, seeds)


@given(seeds=PROGRAMS, shape=SHAPES)
@settings(max_examples=80, phases=PHASES)
def test_random_programs_that_share_memory(
    overwriting: Overwriting, seeds: list[int], shape: tuple[int, ...] | None
) -> None:
    run("cpu", note, shape, seeds, STEPS + EXCHANGES)


#: Of square matrices of whole numbers, in NumPy's namespace and in xgpu's; with results that are
#: kernels of their own, and readers at the same places and at others.
OPERATIONS: list[Callable[[Any, Any, Any], Any]] = [
    lambda xp, x, y: xp.sort(x, axis=1),
    lambda xp, x, y: xp.cumulative_sum(x, axis=0) % 101,
    lambda xp, x, y: (x @ y) % 101,
    lambda xp, x, y: x + y,
    lambda xp, x, y: x - 2 * y,
    lambda xp, x, y: x * x % 97,
    lambda xp, x, y: xp.where(x > y, x, 3 - y),
    lambda xp, x, y: x + y[:1, :],
    lambda xp, x, y: x - y[:, 2:3],
    lambda xp, x, y: x + y.T,
    lambda xp, x, y: x.T,
    lambda xp, x, y: xp.flip(x, axis=1) + y,
    lambda xp, x, y: xp.reshape(xp.reshape(x, (-1,)) + 1, (6, 6)),
    lambda xp, x, y: x - xp.max(x, axis=1, keepdims=True),
    lambda xp, x, y: y - xp.sum(x, axis=0, keepdims=True) % 7,
    lambda xp, x, y: (x - xp.min(x, axis=1, keepdims=True)) * y % 89,
]


def beside_numpy(device: Any, seed: int, steps: int) -> None:
    """A random program, of which most results are dropped soon."""
    random = np.random.default_rng(seed)
    host = [random.integers(-9, 10, (6, 6)) for _ in range(3)]
    here = [xp.asarray(x, device=device) for x in host]
    for _ in range(steps):
        action = random.integers(10)
        a, b = random.integers(len(here), size=2)
        if action < 6:
            operation = OPERATIONS[random.integers(len(OPERATIONS))]
            host.append(operation(np, host[a], host[b]))
            here.append(operation(xp, here[a], here[b]))
            if random.integers(2) and len(here) > 4:
                del host[a], here[a]
        elif action == 6:
            host[a] = host[a].copy()
            host[a][1:3, ::2] = host[b][2:4, 1::2]
            here[a] = xp.asarray(here[a], copy=True)
            here[a][1:3, ::2] = here[b][2:4, 1::2]
        elif action == 7:
            xp.materialize(here[a], here[b])
        elif action == 8:
            np.testing.assert_array_equal(to_numpy(here[a]), host[a])
        elif len(here) > 4:
            del host[a], here[a]
    for one, other in zip(here, host, strict=True):
        np.testing.assert_array_equal(to_numpy(one), other)


def to_numpy(x: xp.Array) -> Any:
    return np.asarray(xp.to_device(x, "cpu"))


def test_random_programs_of_results_that_die(overwriting: Overwriting) -> None:
    before = overwriting.given
    for seed in range(250):
        beside_numpy("cpu", seed, 60)
    assert overwriting.given > before + 500


@pytest.mark.parametrize("seed", range(4))
def test_random_programs_on_each_device(device: xp.Device, all_sizes: None, seed: int) -> None:
    beside_numpy(device, seed, 40)


def test_a_copy_through_a_view_that_is_pending(overwriting: Overwriting) -> None:
    """It reads what no array shows, and is read again later itself."""
    for _ in range(12):
        rows = xp.asarray([[0, 2], [1, 3]]) + 1
        xp.materialize(rows)
        line = xp.asarray(xp.reshape(rows, (4,)), copy=True)
        del rows
        twice = line * 2
        assert to_numpy(twice).tolist() == [2, 6, 4, 8]
        assert to_numpy(line).tolist() == [1, 3, 2, 4]
        twice, again = line * 3, line - xp.sum(line)
        xp.materialize(twice, again)
        assert to_numpy(line).tolist() == [1, 3, 2, 4]
