"""`Spec`: the dtype and the device of a node, and what ops give for such operands.

Each device has one for each dtype, so operands that are alike in both have the same one. What an op
gives for them was worked out once, with all that can be wrong with it, and is looked up by then:
one look-up stands for the rules of dtypes, and for what the device lacks.
"""

from __future__ import annotations

from typing import Any, Final

from xgpu.graph.device import Device
from xgpu.plugin import ops
from xgpu.plugin.dtypes import DType
from xgpu.plugin.ops import Op

NUMBERS: Final[dict[Op, int]] = {op: number for number, op in enumerate(ops.TABLE.values())}
"""Where an op is in the lists of a `Spec`: an index costs less than a look-up."""


class Spec:
    """A dtype on a device; obtained by `spec_of`.

    What is known of an op is what needs nothing more: no promotion, and no composite in place of
    an op that the device lacks.
    """

    __slots__ = ("device", "dtype", "floats", "gives", "integers", "inverse", "scalars")

    def __init__(self, dtype: DType, device: Device) -> None:
        self.dtype: Final = dtype
        self.device: Final = device
        #: By the number of an op: what it gives for such operands; None while nobody asked.
        self.gives: Final[list[Spec | None]] = [None] * len(NUMBERS)
        #: The same for an operand and a float.
        self.floats: Final[list[Spec | None]] = [None] * len(NUMBERS)
        #: By an op: the same for an int, taken as this type if it is from the least to the most.
        self.integers: Final[dict[Op, tuple[Spec, type, int, int]]] = {}
        #: The same for an operand and a scalar of a type, each of which the dtype holds as it is.
        self.scalars: Final[dict[tuple[Op, Any], Spec]] = {}
        #: Whether 1 divided by such an operand is its reciprocal; None while nobody asked.
        self.inverse: bool | None = None


def spec_of(dtype: DType, device: Device) -> Spec:
    """The one for these."""
    known: dict[DType, Spec] = device.specs
    # Another thread's, if it was first.
    return known.get(dtype) or known.setdefault(dtype, Spec(dtype, device))
