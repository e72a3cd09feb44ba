"""The documentation's examples run, and what it quotes from files is what stands there."""

from __future__ import annotations

import doctest
import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import xgpu

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [*ROOT.glob("*.md"), ROOT / "backends" / "README.md", *(ROOT / "docs").rglob("*.md")],
)
OPTIONS = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
EXAMPLED = {
    "README.md",
    "backends/README.md",
    "docs/benchmarks.md",
    "docs/capture.md",
    "docs/deviations.md",
    "docs/devices.md",
    "docs/dtypes.md",
    "docs/ecosystem.md",
    "docs/exchange.md",
    "docs/indexing.md",
    "docs/quickstart.md",
    "docs/special.md",
    "docs/streams.md",
    "docs/why-slow.md",
}


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of one language on a page."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


@cache
def anchors(page: Path) -> set[str]:
    """The fragments that GitHub gives the headings of a page."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        numbered = (slug, *(f"{slug}-{n}" for n in range(1, 100)))
        found.add(next(name for name in numbered if name not in found))
    return found


@pytest.fixture
def _no_registered_backend() -> object:
    before = {entry.type for entry in xgpu.backends()}
    yield
    for entry in xgpu.backends():
        if entry.type not in before:
            xgpu.unregister_backend(entry.type)


@pytest.mark.usefixtures("_no_registered_backend")
@pytest.mark.parametrize("page", PAGES, ids=name)
def test_examples(page: Path) -> None:
    failed, tried = doctest.testfile(str(page), module_relative=False, optionflags=OPTIONS)
    assert failed == 0
    assert (tried > 0) == (name(page) in EXAMPLED)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target, fragment in re.findall(r"\]\(([^)#:\s]*)(?:#([^)]*))?\)", page.read_text()):
        there = page.parent / target if target else page
        if not there.exists() or (fragment and fragment not in anchors(there)):
            broken.append(f"{target}#{fragment}")
    assert broken == []


def test_the_plugin_page_quotes_the_example() -> None:
    page = ROOT / "backends" / "README.md"
    example = ROOT / "backends" / "example"
    assert (example / "xgpu_example.py").read_text() in blocks(page, "python")
    (entry_point,) = blocks(page, "toml")
    assert entry_point in (example / "pyproject.toml").read_text()


def commands() -> list[list[str]]:
    """The command lines that call `xgpu` in the documentation."""
    lines = [line for page in PAGES for block in blocks(page, "sh") for line in block.splitlines()]
    return [shlex.split(line) for line in lines if line.startswith("xgpu ")]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_commands_run(command: list[str]) -> None:
    on_example = any(word.startswith("example:") for word in command)
    installed = {entry.type for entry in xgpu.backends()}
    assert not on_example or "example" in installed, "install it: pip install -e backends/example"
    if "cudasim:0" in command and shutil.which("c++") is None:
        pytest.skip("no C++ compiler for the simulator")
    run = [sys.executable, "-m", "xgpu.cli", *command[1:]]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
