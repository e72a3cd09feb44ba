"""Steps that fold axes, alone and with what is computed from the results at full shape."""

from __future__ import annotations

from typing import Any, Final

import xgpu
from tests.programs.eager_and_lazy.machine import Machine

REDUCTIONS: Final = {
    **dict.fromkeys(["sum", "prod", "mean", "std", "var", "any", "all", "count_nonzero"], "biufc"),
    **dict.fromkeys(["max", "min", "argmax", "argmin"], "iuf"),
}


def reduce(m: Machine) -> None:
    """A reduction over any axes."""
    name = m.random.choice(sorted(REDUCTIONS))
    twin = m.pick(REDUCTIONS[name])
    if twin is None:
        return
    how = arguments(m, name, twin.rank)
    call = getattr(xgpu, name)
    text = ", ".join(f"{k}={v}" for k, v in how.items())
    m.step(f"{name}({{}}, {text})", lambda x: call(x, **how), twin)


def arguments(m: Machine, name: str, rank: int) -> dict[str, Any]:
    """Axes and options that a reduction takes."""
    axis: Any = None
    if rank and not m.coin(3):
        axis = m.axis(rank)
        if m.coin() and not name.startswith("arg"):
            axis = tuple(m.random.sample(range(rank), m.random.randint(0, rank)))
    how = {"axis": axis, "keepdims": m.coin()}
    if name in ("std", "var"):
        how["correction"] = m.random.choice([0, 1, 0.5])
    return how


def rows(m: Machine) -> None:
    """Reductions whose results are used at full shape, or by other reductions."""
    twin = m.pick("f", of=lambda t: bool(t.rank))
    if twin is None:
        return
    axis = m.axis(twin.rank)
    how: dict[str, Any] = {"axis": axis, "keepdims": True}
    calls: dict[str, Any] = {
        "softmax({})": lambda x: _softmax(x, how),
        "standardise({})": lambda x: (x - xgpu.mean(x, **how)) / (xgpu.std(x, **how) + 1e-3),
        "logsumexp({})": lambda x: (
            xgpu.log(xgpu.sum(xgpu.exp(x - xgpu.max(x, **how)), axis=axis)) + xgpu.max(x, axis=axis)
        ),
        "range({})": lambda x: (xgpu.max(x, axis=axis), xgpu.max(x, axis=axis) - xgpu.min(x)),
        "sum(sum({}))": lambda x: xgpu.sum(xgpu.sum(xgpu.square(x), axis=axis)),
        "sum(flip({}).T)": lambda x: xgpu.sum(xgpu.flip(xgpu.exp(x)).mT, axis=axis),
        "sum({} * {}[::-1])": lambda x: xgpu.sum(x * x[::-1], **how) * x,
        "mean of a broadcast": lambda x: xgpu.mean(x[..., None] * x[..., None, :], axis=(-1, -2)),
    }
    text = m.random.choice(sorted(calls))
    m.step(f"{text.replace('{}', '{0}')} over {axis}", calls[text], twin)


def _softmax(x: xgpu.Array, how: dict[str, Any]) -> xgpu.Array:
    powers = xgpu.exp(x - xgpu.max(x, **how))
    return powers / xgpu.sum(powers, **how)
