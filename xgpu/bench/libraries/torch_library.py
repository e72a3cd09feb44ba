"""PyTorch, eager and compiled, and kernels in Triton on its arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xgpu.bench.case import Program
from xgpu.bench.clock import Clock, HostClock
from xgpu.bench.libraries.base import Library, MissingError, cuda_index, module


class TorchClock:
    """PyTorch's events, on its current stream."""

    def __init__(self, torch: Any) -> None:
        self._torch = torch

    def record(self) -> Any:
        """See `Clock.record`."""
        event = self._torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def elapsed(self, start: Any, stop: Any) -> float:
        """See `Clock.elapsed`."""
        stop.synchronize()
        return float(start.elapsed_time(stop)) * 1e-3

    def synchronize(self) -> None:
        """See `Clock.synchronize`."""
        self._torch.cuda.synchronize()


class TorchLibrary(Library):
    """One operation at a time, without gradients; float32 products are of full precision."""

    def __init__(self, device: str) -> None:
        index = cuda_index(device)
        torch = module("torch")
        self.torch: Any = torch
        #: What programs get: a subclass may have kernels of its own.
        self.module: Any = torch
        if index is not None and not torch.cuda.is_available():
            raise MissingError("this PyTorch sees no GPU")
        self._device = torch.device("cpu" if index is None else f"cuda:{index}")
        self._on_gpu = index is not None
        if index is not None:
            torch.cuda.set_device(index)
        torch.set_grad_enabled(False)
        self.clock: Clock = TorchClock(torch) if index is not None else HostClock()
        self.version: str = f"PyTorch {torch.__version__}"

    def array(self, host: NDArray[Any]) -> Any:
        """See `Library.array`."""
        return self.torch.from_numpy(np.array(host)).to(self._device)

    def host(self, result: Any) -> NDArray[Any]:
        """See `Library.host`."""
        host: NDArray[Any] = result.cpu().numpy()
        return host

    def release(self) -> None:
        """Empties the pool."""
        if self._on_gpu:
            self.torch.cuda.empty_cache()

    def peak(self, call: Callable[[], object]) -> int | None:
        """As PyTorch's allocator tells it."""
        if not self._on_gpu:
            return None
        cuda = self.torch.cuda
        cuda.synchronize()
        cuda.reset_peak_memory_stats()
        result = call()
        cuda.synchronize()
        del result
        return int(cuda.max_memory_allocated())


class FunctionalLibrary(TorchLibrary):
    """Its own functions for what other programs are written out for."""


class CompileLibrary(TorchLibrary):
    """The same programs through ``torch.compile`` in its default mode, for the shapes at hand."""

    def prepared(self, program: Program) -> Callable[..., Any]:
        """Compiled at the first call."""
        torch = self.torch
        torch.compiler.reset()

        def run(*arrays: Any) -> Any:
            return program(torch, *arrays)

        compiled: Callable[..., Any] = torch.compile(run, dynamic=False)
        return compiled


class TritonLibrary(TorchLibrary):
    """Kernels in Triton, launched on PyTorch's arrays."""

    def __init__(self, device: str) -> None:
        if cuda_index(device) is None:
            raise MissingError("Triton computes on GPUs alone")
        super().__init__(device)
        self.version: str = f"Triton {module('triton').__version__}"
        self.module: Any = module("xgpu.bench.libraries.triton_kernels")
