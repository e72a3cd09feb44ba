"""What a program beside NumPy is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tests.programs.beside_numpy import (
    computing,
    exchanging,
    making,
    ordering,
    selecting,
    views,
    writing,
)
from tests.programs.beside_numpy.machine import Machine

Step = Callable[[Machine], None]

#: Each step and how often it is taken.
STEPS: Final[tuple[tuple[int, Step], ...]] = (
    (1, making.new),
    (1, making.generate),
    (1, making.copy),
    (7, views.view),
    (4, views.reshape),
    (1, views.broadcast),
    (5, writing.assign),
    (6, writing.shift),
    (6, writing.update),
    (4, computing.binary),
    (2, computing.unary),
    (2, computing.where),
    (2, computing.cast),
    (3, computing.reduce),
    (2, computing.join),
    (2, selecting.get_by_mask),
    (2, selecting.get_by_indices),
    (2, selecting.put_by_mask),
    (2, selecting.put_by_indices),
    (1, selecting.take),
    (2, ordering.sort),
    (1, ordering.accumulate),
    (1, ordering.search),
    (1, ordering.unique),
    (1, ordering.multiply),
    (2, Machine.read),
    (1, Machine.materialize),
    (2, Machine.drop),
)

#: Steps with memory that others see too.
EXCHANGES: Final[tuple[tuple[int, Step], ...]] = (
    (8, exchanging.lend),
    (6, exchanging.borrow),
    (12, exchanging.write),
    (4, exchanging.give_back),
)


def run(
    device: Any,
    note: Callable[[str], Any],
    shape: tuple[int, ...] | None,
    seeds: list[int],
    steps: tuple[tuple[int, Step], ...] = STEPS,
) -> None:
    """Take one of ``steps`` for each seed, then look at everything that is left.

    ``shape`` is that of most new arrays, so that more of them meet; without it they are of any
    shape, and many a step is an error.
    """
    machine = Machine(device, note, shape)
    weighted = [step for weight, step in steps for _ in range(weight)]
    for seed in seeds:
        machine.random.seed(seed)
        if len(machine.pool) < 2:
            making.new(machine)
        machine.random.choice(weighted)(machine)
    for pair in machine.pool:
        machine.same(pair)
    machine.same_outside()
