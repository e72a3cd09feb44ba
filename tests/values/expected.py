"""What a function of the library must give: exact values, or true values and a bound in ULP."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tests.values import oracle_exact, oracle_mpmath
from tests.values.cases import BINARY, COMPARISONS, TESTS, UNARY, computed_in
from tests.values.inputs import finite, joined
from tests.values.truth import ComplexTruth, Truth, scaled_errors, spacing
from tests.values.ulp import Values, differ, kind
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

#: Functions of real floats whose results are correctly rounded on every device.
EXACT_REAL: Final = frozenset(
    name
    for name in (*UNARY, *BINARY)
    if name not in oracle_mpmath.REAL and name not in oracle_mpmath.REAL_PAIRS
)
#: Functions of complex numbers that work on the components, which are correctly rounded.
BY_COMPONENT: Final = ("add", "conj", "imag", "negative", "positive", "real", "round", "subtract")

# Where the larger component of a complex result decides what an error is measured in: a component
# may be a difference of larger terms, which float arithmetic does not resolve.
OF_LARGER: Final = ("divide", "expm1", "multiply", "pow", "reciprocal", "square")
# The largest errors allowed in ULP, where a function is not correctly rounded. CUDA documents its
# real functions to within 4 ULP in float32 and 2 in float64, NumPy its own to within 4. Complex
# functions are made of several of them, tan and tanh of more than the others.
REAL_BOUND: Final = 4.0
COMPLEX_BOUND: Final = 6.0
COMPLEX_BOUNDS: Final = {"multiply": 2.0, "square": 2.0, "sqrt": 3.0, "tan": 8.0, "tanh": 8.0}


def bound(name: str, dtype: DType) -> float:
    """The largest error allowed of a function in the dtype in which it computes."""
    return COMPLEX_BOUNDS.get(name, COMPLEX_BOUND) if kind(dtype) == "c" else REAL_BOUND


@dataclass(frozen=True)
class Expected:
    """Values of a function. ``truth`` is None where ``values`` are exact."""

    values: Values
    truth: Truth | ComplexTruth | None = None
    bound: float = 0.0
    unit: NDArray[np.float64] | None = None  #: of errors, if not the ULP of the true value
    of_larger: bool = False
    signed: bool = True  #: whether the sign of a zero counts where values are exact

    def errors(self, got: Values) -> NDArray[np.float64]:
        """The error of each element: in ULP, or 0 and infinity where values are exact."""
        if self.truth is None:
            wrong = differ(got, self.values)
            if not self.signed:
                wrong &= ~((got == 0) & (self.values == 0))
            return np.where(wrong, np.inf, 0.0)
        if isinstance(self.truth, ComplexTruth):
            return self.truth.errors_of_larger(got) if self.of_larger else self.truth.errors(got)
        if self.unit is not None:
            return scaled_errors(self.truth, got, self.unit)
        return self.truth.errors(got)

    def at(self, places: NDArray[np.intp]) -> Expected:
        """The values of these elements."""
        truth = self.truth if self.truth is None else self.truth.at(places)
        unit = self.unit if self.unit is None else self.unit[places]
        return replace(self, values=self.values[places], truth=truth, unit=unit)

    def check(self, got: Values, what: object, *operands: Values) -> None:
        """Assert dtype, shape and values within the bound; show the worst element."""
        assert got.dtype == self.values.dtype, f"{what}: {got.dtype}, not {self.values.dtype}"
        assert got.shape == self.values.shape, f"{what}: {got.shape}, not {self.values.shape}"
        error = self.errors(got)
        if not error.size or error.max() <= self.bound:
            return
        i = int(np.argmax(error))
        given = ", ".join(repr(x[i]) for x in operands)
        raise AssertionError(
            f"{what}({given}) is {got[i]!r}, not {self.values[i]!r}: {error[i]:.3g} ULP, "
            f"{self.bound} allowed; {np.count_nonzero(error > self.bound)} of {error.size} wrong"
        )


def is_exact(name: str, dtype: DType) -> bool:
    """Whether `exact` gives the values of a function in the dtype in which it computes."""
    if name in TESTS or name in COMPARISONS:
        return True
    if kind(dtype) == "c":
        return name in BY_COMPONENT
    return kind(dtype) in "biu" or name in EXACT_REAL


def expected(name: str, *given: Values) -> Expected:
    """The values of a function of one-dimensional operands of one dtype that it takes."""
    dtype = computed_in(name, given[0].dtype)
    operands = tuple(x if x.dtype == dtype else oracle_exact.cast(x, dtype) for x in given)
    if is_exact(name, dtype):
        return Expected(exact(name, *operands), signed=name not in ("maximum", "minimum"))
    if kind(dtype) == "c":
        truth = oracle_mpmath.complex_truth(name, *operands)
        most = bound(name, dtype)
        if name == "abs":
            return Expected(truth.re.nearest, truth.re, most)
        return Expected(truth.nearest, truth, most, of_larger=name in OF_LARGER)
    real = oracle_mpmath.real_truth(name, *operands)
    unit = None
    if name == "logaddexp":  # near 0 the difference of an operand and a correction
        unit = np.maximum.reduce([spacing(finite(v)) for v in (real.nearest, *operands)])
    return Expected(real.nearest, real, REAL_BOUND, unit)


def exact(name: str, *x: Values) -> Values:
    """The values of an exact function."""
    dtype = x[0].dtype
    if kind(dtype) in "biu":
        return oracle_exact.integers(name, dtype, *x)
    if name in TESTS or name in COMPARISONS:
        return oracle_exact.tests(name, *x)
    if kind(dtype) == "c":
        return _by_component(name, *x)
    if name == "copysign":
        return oracle_exact.copysign(*x)
    if name == "nextafter":
        return oracle_exact.nextafter(*x)
    return oracle_exact.floats(name, *x).nearest


def _by_component(name: str, *z: Values) -> Values:
    re, im = tuple(x.real.copy() for x in z), tuple(x.imag.copy() for x in z)
    if name in ("real", "imag"):
        return re[0] if name == "real" else im[0]
    lower = "negative" if name == "conj" else name
    upper = "positive" if name == "conj" else name
    return joined(exact(upper, *re), exact(lower, *im), z[0].dtype)


@cache
def result_dtype(name: str, dtype: DType) -> DType:
    """The dtype of a function's result on operands of ``dtype``, which it takes."""
    if name in TESTS or name in COMPARISONS or name.startswith("logical"):
        return dtypes.bool_
    computed = computed_in(name, dtype)
    return dtypes.real_of(computed) if name in ("abs", "imag", "real") else computed
