"""Other libraries compute what the reference does, with views, writes and errors of xgpu's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import host
from tests.programs.beside_numpy.program import run as beside_numpy
from tests.programs.eager_and_lazy.program import run as eager_and_lazy
from xgpu.plugin import ops


def test_random_programs_beside_numpy(compat: xgpu.Device) -> None:
    if compat.type == "strict":
        pytest.skip("programs have bfloat16 and sort bool, which the standard does not have")
    for seed in range(1 if compat.type == "jax" else 4):
        steps = 8 if compat.type == "jax" else 25
        beside_numpy(compat, lambda _: None, (3, 3), [1000 * seed + i for i in range(steps)])


def test_random_programs_have_the_same_bits_recorded(compat: xgpu.Device) -> None:
    if compat.type == "strict":
        pytest.skip("programs have bfloat16 and sort bool, which the standard does not have")
    for seed in range(1 if compat.type == "jax" else 4):
        steps = 6 if compat.type == "jax" else 20
        eager_and_lazy(compat, lambda _: None, (3, 3), [1000 * seed + i for i in range(steps)])


def test_every_elementwise_row_is_near_the_reference(compat: xgpu.Device) -> None:
    values = np.asarray([0.25, 0.5, 0.75, 1.0], np.float64)
    assert not compat.backend.unsupported
    # JAX compiles each: here a third of them, and the conformance suite has all.
    for op in ops.elementwise()[:: 3 if compat.type == "jax" else 1]:
        kind = next(k for k in "fcib" if k in op.accepts)
        dtype = {"f": np.float64, "c": np.complex128, "i": np.int64, "b": np.bool_}[kind]
        given: Any = (
            values * 8 if kind == "i" else values + (0.5 if op.name == "acosh" else 0.0)
        ).astype(dtype)
        function: Any = getattr(xgpu, op.name, lambda x: xgpu.astype(x, xgpu.float32))
        operands = [given] * op.arity if op.arity < 3 else [given > 0.5, given, -given]
        with np.errstate(all="ignore"):
            expected = host(function(*map(xgpu.asarray, operands)))
        got = host(function(*(xgpu.asarray(x, device=compat) for x in operands)))
        assert got.dtype == expected.dtype, op.name
        np.testing.assert_allclose(got, expected, rtol=1e-13, err_msg=op.name)


@pytest.mark.parametrize("dtype", ["uint16", "uint32", "uint64", "int8", "float32", "complex64"])
def test_reductions_and_kernels_of_their_own(compat: xgpu.Device, dtype: str) -> None:
    if compat.type == "jax" and dtype != "float32":
        pytest.skip("JAX compiles for each dtype; the tests take one of them")
    a = np.asarray([[3, 1, 2, 3], [7, 0, 5, 1]]).astype(dtype)
    x = xgpu.asarray(a, device=compat)
    np.testing.assert_array_equal(host(xgpu.sum(x, axis=1, dtype=x.dtype)), a.sum(1, dtype=dtype))
    np.testing.assert_array_equal(host(x @ x.T), a @ a.T)
    np.testing.assert_array_equal(host(x[:, ::-1] * x - x), a[:, ::-1] * a - a)
    if dtype != "complex64":
        np.testing.assert_array_equal(host(xgpu.sort(x, descending=True)), np.sort(a)[:, ::-1])
        np.testing.assert_array_equal(host(xgpu.argmin(x, axis=1)), a.argmin(1))
        np.testing.assert_array_equal(host(x // (x + 1)), a // (a + 1))
    places = xgpu.asarray([2, 0, 2], device=compat)
    x[0, places] = xgpu.asarray(np.asarray([9, 8, 7], dtype), device=compat)
    a[0, [2, 0, 2]] = [9, 8, 7]
    np.testing.assert_array_equal(host(x), a)


def test_nan_is_last_of_what_is_sorted(compat: xgpu.Device) -> None:
    x = xgpu.asarray([2.0, np.nan, -1.0, np.inf], device=compat)
    np.testing.assert_array_equal(host(xgpu.sort(x)), [-1, 2, np.inf, np.nan])
    np.testing.assert_array_equal(host(xgpu.sort(x, descending=True)), [np.inf, 2, -1, np.nan])


def test_linear_algebra_and_transforms(compat: xgpu.Device) -> None:
    a = np.asarray([[4.0, 1.0], [1.0, 3.0]])
    x = xgpu.asarray(a, device=compat)
    np.testing.assert_allclose(host(xgpu.linalg.inv(x)), np.linalg.inv(a), rtol=1e-13)
    np.testing.assert_allclose(host(xgpu.linalg.eigvalsh(x)), np.linalg.eigvalsh(a), rtol=1e-13)
    np.testing.assert_allclose(host(xgpu.fft.rfft(x)), np.fft.rfft(a), rtol=1e-13)
    with pytest.raises(np.linalg.LinAlgError, match="positive definite"):
        xgpu.linalg.cholesky(-x)
    with pytest.raises(np.linalg.LinAlgError, match="[Ss]ingular"):
        xgpu.linalg.inv(xgpu.ones((2, 2), device=compat))


def test_a_device_that_is_not_there(compat: xgpu.Device) -> None:
    with pytest.raises(ValueError, match="no device"):
        xgpu.device(f"{compat.type}:99")


@pytest.mark.parametrize("dtype", ["int8", "int64", "uint64"])
def test_products_of_integers_on_cuda_by_outer_products(dtype: str) -> None:
    """What torch's CUDA device uses; the sums wrap around as NumPy's do."""
    torch = pytest.importorskip("torch")
    functions = pytest.importorskip("xgpu_compat.torch_functions")
    lowest, highest = np.iinfo(dtype).min, np.iinfo(dtype).max
    rng = np.random.default_rng(7)
    a = rng.integers(lowest, highest, (2, 1, 5, 7), dtype, endpoint=True)
    b = rng.integers(lowest, highest, (3, 7, 4), dtype, endpoint=True)
    signed = dtype.removeprefix("u")
    got = functions.outer_products(*(torch.asarray(x.view(signed)) for x in (a, b)))
    np.testing.assert_array_equal(got.numpy().view(dtype), np.matmul(a, b))
