"""The extension fft, against scipy.fft, and against the sum that defines the transform.

The transforms are kernels of their own, which the device ``cpu`` has; the rest are composites.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.fft

import xgpu
from tests.comparing import ALL, COMPLEX, FLOATS, INTEGERS, host, same, sample
from tests.linalg.sampled import random
from xgpu import fft

pytestmark = pytest.mark.usefixtures("on_device")

NORMS: list[Any] = ["backward", "ortho", "forward"]
FROM_COMPLEX = ["fft", "ifft", "irfft", "hfft"]
FROM_REAL = ["rfft", "ihfft"]
SEVERAL = ["fftn", "ifftn", "irfftn", "rfftn"]
SHAPES = [(1,), (2,), (5,), (8,), (3, 4), (2, 1, 7), (0, 4), (3, 0, 2)]


def close(x: xgpu.Array, expected: Any) -> None:
    """As `same`, within 50 units in the last place of the largest element."""
    assert isinstance(x, xgpu.Array)
    assert (x.shape, x.dtype) == (expected.shape, expected.dtype)
    largest = float(np.max(np.abs(expected), initial=1e-30))
    tolerance = 50 * float(np.finfo(expected.dtype).eps) * largest
    np.testing.assert_allclose(host(x), expected, rtol=0, atol=tolerance)


def oracle(name: str, x: Any, **arguments: Any) -> Any:
    """SciPy's function; for an empty array, which it does not take, the shape and dtype alone."""
    function = getattr(scipy.fft, name)
    if x.size:
        return function(x, **arguments)
    filled = np.ones([max(n, 1) for n in x.shape], x.dtype)
    made = function(filled, **arguments)
    axis = arguments.get("axis", -1) % x.ndim
    shape = [made.shape[i] if i == axis else n for i, n in enumerate(x.shape)]
    return np.zeros(shape, made.dtype)


@pytest.mark.parametrize("dtype", [*FLOATS, *COMPLEX], ids=str)
@pytest.mark.parametrize("name", FROM_COMPLEX + FROM_REAL)
def test_one_axis(name: str, dtype: np.dtype[Any]) -> None:
    if (dtype.kind == "c") != (name in FROM_COMPLEX):
        with pytest.raises(TypeError, match=rf"{name}\(\) takes (real|complex) floating dtypes"):
            getattr(fft, name)(xgpu.ones(4, dtype=dtype))
        return
    for shape in SHAPES:
        x = random(shape, dtype)
        for axis in range(-1, x.ndim):
            length = shape[axis]
            for n in {None, 1, 2, length, length + 1, 2 * length + 3, max(length // 2, 1)}:
                default = 2 * (length - 1) if name in ("irfft", "hfft") else length
                if (default if n is None else n) < 1:
                    with pytest.raises(ValueError, match=rf"{name}\(\) needs at least 1 point"):
                        getattr(fft, name)(xgpu.asarray(x), n=n, axis=axis)
                    continue
                for norm in NORMS:
                    got = getattr(fft, name)(xgpu.asarray(x), n=n, axis=axis, norm=norm)
                    if length:
                        close(got, oracle(name, x, n=n, axis=axis, norm=norm))
                    else:
                        padded = np.zeros_like(x, shape=[m or 1 for m in x.shape])
                        expected = oracle(name, padded, n=n, axis=axis, norm=norm)
                        kept = [
                            m if i != axis % x.ndim else got.shape[i] for i, m in enumerate(shape)
                        ]
                        close(got, expected.reshape(kept))


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 30])
def test_the_definition(n: int) -> None:
    x = random((n,), "complex128")
    turn = np.exp(-2j * np.pi * np.outer(np.arange(n), np.arange(n)) / n)
    close(fft.fft(xgpu.asarray(x)), turn @ x)
    close(fft.ifft(xgpu.asarray(x)), np.conj(turn) @ x / n)
    close(fft.rfft(xgpu.asarray(x.real)), (turn @ x.real)[: n // 2 + 1])
    close(fft.ihfft(xgpu.asarray(x.real)), (np.conj(turn) @ x.real)[: n // 2 + 1] / n)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_each_transform_undoes_its_inverse(n: int, norm: Any) -> None:
    x = random((3, n), "float64")
    given, turned = xgpu.asarray(x), xgpu.asarray(x + 1j * x[::-1])
    close(fft.ifft(fft.fft(turned, norm=norm), norm=norm), host(turned))
    close(fft.irfft(fft.rfft(given, norm=norm), n=n, norm=norm), x)
    close(fft.hfft(fft.ihfft(given, norm=norm), n=n, norm=norm), x)
    close(fft.ifftn(fft.fftn(turned, norm=norm), norm=norm), host(turned))
    back = fft.irfftn(fft.rfftn(given, norm=norm), s=(3, n), axes=(0, 1), norm=norm)
    close(back, x)


AXES: list[tuple[Any, Any]] = [
    (None, None),
    (None, (0,)),
    (None, (-1, 0)),
    (None, [2, 0, 1]),
    ((4, 3), (0, 2)),
    ((2, 9, 5), (1, 0, -1)),
    ([-1, 5], [1, 2]),
    ((1, 1), (0, 1)),
    ((7,), (1,)),
]


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(("s", "axes"), AXES, ids=str)
@pytest.mark.parametrize("dtype", [*FLOATS, *COMPLEX], ids=str)
@pytest.mark.parametrize("name", SEVERAL)
def test_several_axes(name: str, dtype: np.dtype[Any], s: Any, axes: Any, norm: Any) -> None:
    if (dtype.kind == "c") != (name != "rfftn"):
        with pytest.raises(TypeError, match=rf"{name}\(\) takes (real|complex) floating dtypes"):
            getattr(fft, name)(xgpu.ones((3, 4), dtype=dtype))
        return
    x = random((3, 4, 6), dtype)
    whole = s if s is None else [x.shape[a] if n == -1 else n for n, a in zip(s, axes, strict=True)]
    got = getattr(fft, name)(xgpu.asarray(x), s=s, axes=axes, norm=norm)
    close(got, getattr(scipy.fft, name)(x, s=whole, axes=axes, norm=norm))


def test_minus_one_is_the_whole_axis_of_the_result_too() -> None:
    x = random((3, 5), "complex128")
    got = fft.irfftn(xgpu.asarray(x), s=(-1, -1), axes=(0, 1))
    close(got, scipy.fft.irfftn(x))


def test_no_axis() -> None:
    x = random((2, 3), "complex128")
    given = xgpu.asarray(x)
    copied = fft.fftn(given, axes=())
    copied[0, 0] = 5.0
    same(given, x)
    same(fft.ifftn(xgpu.asarray(2 + 1j)), np.asarray(2 + 1j))
    for name, dtype in (("rfftn", "float64"), ("irfftn", "complex128")):
        with pytest.raises(ValueError, match=rf"{name}\(\) needs an axis"):
            getattr(fft, name)(xgpu.ones((2, 3), dtype=getattr(xgpu, dtype)), axes=())


def test_views_and_pending_operands() -> None:
    x = random((6, 8), "complex64")
    given = xgpu.asarray(x)
    close(fft.fft(given[::-1, ::2].T * 2.0, axis=0), scipy.fft.fft((x[::-1, ::2] * 2).T, axis=0))
    close(fft.rfft(xgpu.real(given)[:, 1:]), scipy.fft.rfft(x.real[:, 1:]))
    got = fft.fft(given, axis=0)
    got[...] = 0.0
    same(given, x)


def test_the_scale_fuses_with_what_follows() -> None:
    x = xgpu.asarray(random((4, 8), "complex128"))
    with xgpu.trace() as trace:
        xgpu.materialize(xgpu.real(fft.ifft(x)) + 1.0)
    assert [kernel.ops for kernel in trace.kernels] == [("fft",), ("multiply", "real", "add")]


@pytest.mark.parametrize("dtype", [*INTEGERS, xgpu.bool], ids=str)
def test_integers_are_real_numbers(dtype: np.dtype[Any]) -> None:
    x = sample(dtype, (3, 6))
    for name in ("rfft", "ihfft", "rfftn"):
        close(getattr(fft, name)(xgpu.asarray(x)), getattr(scipy.fft, name)(x.astype("float64")))
    with pytest.raises(TypeError, match="convert it with xgpu.astype"):
        fft.fft(xgpu.asarray(x))


def test_parts_that_do_not_count() -> None:
    x = random((5,), "complex128")
    plain = x.copy()
    plain[0] = plain[0].real
    close(fft.irfft(xgpu.asarray(x), n=9), scipy.fft.irfft(plain, n=9))
    plain[-1] = plain[-1].real
    close(fft.irfft(xgpu.asarray(x)), scipy.fft.irfft(plain))


@pytest.mark.parametrize("special", [np.nan, np.inf])
def test_nan_and_infinity_stay_in_their_row(special: float) -> None:
    x = random((2, 8), "complex128")
    x[0, 3] = special
    got = host(fft.fft(xgpu.asarray(x)))
    assert not np.any(np.isfinite(got[0]))
    np.testing.assert_allclose(got[1], scipy.fft.fft(x[1]), rtol=1e-13)


def test_a_long_one() -> None:
    for n in (2**20, 1_000_003, 3**12):
        x = random((n,), "float32")
        close(fft.rfft(xgpu.asarray(x)), scipy.fft.rfft(x))


# Frequencies and shifts


@pytest.mark.parametrize("n", [1, 2, 3, 8, 9, 101])
@pytest.mark.parametrize("d", [1.0, 0.1, 3, -2.5])
@pytest.mark.parametrize("name", ["fftfreq", "rfftfreq"])
def test_frequencies(name: str, d: float, n: int, device: xgpu.Device) -> None:
    expected = getattr(np.fft, name)(n, d)
    function = getattr(fft, name)
    got = function(n, d=d, device=device)
    assert got.device is device
    same(got, expected, rtol=3e-16)
    assert function(n, d=d).device is xgpu.get_default_device()
    for dtype in FLOATS:
        made = function(n, d=d, dtype=dtype, device=device)
        same(made, (np.round(expected * d * n) / (d * n)).astype(dtype), rtol=3e-16)


@pytest.mark.parametrize("name", ["fftfreq", "rfftfreq"])
def test_frequencies_refused(name: str) -> None:
    function = getattr(fft, name)
    for n in (0, -3):
        with pytest.raises(ValueError, match=rf"{name}\(\) needs at least 1 point: got {n}"):
            function(n)
    with pytest.raises(TypeError, match="int as the number of points"):
        function(4.0)
    with pytest.raises(ZeroDivisionError, match="d=0"):
        function(4, d=0.0)
    for dtype in (xgpu.int32, xgpu.complex64, xgpu.bool):
        with pytest.raises(TypeError, match=rf"{name}\(\) gives real floating dtypes: got {dtype}"):
            function(4, dtype=dtype)
    with pytest.raises(ValueError, match="nowhere"):
        function(4, device="nowhere")


@pytest.mark.parametrize("axes", [None, 0, -1, (0,), (1, 0), [0, 2]])
@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_shifts(dtype: np.dtype[Any], axes: Any) -> None:
    for shape in ((4, 5, 3), (1, 2, 7), (0, 3, 2)):
        x = sample(dtype, shape)
        given = xgpu.asarray(x)
        same(fft.fftshift(given, axes=axes), np.fft.fftshift(x, axes))
        same(fft.ifftshift(given, axes=axes), np.fft.ifftshift(x, axes))
        same(fft.ifftshift(fft.fftshift(given, axes=axes), axes=axes), x)


def test_shifts_run_on_every_device(device: xgpu.Device) -> None:
    x = np.arange(15.0).reshape(3, 5)
    got = fft.fftshift(xgpu.asarray(x, device=device))
    assert got.device is device
    same(got, np.fft.fftshift(x))
    same(fft.fftshift(xgpu.asarray(2.0, device=device)), np.asarray(2.0))


# Arguments

X = xgpu.ones((3, 4), dtype=xgpu.complex128)
CALLS: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: fft.fft(X, n=0), ValueError, r"fft\(\) needs at least 1 point: got 0"),
    (lambda: fft.fft(X, n=-1), ValueError, "got -1"),
    (lambda: fft.fft(X, n=2.0), TypeError, "int as the number of points: got 2.0"),  # type: ignore[arg-type]
    (lambda: fft.fft(X, axis=2), IndexError, "axis 2 is out of bounds"),
    (lambda: fft.fft(X[0, 0]), IndexError, "out of bounds for array of dimension 0"),
    (lambda: fft.fft(X, norm="none"), ValueError, "'ortho' or 'forward': got 'none'"),  # type: ignore[arg-type]
    (lambda: fft.irfft(X[:, :1]), ValueError, "at least 1 point: got 0"),
    (lambda: fft.fftn(X, s=(2, 2)), ValueError, r"fftn\(s=...\) needs axes"),
    (lambda: fft.fftn(X, s=(2, 2), axes=(0,)), ValueError, "as many lengths as axes"),
    (lambda: fft.fftn(X, s=(2, 0), axes=(0, 1)), ValueError, "got 0"),
    (lambda: fft.fftn(X, s=(-2,), axes=(0,)), ValueError, "got -2"),
    (lambda: fft.fftn(X, axes=(0, 2)), IndexError, "axis 2 is out of bounds"),
    (lambda: fft.irfftn(X, axes=(0, -3)), IndexError, "axis -3"),
    (lambda: fft.fft([1.0]), TypeError, r"fft\(\) takes an xgpu array: got list"),  # type: ignore[arg-type]
    (lambda: fft.fftshift(X, axes=5), IndexError, "axis 5"),
    (lambda: fft.ifftshift(X, axes=(0, -2)), ValueError, "duplicate"),
    (lambda: fft.rfft(X), TypeError, "take xgpu.real first"),
]


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_refused(number: int) -> None:
    call, error, said = CALLS[number]
    with pytest.raises(error, match=said):
        call()


def test_a_device_without_the_op_says_so(device: xgpu.Device) -> None:
    x = xgpu.ones(4, dtype=xgpu.complex64, device=device)
    if "fft" in device.backend.kernel_ops:
        close(fft.fft(x), np.asarray([4, 0, 0, 0], "complex64"))
        return
    with pytest.raises(xgpu.UnsupportedOperationError, match=r"has no fft\(\).*to_device"):
        fft.fft(x)
