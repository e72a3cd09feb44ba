"""Reductions that leave NaN out, which are beyond the standard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np

from xgpu.plugin.dtypes import DType
from xgpu_conformance.calls import Call
from xgpu_conformance.case import Case, Setting
from xgpu_conformance.functions_movement import Named, built
from xgpu_conformance.functions_numbers import folds
from xgpu_conformance.ulp import kind

LIKE: Final = {
    **{f"nan{name}": name for name in ("sum", "prod", "max", "min", "mean")},
    **dict.fromkeys(("nanvar", "nanstd"), "mean"),
}
"""Function -> the standard's, whose operands and whose tolerance it is tested with."""


def names() -> tuple[str, ...]:
    """All functions of this chapter."""
    return tuple(LIKE)


def takes(name: str, dtype: DType) -> bool:
    """Whether a function is tested in a dtype."""
    return kind(dtype) in ("if" if LIKE[name] != "mean" else "f")


def cases(setting: Setting, name: str, dtype: DType) -> Iterable[Case]:
    """The cases of one function and dtype."""
    return built(setting, _with_nan, name, dtype)


def _with_nan(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    """The cases of the other function, with every third number NaN, and whole rows of NaN."""
    for found in folds(LIKE[name], dtype, rng):
        (given,) = found[1].args
        base = np.array(given.base)
        if kind(dtype) == "f":
            flat = base.reshape(-1)
            flat[1::3] = np.nan
            flat[: base.shape[-1] if base.ndim > 1 else 0] = np.nan
        call = Call((replace(given, base=base),), found[1].kwargs)
        yield (found[0], call) if len(found) == 2 else (found[0], call, found[2])
