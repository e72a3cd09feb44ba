"""The methods of arrays, beside NumPy's; and NumPy's functions that call them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import ALL, host, same, sample

pytestmark = pytest.mark.usefixtures("on_device")

SHAPE = (2, 3, 4)

FOLDS: dict[str, list[dict[str, Any]]] = {
    "sum": [{}, {"axis": 1}, {"axis": (0, 2), "keepdims": True}, {"dtype": np.float32}],
    "prod": [{}, {"axis": -1}, {"dtype": np.float64}],
    "mean": [{}, {"axis": 1, "keepdims": True}, {"axis": 0, "dtype": np.float32}],
    "std": [{}, {"axis": 1, "ddof": 1}, {"correction": 1}],
    "var": [{}, {"axis": (0, 1), "ddof": 0.5}, {"keepdims": True}],
    "min": [{}, {"axis": 1}, {"axis": (0, 2), "keepdims": True}],
    "max": [{}, {"axis": 1}, {"axis": (0, 2), "keepdims": True}],
    "all": [{}, {"axis": 1}, {"axis": (0, 2), "keepdims": True}],
    "any": [{}, {"axis": 1}, {"axis": (0, 2), "keepdims": True}],
    "argmax": [{}, {"axis": 1}, {"axis": 2, "keepdims": True}],
    "argmin": [{}, {"axis": 1}, {"axis": 2, "keepdims": True}],
}

SHAPES: dict[str, list[Callable[[Any], Any]]] = {
    "reshape": [lambda x: x.reshape(6, 4), lambda x: x.reshape((4, -1)), lambda x: x.reshape(-1)],
    "ravel": [lambda x: x.ravel(), lambda x: x[:, ::2].ravel()],
    "flatten": [lambda x: x.flatten()],
    "transpose": [
        lambda x: x.transpose(),
        lambda x: x.transpose(0, 2, 1),
        lambda x: x.transpose((1, 2, 0)),
    ],
    "squeeze": [lambda x: x[:1].squeeze(), lambda x: x[:1].squeeze(0), lambda x: x.squeeze()],
    "astype": [lambda x: x.astype(np.complex64), lambda x: x.astype(np.float32, copy=False)],
    "copy": [lambda x: x.copy()],
    "real": [lambda x: x.real, lambda x: (x * 2j).real],
    "imag": [lambda x: x.imag, lambda x: (x * 2j).imag],
    "conj": [lambda x: x.conj(), lambda x: (x + 2j).conj()],
    "view": [lambda x: x.view(), lambda x: x[1].view(np.float64)],
}


@pytest.mark.parametrize("name", FOLDS)
def test_folds(name: str) -> None:
    values = sample(np.dtype(np.float64), SHAPE)
    x = xgpu.asarray(values)
    for given in FOLDS[name]:
        # NumPy's any, all of numbers are those of the standard.
        expected = getattr(values, name)(**given) if name != "std" else np.std(values, **given)
        same(getattr(x, name)(**given), expected, 1e-6)
    same(getattr(x, name)(1), getattr(values, name)(1), 1e-12)
    if name in ("mean", "std", "var"):
        integers = np.arange(6).reshape(2, 3)
        same(getattr(xgpu.asarray(integers), name)(0), getattr(integers, name)(0), 1e-12)
    with pytest.raises(TypeError, match=rf"{name}\(\) takes no out="):
        getattr(x, name)(out=x)


@pytest.mark.parametrize(
    ("name", "number"), [(n, i) for n in SHAPES for i in range(len(SHAPES[n]))]
)
def test_shapes_and_copies(name: str, number: int) -> None:
    values = sample(np.dtype(np.float64), SHAPE)
    call = SHAPES[name][number]
    same(call(xgpu.asarray(values)), call(values))


def test_views_and_copies() -> None:
    calls: list[tuple[bool, Callable[[Any], Any]]] = [
        (True, lambda x: x.view()),
        (True, lambda x: x.ravel()),
        (True, lambda x: x.reshape(4)),
        (True, lambda x: x.transpose().transpose()),
        (False, lambda x: x.flatten()),
        (False, lambda x: x.copy()),
        (False, lambda x: x.astype(x.dtype)),
        (False, lambda x: x.reshape(4, copy=True)),
    ]
    for shares, call in calls:
        x = xgpu.zeros((2, 2))
        y = call(x)
        x += 1
        assert bool(xgpu.all(y == float(shares)))


@pytest.mark.parametrize("name", ["sum", "mean", "std", "prod", "min", "max", "argmax", "any"])
def test_numpy_calls_the_method(name: str) -> None:
    values = sample(np.dtype(np.float64), SHAPE)
    x: Any = xgpu.asarray(values)
    got = getattr(np, name)(x, axis=1)
    assert isinstance(got, xgpu.Array)
    same(got, getattr(np, name)(values, axis=1), 1e-12)
    given: Any
    for given in (np.transpose(x), np.reshape(x, (4, 6))):
        same(given, values.T if given.shape == (4, 3, 2) else values.reshape(4, 6))


@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_lists_and_pickles(dtype: np.dtype[Any]) -> None:
    for shape in ((), (0, 2), (2, 3)):
        values = sample(dtype, shape)
        x = xgpu.asarray(values)
        assert x.tolist() == values.tolist()
        written = pickle.dumps(x)
        assert written == pickle.dumps(x)
        back = pickle.loads(written)
        same(back, values)
        assert back.device is x.device
        same(copy.deepcopy(x), values)
    view = xgpu.asarray(sample(dtype, (4, 4)))[1::2, ::-1]
    same(pickle.loads(pickle.dumps(view)), host(view))


def test_what_is_not_taken() -> None:
    x = xgpu.ones((2, 2))
    with pytest.raises(TypeError, match="view.. does not read float64 as int64"):
        x.view(xgpu.int64)
    for name, given in (("ravel", ()), ("flatten", ()), ("reshape", (4,))):
        with pytest.raises(ValueError, match=rf"{name}\(\) takes order='C'"):
            getattr(x, name)(*given, order="F")


def test_full_of_a_zero_d_array() -> None:
    value = xgpu.asarray(3, dtype=xgpu.int16)
    x = xgpu.full((2, 2), value)
    same(x, np.full((2, 2), 3, np.int16))
    x[0, 0] = 5
    same(value, np.int16(3))
    same(xgpu.full(2, value, dtype=xgpu.float32), np.full(2, 3, np.float32))
    assert xgpu.full((), value, device="cpu").device == "cpu"
    with pytest.raises(TypeError, match="full"):
        xgpu.full(2, xgpu.ones(2))
