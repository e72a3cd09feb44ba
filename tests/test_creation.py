"""Functions that make arrays, against NumPy."""

from __future__ import annotations

import array as stdlib_array
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import ALL, COMPLEX, FLOATS, INTEGERS, host, same, sample

SHAPES = [(), (0,), (3,), (2, 0, 3), (2, 3, 1, 4)]
RANGES: list[tuple[Any, ...]] = [
    (0,),
    (5,),
    (2, 9),
    (2, 9, 3),
    (9, 2),
    (9, 2, -3),
    (-4, 4, 2),
    (5.0,),
    (0.0, 1.0, 0.1),
    (1.0, 0.0, -0.25),
    (0, 3.5),
    (0.5, 4),
    (3.0, 1.0),
]


@pytest.mark.parametrize("args", RANGES, ids=str)
def test_arange(args: tuple[Any, ...], device: xgpu.Device) -> None:
    same(xgpu.arange(*args, device=device), np.arange(*args), rtol=1e-15)


@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS, *COMPLEX], ids=str)
def test_arange_of_each_dtype(dtype: np.dtype[Any]) -> None:
    same(xgpu.arange(1, 100, 7, dtype=dtype), np.arange(1, 100, 7, dtype=dtype))
    same(xgpu.arange(5, dtype=dtype), np.arange(5, dtype=dtype))
    if dtype.kind != "c":
        same(xgpu.arange(0.0, 8.0, 2.0, dtype=dtype), np.arange(0.0, 8.0, 2.0, dtype=dtype))


def test_arange_truncates_each_float_for_itself() -> None:
    same(xgpu.arange(0, 3, 0.5, dtype=xgpu.int32), np.asarray([0, 0, 1, 1, 2, 2], "int32"))


def test_arange_to_the_ends_of_the_dtypes() -> None:
    top = 2**64 - 1
    same(
        xgpu.arange(top - 2, top, dtype=xgpu.uint64), np.asarray([top - 2, top - 1], dtype="uint64")
    )
    same(
        xgpu.arange(top, 0, -(2**63), dtype=xgpu.uint64),
        np.asarray([top, 2**63 - 1], dtype="uint64"),
    )
    same(xgpu.arange(5, 0, -2, dtype=xgpu.uint8), np.asarray([5, 3, 1], dtype="uint8"))
    same(xgpu.arange(-128, 128, 85, dtype=xgpu.int8), np.asarray([-128, -43, 42, 127], "int8"))
    low = -(2**63)
    same(xgpu.arange(low, 2**63, 2**64 - 1), np.asarray([low, 2**63 - 1]))


@pytest.mark.parametrize(
    ("args", "dtype", "error", "said"),
    [
        ((0, 300), "uint8", OverflowError, "299"),
        ((-1, 3), "uint8", OverflowError, "-1"),
        ((0, 5, 0), None, ZeroDivisionError, "step other than 0"),
        ((0, 5.0, 0), None, ZeroDivisionError, "step other than 0"),
        ((0, float("inf")), None, ValueError, "no finite length"),
        ((float("nan"),), None, ValueError, "no finite length"),
        ((1j,), None, TypeError, "real numbers"),
        (("3",), None, TypeError, "str"),
        ((3,), "bool", TypeError, "bool"),
        ((3,), "datetime64[s]", TypeError, "M8"),
    ],
)
def test_arange_refuses(args: Any, dtype: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        xgpu.arange(*args, dtype=dtype)


def test_generators_take_no_memory() -> None:
    with xgpu.trace() as trace:
        x = xgpu.arange(12.0) + xgpu.linspace(0.0, 1.0, 12) - xgpu.zeros(12)
        y = xgpu.tril(xgpu.full((3, 4), 2.0)) + xgpu.eye(3, 4) * xgpu.ones(4)
        xgpu.materialize(x, y)
    assert len(trace.kernels) == 2
    for kernel in trace.kernels:
        assert all(read.endswith((" scalar", " index")) for read in kernel.inputs)
    same(x, np.arange(12.0) + np.linspace(0.0, 1.0, 12))
    same(y, np.tril(np.full((3, 4), 2.0)) + np.eye(3, 4))


# asarray


@pytest.mark.parametrize(
    "given",
    [
        True,
        3,
        2.5,
        1 + 2j,
        [],
        [True, False],
        [True, 2],
        [1, 2.5],
        [[1, 2], [3, 4]],
        ((1, 2j), (3.0, 4)),
        [[], []],
        np.float32(1.5),
        np.asarray(7, dtype="uint8"),
        range(4),
        pytest.param(memoryview(b"abc"), id="memoryview"),
        stdlib_array.array("d", [1.0, 2.0]),
    ],
    ids=repr,
)
def test_asarray(given: Any, device: xgpu.Device) -> None:
    same(xgpu.asarray(given, device=device), np.asarray(given))


@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_asarray_of_numpy_arrays(dtype: np.dtype[Any]) -> None:
    x = sample(dtype, (4, 3))
    for given in (x, x.T, x[::-1, 1:], np.asfortranarray(x), x.astype(dtype.newbyteorder(">"))):
        same(xgpu.asarray(given), given.astype(dtype))
    given = xgpu.asarray(x)
    before = x.copy()
    x[...] = 0
    same(given, before)


@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_asarray_with_a_dtype(dtype: np.dtype[Any]) -> None:
    same(xgpu.asarray([0, 1, 2], dtype=dtype), np.asarray([0, 1, 2], dtype))
    same(xgpu.asarray(1, dtype=dtype), np.asarray(1, dtype))
    same(xgpu.asarray(np.asarray([0.0, 1.5]), dtype=dtype), np.asarray([0.0, 1.5]).astype(dtype))


def test_asarray_of_an_array() -> None:
    x = xgpu.asarray([1.0, 2.0])
    assert xgpu.asarray(x) is x
    assert xgpu.asarray(x, dtype=xgpu.float64, device="cpu", copy=False) is x
    copied = xgpu.asarray(x, copy=True)
    copied[0] = 9.0
    same(x, np.asarray([1.0, 2.0]))
    same(xgpu.asarray(x, dtype=xgpu.int8), np.asarray([1, 2], "int8"))
    with pytest.raises(ValueError, match="copy=False"):
        xgpu.asarray(x, dtype=xgpu.float32, copy=False)
    with pytest.raises(TypeError, match="complex64"):
        xgpu.asarray(xgpu.ones(2, dtype=xgpu.complex64), dtype=xgpu.float32)


def test_asarray_moves_an_array_when_asked(device: xgpu.Device) -> None:
    x = xgpu.asarray([1, 2, 3])[::-1]
    moved = xgpu.asarray(x, device=device)
    assert moved.device is device
    same(moved, np.asarray([3, 2, 1]))
    same(xgpu.asarray(moved, dtype=xgpu.float32, device="cpu"), np.asarray([3, 2, 1], "float32"))


@pytest.mark.parametrize(
    ("given", "dtype", "error", "said"),
    [
        ("text", None, TypeError, "<U4"),
        (["a", "b"], "float64", TypeError, "<U1"),
        (b"raw", None, TypeError, "S3"),
        (None, None, TypeError, "'O'"),
        ([None, 1.0], "float64", TypeError, "'O'"),
        ({1, 2}, None, TypeError, "'O'"),
        (np.asarray([1, "a"], dtype=object), None, TypeError, "'O'"),
        (np.asarray(["2020-01-01"], dtype="datetime64[D]"), None, TypeError, "datetime64|M8"),
        (np.ones(2, dtype="datetime64[s]"), None, TypeError, "M8"),
        (np.ones(2, dtype="longdouble"), None, TypeError, "xgpu has no dtype"),
        ([[1, 2], [3]], None, ValueError, "inhomogeneous"),
        ([1j], "float64", TypeError, "complex128"),
        (np.ones(2, dtype="complex64"), "int8", TypeError, "complex64"),
        ([300], "uint8", OverflowError, "300"),
        (-1, "uint8", OverflowError, "-1"),
        ([2**64], None, OverflowError, "18446744073709551616"),
        ([1.0], "object", TypeError, "object|'O'"),
        ([1.0], "no such", TypeError, "not a dtype"),
    ],
)
def test_asarray_refuses(given: Any, dtype: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        xgpu.asarray(given, dtype=dtype)


def test_asarray_refuses_to_share_what_is_no_memory() -> None:
    for given in ([1.0], 1.0, [xgpu.ones(2)]):
        with pytest.raises(ValueError, match=r"asarray\(copy=False\)"):
            xgpu.asarray(given, copy=False)


def test_asarray_joins_arrays_inside_a_sequence(device: xgpu.Device) -> None:
    x = xgpu.asarray([1, 2], dtype=xgpu.uint8, device=device)
    got = xgpu.asarray([[x[0], x[1]], (3, x[0] * 2)])
    assert got.device is device
    same(got, np.asarray([[1, 2], [3, 2]]))
    same(xgpu.asarray([[x, x + 1]]), np.asarray([[[1, 2], [2, 3]]], "uint8"))
    same(xgpu.asarray([x, [3, 4]], dtype=xgpu.float32), np.asarray([[1, 2], [3, 4]], "float32"))
    assert xgpu.asarray([[x[0]], [5]], device="cpu").device == "cpu"
    x[0] = 9
    same(got, np.asarray([[1, 2], [3, 2]]))


def test_asarray_refuses_arrays_that_do_not_join(device: xgpu.Device) -> None:
    x = xgpu.asarray([1, 2], dtype=xgpu.uint8, device=device)
    with pytest.raises(ValueError, match="one shape"):
        xgpu.asarray([[x], [1.0]])
    with pytest.raises(OverflowError):
        xgpu.asarray([x[0], 300], dtype=xgpu.uint8)
    with pytest.raises(TypeError, match=r"xgpu\.real"):
        xgpu.asarray([x[0] * 1j], dtype=xgpu.float64)
    if device.type != "cpu":
        with pytest.raises(xgpu.DeviceMismatchError, match="to_device"):
            xgpu.asarray([[x[0]], [xgpu.to_device(x[0], "cpu")]])


def test_objects_that_give_an_array() -> None:
    class Giver:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return np.asarray([1, 2, 3], dtype=dtype)

    same(xgpu.asarray(Giver()), np.asarray([1, 2, 3]))


def test_from_dlpack(device: xgpu.Device) -> None:
    x = np.asarray([[1.0, 2.0], [3.0, 4.0]])
    taken = xgpu.from_dlpack(x.T, device=device, copy=True)
    assert taken.device is device
    same(taken, x.T)
    before = x.T.copy()
    x[0, 0] = 9.0
    same(taken, before)
    shared = xgpu.from_dlpack(x)
    assert shared.device == "cpu"
    x[0, 0] = 8.0
    assert float(shared[0, 0]) == 8.0
    assert xgpu.from_dlpack(taken) is taken
    copied = xgpu.from_dlpack(taken, copy=True)
    copied[0, 0] = 5.0
    same(taken, before)
    with pytest.raises(AttributeError, match="dlpack"):
        xgpu.from_dlpack([1.0])


def test_from_dlpack_refuses_memory_of_a_device() -> None:
    class Elsewhere:
        def __dlpack_device__(self) -> tuple[int, int]:
            return (10, 0)  # kDLROCM

    with pytest.raises(BufferError, match="device type 10"):
        xgpu.from_dlpack(Elsewhere())


def test_from_dlpack_has_another_library_copy_to_the_host(device: xgpu.Device) -> None:
    class Elsewhere:
        def __init__(self, array: Any) -> None:
            self.array = array

        def __dlpack_device__(self) -> tuple[int, int]:
            return (10, 0)  # kDLROCM

        def __dlpack__(self, *, dl_device: Any, max_version: Any) -> Any:
            return self.array.__dlpack__(dl_device=dl_device, max_version=max_version)

    class Old(Elsewhere):
        def __dlpack__(self) -> Any:  # type: ignore[override]
            raise AssertionError("not asked for the host")

    x = np.arange(6.0).reshape(2, 3)
    taken = xgpu.from_dlpack(Elsewhere(x), device=device)
    x[0, 0] = 9.0
    assert taken.device is device
    same(taken, np.arange(6.0).reshape(2, 3))
    with pytest.raises(BufferError, match="a Old does not come to the host"):
        xgpu.from_dlpack(Old(x), device=device)
    with pytest.raises(BufferError, match="copy=False"):
        xgpu.from_dlpack(Elsewhere(x), device=device, copy=False)


# Constants and masks


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_constants(shape: tuple[int, ...], device: xgpu.Device) -> None:
    on: dict[str, Any] = {"device": device}
    same(xgpu.zeros(shape, **on), np.zeros(shape))
    same(xgpu.ones(shape, dtype=xgpu.int8, **on), np.ones(shape, "int8"))
    same(xgpu.full(shape, 2.5, **on), np.full(shape, 2.5))
    made = xgpu.empty(shape, dtype=xgpu.uint8, **on)
    assert (made.shape, made.dtype, made.device) == (shape, xgpu.uint8, device)
    assert host(made).shape == shape


@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_constants_of_each_dtype(dtype: np.dtype[Any]) -> None:
    same(xgpu.zeros(3, dtype=dtype), np.zeros(3, dtype))
    same(xgpu.ones([2, 2], dtype=dtype), np.ones((2, 2), dtype))  # type: ignore[arg-type]
    x = xgpu.asarray(sample(dtype))
    same(xgpu.zeros_like(x), np.zeros((3, 4), dtype))
    same(xgpu.ones_like(x[:, 0]), np.ones(3, dtype))
    same(xgpu.full_like(x, dtype.type(1)), np.ones((3, 4), dtype))
    same(xgpu.ones_like(x, dtype=xgpu.float32), np.ones((3, 4), "float32"))
    assert xgpu.empty_like(x.T).shape == (4, 3)
    assert xgpu.empty_like(x).dtype is x.dtype


def test_like_functions_stay_on_the_device(device: xgpu.Device) -> None:
    x = xgpu.asarray([1, 2], device=device)
    for y in (xgpu.zeros_like(x), xgpu.ones_like(x), xgpu.empty_like(x), xgpu.full_like(x, 3)):
        assert y.device is device
    assert xgpu.zeros_like(x, device="cpu").device == "cpu"


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(True, "bool"), (3, "int64"), (2.5, "float64"), (1j, "complex128"), (np.int8(3), "int8")],
)
def test_full_infers_the_dtype(value: Any, dtype: str) -> None:
    same(xgpu.full(2, value), np.full(2, value, dtype))


def test_full_of_bool_asks_whether_an_int_differs_from_0() -> None:
    for value in (0, 1, 2):
        same(xgpu.full(2, value, dtype=xgpu.bool), np.full(2, value, "bool"))
        same(xgpu.full_like(xgpu.ones(2), value, dtype=xgpu.bool), np.full(2, value, "bool"))


def test_full_like_of_a_0d_array(device: xgpu.Device) -> None:
    x, value = xgpu.ones((2, 3), device=device), xgpu.asarray(7, device=device)
    with xgpu.guard("error"):
        got = xgpu.full_like(x, value)
        narrow = xgpu.full_like(x, value, dtype=xgpu.int8)
    same(got, np.full((2, 3), 7.0))
    same(narrow, np.full((2, 3), 7, "int8"))
    assert got.device is narrow.device is device
    assert xgpu.full_like(x, value, device="cpu").device == "cpu"
    with pytest.raises(TypeError, match=r"full_like\(\) .* got Array"):
        xgpu.full_like(x, xgpu.ones(3, device=device))


@pytest.mark.parametrize(
    ("value", "dtype", "error", "said"),
    [
        (300, "uint8", OverflowError, "300"),
        (2**63, None, OverflowError, "int64"),
        (1.5, "int32", TypeError, r"full\(\) cannot put 1.5 into an array of int32"),
        (1j, "float64", TypeError, "float64"),
        (0.5, "bool", TypeError, "bool"),
        ("a", None, TypeError, "str"),
        ([1.0], None, TypeError, "list"),
    ],
)
def test_full_refuses(value: Any, dtype: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        xgpu.full(2, value, dtype=dtype)


@pytest.mark.parametrize(
    ("shape", "error", "said"),
    [
        ((-1,), ValueError, "negative"),
        (2.0, TypeError, "shape must be an integer"),
        ((1, "2"), TypeError, "shape must be an integer"),
        (None, TypeError, "shape must be an integer"),
    ],
)
def test_shapes_that_are_none(shape: Any, error: type[Exception], said: str) -> None:
    for make in (xgpu.zeros, xgpu.ones, xgpu.empty):
        with pytest.raises(error, match=said):
            make(shape)


def test_each_constant_has_its_own_storage() -> None:
    x = xgpu.zeros((2, 2))
    row = x[0]
    row += 1.0
    same(x, np.asarray([[1.0, 1.0], [0.0, 0.0]]))
    same(xgpu.zeros_like(x), np.zeros((2, 2)))


@pytest.mark.parametrize("k", [-3, -1, 0, 1, 4])
@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (4, 2), (0, 3)], ids=str)
def test_eye_and_triangles(shape: tuple[int, int], k: int) -> None:
    same(xgpu.eye(*shape, k=k), np.eye(*shape, k=k))
    x = sample(np.dtype("int16"), (2, *shape))
    same(xgpu.tril(xgpu.asarray(x), k=k), np.tril(x, k))
    same(xgpu.triu(xgpu.asarray(x), k=k), np.triu(x, k))


@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_eye_and_triangles_of_each_dtype(dtype: np.dtype[Any]) -> None:
    same(xgpu.eye(3, dtype=dtype), np.eye(3, dtype=dtype))
    x = sample(dtype)
    same(xgpu.tril(xgpu.asarray(x)), np.tril(x))
    for k in (-(2**63), 2**70):
        same(xgpu.eye(3, dtype=dtype, k=k), np.zeros((3, 3), dtype))
        same(xgpu.tril(xgpu.asarray(x), k=k), x if k > 0 else np.zeros_like(x))
        same(xgpu.triu(xgpu.asarray(x), k=k), x if k < 0 else np.zeros_like(x))
    same(xgpu.triu(xgpu.asarray(x).T), np.triu(x.T))


def test_triangles_need_a_matrix() -> None:
    for function in (xgpu.tril, xgpu.triu):
        with pytest.raises(ValueError, match="at least 2 axes"):
            function(xgpu.ones(3))


LINES: list[tuple[Any, Any, int]] = [
    (0, 1, 5),
    (0.0, 1.0, 50),
    (-3.5, 2.25, 7),
    (1, -1, 4),
    (2.0, 2.0, 3),
    (0, 10, 1),
    (0, 10, 0),
    (0.1, 0.7, 1000),
    (1e-300, 1e300, 9),
    (0.0, 5e-324, 4),
    (1 + 2j, 3 - 1j, 5),
]


@pytest.mark.parametrize("endpoint", [True, False])
@pytest.mark.parametrize(("start", "stop", "num"), LINES)
def test_linspace(start: Any, stop: Any, num: int, endpoint: bool) -> None:
    got = xgpu.linspace(start, stop, num, endpoint=endpoint)
    # Of complex numbers NumPy multiplies and divides the components together.
    rtol = 1e-15 if isinstance(start, complex) else 0.0
    same(got, np.linspace(start, stop, num, endpoint=endpoint), rtol)
    if endpoint and num > 1:
        assert complex(got[-1]) == stop


def test_linspace_on_each_device(device: xgpu.Device) -> None:
    got = xgpu.linspace(-1.0, 2.0, 101, device=device)
    same(got, np.linspace(-1.0, 2.0, 101), rtol=3e-16)
    assert float(got[-1]) == 2.0


def test_arange_of_arrays(device: xgpu.Device) -> None:
    end = xgpu.asarray(5, device=device)
    for got, expected in (
        (xgpu.arange(end), np.arange(5)),
        (xgpu.arange(1, end, xgpu.asarray(2, device=device)), np.arange(1, 5, 2)),
        (xgpu.arange(0.5, end), np.arange(0.5, 5)),
        (xgpu.arange(xgpu.astype(end, xgpu.float32)), np.arange(5, dtype="float32")),
        (xgpu.arange(end, dtype=xgpu.uint8), np.arange(5, dtype="uint8")),
    ):
        assert got.device is device
        same(got, expected)
    with pytest.raises(TypeError, match=r"arange\(\) takes a Python scalar here: got Array"):
        xgpu.arange(xgpu.ones(1, device=device))


def test_linspace_between_arrays(device: xgpu.Device) -> None:
    first, last = xgpu.asarray([1, 4], dtype=xgpu.float32, device=device)
    for start, stop, dtype in (
        (first, last, "float32"),
        (first, 4, "float32"),
        (1.0, last, "float32"),
        (xgpu.asarray(1, device=device), 4.0, "float64"),
        (xgpu.asarray(1, device=device), xgpu.asarray(4, device=device), "float64"),
        (first, 4j, "complex64"),
    ):
        got = xgpu.linspace(start, stop, 7)
        assert (got.device, got.dtype) == (device, np.dtype(dtype))
        end = 4j if stop == 4j else 4.0
        same(got, np.linspace(1.0, end, 7).astype(dtype), rtol=1e-6)
    assert xgpu.linspace(first, last, 3, dtype=xgpu.int8, device="cpu").device == "cpu"
    with pytest.raises(TypeError, match="Python scalar here: got Array"):
        xgpu.linspace(xgpu.ones(2, device=device), 1.0, 3)


@pytest.mark.parametrize("dtype", [*FLOATS, *COMPLEX, *INTEGERS], ids=str)
def test_linspace_of_each_dtype(dtype: np.dtype[Any]) -> None:
    same(xgpu.linspace(0, 7.5, 6, dtype=dtype), np.linspace(0, 7.5, 6, dtype=dtype))


@pytest.mark.parametrize(
    ("args", "dtype", "error", "said"),
    [
        ((0, 1, -1), None, ValueError, "at least 0"),
        ((0, 1, 2.5), None, TypeError, "integer"),
        ((0, 1j, 3), "float64", TypeError, "complex"),
        ((0, 1, 3), "bool", TypeError, "bool"),
        (("0", 1, 3), None, TypeError, "str"),
    ],
)
def test_linspace_refuses(args: Any, dtype: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        xgpu.linspace(*args, dtype=dtype)


@pytest.mark.parametrize("indexing", ["xy", "ij"])
@pytest.mark.parametrize("lengths", [(), (3,), (3, 2), (0, 2), (2, 3, 4)], ids=str)
def test_meshgrid(lengths: tuple[int, ...], indexing: Any) -> None:
    axes = [np.arange(n) * 10**i for i, n in enumerate(lengths)]
    expected = np.meshgrid(*axes, indexing=indexing)
    got = xgpu.meshgrid(*[xgpu.asarray(a) for a in axes], indexing=indexing)
    assert isinstance(got, tuple)
    assert len(got) == len(expected)
    for g, e in zip(got, expected, strict=True):
        same(g, e)
        g += 1
        same(g, e + 1)


def test_meshgrid_refuses() -> None:
    with pytest.raises(ValueError, match="1-d arrays"):
        xgpu.meshgrid(xgpu.ones((2, 2)), xgpu.ones(2))
    with pytest.raises(ValueError, match="indexing"):
        xgpu.meshgrid(xgpu.ones(2), indexing="yx")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="list"):
        xgpu.meshgrid([1, 2])  # type: ignore[arg-type]


def test_new_arrays_go_to_the_default_device(device: xgpu.Device) -> None:
    with xgpu.default_device(device):
        made = [
            xgpu.arange(3),
            xgpu.asarray([1]),
            xgpu.empty(2),
            xgpu.eye(2),
            xgpu.full(2, 1),
            xgpu.linspace(0, 1, 2),
            xgpu.ones(1),
            xgpu.zeros(()),
        ]
    assert {x.device for x in made} == {device}
    with pytest.raises(ValueError, match="no backend serves"):
        xgpu.zeros(3, device="nowhere")
