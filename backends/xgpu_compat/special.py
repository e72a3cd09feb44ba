"""The optional rows that a library has a special function for, under the row's own name."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from xgpu.plugin import ops

Array = Any
Function = Callable[..., Any]


def offered(
    module: ModuleType, to: Callable[[Array, Any], Array], float64: Any
) -> dict[str, Function]:
    """Row -> function of ``module``, the library's special functions.

    float32 is computed in ``float64``, as xgpu's own backends do, by ``to(array, dtype)``: the
    libraries' functions lose digits in float32. A row that ``module`` lacks is left out.
    """
    names = (op.name for op in ops.optional() if hasattr(module, op.name))
    return {name: _in_float64(getattr(module, name), to, float64) for name in names}


def _in_float64(function: Function, to: Callable[[Array, Any], Array], float64: Any) -> Function:
    def run(*arrays: Array) -> Array:
        dtype = arrays[0].dtype
        if dtype == float64:
            return function(*arrays)
        return to(function(*(to(x, float64) for x in arrays)), dtype)

    return run
