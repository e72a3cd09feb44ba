"""Elementwise programs recognised whatever their size: nothing else is taken for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import xgpu as xp
from tests.comparing import host
from xgpu.array import read
from xgpu.runtime import recall


def run_twice(make: Callable[[], Any]) -> None:
    """Run a program until its plan is used."""
    for _ in range(2):
        xp.materialize(make())


def test_a_scalar_used_twice_is_told_from_two_scalars() -> None:
    x = xp.asarray(np.arange(5.0))
    shared = xp.full((), 2.0)
    run_twice(lambda: shared * x + shared)
    first, second = xp.full((), 5.0), xp.full((), 7.0)
    np.testing.assert_array_equal(host(first * x + second), np.arange(5.0) * 5 + 7)


def test_one_array_twice_is_told_from_two_arrays() -> None:
    a, b = np.arange(4.0), np.arange(4.0) * 10
    x, y = xp.asarray(a), xp.asarray(b)
    run_twice(lambda: x * x - x)
    np.testing.assert_array_equal(host(x * y - x), a * b - a)
    np.testing.assert_array_equal(host(x * y - y), a * b - b)
    np.testing.assert_array_equal(host(y * x - x), b * a - a)


def test_dtypes_are_told_apart() -> None:
    a = np.array([1.5, 2.5, -3.5])
    run_twice(lambda: xp.asarray(a) + xp.asarray(a))
    small = a.astype(np.float32)
    got = host(xp.asarray(small) + xp.asarray(small))
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, small + small)
    run_twice(lambda: xp.astype(xp.asarray(a), xp.int32) + 1)
    got = host(xp.astype(xp.asarray(a), xp.int8) + 1)
    assert got.dtype == np.int8
    np.testing.assert_array_equal(got, a.astype(np.int8) + 1)


def test_a_held_node_is_noticed_although_the_plan_knows_the_structure() -> None:
    x = xp.asarray(np.arange(3.0) + 1)
    run_twice(lambda: xp.exp(x) * 2)
    middle = xp.exp(x)
    last = middle * 2
    xp.materialize(last)
    assert read(middle).buffer is not None
    np.testing.assert_array_equal(host(middle), np.exp(np.arange(3.0) + 1))


def test_sizes_are_left_out_of_the_structure_where_they_do_not_matter() -> None:
    x, y = xp.asarray(np.ones((3, 4))), xp.asarray(np.ones(5))
    others = [x[0] + 1, x + x[0], xp.sum(x) + 1, x.T + 1, xp.zeros((0, 2)) + 1]
    walks = [recall.walk(read(other)) for other in others]
    assert [walk is not None and walk.flat for walk in walks] == [False] * len(others)
    one, other = recall.walk(read(x * 2 + x)), recall.walk(read(y * 2 + y))
    assert one is not None
    assert other is not None
    assert (one.flat, len(one.nodes), len(one.leaves)) == (True, 2, 2)
    assert one.key == other.key


@given(st.data())
def test_random_structures_give_what_numpy_gives(data: st.DataObject) -> None:
    hosts = [np.arange(6.0) + i for i in range(3)]
    ours: list[Any] = [xp.asarray(a) for a in hosts]
    theirs: list[Any] = list(hosts)
    for _ in range(data.draw(st.integers(1, 8))):
        i = data.draw(st.integers(0, len(ours) - 1))
        if data.draw(st.booleans()):
            other = data.draw(st.sampled_from([0.5, 2.0, 3]))
            ours.append(ours[i] * other - 1.0)
            theirs.append(theirs[i] * other - 1.0)
        else:
            j = data.draw(st.integers(0, len(ours) - 1))
            ours.append(xp.minimum(ours[i], ours[j]) + ours[j])
            theirs.append(np.minimum(theirs[i], theirs[j]) + theirs[j])
    last, expected = ours.pop(), theirs.pop()
    if data.draw(st.booleans()):
        del ours[3:]
    np.testing.assert_array_equal(host(last), expected)
    for array, value in zip(ours, theirs, strict=False):
        np.testing.assert_array_equal(host(array), value)


@pytest.mark.parametrize("shape", [(), (1,), (2, 3, 4)])
def test_shapes_share_a_plan(shape: tuple[int, ...]) -> None:
    a = np.arange(float(np.prod(shape, dtype=int))).reshape(shape)
    for _ in range(3):
        np.testing.assert_array_equal(host(xp.asarray(a) * 2 + 0.25), a * 2 + 0.25)


def test_what_a_full_program_reads_from_another_one_is_no_scalar() -> None:
    a = np.arange(1.0, 5.0)
    x = xp.asarray(a)

    def program(x: Any, scale: float) -> Any:
        # Terms that take a scalar, the last of which find the program full.
        total = x * 1.0
        for term in range(60):
            total = total + x * (scale + term)
        return total

    for scale in (0.5, 0.5, 2.0, 3.0):
        np.testing.assert_allclose(host(program(x, scale)), program(a, scale), rtol=1e-12)
        np.testing.assert_allclose(
            host(xp.sum(program(x, scale))), program(a, scale).sum(), rtol=1e-12
        )
