"""How much of a report passed, as one figure."""

from __future__ import annotations

from typing import NamedTuple

from xgpu_conformance.schema import Level, Report


class Share(NamedTuple):
    """``passed`` of ``counted`` cells: all but the unsupported ones.

    Untested cells count: what was not looked at has not passed. So do failures that are declared.
    """

    passed: int
    counted: int

    def __str__(self) -> str:
        """A percentage, rounded down: 100% is said only of all."""
        if not self.counted:
            return "no cells"
        tenths = self.passed * 1000 // self.counted
        whole, part = divmod(tenths, 10)
        return f"{whole}%" if tenths == 1000 else f"{whole}.{part}%"


def share(report: Report, level: Level | None = None) -> Share:
    """The share of one level, or of all."""
    counts = report.counts(level)
    return Share(counts["pass"], sum(counts.values()) - counts["unsupported"])
