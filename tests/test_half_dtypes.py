"""float16 and bfloat16 as dtypes: promotion, conversion, creation, moving elements, leaving."""

from __future__ import annotations

import math
import pickle
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import array_api_compat.numpy as np_xp
import array_api_strict
import ml_dtypes
import numpy as np
import pytest

import xgpu
from tests import half_oracle as oracle
from tests.comparing import host
from tests.test_half import at, both, computed
from xgpu.plugin import NamespaceBackend, dtypes, ops
from xgpu.plugin.dtypes import NARROW, DType

ROOT = Path(__file__).parents[1]
SAME = {"float16": "float16", "bfloat16": "bfloat16"}
PROMOTED = {
    **dict.fromkeys(("bool", "int8", "uint8"), SAME),
    **dict.fromkeys(("int16", "uint16"), dict.fromkeys(SAME, "float32")),
    **dict.fromkeys(("int32", "int64", "uint32", "uint64"), dict.fromkeys(SAME, "float64")),
    **{wide: dict.fromkeys(SAME, wide) for wide in ("float32", "float64")},
    **{wide: dict.fromkeys(SAME, wide) for wide in ("complex64", "complex128")},
    "float16": {"float16": "float16", "bfloat16": "float32"},
    "bfloat16": {"float16": "float32", "bfloat16": "bfloat16"},
}


# The dtypes themselves


def test_they_are_numpys_dtypes() -> None:
    assert xgpu.float16 is dtypes.float16 and xgpu.float16 == np.float16
    assert xgpu.bfloat16 is dtypes.bfloat16 and xgpu.bfloat16 == ml_dtypes.bfloat16
    for name in ("float16", "bfloat16"):
        assert xgpu.ones(1, dtype=np.dtype(name)).dtype is getattr(xgpu, name)
        assert xgpu.ones(1, dtype=name).dtype is getattr(xgpu, name)  # type: ignore[arg-type]


def test_inspection_names_those_of_the_standard() -> None:
    listed = xgpu.__array_namespace_info__().dtypes()
    assert len(listed) == 13 and not {"float16", "bfloat16"} & set(listed)


@both
def test_kinds(dtype: DType) -> None:
    assert xgpu.isdtype(dtype, "real floating") and xgpu.isdtype(dtype, "numeric")
    assert xgpu.isdtype(dtype, dtype)
    for kind in ("bool", "integral", "complex floating", xgpu.float32):
        assert not xgpu.isdtype(dtype, kind)


@both
def test_limits(dtype: DType) -> None:
    digits = oracle.DIGITS[dtype.name]
    for got in (xgpu.finfo(dtype), xgpu.finfo(xgpu.ones(1, dtype=dtype))):
        assert got.dtype is dtype and got.bits == 16
        assert got.max == -got.min == oracle.LARGEST[dtype.name]
        assert got.eps == 2.0 ** (1 - digits)
        assert got.smallest_normal == {"float16": 2.0**-14, "bfloat16": 2.0**-126}[dtype.name]
        assert {type(v) for v in (got.max, got.min, got.eps, got.smallest_normal)} == {float}


@both
@pytest.mark.parametrize("other", dtypes.ALL, ids=str)
def test_promotion(device: xgpu.Device, dtype: DType, other: DType) -> None:
    wanted = dtypes.SUPPORTED[np.dtype(PROMOTED[other.name][dtype.name])]
    x, y = xgpu.ones(2, dtype=dtype, device=device), xgpu.ones(2, dtype=other, device=device)
    assert xgpu.result_type(x, other) is xgpu.result_type(other, x) is wanted
    assert (x + y).dtype is (y + x).dtype is wanted
    assert host(x + y).tolist() == [2, 2]
    assert xgpu.can_cast(dtype, other) == (wanted is other)
    assert xgpu.can_cast(other, dtype) == (wanted is dtype)


@both
def test_scalars_are_weak(device: xgpu.Device, dtype: DType) -> None:
    x = xgpu.ones(2, dtype=dtype, device=device)
    for scalar in (True, 1, 1.0):
        assert (x + scalar).dtype is (scalar + x).dtype is xgpu.result_type(x, scalar) is dtype
        assert xgpu.where(x > 0, x, scalar).dtype is dtype
    assert (x + 1j).dtype is xgpu.result_type(dtype, 1j) is xgpu.complex64
    assert computed(lambda: xgpu.searchsorted(x, 1.5)).dtype is xgpu.int64
    # NumPy's scalars have dtypes of their own.
    one: Any = np.float32(1)
    assert (x + one).dtype is xgpu.float32
    assert (x + dtype.type(1)).dtype is dtype
    assert (xgpu.ones(2, device=device) + dtype.type(1)).dtype is xgpu.float64
    assert (xgpu.ones(2, dtype=xgpu.int64, device=device) + dtype.type(1)).dtype is xgpu.float64


# Conversions


@both
def test_every_number_to_every_dtype(device: xgpu.Device, dtype: DType) -> None:
    numbers = oracle.patterns(dtype)
    x, values = at(numbers, device), oracle.wide(numbers)
    targets = [d for d in dtypes.ALL if d is not dtype]
    results = [xgpu.astype(x, target) for target in targets]
    xgpu.materialize(*results)
    for target, result in zip(targets, results, strict=True):
        got = host(result)
        if target in NARROW:
            oracle.agree(got, oracle.rounded(values, target), str(target))
            continue
        if dtypes.kind_of(target) in "iu":
            # What an integer dtype does not hold is the device's, see astype.
            info = np.iinfo(target)
            held = (values > float(info.min) - 1) & (values < float(info.max) + 1)
            got, wanted = got[held], np.trunc(values[held])
        else:
            with np.errstate(all="ignore"):
                wanted = values.astype(target)
        np.testing.assert_array_equal(got, wanted.astype(target), str(target))


def hard(dtype: DType) -> Any:
    """float64 values on ties of a 16-bit dtype, and beside them by less than float32 tells."""
    values = oracle.wide(oracle.patterns(dtype))
    values = np.unique(values[np.isfinite(values)])
    ties = np.random.default_rng(0).choice((values[1:] + values[:-1]) / 2, 3000)
    largest = oracle.LARGEST[dtype.name]
    end = largest * (1 + 2.0 ** -(oracle.DIGITS[dtype.name] + 1))
    ends = [end, np.nextafter(end, 0), largest, 1e300, 5e-324, 0.0, np.inf, np.nan]
    near = [ties, np.nextafter(ties, np.inf), np.nextafter(ties, -np.inf), ties * (1 + 2.0**-40)]
    return np.concatenate([*near, ends, np.negative(ends)])


@both
def test_float64_is_rounded_once(device: xgpu.Device, dtype: DType) -> None:
    values = hard(dtype)
    wanted = oracle.rounded(values, dtype)
    oracle.agree(host(xgpu.astype(at(values, device), dtype)), wanted, "astype")
    oracle.agree(host(xgpu.asarray(values, dtype=dtype, device=device)), wanted, "asarray")
    some = slice(0, None, 997)
    for value, near in zip(values[some].tolist(), wanted[some], strict=True):
        one = xgpu.full((1,), value, dtype=dtype, device=device)
        oracle.agree(host(one), near.reshape(1), repr(value))


@both
@pytest.mark.parametrize("origin", ["int16", "int32", "int64", "uint32", "uint64"])
def test_integers_are_rounded_once(device: xgpu.Device, dtype: DType, origin: str) -> None:
    info, digits = np.iinfo(origin), oracle.DIGITS[dtype.name]
    numbers = [info.min, info.max, info.max - 1, 0, 1]
    for exponent in range(digits, 64):
        tie = (1 << exponent) + (1 << exponent - digits)
        numbers += [tie - 1, tie, tie + 1, -tie - 1, -tie, -tie + 1, tie + (2 << exponent - digits)]
    held = [n for n in numbers if info.min <= n <= info.max]
    wanted = []
    for n in held:  # in exact arithmetic
        rest = max(abs(n).bit_length() - digits, 0)
        low, size = abs(n) & ((1 << rest) - 1), abs(n) >> rest
        size += low * 2 > 1 << rest or (low * 2 == 1 << rest and rest > 0 and size % 2)
        near = math.ldexp(size, rest)
        wanted.append(math.copysign(near if near <= oracle.LARGEST[dtype.name] else math.inf, n))
    got = xgpu.astype(at(np.asarray(held, origin), device), dtype)
    np.testing.assert_array_equal(oracle.wide(host(got)), wanted)


@both
def test_complex_and_back(device: xgpu.Device, dtype: DType) -> None:
    x = xgpu.asarray([1.5, -2.0], dtype=dtype, device=device)
    assert host(xgpu.astype(x, xgpu.complex64)).tolist() == [1.5, -2]
    assert xgpu.real(x).dtype is dtype and xgpu.conj(x).dtype is dtype
    with pytest.raises(TypeError, match=r"take xgpu\.real"):
        xgpu.astype(x + 1j, dtype)
    assert xgpu.astype(x, dtype, copy=False) is x


@both
def test_assignment_converts_within_the_kind(device: xgpu.Device, dtype: DType) -> None:
    x = xgpu.zeros(4, dtype=dtype, device=device)
    x[1:] = xgpu.asarray([1.5, 1 + 2.0**-9 + 2.0**-40, 1e300], device=device)
    near = oracle.wide(oracle.rounded([1 + 2.0**-9 + 2.0**-40], dtype))[0]
    assert host(x).tolist() == [0, 1.5, near, math.inf]
    for other in NARROW:
        x[0] = xgpu.asarray(0.5, dtype=other, device=device)
    x[1] = xgpu.asarray(7, device=device)
    x += 1
    assert host(x)[:2].tolist() == [1.5, 8]
    y = xgpu.zeros(4, device=device)
    y[:] = x
    assert host(y)[:2].tolist() == [1.5, 8]
    for target, value in ((xgpu.zeros(4, dtype=xgpu.int32, device=device), x), (x, y + 1j)):
        with pytest.raises(TypeError, match="cannot assign"):
            target[:] = value


# Functions that make and move elements: as on float64, whose values these hold exactly

SMALL = np.arange(24.0).reshape(2, 3, 4) - 7
MASK, PLACES = SMALL % 3 == 0, np.asarray([[2, 0, 1], [0, 0, 2]])

MOVES: dict[str, Callable[[Any, Any], Any]] = {
    "getitem": lambda xp, x: x[1, ::-1, 1::2],
    "mask": lambda xp, x: x[xp.asarray(MASK, **where(x))],
    "places": lambda xp, x: x[:, xp.asarray(PLACES, **where(x)), -1],
    "take": lambda xp, x: xp.take(x, xp.asarray([2, 0], **where(x)), axis=1),
    "take_along_axis": lambda xp, x: xp.take_along_axis(
        x[:, :, 0], xp.asarray(PLACES, **where(x)), axis=1
    ),
    "transposed": lambda xp, x: xp.permute_dims(x, (2, 0, 1)),
    "reshape": lambda xp, x: xp.reshape(x.mT, (4, 6)),
    "broadcast_to": lambda xp, x: xp.broadcast_to(x, (5, 2, 3, 4)),
    "concat": lambda xp, x: xp.concat([x, x[:, :1, :]], axis=1),
    "stack": lambda xp, x: xp.stack([x, -x], axis=2),
    "flip": lambda xp, x: xp.flip(x, axis=2),
    "roll": lambda xp, x: xp.roll(x, 5),
    "repeat": lambda xp, x: xp.repeat(x, 3, axis=1),
    "tile": lambda xp, x: xp.tile(x, (2, 1, 2)),
    "tril": lambda xp, x: xp.tril(x, k=1),
    "triu": lambda xp, x: xp.triu(x),
    "squeeze": lambda xp, x: xp.squeeze(x[:, :1, :], axis=1),
    "unstack": lambda xp, x: xp.unstack(x, axis=2)[1],
    "meshgrid": lambda xp, x: xp.meshgrid(x[0, 0, :], x[0, :, 0])[1],
    "where": lambda xp, x: xp.where(x > 2, x, xp.zeros_like(x)),
    "diff": lambda xp, x: xp.diff(x, axis=1),
    "ones_like": lambda xp, x: xp.ones_like(x),
    "full_like": lambda xp, x: xp.full_like(x, 2.5),
    "eye": lambda xp, x: xp.eye(3, 4, k=1, dtype=x.dtype, **where(x)),
    "arange": lambda xp, x: xp.arange(-5, 100, 3, dtype=x.dtype, **where(x)),
    "linspace": lambda xp, x: xp.linspace(0, 8, 17, dtype=x.dtype, **where(x)),
    "full": lambda xp, x: xp.full((2, 3), -1.5, dtype=x.dtype, **where(x)),
    "nonzero": lambda xp, x: xp.nonzero(x)[1],
    "diagonal": lambda xp, x: xp.linalg.diagonal(x, offset=1),
    "clip": lambda xp, x: xp.clip(x, -2, 5),
}


def where(x: Any) -> dict[str, Any]:
    return {"device": x.device}


@both
@pytest.mark.parametrize("name", MOVES)
def test_elements_are_moved(device: xgpu.Device, dtype: DType, name: str) -> None:
    wanted = MOVES[name](np, SMALL)
    got = computed(lambda: MOVES[name](xgpu, xgpu.asarray(SMALL, dtype=dtype, device=device)))
    assert got.dtype is (xgpu.int64 if name == "nonzero" else dtype)
    np.testing.assert_array_equal(host(got).astype(wanted.dtype), wanted)


@both
def test_elements_are_moved_to_the_bit(device: xgpu.Device, dtype: DType) -> None:
    numbers = oracle.patterns(dtype).reshape(256, 256)
    x, pattern = at(numbers, device), oracle.bits(numbers)
    places = np.random.default_rng(0).integers(0, 256, 300)
    for got, wanted in (
        (x.T, pattern.T),
        (x[::-3, 5:], pattern[::-3, 5:]),
        (computed(lambda: x[at(places, device)]), pattern[places]),
        (xgpu.concat([x, x.T]), np.concatenate([pattern, pattern.T])),
    ):
        np.testing.assert_array_equal(oracle.bits(host(got)), wanted)
    y = xgpu.zeros((256, 256), dtype=dtype, device=device)
    y[:, ::2] = x[:, ::2]
    computed(lambda: y.__setitem__((slice(None), at(np.arange(1, 256, 2), device)), x[:, 1::2]))
    np.testing.assert_array_equal(oracle.bits(host(y)), pattern)


@both
def test_ranges_are_rounded_at_the_end(device: xgpu.Device, dtype: DType) -> None:
    got = host(xgpu.arange(5000, dtype=dtype, device=device))
    oracle.agree(got, oracle.rounded(np.arange(5000.0), dtype), "arange")
    got = host(xgpu.arange(0.0, 10.0, 0.25, dtype=dtype, device=device))
    oracle.agree(got, oracle.rounded(np.arange(0, 10, 0.25), dtype), "arange")
    got = host(xgpu.linspace(0, 1, 1001, dtype=dtype, device=device))
    oracle.agree(got, oracle.rounded(np.linspace(0, 1, 1001), dtype), "linspace")
    got = host(xgpu.fft.fftfreq(9, d=0.3, dtype=dtype, device=device))
    oracle.agree(got, oracle.rounded(np.fft.fftfreq(9, d=0.3), dtype), "fftfreq", 1, 0.2)


# Leaving and entering


@both
def test_to_the_host_and_back(device: xgpu.Device, dtype: DType) -> None:
    numbers = oracle.patterns(dtype)
    x = at(numbers, device)
    assert (x.dtype, x.itemsize, x.nbytes) == (dtype, 2, 1 << 17)
    there = xgpu.to_device(x, "cpu")
    assert np.asarray(there).dtype == dtype
    np.testing.assert_array_equal(oracle.bits(np.asarray(there)), oracle.bits(numbers))
    back = xgpu.to_device(there, device)
    np.testing.assert_array_equal(oracle.bits(host(back)), oracle.bits(numbers))
    values = np.asarray(xgpu.to_device(x[:100], "cpu"), dtype=np.float64)
    np.testing.assert_array_equal(values, oracle.wide(numbers[:100]))
    assert pickle.loads(pickle.dumps(np.asarray(there))).dtype == dtype


@both
def test_values_are_read_and_printed(device: xgpu.Device, dtype: DType) -> None:
    x = xgpu.asarray([0.5, -2.0, math.inf], dtype=dtype, device=device)
    value = x[1].item()
    assert value == -2.0 and type(value) is float
    assert float(x[0]) == 0.5 and int(x[1]) == -2 and complex(x[0]) == 0.5 and bool(x[0])
    with pytest.raises(TypeError, match="index"):
        range(3)[x[0]]
    text = repr(x)
    assert f"dtype={dtype.name}, device={str(device)!r}" in text
    assert re.findall(r"-?[\w.]+", text)[1:4] in (["0.5", "-2.", "inf"], ["0.5", "-2", "inf"])


@both
def test_from_numpys_arrays_and_scalars(device: xgpu.Device, dtype: DType) -> None:
    one = dtype.type(1.5)
    for given in (one, [one, one], np.asarray([[one]]), np.asarray(one)):
        x = xgpu.asarray(given, device=device)
        assert x.dtype is dtype
        assert set(host(x).reshape(-1).astype(float).tolist()) == {1.5}
    assert xgpu.asarray([one, 2.0], device=device).dtype is xgpu.float64
    big = np.asarray([1.0, 2.0], dtype=np.float16).astype(">f2")
    assert host(xgpu.asarray(big, device=device)).tolist() == [1, 2]
    with pytest.raises(TypeError, match="no dtype"):
        xgpu.asarray(np.zeros(2, "V2"), device=device)
    with pytest.raises(TypeError, match="numpy.ndarray"):
        xgpu.ones(1, dtype=dtype, device=device) + np.ones(1, dtype)


def test_dlpack() -> None:
    x = xgpu.asarray([1.0, 2.5], dtype=xgpu.float16, device="cpu")
    there = np.from_dlpack(x)
    assert there.dtype == np.float16 and there.tolist() == [1, 2.5]
    assert xgpu.from_dlpack(there).dtype is xgpu.float16
    y = xgpu.astype(x, xgpu.bfloat16)
    assert "dltensor" in repr(y.__dlpack__())  # tests/exchange takes it with libraries that have it
    assert xgpu.from_dlpack(y, copy=True).dtype is xgpu.bfloat16


# What they are not for


@both
@pytest.mark.parametrize(
    "name",
    [
        *("cholesky", "det", "eig", "eigh", "eigvals", "eigvalsh", "inv", "matrix_rank", "pinv"),
        *("qr", "slogdet", "svd", "svdvals"),
    ],
)
@pytest.mark.parametrize("shape", [(2, 2), (0, 0)])
def test_decompositions_ask_for_float32(
    device: xgpu.Device, dtype: DType, name: str, shape: tuple[int, ...]
) -> None:
    x = xgpu.ones(shape, dtype=dtype, device=device)
    with pytest.raises(TypeError, match=rf"{dtype}; cast to float32 first: xgpu\.astype"):
        getattr(xgpu.linalg, name)(x)


@both
def test_systems_norms_and_transforms_ask_for_float32(device: xgpu.Device, dtype: DType) -> None:
    x = xgpu.ones((2, 2), dtype=dtype, device=device)
    calls: tuple[Callable[[], Any], ...] = (
        lambda: xgpu.linalg.solve(x, x),
        lambda: xgpu.linalg.matrix_norm(x, ord="nuc"),
        lambda: xgpu.linalg.matrix_norm(x, ord=2),
        lambda: xgpu.linalg.matrix_power(x, -1),
        lambda: xgpu.fft.rfft(x),
        lambda: xgpu.fft.rfftn(x),
        lambda: xgpu.fft.ihfft(x),
    )
    for call in calls:
        with pytest.raises(TypeError, match="cast to float32 first"):
            call()
    with pytest.raises(TypeError, match="complex floating dtypes"):
        xgpu.fft.fft(x)


@both
def test_ops_of_other_kinds_refuse_them(device: xgpu.Device, dtype: DType) -> None:
    x = xgpu.ones(3, dtype=dtype, device=device)
    calls: tuple[Callable[[], Any], ...]
    calls = (lambda: x & x, lambda: ~x, lambda: x << 1, lambda: xgpu.logical_not(x))
    for call in calls:
        with pytest.raises(TypeError, match=f"does not take dtype {dtype}"):
            call()
    with pytest.raises(IndexError, match=f"{dtype}"):
        x[x]
    with pytest.raises(ValueError, match=f"integer dtype: got {dtype}"):
        xgpu.iinfo(dtype)


# Other namespaces


class Named:
    """A namespace as most libraries are: with a name for bfloat16, and no ml_dtypes."""

    bfloat16 = np.dtype(ml_dtypes.bfloat16)

    def __getattr__(self, name: str) -> Any:
        return getattr(np_xp, name)

    @staticmethod
    def asarray(obj: Any, *, dtype: Any = None, copy: bool | None = None) -> Any:
        assert getattr(obj, "dtype", None) not in NARROW
        return np_xp.asarray(obj, dtype=dtype, copy=copy)


@pytest.fixture
def registered(request: pytest.FixtureRequest) -> Iterator[str]:
    namespace: Any = Named() if request.param == "named" else array_api_strict
    functions = {
        op.name: lambda matrix, name=op.name: getattr(namespace, name)(matrix, axis=1)
        for op in ops.reductions()
    }
    backend = NamespaceBackend(request.param, namespace, functions=functions)
    xgpu.register_backend(request.param, backend)
    yield request.param
    xgpu.unregister_backend(request.param)


@both
@pytest.mark.parametrize("registered", ["named"], indirect=True)
def test_a_namespace_with_a_name_for_them(registered: str, dtype: DType) -> None:
    numbers = oracle.patterns(dtype)
    numbers = numbers[~np.isnan(oracle.wide(numbers))]
    x = at(numbers, xgpu.device(registered))
    np.testing.assert_array_equal(oracle.bits(host(-x)), oracle.bits(numbers) ^ 0x8000)
    values = oracle.sample(dtype, (40, 30))
    y = at(values, xgpu.device(registered))
    got = host(xgpu.sqrt(abs(y.T)) + 1e-8)
    near = oracle.wide(oracle.rounded([1e-8], dtype))
    root = oracle.wide(oracle.rounded(np.sqrt(np.abs(oracle.wide(values).T)), dtype))
    oracle.agree(got, oracle.rounded(root + near, dtype), "sqrt")
    total = oracle.rounded(oracle.wide(values).sum(axis=0), dtype)
    oracle.agree(host(xgpu.sum(y, axis=0)), total, "sum", 1, 0.1)


@both
@pytest.mark.parametrize("registered", ["strict16"], indirect=True)
def test_a_namespace_without_them_says_so(registered: str, dtype: DType) -> None:
    said = f"backend 'strict16' has no dtype {dtype}; cast to float32 first"
    with pytest.raises(xgpu.UnsupportedOperationError, match=said):
        xgpu.asarray([1.0, 2.0], dtype=dtype, device=registered)
    with pytest.raises(xgpu.UnsupportedOperationError, match=said):
        xgpu.materialize(xgpu.ones(3, dtype=dtype, device=registered))


def test_kinds_are_asked_of_the_table() -> None:
    """``dtype.kind`` is V for bfloat16: code asks `dtypes.kind_of`."""
    allowed = {
        ROOT / "xgpu" / "plugin" / "dtypes.py",  # makes the table
        ROOT / "xgpu" / "plugin" / "narrow.py",  # of NumPy's arrays
        ROOT / "xgpu" / "creation.py",  # of an array that may be of objects
    }
    peers = ROOT / "xgpu" / "bench"  # which times other libraries, with NumPy's arrays alone
    for file in (ROOT / "xgpu").rglob("*.py"):
        if file not in allowed and peers not in file.parents:
            found = re.findall(r"\b\w*dtype\.kind\b", file.read_text())
            assert not found, f"{file.relative_to(ROOT)}: {found}"
