"""Taking arrays from other libraries, with NumPy as the other one."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import ALL, same, sample
from xgpu.runtime import dlpack

VIEWS: list[Callable[[Any], Any]] = [
    lambda a: a,
    lambda a: a.T,
    lambda a: a[::-1],
    lambda a: a[:, ::-2],
    lambda a: a[1:, 1:2],
    lambda a: a[1],
    lambda a: a[None, :, None],
    lambda a: a[2, 3, ...],
    lambda a: np.broadcast_to(a[0], (2, 4)),
]

WRITES: list[Callable[[xgpu.Array], Any]] = [
    lambda x: x.__setitem__(0, 1.0),
    lambda x: x.__setitem__(..., 1.0),
    lambda x: x.__iadd__(1.0),
    lambda x: x[::2].__imul__(2.0),
    lambda x: x.__setitem__(x > 3.0, 0.0),
    lambda x: x.__setitem__(xgpu.asarray([0], device=x.device), 0.0),
]


class Maker:
    """Another library's array: it has DLPack's two methods and nothing else."""

    def __init__(self, array: Any, device: tuple[int, int] = (1, 0)) -> None:
        self.array = array
        self.device = device
        self.asked: list[dict[str, Any]] = []

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device

    def __dlpack__(self, **arguments: Any) -> Any:
        self.asked.append(arguments)
        return self.array.__dlpack__(**arguments)


class Old(Maker):
    """One of before version 1."""

    def __dlpack__(self) -> Any:  # type: ignore[override]
        return self.array.__dlpack__()


@pytest.fixture
def there(device: xgpu.Device) -> xgpu.Device:
    """A device whose memory is the host's."""
    if xgpu.empty(1, device=device).__dlpack_device__() != (1, 0):
        pytest.skip("a GPU has its own memory: tests/exchange has its tests")
    return device


def address(x: xgpu.Array) -> int:
    """Where the first element is, by the other side's account."""
    return int(np.from_dlpack(x).ctypes.data)


@pytest.mark.parametrize("way", [np.asarray, Maker], ids=["ndarray", "capsule"])
@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_memory_is_shared(
    dtype: np.dtype[Any], way: Callable[[Any], Any], there: xgpu.Device
) -> None:
    for view in VIEWS:
        a = view(sample(dtype, (3, 4)))
        for copy in (None, False):
            x = xgpu.from_dlpack(way(a), device=there, copy=copy)
            assert x.device is there
            same(x, a)
            assert address(x) == np.asarray(a).ctypes.data
        if np.asarray(a).flags.writeable and np.ndim(a):
            a[...] = dtype.type(1)
            same(x, a)
            x[...] = dtype.type(0)
            assert not a.any()


def test_copies_are_copies(device: xgpu.Device) -> None:
    for view in VIEWS:
        a = np.array(view(np.arange(12.0).reshape(3, 4)))
        x = xgpu.from_dlpack(Maker(a), device=device, copy=True)
        before = a.copy()
        a[...] = -1.0
        same(x, before)
        assert (x + 1.0)._storage.node.buffer is None, "nothing is shared"


def test_empty_arrays(device: xgpu.Device) -> None:
    for shape in ((0,), (3, 0), (0, 2)):
        for way in (np.asarray, Maker):
            x = xgpu.from_dlpack(way(np.zeros(shape, "int16")), device=device)
            same(x, np.zeros(shape, "int16"))


def test_what_is_read_only_stays_so(there: xgpu.Device) -> None:
    a = np.arange(6.0)
    a.flags.writeable = False
    for taken in (a, Maker(a), Old(np.arange(6.0)), Maker(np.broadcast_to(a[:1], (6,)))):
        x = xgpu.from_dlpack(taken, device=there)
        for write in WRITES:
            with pytest.raises(ValueError, match="read-only"):
                write(x)
        assert not np.from_dlpack(x).flags.writeable
        with pytest.raises(BufferError, match="since it is read-only"):
            x.__dlpack__(copy=False)
        mine = xgpu.asarray(x, copy=True)
        mine[0] = 5.0
        assert float(x[0]) == 0.0


def test_the_maker_is_asked_as_the_standard_says(there: xgpu.Device) -> None:
    a = np.arange(3.0)
    maker = Maker(a)
    xgpu.from_dlpack(maker, device=there)
    xgpu.from_dlpack(maker, device=there, copy=False)
    xgpu.from_dlpack(maker, device=there, copy=True)
    assert maker.asked == [
        {"max_version": (1, 0)},
        {"max_version": (1, 0), "copy": False},
        {"max_version": (1, 0)},
    ]


def test_what_its_maker_copied_is_xgpus_alone() -> None:
    class Copies(Maker):
        def __dlpack__(self, **arguments: Any) -> Any:
            return self.array.__dlpack__(max_version=(1, 0), copy=True)

    x = xgpu.from_dlpack(Copies(np.arange(3.0)))
    y = x + 1.0
    assert y._storage.node.buffer is None
    x[0] = 9.0
    assert float(y[0]) == 1.0


def test_page_locked_memory_is_the_hosts() -> None:
    a = np.arange(3.0)
    x = xgpu.from_dlpack(Maker(a, (3, 0)))  # kDLCUDAHost
    assert x.device == "cpu"
    a[0] = 7.0
    assert float(x[0]) == 7.0


def test_another_device_gets_a_copy(device: xgpu.Device) -> None:
    a = np.arange(3.0)
    if xgpu.empty(1, device=device).__dlpack_device__() == (1, 0):
        x = xgpu.from_dlpack(xgpu.ones(3, device=device), device="cpu")
    else:
        x = xgpu.from_dlpack(a, device=device)
        a[0] = 5.0
        same(x, np.arange(3.0))
        with pytest.raises(BufferError, match="by a copy alone"):
            xgpu.from_dlpack(a, device=device, copy=False)
        with pytest.raises(ValueError, match=r"asarray\(copy=False\)"):
            xgpu.asarray(a, device=device, copy=False)
        return
    same(x, np.ones(3))


def test_asarray_shares_on_request(there: xgpu.Device) -> None:
    a = np.arange(6.0).reshape(2, 3)[:, ::-1]
    x = xgpu.asarray(a, device=there, copy=False)
    a[0, 0] = -1.0
    assert float(x[0, 0]) == -1.0
    memory = bytearray(b"\1\2\3")
    y = xgpu.asarray(memory, device=there, copy=False)
    memory[0] = 9
    y[1] = 8
    assert memory == b"\x09\x08\x03"
    assert float(xgpu.asarray(np.asarray(2.0), device=there, copy=False)) == 2.0
    z = xgpu.asarray(memoryview(b"ab"), device=there, copy=False)
    with pytest.raises(ValueError, match="read-only"):
        z[0] = 1
    x = xgpu.asarray(a, device=there)
    a[0, 0] = 5.0
    assert float(x[0, 0]) == -1.0, "without being asked it copies"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([1.0], "list, whose memory"),
        (1.0, "float, whose memory"),
        (np.float32(1), "float32, whose memory"),
        (np.arange(3).astype(">i4"), "foreign byte order"),
        (np.zeros(3, "u1,f8")["f1"], "not at multiples of their size"),
    ],
    ids=str,
)
def test_asarray_refuses_to_share(given: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        xgpu.asarray(given, copy=False)


def test_asarray_refuses_another_dtype_and_objects() -> None:
    with pytest.raises(ValueError, match="by a copy alone"):
        xgpu.asarray(np.ones(2), dtype=xgpu.float32, copy=False)
    with pytest.raises(TypeError, match="xgpu has no dtype"):
        xgpu.asarray(np.asarray(["a"]), copy=False)


# Bad input


class Fixed:
    """One that hands out the same capsule each time."""

    def __init__(self, capsule: Any) -> None:
        self.capsule = capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def __dlpack__(self, **arguments: Any) -> Any:
        return self.capsule


@pytest.mark.parametrize("version", [None, (1, 0)])
def test_a_consumed_capsule(device: xgpu.Device, version: tuple[int, int] | None) -> None:
    maker = Fixed(np.arange(3.0).__dlpack__(max_version=version))
    same(xgpu.from_dlpack(maker, device=device), np.arange(3.0))
    with pytest.raises(BufferError, match="a capsule that was consumed before: each capsule"):
        xgpu.from_dlpack(maker, device=device)


def test_what_is_no_capsule() -> None:
    with pytest.raises(BufferError, match="gave 'text'"):
        xgpu.from_dlpack(Fixed("text"))


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("code", 3, "type code 3, 64 bits"),  # an opaque handle
        ("bits", 4, "type code 2, 4 bits"),
        ("lanes", 4, r"4 lane\(s\)"),
    ],
)
def test_a_dtype_that_xgpu_does_not_have(
    device: xgpu.Device, field: str, value: int, said: str
) -> None:
    capsule = np.arange(3.0).__dlpack__(max_version=(1, 0))
    address = dlpack._get_pointer(capsule, b"dltensor_versioned")
    tensor = dlpack._Versioned.from_address(address).tensor
    before = getattr(tensor, field)
    setattr(tensor, field, value)
    with pytest.raises(BufferError, match=said):
        xgpu.from_dlpack(Fixed(capsule), device=device)
    setattr(tensor, field, before)
    same(xgpu.from_dlpack(Fixed(capsule), device=device), np.arange(3.0))  # left as it was


def test_a_version_that_is_too_new() -> None:
    capsule = np.arange(3.0).__dlpack__(max_version=(1, 0))
    address = dlpack._get_pointer(capsule, b"dltensor_versioned")
    managed = dlpack._Versioned.from_address(address)
    managed.major = 2
    with pytest.raises(BufferError, match=r"version 2\.\d+: xgpu asked for 1\.0"):
        xgpu.from_dlpack(Fixed(capsule))
    managed.major = 1


def test_a_tensor_without_strides_and_with_an_offset() -> None:
    a = np.arange(6.0).reshape(2, 3)
    capsule = a.__dlpack__(max_version=(1, 0))
    tensor = dlpack._Versioned.from_address(
        dlpack._get_pointer(capsule, b"dltensor_versioned")
    ).tensor
    tensor.strides = ctypes.POINTER(ctypes.c_int64)()
    tensor.byte_offset = 8
    tensor.shape[1] = 2
    same(xgpu.from_dlpack(Fixed(capsule)), np.asarray([[1.0, 2.0], [3.0, 4.0]]))


def test_memory_that_kernels_cannot_load() -> None:
    raw = np.zeros(40, np.uint8)
    start = -raw.ctypes.data % 8 + 4  # 4 bytes off
    a = np.frombuffer(raw[start : start + 24], "u1").view("c8")
    assert a.ctypes.data % 8 == 4
    with pytest.raises(BufferError, match="multiples of 8 bytes"):
        xgpu.from_dlpack(a, device="cudasim:0")
    same(xgpu.from_dlpack(a), a)


@pytest.mark.parametrize("x", [[1.0], 3, None, "text"], ids=str)
def test_what_offers_no_memory(x: Any) -> None:
    with pytest.raises(AttributeError, match="takes an array with __dlpack__, or __cuda_array_"):
        xgpu.from_dlpack(x)


def test_memory_of_a_gpu_that_is_not_here() -> None:
    class Elsewhere(Maker):
        def __dlpack__(self, **arguments: Any) -> Any:
            return self.array.__dlpack__(**arguments)

    for number in (10, 7):
        with pytest.raises(BufferError, match=f"device type {number}"):
            xgpu.from_dlpack(Elsewhere(np.ones(2), (number, 0)))
    far = Elsewhere(np.ones(2), (2, 99))
    with pytest.raises(BufferError, match="device type 2, number 99"):
        xgpu.from_dlpack(far)
    same(xgpu.from_dlpack(far, device="cpu"), np.ones(2))

    class Interface:
        __cuda_array_interface__ = {  # noqa: RUF012
            "version": 3,
            "shape": (2,),
            "typestr": "<f8",
            "data": (4096, False),
        }

    try:
        xgpu.device("cuda:0")
    except xgpu.BackendUnavailableError:
        with pytest.raises(BufferError, match="memory of the host and of CUDA"):
            xgpu.from_dlpack(Interface())
