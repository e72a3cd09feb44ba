"""Hand one memory round: xgpu -> torch -> xgpu -> CuPy -> JAX -> xgpu, and time it.

    python docs/measurements/round_trip.py [--device cuda:0] [--bytes 1073741824] [--out FILE.json]

Each step is a `from_dlpack`; nothing is computed. The addresses are compared, so that none of the
steps copied, and a value that xgpu writes at one end is read at the other. Without a GPU, NumPy is
in CuPy's place; JAX shares memory of the host that begins at a multiple of 64 bytes, so it begins
there. Times are of the host, 100 rounds after a warm-up, least and median. A library that is not
installed is left out, and said.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

import xgpu as xp

ROUNDS = 100


class Library(NamedTuple):
    """Another library: how it takes an array, and where it says that one lies."""

    name: str
    take: Callable[[Any], Any]
    address: Callable[[Any], int]


def libraries(on_gpu: bool) -> list[list[Library]]:
    """Those between two arrays of xgpu's: torch, then CuPy and JAX."""
    found: dict[str, Library] = {}
    if (torch := _module("torch")) and (torch.cuda.is_available() or not on_gpu):
        found["torch"] = Library("torch", torch.from_dlpack, lambda t: int(t.data_ptr()))
    if on_gpu and (cupy := _module("cupy")):
        found["cupy"] = Library("cupy", cupy.from_dlpack, lambda c: int(c.data.ptr))
    elif not on_gpu:
        found["cupy"] = Library("numpy", np.from_dlpack, lambda a: int(a.ctypes.data))
    if jax := _module("jax"):
        found["jax"] = Library(
            "jax", jax.dlpack.from_dlpack, lambda j: int(j.unsafe_buffer_pointer())
        )
    return [[found[n] for n in names if n in found] for names in (["torch"], ["cupy", "jax"])]


def _module(name: str) -> Any:
    try:
        if name == "jax":
            import_module("jax.dlpack")
        return import_module(name)
    except ImportError:
        print(f"{name} is not installed: left out")
        return None


def address(x: xp.Array) -> int:
    """Where an array of xgpu's begins."""
    if x.device.type == "cuda":
        return int(x.__cuda_array_interface__["data"][0])
    return int(np.from_dlpack(x).ctypes.data)


def start(device: xp.Device, nbytes: int) -> xp.Array:
    """The array that goes round, at a multiple of 64 bytes."""
    if device.type == "cuda":
        return xp.ones(nbytes // 4, dtype=xp.float32, device=device)
    raw = np.empty(nbytes + 64, np.uint8)
    first = -raw.ctypes.data % 64
    host = raw[first : first + nbytes].view(np.float32)
    host[...] = 1.0
    return xp.from_dlpack(host, device=device)


def once(x: xp.Array, ways: list[list[Library]]) -> list[Any]:
    """Every array of one round, in order."""
    seen: list[Any] = [x]
    for way in ways:
        for library in way:
            seen.append(library.take(seen[-1]))
        seen.append(xp.from_dlpack(seen[-1], device=x.device))
    return seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--bytes", type=int, default=1 << 30)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    device = xp.device(given.device)
    ways = libraries(device.type == "cuda")
    names = ["xgpu", *(n for way in ways for n in (*(lib.name for lib in way), "xgpu"))]
    x = start(device, given.bytes)
    xp.materialize(x)
    xp.synchronize(device)

    seen = once(x, ways)
    known = {library.name: library.address for way in ways for library in way}
    places = [known.get(name, address)(a) for name, a in zip(names, seen, strict=True)]
    if len(set(places)) != 1:
        raise SystemExit(f"a step copied: {dict(zip(names, map(hex, places), strict=True))}")
    x[0] = 7.0
    xp.synchronize(device)
    if float(seen[-1][0]) != 7.0:
        raise SystemExit("a write at one end is not seen at the other")
    del seen

    times = []
    for _ in range(ROUNDS):
        begun = perf_counter()
        made = once(x, ways)
        times.append((perf_counter() - begun) * 1e3)
        del made
    info = next(i for i in device.backend.devices() if i.index == device.index)
    found = {
        "device": str(device),
        "name": info.name,
        "python": platform.python_version(),
        "versions": {n: version(_distribution(n)) for n in dict.fromkeys(names) if n != "xgpu"},
        "bytes": given.bytes,
        "way": " -> ".join(names),
        "one address": True,
        "milliseconds of a round": {"least": min(times), "median": statistics.median(times)},
    }
    print(json.dumps(found, indent=2))
    if given.out:
        given.out.write_text(json.dumps(found, indent=2) + "\n")


def _distribution(name: str) -> str:
    if name != "cupy":
        return name
    for number in (13, 12):
        try:
            version(f"cupy-cuda{number}x")
        except ImportError:
            continue
        return f"cupy-cuda{number}x"
    return name


if __name__ == "__main__":
    main()
