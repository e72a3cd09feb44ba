"""A program that is recognised with its sizes must give what lowering it gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import xgpu as xp
from tests.comparing import host
from xgpu.runtime import recall


@pytest.fixture
def recalled(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each time that a structure was recognised, whether its plan was used."""
    used: list[bool] = []
    launch = recall.launch

    def noted(*arguments: Any) -> bool:
        used.append(launch(*arguments))
        return used[-1]

    monkeypatch.setattr(recall, "launch", noted)
    return used


def softmax(xp: Any, x: Any) -> Any:
    powers = xp.exp(x - xp.max(x, axis=1, keepdims=True))
    return powers / xp.sum(powers, axis=1, keepdims=True)


def variance(xp: Any, x: Any) -> Any:
    return xp.mean((x - xp.mean(x, axis=0)) ** 2, axis=0)


def stencil(xp: Any, x: Any) -> Any:
    return x[1:-1, 1:] * 0.5 + x[:-2, :-1] - x[2:, 1:].T.T


PROGRAMS: dict[str, Callable[[Any, Any], Any]] = {
    "softmax": softmax,
    "variance": variance,
    "stencil": stencil,
    "sum": lambda xp, x: xp.sum(x),
    "sum of a transpose": lambda xp, x: xp.sum(x.T * 2.0, axis=1) + 1.0,
    "argmax": lambda xp, x: xp.argmax(-x, axis=1),
    "generator": lambda xp, x: x * xp.arange(x.shape[1]) + xp.sum(x),
    "broadcast": lambda xp, x: x - x[0, :] + x[:, :1],
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_other_values_and_sizes(name: str, device: xp.Device, recalled: list[bool]) -> None:
    program = PROGRAMS[name]
    with xp.default_device(device):
        for number, shape in enumerate([(5, 6), (5, 6), (6, 5), (5, 6), (6, 5)]):
            a = np.random.default_rng(number).standard_normal(shape)
            got = host(program(xp, xp.asarray(a)))
            np.testing.assert_allclose(got, program(np, a), rtol=1e-12, atol=1e-12)
    # A program that takes two kernels has a plan for the first one alone.
    assert recalled.count(True) >= 3
    assert all(recalled)


def test_equal_scalars_are_told_from_others(recalled: list[bool]) -> None:
    x = xp.asarray(np.arange(1.0, 5.0))

    def program(a: float, b: float) -> Any:
        return host(xp.sum((x * a + b) / b))

    pairs = [(2.0, 2.0), (3.0, 3.0), (2.0, 5.0), (7.0, 3.0), (0.0, -0.0), (-0.0, 0.0)]
    with np.errstate(all="ignore"):
        for a, b in [*pairs, *pairs]:
            np.testing.assert_array_equal(program(a, b), np.sum((np.arange(1.0, 5.0) * a + b) / b))
    assert recalled.count(True) == 12 - 2


def test_views_dtypes_and_places_are_told_apart(recalled: list[bool]) -> None:
    a, b = np.arange(12.0), np.arange(12.0)[::-1] * 3
    keys: list[Any] = [slice(None, None, 2), slice(1, None, 2), slice(None, None, -2), slice(3, 9)]
    for _ in range(2):
        for dtype in (np.float64, np.float32, np.int64):
            x, y = xp.asarray(a.astype(dtype)), xp.asarray(b.astype(dtype))
            for key in keys:
                # Not in the assertions: pytest would hold what is on the way.
                one, other = float(xp.sum(x[key] - y[key])), float(xp.sum(y[key] - x[key]))
                same = float(xp.sum(x[key] - x[key]))
                assert one == np.sum(a[key] - b[key])
                assert (same, other) == (0.0, -one)
    assert all(recalled)
    assert len(recalled) >= 3 * 4 * 3


def test_a_cast_has_its_dtype_in_the_key() -> None:
    x = xp.asarray(np.array([1.5, 300.5, -2.5]))
    for _ in range(2):
        for dtype in (xp.int32, xp.int8, xp.float32):
            got = host(xp.max(xp.astype(xp.astype(x, xp.int16), dtype)))
            expected = np.max(np.array([1.5, 300.5, -2.5]).astype(np.int16).astype(dtype))
            assert (got.dtype, got) == (np.dtype(dtype), expected)


def test_a_constant_is_told_from_an_array_and_keeps_its_value() -> None:
    a = np.arange(6.0).reshape(2, 3)
    for value in (2.0, 3.0, 4.0):
        scale = xp.full((), value)
        np.testing.assert_array_equal(host(xp.sum(xp.asarray(a) * scale, axis=0)), a.sum(0) * value)
        xp.materialize(scale)
        np.testing.assert_array_equal(host(xp.sum(xp.asarray(a) * scale, axis=0)), a.sum(0) * value)


def test_a_held_node_is_written_too(recalled: list[bool]) -> None:
    a = np.arange(12.0).reshape(3, 4)
    x = xp.asarray(a)
    for _ in range(3):
        host(xp.sum(xp.exp(x), axis=1))
    powers = xp.exp(x)
    total = xp.sum(powers, axis=1)
    np.testing.assert_allclose(host(total), np.exp(a).sum(1))
    assert recalled == [True, True]  # with the node held it is another structure
    assert powers._storage.node.buffer is not None  # from the same kernel
    np.testing.assert_allclose(host(powers), np.exp(a))


def test_a_program_that_is_cut_is_lowered_each_time(recalled: list[bool]) -> None:
    x = xp.asarray(np.ones(4))

    def program(scale: float) -> Any:
        y = x
        for _ in range(90):
            y = y * scale + y[::-1]
        return xp.sum(y)

    for scale in (0.5, 0.25, 0.5):
        y = np.ones(4)
        for _ in range(90):
            y = y * scale + y[::-1]
        np.testing.assert_allclose(host(program(scale)), y.sum(), rtol=1e-12)


def test_nothing_to_compute(recalled: list[bool]) -> None:
    for _ in range(2):
        x = xp.zeros((0, 3))
        assert host(xp.sum(x + 1.0, axis=1)).shape == (0,)
        np.testing.assert_array_equal(host(xp.sum(x * 2.0, axis=0)), np.zeros(3))


def test_plans_are_not_kept_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall, "LIMIT", 20)
    for size in (*range(1, 40), *range(1, 40)):
        x = xp.asarray(np.arange(float(size)))
        total = float(xp.sum(x[::-1] * 2.0))
        assert total == size * (size - 1)
        assert 0 < len(xp.device("cpu").plans) <= 20


UNARY = (
    lambda x: xp.exp(-xp.abs(x)),
    lambda x: x * 2.0,
    lambda x: 2.0 - x,
    lambda x: x.T,
    lambda x: x[::-1, :],
    lambda x: x - xp.max(x, axis=0, keepdims=True),
    lambda x: xp.broadcast_to(xp.sum(x, axis=1, keepdims=True), x.shape),
    lambda x: xp.astype(xp.astype(x, xp.float32), xp.float64),
)
BINARY = (xp.add, xp.multiply, xp.subtract, xp.maximum)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 5), st.integers(0, 5)), max_size=9))
def test_random_programs_again_and_again(steps: list[tuple[int, int, int]]) -> None:
    def program(x: xp.Array, y: xp.Array) -> list[xp.Array]:
        values = [x, y]
        for op, i, j in steps:
            a, b = values[i % len(values)], values[j % len(values)]
            values.append(UNARY[op](a) if op < 8 else BINARY[op - 8](a, b))
        return [values[-1], xp.sum(values[-1], axis=1), xp.min(values[len(values) // 2])]

    for number in range(3):
        rng = np.random.default_rng(number)
        x, y = (xp.asarray(rng.standard_normal((3, 3))) for _ in range(2))
        lazy = [host(value) for value in program(x, y)]
        with xp.eager():
            eager = [host(value) for value in program(x, y)]
        for one, other in zip(lazy, eager, strict=True):
            np.testing.assert_array_equal(one, other)
