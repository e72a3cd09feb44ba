"""JAX: ``jax:0`` and on are ``jax.devices()``. Its arrays, to which nothing writes, are buffers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from xgpu.plugin import Backend, DeviceInfo, hookimpl
from xgpu_compat import jax_layout
from xgpu_compat.jax_functions import TABLE
from xgpu_compat.jax_layout import jax
from xgpu_compat.library_backend import Library, LibraryBackend


def devices() -> list[DeviceInfo]:
    """What JAX calls its devices, of the platform that it prefers."""
    about = f"JAX {jax.__version__}"
    found = enumerate(jax.devices())
    return [DeviceInfo(i, str(it), details=f"{about}, {it.device_kind}") for i, it in found]


@contextmanager
def on(device: int) -> Iterator[None]:
    """Dtypes of 64 bits, which JAX has on request; not in the rest of the program."""
    with jax.enable_x64(True), jax.default_device(jax.devices()[device]):
        yield


@hookimpl
def xgpu_backend() -> Backend:
    """The backend."""
    library = Library(
        namespace=jax_layout,
        functions=TABLE,
        versions={"jax": jax.__version__, "jaxlib": jax.lib.__version__},
        devices=devices,
        on=on,
        no_memory=((jax.errors.JaxRuntimeError, "RESOURCE_EXHAUSTED"),),
        immutable=True,
        put=lambda array, device: jax.device_put(array, jax.devices()[device]),
        strided=jax_layout.strided,
        stored=jax_layout.stored,
        synchronize=lambda device: jax.device_put(0, jax.devices()[device]).block_until_ready(),
    )
    return LibraryBackend("jax", library)
