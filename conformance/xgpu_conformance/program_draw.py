"""Drawing a random program whose steps fit each other: shapes and dtypes are followed along."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from xgpu.plugin import dtypes, promotion
from xgpu.plugin.dtypes import DType
from xgpu_conformance.program_steps import Step
from xgpu_conformance.ulp import kind

Pick = Callable[[int], int]
"""A number from 0 up to and without the one given; the smaller, the simpler."""

#: Functions whose results no order of evaluation and no device changes, by kinds of dtype.
UNARY: Final[dict[str, str]] = {
    "abs": "iuf",
    "negative": "iufc",
    "square": "iuf",
    "positive": "iufc",
    "bitwise_invert": "biu",
    "logical_not": "b",
    "isnan": "fc",
    "floor": "f",
    "round": "f",
    "sign": "iuf",
    "sqrt": "f",
    "real": "c",
    "imag": "c",
    "conj": "c",
}
BINARY: Final[dict[str, str]] = {
    "add": "iufc",
    "subtract": "iufc",
    "multiply": "iuf",
    "maximum": "iuf",
    "minimum": "iuf",
    "less": "iuf",
    "equal": "biufc",
    "not_equal": "biufc",
    "floor_divide": "iu",
    "remainder": "iu",
    "bitwise_and": "biu",
    "bitwise_xor": "biu",
    "logical_or": "b",
}
REDUCTIONS: Final[dict[str, str]] = {
    "sum": "iu",
    "prod": "iu",
    "max": "iuf",
    "min": "iuf",
    "argmax": "iuf",
    "any": "biufc",
    "all": "biufc",
    "count_nonzero": "biufc",
}
ALONG: Final[dict[str, str]] = {"sort": "iuf", "argsort": "iuf", "flip": "biufc", "roll": "biufc",
                                "cumulative_sum": "iu"}  # fmt: skip
#: Functions that round, which are compared with themselves alone.
ROUNDED: Final[dict[str, str]] = {"exp": "f", "sin": "f", "tanh": "f", "log1p": "f"}
IN_PLACE: Final[dict[str, str]] = {
    "+=": "iufc",
    "-=": "iufc",
    "*=": "iuf",
    "&=": "biu",
    "^=": "biu",
}
OTHERS: Final = (dtypes.bool_, dtypes.int8, dtypes.int64, dtypes.float32, dtypes.float64)

#: Kind of program -> how often each kind of step is drawn.
CLASSES: Final[dict[str, dict[str, int]]] = {
    "elementwise": {"unary": 3, "binary": 4, "scalar": 2, "cast": 1, "where": 1, "drop": 1},
    "views": {"unary": 1, "binary": 3, "get": 3, "permute": 2, "reshape": 2, "broadcast": 2,
              "drop": 1},
    "assignments": {"unary": 1, "binary": 2, "get": 3, "set": 4, "update": 3, "permute": 1,
                    "drop": 1},
    "reductions": {"unary": 2, "binary": 2, "reduce": 4, "broadcast": 1, "get": 1, "drop": 1},
    "kernels": {"unary": 1, "binary": 2, "along": 4, "get": 2, "set": 1, "drop": 1},
    "mixed": {"unary": 2, "binary": 3, "scalar": 1, "cast": 1, "where": 1, "get": 2, "permute": 1,
              "reshape": 1, "broadcast": 1, "set": 2, "update": 2, "reduce": 2, "along": 1,
              "drop": 2},
    "rounded": {"unary": 2, "binary": 2, "rounding": 4, "get": 1, "set": 1, "sum": 1, "drop": 1},
}  # fmt: skip
LENGTHS: Final = (2, 3, 1, 4, 5, 0)
LONGEST: Final = 12


class Value(NamedTuple):
    """What is known of a value."""

    number: int
    shape: tuple[int, ...]
    dtype: DType
    written: bool = True  #: whether it can be written to: it shows no element twice


def takes(name: str, dtype: DType) -> bool:
    """Whether there are programs of a kind in a dtype."""
    return kind(dtype) == "f" if name == "rounded" else True


def program(
    name: str, dtype: DType, pick: Pick, allowed: Sequence[DType] = dtypes.ALL
) -> list[Step]:
    """A program of a kind, with no dtypes but those that are allowed."""
    return _Drawing(name, dtype, pick, allowed).steps()


class _Drawing:
    """A program under construction."""

    def __init__(self, name: str, dtype: DType, pick: Pick, allowed: Sequence[DType]) -> None:
        self.pick = pick
        self.allowed = allowed
        self.dtype = dtype
        self.mixed = name == "mixed"
        weights = CLASSES[name]
        self.choices = [what for what, weight in weights.items() for _ in range(weight)]
        self.made: list[Step] = []
        self.alive: list[Value] = []
        self.count = 0

    def steps(self) -> list[Step]:
        self.leaf()
        for _ in range(1 + self.pick(LONGEST)):
            if self.pick(6) == 1:
                self.leaf()
            getattr(self, self.one(self.choices))()
        return self.made

    def one(self, given: Sequence[Any]) -> Any:
        return given[self.pick(len(given))]

    def value(self, kinds: str = "biufc", rank: int = 0) -> Value | None:
        found = [v for v in self.alive if kind(v.dtype) in kinds and len(v.shape) >= rank]
        return self.one(found[::-1]) if found else None

    def add(self, step: Step, shape: tuple[int, ...], dtype: DType, written: bool = True) -> None:
        if dtype in self.allowed:
            self.made.append(step)
            self.alive.append(Value(self.count, shape, dtype, written))
            self.count += 1

    def leaf(self) -> None:
        others = [d for d in OTHERS if d in self.allowed]
        dtype = self.one(others) if self.mixed and self.pick(3) == 1 else self.dtype
        shape = tuple(self.one(LENGTHS) for _ in range((1, 2, 3, 0)[self.pick(4)]))
        self.add(["leaf", dtype.name, list(shape), self.pick(9)], shape, dtype)

    # Steps; each does nothing where no value fits

    def unary(self, table: dict[str, str] = UNARY) -> None:
        x = self.value()
        names = [n for n, kinds in table.items() if x and kind(x.dtype) in kinds]
        if x is None or not names:
            return
        name = self.one(names)
        given = x.dtype
        if name in ("logical_not", "isnan"):
            given = dtypes.bool_
        elif name in ("real", "imag"):
            given = dtypes.real_of(x.dtype)
        self.add(["call", name, [x.number]], x.shape, given)

    def rounding(self) -> None:
        self.unary(ROUNDED)

    def binary(self) -> None:
        x = self.value()
        if x is None:
            return
        fitting = [(v, s) for v in self.alive if (s := _meet(x.shape, v.shape)) is not None]
        y, shape = self.one(fitting[::-1])
        given = promotion.promote(x.dtype, y.dtype)
        names = [n for n, kinds in BINARY.items() if kind(given) in kinds]
        name = self.one(names)
        result = dtypes.bool_ if name in ("less", "equal", "not_equal", "logical_or") else given
        self.add(["call", name, [x.number, y.number]], shape, result)

    def scalar(self) -> None:
        x = self.value("iufc")
        if x is None:
            return
        name = self.one([n for n in ("add", "subtract", "multiply", "equal")
                         if kind(x.dtype) in BINARY[n]])  # fmt: skip
        value = {"scalar": self.one((1, 2, 3, 0))}
        pair = [x.number, value] if self.pick(2) == 0 else [value, x.number]
        result = dtypes.bool_ if name == "equal" else x.dtype
        self.add(["call", name, pair], x.shape, result)

    def cast(self) -> None:
        # Not of floats to integers, whose values out of range are open.
        x = self.value("biu")
        if x is None:
            return
        to = {"b": dtypes.ALL, "i": dtypes.STANDARD[1:5], "u": dtypes.STANDARD[5:9]}[kind(x.dtype)]
        target = self.one([d for d in to if d in self.allowed])
        self.add(["cast", x.number, target.name], x.shape, target)

    def where(self) -> None:
        mask, x = self.value("b"), self.value()
        if x is None:
            return
        if mask is None:
            self.add(["call", "equal", [x.number, x.number]], x.shape, dtypes.bool_)
            mask = self.alive[-1]
        shape = _meet(mask.shape, x.shape)
        if shape is not None:
            self.add(["call", "where", [mask.number, x.number, x.number]], shape, x.dtype)

    def get(self) -> None:
        x = self.value(rank=1)
        if x is None:
            return
        key, shape = self.key(x.shape)
        self.add(["get", x.number, key], shape, x.dtype, x.written)

    def key(self, shape: tuple[int, ...]) -> tuple[list[Any], tuple[int, ...]]:
        """A basic key, and the shape of what it selects."""
        key: list[Any] = []
        left: list[int] = []
        for length in shape[: 1 + self.pick(len(shape))] if shape else ():
            how = self.pick(5)
            if how == 4 and length:
                key.append(self.pick(length))
                continue
            start, stop, step = ((None, None, -1), (1, None, None), (None, None, 2),
                                 (None, -1, None), (None, None, None))[how]  # fmt: skip
            key.append([start, stop, step])
            left.append(len(range(length)[slice(start, stop, step)]))
        return key, (*left, *shape[len(key) :])

    def permute(self) -> None:
        x = self.value(rank=2)
        if x is None:
            return
        axes = list(range(len(x.shape)))[::-1]
        if self.pick(2):
            axes = axes[1:] + axes[:1]
        self.add(["permute", x.number, axes], tuple(x.shape[a] for a in axes), x.dtype, x.written)

    def reshape(self) -> None:
        x = self.value()
        if x is None:
            return
        size = int(np.prod(x.shape, dtype=np.int64))
        shapes = [(size,), (1, size), (size, 1)]
        shapes += [(n, size // n) for n in (2, 3) if size and size % n == 0]
        shape = self.one(shapes)
        # Whether it is a view depends on the strides, and so what a write to it would do.
        self.add(["reshape", x.number, list(shape)], shape, x.dtype, False)

    def broadcast(self) -> None:
        x = self.value()
        if x is None:
            return
        shape = tuple(3 if n == 1 else n for n in x.shape)
        shape = (2, *shape) if self.pick(2) == 0 or shape == x.shape else shape
        self.add(["broadcast", x.number, list(shape)], shape, x.dtype, False)

    def target(self, kinds: str) -> tuple[Value, list[Any], Any] | None:
        """What is written to, where, and what is written."""
        found = [v for v in self.alive if v.written and kind(v.dtype) in kinds]
        if not found:
            return None
        x = self.one(found[::-1])
        key, shape = self.key(x.shape)
        fitting = [
            v.number
            for v in self.alive
            if v.dtype == x.dtype and _meet(v.shape, shape) == shape and len(v.shape) <= len(shape)
        ]
        scalar = {"scalar": bool(self.pick(2)) if kind(x.dtype) == "b" else 1 + self.pick(3)}
        return x, key, self.one([scalar, *fitting[::-1]])

    def set(self) -> None:
        chosen = self.target("biufc")
        if chosen is not None:
            x, key, source = chosen
            self.made.append(["set", x.number, key, source])

    def update(self) -> None:
        name = self.one(list(IN_PLACE))
        chosen = self.target(IN_PLACE[name])
        if chosen is not None:
            x, key, source = chosen
            self.made.append(["update", x.number, key, name, source])

    def reduce(self, table: dict[str, str] = REDUCTIONS) -> None:
        x = self.value(rank=1)
        names = [n for n, kinds in table.items() if x and kind(x.dtype) in kinds]
        if x is None or not names or 0 in x.shape:
            return
        name, axis = self.one(names), self.pick(len(x.shape) + 1) - 1
        whole = axis < 0
        shape = () if whole else x.shape[:axis] + x.shape[axis + 1 :]
        given = x.dtype
        if name in ("any", "all"):
            given = dtypes.bool_
        elif name in ("argmax", "count_nonzero"):
            given = dtypes.int64
        elif name in ("sum", "prod") and kind(x.dtype) in "iu":
            given = dtypes.int64 if kind(x.dtype) == "i" else dtypes.uint64
        self.add(["reduce", name, x.number, None if whole else axis], shape, given)

    def sum(self) -> None:
        self.reduce({"sum": "f"})

    def along(self) -> None:
        x = self.value(rank=1)
        names = [n for n, kinds in ALONG.items() if x and kind(x.dtype) in kinds]
        if x is None or not names:
            return
        name = self.one(names)
        given = {"argsort": dtypes.int64}.get(name, x.dtype)
        if name == "cumulative_sum":
            given = dtypes.int64 if kind(x.dtype) == "i" else dtypes.uint64
        # A flip is a view, and the others are not.
        written = x.written if name == "flip" else True
        axis = self.pick(len(x.shape))
        self.add(["reduce", name, x.number, axis], x.shape, given, written)

    def drop(self) -> None:
        if len(self.alive) > 1:
            gone = self.alive.pop(self.pick(len(self.alive)))
            self.made.append(["drop", gone.number])


def _meet(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape in which two broadcast, if they do."""
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        return None
