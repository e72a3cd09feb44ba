"""`setting`: what an environment variable says, of the ways that there are."""

from __future__ import annotations

import os


def setting(variable: str, ways: tuple[str, ...], default: str) -> str:
    """The value of an environment variable, or ``default`` where it is unset or empty.

    Raises:
        ValueError: it is none of ``ways``.
    """
    given = os.environ.get(variable, "") or default
    if given not in ways:
        raise ValueError(f"{variable} is one of {', '.join(ways)}: got {given!r}")
    return given
