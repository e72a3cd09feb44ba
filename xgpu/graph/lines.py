"""Where in the user's own code a call comes from."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from types import FrameType
from typing import Final

PACKAGE: Final = str(Path(__file__).resolve().parent.parent)

_ours: Final[dict[str, bool]] = {}
"""By the name of a file, whether it is xgpu's: this is asked at each launch."""


def users_frame(frame: FrameType | None) -> FrameType | None:
    """The innermost frame outside xgpu, from ``frame`` outwards."""
    while frame is not None:
        file = frame.f_code.co_filename
        ours = _ours.get(file)
        if ours is None:
            ours = _ours[file] = file.startswith(PACKAGE)
        if not ours:
            return frame
        frame = frame.f_back
    return None


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
