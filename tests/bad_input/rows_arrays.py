"""What arrays refuse: keys, assigned values, operators, conversions and methods."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from tests.bad_input.calls import SCALAR, SQUARE, B, C, F, I, Raw, V, call
from tests.bad_input.row import CASTS, CONVERTS, MEANT, ONE_TYPE, OPEN, rows

UINT8: Final = np.asarray([1, 2, 3], "uint8")
STRETCH: Final = "could not be broadcast together with shapes"
INTO: Final = r"could not broadcast input array from shape"
VALID: Final = "are valid indices: got"
BEYOND: Final = "is out of bounds for axis"

#: Methods that NumPy's arrays lack, or that say nothing of the same.
OWN: Final = {"x.to_device", "x.__array_namespace__", "x.__dlpack__"}

_KEYS: Final[list[tuple[Any, ...]]] = [
    (2, IndexError, f"index 2 {BEYOND} 0 with size 2"),
    (-3, IndexError, f"index -3 {BEYOND} 0 with size 2"),
    ((0, 3), IndexError, f"index 3 {BEYOND} 1 with size 3"),
    ((0, 0, 0), IndexError, "too many indices for array"),
    ((..., ...), IndexError, "single ellipsis"),
    (1.0, IndexError, f"{VALID} float"),
    ("x", IndexError, f"{VALID} str"),
    ({}, IndexError, f"{VALID} dict"),
    (Raw([0, 2]), IndexError, f"index 2 {BEYOND} 0 with size 2"),
    (Raw(np.asarray([0, 1.5])), IndexError, "integer or bool dtype: got float64"),
    (2**70, IndexError, BEYOND),
    (np.asarray([0, 2]), IndexError, f"index 2 {BEYOND} 0 with size 2"),
    (np.asarray([0, -3]), IndexError, f"index -3 {BEYOND} 0"),
    (np.asarray([0.0, 1.0]), IndexError, "integer or bool dtype: got float64"),
    (np.asarray([1j]), IndexError, "integer or bool dtype: got complex128"),
    (B.T, IndexError, "boolean index did not match indexed array along axis 0"),
    (B[:, :2], IndexError, "did not match indexed array along axis 1; size of axis is 3"),
    ((B, 0), IndexError, "too many indices"),
    ((np.asarray([0, 1]), np.asarray([0, 1, 2])), IndexError, "shape mismatch"),
    ((np.asarray([0, 1, 1]), B[0], 0), IndexError, "too many indices"),
    (slice(0.5, 1), IndexError, "slice indices must be integers", ONE_TYPE),
    (slice("a", None), IndexError, "slice indices must be integers", ONE_TYPE),
    (slice(None, None, 0), ValueError, "slice step cannot be zero"),
]

INDEXING: Final = [
    *rows("x[key]", *[(call(F, key), *rest) for key, *rest in _KEYS]),
    *rows("x[key]", (call(SCALAR, 0), IndexError, "too many indices for array")),
    *rows("x[key] = value", *[(call(F, key, 9.0), *rest) for key, *rest in _KEYS]),
    *rows(
        "x[key] = value",
        (call(F, ..., V[:2]), ValueError, rf"{INTO} \(2,\) into shape \(2, 3\)"),
        (call(F, 0, F), ValueError, rf"{INTO} \(2, 3\) into shape \(3,\)"),
        (call(F, B, V[:2]), ValueError, INTO),
        (call(F, np.asarray([0, 1]), F[:, :2]), ValueError, INTO),
        (call(I, 0, 1.5), TypeError, "cannot put 1.5 into an array of int64", CASTS),
        (call(I, 0, V), TypeError, "cannot assign float64 to an array of int64", CASTS),
        (call(I, np.asarray([0]), V), TypeError, "cannot assign float64 to", CASTS),
        (call(I, B, 1.5), TypeError, "cannot put 1.5 into", CASTS),
        (call(I, B, SCALAR), TypeError, "cannot assign float64 to", CASTS),
        (call(F, 0, 1j), TypeError, "cannot put 1j into an array of float64"),
        (call(F, 0, C), TypeError, "cannot assign complex128 to an array of float64", CASTS),
        (call(B, 0, 1), TypeError, "cannot put 1 into an array of bool", CASTS),
        (call(UINT8, 0, 256), OverflowError, "256 out of bounds for uint8"),
        (call(UINT8, 0, -1), OverflowError, "-1 out of bounds for uint8"),
        (call(UINT8, B[0], 256), OverflowError, "256 out of bounds for uint8"),
        (call(UINT8, np.asarray([0]), -1), OverflowError, "-1 out of bounds for uint8"),
        (call(F, 0, "a"), TypeError, "assignment .* got str", ONE_TYPE),
        (call(F, 0, None), TypeError, "assignment .* got NoneType", MEANT),
        (call(F, 0, [1.0, 2.0, 3.0]), TypeError, "assignment .* got list", CONVERTS),
        (call(F, 0, Raw(V)), TypeError, "assignment got a numpy.ndarray"),
    ),
]

OPERATORS: Final = [
    *rows(
        "x + y",
        (call(F, V[:2]), ValueError, STRETCH),
        (call(F, "a"), TypeError, "unsupported operand"),
        (call(F, None), TypeError, "unsupported operand"),
        (call(F, [1.0, 2.0, 3.0]), TypeError, "unsupported operand", CONVERTS),
        (call(F, Raw(F)), TypeError, "got a numpy.ndarray, which nothing moves"),
        (call(UINT8, 300), OverflowError, "300 out of bounds for uint8"),
        (call(300, UINT8), OverflowError, "300 out of bounds for uint8"),
        (call(F, 10**400), OverflowError, "1329 bits out of bounds for float64"),
    ),
    *rows(
        "x < y",
        (call(F, V[:2]), ValueError, STRETCH),
        (call(F, None), TypeError, "not supported between"),
        (call(F, "a"), TypeError, "not supported between"),
        (call(C, C), TypeError, "less.* does not take dtype complex128", OPEN),
        (call(C, 1.0), TypeError, "less.* does not take dtype complex128", OPEN),
    ),
    *rows(
        "x & y",
        (call(F, F), TypeError, "bitwise_and.* does not take dtype float64"),
        (call(I, 1.0), TypeError, "bitwise_and.* does not take dtype float64"),
    ),
    *rows("x << y", (call(F, 1), TypeError, "bitwise_left_shift.* float64")),
    *rows("x ** y", (call(I, -1), ValueError, "negative integer powers")),
    *rows("-x", (call(B), TypeError, r"negative\(\) does not take dtype bool")),
    *rows("~x", (call(F), TypeError, r"bitwise_invert\(\) does not take dtype float64")),
    *rows("abs(x)", (call(B), TypeError, r"abs\(\) does not take dtype bool", OPEN)),
    *rows(
        "x @ y",
        (call(F, F), ValueError, "3 columns on the left, 2 rows"),
        (call(F, SCALAR), ValueError, "at least one axis on each side"),
        (call(F, 2.0), TypeError, "unsupported operand", ONE_TYPE),
        (call(F, Raw(F.T)), TypeError, "got a numpy.ndarray"),
    ),
    *rows(
        "x += y",
        (call(V, F), ValueError, r"output operand with shape \(3,\) .* shape \(2, 3\)"),
        (call(I, 1.5), TypeError, "cannot assign float64 to an array of int64"),
        (call(I, F), TypeError, "cannot assign float64 to an array of int64"),
        (call(F, 1j), TypeError, "cannot assign complex128 to an array of float64"),
        (call(F, "a"), TypeError, "unsupported operand"),
        (call(F, V[:2]), ValueError, STRETCH),
        (call(UINT8, 256), OverflowError, "256 out of bounds for uint8"),
    ),
    *rows("x /= y", (call(I, 2), TypeError, "cannot assign float64 to an array of int64")),
    *rows(
        "x |= y",
        (call(B, 1), TypeError, "cannot assign int64 to an array of bool"),
        (call(F, F), TypeError, "bitwise_or.* does not take dtype float64"),
    ),
    *rows(
        "x @= y",
        (call(F, F), ValueError, "3 columns on the left, 2 rows"),
        (call(F, np.ones((3, 2))), ValueError, "output operand with shape"),
        (call(SQUARE, V[:2]), ValueError, "output operand with shape"),
        (call(SQUARE, 2.0), TypeError, "unsupported operand", ONE_TYPE),
    ),
]

CONVERSIONS: Final = [
    *rows(
        "bool(x)",
        (call(V), ValueError, r"array of shape \(3,\) is ambiguous; use xgpu.any"),
        (call(V[:0]), ValueError, "ambiguous"),
    ),
    *rows(
        "int(x)",
        (call(V), TypeError, r"only a 0-d array .* int: got shape \(3,\)"),
        (call(np.asarray(1j)), TypeError, "complex128 cannot be converted to int"),
        (call(np.asarray(np.nan)), ValueError, "NaN"),
        (call(np.asarray(np.inf)), OverflowError, "infinity"),
    ),
    *rows(
        "float(x)",
        (call(F), TypeError, r"only a 0-d array .* float: got shape \(2, 3\)"),
        (call(np.asarray(1j)), TypeError, "complex128 cannot be converted to float"),
    ),
    *rows("complex(x)", (call(V), TypeError, "only a 0-d array .* complex")),
    *rows(
        "operator.index(x)",
        (call(SCALAR), TypeError, "float64 cannot be converted to an index"),
        (call(np.asarray(True)), TypeError, "bool cannot be converted to an index"),
        (call(I), TypeError, "only a 0-d array .* an index"),
    ),
    *rows("len(x)", (call(SCALAR), TypeError, r"len\(\) of a 0-d array")),
    *rows("iter(x)", (call(SCALAR), TypeError, "iteration over a 0-d array")),
    *rows("x.item", (call(V), ValueError, r"array of size 1 to a scalar: got \(3,\)")),
]

METHODS: Final = [
    *rows(
        "x.T",
        (call(V), ValueError, "needs 2 axes, got 1", OPEN),
        (call(SCALAR), ValueError, "needs 2 axes, got 0", OPEN),
        (call(np.ones((2, 2, 2))), ValueError, "needs 2 axes, got 3; use x.mT", OPEN),
    ),
    *rows("x.mT", (call(V), ValueError, "at least 2 axes, got 1")),
    *rows(
        "x.to_device",
        (call(F, "nowhere"), ValueError, "nowhere"),
        (call(F, 3), TypeError, "device is a string"),
        (call(F), TypeError, "missing"),
        (call(F, "cpu", stream=1), ValueError, "takes no stream"),
    ),
    *rows(
        "x.__array_namespace__",
        (call(F, api_version="2021.12"), ValueError, "2025.12 of the standard: not 2021.12"),
        (call(F, api_version=2025), ValueError, "not 2025"),
    ),
    *rows(
        "x.__dlpack__",
        (call(F, stream=1), ValueError, "takes no stream: got 1"),
        (call(F, dl_device=(2, 0)), BufferError, r"host memory, \(1, 0\): asked for \(2, 0\)"),
    ),
]

ROWS: Final = [*INDEXING, *OPERATORS, *CONVERSIONS, *METHODS]
