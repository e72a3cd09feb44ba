"""`Donation`: which inputs of a launch may give their memory to an output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from xgpu.plugin.program import Operand


class Donation(Protocol):
    """A backend's attribute ``donation``, if it has one.

    Without it, every output that is not written in place gets memory of its own.
    """

    def pairs(
        self, device: int, kernel: Any, shape: tuple[int, ...], inputs: Sequence[Operand]
    ) -> Sequence[tuple[int, int]]:
        """(input, output) by number: the output may be written to the memory of the input.

        That is so if the launch reads no element of the input after something was written to its
        place, no other input is of the same memory, and the output fills it. `Backend.launch` is
        then given that buffer as the output's value, if nothing else needs it; each input and each
        output is taken once at most.
        """
        ...
