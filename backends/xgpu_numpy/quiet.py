"""Calling NumPy without its warnings: the standard's special values are results."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
R = TypeVar("R")


class _Quiet(threading.local):
    """A context of this thread in which NumPy warns of nothing.

    To enter it costs a twentieth of what `numpy.errstate` does.
    """

    def __init__(self) -> None:
        self.context = contextvars.Context()
        self.context.run(np.seterr, all="ignore")
        self.entered = False


_quiet: Final = _Quiet()


def quietly(function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Call ``function``, which uses no context variables but NumPy's error state."""
    quiet = _quiet
    if quiet.entered:  # by itself, or by a finalizer in its midst; the state is what it should be
        return function(*args, **kwargs)
    quiet.entered = True
    try:
        return quiet.context.run(function, *args, **kwargs)
    finally:
        quiet.entered = False
