"""Random programs about rows, beside NumPy: reduced values read back, held, viewed, written to."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

import xgpu
from xgpu.graph.device import Device

SHAPES = [(3, 4), (4, 4), (2, 3, 4), (5, 1), (1, 5), (6,), (3, 40), (2, 3, 5, 2)]


class Pair:
    """An array of integers, whose sums are exact in any order, and its twin in NumPy."""

    def __init__(self, there: xgpu.Array, here: Any) -> None:
        self.there = there
        self.here = here


def run(device: Device | str, seed: int, steps: int) -> list[str]:
    """One program; the statements that it is made of.

    Raises:
        AssertionError: a value differs, with the statements.
    """
    rng = random.Random(seed)
    shape = rng.choice(SHAPES)
    values = np.random.default_rng(seed).integers(-9, 10, shape)
    pool = [Pair(xgpu.asarray(values, device=device), values)]
    log = [f"v0 = integers of shape {shape}"]
    for _ in range(steps):
        text, made = _step(rng, pool)
        if made is None:
            continue
        log.append(f"v{len(pool)} = {text}")
        if made.here.size <= 4000:
            pool.append(made)
        if rng.random() < 0.15 and len(pool) > 3:
            gone = rng.randrange(len(pool))
            log.append(f"v{gone} let go")
            pool[gone] = pool[-1]
        if rng.random() < 0.1:
            several = rng.sample(pool, min(len(pool), rng.randint(1, 3)))
            xgpu.materialize(*(pair.there for pair in several))
            log.append(f"materialize {[pool.index(pair) for pair in several]}")
        if rng.random() < 0.1:
            _compare(pool[-1], log)
    for pair in rng.sample(pool, len(pool)):
        _compare(pair, log)
    return log


def _compare(pair: Pair, log: list[str]) -> None:
    got = np.asarray(xgpu.to_device(pair.there, "cpu"))
    assert got.shape == pair.here.shape, "\n".join(log)
    assert np.array_equal(got, pair.here), "\n".join([*log, f"{got}\n{pair.here}"])


def _step(rng: random.Random, pool: list[Pair]) -> tuple[str, Pair | None]:
    a = rng.choice(pool[-4:]) if rng.random() < 0.7 else rng.choice(pool)
    kind = rng.choices(["reduce", "binary", "view", "write", "unary"], [6, 8, 4, 1, 1])[0]
    name = f"v{pool.index(a)}"
    if kind == "reduce" and a.here.ndim:
        return _reduce(rng, a, name)
    if kind == "view" and a.here.ndim:
        return _view(rng, a, name)
    if kind == "write" and a.here.ndim:
        return _write(rng, a, name, pool)
    if kind == "unary":
        return f"-{name} * 3", Pair(-a.there * 3, -a.here * 3)
    fitting = [b for b in pool if _broadcasts(a, b)]
    b = rng.choice(fitting)
    op = rng.choice(["add", "subtract", "multiply", "maximum"])
    made = Pair(getattr(xgpu, op)(a.there, b.there), getattr(np, op)(a.here, b.here))
    return f"{op}({name}, v{pool.index(b)})", made


def _broadcasts(a: Pair, b: Pair) -> bool:
    try:
        return int(np.prod(np.broadcast_shapes(a.here.shape, b.here.shape))) <= 4000
    except ValueError:
        return False


def _reduce(rng: random.Random, a: Pair, name: str) -> tuple[str, Pair | None]:
    rank = a.here.ndim
    count = rng.randint(1, min(2, rank))
    last = tuple(range(rank - count, rank))
    axes = last if rng.random() < 0.6 else tuple(sorted(rng.sample(range(rank), count)))
    keepdims = rng.random() < 0.7
    op = rng.choice(["sum", "max", "min", "sum", "argmax"])
    axis: Any = axes[0] if op == "argmax" else axes
    made = Pair(
        getattr(xgpu, op)(a.there, axis=axis, keepdims=keepdims),
        getattr(np, op)(a.here, axis=axis, keepdims=keepdims),
    )
    return f"{op}({name}, axis={axis}, keepdims={keepdims})", made


def _view(rng: random.Random, a: Pair, name: str) -> tuple[str, Pair | None]:
    rank = a.here.ndim
    which = rng.randrange(5)
    if which == 0:
        at = rng.randint(0, rank)
        return f"expand_dims({name}, {at})", Pair(
            xgpu.expand_dims(a.there, axis=at), np.expand_dims(a.here, at)
        )
    if which == 1:
        order = tuple(rng.sample(range(rank), rank))
        return f"{name} with axes {order}", Pair(
            xgpu.permute_dims(a.there, order), a.here.transpose(order)
        )
    if which == 2:
        key = tuple(
            rng.choice([slice(None), slice(None, None, -1), slice(1, None)]) for _ in range(rank)
        )
        part = a.here[key]
        return f"{name}[{key}]", Pair(a.there[key], part) if part.size else None
    if which == 3:
        flat = rng.choice([(-1,), (*a.here.shape, 1), (a.here.shape[0], -1)])
        return f"reshape({name}, {flat})", Pair(
            xgpu.reshape(a.there, flat, copy=True), a.here.reshape(flat).copy()
        )
    target = (rng.randint(1, 3), *a.here.shape) if rng.random() < 0.3 else a.here.shape
    target = tuple(rng.choice([n, 4]) if n == 1 else n for n in target)
    return f"broadcast_to({name}, {target})", Pair(
        xgpu.broadcast_to(a.there, target) + 0, np.broadcast_to(a.here, target) + 0
    )


def _write(rng: random.Random, a: Pair, name: str, pool: list[Pair]) -> tuple[str, Pair | None]:
    copied = Pair(xgpu.asarray(a.there, copy=True), a.here.copy())
    key = tuple(
        rng.choice([slice(None), slice(None, None, 2), slice(1, None)]) for _ in a.here.shape
    )
    shape = copied.here[key].shape
    for b in rng.sample(pool, len(pool)):
        try:
            fits = np.broadcast_shapes(shape, b.here.shape) == shape
        except ValueError:
            continue
        if fits:
            copied.there[key] = b.there
            copied.here[key] = b.here
            if rng.random() < 0.5 and copied.here.ndim and copied.here[key].size:
                axis = copied.here.ndim - 1
                copied.there[key] -= xgpu.max(copied.there[key], axis=axis, keepdims=True)
                copied.here[key] -= np.max(copied.here[key], axis=axis, keepdims=True)
            return f"{name} copied, [{key}] = v{pool.index(b)}", copied
    return "", None
