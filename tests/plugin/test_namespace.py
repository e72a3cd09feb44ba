"""`NamespaceBackend` over a strict namespace: nothing but the standard, gathers and not views."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import array_api_strict
import numpy as np
import pytest

import xgpu as xp
from tests.comparing import host
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
    xp.register_backend("namespace", Strict())
    yield "namespace"
    xp.unregister_backend("namespace")


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


def test_linear_algebra_and_fourier_transforms(strict: str) -> None:
    rng = np.random.default_rng(3)
    a = rng.random((2, 3, 3)) + 3 * np.eye(3)
    x = xp.asarray(a, device=strict)
    np.testing.assert_allclose(host(xp.linalg.inv(x)), np.linalg.inv(a))
    np.testing.assert_allclose(host(xp.linalg.det(x)), np.linalg.det(a))
    np.testing.assert_allclose(host(xp.linalg.svdvals(x)), np.linalg.svdvals(a))
    q, r = xp.linalg.qr(x, mode="complete")
    np.testing.assert_allclose(host(q @ r), a)
    z = xp.astype(x, xp.complex128)
    np.testing.assert_allclose(host(xp.fft.ifftn(z, norm="ortho")), np.fft.ifftn(a, norm="ortho"))
    np.testing.assert_allclose(host(xp.fft.rfft(x, n=4)), np.fft.rfft(a, n=4))
    np.testing.assert_allclose(host(xp.fft.irfft(z, n=5)), np.fft.irfft(a, n=5))


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


def test_ops_that_are_kernels_of_their_own(strict: str) -> None:
    rng = np.random.default_rng(3)
    a = rng.integers(-4, 4, (5, 6)).astype(np.float64)
    x = xp.asarray(a, device=strict)
    places = rng.integers(-5, 5, (4, 3))
    for ours, theirs in (
        (xp.sort(x[:, ::-1], axis=0), np.sort(a[:, ::-1], axis=0)),
        (xp.argsort(x), np.argsort(a, axis=-1, stable=True)),
        (xp.argsort(x, descending=True), np.argsort(-a, axis=-1, stable=True)),
        (xp.cumulative_sum(x, axis=0), np.cumsum(a, axis=0)),
        (xp.cumulative_prod(x.T, axis=1), np.cumprod(a.T, axis=1)),
        (x[xp.asarray(places, device=strict)], a[places]),
        (x[x > 1.0], a[a > 1.0]),
        (xp.nonzero(x)[1], np.nonzero(a)[1]),
        (xp.unique_counts(x).counts, np.unique_counts(a).counts),
        (
            xp.searchsorted(xp.sort(x[0]), x, side="right"),
            np.searchsorted(np.sort(a[0]), a, "right"),
        ),
    ):
        np.testing.assert_array_equal(host(ours), theirs)


def test_scatter_without_assignment(strict: str) -> None:
    a = np.zeros((3, 4))
    x = xp.asarray(a, device=strict)
    rows, columns = np.asarray([0, 2, 0, 0]), np.asarray([1, 3, 1, 0])
    a[rows, columns] = [5.0, 6.0, 7.0, 8.0]
    values = xp.asarray([5.0, 6.0, 7.0, 8.0], device=strict)
    x[xp.asarray(rows, device=strict), xp.asarray(columns, device=strict)] = values
    np.testing.assert_array_equal(host(x), a)
    x[x > 5.0] = xp.asarray([1.0, 2.0, 3.0], device=strict)
    a[a > 5.0] = [1.0, 2.0, 3.0]
    np.testing.assert_array_equal(host(x), a)


def test_a_backend_without_a_kernel_says_so_at_the_call() -> None:
    functions = {"any": lambda matrix: np.any(matrix, axis=1)}

    class Few(NamespaceBackend):
        """What programs need, and no op that is a kernel of its own."""

        def _defaults(self) -> dict[str, Any]:
            found = super()._defaults()
            return {name: f for name, f in found.items() if ops.TABLE[name] not in ops.kernels()}

    xp.register_backend("few", Few("few", array_api_strict, functions=functions))
    try:
        x = xp.asarray([1.0, 0.0], device="few")
        i = xp.asarray([0], device="few")
        for name, call in (
            ("sort", lambda: xp.sort(x)),
            ("argsort", lambda: xp.argsort(x)),
            ("cumulative_sum", lambda: xp.cumulative_sum(x)),
            ("gather", lambda: x[i]),
            ("scatter", lambda: x.__setitem__(i, 2.0)),
            ("nonzero", lambda: x[x > 0.5]),
            ("searchsorted", lambda: xp.searchsorted(x, 1.0)),
        ):
            with pytest.raises(xp.UnsupportedOperationError, match=rf"has no {name}\(\)"):
                call()
        x[x > 0.5] = 7.0
        np.testing.assert_array_equal(host(x), [7.0, 0.0])
    finally:
        xp.unregister_backend("few")


def test_a_dtype_that_the_namespace_lacks() -> None:
    class Narrow(ModuleType):
        def __getattr__(self, name: str) -> Any:
            if name in ("float64", "complex128"):
                raise AttributeError(name)
            return getattr(array_api_strict, name)

    xp.register_backend("narrow", NamespaceBackend("narrow", Narrow("narrow")))
    try:
        x = xp.ones(3, dtype=xp.float32, device="narrow")
        assert host(x + x).tolist() == [2, 2, 2]
        said = (
            "backend 'narrow' has no dtype float64; it has bool, int8,.* uint64, float32, complex64"
        )
        with pytest.raises(xp.UnsupportedOperationError, match=said):
            xp.asarray([1.0, 2.0], dtype=xp.float64, device="narrow")
        with pytest.raises(xp.UnsupportedOperationError, match=said):
            xp.materialize(xp.astype(x, xp.float64) + 1)
    finally:
        xp.unregister_backend("narrow")
