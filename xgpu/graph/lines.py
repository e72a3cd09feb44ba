"""Where in the user's own code a call comes from."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from types import FrameType
from typing import Final

PACKAGE: Final = str(Path(__file__).resolve().parent.parent)


def users_frame(frame: FrameType | None) -> FrameType | None:
    """The innermost frame outside xgpu, from ``frame`` outwards."""
    package = PACKAGE
    while frame is not None and frame.f_code.co_filename.startswith(package):
        frame = frame.f_back
    return frame


def warn(message: str, category: type[Warning]) -> None:
    """Issue a warning as if the user's own line did."""
    frame = users_frame(sys._getframe(1))
    if frame is None:
        warnings.warn(message, category, stacklevel=1)
        return
    registry = frame.f_globals.setdefault("__warningregistry__", {})
    module = frame.f_globals.get("__name__")
    warnings.warn_explicit(
        message, category, frame.f_code.co_filename, frame.f_lineno, module, registry
    )


def users_line() -> str | None:
    """``file:line`` of the innermost frame outside xgpu."""
    frame = users_frame(sys._getframe(1))
    return None if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"
