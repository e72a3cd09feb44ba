"""The only way to the device, and the only package that imports CuPy.

`Driver` is what the rest of the backend is written against. `CupyDriver` is a GPU;
`xgpu_cuda.simulator.driver.SimulatorDriver` is the host. `Libraries` is what a driver lets the
device's own libraries compute.

All work on a device goes through one non-blocking stream of its own, so it is done in the order
of the calls, from whichever thread they come, unless a program makes further `Streams`.
"""

from xgpu_cuda.driver.binding import INSTALL, architecture, nvrtc
from xgpu_cuda.driver.cupy_driver import Compile, CupyDriver
from xgpu_cuda.driver.directions import LARGE, Directions
from xgpu_cuda.driver.libraries import Libraries, Transform
from xgpu_cuda.driver.memory import Bytes, Memory, check_copy
from xgpu_cuda.driver.protocol import Driver, Function, Grid, LaunchGraph, Sink
from xgpu_cuda.driver.streams import Homes, Streams

__all__ = [
    "INSTALL",
    "LARGE",
    "Bytes",
    "Compile",
    "CupyDriver",
    "Directions",
    "Driver",
    "Function",
    "Grid",
    "Homes",
    "LaunchGraph",
    "Libraries",
    "Memory",
    "Sink",
    "Streams",
    "Transform",
    "architecture",
    "check_copy",
    "nvrtc",
]
