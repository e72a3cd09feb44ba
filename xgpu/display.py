"""`Displayed`: arrays as text, and as HTML in notebooks.

Of a large array only what is shown is copied to the host.
"""

from __future__ import annotations

from html import escape
from typing import Any, Final

import numpy as np

from xgpu.attributes import Described
from xgpu.graph.node import Node
from xgpu.runtime.materialize import materialize
from xgpu.runtime.transfer import to_host

EDGE: Final = 3
"""Places shown at each end of a long axis; NumPy's default."""

WHOLE: Final = 1000
"""Up to so many elements are shown all; NumPy's default."""


class Displayed(Described):
    """How an array shows itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        text, shortened = self._text(prefix="Array(")
        shape = f", shape={self.shape}" if shortened else ""
        return f"Array({text}{shape}, dtype={self.dtype}, device={str(self.device)!r})"

    def __format__(self, spec: str, /) -> str:
        """As text; a ``spec`` is for the one element of a 0-d array.

        Raises:
            TypeError: a ``spec`` for an array that is not 0-d.
        """
        if not spec:
            return str(self)
        if self.shape:
            raise TypeError(f"a format such as {spec!r} is for one number: got shape {self.shape}")
        return format(to_host(self._storage.node, self._view).item(), spec)

    def _repr_html_(self) -> str:
        """A table with shape, dtype and device over a preview; what notebooks show."""
        rows = {"shape": self.shape, "dtype": self.dtype, "device": self.device}
        cells = "".join(
            f"<tr><th style='text-align:left'>{name}</th><td>{escape(str(value))}</td></tr>"
            for name, value in rows.items()
        )
        text, _ = self._text(prefix="")
        return f"<table><caption>xgpu.Array</caption>{cells}</table><pre>{escape(text)}</pre>"

    def _text(self, prefix: str) -> tuple[str, bool]:
        """The elements as NumPy writes them, and whether some are left out."""
        shape = self.shape
        node: Node = self._storage.node
        shortened = np.prod(shape, dtype=object) > WHOLE and any(n > 2 * EDGE for n in shape)
        if shortened:
            materialize([node], "shown")  # once, for all the parts
            values, threshold = _ends(self, shape, 0), 0
        else:
            values, threshold = to_host(node, self._view), WHOLE
        text = np.array2string(
            values, separator=", ", prefix=prefix, threshold=threshold, edgeitems=EDGE
        )
        return text, shortened


def _ends(x: Any, shape: tuple[int, ...], axis: int) -> Any:
    """The ends of every long axis, and one place between them that NumPy leaves out."""
    if axis == len(shape):
        return to_host(x._storage.node, x._view)
    if shape[axis] <= 2 * EDGE + 1:
        return _ends(x, shape, axis + 1)
    before = (slice(None),) * axis
    first, last = x[(*before, slice(EDGE + 1))], x[(*before, slice(-EDGE, None))]
    return np.concatenate([_ends(first, shape, axis + 1), _ends(last, shape, axis + 1)], axis)
