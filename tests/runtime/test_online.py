"""Sums about a mean or a maximum, in the pass that finds it: rows that are too long to be held."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import xgpu as xp
from tests.runtime.test_fusion import kernels


def softmax(xp: Any, x: Any, axis: int = 0) -> Any:
    e = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return e / xp.sum(e, axis=axis, keepdims=True)


def logsumexp(xp: Any, x: Any) -> Any:
    m = xp.max(x, axis=0)
    return xp.log(xp.sum(xp.exp(x - m), axis=0)) + m


PROGRAMS: dict[str, tuple[Callable[[Any, Any], Any], int]] = {
    "softmax": (softmax, 2),
    "log_softmax": (lambda xp, x: x - logsumexp(xp, x), 2),
    "logsumexp": (logsumexp, 1),
    "standardised": (lambda xp, x: (x - xp.mean(x, axis=0)) / xp.std(x, axis=0), 2),
    "std": (lambda xp, x: xp.std(x, axis=0), 1),
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_columns(device: xp.Device, name: str, dtype: str) -> None:
    """One pass for what is reduced; values of any size, and sums that would overflow."""
    program, count = PROGRAMS[name]
    rng = np.random.default_rng(3)
    for shift, scale in ((0.0, 1.0), (500.0, 1.0), (0.0, 200.0), (-90.0, 1e-3)):
        a = (rng.standard_normal((2100, 5)) * scale + shift).astype(dtype)
        a[:, 2] = np.sort(a[:, 2])
        a[:, 3] = a[::-1, 2]
        x = xp.asarray(a, device=device)
        result, ran = kernels(partial(program, xp, x))
        wanted = program(np, a.astype("f8"))
        loss = {"float32": 2e-6, "float64": 1e-12}[dtype] * (1.0 + abs(shift) / scale)
        np.testing.assert_allclose(result, wanted, rtol=loss, atol=loss * np.max(np.abs(wanted)))
        assert len(ran) == count


@pytest.mark.parametrize("name", PROGRAMS)
def test_special_values(device: xp.Device, name: str) -> None:
    program, _ = PROGRAMS[name]
    a = np.random.default_rng(3).standard_normal((2100, 12))
    a[7, 0] = a[0, 1] = a[2099, 2] = np.nan
    a[7, 3] = a[0, 4] = a[2099, 5] = np.inf
    a[7, 6] = a[0, 7] = a[2099, 8] = -np.inf
    a[:, 9], a[:, 10] = -np.inf, np.inf
    a[::2, 11] = -np.inf
    result, _ = kernels(lambda: program(xp, xp.asarray(a, device=device)))
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(result, program(np, a), rtol=1e-11)


def test_rows_that_are_read_again(device: xp.Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xgpu.graph.rows.MANY", 7)
    a = np.random.default_rng(3).standard_normal((7, 33_001))
    a[3, 5], a[4, 33_000], a[5, 17] = np.nan, np.inf, -np.inf
    x = xp.asarray(a, device=device)
    result, ran = kernels(lambda: softmax(xp, x, 1))
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(result, softmax(np, a, 1), rtol=1e-11)
    assert len(ran) == 1


def test_what_is_held_is_written_by_a_program_of_its_own(device: xp.Device) -> None:
    a = np.random.default_rng(3).standard_normal((2100, 3))
    x = xp.asarray(a, device=device)
    powers = xp.exp(x - xp.max(x, axis=0))
    total = xp.sum(powers, axis=0)
    result, ran = kernels(lambda: total)
    np.testing.assert_allclose(result, np.sum(np.exp(a - a.max(axis=0)), axis=0), rtol=1e-12)
    assert len(ran) == 2
    centred = x - xp.mean(x, axis=0)
    squares = xp.sum(centred * centred, axis=0)
    result, ran = kernels(lambda: squares)
    np.testing.assert_allclose(result, np.sum((a - a.mean(axis=0)) ** 2, axis=0), rtol=1e-11)
    np.testing.assert_allclose(np.asarray(xp.to_device(centred, "cpu")), a - a.mean(axis=0))
    np.testing.assert_allclose(
        np.asarray(xp.to_device(powers, "cpu")), np.exp(a - a.max(axis=0)), rtol=1e-12
    )
