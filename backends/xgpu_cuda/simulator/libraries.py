"""`SimulatorLibraries`: NumPy in place of NVIDIA's libraries, on the simulator's memory.

It stands in for them with the same bare routines (see `xgpu_cuda.driver.Libraries`), so what is
built around those runs without a GPU.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import numpy.typing as npt

from xgpu.plugin import Strided
from xgpu.plugin.dtypes import DType, complex_of
from xgpu_cuda.driver import Memory, Transform

Array = npt.NDArray[Any]


class SimulatorLibraries:
    """The routines, each done when it returns."""

    def matmul(
        self, device: int, left: Strided, right: Strided, dtype: DType, shape: tuple[int, ...]
    ) -> Memory | None:
        """None: the simulator is there to run the kernel."""
        return None

    def sort(self, device: int, keys: Strided) -> None:
        """`numpy.sort`."""
        array(keys).sort(kind="stable")

    def argsort(self, device: int, keys: Strided, order: Strided) -> None:
        """`numpy.argsort`."""
        given = array(keys)
        array(order)[...] = np.argsort(given, kind="stable")
        given[...] = 0  # as a radix sort leaves something else there

    def transform(
        self, device: int, kind: Transform, source: Strided, target: Memory, points: int
    ) -> None:
        """`numpy.fft`."""
        x = array(source)
        made: Array
        with np.errstate(all="ignore"):
            if kind == "fft":
                made = np.fft.fft(x)
            elif kind == "ifft":
                made = np.fft.ifft(x, norm="forward")
            elif kind == "rfft":
                made = np.fft.rfft(x)
            else:
                made = np.fft.irfft(x, points, norm="forward")
                x[...] = 0  # as cuFFT does not leave it as it was
        whole = Strided(target, made.dtype, (made.size,), (1,), 0)
        array(whole)[...] = made.reshape(-1)

    def cholesky(self, device: int, x: Strided) -> tuple[Strided, Strided]:
        """`numpy.linalg.cholesky`, a matrix at a time."""
        stack = array(x)
        info = np.zeros(len(stack), np.int32)
        for i, matrix in enumerate(stack):
            try:
                factor = np.linalg.cholesky(matrix)
            except np.linalg.LinAlgError:
                info[i] = 1
            else:
                # Above it stays what was given, as with LAPACK.
                matrix[...] = np.where(np.tri(len(matrix), dtype=bool), factor, matrix)
        return x, strided(info)

    def lu(self, device: int, x: Strided) -> tuple[Strided, Strided]:
        """Elimination with partial pivoting, all matrices at once, in place."""
        a = array(x)
        n = a.shape[-1]
        stack = np.arange(len(a))
        pivots = np.empty(a.shape[:2], np.int32)
        with np.errstate(all="ignore"):
            for k in range(n):
                row = k + np.argmax(np.abs(a[:, k:, k]), axis=1)
                pivots[:, k] = row + 1
                a[stack, k], a[stack, row] = a[stack, row], a[stack, k]
                pivot = a[:, k, k, None]
                a[:, k + 1 :, k] /= np.where(pivot == 0, 1, pivot)
                a[:, k + 1 :, k + 1 :] -= a[:, k + 1 :, k, None] * a[:, k, None, k + 1 :]
        return x, strided(pivots)

    def lu_solve(self, device: int, lu: Strided, pivots: Strided, b: Strided) -> Strided:
        """Substitution, forward and back, in place."""
        a, rows, x = array(lu), array(pivots), array(b)
        n = a.shape[-1]
        stack = np.arange(len(a))
        with np.errstate(all="ignore"):
            for k in range(n):
                row = rows[:, k] - 1
                x[stack, k], x[stack, row] = x[stack, row], x[stack, k]
            for k in range(n):
                x[:, k + 1 :] -= a[:, k + 1 :, k, None] * x[:, k, None]
            for k in reversed(range(n)):
                x[:, k] /= a[:, k, k, None]
                x[:, :k] -= a[:, :k, k, None] * x[:, k, None]
        return b

    def qr(self, device: int, x: Strided, complete: bool) -> tuple[Strided, Strided]:
        """`numpy.linalg.qr`."""
        q, r = np.linalg.qr(array(x), mode="complete" if complete else "reduced")
        return strided(q), strided(r)

    def svd(self, device: int, x: Strided, full: bool) -> tuple[Strided, Strided, Strided]:
        """`numpy.linalg.svd`."""
        u, s, vh = np.linalg.svd(array(x), full_matrices=full)
        return strided(u), strided(s), strided(vh)

    def svdvals(self, device: int, x: Strided) -> Strided:
        """`numpy.linalg.svdvals`."""
        return strided(np.linalg.svdvals(array(x)))

    def eigh(self, device: int, x: Strided) -> tuple[Strided, Strided]:
        """`numpy.linalg.eigh`."""
        w, v = np.linalg.eigh(array(x))
        return strided(w), strided(v)

    def eigvalsh(self, device: int, x: Strided) -> Strided:
        """`numpy.linalg.eigvalsh`."""
        return strided(np.linalg.eigvalsh(array(x)))

    def eig(self, device: int, x: Strided) -> tuple[Strided, Strided]:
        """`numpy.linalg.eig`."""
        w, v = np.linalg.eig(array(x))
        dtype = complex_of(x.dtype)
        return strided(w.astype(dtype)), strided(v.astype(dtype))

    def eigvals(self, device: int, x: Strided) -> Strided:
        """`numpy.linalg.eigvals`."""
        return strided(np.linalg.eigvals(array(x)).astype(complex_of(x.dtype)))


def array(operand: Strided) -> Array:
    """NumPy's view of memory of the simulator; the operand must outlive it."""
    buffer, dtype, shape, strides, offset = operand
    memory = (ctypes.c_char * buffer.nbytes).from_address(buffer.ptr)
    count = buffer.nbytes // dtype.itemsize - offset
    start: Array = np.frombuffer(memory, dtype, count, offset * dtype.itemsize)
    steps = tuple(stride * dtype.itemsize for stride in strides)
    return np.lib.stride_tricks.as_strided(start, shape, steps)


def strided(made: Array) -> Strided:
    """An array of NumPy's as an operand, which keeps it alive."""
    if not made.flags.c_contiguous:
        made = np.ascontiguousarray(made)
    steps = tuple(step // made.itemsize for step in made.strides)
    memory = Memory(made.ctypes.data, made.nbytes, made)
    return Strided(memory, made.dtype, made.shape, steps, 0)
