"""Steps that compute: functions of one, two and three operands, reductions, joins."""

from __future__ import annotations

from typing import Any

import numpy as np

import xgpu
from tests.programs.beside_numpy.machine import Machine
from tests.programs.parts import (
    BITWISE,
    COMPARISONS,
    DTYPES,
    KINDS,
    REDUCTIONS,
    UNARY,
    ordered,
)


def binary(m: Machine) -> None:
    """A function of two operands, one of them a scalar now and then."""
    first = m.pick()
    if first is None:
        return
    kind = first.np.dtype.kind
    names = ["add", "subtract", *COMPARISONS[: 2 if kind == "c" else 6]]
    names += ["multiply", "maximum", "minimum"] if kind != "c" else []
    names += BITWISE if kind in "biu" else []
    name = m.random.choice(names)
    on_numpy, on_xgpu = getattr(np, name), getattr(xgpu, name)
    a, x = first.np, first.xp
    if m.coin(3):
        value = m.scalar(a.dtype)
        if m.coin():
            m.both(
                f"{name}({first.name}, {value!r})",
                lambda: ordered(on_numpy(a, value)),
                lambda: on_xgpu(x, value),
            )
        else:
            m.both(
                f"{name}({value!r}, {first.name})",
                lambda: ordered(on_numpy(value, a)),
                lambda: on_xgpu(value, x),
            )
        return
    # Complex numbers only where no product or order of theirs is asked for.
    other = m.pick(KINDS if name in ("add", "subtract", "equal", "not_equal") else "biuf")
    if other is not None:
        m.both(
            f"{name}({first.name}, {other.name})",
            lambda: ordered(on_numpy(a, other.np)),
            lambda: on_xgpu(x, other.xp),
        )


def unary(m: Machine) -> None:
    """A function of one operand."""
    name = m.random.choice(sorted(UNARY))
    pair = m.pick(UNARY[name])
    if pair is not None:
        m.both(
            f"{name}({pair.name})",
            lambda: ordered(getattr(np, name)(pair.np)),
            lambda: getattr(xgpu, name)(pair.xp),
        )


def where(m: Machine) -> None:
    """A choice between two arrays by a comparison."""
    mask, first, second = m.pick("biuf"), m.pick(), m.pick()
    if mask is None or first is None or second is None:
        return
    m.both(
        f"where({mask.name} > 0, {first.name}, {second.name})",
        lambda: ordered(np.where(mask.np > 0, first.np, second.np)),
        lambda: xgpu.where(mask.xp > 0, first.xp, second.xp),
    )


def cast(m: Machine) -> None:
    """A conversion whose result no platform leaves open."""
    pair = m.pick()
    if pair is None:
        return
    a, x = pair.np, pair.xp
    dtype = np.dtype(m.random.choice(DTYPES))
    if a.dtype.kind == "c" and dtype.kind not in "bc":
        return
    if a.dtype.kind == "f" and dtype.kind in "iu":
        limits = np.iinfo(dtype)
        if not np.all((a >= float(limits.min)) & (a <= float(limits.max) / 2)):
            return
    copy = m.coin()
    m.both(
        f"astype({pair.name}, {dtype}, copy={copy})",
        lambda: a if dtype == a.dtype and not copy else a.astype(dtype, order="C"),
        lambda: xgpu.astype(x, dtype, copy=copy),
    )


def reduce(m: Machine) -> None:
    """A reduction that is exact in any order."""
    name = m.random.choice(sorted(REDUCTIONS))
    pair = m.pick(REDUCTIONS[name])
    if pair is None:
        return
    a, x, rank = pair.np, pair.xp, pair.np.ndim
    axis: Any = None
    if rank and not m.coin(3):
        axis = m.axis(rank)
        if m.coin() and not name.startswith("arg"):
            axis = tuple(m.random.sample(range(rank), m.random.randint(0, rank)))
    keep = {"axis": axis, "keepdims": m.coin()}
    m.both(
        f"{name}({pair.name}, {keep})",
        lambda: ordered(getattr(np, name)(a, **keep)),
        lambda: getattr(xgpu, name)(x, **keep),
    )


def join(m: Machine) -> None:
    """A function that puts copies together."""
    pair = m.pick(of=lambda p: 0 < p.np.ndim < 5)
    if pair is None:
        return
    a, x, rank = pair.np, pair.xp, pair.np.ndim
    other = m.pick(of=lambda p: bool(p.np.ndim == rank)) or pair
    b, y = other.np, other.xp
    axis = m.random.choice([None, m.axis(rank), m.axis(rank)])
    n = m.random.randrange(4)
    m.choose(
        f"of {pair.name} and {other.name}: axis={axis}, n={n}",
        {
            "concat": (
                lambda: ordered(np.concatenate([a, b, a], axis=axis)),
                lambda: xgpu.concat([x, y, x], axis=axis),
            ),
            "stack": (
                lambda: ordered(np.stack([a, b], axis=axis or 0)),
                lambda: xgpu.stack([x, y], axis=axis or 0),
            ),
            "tile": (lambda: ordered(np.tile(a, (n, 2))), lambda: xgpu.tile(x, (n, 2))),
            "repeat": (
                lambda: ordered(np.repeat(a, n, axis=axis)),
                lambda: xgpu.repeat(x, n, axis=axis),
            ),
            "roll": (
                lambda: ordered(np.roll(a, n - 5, axis=axis)),
                lambda: xgpu.roll(x, n - 5, axis=axis),
            ),
            "tril": (
                lambda: ordered(np.tril(a, k=n - 1) if rank > 1 else a),
                lambda: xgpu.tril(x, k=n - 1) if rank > 1 else xgpu.asarray(x, copy=True),
            ),
        },
    )
