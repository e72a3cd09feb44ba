"""The page as text: what is in it, that it is well-formed, and the script that filters."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.pages import NASTY, reports
from xgpu_conformance import Report
from xgpu_conformance.report import filling, page
from xgpu_conformance.schema import ReportError

VOID = frozenset({"meta", "input", "br", "link", "img"})
LEFT_OUT = frozenset({"tr", "td", "th"})  # end tags that HTML lets one leave out, as the page does


class Seen(HTMLParser):
    """Elements that are open, rows of matrices, text, ids, and addresses."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.data: dict[str, str] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.addresses += [given[name] or "" for name in ("src", "href") if name in given]
        while (
            tag in LEFT_OUT and self.open[-1] in LEFT_OUT and (tag == "tr" or self.open[-1] != "tr")
        ):
            self.open.pop()
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open[-1] != tag and self.open[-1] in LEFT_OUT:
            self.open.pop()
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.data[self.open[-1]] = self.data.get(self.open[-1], "") + data
        if self.rows and set(self.open) & {"td", "th"}:
            self.rows[-1][-1] += data.strip()


@pytest.fixture(scope="module")
def text() -> str:
    return page.to_html(reports())


def test_it_is_well_formed_and_needs_nothing_but_itself(text: str) -> None:
    seen = Seen(text)
    assert not seen.open
    assert len(set(seen.ids)) == len(seen.ids)
    assert set(seen.addresses) == {"https://example.org/issues/1"}
    assert "@import" not in text and "url(" not in text


def test_it_has_a_mark_for_each_cell_of_each_report(text: str) -> None:
    seen = Seen(text)
    rows = {row[0]: row[1:] for row in seen.rows[:-6] if row[0] in ("exp", "add", "log", "abs")}
    assert rows["exp"] == ["✓✓", "✓✓", "✓✓", "✓✗"]
    assert rows["add"] == ["✓✓", "✓✗", "✓✓", "✓✓"]
    assert rows["log"] == ["✓✓", "✓✓", "✓·", "✓✓"]
    assert rows["abs"] == ["✓?", "✓✓", "✓✓", "✓✓"]
    below = {row[0]: row[1:] for row in seen.rows[-6:]}
    assert below["exp"] == ["✓✓", "✓!", "✓–"]  # noqa: RUF001
    summary = next(row for row in seen.rows if row[0] == "wrong:0")
    assert summary[1:] == ["88.5% (31 of 35)", "31", "2", "1", "6", "1", "107,436"]


def test_what_is_said_cannot_break_the_page(text: str) -> None:
    assert NASTY not in text and "<b>" not in text
    assert text.count("</script>") == 2
    data = json.loads(Seen(text).data["script"].partition("\n")[0])
    assert NASTY in json.dumps(data, ensure_ascii=False).replace('\\"', '"')
    assert data["count"] == 42


def test_two_reports_of_one_device_are_told_apart() -> None:
    right, _ = reports()
    text = page.to_html([right, right])
    assert "cpu:0 (1)" in text and "cpu:0 (2)" in text


def test_a_page_of_nothing(tmp_path: Path) -> None:
    empty = Report("cpu:0", "numpy")
    assert "No cell failed" in page.to_html([empty])
    with pytest.raises(ReportError, match=r"cannot write the page .*none"):
        page.write([empty], tmp_path / "none" / "a.html")


def test_it_stays_small() -> None:
    right, _ = reports()
    many = tuple(
        cell.__class__(cell.level, f"{cell.name}{number}", cell.dtype, "pass", "", 12, 3456)
        for number in range(72)
        for cell in right.cells
    )
    big = Report("cpu:0", "numpy", levels=right.levels, cells=many)
    assert len(page.to_html([big])) / len(many) < 130  # bytes for each of 3,024 cells


# The functions of filter.js, in Node


def in_node(expression: str) -> Any:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on the PATH")
    script = filling.text("xgpu_conformance.report", "filter.js")
    asked = f"{script}\nconsole.log(JSON.stringify({expression}))"
    done = subprocess.run([node, "-e", asked], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


ALL = "{state: ['pass', 'fail'], level: ['ops'], dtype: ['int8', 'float32']}"


def test_names_are_matched() -> None:
    pairs = [
        ("exp", "", True),
        ("exp", "XP", True),
        ("expm1", "exp, log", True),
        ("expm1", "exp*", True),
        ("logaddexp", "exp*", False),
        ("linalg.svd", "linalg.*", True),
        ("linalgXsvd", "linalg.*", False),
        ("Array.__add__", "array.*add*", True),
        ("sin", "cos tan", False),
        ("a(b", "a(", True),
    ]
    asked = ", ".join(f"nameMatches({name!r}, {given!r})" for name, given, _ in pairs)
    assert in_node(f"[{asked}]") == [right for *_, right in pairs]


def test_rows_and_cells_are_matched() -> None:
    row = "[['pass'], ['pass', 'fail'], null]"
    three = "['int8', 'float32', 'bool']"
    assert in_node(
        f"[rowMatches('ops', 'exp', {row}, {three}, everything({ALL})),"
        f" rowMatches('ops', 'exp', {row}, {three}, fromHash('#state=fail', {ALL})),"
        f" rowMatches('ops', 'exp', {row}, {three}, fromHash('#differ=1&dtype=int8', {ALL})),"
        f" rowMatches('functions', 'exp', {row}, {three}, everything({ALL}))]"
    ) == [
        {"shown": True, "matching": [True, True, False]},
        {"shown": True, "matching": [False, True, False]},
        {"shown": False, "matching": [False, False, False]},
        {"shown": False, "matching": [False, False, False]},
    ]


def test_a_filter_is_part_of_the_address() -> None:
    for hash in ("", "state=fail", "dtype=int8&name=linalg.*+exp&differ=1", "state="):
        assert in_node(f"toHash(fromHash('#{hash}', {ALL}), {ALL})") == hash
    assert in_node(f"toHash(fromHash('#state=odd,pass&x=1', {ALL}), {ALL})") == "state=pass"


def test_arrow_keys_go_over_what_is_hidden() -> None:
    open_ = "(r, c) => r !== 1"
    assert in_node(f"nextPlace([0, 0], 1, 0, 4, 2, {open_})") == [2, 0]
    assert in_node(f"nextPlace([2, 1], 0, 1, 4, 2, {open_})") == [2, 1]


def test_the_command_is_filled_in() -> None:
    asked = "replayCommand('run DEVICE ID', 'NAME:0', 'level=ops&name=ID', 'x')"
    assert in_node(asked) == "run NAME:0 level=ops&name=ID"


def test_styles_have_both_schemes_and_print() -> None:
    style = filling.text("xgpu_conformance.report", "page.css")
    used = set(re.findall(r"var\((--[\w-]+)\)", style))
    light, dark, printed = (
        set(re.findall(r"(--[\w-]+):", part))
        for part in (
            style[: style.index("@media (prefers-color-scheme: dark)")],
            style[style.index("@media (prefers-color-scheme: dark)") : style.index("* {")],
            style[style.index("@media print") :],
        )
    )
    assert used <= light and light == dark
    assert printed | {"--focus"} == light
