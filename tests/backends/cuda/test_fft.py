"""`fft`, `rfft` and `irfft` on each driver, against numpy.fft."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.backends.cuda.operands import operand
from xgpu.plugin import Result, Strided
from xgpu_cuda.driver import Driver
from xgpu_cuda.launch.fft import Fourier
from xgpu_cuda.launch.fused import Fused

Array = np.ndarray[Any, np.dtype[Any]]

LENGTHS = [1, 2, 3, 4, 7, 16, 60, 97, 128, 1009, 8191]


@pytest.fixture(scope="module")
def fourier(driver: Driver) -> Fourier:
    return Fourier(driver, Fused(driver))


def data(shape: tuple[int, ...], dtype: Any) -> Array:
    rng = np.random.default_rng(len(shape))
    x = rng.standard_normal(shape)
    made: Array = x + 1j * rng.standard_normal(shape) if np.dtype(dtype).kind == "c" else x
    return np.asarray(made, dtype)


def run(
    driver: Driver, op: Any, given: Strided, shape: tuple[int, ...], dtype: Any, **attributes: Any
) -> Array:
    before = driver.to_host(0, given.buffer.ptr, given.buffer.nbytes)
    (memory,) = op(0, [given], [Result(np.dtype(dtype), shape)], attributes)
    got: Array = driver.to_host(0, memory.ptr, memory.nbytes).view(dtype).reshape(shape)
    after = driver.to_host(0, given.buffer.ptr, given.buffer.nbytes)
    np.testing.assert_array_equal(before, after)
    return got


def close(got: Array, wanted: Array) -> None:
    assert got.shape == wanted.shape
    scale = float(np.max(np.abs(wanted), initial=1.0))
    eps = float(np.finfo(got.dtype).eps)
    np.testing.assert_allclose(got, wanted, rtol=0, atol=20 * eps * scale)


def check(driver: Driver, fourier: Fourier, x: Array) -> None:
    """The ops that take the dtype of ``x``, on its own memory."""
    n = x.shape[-1]
    given = operand(driver, x)
    if x.dtype.kind == "f":
        dtype = np.result_type(x.dtype, np.complex64)
        shape = (*x.shape[:-1], n // 2 + 1)
        close(run(driver, fourier.rfft, given, shape, dtype), np.fft.rfft(x.astype(float)))
        return
    exact = x.astype(complex)
    got = run(driver, fourier.fft, given, x.shape, x.dtype, inverse=False)
    close(got, np.fft.fft(exact))
    got = run(driver, fourier.fft, given, x.shape, x.dtype, inverse=True)
    close(got, np.fft.ifft(exact, norm="forward"))
    for points in {2 * n - 1, max(2 * n - 2, 1)}:
        shape = (*x.shape[:-1], points)
        part = x[..., : points // 2 + 1]
        got = run(driver, fourier.irfft, operand(driver, part), shape, x.real.dtype, n=points)
        close(got, np.fft.irfft(part.astype(complex), points, norm="forward"))


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_lengths(driver: Driver, fourier: Fourier, dtype: str) -> None:
    for n in LENGTHS:
        check(driver, fourier, data((n,), dtype))
        check(driver, fourier, data((3, n), dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_views(driver: Driver, fourier: Fourier, dtype: str) -> None:
    x = data((4, 5, 6, 12), dtype)
    check(driver, fourier, x)
    check(driver, fourier, x[::-1, :, ::2])
    check(driver, fourier, x[..., ::-1])
    check(driver, fourier, x[..., 1::2])
    check(driver, fourier, x.transpose(3, 1, 0, 2))
    check(driver, fourier, np.broadcast_to(x[:, :1], x.shape))
    check(driver, fourier, np.broadcast_to(x[..., :1], x.shape))
    check(driver, fourier, data((25,), dtype)[1:])  # starts at an odd place


def test_irfft_counts_imaginary_parts_as_zero(driver: Driver, fourier: Fourier) -> None:
    x = data((2, 9), "complex128")
    for n, places in ((16, [0, 8]), (17, [0])):
        spoilt = x.copy()
        spoilt.imag[:, places] = np.nan
        clean = x.copy()
        clean.imag[:, places] = 0
        given = operand(driver, spoilt)
        got = run(driver, fourier.irfft, given, (2, n), "float64", n=n)
        close(got, np.fft.irfft(clean, n, norm="forward"))


def test_nan_and_infinity_stay_in_their_row(driver: Driver, fourier: Fourier) -> None:
    x = data((3, 8), "complex64")
    x[0, 3], x[1, 5] = np.nan, np.inf
    got = run(driver, fourier.fft, operand(driver, x), x.shape, x.dtype, inverse=False)
    assert np.isnan(got[0]).all() and not np.isfinite(got[1]).any()
    close(got[2], np.fft.fft(x[2].astype(complex)))


def test_many_plans_and_the_same_bits_twice(driver: Driver, fourier: Fourier) -> None:
    first: dict[int, Array] = {}
    for turn in range(2):
        for n in range(2, 40):
            x = data((n,), "complex64")
            got = run(driver, fourier.fft, operand(driver, x), x.shape, x.dtype, inverse=False)
            if turn:
                np.testing.assert_array_equal(got, first[n])
            first[n] = got
