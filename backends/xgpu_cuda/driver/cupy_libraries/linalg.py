"""Factors of matrices by cuSOLVER and cuBLAS.

`cholesky`, `lu` and `lu_solve` are queued and leave what they have to say on the device. What
iterates (`svd`, `eigh`, `eig`) waits inside cuSOLVER, and reads whether it converged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import numpy as np

from xgpu.plugin import Strided, UnsupportedOperationError
from xgpu_cuda.driver.binding import INSTALL
from xgpu_cuda.driver.cupy_libraries.session import Routines, array, strided

T = TypeVar("T")

LETTERS: Final = {"float32": "s", "float64": "d", "complex64": "c", "complex128": "z"}
"""How the libraries name a routine for a dtype."""

SMALL: Final = 32
"""The largest matrices for which cuSOLVER's batched Jacobi methods are."""

BATCHED: Final = 65536
"""Where a stack has so many matrices for each element of one, they are factored together; else
one after another. From CuPy's own measurements for LU."""


class LinalgLibrary(Routines):
    """Routines on stacks of matrices that are stored by columns."""

    def _call(self, device: int, what: str, function: Callable[[Any], T]) -> T:
        def run(cupy: Any) -> T:
            try:
                cupy.cuda.device.get_cusolver_handle()
                cupy.cuda.device.get_cublas_handle()
            except (ImportError, RuntimeError) as error:
                raise UnsupportedOperationError(
                    f"{what} on cuda:{device} needs cuSOLVER and cuBLAS, which cannot be loaded "
                    f"({error}): {INSTALL}"
                ) from error
            return function(cupy)

        return self._session.call(device, what, run)

    def _converged(
        self, cupy: Any, x: Strided, function: Callable[[Any], Any], largest: int | None = None
    ) -> tuple[Any, ...]:
        """As `_stacked`; raises where an iteration did not converge.

        CuPy's routines do not look by themselves. To look is a read of each call's flags.
        """
        import cupyx

        with cupyx.errstate(linalg="raise"):
            made = _stacked(cupy, x, function, largest)
        self._session.reads += 1 if _at_once(x, largest) else x.shape[0]
        return made

    # ---- Triangular factors ----

    def cholesky(self, device: int, x: Strided) -> tuple[Strided, Strided]:
        """See `xgpu_cuda.driver.Libraries.cholesky`; ``potrf``, in place."""

        def run(cupy: Any) -> tuple[Strided, Strided]:
            solver, blas = _bindings()
            letter, (batch, n, _) = LETTERS[x.dtype.name], x.shape
            handle = cupy.cuda.device.get_cusolver_handle()
            lower = blas.CUBLAS_FILL_MODE_LOWER
            info = cupy.empty(batch, "int32")
            if _together(x):
                routine = getattr(solver, f"{letter}potrfBatched")
                pointers = _addresses(cupy, x)
                routine(handle, lower, n, pointers.data.ptr, n, info.data.ptr, batch)
            else:
                routine = getattr(solver, f"{letter}potrf")
                first = _address(x, 0)
                size = getattr(solver, f"{letter}potrf_bufferSize")(handle, lower, n, first, n)
                work = cupy.empty(size, x.dtype)
                for i in range(batch):
                    at = info.data.ptr + 4 * i
                    routine(handle, lower, n, _address(x, i), n, work.data.ptr, size, at)
            return x, strided(info)

        return self._call(device, "cholesky", run)

    def lu(self, device: int, x: Strided) -> tuple[Strided, Strided]:
        """See `xgpu_cuda.driver.Libraries.lu`; ``getrf``, in place."""

        def run(cupy: Any) -> tuple[Strided, Strided]:
            solver, blas = _bindings()
            letter, (batch, n, _) = LETTERS[x.dtype.name], x.shape
            pivots, info = cupy.empty((batch, n), "int32"), cupy.empty(batch, "int32")
            if _together(x):
                handle = cupy.cuda.device.get_cublas_handle()
                pointers = _addresses(cupy, x)
                getattr(blas, f"{letter}getrfBatched")(
                    handle, n, pointers.data.ptr, n, pivots.data.ptr, info.data.ptr, batch
                )
            else:
                handle = cupy.cuda.device.get_cusolver_handle()
                routine = getattr(solver, f"{letter}getrf")
                first = _address(x, 0)
                size = getattr(solver, f"{letter}getrf_bufferSize")(handle, n, n, first, n)
                work = cupy.empty(size, x.dtype)
                for i in range(batch):
                    rows, at = pivots.data.ptr + 4 * n * i, info.data.ptr + 4 * i
                    routine(handle, n, n, _address(x, i), n, work.data.ptr, rows, at)
            return x, strided(pivots)

        return self._call(device, "LU", run)

    def lu_solve(self, device: int, lu: Strided, pivots: Strided, b: Strided) -> Strided:
        """See `xgpu_cuda.driver.Libraries.lu_solve`; ``getrs``, in place."""

        def run(cupy: Any) -> Strided:
            solver, blas = _bindings()
            letter, (batch, n, columns) = LETTERS[b.dtype.name], b.shape
            rows, plain = pivots.buffer.ptr, blas.CUBLAS_OP_N
            if _together(lu):
                handle = cupy.cuda.device.get_cublas_handle()
                left, right = _addresses(cupy, lu), _addresses(cupy, b)
                said = np.empty(1, np.int32)  # on the host, and about the arguments alone
                getattr(blas, f"{letter}getrsBatched")(
                    *(handle, plain, n, columns, left.data.ptr, n, rows),
                    *(right.data.ptr, n, said.ctypes.data, batch),
                )
            else:
                handle = cupy.cuda.device.get_cusolver_handle()
                routine = getattr(solver, f"{letter}getrs")
                info = cupy.empty(1, "int32")
                for i in range(batch):
                    routine(
                        *(handle, plain, n, columns, _address(lu, i), n, rows + 4 * n * i),
                        *(_address(b, i), n, info.data.ptr),
                    )
            return b

        return self._call(device, "solve", run)

    # ---- Orthogonal factors ----

    def qr(self, device: int, x: Strided, complete: bool) -> tuple[Strided, Strided]:
        """See `xgpu_cuda.driver.Libraries.qr`; ``geqrf`` and ``orgqr``, a matrix at a time."""
        mode = "complete" if complete else "reduced"

        def run(cupy: Any) -> tuple[Strided, Strided]:
            q, r = _stacked(cupy, x, lambda a: cupy.linalg.qr(a, mode))
            return strided(q), strided(r)

        return self._call(device, "qr", run)

    def svd(self, device: int, x: Strided, full: bool) -> tuple[Strided, Strided, Strided]:
        """See `xgpu_cuda.driver.Libraries.svd`; ``gesvd``, or ``gesvdj`` for small stacks."""

        def run(cupy: Any) -> tuple[Strided, Strided, Strided]:
            u, s, vh = self._converged(cupy, x, lambda a: cupy.linalg.svd(a, full))
            # Vh is a transpose and a conjugate of what cuSOLVER makes; the latter is no view.
            return strided(u), strided(s), strided(vh)

        return self._call(device, "svd", run)

    def svdvals(self, device: int, x: Strided) -> Strided:
        """See `xgpu_cuda.driver.Libraries.svdvals`."""

        def run(cupy: Any) -> Strided:
            (s,) = self._converged(cupy, x, lambda a: (cupy.linalg.svd(a, compute_uv=False),))
            return strided(s)

        return self._call(device, "svdvals", run)

    # ---- Eigenvalues ----

    def eigh(self, device: int, x: Strided) -> tuple[Strided, Strided]:
        """See `xgpu_cuda.driver.Libraries.eigh`; ``syevd``, or ``syevj`` for small stacks."""

        def run(cupy: Any) -> tuple[Strided, Strided]:
            w, v = self._converged(cupy, x, lambda a: cupy.linalg.eigh(a, "L"), SMALL)
            return strided(w), strided(v)

        return self._call(device, "eigh", run)

    def eigvalsh(self, device: int, x: Strided) -> Strided:
        """See `xgpu_cuda.driver.Libraries.eigvalsh`."""

        def run(cupy: Any) -> Strided:
            (w,) = self._converged(cupy, x, lambda a: (cupy.linalg.eigvalsh(a, "L"),), SMALL)
            return strided(w)

        return self._call(device, "eigvalsh", run)

    def eig(self, device: int, x: Strided) -> tuple[Strided, Strided]:
        """See `xgpu_cuda.driver.Libraries.eig`; ``geev``, a matrix at a time."""

        def run(cupy: Any) -> tuple[Strided, Strided]:
            _check_geev(device)
            w, v = self._converged(cupy, x, cupy.linalg.eig)
            return strided(w), strided(v)

        return self._call(device, "eig", run)

    def eigvals(self, device: int, x: Strided) -> Strided:
        """See `xgpu_cuda.driver.Libraries.eigvals`."""

        def run(cupy: Any) -> Strided:
            _check_geev(device)
            (w,) = self._converged(cupy, x, lambda a: (cupy.linalg.eigvals(a),))
            return strided(w)

        return self._call(device, "eigvals", run)


def _bindings() -> tuple[Any, Any]:
    from cupy_backends.cuda.libs import cublas, cusolver

    return cusolver, cublas


def _check_geev(device: int) -> None:
    from cupyx.cusolver import check_availability

    if not check_availability("geev"):
        raise UnsupportedOperationError(
            f"eig and eigvals on cuda:{device} need cuSOLVER 11.7.1, which comes with CUDA 12.6, "
            "or later; here it is older"
        )


def _together(x: Strided) -> bool:
    """Whether a stack is factored by one call of a batched routine."""
    batch, n, _ = x.shape
    return batch * BATCHED >= n * n


def _address(x: Strided, i: int) -> int:
    """Where matrix ``i`` of a stack that is stored by columns starts."""
    address: int = x.buffer.ptr + (x.offset + i * x.strides[0]) * x.dtype.itemsize
    return address


def _addresses(cupy: Any, x: Strided) -> Any:
    """Where each matrix starts, on the device."""
    step = x.strides[0] * x.dtype.itemsize
    first = _address(x, 0)
    return cupy.arange(first, first + x.shape[0] * step, step, dtype="uintp")


def _stacked(
    cupy: Any, x: Strided, function: Callable[[Any], Any], largest: int | None = None
) -> tuple[Any, ...]:
    """One of CuPy's functions of a stack, a matrix at a time where that is the better way.

    For one matrix CuPy takes other methods than for a stack of one; the stacked ones of some
    functions are only for matrices of up to ``largest`` rows.
    """
    a = array(cupy, x)
    if _at_once(x, largest):
        return tuple(function(a))
    parts = [tuple(function(matrix)) for matrix in a]
    return tuple(cupy.stack(arrays) for arrays in zip(*parts, strict=True))


def _at_once(x: Strided, largest: int | None) -> bool:
    return x.shape[0] > 1 and (largest is None or x.shape[1] <= largest)
