"""cubed, whose chunks are computed by the namespace in CUBED_BACKEND_ARRAY_API_MODULE."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from docs.measurements.ecosystem.row import Row, X

cubed: Any = importlib.import_module("cubed")
cx: Any = importlib.import_module("cubed.array_api")

#: The call on cubed's array, and on NumPy's.
CALLS = """a + a|xp.sum(a)|xp.sum(a, axis=0)|xp.mean(a)|xp.mean(a, axis=1)|xp.max(a, axis=0)
    |xp.argmax(a, axis=0)|xp.prod(a, axis=1)|xp.all(a > 0)|xp.matmul(a.T, a)|xp.tensordot(a, a)
    |xp.permute_dims(a, (1, 0))|a[3:9, 1]|a[[0, 2]]|xp.exp(a)|xp.concat([a, a])|xp.stack([a, a])
    |xp.where(a > 0, a, -a)|xp.cumulative_sum(a, axis=0)|xp.clip(a, -1, 1)
    |xp.diff(a)|xp.flip(a)|xp.roll(a, 1, axis=0)|xp.astype(a, xp.float32)|xp.count_nonzero(a)
    |xp.repeat(a, 2, axis=0)|xp.tile(a, (2, 1))|xp.var(a)|xp.std(a, axis=0)
    |xp.take(a, index, axis=0)"""


def rows() -> Iterator[Row]:
    """All of them."""
    for call in CALLS.split("|"):
        text = " ".join(call.split())
        code = compile(text, "cubed's call", "eval")
        yield Row("cubed", text, in_chunks(code), (X,), expected=at_once(code), dtypes=False)


def in_chunks(code: Any) -> Any:
    """The call on an array of 3 x 3 chunks, computed."""

    def run(values: Any) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            spec = cubed.Spec(folder, allowed_mem="200MB")
            a = cx.asarray(X, chunks=(25, 2), spec=spec)
            index = cx.asarray([0, 2], spec=spec)
            return eval(code, {"a": a, "xp": cx, "index": index}).compute()

    return run


def at_once(code: Any) -> Any:
    """The call on NumPy's array."""
    return lambda values: eval(code, {"a": values, "xp": np, "index": np.asarray([0, 2])})
