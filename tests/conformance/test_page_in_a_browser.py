"""The page in Chromium: filters, the card, keys, widths, colour schemes, print.

It needs Playwright, and a Chromium or Chrome: Playwright's own, one on the PATH, or the one that
the environment variable CHROME_PATH names.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.pages import NASTY, reports
from xgpu_conformance.report import page as pages

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
CELL = '[data-level="{}"] tbody tr:has(th:text-is("{}")) td >> nth={}'
DESKTOP, PHONE = (1280, 900), (390, 844)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright")
    with playwright.sync_playwright() as started:
        found = os.environ.get("CHROME_PATH") or next(filter(None, map(shutil.which, NAMES)), None)
        if found is None and Path(started.chromium.executable_path).exists():
            found = started.chromium.executable_path
        if found is None:
            pytest.skip("no Chromium or Chrome: put one on the PATH, or name it in CHROME_PATH")
        browser = started.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("page") / "page.html"
    pages.write(reports(), path)
    return path.as_uri()


class Shown:
    """A tab with the page in it; what it says is wrong, and what it asks the network for."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.errors: list[str] = []
        self.asked: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text))
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(address)

    def rows(self, level: str = "ops") -> list[str]:
        lines = self.page.locator(f'[data-level="{level}"] tbody tr:visible th')
        return lines.all_inner_texts()

    def count(self) -> str:
        return self.page.locator("#shown").inner_text()

    def hash(self) -> str:
        return self.page.url.partition("#")[2]

    def card(self) -> str:
        card = self.page.locator("#card")
        return card.inner_text() if card.is_visible() else ""

    def cell(self, level: str, name: str, at: int) -> Any:
        return self.page.locator(CELL.format(level, name, at))


@pytest.fixture
def shown(browser: Browser, address: str) -> Iterator[Shown]:
    width, height = DESKTOP
    context = browser.new_context(viewport={"width": width, "height": height})
    made = Shown(context.new_page(), address)
    yield made
    context.close()
    assert made.errors == []
    assert {url.partition("#")[0] for url in made.asked} == {address}


def test_filters(shown: Shown) -> None:
    page, every = shown.page, ["abs", "add", "exp", "linalg.svd", "log", "sum"]
    assert shown.rows() == shown.rows("functions") == every
    assert shown.count() == "42 of 42 cells"
    page.uncheck("input[value=pass]")
    page.uncheck("input[value=unsupported]")
    assert shown.rows() == ["abs", "add", "exp"] and shown.rows("functions") == ["exp"]
    assert shown.count() == "4 of 42 cells" and shown.hash() == "state=fail,expected,untested"
    page.click("button[type=reset]")
    assert shown.rows() == every and shown.hash() == ""
    page.fill("input[name=name]", "lin*, su")
    assert shown.rows() == ["linalg.svd", "sum"] and shown.hash() == "name=lin*,+su"
    page.click("button[type=reset]")
    page.uncheck("input[value=ops]")
    assert not page.locator('[data-level="ops"]').is_visible()
    assert shown.rows("functions") == every
    page.click("button[type=reset]")
    page.uncheck("input[value=float32]")
    headings = page.locator('[data-level="ops"] thead th:visible').all_inner_texts()
    assert headings == ["name", "bool", "int8", "float64"]
    page.click("button[type=reset]")
    page.check("input[name=differ]")
    assert shown.rows() == ["abs", "add", "exp", "log"]


def test_a_filter_comes_from_the_address(shown: Shown) -> None:
    shown.page.goto(f"{shown.address}#state=fail&name=add")
    shown.page.reload()
    assert shown.rows() == ["add"] and shown.count() == "1 of 42 cells"
    assert shown.page.input_value("input[name=name]") == "add"
    assert not shown.page.is_checked("input[value=pass]")
    shown.page.evaluate("location.hash = '#name=exp'")
    shown.page.wait_for_function("document.getElementById('shown').textContent.startsWith('7 ')")
    assert shown.rows() == ["exp"]


def test_hovering_shows_the_worst_input_and_the_replay_line(shown: Shown) -> None:
    shown.cell("ops", "exp", 3).hover()
    said = shown.card()
    assert said.startswith("exp, float64")
    assert "cpu:0: pass" in said and "wrong:0: fail" in said
    assert "1.5 ULP, 4 allowed" in said and "inf ULP, 2 allowed" in said and "1.0, nan" in said
    assert NASTY in said
    id = "level=ops&name=exp&dtype=float64&case=special&seed=0"
    assert f"xgpu conformance --replay 'device=wrong:0&{id}&at=17'" in said
    assert f"xgpu conformance --replay 'device=cpu:0&{id}&at=7'" in said
    shown.page.mouse.move(2, 2)
    shown.page.wait_for_selector("#card", state="hidden")
    shown.cell("ops", "exp", 3).click()
    shown.page.mouse.move(2, 2)
    shown.page.wait_for_timeout(400)
    assert shown.card().startswith("exp, float64")
    shown.page.click("h1")
    assert shown.card() == ""


def test_expected_and_unsupported_cells_say_why(shown: Shown) -> None:
    shown.cell("functions", "exp", 1).hover()
    assert "known (until 2100-01-01)" in shown.card()
    assert shown.page.get_attribute("#card a", "href") == "https://example.org/issues/1"
    shown.cell("functions", "exp", 2).hover()
    assert "backend 'wrong' has no complex64" in shown.card()


def test_keys(shown: Shown) -> None:
    page = shown.page
    page.focus('[data-level="ops"] td[tabindex="0"]')
    assert shown.card().startswith("abs, bool")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    assert shown.card().startswith("add, int8")
    assert page.evaluate("document.activeElement.getAttribute('aria-describedby')") == "card"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "Copy the command"
    page.keyboard.press("Escape")
    assert shown.card() == "" and page.evaluate("document.activeElement.tagName") == "TD"
    assert page.locator('[data-level="ops"] td[tabindex="0"]').count() == 1
    page.fill("input[name=name]", "a*")
    page.focus('[data-level="ops"] tr:has(th:text-is("add")) td >> nth=0')
    page.keyboard.press("ArrowDown")  # what is below is hidden
    assert shown.card().startswith("add, bool")


def luminance(color: str) -> float:
    """Of ``rgb(...)``, as WCAG 2.1 defines it."""
    parts = [int(p) / 255 for p in color[color.index("(") + 1 : -1].split(",")[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_widths_and_schemes(browser: Browser, address: str, size: Any, scheme: Any) -> None:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, has_touch=True
    )
    shown = Shown(context.new_page(), address)
    page = shown.page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shown.cell("ops", "exp", 3).evaluate("cell => cell.scrollIntoView({block: 'end'})")
    shown.cell("ops", "exp", 3).tap()
    page.wait_for_timeout(500)  # longer than a card stays that the pointer has left
    assert "wrong:0: fail" in shown.card()
    box: Any = page.locator("#card").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= size[0] + 1
    assert box["y"] >= 0 and box["y"] + box["height"] <= size[1] + 1
    colors = page.evaluate(
        """() => ["body", "i.pas", "i.fai", "i.exp", "i.uns", "i.unt", "small", "#card dt"].map(
          (name) => {
            let at = document.querySelector(name);
            const fore = getComputedStyle(at).color;
            const back = () => getComputedStyle(at).backgroundColor;
            while (back() === "rgba(0, 0, 0, 0)") at = at.parentElement;
            return [name, fore, back()];
          })"""
    )
    assert (luminance(colors[0][2]) < 0.1) == (scheme == "dark")
    for name, fore, back in colors:
        dark, bright = sorted((luminance(fore), luminance(back)))
        assert (bright + 0.05) / (dark + 0.05) >= 4.5, f"{name}: {fore} on {back}"
    context.close()
    assert shown.errors == []


def test_print(shown: Shown) -> None:
    page = shown.page
    page.emulate_media(media="print", color_scheme="dark")
    assert not page.locator("form").is_visible()
    assert shown.rows() == ["abs", "add", "exp", "linalg.svd", "log", "sum"]
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(0, 0, 0)"
    assert page.pdf(format="A4").startswith(b"%PDF")
