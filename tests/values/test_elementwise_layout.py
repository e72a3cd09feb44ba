"""Elementwise functions over shapes, views and more than 10 ** 6 elements.

Elements are taken from a small pool whose values are known, so every layout is held to them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import host
from tests.values.cases import BINARY, UNARY
from tests.values.computing import of_names
from tests.values.expected import Expected, expected
from tests.values.inputs import LARGE, SHAPE_PAIRS, SHAPES, VIEWS, random, specials
from tests.values.ulp import Values, distance, kind
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

POOL = 24


def representative(name: str) -> DType:
    """The dtype in which a function is tested here."""
    kinds = UNARY.get(name) or BINARY[name]
    by_kind = {"f": dtypes.float32, "i": dtypes.int32, "b": dtypes.bool_}
    return by_kind[next(letter for letter in "fib" if letter in kinds)]


GROUPS = {
    (dtype, count): [name for name in table if representative(name) is dtype]
    for count, table in ((1, UNARY), (2, BINARY))
    for dtype in (dtypes.float32, dtypes.int32, dtypes.bool_)
}
NAMES = [(name, count) for (_, count), names in GROUPS.items() for name in names]


@cache
def pool(dtype: DType) -> Values:
    """Values of a dtype, special ones among them."""
    known = specials(dtype)[:: max(1, specials(dtype).size // 12)]
    return np.concatenate([known, random(dtype, POOL)])[:POOL]


@cache
def wanted(name: str, dtype: DType) -> Expected:
    """The values of a function for each element of the pool, or each pair of them in C order."""
    x = pool(dtype)
    if name in UNARY:
        return expected(name, x)
    return expected(name, np.repeat(x, x.size), np.tile(x, x.size))


def indices(shape: tuple[int, ...], seed: int) -> Any:
    return np.random.default_rng([seed, *shape]).integers(0, POOL, shape)


def check(name: str, got: xgpu.Array, at: Any, what: str) -> None:
    """``got`` has the values for the elements of the pool ``at`` these places."""
    values = host(got)
    assert values.shape == at.shape, f"{name} of {what}: shape {values.shape}, not {at.shape}"
    wanted(name, representative(name)).at(at.reshape(-1)).check(
        values.reshape(-1), f"{name} of {what}"
    )


@pytest.mark.parametrize("group", GROUPS, ids=lambda g: f"{g[0]}-{g[1]}")
def test_shapes(group: tuple[DType, int], device: xgpu.Device) -> None:
    dtype, count = group
    for shapes in [(s,) for s in SHAPES] if count == 1 else SHAPE_PAIRS:
        at = [indices(s, seed) for seed, s in enumerate(shapes)]
        x = [xgpu.asarray(pool(dtype)[i], device=device) for i in at]
        places = at[0] if count == 1 else at[0] * POOL + at[1]
        together(group, x, places, f"shapes {shapes}")


@pytest.mark.parametrize("view", [*VIEWS, "transposed", "broadcast"])
@pytest.mark.parametrize("group", GROUPS, ids=lambda g: f"{g[0]}-{g[1]}")
def test_views(group: tuple[DType, int], view: str, device: xgpu.Device) -> None:
    dtype, count = group
    see: dict[str, Callable[[Any], Any]] = {
        "transposed": lambda x: (
            x.T if isinstance(x, np.ndarray) else xgpu.permute_dims(x, (2, 1, 0))
        ),
        "broadcast": lambda x: (xgpu if isinstance(x, xgpu.Array) else np).broadcast_to(
            x[:, :1, :], (2, 6, 5, 4)
        ),
    }
    seen = see.get(view, lambda x: x[VIEWS[view]])
    at = [indices((6, 5, 4), seed) for seed in range(count)]
    parts = [seen(i) for i in at]
    x = [seen(xgpu.asarray(pool(dtype)[i], device=device)) for i in at]
    if count == 2 and view == "negative steps":  # beside a contiguous operand
        x[1] = xgpu.asarray(pool(dtype)[parts[1]], device=device)
    places = parts[0] if count == 1 else parts[0] * POOL + parts[1]
    together(group, x, places, view)


def together(group: tuple[DType, int], x: list[xgpu.Array], at: Any, what: str) -> None:
    """Check every function of a group on the same operands."""
    got = {name: getattr(xgpu, name)(*x) for name in GROUPS[group]}
    xgpu.materialize(*got.values())
    for name, result in got.items():
        check(name, result, np.asarray(at), what)


# More than 10 ** 6 elements, against NumPy in float64


@cache
def large(dtype: DType, count: int) -> tuple[Values, ...]:
    rng = np.random.default_rng(5)
    if kind(dtype) == "f":
        return tuple(rng.uniform(0.01, 0.99, LARGE).astype(dtype) for _ in range(count))
    return tuple(
        rng.integers(0, 2 if kind(dtype) == "b" else 31, LARGE).astype(dtype) for _ in range(count)
    )


@cache
def large_results(device: str, group: tuple[DType, int]) -> dict[str, Values]:
    x = large(*group)
    return of_names(xgpu.device(device), dict.fromkeys(GROUPS[group], x))


def by_numpy(name: str, x: tuple[Values, ...]) -> Values:
    """NumPy's value; of functions that are not exact, computed in float64 and rounded."""
    with np.errstate(all="ignore"):
        if name == "acosh":
            x = (1 / x[0],)
        if name in ("real", "conj", "imag", "positive", "round", "ceil", "floor", "trunc"):
            return np.asarray(getattr(np, name)(x[0]))
        if name == "reciprocal":
            return 1 / x[0]
        if wanted(name, representative(name)).truth is None:
            return np.asarray(getattr(np, name)(*x))
        wide = getattr(np, name)(*(v.astype(np.float64) for v in x))
        return np.asarray(wide.astype(x[0].dtype))


@pytest.mark.parametrize(("name", "count"), NAMES)
def test_more_than_a_million_elements(name: str, count: int, device: xgpu.Device) -> None:
    group = representative(name), count
    x = large(*group)
    got = large_results(str(device), group)[name]
    if name == "acosh":  # of numbers above 1
        got = of_names(device, {name: (1 / x[0],)})[name]
    expected_values = by_numpy(name, x)
    assert got.shape == (LARGE,)
    assert got.dtype == expected_values.dtype
    known = wanted(name, group[0])
    if known.truth is None:
        assert np.array_equal(got, expected_values)
    elif known.unit is None:
        assert distance(got, expected_values).max() <= known.bound
    else:  # logaddexp of operands below 1, in ULP of the result
        assert np.abs(got - expected_values).max() <= known.bound * np.finfo(got.dtype).eps
