"""Quotients, reciprocals and roots of float32 are rounded correctly, at operands that are hard to.

A GPU computes several points at once, whose special cases share a branch: so there are hard ones
alone, special ones alone, and a special one among ordinary ones at each place.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import host
from tests.values.ulp import Values

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

F = np.float32
BITS = 1 << 23


def floats(bits: Any) -> Values:
    return np.asarray(bits).astype(np.uint32).view(F)


def check(got: Values, wanted: Values, *operands: Values) -> None:
    """Both have the same bits, or are NaN."""
    assert got.dtype == wanted.dtype == F
    wrong = got.view(np.uint32) != wanted.view(np.uint32)
    wrong &= ~(np.isnan(got) & np.isnan(wanted))
    where = np.flatnonzero(wrong)
    shown = [(*(x[i] for x in operands), "gives", got[i], "not", wanted[i]) for i in where[:5]]
    assert not where.size, f"{where.size} of {got.size}: {shown}"


def mantissas(device: xgpu.Device) -> Values:
    """All numbers from 1 up to 2 on a GPU; elsewhere every 61st, and those next to 1 and 2."""
    if device.type == "cuda":
        return floats(0x3F800000 + np.arange(BITS))
    ends = np.arange(256)
    return floats(0x3F800000 + np.concatenate([ends, np.arange(0, BITS, 61), BITS - 1 - ends]))


@cache
def specials() -> Values:
    """Zeros, infinities, NaN, and both sides of where a test for the ordinary case may lie."""
    powers = 2.0 ** np.array([-149, -148, -127, -126, -125, -103, -102, -101, -100, -51, -50])
    sizes = np.concatenate([powers, 1 / powers[2:], [3.0, 1.0, 2.0**127]]).astype(F)
    sizes = np.concatenate([sizes, np.nextafter(sizes, F(0)), np.nextafter(sizes, F(np.inf))])
    sizes = np.concatenate([sizes, [F(0), F(np.inf), F(np.nan), np.finfo(F).max]]).astype(F)
    return np.concatenate([sizes, -sizes])


@cache
def halfway() -> tuple[Values, Values]:
    """Operands whose quotients are as near to the middle of two floats as quotients get.

    For odd divisors b below 2**24, a * 2**24 = (2 q + 1) b + r with r = 1 or -1.
    """
    rng = np.random.default_rng(0)
    a: list[int] = []
    b: list[int] = []
    for divisor in (rng.integers(BITS // 2, BITS, 3000) * 2 + 1).tolist():
        inverse = pow(1 << 24, -1, divisor)
        for rest in (1, -1):
            dividend = inverse * rest % divisor
            if dividend << 24 >> 23 >= divisor and ((dividend << 24) - rest) // divisor % 2:
                a.append(dividend)
                b.append(divisor)
    assert len(a) > 1000
    return np.array(a, F), np.array(b, F)


OPS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "x / y": (xgpu.divide, np.divide),
    "1 / x": (lambda x: 1.0 / x, lambda x: F(1) / x),
    "reciprocal": (xgpu.reciprocal, np.reciprocal),
    "sqrt": (xgpu.sqrt, np.sqrt),
    "2.5 / x": (lambda x: 2.5 / x, lambda x: F(2.5) / x),
    "0 / x": (lambda x: -0.0 / x, lambda x: F(-0.0) / x),
    "x / 3": (lambda x: x / 3.0, lambda x: x / F(3)),
    "x / tiny": (lambda x: x / 1e-40, lambda x: x / F(1e-40)),
}
UNARY = [name for name in OPS if name != "x / y"]


def compare(device: xgpu.Device, name: str, *operands: Values) -> None:
    """``name`` of arrays on the device, and of NumPy's."""
    ours, numpys = OPS[name]
    got = host(ours(*(xgpu.asarray(x, device=device) for x in operands)))
    check(got, numpys(*operands), *operands)


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("exponent", [0, 1, -125, 124, 126])
def test_every_mantissa(device: xgpu.Device, name: str, exponent: int) -> None:
    compare(device, name, np.ldexp(mantissas(device), exponent).astype(F))


@pytest.mark.parametrize("name", UNARY)
def test_specials_among_ordinary_numbers(device: xgpu.Device, name: str) -> None:
    x = np.full((specials().size, 4, 4), 1.7, F)
    x[:, np.arange(4), np.arange(4)] = specials()[:, None]
    compare(device, name, x.ravel())
    compare(device, name, specials())


@pytest.mark.parametrize("scale", [-100, -30, 0, 30, 90])
def test_quotients_near_the_middle(device: xgpu.Device, scale: int) -> None:
    a, b = halfway()
    compare(device, "x / y", np.ldexp(a, scale - 24).astype(F), b)
    compare(device, "x / y", a, np.ldexp(b, -scale).astype(F))


def test_quotients_of_specials(device: xgpu.Device) -> None:
    grid = np.meshgrid(specials(), specials())
    a, b = (g.ravel() for g in grid)
    compare(device, "x / y", a, b)
    alone_a, alone_b = np.full((2, a.size, 4), 1.3, F)
    place = np.arange(a.size) % 4
    alone_a[np.arange(a.size), place], alone_b[np.arange(a.size), place] = a, b
    compare(device, "x / y", alone_a.ravel(), alone_b.ravel())


def test_quotients_of_any_bits(device: xgpu.Device) -> None:
    bits = np.random.default_rng(1).integers(
        0, 1 << 32, (2, 1 << (23 if device.type == "cuda" else 17))
    )
    compare(device, "x / y", floats(bits[0]), floats(bits[1]))


@pytest.mark.parametrize("least", [-149, -103, -101, -60])
def test_small_dividends_and_quotients(device: xgpu.Device, least: int) -> None:
    rng = np.random.default_rng(2)
    count = 1 << (20 if device.type == "cuda" else 15)
    a = np.ldexp(rng.uniform(1, 2, count), least + rng.integers(0, 4, count)).astype(F)
    b = np.ldexp(rng.uniform(1, 2, count), rng.integers(-126, 128, count)).astype(F)
    compare(device, "x / y", a, b)


def test_operands_in_other_layouts(device: xgpu.Device) -> None:
    rng = np.random.default_rng(3)
    x, y = rng.uniform(-2, 2, (2, 66, 70)).astype(F)
    x[::5, ::3] = 0.0
    y[::7, ::2] = np.inf
    a, b = (xgpu.asarray(v, device=device) for v in (x, y))
    for ours, numpys in (
        (a / b, x / y),
        (a[:, 1:] / b[:, 1:], x[:, 1:] / y[:, 1:]),
        (a[:66, :66].mT / b[:, :66], x[:66, :66].T / y[:, :66]),
        (1.0 / a[::2, ::-1], F(1) / x[::2, ::-1]),
        (xgpu.sqrt(xgpu.abs(a[:, :1])) / b, np.sqrt(np.abs(x[:, :1])) / y),
    ):
        check(host(ours).ravel(), numpys.ravel())


def test_a_logarithm_is_the_same_in_every_kernel(device: xgpu.Device) -> None:
    bits = np.random.default_rng(4).integers(0, 1 << 31, 1 << 14)
    x = np.concatenate([floats(bits), specials(), mantissas(device)[::64]])
    a = xgpu.asarray(x, device=device)
    alone = host(xgpu.log(a))
    beside = xgpu.log(xgpu.stack([a, a], axis=1))
    reduced = host(xgpu.max(beside, axis=1))
    check(reduced, alone, x)
    rows = host(beside - 0.0 * xgpu.max(xgpu.zeros_like(beside), axis=1, keepdims=True))
    check(rows[:, 0].copy(), alone, x)
