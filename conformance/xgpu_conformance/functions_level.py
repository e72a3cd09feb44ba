"""The level *functions*: every function of the standard, and those beyond it, through xgpu."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any, Final

from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType
from xgpu_conformance import (
    functions_beyond,
    functions_elementwise,
    functions_linalg,
    functions_movement,
    functions_nan,
    functions_numbers,
    functions_special,
)
from xgpu_conformance.case import Case, Planned, Setting

_CHAPTERS: Final[tuple[ModuleType, ...]] = (
    functions_elementwise,
    functions_movement,
    functions_numbers,
    functions_nan,
    functions_linalg,
    functions_beyond,
    functions_special,
)
CHAPTER: Final[dict[str, Any]] = {
    name: chapter for chapter in _CHAPTERS for name in chapter.names()
}
"""Function, such as ``add``, ``linalg.svd`` or ``Array.__add__``, -> the module that tests it."""


def planned() -> list[Planned]:
    """All functions, and the dtypes that the standard gives them."""
    return [
        Planned("functions", name, dtype.name, _needs(name))
        for name in sorted(CHAPTER)
        for dtype in dtypes.ALL
        if CHAPTER[name].takes(name, dtype)
    ]


def unsupported(setting: Setting, name: str) -> str:
    """Only a call tells."""
    return ""


def cases(setting: Setting, name: str, dtype: DType) -> Iterable[Case]:
    """The cases of one function and dtype."""
    found: Iterable[Case] = CHAPTER[name].cases(setting, name, dtype)
    return found


def replayed(setting: Setting, parts: Mapping[str, str]) -> Iterable[Case]:
    """The cases that an id names."""
    dtype = next(d for d in dtypes.ALL if d.name == parts["dtype"])
    found = cases(setting, parts["name"], dtype)
    return (case for case in found if parts.get("case") in (None, case.name))


def _needs(name: str) -> tuple[str, ...]:
    return functions_linalg.needs(name) if name in functions_linalg.TABLE else ()
