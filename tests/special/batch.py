"""Many functions in few programs: the simulator compiles each for half a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import xgpu
from tests.comparing import host


def computed(
    device: xgpu.Device, calls: Sequence[tuple[Callable[..., xgpu.Array], Sequence[Any]]]
) -> list[Any]:
    """What each function gives of its NumPy arrays, of which one call's have one length.

    All are repeated to the same length, so that the calls fuse.
    """
    length = max(len(x) for _, arguments in calls for x in arguments)
    made = [
        function(*(xgpu.asarray(np.resize(x, length), device=device) for x in arguments))
        for function, arguments in calls
    ]
    xgpu.materialize(*made)
    return [host(x)[: len(arguments[0])] for x, (_, arguments) in zip(made, calls, strict=True)]
