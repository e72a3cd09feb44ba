"""The reference beside plain NumPy, in one process: large arrays, and arrays of 1,024 elements.

    python docs/measurements/cpu.py [ELEMENTS]

Rounds of both take turns; the least of each is told, and the ratio.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any, Final

import numpy as np

import xgpu as xp
from xgpu.bench.cases import CASES

LARGE: Final = {"axpy": 2, "gelu": 9, "chain": 10, "black_scholes": 64}
SMALL: Final = {"add": 1, **LARGE}
"""Cases, and how many operations they are made of."""


def inputs(name: str, elements: int) -> list[Any]:
    """Of NumPy."""
    rng = np.random.default_rng(0)
    draws = CASES[name].scaled(elements).draws
    return [(rng.random(draw.shape) + 0.5).astype(draw.dtype) for draw in draws]


def least(calls: dict[str, Callable[[], object]], rounds: int, repeat: int) -> dict[str, float]:
    """Seconds per call of each."""
    found = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            start = perf_counter()
            for _ in range(repeat):
                call()
            found[name] = min(found[name], (perf_counter() - start) / repeat)
    return found


def both(name: str, elements: int) -> dict[str, Callable[[], object]]:
    """A call of NumPy, one of xgpu, and a captured one."""
    programs, arrays = CASES[name].programs, inputs(name, elements)
    given = [xp.asarray(array, device="cpu") for array in arrays]
    captured = xp.capture(lambda *x: programs["xgpu"](xp, *x))
    np.testing.assert_allclose(
        np.asarray(captured(*given)), programs["numpy"](np, *arrays), rtol=1e-4, atol=1e-4
    )
    return {
        "numpy": lambda: programs["numpy"](np, *arrays),
        "xgpu": lambda: xp.materialize(programs["xgpu"](xp, *given)),
        "captured": lambda: captured(*given),
    }


def main() -> None:
    """Print two tables."""
    elements = int(sys.argv[1]) if len(sys.argv) > 1 else 1 << 24
    threads = xp.device("cpu").backend.threads
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {threads.count} threads")
    print(f"{elements:,} elements, ms          NumPy        xgpu       ratio")
    for name in LARGE:
        calls = both(name, elements)
        found = least({n: calls[n] for n in ("numpy", "xgpu")}, 9, 1)
        ms = {n: seconds * 1e3 for n, seconds in found.items()}
        print(f"{name:24}{ms['numpy']:12.1f}{ms['xgpu']:12.1f}{ms['numpy'] / ms['xgpu']:12.2f}")
    print("1,024 elements, us               NumPy        xgpu   more each    captured")
    for name, count in SMALL.items():
        us = {n: s * 1e6 for n, s in least(both(name, 1024), 200, 50).items()}
        more = (us["xgpu"] - us["numpy"]) / count
        print(f"{name:24}{us['numpy']:12.1f}{us['xgpu']:12.1f}{more:12.2f}{us['captured']:12.1f}")


if __name__ == "__main__":
    main()
