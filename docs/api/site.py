"""The package as griffe reads it, and the Markdown of docstrings and signatures."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import griffe
import numpy as np

import xgpu
import xgpu.bench
from docs.api.pages import EXTENSIONS, MODULES, MOVED, PAGES, STANDARD, Page
from xgpu.plugin import dtypes

ROOT: Final = Path(__file__).parents[2]
DATA: Final = ROOT / "tests" / "data"
WIDTH: Final = 92  #: columns of a signature before it is written on several lines
NO_ENTRY: Final = {"__version__", "__array_api_version__", "special", *EXTENSIONS}
_TITLES: Final = {"raises": "Raises:", "yields": "Gives:", "parameters": "Parameters:"}


class Site:
    """Which page each public name is on, and where its links lead."""

    def __init__(self) -> None:
        self.package: Any = griffe.load("xgpu", search_paths=[ROOT], submodules=True)
        self.array: dict[str, Any] = json.loads((DATA / "array_object.json").read_text())
        signatures = json.loads((DATA / "signatures.json").read_text())
        self.standard = {name for names in signatures.values() for name in names}
        self.names: dict[str, list[str]] = {page.file: [] for page in PAGES}
        for name in sorted(set(xgpu.__all__) - NO_ENTRY, key=_order):
            self.names[self._page_of(name)].append(name)
        for name in MODULES:
            self.names[name] = sorted(getattr(xgpu, name).__all__, key=alphabetical)
        self.links: dict[str, str] = {}
        for page in PAGES:
            for name in self.names[page.file]:
                link = f"{page.file}.md#{anchor(page.prefix + name)}"
                # GitHub numbers headings that differ in case alone.
                taken = list(self.links.values()).count(link)
                self.links[page.prefix + name] = f"{link}-{taken}" if taken else link

    def _page_of(self, name: str) -> str:
        home = self.object("xgpu", name).parent.path
        for page in PAGES:
            if MOVED.get(name, "") == page.file or (name not in MOVED and home in page.modules):
                return page.file
        raise LookupError(f"xgpu.{name}, defined in {home}, has no page in docs/api/pages.py")

    def module(self, path: str) -> Any:
        """A module by its name."""
        return self.package if path == "xgpu" else self.package[path.removeprefix("xgpu.")]

    def object(self, module: str, name: str) -> Any:
        """What ``name`` is in ``module``, aliases followed."""
        return followed(self.module(module)[name])

    def link(self, name: str, page: Page | None = None) -> str:
        """A name as code, and as a link if it has an entry."""
        bare = name.removeprefix("xgpu.")
        for full in ((page.prefix if page else "") + bare, bare):
            if full in self.links:
                return f"[`{name}`]({self.links[full]})"
        return f"`{name}`"

    def prose(self, text: str, page: Page) -> str:
        """Text of a docstring as Markdown."""
        parts = re.split(r"(``.+?``)", text, flags=re.DOTALL)
        for i, part in enumerate(parts):
            if part.startswith("``"):
                parts[i] = part[1:-1]
            else:
                parts[i] = re.sub(r"`([^`]+)`", lambda found: self.link(found[1], page), part)
        return "".join(parts)

    def text(self, obj: Any, page: Page, source: str = "") -> Iterator[str]:
        """The parts of a docstring; its line of the source leads to ``source``."""
        docstring = obj.docstring or griffe.Docstring("")
        for section in docstring.parse("google", returns_multiple_items=False, warnings=False):
            if section.kind.value == "text":
                for paragraph in section.value.split("\n\n"):
                    cited = re.fullmatch(r"Source: (.*?)\.?", paragraph)
                    if cited and source:
                        said = cited[1].replace('"', "")
                        yield f"Source: [{said}]({source})"
                    else:
                        yield self.prose(paragraph, page)
            else:
                yield _TITLES[section.kind.value]
                yield "\n".join(self._item(section, item, page) for item in section.value)

    def _item(self, section: Any, item: Any, page: Page) -> str:
        said = self.prose(" ".join(item.description.split()), page)
        if section.kind.value == "yields":
            return f"- {said}"
        if section.kind.value == "parameters":
            return f"- `{item.name}`: {said}"
        kinds = str(item.annotation).split(", ")
        return f"- {', '.join(self.link(kind, page) for kind in kinds)}: {said}"


def followed(member: Any) -> Any:
    """A member itself where it is an alias."""
    return member.final_target if member.is_alias else member


def anchor(heading: str) -> str:
    """The fragment that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def alphabetical(name: str) -> tuple[str, str]:
    """The key that sorts names as a reader looks for them."""
    return name.lower().strip("_"), name


def _order(name: str) -> tuple[int, tuple[str, str]]:
    value = getattr(xgpu, name)
    if isinstance(value, np.dtype):
        return list(dtypes.SUPPORTED).index(value) + 1, ("", "")
    return 0, alphabetical(name)


def signature(function: Any, name: str) -> str:
    """The signature as it is written, on several lines where it is long."""
    returns = str(function.returns)
    if any("contextmanager" in str(decorator.value) for decorator in function.decorators):
        returns = returns.replace("Iterator", "AbstractContextManager", 1)
    line = f"{name}({function.signature(return_type=False, name='_')[2:]} -> {returns}"
    if len(line) <= WIDTH:
        return code(line)
    inner = line[len(name) + 1 : line.rindex(") -> ")]
    parts = re.split(r", (?=[*\w/]+(?::|,|=|$))", inner)
    return code("\n".join([f"{name}(", *(f"    {part}," for part in parts), f") -> {returns}"]))


def code(text: str) -> str:
    """A block of Python."""
    return f"```python\n{text}\n```"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table."""
    lines = [list(head), *map(list, rows)]
    text = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
    return "\n".join([text[0], "|" + "---|" * len(lines[0]), *text[1:]])


def standard(page: Page) -> str:
    """The standard's page of a chapter, if there is one."""
    return STANDARD + page.chapter if page.chapter else ""
