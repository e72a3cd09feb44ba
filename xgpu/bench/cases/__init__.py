"""The battery's cases, by theme: data, and a small function for each library that differs."""

from __future__ import annotations

from typing import Final

from xgpu.bench.case import Case
from xgpu.bench.cases import digits, elementwise, products, reductions, rows, scans_and_sorts, views

CASES: Final[dict[str, Case]] = {
    case.name: case
    for module in (elementwise, rows, reductions, scans_and_sorts, views, products, digits)
    for case in module.CASES
}
