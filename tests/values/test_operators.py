"""Every operator: arrays with arrays and with Python scalars, reflected, in place; and unary ones.

The dtype of ``array op scalar`` is that of the array where its kind holds the scalar.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import cache, partial
from typing import Any, Final

import numpy as np
import pytest

import xgpu
from tests.comparing import host
from tests.values import oracle_exact
from tests.values.cases import takes
from tests.values.computing import Call, computed
from tests.values.expected import Expected, expected, result_dtype
from tests.values.inputs import COMPLEX, DTYPES, FLOATS, joined, specials
from tests.values.ulp import Values, compare, kind
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

Operator = Callable[[Any, Any], Any]
#: Symbol -> the function it is, the operator, the operator in place.
ARITHMETIC: Final[dict[str, tuple[str, Operator, Operator]]] = {
    "+": ("add", operator.add, operator.iadd),
    "-": ("subtract", operator.sub, operator.isub),
    "*": ("multiply", operator.mul, operator.imul),
    "/": ("divide", operator.truediv, operator.itruediv),
    "//": ("floor_divide", operator.floordiv, operator.ifloordiv),
    "%": ("remainder", operator.mod, operator.imod),
    "**": ("pow", operator.pow, operator.ipow),
    "&": ("bitwise_and", operator.and_, operator.iand),
    "|": ("bitwise_or", operator.or_, operator.ior),
    "^": ("bitwise_xor", operator.xor, operator.ixor),
    "<<": ("bitwise_left_shift", operator.lshift, operator.ilshift),
    ">>": ("bitwise_right_shift", operator.rshift, operator.irshift),
}
COMPARISON: Final[dict[str, tuple[str, Operator]]] = {
    "==": ("equal", operator.eq),
    "!=": ("not_equal", operator.ne),
    "<": ("less", operator.lt),
    "<=": ("less_equal", operator.le),
    ">": ("greater", operator.gt),
    ">=": ("greater_equal", operator.ge),
}
OPERATORS: Final = {**{s: v[:2] for s, v in ARITHMETIC.items()}, **COMPARISON}
UNARY: Final[dict[str, Callable[[Any], Any]]] = {
    "abs": operator.abs,
    "bitwise_invert": operator.invert,
    "negative": operator.neg,
    "positive": operator.pos,
}
SCALARS: Final = (True, 3, 0, 2.5, -0.0, 1.5 - 2j)


def meeting(dtype: DType, scalar: Any) -> DType:
    """The dtype in which an array of ``dtype`` meets a Python scalar (Array API 2025.12)."""
    rank = "biufc".index({bool: "b", int: "i", float: "f", complex: "c"}[type(scalar)])
    own = kind(dtype)
    if own == "c" or (own == "f" and rank <= 3) or (own in "iu" and rank <= 1) or rank == 0:
        return dtype
    if isinstance(scalar, int):
        return dtypes.int64
    if isinstance(scalar, float):
        return dtypes.float64
    return dtypes.complex128 if own in "biu" or dtype.itemsize == 8 else dtypes.complex64


@cache
def values(dtype: DType) -> Values:
    """Special values; of complex numbers finite ones, for arithmetic leaves the others open."""
    if kind(dtype) != "c":
        return specials(dtype)
    rng = np.random.default_rng(1)
    return joined(rng.normal(0, 2, 48), rng.normal(0, 2, 48), dtype)


@cache
def others(dtype: DType) -> Values:
    """A second operand."""
    return np.ascontiguousarray(np.roll(values(dtype)[::-1], 5))


@cache
def beside(dtype: DType, scalar: Any) -> Values:
    """The array that meets a scalar: beside a complex one without what arithmetic leaves open."""
    x = values(dtype)
    if kind(meeting(dtype, scalar)) != "c" or kind(dtype) in "bc":
        return x
    wide = x.astype(np.float64)
    return np.resize(x[(np.abs(wide) < 1e3) & (np.abs(wide) > 1e-3)], x.shape)


Key = tuple[str, Any, bool]


@cache
def allowed(dtype: DType) -> list[Key]:
    """(symbol, scalar, whether it comes first) of each operator that takes the two."""
    return [
        (symbol, scalar, first)
        for symbol, (name, _) in OPERATORS.items()
        for scalar in SCALARS
        if takes(name, meeting(dtype, scalar))
        for first in (False, True)
        if kind(dtype) != "c" or scalar or (symbol, first) not in (("/", False), ("**", True))
        if kind(dtype) != "b" or symbol not in ("/", "**") or not isinstance(scalar, complex)
    ]


def call(symbol: str, scalar: Any, first: bool, x: Any) -> Any:
    apply = OPERATORS[symbol][1]
    return apply(scalar, x) if first else apply(x, scalar)


@cache
def with_scalars(device: str, dtype: DType) -> dict[str, Values]:
    """Results by the text of their keys, for ``-0.0``, ``0`` and ``False`` are equal ones."""
    calls: dict[str, Call] = {
        str(key): (partial(call, *key), (beside(dtype, key[1]),)) for key in allowed(dtype)
    }
    return computed(xgpu.device(device), calls)


def converted(x: Values, dtype: DType) -> Values:
    return x if x.dtype == dtype else oracle_exact.cast(x, dtype)


def filled(scalar: Any, like: Values, dtype: DType) -> Values:
    """The scalar in the dtype in which it is used."""
    return np.broadcast_to(converted(np.array([scalar]), dtype), like.shape)


@cache
def wanted(dtype: DType, key: str) -> Expected:
    symbol, scalar, first = next(k for k in allowed(dtype) if str(k) == key)
    to = meeting(dtype, scalar)
    x = converted(beside(dtype, scalar), to)
    pair = (filled(scalar, x, to), x) if first else (x, filled(scalar, x, to))
    return expected(OPERATORS[symbol][0], *pair)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_python_scalars(dtype: DType, device: xgpu.Device) -> None:
    got = with_scalars(str(device), dtype)
    for key in allowed(dtype):
        result = got[str(key)]
        name = OPERATORS[key[0]][0]
        assert result.dtype == result_dtype(name, meeting(dtype, key[1])), key
        wanted(dtype, str(key)).check(result, key, beside(dtype, key[1]))


@pytest.mark.parametrize("symbol", OPERATORS)
def test_what_an_operator_does_not_take(symbol: str) -> None:
    name, apply = OPERATORS[symbol]
    for dtype in DTYPES:
        x = xgpu.asarray(values(dtype)[:3])
        for scalar in SCALARS:
            if not takes(name, meeting(dtype, scalar)):
                for pair in ((x, scalar), (scalar, x)):
                    with pytest.raises(TypeError, match="does not take dtype"):
                        apply(*pair)
        if not takes(name, dtype):
            with pytest.raises(TypeError, match=name):
                apply(x, x)
    for stranger in (b"1", None, [1], object()):
        if symbol not in ("==", "!="):
            with pytest.raises(TypeError):
                apply(x, stranger)
            if symbol != "%" or not isinstance(stranger, bytes):  # bytes format what follows "%"
                with pytest.raises(TypeError):
                    apply(stranger, x)


@cache
def with_arrays(device: str, dtype: DType) -> dict[str, Values]:
    x = values(dtype), others(dtype)
    return computed(
        xgpu.device(device),
        {s: (apply, x) for s, (name, apply) in OPERATORS.items() if takes(name, dtype)},
    )


@cache
def of_arrays(symbol: str, dtype: DType) -> Expected:
    return expected(OPERATORS[symbol][0], values(dtype), others(dtype))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_arrays(dtype: DType, device: xgpu.Device) -> None:
    for symbol, got in with_arrays(str(device), dtype).items():
        of_arrays(symbol, dtype).check(got, symbol, values(dtype), others(dtype))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_unary_operators(dtype: DType, device: xgpu.Device) -> None:
    x = values(dtype)
    calls: dict[str, Call] = {n: (f, (x,)) for n, f in UNARY.items() if takes(n, dtype)}
    for name, got in computed(device, calls).items():
        expected(name, x).check(got, name, x)
    for name in set(UNARY) - set(calls) - {"positive"}:
        with pytest.raises(TypeError):
            UNARY[name](xgpu.asarray(x, device=device))


def keeps(symbol: str, dtype: DType, other: DType) -> bool:
    """Whether an operator in place on ``dtype`` can store its result."""
    name = ARITHMETIC[symbol][0]
    return takes(name, other) and result_dtype(name, other) == dtype


@cache
def in_place(device: str, dtype: DType) -> dict[str, Values]:
    """Each in-place operator, with an array and with each scalar that the dtype holds."""
    x, y = values(dtype), others(dtype)
    calls: dict[str, Call] = {}
    for symbol, (_, _, apply) in ARITHMETIC.items():
        if keeps(symbol, dtype, dtype):
            calls[symbol] = (lambda a, b, f=apply: f(xgpu.asarray(a, copy=True), b), (x, y))
        for scalar in SCALARS:
            if (symbol, scalar, False) in allowed(dtype) and keeps(
                symbol, dtype, meeting(dtype, scalar)
            ):
                calls[str((symbol, scalar, False))] = (
                    lambda a, f=apply, s=scalar: f(xgpu.asarray(a, copy=True), s),
                    (x,),
                )
    return computed(xgpu.device(device), calls)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_in_place(dtype: DType, device: xgpu.Device) -> None:
    for key, got in in_place(str(device), dtype).items():
        if key in ARITHMETIC:
            of_arrays(key, dtype).check(got, key, values(dtype), others(dtype))
        else:
            wanted(dtype, key).check(got, key)


@pytest.mark.parametrize("symbol", ARITHMETIC)
def test_in_place_of_another_kind(symbol: str) -> None:
    """A result that the array's dtype cannot take is a TypeError, and the array stays as it was."""
    name, _, apply = ARITHMETIC[symbol]
    for dtype in DTYPES:
        for scalar in SCALARS:
            to = meeting(dtype, scalar)
            if takes(name, to) and kind(result_dtype(name, to)) != kind(dtype):
                x = xgpu.asarray(values(dtype)[:4])
                with pytest.raises(TypeError):
                    apply(x, scalar)
                compare(host(x), values(dtype)[:4])


@pytest.mark.parametrize("symbol", ARITHMETIC)
def test_in_place_through_a_view(symbol: str, device: xgpu.Device) -> None:
    dtype = dtypes.int32
    name, _, apply = ARITHMETIC[symbol]
    if symbol == "/":
        dtype, name = dtypes.float32, "divide"
    x = np.arange(1, 13).astype(dtype).reshape(3, 4)
    array = xgpu.asarray(x, device=device, copy=True)
    view = array[::-1, 1::2]
    beside = array[0, :]
    same = apply(view, 2)
    assert same is view
    part = x[::-1, 1::2].reshape(-1)
    wanted_part = expected(name, part, np.full(part.shape, 2, dtype)).values
    after = x.copy()
    after[::-1, 1::2] = wanted_part.reshape(3, 2)
    compare(host(array), after, what=symbol)
    compare(host(beside), after[0], what=symbol)


@pytest.mark.parametrize("wide", [*FLOATS, *COMPLEX], ids=str)
def test_in_place_with_a_wider_array(wide: DType, device: xgpu.Device) -> None:
    """Within a kind the result is rounded to the array's dtype, as in NumPy."""
    for dtype in FLOATS if kind(wide) == "f" else COMPLEX:
        if dtype.itemsize >= wide.itemsize:
            continue
        x = xgpu.asarray(np.arange(8).astype(dtype), device=device)
        y = (np.arange(8) / 3).astype(wide)
        x += xgpu.asarray(y, device=device)
        total = oracle_exact.cast(expected("add", np.arange(8).astype(wide), y).values, dtype)
        compare(host(x), total, what=f"{dtype} += {wide}")


def test_negative_scalars_as_exponents_of_integers(device: xgpu.Device) -> None:
    x = xgpu.asarray([1, -1, 2, 0], device=device)
    with pytest.raises(ValueError, match="negative"):
        x**-1
    compare(host((-2) ** xgpu.asarray([0, 1, 3, -1], device=device)), np.array([1, -2, -8, 0]))
    compare(host(x ** xgpu.asarray([-1, -3, -1, -1], device=device)), np.array([1, -1, 0, 0]))
