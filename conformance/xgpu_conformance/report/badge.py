"""A badge: how much passed, as a small picture or for a service that draws them."""

from __future__ import annotations

import json
from typing import Any, Final

from xgpu_conformance.report import filling
from xgpu_conformance.report.share import share
from xgpu_conformance.schema import Report

LABEL: Final = "xgpu conformance"

_GREEN, _AMBER, _RED, _GREY = "#1a7f37", "#8a5a00", "#b3261e", "#5c6670"

# Widths of Verdana at 11 pixels, near enough: the text is stretched to what is left for it.
_NARROW: Final = frozenset("fijlrt.,:;!|()[]'1 ")


def message(report: Report) -> str:
    """``98.7% of 2,859 cells``, and what keeps that from being the last word."""
    found = share(report)
    text = f"{found} of {found.counted:,} cells" if found.counted else str(found)
    return text if report.finished else f"{text}, not finished"


def color(report: Report) -> str:
    """Green if all that is supported passes, red if a cell fails, amber in between."""
    counts, found = report.counts(), share(report)
    if counts["fail"]:
        return _RED
    if not found.counted:
        return _GREY
    return _GREEN if report.finished and found.passed == found.counted else _AMBER


def to_svg(report: Report, label: str = LABEL) -> str:
    """The picture; its title says the same to a screen reader."""
    text = message(report)
    return filling.fill(
        "xgpu_conformance.report",
        "badge.svg.j2",
        label=label,
        message=text,
        color=color(report),
        left=_width(label),
        right=_width(text),
    )


def to_endpoint(report: Report, label: str = LABEL) -> str:
    """The JSON that shields.io reads from an address (https://shields.io/badges/endpoint-badge)."""
    plain: dict[str, Any] = {
        "schemaVersion": 1,
        "label": label,
        "message": message(report),
        "color": color(report),
        "isError": color(report) == _RED,
    }
    return json.dumps(plain, indent=1) + "\n"


def _width(text: str) -> int:
    return 12 + round(sum(4.2 if character in _NARROW else 7.2 for character in text))
