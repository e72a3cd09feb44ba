"""`Libraries`: what is computed by the device's own libraries instead of by kernels of ours.

On a GPU these are cuBLAS, cuSOLVER, cuFFT and Thrust through CuPy; in the simulator, NumPy. A
routine is asked for the bare numerical work. What xgpu's ops promise beyond it (layouts, triangles,
NaN, errors, the order of equal elements) is in ``xgpu_cuda.launch``, once for both.

Matrices come as stacks of shape (batch, rows, columns), each *stored by columns*: the operand has
strides (rows * columns, 1, rows) and is the routine's to overwrite. Results are in any layout, as
their strides say, and are there to be read by kernels queued next.
"""

from __future__ import annotations

from typing import Literal, Protocol

from xgpu.plugin import Strided
from xgpu.plugin.dtypes import DType
from xgpu_cuda.driver.memory import Memory

Transform = Literal["fft", "ifft", "rfft", "irfft"]


class Libraries(Protocol):
    """Routines of one driver's devices; all work is queued like a launch.

    Raises (each of them):
        UnsupportedOperationError: the library is not installed, or too old.
        OutOfMemoryError: there is no room for what it needs besides.
        numpy.linalg.LinAlgError: an iteration does not converge (`svd`, `eigh`, `eig` and their
            variants, which wait for the device to know).
    """

    def matmul(
        self, device: int, left: Strided, right: Strided, dtype: DType, shape: tuple[int, ...]
    ) -> Memory | None:
        """The products, in C order; None where the library is not for these operands."""
        ...

    def sort(self, device: int, keys: Strided) -> None:
        """Sort contiguous keys in place, ascending and stably.

        Keys are integers, float32 or float64. -0.0 equals 0.0; a NaN has no sign and comes last.
        """
        ...

    def argsort(self, device: int, keys: Strided, order: Strided) -> None:
        """Write the int64 order of contiguous keys, as in `sort`; the keys are overwritten."""
        ...

    def transform(
        self,
        device: int,
        kind: Transform,
        source: Strided,
        target: Memory,
        points: int,
    ) -> None:
        """Fourier transforms along the last axis, none of them scaled.

        ``source`` is contiguous, and overwritten by ``irfft``, whose imaginary parts that count as
        zero are zero. ``target`` has room for the results: ``points`` for each transform, or
        ``points // 2 + 1`` for ``rfft``.
        """
        ...

    def cholesky(self, device: int, x: Strided) -> tuple[Strided, Strided]:
        """The lower factor of the lower triangle, and for each matrix an int32: 0 if it has one.

        Above the diagonal is anything.
        """
        ...

    def lu(self, device: int, x: Strided) -> tuple[Strided, Strided]:
        """U with L below it, whose diagonal of ones is left out; and the swaps of rows.

        These are int32 of shape (batch, rows), counted from 1: row k was swapped with row
        ``pivots[k - 1]``, for k from 1 on.
        """
        ...

    def lu_solve(self, device: int, lu: Strided, pivots: Strided, b: Strided) -> Strided:
        """The X of ``A @ X = b``, from what `lu` made of A."""
        ...

    def qr(self, device: int, x: Strided, complete: bool) -> tuple[Strided, Strided]:
        """Q and R, with anything below R's diagonal, which may be complex."""
        ...

    def svd(self, device: int, x: Strided, full: bool) -> tuple[Strided, Strided, Strided]:
        """U, the singular values, descending, and Vh, of finite matrices."""
        ...

    def svdvals(self, device: int, x: Strided) -> Strided:
        """The singular values alone."""
        ...

    def eigh(self, device: int, x: Strided) -> tuple[Strided, Strided]:
        """Eigenvalues, ascending, and eigenvectors of the lower triangles of finite matrices."""
        ...

    def eigvalsh(self, device: int, x: Strided) -> Strided:
        """The eigenvalues alone."""
        ...

    def eig(self, device: int, x: Strided) -> tuple[Strided, Strided]:
        """Eigenvalues and eigenvectors, both complex, of finite matrices."""
        ...

    def eigvals(self, device: int, x: Strided) -> Strided:
        """The eigenvalues alone."""
        ...
