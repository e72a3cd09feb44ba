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
compile_cubin(sys.stdin.read(), "sm_90")
"""

try:
    nvrtc()
except BackendUnavailableError as error:
    pytest.skip(str(error), allow_module_level=True)


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint64"])
@pytest.mark.parametrize("second", ["remainder", "floor_divide"])
@pytest.mark.parametrize("first", ["remainder", "floor_divide"])
def test_divisions_of_divisions(first: str, second: str, dtype: str) -> None:
    """As ``(x * x % 97) ** 2 % 97``. What ends a process ends NVRTC; nothing within one does."""
    build = Builder((8,))
    x = build.load(np.zeros(1), "contiguous", 0, (), dtype=dtype)
    for name in (first, second):
        x = build.op(name, build.op("multiply", x, x), build.scalar(97, dtype))
    build.output(x)
    source = emit(build.program, CUDA)
    command = [sys.executable, "-c", COMPILE]
    subprocess.run(command, input=source, text=True, timeout=SECONDS, check=True)
