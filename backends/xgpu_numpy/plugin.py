"""The plugin's hook; entry point ``cpu`` in the group ``xgpu.backends``."""

from xgpu.plugin import Backend, hookimpl
from xgpu_numpy.backend import NumpyBackend


@hookimpl
def xgpu_backend() -> Backend:
    """The NumPy backend."""
    return NumpyBackend()
