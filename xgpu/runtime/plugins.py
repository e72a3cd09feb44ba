"""Backend plugins: found by entry point, loaded one at a time, checked when they are.

Entry points are named after the device type that the plugin serves. Listing them imports
nothing; asking for a device imports the one plugin that serves it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pluggy

from xgpu.graph.device import Device
from xgpu.plugin import hookspecs
from xgpu.plugin.backend import PROTOCOL_VERSION, REQUIRED, Backend, DeviceInfo
from xgpu.plugin.errors import BackendUnavailableError, PluginError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


@dataclass(frozen=True, slots=True)
class BackendEntry:
    """One backend that can be asked for, whether or not it has been loaded."""

    type: str  #: the device type that it serves
    source: str  #: the entry point's module, or "registered at run time"
    distribution: str  #: name and version of the installed distribution; "" at run time


_lock = threading.RLock()
_registered: Final[dict[str, Backend]] = {}
_loaded: Final[dict[str, Backend]] = {}
_devices: Final[dict[tuple[str, int], Device]] = {}


def backends() -> list[BackendEntry]:
    """The backends that are installed or registered, by device type. Imports no plugin."""
    found = {
        entry.name: BackendEntry(entry.name, entry.value, _distribution(entry))
        for entry in _entry_points()
    }
    for type_ in _registered:
        found[type_] = BackendEntry(type_, "registered at run time", "")
    return [found[type_] for type_ in sorted(found)]


def register_backend(type: str, backend: Backend) -> None:
    """Serve devices of ``type`` with ``backend``, in this process.

    Raises:
        PluginError: it speaks another version of the protocol, or lacks members of it.
        ValueError: ``type`` is no identifier, or has been registered or loaded already.
    """
    if not (isinstance(type, str) and type.isidentifier()):
        raise ValueError(f"a device type is an identifier such as 'cuda': got {type!r}")
    with _lock:
        if type in _registered or type in _loaded:
            raise ValueError(f"device type {type!r} has a backend already: {_name(type)}")
        _registered[type] = _checked(backend, f"the backend for {type!r}")


def unregister_backend(type: str) -> None:
    """Undo `register_backend`. Arrays on its devices stay usable; new ones cannot be made.

    Raises:
        ValueError: ``type`` was not registered at run time.
    """
    with _lock:
        if type not in _registered:
            raise ValueError(f"device type {type!r} was not registered at run time")
        del _registered[type]
        _loaded.pop(type, None)
        for key in [k for k in _devices if k[0] == type]:
            del _devices[key]


def backend(type: str) -> Backend:
    """The backend that serves ``type``, loaded if it was not.

    Raises:
        ValueError: nothing installed serves it.
        PluginError: its plugin fails to import or does not fit.
    """
    loaded = _loaded.get(type)
    if loaded is not None:
        return loaded
    with _lock:
        if type not in _loaded:
            _loaded[type] = _registered[type] if type in _registered else _load(type)
        return _loaded[type]


def device(name: str | Device) -> Device:
    """The device called ``name``: ``type`` or ``type:index``, such as ``cpu`` or ``cuda:0``.

    Raises:
        TypeError: not a string or a `Device`.
        ValueError: no backend serves the type, or it has no such device.
        BackendUnavailableError: the backend cannot run here.
        PluginError: the backend's plugin cannot be used.
    """
    if isinstance(name, Device):
        return name
    if not isinstance(name, str):
        raise TypeError(f"a device is a string such as 'cuda:0' or an xgpu.Device: got {name!r}")
    type_, _, digits = name.partition(":")
    if (digits and not digits.isdecimal()) or name.endswith(":"):
        raise ValueError(f"not a device: {name!r}; write it as 'cpu' or 'cuda:0'")
    index = int(digits or 0)
    found = _devices.get((type_, index))
    if found is not None:
        return found
    serving = backend(type_)
    infos = serving.devices()
    if index not in [info.index for info in infos]:
        there = ", ".join(f"{type_}:{info.index}" for info in infos) or "none"
        raise ValueError(f"no device {name!r}; backend {serving.name!r} has: {there}")
    with _lock:
        return _devices.setdefault((type_, index), Device(type_, index, serving))


def devices(type: str | None = None) -> list[Device]:
    """The devices that can be used now: of one type, or of every installed backend.

    With ``type`` None a backend that cannot run here is left out; ``xgpu devices`` says why.
    """
    if type is not None:
        return [device(f"{type}:{info.index}") for info in backend(type).devices()]
    found: list[Device] = []
    for entry in backends():
        try:
            found.extend(devices(entry.type))
        except (BackendUnavailableError, PluginError):
            continue
    return found


def device_info(device: Device) -> DeviceInfo:
    """Name, memory and details of a device, as its backend tells them."""
    infos: Sequence[DeviceInfo] = device.backend.devices()
    return next(info for info in infos if info.index == device.index)


def _load(type: str) -> Backend:
    entries = [e for e in _entry_points() if e.name == type]
    if not entries:
        known = ", ".join(repr(e.type) for e in backends())
        raise ValueError(f"no backend serves device type {type!r}; installed: {known}")
    entry = entries[0]
    where = f"plugin {entry.value!r} for device type {type!r}"
    manager = pluggy.PluginManager("xgpu")
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(entry.load(), name=type)
        offered: list[Any] = manager.hook.xgpu_backend()
    except (BackendUnavailableError, PluginError):
        raise
    except Exception as error:
        raise PluginError(f"{where} failed to load: {_said(error)}{_place(error)}") from error
    if len(offered) != 1:
        raise PluginError(
            f"{where} has no hook: mark one function xgpu_backend() with xgpu.plugin.hookimpl"
        )
    return _checked(offered[0], where)


def _checked(backend: Any, where: str) -> Backend:
    version = getattr(backend, "protocol", None)
    if version != PROTOCOL_VERSION:
        raise PluginError(
            f"{where} speaks protocol {version!r}, this xgpu speaks {PROTOCOL_VERSION}: "
            "install versions of the two that match"
        )
    missing = [name for name in REQUIRED if not hasattr(backend, name)]
    if missing:
        raise PluginError(f"{where} lacks {', '.join(missing)} of the Backend protocol")
    found: Backend = backend
    return found


def _entry_points() -> list[EntryPoint]:
    # importlib.metadata costs a third of xgpu's own import time, so it waits until it is needed.
    from importlib.metadata import entry_points

    return list(entry_points(group=hookspecs.GROUP))


def _said(error: Exception) -> str:
    return f"{error.__class__.__name__}: {error}"


def _place(error: Exception) -> str:
    """Where in the plugin it was raised, which a message alone would not say."""
    place, trace = "", error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if not code.co_filename.startswith("<"):
            place = f" ({code.co_filename}, line {trace.tb_lineno})"
        trace = trace.tb_next
    return place


def _name(type: str) -> str:
    return (_registered.get(type) or _loaded[type]).name


def _distribution(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else ""
