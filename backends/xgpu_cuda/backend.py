"""`CudaBackend`: xgpu's protocol over a `Driver`. Buffers are `Memory`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xgpu.plugin import (
    DeviceInfo,
    Donation,
    Exchange,
    Graphs,
    KernelOp,
    Launchers,
    Meter,
    Operand,
    Program,
    Result,
    Strided,
    ops,
)
from xgpu.plugin.dtypes import DType
from xgpu_cuda import launch
from xgpu_cuda.donation import CudaDonation
from xgpu_cuda.driver import LARGE, Driver, Memory, Streams
from xgpu_cuda.graphs import CudaGraphs
from xgpu_cuda.launchers import CudaLaunchers


class CudaBackend:
    """The devices of one driver: GPUs, or the simulator."""

    protocol = 1
    unsupported: frozenset[str] = frozenset()
    capabilities: frozenset[str] = frozenset({"row programs", *(op.name for op in ops.optional())})

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.name = driver.name
        self.streams: Streams = driver.streams
        self.exchange: Exchange = driver.exchange
        self.meter: Meter = driver.meter
        self.graphs: Graphs = CudaGraphs(driver)
        self.donation: Donation = CudaDonation(driver)
        self.launchers: Launchers = CudaLaunchers(driver)
        self.kernel_ops: Mapping[str, KernelOp] = {
            name: self._in_order(function) for name, function in launch.kernel_ops(driver).items()
        }

    def devices(self) -> Sequence[DeviceInfo]:
        """See `Driver.devices`."""
        return self.driver.devices()

    def allocate(self, device: int, dtype: DType, size: int) -> Memory:
        """See `xgpu.plugin.Backend.allocate`."""
        return self.driver.allocate(device, size * dtype.itemsize)

    def from_host(self, device: int, array: Any) -> Memory:
        """See `xgpu.plugin.Backend.from_host`."""
        memory = self.driver.allocate(device, array.nbytes)
        self.driver.to_device(device, memory, array)
        return memory

    def to_host(self, device: int, buffer: Memory, dtype: DType, offset: int, size: int) -> Any:
        """See `xgpu.plugin.Backend.to_host`."""
        start = buffer.ptr + offset * dtype.itemsize
        if self.streams.several:
            # The copy is done when this returns, so nothing has to wait for it in turn.
            self.streams.after(device, self.streams.foreign(device, [buffer]))
        return self.driver.to_host(device, start, size * dtype.itemsize).view(dtype)

    def compile(self, device: int, program: Program) -> launch.Kernel:
        """Generate the source and load it; see `xgpu_cuda.launch`."""
        return launch.compile(self.driver, device, program)

    def launch(
        self,
        device: int,
        kernel: launch.Kernel,
        shape: tuple[int, ...],
        inputs: Sequence[Operand],
        outputs: Sequence[Operand],
    ) -> list[Memory]:
        """See `xgpu.plugin.Backend.launch`."""
        if not self.streams.several:
            return kernel.launch(shape, inputs, outputs)
        operands = (value for value, _, _ in (*inputs, *outputs) if isinstance(value, Memory))
        homes = self.streams.foreign(device, operands)
        self.streams.after(device, homes)
        buffers = kernel.launch(shape, inputs, outputs)
        self.streams.before(device, homes)
        return buffers

    def _in_order(self, function: KernelOp) -> KernelOp:
        """A kernel op that keeps the order of streams; see `xgpu_cuda.driver.Streams`."""

        def run(
            device: int,
            operands: Sequence[Strided],
            results: Sequence[Result],
            attributes: Mapping[str, Any],
        ) -> list[Memory]:
            several = self.streams.several
            if several:
                homes = self.streams.foreign(device, (operand.buffer for operand in operands))
                self.streams.after(device, homes)
            buffers = function(device, operands, results, attributes)
            if buffers and buffers[0].nbytes >= LARGE:
                self.driver.directions.forward(device)
            if several:
                self.streams.before(device, homes)
            return buffers

        return run

    def synchronize(self, device: int) -> None:
        """See `Driver.synchronize`."""
        self.driver.synchronize(device)

    def record_event(self, device: int) -> Any:
        """See `Driver.record_event`."""
        return self.driver.record_event(device)

    def elapsed(self, device: int, start: Any, stop: Any) -> float:
        """See `Driver.elapsed`."""
        return self.driver.elapsed(device, start, stop)

    def allocated(self, device: int) -> int:
        """See `Driver.allocated`."""
        return self.driver.allocated(device)
