"""Numbers to sort, with many that are equal, and what their order is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.backends.cuda.operands import Array, operand
from xgpu.plugin import Result, dtypes
from xgpu_cuda.driver import Driver
from xgpu_cuda.launch.sort import Sort

NAN = math.nan


def wide(x: Array) -> Array:
    return x.astype(np.float32) if x.dtype in dtypes.NARROW else x


def order_of(x: Array, descending: bool) -> Array:
    """The stable order along the last axis with NaN last; descending by way of both ends."""
    x = wide(x)
    if not descending:
        return np.argsort(x, axis=-1, stable=True)
    # Sorted from the far end and read backwards, equal elements keep their order; NaN comes first.
    last = x.shape[-1] - 1
    order = last - np.argsort(x[..., ::-1], axis=-1, stable=True)[..., ::-1]
    if x.dtype.kind != "f":
        return np.asarray(order)
    missing = np.isnan(np.take_along_axis(x, order, -1))
    made: Array = np.take_along_axis(order, np.argsort(missing, axis=-1, stable=True), -1)
    return made


def data(seed: int, shape: tuple[int, ...], dtype: Any) -> Array:
    """Few different numbers, so that many are equal, with NaN, infinities and both zeros."""
    rng = np.random.default_rng(seed)
    if dtypes.kind_of(np.dtype(dtype)) != "f":
        info = np.iinfo(dtype) if np.dtype(dtype).kind in "iu" else None
        some = rng.integers(0, 40, shape).astype(dtype)
        if info is not None:
            some[rng.random(shape) < 0.1] = info.max
            some[rng.random(shape) < 0.1] = info.min
        return some
    special = [NAN, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0]
    x = (rng.integers(-9, 9, shape) / 4).astype(dtype)
    chosen = rng.random(shape) < 0.5
    x[chosen] = rng.choice(special, shape)[chosen].astype(dtype)
    return x


def check(driver: Driver, sort: Sort, x: Array) -> None:
    for descending in (False, True):
        given = operand(driver, x)
        before = driver.to_host(0, given.buffer.ptr, given.buffer.nbytes)
        attributes = {"descending": descending, "stable": True}
        order = order_of(x, descending)
        (memory,) = sort.argsort(0, [given], [Result(np.dtype("int64"), x.shape)], attributes)
        got = driver.to_host(0, memory.ptr, memory.nbytes).view("int64")
        np.testing.assert_array_equal(got.reshape(x.shape), order)
        (memory,) = sort.sort(0, [given], [Result(x.dtype, x.shape)], attributes)
        values = driver.to_host(0, memory.ptr, memory.nbytes).view(x.dtype).reshape(x.shape)
        wanted = np.take_along_axis(x, order, -1)
        np.testing.assert_array_equal(wide(values), wide(wanted))
        if dtypes.kind_of(x.dtype) == "f":
            np.testing.assert_array_equal(np.signbit(wide(values)), np.signbit(wide(wanted)))
        after = driver.to_host(0, given.buffer.ptr, given.buffer.nbytes)
        np.testing.assert_array_equal(before, after)
