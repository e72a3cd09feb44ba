"""Libraries with arrays of their own: there, computed with, and back, by DLPack."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np

import xgpu
from docs.measurements.ecosystem.row import POSITIVE, Row, X

#: Consumer -> its module and the module whose functions take its arrays.
LIBRARIES = {"torch": "torch", "JAX": "jax.numpy", "CuPy": "cupy"}


def rows_of(consumer: str) -> Iterator[Row]:
    """A library's rows."""
    library: Any = importlib.import_module(LIBRARIES[consumer])
    if consumer == "JAX":
        importlib.import_module("jax").config.update("jax_enable_x64", True)
    take = library.from_dlpack
    only = "cuda:" if consumer == "CuPy" else ""

    def there_and_back(name: str, **options: Any) -> Any:
        def run(*arrays: Any) -> Any:
            if isinstance(arrays[0], np.ndarray):
                return getattr(np, name)(*arrays)
            result = getattr(library, name)(*map(take, arrays))
            return xgpu.from_dlpack(result, device=arrays[0].device)

        return run

    for name in ("sin", "exp", "matmul"):
        arrays = (X, X.T.copy()) if name == "matmul" else (POSITIVE,)
        yield Row(
            consumer, f"{name}, there and back by DLPack", there_and_back(name), arrays, only=only
        )
    for dtype in ("float32", "int16", "uint8", "bool", "complex64"):
        values = (X * 3).astype(dtype)
        yield Row(consumer, f"from_dlpack and back, {dtype}", passed(take), (values,), only=only)
    yield Row(consumer, "from_dlpack of a transposed view", passed(take), (X.T,), only=only)


def passed(take: Any) -> Any:
    """There and back, with nothing done in between."""

    def run(a: Any) -> Any:
        return a if isinstance(a, np.ndarray) else xgpu.from_dlpack(take(a), device=a.device)

    return run
