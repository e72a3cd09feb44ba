"""Without the requirement ``subnormals``: what may be zero, and what has to be right even so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from xgpu.plugin import dtypes
from xgpu_conformance.judge import EXACT, Check, Rule, judge

TINY = 2.0**-126  # the smallest normal number of float32 and bfloat16


def wrong(got: Any, right: Any, *operands: Any, dtype: Any = np.float32, **rule: Any) -> list[bool]:
    arrays = [np.asarray(x, dtype) for x in (got, right, *operands)]
    check = Check(arrays[0], arrays[1], Rule(**rule) if rule else EXACT, tuple(arrays[2:]))
    strictly = judge(check).wrong
    found = judge(check, subnormals=False).wrong
    assert not (found & ~strictly).any()
    return list(found)


@pytest.mark.parametrize("dtype", [np.float32, dtypes.bfloat16])
def test_a_result_that_is_subnormal_may_be_zero(dtype: Any) -> None:
    small = TINY / 4
    got, right = [0.0, 0.0, small, 1.0, 0.0], [small, TINY, 0.0, small, 1.0]
    assert wrong(got, right, dtype=dtype) == [False, True, True, True, True]


def test_a_result_of_a_subnormal_operand_is_not_asked_for() -> None:
    assert wrong([np.inf, 3.0], [5.0, 5.0], [TINY / 8, TINY]) == [False, True]


def test_components_are_looked_at_one_by_one() -> None:
    small = TINY / 2
    right = [complex(1, small), complex(small, small), complex(2, small)]
    assert wrong([1, 0, 1], right, dtype=np.complex64) == [False, False, True]


def test_a_zero_beside_a_subnormal_component_has_a_sign_where_the_rule_asks_for_it() -> None:
    right = [complex(TINY / 2, -0.0)]
    assert wrong([0], right, dtype=np.complex64) == [True]
    assert wrong([0], right, dtype=np.complex64, bound=4.0, zeros=False) == [False]


def test_what_is_not_subnormal_is_judged_as_ever() -> None:
    one, zero, nan = [1.0], [0.0], [np.nan]
    assert wrong(zero, [-0.0]) == [True]
    assert wrong(nan, one) == [True]
    assert wrong([np.float32(1) + np.float32(2**-23)], one) == [True]
    assert wrong([np.float32(1) + np.float32(2**-23)], one, bound=1.0) == [False]
    assert wrong([np.inf], nan) == [True]


def test_sums_may_be_off_by_a_subnormal_number() -> None:
    assert wrong([0.0, 0.0], [TINY / 2, 1.0], allowed=0.0) == [False, True]
