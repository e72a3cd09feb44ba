"""Arrays in tuples, lists and dicts: taking them out, and putting others in their places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from xgpu.array import Array


class Structure(NamedTuple):
    """What is around arrays: ``kind`` is "array", "tuple", "list", "dict" or "value"."""

    kind: str
    made: Any  #: the type of a container, the value itself of anything else
    keys: tuple[Any, ...] = ()
    parts: tuple[Structure, ...] = ()


ARRAY = Structure("array", None)


def taken_apart(value: Any, where: str, found: list[tuple[str, Array]]) -> Structure:
    """The structure of ``value``; its arrays go to ``found``, each with where it was."""
    if isinstance(value, Array):
        found.append((where, value))
        return ARRAY
    kind = type(value)
    if isinstance(value, tuple) and (kind is tuple or hasattr(kind, "_fields")):
        entries: list[tuple[Any, Any]] = list(enumerate(value))
        name = "tuple"
    elif kind is list:
        entries, name = list(enumerate(value)), "list"
    elif kind is dict:
        entries, name = list(value.items()), "dict"
    else:
        return Structure("value", value)
    parts = tuple(taken_apart(part, f"{where}[{key!r}]", found) for key, part in entries)
    return Structure(name, kind, tuple(key for key, _ in entries), parts)


def rebuilt(structure: Structure, arrays: Iterator[Any]) -> Any:
    """The structure with other arrays, taken in order."""
    kind, made, keys, parts = structure
    if kind == "array":
        return next(arrays)
    if kind == "value":
        return made
    values = [rebuilt(part, arrays) for part in parts]
    if kind == "dict":
        return dict(zip(keys, values, strict=True))
    if kind == "list":
        return values
    return tuple(values) if made is tuple else made(*values)


def difference(given: Structure, wanted: Structure, where: str) -> str | None:
    """What tells two structures apart, in words that follow on "got"; None if nothing does."""
    if given.kind != wanted.kind:
        return f"{_named(given)} as {where}, not {_named(wanted)}"
    if given.kind == "array":
        return None
    if given.kind == "value":
        equal = given.made is wanted.made or (
            type(given.made) is type(wanted.made) and _equal(given.made, wanted.made)
        )
        return None if equal else f"{given.made!r} as {where}, not {wanted.made!r}"
    if given.made is not wanted.made or given.keys != wanted.keys:
        return f"another {given.kind} as {where}: {given.keys} in place of {wanted.keys}"
    for key, one, other in zip(given.keys, given.parts, wanted.parts, strict=True):
        found = difference(one, other, f"{where}[{key!r}]")
        if found is not None:
            return found
    return None


def _equal(a: Any, b: Any) -> bool:
    try:
        return bool(a == b)
    except Exception:  # whatever a comparison raises, the two are not known to be equal
        return False


def _named(structure: Structure) -> str:
    if structure.kind == "value":
        return f"{structure.made!r}"
    return f"an {structure.kind}" if structure.kind == "array" else f"a {structure.kind}"
