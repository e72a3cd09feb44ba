"""A program of many calls as plain data: carried out, written as a script, packed into an id.

Steps are lists of JSON's values, so an id holds no code. Those that make a value number it x0, x1
and so on; others write to one, or let it go.
"""

from __future__ import annotations

import base64
import json
import operator
import zlib
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

import xgpu
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType
from xgpu_conformance.case import host
from xgpu_conformance.ulp import Values, kind

Step = list[Any]
"""``[what, ...]``; what it is followed by is said where it is carried out."""

VALUES: Final[dict[str, tuple[Any, ...]]] = {
    "b": (False, True, True),
    "i": (0, 1, 2, 3, -1, -2, 7, 100, -128),
    "u": (0, 1, 2, 3, 7, 200),
    "f": (0.0, 1.0, -1.0, 0.5, 3.0, -2.25, 1024.0, float("inf"), float("nan")),
    "c": (0j, 1 + 2j, -0.5 + 1j, 3 - 1j),
}
"""What leaves are filled with, over and over."""

IN_PLACE: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+=": operator.iadd,
    "-=": operator.isub,
    "*=": operator.imul,
    "&=": operator.iand,
    "|=": operator.ior,
    "^=": operator.ixor,
}
LONGEST: Final = 1 << 20
"""Bytes of text that an id may stand for."""
MAKING: Final = frozenset(
    {"leaf", "call", "reduce", "get", "permute", "reshape", "broadcast", "cast"}
)
"""Steps that make a value."""


def leaf(dtype: DType, shape: Sequence[int], start: int) -> Values:
    """The values of a leaf."""
    values = VALUES[kind(dtype)]
    count = int(np.prod(shape, dtype=np.int64))
    chosen = [values[(start + 3 * i + i // len(values)) % len(values)] for i in range(count)]
    wide = {"f": np.float64, "c": np.complex128}.get(kind(dtype), np.int64)
    return np.asarray(chosen, wide).astype(dtype).reshape(tuple(shape))


def carried_out(steps: Sequence[Step], device: xgpu.Device) -> dict[int, Values]:
    """The values that are left at the end, by number.

    Raises:
        ValueError: a step is none that there is, or names a value that is not there.
        Exception: whatever a call raises.
    """
    values: dict[int, xgpu.Array] = {}
    count = 0
    for step in steps:
        try:
            made = _step(step, values, device)
        except KeyError as error:
            raise ValueError(f"a step of the program cannot be carried out: {step}") from error
        if step[0] in MAKING:
            values[count] = made
            count += 1
    xgpu.materialize(*values.values())
    return {number: host(x) for number, x in values.items()}


def _step(step: Step, values: dict[int, xgpu.Array], device: xgpu.Device) -> Any:
    what, *rest = step
    if what == "leaf":
        dtype, shape, start = rest
        return xgpu.asarray(leaf(_dtype(dtype), shape, start), device=device)
    if what == "call":
        name, arguments = rest
        return FUNCTIONS[name](*(_argument(a, values) for a in arguments))
    if what == "drop":
        del values[rest[0]]
        return None
    x = values[rest[1] if what == "reduce" else rest[0]]
    if what == "reduce":
        return FUNCTIONS[rest[0]](x, axis=rest[2])
    if what == "get":
        return x[_key(rest[1])]
    if what == "permute":
        return xgpu.permute_dims(x, tuple(rest[1]))
    if what == "reshape":
        return xgpu.reshape(x, tuple(rest[1]))
    if what == "broadcast":
        return xgpu.broadcast_to(x, tuple(rest[1]))
    if what == "cast":
        return xgpu.astype(x, _dtype(rest[1]))
    if what == "set":
        x[_key(rest[1])] = _argument(rest[2], values)
        return None
    part = x[_key(rest[1])]
    x[_key(rest[1])] = IN_PLACE[rest[2]](part, _argument(rest[3], values))
    return None


UNARY: Final = [
    "abs",
    "bitwise_invert",
    "ceil",
    "conj",
    "exp",
    "floor",
    "imag",
    "isfinite",
    "isnan",
    "log1p",
    "logical_not",
    "negative",
    "positive",
    "real",
    "round",
    "sign",
    "sin",
    "sqrt",
    "square",
    "tanh",
    "trunc",
]
BINARY: Final = [
    "add",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "divide",
    "equal",
    "floor_divide",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "logical_and",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "multiply",
    "not_equal",
    "remainder",
    "subtract",
    "where",
    "matmul",
]
REDUCING: Final = [
    "all",
    "any",
    "argmax",
    "argmin",
    "count_nonzero",
    "cumulative_sum",
    "flip",
    "max",
    "min",
    "prod",
    "roll",
    "sort",
    "argsort",
    "sum",
]
FUNCTIONS: Final[dict[str, Any]] = {
    **{name: getattr(xgpu, name) for name in (*UNARY, *BINARY, *REDUCING)},
    "roll": lambda x, axis: xgpu.roll(x, 1, axis=axis),
}
"""What programs may call: nothing else, whatever an id says."""


def _dtype(name: str) -> DType:
    return {d.name: d for d in dtypes.ALL}[name]


def _argument(given: Any, values: dict[int, xgpu.Array]) -> Any:
    """``3`` is the value x3; ``{"scalar": 2}`` is 2, ``{"scalar": [1, 2]}`` is 1 + 2j."""
    if not isinstance(given, dict):
        return values[given]
    scalar = given["scalar"]
    return complex(*scalar) if isinstance(scalar, list) else scalar


def _key(parts: Sequence[Any]) -> tuple[Any, ...]:
    """``[0, 3, 1]`` is 0:3:1, a number itself, None a new axis."""
    return tuple(slice(*p) if isinstance(p, list) else p for p in parts)


# As a script


def script(steps: Sequence[Step], device: str) -> str:
    """A program that runs by itself: lazily, and each call at once."""
    lines, count, alive = [], 0, []
    for step in steps:
        name = f"x{count}"
        lines.append(f"    {_written(step, name)}")
        if step[0] in MAKING:
            alive.append(name)
            count += 1
        elif step[0] == "drop":
            alive.remove(f"x{step[1]}")
    body = "\n".join(lines)
    return f"""import xgpu as xp
from xgpu import inf, nan

xp.set_default_device({device!r})


def program():
{body}
    return {", ".join(alive)},


print(*program(), sep="\\n")
with xp.eager():
    print(*program(), sep="\\n")
"""


def _written(step: Step, name: str) -> str:
    what, *rest = step
    if what == "leaf":
        values = leaf(_dtype(rest[0]), rest[1], rest[2])
        listed = repr(values.astype(object).tolist() if rest[0] != "bfloat16" else
                      values.astype(float).tolist())  # fmt: skip
        text = f"{name} = xp.asarray({listed}, dtype=xp.{rest[0]})"
        return (
            text if 0 not in rest[1] else f"{name} = xp.zeros({tuple(rest[1])}, dtype=xp.{rest[0]})"
        )
    if what == "call":
        return f"{name} = xp.{rest[0]}({', '.join(_spelled(a) for a in rest[1])})"
    if what == "reduce":
        shift = ", 1" if rest[0] == "roll" else ""
        return f"{name} = xp.{rest[0]}(x{rest[1]}{shift}, axis={rest[2]})"
    if what == "get":
        return f"{name} = x{rest[0]}[{_indexed(rest[1])}]"
    if what in ("permute", "reshape", "broadcast"):
        called = {"permute": "permute_dims", "broadcast": "broadcast_to"}.get(what, what)
        return f"{name} = xp.{called}(x{rest[0]}, {tuple(rest[1])})"
    if what == "cast":
        return f"{name} = xp.astype(x{rest[0]}, xp.{rest[1]})"
    if what == "drop":
        return f"del x{rest[0]}"
    if what == "set":
        return f"x{rest[0]}[{_indexed(rest[1])}] = {_spelled(rest[2])}"
    return f"x{rest[0]}[{_indexed(rest[1])}] {rest[2]} {_spelled(rest[3])}"


def _spelled(argument: Any) -> str:
    return f"x{argument}" if not isinstance(argument, dict) else repr(_argument(argument, {}))


def _indexed(parts: Sequence[Any]) -> str:
    def one(part: Any) -> str:
        if not isinstance(part, list):
            return repr(part)
        start, stop, step = ("" if p is None else str(p) for p in part)
        return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"

    return ", ".join(map(one, parts)) or "..."


# In an id


def packed(steps: Sequence[Step]) -> str:
    """The steps as a word of letters, digits, - and _."""
    text = json.dumps(list(steps), separators=(",", ":"))
    return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


def unpacked(word: str) -> list[Step]:
    """The steps in a word.

    Raises:
        ValueError: it holds none.
    """
    try:
        data = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
        unzipping = zlib.decompressobj()
        text = unzipping.decompress(data, LONGEST)
        steps = json.loads(text) if unzipping.eof else None
    except (ValueError, zlib.error):
        raise ValueError(f"program={word!r} of an id holds no program") from None
    if not (isinstance(steps, list) and all(isinstance(s, list) and s for s in steps)):
        raise ValueError(f"program={word!r} of an id holds no steps")
    return steps
