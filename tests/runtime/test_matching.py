"""Structures that are met again and again: recognised, and nothing else taken for them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import xgpu as xp
from tests.comparing import host
from xgpu.array import read
from xgpu.graph.node import Node
from xgpu.runtime import matching, recall
from xgpu.runtime.recall import Plan
from xgpu.runtime.series import Series

AGAIN = matching.HITS + 3


def array(device: xp.Device, seed: int, dtype: str = "float32", size: int = 7) -> xp.Array:
    values = np.random.default_rng(seed).integers(1, 9, size).astype(dtype)
    return xp.asarray(values, device=device)


def chain(x: xp.Array, y: xp.Array) -> xp.Array:
    a = (x + y) * 2.0 - x
    return xp.where(a > 3.0, 1.0 - a, a / y) * a + xp.sqrt(xp.abs(y))


def learned(device: xp.Device, fn: Callable[..., xp.Array], *arrays: xp.Array) -> int:
    """Meet a structure until there is a matcher; returns how many there are for such roots."""
    for _ in range(AGAIN):
        xp.materialize(fn(*arrays))
    root = read(fn(*arrays))
    return len(device.matchers.get((root.op, root.depth), []))


def test_the_same_again(device: xp.Device, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = array(device, 0), array(device, 1)
    with xp.eager():
        expected = host(chain(x, y))
    assert learned(device, chain, x, y)
    monkeypatch.setattr(recall, "walk", None)
    np.testing.assert_array_equal(host(chain(x, y)), expected)


def test_other_values_sizes_and_scalars(device: xp.Device) -> None:
    def scaled(x: xp.Array, factor: float) -> xp.Array:
        return (x * factor + 1.0) / x

    learned(device, chain, array(device, 0), array(device, 1))
    learned(device, lambda x: scaled(x, 2.0), array(device, 0))
    for size in (0, 1, 5, 1000):
        x, y = array(device, 3, size=size), array(device, 4, size=size)
        with xp.eager():
            expected = host(chain(x, y)), host(scaled(x, 0.1))
        np.testing.assert_array_equal(host(chain(x, y)), expected[0])
        np.testing.assert_array_equal(host(scaled(x, 0.1)), expected[1])
    for factor in (0.0, -0.0, math.inf, math.nan):
        with xp.eager():
            signed = host(scaled(array(device, 5), factor) * 0.0)
        assert host(scaled(array(device, 5), factor) * 0.0).tobytes() == signed.tobytes()


OTHERS: list[Callable[[xp.Array, xp.Array], xp.Array]] = [
    lambda x, y: (x - y) * 2.0 - x,
    lambda x, y: (x + y) * 2.0 - y,
    lambda x, y: (y + x) * 2.0 - x,
    lambda x, y: (x + x) * 2.0 - x,
    lambda x, y: 2.0 - (x + y) * x,
    lambda x, y: x - (x + y) * 2.0,
    lambda x, y: (x + 2.0) * y - x,
    lambda x, y: (x + y) * (x + y) - x,
    lambda x, y: (x + xp.asarray(3.0, dtype=xp.float32, device=x.device)) * 2.0 - x,
    lambda x, y: (x + y[0]) * 2.0 - x,
    lambda x, y: (x + y[::-1]) * 2.0 - x,
    lambda x, y: xp.astype((x + y) * 2.0, xp.int32) - xp.astype(x, xp.int32),
]


@pytest.mark.parametrize("number", range(len(OTHERS)))
def test_what_is_alike_is_not_taken_for_it(number: int, device: xp.Device) -> None:
    x, y = array(device, 0), array(device, 1)
    learned(device, lambda x, y: (x + y) * 2.0 - x, x, y)
    fn = OTHERS[number]
    with xp.eager():
        expected = host(fn(x, y))
    for _ in range(AGAIN):
        np.testing.assert_array_equal(host(fn(x, y)), expected)
    for dtype in ("float64", "int64"):
        a, b = array(device, 2, dtype), array(device, 3, dtype)
        with xp.eager():
            wide = fn(a, b)
        got = fn(a, b)
        assert got.dtype == wide.dtype
        np.testing.assert_array_equal(host(got), host(wide))


def test_what_is_held_is_written_too(device: xp.Device) -> None:
    def fn(x: xp.Array, y: xp.Array) -> tuple[xp.Array, xp.Array]:
        kept = xp.exp(x + y)
        return kept, kept * 2.0 - x

    x, y = array(device, 0), array(device, 1)
    assert learned(device, lambda x, y: fn(x, y)[1], x, y)
    kept, root = fn(x, y)
    xp.materialize(root)
    assert read(kept).buffer is not None, "the kernel that computed the root wrote it"
    assert read(root).inputs == ()
    np.testing.assert_allclose(host(root), host(kept) * 2 - host(x), rtol=1e-6)


def test_matchers_are_not_kept_without_end(
    device: xp.Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "HITS", 1)
    monkeypatch.setattr(matching, "LIMIT", 6)
    x = array(device, 0)
    ops = [xp.exp, xp.sqrt, xp.abs, xp.negative, xp.square, xp.sin, xp.cos]
    for one in ops:
        for other in ops:
            for _ in range(3):
                xp.materialize(other(one(x)))
    assert 0 < len(device.matchers) <= 6
    assert all(len(found) <= matching.MOST for found in device.matchers.values())


def test_what_makes_room_for_others_is_prepared_once(
    device: xp.Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "HITS", 1)
    monkeypatch.setattr(matching, "MOST", 2)
    made: list[object] = []
    prepared = matching._prepared

    def counted(device: xp.Device, root: Node, plan: Plan | Series) -> matching.Entry:
        made.append(plan)
        return prepared(device, root, plan)

    monkeypatch.setattr(matching, "_prepared", counted)
    device.matchers.clear()
    device.plans.clear()
    x, y = array(device, 0), array(device, 1)
    programs: list[Callable[[], xp.Array]] = [
        lambda: x + y,
        lambda: x + 1.0,
        lambda: 2.0 + x,
    ]
    expected = [host(program()) for program in programs]
    for _ in range(5):
        for program, wanted in zip(programs, expected, strict=True):
            np.testing.assert_array_equal(host(program()), wanted)
    assert len(made) == len(set(map(id, made))) == len(programs)


def test_random_structures(device: xp.Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "HITS", 1)
    rng = np.random.default_rng(7)
    leaves = [array(device, seed) for seed in range(3)]
    unary = [xp.abs, xp.square, xp.negative]

    def build(plan: list[tuple[int, int, int]]) -> xp.Array:
        values = list(leaves)
        for kind, a, b in plan:
            x, y = values[a % len(values)], values[b % len(values)]
            if kind < 3:
                values.append(unary[kind](x))
            elif kind < 6:
                values.append((x + y, x - y, xp.maximum(x, y))[kind - 3])
            elif kind < 8:
                values.append(x * 0.5 if kind == 6 else 2.0 - x)
            else:
                values.append(xp.where(x > y, x, y))
        return values[-1]

    for _ in range(12):
        length = int(rng.integers(1, 12))
        plan = [tuple(int(v) for v in rng.integers(0, 9, 3)) for _ in range(length)]
        with xp.eager():
            expected = host(build(plan))  # type: ignore[arg-type]
        for _ in range(4):
            got = build(plan)  # type: ignore[arg-type]
            np.testing.assert_array_equal(host(got), expected)
