"""Each row of the tables: refused by xgpu at the call, and with the type that NumPy raises."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bad_input import rows_arrays, rows_extensions, rows_main
from tests.bad_input.calls import (
    STANDARD,
    STATEMENTS,
    Raw,
    function_of,
    numpys_error,
    refuse,
    related,
)
from tests.bad_input.row import Row

ROWS = [*rows_main.ROWS, *rows_extensions.ROWS, *rows_arrays.ROWS]


def named(row: Row) -> str:
    return f"{row.name}-{row.error.__name__}"


def in_numpy(row: Row) -> bool:
    """Whether NumPy can be asked the same: it has the function, and no argument is xgpu's own."""
    if any(isinstance(v, Raw) for v in (*row.call.args, *row.call.kwargs.values())):
        return False
    if "device" in row.call.kwargs or row.name in rows_arrays.OWN:
        return False
    try:
        function_of(row.name, np)
    except AttributeError:
        return False
    return True


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_it_is_refused(row: Row) -> None:
    refuse(row.name, row.call, row.error, row.said)


@pytest.mark.parametrize("row", [row for row in ROWS if in_numpy(row)], ids=named)
def test_numpy_raises_the_same_type(row: Row) -> None:
    error = numpys_error(row.name, row.call)
    same = error is not None and related(row.error, error)
    if row.unlike:
        assert not same, "NumPy agrees, so there is no difference to explain"
    else:
        assert same, f"NumPy raises {error}"


def test_every_function_and_statement_has_a_row() -> None:
    # A unary function has nothing but its operand; what that may be is tried in test_generated.
    one = {n for n, p in STANDARD.items() if p == "x, /"}
    two = {n for n, p in STANDARD.items() if p == "x1, x2, /"}
    listed = {row.name for row in ROWS}
    assert {*STANDARD, *STATEMENTS} - listed - one - two == set()


def test_most_rows_are_as_in_numpy() -> None:
    compared = [row for row in ROWS if in_numpy(row)]
    assert len(compared) > 300
    assert sum(bool(row.unlike) for row in compared) < len(compared) / 3
