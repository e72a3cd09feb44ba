"""From a program, or an op that is a kernel of its own, to launches through a driver.

One module per file of kernels, under the same name: ``elementwise``, ``reduction``, ``matmul``.
"""

from __future__ import annotations

from collections.abc import Mapping

from xgpu.plugin import KernelOp, Program
from xgpu_cuda.driver import Driver
from xgpu_cuda.launch.elementwise import ElementwiseKernel
from xgpu_cuda.launch.kernel import Kernel
from xgpu_cuda.launch.matmul import Matmul
from xgpu_cuda.launch.reduction import ReductionKernel

__all__ = ["Kernel", "compile", "kernel_ops"]


def compile(driver: Driver, device: int, program: Program) -> Kernel:
    """``program`` as a kernel for one device.

    Raises:
        KernelError: the generated source does not compile.
    """
    made = ReductionKernel if program.reduced else ElementwiseKernel
    return made(driver, device, program)


def kernel_ops(driver: Driver) -> Mapping[str, KernelOp]:
    """The ops that are kernels of their own, over ``driver``."""
    return {"matmul": Matmul(driver)}
