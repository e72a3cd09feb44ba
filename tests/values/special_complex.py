"""Special values of the functions of complex numbers, as data.

Source: Array API 2025.12, "Element-wise Functions", special cases for complex floating operands;
where its tables are silent or contradict each other, ISO C (Annex G), of which they are a copy.
`CHOICES` are those of the official test suite where the standard leaves a sign open.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Final

import numpy as np

from tests.values.inputs import joined
from tests.values.ulp import Values
from xgpu.plugin.dtypes import DType

POSITIVE: Final = (1e-30, 0.25, 1.0, 1.75, 40.0, 1e30)
SETS: Final[dict[str, tuple[float, ...]]] = {
    "zero": (0.0, -0.0),
    "positive": POSITIVE,
    "not 0": (*POSITIVE, *(-x for x in POSITIVE)),
    "finite": (0.0, -0.0, *POSITIVE, *(-x for x in POSITIVE)),
    "infinite": (np.inf, -np.inf),
    "not finite": (np.inf, -np.inf, np.nan),
    "any": (0.0, -0.0, 1.0, -1.75, np.inf, -np.inf, np.nan),
    "-inf": (-np.inf,),
    **{name: (float(name),) for name in ("0", "-0", "1", "-1", "inf", "nan")},
}
RESULTS: Final[dict[str, float]] = {
    "pi": np.pi,
    "pi/2": np.pi / 2,
    "pi/4": np.pi / 4,
    "3pi/4": 3 * np.pi / 4,
    **{name: float(name) for name in ("0", "-0", "1", "-1", "inf", "-inf", "nan")},
}

_LOG: Final = """
    -0, 0: -inf, pi; 0, 0: -inf, 0; finite, inf: inf, pi/2; finite, nan: nan, nan
    -inf, positive: inf, pi; inf, positive: inf, 0; -inf, inf: inf, 3pi/4; inf, inf: inf, pi/4
    infinite, nan: inf, nan; nan, finite: nan, nan; nan, inf: inf, nan; nan, nan: nan, nan
"""

# "a, b: re, im" is f(a + bj) = re + im j for all members of the sets that a and b name. A sign
# in brackets is open: "(0)", "(inf)". f of a conjugate is the conjugate of f, everywhere.
TABLES: Final[dict[str, str]] = {
    "abs": """
        infinite, any: inf, 0; any, infinite: inf, 0; nan, finite: nan, 0; finite, nan: nan, 0
        nan, nan: nan, 0; zero, 1: 1, 0; -1, zero: 1, 0; zero, zero: 0, 0
    """,
    "acos": """
        zero, 0: pi/2, -0; zero, nan: pi/2, nan; finite, inf: pi/2, -inf; not 0, nan: nan, nan
        -inf, positive: pi, -inf; inf, positive: 0, -inf; -inf, inf: 3pi/4, -inf
        inf, inf: pi/4, -inf; infinite, nan: nan, (inf); nan, finite: nan, nan
        nan, inf: nan, -inf; nan, nan: nan, nan
    """,
    "acosh": """
        zero, 0: 0, pi/2; finite, inf: inf, pi/2; not 0, nan: nan, nan; 0, nan: nan, (pi/2)
        -inf, positive: inf, pi; inf, positive: inf, 0; -inf, inf: inf, 3pi/4
        inf, inf: inf, pi/4; infinite, nan: inf, nan; nan, finite: nan, nan; nan, inf: inf, nan
        nan, nan: nan, nan
    """,
    "asinh": """
        0, 0: 0, 0; positive, inf: inf, pi/2; finite, nan: nan, nan; inf, positive: inf, 0
        inf, inf: inf, pi/4; inf, nan: inf, nan; nan, 0: nan, 0; nan, not 0: nan, nan
        nan, inf: (inf), nan; nan, nan: nan, nan
    """,
    "atanh": """
        0, 0: 0, 0; 0, nan: 0, nan; 1, 0: inf, 0; positive, inf: 0, pi/2; not 0, nan: nan, nan
        inf, positive: 0, pi/2; inf, inf: 0, pi/2; inf, nan: 0, nan; nan, finite: nan, nan
        nan, inf: (0), pi/2; nan, nan: nan, nan
    """,
    "cosh": """
        0, 0: 1, 0; 0, inf: nan, (0); 0, nan: nan, (0); not 0, inf: nan, nan
        not 0, nan: nan, nan; inf, 0: inf, 0; inf, inf: (inf), nan; inf, nan: inf, nan
        nan, zero: nan, (0); nan, not 0: nan, nan; nan, nan: nan, nan
    """,
    "exp": """
        zero, 0: 1, 0; finite, inf: nan, nan; finite, nan: nan, nan; inf, 0: inf, 0
        -inf, inf: (0), (0); inf, inf: (inf), nan; -inf, nan: (0), (0); inf, nan: (inf), nan
        nan, 0: nan, 0; nan, not 0: nan, nan; nan, not finite: nan, nan
    """,
    "expm1": """
        zero, 0: 0, 0; finite, inf: nan, nan; finite, nan: nan, nan; inf, 0: inf, 0
        -inf, inf: -1, (0); inf, inf: inf, nan; -inf, nan: -1, (0); inf, nan: inf, nan
        nan, 0: nan, 0; nan, not 0: nan, nan; nan, not finite: nan, nan
    """,
    "log": _LOG,
    "log10": _LOG,
    "log1p": "-1, 0: -inf, 0; 0, 0: 0, 0; -0, 0: (0), 0;" + _LOG.partition("0, 0: -inf, 0;")[2],
    "log2": _LOG,
    "sign": """
        nan, any: nan, nan; any, nan: nan, nan; infinite, any: nan, nan; any, infinite: nan, nan
    """,
    "sinh": """
        0, 0: 0, 0; 0, inf: (0), nan; 0, nan: (0), nan; positive, inf: nan, nan
        positive, nan: nan, nan; inf, 0: inf, 0; inf, inf: (inf), nan; inf, nan: (inf), nan
        nan, 0: nan, 0; nan, not 0: nan, nan; nan, nan: nan, nan
    """,
    "sqrt": """
        zero, 0: 0, 0; finite, inf: inf, inf; not finite, inf: inf, inf; finite, nan: nan, nan
        -inf, positive: 0, inf; inf, positive: inf, 0; -inf, nan: nan, (inf); inf, nan: inf, nan
        nan, finite: nan, nan; nan, nan: nan, nan
    """,
    "tanh": """
        0, 0: 0, 0; not 0, inf: nan, nan; 0, inf: 0, nan; not 0, nan: nan, nan; 0, nan: 0, nan
        inf, positive: 1, 0; inf, inf: 1, (0); inf, nan: 1, (0); nan, 0: nan, 0
        nan, not 0: nan, nan; nan, nan: nan, nan
    """,
}
#: (function, operand, result), the sign of each zero and infinity included.
CHOICES: Final = (
    ("expm1", (-np.inf, np.inf), (-1.0, 0.0)),
    ("expm1", (-np.inf, np.nan), (-1.0, 0.0)),
    ("expm1", (np.inf, np.inf), (np.inf, np.nan)),
    ("expm1", (np.inf, np.nan), (np.inf, np.nan)),
    ("expm1", (np.inf, 0.0), (np.inf, 0.0)),
    ("expm1", (np.nan, 0.0), (np.nan, 0.0)),
    ("expm1", (0.0, 0.0), (0.0, 0.0)),
    ("expm1", (-0.0, 0.0), (0.0, 0.0)),
    ("tanh", (np.inf, 1.0), (1.0, 0.0)),
    ("tanh", (np.inf, 2.0), (1.0, 0.0)),
    ("tanh", (np.inf, 4.0), (1.0, 0.0)),
)
#: f(-z) is -f(z).
ODD: Final = ("asinh", "atanh", "sinh", "tanh")
#: (function, other, by): function(z) is ``-j other(jz)`` or ``other(jz)``, special values too.
TURNED: Final = (
    ("asin", "asinh", -1j),
    ("atan", "atanh", -1j),
    ("cos", "cosh", 1),
    ("sin", "sinh", -1j),
    ("tan", "tanh", -1j),
)
#: Functions whose value at infinity + b j, for finite b other than 0, is ``infinity * cis(b)``.
CIS: Final = ("cosh", "exp", "expm1", "sinh")


@cache
def rows(name: str) -> tuple[tuple[float, float, str, str], ...]:
    """(a, b, real result, imaginary result) of every row and member of its sets."""
    return tuple(_rows(TABLES.get(name, "")))


def _rows(table: str) -> Iterator[tuple[float, float, str, str]]:
    for line in table.replace("\n", ";").split(";"):
        if line.strip():
            operand, _, result = line.partition(":")
            re, im = result.split(",")
            for a, b in product(*(SETS[name.strip()] for name in operand.split(","))):
                yield a, b, re.strip(), im.strip()


def operands(name: str, dtype: DType) -> Values:
    """The operands of a function's rows, in their order."""
    return joined([row[0] for row in rows(name)], [row[1] for row in rows(name)], dtype)


def agrees(got: float, wanted: str, scale: float, dtype: DType) -> bool:
    """Whether a component is what a table says, to 4 ULP; ``scale`` is log2's and log10's."""
    free = wanted.startswith("(")
    value = RESULTS[wanted.strip("()")] * (scale if "pi" in wanted else 1)
    if np.isnan(value):
        return bool(np.isnan(got))
    if not free and np.signbit(got) != np.signbit(value):
        return False
    if not np.isfinite(value) or value == 0:
        return bool(abs(got) == abs(value))
    return bool(abs(abs(got) - abs(value)) <= 4 * np.finfo(dtype).eps * abs(value))


@cache
def tabled(name: str, z: complex, signs: tuple[bool, bool]) -> bool:
    """Whether a row, or a row of the conjugate or the negative, gives the value at a number.

    ``signs`` are the sign bits of the components, which equal numbers need not share.
    """
    images = {(signs[0], signs[1]), (signs[0], not signs[1])}
    if name in ODD:
        images |= {(not a, not b) for a, b in images}
    return any(
        abs(a) == abs(z.real)
        and abs(b) == abs(z.imag)
        and (bool(np.signbit(a)), bool(np.signbit(b))) in images
        for a, b, _, _ in rows(name)
    )
