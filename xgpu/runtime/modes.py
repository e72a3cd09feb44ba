"""What a program may set for a stretch of itself: the default device, eager execution."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from xgpu.graph.device import Device
from xgpu.graph.node import MAX_DEPTH
from xgpu.runtime import plugins

_context: Final[ContextVar[Device | None]] = ContextVar("xgpu_default_device", default=None)
_default: Device | None = None

_EAGER: Final = os.environ.get("XGPU_EAGER", "0") not in ("", "0")

fallback: Final[ContextVar[Device | None]] = ContextVar("xgpu_fallback", default=None)
"""Where ops are computed that the device's own backend lacks, if anywhere."""

eager_mode: Final[ContextVar[bool]] = ContextVar("xgpu_eager", default=_EAGER)

watchers: int = int(_EAGER)
"""How many traces and eager stretches there are, in any thread: while there are none, recording
a node looks at nothing else but `limit`."""

limit: int = 0 if watchers else MAX_DEPTH
"""How deep a recorded node is of which something more is to be done; 0 while there are watchers."""

_lock: Final = threading.Lock()


def watch(change: int) -> None:
    """Count a watcher that begins (1) or ends (-1)."""
    global watchers, limit
    with _lock:
        watchers += change
        limit = 0 if watchers else MAX_DEPTH


def current_device() -> Device:
    """The default device.

    The innermost `default_device`'s, else `set_default_device`'s, else the one that the
    environment's ``XGPU_DEVICE`` names, else ``cpu``.
    """
    global _default
    chosen = _context.get()
    if chosen is not None:
        return chosen
    if _default is None:
        _default = plugins.device(os.environ.get("XGPU_DEVICE") or "cpu")
    return _default


def set_default_device(device: str | Device) -> None:
    """Set where new arrays go when no device is named, in every thread of the process.

    Raises:
        ValueError: there is no such device, or as `xgpu.device` does.
    """
    global _default
    _default = plugins.device(device)


@contextmanager
def default_device(device: str | Device) -> Iterator[Device]:
    """Inside the ``with`` block, in this thread or task, new arrays go to ``device``."""
    chosen = plugins.device(device)
    token = _context.set(chosen)
    try:
        yield chosen
    finally:
        _context.reset(token)


@contextmanager
def eager(on: bool = True) -> Iterator[None]:
    """Inside the ``with`` block, in this thread or task, run each call at once.

    For debugging: the results are the same, and a device error appears at its own line. The
    environment's ``XGPU_EAGER=1`` does it for the whole process.
    """
    token = eager_mode.set(on)
    watch(1)
    try:
        yield
    finally:
        watch(-1)
        eager_mode.reset(token)


@contextmanager
def allow_fallback(backend: str | Device = "numpy") -> Iterator[Device]:
    """Inside the ``with`` block, in this thread or task, compute elsewhere what a backend lacks.

    An op that the backend of its operands' device has neither itself nor as a composite is
    computed by ``backend``: ``"numpy"``, or a device that has it. Its operands are copied there,
    its result is copied back, and the call waits for both; `xgpu.trace` lists and counts such
    calls. Without it they raise `UnsupportedOperationError`.

    Raises:
        ValueError: there is no such backend or device.
    """
    to = plugins.device("cpu" if backend == "numpy" else backend)
    token = fallback.set(to)
    try:
        yield to
    finally:
        fallback.reset(token)
