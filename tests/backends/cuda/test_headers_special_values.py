"""Special values of the complex functions, as the Array API standard 2025.12 tables them.

Source: "Elementwise Functions", the special cases for complex floating-point operands; where
the tables are silent or contradict each other, ISO C (Annex G), of which they are a copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

import numpy as np
import pytest

from tests.backends.cuda.header_harness import Values, call
from tests.backends.cuda.header_reference import same
from tests.backends.cuda.test_headers_complex import grid
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType
from xgpu_cuda.driver import Driver

POSITIVE: Final = (1e-30, 0.25, 1.0, 1.75, 40.0, 1e30)
SETS: Final[dict[str, tuple[float, ...]]] = {
    "zero": (0.0, -0.0),
    "positive": POSITIVE,
    "not 0": (*POSITIVE, *(-x for x in POSITIVE)),
    "finite": (0.0, -0.0, *POSITIVE, *(-x for x in POSITIVE)),
    "infinite": (np.inf, -np.inf),
    "not finite": (np.inf, -np.inf, np.nan),
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

LOG: Final = """
    -0, 0: -inf, pi; 0, 0: -inf, 0; finite, inf: inf, pi/2; finite, nan: nan, nan
    -inf, positive: inf, pi; inf, positive: inf, 0; -inf, inf: inf, 3pi/4; inf, inf: inf, pi/4
    infinite, nan: inf, nan; nan, finite: nan, nan; nan, inf: inf, nan; nan, nan: nan, nan
"""

# "a, b: re, im" is f(a + bj) = re + im j for all members of the sets that a and b name. A sign
# in brackets is open: "(0)", "(inf)". f of a conjugate is the conjugate of f, everywhere.
TABLES: Final[dict[str, str]] = {
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
        -inf, inf: -1, (0); inf, inf: (inf), nan; -inf, nan: -1, (0); inf, nan: (inf), nan
        nan, 0: nan, 0; nan, not 0: nan, nan; nan, not finite: nan, nan
    """,
    "log": LOG,
    "log1p": "-1, 0: -inf, 0; 0, 0: 0, 0;" + LOG.partition("0, 0: -inf, 0;")[2],
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
TABLES["log2"] = TABLES["log10"] = LOG
ODD: Final = ("asinh", "atanh", "sinh", "tanh")
COMPLEXES: Final = [dtypes.complex64, dtypes.complex128]


def rows(table: str) -> Iterator[tuple[float, float, str, str]]:
    """(a, b, real result, imaginary result) of every row and member of its sets."""
    for line in table.replace("\n", ";").split(";"):
        if line.strip():
            operand, _, result = line.partition(":")
            re, im = result.split(",")
            for a, b in product(*(SETS[name.strip()] for name in operand.split(","))):
                yield a, b, re.strip(), im.strip()


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


@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
@pytest.mark.parametrize("op", TABLES)
def test_table(driver: Driver, op: str, dtype: DType) -> None:
    entries = list(rows(TABLES[op]))
    z = np.array([complex(a, b) for a, b, _, _ in entries]).astype(dtype)
    scale = {"log2": np.log2(np.e), "log10": np.log10(np.e)}.get(op, 1.0)
    results = {"": call(driver, op, z), "conjugate": call(driver, op, z.conj()).conj()}
    if op in ODD:
        results["negative"] = -call(driver, op, -z)
    for what, result in results.items():
        for number, got, (_, _, re, im) in zip(z, result, entries, strict=True):
            right = agrees(got.real, re, scale, dtype) and agrees(got.imag, im, scale, dtype)
            assert right, f"{what} {op}({number}) = {got}, not {re}, {im}"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
@pytest.mark.parametrize("op", ["cosh", "exp", "expm1", "sinh"])
def test_infinity_times_cis(driver: Driver, op: str, dtype: DType) -> None:
    y = np.array([y for y in SETS["not 0"] if abs(y) < 1e3], dtypes.real_of(dtype))
    z = np.empty(y.shape, dtype)
    z.real, z.imag = np.inf, y
    got = call(driver, op, z)
    assert same(got.real, np.inf * np.cos(y)).all()
    assert same(got.imag, np.inf * np.sin(y)).all()


@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
def test_exp_of_minus_infinity(driver: Driver, dtype: DType) -> None:
    y = np.array([y for y in SETS["not 0"] if abs(y) < 1e3], dtypes.real_of(dtype))
    z = np.empty(y.shape, dtype)
    z.real, z.imag = -np.inf, y
    got = call(driver, "exp", z)
    assert same(got.real, 0 * np.cos(y)).all()
    assert same(got.imag, 0 * np.sin(y)).all()
    got = call(driver, "expm1", z)
    assert (got.real == -1).all()
    assert same(got.imag, 0 * np.sin(y)).all()


def same_but_for_nan(z: Values, a: Values, b: Values) -> Values:
    """`same`, but where z has a NaN, whose sign a GPU need not keep, zeros may differ in sign."""
    unsigned = same(np.abs(a.real), np.abs(b.real)) & same(np.abs(a.imag), np.abs(b.imag))
    return same(a, b) | (np.isnan(z) & unsigned)


@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
@pytest.mark.parametrize(
    ("op", "other"), [("asin", "asinh"), ("atan", "atanh"), ("sin", "sinh"), ("tan", "tanh")]
)
def test_is_minus_j_times_the_other_of_jz(
    driver: Driver, op: str, other: str, dtype: DType
) -> None:
    z = grid(dtype)
    turned = np.empty_like(z)
    turned.real, turned.imag = -z.imag, z.real
    result = call(driver, other, turned)
    got = call(driver, op, z)
    expected = np.empty_like(result)
    expected.real, expected.imag = result.imag, -result.real
    wrong = ~same_but_for_nan(z, got, expected)
    assert not wrong.any(), [(x, g, r) for x, g, r in zip(z, got, result, strict=True)][:5]


@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
def test_cos_is_cosh_of_jz(driver: Driver, dtype: DType) -> None:
    z = grid(dtype)
    turned = np.empty_like(z)
    turned.real, turned.imag = -z.imag, z.real
    got, result = call(driver, "cos", z), call(driver, "cosh", turned)
    assert same_but_for_nan(z, got, result).all()


# Cuts: the sign of a zero component tells which side of the cut a number is on.
@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
def test_branch_cuts(driver: Driver, dtype: DType) -> None:
    def at(op: str, re: float, im: float) -> complex:
        z = np.empty(1, dtype)
        z.real, z.imag = re, im
        return complex(call(driver, op, z)[0])

    def close(got: float, wanted: float) -> bool:
        return abs(got - wanted) <= 4 * float(np.finfo(dtype).eps) * abs(wanted)

    for op in ("log", "sqrt", "acos", "acosh", "atanh", "log1p"):
        above, below = at(op, -3.0, 0.0), at(op, -3.0, -0.0)
        assert above.imag == -below.imag != 0, op
        assert above.real == below.real, op
    assert close(at("sqrt", -4.0, -0.0).imag, -2.0)
    assert close(at("log", -1.0, -0.0).imag, -np.pi)
    assert close(at("atanh", 2.0, 0.0).imag, np.pi / 2)
    assert close(at("atanh", 2.0, -0.0).imag, -np.pi / 2)
    assert close(at("asin", 2.0, 0.0).imag, np.arccosh(2.0))
    assert close(at("asin", 2.0, -0.0).imag, -np.arccosh(2.0))
    assert close(at("atan", 0.0, 2.0).real, np.pi / 2)
    assert close(at("atan", -0.0, 2.0).real, -np.pi / 2)
    assert close(at("asinh", 0.0, 2.0).real, np.arccosh(2.0))
    assert close(at("asinh", -0.0, 2.0).real, -np.arccosh(2.0))


def test_every_row_names_known_sets_and_results() -> None:
    for op, table in TABLES.items():
        entries = list(rows(table))
        assert len(entries) >= 12, op
        assert all(result.strip("()") in RESULTS for row in entries for result in row[2:]), op
