"""Matrix products by cuBLAS."""

from __future__ import annotations

import math
from typing import Any

from xgpu.plugin import Strided
from xgpu.plugin.dtypes import DType
from xgpu.plugin.program import contiguous_strides
from xgpu_cuda.driver.cupy_libraries.session import Routines, Session, array
from xgpu_cuda.driver.memory import Memory


class MatmulLibrary(Routines):
    """Products of float32 are computed in float32, not TF32, unless CUPY_TF32 says so."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._cublas: bool | None = None  #: whether there is cuBLAS; None before it was looked for

    def matmul(
        self, device: int, left: Strided, right: Strided, dtype: DType, shape: tuple[int, ...]
    ) -> Memory | None:
        """See `xgpu_cuda.driver.Libraries.matmul`: floating dtypes, if cuBLAS is installed."""
        if dtype.kind not in "fc" or 0 in shape or left.shape[-1] == 0:
            return None
        if self._cublas is None:
            self._cublas = self._session.call(device, "cuBLAS", _has_cublas)
        if not self._cublas:
            return None
        memory = self._session.allocate(device, math.prod(shape) * dtype.itemsize)
        result = Strided(memory, dtype, shape, contiguous_strides(shape), 0)

        def multiply(cupy: Any) -> None:
            a, b, out = (array(cupy, operand) for operand in (left, right, result))
            cupy.matmul(a, b, out=out)

        self._session.call(device, "matmul", multiply)
        return memory


def _has_cublas(cupy: Any) -> bool:
    try:
        cupy.cuda.device.get_cublas_handle()
    except (ImportError, RuntimeError):  # CuPy installs without it
        return False
    return True
