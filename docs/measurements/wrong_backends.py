"""Writes `wrong-backends.md` from the verdicts of both suites.

``python -m tests.wrong_backends --json docs/measurements/wrong-backends.json`` and the same with
``--official PATH --json docs/measurements/wrong-backends-official.json`` make these;
``python docs/measurements/wrong_backends.py`` then writes the page.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
PAGE: Final = HERE / "wrong-backends.md"
OURS: Final = HERE / "wrong-backends.json"
OFFICIAL: Final = HERE / "wrong-backends-official.json"

#: Backends whose fault is in memory alone: no function of the namespace shows it.
UNSEEN: Final = frozenset(
    [
        "abs-complex-float64",
        "add-gives-float32",
        "allocated-leak",
        "allocated-negative",
        "argmax-int32",
        "argsort-int32",
        "elapsed-negative",
        "equal-uint8",
        "launch-memory-error",
        "nonzero-int32",
        "shift-int64",
        "square-int64",
        "synchronize-twice",
        "to-host-live",
        "where-float64",
    ]
)


def killed(verdict: dict[str, Any]) -> bool:
    """Whether a verdict is of a backend that was found to be wrong."""
    return bool(verdict["cell"])


def parts(ours: dict[str, Any], official: dict[str, Any]) -> dict[str, str]:
    """What stands between the marks of the page, by their names.

    Raises:
        ValueError: the two are not of the same backends.
    """
    mine, theirs = ours["backends"], official["backends"]
    if [v["id"] for v in mine] != [v["id"] for v in theirs]:
        raise ValueError("the two files are of different backends: run both again")
    every = Counter(v["kind"] for v in mine)
    left = [v for v in theirs if not killed(v)]
    zeros = sum(n for kind, n in every.items() if kind.endswith("zeros"))
    unseen = sum(v["id"] in UNSEEN for v in left)
    return {
        "suites": "\n".join(
            [
                "| suite | killed | of | seconds | date | with |",
                "|---|---:|---:|---:|---|---|",
                _suite("`xgpu conformance`", ours),
                _suite("data-apis/array-api-tests", official),
            ]
        ),
        "commands": f"```\n{ours['command']}\n{official['command']}\n```",
        "counts": f"{len(mine)} backends, {zeros} that give zeros and {len(mine) - zeros} that are "
        f"wrong in some\nother way.",
        "levels": _stages("level", mine),
        "stages": _stages("tests", theirs),
        "unseen": f"These are {unseen} of the {len(left)} that it does not find.",
        "classes": _classes(every, mine, theirs),
        "survivors": "\n".join(
            f"- **{kind}**, {sum(v['kind'] == kind for v in left)}: "
            + "; ".join(f"`{v['id']}` ({v['wrong']})" for v in left if v["kind"] == kind)
            for kind in every
            if any(v["kind"] == kind for v in left)
        ),
    }


def _suite(name: str, run: dict[str, Any]) -> str:
    found = run["backends"]
    versions = f"Python {run['python']}, NumPy {run['numpy']}, xgpu {run['xgpu']}"
    suite = "" if run["suite"].startswith("xgpu") else f"commit {run['suite']}, "
    dead = sum(map(killed, found))
    return (
        f"| {name} | {dead} | {len(found)} | {run['seconds']} | {run['date']} | {suite}{versions} |"
    )


def _stages(title: str, found: list[dict[str, Any]]) -> str:
    count = Counter(v["level"] for v in found if killed(v))
    lines = [f"| {name} | {n} |" for name, n in count.most_common()]
    return "\n".join([f"| {title} | found here first |", "|---|---:|", *lines])


def _classes(every: Counter[str], mine: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> str:
    dead = [Counter(v["kind"] for v in found if killed(v)) for found in (mine, theirs)]
    lines = [f"| {kind} | {n} | {dead[0][kind]} | {dead[1][kind]} |" for kind, n in every.items()]
    lines.append(f"| **all** | {every.total()} | {dead[0].total()} | {dead[1].total()} |")
    head = "| wrong in | backends | `xgpu conformance` | official suite |"
    return "\n".join([head, "|---|---:|---:|---:|", *lines])


def filled(text: str, found: dict[str, str]) -> str:
    """The page with new parts between its marks.

    Raises:
        ValueError: it has no mark of a name.
    """
    for name, part in found.items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, mark, rest = text.partition(begin)
        _, other, after = rest.partition(end)
        if not mark or not other:
            raise ValueError(f"{PAGE.name} has no part {name!r}: {begin} ... {end}")
        text = f"{before}{begin}\n{part}\n{end}{after}"
    return text


def main() -> None:
    """Write the page again."""
    found = parts(json.loads(OURS.read_text()), json.loads(OFFICIAL.read_text()))
    PAGE.write_text(filled(PAGE.read_text(), found))


if __name__ == "__main__":
    main()
