"""``pytest --fill BYTE``: all memory that a backend allocates is filled with one byte first.

Whatever reads memory that nothing wrote then gives another result: 0xff is NaN in every floating
dtype and -1 in the integers, 0x5a a number in all of them. The simulator fills with 0xa5 anyway.
"""

from __future__ import annotations

import ctypes
from typing import Any

import pytest

from xgpu_cuda.driver import CupyDriver
from xgpu_cuda.simulator.driver import SimulatorDriver
from xgpu_numpy.backend import NumpyBackend


def add_option(parser: pytest.Parser) -> None:
    """The option, for `pytest_addoption`."""
    parser.addoption(
        "--fill",
        type=lambda text: int(text, 0),
        metavar="BYTE",
        help="fill what the backends allocate, as in --fill 0xff",
    )


def fill(byte: int) -> None:
    """Have every allocation of the project's backends filled; call it before there is a device."""

    def on_gpu(driver: Any, device: int, memory: Any) -> None:
        with driver._on(device):
            stream = driver._stream(device).stream.ptr
            driver._cupy.cuda.runtime.memsetAsync(memory.ptr, byte, memory.nbytes, stream)

    def on_host(_: Any, __: int, memory: Any) -> None:
        ctypes.memset(memory.ptr, byte, memory.nbytes)

    for driver, write in ((CupyDriver, on_gpu), (SimulatorDriver, on_host)):
        _wrap(driver, write)
    _wrap(NumpyBackend, lambda _, __, x: ctypes.memset(x.ctypes.data, byte, x.nbytes))


def _wrap(owner: Any, write: Any) -> None:
    allocate = owner.allocate

    def filled(self: Any, device: int, *size: Any) -> Any:
        memory = allocate(self, device, *size)
        if memory.nbytes:
            write(self, device, memory)
        return memory

    owner.allocate = filled
