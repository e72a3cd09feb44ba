"""`CudaLaunchers`: launches that are made again and again."""

from __future__ import annotations

from collections.abc import Sequence

from xgpu.plugin import Launcher, Operand
from xgpu_cuda.driver import Driver
from xgpu_cuda.launch import Kernel
from xgpu_cuda.launch.quick import Quick


class CudaLaunchers:
    """See `xgpu.plugin.Launchers`."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def launcher(
        self,
        device: int,
        kernel: Kernel,
        shape: tuple[int, ...],
        inputs: Sequence[tuple[int, tuple[int, ...]]],
        outputs: Sequence[Operand],
    ) -> Launcher | None:
        """See `xgpu.plugin.Launchers.launcher`."""
        operands: list[Operand] = [(None, offset, strides) for offset, strides in inputs]
        steady = kernel.steady(shape, operands, outputs)
        if steady is None:
            return None
        quick = Quick(self._driver, device, kernel.program, steady, inputs, outputs)
        return quick.run
