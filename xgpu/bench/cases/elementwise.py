"""Elementwise chains: what fusion is for."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from xgpu.bench.case import Case, Draw, same

MI: Final = 1 << 20


def expression(ne: Any, text: str, **names: Any) -> Any:
    """Of numexpr, in which a literal would be float64."""
    single = {name: np.float32(v) if type(v) is float else v for name, v in names.items()}
    return ne.evaluate(text, single)


# 2.5 x + y


def axpy(xp: Any, x: Any, y: Any) -> Any:
    """Two operations."""
    return 2.5 * x + y


def axpy_numexpr(ne: Any, x: Any, y: Any) -> Any:
    """In one expression."""
    return expression(ne, "a * x + y", x=x, y=y, a=2.5)


# One addition: what a single call costs


def add(xp: Any, x: Any, y: Any) -> Any:
    """One operation."""
    return x + y


def add_numexpr(ne: Any, x: Any, y: Any) -> Any:
    """In one expression."""
    return expression(ne, "x + y", x=x, y=y)


# Ten operations on two arrays


def chain(xp: Any, x: Any, y: Any) -> Any:
    """Ten operations."""
    return ((((x + y) * 2.0 - x) * y + 1.0) * 0.5 - y) * x + y * 0.25


def chain_numexpr(ne: Any, x: Any, y: Any) -> Any:
    """In one expression."""
    text = "((((x + y) * two - x) * y + one) * half - y) * x + y * quarter"
    return expression(ne, text, x=x, y=y, two=2.0, one=1.0, half=0.5, quarter=0.25)


def chain_of_integers(xp: Any, x: Any, y: Any) -> Any:
    """Ten operations that wrap around."""
    return ((((x + y) * 2 - x) * y + 1) * 3 - y) * x + y * 5


# GELU with tanh (D. Hendrycks and K. Gimpel, arXiv:1606.08415)


def gelu(xp: Any, x: Any) -> Any:
    """Nine operations."""
    return 0.5 * x * (1.0 + xp.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))


def gelu_functional(torch: Any, x: Any) -> Any:
    """PyTorch's own function."""
    return torch.nn.functional.gelu(x, approximate="tanh")


def gelu_numexpr(ne: Any, x: Any) -> Any:
    """In one expression."""
    text = "half * x * (one + tanh(a * (x + b * x * x * x)))"
    return expression(ne, text, x=x, half=0.5, one=1.0, a=0.7978845608028654, b=0.044715)


# Black and Scholes's price of a call, at 2 % interest and a volatility of 0.3

RATE, VOLATILITY = 0.02, 0.3
#: Of the normal distribution: M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions,
#: formula 26.2.17.
NORMAL: Final = (0.319381530, -0.356563782, 1.781477937, -1.821255978, 1.330274429)


def normal(xp: Any, d: Any) -> Any:
    """The distribution function of the standard normal distribution."""
    k = 1.0 / (1.0 + 0.2316419 * xp.abs(d))
    a, b, c, e, f = NORMAL
    series = k * (a + k * (b + k * (c + k * (e + k * f))))
    tail = 0.3989422804014327 * xp.exp(-0.5 * d * d) * series
    return xp.where(d > 0.0, 1.0 - tail, tail)


def black_scholes(xp: Any, price: Any, strike: Any, years: Any) -> Any:
    """Some sixty operations."""
    root = VOLATILITY * xp.sqrt(years)
    d1 = (xp.log(price / strike) + (RATE + 0.5 * VOLATILITY * VOLATILITY) * years) / root
    d2 = d1 - root
    return price * normal(xp, d1) - strike * xp.exp(-RATE * years) * normal(xp, d2)


def normal_numexpr(ne: Any, d: Any) -> Any:
    """In a few expressions, since one has room for 31 operands."""
    k = expression(ne, "one / (one + p * abs(d))", d=d, one=1.0, p=0.2316419)
    terms = dict(zip("abcef", NORMAL, strict=True))
    series = expression(ne, "k * (a + k * (b + k * (c + k * (e + k * f))))", k=k, **terms)
    text = "scale * exp(half * d * d) * series"
    tail = expression(ne, text, d=d, series=series, scale=0.3989422804014327, half=-0.5)
    return expression(ne, "where(d > zero, one - tail, tail)", d=d, tail=tail, zero=0.0, one=1.0)


def black_scholes_numexpr(ne: Any, price: Any, strike: Any, years: Any) -> Any:
    """With the same limit."""
    option = {"price": price, "strike": strike, "years": years}
    drift = RATE + 0.5 * VOLATILITY * VOLATILITY
    text = "(log(price / strike) + drift * years) / (v * sqrt(years))"
    d1 = expression(ne, text, **option, drift=drift, v=VOLATILITY)
    d2 = expression(ne, "d1 - v * sqrt(years)", d1=d1, years=years, v=VOLATILITY)
    n1, n2 = normal_numexpr(ne, d1), normal_numexpr(ne, d2)
    return expression(
        ne, "price * n1 - strike * exp(r * years) * n2", **option, n1=n1, n2=n2, r=-RATE
    )


def pair(count: int, dtype: str = "float32", low: float = 0.5, high: float = 1.5) -> Any:
    """Two inputs."""
    return (Draw((count,), dtype, low, high, split=True),) * 2


OPTION = (
    Draw((64 * MI,), low=20.0, high=150.0, split=True),
    Draw((64 * MI,), low=40.0, high=120.0, split=True),
    Draw((64 * MI,), low=0.2, high=2.0, split=True),
)

CASES: Final = (
    Case("add", "x + y", pair(64 * MI), same(add, numexpr=add_numexpr), host=1024),
    Case("axpy", "2.5 x + y", pair(64 * MI), same(axpy, numexpr=axpy_numexpr)),
    Case(
        "gelu",
        "tanh-GELU",
        (Draw((64 * MI,), low=-4.0, high=4.0, split=True),),
        same(gelu, functional=gelu_functional, numexpr=gelu_numexpr),
    ),
    Case(
        "black_scholes",
        "Black-Scholes",
        OPTION,
        same(black_scholes, numexpr=black_scholes_numexpr),
        tolerance=1e-5,
        host=1024,
    ),
    Case("chain", "ten-op chain", pair(64 * MI), same(chain, numexpr=chain_numexpr), host=1024),
    Case(
        "chain_float16",
        "ten-op chain, float16",
        pair(64 * MI, "float16"),
        same(chain),
        group="dtypes",
        tolerance=1e-2,
    ),
    Case(
        "chain_float64",
        "ten-op chain, float64",
        pair(64 * MI, "float64"),
        same(chain, numexpr=chain_numexpr),
        group="dtypes",
        tolerance=1e-13,
    ),
    Case(
        "chain_int8",
        "ten-op chain, int8",
        pair(128 * MI, "int8", -100, 100),
        same(chain_of_integers),
        group="dtypes",
        tolerance=0.0,
    ),
    Case(
        "chain_complex64",
        "ten-op chain, complex64",
        pair(32 * MI, "complex64"),
        same(chain),
        group="dtypes",
    ),
)
