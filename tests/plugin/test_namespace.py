"""`NamespaceBackend` over a strict namespace: nothing but the standard, gathers and not views."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import array_api_strict
import numpy as np
import pytest

import xgpu as xp
from xgpu.plugin import NamespaceBackend, ops


class Strict(NamespaceBackend):
    """Buffers are array-api-strict arrays, which know no other function than the standard's."""

    def __init__(self) -> None:
        def over_rows(name: str) -> Any:
            function = getattr(array_api_strict, name)
            if name in ("sum", "prod"):
                return lambda matrix: function(matrix, axis=1, dtype=matrix.dtype)
            return lambda matrix: function(matrix, axis=1)

        functions = {op.name: over_rows(op.name) for op in ops.reductions()}
        super().__init__("strict", array_api_strict, functions=functions)


@pytest.fixture
def strict() -> Iterator[str]:
    xp.register_backend("strict", Strict())
    yield "strict"
    xp.unregister_backend("strict")


def host(x: Any) -> Any:
    return np.asarray(xp.to_device(x, "cpu"))


def test_elementwise_views_and_broadcasting(strict: str) -> None:
    a = np.random.default_rng(0).random((4, 6))
    x = xp.asarray(a, device=strict)
    y = xp.exp(x[::-1, ::2]).T * x[0, 1] + xp.arange(4, dtype=xp.float64, device=strict)
    np.testing.assert_allclose(host(y), np.exp(a[::-1, ::2]).T * a[0, 1] + np.arange(4))


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("name", ["sum", "prod", "min", "max", "any", "all"])
def test_reductions(strict: str, name: str, axis: int | None) -> None:
    a = np.random.default_rng(1).random((3, 5))
    x = xp.asarray(a, device=strict)
    ours, theirs = getattr(xp, name)(x, axis=axis), getattr(np, name)(a, axis=axis)
    np.testing.assert_allclose(host(ours), theirs)


def test_assignment_writes_through_views(strict: str) -> None:
    a = np.arange(20.0).reshape(4, 5)
    x = xp.asarray(a, device=strict)
    view, expected = x[1:, ::2], a[1:, ::2]
    view += 100
    expected += 100
    x[:, 0] = x[::-1, 1]
    a[:, 0] = a[::-1, 1].copy()
    np.testing.assert_array_equal(host(x), a)
    np.testing.assert_array_equal(host(view), expected)


def test_matmul(strict: str) -> None:
    a = np.random.default_rng(2).random((2, 3, 4))
    x = xp.asarray(a, device=strict)
    np.testing.assert_allclose(host(x @ x.mT), a @ a.transpose(0, 2, 1))


def test_integers_and_booleans_keep_their_dtypes(strict: str) -> None:
    a = np.array([[3, -1], [2, 5]], np.int16)
    x = xp.asarray(a, device=strict)
    for ours, theirs in (
        (x * 2, a * 2),
        (x > 0, a > 0),
        (xp.astype(x, xp.float32), a.astype(np.float32)),
        (xp.argmax(x, axis=1), a.argmax(axis=1)),
    ):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(host(ours), theirs)


def test_what_the_namespace_lacks_is_unsupported() -> None:
    class Poor:
        """A namespace with hardly anything in it."""

        add = staticmethod(np.add)

    backend = NamespaceBackend("poor", Poor)  # type: ignore[arg-type]
    assert "add" not in backend.unsupported
    assert {"exp", "sum", "cast", "where"} <= backend.unsupported
    assert "matmul" not in backend.kernel_ops
