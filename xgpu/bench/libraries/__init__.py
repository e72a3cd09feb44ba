"""The libraries that run the battery: one class each, which imports its library when it is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from xgpu.bench.libraries.base import Library, MissingError
from xgpu.bench.libraries.cupy_library import CupyLibrary
from xgpu.bench.libraries.jax_library import JaxLibrary
from xgpu.bench.libraries.numpy_library import NumexprLibrary, NumpyLibrary
from xgpu.bench.libraries.torch_library import (
    CompileLibrary,
    FunctionalLibrary,
    TorchLibrary,
    TritonLibrary,
)
from xgpu.bench.libraries.xgpu_library import XgpuLibrary

__all__ = ["LIBRARIES", "Library", "MissingError"]

LIBRARIES: Final[dict[str, Callable[[str], Library]]] = {
    "xgpu": XgpuLibrary,
    "numpy": NumpyLibrary,
    "numexpr": NumexprLibrary,
    "cupy": CupyLibrary,
    "torch": TorchLibrary,
    "functional": FunctionalLibrary,
    "compile": CompileLibrary,
    "jit": JaxLibrary,
    "triton": TritonLibrary,
}
"""Name on the command line -> what makes it, for a device of that name."""
