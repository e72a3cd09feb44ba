"""Each composite gives what the reference gives, out of nothing but the rows that it names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import array_api_compat.numpy as namespace
import numpy as np
import pytest

import xgpu
from tests.comparing import host
from xgpu.graph.composites import KERNELS, TABLE
from xgpu.plugin import NamespaceBackend, dtypes, ops
from xgpu.plugin.dtypes import DType
from xgpu_numpy.backend import NumpyBackend
from xgpu_numpy.ops import TABLE as REFERENCE

INF, NAN = float("inf"), float("nan")
VALUES: dict[str, list[Any]] = {
    "b": [False, True],
    "i": [0, 1, -1, 5, -7, 127, -128],
    "u": [0, 1, 5, 127, 255],
    "f": [0.0, -0.0, 1.0, -1.5, 2.5, 0.3, -0.3, 5e-324, 6e4, INF, -INF, NAN],
    "c": [0j, 1 - 2j, complex(-0.0, 3.0), complex(INF, -1.0), complex(NAN, 0.0)],
}


class Only(NumpyBackend):
    """NumPy with these rows and no other."""

    def __init__(self, names: str) -> None:
        functions = {name: REFERENCE[name] for name in names.split()}
        NamespaceBackend.__init__(self, "only", namespace, functions=functions)

    def _defaults(self) -> dict[str, Any]:
        return {}


@contextmanager
def only(names: str) -> Iterator[str]:
    xgpu.register_backend("only", Only(names))
    try:
        yield "only:0"
    finally:
        xgpu.unregister_backend("only")


def same(got: xgpu.Array, right: xgpu.Array) -> None:
    mine, expected = host(got), host(right)
    assert mine.dtype == expected.dtype
    if expected.dtype == dtypes.bfloat16:  # of which NumPy does not compare NaN
        mine, expected = mine.astype(np.float32), expected.astype(np.float32)
    np.testing.assert_array_equal(mine, expected)
    if dtypes.kind_of(expected.dtype) == "f":
        there = ~np.isnan(expected) & (expected == 0)
        np.testing.assert_array_equal(np.signbit(mine[there]), np.signbit(expected[there]))


def operands(op: ops.Op, dtype: DType, device: str) -> list[xgpu.Array]:
    with np.errstate(all="ignore"):
        x = np.asarray(VALUES[dtypes.kind_of(dtype)]).astype(dtype)
    if op.arity == 1:
        return [xgpu.asarray(x, device=device)]
    return [xgpu.asarray(np.array(a), device=device) for a in np.meshgrid(x, x)]


@pytest.mark.parametrize(
    ("name", "number"), [(name, n) for name, found in TABLE.items() for n in range(len(found))]
)
def test_elementwise_and_reductions(name: str, number: int) -> None:
    op, made = ops.TABLE[name], TABLE[name][number]
    function = getattr(xgpu, name)
    kinds = [d for d in dtypes.ALL if dtypes.kind_of(d) in made.kinds and op.takes(d)]
    assert kinds
    # 16-bit floats are computed in float32.
    with only(made.needs + (" cast" if "f" in made.kinds else "")) as device:
        for dtype in kinds:
            x, *rest = operands(op, dtype, "cpu")
            y, *others = operands(op, dtype, device)
            if op in ops.reductions():
                x, y = (xgpu.reshape(xgpu.stack([a, a[::-1]]), (2, -1)) for a in (x, y))
                for axis in (0, 1, None):
                    same(function(y, axis=axis), function(x, axis=axis))
            else:
                same(function(y, *others), function(x, *rest))


def test_a_reduction_of_nothing() -> None:
    for name in ("any", "all"):
        with only(TABLE[name][0].needs) as device:
            empty = xgpu.zeros((2, 0), dtype=xgpu.bool, device=device)
            expected = np.full(2, name == "all")
            np.testing.assert_array_equal(host(getattr(xgpu, name)(empty, axis=1)), expected)


def test_scalars_on_either_side() -> None:
    with only("add multiply greater where") as device:
        x = xgpu.asarray([1.0, 2.0, 4.0], device=device)
        np.testing.assert_array_equal(host(3 - x), [2, 1, -1])
        np.testing.assert_array_equal(host(x - 3), [-2, -1, 1])
        np.testing.assert_array_equal(host(x < 2), [True, False, False])
        np.testing.assert_array_equal(host(x > 2), [False, False, True])
        np.testing.assert_array_equal(host(x**2), [1, 4, 16])


def test_one_composite_in_another() -> None:
    with only("multiply add greater bitwise_invert where") as device:
        x = xgpu.asarray([1.5, -2.0], device=device)
        y = xgpu.asarray([1.5, 3.0], device=device)
        np.testing.assert_array_equal(host(x - y), [0, -5])
        np.testing.assert_array_equal(host(xgpu.negative(x)), [-1.5, 2])
        with pytest.raises(xgpu.UnsupportedOperationError, match=r"has no equal\(\)"):
            x == y  # noqa: B015


@pytest.mark.parametrize("dtype", ["int32", "float32", "complex128", "float16"])
def test_products_of_matrices(dtype: str) -> None:
    a = np.arange(2 * 3 * 4).reshape(2, 3, 4).astype(dtype)
    b = np.arange(4 * 5).reshape(4, 5)[:, ::-1].astype(dtype)
    with only(KERNELS["matmul"].needs + " cast") as device:
        x, y = xgpu.asarray(a, device=device), xgpu.asarray(b, device=device)
        np.testing.assert_array_equal(host(x @ y), a @ b)
        np.testing.assert_array_equal(host(x[0, 1] @ y[:, 2]), a[0, 1] @ b[:, 2])
        np.testing.assert_array_equal(host(y.T @ x[1].T), b.T @ a[1].T)


def test_sorted_by_where_elements_go() -> None:
    a = np.random.default_rng(0).integers(0, 9, (2, 3, 7)).astype(np.float64)
    a[0, 0, :2] = NAN
    with only(KERNELS["sort"].needs) as device:
        x = xgpu.asarray(a, device=device)
        for axis in (0, 1, 2):
            np.testing.assert_array_equal(host(xgpu.sort(x, axis=axis)), np.sort(a, axis=axis))
        down = xgpu.sort(xgpu.asarray(a[1], device=device), descending=True)
        np.testing.assert_array_equal(host(down), np.sort(a[1])[:, ::-1])


def test_one_result_of_a_decomposition() -> None:
    a = np.random.default_rng(1).standard_normal((2, 3, 3))
    for name, given in (("svdvals", a[:, :2]), ("eigvalsh", a + a.mT), ("eigvals", a)):
        with only(KERNELS[name].needs) as device:
            got = getattr(xgpu.linalg, name)(xgpu.asarray(given, device=device))
            expected = getattr(xgpu.linalg, name)(xgpu.asarray(given))
            np.testing.assert_allclose(host(got), host(expected), rtol=1e-12)


def test_half_of_the_frequencies() -> None:
    a = np.random.default_rng(2).standard_normal((3, 7))
    with only(KERNELS["rfft"].needs) as device:
        got = xgpu.fft.rfft(xgpu.asarray(a, device=device))
        np.testing.assert_allclose(host(got), np.fft.rfft(a), rtol=1e-12)
