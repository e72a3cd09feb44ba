"""JAX's namespace, with layouts that cost no compilation where the memory is the host's.

JAX compiles each function for each shape, reshapes and slices too: 20 to 60 ms each time. On the
processor NumPy sees the same memory, so what only lays elements out otherwise is a view of NumPy's.
Values are computed by JAX alone. On other devices all is JAX's own.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from xgpu.plugin import library
from xgpu.plugin.strides import positions, sliced

jax = library("jax", "pip install 'xgpu-array[jax]'")
xp = library("jax.numpy", "pip install 'xgpu-array[jax]'")
Array = Any


def __getattr__(name: str) -> Any:
    """Whatever is not below is JAX's."""
    return getattr(xp, name)


def on_host(x: Array) -> bool:
    """Whether NumPy sees the memory of ``x``: it is the processor's, and no trace of a function."""
    return not isinstance(x, jax.core.Tracer) and x.device.platform == "cpu"


def laid(x: Array, view: Any) -> Array:
    """A view of the memory of ``x`` as an array of JAX beside it, which has a copy if it must."""
    return jax.device_put(view, x.device)


def reshape(x: Array, shape: tuple[int, ...], copy: bool | None = None) -> Array:
    """The elements in C order as ``shape``; nothing writes to an array, so ``copy`` is nothing."""
    if x.shape == tuple(shape):
        return x
    return laid(x, np.asarray(x).reshape(shape)) if on_host(x) else xp.reshape(x, shape)


def broadcast_to(x: Array, shape: tuple[int, ...]) -> Array:
    """Repeated along axes of length one."""
    if x.shape == tuple(shape):
        return x
    if on_host(x):
        return laid(x, np.broadcast_to(np.asarray(x), shape))
    return xp.broadcast_to(x, shape)


def broadcast_arrays(*arrays: Array) -> list[Array]:
    """All of one shape."""
    shape = np.broadcast_shapes(*(x.shape for x in arrays))
    return [broadcast_to(x, shape) for x in arrays]


def strided(x: Array, shape: tuple[int, ...], strides: tuple[int, ...], offset: int) -> Array:
    """The elements at ``offset + sum(strides * k)`` of a 1-d array, as an array of ``shape``."""
    if not on_host(x):
        return _sliced(x, shape, strides, offset)
    base = np.asarray(x)
    if 0 in shape:
        return laid(x, np.empty(shape, base.dtype))
    steps = tuple(step * base.itemsize for step in strides)
    view = np.lib.stride_tricks.as_strided(base[offset:], shape, steps, writeable=False)
    return laid(x, view)


@partial(jax.jit, static_argnums=(1, 2, 3))
def _sliced(x: Array, shape: tuple[int, ...], strides: tuple[int, ...], offset: int) -> Array:
    # Compiled together, once for each layout.
    made = sliced(xp, x, shape, strides, offset)
    return xp.take(x, positions(shape, strides, offset)) if made is None else made


def stored(
    x: Array, shape: tuple[int, ...], strides: tuple[int, ...], offset: int, value: Array
) -> Array:
    """``x`` with ``value`` at those places: another array."""
    if not on_host(x):
        return x.at[positions(shape, strides, offset)].set(value)
    made = np.array(x)
    made[positions(shape, strides, offset)] = np.asarray(value)
    return laid(x, made)
