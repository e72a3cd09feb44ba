"""PyTorch: ``torch:0`` is the processor, ``torch:1`` and on are its CUDA devices in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np

from xgpu.plugin import (
    Backend,
    Buffer,
    DeviceInfo,
    NamespaceBackend,
    OutOfMemoryError,
    dtypes,
    hookimpl,
)
from xgpu.plugin.dtypes import DType
from xgpu_compat import unsigned
from xgpu_compat.torch_functions import TABLE, Function, torch, xp


class TorchBackend(NamespaceBackend):
    """Buffers are tensors, looked at and written to through ``as_strided``."""

    versions: Final = {"torch": torch.__version__}

    def devices(self) -> Sequence[DeviceInfo]:
        """The processor, then what ``torch.cuda`` has."""
        found = [DeviceInfo(0, "processor", details=f"PyTorch {torch.__version__}")]
        for index in range(torch.cuda.device_count()):
            it = torch.cuda.get_device_properties(index)
            found.append(DeviceInfo(index + 1, it.name, it.total_memory, f"torch's cuda:{index}"))
        return found

    @contextmanager
    def within(self, device: int) -> Iterator[None]:
        """What torch makes is made on the device; errors as xgpu promises them."""
        try:
            with torch.device(f"cuda:{device - 1}" if device else "cpu"):
                yield
        except torch.linalg.LinAlgError as error:
            said = str(error).replace("positive-definite", "positive definite")
            raise np.linalg.LinAlgError(said) from error
        except RuntimeError as error:  # the processor's has no type of its own
            if "allocate" in str(error) or "overflowed" in str(error):
                raise OutOfMemoryError(f"torch:{device}: {error}") from error
            raise

    def from_host(self, device: int, array: Any) -> Buffer:
        """A copy; of 16-bit floats by their bits, which keeps what a NaN says."""
        if array.dtype not in dtypes.NARROW:
            return super().from_host(device, array)
        bits = super().from_host(device, array.view(np.int16))
        return bits.view(self._dtype(array.dtype))

    def to_host(self, device: int, buffer: Buffer, dtype: DType, offset: int, size: int) -> Any:
        """A copy of a part of a buffer; likewise."""
        if dtype not in dtypes.NARROW:
            return super().to_host(device, buffer, dtype, offset, size)
        bits = super().to_host(device, buffer.view(torch.int16), dtypes.int16, offset, size)
        return bits.view(dtype)

    def numpy_of(self, array: Any) -> Any:
        """By way of the host's memory."""
        return array.cpu().numpy()

    def adapted(self, name: str, function: Function) -> Function:
        """With unsigned integers, of which torch computes little."""
        return unsigned.adapted(name, function)

    def strided(
        self, buffer: Buffer, shape: tuple[int, ...], strides: tuple[int, ...], offset: int
    ) -> Any:
        """A copy in C order: for other strides torch has other code, with other last bits."""
        view, flipped = self._view(unsigned.signed(buffer), shape, strides, offset)
        made = view.flip(flipped) if flipped else view.contiguous()
        return made.view(buffer.dtype)

    def store(
        self,
        buffer: Buffer,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        offset: int,
        value: Any,
    ) -> Buffer:
        """Assign to the view."""
        view, flipped = self._view(unsigned.signed(buffer), shape, strides, offset)
        value = unsigned.signed(value)
        view.copy_(value.flip(flipped) if flipped else value.clone())
        return buffer

    def _view(
        self, buffer: Buffer, shape: tuple[int, ...], strides: tuple[int, ...], offset: int
    ) -> tuple[Any, list[int]]:
        # torch has no negative strides: the axes that have some are walked the other way.
        flipped = [axis for axis, stride in enumerate(strides) if stride < 0]
        start = offset + sum(strides[axis] * (shape[axis] - 1) for axis in flipped)
        return buffer.as_strided(shape, [abs(s) for s in strides], start), flipped

    def synchronize(self, device: int) -> None:
        """Wait for a CUDA device; the processor has done its work."""
        if device:
            torch.cuda.synchronize(device - 1)


@hookimpl
def xgpu_backend() -> Backend:
    """The backend."""
    return TorchBackend("torch", xp, functions=TABLE)
