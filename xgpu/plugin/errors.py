"""Errors that the standard and NumPy have no type for.

Everything else raises the type NumPy raises for the same mistake (TypeError, ValueError,
IndexError, OverflowError ...), at the call that made it.
"""


class PluginError(RuntimeError):
    """A backend plugin cannot be used: it failed to import, or speaks another protocol version."""


class BackendUnavailableError(RuntimeError):
    """A backend is installed but cannot run here (no driver, no compiler, no such device)."""


class DeviceMismatchError(ValueError):
    """One call got arrays of different devices."""


class UnsupportedOperationError(NotImplementedError):
    """The backend of the device has neither the op nor a composite for it."""


class OutOfMemoryError(MemoryError):
    """The device has no memory left for a buffer, after its pool was emptied and asked again."""


class KernelError(RuntimeError):
    """A kernel failed to compile or to launch, or faulted while it ran."""


class GuardError(RuntimeError):
    """A copy or a wait that `xgpu.guard` forbids; it was not made."""


class GuardWarning(UserWarning):
    """A copy or a wait that `xgpu.guard` was told to warn of."""


class MixedDevicesWarning(UserWarning):
    """A call moved its operands to one device, as `xgpu.mixed_devices` told it to."""


class CaptureError(RuntimeError):
    """A function cannot be captured: what it does follows from values, or it has other effects."""
