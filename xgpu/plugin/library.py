"""`library`: the one library that a backend computes with, or why there is none."""

from __future__ import annotations

import importlib
from typing import Any

from xgpu.plugin.errors import BackendUnavailableError


def library(name: str, install: str) -> Any:
    """The imported module ``name``; ``install`` is the command that would install it.

    For a plugin's module, at its top: it is imported when a device of its type is first asked for.

    Raises:
        BackendUnavailableError: it is not installed, or its import fails; with the reason and
            the command.
    """
    try:
        return importlib.import_module(name)
    except Exception as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name == name.split(".")[0]
        said = "is not installed" if missing else f"cannot be imported ({_said(error)})"
        raise BackendUnavailableError(f"{name} {said}: {install}") from error


def _said(error: Exception) -> str:
    return f"{error.__class__.__name__}: {error}"
