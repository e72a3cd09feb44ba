"""``pytest --late-gpu``: the device ``cuda:0`` is played, so that tests of a GPU run without one.

The driver of GPUs runs over `LateCuda` with the sizes of a large GPU: streams work as late as they
may, memory that is freed is given out again at once, and grids are as for 132 multiprocessors. It
shows what holds by the simulator's ways alone: one multiprocessor, work that is done when the call
returns, fresh memory. Tests with processes of their own, or with other libraries on the GPU, fail.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.backends.cuda.late_cuda import LateCuda, LateDriver
from xgpu_cuda.driver import CupyDriver, cupy_driver, cupy_meter

LARGE: Final = {
    "major": 9,
    "minor": 0,
    "multiProcessorCount": 132,
    "name": b"late",
    "totalGlobalMem": 1 << 33,
}
"""An H100 but for its memory, which is the host's here."""


def add_option(parser: pytest.Parser) -> None:
    """The option, for `pytest_addoption`."""
    parser.addoption("--late-gpu", action="store_true", help="play cuda:0, with late streams")


def play() -> None:
    """Have every driver of GPUs that is made from here on be a late one, all of one device."""
    cuda = LateCuda(LARGE)

    class Played(LateDriver):
        def __init__(self, _: Any) -> None:
            super().__init__(cuda)

    for module in (cupy_driver, cupy_meter):
        setattr(module, "cupy_module", lambda: cuda)  # noqa: B010

    def new(cls: type[CupyDriver], *_: Any) -> CupyDriver:
        return object.__new__(Played if cls is CupyDriver else cls)

    setattr(CupyDriver, "__new__", new)  # noqa: B010
