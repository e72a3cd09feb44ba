"""Fusion, dtypes, broadcasting and wrong arguments of the special functions."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import array_api_compat.numpy as namespace
import ml_dtypes
import numpy as np
import pytest
import scipy.special

import xgpu
from tests.comparing import host
from xgpu import special
from xgpu.plugin import NamespaceBackend, ops

TERNARY = ("betainc", "betaincc", "gdtr", "bdtr")


def at(values: Any, device: xgpu.Device, dtype: Any = np.float64) -> xgpu.Array:
    return xgpu.asarray(np.asarray(values, dtype), device=device)


CHAINS: dict[str, Callable[[xgpu.Array, xgpu.Array], xgpu.Array]] = {
    "ndtr": lambda x, y: special.ndtr(x * 2 + 1) * y,
    "stdtr": lambda x, y: special.stdtr(y + 1, x * 2) - 0.5,
    "betainc": lambda x, y: special.betainc(y, 2.5, special.expit(x)) * x,
    "kl_div": lambda x, y: special.kl_div(y, y + 0.5) + special.xlogy(y, y),
    "polygamma": lambda x, y: special.polygamma(1, y) / (1 + special.digamma(y)),
    "a sum": lambda x, y: xgpu.sum(special.gammaln(y * 3) * x),
    "a view": lambda x, y: special.erf(x[::-1]) + y,
}


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_around_them_is_one_kernel(device: xgpu.Device, name: str) -> None:
    x, y = at([-1.0, 0.0, 0.5, 2.0], device), at([1.0, 2.0, 3.0, 4.0], device)
    with xgpu.trace() as trace:
        fused = host(CHAINS[name](x, y))
    assert len(trace.kernels) == 1
    with xgpu.eager():
        single = host(CHAINS[name](x, y))
    np.testing.assert_allclose(fused, single, rtol=1e-15)
    if name != "a sum":
        np.testing.assert_array_equal(fused, single)


def test_nothing_runs_before_a_value_is_read(device: xgpu.Device) -> None:
    with xgpu.trace() as trace:
        x = special.ndtri(special.stdtr(at([1.0, 2.0], device), 0.25))
        assert not trace.kernels
    assert host(x).shape == (2,)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "int64", "uint64"])
def test_integers_are_computed_in_float64(device: xgpu.Device, dtype: str) -> None:
    x = np.asarray([0, 1, 1], dtype)
    for name in ("erf", "gammaln", "expit", "i0", "entr"):
        got = getattr(special, name)(at(x, device, dtype))
        assert got.dtype is xgpu.float64
        expected = getattr(scipy.special, name)(x.astype(np.float64))
        np.testing.assert_allclose(host(got), expected, rtol=4e-16)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_16_bit_floats_are_rounded_once(device: xgpu.Device, dtype: str) -> None:
    kind = np.dtype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    values = np.linspace(0.05, 3, 40).astype(kind)
    x = at(values, device, kind)
    for name in ("ndtr", "gammaln", "kl_div", "stdtr"):
        arguments = [x] if name not in ("kl_div", "stdtr") else [x, x + 1]
        got = getattr(special, name)(*arguments)
        assert got.dtype == kind
        wide = [xgpu.astype(a, xgpu.float32) for a in arguments]
        once = xgpu.astype(getattr(special, name)(*wide), got.dtype)
        np.testing.assert_array_equal(host(got), host(once), err_msg=name)


def test_dtypes_promote_and_scalars_are_weak(device: xgpu.Device) -> None:
    single, double = at([0.5, 0.25], device, "float32"), at([1.0, 2.0], device)
    whole = at([1, 2], device, "int32")
    assert special.gammainc(single, double).dtype is xgpu.float64
    assert special.gammainc(single, 2).dtype is xgpu.float32
    assert special.gammainc(2.5, single).dtype is xgpu.float32
    assert special.gammainc(whole, 2.0).dtype is xgpu.float64
    assert special.gammainc(whole, single).dtype is xgpu.float64
    assert special.betainc(True, single, 0.5).dtype is xgpu.float32
    of_numpy: list[tuple[Any, Any]] = [
        (np.float32(2), xgpu.float32),
        (np.float64(2), xgpu.float32),
        (np.int64(2), xgpu.float64),
    ]
    for scalar, dtype in of_numpy:
        assert special.xlogy(single, scalar).dtype is dtype
    got = host(special.xlogy(single, of_numpy[-1][0]))
    np.testing.assert_array_equal(got, scipy.special.xlogy([0.5, 0.25], 2.0))


def test_arguments_broadcast(device: xgpu.Device) -> None:
    rng = np.random.default_rng(0)
    a, b, x = rng.uniform(1, 5, (3, 1, 1)), rng.uniform(1, 5, (4, 1)), rng.uniform(0, 1, 5)
    got = special.betainc(*(at(v, device) for v in (a, b, x)))
    assert got.shape == (3, 4, 5)
    np.testing.assert_allclose(host(got), scipy.special.betainc(a, b, x), rtol=1e-13)
    turned = special.stdtr(at(a[:, 0, :], device).T, at(x[:2], device)[:, None])
    assert turned.shape == (2, 3)
    expected = scipy.special.stdtr(a[:, 0, :].T, x[:2, None])
    np.testing.assert_allclose(host(turned), expected, rtol=1e-13)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (1,), (1, 1, 1)])
def test_shapes(device: xgpu.Device, shape: tuple[int, ...]) -> None:
    x = xgpu.full(shape, 0.5, device=device)
    for name in ("erf", "ndtri", "polygamma", "betainc", "stdtrit", "zeta", "logit"):
        before = {"polygamma": (1,), "betainc": (2.0, x), "stdtrit": (3.0,)}.get(name, ())
        got = getattr(special, name)(*before, x)
        assert got.shape == shape
        host(got)


def test_large_arrays_have_the_bits_of_small_ones(device: xgpu.Device) -> None:
    # The reference computes large programs in blocks, the GPU several points in a thread.
    size = 300_000 if device.type == "cpu" else 3_000
    x = np.linspace(-5, 5, size)
    whole = host(special.log_ndtr(at(x, device)) + special.digamma(at(x, device)))
    part = at(x[::1000], device)
    np.testing.assert_array_equal(
        whole[::1000], host(special.log_ndtr(part) + special.digamma(part))
    )


ONE_ARGUMENT = ("erf", "ndtr", "gammaln", "zeta", "expit", "sinc", "i1")


@pytest.mark.parametrize("name", [*ONE_ARGUMENT, "gammainc", "betainc", "xlogy", "stdtr"])
def test_complex_numbers_are_refused(device: xgpu.Device, name: str) -> None:
    count = 3 if name in TERNARY else 1 if name in ONE_ARGUMENT else 2
    x = at([1.0], device, "complex64")
    with pytest.raises(TypeError, match=rf"special\.{name}\(\) does not take dtype complex64"):
        getattr(special, name)(*[x] * count)
    if count > 1:
        real = at([1.0], device)
        with pytest.raises(TypeError, match=rf"special\.{name}\(\) does not take complex numbers"):
            getattr(special, name)(*[real] * (count - 1), 1j)


@pytest.mark.parametrize("name", ["erf", "ndtr", "gammainc", "betainc"])
def test_what_is_no_array_is_refused(device: xgpu.Device, name: str) -> None:
    count = {"gammainc": 2, "betainc": 3}.get(name, 1)
    function = getattr(special, name)
    with pytest.raises(TypeError, match=rf"special\.{name}\(\) needs an xgpu array: got float"):
        function(*[0.5] * count)
    with pytest.raises(TypeError, match=r"got a numpy\.ndarray, which nothing moves"):
        function(*[np.ones(2)] * count)
    with pytest.raises(TypeError, match=r"takes xgpu arrays and Python scalars: got str"):
        function("x", *[at([1.0], device)] * (count - 1))


def test_wrong_arguments(device: xgpu.Device) -> None:
    x = at([1.0, 2.0], device)
    with pytest.raises(ValueError, match="broadcast"):
        special.betainc(x, x, at([0.1, 0.2, 0.3], device))
    with pytest.raises(TypeError, match="float"):
        special.polygamma(1.5, x)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="dimension of at least 1: got 0"):
        special.multigammaln(x, 0)
    with pytest.raises(OverflowError, match="out of bounds for float64"):
        special.xlogy(x, 10**400)
    assert np.isnan(host(special.polygamma(-1, x))).all()


def test_arrays_of_two_devices_are_refused() -> None:
    here, there = at([1.0], xgpu.device("cpu")), at([0.5], xgpu.device("cudasim:0"))
    with pytest.raises(xgpu.DeviceMismatchError, match=r"special\.betainc\(\) got arrays on"):
        special.betainc(here, 2.0, there)
    with xgpu.mixed_devices("move"):
        assert special.betainc(here, 2.0, there).device == "cpu"


def test_a_backend_without_them() -> None:
    backend = NamespaceBackend("bare", namespace)
    assert not {op.name for op in ops.optional()} & backend.capabilities
    assert not {op.name for op in ops.optional()} & backend.unsupported
    xgpu.register_backend("bare", backend)
    try:
        x = xgpu.asarray([0.5, 2.0], device="bare:0")
        np.testing.assert_allclose(host(special.expit(x)), scipy.special.expit([0.5, 2.0]))
        with pytest.raises(xgpu.UnsupportedOperationError, match=r"has no erf\(\)"):
            special.erf(x)
        with pytest.raises(xgpu.UnsupportedOperationError, match=r"has no erfcx\(\)"):
            special.ndtr(x)
        with xgpu.allow_fallback("numpy"):
            got = special.betainc(x, 2.0, 0.25)
        assert str(got.device).startswith("bare")
        np.testing.assert_allclose(host(got), scipy.special.betainc([0.5, 2.0], 2.0, 0.25))
    finally:
        xgpu.unregister_backend("bare")


def test_a_namespace_with_some_of_them() -> None:
    offered = ModuleType("offered")
    offered.__dict__.update(vars(namespace))
    offered.special = scipy.special  # type: ignore[attr-defined]
    backend = NamespaceBackend("offered", offered)
    lacking = {op.name for op in ops.optional()} - backend.capabilities
    assert lacking == {"riemann_zeta"}


def test_the_module_is_loaded_when_it_is_asked_for() -> None:
    assert xgpu.special is special
    assert "special" in xgpu.__all__
    with pytest.raises(AttributeError, match="module 'xgpu' has no attribute 'speciality'"):
        xgpu.speciality  # noqa: B018
