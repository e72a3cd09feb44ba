"""Distinct elements and membership, against plain Python."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import ALL, COMPLEX, FLOATS, host, same, sample

pytestmark = pytest.mark.usefixtures("on_device")

NAN = math.nan
SHAPES = [(), (1,), (0,), (7,), (3, 4), (0, 2), (2, 3, 2, 4)]


def groups_of(a: Any) -> dict[int, list[int]]:
    """The places of equal elements of the flattened array, under the first one."""
    groups: dict[int, list[int]] = {}
    flat = a.reshape(-1).tolist()
    for i, value in enumerate(flat):
        first = next((g for g in groups if flat[g] == value), i)
        groups.setdefault(first, []).append(i)
    return groups


def check(a: Any, x: xgpu.Array) -> None:
    """All four functions; the values come in ascending order."""
    groups = groups_of(a)
    flat = a.reshape(-1)
    values, indices, inverse, counts = xgpu.unique_all(x)
    first = host(indices)
    assert indices.dtype is inverse.dtype is counts.dtype is xgpu.int64
    assert values.dtype is x.dtype
    assert sorted(first.tolist()) == sorted(groups)
    same(values, flat[first])
    finite = host(values)[host(values) == host(values)]
    np.testing.assert_array_equal(finite, np.sort(finite))
    assert host(counts).tolist() == [len(groups[i]) for i in first.tolist()]
    assert inverse.shape == x.shape
    reached = host(inverse).reshape(-1).tolist()
    for number, i in enumerate(first.tolist()):
        assert [reached[j] for j in groups[i]] == [number] * len(groups[i])
    same(xgpu.unique_values(x), host(values))
    again = xgpu.unique_counts(x)
    same(again.values, host(values))
    same(again.counts, host(counts))
    other = xgpu.unique_inverse(x)
    same(other.values, host(values))
    same(other.inverse_indices, host(inverse))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_unique(dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    a = sample(dtype, shape)
    check(a, xgpu.asarray(a))


@pytest.mark.parametrize("dtype", [*FLOATS, *COMPLEX], ids=str)
def test_unique_special_values(dtype: np.dtype[Any]) -> None:
    line = [NAN, 0.0, -0.0, math.inf, -math.inf, NAN, 1.0, math.inf]
    a = np.asarray(line, dtype)
    if dtype.kind == "c":
        a = np.asarray([complex(p, q) for p in line for q in line], dtype)
    check(a, xgpu.asarray(a))


def test_unique_of_views_and_of_many() -> None:
    a = sample(np.dtype("int32"), (6, 5))
    x = xgpu.asarray(a)
    check(np.ascontiguousarray(a[::-1, ::2].T), x[::-1, ::2].T)
    check(np.ascontiguousarray(np.broadcast_to(a[:1], (4, 5))), xgpu.broadcast_to(x[:1], (4, 5)))
    b = np.random.default_rng(0).integers(0, 1000, 1_100_000)
    values, indices, inverse, counts = xgpu.unique_all(xgpu.asarray(b))
    wanted = np.unique_all(b)
    same(values, wanted.values)
    same(indices, wanted.indices)
    same(inverse, wanted.inverse_indices)
    same(counts, wanted.counts)


def test_unique_results_have_their_names() -> None:
    x = xgpu.asarray([3, 3])
    assert xgpu.unique_all(x)._fields == ("values", "indices", "inverse_indices", "counts")
    assert xgpu.unique_counts(x)._fields == ("values", "counts")
    assert xgpu.unique_inverse(x)._fields == ("values", "inverse_indices")
    for name in ("unique_all", "unique_counts", "unique_inverse", "unique_values"):
        with pytest.raises(TypeError, match=rf"{name}\(\) takes an xgpu array: got list"):
            getattr(xgpu, name)([1])


def member(a: Any, b: Any, dtype: Any) -> Any:
    """Membership by comparing all pairs."""
    a, b = np.asarray(a, dtype), np.asarray(b, dtype).reshape(-1)
    return np.any(a[..., None] == b, axis=-1)


@pytest.mark.parametrize("count", [0, 1, 5, 40])
@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_isin(dtype: np.dtype[Any], count: int) -> None:
    for shape in SHAPES:
        a, b = sample(dtype, shape), sample(dtype, (count, 1), seed=1)
        b[: count // 2] = b[:1]
        x, y = xgpu.asarray(a), xgpu.asarray(b)
        same(xgpu.isin(x, y), member(a, b, dtype))
        same(xgpu.isin(x, y, invert=True), ~member(a, b, dtype))


@pytest.mark.parametrize("count", [3, 30])
@pytest.mark.parametrize("dtype", [*FLOATS, *COMPLEX], ids=str)
def test_isin_special_values(dtype: np.dtype[Any], count: int) -> None:
    line = np.asarray([NAN, 0.0, math.inf, -math.inf, 2.0, -1.0], dtype)
    others = np.resize(np.asarray([NAN, -0.0, -math.inf, 3.0], dtype), count)
    x, y = xgpu.asarray(line), xgpu.asarray(others)
    same(xgpu.isin(x, y), member(line, others, dtype))
    same(xgpu.isin(y, x), member(others, line, dtype))


@pytest.mark.parametrize("count", [4, 40])
def test_isin_promotes(count: int) -> None:
    a, b = sample(np.dtype("int8"), (6,)), sample(np.dtype("float32"), (count,), seed=2)
    got = xgpu.isin(xgpu.asarray(a), xgpu.asarray(b))
    same(got, member(a, b, "float32"))
    large = xgpu.asarray([300] * count)
    assert not host(xgpu.isin(xgpu.asarray([44], dtype=xgpu.uint8), large))[0]


def test_isin_with_scalars() -> None:
    x = xgpu.asarray([[1, 2], [3, 1]])
    same(xgpu.isin(x, 1), np.asarray([[True, False], [False, True]]))
    same(xgpu.isin(x, 1, invert=True), np.asarray([[False, True], [True, False]]))
    for value in (1, 7):
        same(xgpu.isin(value, x), np.asarray(value == 1))
        same(xgpu.isin(value, x, invert=True), np.asarray(value != 1))
    same(xgpu.isin(1, xgpu.asarray(1)), np.asarray(True))
    same(xgpu.isin(1, xgpu.zeros(0)), np.asarray(False))
    with pytest.raises(TypeError, match=r"isin\(\)"):
        xgpu.isin(1, 1)
    with pytest.raises(TypeError, match="list"):
        xgpu.isin(x, [1])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="list"):
        xgpu.isin([1], x)  # type: ignore[arg-type]
    same(xgpu.isin(xgpu.ones(2, dtype=xgpu.uint8), 300), np.asarray([False, False]))


def test_isin_of_few_runs_on_each_device(device: xgpu.Device) -> None:
    x, y = xgpu.arange(6, device=device), xgpu.asarray([4, 2], device=device)
    got = xgpu.isin(x, y)
    assert got.device is device
    same(got, np.isin(np.arange(6), [4, 2]))


@pytest.mark.parametrize("count", [3, 40])
def test_isin_of_signed_and_unsigned_integers_is_exact(count: int) -> None:
    signed = np.asarray([2**63 - 1, 2**53 + 1, -1, 5], np.int64)
    unsigned = np.asarray([2**63, 2**53, 2**64 - 1, 5], np.uint64)
    fill = [6] * (count - 3)
    for left, right in ((signed, unsigned), (unsigned, signed)):
        others = np.asarray([*right[:3], *fill], right.dtype)
        same(xgpu.isin(xgpu.asarray(left), xgpu.asarray(others)), np.zeros(4, bool))
        others = np.asarray([*right[1:], *fill], right.dtype)
        same(xgpu.isin(xgpu.asarray(left), xgpu.asarray(others)), np.asarray([0, 0, 0, 1], bool))
    small = xgpu.asarray([-1, 127], dtype=xgpu.int8)
    same(xgpu.isin(xgpu.asarray([255, 127, 383], dtype=xgpu.uint64), small), [False, True, False])
