"""CuPy's driver and its graphs over a CUDA that only notes what it is asked: order and errors."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from xgpu.plugin import KernelError
from xgpu_cuda.driver import CupyDriver, Function, Memory, cuda_graph

FUNCTION = Function("scale", SimpleNamespace(ptr=5), "disk", 0.0)
STREAM = 77


class Cuda:
    """Notes calls; those named in ``fails`` fail."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.fails: set[str] = set()

    def library(self) -> Any:
        cuda = self

        class Library:
            def __getattr__(self, name: str) -> Any:
                def call(*arguments: Any) -> int:
                    if name in ("cuGraphCreate", "cuGraphAddKernelNode"):
                        made = ctypes.cast(arguments[0], ctypes.POINTER(ctypes.c_void_p))
                        made[0] = len(cuda.calls) + 1
                    if name == "cuGraphInstantiateWithFlags":
                        ctypes.cast(arguments[0], ctypes.POINTER(ctypes.c_void_p))[0] = 33
                    cuda.calls.append(name)
                    return 700 if name in cuda.fails else 0

                return call

        return Library()

    def launch(self, *arguments: Any) -> None:
        if "launch" in self.fails:
            raise RuntimeError("an illegal memory access was encountered")
        self.calls.append(("launch", arguments[:5], arguments[8]))

    def queue(self, graph: int, stream: int) -> None:
        if "queue" in self.fails:
            raise RuntimeError("an illegal memory access was encountered")
        self.calls.append(("queue", graph, stream))


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Cuda:
    cuda = Cuda()
    monkeypatch.setattr(cuda_graph, "_library", cuda.library)
    return cuda


@pytest.fixture
def driver(cuda: Cuda) -> CupyDriver:
    def compile_(source: str, architecture: str, name: str, quick: bool) -> Any:
        raise AssertionError("nothing is compiled here")

    made: Any = CupyDriver(compile_)
    runtime = SimpleNamespace(free=lambda size: None, graphLaunch=cuda.queue)
    memory = SimpleNamespace(OutOfMemoryError=MemoryError)
    made._cupy = SimpleNamespace(cuda=SimpleNamespace(runtime=runtime, memory=memory))
    made._errors = (RuntimeError,)
    block = SimpleNamespace(ptr=4096)
    made._gpus = [SimpleNamespace(main=SimpleNamespace(ptr=STREAM, malloc=lambda size: block))]
    made._current = lambda: 0
    made._launch = cuda.launch
    driver: CupyDriver = made
    return driver


def struct() -> Any:
    return np.zeros(16, np.uint8)


def test_launches(driver: CupyDriver, cuda: Cuda) -> None:
    again = driver.launcher(0, FUNCTION, 3, 128, 0, struct())
    again()
    again()
    driver.launch(0, FUNCTION, (2, 4), 64, 0, struct())
    assert cuda.calls == [
        ("launch", (5, 3, 1, 1, 128), STREAM),
        ("launch", (5, 3, 1, 1, 128), STREAM),
        ("launch", (5, 2, 4, 1, 64), STREAM),
    ]
    cuda.fails.add("launch")
    for call in (again, lambda: driver.launch(0, FUNCTION, 1, 32, 0, struct())):
        with pytest.raises(
            KernelError, match="launching kernel scale failed on cuda:0: an illegal"
        ):
            call()


def test_a_graph(driver: CupyDriver, cuda: Cuda) -> None:
    graph = driver.new_graph(0)
    graph.add(FUNCTION, 3, 128, 0, struct())
    graph.add(FUNCTION, (3, 2), 128, 0, struct())
    graph.queue()
    graph.change(1, FUNCTION, 4, 64, 0, struct())
    graph.queue()
    del graph
    assert cuda.calls == [
        "cuGraphCreate",
        "cuGraphAddKernelNode",
        "cuGraphAddKernelNode",
        "cuGraphInstantiateWithFlags",
        ("queue", 33, STREAM),
        "cuGraphExecKernelNodeSetParams",
        ("queue", 33, STREAM),
        "cuGraphExecDestroy",
        "cuGraphDestroy",
    ]


def test_errors_of_graphs(driver: CupyDriver, cuda: Cuda) -> None:
    cuda.fails.add("cuGraphCreate")
    with pytest.raises(KernelError, match="creating a graph failed: CUDA error 700"):
        driver.new_graph(0)
    cuda.fails = {"cuGraphAddKernelNode"}
    graph = driver.new_graph(0)
    with pytest.raises(KernelError, match="adding scale to a graph failed"):
        graph.add(FUNCTION, 1, 32, 0, struct())
    cuda.fails = {"cuGraphInstantiateWithFlags"}
    graph = driver.new_graph(0)
    graph.add(FUNCTION, 1, 32, 0, struct())
    with pytest.raises(KernelError, match="instantiating a graph failed"):
        graph.queue()
    cuda.fails = {"queue"}
    with pytest.raises(KernelError, match="launching a graph failed: an illegal memory access"):
        graph.queue()
    cuda.fails = {"cuGraphExecKernelNodeSetParams"}
    with pytest.raises(KernelError, match="changing scale in a graph failed"):
        graph.change(0, FUNCTION, 1, 32, 0, struct())


def test_what_is_redirected_is_not_launched(driver: CupyDriver, cuda: Cuda) -> None:
    taken: list[Any] = []
    kept: list[Memory] = []
    again = driver.launcher(0, FUNCTION, 3, 128, 0, struct())
    driver.redirect(lambda *launch: taken.append(launch[:4]), kept)
    again()
    driver.launch(0, FUNCTION, 1, 32, 16, struct())
    memory = driver.allocate(0, 100)
    driver.redirect(None, [])
    driver.allocate(0, 100)
    assert taken == [(FUNCTION, 3, 128, 0), (FUNCTION, 1, 32, 16)]
    assert kept == [memory]
    assert cuda.calls == []
