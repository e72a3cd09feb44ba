"""Steps that select, search and order."""

from __future__ import annotations

from typing import Any

import numpy as np

import xgpu
from tests.programs.eager_and_lazy.machine import Machine, Twin


def mask(m: Machine, twin: Twin) -> Any:
    """A NumPy mask over the leading axes of an array."""
    shape = twin.shape[: m.random.randint(1, twin.rank)]
    chosen = m.random.choices([False, True], k=int(np.prod(shape)))
    return np.asarray(chosen, dtype=bool).reshape(shape)


def integers(m: Machine, shape: tuple[int, ...], length: int) -> Any:
    """NumPy integers that index an axis, now and then one that is out of range."""
    places = [m.place(length) for _ in range(int(np.prod(shape)))]
    return np.asarray(places, dtype=m.random.choice([np.int64, np.int32])).reshape(shape)


def select(m: Machine) -> None:
    """``x[mask]``, ``x[integers]`` with slices, ``take``, ``take_along_axis``, ``repeat``."""
    twin = m.pick(of=lambda t: 0 < t.rank < 5 and t.lazy.size < 500)
    if twin is None:
        return
    axis = m.axis(twin.rank)
    length = twin.shape[axis]
    chosen = mask(m, twin)
    first = integers(m, m.random.choice([(2,), (3,), (2, 2)]), twin.shape[0])
    line = integers(m, (m.random.randrange(4),), length)
    lengths = list(twin.shape)
    lengths[axis] = 2
    each = integers(m, tuple(lengths), length) if twin.lazy.size < 50 else None
    times = np.asarray(m.random.choices(range(3), k=length), dtype=np.int64)
    part = m.slice(twin.shape[-1])
    calls: dict[str, Any] = {
        f"{{}}[{chosen.tolist()}]": lambda x: x[_at(x, chosen)],
        "{0}[{0} == {0}]": lambda x: x[x == x],
        f"{{}}[{first.tolist()}]": lambda x: x[_at(x, first)],
        f"{{}}[{first.tolist()}, ..., {part}]": lambda x: x[_at(x, first), ..., part],
        f"take({{}}, {line.tolist()}, {axis})": lambda x: xgpu.take(x, _at(x, line), axis=axis),
        f"repeat({{}}, {times.tolist()}, {axis})": lambda x: xgpu.repeat(
            x, _at(x, times), axis=axis
        ),
    }
    if each is not None:
        calls[f"take_along_axis({{}}, {each.tolist()}, {axis})"] = lambda x: xgpu.take_along_axis(
            x, _at(x, each), axis=axis
        )
    text = m.random.choice(sorted(calls))
    m.step(text, calls[text], twin)


def order(m: Machine) -> None:
    """``sort`` and ``argsort``."""
    twin = m.pick(of=lambda t: bool(t.rank))
    if twin is None:
        return
    how = {"axis": m.axis(twin.rank), "descending": m.coin(), "stable": m.coin()}
    name = m.random.choice(["sort", "argsort"])
    call = getattr(xgpu, name)
    text = ", ".join(f"{k}={v}" for k, v in how.items())
    m.step(f"{name}({{}}, {text})", _with(call, how), twin)


def accumulate(m: Machine) -> None:
    """``cumulative_sum`` and ``cumulative_prod``."""
    twin = m.pick(of=lambda t: bool(t.rank))
    if twin is None:
        return
    axis, initial = m.axis(twin.rank), m.coin()
    name = m.random.choice(["cumulative_sum", "cumulative_prod"])
    call = _with(getattr(xgpu, name), {"axis": axis, "include_initial": initial})
    m.step(f"{name}({{}}, axis={axis}, include_initial={initial})", call, twin)


def search(m: Machine) -> None:
    """``searchsorted``, ``isin``, ``nonzero`` and the ``unique_*``."""
    twin, other = m.pick(), m.pick()
    if twin is None or other is None:
        return
    side: Any = m.random.choice(["left", "right"])
    calls: dict[str, Any] = {
        f"searchsorted(sort({{}}), {{}}, {side})": lambda x, y: xgpu.searchsorted(
            xgpu.sort(xgpu.reshape(x, (-1,))), y, side=side
        ),
        "searchsorted({0}, {1}, sorter=argsort({0}))": lambda x, y: xgpu.searchsorted(
            x, y, sorter=xgpu.argsort(x)
        ),
        "isin({}, {})": xgpu.isin,
        "nonzero({}) {}": lambda x, y: xgpu.nonzero(x),
        "unique_values({}) {}": lambda x, y: xgpu.unique_values(x),
        "unique_counts({}) {}": lambda x, y: tuple(xgpu.unique_counts(x)),
        "unique_inverse({}) {}": lambda x, y: tuple(xgpu.unique_inverse(x)),
        "unique_all({}) {}": lambda x, y: tuple(xgpu.unique_all(x)),
    }
    text = m.random.choice(sorted(calls))
    m.step(text, calls[text], twin, other)


def _with(call: Any, how: dict[str, Any]) -> Any:
    return lambda x: call(x, **how)


def _at(x: xgpu.Array, host: Any) -> xgpu.Array:
    return xgpu.asarray(host, device=x.device)
