"""`CupyLibraries`: the routines of NVIDIA's libraries, through CuPy."""

from xgpu_cuda.driver.cupy_libraries.fourier import FourierLibrary
from xgpu_cuda.driver.cupy_libraries.linalg import LinalgLibrary
from xgpu_cuda.driver.cupy_libraries.matmul import MatmulLibrary
from xgpu_cuda.driver.cupy_libraries.sorting import SortLibrary

__all__ = ["CupyLibraries"]


class CupyLibraries(MatmulLibrary, SortLibrary, FourierLibrary, LinalgLibrary):
    """All of them, on the devices of one driver."""
