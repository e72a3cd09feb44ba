"""Failures that are known, from a TOML file."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any, Final

from xgpu_conformance.schema import Expectation

_FIELDS: Final = ("match", "reason", "link", "expires")


def read(path: Path) -> tuple[Expectation, ...]:
    """The entries of a file.

    Raises:
        ValueError: it cannot be read, or an entry lacks something; the message names it.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"cannot read {path}: {error}") from None
    entries = data.get("expected")
    if set(data) != {"expected"} or not isinstance(entries, list):
        raise ValueError(f"{path} has to consist of [[expected]] tables")
    return tuple(_entry(path, number, entry) for number, entry in enumerate(entries, 1))


def _entry(path: Path, number: int, entry: Any) -> Expectation:
    where = f"{path}, [[expected]] {number}"
    if not isinstance(entry, dict) or set(entry) != set(_FIELDS):
        raise ValueError(f"{where} has to have {', '.join(_FIELDS)} and nothing else")
    for name in _FIELDS[:3]:
        if not (isinstance(entry[name], str) and entry[name].strip()):
            raise ValueError(f"{where}: {name} is {entry[name]!r}, not a text")
    expires = entry["expires"]
    if isinstance(expires, str):
        try:
            expires = date.fromisoformat(expires)
        except ValueError:
            raise ValueError(f"{where}: expires is {entry['expires']!r}, not a date") from None
    if type(expires) is not date:
        raise ValueError(f"{where}: expires is {entry['expires']!r}, not a date")
    if "=" not in entry["match"]:
        raise ValueError(
            f"{where}: match is {entry['match']!r}, not parts of an id such as 'name=exp'"
        )
    return Expectation(entry["match"], entry["reason"], entry["link"], expires.isoformat())
