"""`LibraryBackend`: a backend out of a library, told as data what the library differs in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from xgpu.plugin import Buffer, DeviceInfo, NamespaceBackend, OutOfMemoryError, dtypes
from xgpu.plugin.dtypes import DType

Function = Callable[..., Any]
Shape = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Library:
    """What a library differs in from an eager namespace on the host.

    ``on`` is what all work on a device, given by its index, is done in. ``no_memory`` are errors,
    by type and a word of their message, that say that memory is lacking. What is None is left
    to `NamespaceBackend`.
    """

    namespace: Any
    functions: Mapping[str, Function]  #: ops that the namespace lacks or gets wrong
    versions: Mapping[str, str]
    devices: Callable[[], Sequence[DeviceInfo]]
    on: Callable[[int], AbstractContextManager[Any]] = field(default=lambda device: nullcontext())
    no_memory: tuple[tuple[type[Exception], str], ...] = ()
    adapted: Callable[[str, Function], Function] = field(default=lambda name, function: function)
    immutable: bool = False  #: nothing can write to an array, so none need be copied
    bits: Function | None = None  #: reads an array's bits as another dtype of the same width
    put: Callable[[Any, int], Buffer] | None = None  #: a flat NumPy array of ours, and the device
    numpy_of: Callable[[Any], Any] | None = None
    scalar: Callable[[Any, Any], Any] | None = None
    strided: Callable[[Buffer, Shape, Shape, int], Any] | None = None
    stored: Callable[[Buffer, Shape, Shape, int, Any], Buffer] | None = None
    finished: Callable[[list[Buffer]], list[Buffer]] | None = None
    synchronize: Callable[[int], Any] | None = None


class LibraryBackend(NamespaceBackend):
    """Interprets programs with a library's functions."""

    def __init__(self, name: str, library: Library) -> None:
        self.library = library
        self.versions = library.versions
        super().__init__(name, library.namespace, functions=library.functions)

    def devices(self) -> Sequence[DeviceInfo]:
        """The library's, in the order of their index."""
        return self.library.devices()

    def adapted(self, name: str, function: Function) -> Function:
        """``function`` with what every op of the library needs."""
        return self.library.adapted(name, function)

    @contextmanager
    def within(self, device: int) -> Iterator[None]:
        """On the device; errors as xgpu promises them."""
        try:
            with self.library.on(device):
                yield
        except Exception as error:
            for kind, word in self.library.no_memory:
                if isinstance(error, kind) and word in str(error):
                    raise OutOfMemoryError(f"{self.name}:{device}: {error}") from error
            raise

    def from_host(self, device: int, array: Any) -> Buffer:
        """A copy; of 16-bit floats by their bits, if the library reads bits."""
        if self.library.put is not None:
            with self.within(device):
                return self.library.put(np.array(array, order="C").reshape(-1), device)
        if self.library.bits is None or array.dtype not in dtypes.NARROW:
            return super().from_host(device, array)
        copied = super().from_host(device, array.view(np.int16))
        return self.library.bits(copied, self._dtype(array.dtype))

    def to_host(self, device: int, buffer: Buffer, dtype: DType, offset: int, size: int) -> Any:
        """A copy of a part of a buffer; likewise."""
        if self.library.bits is None or dtype not in dtypes.NARROW:
            return super().to_host(device, buffer, dtype, offset, size)
        bits = self.library.bits(buffer, self._dtype(dtypes.int16))
        return super().to_host(device, bits, dtypes.int16, offset, size).view(dtype)

    def numpy_of(self, array: Any) -> Any:
        """By way of the host's memory."""
        return (self.library.numpy_of or super().numpy_of)(array)

    def scalar(self, value: Any, dtype: Any) -> Any:
        """A number as an array without axes."""
        return (self.library.scalar or super().scalar)(value, dtype)

    def fresh(self, array: Any, shape: Shape) -> Any:
        """A copy, unless nothing can write to it."""
        if not self.library.immutable:
            return super().fresh(array, shape)
        return array if array.shape == shape else self.xp.reshape(array, shape)

    def strided(self, buffer: Buffer, shape: Shape, strides: Shape, offset: int) -> Any:
        """The elements at ``offset + sum(strides * k)``."""
        return (self.library.strided or super().strided)(buffer, shape, strides, offset)

    def store(
        self, buffer: Buffer, shape: Shape, strides: Shape, offset: int, value: Any
    ) -> Buffer:
        """``value`` at those places."""
        return (self.library.stored or super().store)(buffer, shape, strides, offset, value)

    def finished(self, buffers: list[Buffer]) -> list[Buffer]:
        """What has been made, before xgpu gets it."""
        return (self.library.finished or super().finished)(buffers)

    def synchronize(self, device: int) -> None:
        """Wait for what is queued on the device."""
        (self.library.synchronize or super().synchronize)(device)
