"""What a program run eagerly and lazily is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import xgpu
from tests.programs.eager_and_lazy import (
    algebra,
    elementwise,
    folding,
    making,
    selecting,
    shaping,
    writing,
)
from tests.programs.eager_and_lazy.machine import Machine

Step = Callable[[Machine], None]


def read(m: Machine) -> None:
    """Look at one array now, and at a 0-d one as a Python scalar."""
    twin = m.pick()
    if twin is None:
        return
    m.note(f"read({twin.name})")
    m.same(twin)
    if not twin.rank and twin.kind in "biuf":
        m.step("float({})", lambda x: float(x), twin)


def materialize(m: Machine) -> None:
    """Compute some arrays of the lazy run, without looking at them."""
    if m.pool:
        chosen = m.random.choices(m.pool, k=m.random.randint(1, 3))
        m.note(f"materialize({', '.join(t.name for t in chosen)})")
        xgpu.materialize(*[t.lazy for t in chosen])


def drop(m: Machine) -> None:
    """Forget an array; its views stay."""
    if len(m.pool) > 2:
        gone = m.pool.pop(m.random.randrange(len(m.pool)))
        m.note(f"del {gone.name}")


#: Each step and how often it is taken.
STEPS: Final[tuple[tuple[int, Step], ...]] = (
    (3, making.new),
    (2, making.generate),
    (2, making.like),
    (5, elementwise.unary),
    (6, elementwise.binary),
    (4, elementwise.operate),
    (3, elementwise.choose),
    (4, elementwise.cast),
    (5, elementwise.chain),
    (5, shaping.index),
    (5, shaping.view),
    (4, shaping.reshape),
    (3, shaping.broadcast),
    (4, shaping.join),
    (4, writing.assign),
    (3, writing.assign_by_mask),
    (3, writing.assign_by_integers),
    (6, writing.update),
    (3, writing.shift),
    (5, folding.reduce),
    (4, folding.rows),
    (4, selecting.select),
    (2, selecting.order),
    (2, selecting.accumulate),
    (3, selecting.search),
    (3, algebra.multiply),
    (3, algebra.decompose),
    (3, algebra.transform),
    (2, read),
    (2, materialize),
    (2, drop),
)
_WEIGHTED: Final = [step for weight, step in STEPS for _ in range(weight)]


def run(
    device: Any,
    note: Callable[[str], Any],
    shape: tuple[int, ...] | None,
    seeds: list[int],
    steps: Sequence[Step] | None = None,
) -> Machine:
    """Take one step for each seed, of every kind or of ``steps``; then look at what is left."""
    machine = Machine(device, note, shape)
    for seed in seeds:
        machine.random.seed(seed)
        while len(machine.pool) < 2:
            making.new(machine)
        machine.random.choice(steps or _WEIGHTED)(machine)
    for twin in machine.pool:
        machine.same(twin)
    return machine
