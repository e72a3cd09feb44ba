"""What a device computes from fixed operands, as digests of the bits.

    python -m tests.backends.cuda.deterministic [DEVICE]

Prints one line of JSON. Two processes that print the same computed the same bits. The programs are
those whose order of computation could depend on how the GPU schedules its blocks: sums and
products, scans, writes with repeated indices, sorts, compaction, products of matrices and rows.
"""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any

import numpy as np

import xgpu

ROWS, COLUMNS = 300, 1_021
PLACES = 5_000


def programs(xp: Any, at: Any) -> dict[str, Any]:
    """Results on the device where ``at`` puts arrays of the host; sums of floats are inexact."""
    rng = np.random.default_rng(2_025)
    x = at(rng.standard_normal((ROWS, COLUMNS)).astype(np.float32))
    long = at(rng.standard_normal(200_003))
    z = at((rng.standard_normal(9_001) + 1j * rng.standard_normal(9_001)).astype(np.complex64))
    repeated = at(rng.integers(0, 50, PLACES))
    values = at(rng.standard_normal(PLACES))
    few = at(rng.integers(0, 7, 20_011).astype(np.float32))
    written = xp.zeros(50)
    written[repeated] = values
    added = xp.ones(50)
    added[repeated] += values
    square = x[:, :ROWS]
    return {
        "sum": xp.sum(long),
        "sum of rows": xp.sum(x, axis=1),
        "sum of columns": xp.sum(x, axis=0),
        "sum of complex": xp.sum(z),
        "product": xp.prod(1 + x / 1_000),
        "mean and var": xp.mean(long) + xp.var(long),
        "fused": xp.sum(xp.exp(-(x**2)) * xp.sin(x), axis=0),
        "softmax": xp.exp(x) / xp.sum(xp.exp(x), axis=1, keepdims=True),
        "argmax": xp.argmax(few),
        "running sum": xp.cumulative_sum(long),
        "running sums of columns": xp.cumulative_sum(x, axis=0),
        "running product": xp.cumulative_prod(1 + x / 1_000, axis=1),
        "write with repeated indices": written,
        "read, add, write with repeated indices": added,
        "sort": xp.sort(x, axis=0),
        "order of equal elements": xp.argsort(few),
        "descending": xp.argsort(few, descending=True),
        "unique": xp.unique_inverse(few).inverse_indices,
        "mask": long[long > 0.5],
        "matmul": xp.matmul(x, x.T),
        "factor": xp.linalg.qr(square).Q,
        "transform": xp.fft.rfft(long),
    }


def digests(device: xgpu.Device) -> dict[str, str]:
    """SHA-256 of the bytes of each program's result."""
    with xgpu.default_device(device):
        results = programs(xgpu, lambda x: xgpu.asarray(x, device=device))
        host = {name: np.asarray(xgpu.to_device(y, "cpu")) for name, y in results.items()}
    return {name: hashlib.sha256(y.tobytes()).hexdigest() for name, y in host.items()}


def main(name: str = "cuda:0") -> None:
    """Print the digests."""
    print(json.dumps(digests(xgpu.device(name))))


if __name__ == "__main__":
    main(*sys.argv[1:])
