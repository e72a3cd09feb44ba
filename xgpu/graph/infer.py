"""dtype rules of the ops: what an op computes in, and what it gives.

Source: Array API 2025.12, "Type Promotion Rules" and each function's notes.
"""

from __future__ import annotations

from functools import cache

from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType
from xgpu.plugin.ops import REFUSE_NARROW, Op
from xgpu.plugin.promotion import promote, weak

_NAMES = {"b": "boolean", "i": "signed integer", "u": "unsigned integer", "f": "real floating"}


@cache
def compute(op: Op, dtype: DType, name: str = "") -> DType:
    """The dtype in which ``op`` takes operands of ``dtype``.

    Integers (and bool) given to an op of floating dtypes are computed in the default real
    floating dtype, which the standard leaves undefined and NumPy's users rely on. ``name`` is that
    of the function for errors, if it is not the op's.

    Raises:
        TypeError: the op does not take the dtype.
    """
    name = name or op.name
    kind = dtypes.kind_of(dtype)
    if dtype in dtypes.NARROW and op in REFUSE_NARROW:
        raise TypeError(
            f"{name}() does not take dtype {dtype}; "
            "cast to float32 first: xgpu.astype(x, xgpu.float32)"
        )
    if kind in op.accepts:
        return dtype
    if kind in "biu" and "f" in op.accepts and not set(op.accepts) & set("biu"):
        return dtypes.DEFAULT_REAL
    allowed = " or ".join(_NAMES.get(kind, "complex floating") for kind in op.accepts)
    raise TypeError(f"{name}() does not take dtype {dtype}; it takes {allowed} dtypes")


@cache
def result(op: Op, dtype: DType) -> DType:
    """The dtype that ``op`` gives for operands of ``dtype``, which it takes."""
    if op.result == "bool":
        return dtypes.bool_
    if op.result == "real":
        return dtypes.real_of(dtype)
    if op.result == "complex":
        return dtypes.complex_of(dtype)
    if op.result == "index":
        return dtypes.DEFAULT_INTEGER
    return dtype


@cache
def unary(op: Op, dtype: DType) -> tuple[DType, DType]:
    """(computed in, given) for one operand."""
    taken = compute(op, dtype)
    return taken, result(op, taken)


@cache
def binary(op: Op, a: DType, b: DType) -> tuple[DType, DType]:
    """(computed in, given) for two operands."""
    taken = compute(op, promote(a, b))
    return taken, result(op, taken)


@cache
def with_scalar(op: Op, dtype: DType, scalar: type) -> tuple[DType, DType, bool]:
    """(computed in, given, fits) for an operand and a Python scalar.

    ``fits``: every scalar of the type is one of the dtype as it is.
    """
    met = weak(dtype, scalar)
    taken = compute(op, met)
    fits = (scalar, dtypes.kind_of(taken)) in ((bool, "b"), (float, "f"), (complex, "c"))
    return taken, result(op, taken), fits


@cache
def accumulator(dtype: DType) -> DType:
    """The dtype that ``sum`` and ``prod`` give by default: no integer narrower than 64 bits."""
    kind = dtypes.kind_of(dtype)
    if kind in "bi":
        return dtypes.int64
    return dtypes.uint64 if kind == "u" else dtype
