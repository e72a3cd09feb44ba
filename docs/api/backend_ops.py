"""The page of what a backend implements, from the op table and the protocol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from docs.api.site import Site, table
from xgpu.plugin import REQUIRED, Backend, dtypes, ops

METHODS: Final = tuple(name for name in REQUIRED if callable(getattr(Backend, name, None)))
ATTRIBUTES: Final = ("protocol", *(name for name in REQUIRED if name not in METHODS))

_INTRODUCTION: Final = """\
The op table, [`xgpu/plugin/ops.py`](../xgpu/plugin/ops.py), as a page. What is not in it is made
of what is, in the front-end, so a backend gets the whole standard from this. How to write one is in
[Add a backend](../backends/README.md); a `NamespaceBackend` finds most of it in its namespace."""

_COLUMNS: Final = """\
*dtypes* are the kinds that a backend must take, in all widths of the standard: b(ool), i(nt),
u(int), f(loat), c(omplex); *16* marks the rows that also take float16 and bfloat16. To the others
the front-end gives these as float32, and rounds the result. The operands have one dtype, but for
the condition of `where` and the positions of `gather` and `scatter`. *gives* is the dtype of the
result, of the first one if there are several: the `same` as that of the operands, `bool`, the
`real` dtype of a complex one, the `complex` dtype of a real one, `index` (int64), or `given` by
the instruction."""

_OPTIONAL: Final = """\
The special functions that others are made of. A backend has those that its `capabilities` name;
what needs another one is an `UnsupportedOperationError` at the call, or falls back. They are
elementwise, and fuse. Names, arguments and values are those of `scipy.special`; an error of 16 ULP
is allowed."""

_REDUCTIONS: Final = """\
Over axes of a program's space, in one kernel with the elementwise ops before and after. `min`,
`max`, `argmin` and `argmax` let NaN win, the first one first; an index counts along the reduced
axes in C order."""

_KERNELS: Final = """\
Functions in `kernel_ops`, launched at the call; their operands have any strides, and none is empty.

- NaN comes last in `sort` and `argsort` in either direction. `descending` and `stable` are bool.
- A position counts the elements of the first operand in C order from 0; the front-end has checked
  that each is in range.
- In `searchsorted` x1 is one-dimensional, NaN the largest number, and `side` "left" or "right" of
  what is equal.
- Linear algebra works on the last two axes, a matrix for each place of the others; two operands
  have equal lengths there. A triangle that a row does not name is not read, and zero in its
  result. `mode` is "reduced" or "complete", `full_matrices` a bool.
- Fourier transforms work along the last axis and are not scaled. With `inverse`, a bool, the sign
  of the exponent is positive. In `irfft` the imaginary part of the first frequency, and of the
  last one where n is even, counts as zero."""


def page(site: Site) -> Iterator[str]:
    """The parts of the page."""
    elementwise, reductions, kernels = ops.elementwise(), ops.reductions(), ops.kernels()
    yield "# What a backend implements"
    yield _INTRODUCTION
    counts = {
        "[methods of the protocol](../xgpu/plugin/backend.py)": len(METHODS),
        "attributes": len(ATTRIBUTES),
        "elementwise rows": len(elementwise),
        "rows beyond them": len(reductions) + len(kernels),
        "of these, reductions": len(reductions),
        "of these, kernels of their own": len(kernels),
    }
    yield table(("what", "how many"), [(what, str(count)) for what, count in counts.items()])
    yield f"The methods are {_listed(METHODS)}; the attributes {_listed(ATTRIBUTES)}."
    yield _COLUMNS
    yield "## Elementwise"
    yield "One value out for each value in: what programs are made of."
    yield _rows(elementwise, site)
    yield "## Optional"
    yield _OPTIONAL
    yield _rows(ops.optional(), site)
    yield "## Reductions"
    yield _REDUCTIONS
    yield _rows(reductions, site)
    yield "## Kernels of their own"
    yield _KERNELS
    rows = [
        (f"`{op.name}`", str(op.arity), _dtypes(op), op.result, _listed(op.attributes), op.note)
        for op in kernels
    ]
    yield table(("op", "operands", "dtypes", "gives", "attributes", "result"), rows)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _dtypes(op: ops.Op) -> str:
    return f"{op.accepts} 16" if op.takes(dtypes.bfloat16) else op.accepts


def _rows(rows: Iterable[ops.Op], site: Site) -> str:
    cells = []
    for op in rows:
        entry = site.links.get(op.name) or site.links.get(f"special.{op.name}")
        name = f"[`{op.name}`](api/{entry})" if entry else f"`{op.name}`"
        cells.append((name, str(op.arity), _dtypes(op), op.result))
    return table(("op", "operands", "dtypes", "gives"), cells)
