"""Fusion, asserted by counting kernels; and that each cut says why."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import xgpu as xp


def make(device: xp.Device, *shape: int, seed: int = 0) -> tuple[Any, Any]:
    """A NumPy array of float64 in [0.5, 1.5) and its copy on ``device``."""
    host = np.random.default_rng(seed).random(shape) + 0.5
    return host, xp.asarray(host, device=device)


def kernels(program: Callable[[], Any]) -> tuple[Any, list[Any]]:
    """The result of ``program`` on the host, and what ran."""
    with xp.trace() as trace:
        result = program()
        arrays = result if isinstance(result, tuple) else (result,)
        xp.materialize(*arrays)
    host = tuple(np.asarray(xp.to_device(a, "cpu")) for a in arrays)
    return (host if isinstance(result, tuple) else host[0]), trace.kernels


def test_a_ten_op_chain_is_one_kernel(device: xp.Device) -> None:
    a, x = make(device, 7, 11)
    b, y = make(device, 7, 11, seed=1)

    def chain(x: Any, y: Any) -> Any:
        return ((((x + y) * 2.0 - x) * y + 1.0) * 0.5 - y) * x + y * 0.25

    result, ran = kernels(lambda: chain(x, y))
    np.testing.assert_array_equal(result, chain(a, b))
    assert [len(k.ops) for k in ran] == [10]


def test_a_sum_of_squared_differences_is_one_kernel(device: xp.Device) -> None:
    a, x = make(device, 40, 50)
    b, y = make(device, 40, 50, seed=1)
    result, ran = kernels(lambda: xp.sum((x - y) ** 2))
    np.testing.assert_allclose(result, np.sum((a - b) ** 2), rtol=1e-13)
    assert [k.ops for k in ran] == [("subtract", "square", "sum")]


def test_a_transposed_read_is_the_same_kernel(device: xp.Device) -> None:
    a, x = make(device, 5, 6)
    b, y = make(device, 6, 5, seed=1)
    result, ran = kernels(lambda: xp.exp(x).T + y)
    np.testing.assert_allclose(result, np.exp(a).T + b, rtol=1e-15)
    assert [k.ops for k in ran] == [("exp", "add")]


def black_scholes(xp: Any, s: Any, k: Any, t: Any, r: float, v: float) -> tuple[Any, Any]:
    """Call and put prices; the normal distribution by the logistic approximation."""
    root = v * xp.sqrt(t)
    d1 = (xp.log(s / k) + (r + v * v / 2) * t) / root
    d2 = d1 - root

    def normal(d: Any) -> Any:
        return 1 / (1 + xp.exp(-1.702 * d))

    discounted = k * xp.exp(-r * t)
    call = s * normal(d1) - discounted * normal(d2)
    put = discounted * normal(-d2) - s * normal(-d1)
    return call, put


def test_black_scholes_with_both_outputs_is_one_kernel(device: xp.Device) -> None:
    (a, s), (b, k), (c, t) = (make(device, 33, seed=i) for i in range(3))
    result, ran = kernels(lambda: black_scholes(xp, s, k, t, 0.02, 0.3))
    assert len(ran) == 1
    assert len(ran[0].outputs) == 2
    expected = black_scholes(np, a, b, c, 0.02, 0.3)
    np.testing.assert_allclose(result, expected, rtol=1e-11, atol=1e-14)


def test_another_size_compiles_nothing(device: xp.Device) -> None:
    def program(n: int, m: int) -> Any:
        _, x = make(device, n, m)
        return xp.sum(xp.tanh(x * 3 + 1), axis=1) / m

    kernels(lambda: program(4, 9))
    for n, m in [(40, 9), (3, 1000), (257, 33)]:
        _, ran = kernels(partial(program, n, m))
        assert [k.cache for k in ran] == ["memory"]


def test_another_scalar_compiles_nothing(device: xp.Device) -> None:
    _, x = make(device, 8)
    kernels(lambda: x * 0.125 + 3)
    _, ran = kernels(lambda: x * 7.5 + 11)
    assert [k.cache for k in ran] == ["memory"]


def test_generators_and_scalars_read_no_memory(device: xp.Device) -> None:
    result, ran = kernels(lambda: xp.arange(12, dtype=xp.float64, device=device) * 2 + 1)
    np.testing.assert_array_equal(result, np.arange(12) * 2.0 + 1)
    assert len(ran) == 1
    assert ran[0].bytes == 12 * 8


def test_a_held_intermediate_is_a_further_output(device: xp.Device) -> None:
    a, x = make(device, 64)

    def program() -> tuple[Any, Any]:
        middle = xp.exp(x)
        return middle * 2 + 1, middle

    with xp.trace() as trace:
        last, middle = program()
        xp.materialize(last)
        assert [len(k.outputs) for k in trace.kernels] == [2]
        xp.materialize(middle)
    assert len(trace.kernels) == 1
    np.testing.assert_allclose(np.asarray(xp.to_device(middle, "cpu")), np.exp(a), rtol=1e-15)


def test_a_dropped_intermediate_is_not_written(device: xp.Device) -> None:
    _, x = make(device, 64)
    _, ran = kernels(lambda: xp.exp(x) * 2 + 1)
    assert [len(k.outputs) for k in ran] == [1]


def test_a_held_reduction_operand_is_written_in_the_same_pass(device: xp.Device) -> None:
    a, x = make(device, 6, 7, 8)
    with xp.trace() as trace:
        squares = x * x
        total = xp.sum(squares, axis=(0, 2))
        xp.materialize(total)
        xp.materialize(squares)
    assert len(trace.kernels) == 1
    np.testing.assert_array_equal(np.asarray(xp.to_device(squares, "cpu")), a * a)
    np.testing.assert_allclose(
        np.asarray(xp.to_device(total, "cpu")), (a * a).sum(axis=(0, 2)), rtol=1e-14
    )


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, 0, 1, 2, (0, 1), (0, 2), (1, 2), (-1,)])
def test_a_reduction_takes_its_prologue_and_its_epilogue(
    device: xp.Device, axis: Any, keepdims: bool
) -> None:
    a, x = make(device, 3, 4, 5)

    def program(xp: Any, x: Any) -> Any:
        return xp.sqrt(xp.sum(x * 2 - 1, axis=axis, keepdims=keepdims) + 3) / 2

    result, ran = kernels(lambda: program(xp, x))
    expected = program(np, a)
    assert result.shape == np.shape(expected)
    np.testing.assert_allclose(result, expected, rtol=1e-14)
    assert len(ran) == 1


def test_two_reductions_of_one_operand_share_a_pass(device: xp.Device) -> None:
    a, x = make(device, 12, 9)
    result, ran = kernels(lambda: xp.max(x, axis=1) - xp.min(x, axis=1))
    np.testing.assert_array_equal(result, a.max(axis=1) - a.min(axis=1))
    assert [sorted(k.ops) for k in ran] == [["max", "min", "subtract"]]


def test_an_epilogue_reads_other_arrays(device: xp.Device) -> None:
    a, x = make(device, 6, 5)
    b, y = make(device, 6, seed=1)
    result, ran = kernels(lambda: xp.sum(x, axis=1) * y[::-1] + xp.arange(6, device=device))
    np.testing.assert_allclose(result, a.sum(axis=1) * b[::-1] + np.arange(6), rtol=1e-14)
    assert len(ran) == 1


def test_broadcast_operands_are_read_and_not_expanded(device: xp.Device) -> None:
    a, x = make(device, 100, 100)
    b, y = make(device, 100, seed=1)
    result, ran = kernels(lambda: x * xp.exp(y) + y[:, None])
    np.testing.assert_allclose(result, a * np.exp(b) + b[:, None], rtol=1e-15)
    assert len(ran) == 1
    assert ran[0].bytes < 2.1 * a.nbytes


# Cuts


def test_a_reduction_needed_at_full_shape_is_cut_with_its_reason(device: xp.Device) -> None:
    a, x = make(device, 600, 5)
    result, ran = kernels(lambda: x - xp.mean(x, axis=0))
    np.testing.assert_allclose(result, a - a.mean(axis=0), rtol=1e-12, atol=1e-14)
    assert len(ran) == 2
    assert "sum" in ran[0].reason
    assert "another shape" in ran[0].reason


def test_reductions_over_different_axes_are_cut(device: xp.Device) -> None:
    a, x = make(device, 6, 6)
    result, ran = kernels(lambda: xp.sum(x, axis=0) + xp.sum(x, axis=1))
    np.testing.assert_allclose(result, a.sum(axis=0) + a.sum(axis=1), rtol=1e-14)
    assert len(ran) == 2


def test_a_held_operand_seen_through_a_view_is_computed_once(device: xp.Device) -> None:
    a, x = make(device, 4, 4)
    with xp.trace() as trace:
        middle = xp.exp(x)
        last = middle.T + 1
        xp.materialize(last)
        xp.materialize(middle)
    assert [k.ops for k in trace.kernels] == [("exp",), ("add",)]
    assert trace.kernels[0].reason == "held, and read here through a view"
    np.testing.assert_allclose(np.asarray(xp.to_device(last, "cpu")), np.exp(a).T + 1, rtol=1e-15)


def test_a_reshape_that_strides_cannot_express_is_cut(device: xp.Device) -> None:
    a, x = make(device, 4, 3)
    b, y = make(device, 3, seed=1)
    c, z = make(device, 12, seed=2)
    result, ran = kernels(lambda: xp.reshape(x + y, (12,)) * z)
    np.testing.assert_array_equal(result, (a + b).reshape(12) * c)
    assert any("reshape" in k.reason for k in ran)


def test_a_reshape_of_whole_operands_is_free(device: xp.Device) -> None:
    a, x = make(device, 4, 3)
    b, y = make(device, 4, 3, seed=1)
    c, z = make(device, 12, seed=2)
    result, ran = kernels(lambda: xp.reshape(x + y, (12,)) * z)
    np.testing.assert_array_equal(result, (a + b).reshape(12) * c)
    assert len(ran) == 1


def test_matmul_is_a_kernel_of_its_own_and_copies_no_transpose(device: xp.Device) -> None:
    a, x = make(device, 6, 5)
    b, y = make(device, 6, 4, seed=1)
    result, ran = kernels(lambda: xp.matmul(x.T, y) + 1)
    np.testing.assert_allclose(result, a.T @ b + 1, rtol=1e-13)
    assert ran[0].name == "matmul"
    assert len(ran) == 2


# Limits


def test_a_long_loop_does_not_record_without_end(device: xp.Device) -> None:
    a, x = make(device, 16)
    with xp.trace() as trace:
        for _ in range(500):
            x = x * 0.5 + 1
            a = a * 0.5 + 1
        assert len(trace.kernels) >= 5
        np.testing.assert_array_equal(np.asarray(xp.to_device(x, "cpu")), a)
    assert max(len(k.ops) for k in trace.kernels) <= 200
    # The loop settles on a few programs.
    assert sum(k.cache != "memory" for k in trace.kernels) <= 4


def test_many_operands_are_split_over_programs(device: xp.Device) -> None:
    pairs = [make(device, 4, 5, seed=i) for i in range(150)]
    arrays = [x.T for _, x in pairs]

    def tree(items: list[Any]) -> Any:
        if len(items) == 1:
            return items[0]
        middle = len(items) // 2
        return tree(items[:middle]) + tree(items[middle:])

    result, ran = kernels(lambda: tree(arrays))
    np.testing.assert_array_equal(result, tree([a.T for a, _ in pairs]))
    assert 1 < len(ran) < 20


def test_shared_subexpressions_are_computed_once(device: xp.Device) -> None:
    a, x = make(device, 9)

    def program(xp: Any, x: Any) -> Any:
        for _ in range(30):
            x = xp.sqrt(x * x + x)
            x = x / (x + x)
        return x

    result, ran = kernels(lambda: program(xp, x))
    np.testing.assert_array_equal(result, program(np, a))
    assert sum(len(k.ops) for k in ran) == 150
    assert math.prod(result.shape) == 9
