"""JAX: ``jax:0`` and on are ``jax.devices()``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import numpy as np

from xgpu.plugin import Backend, Buffer, DeviceInfo, NamespaceBackend, OutOfMemoryError, hookimpl
from xgpu.plugin.strides import positions
from xgpu_compat.jax_functions import TABLE, jax, xp


class JaxBackend(NamespaceBackend):
    """Buffers are JAX's arrays, which nothing writes to."""

    versions: Final = {"jax": jax.__version__, "jaxlib": jax.lib.__version__}

    def devices(self) -> Sequence[DeviceInfo]:
        """What JAX calls its devices, of the platform that it prefers."""
        return [
            DeviceInfo(index, str(it), details=f"JAX {jax.__version__}, {it.device_kind}")
            for index, it in enumerate(jax.devices())
        ]

    @contextmanager
    def within(self, device: int) -> Iterator[None]:
        """Dtypes of 64 bits, which JAX has on request; not in the rest of the program."""
        try:
            with jax.enable_x64(True), jax.default_device(jax.devices()[device]):
                yield
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" in str(error):
                raise OutOfMemoryError(f"jax:{device}: {error}") from error
            raise

    def from_host(self, device: int, array: Any) -> Buffer:
        """A copy, which JAX may keep as its own."""
        flat = np.array(array, order="C").reshape(-1)
        with self.within(device):
            return jax.device_put(flat, jax.devices()[device])

    def strided(
        self, buffer: Buffer, shape: tuple[int, ...], strides: tuple[int, ...], offset: int
    ) -> Any:
        """Slices that JAX compiles together, once for each layout."""
        return _strided(self, buffer, shape, strides, offset)

    def fresh(self, array: Any, shape: tuple[int, ...]) -> Any:
        """No copy."""
        return array if array.shape == shape else xp.reshape(array, shape)

    def store(
        self,
        buffer: Buffer,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        offset: int,
        value: Any,
    ) -> Buffer:
        """Another array, by JAX's functional update."""
        return buffer.at[positions(shape, strides, offset)].set(value)

    def synchronize(self, device: int) -> None:
        """Wait for what is queued on the device."""
        jax.device_put(0, jax.devices()[device]).block_until_ready()


@partial(jax.jit, static_argnums=(0, 2, 3, 4))
def _strided(
    backend: JaxBackend,
    buffer: Buffer,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    offset: int,
) -> Any:
    return NamespaceBackend.strided(backend, buffer, shape, strides, offset)


@hookimpl
def xgpu_backend() -> Backend:
    """The backend."""
    return JaxBackend("jax", xp, functions=TABLE)
