"""From a program, or an op that is a kernel of its own, to launches through a driver.

One module per file of kernels, under the same name: ``elementwise``, ``reduction``, ``scan`` ...
"""

from __future__ import annotations

from collections.abc import Mapping

from xgpu.codegen import folded_once
from xgpu.plugin import KernelOp, Program
from xgpu_cuda.driver import Driver
from xgpu_cuda.launch.elementwise import ElementwiseKernel
from xgpu_cuda.launch.fft import Fourier
from xgpu_cuda.launch.fused import Fused
from xgpu_cuda.launch.gather import Gather
from xgpu_cuda.launch.kernel import Kernel
from xgpu_cuda.launch.linalg import LinearAlgebra
from xgpu_cuda.launch.matmul import Matmul
from xgpu_cuda.launch.nonzero import Nonzero
from xgpu_cuda.launch.reduction import ReductionKernel
from xgpu_cuda.launch.rows import RowKernel
from xgpu_cuda.launch.scan import Scan
from xgpu_cuda.launch.scatter import Scatter
from xgpu_cuda.launch.searchsorted import Searchsorted
from xgpu_cuda.launch.sort import Sort

__all__ = ["Kernel", "compile", "kernel_ops"]


def compile(driver: Driver, device: int, program: Program) -> Kernel:
    """``program`` as a kernel for one device.

    Raises:
        KernelError: the generated source does not compile.
    """
    if not program.reduced:
        return ElementwiseKernel(driver, device, program)
    once = folded_once(program) if program.staged() else program
    if once is not None:
        return ReductionKernel(driver, device, once)
    return RowKernel(driver, device, program)


def kernel_ops(driver: Driver) -> Mapping[str, KernelOp]:
    """The ops that are kernels of their own, over ``driver``."""
    fused = Fused(driver)
    return {
        "matmul": Matmul(driver),
        "cumulative_sum": Scan(driver, "running_sum", fused),
        "cumulative_prod": Scan(driver, "running_product", fused),
        "gather": Gather(driver),
        "scatter": Scatter(driver, fused),
        "nonzero": Nonzero(driver),
        "searchsorted": Searchsorted(driver),
        **Sort(driver, fused).kernel_ops(),
        **LinearAlgebra(driver, fused).kernel_ops(),
        **Fourier(driver, fused).kernel_ops(),
    }
