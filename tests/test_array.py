"""`Array`: attributes, operators, conversions, indexing and aliasing."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import ALL, host, same, sample

ARITHMETIC = {
    "+": (operator.add, operator.iadd),
    "-": (operator.sub, operator.isub),
    "*": (operator.mul, operator.imul),
    "/": (operator.truediv, operator.itruediv),
    "//": (operator.floordiv, operator.ifloordiv),
    "%": (operator.mod, operator.imod),
    "**": (operator.pow, operator.ipow),
}
BITS = {
    "&": (operator.and_, operator.iand),
    "|": (operator.or_, operator.ior),
    "^": (operator.xor, operator.ixor),
    "<<": (operator.lshift, operator.ilshift),
    ">>": (operator.rshift, operator.irshift),
}
COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
OPERATORS: dict[str, tuple[Callable[..., Any], Callable[..., Any] | None]] = {
    **ARITHMETIC,
    **BITS,
    **{name: (function, None) for name, function in COMPARISONS.items()},
}


def operands(name: str, dtype: str) -> tuple[Any, Any]:
    """Two NumPy arrays on which the operator has values, the second one broadcast."""
    x, y = sample(np.dtype(dtype), (3, 4)), sample(np.dtype(dtype), (4,), seed=1)
    if name in ("**", "<<", ">>", "//", "%"):
        x, y = np.abs(x) + 1, np.abs(y) + 1
    return x, y


@pytest.mark.parametrize("dtype", ["int32", "uint8", "float32"])
@pytest.mark.parametrize("name", OPERATORS)
def test_operators(name: str, dtype: str) -> None:
    if name in BITS and dtype == "float32":
        with pytest.raises(TypeError, match="bitwise"):
            OPERATORS[name][0](xgpu.ones(2), xgpu.ones(2))
        return
    function, in_place = OPERATORS[name]
    x, y = operands(name, dtype)
    a, b = xgpu.asarray(x), xgpu.asarray(y)

    # NumPy divides narrow integers in narrower floats; the standard leaves it open.
    def wide(values: Any) -> Any:
        return values.astype("float64") if name == "/" and dtype != "float32" else values

    with np.errstate(all="ignore"):
        same(function(a, b), function(wide(x), wide(y)))
        scalar = x.dtype.type(2)
        same(function(a, 2), function(wide(x), wide(scalar)))
        same(function(2, b), function(wide(scalar), wide(y)))
        if in_place is None:
            return
        if name == "/" and dtype != "float32":
            with pytest.raises(TypeError, match="cannot assign float64"):
                in_place(a, b)
            return
        alias, column = a, a[:, 0]
        a = in_place(a, b)
        expected = function(x, y)
        assert a is alias
        same(a, expected)
        same(column, expected[:, 0])
        same(in_place(a, 2), function(expected, scalar))
        with pytest.raises(ValueError, match="non-broadcastable output operand"):
            in_place(b, a)


def test_unary_operators() -> None:
    x = np.asarray([-3, 0, 5])
    a = xgpu.asarray(x)
    same(-a, -x)
    same(+a, x)
    same(abs(a), abs(x))
    same(~a, ~x)
    same(~(a > 0), ~(x > 0))
    copied = +a
    copied += 1
    same(a, x)
    for function in (operator.neg, abs):
        with pytest.raises(TypeError, match="bool"):
            function(a > 0)


def test_a_call_and_its_operator_are_the_same() -> None:
    a, b = xgpu.asarray([1.0, 2.0]), xgpu.asarray([3.0, 5.0])
    with xgpu.trace() as trace:
        xgpu.materialize(a * b, xgpu.multiply(a, b))
    assert trace.kernels[0].ops == ("multiply", "multiply")


class Other:
    """An operand that knows xgpu's arrays."""

    def __radd__(self, other: Any) -> str:
        return "added"

    def __gt__(self, other: Any) -> str:
        return "greater"


def test_operands_of_other_types() -> None:
    x: Any = xgpu.ones(2)
    assert x + Other() == "added"
    assert (x < Other()) == "greater"
    for value in ("1", None, [1.0, 2.0]):
        with pytest.raises(TypeError, match="unsupported operand"):
            x + value
        with pytest.raises(TypeError, match="unsupported operand"):
            x -= value
        with pytest.raises(TypeError, match="not supported"):
            x < value  # noqa: B015
    mixtures: list[Callable[[], Any]] = [lambda: x + np.ones(2), lambda: np.ones(2) + x]
    for mixture in mixtures:
        with pytest.raises(TypeError, match=r"xgpu\.asarray"):
            mixture()


# Attributes


def test_attributes(device: xgpu.Device) -> None:
    x = xgpu.zeros((2, 3, 4), dtype=xgpu.int16, device=device)
    assert (x.shape, x.ndim, x.size) == ((2, 3, 4), 3, 24)
    assert (x.itemsize, x.nbytes) == (2, 48)
    assert x.dtype is xgpu.int16
    assert x.device is device
    view = x[0, ::2]
    assert (view.shape, view.dtype, view.device) == ((2, 4), xgpu.int16, device)
    with pytest.raises(AttributeError):
        x.shape = (24,)  # type: ignore[misc]


def test_transposes() -> None:
    x = np.arange(6).reshape(2, 3)
    a = xgpu.asarray(x)
    same(a.T, x.T)
    same(a.mT, x.T)
    a.T[2, 1] = 50
    assert int(a[1, 2]) == 50
    with pytest.raises(ValueError, match="2 axes, got 3"):
        _ = a[None].T
    with pytest.raises(ValueError, match="at least 2 axes"):
        _ = a[0].mT


def test_an_array_is_made_by_functions_alone() -> None:
    with pytest.raises(TypeError, match=r"xgpu\.asarray"):
        xgpu.Array()
    with pytest.raises(TypeError, match="unhashable"):
        hash(xgpu.ones(1))


def test_namespace() -> None:
    x = xgpu.ones(1)
    assert x.__array_namespace__() is xgpu
    assert x.__array_namespace__(api_version="2025.12") is xgpu
    with pytest.raises(ValueError, match=r"2025\.12 of the standard: not 2021\.12"):
        x.__array_namespace__(api_version="2021.12")


# Reading


def test_conversions() -> None:
    x = xgpu.asarray([[3, 0], [1, 2]])
    assert int(x[0, 0]) == 3
    assert float(x[0, 0]) == 3.0
    assert complex(x[0, 0]) == 3 + 0j
    assert bool(x[0, 0]) is True
    assert not x[0, 1]
    assert operator.index(x[1, 1]) == 2
    assert [10, 20, 30][x[1, 1]] == 30
    assert type(float(xgpu.asarray(2.5))) is float
    assert int(xgpu.asarray(-2.9)) == -2
    assert complex(xgpu.asarray(1 + 2j)) == 1 + 2j
    assert bool(xgpu.asarray([[0.5]]))


@pytest.mark.parametrize(
    ("call", "given", "error", "said"),
    [
        (float, [1.0], TypeError, r"only a 0-d array .* float: got shape \(1,\)"),
        (int, [1, 2], TypeError, "only a 0-d array"),
        (float, 1j, TypeError, "complex128 cannot be converted to float"),
        (int, 1j, TypeError, "complex128 cannot be converted to int"),
        (operator.index, 1.0, TypeError, "float64 cannot be converted to an index"),
        (operator.index, True, TypeError, "bool cannot be converted to an index"),
        (bool, [1, 2], ValueError, r"truth value of an array of shape \(2,\) is ambiguous"),
        (bool, [], ValueError, "ambiguous"),
        (len, 1.0, TypeError, r"len\(\) of a 0-d array"),
        (iter, 1.0, TypeError, "iteration over a 0-d array"),
        (int, float("nan"), ValueError, "NaN"),
    ],
)
def test_conversions_refused(
    call: Callable[[Any], Any], given: Any, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        call(xgpu.asarray(given))


def test_len_and_iteration() -> None:
    x = np.arange(6).reshape(3, 2)
    a = xgpu.asarray(x)
    assert len(a) == 3
    for part, expected in zip(a, x, strict=True):
        same(part, expected)
        part += 10
    same(a, np.arange(6).reshape(3, 2) + 10)
    assert [int(v) for v in xgpu.arange(3)] == [0, 1, 2]


def test_to_numpy() -> None:
    a = xgpu.asarray([[1, 2], [3, 4]], dtype=xgpu.int8)
    given = np.array(a.T)
    np.testing.assert_array_equal(given, np.asarray([[1, 3], [2, 4]], "int8"), strict=True)
    given[...] = 0
    same(a, np.asarray([[1, 2], [3, 4]], "int8"))
    np.asarray(a.T)[0, 1] = 5
    same(a, np.asarray([[1, 2], [5, 4]], "int8"))
    assert np.asarray(a, dtype="float32").dtype == np.float32


def test_an_array_elsewhere_is_not_handed_to_numpy(device: xgpu.Device) -> None:
    if device.type == "cpu":
        pytest.skip("arrays on cpu are handed over")
    with pytest.raises(TypeError, match=r"xgpu\.to_device\(x, 'cpu'\)"):
        np.asarray(xgpu.ones(2, device=device))


def test_printing(device: xgpu.Device) -> None:
    text = repr(xgpu.asarray([[1.5, 2.0]], device=device)[:, ::-1])
    assert text.startswith("Array([[2. , 1.5]]")
    assert "float64" in text
    assert str(xgpu.asarray(3)).startswith("Array(3")


# Indexing

KEYS: list[Any] = [
    0,
    -1,
    (1, 2),
    (0, -1, 1),
    slice(None),
    slice(1, None),
    slice(None, None, -1),
    slice(10, 0, -2),
    slice(-100, 100),
    slice(2, 1),
    (slice(None), slice(None, None, 2)),
    (Ellipsis, 0),
    (0, Ellipsis, slice(1, 3)),
    (Ellipsis,),
    (None, 0),
    (slice(None), None, 1),
    (None, Ellipsis, None),
    (),
    np.int64(1),
    (slice(np.int8(0), 2), 1),
]


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_indexing_and_assignment(key: Any, device: xgpu.Device) -> None:
    x = np.arange(24).reshape(2, 3, 4)
    a = xgpu.asarray(x, device=device)
    same(a[key], x[key])
    a[key] = 99
    x[key] = 99
    same(a, x)
    a[key] = a[key] + 1
    x[key] = x[key] + 1
    same(a, x)


def test_an_array_as_index() -> None:
    a = xgpu.asarray([10, 20, 30])
    assert int(a[xgpu.asarray(1)]) == 20
    same(a[xgpu.asarray(1) : xgpu.asarray(3)], np.asarray([20, 30]))


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (2, "index 2 is out of bounds for axis 0 with size 2"),
        (-3, "index -3 is out of bounds"),
        ((0, 3), "index 3 is out of bounds for axis 1 with size 3"),
        ((0, 0, 0, 0), "too many indices: array is|too many indices for array"),
        ((Ellipsis, Ellipsis), "single ellipsis"),
        (1.0, "valid indices"),
        ("x", "valid indices"),
        (slice(0.5, 1), "slice indices must be integers"),
        ([0, 2], "index 2 is out of bounds for axis 0 with size 2"),
        ([0.5], "integer or bool dtype: got float64"),
    ],
)
def test_indices_refused(key: Any, said: str) -> None:
    a = xgpu.zeros((2, 3, 4))
    with pytest.raises(IndexError, match=said):
        a[key]
    with pytest.raises(IndexError, match=said):
        a[key] = 0.0


def test_a_step_of_zero() -> None:
    with pytest.raises(ValueError, match="step cannot be zero"):
        xgpu.zeros(3)[::0]


@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_assignment_casts_within_a_kind(dtype: np.dtype[Any]) -> None:
    for other in ALL:
        a, value = xgpu.zeros(3, dtype=dtype), xgpu.ones(3, dtype=other)
        if np.can_cast(other, dtype, "same_kind"):
            a[1:] = value[1:]
            same(a, np.asarray([0, 1, 1], dtype))
        else:
            with pytest.raises(TypeError, match=f"cannot assign {other} to an array of {dtype}"):
                a[1:] = value[1:]


@pytest.mark.parametrize(
    ("dtype", "value", "error", "said"),
    [
        ("int8", 1.5, TypeError, "cannot put 1.5 into an array of int8"),
        ("float32", 1j, TypeError, "cannot put 1j"),
        ("bool", 1, TypeError, "cannot put 1 into an array of bool"),
        ("uint8", 256, OverflowError, "256"),
        ("uint8", -1, OverflowError, "-1"),
        ("int8", "1", TypeError, "str"),
        ("int8", None, TypeError, "NoneType"),
        ("int8", [1, 2], TypeError, "list"),
    ],
)
def test_assignment_refused(dtype: str, value: Any, error: type[Exception], said: str) -> None:
    a = xgpu.zeros(2, dtype=np.dtype(dtype))
    with pytest.raises(error, match=said):
        a[...] = value
    same(a, np.zeros(2, dtype))


def test_assignment_of_shapes() -> None:
    a = xgpu.zeros((2, 3))
    a[...] = xgpu.asarray([1.0, 2.0, 3.0])
    a[:, 0] = xgpu.asarray([[[7.0, 8.0]]])
    a[0] = xgpu.asarray(5.0)
    same(a, np.asarray([[5.0, 5.0, 5.0], [8.0, 2.0, 3.0]]))
    with pytest.raises(ValueError, match=r"from shape \(2,\) into shape \(2, 3\)"):
        a[...] = xgpu.ones(2)
    with pytest.raises(TypeError, match=r"xgpu\.asarray"):
        a[0] = np.ones(3)  # type: ignore[assignment]


# Aliasing


def test_a_write_is_seen_by_every_view_and_by_no_copy(device: xgpu.Device) -> None:
    x = np.arange(12.0).reshape(3, 4)
    a = xgpu.asarray(x, device=device)
    row, turned, copied, pending = a[1], a.T, xgpu.asarray(a, copy=True), a * 2.0
    square = xgpu.reshape(a, (2, 6))
    row[::2] = -1.0
    turned[3] += 100.0
    square[0, 0] = 7.0
    expected = x.copy()
    expected[1, ::2] = -1.0
    expected[:, 3] += 100.0
    expected[0, 0] = 7.0
    same(a, expected)
    same(row, expected[1])
    same(turned, expected.T)
    same(square, expected.reshape(2, 6))
    same(copied, x)
    same(pending, x * 2.0)


def test_an_in_place_write_to_an_unshared_array_copies_nothing() -> None:
    a = xgpu.asarray(np.arange(1000.0))
    with xgpu.trace() as trace:
        a[:10] = 0.0
        a[10:20] += 1.0
        xgpu.materialize(a)
    assert [kernel.ops for kernel in trace.kernels] == [(), ("add",)]
    assert sum(kernel.bytes for kernel in trace.kernels) == (10 + 2 * 10) * 8


def test_a_pending_result_keeps_the_values_of_its_own_time() -> None:
    a = xgpu.asarray([1.0, 2.0])
    b = a + 10.0
    a[0] = 5.0
    c = a + b
    a *= 0.0
    same(c, np.asarray([16.0, 14.0]))
    same(b, np.asarray([11.0, 12.0]))
    same(a, np.asarray([0.0, 0.0]))
    assert host(b).sum() == 23.0


def test_a_copy_by_the_module_copy_is_an_array_of_its_own(device: xgpu.Device) -> None:
    a = xgpu.asarray([1.0, 2.0, 3.0], device=device)
    copies = [copy.copy(a), copy.deepcopy(a), copy.deepcopy({"view": a[::-1]})["view"]]
    a[:] = 0.0
    for made, expected in zip(copies, ([1, 2, 3], [1, 2, 3], [3, 2, 1]), strict=True):
        assert made.device is device
        same(made, np.asarray(expected, dtype=np.float64))
