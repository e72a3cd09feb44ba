"""Backends that are wrong in one thing each, made from the reference."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from xgpu.plugin import Program
from xgpu_numpy.backend import NumpyBackend


class Wrong(NumpyBackend):
    """The reference with other functions for some ops."""

    def __init__(self, **functions: Any) -> None:
        super().__init__()
        self.functions = {**self.functions, **functions}
        self.kernel_ops = {name: self._kernel_op(self.functions[name]) for name in self.kernel_ops}
        self.name = "wrong"


class WrongFused(NumpyBackend):
    """Subtracts the wrong way round in programs of three ops and more."""

    def compile(self, device: int, program: Program) -> Any:
        kernel = super().compile(device, program)
        if len(program.ops()) < 3:
            return kernel
        steps = tuple(
            step._replace(function=_turned) if instr.op == "subtract" else step
            for step, instr in zip(kernel.steps, program.body, strict=True)
        )
        return type(kernel)(kernel.program, steps)


class WrongStrides(NumpyBackend):
    """Reads views that go backwards from their other end."""

    def strided(
        self, buffer: Any, shape: tuple[int, ...], strides: tuple[int, ...], offset: int
    ) -> Any:
        if len(strides) == 1 and strides[0] < 0:
            return super().strided(buffer, shape, (-strides[0],), 0)
        return super().strided(buffer, shape, strides, offset)


class Lacking(NumpyBackend):
    """Has no exp and no sort."""

    def __init__(self) -> None:
        super().__init__()
        self.unsupported = frozenset({"exp"})
        self.kernel_ops = {n: f for n, f in self.kernel_ops.items() if n != "sort"}


def crashing() -> NumpyBackend:
    """Ends its process in exp, hangs in log, raises in sin."""

    def crash(x: Any) -> Any:
        os._exit(3)

    def hang(x: Any) -> Any:
        time.sleep(60)

    def fail(x: Any) -> Any:
        raise RuntimeError("no sine today")

    return Wrong(exp=crash, log=hang, sin=fail)


def exp_off_by_3(x: Any) -> Any:
    """exp, 3 ULP too large at 1."""
    y = np.exp(x)
    if x.dtype != np.float64:
        return y
    return np.where(x == 1, y + 3 * np.spacing(y), y)


def remainder_with_x1_zeros(x1: Any, x2: Any) -> Any:
    """remainder, whose zeros have the sign of x1 and not of x2."""
    y = np.remainder(x1, x2)
    return np.where(y == 0, np.copysign(y, x1), y) if x1.dtype.kind == "f" else y


def zeros_matmul(x1: Any, x2: Any) -> Any:
    """Zeros of the shape of the product."""
    return np.zeros_like(np.matmul(x1, x2))


def _turned(x1: Any, x2: Any) -> Any:
    return np.subtract(x2, x1)


def unstable(x: Any, *, descending: bool, stable: bool) -> Any:
    """Indices that sort, equal elements last first."""
    if descending:
        return NumpyBackend().functions["argsort"](x, descending=True, stable=True)
    back = np.argsort(x[..., ::-1], axis=-1, kind="stable")
    return x.shape[-1] - 1 - back
