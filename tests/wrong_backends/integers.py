"""Elementwise ops of integers and bool that are wrong at some values; results of wrong dtypes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from tests.wrong_backends.mutant import Change, Mutant, changed, replaced, swap, wrong_ops

INTEGERS: Final = "integers"
WIDTH: Final = "dtypes and widths"


def _integers(
    id: str, names: str, wrong: str, change: Change, to: str | Sequence[str] = "iu"
) -> Mutant:
    return wrong_ops(INTEGERS, id, names, wrong, changed(change, to))


def _truncated(y: Any, x1: Any, x2: Any) -> Any:
    return swap(y, x2 != 0, np.trunc(x1.astype(float) / np.where(x2 == 0, 1, x2)))


def _by_sign(x: Any) -> Any:
    """Unsigned integers taken as signed ones."""
    return x.view(f"i{x.dtype.itemsize}") if x.dtype.kind == "u" else x


def _signed(function: Any) -> Change:
    def change(y: Any, *x: Any) -> Any:
        return np.asarray(function(*(_by_sign(np.array(v)) for v in x))).astype(y.dtype)

    return change


def _saturated(function: Any) -> Change:
    def change(y: Any, *x: Any) -> Any:
        info = np.iinfo(y.dtype)
        wide = function(*(v.astype(np.float64) for v in x))
        return np.select([wide > info.max, wide < info.min], [info.max, info.min], y).astype(
            y.dtype
        )

    return change


INTEGER: Final = (
    _integers(
        "abs-lowest", "abs", "abs of the lowest integer saturates",
        lambda y, x: swap(y, y < 0, np.iinfo(y.dtype).max), "i",
    ),
    _integers(
        "negative-lowest", "negative", "negative of the lowest integer saturates",
        _saturated(np.negative), "i",
    ),
    _integers("add-saturates", "add", "sums of int8 saturate", _saturated(np.add), ["int8"]),
    _integers(
        "subtract-saturates", "subtract", "unsigned differences stop at 0",
        lambda y, a, b: swap(y, b > a, 0), "u",
    ),
    _integers(
        "multiply-float", "multiply", "int64 by way of float64",
        lambda y, a, b: swap(
            y, np.abs(a.astype(float) * b) < 2.0**62, (a.astype(float) * b).astype(np.int64)
        ),
        ["int64"],
    ),
    _integers(
        "multiply-int32", "multiply", "int64 computed in int32",
        lambda y, a, b: (a.astype(np.int32) * b.astype(np.int32)).astype(np.int64), ["int64"],
    ),
    _integers("square-saturates", "square", "squares of int16 saturate", _saturated(np.square),
              ["int16"]),
    _integers("floor-divide-c", "floor_divide", "rounds to zero, as in C", _truncated,
              ["int8", "int16", "int32"]),
    _integers("remainder-c", "remainder", "the sign of the dividend, as in C",
              lambda y, a, b: swap(y, b != 0, np.fmod(a, np.where(b == 0, 1, b))), "i"),
    _integers(
        "floor-divide-float", "floor_divide", "int64 by way of float64",
        lambda y, a, b: swap(y, b != 0, np.floor(a / np.where(b == 0, 1, b))), ["int64"],
    ),
    _integers(
        "pow-float", "pow", "int64 by way of float64",
        lambda y, a, b: swap(
            y, (b >= 0) & (np.abs(np.power(a.astype(float), b)) < 2.0**62),
            np.power(a.astype(float), b),
        ),
        ["int64"],
    ),
    _integers("pow-saturates", "pow", "powers of int8 saturate", _saturated(np.power), ["int8"]),
    _integers(
        "left-shift-wraps", "bitwise_left_shift", "shifts of int64 wrap at 32",
        lambda y, a, b: a << (b % 32), ["int64", "uint64"],
    ),
    _integers(
        "right-shift-logical", "bitwise_right_shift", "negative numbers get zeros from the left",
        lambda y, a, b: (a.view(f"u{a.dtype.itemsize}") >> b.view(f"u{b.dtype.itemsize}")).view(
            a.dtype
        ) if a.flags.c_contiguous and b.flags.c_contiguous else y,
        "i",
    ),
    _integers(
        "right-shift-arithmetic", "bitwise_right_shift", "unsigned numbers keep their first bit",
        _signed(np.right_shift), "u",
    ),
    _integers("invert-bool", "bitwise_invert", "not of True is True", lambda y, x: y | x, "b"),
    _integers("invert-negative", "bitwise_invert", "-x instead of ~x", lambda y, x: -x, "iu"),
    _integers("xor-or", "bitwise_xor", "xor of bool is or", lambda y, a, b: a | b, "b"),
    _integers("logical-xor-or", "logical_xor", "xor is or", lambda y, a, b: a | b, "b"),
    _integers(
        "logical-and-first", "logical_and", "and is the first operand", lambda y, a, b: a, "b"
    ),
    _integers("less-signed", "less", "unsigned numbers are compared as signed ones",
              _signed(np.less), "u"),
    _integers("greater-float", "greater", "int64 is compared in float64",
              lambda y, a, b: a.astype(float) > b.astype(float), ["int64"]),
    _integers("equal-float", "equal", "uint64 is compared in float64",
              lambda y, a, b: a.astype(float) == b.astype(float), ["uint64"]),
    _integers("not-equal-low", "not_equal", "the low 32 bits of int64 are compared",
              lambda y, a, b: a.astype(np.int32) != b.astype(np.int32), ["int64"]),
    _integers("maximum-signed", "maximum", "unsigned numbers are compared as signed ones",
              lambda y, a, b: np.where(_by_sign(np.array(a)) > _by_sign(np.array(b)), a, b), "u"),
    _integers("minimum-float32", "minimum", "int32 by way of float32",
              lambda y, a, b: np.minimum(a.astype(np.float32), b.astype(np.float32)).astype(
                  np.float64).clip(-(2.0**31), 2.0**31 - 1).astype(y.dtype), ["int32"]),
    _integers("sign-unsigned", "sign", "large unsigned numbers have the sign -1",
              _signed(np.sign), "u"),
    _integers("add-bool", "add", "True + True is False", lambda y, a, b: a ^ b, "b"),
    _integers("where-small", "where", "int8 by way of uint8, saturated",
              lambda y, c, a, b: np.maximum(y, 0), ["int8"]),
)  # fmt: skip

WIDTHS: Final = (
    wrong_ops(
        WIDTH, "equal-uint8", "equal", "gives uint8 for bool",
        changed(lambda y, a, b: y.astype(np.uint8)),
    ),
    wrong_ops(
        WIDTH, "add-gives-float32", "add", "of float64 gives float32",
        changed(lambda y, a, b: y.astype(np.float32), ["float64"]),
    ),
    wrong_ops(
        WIDTH, "abs-complex-float64", "abs", "of complex64 gives float64",
        changed(lambda y, x: y.astype(np.float64), ["complex64"]),
    ),
    wrong_ops(
        WIDTH, "square-int64", "square", "of int32 gives int64",
        changed(lambda y, x: y.astype(np.int64), ["int32"]),
    ),
    wrong_ops(
        WIDTH, "where-float64", "where", "of float32 gives float64",
        replaced(lambda c, a, b: np.asarray(np.where(c, a, b)).astype(np.float64), ["float32"]),
    ),
    wrong_ops(
        WIDTH, "shift-int64", "bitwise_left_shift", "of uint8 gives int64",
        changed(lambda y, a, b: y.astype(np.int64), ["uint8"]),
    ),
    wrong_ops(
        WIDTH, "divide-complex64", "divide", "complex128 computed in complex64",
        changed(lambda y, a, b: y.astype(np.complex64).astype(np.complex128), ["complex128"]),
    ),
    wrong_ops(
        WIDTH, "add-int32", "add", "int64 computed in int32",
        changed(lambda y, a, b: y.astype(np.int32).astype(np.int64), ["int64"]),
    ),
    wrong_ops(
        WIDTH, "maximum-int16", "maximum", "int32 computed in int16",
        changed(lambda y, a, b: y.astype(np.int16).astype(np.int32), ["int32"]),
    ),
)  # fmt: skip

MUTANTS: Final = (*INTEGER, *WIDTHS)
