"""The plugin of the device type ``cuda``."""

from xgpu.plugin import Backend, hookimpl
from xgpu_cuda.backend import CudaBackend
from xgpu_cuda.compiler import cached_cubin
from xgpu_cuda.driver import CupyDriver


@hookimpl
def xgpu_backend() -> Backend:
    """NVIDIA GPUs; needs CuPy and a driver once a device is asked for."""
    return CudaBackend(CupyDriver(cached_cubin))
