"""Steps that write: by basic keys, by masks, by arrays of integers, in place."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

import numpy as np

import xgpu
from tests.programs.eager_and_lazy.elementwise import scalar
from tests.programs.eager_and_lazy.machine import Machine, Twin
from tests.programs.eager_and_lazy.selecting import integers, mask

IN_PLACE: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+=": operator.iadd,
    "-=": operator.isub,
    "*=": operator.imul,
    "/=": operator.itruediv,
    "//=": operator.ifloordiv,
    "%=": operator.imod,
    "**=": operator.ipow,
    "&=": operator.iand,
    "|=": operator.ior,
    "^=": operator.ixor,
    "<<=": operator.ilshift,
    ">>=": operator.irshift,
    "@=": operator.imatmul,
}
_ONLY: Final = {"/=": "fc", "&=": "biu", "|=": "biu", "^=": "biu", "<<=": "iu", ">>=": "iu"}


def assign(m: Machine) -> None:
    """``x[key] = value`` by a basic key: a scalar, an array, something computed from one."""
    twin = m.pick()
    if twin is not None:
        key = m.key(twin.shape)
        _put(m, twin, f"{key}", lambda _: key)


def assign_by_mask(m: Machine) -> None:
    """``x[mask] = value``."""
    twin = m.pick(of=lambda t: bool(t.rank))
    if twin is None:
        return
    host = mask(m, twin)
    if m.coin():
        _put(m, twin, f"{host.tolist()}", lambda x: xgpu.asarray(host, device=x.device))
    else:
        _put(m, twin, "x != x[:1]", lambda x: x != x[:1])


def assign_by_integers(m: Machine) -> None:
    """``x[integers] = value``, in which integers may be equal."""
    twin = m.pick(of=lambda t: bool(t.rank))
    if twin is None:
        return
    host = integers(m, m.random.choice([(2,), (4,), (2, 2), (0,)]), twin.shape[0])
    text = f"{host.tolist()}"
    if m.coin(3) and twin.rank > 1:
        part = m.slice(twin.shape[1])
        _put(m, twin, f"{text}, {part}", lambda x: (xgpu.asarray(host, device=x.device), part))
    else:
        _put(m, twin, text, lambda x: xgpu.asarray(host, device=x.device))


def update(m: Machine) -> None:
    """An operator in place, with a scalar or a part of any array."""
    text = m.random.choice(sorted(IN_PLACE))
    change = IN_PLACE[text]
    kinds = _ONLY.get(text, "iufc")
    twin = m.pick(kinds)
    if twin is None:
        return
    other = m.meeting(twin, kinds)
    if m.coin() or other is None:
        value = scalar(m, twin)
        m.step(f"{{}} {text} {value!r}", lambda x: _nothing(change(x, value)), twin)
        return
    key = m.key(other.shape) if m.coin(3) else (Ellipsis,)
    m.step(f"{{}} {text} {{}}[{key}]", lambda x, y: _nothing(change(x, y[key])), twin, other)


def shift(m: Machine) -> None:
    """Overlapping parts of one array: shifted, reversed, transposed."""
    twin = m.pick("iufc", of=lambda t: bool(t.rank))
    if twin is None:
        return
    parts: list[tuple[Any, Any]] = [
        (slice(1, None), slice(None, -1)),
        (slice(None, -1), slice(1, None)),
        (slice(None), slice(None, None, -1)),
        (slice(None, None, 2), slice(None, (twin.shape[0] + 1) // 2)),
    ]
    to, source = m.random.choice(parts)
    half = m.coin()
    m.step(
        f"{{0}}[{to}] = {{0}}[{source}] * {{0}}[{source}]" if half else f"{{0}}[{to}] += ...",
        (lambda x: x.__setitem__(to, x[source] * x[source]))
        if half
        else (lambda x: _nothing(IN_PLACE["+="](x[to], x[source]))),
        twin,
    )


def _put(m: Machine, twin: Twin, text: str, key: Callable[[Any], Any]) -> None:
    kind = m.random.randrange(5)
    value = scalar(m, twin)
    text = text.replace("{", "{{").replace("}", "}}")
    if kind == 0:
        m.step(f"{{}}[{text}] = {value!r}", lambda x: x.__setitem__(key(x), value), twin)
    elif kind == 1 and twin.kind != "b":
        m.step(
            f"{{}}[{text}] += {value!r}",
            lambda x: _add(x, key(x), value),
            twin,
        )
    elif kind == 2 and twin.rank:
        m.step(
            f"{{0}}[{text}] = flip({{0}}[{text}])",
            lambda x: x.__setitem__(key(x), xgpu.flip(x[key(x)])),
            twin,
        )
    else:
        other = m.pick(of=lambda t: bool(np.can_cast(t.dtype, twin.dtype, "same_kind")))
        if other is None:
            return
        if kind == 3 or other.kind == "b":
            m.step(f"{{}}[{text}] = {{}}", lambda x, y: x.__setitem__(key(x), y), twin, other)
        else:
            m.step(
                f"{{0}}[{text}] = {{1}} + {{0}}[{text}]",
                lambda x, y: x.__setitem__(key(x), xgpu.astype(y + x[key(x)], x.dtype)),
                twin,
                other,
            )


def _add(x: Any, key: Any, value: Any) -> None:
    x[key] += value


def _nothing(_: Any) -> None:
    """In-place operators give their operand back, which is in the pool already."""
