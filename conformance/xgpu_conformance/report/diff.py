"""Two reports, cell by cell: what was lost from the first to the second, and what was gained.

The two are a backend before and after a change, or two backends.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from xgpu_conformance.report.again import again
from xgpu_conformance.schema import (
    NOT_SELECTED,
    Cell,
    Key,
    Report,
    State,
    make_id,
)

Kind = Literal["regression", "improvement", "change", "accuracy", "not compared", "same"]
"""``regression``: something that was right is not, or is not known to be; or more is wrong.
``improvement``: the other way round.  ``change``: another state, neither better nor worse.
``accuracy``: passes in both, with another largest error.  ``not compared``: one of the two reports
did not ask for the cell."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True)
class Difference:
    """One cell in both reports; None where a report does not have it."""

    kind: Kind
    key: Key
    before: Cell | None
    after: Cell | None
    note: str = ""  #: what differs, where the states do not say it

    @property
    def id(self) -> str:
        """The cell's id."""
        level, name, dtype = self.key
        return make_id(level=level, name=name, dtype=dtype)

    def states(self) -> tuple[State | None, State | None]:
        """Before and after."""
        before, after = (cell.state if cell else None for cell in (self.before, self.after))
        return before, after


def compare(before: Report, after: Report) -> list[Difference]:
    """Every cell of either report, in the order of the second, then what only the first has."""
    old, new = before.by_key(), after.by_key()
    keys = [*new, *(key for key in old if key not in new)]
    return [_difference(key, old.get(key), new.get(key), before, after) for key in keys]


def counted(differences: list[Difference]) -> dict[Kind, int]:
    """How many differences there are of each kind."""
    found = Counter(d.kind for d in differences)
    return {kind: found[kind] for kind in KINDS}


def _difference(
    key: Key, old: Cell | None, new: Cell | None, before: Report, after: Report
) -> Difference:
    def found(kind: Kind, note: str = "") -> Difference:
        return Difference(kind, key, old, new, note)

    if old is None or new is None:
        cell, lacking = (new, before) if old is None else (old, after)
        assert cell is not None
        if key[0] not in lacking.levels:
            return found("not compared", f"{lacking.device} has no level {key[0]!r}")
        if old is None:
            return found("regression" if cell.state == "fail" else "change", "a cell that is added")
        return found("regression" if cell.state == "pass" else "change", "a cell that is gone")
    for report, cell in ((before, old), (after, new)):
        if cell.state == "untested" and cell.reason == NOT_SELECTED:
            return found("not compared", f"not selected for {report.device}")
    if old.state == new.state:
        return found(*_of_one_state(old, new))
    # A wrong value is worse than none: what was unsupported or untested and fails counts.
    if new.state == "fail" or old.state == "pass":
        return found("regression")
    if new.state == "pass" or old.state == "fail":
        return found("improvement" if new.state == "pass" else "change")
    return found("change")


def _of_one_state(old: Cell, new: Cell) -> tuple[Kind, str]:
    if old.state in ("fail", "expected") and _wrong(old) != _wrong(new):
        counts = (old.failed, old.values, new.failed, new.values)
        note = "{} of {} values wrong, then {} of {}".format(*counts)
        return ("regression" if _wrong(new) > _wrong(old) else "improvement"), note
    if old.worst and new.worst and old.worst.ulp != new.worst.ulp:
        return "accuracy", f"largest error {old.worst.ulp:.3g} ULP, then {new.worst.ulp:.3g}"
    return "same", ""


def _wrong(cell: Cell) -> float:
    """The share of values that are wrong: reports may have run different numbers of them."""
    return cell.failed / max(cell.values, cell.failed, 1)


def to_plain(before: Report, after: Report, differences: list[Difference]) -> dict[str, Any]:
    """The comparison as JSON has it; cells that are the same are counted only."""
    return {
        "before": _which(before),
        "after": _which(after),
        "counts": counted(differences),
        "differences": [_entry(d, after.device) for d in differences if d.kind != "same"],
    }


def _which(report: Report) -> dict[str, Any]:
    return {
        "device": report.device,
        "backend": report.backend,
        "date": report.date,
        "versions": dict(report.versions),
        "finished": report.finished,
    }


def _entry(difference: Difference, device: str) -> dict[str, Any]:
    before, after = difference.states()
    return {
        "kind": difference.kind,
        "id": difference.id,
        "before": before,
        "after": after,
        "note": describe(difference),
        "replay": replay_of(difference, device),
    }


def describe(difference: Difference) -> str:
    """What there is to say about a difference, on one line."""
    after = difference.after
    if difference.note or after is None:
        return difference.note
    if after.failures:
        return after.failures[0].message.splitlines()[0]
    return after.reason


def replay_of(difference: Difference, device: str) -> str:
    """The command that runs what is wrong again; "" where nothing is."""
    after = difference.after
    if after is None or not after.failures:
        return ""
    return again(device, after.level, after.name, after.failures[0].id)
