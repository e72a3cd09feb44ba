"""Elementwise programs in blocks: the same bits as whole, and never the same work twice."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.programs.beside_numpy.program import run
from xgpu.plugin import ops
from xgpu_numpy import blocks, registers

SIZE, LARGE = 1 << 12, 1 << 14

ODD = 2 * LARGE + 1_235
"""More than a few blocks, and a part of one."""


@pytest.fixture
def divided(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The spaces that were divided so far, into smaller blocks than those of real use."""
    monkeypatch.setattr(blocks, "SIZE", SIZE)
    monkeypatch.setattr(blocks, "LARGE", LARGE)
    spaces: list[tuple[int, ...]] = []
    whole = blocks.divided

    def noted(shape: tuple[int, ...]) -> Any:
        spaces.append(shape)
        return whole(shape)

    monkeypatch.setattr(blocks, "divided", noted)
    return spaces


def values(dtype: Any, count: int, seed: int = 0) -> Any:
    """Of every magnitude, and some that are special."""
    rng = np.random.default_rng(seed)
    real = np.ldexp(rng.standard_normal(count), rng.integers(-30, 30, count))
    real[rng.integers(0, count, 50)] = rng.choice([0.0, -0.0, math.inf, -math.inf, math.nan], 50)
    if np.dtype(dtype).kind == "c":
        made = np.empty(count, dtype)
        made.real, made.imag = real, rng.permutation(real)
        return made
    return real.astype(dtype)


def alike(make: Callable[..., Any], *arrays: Any) -> None:
    """``make`` gives the bits that it gives call by call; the results may be views."""
    x = [xgpu.asarray(a) for a in arrays]
    fused = make(*x)
    with xgpu.eager():
        single = make(*(xgpu.asarray(a) for a in arrays))
    got, expected = np.asarray(fused), np.asarray(single)
    assert got.dtype == expected.dtype
    assert got.tobytes() == expected.tobytes()


UNARY = sorted(
    op.name
    for op in ops.TABLE.values()
    if op.kind is ops.Kind.ELEMENTWISE and op.arity == 1 and "f" in op.accepts
    if hasattr(xgpu, op.name)
)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_every_function_gives_the_same_bits(dtype: str, divided: list[tuple[int, ...]]) -> None:
    # Two steps, so that it is worth a division.
    x = values(dtype, ODD)
    for name in UNARY:
        if np.dtype(dtype).kind in ops.TABLE[name].accepts:
            function = getattr(xgpu, name)
            alike(lambda a, f=function: f(xgpu.negative(a)), x)
    assert len(divided) > 20


def test_layouts(divided: list[tuple[int, ...]]) -> None:
    x, y = values("float32", ODD), values("float32", ODD, 1)
    alike(lambda a, b: (a[::-1] * 2 + b) / 3, x, y)
    alike(lambda a, b: xgpu.exp(a[1::2] - 1) * b[:-1:2], x[: 2 * (ODD // 2)], y[: 2 * (ODD // 2)])
    alike(lambda a, b: a + xgpu.arange(ODD) * b, x, y)
    square = x[: 180 * 180].reshape(180, 180)
    alike(lambda a: a.T * 2 + a, square)
    alike(lambda a: (a + 1) * a[0, :] + a[:, :1], square)
    wide = x[: 3 * 10_007].reshape(3, 10_007)
    alike(lambda a: (a + 1) * a[:, ::-1], wide)
    assert [len(shape) for shape in divided] == [1, 1, 1, 2, 2, 2]
    alike(lambda a: a[:, :, None] * a[:, None, :] + 1, x[: 90 * 80].reshape(90, 80))
    assert divided[-1] == (90, 80, 80)


def test_in_place_and_several_outputs(divided: list[tuple[int, ...]]) -> None:
    def program(a: Any) -> Any:
        a = xgpu.asarray(a, copy=True)
        b = a * 2 + 1
        c = xgpu.sqrt(b) - a
        a += c * b
        a[::2] = a[1::2] * 3 - b[::2]
        return xgpu.stack([a, b, c])

    alike(program, values("float64", 2 * LARGE))
    assert divided


def test_what_is_small_is_done_once(
    divided: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    x, row = values("float32", 40_000).reshape(200, 200), values("float32", 200)
    alike(lambda a, b: xgpu.exp(b * 2) + a, x, row)
    alike(lambda a: xgpu.sum(a * 2 + 1), x)
    assert not divided
    monkeypatch.setattr(blocks, "LARGE", 1 << 40)
    alike(lambda a: a * 2 + 1, x)
    assert not divided


@pytest.mark.usefixtures("divided")
def test_out_of_memory_leaves_the_operands(monkeypatch: pytest.MonkeyPatch) -> None:
    x = xgpu.ones(ODD, dtype=xgpu.float32)
    y = x * 2 + x
    compute, calls = registers.compute, []

    def fails(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) >= 3:
            raise MemoryError
        return compute(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(registers, "compute", fails)
        with pytest.raises(xgpu.OutOfMemoryError):
            np.asarray(y)
    assert len(calls) >= 3
    assert np.array_equal(np.asarray(y), np.full(ODD, 3, np.float32))


@pytest.mark.parametrize("seed", range(20))
def test_random_programs(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "SIZE", 4)
    monkeypatch.setattr(blocks, "LARGE", 5)
    log: list[str] = []
    shape = [(7,), (3, 3), (6, 1), (2, 3, 4)][seed % 4]
    run("cpu", log.append, shape, [1000 * seed + i for i in range(40)])
