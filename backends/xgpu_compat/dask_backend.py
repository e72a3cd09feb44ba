"""dask: ``dask:0`` is whatever dask computes on, threads of this process or a cluster."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np

from xgpu.plugin import (
    Backend,
    Buffer,
    DeviceInfo,
    KernelOp,
    NamespaceBackend,
    OutOfMemoryError,
    Result,
    Strided,
    hookimpl,
)
from xgpu.plugin.dtypes import DType
from xgpu_compat.dask_functions import TABLE, Quiet, Whole, da, dask, put, xp


class DaskBackend(NamespaceBackend):
    """Buffers are dask's arrays in chunks; a program is one graph, computed when it is launched."""

    versions: Final = {"dask": dask.__version__}

    def devices(self) -> Sequence[DeviceInfo]:
        """One: dask itself says where a chunk is computed."""
        return [DeviceInfo(0, "dask's scheduler", details=f"dask {dask.__version__}")]

    @contextmanager
    def within(self, device: int) -> Iterator[None]:
        """No warnings where dask tries functions on empty chunks."""
        try:
            with np.errstate(all="ignore"):
                yield
        except MemoryError as error:
            raise OutOfMemoryError(f"dask:{device}: {error}") from error

    def fresh(self, array: Any, shape: tuple[int, ...]) -> Any:
        """No copy: nothing writes to an array of dask."""
        return array if array.shape == shape else xp.reshape(array, shape)

    def finished(self, buffers: list[Buffer]) -> list[Buffer]:
        """Computed, where they are: else each use would compute them again."""
        return list(dask.persist(*buffers))

    def store(
        self,
        buffer: Buffer,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        offset: int,
        value: Any,
    ) -> Buffer:
        """Another array; each chunk takes what belongs there."""
        return put(buffer, xp.reshape(value, (-1,)), shape=shape, strides=strides, offset=offset)

    def _dtype(self, dtype: DType) -> Any:
        """Itself: chunks are NumPy's."""
        return dtype

    def _kernel_op(self, function: Any) -> KernelOp:
        if not isinstance(function, Whole):
            return super()._kernel_op(function)

        def run(
            device: int,
            operands: Sequence[Strided],
            results: Sequence[Result],
            attributes: Mapping[str, Any],
        ) -> list[Buffer]:
            arrays = [self.strided(o.buffer, o.shape, o.strides, o.offset) for o in operands]
            task = dask.delayed(_flat, nout=len(results))
            parts = task(Quiet(function.function, **attributes), *arrays, results=results)
            made = [
                da.from_delayed(part, (math.prod(result.shape),), dtype=result.dtype)
                for part, result in zip(parts, results, strict=True)
            ]
            buffers = self.finished(made)
            if function.raises:
                buffers[0][:0].compute()
            return buffers

        return run


def _flat(function: Quiet, *arrays: Any, results: Sequence[Result]) -> list[Any]:
    made = function(*arrays)
    several = made if isinstance(made, tuple) else (made,)
    return [x.astype(r.dtype).reshape(-1) for x, r in zip(several, results, strict=True)]


@hookimpl
def xgpu_backend() -> Backend:
    """The backend."""
    return DaskBackend("dask", xp, functions=TABLE)
