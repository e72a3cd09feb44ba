"""xgpu's arrays for einops, which asks the subclasses of its ``AbstractBackend``.

Source: einops 0.8, ``einops/_backends.py``.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from xgpu.array import Array
from xgpu.creation import arange, asarray
from xgpu.execution import to_device
from xgpu.manipulation import concat, expand_dims, stack, tile
from xgpu.numpy_functions import einsum
from xgpu.plugin.dtypes import kind_of


def add_backend(backends: Any) -> None:
    """Make the subclass; to be one is all that it takes for einops to find it.

    Args:
        backends: the module ``einops._backends``.
    """
    methods = {
        "framework_name": "xgpu",
        "is_appropriate_type": lambda self, tensor: isinstance(tensor, Array),
        "from_numpy": lambda self, x: asarray(x),
        "to_numpy": lambda self, x: np.asarray(to_device(x, "cpu")),
        "arange": lambda self, start, stop: arange(start, stop),
        "stack_on_zeroth_dimension": lambda self, tensors: stack(tensors),
        "add_axis": lambda self, x, new_position: expand_dims(x, axis=new_position),
        "tile": lambda self, x, repeats: tile(x, tuple(repeats)),
        "concat": lambda self, tensors, axis: concat(tensors, axis=axis),
        "is_float_type": lambda self, x: kind_of(x.dtype) == "f",
        "einsum": lambda self, pattern, *x: einsum(pattern, *x),
        "__module__": __name__,
        "__doc__": "xgpu's arrays; reshape, transpose and reductions are methods of theirs.",
    }
    _classes.append(type("XgpuBackend", (backends.AbstractBackend,), methods))


_classes: Final[list[type]] = []
"""A class holds its subclasses weakly, so einops's is kept here."""
