"""`CudaGraph`: a CUDA graph of kernel nodes, through the driver's own library.

CuPy captures streams, but cannot change a node of a graph: that is what lets a graph read and write
other memory at each launch. Source: CUDA Driver API, Graph Management.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from ctypes import byref, c_size_t, c_uint, c_ulonglong, c_void_p
from functools import cache
from typing import Any

from xgpu.plugin import KernelError
from xgpu_cuda.driver.memory import Bytes
from xgpu_cuda.driver.protocol import Function, Grid


class _Node(ctypes.Structure):
    """``CUDA_KERNEL_NODE_PARAMS_v1``."""

    _fields_ = (
        ("function", c_void_p),
        *((name, c_uint) for name in ("x", "y", "z", "block", "block_y", "block_z", "shared")),
        ("parameters", c_void_p),
        ("extra", c_void_p),
    )


@cache
def _library() -> Any:
    """``libcuda``, which a program with a CUDA device has loaded."""
    library = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    for name, arguments in {
        "cuGraphCreate": (c_void_p, c_uint),
        "cuGraphAddKernelNode": (c_void_p, c_void_p, c_void_p, c_size_t, c_void_p),
        "cuGraphInstantiateWithFlags": (c_void_p, c_void_p, c_ulonglong),
        "cuGraphExecKernelNodeSetParams": (c_void_p, c_void_p, c_void_p),
        "cuGraphExecDestroy": (c_void_p,),
        "cuGraphDestroy": (c_void_p,),
    }.items():
        getattr(library, name).argtypes = arguments
    return library


class CudaGraph:
    """See `xgpu_cuda.driver.LaunchGraph`.

    ``stream`` gives the handle of this thread's stream, and makes its context the current one;
    ``launch`` takes an executable graph and a stream, and raises `errors`: CuPy's way to CUDA's
    runtime costs less than ctypes.
    """

    def __init__(
        self,
        stream: Callable[[], int],
        launch: Callable[[int, int], None],
        errors: tuple[type[Exception], ...],
    ) -> None:
        self._stream = stream
        self._launch = launch
        self._errors = errors
        self._cuda = _library()
        self._nodes: list[int] = []
        self._executable: int | None = None
        made = c_void_p()
        self._graph: int | None = None
        self._check("creating a graph", self._cuda.cuGraphCreate(byref(made), 0))
        self._graph = made.value

    def __del__(self) -> None:
        # What is queued runs to its end.
        if self._executable is not None:
            self._cuda.cuGraphExecDestroy(self._executable)
        if self._graph is not None:
            self._cuda.cuGraphDestroy(self._graph)

    @staticmethod
    def _check(what: str, code: int) -> None:
        if code:
            raise KernelError(f"{what} failed: CUDA error {code}")

    def add(
        self, function: Function, grid: Grid, block: int, shared: int, arguments: Bytes
    ) -> None:
        """See `LaunchGraph.add`; the arguments are copied."""
        self._stream()
        node = c_void_p()
        after = (c_void_p * 1)(self._nodes[-1]) if self._nodes else None
        launch, keep = _launch(function, grid, block, shared, arguments)
        code = self._cuda.cuGraphAddKernelNode(
            byref(node), self._graph, after, len(self._nodes[-1:]), byref(launch)
        )
        del keep
        self._check(f"adding {function.name} to a graph", code)
        assert node.value is not None
        self._nodes.append(node.value)

    def change(
        self, number: int, function: Function, grid: Grid, block: int, shared: int, arguments: Bytes
    ) -> None:
        """See `LaunchGraph.change`; what is queued already stays as it is."""
        self._stream()
        launch, keep = _launch(function, grid, block, shared, arguments)
        code = self._cuda.cuGraphExecKernelNodeSetParams(
            self._executable, self._nodes[number], byref(launch)
        )
        del keep
        self._check(f"changing {function.name} in a graph", code)

    def queue(self) -> None:
        """See `LaunchGraph.queue`."""
        executable = self._executable
        if executable is None:
            self._stream()
            made = c_void_p()
            code = self._cuda.cuGraphInstantiateWithFlags(byref(made), self._graph, 0)
            self._check("instantiating a graph", code)
            executable = self._executable = made.value
            assert executable is not None
        try:
            self._launch(executable, self._stream())
        except self._errors as error:
            raise KernelError(
                f"launching a graph failed: {error}. A kernel's fault is reported by a later call"
            ) from error


def _launch(
    function: Function, grid: Grid, block: int, shared: int, arguments: Bytes
) -> tuple[_Node, Any]:
    """The launch as the driver takes it, and what has to live until it has."""
    x, y, z = (grid, 1, 1) if isinstance(grid, int) else (*grid, 1, 1)[:3]
    parameters = (c_void_p * 1)(arguments.ctypes.data)
    node = _Node(
        function.handle.ptr, x, y, z, block, 1, 1, shared, ctypes.addressof(parameters), None
    )
    return node, parameters
