"""All wrong backends."""

from __future__ import annotations

from typing import Final

import xgpu
from tests.wrong_backends import (
    beyond,
    complexes,
    elementwise,
    integers,
    linear,
    memory,
    programs,
    reductions,
    zeros,
)
from tests.wrong_backends.mutant import Mutant

PARTS: Final = (
    zeros,
    elementwise,
    integers,
    complexes,
    reductions,
    linear,
    memory,
    programs,
    beyond,
)

MUTANTS: Final[dict[str, Mutant]] = {m.id: m for part in PARTS for m in part.MUTANTS}
"""By id."""

DEVICE: Final = f"{zeros.DEVICE}:0"
"""The device that `register` makes."""


def register(id: str) -> Mutant:
    """Serve the devices ``wrong`` with a wrong backend, in this process.

    Raises:
        KeyError: there is none of that id.
    """
    mutant = MUTANTS[id]
    xgpu.register_backend(zeros.DEVICE, mutant.make())
    if mutant.patch is not None:
        mutant.patch()
    return mutant
