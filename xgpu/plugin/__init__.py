"""All that a backend author imports.

`Backend` is the protocol, `NamespaceBackend` the short way in, `Program` what a kernel backend
compiles, `ops` the table of what there is to compute, `hookimpl` marks the plugin's one hook.
"""

from xgpu.plugin import dtypes, ops, promotion
from xgpu.plugin.backend import (
    PROTOCOL_VERSION,
    REQUIRED,
    Backend,
    Buffer,
    DeviceInfo,
    Kernel,
    KernelOp,
)
from xgpu.plugin.donation import Donation
from xgpu.plugin.errors import (
    BackendUnavailableError,
    CaptureError,
    DeviceMismatchError,
    KernelError,
    OutOfMemoryError,
    PluginError,
    UnsupportedOperationError,
)
from xgpu.plugin.exchange import Exchange, HostExchange
from xgpu.plugin.graphs import Graph, Graphs, Launch, Named
from xgpu.plugin.hookspecs import GROUP, hookimpl, hookspec
from xgpu.plugin.launchers import Launcher, Launchers
from xgpu.plugin.library import library
from xgpu.plugin.meter import Meter
from xgpu.plugin.namespace import NamespaceBackend
from xgpu.plugin.program import Access, Input, Instr, Operand, Output, Program, Result, Strided
from xgpu.plugin.streams import Stream, Streams

__all__ = [
    "GROUP",
    "PROTOCOL_VERSION",
    "REQUIRED",
    "Access",
    "Backend",
    "BackendUnavailableError",
    "Buffer",
    "CaptureError",
    "DeviceInfo",
    "DeviceMismatchError",
    "Donation",
    "Exchange",
    "Graph",
    "Graphs",
    "HostExchange",
    "Input",
    "Instr",
    "Kernel",
    "KernelError",
    "KernelOp",
    "Launch",
    "Launcher",
    "Launchers",
    "Meter",
    "Named",
    "NamespaceBackend",
    "Operand",
    "OutOfMemoryError",
    "Output",
    "PluginError",
    "Program",
    "Result",
    "Stream",
    "Streams",
    "Strided",
    "UnsupportedOperationError",
    "dtypes",
    "hookimpl",
    "hookspec",
    "library",
    "ops",
    "promotion",
]
