"""Ops of complex numbers, and casts, that are wrong at some values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import ml_dtypes
import numpy as np

from tests.wrong_backends.mutant import Change, Mutant, Wrap, changed, swap, wrong_ops
from xgpu_numpy.complex_ops import joined

COMPLEX: Final = "complex numbers"
CASTS: Final = "casts"


def _complex(
    id: str, names: str, wrong: str, change: Change, to: str | Sequence[str] = "c"
) -> Mutant:
    return wrong_ops(COMPLEX, id, names, wrong, changed(change, to))


def _positive(x: Any) -> Any:
    """Zero imaginary parts that are all positive: the other side of a branch cut."""
    return joined(np.real(x), np.imag(x) + 0.0, x.dtype)


def _without_zeros(function: Callable[..., Any]) -> Change:
    return lambda y, *x: function(*(_positive(v) for v in x))


def _naive_quotient(y: Any, a: Any, b: Any) -> Any:
    size = b.real * b.real + b.imag * b.imag
    real = (a.real * b.real + a.imag * b.imag) / size
    return joined(real, (a.imag * b.real - a.real * b.imag) / size, y.dtype)


def _parts(y: Any, change: Callable[[Any, Any], tuple[Any, Any]]) -> Any:
    return joined(*change(np.real(y), np.imag(y)), y.dtype)


COMPLEXES: Final = (
    _complex("abs-naive", "abs", "sqrt(re * re + im * im)",
             lambda y, x: np.sqrt(x.real * x.real + x.imag * x.imag)),
    _complex("abs-inf-nan", "abs", "abs(inf + NaN j) is NaN",
             lambda y, x: swap(y, np.isnan(x.real) | np.isnan(x.imag), np.nan)),
    _complex("conj-real", "conj", "gives its operand", lambda y, x: x.copy()),
    _complex("conj-zero", "conj", "0 - im: the sign of a zero is lost",
             lambda y, x: joined(x.real, 0 - x.imag, x.dtype)),
    _complex("negative-real", "negative", "the imaginary part stays",
             lambda y, x: joined(-x.real, x.imag, x.dtype)),
    _complex("imag-negative", "imag", "has the other sign", lambda y, x: -y),
    _complex("real-abs", "real", "is not negative", lambda y, x: np.abs(y)),
    _complex("isnan-real", "isnan", "looks at the real part", lambda y, x: np.isnan(x.real)),
    _complex("isinf-real", "isinf", "looks at the real part", lambda y, x: np.isinf(x.real)),
    _complex("isfinite-one", "isfinite", "one finite part is enough",
             lambda y, x: np.isfinite(x.real) | np.isfinite(x.imag)),
    _complex("equal-real", "equal", "compares real parts", lambda y, a, b: a.real == b.real),
    _complex("not-equal-both", "not_equal", "both parts have to differ",
             lambda y, a, b: (a.real != b.real) & (a.imag != b.imag)),
    _complex("subtract-imag", "subtract", "imaginary parts are turned round",
             lambda y, a, b: np.conj(y)),
    _complex("multiply-conj", "multiply", "by the conjugate", lambda y, a, b: a * np.conj(b)),
    _complex("multiply-parts", "multiply", "part by part",
             lambda y, a, b: joined(a.real * b.real, a.imag * b.imag, y.dtype)),
    _complex("divide-naive", "divide", "over- and underflows between", _naive_quotient),
    _complex("reciprocal-conj", "reciprocal", "gives the conjugate", lambda y, x: np.conj(y)),
    _complex("square-conj", "square", "gives abs(x) ** 2",
             lambda y, x: np.asarray(x * np.conj(x))),
    _complex("sign-parts", "sign", "the signs of the parts",
             lambda y, x: joined(np.sign(x.real), np.sign(x.imag), x.dtype)),
    _complex("round-real", "round", "rounds the real part alone",
             lambda y, x: joined(y.real, x.imag, x.dtype)),
    _complex("sqrt-cut", "sqrt", "takes -0.0 j for 0.0 j", _without_zeros(np.sqrt)),
    _complex("log-cut", "log", "takes -0.0 j for 0.0 j", _without_zeros(np.log)),
    _complex("log10-cut", "log10", "takes -0.0 j for 0.0 j", _without_zeros(np.log10)),
    _complex("acos-cut", "acos", "takes -0.0 j for 0.0 j", _without_zeros(np.arccos)),
    _complex("asin-cut", "asin", "takes -0.0 j for 0.0 j", _without_zeros(np.arcsin)),
    _complex("atanh-cut", "atanh", "takes -0.0 j for 0.0 j", _without_zeros(np.arctanh)),
    _complex("acosh-cut", "acosh", "the other half of the plane",
             lambda y, x: swap(y, np.real(x) < 0, -y)),
    _complex("asinh-cut", "asinh", "conjugated beyond the cut",
             lambda y, x: swap(y, (x.real == 0) & (np.abs(x.imag) > 1),
                               joined(-y.real, y.imag, y.dtype))),
    _complex("atan-half", "atan", "pi more where the real part is negative",
             lambda y, x: swap(y, x.real < 0, y + np.pi)),
    _complex("log1p-complex-naive", "log1p", "log(1 + x)", lambda y, x: np.log(1 + x)),
    _complex("expm1-complex-naive", "expm1", "exp(x) - 1", lambda y, x: np.exp(x) - 1),
    _complex("exp-inf", "exp", "exp(inf + 0j) has NaN",
             lambda y, x: swap(y, np.isinf(x.real), np.exp(x.real) * (np.cos(x.imag)
                               + 1j * np.sin(x.imag)))),
    _complex("tanh-large", "tanh", "sinh / cosh, which overflow",
             lambda y, x: np.sinh(x) / np.cosh(x)),
    _complex("cosh-imag", "cosh", "the imaginary part has the other sign",
             lambda y, x: np.conj(y)),
    _complex("sin-imag", "sin", "sin of the real part alone",
             lambda y, x: np.sin(x.real).astype(y.dtype)),
    _complex("pow-principal", "pow", "the exponent's imaginary part is dropped",
             lambda y, a, b: np.power(a, b.real.astype(a.dtype))),
    _complex("log2-conj", "log2", "conjugated", lambda y, x: np.conj(y)),
    _complex("where-real", "where", "loses the imaginary part",
             lambda y, c, a, b: np.real(y).astype(y.dtype)),
    _complex("add-complex64", "add", "complex128 computed in complex64",
             lambda y, a, b: y.astype(np.complex64).astype(y.dtype), ["complex128"]),
)  # fmt: skip


# Casts


def _cast(
    id: str, wrong: str, change: Change, to: str | Sequence[str], target: str | Sequence[str]
) -> Mutant:
    """A cast from dtypes ``to`` into dtypes of the letters, or the names, ``target``."""

    def wrap(right: Callable[..., Any]) -> Callable[..., Any]:
        def cast(x: Any, dtype: Any) -> Any:
            y = right(x, dtype)
            x, letter = np.asarray(x), np.dtype(dtype).kind
            given = x.dtype.kind in to if isinstance(to, str) else x.dtype.name in to
            letters = isinstance(target, str)
            wanted = letter in target if letters else np.dtype(dtype).name in target
            return np.asarray(change(y, x)).astype(dtype) if given and wanted else y

        return cast

    wrapped: Wrap = wrap
    return wrong_ops(
        CASTS, f"cast-{id}", "cast", wrong, wrapped, first=("astype",), official=("astype",)
    )


def _chopped(y: Any, x: Any) -> Any:
    """The low 16 bits of float32 are dropped."""
    wide = np.array(x, np.float32)
    bits = wide.view(np.uint32) & np.uint32(0xFFFF0000)
    return np.where(np.isnan(wide), wide, bits.view(np.float32))


def _twice_rounded(y: Any, x: Any) -> Any:
    return x.astype(ml_dtypes.bfloat16).astype(np.float32)


_RANGE: Final = (float(np.finfo(np.float32).min), float(np.finfo(np.float32).max))

CASTINGS: Final = (
    _cast("rounds", "floats are rounded to integers", lambda y, x: np.rint(x), "f", "iu"),
    _cast("floors", "negative floats are rounded down", lambda y, x: np.floor(x), "f", "i"),
    _cast("bool-truncates", "0.5 is False", lambda y, x: np.trunc(x) != 0, "f", "b"),
    _cast("bool-nan", "NaN is False", lambda y, x: np.abs(x) > 0, "f", "b"),
    _cast("bool-sign", "-0.0 is True", lambda y, x: (x != 0) | np.signbit(x), "f", "b"),
    _cast("bool-bits", "the low 8 bits of integers count",
          lambda y, x: (x & x.dtype.type(127)) != 0, "iu", "b"),
    _cast("bool-complex", "complex numbers are True by their real parts",
          lambda y, x: np.real(x) != 0, "c", "b"),
    _cast("bool-minus", "True is -1", lambda y, x: -x.astype(np.float64), "b", "f"),
    _cast("uint-signed", "uint64 is taken for int64",
          lambda y, x: x.astype(np.int64), ["uint64"], "fc"),
    _cast("int-float32", "int64 to float64 by way of float32",
          lambda y, x: x.astype(np.float32), ["int64"], ["float64"]),
    _cast("int-twice", "int64 to float32 by way of float64, rounded twice",
          lambda y, x: x.astype(np.float64).astype(np.float32), ["int64"], ["float32"]),
    _cast("int-saturates", "integers saturate instead of wrapping",
          lambda y, x: np.clip(x, -128, 127), ["int16", "int32", "int64"], ["int8"]),
    _cast("uint-clipped", "negative integers become 0",
          lambda y, x: np.maximum(x, 0), "i", ["uint8", "uint16", "uint32"]),
    _cast("float32-flush", "float64 to float32 flushes subnormals",
          lambda y, x: swap(y, np.abs(y) < np.finfo(np.float32).smallest_normal, 0),
          ["float64"], ["float32"]),
    _cast("float32-largest", "float64 beyond float32 becomes its largest number",
          lambda y, x: np.where(np.isfinite(x), np.clip(x, *_RANGE), x), ["float64"], ["float32"]),
    _cast("float32-chopped", "float64 to float32 is rounded to zero",
          lambda y, x: np.where(np.abs(y.astype(float)) > np.abs(x), np.nextafter(y, y * 0), y),
          ["float64"], ["float32"]),
    _cast("bfloat16-chopped", "float32 to bfloat16 is rounded to zero", _chopped, ["float32"],
          ["bfloat16"]),
    _cast("float16-bfloat16", "float32 to float16 by way of bfloat16", _twice_rounded, ["float32"],
          ["float16"]),
    _cast("float16-flush", "float16 subnormals are flushed",
          lambda y, x: swap(y, np.abs(y.astype(float)) < 2.0**-14, 0), ["float32"], ["float16"]),
    _cast("float16-overflow", "float32 beyond float16 becomes its largest number",
          lambda y, x: np.where(np.isfinite(x), np.clip(x, -65504, 65504), x), ["float32"],
          ["float16"]),
    _cast("bfloat16-nan", "NaN becomes infinity in bfloat16",
          lambda y, x: np.where(np.isnan(x), np.inf, y.astype(np.float32)), ["float32"],
          ["bfloat16"]),
    _cast("zero", "-0.0 becomes 0.0", lambda y, x: y + y.dtype.type(0), ["float64"], ["float32"]),
    _cast("complex-imag", "complex64 to complex128 loses the imaginary part",
          lambda y, x: np.real(x), ["complex64"], ["complex128"]),
    _cast("complex-same", "float64 to complex128 has 1 for the imaginary part",
          lambda y, x: y + 1j, ["float64"], ["complex128"]),
    _cast("widening", "int32 to int64 fills with zeros",
          lambda y, x: x.astype(np.int64) & 0xFFFFFFFF, ["int32"], ["int64"]),
    _cast("uint8-signed", "uint8 is taken for int8",
          lambda y, x: np.array(x).astype(np.int8), ["uint8"], ["int64", "uint64", "float32"]),
)  # fmt: skip

MUTANTS: Final = (*COMPLEXES, *CASTINGS)
