"""dask: ``dask:0`` is whatever dask computes on, threads of this process or a cluster."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from xgpu.plugin import Backend, Buffer, DeviceInfo, KernelOp, Result, Strided, hookimpl
from xgpu.plugin.dtypes import DType
from xgpu_compat.dask_functions import TABLE, Quiet, Whole, da, dask, put, xp
from xgpu_compat.library_backend import Library, LibraryBackend


class DaskBackend(LibraryBackend):
    """Buffers are dask's arrays in chunks; a program is one graph, computed when it is launched."""

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


def stored(
    x: Any, shape: tuple[int, ...], strides: tuple[int, ...], offset: int, value: Any
) -> Any:
    """Another array; each chunk takes what belongs there."""
    return put(x, xp.reshape(value, (-1,)), shape=shape, strides=strides, offset=offset)


@hookimpl
def xgpu_backend() -> Backend:
    """The backend."""
    version = dask.__version__
    library = Library(
        namespace=xp,
        functions=TABLE,
        versions={"dask": version},
        # One: dask itself says where a chunk is computed.
        devices=lambda: [DeviceInfo(0, "dask's scheduler", details=f"dask {version}")],
        # dask tries functions on empty chunks, and NumPy would warn.
        on=lambda device: np.errstate(all="ignore"),
        no_memory=((MemoryError, ""),),
        immutable=True,
        stored=stored,
        # Computed, where they are: else each use would compute them again.
        finished=lambda buffers: list(dask.persist(*buffers)),
    )
    return DaskBackend("dask", library)
