"""What the standard has no function for: when work runs, and where arrays are."""

# Not called ``device``: the package has a function of that name, which a module would hide.

from __future__ import annotations

from xgpu.arguments import checked, device_or_default
from xgpu.array import Array
from xgpu.graph.device import Device
from xgpu.runtime.materialize import materialize as compute


def materialize(*arrays: Array) -> None:
    """Compute what is pending of ``arrays``, in as few kernels as they can share.

    The kernels are queued, not waited for (`synchronize` does that). An array that is a view
    has the whole of what it sees computed.

    Raises:
        TypeError: one is no array.
    """
    if len(arrays) == 1 and type(arrays[0]) is Array:
        compute([arrays[0]._storage.node])
        return
    for x in arrays:
        if type(x) is not Array:
            checked(x, "materialize")
    compute([x._storage.node for x in arrays])


def synchronize(device: str | Device | None = None) -> None:
    """Wait until all work queued on a device, the default one for None, is done.

    Raises:
        KernelError: a kernel that was queued failed.
    """
    device_or_default(device).synchronize()


def to_device(x: Array, device: str | Device, /) -> Array:
    """The array on ``device``: x itself if it is there, else a copy.

    Raises:
        TypeError: x is no array, or ``device`` names none.
        ValueError: there is no such device.
    """
    return checked(x, "to_device").to_device(device)
