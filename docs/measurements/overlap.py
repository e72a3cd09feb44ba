"""Overlap a copy to the device with a kernel, on two streams, and draw when each ran.

    python docs/measurements/overlap.py [--device cuda:0] [--milliseconds 10]
        [--out FILE.json] [--picture FILE.png]

The copy is from page-locked memory, ``asarray(..., non_blocking=True)``; the kernel is one fused
chain of sines. Their sizes are chosen so that each takes about ``--milliseconds`` by itself. Both
are then done one after the other on one stream, and together on two, 20 times each, between events;
the run with the median time is the one that is reported. A device that does one thing at a time,
such as ``cudasim:0`` and ``cpu``, runs the same and shows none.
"""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import xgpu as xp

REPEATS = 20
SINES = 32
SMALL = 1 << 22  # bytes of the copy, and a quarter as many elements of the kernel, on a GPU
MOST = 1 << 31  # bytes


class Span(NamedTuple):
    """When something ran, in milliseconds after the first event."""

    start: float
    stop: float

    @property
    def length(self) -> float:
        return self.stop - self.start


class Run(NamedTuple):
    """One copy and one kernel."""

    copy: Span
    kernel: Span

    @property
    def whole(self) -> float:
        """From the start of the first to the end of the last."""
        return max(self.copy.stop, self.kernel.stop) - min(self.copy.start, self.kernel.start)


class Work:
    """The copy and the kernel, of given sizes."""

    def __init__(self, device: xp.Device, nbytes: int, elements: int) -> None:
        self.device = device
        self.one, self.two = xp.Stream(device), xp.Stream(device)
        self.pinned = xp.empty_pinned(nbytes // 4, dtype=xp.float32, device=device)
        self.pinned[...] = 1.0
        with self.two:
            self.x = xp.linspace(0.0, 1.0, elements, dtype=xp.float32, device=device)
            self.x += 0.0  # in memory
        for _ in range(3):  # compiled, and memory in the pools of both streams
            self.run(self.one, self.two)
            self.run(self.one, self.one)

    def copy(self, stream: xp.Stream) -> tuple[xp.Event, xp.Event, xp.Array]:
        with stream:
            start = stream.record()
            made = xp.asarray(self.pinned, device=self.device, non_blocking=True)
            return start, stream.record(), made

    def kernel(self, stream: xp.Stream) -> tuple[xp.Event, xp.Event, xp.Array]:
        with stream:
            start = stream.record()
            y = self.x
            for _ in range(SINES):
                y = xp.sin(y)
            return start, stream.record(), y

    def run(self, one: xp.Stream, two: xp.Stream) -> Run:
        """The copy on ``one``, the kernel on ``two``, both after the same event."""
        xp.synchronize(self.device)
        zero = one.record()
        two.wait(zero)
        copied, computed = self.copy(one), self.kernel(two)
        xp.synchronize(self.device)
        spans = [
            Span(zero.elapsed(start) * 1e3, zero.elapsed(stop) * 1e3)
            for start, stop, _ in (copied, computed)
        ]
        return Run(*spans)

    def median(self, one: xp.Stream, two: xp.Stream) -> Run:
        """The run with the median time."""
        return sorted((self.run(one, two) for _ in range(REPEATS)), key=lambda r: r.whole)[
            REPEATS // 2
        ]


def sized(device: xp.Device, milliseconds: float) -> Work:
    """Work whose two parts take about as long as asked for, each by itself."""
    nbytes = SMALL if device.type == "cuda" else SMALL // 64
    elements = nbytes // 4
    for _ in range(3):
        work = Work(device, nbytes, elements)
        took = work.median(work.one, work.one)
        if device.type != "cuda":
            return work
        nbytes = min(int(nbytes * milliseconds / took.copy.length), MOST) // 1024 * 1024
        elements = min(int(elements * milliseconds / took.kernel.length), MOST // 4)
        del work
    return Work(device, nbytes, elements)


def draw(path: Path, apart: Run, together: Run, device: xp.Device) -> None:
    """The two runs as bars over time."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    rows = [
        ("one stream", [(apart.copy, "copy"), (apart.kernel, "kernel")]),
        ("two streams: copy", [(together.copy, "copy")]),
        ("two streams: kernel", [(together.kernel, "kernel")]),
    ]
    colours = {"copy": "tab:blue", "kernel": "tab:orange"}
    figure, axes = pyplot.subplots(figsize=(8, 2.4), layout="constrained")
    for place, (_, spans) in enumerate(rows):
        for span, name in spans:
            axes.barh(place, span.length, left=span.start, color=colours[name], height=0.6)
            middle = span.start + span.length / 2
            axes.text(middle, place, f"{span.length:.2f} ms", ha="center", va="center", size=8)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.invert_yaxis()
    axes.set_xlim(left=0.0)
    axes.set_xlabel("milliseconds of device time")
    axes.set_title(
        f"{device}: {apart.whole:.2f} ms one after the other, "
        f"{together.whole:.2f} ms on two streams"
    )
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--milliseconds", type=float, default=10.0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--picture", type=Path)
    given = parser.parse_args()
    device = xp.device(given.device)
    work = sized(device, given.milliseconds)
    apart = work.median(work.one, work.one)
    together = work.median(work.one, work.two)
    _, _, copied = work.copy(work.one)
    assert float(xp.sum(copied)) == work.pinned.size
    info = next(i for i in device.backend.devices() if i.index == device.index)
    found: dict[str, Any] = {
        "device": str(device),
        "name": info.name,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "xgpu": xp.__version__,
        "copied bytes": work.pinned.nbytes,
        "kernel elements": work.x.size,
        "milliseconds": {
            "copy": apart.copy.length,
            "kernel": apart.kernel.length,
            "one after the other": apart.whole,
            "copy, overlapped": together.copy.length,
            "kernel, overlapped": together.kernel.length,
            "together": together.whole,
        },
    }
    print(json.dumps(found, indent=2))
    if given.out:
        given.out.write_text(json.dumps(found, indent=2) + "\n")
    if given.picture:
        draw(given.picture, apart, together, device)
    if device.type != "cuda":
        print(f"{device} does one thing at a time: no overlap is to be seen on it")
    elif together.whole > 0.75 * apart.whole:
        raise SystemExit("the two streams did not overlap")


if __name__ == "__main__":
    main()
