"""`Library`: what the battery asks of a library."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xgpu.bench.case import Program
from xgpu.bench.clock import Clock


class MissingError(Exception):
    """The library cannot be used here; the message says why."""


def module(name: str) -> Any:
    """A library's module.

    Raises:
        MissingError: it does not import.
    """
    try:
        return importlib.import_module(name)
    except Exception as error:  # a library that is installed in part raises what it likes
        raise MissingError(f"{name} does not import: {type(error).__name__}: {error}") from error


def cuda_index(device: str) -> int | None:
    """The GPU of a device's name, None for the host's.

    Raises:
        MissingError: another kind of device.
    """
    kind, _, index = device.partition(":")
    if kind == "cuda":
        return int(index or 0)
    if kind == "cpu":
        return None
    raise MissingError(f"it has no device {device}")


class Library(ABC):
    """One library on one device, in a process of its own. The defaults are those of the host."""

    clock: Clock
    #: What programs get as their first argument.
    module: Any
    #: Its name and version.
    version: str

    @abstractmethod
    def array(self, host: NDArray[Any]) -> Any:
        """A copy on the device."""

    def prepared(self, program: Program) -> Callable[..., Any]:
        """The program as a user would call it: compiled, if that is what this library is for."""
        return lambda *arrays: program(self.module, *arrays)

    def computed(self, result: Any) -> Any:
        """Have what a call gave be computed, or queued; not waited for."""
        return result

    def host(self, result: Any) -> NDArray[Any]:
        """A result as an array of the host."""
        return np.asarray(result)

    def compile_seconds(self) -> float | None:
        """Seconds of compilation so far; None where the library does not tell."""
        return None

    def release(self) -> None:  # noqa: B027  by default nothing is kept
        """Give memory back that is kept for later."""

    def out_of_memory(self, error: BaseException) -> bool:
        """Whether an error says that the device has no room."""
        return isinstance(error, MemoryError) or "out of memory" in str(error).lower()

    def peak(self, call: Callable[[], object]) -> int | None:
        """The most bytes of device memory in use while ``call`` runs, its inputs included.

        None where the library does not tell.
        """
        return None
