"""The op table: everything that a backend is asked to compute, one row per op.

A row says what the op takes and gives; the front-end has promoted and broadcast before a
backend sees it, so inside a `Program` all operands of an op share one dtype (``where`` aside,
whose condition is bool). What is not in this table is a composite of what is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from xgpu.plugin.dtypes import NARROW, DType, kind_of


class Kind(Enum):
    """How an op runs."""

    ELEMENTWISE = "elementwise"  #: one value out for each value in; fuses with everything
    REDUCTION = "reduction"  #: folds axes; fuses with its producers and its consumers
    KERNEL = "kernel"  #: a kernel of its own, launched at once
    STRUCTURE = "structure"  #: leaves, views, writes: the graph's own, no backend computes them


Result = Literal["same", "bool", "real", "complex", "index", "given"]


@dataclass(frozen=True, slots=True, eq=False)
class Op:
    """One row.

    ``accepts`` is the kinds (letters of `dtypes.kind_of`) of dtype that a backend must take; of
    16-bit floats, `takes` says more. ``result``: ``same`` as the operands, ``bool``, the ``real``
    dtype of a complex one, the ``complex`` dtype of a real one, ``index`` (int64), or ``given`` by
    the instruction (cast).
    ``attributes`` names what a kernel of its own gets besides its operands; ``note`` says what it
    gives.
    """

    name: str
    kind: Kind
    arity: int
    accepts: str
    result: Result
    note: str = ""
    attributes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def takes(self, dtype: DType) -> bool:
        """Whether a backend must take operands of ``dtype``."""
        return kind_of(dtype) in self.accepts and (dtype not in NARROW or self in TAKE_NARROW)

    def widens(self, dtype: DType) -> bool:
        """Whether the front-end computes it in float32, and rounds, for 16-bit ``dtype``."""
        return dtype in NARROW and self not in TAKE_NARROW


TABLE: Final[dict[str, Op]] = {}


def _row(
    name: str,
    kind: Kind,
    arity: int,
    accepts: str,
    result: Result = "same",
    note: str = "",
    attributes: tuple[str, ...] = (),
) -> Op:
    op = TABLE[name] = Op(name, kind, arity, accepts, result, note, attributes)
    return op


_E, _R, _K, _S = Kind.ELEMENTWISE, Kind.REDUCTION, Kind.KERNEL, Kind.STRUCTURE

# One operand.
ABS = _row("abs", _E, 1, "iufc", "real")
ACOS = _row("acos", _E, 1, "fc")
ACOSH = _row("acosh", _E, 1, "fc")
ASIN = _row("asin", _E, 1, "fc")
ASINH = _row("asinh", _E, 1, "fc")
ATAN = _row("atan", _E, 1, "fc")
ATANH = _row("atanh", _E, 1, "fc")
BITWISE_INVERT = _row("bitwise_invert", _E, 1, "biu")
CAST = _row("cast", _E, 1, "biufc", "given")
CEIL = _row("ceil", _E, 1, "f")
CONJ = _row("conj", _E, 1, "c")
COS = _row("cos", _E, 1, "fc")
COSH = _row("cosh", _E, 1, "fc")
EXP = _row("exp", _E, 1, "fc")
EXPM1 = _row("expm1", _E, 1, "fc")
FLOOR = _row("floor", _E, 1, "f")
IMAG = _row("imag", _E, 1, "c", "real")
ISFINITE = _row("isfinite", _E, 1, "fc", "bool")
ISINF = _row("isinf", _E, 1, "fc", "bool")
ISNAN = _row("isnan", _E, 1, "fc", "bool")
LOG = _row("log", _E, 1, "fc")
LOG10 = _row("log10", _E, 1, "fc")
LOG1P = _row("log1p", _E, 1, "fc")
LOG2 = _row("log2", _E, 1, "fc")
LOGICAL_NOT = _row("logical_not", _E, 1, "b")
NEGATIVE = _row("negative", _E, 1, "iufc")
REAL = _row("real", _E, 1, "c", "real")
RECIPROCAL = _row("reciprocal", _E, 1, "fc")
ROUND = _row("round", _E, 1, "fc")
SIGN = _row("sign", _E, 1, "iufc")
SIGNBIT = _row("signbit", _E, 1, "f", "bool")
SIN = _row("sin", _E, 1, "fc")
SINH = _row("sinh", _E, 1, "fc")
SQRT = _row("sqrt", _E, 1, "fc")
SQUARE = _row("square", _E, 1, "iufc")
TAN = _row("tan", _E, 1, "fc")
TANH = _row("tanh", _E, 1, "fc")
TRUNC = _row("trunc", _E, 1, "f")

# Two operands. On bool, add and maximum are "or", multiply and minimum are "and", as in NumPy.
ADD = _row("add", _E, 2, "biufc")
ATAN2 = _row("atan2", _E, 2, "f")
BITWISE_AND = _row("bitwise_and", _E, 2, "biu")
BITWISE_LEFT_SHIFT = _row("bitwise_left_shift", _E, 2, "iu")
BITWISE_OR = _row("bitwise_or", _E, 2, "biu")
BITWISE_RIGHT_SHIFT = _row("bitwise_right_shift", _E, 2, "iu")
BITWISE_XOR = _row("bitwise_xor", _E, 2, "biu")
COPYSIGN = _row("copysign", _E, 2, "f")
DIVIDE = _row("divide", _E, 2, "fc")
EQUAL = _row("equal", _E, 2, "biufc", "bool")
FLOOR_DIVIDE = _row("floor_divide", _E, 2, "iuf")
GREATER = _row("greater", _E, 2, "biuf", "bool")
GREATER_EQUAL = _row("greater_equal", _E, 2, "biuf", "bool")
HYPOT = _row("hypot", _E, 2, "f")
LESS = _row("less", _E, 2, "biuf", "bool")
LESS_EQUAL = _row("less_equal", _E, 2, "biuf", "bool")
LOGADDEXP = _row("logaddexp", _E, 2, "f")
LOGICAL_AND = _row("logical_and", _E, 2, "b")
LOGICAL_OR = _row("logical_or", _E, 2, "b")
LOGICAL_XOR = _row("logical_xor", _E, 2, "b")
MAXIMUM = _row("maximum", _E, 2, "biuf")
MINIMUM = _row("minimum", _E, 2, "biuf")
MULTIPLY = _row("multiply", _E, 2, "biufc")
NEXTAFTER = _row("nextafter", _E, 2, "f")
NOT_EQUAL = _row("not_equal", _E, 2, "biufc", "bool")
POW = _row("pow", _E, 2, "iufc")
REMAINDER = _row("remainder", _E, 2, "iuf")
SUBTRACT = _row("subtract", _E, 2, "iufc")

# Three operands: a bool condition, then two of one dtype.
WHERE = _row("where", _E, 3, "biufc")

# Special functions, which a backend may do without; names and arguments are SciPy's. They are
# computed in float64 and rounded once, to 16 ULP; `xgpu.special` says what they give where.
BETAINC = _row("betainc", _E, 3, "f")
BETAINCC = _row("betaincc", _E, 3, "f")
BETALN = _row("betaln", _E, 2, "f")
DIGAMMA = _row("digamma", _E, 1, "f")
ERF = _row("erf", _E, 1, "f")
ERFC = _row("erfc", _E, 1, "f")
ERFCX = _row("erfcx", _E, 1, "f")
ERFINV = _row("erfinv", _E, 1, "f")
GAMMA = _row("gamma", _E, 1, "f")
GAMMAINC = _row("gammainc", _E, 2, "f")
GAMMAINCC = _row("gammaincc", _E, 2, "f")
GAMMAINCCINV = _row("gammainccinv", _E, 2, "f")
GAMMAINCINV = _row("gammaincinv", _E, 2, "f")
GAMMALN = _row("gammaln", _E, 1, "f")
I0E = _row("i0e", _E, 1, "f")
I1E = _row("i1e", _E, 1, "f")
J0 = _row("j0", _E, 1, "f")
J1 = _row("j1", _E, 1, "f")
K0E = _row("k0e", _E, 1, "f")
K1E = _row("k1e", _E, 1, "f")
NDTRI = _row("ndtri", _E, 1, "f")
RIEMANN_ZETA = _row("riemann_zeta", _E, 1, "f")
STDTR = _row("stdtr", _E, 2, "f")
STDTRIT = _row("stdtrit", _E, 2, "f")
Y0 = _row("y0", _E, 1, "f")
Y1 = _row("y1", _E, 1, "f")
ZETA = _row("zeta", _E, 2, "f")

_OPTIONAL: Final = frozenset(
    {
        *(BETAINC, BETAINCC, BETALN, DIGAMMA, ERF, ERFC, ERFCX, ERFINV, GAMMA, GAMMAINC),
        *(GAMMAINCC, GAMMAINCCINV, GAMMAINCINV, GAMMALN, I0E, I1E, J0, J1, K0E, K1E, NDTRI),
        *(RIEMANN_ZETA, STDTR, STDTRIT, Y0, Y1, ZETA),
    }
)

# Reductions over a set of axes. min, max, argmin and argmax let NaN win, the first one first;
# an index counts along the reduced axes in C order.
SUM = _row("sum", _R, 1, "iufc")
PROD = _row("prod", _R, 1, "iufc")
MIN = _row("min", _R, 1, "biuf")
MAX = _row("max", _R, 1, "biuf")
ANY = _row("any", _R, 1, "b")
ALL = _row("all", _R, 1, "b")
ARGMIN = _row("argmin", _R, 1, "biuf", "index")
ARGMAX = _row("argmax", _R, 1, "biuf", "index")

# Kernels of their own.
MATMUL = _row("matmul", _K, 2, "iufc", "same", "matrix products of the last two axes")
# Along the last axis; NaN comes last in either direction. The attributes are bool.
SORT = _row("sort", _K, 1, "biuf", "same", "the elements in order", ("descending", "stable"))
ARGSORT = _row("argsort", _K, 1, "biuf", "index", "indices that sort", ("descending", "stable"))
CUMULATIVE_SUM = _row("cumulative_sum", _K, 1, "iufc", "same", "sums of the elements so far")
CUMULATIVE_PROD = _row("cumulative_prod", _K, 1, "iufc", "same", "products of the elements so far")
# A position counts the elements of the first operand in C order from 0; the front-end has checked
# that each is in range.
GATHER = _row("gather", _K, 2, "biufc", "same", "the elements of x1 at the positions x2")
SCATTER = _row(
    "scatter", _K, 3, "biufc", "same", "x1 with x3 at the positions x2; the last of equal ones wins"
)
NONZERO = _row("nonzero", _K, 1, "b", "index", "the positions of True, ascending")
# x1 is one-dimensional, NaN the largest number, ``side`` "left" or "right" of what is equal.
SEARCHSORTED = _row(
    "searchsorted", _K, 2, "biuf", "index", "where x2 belongs in the sorted x1", ("side",)
)
# Linear algebra on the last two axes, a matrix for each place of the others; two operands have
# equal lengths there. A triangle that a note does not name is not read, and zero in its result.
# ``mode`` is "reduced" or "complete", ``full_matrices`` a bool.
CHOLESKY = _row("cholesky", _K, 1, "fc", "same", "lower factor of the lower triangle")
QR = _row("qr", _K, 1, "fc", "same", "Q, R with a real diagonal", ("mode",))
SVD = _row(
    "svd", _K, 1, "fc", "same", "U, singular values (real, descending), Vh", ("full_matrices",)
)
SVDVALS = _row("svdvals", _K, 1, "fc", "real", "the singular values, descending")
EIGH = _row("eigh", _K, 1, "fc", "real", "of the lower triangle: ascending, eigenvectors")
EIGVALSH = _row("eigvalsh", _K, 1, "fc", "real", "of the lower triangle: eigenvalues, ascending")
EIG = _row("eig", _K, 1, "fc", "complex", "eigenvalues and eigenvectors, both complex")
EIGVALS = _row("eigvals", _K, 1, "fc", "complex", "eigenvalues, complex")
SOLVE = _row("solve", _K, 2, "fc", "same", "the X of x1 @ X = x2, both matrices")
SLOGDET = _row("slogdet", _K, 1, "fc", "same", "sign, and the logarithm of the magnitude (real)")
# Fourier transforms along the last axis, none of which is scaled. With ``inverse``, a bool, the
# sign of the exponent is positive.
FFT = _row("fft", _K, 1, "c", "same", "frequencies", ("inverse",))
RFFT = _row("rfft", _K, 1, "f", "complex", "n // 2 + 1 of the n frequencies")
# The imaginary part of the first frequency, and of the last one where n is even, counts as zero.
IRFFT = _row("irfft", _K, 1, "c", "real", "from n // 2 + 1 frequencies to n real values", ("n",))

# The graph's own.
LEAF = _row("leaf", _S, 0, "biufc", "given")  #: has its buffer from the start
CONSTANT = _row("constant", _S, 0, "biufc", "given")  #: one host scalar, read everywhere
INDEX = _row("index", _S, 0, "i", "index")  #: the coordinate along one axis
EMPTY = _row("empty", _S, 0, "biufc", "given")  #: memory with whatever is in it
VIEW = _row("view", _S, 1, "biufc")  #: strides over another node
ASSIGN = _row("assign", _S, 2, "biufc")  #: a node with a region replaced

# 16-bit floats. What moves them, or looks at their bits, takes them as they are, and so does
# matmul, which sums in float32 and rounds its results. For all other ops the front-end casts to
# float32 and back, so a backend does not see them; but factors of matrices and transforms are not
# what 16 bits are for, and a user has to ask for float32.
TAKE_NARROW: Final = frozenset(
    {
        *(ABS, CAST, COPYSIGN, NEGATIVE, NEXTAFTER, SIGNBIT, WHERE, MATMUL, GATHER, SCATTER),
        *(LEAF, CONSTANT, EMPTY, VIEW, ASSIGN),
    }
)
REFUSE_NARROW: Final = frozenset(
    {
        *(CHOLESKY, QR, SVD, SVDVALS, EIGH, EIGVALSH, EIG, EIGVALS, SOLVE, SLOGDET),
        *(FFT, RFFT, IRFFT),
    }
)


def elementwise() -> tuple[Op, ...]:
    """The rows that a kernel backend's dialect table must cover."""
    return tuple(op for op in TABLE.values() if op.kind is _E and op not in _OPTIONAL)


def optional() -> tuple[Op, ...]:
    """The elementwise rows that a backend has if its ``capabilities`` name them."""
    return tuple(op for op in TABLE.values() if op in _OPTIONAL)


def reductions() -> tuple[Op, ...]:
    """The reductions that a program may contain."""
    return tuple(op for op in TABLE.values() if op.kind is _R)


def kernels() -> tuple[Op, ...]:
    """The ops that a backend implements as kernels of their own."""
    return tuple(op for op in TABLE.values() if op.kind is _K)
