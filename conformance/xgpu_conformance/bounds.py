"""How near each function of floats has to be: the one table.

Largest errors in ULP that are allowed of a value, against the reference: in float32 and complex64
against its value in the wider dtype, rounded once; in float64 and complex128, where the reference's
own error adds, against its value. What is not named is exact: IEEE 754 rounds it correctly, or
nothing is rounded.

Sources: the errors that vendors document for their functions (CUDA C++ Programming Guide,
"Mathematical Functions"; The GNU C Library, "Known Maximum Errors in Math Functions"; NumPy's
umath accuracy tests), and 4 ULP, which xgpu asks of its own backends.
"""

from __future__ import annotations

from typing import Final

from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import DType
from xgpu_conformance.ulp import kind

#: Real functions: (float32, float64).
REAL: Final[dict[str, tuple[float, float]]] = {
    "acos": (2, 2),
    "acosh": (4, 3),
    "asin": (4, 2),
    "asinh": (4, 3),
    "atan": (3, 2),
    "atan2": (3, 2),
    "atanh": (4, 3),
    "cos": (2, 2),
    "cosh": (3, 2),
    "exp": (3, 2),
    "expm1": (4, 2),
    "hypot": (3, 2),
    "log": (4, 2),
    "log10": (4, 2),
    "log1p": (4, 2),
    "log2": (4, 2),
    "logaddexp": (4, 4),
    "pow": (4, 2),
    "sin": (2, 2),
    "sinh": (4, 3),
    "tan": (4, 2),
    "tanh": (4, 2),
}
#: Special functions, which all backends approximate in their own ways: (float32, float64).
SPECIAL: Final[dict[str, tuple[float, float]]] = {op.name: (6, 32) for op in ops.optional()}
OF_SEVERAL: Final[tuple[float, float]] = (8, 128)
"""Special functions that are made of others: (float32, float64), in units of the result's size."""
NARROW: Final = 1.0
"""Of 16-bit floats: computed in float32 and rounded, an error there moves a result at most once."""

#: Complex functions: (complex64, complex128) where it is not `COMPLEX`.
OF_COMPLEX: Final[dict[str, tuple[float, float]]] = {
    "abs": (4, 4),
    "divide": (4, 6),
    "multiply": (3, 3),
    "reciprocal": (4, 6),
    "sign": (3, 4),
    "sqrt": (3, 5),
    "square": (3, 3),
    "tan": (6, 8),
    "tanh": (6, 8),
}
COMPLEX: Final[tuple[float, float]] = (4, 8)
#: Complex functions that work on the components, each correctly rounded.
BY_COMPONENT: Final = frozenset(
    [
        "add",
        "cast",
        "conj",
        "equal",
        "imag",
        "isfinite",
        "isinf",
        "isnan",
        "negative",
        "not_equal",
        "positive",
        "real",
        "round",
        "subtract",
        "where",
    ]
)
OF_LARGER: Final = frozenset(["divide", "expm1", "multiply", "pow", "reciprocal", "square"])
"""Measured in ULP of the result's larger component: a component may be a difference of larger
terms, which float arithmetic does not resolve."""

OPEN_ZEROS: Final = OF_LARGER - {"expm1"}
"""Of complex numbers: a zero component is a difference of terms, and its sign depends on which."""

OF_OPERANDS: Final = frozenset({"betaln", "digamma", "gammaln", "logaddexp"})
"""Measured in ULP of the largest of result and operands: near 0 the result is a difference of
these."""

UNSIGNED_ZEROS: Final = frozenset({"maximum", "minimum", "max", "min", "clip"})
"""Of zeros of both signs the standard leaves open which one wins."""

TURNED: Final = frozenset({"cos", "sin", "tan"})
STRAIGHT: Final = frozenset({"cosh", "exp", "expm1", "sinh", "tanh"})
"""Complex functions whose signs are open where the angle is infinite: the real component for
`TURNED`, the imaginary one for `STRAIGHT`."""

FACTOR: Final = 16.0
"""Linear algebra: residuals of a backward stable algorithm are below ``FACTOR * n * epsilon`` times
the norm of the operand (Higham, Accuracy and Stability of Numerical Algorithms, chapters 9, 10, 19
and 21; LAPACK's own tests allow 30 without the n)."""

FOURIER: Final = 8.0
"""Transforms: errors are below ``FOURIER * log2(n) * epsilon`` times the norm of the result
(Higham, theorem 24.2); the factor leaves room for lengths with large prime factors, which take
three."""

SUMMATION: Final = 2.0
"""Sums of n terms, in any order: errors are below ``SUMMATION * n * epsilon`` times the sum of
magnitudes (Higham, chapter 4)."""


def bound(name: str, dtype: DType) -> float:
    """The largest error allowed of a function computed in a floating dtype, in ULP; 0: exact."""
    if kind(dtype) == "c":
        if name in BY_COMPONENT:
            return 0.0
        return OF_COMPLEX.get(name, COMPLEX)[dtype == dtypes.complex128]
    allowed = REAL.get(name, SPECIAL.get(name))
    if kind(dtype) != "f" or allowed is None:
        return 0.0
    return NARROW if dtype in dtypes.NARROW else allowed[dtype == dtypes.float64]
