"""Attributes and methods of an array that bring no arithmetic with them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pytest

import xgpu
from tests.comparing import host
from tests.values.checks import each, exactly, some
from tests.values.inputs import DTYPES, SHAPES, VIEWS, random, specials
from tests.values.ulp import kind
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

CONVERSIONS: Final[tuple[tuple[Callable[[Any], Any], type, str], ...]] = (
    (bool, bool, "biufc"),
    (int, int, "biuf"),
    (float, float, "biuf"),
    (complex, complex, "biufc"),
    (operator.index, int, "iu"),
)


@each(DTYPES)
def test_attributes(dtype: DType, device: xgpu.Device) -> None:
    for shape in SHAPES:
        x = xgpu.asarray(random(dtype, shape), device=device)
        assert x.shape == shape and type(x.shape) is tuple
        assert x.ndim == len(shape) and x.size == math.prod(shape)
        assert x.itemsize == dtype.itemsize and x.nbytes == dtype.itemsize * math.prod(shape)
        assert all(type(v) is int for v in (*x.shape, x.ndim, x.size, x.itemsize, x.nbytes))
        assert x.dtype is dtype and x.device is device
        assert x.__array_namespace__() is xgpu
    base = random(dtype, (6, 5, 4))
    x = xgpu.asarray(base, device=device)
    for key in VIEWS.values():
        view, expected = x[key], base[key]
        assert (view.shape, view.size, view.nbytes) == (
            expected.shape,
            expected.size,
            expected.nbytes,
        )
        assert view.dtype is dtype and view.device is device


@each(DTYPES)
def test_transposes(dtype: DType, device: xgpu.Device) -> None:
    for shape in some(device, ((2, 3), (1, 5), (0, 3), (2, 3, 4), (2, 1, 4, 3)), dtype):
        a = random(dtype, shape)
        x = xgpu.asarray(a, device=device)
        expected = np.empty((*shape[:-2], shape[-1], shape[-2]), dtype)
        for at in np.ndindex(*shape):
            expected[(*at[:-2], at[-1], at[-2])] = a[at]
        exactly(x.mT, expected, device, shape)
        exactly(x.mT.mT, a, device, shape)
        if len(shape) == 2:
            exactly(x.T, expected, device, shape)
            exactly(x[::-1].T, expected[:, ::-1], device, shape)
        else:
            with pytest.raises(ValueError):
                _ = x.T
    for shape in ((), (3,)):
        x = xgpu.ones(shape, dtype=dtype, device=device)
        with pytest.raises(ValueError):
            _ = x.mT
        with pytest.raises(ValueError):
            _ = x.T
    x = xgpu.asarray(a := random(dtype, (2, 3)), device=device)
    x.T[0, 1] = x[0, 0]  # a view: the write is seen
    a[1, 0] = a[0, 0]
    exactly(x, a, device)


@each(DTYPES)
def test_python_numbers(dtype: DType, device: xgpu.Device) -> None:
    for value in specials(dtype)[:: 5 if device.type == "cudasim" else 1]:
        x = xgpu.asarray(np.asarray(value), device=device)
        truth = bool(value) if kind(dtype) == "b" else complex(value) if kind(dtype) == "c" else (
            int(value) if kind(dtype) in "iu" else float(value))  # fmt: skip
        item = x.item()
        assert type(item) is type(truth) and repr(item).replace("-nan", "nan") == repr(truth)
        assert bool(x) is (truth != 0)
        for convert, made, kinds in CONVERSIONS:
            if kind(dtype) not in kinds:
                with pytest.raises(TypeError):
                    convert(x)
                continue
            try:
                expected = convert(truth)
            except (ValueError, OverflowError) as error:  # int(nan), int(inf)
                with pytest.raises(type(error)):
                    convert(x)
            else:
                got = convert(x)
                assert type(got) is made and repr(got) == repr(expected), (convert, value)


@each(DTYPES)
def test_items_of_one_element(dtype: DType, device: xgpu.Device) -> None:
    value = random(dtype, (1,), 3)
    for shape in ((1,), (1, 1, 1)):
        x = xgpu.asarray(value.reshape(shape), device=device)
        scalar = xgpu.asarray(value[0], device=device)
        assert repr(x.item()) == repr(scalar.item())
        assert bool(x) is bool(value[0] != 0)
        for convert, _, _ in CONVERSIONS[1:]:
            with pytest.raises(TypeError):
                convert(x)
    for several in ((2,), (0,), (1, 2)):
        x = xgpu.ones(several, dtype=dtype, device=device)
        for refused in (x.item, x.__bool__):
            with pytest.raises(ValueError):
                refused()
        with pytest.raises(TypeError):
            int(x)


@each(DTYPES)
def test_iteration_and_length(dtype: DType, device: xgpu.Device) -> None:
    for shape in some(device, SHAPES, dtype):
        a = random(dtype, shape)
        x = xgpu.asarray(a, device=device)
        if not shape:
            with pytest.raises(TypeError):
                len(x)
            with pytest.raises(TypeError):
                iter(x)
            continue
        assert len(x) == shape[0]
        rows = list(x)
        assert len(rows) == shape[0]
        for got, expected in zip(rows[:4], a, strict=False):
            exactly(got, expected, device, shape)
    x = xgpu.asarray(a := random(dtype, (2, 3)), device=device)
    first, second = x
    second[...] = first  # rows are views
    a[1] = a[0]
    exactly(x, a, device)
    exactly(next(iter(x[::-1])), a[1], device)


@each(DTYPES)
def test_to_device(dtype: DType, device: xgpu.Device) -> None:
    a = random(dtype, (3, 4))
    x = xgpu.asarray(a, device=device)
    assert x.to_device(device) is x and x.to_device(str(device)) is x
    assert xgpu.to_device(x, device) is x
    cpu = xgpu.device("cpu")
    for given, expected in (
        (x, a),
        (x[::-1, ::2].T, a[::-1, ::2].T),
        (x[:0], a[:0]),
        (x[1, 1], a[1, 1]),
    ):
        there = given.to_device("cpu")
        exactly(there, expected, cpu)
        exactly(there.to_device(device), expected, device)
    with pytest.raises(ValueError):
        x.to_device("nowhere")
    with pytest.raises(ValueError):
        x.to_device(device, stream=1)


@each(DTYPES)
def test_numpy_and_repr(dtype: DType, device: xgpu.Device) -> None:
    a = random(dtype, (2, 3))
    x = xgpu.asarray(a, device=device)
    assert str(dtype) in repr(x) and repr(str(device)) in repr(x)
    if device.type == "cpu":
        b = np.asarray(x)
        assert b.dtype == dtype and b.tobytes() == a.tobytes()
        b = np.asarray(x[::-1].T)
        assert b.tobytes() == np.ascontiguousarray(a[::-1].T).tobytes()


def test_namespace_versions(device: xgpu.Device) -> None:
    x = xgpu.ones(1, device=device)
    assert x.__array_namespace__(api_version="2025.12") is xgpu
    for version in ("2020.01", "2024.12", ""):
        with pytest.raises(ValueError):
            x.__array_namespace__(api_version=version)
    assert xgpu.__array_api_version__ == "2025.12"


def test_constants() -> None:
    assert (xgpu.e, xgpu.pi, xgpu.inf) == (math.e, math.pi, math.inf)
    assert math.isnan(xgpu.nan) and xgpu.newaxis is None
    assert all(type(v) is float for v in (xgpu.e, xgpu.pi, xgpu.inf, xgpu.nan))


def test_indices_and_slices_take_arrays(device: xgpu.Device) -> None:
    x = xgpu.asarray(3, device=device)
    assert [10, 20, 30, 40][x] == 40 and list(range(x)) == [0, 1, 2]
    assert host(xgpu.arange(6, device=device)[x:]).tolist() == [3, 4, 5]
    assert dtypes.int64 is x.dtype
