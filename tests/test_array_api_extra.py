"""array-api-extra on xgpu: each of its functions, with its results on NumPy arrays as the oracle.

The library is used as it is installed. A function that a backend lacks the ops for is skipped on
that backend's device, with what it says.
"""

from __future__ import annotations

import importlib
import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import isclass, isfunction
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import host, same, sample
from xgpu.plugin import UnsupportedOperationError

xpx: Any = importlib.import_module("array_api_extra")

Make = Callable[..., Any]  #: a NumPy array or what `numpy.asarray` takes -> an array of the library
Case = Callable[[Make, dict[str, Any]], Any]  #: (make, {} or {"xp": namespace}) -> result

NAN, INF = math.nan, math.inf
FLOATS = np.asarray([[-1.5, 0.0, NAN, 2.0], [INF, -INF, 3.25, -0.0]])
FINITE = np.asarray([[-1.5, 0.0, 0.25, 2.0], [7.0, -30.0, 3.25, 180.0]])
NARROW = FINITE.astype("float32")
COMPLEX = np.asarray([1.0, 1j, -1.0, -2 - 2j, 0.5 - 1e-3j])
INTS = np.asarray([[3, -1, 2], [0, 3, -7]])
BYTES = np.asarray([[3, 200, 3], [0, 255, 7]], "uint8")
MASK = np.asarray([[True, False, True], [False, False, True]])
EMPTY = np.zeros((0, 3))
NANS = np.asarray([[5.0, NAN, 3.0], [NAN, NAN, 1.0], [NAN, NAN, NAN]])
AXES = (None, 0, -1, (0, 1))
SORTED = [
    (np.asarray([11, 12, 13, 13, 14]), np.asarray([10, 13, 15])),
    (np.asarray([1.0, 2.0, 2.0, NAN]), np.asarray([[2.0, NAN], [0.0, INF]])),
    (np.asarray([1.0]), np.asarray(2.0)),
    (np.asarray([], "float64"), np.asarray([2.0])),
]
SERIES = sample(np.dtype("float64"), (3, 6)) + np.arange(6.0) ** 2


def takes_one(function: str, *arrays: Any, **options: Any) -> list[Case]:
    """A case for each array, as the only operand."""
    f = getattr(xpx, function)

    def of(x: Any) -> Case:
        return lambda a, k: f(a(x), **options, **k)

    return [of(x) for x in arrays]


def takes_option(
    function: str, arrays: list[Any], option: str, values: tuple[Any, ...]
) -> list[Case]:
    """A case for each array and each value of an option."""
    return [case for v in values for case in takes_one(function, *arrays, **{option: v})]


def takes_two(function: str, *pairs: tuple[Any, Any], **options: Any) -> list[Case]:
    """A case for each pair of operands; Python's scalars stay what they are."""
    f = getattr(xpx, function)

    def of(x: Any, y: Any) -> Case:
        def run(a: Make, k: dict[str, Any]) -> Any:
            operands = (a(v) if isinstance(v, np.ndarray) else v for v in (x, y))
            return f(*operands, **options, **k)

        return run

    return [of(x, y) for x, y in pairs]


def on_default_device(case: Case) -> Case:
    """For calls in which the library makes an array of its own and names no device."""

    def run(a: Make, k: dict[str, Any]) -> Any:
        if isinstance(probe := a([0]), xgpu.Array):
            with xgpu.default_device(probe.device):
                return case(a, k)
        return case(a, k)

    return run


def deprecated(case: Case) -> Case:
    def run(a: Make, k: dict[str, Any]) -> Any:
        with pytest.warns(DeprecationWarning, match=r"xp\."):
            return case(a, k)

    return run


# Whose functions must agree to the last bit, and those that another formula gives in NumPy itself.
EXACT: dict[str, list[Case]] = {
    "atleast_nd": takes_option("atleast_nd", [np.asarray(3), BYTES, EMPTY], "ndim", (0, 1, 2, 5)),
    "broadcast_shapes": [
        deprecated(lambda a, k: np.asarray(xpx.broadcast_shapes((2, 3), (3,), (4, 1, 1)))),
        deprecated(lambda a, k: np.asarray(xpx.broadcast_shapes((2, 1), (1, 3), **k))),
    ],
    "create_diagonal": [
        *takes_one("create_diagonal", BYTES[0], COMPLEX, FLOATS[1], MASK[0], np.asarray([4])),
        *takes_one("create_diagonal", BYTES[0], FLOATS[0], offset=2),
        *takes_one("create_diagonal", BYTES[0], FLOATS[0], offset=-3),
    ],
    "expand_dims": [
        deprecated(case)
        for case in takes_option(
            "expand_dims", [INTS], "axis", (0, -1, (0, 1), (-1, 0), (1, 3), ())
        )
    ],
    "isclose": [
        *takes_two("isclose", (FLOATS, FLOATS), (FLOATS, FLOATS + 1e-9), (FLOATS, 2.0)),
        *takes_two("isclose", (FLOATS, FLOATS[:1]), (FLOATS, FLOATS), equal_nan=True),
        *takes_two("isclose", (INTS, INTS + 1), (INTS, INTS[0]), (INTS, 3), (3, INTS)),
        *takes_two("isclose", (FINITE, FINITE * 1.01), (NARROW, NARROW + 0.125), rtol=0.02),
        *takes_two("isclose", (INTS, INTS + 1), (FINITE, FINITE + 0.5), rtol=0, atol=1),
        *takes_two("isclose", (MASK, ~MASK), (MASK, MASK), (MASK, True)),
        *takes_two("isclose", (COMPLEX, COMPLEX), (COMPLEX, COMPLEX.conj()), (COMPLEX, 1j)),
        *takes_two("isclose", (EMPTY, EMPTY), (EMPTY, 1.0), (np.asarray(NAN), np.asarray(1.0))),
    ],
    "isin": [
        *takes_two("isin", (INTS, INTS[0]), (BYTES, BYTES[:, :2]), (INTS, np.arange(50))),
        *takes_two("isin", (INTS, np.arange(50)), (FINITE, FINITE[1]), invert=True),
        *takes_two("isin", (np.arange(9), np.arange(5, 40)), assume_unique=True),
        *takes_two("isin", (EMPTY, FINITE), (FINITE, EMPTY)),
    ],
    "kron": [
        *takes_two("kron", (INTS, BYTES), (FINITE, np.eye(2)), (INTS, COMPLEX), (INTS[0], INTS)),
        *takes_two("kron", (np.arange(24).reshape(2, 3, 4), INTS), (INTS, 3), (2.0, FINITE)),
        *takes_two("kron", (np.asarray(2), np.asarray([1, 2])), (EMPTY, FINITE)),
    ],
    "nan_to_num": [
        *takes_one("nan_to_num", FLOATS, FINITE, FLOATS.astype("float32"), EMPTY),
        *takes_one("nan_to_num", FLOATS, np.asarray(NAN), fill_value=7.0),
        *takes_one("nan_to_num", np.asarray([complex(INF, NAN), 1j, complex(NAN, -INF)])),
        *takes_one("nan_to_num", MASK),
    ],
    "nanmax": takes_option("nanmax", [NANS, NANS.astype("float32"), FLOATS], "axis", AXES),
    "nanmin": takes_option("nanmin", [NANS, NANS.astype("float32"), FLOATS], "axis", AXES),
    "nunique": takes_one("nunique", INTS, BYTES, MASK, FINITE, EMPTY, np.asarray(3), COMPLEX),
    "one_hot": [
        lambda a, k: xpx.one_hot(a([1, 2, 0]), 3, **k),
        lambda a, k: xpx.one_hot(a(BYTES), 256, dtype=np.dtype("int16"), **k),
        lambda a, k: xpx.one_hot(a(np.abs(INTS)), 8, axis=0, dtype=np.dtype("bool"), **k),
        lambda a, k: xpx.one_hot(a(np.asarray(1)), 4, axis=-1, **k),
        lambda a, k: xpx.one_hot(a(np.zeros((2, 0), "int64")), 3, axis=1, **k),
    ],
    "pad": [
        *takes_option(
            "pad", [INTS, NARROW, MASK, EMPTY], "pad_width", (0, 2, (1, 0), [(0, 1), (2, 3)])
        ),
        lambda a, k: xpx.pad(a(FLOATS), 1, constant_values=NAN, **k),
        lambda a, k: xpx.pad(a(BYTES), (2, 1), "constant", constant_values=255, **k),
        lambda a, k: xpx.pad(a(COMPLEX), 1, constant_values=1j, **k),
    ],
    "searchsorted": [
        *takes_two("searchsorted", *SORTED),
        *takes_two("searchsorted", *SORTED, side="right"),
    ],
    "setdiff1d": [
        *takes_two("setdiff1d", (INTS, INTS[0]), (BYTES, BYTES[1]), (FINITE, FINITE[0])),
        *takes_two("setdiff1d", (np.arange(60), np.arange(20, 50)), (INTS, 3), (3, INTS)),
        *takes_two("setdiff1d", (np.arange(9), np.asarray([3, 1])), assume_unique=True),
        *takes_two("setdiff1d", (EMPTY, FINITE), (FINITE, EMPTY), (MASK, MASK[0])),
    ],
    "union1d": [
        *takes_two("union1d", (INTS, INTS[0]), (BYTES, BYTES[1]), (FINITE, FINITE + 0.25)),
        *takes_two("union1d", (EMPTY, FINITE), (INTS, FINITE), (MASK, MASK)),
    ],
    "unravel_index": [
        lambda a, k: xpx.unravel_index(a([1, 2, 4, 5, 6, 8]), (4, 3), **k),
        lambda a, k: xpx.unravel_index(a(np.arange(24).reshape(4, 6)), (2, 3, 4), **k),
        lambda a, k: xpx.unravel_index(a(np.asarray(5)), (6,), **k),
        lambda a, k: xpx.unravel_index(a(np.zeros(0, "int64")), (2, 3), **k),
    ],
}
EXACT["isin"][-1] = on_default_device(EXACT["isin"][-1])

CLOSE: dict[str, list[Case]] = {
    "angle": [
        *takes_one("angle", COMPLEX, FLOATS, NARROW, INTS, COMPLEX.astype("complex64"), EMPTY),
        *takes_one("angle", COMPLEX, FINITE, INTS, deg=True),
    ],
    "cov": [
        *takes_one("cov", SERIES, SERIES[0], SERIES.astype("float32"), SERIES * (1 + 1j)),
        *takes_one("cov", SERIES.astype("int64"), correction=0),
        *takes_one("cov", SERIES, axis=0),
        *takes_one("cov", SERIES, SERIES[1], correction=2),
        lambda a, k: xpx.cov(a(SERIES), fweights=a([1, 2, 1, 1, 3, 1]), **k),
        lambda a, k: xpx.cov(a(SERIES), aweights=a([0.5, 1, 1, 1, 0.5, 2]), **k),
        lambda a, k: xpx.cov(
            a(SERIES), fweights=a([1, 2, 1, 1, 3, 1]), aweights=a(np.ones(6) / 3), **k
        ),
        lambda a, k: xpx.cov(a(np.stack([SERIES, 2 * SERIES])), correction=0.5, **k),
    ],
    "deg2rad": takes_one("deg2rad", FINITE, FLOATS, NARROW, INTS, EMPTY, COMPLEX),
    "nanmean": takes_option("nanmean", [NANS, NANS.astype("float32"), FINITE], "axis", AXES),
    "nansum": takes_option("nansum", [NANS, NANS.astype("float32"), FINITE, INTS], "axis", AXES),
    "rad2deg": takes_one("rad2deg", FINITE, FLOATS, NARROW, INTS, EMPTY, COMPLEX),
    "sinc": takes_one("sinc", FINITE, NARROW, np.linspace(-4, 4, 41), EMPTY, np.asarray(0.5)),
}

#: What a test of its own calls.
APART = {
    "apply_where",
    "argpartition",
    "at",
    "default_dtype",
    "diag_indices",
    "lazy_apply",
    "partition",
    "tril_indices",
    "triu_indices",
}
TESTING = {
    "assert_close",
    "assert_close_nulp",
    "assert_equal",
    "assert_less",
    "lazy_xp_function",
    "patch_lazy_xp_functions",
}


def test_every_public_function_is_covered() -> None:
    public = {n for n in vars(xpx) if not n.startswith("_")}
    functions = {n for n in public if isfunction(f := getattr(xpx, n)) or isclass(f)}
    assert functions == {*EXACT, *CLOSE, *APART}
    assert set(xpx.testing.__all__) == TESTING
    assert all(EXACT.values()) and all(CLOSE.values())


@contextmanager
def supported(device: xgpu.Device) -> Iterator[None]:
    """Skips what the backend of the device says that it lacks; the reference lacks nothing."""
    try:
        yield
    except UnsupportedOperationError as error:
        if device.type == "cpu":
            raise
        pytest.skip(f"{device}: {str(error).partition(';')[0]}")


def maker(device: xgpu.Device) -> Make:
    return lambda values: xgpu.asarray(values, device=device)


def of_numpy(case: Case) -> Any:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.filterwarnings("ignore", category=RuntimeWarning)  # slices of NaN alone
        return case(np.asarray, {})


def agree(got: Any, expected: Any, device: xgpu.Device, rtol: float = 0.0) -> None:
    """Equal results on the device: arrays, or tuples of them."""
    if isinstance(expected, tuple):
        assert isinstance(got, tuple)
        for part, other in zip(got, expected, strict=True):
            agree(part, other, device, rtol)
        return
    if isinstance(got, np.ndarray):  # a shape, say
        np.testing.assert_array_equal(got, expected, strict=True)
        return
    assert got.device is device
    expected = np.asarray(expected)
    narrow = expected.dtype in ("float32", "complex64")
    same(got, expected, rtol=1e-6 if rtol and narrow else rtol)


def numbered(cases: dict[str, list[Case]]) -> list[Any]:
    return [pytest.param(n, c, id=f"{n}-{i}") for n in cases for i, c in enumerate(cases[n])]


@pytest.mark.parametrize(("name", "case"), numbered(EXACT))
def test_equal_to_numpy(name: str, case: Case, device: xgpu.Device) -> None:
    expected = of_numpy(case)
    with supported(device):
        for given in ({}, {"xp": xgpu}):
            agree(case(maker(device), given), expected, device)


@pytest.mark.parametrize(("name", "case"), numbered(CLOSE))
def test_close_to_numpy(name: str, case: Case, device: xgpu.Device) -> None:
    expected = of_numpy(case)
    with supported(device):
        for given in ({}, {"xp": xgpu}):
            agree(case(maker(device), given), expected, device, rtol=1e-13)


def test_nan_to_num_of_integers(device: xgpu.Device) -> None:
    # Where NumPy's own function is not called, the library chooses between x and the float
    # 0.0, which is float64 by the rule for a scalar of a higher kind.
    for given in ({}, {"xp": xgpu}):
        agree(xpx.nan_to_num(maker(device)(INTS), **given), INTS.astype("float64"), device)


# at

UPDATES: list[tuple[str, Any]] = [
    ("set", 5),
    ("add", 5),
    ("subtract", 2),
    ("multiply", 3),
    ("divide", 4),
    ("power", 2),
    ("min", 1),
    ("max", 1),
]
KEYS: dict[str, Any] = {
    "integer": 1,
    "slice": (slice(None), slice(None, None, 2)),
    "ellipsis": (..., 0),
    "mask": "mask",
    "integers": "integers",
    "all": (),
}


def key_of(key: Any, a: Make) -> Any:
    arrays = {"mask": MASK, "integers": np.asarray([1, 0])}
    return a(arrays[key]) if isinstance(key, str) else key


@pytest.mark.parametrize("copy", [None, True, False])
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(("update", "value"), UPDATES)
def test_at(update: str, value: Any, key: str, copy: bool | None, device: xgpu.Device) -> None:
    make = maker(device)
    for dtype in ("float64", "float32", "int64"):
        if dtype == "int64" and update == "divide":
            continue  # no integer array takes quotients in place
        x = np.asarray([[3, 1, 2], [0, 3, 7]], dtype)
        for y in (value, np.asarray(value, dtype)):
            old, a = x.copy(), make(x)
            expected = getattr(xpx.at(old, key_of(KEYS[key], np.asarray)), update)(y, copy=copy)
            with supported(device), xgpu.default_device(device):
                other = make(y) if isinstance(y, np.ndarray) else y
                got = getattr(xpx.at(a)[key_of(KEYS[key], make)], update)(other, copy=copy)
                agree(got, expected, device)
                agree(a, old, device)  # changed where NumPy's is
                again = xpx.at(make(x), key_of(KEYS[key], make))
                agree(getattr(again, update)(other, copy=copy, xp=xgpu), expected, device)
            assert (got is a) == (expected is old)


def test_at_refuses() -> None:
    x = xgpu.asarray([1, 2, 3])
    with pytest.raises(ValueError, match="Index has not been set"):
        xpx.at(x).set(1)
    with pytest.raises(ValueError, match="Index has already been set"):
        xpx.at(x, 0)[1]
    with pytest.raises(ValueError, match="copy must be"):
        xpx.at(x, 0).set(1, copy="no")
    with pytest.raises(TypeError, match="cannot assign float64"):
        xpx.at(x, slice(None)).divide(2)
    with pytest.raises(IndexError, match="out of bounds"):
        xpx.at(x, 3).add(1)
    same(x, np.asarray([1, 2, 3]))


# apply_where, lazy_apply


@pytest.mark.parametrize("given", [{}, {"xp": xgpu}], ids=["inferred", "given"])
def test_apply_where(given: dict[str, Any], device: xgpu.Device) -> None:
    a = maker(device)
    x, y = np.asarray([5.0, 4.0, 3.0]), np.asarray([0.0, 2.0, 2.0])

    def quotient(p: Any, q: Any) -> Any:
        return p // q

    def total(p: Any, q: Any, scale: Any = 1) -> Any:
        return (p + q) * scale

    calls: list[Case] = [
        lambda a, k: xpx.apply_where(a(y) != 0, (a(x), a(y)), quotient, fill_value=NAN, **k),
        lambda a, k: xpx.apply_where(a(y) != 0, (a(x), a(y)), quotient, total, **k),
        lambda a, k: xpx.apply_where(a(y) != 0, (a(x), a(y)), quotient, fill_value=a(x), **k),
        lambda a, k: xpx.apply_where(a(MASK), a(INTS), lambda v: v * 2, fill_value=-1, **k),
        lambda a, k: xpx.apply_where(a(MASK), a(INTS), lambda v: v * 2, lambda v: v * 0.5, **k),
        lambda a, k: xpx.apply_where(a(MASK), a(INTS[0]), abs, fill_value=0, **k),
        lambda a, k: xpx.apply_where(a(MASK), a(INTS[0]), abs, fill_value=a(INTS[:, :1]), **k),
        lambda a, k: xpx.apply_where(
            a(MASK), (a(INTS), a(INTS)), total, fill_value=0, kwargs={"scale": a(INTS)}, **k
        ),
        lambda a, k: xpx.apply_where(a(np.zeros(3, "bool")), a(x), abs, fill_value=1.0, **k),
        lambda a, k: xpx.apply_where(a(np.zeros(0, "bool")), a(x[:0]), abs, fill_value=1.0, **k),
        lambda a, k: xpx.apply_where(a(np.asarray(True)), a(x), abs, fill_value=1.0, **k),
    ]
    with supported(device):
        for call in calls:
            agree(call(a, given), call(np.asarray, {}), device)
    with pytest.raises(TypeError, match="Exactly one"):
        xpx.apply_where(a(y) != 0, a(x), abs)


@pytest.mark.parametrize("given", [{}, {"xp": xgpu}], ids=["inferred", "given"])
def test_lazy_apply(given: dict[str, Any], device: xgpu.Device) -> None:
    x, y = maker(device)(FINITE), maker(device)(NARROW[:1])
    got = xpx.lazy_apply(lambda p, q: p + q, x, y, **given)
    agree(got, FINITE + NARROW[:1], device)
    got = xpx.lazy_apply(lambda p, n, q: p * n if q is None else q, x, 2, None, **given)
    agree(got, FINITE * 2, device)
    ends = xpx.lazy_apply(
        lambda p: (xgpu.min(p), xgpu.max(p, axis=0)), x, shape=[(), (4,)], **given
    )
    agree(ends, (np.min(FINITE), np.max(FINITE, axis=0)), device)
    agree(xpx.lazy_apply(lambda p: 3.0, x, shape=(), **given), np.asarray(3.0), device)
    with pytest.raises(ValueError, match="at least one argument array"):
        xpx.lazy_apply(abs, 1.0, None)


def test_lazy_apply_of_a_function_of_numpy(device: xgpu.Device) -> None:
    x = maker(device)(FINITE)

    def cumulate(p: Any, axis: int) -> Any:
        assert isinstance(p, np.ndarray)
        return np.cumsum(p, axis=axis)

    if device.type != "cpu":  # as on CuPy and torch, no copy to the host goes unsaid
        with pytest.raises(TypeError, match=r"xgpu\.to_device"):
            xpx.lazy_apply(cumulate, x, as_numpy=True, axis=1)
        return
    for given in ({}, {"xp": xgpu}):
        got = xpx.lazy_apply(cumulate, x, as_numpy=True, axis=1, **given)
        agree(got, np.cumsum(FINITE, axis=1), device)


# partition and argpartition, whose order within the parts is open


@pytest.mark.parametrize("given", [{}, {"xp": xgpu}], ids=["inferred", "given"])
@pytest.mark.parametrize("kth", [0, 1, 2])
@pytest.mark.parametrize("axis", [-1, 1, None])
@pytest.mark.parametrize("values", [INTS, BYTES, FINITE[:, :3], NARROW[:, 1:]], ids=repr)
def test_partition(
    values: Any, axis: int | None, kth: int, given: dict[str, Any], device: xgpu.Device
) -> None:
    with supported(device):
        got = xpx.partition(maker(device)(values), kth, axis, **given)
        order = xpx.argpartition(maker(device)(values), kth, axis, **given)
    line = values.reshape(-1) if axis is None else values
    along = 0 if axis is None else axis
    assert got.device is order.device is device
    assert (got.dtype, order.dtype) == (values.dtype, np.dtype("int64"))
    expected = np.partition(line, kth, axis=along)
    for parted in (host(got), np.take_along_axis(line, host(order), axis=along)):
        assert parted.shape == line.shape
        for part in (slice(kth), slice(kth, kth + 1), slice(kth + 1, None)):
            key = (..., part)
            np.testing.assert_array_equal(np.sort(parted[key]), np.sort(expected[key]))


def test_partition_refuses() -> None:
    for function in (xpx.partition, xpx.argpartition):
        with pytest.raises(ValueError, match="out of bounds"):
            function(xgpu.asarray([1, 2]), 2)
        with pytest.raises(TypeError, match="1-dimensional"):
            function(xgpu.asarray(1), 0)


# Functions that take the namespace alone


def test_default_dtype(device: xgpu.Device) -> None:
    assert xpx.default_dtype(xgpu) is xgpu.float64
    assert xpx.default_dtype(xgpu, "complex floating", device=device) is xgpu.complex128
    for kind in ("integral", "indexing"):
        assert xpx.default_dtype(xgpu, kind, device=device) is xgpu.int64
    with pytest.raises(ValueError, match="Unknown kind"):
        xpx.default_dtype(xgpu, "object")


def test_indices_of_a_shape(device: xgpu.Device) -> None:
    for n, ndim in ((3, 2), (0, 2), (2, 4)):
        got = xpx.diag_indices(n, ndim=ndim, device=device, xp=xgpu)
        agree(got, np.diag_indices(n, ndim), device)
    triangles = [("tril_indices", np.tril_indices), ("triu_indices", np.triu_indices)]
    with supported(device):
        for name, oracle in triangles:
            for n, k, m in ((3, 0, None), (3, 1, 5), (4, -2, 2), (0, 0, None), (3, -7, None)):
                options = {"offset": k, "m": m, "xp": xgpu}
                got = getattr(xpx, name)(n, device=device, **options)
                agree(got, oracle(n, k, m), device)
                with xgpu.default_device(device):
                    agree(getattr(xpx, name)(n, **options), oracle(n, k, m), device)


def test_batched_searchsorted(device: xgpu.Device) -> None:
    x = np.sort(sample(np.dtype("float64"), (3, 7)), axis=-1)
    y = sample(np.dtype("float64"), (3, 4), seed=1)
    with supported(device):
        for side in ("left", "right"):
            expected = np.stack([np.searchsorted(a, b, side) for a, b in zip(x, y, strict=True)])
            got = xpx.searchsorted(maker(device)(x), maker(device)(y), side=side)
            agree(got, expected, device)


def test_batched_create_diagonal(device: xgpu.Device) -> None:
    x = np.arange(1, 7).reshape(1, 2, 3)
    for offset in (0, 1, -2):
        expected = np.stack([np.diag(row, offset) for row in x[0]])[None]
        agree(xpx.create_diagonal(maker(device)(x), offset=offset), expected, device)


# Its assertions, for those who test with xgpu


def test_assertions() -> None:
    x, other = xgpu.asarray([1.0, 2.0]), xgpu.asarray([1.0, 2.5])
    for name in ("assert_close", "assert_close_nulp", "assert_equal"):
        check = getattr(xpx.testing, name)
        check(x, xgpu.asarray([1.0, 2.0]), xp=xgpu)
        check(x + 1.0, xgpu.asarray([2.0, 3.0]))
        wrong: list[Any] = [other, x[:1], xgpu.astype(x, xgpu.float32), np.asarray([1.0, 2.0])]
        for desired in wrong:
            with pytest.raises(AssertionError):
                check(x, desired)
    xpx.testing.assert_less(x, other + 1.0)
    with pytest.raises(AssertionError):
        xpx.testing.assert_less(x, other)


def test_assertions_elsewhere_than_on_the_host(device: xgpu.Device) -> None:
    x = maker(device)([1, 2])
    if device.type == "cpu":
        xpx.testing.assert_equal(x, maker(device)([1, 2]))
        return
    with pytest.raises(AssertionError, match="Devices do not match"):
        xpx.testing.assert_equal(x, xgpu.asarray([1, 2]))
    if x.__dlpack_device__() == (1, 0):  # memory that NumPy can read
        xpx.testing.assert_equal(x, maker(device)([1, 2]))
    else:
        # By DLPack, of which NumPy refuses what is on a GPU: by which error is NumPy's own.
        with pytest.raises((TypeError, RuntimeError, BufferError)):
            xpx.testing.assert_equal(x, maker(device)([1, 2]))
    xpx.testing.assert_equal(xgpu.to_device(x, "cpu"), xgpu.asarray([1, 2]))


def double(x: Any) -> Any:
    return x * 2


def test_tagged_functions(request: pytest.FixtureRequest) -> None:
    xpx.testing.lazy_xp_function(double)
    with xpx.testing.patch_lazy_xp_functions(request, xp=xgpu):
        same(double(xgpu.asarray([1, 2])), np.asarray([2, 4]))
