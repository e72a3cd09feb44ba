"""How an array lies in memory: an offset and strides into a buffer that has other numbers too."""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

import numpy as np

from xgpu.plugin import Access
from xgpu_conformance.ulp import Values

Layout = Literal[
    "contiguous", "offset", "steps", "negative", "permuted", "transposed", "broadcast", "uniform"
]
LAYOUTS: Final[tuple[Layout, ...]] = ("contiguous", "steps", "negative", "permuted", "broadcast")


class Laid(NamedTuple):
    """``values``, and the buffer in which they lie at ``offset + sum(strides * k)``."""

    values: Values
    buffer: Values  #: one-dimensional
    offset: int
    strides: tuple[int, ...]
    access: Access

    @property
    def operand_strides(self) -> tuple[int, ...]:
        """The strides as a launch takes them: () where the access needs none."""
        return self.strides if self.access == "strided" else ()


def lay(values: Values, layout: Layout) -> Laid:
    """``values`` in a layout; for ``broadcast`` and ``uniform`` those of the first place repeat."""
    shape = values.shape
    if layout == "contiguous":
        flat = np.ascontiguousarray(values).reshape(-1)
        return Laid(values, flat, 0, _strides(values.copy()), "contiguous")
    if layout == "offset":
        base = _filled((values.size + 5,), values)
        base[3 : 3 + values.size] = values.reshape(-1)
        return Laid(values, base, 3, _strides(values.copy()), "contiguous")
    if layout == "uniform":
        base = _filled((4,), values)
        base[2] = values.reshape(-1)[0]
        return Laid(np.broadcast_to(base[2], shape), base, 2, (0,) * len(shape), "uniform")
    if layout == "steps":
        base = _filled(tuple(2 * n + 1 for n in shape), values)
        view = base[tuple(slice(1, 2 * n, 2) for n in shape)]
    elif layout == "negative":
        base = _filled(shape, values)
        view = base[(slice(None, None, -1),) * len(shape)]
    elif layout == "transposed":
        base = _filled(shape[::-1], values)
        view = base.T
    elif layout == "permuted":
        order = (*range(1, len(shape), 2), *range(0, len(shape), 2))
        base = _filled(tuple(shape[i] for i in order), values)
        view = base.transpose(np.argsort(order))
    else:
        narrow = tuple(1 if i % 2 == 0 else n for i, n in enumerate(shape))
        base = _filled(narrow, values)
        base[...] = values[tuple(slice(0, n) for n in narrow)]
        view = np.broadcast_to(base, shape)
        # Room for what wrong strides would reach.
        buffer = np.concatenate([base.reshape(-1), _filled((values.size,), values)])
        return Laid(view, buffer, 0, _strides(view), "strided")
    view[...] = values
    start = view.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    return Laid(values, base.reshape(-1), start // base.itemsize, _strides(view), "strided")


def _strides(view: Values) -> tuple[int, ...]:
    """In elements; 0 along axes that repeat."""
    return tuple(s // view.itemsize for s in view.strides)


def _filled(shape: tuple[int, ...], like: Values) -> Any:
    """Numbers that are not those of ``like``: what a wrong stride or offset would read."""
    base = np.empty(shape, like.dtype)
    base[...] = np.asarray(77).astype(like.dtype)
    return base
