"""Pages and entries: functions, classes, values, and the array object."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import griffe

import xgpu
from docs.api.pages import MORE, OPERATORS, Page
from docs.api.site import Site, alphabetical, code, followed, signature, standard, table
from xgpu.plugin import dtypes

KINDS: Final = {
    "b": "boolean",
    "i": "signed integer",
    "u": "unsigned integer",
    "f": "real floating",
    "c": "complex floating",
}


def chapter(site: Site, page: Page) -> Iterator[str]:
    """A page of functions, with the classes of their results at its end."""
    yield f"# {page.title}"
    yield from site.text(site.module(page.modules[0]), page, standard(page))
    if page.file in MORE:
        yield f"More: {MORE[page.file]}."
    names = site.names[page.file]
    yield " · ".join(site.link(name, page).replace(f"({page.file}.md", "(") for name in names)
    if page.file == "elementwise":
        yield from accepted(site, page)
    further: dict[str, Any] = {}
    for name in names:
        obj = site.object(f"xgpu.{page.file}" if page.prefix else "xgpu", name)
        yield f"## `{page.prefix}{name}`"
        if obj.is_function:
            yield signature(obj, f"xgpu.{page.prefix}{name}")
            source = page.link(name) if page.entry and name in site.standard else ""
            yield from site.text(obj, page, source)
            further |= {cls.name: cls for cls in named(str(obj.returns), obj.parent)}
        elif obj.is_class:
            yield from class_text(obj, site, page)
        else:
            yield from value_text(name, site, page)
    for name, cls in further.items():
        if name not in names:
            yield f"## `{name}`"
            yield from class_text(cls, site, page)


def named(text: str, home: Any) -> Iterator[Any]:
    """The classes of xgpu's own, but for `Array`, that an annotation in a module names."""
    for word in re.findall(r"\w+", text):
        member = home.members.get(word)
        if member is None or word == "Array":
            continue
        try:
            found = followed(member)
        except griffe.AliasResolutionError:  # of another package
            continue
        if found.is_class:
            yield found
            for field in record_fields(found):
                yield from named(str(field.annotation), found.parent)


def record_fields(cls: Any) -> Iterator[Any]:
    """The fields of a dataclass or a named tuple."""
    decorated = any("dataclass" in str(d.value) for d in cls.decorators)
    if decorated or any("NamedTuple" in str(base) for base in cls.bases):
        for member in cls.members.values():
            if member.is_attribute and not member.name.startswith("_"):
                yield member


def class_text(cls: Any, site: Site, page: Page) -> Iterator[str]:
    """Text, fields and methods of a class."""
    made = cls.members.get("__init__")
    if made is not None and made.docstring:
        call = signature(made, f"xgpu.{cls.name}").replace(" -> None", "")
        yield call
    yield from site.text(cls, page)
    if made is not None and made.docstring:
        yield from site.text(made, page)
    rows = []
    for field in record_fields(cls):
        said = re.search(r"#: (.*)", field.source)
        meaning = site.prose(said[1], page) if said else ""
        rows.append((f"`{field.name}`", f"`{field.annotation}`", meaning))
    if rows:
        yield table(("field", "type", "meaning"), rows)
    for member in public_members(cls):
        if "property" in member.labels:
            yield f"### `{cls.name}.{member.name}`"
            yield code(f"{member.name}: {member.annotation}")
            yield from site.text(member, page)
        elif member.is_function:
            yield f"### `{cls.name}.{member.name}`"
            yield signature(member, member.name)
            link = page.link(member.name) if member.name in site.array["inspection"] else ""
            yield from site.text(member, page)
            if link:
                yield f"Source: [Array API 2025.12, Inspection]({link})"


def value_text(name: str, site: Site, page: Page) -> Iterator[str]:
    """A dtype or a constant."""
    value = getattr(xgpu, name)
    if page.file == "data_types":
        made = "ml_dtypes.bfloat16" if name == "bfloat16" else repr(str(value))
        yield f"`numpy.dtype({made})`: {KINDS[dtypes.kind_of(value)]}, {value.itemsize * 8} bits."
    else:
        yield f"`{value!r}`"
        yield f"Source: [Array API 2025.12, Constants]({page.link(name)})"


def accepted(site: Site, page: Page) -> Iterator[str]:
    """Which dtypes each elementwise function takes and what it gives, found by calling it."""
    kinds = (dtypes.bool_, dtypes.int32, dtypes.uint32, dtypes.float32, dtypes.complex64)
    rows = []
    for name in site.names[page.file]:
        function: Callable[..., Any] = getattr(xgpu, name)
        operands = 2 if "x2" in function.__code__.co_varnames[:2] else 1
        cells = []
        for dtype in kinds:
            x = xgpu.ones(1, dtype=dtype, device="cpu")
            try:
                cells.append(str(function(*(x,) * operands).dtype))
            except TypeError:
                cells.append("")
        rows.append((site.link(name, page), *cells))
    yield (
        "What each gives for operands of one dtype; where nothing stands, TypeError. The other "
        "widths of a kind go the same way."
    )
    yield table(("function", *map(str, kinds)), rows)


def array_page(site: Site, page: Page) -> Iterator[str]:
    """The page of `Array`."""
    cls = site.object("xgpu", "Array")
    yield f"# {page.title}"
    yield "## `Array`"
    yield from site.text(cls, page, standard(page))
    yield f"More: {MORE[page.file]}."
    members = list(public_members(cls))
    yield "## Attributes"
    for member in members:
        if "property" in member.labels:
            yield from method(member, site, page)
    yield "## Methods"
    for member in members:
        if "property" not in member.labels:
            yield from method(member, site, page)
    yield "## Operators"
    yield (
        "An operator is the function of its row, with the dtypes that it takes and the errors that "
        "it raises; a Python scalar may stand on either side, except of `@`. The reflected methods "
        "(`__radd__` ...) and the in-place ones (`__iadd__` ...) are there for every operator of "
        "two operands that is no comparison. In place, the array keeps its dtype and shape: a "
        "result of another kind or shape is an error. Views see what is written."
    )
    rows = []
    for text, (name, function) in OPERATORS.items():
        entry = f"[`{name}`]({page.link(name)})"
        rows.append((f"`{text}`", entry, site.link(function, page)))
    yield table(("operator", "method", "function"), rows)
    yield "## Python's protocols"
    shown = set(site.array["methods"]) - {name for name, _ in OPERATORS.values()} - {"to_device"}
    for name in sorted(shown | {"__array__", "__iter__", "__len__"}, key=alphabetical):
        yield from method(followed(cls.all_members[name]), site, page)


def public_members(cls: Any) -> Iterator[Any]:
    """The public attributes and methods of a class, inherited ones too, by name."""
    for name in sorted(cls.all_members, key=alphabetical):
        member = followed(cls.all_members[name])
        if not name.startswith("_") and (member.is_function or "property" in member.labels):
            yield member


def method(member: Any, site: Site, page: Page) -> Iterator[str]:
    """An attribute or a method of `Array`."""
    yield f"### `{member.name}`"
    if "property" in member.labels:
        yield code(f"{member.name}: {member.annotation}")
    else:
        yield signature(member, member.name)
    known = member.name in site.array["attributes"] or member.name in site.array["methods"]
    text = [part for part in site.text(member, page) if not part.startswith("Source: ")]
    yield from text
    if known:
        yield f"Source: [Array API 2025.12, Array object]({page.link(member.name)})"
    else:
        yield "Beyond the standard."
