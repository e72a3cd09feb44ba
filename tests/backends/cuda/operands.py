"""NumPy views as operands of the ops that are kernels of their own, and their results back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.backends.cuda.interpreter import upload
from xgpu.plugin import KernelOp, Result, Strided, dtypes
from xgpu_cuda.driver import Driver

Array = np.ndarray[Any, np.dtype[Any]]

NUMERIC = [d for d in dtypes.ALL if d != dtypes.bool_ and d not in dtypes.NARROW]
REAL = [d for d in (*NUMERIC, dtypes.bool_) if d.kind != "c"]


def operand(driver: Driver, view: Array) -> Strided:
    """A view with its own offset and strides, over a copy of the memory that it looks at."""
    base = view
    while isinstance(base.base, np.ndarray):
        base = base.base
    start = view.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    steps = tuple(step // view.itemsize for step in view.strides)
    memory = upload(driver, base.ravel(order="K"))
    return Strided(memory, view.dtype, view.shape, steps, start // view.itemsize)


def run(
    driver: Driver,
    op: KernelOp,
    views: Sequence[Array],
    shape: tuple[int, ...],
    dtype: Any,
    **attributes: Any,
) -> Array:
    """The op's one result."""
    result = Result(np.dtype(dtype), shape)
    (memory,) = op(0, [operand(driver, view) for view in views], [result], attributes)
    return driver.to_host(0, memory.ptr, memory.nbytes).view(result.dtype).reshape(shape)


def data(seed: int, shape: tuple[int, ...], dtype: Any) -> Array:
    """Whole numbers, whose sums are exact in every dtype that does not wrap."""
    rng, kind = np.random.default_rng(seed), np.dtype(dtype).kind
    low = 0 if kind in "bu" else -9
    whole = rng.integers(low, 2 if kind == "b" else 10, shape)
    if kind == "c":
        return (whole + 1j * rng.integers(low, 10, shape)).astype(dtype)
    return whole.astype(dtype)
