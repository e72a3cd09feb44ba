"""Elementwise programs that read one buffer at places some rows apart, on each device."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import xgpu as xp
from tests.runtime.test_fusion import kernels

PROGRAMS: dict[str, Callable[[Any], Any]] = {
    "five points": lambda x: (
        x[1:-1, 1:-1] + x[:-2, 1:-1] + x[2:, 1:-1] + x[1:-1, :-2] + x[1:-1, 2:]
    ),
    "nine points": lambda x: sum(
        (i + 3 * j) * x[1 + i : x.shape[0] - 1 + i, 1 + j : x.shape[1] - 1 + j]
        for i in (-1, 0, 1)
        for j in (-1, 0, 1)
    ),
    "rows far apart": lambda x: x[9:, 1:] - x[:-9, 1:] * x[3:-6, 1:] + x[1:-8, 1:],
    "upside down": lambda x: x[::-1, 1:][1:, :] - x[::-1, 1:][:-1, :],
    "every other row": lambda x: x[:-2:2, 1:] - x[2::2, 1:] * x[1:-1:2, 1:],
    "mirrored": lambda x: x[1:, ::-1] - x[:-1, ::-1],
    "with gaps": lambda x: x[1:, ::2] - x[:-1, ::2],
    "a column for all": lambda x: x[1:, :-1] - x[:-1, :-1] * x[1:, :1],
}


@pytest.fixture
def ran(device: xp.Device, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the kernels that are launched on a CUDA device."""
    names: list[str] = []
    driver = getattr(device.backend, "driver", None)
    if driver is not None:
        usual = driver.launch

        def launched(index: int, function: Any, *rest: Any) -> None:
            names.append(function.name)
            usual(index, function, *rest)

        monkeypatch.setattr(driver, "launch", launched)
    return names


@pytest.mark.parametrize("name", PROGRAMS)
def test_values(device: xp.Device, name: str, ran: list[str]) -> None:
    for shape in ((10, 130), (17, 300), (40, 257)):
        a = np.random.default_rng(1).integers(-9, 9, shape).astype("float32")
        x = xp.asarray(a, device=device)
        ran.clear()
        result, made = kernels(partial(PROGRAMS[name], x))
        np.testing.assert_array_equal(result, PROGRAMS[name](a))
        assert len(made) == 1
        if min(result.shape) >= 8 and result.shape[1] >= 128 and name != "with gaps":
            assert ran[-1:] in ([], ["xgpu_stencil"])
        else:
            assert "xgpu_stencil" not in ran


def both(x: Any) -> Any:
    """Where there is something, and above it too."""
    return x[1:, 1:] & x[:-1, 1:]


@pytest.mark.parametrize("dtype", ["bool", "int8", "float16", "float64", "complex64"])
def test_dtypes(device: xp.Device, dtype: str) -> None:
    a = (np.random.default_rng(1).integers(-4, 4, (20, 200))).astype(dtype)
    x = xp.asarray(a, device=device)
    one = both if dtype == "bool" else PROGRAMS["five points"]
    result, _ = kernels(lambda: one(x))
    np.testing.assert_array_equal(result, one(a))


def test_three_axes_and_other_operands(device: xp.Device, ran: list[str]) -> None:
    rng = np.random.default_rng(1)
    a, b = rng.random((5, 20, 150), np.float32), rng.random((3, 18, 148), np.float32)
    x, y = xp.asarray(a, device=device), xp.asarray(b, device=device)

    def laplacian(x: Any, y: Any, steps: Any) -> Any:
        inside = slice(1, -1)
        sides = x[:-2, inside, inside] + x[2:, inside, inside] + x[inside, :-2, inside]
        sides = sides + x[inside, 2:, inside] + x[inside, inside, :-2] + x[inside, inside, 2:]
        return (sides - 6.0 * x[inside, inside, inside]) * y + steps - y[:, :, :1]

    steps = xp.arange(148, dtype=xp.float32, device=device)
    result, _ = kernels(lambda: laplacian(x, y, steps))
    np.testing.assert_array_equal(result, laplacian(a, b, np.arange(148, dtype="float32")))
    assert ran[-1:] in ([], ["xgpu_stencil"])


def test_written_into_what_is_read(device: xp.Device) -> None:
    """As if all were read before anything is written."""
    a = np.random.default_rng(1).random((20, 150))
    x = xp.asarray(a, device=device)
    x[1:-1, 1:-1] = PROGRAMS["five points"](x)
    a = a.copy()
    a[1:-1, 1:-1] = PROGRAMS["five points"](a)
    np.testing.assert_array_equal(np.asarray(xp.to_device(x, "cpu")), a)


def test_two_buffers_are_two_groups(device: xp.Device, ran: list[str]) -> None:
    rng = np.random.default_rng(1)
    a, b = rng.random((20, 150)), rng.random((20, 150))
    x, y = xp.asarray(a, device=device), xp.asarray(b, device=device)

    def program(x: Any, y: Any) -> Any:
        return x[1:, 1:] * y[:-1, 1:] - x[:-1, 1:] * y[1:, 1:]

    result, _ = kernels(lambda: program(x, y))
    np.testing.assert_array_equal(result, program(a, b))
    # The same program, of which no operands are one buffer.
    z, w = xp.asarray(a + 1, device=device), xp.asarray(b + 1, device=device)
    result, _ = kernels(lambda: x[1:, 1:] * y[:-1, 1:] - z[:-1, 1:] * w[1:, 1:])
    np.testing.assert_array_equal(
        result, a[1:, 1:] * b[:-1, 1:] - (a + 1)[:-1, 1:] * (b + 1)[1:, 1:]
    )
    assert ran in ([], ["xgpu_stencil", "xgpu_elementwise"])
