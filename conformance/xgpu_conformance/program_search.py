"""Searching for a program that goes wrong, with Hypothesis, and for the smallest such."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky

from xgpu.plugin.dtypes import DType
from xgpu_conformance.program_draw import program
from xgpu_conformance.program_steps import Step


class _FoundError(Exception):
    """A program that goes wrong."""


class UnsteadyError(Exception):
    """A program went wrong and, run again, did not: its steps."""

    def __init__(self, steps: list[Step]) -> None:
        super().__init__("a program went wrong, and did not when it was run again")
        self.steps = steps


def smallest(
    name: str,
    dtype: DType,
    allowed: Sequence[DType],
    number: int,
    examples: int,
    wrong: Callable[[list[Step]], bool],
) -> list[Step] | None:
    """The smallest program of a kind that ``wrong`` is true of, among those tried; None of none.

    Args:
        name: the kind of programs.
        dtype: their main dtype.
        allowed: all dtypes that they may have.
        number: the seed.
        examples: how many are tried.
        wrong: whether a program goes wrong.

    Raises:
        UnsteadyError: one does at one time, and at another does not.
    """
    found: list[list[Step]] = []

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def attempt(data: Any) -> None:
        steps = program(name, dtype, lambda n: int(data.draw(st.integers(0, n - 1))), allowed)
        if wrong(steps):
            found.append(steps)
            raise _FoundError

    try:
        attempt()
    except _FoundError:
        return found[-1]  # Hypothesis ends with the smallest one
    except Flaky as error:
        raise UnsteadyError(found[-1]) from error
    return None
