"""Programs on which NVRTC did not come to an end, each with a limit."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tests.backends.cuda.interpreter import Builder
from xgpu.codegen import emit
from xgpu.codegen.cuda import CUDA
from xgpu.plugin import BackendUnavailableError
from xgpu_cuda.driver import nvrtc

SECONDS = 60

COMPILE = """
import sys
from xgpu_cuda.compiler import compile_cubin
assert compile_cubin(sys.stdin.read(), "sm_90")
"""

try:
    nvrtc()
except BackendUnavailableError as error:
    pytest.skip(str(error), allow_module_level=True)


def ends(build: Builder) -> None:
    """NVRTC compiles the program in time. What ends a process ends it; nothing within one does."""
    command = [sys.executable, "-c", COMPILE]
    source = emit(build.program, CUDA)
    subprocess.run(command, input=source, text=True, timeout=SECONDS, check=True)


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint64"])
def test_divisions_of_divisions(dtype: str) -> None:
    """As coordinates are made of positions."""
    build = Builder((8,))
    x = build.load(np.zeros(1), "contiguous", 0, (), dtype=dtype)
    by = build.scalar(7, dtype)
    for first in ("floor_divide", "remainder"):
        for second in ("floor_divide", "remainder"):
            build.output(build.op(second, build.op(first, x, by), build.scalar(3, dtype)))
    ends(build)


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint64"])
@pytest.mark.parametrize("second", ["remainder", "floor_divide"])
@pytest.mark.parametrize("first", ["remainder", "floor_divide"])
def test_divisions_of_products_of_divisions(first: str, second: str, dtype: str) -> None:
    """As ``(x * x % 97) ** 2 % 97``."""
    build = Builder((8,))
    x = build.load(np.zeros(1), "contiguous", 0, (), dtype=dtype)
    for name in (first, second):
        x = build.op(name, build.op("multiply", x, x), build.scalar(97, dtype))
    build.output(x)
    ends(build)
