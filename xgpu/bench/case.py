"""`Case`: one row of the battery, as data and a function per library."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

Program = Callable[..., Any]
"""(the library's module, the inputs) -> an array. It is written as a user of the library would."""

Group = Literal["main", "dtypes", "sizes", "digits"]

SAME: Final = ("xgpu", "numpy", "cupy", "jit", "torch", "compile")
"""The libraries whose modules have the standard's names for what most cases use."""


LEAST: Final = 8
"""Elements that an axis keeps when a case is made smaller."""


@dataclass(frozen=True)
class Draw:
    """One input: uniform in [low, high), a whole number for the integer dtypes."""

    shape: tuple[int, ...]
    dtype: str = "float32"
    low: float = 0.0
    high: float = 1.0
    #: Rows of the result follow from the same rows of this input, and of the other split ones.
    split: bool = False

    @property
    def nbytes(self) -> int:
        """Of the array."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize

    def make(self, rng: np.random.Generator) -> NDArray[Any]:
        """The array."""
        kind = np.dtype(self.dtype).kind
        if kind in "iu":
            return rng.integers(int(self.low), int(self.high), self.shape, self.dtype)
        if kind == "c":
            parts = rng.random((*self.shape, 2), dtype=np.float32)
            return (parts * (self.high - self.low) + self.low).view(np.complex64)[..., 0]
        made = rng.random(self.shape, dtype=np.float32 if self.dtype != "float64" else np.float64)
        made *= self.high - self.low
        made += self.low
        return made.astype(self.dtype, copy=False)


@dataclass(frozen=True)
class Case:
    """One computation, at full size; `scaled` gives it at another."""

    name: str  #: as the command line takes it
    title: str
    draws: tuple[Draw, ...]
    programs: Mapping[str, Program]  #: by library; those that are not here leave the case out
    group: Group = "main"
    #: What a result may differ by from NumPy's in float64, as a share of the largest magnitude.
    tolerance: float = 1e-5
    #: What is compared where a result may rightly differ: (result, inputs) -> array. None: itself.
    compared: Callable[..., NDArray[Any]] | None = None
    #: What gives ``compared`` of the reference, where that is less work than the program. None: it.
    reference: Program | None = None
    #: Whether the time is bound by memory; if not, there is no share of the roofline.
    streams: bool = True
    #: Elements of the largest input at which the host's time per call is told; None: it is not.
    host: int | None = None
    #: What the intermediates of a library that fuses nothing take, in sizes of the inputs.
    spread: int = 4

    @property
    def elements(self) -> int:
        """Of the largest input."""
        return max(math.prod(draw.shape) for draw in self.draws)

    def scaled(self, elements: int) -> Case:
        """The same with about ``elements`` in the largest input, its axes in proportion.

        Axes of one length are one axis to the programs, and keep to one length.
        """
        shape = max((draw.shape for draw in self.draws), key=math.prod)
        factor = (elements / self.elements) ** (1.0 / len(shape))
        lengths = {n: max(min(n, LEAST), round(n * factor)) for n in shape}
        if len(lengths) > 1 or len(shape) == 1:
            lengths[shape[0]] = max(1, round(elements / math.prod(lengths[n] for n in shape[1:])))
        draws = tuple(
            replace(draw, shape=tuple(lengths.get(n, n) for n in draw.shape)) for draw in self.draws
        )
        return replace(self, draws=draws)


def same(program: Program, **others: Program) -> dict[str, Program]:
    """A program for all libraries that share the standard's names, and those that need others."""
    return {**dict.fromkeys(SAME, program), **others}


def in_torch(program: Program) -> dict[str, Program]:
    """A program for PyTorch, eager and compiled."""
    return {"torch": program, "compile": program}
