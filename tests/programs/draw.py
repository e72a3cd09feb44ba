"""Random choices that both kinds of machine make: axes, basic keys, scalars."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

from tests.programs.parts import KINDS, LENGTHS, VALUES


class Draw:
    """Choices that follow from ``random`` alone, which a machine seeds anew for each step."""

    def __init__(self) -> None:
        self.random = Random(0)

    def coin(self, sides: int = 2) -> bool:
        """True once in ``sides``."""
        return self.random.randrange(sides) == 0

    def axis(self, rank: int) -> int:
        """A valid axis, counted from either end."""
        return self.random.randrange(-rank, rank)

    def lengths(self, most: int = 3) -> tuple[int, ...]:
        """A small shape of up to ``most`` axes."""
        return tuple(self.random.choices(LENGTHS, k=self.random.randint(0, most)))

    def scalar(self, dtype: np.dtype[Any]) -> Any:
        """A Python scalar that arrays of the dtype take."""
        lower = KINDS[: KINDS.index(dtype.kind) + 1]
        kind = self.random.choice(lower)
        return self.random.choice(VALUES["u" if kind == "i" and dtype.kind == "u" else kind])

    def slice(self, length: int) -> slice:
        """Any part of an axis, now and then reversed or empty."""
        ends = [self.random.choice([None, *range(-length - 2, length + 3)]) for _ in "ab"]
        step = self.random.choice([None, None, 1, 2, 3, -1, -1, -2])
        return slice(ends[0], ends[1], step)

    def place(self, length: int) -> int:
        """An index along an axis, now and then out of range."""
        beyond = 1 if self.coin(30) else 0
        return self.random.randint(-length - beyond, max(length - 1 + beyond, -length))

    def key(self, shape: tuple[int, ...]) -> tuple[Any, ...]:
        """A basic index, now and then out of range."""
        keys: list[Any] = [
            self.place(length) if self.coin(3) else self.slice(length)
            for length in shape[: self.random.randint(0, len(shape))]
        ]
        if self.coin(6):
            keys.insert(self.random.randint(0, len(keys)), None)
        return (*keys, Ellipsis)
