"""The plugin of the device type ``cudasim``."""

from xgpu.plugin import Backend, hookimpl
from xgpu_cuda.backend import CudaBackend
from xgpu_cuda.simulator.driver import SimulatorDriver


@hookimpl
def xgpu_backend() -> Backend:
    """The CUDA kernels on the host; needs a C++ compiler once a device is asked for."""
    return CudaBackend(SimulatorDriver())
