"""Which work a device was given last, for the error that tells of a fault in it.

A device runs behind the host, so a fault is reported by a later call than the one that queued the
kernel. What can be said then is what was queued, from where, and how to run it step by step.
"""

from __future__ import annotations

import shlex
import sys
from collections import deque
from types import CodeType
from typing import Any, Final

from xgpu.graph.lines import users_frame
from xgpu.plugin.errors import KernelError

Recent = deque[tuple[Any, Any, int]]
"""(kernel or name of an op, the code that asked for it, the instruction there) of what was queued
last, the latest at the end."""

SHOWN: Final = 5
"""Kernels that an error names."""


def launched(recent: Recent, kernel: Any, inside: int = 1) -> None:
    """Remember that ``kernel``, or the op of that name, is about to be queued by this thread.

    ``inside``: so many callers at least are xgpu's own, which need not be looked at.
    """
    frame = users_frame(sys._getframe(inside))
    if frame is not None:
        # The frame itself would keep the user's arrays alive.
        # The line is looked up in a table of the code's: when somebody wants to know it.
        recent.append((kernel, frame.f_code, frame.f_lasti))


def explain(error: KernelError, recent: Recent, device: object) -> None:
    """Add to ``error`` what ``device`` was given last, and the command that finds the culprit."""
    if getattr(error, "__notes__", None):
        return  # it passed here already, on its way to the user
    lines = [
        f"  {getattr(kernel, 'name', kernel)}, asked for at {code.co_filename}:{_line(code, at)}"
        for kernel, code, at in reversed(list(recent)[-SHOWN:])
    ]
    if lines:
        error.add_note("\n".join([f"Queued last on {device}, the latest first:", *lines]))
    error.add_note(
        "To have it raised by the call that recorded the op, run each call alone and wait for it: "
        + replay()
    )


def _line(code: CodeType, at: int) -> int:
    """The line of the instruction at ``at``; the first one of the code if it has none."""
    found = (line for start, end, line in code.co_lines() if start <= at < end)
    return next(found, None) or code.co_firstlineno


def replay() -> str:
    """The command that runs this process again, one call at a time."""
    command = shlex.join(sys.orig_argv) if len(sys.orig_argv) > 1 else "python YOUR_PROGRAM"
    return f"CUDA_LAUNCH_BLOCKING=1 XGPU_EAGER=1 {command}"
