"""Steps that compute element by element: every function, casts, chains of temporaries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import xgpu
from tests.programs.eager_and_lazy.machine import Machine, Twin
from xgpu.plugin import dtypes

#: Functions of one operand by the kinds of dtype that they take.
UNARY: Final[dict[str, str]] = {
    **dict.fromkeys(
        [
            "acos",
            "acosh",
            "asin",
            "asinh",
            "atan",
            "atanh",
            "cos",
            "cosh",
            "exp",
            "expm1",
            "log",
            "log10",
            "log1p",
            "log2",
            "reciprocal",
            "sin",
            "sinh",
            "sqrt",
            "tan",
            "tanh",
        ],
        "fc",
    ),
    **dict.fromkeys(
        [
            "abs",
            "isfinite",
            "isinf",
            "isnan",
            "negative",
            "positive",
            "real",
            "conj",
            "round",
            "sign",
            "square",
        ],
        "iufc",
    ),
    **dict.fromkeys(["ceil", "floor", "trunc"], "iuf"),
    "bitwise_invert": "biu",
    "imag": "c",
    "logical_not": "b",
    "signbit": "f",
}
BINARY: Final[dict[str, str]] = {
    **dict.fromkeys(["add", "subtract", "multiply", "equal", "not_equal"], "iufc"),
    **dict.fromkeys(["divide", "pow"], "fc"),
    **dict.fromkeys(
        [
            "floor_divide",
            "remainder",
            "maximum",
            "minimum",
            "less",
            "less_equal",
            "greater",
            "greater_equal",
        ],
        "iuf",
    ),
    **dict.fromkeys(["atan2", "copysign", "hypot", "logaddexp", "nextafter"], "f"),
    **dict.fromkeys(["bitwise_and", "bitwise_or", "bitwise_xor"], "biu"),
    **dict.fromkeys(["bitwise_left_shift", "bitwise_right_shift"], "iu"),
    **dict.fromkeys(["logical_and", "logical_or", "logical_xor"], "b"),
}
OPERATORS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
    "<": lambda a, b: a < b,
    "==": lambda a, b: a == b,
    "&": lambda a, b: a & b,
    "<<": lambda a, b: a << b,
}


def unary(m: Machine) -> None:
    """A function of one operand."""
    name = m.random.choice(sorted(UNARY))
    twin = m.pick(UNARY[name])
    if twin is not None:
        m.step(f"{name}({{}})", function(name), twin)


def binary(m: Machine) -> None:
    """A function of two operands, one of them a scalar now and then."""
    name = m.random.choice(sorted(BINARY))
    kinds = BINARY[name]
    twin = m.pick(kinds)
    if twin is None:
        return
    call = function(name)
    if m.coin(3):
        value = scalar(m, twin)
        if m.coin():
            m.step(f"{name}({{}}, {value!r})", lambda x: call(x, value), twin)
        else:
            m.step(f"{name}({value!r}, {{}})", lambda x: call(value, x), twin)
        return
    other = m.meeting(twin, kinds)
    if other is not None:
        m.step(f"{name}({{}}, {{}})", call, twin, other)


def function(name: str) -> Callable[..., Any]:
    """A function of the library; those that show the sign of NaN, which is left open, get none."""
    call: Callable[..., Any] = getattr(xgpu, name)
    if name not in ("copysign", "signbit"):
        return call
    return lambda *operands: call(*[_number(x) for x in operands])


def operate(m: Machine) -> None:
    """An operator, of any dtypes."""
    text = m.random.choice(sorted(OPERATORS))
    call, twin = OPERATORS[text], m.pick()
    if twin is None:
        return
    other = m.meeting(twin)
    if m.coin(3) or other is None:
        value = scalar(m, twin)
        if m.coin():
            m.step(f"{{}} {text} {value!r}", lambda x: call(x, value), twin)
        else:
            m.step(f"{value!r} {text} {{}}", lambda x: call(value, x), twin)
        return
    m.step(f"{{}} {text} {{}}", call, twin, other)


def choose(m: Machine) -> None:
    """``where`` and ``clip``."""
    twin = m.pick("iuf")
    if twin is None:
        return
    other = m.meeting(twin) or twin
    third = m.meeting(twin) or twin
    low, high = sorted(m.random.choices([-2, -1, 0, 1, 3], k=2))
    calls: dict[str, Any] = {
        "where({} > 0, {}, {})": lambda x, y, z: xgpu.where(x > 0, y, z),
        "where({} != {}, {}, 1)": lambda x, y, z: xgpu.where(x != y, z, 1),
        f"clip({{}}, {low}, {high}); {{}}; {{}}": lambda x, y, z: xgpu.clip(x, low, high),
        f"clip({{}}, max={high}); {{}}; {{}}": lambda x, y, z: xgpu.clip(x, max=high),
        "clip({}, {}, {})": xgpu.clip,
    }
    text = m.random.choice(sorted(calls))
    m.step(text, calls[text], twin, other, third)


def cast(m: Machine) -> None:
    """A conversion. From floats to integers only of what they hold: the rest is undefined."""
    twin = m.pick()
    if twin is None:
        return
    dtype = m.random.choice(dtypes.ALL)
    copy = m.coin()
    if twin.kind == "c" and dtype.kind not in "bc":
        m.step("abs(real({}))", lambda x: xgpu.abs(xgpu.real(x)), twin)
    elif twin.kind == "f" and dtype.kind in "iu":
        low = 0 if dtype.kind == "u" else -120
        m.step(
            f"astype(where({low} < {{}} < 120, 0), {dtype})",
            lambda x: xgpu.astype(xgpu.where((x > low) & (x < 120), x, 0), dtype),
            twin,
        )
    else:
        m.step(
            f"astype({{}}, {dtype}, copy={copy})", lambda x: xgpu.astype(x, dtype, copy=copy), twin
        )


def chain(m: Machine) -> None:
    """Several functions whose intermediate results nobody holds, or one is held and viewed."""
    twin = m.pick("f")
    if twin is None:
        return
    other = m.meeting(twin, "f") or twin
    names = m.random.choices(sorted(n for n, kinds in UNARY.items() if kinds == "fc"), k=4)
    first, second, third, fourth = (getattr(xgpu, name) for name in names)
    calls: dict[str, Any] = {
        "{0}({1}({{}}) + {2}({{}})) * {3}({{}})": lambda x, y: (
            first(second(x) + third(y)) * fourth(x)
        ),
        "{0}(flip({1}({{}}))) - {2}({{}})": lambda x, y: first(xgpu.flip(second(x))) - third(y),
        "{0}({1}({{}})[..., None] * {2}({{}}))": lambda x, y: first(
            second(x)[..., None] * third(y)
        ),
        "t = {0}({{}}); t, {1}(t) / {2}({{}})": lambda x, y: _kept(first(x), second, third(y)),
        "{0}(reshape({1}({{}}), -1)) {{}}": lambda x, y: first(xgpu.reshape(second(x), (-1,))),
    }
    text = m.random.choice(sorted(calls))
    filled = text.format(*names)
    if filled.count("{}") == 3:
        filled = filled.replace("{}", "{0}", 1).replace("{}", "{1}", 1).replace("{}", "{0}", 1)
    m.step(filled, calls[text], twin, other)


def scalar(m: Machine, twin: Twin) -> Any:
    """A Python scalar that arrays of the twin's dtype take."""
    kind = twin.kind
    choices: list[Any] = [True, False]
    if kind in "iufc":
        choices += [0, 1, 2, 3, 7] + ([-1, -3] if kind != "u" else [])
    if kind in "fc":
        choices += [0.5, -0.0, 1e-3, float("inf"), -2.25]
    if kind == "c":
        choices += [1j, 2 - 0.5j]
    return m.random.choice(choices)


def _number(x: Any) -> Any:
    return xgpu.where(x == x, x, 1) if isinstance(x, xgpu.Array) else x


def _kept(x: Any, call: Any, y: Any) -> Any:
    return x, call(x) / y
