"""The extension ``linalg``: decompositions, linear systems, norms and products.

All work on stacks: the last two axes are a matrix, the others count matrices. Integers and bool are
computed in float64.

A matrix that cannot be treated raises ``numpy.linalg.LinAlgError``, a ValueError, at the call: a
singular one (`solve`, `inv`), one that is not positive definite (`cholesky`), one with NaN or
infinity (`eig`, `eigvals`). These calls wait for the device to say so. `eigh`, `eigvalsh`,
`svd`, `svdvals` and what is made of their values give NaN for a matrix with NaN or infinity;
``numpy.linalg.LinAlgError`` from them is an iteration that did not converge.
The library of the device does the numerical work: whether a matrix that is singular but for
rounding is found to be is its own matter.

Source: Array API 2025.12, "Linear Algebra Extension".
"""

from xgpu.linalg.decompositions import (
    cholesky,
    eig,
    eigh,
    eigvals,
    eigvalsh,
    qr,
    svd,
    svdvals,
)
from xgpu.linalg.norms import matrix_norm, vector_norm
from xgpu.linalg.products import cross, diagonal, matrix_power, outer, trace
from xgpu.linalg.systems import det, inv, matrix_rank, pinv, slogdet, solve
from xgpu.linear_algebra import matmul, matrix_transpose, tensordot, vecdot

__all__ = [
    "cholesky",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "inv",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "tensordot",
    "trace",
    "vecdot",
    "vector_norm",
]
