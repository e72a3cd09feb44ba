"""What the compiler makes of the battery's kernels, told without a GPU.

    python -m docs.measurements.registers [--arch sm_90] [CASE ...]

Each case runs on ``cudasim:0``, on few rows of the width that it has in the battery; NVRTC compiles
the kernels that it took. Columns: registers of a thread, bytes that are spilt to local memory,
instructions in the code (not those that a thread runs), and how many threads the registers leave
room for on a multiprocessor with 65,536 of them, of 2,048.
"""

from __future__ import annotations

import argparse
import struct
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np

import xgpu
from xgpu.bench.cases import CASES
from xgpu_cuda.compiler import compile_cubin
from xgpu_cuda.launch.rows import RowKernel

ROWS: Final = 8
DEFAULT: Final = ("chain", "gelu", "black_scholes", "softmax", "layer_norm")

REGISTERS, FRAME = 0x2F, 0x11
"""Attributes of a cubin's section ``.nv.info``."""


class Code(NamedTuple):
    """What a cubin says of its kernel."""

    registers: int
    spilt: int
    instructions: int

    def threads(self, block: int) -> int:
        """On a multiprocessor, in whole blocks; registers are given out by 8 to a thread."""
        each = -(-self.registers // 8) * 8
        return min(2048, 65536 // (each * block) * block)


def sections(cubin: bytes) -> Iterator[tuple[str, bytes]]:
    """The sections of a 64-bit ELF file."""
    (start,) = struct.unpack_from("<Q", cubin, 40)
    count, names = struct.unpack_from("<HH", cubin, 60)
    headers = [struct.unpack_from("<IIQQQQ", cubin, start + 64 * n) for n in range(count)]
    text = headers[names][4]
    for name, _, _, _, at, size in headers:
        end = cubin.index(b"\0", text + name)
        yield cubin[text + name : end].decode(), cubin[at : at + size]


def code(cubin: bytes) -> Code:
    """Of a cubin with one kernel."""
    registers = spilt = instructions = 0
    for name, data in sections(cubin):
        if name.startswith(".text."):
            instructions += len(data) // 16
        if name != ".nv.info":
            continue
        at = 0
        while at < len(data):
            form, attribute, size = struct.unpack_from("<BBH", data, at)
            at += 4
            if form == 4:
                if attribute in (REGISTERS, FRAME):
                    (value,) = struct.unpack_from("<I", data, at + 4)
                    registers, spilt = (
                        (value, spilt) if attribute == REGISTERS else (registers, value)
                    )
                at += size
    return Code(registers, spilt, instructions)


def kernels(name: str) -> Iterator[tuple[str, str, int]]:
    """(name, source, threads of a block) of the kernels of a case."""
    device = xgpu.device("cudasim:0")
    device.kernels.clear()
    device.plans.clear()
    device.matchers.clear()
    case = CASES[name]
    rng = np.random.default_rng(0)
    arrays: list[Any] = []
    for draw in case.draws:
        shape = (ROWS, *draw.shape[1:]) if len(draw.shape) > 1 else draw.shape
        shape = shape if shape[0] <= 1 << 16 else (1 << 16, *shape[1:])
        arrays.append(xgpu.asarray(rng.random(shape, np.float32) + 0.5, device=device))
    xgpu.materialize(*arrays)
    device.kernels.clear()
    xgpu.materialize(case.programs["xgpu"](xgpu, *arrays))
    for kernel in device.kernels.values():
        if isinstance(kernel, RowKernel):
            (plan,) = kernel._plans.values()
            yield kernel.name, plan.variant.macros() + kernel.source, plan.block
        else:
            yield kernel.name, kernel.source, kernel.tuning.block


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--arch", default="sm_90")
    given = parser.parse_args()
    print(f"{'case':16}{'registers':>10}{'spilt':>7}{'code':>7}{'threads':>9}")
    for name in given.cases or DEFAULT:
        for _, source, block in kernels(name):
            made = code(compile_cubin(source, given.arch))
            threads = made.threads(block)
            print(f"{name:16}{made.registers:10}{made.spilt:7}{made.instructions:7}{threads:9}")


if __name__ == "__main__":
    main()
