"""`Mutant`: a backend that is wrong in one thing, as data, and what most of them are made with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from xgpu.plugin import Backend
from xgpu_conformance.schema import Level
from xgpu_numpy.backend import NumpyBackend

Change = Callable[..., Any]
"""(right result, operands, attributes by name) -> wrong result."""

Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]
"""A right function of an op -> the wrong one."""


@dataclass(frozen=True)
class Mutant:
    """One wrong backend.

    ``kind`` is the class that it is counted in, ``wrong`` one line of what is wrong. Cells of the
    names ``first`` and of ``dtypes`` (all, if none are named), at ``levels``, are run before all
    others. ``patch`` makes the namespace wrong on the backend's device, where no op can.
    ``official`` are words that select tests of the official suite; the names in ``first``, if
    there are none.
    """

    id: str
    kind: str
    wrong: str
    make: Callable[[], Backend]
    first: tuple[str, ...]
    dtypes: tuple[str, ...] = ()
    levels: tuple[Level, ...] = ("ops", "functions")
    official: tuple[str, ...] = ()
    patch: Callable[[], None] | None = None
    apart: bool = False
    """Whether it ends or hangs its process, so that cells need processes of their own."""


class WrongBackend(NumpyBackend):
    """The reference with wrong functions for some ops."""

    def __init__(self, wrong: Mapping[str, Wrap]) -> None:
        super().__init__()
        for name, wrap in wrong.items():
            self.functions[name] = wrap(self.functions[name])
        self.kernel_ops = {name: self._kernel_op(self.functions[name]) for name in self.kernel_ops}
        self.name = "wrong"


LETTERS: Final = {"b": "b", "i": "i", "u": "u", "f": "fV", "c": "c"}


def applies(x: Any, to: str | Sequence[str]) -> bool:
    """Whether an operand is of one of the kinds ("iu"), or of the dtypes named (["float32"])."""
    if isinstance(to, str):
        return x.dtype.kind in "".join(LETTERS[letter] for letter in to)
    return x.dtype.name in to


def changed(change: Change, to: str | Sequence[str] = "biufc") -> Wrap:
    """A function whose results are changed, for operands of some dtypes."""

    def wrap(right: Callable[..., Any]) -> Callable[..., Any]:
        def wrong(*x: Any, **attributes: Any) -> Any:
            y = right(*x, **attributes)
            return change(y, *x, **attributes) if applies(x[-1], to) else y

        return wrong

    return wrap


def replaced(function: Callable[..., Any], to: str | Sequence[str] = "biufc") -> Wrap:
    """Another function, for operands of some dtypes."""

    def wrap(right: Callable[..., Any]) -> Callable[..., Any]:
        def wrong(*x: Any, **attributes: Any) -> Any:
            return (function if applies(x[-1], to) else right)(*x, **attributes)

        return wrong

    return wrap


def wrong_ops(
    kind: str,
    id: str,
    names: str,
    wrong: str,
    wrap: Wrap,
    *,
    dtypes: Iterable[str] = (),
    official: Iterable[str] = (),
    first: Iterable[str] = (),
) -> Mutant:
    """A mutant of the ops ``names``, separated by blanks."""
    ops = names.split()
    return Mutant(
        id,
        kind,
        wrong,
        lambda: WrongBackend(dict.fromkeys(ops, wrap)),
        (*ops, *first),
        tuple(dtypes),
        official=tuple(official),
    )


def swap(y: Any, where: Any, value: Any) -> Any:
    """``y`` with other values in some places; its dtype stays."""
    return np.where(where, value, y).astype(y.dtype)


def flat(y: Any, places: slice | Sequence[int], value: Any) -> Any:
    """A copy of ``y`` with other values at places of its C order."""
    result = np.array(y, order="C")
    result.reshape(-1)[places] = value
    return result


def far(y: Any, ulp: int, where: Any = True) -> Any:
    """Real ``y`` so many ULP larger, in some places."""
    return swap(y, where, y + ulp * np.spacing(y))
