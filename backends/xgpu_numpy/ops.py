"""What each op means: the reference that every other backend is compared with.

One line per op, NumPy's own function wherever NumPy follows the standard, through
array-api-compat for the standard's names. The functions below the table are the ops where NumPy
and the standard (or an as-if-eager library, which cannot raise on values) part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import array_api_compat.numpy as xp
import numpy as np

from xgpu.plugin.dtypes import NARROW, kind_of
from xgpu.plugin.narrow import converted
from xgpu_numpy import complex_ops
from xgpu_numpy.complex_ops import joined
from xgpu_numpy.special import TABLE as SPECIAL

Array = Any


def cast(x: Array, dtype: Any) -> Array:
    """Convert; a complex number loses its imaginary part, which NumPy does with a warning."""
    return converted(np.real(x) if kind_of(np.dtype(dtype)) in "iuf" else np.asarray(x), dtype)


def expm1(x: Array) -> Array:
    """exp(x) - 1, with the standard's values where the exponent of a complex x is not finite."""
    if x.dtype.kind != "c":
        return np.expm1(x)
    a, b = np.real(x), np.imag(x)
    turned = np.isfinite(b)
    zero = np.where(turned, 0 * np.sin(b), 0)
    huge = np.where(b == 0, b, np.where(turned, np.inf * np.sin(b), np.nan))
    # NumPy's product overflows before the result does; out there the 1 does not count.
    plain = np.where(a > np.log(np.finfo(a.dtype).max) - 2, np.exp(x), np.expm1(x))
    real = np.select(
        [a == -np.inf, a == np.inf, (a == 0) & (b == 0)],
        [-1, np.where(turned, np.inf * np.cos(b), np.inf), 0],
        np.real(plain),
    )
    imag = np.select([a == -np.inf, a == np.inf, b == 0], [zero, huge, b], np.imag(plain))
    return joined(real, imag, x.dtype)


def floor_divide(x1: Array, x2: Array) -> Array:
    """floor(x1 / x2) also where an operand is infinite; NumPy gives NaN there."""
    if x1.dtype.kind != "f":
        return np.floor_divide(x1, x2)
    finite = np.isfinite(x1) & np.isfinite(x2)
    return np.where(finite, np.floor_divide(x1, x2), np.floor(np.divide(x1, x2)))


def matmul(x1: Array, x2: Array) -> Array:
    """The product of matrices; of 16-bit floats it is summed in float32 and rounded once."""
    if x1.dtype not in NARROW:
        return np.matmul(x1, x2)
    return np.matmul(x1.astype(np.float32), x2.astype(np.float32)).astype(x1.dtype)


def nextafter(x1: Array, x2: Array) -> Array:
    """The next number after x1 towards x2; x2 where they are equal, zeros of either sign too."""
    return np.where(x1 == x2, x2, np.nextafter(x1, x2))


def pow(x1: Array, x2: Array) -> Array:
    """Powers; an integer to a negative power is truncated to an integer, where NumPy raises."""
    if x1.dtype.kind != "i":
        return complex_ops.pow(x1, x2)
    odd = np.where(x2 & 1, x1, np.ones_like(x1))
    truncated = np.where(x1 == -1, odd, (x1 == 1).astype(x1.dtype))
    return np.where(x2 < 0, truncated, np.power(x1, np.maximum(x2, 0)))


def where(condition: Array, x1: Array, x2: Array) -> Array:
    """NumPy's, with a dtype that no scalar rule can change."""
    return np.where(condition, x1, x2)


def argsort(x: Array, *, descending: bool, stable: bool) -> Array:
    """The order along the last axis, NaN last; descending is ascending by keys turned around."""
    return np.argsort(reverse(x) if descending else x, axis=-1, stable=stable)


def sort(x: Array, *, descending: bool, stable: bool) -> Array:
    """Sorted along the last axis, NaN last."""
    if descending:
        return reverse(np.sort(reverse(x), axis=-1, stable=stable))
    return np.sort(x, axis=-1, stable=stable)


def reverse(x: Array) -> Array:
    """Keys whose order is the reverse of that of x, and its own inverse; NaN stays NaN."""
    return np.negative(x) if x.dtype.kind == "f" else np.invert(x)


def scatter(x: Array, positions: Array, values: Array) -> Array:
    """A copy of x with values at positions of its C order; NumPy assigns from first to last."""
    result = x.flatten()
    result[positions] = values
    return result


def of_finite(function: Callable[..., Any], x: Array, **attributes: Any) -> Any:
    """``function`` of matrices; NaN for one that is not finite.

    LAPACK's iterations may miss that, or never end.
    """
    usable = np.isfinite(x).all(axis=(-2, -1), keepdims=True)
    made = function(np.where(usable, x, 0), **attributes)
    if not isinstance(made, tuple):
        return np.where(usable[..., 0], made, np.nan)
    return tuple(np.where(usable if y.ndim == x.ndim else usable[..., 0], y, np.nan) for y in made)


def as_complex(x: Array) -> Array:
    """Eigenvalues and eigenvectors, which NumPy makes real where all of them are."""
    return x.astype(np.result_type(x.dtype, np.complex64))


def rows(function: Callable[..., Array]) -> Callable[[Array], Array]:
    """A reduction over axis 1 of a matrix that keeps the dtype of its operand."""

    def over_rows(matrix: Array) -> Array:
        return function(matrix, axis=1, dtype=matrix.dtype)

    return over_rows


TABLE: Final[dict[str, Callable[..., Array]]] = {
    # one operand
    "abs": xp.abs,
    "acos": xp.acos,
    "acosh": xp.acosh,
    "asin": xp.asin,
    "asinh": xp.asinh,
    "atan": xp.atan,
    "atanh": xp.atanh,
    "bitwise_invert": xp.bitwise_invert,
    "cast": cast,
    "ceil": xp.ceil,
    "conj": xp.conj,
    "cos": xp.cos,
    "cosh": xp.cosh,
    "exp": xp.exp,
    "expm1": expm1,
    "floor": xp.floor,
    "imag": lambda x: np.array(np.imag(x)),
    "isfinite": xp.isfinite,
    "isinf": xp.isinf,
    "isnan": xp.isnan,
    "log": xp.log,
    "log10": xp.log10,
    "log1p": complex_ops.log1p,
    "log2": xp.log2,
    "logical_not": xp.logical_not,
    "negative": xp.negative,
    "real": lambda x: np.array(np.real(x)),
    "reciprocal": complex_ops.reciprocal,
    "round": xp.round,
    "sign": complex_ops.sign,
    "signbit": xp.signbit,
    "sin": xp.sin,
    "sinh": xp.sinh,
    "sqrt": xp.sqrt,
    "square": xp.square,
    "tan": complex_ops.tan,
    "tanh": complex_ops.tanh,
    "trunc": xp.trunc,
    # two operands
    "add": xp.add,
    "atan2": xp.atan2,
    "bitwise_and": xp.bitwise_and,
    "bitwise_left_shift": xp.bitwise_left_shift,
    "bitwise_or": xp.bitwise_or,
    "bitwise_right_shift": xp.bitwise_right_shift,
    "bitwise_xor": xp.bitwise_xor,
    "copysign": xp.copysign,
    "divide": complex_ops.divide,
    "equal": xp.equal,
    "floor_divide": floor_divide,
    "greater": xp.greater,
    "greater_equal": xp.greater_equal,
    "hypot": xp.hypot,
    "less": xp.less,
    "less_equal": xp.less_equal,
    "logaddexp": xp.logaddexp,
    "logical_and": xp.logical_and,
    "logical_or": xp.logical_or,
    "logical_xor": xp.logical_xor,
    "maximum": xp.maximum,
    "minimum": xp.minimum,
    "multiply": xp.multiply,
    "nextafter": nextafter,
    "not_equal": xp.not_equal,
    "pow": pow,
    "remainder": xp.remainder,
    "subtract": xp.subtract,
    # three operands
    "where": where,
    # the special functions, of one to three
    **SPECIAL,
    # reductions over axis 1 of a matrix
    "sum": rows(np.sum),
    "prod": rows(np.prod),
    "min": lambda x: np.min(x, axis=1),
    "max": lambda x: np.max(x, axis=1),
    "any": lambda x: np.any(x, axis=1),
    "all": lambda x: np.all(x, axis=1),
    "argmin": lambda x: np.argmin(x, axis=1),
    "argmax": lambda x: np.argmax(x, axis=1),
    # kernels of their own
    "matmul": matmul,
    "sort": sort,
    "argsort": argsort,
    "cumulative_sum": lambda x: np.cumsum(x, axis=-1, dtype=x.dtype),
    "cumulative_prod": lambda x: np.cumprod(x, axis=-1, dtype=x.dtype),
    "gather": np.take,
    "scatter": scatter,
    "nonzero": np.flatnonzero,
    "searchsorted": np.searchsorted,
    "cholesky": np.linalg.cholesky,
    "qr": np.linalg.qr,
    "svd": lambda x, full_matrices: of_finite(np.linalg.svd, x, full_matrices=full_matrices),
    "svdvals": lambda x: of_finite(np.linalg.svdvals, x),
    "eigh": lambda x: of_finite(np.linalg.eigh, x),
    "eigvalsh": lambda x: of_finite(np.linalg.eigvalsh, x),
    "eig": lambda x: tuple(as_complex(part) for part in np.linalg.eig(x)),
    "eigvals": lambda x: as_complex(np.linalg.eigvals(x)),
    "solve": np.linalg.solve,
    "slogdet": np.linalg.slogdet,
    "fft": lambda x, inverse: np.fft.ifft(x, norm="forward") if inverse else np.fft.fft(x),
    "rfft": np.fft.rfft,
    "irfft": lambda x, n: np.fft.irfft(x, n, norm="forward"),
}
