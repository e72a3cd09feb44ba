"""Steps that write: assignments to basic keys, and operators in place."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.programs.beside_numpy.machine import Machine
from tests.programs.parts import IN_PLACE, KINDS, changed, nothing, ordered


def assign(m: Machine) -> None:
    """``x[key] = value``: a scalar, an array, or something computed from one."""
    pair = m.pick()
    if pair is None:
        return
    a, x, key = pair.np, pair.xp, m.key(pair.np.shape)
    if m.coin():
        value = m.scalar(a.dtype)
        m.both(
            f"{pair.name}[{key}] = {value!r}",
            lambda: a.__setitem__(key, value),
            lambda: x.__setitem__(key, value),
        )
        return
    other = m.pick(of=lambda p: bool(np.can_cast(p.np.dtype, a.dtype, "same_kind")))
    if other is None:
        return
    b, y = other.np, other.xp
    m.choose(
        f"{pair.name}[{key}] = f({other.name})",
        {
            "f(x) = x": (lambda: a.__setitem__(key, b.copy()), lambda: x.__setitem__(key, y)),
            "f(x) = x + x": (
                lambda: a.__setitem__(key, ordered(b + b)),
                lambda: x.__setitem__(key, y + y),
            ),
            "f(x) = x == x": (
                lambda: a.__setitem__(key, ordered(b == b)),
                lambda: x.__setitem__(key, y == y),
            ),
        },
    )


def shift(m: Machine) -> None:
    """Overlapping parts of one array: shifted, reversed, transposed; assigned or in place."""
    pair = m.pick(of=lambda p: bool(p.np.ndim))
    if pair is None:
        return
    a, x = pair.np, pair.xp
    parts: list[tuple[Any, Any]] = [
        (slice(1, None), slice(None, -1)),
        (slice(None, -1), slice(1, None)),
        (slice(None), slice(None, None, -1)),
        (slice(None, None, 2), slice(None, (a.shape[0] + 1) // 2)),
    ]
    if a.ndim > 1:
        column, row = (slice(None), slice(0, 1)), (slice(None), slice(-1, None))
        ends = ((Ellipsis, slice(1, None)), (Ellipsis, slice(None, -1)))
        parts += [(column, row), ends, (slice(None), slice(0, 1))]
    to, source = m.random.choice(parts)
    how = m.random.choice(["=", "= 2 *", "= reversed", "+=", "-="])
    text = f"{pair.name}[{to}] {how} {pair.name}[{source}]"
    if how in IN_PLACE:
        change = IN_PLACE[how]
        m.both(
            text,
            lambda: nothing(change(a[to], a[source])),
            lambda: nothing(change(x[to], x[source])),
        )
    else:
        m.both(
            text,
            # A copy first: NumPy itself gets a[::2] = a[:n] wrong, where the parts overlap.
            lambda: a.__setitem__(to, changed(a[source], how).copy()),
            lambda: x.__setitem__(to, changed(x[source], how)),
        )


def update(m: Machine) -> None:
    """An in-place operator on an array, with a scalar or a part of any array of the pool."""
    pair = m.pick()
    if pair is None:
        return
    a, x = pair.np, pair.xp
    kind = a.dtype.kind
    names = [*"+-", *("*" if kind != "c" else ""), *("&|^" if kind in "biu" else "")]
    name = m.random.choice(names) + "="
    change = IN_PLACE[name]
    if m.coin():
        value = m.scalar(a.dtype)
        m.both(
            f"{pair.name} {name} {value!r}",
            lambda: nothing(change(a, value)),
            lambda: nothing(change(x, value)),
        )
        return
    other = m.pick("biuf" if name == "*=" else KINDS)
    if other is None:
        return
    key = m.key(other.np.shape) if m.coin() else (Ellipsis,)
    m.both(
        f"{pair.name} {name} {other.name}[{key}]",
        lambda: nothing(change(a, other.np[key])),
        lambda: nothing(change(x, other.xp[key])),
    )
