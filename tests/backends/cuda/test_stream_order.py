"""Streams, and other libraries' streams, where each is as late as it may be (`late_cuda`).

Each test is run once more with events that nobody waits for, and has to fail then: so what it
holds is the order, and not the luck of a device that is quick.
"""

from __future__ import annotations

import ctypes
import gc
import pickle
import weakref
from collections.abc import Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.backends.cuda import late_cuda
from tests.backends.cuda.late_cuda import LateCuda, LateDriver, LateStream
from xgpu.runtime import plugins
from xgpu.runtime.arrival import Arriving
from xgpu.runtime.dlpack import _get_pointer, _Versioned, taken
from xgpu_cuda.backend import CudaBackend
from xgpu_cuda.driver import cupy_driver

N = 1000


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Iterator[LateCuda]:
    """The device ``cuda:0`` is a late one."""
    made = LateCuda()
    monkeypatch.setattr(cupy_driver, "cupy_module", lambda: made)
    monkeypatch.setitem(plugins._loaded, "cuda", CudaBackend(LateDriver(made)))
    kept = {key: plugins._devices.pop(key) for key in list(plugins._devices) if key[0] == "cuda"}
    try:
        yield made
    finally:
        gc.collect()
        plugins._devices.pop(("cuda", 0), None)
        plugins._devices.update(kept)


@pytest.fixture(params=[True, False], ids=["ordered", "no events"])
def ordered(request: pytest.FixtureRequest, cuda: LateCuda) -> Iterator[bool]:
    """Whether streams wait for events."""
    if request.param:
        yield True
        return
    with cuda.forgetful():
        yield False


def right(values: Any, expected: Any, ordered: bool) -> None:
    """The values are as expected if streams wait, and are not if they do not."""
    assert (np.asarray(values) == np.asarray(expected)).all() == ordered


class Theirs:
    """Another library: its arrays have an address, a stream, and DLPack by way of NumPy's."""

    def __init__(self, cuda: LateCuda, stream: LateStream, values: Any) -> None:
        self.cuda, self.stream = cuda, stream
        self.values = np.full(N, -1.0)
        stream.add(lambda: np.copyto(self.values, values))

    def __dlpack_device__(self) -> tuple[int, int]:
        return (2, 0)

    def __dlpack__(self, *, stream: int, max_version: Any = None, **_: Any) -> Any:
        self.cuda.streams[stream].wait_event(self.stream.record())
        made = self.values.__dlpack__(max_version=max_version)
        _put_on_gpu(made)
        return made

    @property
    def interface(self) -> Any:
        theirs = self

        class Interface:
            __cuda_array_interface__ = {  # noqa: RUF012
                "version": 3,
                "shape": (N,),
                "typestr": "<f8",
                "stream": theirs.stream.ptr,
                "data": (theirs.values.ctypes.data, False),
            }
            owner = theirs

        return Interface()


def _put_on_gpu(capsule: Any) -> None:
    tensor = _Versioned.from_address(_get_pointer(capsule, b"dltensor_versioned")).tensor
    tensor.device_type = 2


def consumed(capsule: Any) -> Any:
    """A NumPy array over the memory in a capsule, whatever device it names."""
    found = taken(capsule)
    assert found.device == (2, 0)
    raw = (ctypes.c_double * N).from_address(found.address)
    raw.owner = found.owner  # type: ignore[attr-defined]
    return np.ctypeslib.as_array(raw)


def _look(seen: list[Any], theirs: Any) -> None:
    seen.append(theirs.copy())


def test_arrays_cross_streams(cuda: LateCuda, ordered: bool) -> None:
    one, two = xgpu.Stream("cuda:0"), xgpu.Stream("cuda:0")
    x = xgpu.asarray(np.arange(float(N)), device="cuda:0")
    with one:
        y = x + 1.0
    with two:
        z = y * 2.0
    right(xgpu.to_device(z, "cpu"), np.arange(N) * 2.0 + 2.0, ordered)


def test_memory_is_given_out_again_in_order(cuda: LateCuda, ordered: bool) -> None:
    side = xgpu.Stream("cuda:0")
    x = xgpu.full((N,), 3.0, device="cuda:0") + 0.0
    xgpu.materialize(x)
    xgpu.synchronize("cuda:0")
    with side:
        y = x * 2.0
    del x
    again = xgpu.full((N,), -1.0, device="cuda:0") + 0.0
    xgpu.materialize(again)
    xgpu.current_stream("cuda:0").synchronize()
    right(xgpu.to_device(y, "cpu"), np.full(N, 6.0), ordered)


def test_an_event_orders_streams(cuda: LateCuda, ordered: bool) -> None:
    seen: list[str] = []
    one, two = xgpu.Stream("cuda:0"), xgpu.Stream("cuda:0")
    one.launch_host_func(seen.append, "first")
    two.wait(xgpu.Event("cuda:0").record(one))
    two.launch_host_func(seen.append, "second")
    assert seen == []
    two.synchronize()
    assert seen == (["first", "second"] if ordered else ["second"])


def test_what_is_lent_is_ordered_before_the_consumers_work(cuda: LateCuda, ordered: bool) -> None:
    consumer = LateStream(cuda, next(cuda.handles), blocking=False)
    for stream, work in ((consumer.ptr, consumer), (None, cuda.legacy), (1, cuda.legacy)):
        x = xgpu.ones(N, device="cuda:0") + 1.0
        theirs = consumed(x.__dlpack__(stream=stream, max_version=(1, 0)))
        seen: list[Any] = []
        work.add(partial(_look, seen, theirs))
        work.run(len(work.queue))
        right(seen[0], np.full(N, 2.0), ordered)


def test_a_consumer_may_do_without_order(cuda: LateCuda) -> None:
    x = xgpu.ones(N, device="cuda:0") + 1.0
    theirs = consumed(x.__dlpack__(stream=-1, max_version=(1, 0)))
    assert not (theirs == 2.0).all()
    xgpu.synchronize("cuda:0")
    assert (theirs == 2.0).all()


def test_what_another_stream_made_is_lent_in_order(cuda: LateCuda, ordered: bool) -> None:
    consumer = LateStream(cuda, next(cuda.handles), blocking=False)
    with xgpu.Stream("cuda:0"):
        x = xgpu.ones(N, device="cuda:0") + 1.0
    theirs = consumed(x.__dlpack__(stream=consumer.ptr, max_version=(1, 0)))
    consumer.synchronize()
    right(theirs, np.full(N, 2.0), ordered)


@pytest.mark.parametrize("way", ["dlpack", "interface"])
def test_what_is_borrowed_is_ordered_after_its_makers_work(
    cuda: LateCuda, ordered: bool, way: str
) -> None:
    theirs = Theirs(cuda, LateStream(cuda, next(cuda.handles), False), 5.0)
    x = xgpu.from_dlpack(theirs if way == "dlpack" else theirs.interface)
    assert x.device == "cuda:0"
    right(xgpu.to_device(x + 1.0, "cpu"), np.full(N, 6.0), ordered)


def test_memory_goes_back_after_the_consumers_work(cuda: LateCuda, ordered: bool) -> None:
    consumer = LateStream(cuda, next(cuda.handles), blocking=True)
    x = xgpu.ones(N, device="cuda:0") + 1.0
    xgpu.materialize(x)
    xgpu.synchronize("cuda:0")
    theirs = consumed(x.__dlpack__(stream=consumer.ptr, max_version=(1, 0)))
    address, seen = theirs.ctypes.data, []
    whole = (ctypes.c_double * N).from_address(address)
    consumer.add(lambda: seen.append(np.array(whole)))  # queued, and not done
    del theirs, x
    gc.collect()
    again = xgpu.full((N,), -1.0, device="cuda:0") * 3.0
    xgpu.materialize(again)
    assert again._storage.node.buffer.ptr == address, "the memory was given out again"
    xgpu.current_stream("cuda:0").synchronize()
    consumer.synchronize()
    right(seen[0], np.full(N, 2.0), ordered)


def test_borrowed_memory_is_held_until_the_work_on_it_is_done(cuda: LateCuda) -> None:
    theirs = Theirs(cuda, cuda.legacy, 5.0)
    freed: list[bool] = []

    class Kept:
        def __del__(self) -> None:
            freed.append(True)
            theirs.values[...] = -9.0  # its maker gives it to somebody else

    offer = theirs.interface
    offer.kept = Kept()
    x = xgpu.from_dlpack(offer)
    del offer
    y = x + 1.0
    del x
    gc.collect()
    assert freed == []
    assert (np.asarray(xgpu.to_device(y, "cpu")) == 6.0).all()
    xgpu.synchronize("cuda:0")
    assert freed == [True]


def test_another_librarys_stream(cuda: LateCuda) -> None:
    theirs = LateStream(cuda, next(cuda.handles), blocking=False)
    stream = xgpu.Stream.from_external(theirs, "cuda:0")
    assert stream.ptr == theirs.ptr
    assert stream.__cuda_stream__() == (0, theirs.ptr)
    values = np.zeros(N)
    theirs.add(lambda: np.copyto(values, 4.0))  # queued before, by the other side
    seen: list[float] = []
    stream.launch_host_func(lambda _: seen.append(values[0]))
    with stream:
        x = xgpu.ones(N, device="cuda:0") * 2.0
        assert xgpu.current_stream("cuda:0").ptr == theirs.ptr
    theirs.synchronize()
    assert seen == [4.0]
    assert ctypes.c_double.from_address(x._storage.node.buffer.ptr).value == 2.0
    assert xgpu.Stream.from_external(stream, "cuda:0").ptr == theirs.ptr
    own = xgpu.current_stream("cuda:0")
    assert own.__cuda_stream__() == (0, own.ptr) != stream.__cuda_stream__()


def test_a_copy_that_is_not_waited_for(cuda: LateCuda) -> None:
    a = xgpu.empty_pinned(N, device="cuda:0")
    a[...] = 3.0
    x = xgpu.asarray(a, device="cuda:0", non_blocking=True)
    a[...] = 4.0  # before it was copied: that is why it must not be done
    assert (np.asarray(xgpu.to_device(x, "cpu")) == 4.0).all()
    y = xgpu.asarray(a, device="cuda:0")
    a[...] = 5.0
    assert (np.asarray(xgpu.to_device(y, "cpu")) == 4.0).all()
    z = xgpu.asarray(np.full(N, 6.0), device="cuda:0", non_blocking=True)  # and freed at once
    gc.collect()
    assert (np.asarray(xgpu.to_device(z, "cpu")) == 6.0).all()
    assert xgpu.empty_pinned((0, 3), dtype=xgpu.int8, device="cuda:0").shape == (0, 3)


def sent_late(cuda: LateCuda) -> tuple[xgpu.Array, Any]:
    """An array on its way to the host, and its memory, which has no values yet."""
    x = xgpu.full(N, 3.0, device="cuda:0") * 2.0
    sent = xgpu.to_device(x, "cpu", non_blocking=True)
    node = sent._storage.node
    assert isinstance(node, Arriving)
    memory = node.expected[0]
    assert not memory.any()
    return sent, memory


@pytest.mark.parametrize(
    "read",
    [
        np.asarray,
        np.from_dlpack,
        lambda x: np.asarray(x + 0.0),
        lambda x: np.asarray(x[::-1]),
        lambda x: np.asarray(xgpu.concat([x[:5], x[5:]])),
        lambda x: np.full(N, float(xgpu.max(x))),
        lambda x: np.asarray(x.tolist()),
        lambda x: np.asarray(pickle.loads(pickle.dumps(x))),
        lambda x: np.asarray(xgpu.to_device(xgpu.to_device(x, "cuda:0"), "cpu")),
        lambda x: np.asarray(xgpu.sort(x)),
        lambda x: np.asarray(x[xgpu.asarray([3, 4])])[[0] * N],
    ],
)
def test_who_reads_what_is_on_its_way_waits(cuda: LateCuda, read: Any) -> None:
    sent, memory = sent_late(cuda)
    assert (read(sent) == 6.0).all()
    assert (memory == 6.0).all()
    assert (np.asarray(sent) == 6.0).all()


def test_what_is_on_its_way_waits_for_nobody(
    cuda: LateCuda, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, memory = sent_late(cuda)
    later = (sent[::2] + 1.0) * 2.0  # recorded
    assert not memory.any()
    with monkeypatch.context() as patch:  # the test's own check: nothing but the event orders it
        patch.setattr(late_cuda.LateEvent, "synchronize", lambda self: None)
        assert not np.asarray(sent_late(cuda)[0]).any()
    assert (np.asarray(later) == 14.0).all()
    sent, memory = sent_late(cuda)
    sent[:3] = 1.0
    assert np.asarray(sent)[:5].tolist() == [1.0, 1.0, 1.0, 6.0, 6.0]


def test_memory_that_nobody_wants_arrives_all_the_same(
    cuda: LateCuda, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[weakref.ref[Any]] = []
    allocate = cuda.cuda.alloc_pinned_memory

    def noted(nbytes: int) -> Any:
        memory = allocate(nbytes)
        made.append(weakref.ref(memory))
        return memory

    x = xgpu.full(N, 3.0, device="cuda:0") * 2.0
    monkeypatch.setattr(cuda.cuda, "alloc_pinned_memory", noted)
    xgpu.to_device(x, "cpu", non_blocking=True)
    gc.collect()
    (kept,) = made
    assert kept() is not None, "the copy would write into memory that was freed"
    xgpu.synchronize("cuda:0")
    xgpu.to_device(x, "cpu", non_blocking=True)
    gc.collect()
    assert kept() is None


def test_a_copy_to_the_host_on_another_stream(cuda: LateCuda, ordered: bool) -> None:
    x = xgpu.full(N, 3.0, device="cuda:0") * 2.0
    xgpu.materialize(x)
    with xgpu.Stream("cuda:0"):
        sent = xgpu.to_device(x, "cpu", non_blocking=True)  # after what is queued at home
    x[...] = 7.0  # and before what comes next there
    address = x._storage.node
    xgpu.materialize(x)
    assert address is x._storage.node
    if ordered:
        xgpu.synchronize("cuda:0")
    right(sent, np.full(N, 6.0), ordered)


def test_the_interface_of_cuda(cuda: LateCuda) -> None:
    x = xgpu.asarray(np.arange(12.0).reshape(3, 4), device="cuda:0") + 0.0
    given = x.__cuda_array_interface__
    address = x._storage.node.buffer.ptr
    assert given == {
        "version": 3,
        "shape": (3, 4),
        "typestr": "<f8",
        "strides": None,
        "data": (address, False),
        "stream": xgpu.current_stream("cuda:0").ptr,
    }
    part = x[1:, ::2].__cuda_array_interface__
    assert (part["shape"], part["strides"], part["data"][0]) == ((2, 2), (32, 16), address + 32)
    assert xgpu.broadcast_to(x[0, :], (2, 4)).__cuda_array_interface__["data"][1]
    assert xgpu.zeros((0, 2), device="cuda:0").__cuda_array_interface__["data"] == (0, False)
    assert (x + 1.0)._storage.node.buffer is not None, "it counts as shared"
    with pytest.raises(AttributeError, match="no bfloat16; DLPack has"):
        xgpu.ones(2, dtype=xgpu.bfloat16, device="cuda:0").__cuda_array_interface__  # noqa: B018


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"mask": "another array"}, BufferError, "with a mask"),
        ({"strides": (9,)}, BufferError, r"strides of \(9,\) bytes"),
        ({"typestr": "|S3"}, TypeError, "xgpu has no dtype"),
        ({"data": (4099, False)}, BufferError, "multiples of 8 bytes"),
    ],
    ids=str,
)
def test_interfaces_that_are_not_taken(
    cuda: LateCuda, change: dict[str, Any], error: type[Exception], said: str
) -> None:
    class Interface:
        __cuda_array_interface__ = {  # noqa: RUF012
            "version": 3,
            "shape": (2,),
            "typestr": "<f8",
            "data": (4096, False),
            **change,
        }

    with pytest.raises(error, match=said):
        xgpu.from_dlpack(Interface())


@pytest.mark.parametrize("stream", [0, -2, 1.5, "main", True], ids=repr)
def test_streams_that_cuda_does_not_have(cuda: LateCuda, stream: Any) -> None:
    x = xgpu.ones(3, device="cuda:0")
    with pytest.raises(ValueError, match="takes a stream by its handle, 1 and 2 for CUDA's"):
        x.__dlpack__(stream=stream)
    with pytest.raises(ValueError, match="a stream of cpu"):
        x.__dlpack__(stream=xgpu.Stream("cpu"))
    x.__dlpack__(stream=xgpu.Stream("cuda:0"))


def test_exchanges_that_are_refused(cuda: LateCuda) -> None:
    """Each with one error; tests/runtime/test_foreign.py has those of the host."""

    class Maker:
        """Gives one capsule, of memory on a GPU."""

        def __init__(self, number: int = 0, **fields: int) -> None:
            self.values = np.arange(3.0)
            self.number = number
            self.capsule = self.values.__dlpack__(max_version=(1, 0))
            _put_on_gpu(self.capsule)
            tensor = _Versioned.from_address(
                _get_pointer(self.capsule, b"dltensor_versioned")
            ).tensor
            for name, value in fields.items():
                setattr(tensor, name, value)

        def __dlpack_device__(self) -> tuple[int, int]:
            return (2, self.number)

        def __dlpack__(self, **arguments: Any) -> Any:
            return self.capsule

    maker = Maker()
    assert xgpu.from_dlpack(maker).device == "cuda:0"
    with pytest.raises(BufferError, match="a capsule that was consumed before"):
        xgpu.from_dlpack(maker)
    with pytest.raises(BufferError, match="type code 3, 64 bits"):
        xgpu.from_dlpack(Maker(code=3))
    with pytest.raises(BufferError, match=r"device type 2|no backend"):
        xgpu.from_dlpack(Maker(number=5))
    x = xgpu.ones(3, device="cuda:0")
    for elsewhere in ((2, 1), (10, 0)):
        with pytest.raises(BufferError, match="asked for"):
            x.__dlpack__(dl_device=elsewhere)
    with pytest.raises(ValueError, match="an event that was not recorded"):
        xgpu.Stream("cuda:0").wait(xgpu.Event("cuda:0"))
    theirs = Theirs(cuda, cuda.legacy, 5.0)
    given = {**theirs.interface.__cuda_array_interface__}
    given["data"] = (given["data"][0], True)
    y = xgpu.from_dlpack(SimpleNamespace(__cuda_array_interface__=given), device="cuda:0")
    with pytest.raises(ValueError, match="read-only"):
        y[0] = 1.0


def test_between_the_host_and_the_device(cuda: LateCuda) -> None:
    a = np.arange(3.0)
    with pytest.raises(BufferError, match="by a copy alone"):
        xgpu.from_dlpack(a, device="cuda:0", copy=False)
    x = xgpu.from_dlpack(a, device="cuda:0")
    assert np.asarray(xgpu.to_device(x, "cpu")).tolist() == [0.0, 1.0, 2.0]
    theirs = Theirs(cuda, cuda.legacy, 5.0)
    y = xgpu.from_dlpack(theirs, device="cpu")
    assert y.device == "cpu"
    assert (np.asarray(y) == 5.0).all()
    z = xgpu.asarray(theirs.interface)
    assert z.device == "cuda:0"
    xgpu.synchronize("cuda:0")
    theirs.values[...] = 0.0
    assert float(z[0]) == 5.0, "asarray copies"
    shared = xgpu.asarray(theirs.interface, copy=False)
    shared[0] = 7.0
    xgpu.synchronize("cuda:0")
    assert theirs.values[0] == 7.0
    assert xgpu.asarray(theirs, dtype=xgpu.float32, device="cpu").dtype is xgpu.float32


def test_each_kind_of_stream_waits_as_cudas_do(cuda: LateCuda) -> None:
    """What the tests above rest on."""
    seen: list[str] = []
    blocking = late_cuda.LateStream(cuda, 0x10, True)
    free = late_cuda.LateStream(cuda, 0x11, False)
    for stream, name in ((blocking, "blocking"), (free, "free"), (cuda.legacy, "legacy")):
        stream.add(partial(seen.append, name))
    cuda.legacy.synchronize()
    assert seen == ["blocking", "legacy"]
