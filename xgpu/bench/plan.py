"""What a run of the battery is made of: which jobs, on which libraries, at which sizes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from xgpu.bench.battery import Job
from xgpu.bench.case import Case
from xgpu.bench.cases import CASES

PARTS: Final = ("main", "dtypes", "sizes", "digits", "host")
"""The parts of the battery, in the order in which they run."""

SWEPT: Final = ("chain", "sum", "softmax")
"""Cases of the part ``sizes``."""

SIZES: Final = tuple(10**n for n in range(2, 10))

LARGEST: Final = {"cpu": 1 << 24, "cudasim": 1 << 12}
"""Elements of the largest input by type of device, where full size would take too long."""


def jobs(only: Sequence[str], sizes: Sequence[int], elements: int | None, device: str) -> list[Job]:
    """The jobs of the parts and cases named in ``only``, in that order; of all parts if none is.

    ``elements`` is the most that the largest input of a row may have, None for what suits the
    type of device; it bounds the sizes of the sweep too.
    """
    most = LARGEST.get(device.partition(":")[0]) if elements is None else elements
    found: list[Job] = []
    for name in only or PARTS:
        found += [_capped(CASES[name], most)] if name in CASES else _part(name, sizes, most)
    return found


def _part(part: str, sizes: Sequence[int], most: int | None) -> Iterable[Job]:
    if part == "sizes":
        for name in SWEPT:
            for size in sizes:
                if most is None or size <= most:
                    yield Job(CASES[name], size, part)
    elif part == "host":
        for case in CASES.values():
            if case.host is not None:
                yield Job(case, case.host, part)
    else:
        for case in CASES.values():
            if case.group == part:
                yield _capped(case, most)


def _capped(case: Case, most: int | None) -> Job:
    small = most is None or case.elements <= most or case.group == "digits"
    return Job(case, None if small else most, case.group)
