"""Steps along sorted or running elements, and products of integers: exact in any order."""

from __future__ import annotations

from typing import Any

import numpy as np

import xgpu
from tests.programs.beside_numpy.machine import Machine
from tests.programs.parts import ordered


def sort(m: Machine) -> None:
    """``sort`` and ``argsort``."""
    pair = m.pick("biuf", of=lambda p: bool(p.np.ndim))
    if pair is None:
        return
    a, x, axis, descending = pair.np, pair.xp, m.axis(pair.np.ndim), m.coin()
    how: dict[str, Any] = {"axis": axis, "descending": descending}
    m.choose(
        f"of {pair.name}: {how}",
        {
            "sort": (
                lambda: np.take_along_axis(a, _order(a, axis, descending), axis),
                lambda: xgpu.sort(x, stable=m.coin(), **how),
            ),
            "argsort": (lambda: _order(a, axis, descending), lambda: xgpu.argsort(x, **how)),
        },
    )


def accumulate(m: Machine) -> None:
    """``cumulative_sum``, ``cumulative_prod`` and ``diff`` of integers."""
    pair = m.pick("iu", of=lambda p: bool(p.np.ndim))
    if pair is None:
        return
    a, x, axis, initial, n = pair.np, pair.xp, m.axis(pair.np.ndim), m.coin(), m.random.randrange(3)
    how: dict[str, Any] = {"axis": axis, "include_initial": initial}
    m.choose(
        f"of {pair.name}: {how}, n={n}",
        {
            "cumulative_sum": (
                lambda: ordered(np.cumulative_sum(a, **how)),
                lambda: xgpu.cumulative_sum(x, **how),
            ),
            "cumulative_prod": (
                lambda: ordered(np.cumulative_prod(a, **how)),
                lambda: xgpu.cumulative_prod(x, **how),
            ),
            "diff": (
                lambda: ordered(np.diff(a, axis=axis, n=n)),
                lambda: xgpu.diff(x, axis=axis, n=n),
            ),
        },
    )


def search(m: Machine) -> None:
    """``nonzero``, ``isin`` and ``searchsorted``."""
    pair, other = m.pick("biuf"), m.pick("biuf")
    if pair is None or other is None:
        return
    a, x, b, y = pair.np, pair.xp, other.np, other.xp
    side: Any = m.random.choice(["left", "right"])
    m.choose(
        f"of {pair.name} and {other.name}: {side}",
        {
            "nonzero": (lambda: np.nonzero(a), lambda: xgpu.nonzero(x)),
            "isin": (lambda: ordered(np.isin(a, b)), lambda: xgpu.isin(x, y)),
            "searchsorted": (
                lambda: ordered(np.searchsorted(np.sort(a.reshape(-1)), b, side=side)),
                lambda: xgpu.searchsorted(xgpu.sort(xgpu.reshape(x, (-1,))), y, side=side),
            ),
        },
    )


def unique(m: Machine) -> None:
    """``unique_*``, each NaN an element of its own."""
    pair = m.pick("biuf")
    if pair is None:
        return
    a, x = pair.np, pair.xp
    m.choose(
        f"of {pair.name}",
        {
            "unique_values": (
                lambda: np.unique(a, equal_nan=False),
                lambda: xgpu.unique_values(x),
            ),
            "unique_counts": (
                lambda: np.unique(a, return_counts=True, equal_nan=False),
                lambda: xgpu.unique_counts(x),
            ),
            "unique_inverse": (
                # A NaN's place among them: the order is stable where NumPy gives indices.
                lambda: np.unique(a, True, True, equal_nan=False)[::2],
                lambda: xgpu.unique_inverse(x),
            ),
            "unique_all": (
                lambda: np.unique(a, True, True, True, equal_nan=False),
                lambda: xgpu.unique_all(x),
            ),
        },
    )


def multiply(m: Machine) -> None:
    """``matmul``, ``tensordot`` and ``vecdot`` of integers."""
    pair = m.pick("iu", of=lambda p: 0 < p.np.ndim < 4)
    if pair is None:
        return
    a, x = pair.np, pair.xp
    other = m.pick("iu", of=lambda p: bool(p.np.ndim and p.np.shape[0] == a.shape[-1])) or pair
    b, y = other.np, other.xp
    m.choose(
        f"of {pair.name} and {other.name}",
        {
            "matmul": (lambda: ordered(np.matmul(a, b)), lambda: xgpu.matmul(x, y)),
            "tensordot": (
                lambda: ordered(np.tensordot(a, b, axes=1)),
                lambda: xgpu.tensordot(x, y, axes=1),
            ),
            "vecdot": (
                lambda: ordered(np.vecdot(a, a)),
                lambda: xgpu.vecdot(x, x),
            ),
        },
    )


def _order(a: Any, axis: int, descending: bool) -> Any:
    """The stable order, NaN last in both directions."""
    if not descending:
        return np.argsort(a, axis=axis, stable=True)
    # Numbers that fall as the elements rise; NaN, which no element equals, comes after all.
    values = np.unique(a[a == a])
    keys = np.where(a == a, -np.searchsorted(values, a), 1)
    return np.argsort(keys, axis=axis, stable=True)
