"""One mistake: a call, the error that it raises, and why NumPy's may differ."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from tests.bad_input.calls import Call

# Why NumPy takes what xgpu refuses, or raises another type.

CONVERTS: Final = "NumPy makes an array of anything; here it says so, with asarray()"
CASTS: Final = "NumPy casts, and silently loses what does not fit"
TRUTH: Final = "NumPy asks for the truth of a number; the standard takes bool alone"
ORDERS: Final = "NumPy orders complex numbers; the standard leaves that open"
OPEN: Final = "NumPy gives a meaning to what the standard leaves open"
MEANT: Final = "None, or an array, means something to NumPy that the standard does not have"
ONE_TYPE: Final = "NumPy raises another type here than for the same mistake elsewhere"


class Row(NamedTuple):
    """A call that is refused."""

    name: str
    call: Call
    error: type[Exception]
    said: str  #: pattern of the message
    unlike: str = ""  #: why NumPy does not raise this type


def rows(name: str, *mistakes: tuple[Any, ...]) -> list[Row]:
    """Rows of one function: call, error, message, and why NumPy differs where it does."""
    return [Row(name, *mistake) for mistake in mistakes]
