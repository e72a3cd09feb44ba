"""`Launchers`: launches that are made again and again, prepared once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from xgpu.plugin.program import Operand

Launcher = Callable[[Sequence[Any]], Any]
"""Given the value of each input (a buffer, a number, or None for a generator), in order, it queues
the launch and returns the buffer of the one output."""


class Launchers(Protocol):
    """A backend's attribute ``launchers``, if it has one.

    Without it, a launch that is made again and again is `Backend.launch` each time.
    """

    def launcher(
        self,
        device: int,
        kernel: Any,
        shape: tuple[int, ...],
        inputs: Sequence[tuple[int, tuple[int, ...]]],
        outputs: Sequence[Operand],
    ) -> Launcher | None:
        """What does as `Backend.launch` with these arguments; None where nothing is gained.

        Each of ``inputs`` is (offset, strides); a launch gives the values besides. There is one
        output, in memory of its own.
        """
        ...
