"""The suite as tests of pytest: the line that a plugin's own test file consists of."""

from __future__ import annotations

import unittest
from collections.abc import Iterator
from typing import Any

import pytest

import xgpu
from tests.conformance import wrong
from xgpu_conformance import Expectation, Requirements, suite

TestCpu = suite(
    "cpu",
    requirements=Requirements(complex=False),
    functions=("add", "__mul__", "sort"),
    dtypes=("float32", "int8"),
    large=2003,
)


@pytest.fixture
def _wrong() -> Iterator[None]:
    xgpu.register_backend("wrong", wrong.Wrong(exp=wrong.exp_off_by_3))
    yield
    xgpu.unregister_backend("wrong")


class Collected:
    """What the class asks pytest to parametrize with."""

    def parametrize(self, name: str, values: list[str]) -> None:
        assert name == "cell_id"
        self.values = values


def collected(tests: type[Any]) -> list[str]:
    asked = Collected()
    tests().pytest_generate_tests(asked)
    return asked.values


def test_it_has_a_test_for_each_cell() -> None:
    assert collected(TestCpu)[0] == "level=ops&name=add&dtype=int8"
    assert len(collected(TestCpu)) == 10


@pytest.mark.usefixtures("_wrong")
def test_what_fails_is_a_failure_with_its_replay_line() -> None:
    tests = suite("wrong", levels=["ops"], functions=["exp"], dtypes=["float64"], large=2003)
    with pytest.raises(AssertionError, match="xgpu conformance --replay 'device=wrong&level=ops"):
        tests().test_cell(collected(tests)[0])


@pytest.mark.usefixtures("_wrong")
def test_what_is_declared_or_unsupported_is_skipped() -> None:
    known = Expectation("name=exp", "3 ULP", "link", "2100-01-01")
    tests = suite(
        "wrong",
        levels=["ops"],
        functions=["exp"],
        requirements=Requirements(complex=False),
        expected=[known],
        large=2003,
    )
    with pytest.raises(unittest.SkipTest, match="expected: 3 ULP"):
        tests().test_cell("level=ops&name=exp&dtype=float64")
    with pytest.raises(unittest.SkipTest, match="unsupported: requirement 'complex'"):
        tests().test_cell("level=ops&name=exp&dtype=complex64")


def test_a_name_that_is_none() -> None:
    with pytest.raises(ValueError, match="no op or function 'exq'"):
        suite("cpu", functions=["exq"])
    with pytest.raises(ValueError, match="no dtype 'float31'"):
        suite("cpu", dtypes=["float31"])
