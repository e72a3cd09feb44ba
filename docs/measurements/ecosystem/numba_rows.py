"""Numba: compiled functions on an array's values, on the host or on a GPU."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np

import xgpu
from docs.measurements.ecosystem.row import SIGNAL, Row

numba: Any = importlib.import_module("numba")


def total(values: Any) -> Any:
    """The sum of squares, in a loop that Numba compiles."""

    def loop(values: Any) -> Any:
        found = 0.0
        for value in values:
            found += value * value
        return found

    return numba.njit(loop)(values)


def doubled(values: Any) -> Any:
    """Twice the values, by a kernel of Numba that writes to memory of an array."""
    if isinstance(values, np.ndarray):
        return values * 2
    cuda: Any = importlib.import_module("numba.cuda")

    def kernel(x: Any, out: Any) -> None:
        i = cuda.grid(1)
        if i < x.size:
            out[i] = 2 * x[i]

    out = xgpu.zeros_like(values)
    cuda.jit(kernel)[1, values.size](cuda.as_cuda_array(values), cuda.as_cuda_array(out))
    cuda.synchronize()
    return out


def rows() -> Iterator[Row]:
    """All of them."""
    yield Row("Numba", "njit(numpy.asarray(x))", lambda x: total(np.asarray(x)), (SIGNAL,))
    yield Row("Numba", "njit(numpy.asarray(to_device(x, 'cpu')))", on_host, (SIGNAL,))
    yield Row("Numba", "cuda.jit kernel on cuda.as_cuda_array(x)", doubled, (SIGNAL,), only="cuda:")


def on_host(x: Any) -> Any:
    """Copied to the host by a call that says so."""
    return total(x if isinstance(x, np.ndarray) else np.asarray(xgpu.to_device(x, "cpu")))
