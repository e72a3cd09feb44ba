"""Composites: rows of the op table out of other rows, for backends that lack them.

Only such as give the reference's values to the last bit (sums aside). A row that neither the
backend nor this module has is an `UnsupportedOperationError`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from xgpu.graph.node import Node, coordinate, viewed
from xgpu.graph.view import View, contiguous_strides
from xgpu.plugin import dtypes, ops
from xgpu.plugin.ops import Kind, Op
from xgpu.plugin.program import Result

Call = Callable[..., Node]
"""(name of a row, operands...) -> node. Operands are nodes and Python scalars; the second one of a
cast is a dtype, that of a reduction the axes."""

Kernel = Callable[..., list[Node]]
"""(name of a row, operands, results, attributes...) -> nodes: an op that is a kernel of its own."""


class Composite(NamedTuple):
    """An op, for operands of some kinds of dtype, made of the rows that ``needs`` names."""

    kinds: str  #: letters of `dtypes.kind_of`
    needs: str
    make: Callable[..., Node]  #: (call, *operands)


class KernelComposite(NamedTuple):
    """An op that is a kernel of its own, made of the rows that ``needs`` names."""

    needs: str
    make: Callable[[Kernel, Call, list[Node], list[Result]], list[Node]]


def find(op: Op, kind: str, has: Callable[[str], bool]) -> Composite | None:
    """How to make ``op`` for dtypes of ``kind`` with the rows that a backend ``has``, if it can.

    A composite may need another one in turn.
    """
    return _find(op.name, kind, has, frozenset())


def _find(
    name: str, kind: str, has: Callable[[str], bool], within: frozenset[str]
) -> Composite | None:
    within |= {name}  # "less" is made of "greater", and that of "less"
    for made in TABLE.get(name, ()):
        if kind in made.kinds and all(
            has(need) or (need not in within and _find(need, _kind(need, kind), has, within))
            for need in made.needs.split()
        ):
            return made
    return None


def _kind(need: str, kind: str) -> str:
    # What some composites ask of the truth values that they have made.
    return kind if kind in ops.TABLE[need].accepts else "b"


def find_kernel(op: Op, kind: str, has: Callable[[str], bool]) -> KernelComposite | None:
    """How to make an op that is a kernel of its own, likewise."""
    made = KERNELS.get(op.name)
    if made is None:
        return None
    for need in made.needs.split():
        of_programs = ops.TABLE[need].kind is not Kind.KERNEL
        if not has(need) and not (of_programs and _find(need, kind, has, frozenset())):
            return None
    return made


TABLE: Final[dict[str, tuple[Composite, ...]]] = {
    "abs": (
        Composite("f", "copysign", lambda c, x: c("copysign", x, 1.0)),
        Composite(
            "i",
            "where less negative",
            lambda c, x: c("where", c("less", x, 0), c("negative", x), x),
        ),
    ),
    "negative": (
        Composite("f", "multiply", lambda c, x: c("multiply", x, -1.0)),
        Composite("iu", "subtract", lambda c, x: c("subtract", 0, x)),
    ),
    "square": (Composite("iufc", "multiply", lambda c, x: c("multiply", x, x)),),
    "reciprocal": (Composite("f", "divide", lambda c, x: c("divide", 1.0, x)),),
    "subtract": (Composite("iufc", "add negative", lambda c, x, y: c("add", x, c("negative", y))),),
    "trunc": (
        Composite(
            "f",
            "where less ceil floor",
            lambda c, x: c("where", c("less", x, 0.0), c("ceil", x), c("floor", x)),
        ),
    ),
    "ceil": (
        Composite("f", "floor negative", lambda c, x: c("negative", c("floor", c("negative", x)))),
    ),
    "floor": (
        Composite("f", "ceil negative", lambda c, x: c("negative", c("ceil", c("negative", x)))),
    ),
    "isnan": (Composite("fc", "not_equal", lambda c, x: c("not_equal", x, x)),),
    "isinf": (Composite("f", "abs equal", lambda c, x: c("equal", c("abs", x), float("inf"))),),
    "isfinite": (
        Composite("f", "subtract equal", lambda c, x: c("equal", c("subtract", x, x), 0.0)),
    ),
    "signbit": (
        Composite("f", "copysign less", lambda c, x: c("less", c("copysign", 1.0, x), 0.0)),
    ),
    "copysign": (
        Composite(
            "f",
            "where equal signbit negative",
            lambda c, x, y: c(
                "where", c("equal", c("signbit", x), c("signbit", y)), x, c("negative", x)
            ),
        ),
    ),
    "maximum": (
        Composite("biu", "where greater", lambda c, x, y: c("where", c("greater", x, y), x, y)),
        Composite(
            "f",
            "where logical_or greater isnan",
            lambda c, x, y: c("where", c("logical_or", c("greater", x, y), c("isnan", x)), x, y),
        ),
    ),
    "minimum": (
        Composite("biu", "where less", lambda c, x, y: c("where", c("less", x, y), x, y)),
        Composite(
            "f",
            "where logical_or less isnan",
            lambda c, x, y: c("where", c("logical_or", c("less", x, y), c("isnan", x)), x, y),
        ),
    ),
    "less": (Composite("biuf", "greater", lambda c, x, y: c("greater", y, x)),),
    "less_equal": (Composite("biuf", "greater_equal", lambda c, x, y: c("greater_equal", y, x)),),
    "greater": (Composite("biuf", "less", lambda c, x, y: c("less", y, x)),),
    "greater_equal": (Composite("biuf", "less_equal", lambda c, x, y: c("less_equal", y, x)),),
    "equal": (
        Composite(
            "biufc", "not_equal logical_not", lambda c, x, y: c("logical_not", c("not_equal", x, y))
        ),
    ),
    "not_equal": (
        Composite("biufc", "equal logical_not", lambda c, x, y: c("logical_not", c("equal", x, y))),
    ),
    "logical_not": (Composite("b", "bitwise_invert", lambda c, x: c("bitwise_invert", x)),),
    "logical_and": (Composite("b", "bitwise_and", lambda c, x, y: c("bitwise_and", x, y)),),
    "logical_or": (Composite("b", "bitwise_or", lambda c, x, y: c("bitwise_or", x, y)),),
    "logical_xor": (Composite("b", "bitwise_xor", lambda c, x, y: c("bitwise_xor", x, y)),),
    "bitwise_invert": (
        Composite("b", "logical_not", lambda c, x: c("logical_not", x)),
        Composite("i", "subtract", lambda c, x: c("subtract", -1, x)),
    ),
    "bitwise_and": (
        Composite(
            "biu",
            "bitwise_or bitwise_invert",
            lambda c, x, y: _inverted(c, c("bitwise_or", _inverted(c, x), _inverted(c, y))),
        ),
    ),
    "bitwise_or": (
        Composite(
            "biu",
            "bitwise_and bitwise_invert",
            lambda c, x, y: _inverted(c, c("bitwise_and", _inverted(c, x), _inverted(c, y))),
        ),
    ),
    "bitwise_xor": (
        Composite(
            "biu",
            "bitwise_and bitwise_or bitwise_invert",
            lambda c, x, y: c(
                "bitwise_and", c("bitwise_or", x, y), _inverted(c, c("bitwise_and", x, y))
            ),
        ),
    ),
    "any": (
        Composite(
            "b",
            "cast sum not_equal",
            lambda c, x, axes: c("not_equal", c("sum", c("cast", x, dtypes.int64), axes), 0),
        ),
    ),
    "all": (
        Composite(
            "b",
            "logical_not cast sum equal",
            lambda c, x, axes: c(
                "equal", c("sum", c("cast", c("logical_not", x), dtypes.int64), axes), 0
            ),
        ),
    ),
    **{
        name: (
            Composite("f", f"{other} negative", make_negative),
            Composite("biu", f"{other} bitwise_invert", make_inverted),
        )
        for name, other, make_negative, make_inverted in (
            (
                "min",
                "max",
                lambda c, x, axes: c("negative", c("max", c("negative", x), axes)),
                lambda c, x, axes: _inverted(c, c("max", _inverted(c, x), axes)),
            ),
            (
                "max",
                "min",
                lambda c, x, axes: c("negative", c("min", c("negative", x), axes)),
                lambda c, x, axes: _inverted(c, c("min", _inverted(c, x), axes)),
            ),
            (
                "argmin",
                "argmax",
                lambda c, x, axes: c("argmax", c("negative", x), axes),
                lambda c, x, axes: c("argmax", _inverted(c, x), axes),
            ),
            (
                "argmax",
                "argmin",
                lambda c, x, axes: c("argmin", c("negative", x), axes),
                lambda c, x, axes: c("argmin", _inverted(c, x), axes),
            ),
        )
    },
}
"""Row -> its composites, the first that a backend can compute counts."""


def _inverted(c: Call, x: Node) -> Node:
    return c("bitwise_invert", x)


def _matmul(kernel: Kernel, c: Call, inputs: list[Node], results: list[Result]) -> list[Node]:
    x, y = inputs
    *batch, m, k = x.shape
    n = y.shape[-1]
    shape = (*batch, m, n, k)
    outer = contiguous_strides((*batch, m * k))[:-1], contiguous_strides((*batch, k * n))[:-1]
    left = viewed(x, View(shape, (*outer[0], k, 0, 1), 0))
    right = viewed(y, View(shape, (*outer[1], 0, 1, n), 0))
    return [c("sum", c("multiply", left, right), (len(shape) - 1,))]


def _sort(kernel: Kernel, c: Call, inputs: list[Node], results: list[Result], **order: bool) -> Any:
    (x,) = inputs
    (places,) = kernel("argsort", inputs, [Result(dtypes.int64, x.shape)], **order)
    for axis, step in enumerate(contiguous_strides(x.shape)[:-1]):
        start = c("multiply", coordinate(x.shape, axis, x.device), step)
        places = c("add", places, start)
    return kernel("gather", [x, places], results)


def _first_frequencies(
    kernel: Kernel, c: Call, inputs: list[Node], results: list[Result]
) -> list[Node]:
    (x,), (result,) = inputs, results
    widened = c("cast", x, result.dtype)
    (whole,) = kernel("fft", [widened], [Result(result.dtype, x.shape)], inverse=False)
    return [viewed(whole, View(result.shape, contiguous_strides(x.shape), 0))]


def _values_alone(
    name: str, place: int, shapes: Callable[[Sequence[int]], Sequence[Sequence[int]]], **given: bool
) -> Callable[..., list[Node]]:
    """One result of a decomposition, of which the other ones are matrices."""

    def make(kernel: Kernel, c: Call, inputs: list[Node], results: list[Result]) -> list[Node]:
        (x,), (values,) = inputs, results
        vectors = values.dtype if name == "eig" else x.dtype
        asked = [
            values if i == place else Result(vectors, tuple(shape))
            for i, shape in enumerate(shapes(x.shape))
        ]
        return [kernel(name, inputs, asked, **given)[place]]

    return make


def _svd_shapes(shape: Sequence[int]) -> Sequence[Sequence[int]]:
    *batch, m, n = shape
    k = min(m, n)
    return (*batch, m, k), (*batch, k), (*batch, k, n)


KERNELS: Final[dict[str, KernelComposite]] = {
    "matmul": KernelComposite("multiply sum", _matmul),
    "sort": KernelComposite("argsort gather multiply add", _sort),
    "rfft": KernelComposite("fft cast", _first_frequencies),
    "svdvals": KernelComposite("svd", _values_alone("svd", 1, _svd_shapes, full_matrices=False)),
    "eigvalsh": KernelComposite("eigh", _values_alone("eigh", 0, lambda s: (s[:-1], s))),
    "eigvals": KernelComposite("eig", _values_alone("eig", 0, lambda s: (s[:-1], s))),
}
"""Row that is a kernel of its own -> its composite."""
