"""Running the rows on one device."""

from __future__ import annotations

import importlib
import logging
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

import xgpu
from docs.measurements.ecosystem.row import Row

MODULES: Final = (
    "scipy",
    "stats",
    "sklearn",
    "extra",
    "xarray",
    "dask",
    "cubed",
    "einops",
    "matplotlib",
    "torch",
    "jax",
    "cupy",
    "numba",
)
SITE: Final = Path(np.__file__).parents[1]


def outcome(row: Row, device: str) -> dict[str, Any]:
    """One row: its state, the kind of its result, and the transfers that the consumer made."""
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = (row.expected or row.run)(*(a.copy() for a in row.arrays))
        except Exception as error:
            return {"state": "lost", "why": f"with NumPy's arrays: {refused(error)['why']}"}
        said: dict[str, Any] = {}
        try:
            with xgpu.guard("error"):
                result = called(row, device)
            said |= compared(result, expected, row, device)
        except Exception:  # not only xgpu's GuardError: some consumers raise another for it
            with listed() as lines:
                said |= finished(row, device, expected)
            if lines:
                said["transfers"] = lines
    if said["state"] == "refused" and (limits := declared(row)):
        said["declared"] = limits
    said["seconds"] = round(time.perf_counter() - start, 2)
    return said


def called(row: Row, device: str) -> Any:
    """The call on xgpu's arrays."""
    arrays = [xgpu.asarray(a, device=device) for a in row.arrays]
    before = xgpu.get_default_device()
    xgpu.set_default_device(device)  # of all threads: cubed computes chunks in its own
    try:
        return row.run(*arrays)
    finally:
        xgpu.set_default_device(before)


def finished(row: Row, device: str, expected: Any) -> dict[str, Any]:
    """The call again, with the transfers that it makes allowed."""
    try:
        return compared(called(row, device), expected, row, device)
    except Exception as error:
        return refused(error)


def refused(error: Exception) -> dict[str, str]:
    """Its error, in one line."""
    text = without_places(" ".join(str(error).split())).replace("|", "/")
    return {"state": "refused", "why": f"{type(error).__name__}: {text}"[:220]}


def declared(row: Row) -> str:
    """What SciPy says of a function's devices, in the table that its documentation is made of."""
    if not row.consumer.startswith("scipy."):
        return ""
    table: Any = importlib.import_module("scipy._lib._array_api").xp_capabilities_table
    function: Any = importlib.import_module(row.consumer)
    for name in row.call.split("."):
        function = getattr(function, name)
    # scipy.linalg has no entries: its functions take NumPy's arrays, and what becomes one.
    said = table.get(function, {"np_only": True})
    if said["np_only"]:
        return "for NumPy alone"
    return "for the CPU alone" if said["cpu_only"] else ""


def without_places(text: str) -> str:
    """Paths as they are anywhere."""
    return text.replace(f"{SITE}/", "").replace(f"{Path.cwd()}/", "")


@contextmanager
def listed() -> Iterator[list[str]]:
    """The lines that `xgpu.guard` logs inside the block, each once."""
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = record.getMessage().replace(" that was not asked for", "")
            text = without_places(text)
            if text not in lines:
                lines.append(text)

    logger, handler = logging.getLogger("xgpu.guard"), Lines()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        with xgpu.guard("log"):
            yield lines
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = True


def compared(result: Any, expected: Any, row: Row, device: str) -> dict[str, str]:
    """Whether values, kinds, dtypes and devices of all parts are as they should be."""
    got, wanted = parts(result), parts(expected)
    if len(got) != len(wanted):
        return {"state": "differs", "why": f"{len(got)} results, not {len(wanted)}"}
    kinds = []
    for one, other in zip(got, wanted, strict=True):
        values, right = host(one), np.asarray(other)
        if values.shape != right.shape:
            return {"state": "differs", "why": f"shape {values.shape}, not {right.shape}"}
        if values.dtype.kind == "O":
            values = values.astype(right.dtype)
        close = np.allclose if right.dtype.kind in "fc" else np.array_equal
        options = {"rtol": row.rtol, "atol": row.rtol} if right.dtype.kind in "fc" else {}
        if not close(values, right, equal_nan=right.dtype.kind in "fc", **options):
            return {"state": "differs", "why": "other values than NumPy's"}
        if isinstance(one, xgpu.Array):
            if row.dtypes and hasattr(other, "dtype") and one.dtype != other.dtype:
                return {"state": "differs", "why": f"dtype {one.dtype}, not {other.dtype}"}
            if one.device != device:
                return {"state": "differs", "why": f"an array on {one.device}"}
        kinds.append(kind(one))
    return {"state": "equal", "kind": " and ".join(dict.fromkeys(kinds))}


def parts(result: Any) -> list[Any]:
    """A result of several parts, without those that are no numbers."""
    if isinstance(result, tuple | list):
        return [part for item in result for part in parts(item)]
    return [] if result is None or isinstance(result, str) else [result]


def kind(part: Any) -> str:
    """What a user holds."""
    if isinstance(part, xgpu.Array):
        return "array"
    return "number" if np.ndim(part) == 0 else "NumPy"


def host(part: Any) -> Any:
    """Its values on the host, by a call that says so."""
    return np.asarray(xgpu.to_device(part, "cpu") if isinstance(part, xgpu.Array) else part)
