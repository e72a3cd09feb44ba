"""Rules that consumers rely on, asked in the ways in which consumers ask.

What SciPy and scikit-learn need of a whole call is in ``test_scipy.py``, what xarray and dask need
in files of their own.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import same

compat: Any = importlib.import_module("array_api_compat")
pytestmark = pytest.mark.usefixtures("on_device")


def test_the_namespace_is_one_object_with_a_name(device: xgpu.Device) -> None:
    x, y = xgpu.ones(2), xgpu.zeros((), dtype=xgpu.int64)
    assert compat.array_namespace(x) is compat.array_namespace(x, y) is xgpu
    assert compat.array_namespace(x, 1.0, None) is xgpu
    assert xgpu.__name__ == "xgpu"
    assert compat.is_array_api_obj(x)
    assert not compat.is_numpy_namespace(xgpu)


def test_devices_compare(device: xgpu.Device) -> None:
    x = xgpu.ones(2)
    assert compat.device(x) == device == str(device)
    assert compat.device(x) != "nowhere:0"
    assert compat.device(compat.to_device(x, device)) == device
    assert {compat.device(x), device} == {device}  # consumers put them in sets
    assert compat.size(x) == 2


CREATE: dict[str, Any] = {
    "arange": lambda: xgpu.arange(3),
    "asarray": lambda: xgpu.asarray([1.0]),
    "empty": lambda: xgpu.empty(3),
    "eye": lambda: xgpu.eye(2),
    "full": lambda: xgpu.full(3, 1.0),
    "linspace": lambda: xgpu.linspace(0, 1, 3),
    "ones": lambda: xgpu.ones(3),
    "zeros": lambda: xgpu.zeros(3),
    "fft.fftfreq": lambda: xgpu.fft.fftfreq(4),
    "fft.rfftfreq": lambda: xgpu.fft.rfftfreq(4),
}


@pytest.mark.parametrize("name", CREATE)
def test_the_default_device_is_honoured(name: str, device: xgpu.Device) -> None:
    assert CREATE[name]().device is device
    with xgpu.default_device("cpu"):
        assert CREATE[name]().device == "cpu"
    before = xgpu.get_default_device()
    assert before is device


def test_what_numpys_functions_call(device: xgpu.Device) -> None:
    """NumPy's functions call an array's methods where it has them, so nothing is copied."""
    a = np.asarray([[3.0, -1.0, 2.0], [0.0, 5.0, -4.0]])
    x: Any = xgpu.asarray(a)
    along: list[Any] = [np.sum, np.prod, np.min, np.max, np.mean, np.std, np.var]
    whole: list[Any] = [np.any, np.all, np.argmax, np.argmin, np.transpose]
    with xgpu.guard("error"):
        for function in along:
            same(function(x, axis=0), function(a, axis=0), rtol=1e-15)
        for function in whole:
            same(function(x), function(a))
        reshaped: Any = np.reshape(x, (3, 2))
        same(reshaped, a.reshape(3, 2))
        squeezed: Any = np.squeeze(x[None])
        same(squeezed, a)


def test_numpys_operators_give_way(device: xgpu.Device) -> None:
    x = xgpu.ones(3)
    for call in (
        lambda: np.ones(3) + x,
        lambda: np.ones((2, 3)) * x,
        lambda: np.ones(3) < x,
        lambda: np.ones((2, 3)) @ x,
    ):
        with pytest.raises(TypeError, match=r"convert it first: xgpu\.asarray"):
            call()
    scalars: list[Any] = [np.float64(2), np.float32(2), np.int16(2), np.True_]
    for scalar in scalars:
        for got in (scalar * x, x * scalar):
            same(got, np.ones(3) * scalar)
    assert not hasattr(x, "__array_function__")
    assert not hasattr(x, "__array_ufunc__")


def test_writes_through_views_in_place(device: xgpu.Device) -> None:
    """As SciPy's iterations do: a slice is taken, filled by masks and operators, and read whole."""
    a: Any = np.arange(12.0).reshape(3, 4)
    x: Any = xgpu.asarray(a)
    for work in (a, x):
        rows = work[1:]
        rows -= 4
        rows[rows > 5] = -1.0
        rows[:, [0, 2]] *= 10
        work.T[0, :] += 0.5
    same(x, a)
    before = x
    x += 1
    assert x is before
