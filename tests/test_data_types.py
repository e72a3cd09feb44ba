"""Functions of dtypes, against NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import ALL, COMPLEX, FLOATS, INTEGERS, same, sample


@pytest.mark.parametrize("given", ALL, ids=str)
@pytest.mark.parametrize("asked", ALL, ids=str)
def test_astype(given: np.dtype[Any], asked: np.dtype[Any]) -> None:
    x = np.abs(sample(given)).astype(given) if given.kind != "c" else sample(given)
    if given.kind == "c" and asked.kind not in "bc":
        with pytest.raises(TypeError, match=rf"astype\(\) of {given} to {asked}: take xgpu.real"):
            xgpu.astype(xgpu.asarray(x), asked)
        return
    same(xgpu.astype(xgpu.asarray(x), asked), x.astype(asked))
    same(xgpu.astype(xgpu.asarray(x)[::-1].T, asked), x[::-1].T.astype(asked))


def test_astype_wraps_and_truncates_as_numpy_does(device: xgpu.Device) -> None:
    x = np.asarray([0, 255, 256, -1, 2**31, -(2**40) + 3])
    for dtype in INTEGERS:
        same(xgpu.astype(xgpu.asarray(x, device=device), dtype), x.astype(dtype))
    y = np.asarray([0.0, -0.0, 0.9, -1.9, 100.5, np.nan])
    given = xgpu.asarray(y, device=device)
    same(xgpu.astype(given[:-1], xgpu.int8), y[:-1].astype("int8"))
    same(xgpu.astype(given, xgpu.bool), y.astype("bool"))
    same(xgpu.astype(given, xgpu.complex64), y.astype("complex64"))


def test_astype_copies_unless_told_not_to() -> None:
    x = xgpu.asarray([1.0, 2.0])
    assert xgpu.astype(x, xgpu.float64, copy=False) is x
    copied = xgpu.astype(x, xgpu.float64)
    copied += 1.0
    same(x, np.asarray([1.0, 2.0]))
    assert xgpu.astype(x, xgpu.float32, copy=False) is not x


def test_astype_moves_when_asked(device: xgpu.Device) -> None:
    x = xgpu.asarray([1.5, 2.0])
    moved = xgpu.astype(x, xgpu.float32, device=device)
    assert moved.device is device
    same(moved, np.asarray([1.5, 2.0], "float32"))


@pytest.mark.parametrize("dtype", ["longdouble", "object", "U3", "no such", None, 3])
def test_dtypes_that_are_none_of_xgpus(dtype: Any) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: xgpu.astype(xgpu.ones(1), dtype),
        lambda: xgpu.can_cast(xgpu.int8, dtype),
        lambda: xgpu.isdtype(dtype, "bool"),
    ]
    if dtype is not None:  # None asks for the default one
        calls.append(lambda: xgpu.zeros(1, dtype=dtype))
    if dtype != 3:  # a number is a scalar there
        calls.append(lambda: xgpu.result_type(dtype, xgpu.int8))
    for call in calls:
        with pytest.raises(TypeError, match="xgpu has no dtype|not a dtype"):
            call()


@pytest.mark.parametrize("first", ALL, ids=str)
@pytest.mark.parametrize("second", ALL, ids=str)
def test_can_cast_and_result_type(first: np.dtype[Any], second: np.dtype[Any]) -> None:
    expected = np.promote_types(first, second)
    assert xgpu.can_cast(first, second) == (expected == second)
    x = xgpu.ones(2, dtype=first)
    assert xgpu.can_cast(x, second) == (expected == second)
    assert xgpu.result_type(first, second) is xgpu.result_type(x, second)
    assert xgpu.result_type(first, second) == expected
    assert xgpu.result_type(second, first, second) == expected


@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_result_type_with_scalars(dtype: np.dtype[Any]) -> None:
    for scalar in (True, 1, 1.0, 1j):
        expected = np.result_type(np.ones(1, dtype), scalar)
        assert xgpu.result_type(dtype, scalar) == expected
        assert xgpu.result_type(scalar, xgpu.ones(1, dtype=dtype)) == expected
        assert (xgpu.ones(1, dtype=dtype) == scalar).dtype == xgpu.bool


def test_result_type_of_several() -> None:
    assert xgpu.result_type(xgpu.int8, 1, 2.5, 1j) == xgpu.complex128
    assert xgpu.result_type(xgpu.float32, 1, 2.5) == xgpu.float32
    assert xgpu.result_type(xgpu.ones(2), xgpu.int64, True) == xgpu.float64
    for scalars in ((True,), (1, True), (1, 2.0), (2.0,), (1j, 1)):
        assert xgpu.result_type(*scalars) == np.result_type(*scalars)
    with pytest.raises(ValueError, match="at least one array, dtype or scalar"):
        xgpu.result_type()


@pytest.mark.parametrize("dtype", [*FLOATS, *COMPLEX], ids=str)
def test_finfo(dtype: np.dtype[Any]) -> None:
    expected = np.finfo(dtype)
    for got in (xgpu.finfo(dtype), xgpu.finfo(xgpu.ones(1, dtype=dtype))):
        assert got.bits == expected.bits
        assert got.dtype == expected.dtype
        for name in ("eps", "max", "min", "smallest_normal"):
            value = getattr(got, name)
            assert type(value) is float
            assert value == float(getattr(expected, name))


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_iinfo(dtype: np.dtype[Any]) -> None:
    got, expected = xgpu.iinfo(dtype), np.iinfo(dtype)
    assert (got.bits, got.min, got.max) == (expected.bits, expected.min, expected.max)
    assert got.dtype is dtype
    assert type(got.max) is int
    assert xgpu.iinfo(xgpu.ones(1, dtype=dtype)) == got


def test_limits_of_another_kind() -> None:
    with pytest.raises(ValueError, match=r"finfo\(\) takes a floating dtype: got int8"):
        xgpu.finfo(xgpu.int8)
    with pytest.raises(ValueError, match=r"iinfo\(\) takes an integer dtype: got float32"):
        xgpu.iinfo(xgpu.float32)
    with pytest.raises(ValueError, match="bool"):
        xgpu.iinfo(xgpu.bool)


KINDS = {
    "bool": ["bool"],
    "signed integer": ["int8", "int16", "int32", "int64"],
    "unsigned integer": ["uint8", "uint16", "uint32", "uint64"],
    "real floating": ["float32", "float64"],
    "complex floating": ["complex64", "complex128"],
}
KINDS["integral"] = KINDS["signed integer"] + KINDS["unsigned integer"]
KINDS["numeric"] = KINDS["integral"] + KINDS["real floating"] + KINDS["complex floating"]


@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_isdtype(dtype: np.dtype[Any]) -> None:
    for kind, names in KINDS.items():
        assert xgpu.isdtype(dtype, kind) is (dtype.name in names)
    assert xgpu.isdtype(dtype, dtype)
    assert xgpu.isdtype(dtype, ("bool", "numeric"))
    assert xgpu.isdtype(dtype, (xgpu.int8, "complex floating")) is (
        dtype.name == "int8" or dtype.kind == "c"
    )
    assert not xgpu.isdtype(dtype, ())
    with pytest.raises(ValueError, match="unknown kind 'float'; the kinds are 'bool'"):
        xgpu.isdtype(dtype, "float")


def test_dtypes_are_numpys_and_one_object_each() -> None:
    for dtype in ALL:
        named = getattr(xgpu, dtype.name)
        assert named is dtype
        assert named == np.dtype(dtype.name)
        assert xgpu.zeros(1, dtype=np.dtype(dtype.name)).dtype is dtype
        assert hash(named) == hash(np.dtype(dtype.name))
