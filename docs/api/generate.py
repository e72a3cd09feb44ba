"""Writes the API pages from the docstrings, and the page of ops from the op table.

To be run in the repository's root after a change of a public name, a signature, a docstring or the
op table:

    python -m docs.api.generate
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from docs.api import backend_ops
from docs.api.entries import array_page, chapter
from docs.api.pages import COMMAND, PAGES, PARAMETERS, STANDARD, TYPES
from docs.api.site import ROOT, Site, table

HERE: Final = ROOT / "docs" / "api"

_INTRODUCTION: Final = f"""\
Every public name of xgpu, on a page for each chapter of the
[Array API standard 2025.12]({STANDARD}) and for what xgpu has
beyond it. `{COMMAND}` writes these pages from the docstrings, which an editor
shows as well."""

_ERRORS: Final = """\
Besides what its entry names, each function raises TypeError for an argument of a wrong type and
IndexError for an axis out of range, all of it at the call. An array of another library is an
argument of a wrong type, since nothing moves to a device silently: `xgpu.asarray` takes it in."""


def index(site: Site) -> Iterator[str]:
    """The page that leads to the others."""
    yield "# API"
    yield _INTRODUCTION
    rows = []
    for page in PAGES:
        names = [site.link(name, page) for name in site.names[page.file]]
        rows.append((f"[{page.title}]({page.file}.md)", ", ".join(names)))
    yield table(("page", "names"), rows)
    yield "## Types in signatures"
    types = [("`Array`", site.link("xgpu.Array")), ("`Device`", site.link("xgpu.Device"))]
    types += [(f"`{name}`", f"`{site.object(module, name).value}`") for module, name in TYPES]
    yield table(("name", "what it is"), types)
    yield "## Parameters that mean the same everywhere"
    lines = [
        f"- {', '.join(f'`{name}`' for name in names)}: {text}."
        for names, text in PARAMETERS.items()
    ]
    yield "\n".join(lines)
    yield "## Errors of every function"
    yield _ERRORS


def pages() -> dict[Path, str]:
    """The file of each page, and its text."""
    site = Site()
    made: dict[Path, Iterable[str]] = {HERE / "README.md": index(site)}
    for page in PAGES:
        write = array_page if page.file == "array" else chapter
        made[HERE / f"{page.file}.md"] = write(site, page)
    made[ROOT / "docs" / "backend-ops.md"] = backend_ops.page(site)
    note = f"<!-- Written by `{COMMAND}`: change the docstrings and run it. -->"
    return {path: "\n\n".join([note, *parts]) + "\n" for path, parts in made.items()}


def main() -> None:
    """Write the pages, and remove files that are none."""
    texts = pages()
    for path in HERE.glob("*.md"):
        if path not in texts:
            path.unlink()
    for path, text in texts.items():
        path.write_text(text)


if __name__ == "__main__":
    main()
