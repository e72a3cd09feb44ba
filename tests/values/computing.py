"""Computing many functions of NumPy arrays on a device at once.

What has one shape is materialized together and becomes few kernels, which keeps the tests quick
where a kernel has to be compiled first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import xgpu
from tests.comparing import host
from tests.values.ulp import Values

Call = tuple[Callable[..., xgpu.Array], tuple[Values, ...]]


def computed(device: xgpu.Device, calls: Mapping[Any, Call]) -> dict[Any, Values]:
    """The result of each call, a function and its operands as NumPy arrays."""
    made: dict[int, xgpu.Array] = {}

    def array(x: Values) -> xgpu.Array:
        if id(x) not in made:
            made[id(x)] = xgpu.asarray(x, device=device)
        return made[id(x)]

    results = {
        key: function(*(array(x) for x in operands)) for key, (function, operands) in calls.items()
    }
    xgpu.materialize(*results.values())
    return {key: host(result) for key, result in results.items()}


def of_names(device: xgpu.Device, calls: Mapping[str, tuple[Values, ...]]) -> dict[str, Values]:
    """The result of each function of the library that is named."""
    return computed(device, {name: (getattr(xgpu, name), x) for name, x in calls.items()})
