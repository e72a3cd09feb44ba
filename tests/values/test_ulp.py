"""The measuring itself: distances, rounding of exact numbers, and digits known from elsewhere."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from tests.values import oracle_exact, oracle_mpmath
from tests.values.inputs import FLOATS, random, specials
from tests.values.special_values import TABLES, rows
from tests.values.truth import Exact, exact_of, of_fraction, of_root, rounded, value_at
from tests.values.ulp import compare, differ, distance, format_of, ordered, zeros_differ
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_distance_counts_the_numbers_between(dtype: DType) -> None:
    x = np.concatenate([specials(dtype), random(dtype, 2000)])
    x = x[np.isfinite(x)]
    with np.errstate(over="ignore"):
        above = np.nextafter(x, np.array(np.inf).astype(dtype)).astype(dtype)
    assert (distance(above, x) == 1).all()
    assert (distance(x, x) == 0).all()
    compare(value_at(ordered(x[x != 0]), dtype), x[x != 0])
    largest = np.array([format_of(dtype).largest]).astype(dtype)
    assert distance(largest, np.array([np.inf]).astype(dtype)) == 1
    tiny = np.array([format_of(dtype).smallest]).astype(dtype)
    assert distance(tiny, -tiny) == 2


def test_distance_of_nan_zeros_and_complex_numbers() -> None:
    x, y = np.array([np.nan, np.nan, 0.0]), np.array([np.nan, 1.0, -0.0])
    assert distance(x, y).tolist() == [0, math.inf, 0]
    assert zeros_differ(x, y).tolist() == [False, False, True]
    assert differ(x, y).tolist() == [False, True, True]
    z = np.array([1 + 1j, 1 + 2j])
    above = np.nextafter(2.0, 3.0)
    assert distance(np.array([1 + 1j, 1 + 1j * above]), z).tolist() == [0, 1]
    with pytest.raises(AssertionError, match=r"f\(np.float64\(7.0\)\).*1 ULP, 0 allowed"):
        compare(np.array([above]), np.array([2.0]), np.array([7.0]), what="f")
    with pytest.raises(AssertionError, match="dtype float32, not float64"):
        compare(np.ones(1, np.float32), np.ones(1))


def test_exact_numbers_are_rounded_to_even_and_kept_apart_from_ties() -> None:
    dtype = dtypes.float32
    tie = 2**24 + 1
    numbers = [
        Exact(1, tie),
        of_fraction(tie * 10**40 + 1, 10**40),
        of_fraction(-1, 3),
        of_root(2, 1),
        of_root(1, 2**149),
        Exact(1, 1, -150),
        Exact(1, 2**60 + 1, -210),
        exact_of(math.inf),
        Exact(-1, 2**25 - 1, 103),
        None,
    ]
    wanted = [2**24, 2**24 + 2, -1 / 3, math.sqrt(2), 2**-74.5, 0, 2**-149, math.inf, -math.inf]
    truth = rounded(numbers, dtype)
    compare(truth.nearest, np.array([*wanted, np.nan]).astype(dtype))
    assert truth.offset[:2].tolist() == [0.5, -0.5]
    third = float(Fraction(1, 3) - Fraction(float(np.float32(1 / 3)))) * 2**25
    assert truth.offset[2] == pytest.approx(-third)
    assert truth.errors(truth.nearest).max() <= 0.5


def test_digits_known_from_elsewhere() -> None:
    sine = oracle_mpmath.real_truth("sin", np.array([1e22, 355.0]))
    assert sine.nearest.tolist() == [-0.8522008497671888, -3.014435335948845e-05]
    power = oracle_mpmath.real_truth("pow", np.array([-3.0]), np.array([41.0]))
    assert power.nearest[0] == float(-(3**41))
    root = oracle_mpmath.complex_truth("sqrt", np.array([complex(-4, 0.0), complex(-4, -0.0)]))
    compare(root.nearest, np.array([complex(0, 2), complex(0, -2)]))
    cut = oracle_mpmath.complex_truth("acos", np.array([complex(2, 0.0), complex(2, -0.0)]))
    compare(cut.nearest.imag, np.array([-1.3169578969248168, 1.3169578969248168]))


def test_exact_ops_by_hand() -> None:
    x, y = np.array([7, -7, 5, -128, 3], np.int8), np.array([-2, 2, 0, -1, 9], np.int8)
    results = {
        "floor_divide": [-4, -4, 0, -128, 0],
        "remainder": [-1, 1, 0, 0, 3],
        "multiply": [-14, -14, 0, -128, 27],
        "bitwise_left_shift": [0, -28, 5, 0, 0],
        "bitwise_right_shift": [0, -2, 5, -1, 0],
        "pow": [0, 49, 1, 0, -29],
    }
    for name, wanted in results.items():
        assert oracle_exact.integers(name, dtypes.int8, x, y).tolist() == wanted, name


def test_tables_have_no_row_behind_one_that_covers_it() -> None:
    values = [*specials(dtypes.float64).tolist(), 1.5, -1.5, 0.7, -0.7]
    for name in TABLES:
        count = len(rows(name)[0][0])
        grid = [(a, b)[:count] for a in values for b in values]
        used = set()
        for operands in grid:
            for i, (classes, _) in enumerate(rows(name)):
                if all(fits(x) for fits, x in zip(classes, operands, strict=True)):
                    used.add(i)
                    break
        assert used == set(range(len(rows(name)))), name
