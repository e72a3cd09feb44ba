"""Reductions of operands that are broadcast against one another: one kernel, no intermediate."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import xgpu as xp
from tests.runtime.test_fusion import kernels

PROGRAMS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "squared distances": lambda xp, x, y: xp.sum((x[:, None, :] - y[None, :, :]) ** 2, axis=-1),
    "distances": lambda xp, x, y: xp.sqrt(xp.sum((x[:, None, :] - y[None, :, :]) ** 2, axis=-1)),
    "largest distance": lambda xp, x, y: xp.max(xp.abs(x[:, None, :] - y[None, :, :]), axis=-1),
    "smallest sum": lambda xp, x, y: xp.min(x[:, None, :] + y[None, :, :], axis=-1) * 2.0,
    "where it is smallest": lambda xp, x, y: xp.argmin(x[:, None, :] * y[None, :, :], axis=-1),
    "products": lambda xp, x, y: xp.sum(x[:, None, :] * y[None, :, :], axis=-1),
    "of columns": lambda xp, x, y: xp.sum(x.T[:, :, None] * y.T[:, None, :], axis=0),
    "a mean": lambda xp, x, y: xp.mean(x[None, :, :] - y[:, None, :], axis=2),
    "weighted": lambda xp, x, y: xp.sum(x[:, None, :] * y[None, :, :] * y[0, :], axis=-1),
    "with terms of each": lambda xp, x, y: (
        xp.sum(x[:, None, :] * y[None, :, :], axis=-1) - x[:, :1] + y[:, 0]
    ),
    "a kernel function": lambda xp, x, y: xp.exp(
        -0.5 * xp.sum((x[:, None, :] - y[None, :, :]) ** 2, axis=-1)
    ),
    "equal elements": lambda xp, x, y: xp.sum(
        xp.astype(x[:, None, :] < y[None, :, :], xp.int32), axis=-1
    ),
}


def make(device: xp.Device, *shapes: tuple[int, ...], dtype: str = "float64") -> list[Any]:
    """For each shape an array on the host, and then those on ``device``."""
    rng = np.random.default_rng(4)
    hosts = [(4 * rng.random(shape) - 2).astype(dtype) for shape in shapes]
    return [*hosts, *(xp.asarray(host, device=device) for host in hosts)]


@pytest.mark.parametrize("name", PROGRAMS)
def test_one_kernel(device: xp.Device, name: str) -> None:
    for shape in ((70, 9), (33, 1), (5, 40)):
        a, b, x, y = make(device, shape, (130, shape[1]))
        result, ran = kernels(partial(PROGRAMS[name], xp, x, y))
        np.testing.assert_allclose(result, PROGRAMS[name](np, a, b), rtol=1e-12, atol=1e-13)
        assert len(ran) == 1


@pytest.mark.parametrize("dtype", ["float16", "float32", "complex64", "int16"])
def test_dtypes(device: xp.Device, dtype: str) -> None:
    rng = np.random.default_rng(4)
    a, b = (rng.integers(-3, 4, shape).astype(dtype) for shape in ((66, 17), (65, 17)))
    x, y = xp.asarray(a, device=device), xp.asarray(b, device=device)
    result, ran = kernels(lambda: PROGRAMS["squared distances"](xp, x, y))
    np.testing.assert_array_equal(result, PROGRAMS["squared distances"](np, a, b))
    assert len(ran) == 1


def test_long_rows_of_float32_lose_little(device: xp.Device) -> None:
    """Sums of thousands of terms are split into segments."""
    a, b, x, y = make(device, (64, 5000), (64, 5000), dtype="float32")
    result, ran = kernels(lambda: PROGRAMS["squared distances"](xp, x, y))
    wanted = PROGRAMS["squared distances"](np, a.astype("f8"), b.astype("f8"))
    np.testing.assert_allclose(result, wanted, rtol=2e-6)
    assert len(ran) == 1


def test_special_values(device: xp.Device) -> None:
    a, b, x, y = make(device, (64, 7), (64, 7))
    a[3, 2], a[5, :], b[7, 1], b[8, :2] = np.nan, np.inf, -np.inf, [np.inf, np.nan]
    x, y = xp.asarray(a, device=device), xp.asarray(b, device=device)
    for name in ("squared distances", "largest distance", "where it is smallest", "products"):
        result, _ = kernels(partial(PROGRAMS[name], xp, x, y))
        with np.errstate(all="ignore"):
            wanted = PROGRAMS[name](np, a, b)
        np.testing.assert_allclose(result, wanted, rtol=1e-12)


def test_views(device: xp.Device) -> None:
    a, b, x, y = make(device, (90, 40), (200, 21))
    parts = ((a[5:75, 1::2], b[::-2, 20:0:-1]), (x[5:75, 1::2], y[::-2, 20:0:-1]))
    result, ran = kernels(lambda: PROGRAMS["products"](xp, *parts[1]))
    np.testing.assert_allclose(result, PROGRAMS["products"](np, *parts[0]), rtol=1e-12, atol=1e-13)
    assert len(ran) == 1


def test_batches_and_two_reduced_axes(device: xp.Device) -> None:
    a, b, x, y = make(device, (3, 40, 4, 5), (3, 50, 4, 5))
    result, ran = kernels(lambda: xp.sum(x[:, :, None, :, :] * y[:, None, :, :, :], axis=(-1, -2)))
    np.testing.assert_allclose(result, np.einsum("bikl,bjkl->bij", a, b), rtol=1e-12, atol=1e-13)
    assert len(ran) == 1


def test_a_result_has_the_same_bits_whatever_is_beside_it(device: xp.Device) -> None:
    _, _, x, y = make(device, (200, 300), (150, 300), dtype="float32")
    whole, _ = kernels(lambda: PROGRAMS["products"](xp, x, y))
    part, _ = kernels(lambda: PROGRAMS["products"](xp, x[60:130, :], y[5:75, :]))
    np.testing.assert_array_equal(part, whole[60:130, 5:75])
    again, _ = kernels(lambda: PROGRAMS["products"](xp, x, y))
    np.testing.assert_array_equal(again, whole)


def test_into_a_part_of_an_array(device: xp.Device) -> None:
    a, b, x, y = make(device, (70, 9), (80, 9))
    z = xp.zeros((90, 90), dtype=xp.float64, device=device)
    z[10:80, 3:83] = PROGRAMS["products"](xp, x, y)
    wanted = np.zeros((90, 90))
    wanted[10:80, 3:83] = PROGRAMS["products"](np, a, b)
    np.testing.assert_allclose(np.asarray(xp.to_device(z, "cpu")), wanted, rtol=1e-12, atol=1e-13)
