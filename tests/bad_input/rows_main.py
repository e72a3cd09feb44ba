"""What the functions of the main namespace refuse, one row for each mistake."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.exceptions import AxisError

from tests.bad_input.calls import SCALAR, SQUARE, STANDARD, B, C, F, I, Raw, V, call
from tests.bad_input.row import (
    CASTS,
    CONVERTS,
    MEANT,
    ONE_TYPE,
    OPEN,
    ORDERS,
    TRUTH,
    Row,
    rows,
)

INDICES: Final = np.asarray([0, 1])
NONE: Final = np.zeros((0, 3))
INT8, UINT8, BOOL = np.dtype("int8"), np.dtype("uint8"), np.dtype("bool")
FLOAT64: Final = np.dtype("float64")
NEGATIVE: Final = "negative dimensions are not allowed: got"
NO_SHAPE: Final = "shape must be an integer or a tuple of integers: got"
NO_DTYPE: Final = "not a dtype: .*allowed are bool"
STRETCH: Final = "could not be broadcast together with shapes"
TAKES: Final = "does not take dtype"
NO_INTEGER: Final = "must be an integer: got"


def of_kinds(names: str, unlike: str = "", **operands: Any) -> list[Row]:
    """A row for each function and each array of a kind that it does not take.

    Both operands of a function of two; ``unlike``: NumPy takes what the standard does not.
    """
    two = {"x1", "x2"}
    found = []
    for name in names.split():
        for x in operands.values():
            given = call(x, x) if two <= set(_names(name)) else call(x)
            found.append(Row(name, given, TypeError, rf"{name}\(\) {TAKES} {x.dtype}", unlike))
    return found


def _names(name: str) -> list[str]:
    return [p.strip() for p in STANDARD[name].split(",")]


CREATION: Final = [
    *rows(
        "arange",
        (call("3"), TypeError, "scalar here: got str"),
        (call(None), TypeError, "got NoneType"),
        (call([1]), TypeError, "got list"),
        (call(V), TypeError, r"got Array; read it first", MEANT),
        (call(1j), TypeError, "takes real numbers: got 1j", OPEN),
        (call(0, 10, "2"), TypeError, "got str"),
        (call(0, 1, 0), ZeroDivisionError, "a step other than 0"),
        (call(0.0, 1.0, 0.0), ZeroDivisionError, "a step other than 0"),
        (call(float("nan")), ValueError, "has no finite length"),
        (call(0, float("inf")), ValueError, "has no finite length"),
        (call(0, 10, dtype=BOOL), TypeError, "dtype bool"),
        (call(300, dtype=UINT8), OverflowError, "299 out of bounds for uint8", CASTS),
    ),
    *rows(
        "asarray",
        (call([[1], [1, 2]]), ValueError, "inhomogeneous"),
        (call("abc"), TypeError, "xgpu has no dtype", CONVERTS),
        (call(None), TypeError, "xgpu has no dtype", CONVERTS),
        (call(Raw(object())), TypeError, "xgpu has no dtype", CONVERTS),
        (call([300], dtype=UINT8), OverflowError, "300 out of bounds for uint8"),
        (call([-1], dtype=UINT8), OverflowError, "-1 out of bounds for uint8"),
        (call([1j], dtype=FLOAT64), TypeError, "complex128 for float64; take xgpu.real"),
        (call([1.0], copy=False), ValueError, "got a list, whose memory cannot be shared"),
        (call(F, copy=False, dtype=INT8), ValueError, "copy"),
    ),
    *rows(
        "empty",
        (call(-1), ValueError, NEGATIVE),
        (call((2, -3)), ValueError, NEGATIVE),
        (call(1.5), TypeError, NO_SHAPE),
        (call("3"), TypeError, NO_SHAPE),
        (call(None), TypeError, NO_SHAPE),
        (call((2, None)), TypeError, NO_SHAPE),
    ),
    *rows(
        "zeros",
        (call((-1,)), ValueError, NEGATIVE),
        (call((2.0,)), TypeError, NO_SHAPE),
        (call(((1, 2),)), TypeError, NO_SHAPE),
    ),
    *rows(
        "ones",
        (call((1,) * 65), ValueError, "at most 64 axes: 65 are asked for"),
        (call([2, "a"]), TypeError, NO_SHAPE),
        (call((-2, 0)), ValueError, NEGATIVE),
    ),
    *rows("empty_like", (call(F, dtype=None, device="gpu0"), ValueError, "gpu0")),
    *rows("ones_like", (call(F, device="nvidia:0"), ValueError, "nvidia")),
    *rows("zeros_like", (call(F, dtype="int7"), TypeError, NO_DTYPE)),
    *rows(
        "eye",
        (call(-1), ValueError, NEGATIVE),
        (call(2, -3), ValueError, NEGATIVE),
        (call(1.5), TypeError, NO_SHAPE),
        (call("3"), TypeError, NO_SHAPE),
        (call(None), TypeError, NO_SHAPE),
        (call(3, k=1.5), TypeError, "k must be an integer: got 1.5"),
        (call(3, k="a"), TypeError, "k must be an integer: got 'a'"),
    ),
    *rows(
        "full",
        (call(-1, 0), ValueError, NEGATIVE),
        (call("2", 0), TypeError, NO_SHAPE),
        (call(2, "a"), TypeError, "full.* scalar here: got str", CONVERTS),
        (call(2, None), TypeError, "got NoneType", CONVERTS),
        (call(2, [1.0, 2.0]), TypeError, "got list", CONVERTS),
        (call(2, V), TypeError, r"got Array; read it first, as in float\(x\)", CONVERTS),
        (call(2, 300, dtype=UINT8), OverflowError, "300 out of bounds for uint8"),
        (call(2, 1j, dtype=FLOAT64), TypeError, "cannot put 1j into an array of float64", CASTS),
        (call(2, 1.5, dtype=INT8), TypeError, "cannot put 1.5 into an array of int8", CASTS),
    ),
    *rows(
        "full_like",
        (call(I, 1.5), TypeError, "cannot put 1.5 into an array of int64", CASTS),
        (call(F, 1j), TypeError, "cannot put 1j into an array of float64", CASTS),
        (call(F, "a"), TypeError, "got str", ONE_TYPE),
        (call(F, 2**70, dtype=np.dtype("int64")), OverflowError, "out of bounds for int64"),
    ),
    *rows(
        "linspace",
        (call("0", 1, 5), TypeError, "linspace.* got str"),
        (call(0, None, 5), TypeError, "got NoneType"),
        (call(0, 1, -1), ValueError, "at least 0: got -1"),
        (call(0, 1, 2.5), TypeError, "num must be an integer: got 2.5"),
        (call(0, 1, "5"), TypeError, "num must be an integer: got '5'"),
        (call(0, 1j, 3, dtype=FLOAT64), TypeError, "cannot give float64", CASTS),
        (call(0, 1, 3, dtype=BOOL), TypeError, "cannot give bool", CASTS),
        (call(V, 1.0, 3), TypeError, "got Array; read it first", OPEN),
    ),
    *rows(
        "meshgrid",
        (call(F), ValueError, r"takes 1-d arrays: got \[\(2, 3\)\]", OPEN),
        (call(V, SCALAR), ValueError, r"takes 1-d arrays", OPEN),
        (call(V, V, indexing="yx"), ValueError, "'xy' or 'ij': got 'yx'"),
        (call(V, V, indexing=None), ValueError, "got None"),
    ),
    *rows(
        "tril",
        (call(V), ValueError, r"at least 2 axes: got shape \(3,\)", OPEN),
        (call(SCALAR), ValueError, "at least 2 axes", ONE_TYPE),
        (call(F, k=1.5), TypeError, "k must be an integer: got 1.5", OPEN),
    ),
    *rows(
        "triu",
        (call(V), ValueError, r"at least 2 axes: got shape \(3,\)", OPEN),
        (call(F, k="a"), TypeError, "k must be an integer: got 'a'"),
    ),
    *rows(
        "from_dlpack",
        (call(Raw([1.0])), AttributeError, "takes an array with __dlpack__, or .*: got list"),
        (call(Raw("1")), AttributeError, "got str"),
        (call(Raw(None)), AttributeError, "got NoneType"),
        (call(Raw(np.ones(2)), device="nowhere"), ValueError, "nowhere"),
        (call(Raw(np.asarray(["a"]))), BufferError, "no dtype dtype"),
    ),
]

DATA_TYPES: Final = [
    *rows(
        "astype",
        (call(C, FLOAT64), TypeError, "astype.* complex128 to float64: take xgpu.real", CASTS),
        (call(C, INT8), TypeError, "take xgpu.real", CASTS),
        (call(F, None), TypeError, "not a dtype: None", MEANT),
    ),
    *rows(
        "can_cast",
        (call("no such", INT8), TypeError, NO_DTYPE),
        (call(INT8, 3.5), TypeError, NO_DTYPE),
        (call(INT8, None), TypeError, NO_DTYPE),
    ),
    *rows(
        "finfo",
        (call(INT8), ValueError, "finfo.* floating dtype: got int8"),
        (call(BOOL), ValueError, "got bool"),
        (call("no such"), TypeError, NO_DTYPE, ONE_TYPE),
        (call(None), TypeError, "not a dtype: None", MEANT),
    ),
    *rows(
        "iinfo",
        (call(FLOAT64), ValueError, "iinfo.* integer dtype: got float64"),
        (call(BOOL), ValueError, "got bool"),
        (call(None), TypeError, "not a dtype: None", ONE_TYPE),
    ),
    *rows(
        "isdtype",
        (call(INT8, "integer"), ValueError, "unknown kind 'integer'; the kinds are 'bool'"),
        (call(INT8, ("bool", "whole")), ValueError, "unknown kind 'whole'"),
        (call("x", "bool"), TypeError, NO_DTYPE),
        (call(INT8, None), TypeError, "not a dtype: None"),
    ),
    *rows(
        "result_type",
        (call(), ValueError, "at least one array, dtype or scalar"),
        (call(F, "no such"), TypeError, NO_DTYPE),
    ),
    *rows("__array_namespace_info__", (call(1), TypeError, "positional argument")),
]

ELEMENTWISE: Final = [
    *of_kinds("negative subtract positive sign", b=B),
    *of_kinds("abs square", OPEN, b=B),
    *of_kinds("floor_divide remainder pow", OPEN, b=B),
    *of_kinds("floor_divide remainder", c=C),
    *of_kinds("atan2 copysign hypot logaddexp nextafter", c=C),
    *of_kinds("signbit ceil floor trunc", c=C),
    *of_kinds("bitwise_and bitwise_or bitwise_xor bitwise_invert", f=F, c=C),
    *of_kinds("bitwise_left_shift bitwise_right_shift", f=F, c=C),
    *of_kinds("bitwise_left_shift bitwise_right_shift", OPEN, b=B),
    *of_kinds("logical_and logical_or logical_xor logical_not", TRUTH, i=I, f=F, c=C),
    *of_kinds("less less_equal greater greater_equal maximum minimum clip", ORDERS, c=C),
    *rows(
        "clip",
        (call(F, 1j, None), TypeError, "cannot put 1j into an array of float64", CASTS),
        (call(I, 0.5, None), TypeError, "cannot put 0.5 into an array of int64", OPEN),
        (call(F, "a", None), TypeError, r"clip\(\) .*: got str"),
        (call(F, None, [0.0]), TypeError, r"clip\(\) .*: got list", CONVERTS),
        (call(I, F, None), TypeError, "cannot bound int64 by an array of float64", OPEN),
        (call(F, V[:2], None), ValueError, STRETCH),
        (call(I, 2**70, None), OverflowError, "out of bounds for int64"),
    ),
    *rows(
        "pow",
        (call(I, -1), ValueError, "Integers to negative integer powers are not allowed"),
        (call(B, -1), ValueError, "array of bool; convert it to a floating dtype"),
    ),
    *rows("add", (call(F, "a"), TypeError, r"add\(\) .*: got str")),
    *rows("add", (call(I.astype("int8"), 300), OverflowError, "300 out of bounds for int8")),
    *rows("multiply", (call(F, None), TypeError, r"multiply\(\) .*: got NoneType")),
    *rows("divide", (call([1.0], F), TypeError, r"divide\(\) .*: got list", CONVERTS)),
    *rows("equal", (call(F, "a"), TypeError, r"equal\(\) .*: got str")),
    *rows("maximum", (call(I.astype("uint8"), -1), OverflowError, "-1 out of bounds for uint8")),
]

MANIPULATION: Final = [
    *rows(
        "broadcast_arrays",
        (call(F, V[:2]), ValueError, STRETCH),
        (call(F, F.T), ValueError, STRETCH),
    ),
    *rows(
        "broadcast_shapes",
        (call((2, 3), (2,)), ValueError, rf"{STRETCH} \(2, 3\) \(2,\)"),
        (call((2, -1)), ValueError, NEGATIVE),
        (call("a"), TypeError, NO_SHAPE),
        (call((1.5,)), TypeError, NO_SHAPE),
        (call(None), TypeError, NO_SHAPE),
    ),
    *rows(
        "broadcast_to",
        (call(V, (2,)), ValueError, r"cannot stretch shape \(3,\) to \(2,\)"),
        (call(F, (3,)), ValueError, r"cannot stretch shape \(2, 3\) to \(3,\)"),
        (call(V, (-1, 3)), ValueError, NEGATIVE),
        (call(V, "a"), TypeError, NO_SHAPE),
        (call(V, None), TypeError, NO_SHAPE),
        (call(V, (2.0, 3)), TypeError, NO_SHAPE),
    ),
    *rows(
        "concat",
        (call(()), ValueError, "at least one array"),
        (call((F, V)), ValueError, r"equal lengths .* got shapes \(2, 3\) and \(3,\)"),
        (call((F, F[:, :2])), ValueError, r"got shapes \(2, 3\) and \(2, 2\)"),
        (call((SCALAR, SCALAR)), ValueError, "cannot join 0-d arrays"),
        (call(F), TypeError, "a tuple or a list of arrays: got one array", OPEN),
        (call((F, F), axis=2), AxisError, "axis 2 is out of bounds"),
    ),
    *rows(
        "stack",
        (call(()), ValueError, "at least one array"),
        (call((F, V)), ValueError, r"one shape: got \(2, 3\) and \(3,\)"),
        (call(F), TypeError, "a tuple or a list of arrays: got one array", OPEN),
        (call((F, F), axis=3), AxisError, "axis 3 is out of bounds for array of dimension 3"),
    ),
    *rows(
        "expand_dims",
        (call(F, 3), AxisError, "axis 3 is out of bounds for array of dimension 3"),
        (call(F, (0, 4)), AxisError, "axis 4 is out of bounds for array of dimension 4"),
        (call(F, None), TypeError, NO_INTEGER),
        (call(F, tuple(range(63))), ValueError, "at most 64 axes: 65 are asked for"),
    ),
    *rows("flip", (call(SCALAR, axis=0), AxisError, "axis 0 is out of bounds")),
    *rows(
        "moveaxis",
        (call(F, 0, 2), AxisError, "destination: axis 2 is out of bounds"),
        (call(F, -3, 0), AxisError, "source: axis -3 is out of bounds"),
        (call(F, (0, 1), 0), ValueError, r"as many destinations as sources: got \(0, 1\) and 0"),
        (call(F, (0, 0), (0, 1)), ValueError, "duplicate value in 'source'"),
        (call(F, (0, 1), (1, 1)), ValueError, "duplicate value in 'destination'"),
        (call(F, "0", 1), TypeError, "source must be an integer: got '0'"),
        (call(F, 0, 0.5), TypeError, "destination must be an integer: got 0.5"),
    ),
    *rows(
        "permute_dims",
        (call(F, (0,)), ValueError, "each of 2 axes once"),
        (call(F, (0, 1, 1)), ValueError, "duplicate"),
        (call(F, (0, 0)), ValueError, "duplicate value in 'axes'"),
        (call(F, (0, 2)), AxisError, "axes: axis 2 is out of bounds"),
        (call(F, 0), TypeError, "takes a tuple of axes: got 0", ONE_TYPE),
        (call(F, None), TypeError, "takes a tuple of axes: got None", MEANT),
        (call(F, ("0", 1)), TypeError, "axes must be an integer: got '0'"),
    ),
    *rows(
        "repeat",
        (call(F, -1), ValueError, "at least 0: got -1"),
        (call(F, 1.5), TypeError, "repeats must be an integer: got 1.5", CASTS),
        (call(F, "2"), TypeError, "repeats must be an integer: got '2'", CASTS),
        (call(F, None), TypeError, "repeats must be an integer: got None"),
        (call(F, [1, 2], axis=0), TypeError, r"repeats must be an integer: got \[1, 2\]", CONVERTS),
        (call(F, V), TypeError, "integer dtype: got float64"),
        (call(F, INDICES), ValueError, r"each of 6 places: got shape \(2,\)"),
        (call(F, np.asarray([1, -1]), axis=0), ValueError, "at least 0: got -1"),
        (call(F, np.asarray([[1, 2]]), axis=0), ValueError, r"got shape \(1, 2\)"),
    ),
    *rows(
        "reshape",
        (call(F, (4, 2)), ValueError, r"cannot reshape array of size 6 into shape \(4, 2\)"),
        (call(F, (-1, -1)), ValueError, "only specify one unknown dimension"),
        (call(F, (-1, 4)), ValueError, "cannot reshape array of size 6"),
        (call(NONE, (-1, 0)), ValueError, "cannot reshape array of size 0"),
        (call(F, (-2, 3)), ValueError, NEGATIVE, OPEN),
        (call(F, "a"), TypeError, "length in the shape must be an integer: got 'a'"),
        (call(F, (2.0, 3)), TypeError, "must be an integer: got 2.0"),
        (call(F, None), TypeError, "must be an integer: got None", MEANT),
    ),
    *rows(
        "roll",
        (call(F, 1.5), TypeError, "shift must be an integer: got 1.5", CASTS),
        (call(F, "1"), TypeError, "shift must be an integer: got '1'", CASTS),
        (call(F, None), TypeError, "shift must be an integer: got None"),
        (call(F, (1, 2), axis=(0, 1, 0)), ValueError, "as many shifts as axes"),
        (call(F, 1, axis=2), AxisError, "axis 2 is out of bounds"),
    ),
    *rows(
        "squeeze",
        (call(F, 0), ValueError, r"axes of length 1: got axis 0 of shape \(2, 3\)"),
        (call(F[:1], (0, 1)), ValueError, "axes of length 1"),
        (call(F[:1], (0, 0)), ValueError, "duplicate value in 'axis'"),
        (call(F[:1, :1], None), TypeError, "axis must be an integer: got None", MEANT),
    ),
    *rows(
        "tile",
        (call(F, -1), ValueError, NEGATIVE),
        (call(F, (2, -1)), ValueError, NEGATIVE),
        (call(F, (1.5,)), TypeError, NO_SHAPE),
        (call(F, "2"), TypeError, NO_SHAPE),
        (call(F, None), TypeError, NO_SHAPE),
    ),
    *rows("unstack", (call(SCALAR), ValueError, "at least one axis: got a 0-d array")),
]

SEARCHING: Final = [
    *of_kinds("argmax argmin", ORDERS, c=C),
    *rows(
        "argmax",
        (call(V[:0]), ValueError, r"argmax\(\) of no elements: shape \(0,\)"),
        (call(NONE, axis=0), ValueError, r"no elements: shape \(0, 3\), axis 0"),
    ),
    *rows("argmin", (call(NONE.T, axis=1), ValueError, r"no elements: shape \(3, 0\), axis 1")),
    *rows("count_nonzero", (call(SCALAR, axis=0), AxisError, "axis 0 is out of", OPEN)),
    *rows("nonzero", (call(SCALAR), ValueError, "at least one axis: got a 0-d array")),
    *rows(
        "searchsorted",
        (call(F, V), ValueError, r"takes a 1-d x1: got shape \(2, 3\)"),
        (call(SCALAR, V), ValueError, r"takes a 1-d x1: got shape \(\)"),
        (call(V, V, side="middle"), ValueError, "'left' or 'right': got 'middle'"),
        (call(V, V, sorter=V), TypeError, "sorter of an integer dtype: got float64"),
        (call(V, V, sorter=INDICES), ValueError, r"shape of x1: got \(2,\) for \(3,\)"),
        (call(V, V, sorter=np.asarray([0, 1, 5])), IndexError, "index 5 is out of", ONE_TYPE),
        (call(V, V, sorter=[0, 1, 2]), TypeError, "searchsorted.* got list", CONVERTS),
        (call(C, C), TypeError, rf"{TAKES} complex128", ORDERS),
        (call(V, "a"), TypeError, "searchsorted.* got str", CONVERTS),
    ),
    *rows(
        "where",
        (call(F, F, F), TypeError, "condition of dtype bool: got float64; compare", TRUTH),
        (call(I, F, F), TypeError, "condition of dtype bool: got int64", TRUTH),
        (call(B, F, V[:2]), ValueError, STRETCH),
        (call(B, F, "a"), TypeError, r"where\(\) .* got str", CONVERTS),
        (call(B, None, F), TypeError, r"where\(\) .* got NoneType", CONVERTS),
        (call(B, I.astype("uint8"), 300), OverflowError, "300 out of bounds for uint8", CASTS),
    ),
    *rows(
        "take",
        (call(F, INDICES), ValueError, "needs an axis for an array of 2 axes", OPEN),
        (call(SCALAR, INDICES), ValueError, "needs an axis for an array of 0 axes", ONE_TYPE),
        (call(F, V, axis=0), TypeError, "integer dtype: got float64"),
        (call(F, B[0], axis=0), TypeError, "integer dtype: got bool", OPEN),
        (call(F, np.asarray([5]), axis=0), IndexError, "index 5 is out of bounds for axis 0"),
        (call(F, np.asarray([-3]), axis=0), IndexError, "index -3 is out of bounds for axis 0"),
        (call(F, np.asarray([[0]]), axis=0), ValueError, r"1-d indices: got shape \(1, 1\)", OPEN),
        (call(F, 1, axis=0), TypeError, r"take\(\) .* got int", CONVERTS),
    ),
    *rows(
        "take_along_axis",
        (call(F, INDICES), ValueError, "as many axes of both: got 2 and 1"),
        (call(F, F), TypeError, "integer dtype: got float64", ONE_TYPE),
        (call(F, np.asarray([[3], [0]])), IndexError, "index 3 is out of bounds for axis 1"),
        (call(F, np.asarray([[0], [0], [0]])), ValueError, STRETCH, ONE_TYPE),
    ),
]

SETS_AND_SORTING: Final = [
    *rows("isin", (call(1, 2), TypeError, r"isin\(\) takes an xgpu array: got int", CONVERTS)),
    *rows("isin", (call(F, "a"), TypeError, r"isin\(\) .* got str", CONVERTS)),
    *rows("unique_all", (call(1.0), TypeError, r"unique_all\(\) .* got float", CONVERTS)),
    *rows("unique_counts", (call([1.0]), TypeError, r"unique_counts\(\) .* list", CONVERTS)),
    *rows("unique_inverse", (call("a"), TypeError, r"unique_inverse\(\) .* str", CONVERTS)),
    *rows("unique_values", (call(None), TypeError, r"unique_values\(\) .* None", CONVERTS)),
    *rows(
        "sort",
        (call(SCALAR), AxisError, "axis -1 is out of bounds for array of dimension 0"),
        (call(F, axis=None), TypeError, "axis must be an integer: got None", MEANT),
    ),
    *rows("argsort", (call(SCALAR), AxisError, "axis -1 is out of bounds", OPEN)),
]

STATISTICAL: Final = [
    *of_kinds("max min", ORDERS, c=C),
    *rows(
        "max",
        (call(V[:0]), ValueError, r"max\(\) of no elements: shape \(0,\), axis None"),
        (call(NONE.T, axis=1), ValueError, r"max\(\) of no elements: shape \(3, 0\), axis 1"),
    ),
    *rows("min", (call(NONE, axis=0), ValueError, r"min\(\) of no elements")),
    *rows(
        "sum",
        (call(C, dtype=FLOAT64), TypeError, "complex128 cannot give float64; take", CASTS),
        (call(F, dtype=object), TypeError, "xgpu has no dtype", OPEN),
    ),
    *rows("prod", (call(C, dtype=INT8), TypeError, "complex128 cannot give int8", CASTS)),
    *rows("mean", (call(SCALAR, axis=0), AxisError, "axis 0 is out of bounds")),
    *rows(
        "var",
        (call(F, correction="a"), TypeError, "correction must be a real number: got 'a'"),
        (call(F, correction=1j), TypeError, "must be a real number: got 1j", OPEN),
    ),
    *rows("std", (call(F, correction=None), TypeError, "must be a real number: got None")),
    *rows(
        "cumulative_sum",
        (call(F), ValueError, "needs an axis for an array of 2 axes"),
        (call(SCALAR), ValueError, "needs an axis for an array of 0 axes", OPEN),
        (call(C, dtype=FLOAT64), TypeError, "cannot give float64", CASTS),
    ),
    *rows("cumulative_prod", (call(F), ValueError, "needs an axis for an array of 2 axes")),
]

LINEAR_ALGEBRA: Final = [
    *rows(
        "matmul",
        (call(F, F), ValueError, r"3 columns on the left, 2 rows on the right"),
        (call(F, SCALAR), ValueError, "at least one axis on each side"),
        (call(SCALAR, F), ValueError, "at least one axis on each side"),
        (call(np.ones((2, 2, 2)), np.ones((3, 2, 2))), ValueError, STRETCH),
        (call(SQUARE, 2.0), TypeError, r"matmul\(\) needs an xgpu array: got float", ONE_TYPE),
    ),
    *rows("matrix_transpose", (call(V), ValueError, "at least 2 axes")),
    *rows(
        "tensordot",
        (call(F, F, axes=3), ValueError, "2 and 2 axes cannot sum over 3", ONE_TYPE),
        (call(F, F, axes=-1), ValueError, "cannot sum over -1", OPEN),
        (call(F, F, axes=1.5), TypeError, "axes must be an integer: got 1.5"),
        (call(F, F, axes=None), TypeError, "axes must be an integer: got None"),
        (call(F, F, axes=((0,), (1,))), ValueError, "axes of equal length"),
        (call(F, F, axes=((0, 1), (0,))), ValueError, "as many axes of each operand"),
        (call(F, F, axes=((0, 0), (0, 0))), ValueError, "each once"),
        (call(F, F, axes=((2,), (0,))), AxisError, "axis 2 is out of bounds"),
        (call(F, F, axes=((0,),)), ValueError, "axes of each of two operands"),
    ),
    *rows(
        "vecdot",
        (call(F, V[:2]), ValueError, r"equal lengths along axis -1: got shapes \(2, 3\) and \(2"),
        (call(SCALAR, SCALAR), AxisError, "axis -1 is out of bounds"),
        (call(F, V, axis=0), ValueError, "equal lengths along axis 0"),
        (call(V, 2.0), TypeError, r"vecdot\(\) takes an xgpu array: got float", ONE_TYPE),
        (call(B, B), TypeError, r"vecdot\(\) does not take dtype bool", OPEN),
    ),
]

UTILITY: Final = [
    *rows("all", (call(F, axis=(0, 2)), AxisError, "axis 2 is out of bounds")),
    *rows("any", (call(F, axis=(0, -2)), ValueError, "duplicate value in 'axis'")),
    *rows(
        "diff",
        (call(F, n=-1), ValueError, "n of at least 0: got -1"),
        (call(F, n=1.5), TypeError, "n must be an integer: got 1.5"),
        (call(F, n="a"), TypeError, "n must be an integer: got 'a'"),
        (call(SCALAR), ValueError, "at least one axis: got a 0-d array"),
        (call(B), TypeError, rf"diff\(\) {TAKES} bool", OPEN),
        (call(F, append=F[:1]), ValueError, "equal lengths of all other axes"),
        (call(F, append="a"), TypeError, r"diff\(\) takes an xgpu array: got str"),
    ),
]

ROWS: Final = [
    *CREATION,
    *DATA_TYPES,
    *ELEMENTWISE,
    *MANIPULATION,
    *SEARCHING,
    *SETS_AND_SORTING,
    *STATISTICAL,
    *LINEAR_ALGEBRA,
    *UTILITY,
]
