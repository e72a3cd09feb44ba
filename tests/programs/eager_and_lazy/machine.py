"""The machine that takes each step eagerly and lazily, and holds the results together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np

import xgpu
from tests.programs.draw import Draw
from tests.programs.parts import ERRORS

ROOM: Final = 6000
"""Elements in the pool."""


class Twin(NamedTuple):
    """The same array of both runs, under one name."""

    name: str
    eager: xgpu.Array
    lazy: xgpu.Array

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the lazy one; `Machine.keep` has seen that the other one's is equal."""
        return self.lazy.shape

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.lazy.shape)

    @property
    def dtype(self) -> Any:
        """Of both."""
        return self.lazy.dtype

    @property
    def kind(self) -> str:
        """Of the dtype: one of ``biufc``."""
        return "f" if self.dtype.kind == "V" else str(self.dtype.kind)


class Machine(Draw):
    """The pool of twins.

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
        self.pool: list[Twin] = []
        self.made = 0
        self.failed = 0

    def pick(
        self, kinds: str = "biufc", of: Callable[[Twin], bool] = lambda _: True
    ) -> Twin | None:
        """An array of the pool whose dtype is of one of ``kinds``, a late one by preference."""
        found = [t for t in self.pool if t.kind in kinds and of(t)]
        if not found:
            return None
        return self.random.choice(found if self.coin(3) else found[-2:])

    def meeting(self, other: Twin, kinds: str = "biufc") -> Twin | None:
        """An array that most often broadcasts with another one."""
        if self.coin(8):
            return self.pick(kinds)
        return self.pick(kinds, lambda t: _meet(t.shape, other.shape)) or self.pick(kinds)

    def step(self, text: str, call: Callable[..., Any], *operands: Twin) -> None:
        """``call`` of the operands, in both runs.

        Arrays that it gives go to the pool; errors and Python scalars are the same.
        """
        name = f"v{self.made}"
        self.made += 1
        self.note(f"{name} = {text.format(*[t.name for t in operands])}")
        one, failed = _outcome(True, call, [t.eager for t in operands])
        other, failed_here = _outcome(False, call, [t.lazy for t in operands])
        assert type(failed) is type(failed_here), f"eager: {failed!r}, lazy: {failed_here!r}"
        assert str(failed) == str(failed_here)
        self.failed += failed is not None
        if isinstance(one, tuple):
            assert len(one) == len(other)
            for number, (left, right) in enumerate(zip(one, other, strict=True)):
                self.keep(Twin(f"{name}[{number}]", left, right))
        elif isinstance(one, xgpu.Array):
            self.keep(Twin(name, one, other))
        else:
            assert type(one) is type(other)
            assert one == other or (one != one and other != other)
        # What has been read by a step is let go now and then, so that fewer nodes are held.
        for twin in operands:
            if len(self.pool) > 3 and self.coin(6):
                self.pool = [t for t in self.pool if t is not twin]
                self.note(f"del {twin.name}")

    def keep(self, twin: Twin) -> None:
        """Put a new array into the pool, if there is room."""
        assert twin.eager.shape == twin.lazy.shape
        assert twin.eager.dtype is twin.lazy.dtype
        if sum(t.lazy.size for t in self.pool) + twin.lazy.size < ROOM:
            self.pool.append(twin)

    def same(self, twin: Twin) -> None:
        """Both have the same bits, the payloads of NaN aside."""
        one, other = (np.asarray(xgpu.to_device(x, "cpu")) for x in (twin.eager, twin.lazy))
        assert one.dtype == other.dtype == twin.dtype
        assert one.shape == other.shape == twin.shape
        differ = different(one, other)
        assert not differ.any(), (
            f"{twin.name}, {twin.dtype}{list(twin.shape)}, at {np.flatnonzero(differ)[:5]}:\n"
            f"eager {one.reshape(-1)[differ][:5]}\nlazy  {other.reshape(-1)[differ][:5]}"
        )


def different(one: Any, other: Any) -> Any:
    """Where two arrays of one dtype differ in their bits, both NaN aside; flat."""
    one, other = (np.ascontiguousarray(a).reshape(-1) for a in (one, other))
    if one.dtype.kind == "c":
        parts = different(one.real, other.real), different(one.imag, other.imag)
        return parts[0] | parts[1]
    bits = np.dtype(f"u{one.dtype.itemsize}")
    differ = one.view(bits) != other.view(bits)
    return differ if one.dtype.kind in "biu" else differ & ~(np.isnan(one) & np.isnan(other))


def _outcome(eager: bool, call: Callable[..., Any], arrays: list[xgpu.Array]) -> Any:
    with xgpu.eager(eager):
        try:
            return call(*arrays), None
        except (*ERRORS, xgpu.UnsupportedOperationError) as error:
            return None, error


def _meet(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    pairs = zip(reversed(one), reversed(other), strict=False)
    return all(n == m or 1 in (n, m) for n, m in pairs)
