"""PyTorch: ``torch:0`` is the processor, ``torch:1`` and on are its CUDA devices in their order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from xgpu.plugin import Backend, DeviceInfo, hookimpl
from xgpu_compat import torch_layout, unsigned
from xgpu_compat.library_backend import Library, LibraryBackend
from xgpu_compat.torch_functions import TABLE, torch, xp


def devices() -> list[DeviceInfo]:
    """The processor, then what ``torch.cuda`` has."""
    found = [DeviceInfo(0, "processor", details=f"PyTorch {torch.__version__}")]
    for index in range(torch.cuda.device_count()):
        it = torch.cuda.get_device_properties(index)
        found.append(DeviceInfo(index + 1, it.name, it.total_memory, f"torch's cuda:{index}"))
    return found


@contextmanager
def on(device: int) -> Iterator[None]:
    """What torch makes is made on the device; errors of linear algebra are NumPy's."""
    try:
        with torch.device(f"cuda:{device - 1}" if device else "cpu"):
            yield
    except torch.linalg.LinAlgError as error:
        said = str(error).replace("positive-definite", "positive definite")
        raise np.linalg.LinAlgError(said) from error


def synchronize(device: int) -> None:
    """Wait for a CUDA device; the processor has done its work."""
    if device:
        torch.cuda.synchronize(device - 1)


@hookimpl
def xgpu_backend() -> Backend:
    """The backend."""
    library = Library(
        namespace=xp,
        functions=TABLE,
        versions={"torch": torch.__version__},
        devices=devices,
        on=on,
        # The processor's has no type of its own.
        no_memory=((RuntimeError, "allocate"), (RuntimeError, "overflowed")),
        adapted=unsigned.adapted,
        bits=torch.Tensor.view,
        numpy_of=lambda array: array.cpu().numpy(),
        strided=torch_layout.strided,
        stored=torch_layout.stored,
        synchronize=synchronize,
    )
    return LibraryBackend("torch", library)
