"""dask.array, with arrays as its chunks."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np

import xgpu
from docs.measurements.ecosystem.row import Row, X

da: Any = importlib.import_module("dask.array")

CALLS = """d + 1|abs(d)|d @ d.T|d.sum()|d.sum(axis=0)|d.mean()|d.mean(axis=1)|d.max(axis=0)
    |d.min()|d.prod(axis=0)|d.any()|d.all(axis=0)|d.argmax(axis=1)|d.var()|d.std(axis=0)
    |da.nansum(d)|da.nanmean(d)|d[3:9, ::2]|d[:, [0, 2, 1]]|da.take(d, [0, 2], axis=1)|d[d > 0]
    |d.T|d.rechunk((60, 5)).reshape(5, 60)|d.rechunk((60, 5))|d.astype("float32")
    |da.concatenate([d, d])|da.stack([d, d])|da.flip(d, 0)|da.roll(d, 1)|da.diff(d)
    |d.map_blocks(abs, dtype=d.dtype)|da.tensordot(d, d, axes=((0,), (0,)))
    |da.einsum("ij,ik->jk", d, d)|d.dot(d[0])
    |da.percentile(d[:, 0], [10, 50])|da.where(d > 0, d, 0)|d.cumsum(axis=0)|da.exp(d)
    |da.linalg.norm(d)|d.blocks[0]|da.overlap.overlap(d, depth=1, boundary="none")"""


def rows() -> Iterator[Row]:
    """All of them."""
    for call in CALLS.split("|"):
        text = " ".join(call.split())
        yield Row("dask", text, called(text), (X,))


def host(values: Any) -> Any:
    """The values that are cut into chunks, which go to the device one by one."""
    if isinstance(values, xgpu.Array):
        return np.asarray(xgpu.to_device(values, "cpu"))
    return values


def called(text: str) -> Any:
    """The call's result, computed, with ``d`` an array of 3 x 3 chunks."""
    code = compile(text, "dask's call", "eval")

    def run(values: Any) -> Any:
        d = da.from_array(host(values), chunks=(25, 2))
        if isinstance(values, xgpu.Array):
            meta = values[:0, :0]
            d = d.map_blocks(xgpu.asarray, device=values.device, dtype=values.dtype, meta=meta)
        return eval(code, {"d": d, "da": da}).compute(scheduler="synchronous")

    return run
