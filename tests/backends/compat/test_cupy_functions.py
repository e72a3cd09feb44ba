"""What the CuPy backend sets right, with NumPy in CuPy's place, so that no GPU is needed."""

from __future__ import annotations

import math
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import scipy.special

from xgpu.plugin import BackendUnavailableError

COMPLEX = [np.complex64, np.complex128]


def quotient(x1: Any, x2: Any) -> Any:
    """Complex division as CuPy does it, where a reciprocal below the normal numbers is flushed."""
    size = np.abs(x2.real) + np.abs(x2.imag)
    inverse = 1 / size
    inverse = np.where(inverse < np.finfo(size.dtype).tiny, 0, inverse).astype(size.dtype)
    x1, x2 = x1 * inverse, x2 * inverse
    return x1 * np.conj(x2) * (1 / (x2.real**2 + x2.imag**2))


def flushed(x: Any) -> Any:
    """Zeros for subnormal numbers, as of kernels compiled with -ftz=true."""
    small = np.abs(x) < np.finfo(x.dtype).tiny
    return np.where(small, np.copysign(0, x), x).astype(x.dtype)


def unit(x: Any) -> Any:
    """The sign of a complex number, as CuPy computes it."""
    if x.dtype.kind != "c":
        return np.sign(x)
    size = flushed(np.abs(x))
    return (flushed(x.real / size) + 1j * flushed(x.imag / size)).astype(x.dtype)


def last(matrix: Any, axis: int) -> Any:
    """The last NaN of a row, as CuPy may take it, if there is one; else the first largest."""
    missing = np.isnan(matrix) if matrix.dtype.kind == "f" else np.zeros_like(matrix, bool)
    backwards = matrix.shape[axis] - 1 - np.argmax(missing[:, ::-1], axis=axis)
    return np.where(missing.any(axis=axis), backwards, np.argmax(matrix, axis=axis))


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The backend's, over NumPy with CuPy's formulas."""
    try:
        module = import_module("xgpu_compat.cupy_functions")
    except BackendUnavailableError as error:
        pytest.skip(str(error))
    given = SimpleNamespace(divide=quotient, sign=np.sign, expm1=np.expm1, argmax=last)
    monkeypatch.setattr(module, "cupy", np)
    monkeypatch.setattr(module, "xp", given)
    return module


@pytest.mark.parametrize("dtype", COMPLEX)
def test_quotients_of_numbers_of_any_size(functions: ModuleType, dtype: Any) -> None:
    info = np.finfo(dtype)
    sizes = np.asarray([info.tiny, 1, 3, info.max / 4, info.max], info.dtype)
    x = (sizes[:, None] * np.asarray([1, 1j, -1, 1 - 1j, -0.5 + 1j], dtype)).reshape(-1)
    with np.errstate(all="ignore"):
        assert not np.isfinite(quotient(x, x)).all()  # CuPy alone
        one = functions.divide(x, x)
        np.testing.assert_allclose(one, np.ones_like(x), rtol=8 * info.eps)
        inverse = functions.reciprocal(x)
    assert one.dtype == inverse.dtype == dtype
    right = (1 / x.astype(np.clongdouble)).astype(dtype)
    np.testing.assert_allclose(inverse, right, rtol=8 * info.eps, atol=info.smallest_subnormal)


@pytest.mark.parametrize("dtype", COMPLEX)
def test_quotients_that_are_not_finite(functions: ModuleType, dtype: Any) -> None:
    large = np.asarray([np.finfo(dtype).max], dtype)
    with np.errstate(all="ignore"):
        found = functions.divide(-large, np.asarray(-0.5, dtype))
        zero = functions.divide(np.zeros(1, dtype), large)
        nothing = functions.divide(large, np.zeros(1, dtype))
    assert found.real[0] == np.inf and found.imag[0] == 0
    assert zero[0] == 0
    assert not np.isfinite(nothing).any()


@pytest.mark.parametrize("dtype", COMPLEX)
def test_signs(functions: ModuleType, dtype: Any) -> None:
    info = np.finfo(dtype)
    ones = np.asarray([1, -1, 1j, 1 + 1j, -1 - 1j, 3 - 4j], dtype)
    for size in (info.tiny, 1, info.max / 4):
        found = functions.sign(ones * info.dtype.type(size))
        np.testing.assert_allclose(found, ones / np.abs(ones), rtol=4 * info.eps)
    largest = functions.sign(np.asarray([complex(info.max, -info.max)], dtype))
    np.testing.assert_allclose(largest, [(1 - 1j) / np.sqrt(2)], rtol=4 * info.eps)
    zeros = functions.sign(np.asarray([complex(-0.0, 2.0), 0], dtype))
    assert zeros.tolist() == [1j, 0] and np.signbit(zeros.real[0])


@pytest.mark.parametrize("dtype", COMPLEX)
def test_a_small_component_of_a_sign_is_not_flushed(
    functions: ModuleType, dtype: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = np.finfo(dtype).tiny
    flushing = {"sign": unit, "ldexp": lambda x, e: flushed(np.ldexp(x, e))}
    monkeypatch.setattr(functions, "cupy", SimpleNamespace(**(vars(np) | flushing)))
    x = np.asarray([1 + tiny * 1j, tiny - 1j, complex(-4, 4 * tiny)], dtype)
    assert functions.sign(x).tolist() == [1 + tiny * 1j, tiny - 1j, -1 + tiny * 1j]
    lost = functions.scaled(x, -functions.exponent(x))
    assert lost.imag[0] == lost.real[1] == 0


#: Order, kind, the function without scale, and how it is scaled by CuPy.
BESSEL: dict[str, tuple[int, str, Any, Any]] = {
    "i0e": (0, "I", scipy.special.i0, lambda x: np.exp(-np.abs(x))),
    "i1e": (1, "I", scipy.special.i1, lambda x: np.exp(-np.abs(x))),
    "k0e": (0, "K", scipy.special.k0, np.exp),
    "k1e": (1, "K", scipy.special.k1, np.exp),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", BESSEL)
def test_scaled_bessel_functions(functions: ModuleType, name: str, dtype: Any) -> None:
    order, kind, plain, scale = BESSEL[name]
    ends = [0, 0.5, 499, 500, 501, 705, 710, 1e5, 1e30, np.finfo(dtype).max, np.inf, np.nan]
    x = np.concatenate([ends, -np.asarray(ends[1:])]).astype(dtype)
    with np.errstate(all="ignore"):

        def product(x: Any) -> Any:
            return scale(x) * plain(x)

        assert np.isnan(product(np.asarray([1e5, np.inf]))).all()  # CuPy alone
        found = functions.scaled_bessel(product, order, kind)(x)
        right = getattr(scipy.special, name)(x.astype(np.float64)).astype(dtype)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, right, rtol=8 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(np.signbit(found[right == 0]), np.signbit(right[right == 0]))


def test_nan_at_infinity(functions: ModuleType) -> None:
    x = np.asarray([-np.inf, np.inf, -0.0, 3], np.float32)
    with np.errstate(invalid="ignore"):
        found = functions.undefined_at_infinity(
            lambda x: np.where(np.isinf(x), x.dtype.type(0), x)
        )(x)
    np.testing.assert_array_equal(found, np.asarray([np.nan, np.nan, 0, 3], np.float32))
    assert found.dtype == np.float32 and np.signbit(found[2])


@pytest.mark.parametrize("dtype", COMPLEX)
def test_expm1(functions: ModuleType, dtype: Any) -> None:
    info = np.finfo(dtype)
    small = np.asarray([1e-30 + 1e-30j, complex(-0.0, 1e-30), -1e-20 + 1j], dtype)
    found = functions.expm1(small)
    np.testing.assert_allclose(found[:2], small[:2], rtol=4 * info.eps)
    np.testing.assert_allclose(found[2], np.expm1(small[2:].astype(np.complex128))[0], rtol=1e-6)
    large = float(np.log(info.max)) + 1
    with np.errstate(all="ignore"):
        found = functions.expm1(np.asarray([complex(large, 0.1), complex(large, 1e-3)], dtype))
    assert np.isinf(found.real).all()
    right = float(info.max) * (math.e * np.sin([0.1, 1e-3]))
    np.testing.assert_allclose(found.imag, right, rtol=1e-4)
    assert functions.expm1(small).dtype == dtype


def test_expm1_of_infinities(functions: ModuleType) -> None:
    x = np.asarray([complex(np.inf, 0), complex(-np.inf, np.nan), complex(np.inf, np.inf), -0j])
    with np.errstate(all="ignore"):
        found = functions.expm1(x)
    np.testing.assert_array_equal(found.real, [np.inf, -1, np.inf, 0])
    np.testing.assert_array_equal(found.imag, [0, 0, np.nan, 0])


def test_the_first_of_several_nan(functions: ModuleType) -> None:
    rows = np.asarray([[1, np.nan, 3, np.nan], [1, 4, 4, 2]])
    assert last(rows, 1).tolist() == [3, 1]  # CuPy alone
    assert functions.first(last)(rows).tolist() == [1, 1]
    assert functions.first(last)(np.asarray([[5, 9, 9]])).tolist() == [1]


def test_real_numbers_are_left_to_cupy(functions: ModuleType) -> None:
    x = np.asarray([-2.0, 0.5])
    np.testing.assert_array_equal(functions.sign(x), [-1, 1])
    np.testing.assert_array_equal(functions.expm1(x), np.expm1(x))
