"""The machine that takes each step in NumPy and in xgpu, and holds what they give together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import xgpu
from tests.programs.draw import Draw
from tests.programs.parts import KINDS, alike, outcome


class Pair(NamedTuple):
    """The same array on both sides, under one name."""

    name: str
    np: Any
    xp: xgpu.Array


class Shared(NamedTuple):
    """NumPy's array of a pair, and one of NumPy's over the memory of xgpu's."""

    name: str
    ours: Any
    theirs: Any


class Machine(Draw):
    """The pool, and the steps that may be taken from it.

    ``note`` is told each step as source. ``shape`` is that of most new arrays, so that more of
    them meet; without it they are of any shape, and many a step is an error.
    """

    def __init__(
        self, device: Any, note: Callable[[str], Any], shape: tuple[int, ...] | None = None
    ) -> None:
        super().__init__()
        self.device = device
        self.note = note
        self.shape = shape
        self.pool: list[Pair] = []
        self.outside: list[Shared] = []
        self.made = 0

    def pick(self, kinds: str = KINDS, of: Callable[[Pair], bool] = lambda _: True) -> Pair | None:
        """An array of the pool whose dtype is of one of ``kinds``, a late one by preference."""
        found = [p for p in self.pool if p.np.dtype.kind in kinds and of(p)]
        if not found:
            return None
        return self.random.choice(found if self.coin(3) else found[-2:])

    def both(self, text: str, on_numpy: Callable[[], Any], on_xgpu: Callable[[], Any]) -> None:
        """One step on both sides; new arrays go to the pool, and an error must be alike.

        Of several mistakes in one step each side may report another.
        """
        name = f"v{self.made}"
        self.made += 1
        self.note(f"{name} = {text}")
        expected, failed = outcome(on_numpy)
        got, failed_here = outcome(on_xgpu)
        assert alike(failed, failed_here), f"NumPy: {failed!r}, xgpu: {failed_here!r}"
        if isinstance(expected, tuple):
            assert len(got) == len(expected)
            for number, (one, other) in enumerate(zip(expected, got, strict=True)):
                self.keep(f"{name}[{number}]", one, other)
        elif expected is not None:
            self.keep(name, expected, got)

    def keep(self, name: str, expected: Any, got: xgpu.Array) -> None:
        """Put a new array into the pool, if there is room."""
        assert got.shape == expected.shape
        assert got.dtype == expected.dtype
        if sum(p.np.size for p in self.pool) + expected.size < 4000:
            self.pool.append(Pair(name, expected, got))

    def same(self, pair: Pair) -> None:
        """The values are equal: NaN is NaN, and the sign of zero is left open."""
        got = np.asarray(xgpu.to_device(pair.xp, "cpu"))
        assert got.dtype == pair.np.dtype
        np.testing.assert_array_equal(got, pair.np, err_msg=pair.name, strict=True)

    def same_outside(self) -> None:
        """Who shares memory sees the same values."""
        for name, ours, theirs in self.outside:
            np.testing.assert_array_equal(theirs, ours, err_msg=f"outside, {name}", strict=True)

    def choose(
        self, text: str, calls: dict[str, tuple[Callable[[], Any], Callable[[], Any]]]
    ) -> None:
        """One of several steps."""
        name = self.random.choice(sorted(calls))
        self.both(f"{name} {text}", *calls[name])

    def read(self) -> None:
        """Look at one array now, and at a 0-d one as a Python scalar."""
        pair = self.pick()
        if pair is None:
            return
        self.note(f"read({pair.name})")
        self.same(pair)
        self.same_outside()
        if pair.np.shape == () and pair.np.dtype.kind in "biu":
            assert int(pair.xp) == int(pair.np)

    def materialize(self) -> None:
        """Compute some arrays, without looking at them."""
        if self.pool:
            chosen = self.random.choices(self.pool, k=self.random.randint(1, 3))
            self.note(f"materialize({', '.join(p.name for p in chosen)})")
            xgpu.materialize(*[p.xp for p in chosen])

    def drop(self) -> None:
        """Forget an array; its views stay."""
        if len(self.pool) > 2:
            gone = self.pool.pop(self.random.randrange(len(self.pool)))
            self.note(f"del {gone.name}")
