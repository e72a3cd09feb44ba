"""Inputs and reference results, in files that all workers map."""

from __future__ import annotations

import hashlib
import math
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from xgpu.bench.case import Case

PART: Final = 1 << 18
"""Elements of the intermediates of the parts in which a reference is computed, where its rows are
independent."""

KEPT: Final = 3 << 30
"""Bytes of inputs that are kept for the next cases."""


class Files:
    """A folder of arrays, flat. Equal draws are made once, whatever their shapes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made: dict[Any, Path] = {}

    def inputs(self, case: Case) -> list[Path]:
        """A file for each input; the oldest others are removed if all take too much room."""
        keys: list[Any] = []
        for draw in case.draws:
            alike = (math.prod(draw.shape), draw.dtype, draw.low, draw.high)
            keys.append((*alike, sum(key[:-1] == alike for key in keys)))
        for key, draw in zip(keys, case.draws, strict=True):
            if key in self._made:
                self._made[key] = self._made.pop(key)  # to the end: the latest
                continue
            path = self.folder / f"{_digest(key)}.npy"
            np.save(path, draw.make(np.random.default_rng(_digest(key))).reshape(-1))
            self._made[key] = path
        self._trim(set(keys))
        return [self._made[key] for key in keys]

    def _trim(self, wanted: set[Any]) -> None:
        sizes = {key: path.stat().st_size for key, path in self._made.items()}
        for key in [key for key in self._made if key not in wanted]:
            if sum(sizes.values()) > KEPT:
                self._made.pop(key).unlink()
                del sizes[key]

    def reference(self, case: Case, inputs: list[Path]) -> Path:
        """The file with what results are compared with."""
        given = [
            np.load(path, mmap_mode="r").reshape(draw.shape)
            for path, draw in zip(inputs, case.draws, strict=True)
        ]
        result = computed(case, given)
        if case.compared is not None and case.reference is None:
            result = case.compared(result, *given)
        path = self.folder / "reference.npy"
        np.save(path, result)
        return path


def computed(case: Case, given: list[NDArray[Any]]) -> NDArray[Any]:
    """What NumPy gives in double precision, rounded to the dtype that the inputs have."""
    program = case.reference or case.programs["numpy"]
    splits = [draw.split for draw in case.draws]
    # What may not differ at all is exact in any precision.
    widen = _double if case.tolerance else np.asarray

    def part(start: int, stop: int) -> NDArray[Any]:
        arrays = [
            widen(x[start:stop] if split else x) for x, split in zip(given, splits, strict=True)
        ]
        return np.asarray(program(np, *arrays))

    rows = given[splits.index(True)].shape[0] if any(splits) else 0
    if not rows:
        return _rounded(part(0, 0) if not any(splits) else part(0, rows), given[0])
    row = max(x.size // rows for x, split in zip(given, splits, strict=True) if split)
    step = max(1, PART // max(1, row * case.spread))
    places = range(0, rows, step)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        parts = list(pool.map(lambda at: _rounded(part(at, at + step), given[0]), places))
    return np.concatenate(parts)


def _double(x: NDArray[Any]) -> NDArray[Any]:
    """Floats and complex numbers in double precision; integers wrap around as they are."""
    wide = {"f": np.float64, "c": np.complex128}.get(x.dtype.kind)
    return np.asarray(x) if wide is None else x.astype(wide)


def _rounded(result: NDArray[Any], like: NDArray[Any]) -> NDArray[Any]:
    return result.astype(like.dtype) if result.dtype.kind == like.dtype.kind else result


def _digest(key: Any) -> int:
    return int(hashlib.sha256(repr(key).encode()).hexdigest()[:12], 16)
