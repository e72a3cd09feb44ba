"""Arrays handed round between threads, each with a stream; NumPy is the other library.

tests/exchange/test_gpu.py does it with ten thousand arrays, CuPy and a GPU's streams.
"""

from __future__ import annotations

import gc
import threading
from typing import Any

import numpy as np
import pytest

import xgpu

THREADS = 4


def test_arrays_between_threads_and_streams(device: xgpu.Device) -> None:
    if xgpu.empty(1, device=device).__dlpack_device__() != (1, 0):
        pytest.skip("NumPy does not see a GPU's memory: tests/exchange/test_gpu.py has this")
    count = 30 if device.type == "cudasim" else 250
    streams = [xgpu.Stream(device) for _ in range(THREADS)]
    gc.collect()  # what earlier tests left
    before = device.backend.allocated(0)
    barrier = threading.Barrier(THREADS, timeout=60)
    wrong: list[Any] = []
    handed: list[Any] = [None] * THREADS  # what each thread leaves for the next one

    def work(number: int) -> None:
        try:
            for i in range(count):
                with streams[number]:
                    x = xgpu.full((100,), float(number), device=device) + float(i)
                    pending = xgpu.sum(x)
                theirs: Any = np.from_dlpack(x)
                theirs *= 2.0
                handed[number] = theirs
                barrier.wait()
                other = (number + 1) % THREADS
                with streams[(number + i) % THREADS]:
                    y = xgpu.from_dlpack(handed[other], device=device)
                    y += 1.0
                barrier.wait()
                expected = 2.0 * (number + i) + 1.0
                if not (theirs == expected).all() or float(x[7]) != expected:
                    wrong.append((number, i, float(x[7])))
                if float(pending) != 100.0 * (number + i):
                    wrong.append((number, i, "what was pending"))
        except Exception as error:
            wrong.append(error)
            barrier.abort()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    handed.clear()
    gc.collect()
    assert device.backend.allocated(0) == before
