"""Fourier transforms along the last axis, none of them scaled, by the device's own library."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from xgpu.plugin import KernelOp, Result, Strided, dtypes
from xgpu_cuda.driver import Driver, Memory, Transform
from xgpu_cuda.launch.fused import Formula, Fused, contiguous, is_contiguous

Attributes = Mapping[str, Any]


class Fourier:
    """The kernel ops over one driver."""

    def __init__(self, driver: Driver, fused: Fused) -> None:
        self._driver = driver
        self._fused = fused

    def kernel_ops(self) -> dict[str, KernelOp]:
        """By the names of their rows."""
        return {"fft": self.fft, "irfft": self.irfft, "rfft": self.rfft}

    def fft(
        self, device: int, operands: Sequence[Strided], results: Sequence[Result], given: Attributes
    ) -> list[Memory]:
        """Complex to complex."""
        x = self._contiguous(device, operands[0])
        return self._transform(device, "ifft" if given["inverse"] else "fft", x, results[0])

    def rfft(
        self, device: int, operands: Sequence[Strided], results: Sequence[Result], _: Attributes
    ) -> list[Memory]:
        """Real to complex, the first half."""
        x = self._contiguous(device, operands[0])
        return self._transform(device, "rfft", x, results[0], x.shape[-1])

    def irfft(
        self, device: int, operands: Sequence[Strided], results: Sequence[Result], given: Attributes
    ) -> list[Memory]:
        """Complex to real, from the first half.

        The library overwrites its operand, and does not say that it leaves out the imaginary parts
        that are to count as zero: it gets a copy in which they are.
        """
        (x,), n = operands, given["n"]
        real = dtypes.real_of(x.dtype)
        made = Formula(x.shape)
        value, place = made.load(x), made.index(len(x.shape) - 1)
        plain = made.test("equal", place, made.scalar(0, dtypes.int64))
        if n % 2 == 0:
            last = made.test("equal", place, made.scalar(n // 2, dtypes.int64))
            plain = made.test("logical_or", plain, last)
        without = made.op("cast", made.op("real", value, dtype=real), dtype=x.dtype)
        (copy,) = self._fused.run(device, made, made.op("where", plain, without, value))
        return self._transform(device, "irfft", contiguous(copy, x.dtype, x.shape), results[0], n)

    def _contiguous(self, device: int, x: Strided) -> Strided:
        """The operand, or a copy of it in C order."""
        # Libraries read pairs of numbers at once: an odd offset may not do.
        if is_contiguous(x) and x.offset % 2 == 0:
            return x
        return contiguous(self._fused.copy(device, x), x.dtype, x.shape)

    def _transform(
        self, device: int, kind: Transform, x: Strided, result: Result, points: int | None = None
    ) -> list[Memory]:
        dtype, shape = result
        target = self._driver.allocate(device, math.prod(shape) * dtype.itemsize)
        points = x.shape[-1] if points is None else points
        self._driver.libraries.transform(device, kind, x, target, points)
        return [target]
