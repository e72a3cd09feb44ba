"""Factors of matrices, and their eigenvalues and singular values.

Source: Array API 2025.12, "Linear Algebra Extension".
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from xgpu.array import Array
from xgpu.linalg.matrices import adjoint, floating, identities, launch, matrices, square
from xgpu.plugin import ops
from xgpu.plugin.dtypes import complex_of, real_of


class EigResult(NamedTuple):
    """What `eig` gives."""

    eigenvalues: Array  #: (..., M), complex, in no order
    eigenvectors: Array  #: (..., M, M), complex, in columns of length 1


class EighResult(NamedTuple):
    """What `eigh` gives."""

    eigenvalues: Array  #: (..., M), real, ascending
    eigenvectors: Array  #: (..., M, M), in columns, orthonormal


class QRResult(NamedTuple):
    """What `qr` gives."""

    Q: Array  #: (..., M, K), orthonormal columns
    R: Array  #: (..., K, N), upper triangular


class SVDResult(NamedTuple):
    """What `svd` gives."""

    U: Array  #: (..., M, M) or (..., M, K), orthonormal columns
    S: Array  #: (..., K), real, descending
    Vh: Array  #: (..., N, N) or (..., K, N), orthonormal rows


def cholesky(x: Array, /, *, upper: bool = False) -> Array:
    """The triangular L with ``L @ L^H = x``, or if ``upper`` the U with ``U^H @ U = x``.

    Only the triangle of x that is asked for is read.

    Raises:
        ValueError: not square; `numpy.linalg.LinAlgError` if not positive definite.

    Source: Array API 2025.12, Linear Algebra Extension.
    """
    x = floating(ops.CHOLESKY, square(x, "cholesky"))
    (lower,) = launch(ops.CHOLESKY, adjoint(x) if upper else x, (x.dtype, x.shape))
    return adjoint(lower) if upper else lower


def eig(x: Array, /) -> EigResult:
    """Eigenvalues (..., M) and, as columns of length 1, eigenvectors (..., M, M); both complex.

    Raises:
        ValueError: not square; `numpy.linalg.LinAlgError` for NaN or infinity.

    Source: Array API 2025.12, Linear Algebra Extension.
    """
    x = floating(ops.EIG, square(x, "eig"))
    dtype = complex_of(x.dtype)
    return EigResult(*launch(ops.EIG, x, (dtype, x.shape[:-1]), (dtype, x.shape)))


def eigh(x: Array, /) -> EighResult:
    """Eigenvalues (..., M), ascending, and eigenvectors of symmetric or Hermitian matrices.

    The eigenvalues are real, the eigenvectors are the columns of a unitary matrix. Only the lower
    triangle of x counts. NaN for a matrix with NaN or infinity.

    Raises:
        ValueError: not square.

    Source: Array API 2025.12, Linear Algebra Extension.
    """
    x = floating(ops.EIGH, square(x, "eigh"))
    values, vectors = (real_of(x.dtype), x.shape[:-1]), (x.dtype, x.shape)
    return EighResult(*launch(ops.EIGH, x, values, vectors))


def eigvals(x: Array, /) -> Array:
    """Eigenvalues (..., M), complex.

    Raises:
        ValueError: not square; `numpy.linalg.LinAlgError` for NaN or infinity.

    Source: Array API 2025.12, Linear Algebra Extension.
    """
    x = floating(ops.EIGVALS, square(x, "eigvals"))
    return launch(ops.EIGVALS, x, (complex_of(x.dtype), x.shape[:-1]))[0]


def eigvalsh(x: Array, /) -> Array:
    """Eigenvalues (..., M) of symmetric or Hermitian matrices, real and ascending, as in `eigh`.

    Raises:
        ValueError: not square.

    Source: Array API 2025.12, Linear Algebra Extension.
    """
    x = floating(ops.EIGVALSH, square(x, "eigvalsh"))
    return launch(ops.EIGVALSH, x, (real_of(x.dtype), x.shape[:-1]))[0]


def qr(x: Array, /, *, mode: Literal["reduced", "complete"] = "reduced") -> QRResult:
    """Q with orthonormal columns and the upper triangular R of which x is the product.

    With K = min(M, N), Q is (..., M, K) and R (..., K, N); (..., M, M) and (..., M, N) for
    "complete". The diagonal of R is real, of either sign.

    Raises:
        ValueError: another ``mode``, or fewer than two axes.

    Source: Array API 2025.12, Linear Algebra Extension.
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(f"qr() takes mode='reduced' or 'complete': got {mode!r}")
    x = floating(ops.QR, matrices(x, "qr"))
    *stack, m, n = x.shape
    k = m if mode == "complete" else min(m, n)
    shapes = (x.dtype, (*stack, m, k)), (x.dtype, (*stack, k, n))
    q, r = launch(ops.QR, x, *shapes, mode=mode)
    return QRResult(q if n else identities(x, m)[..., :k], r)


def svd(x: Array, /, *, full_matrices: bool = True) -> SVDResult:
    """U, the singular values S (real, descending) and Vh, with ``x = U @ diag(S) @ Vh``.

    With K = min(M, N), U is (..., M, M), S (..., K) and Vh (..., N, N); without ``full_matrices``
    U is (..., M, K) and Vh (..., K, N). NaN for a matrix with NaN or infinity.

    Raises:
        ValueError: fewer than two axes.

    Source: Array API 2025.12, Linear Algebra Extension.
    """
    x = floating(ops.SVD, matrices(x, "svd"))
    *stack, m, n = x.shape
    k = min(m, n)
    rows, columns = (m, n) if full_matrices else (k, k)
    u, s, vh = launch(
        ops.SVD,
        x,
        (x.dtype, (*stack, m, rows)),
        (real_of(x.dtype), (*stack, k)),
        (x.dtype, (*stack, columns, n)),
        full_matrices=bool(full_matrices),
    )
    if not k and full_matrices:
        u, vh = identities(x, m), identities(x, n)
    return SVDResult(u, s, vh)


def svdvals(x: Array, /) -> Array:
    """Singular values (..., min(M, N)), real and descending; NaN for a matrix with NaN or infinity.

    Raises:
        ValueError: fewer than two axes.

    Source: Array API 2025.12, Linear Algebra Extension.
    """
    x = floating(ops.SVDVALS, matrices(x, "svdvals"))
    *stack, m, n = x.shape
    return launch(ops.SVDVALS, x, (real_of(x.dtype), (*stack, min(m, n))))[0]
