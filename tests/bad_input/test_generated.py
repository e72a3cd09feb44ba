"""Mistakes that can be made with any function, made with each of them.

Each starts from a right call (`calls.RIGHT`) and changes one argument. What is particular to a
function is in the tables beside this file.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.exceptions import AxisError

import xgpu
from tests.bad_input.calls import (
    RIGHT,
    STANDARD,
    Call,
    Raw,
    function_of,
    names,
    numpys_error,
    perform,
    refuse,
    related,
)

NO_ARRAYS: list[Any] = [[1.0, 2.0], (1, 2), "1", None, object(), {}, np.ones((2, 3))]

#: Functions that take whatever can be made an array, and those that take dtypes too.
CONVERT = {"asarray", "from_dlpack"}
#: Those that scalars alone are enough for.
SCALARS = {*CONVERT, "result_type"}
OF_DTYPES = {"result_type", "can_cast", "finfo", "iinfo"}


def parameters(name: str) -> list[str]:
    return [p.partition("=")[0].strip() for p in STANDARD[name].split(",")]


def having(parameter: str) -> list[str]:
    return [name for name in STANDARD if parameter in parameters(name)]


def changed(given: Call, place: int, value: Any) -> Call:
    return Call((*given.args[:place], value, *given.args[place + 1 :]), given.kwargs)


def test_there_is_a_right_call_of_each_function() -> None:
    assert set(RIGHT) == set(STANDARD)


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_call_is_taken(name: str) -> None:
    perform(name, RIGHT[name])


@pytest.mark.parametrize("name", [n for n in RIGHT if n not in CONVERT])
def test_an_operand_that_is_no_array(name: str) -> None:
    given, bare = RIGHT[name], name.rpartition(".")[2]
    for place, operand in enumerate(given.args):
        if isinstance(operand, np.ndarray):
            for value in NO_ARRAYS:
                said = rf"{bare}\(\).*{type(value).__name__}"
                if name in OF_DTYPES:
                    array = isinstance(value, np.ndarray)
                    said = "got a numpy.ndarray" if array else "dtype.*allowed are bool, int8"
                refuse(name, changed(given, place, Raw(value)), TypeError, said)
        elif isinstance(operand, tuple) and operand and isinstance(operand[0], np.ndarray):
            for value in NO_ARRAYS:
                said = rf"{bare}\(\).*{type(value).__name__}"
                refuse(name, changed(given, place, (operand[0], Raw(value))), TypeError, said)
                if not isinstance(value, list | tuple):
                    refuse(name, changed(given, place, Raw(value)), TypeError, said)


def arrays_of(name: str) -> list[int]:
    """The places of the arguments that are arrays."""
    return [i for i, a in enumerate(RIGHT[name].args) if isinstance(a, np.ndarray)]


@pytest.mark.parametrize("name", [n for n in RIGHT if arrays_of(n) and n not in SCALARS])
def test_scalars_alone(name: str) -> None:
    given = RIGHT[name]
    for place in arrays_of(name):
        given = changed(given, place, 1.0)
    refuse(name, given, TypeError, rf"{name.rpartition('.')[2]}\(\).*float")


@pytest.mark.parametrize("name", RIGHT)
def test_a_keyword_that_is_none(name: str) -> None:
    given = RIGHT[name]
    refuse(name, Call(given.args, {**given.kwargs, "wrong": 1}), TypeError, "wrong")


@pytest.mark.parametrize("name", [n for n in RIGHT if RIGHT[n].args and "*" not in STANDARD[n][:1]])
def test_an_argument_that_is_missing(name: str) -> None:
    refuse(name, Call((), RIGHT[name].kwargs), TypeError, "missing|argument")


@pytest.mark.parametrize("name", [n for n in RIGHT if "/" in STANDARD[n]])
def test_a_positional_argument_by_keyword(name: str) -> None:
    given, first = RIGHT[name], parameters(name)[0]
    bad = Call(given.args[1:], {first: given.args[0], **given.kwargs})
    refuse(name, bad, TypeError, "positional|missing|unexpected|argument")


# Axes

#: Of several axes at once.
SEVERAL = names("""all any count_nonzero expand_dims flip max mean min prod squeeze std sum var
    linalg.vector_norm""")


def with_axis(name: str, axis: Any) -> Call:
    given = RIGHT[name]
    if name in ("expand_dims", "squeeze"):
        return Call((given.args[0], axis))
    return Call(given.args, {**given.kwargs, "axis": axis})


@pytest.mark.parametrize("name", having("axis"))
def test_an_axis_out_of_range(name: str) -> None:
    for axis in (5, -5):
        given = with_axis(name, axis)
        refuse(name, given, AxisError, f"axis {axis} is out of bounds for array of dimension")
        error = numpys_error(name, given)
        assert error is not None and related(AxisError, error)
    if name in SEVERAL:
        refuse(name, with_axis(name, (0, 5)), AxisError, "axis 5 is out of bounds")


@pytest.mark.parametrize("name", having("axis"))
def test_an_axis_that_is_no_integer(name: str) -> None:
    wrong: list[Any] = [0.5, "0", [0], {}]
    if name not in ("roll", *SEVERAL):
        wrong.append((0, 0))
    for axis in wrong:
        given = with_axis(name, axis)
        refuse(name, given, TypeError, "axis must be an integer: got")
        # Lists are axes for some of NumPy's functions; `vector_norm` reshapes before it looks.
        if not isinstance(axis, list | tuple | dict) and name != "linalg.vector_norm":
            error = numpys_error(name, given)
            assert error is not None and related(TypeError, error)


@pytest.mark.parametrize("name", [n for n in SEVERAL if n != "squeeze"])
def test_an_axis_named_twice(name: str) -> None:
    given = with_axis(name, (0, -4) if name == "expand_dims" else (0, -2))
    refuse(name, given, ValueError, "duplicate value in 'axis'")
    error = numpys_error(name, given)
    assert error is not None and related(ValueError, error)


# dtypes and devices


@pytest.mark.parametrize("name", having("dtype"))
def test_a_dtype_that_is_none(name: str) -> None:
    given = RIGHT[name]
    for dtype in ("no such", 3.5, object, "datetime64[s]", "complex256", [1]):
        if name in ("astype", "isdtype"):
            bad = changed(given, 1 if name == "astype" else 0, dtype)
        else:
            bad = Call(given.args, {**given.kwargs, "dtype": dtype})
        refuse(name, bad, TypeError, "(not a|no) dtype.*allowed are bool, int8")
        if dtype == "no such" and "fft" not in name:
            error = numpys_error(name, bad)
            assert error is not None and related(TypeError, error)


@pytest.mark.parametrize("name", having("device"))
def test_a_device_that_is_none(name: str) -> None:
    given = RIGHT[name]
    for device, error, said in (
        ("nowhere:0", ValueError, "nowhere"),
        ("", ValueError, "device"),
        ("cpu:one", ValueError, "cpu:one"),
        (3, TypeError, "device is a string"),
        (["cpu"], TypeError, "device is a string"),
    ):
        refuse(name, Call(given.args, {**given.kwargs, "device": device}), error, said)


def test_a_device_number_that_is_not_there() -> None:
    for device in ("cpu:1", "cudasim:99"):
        with pytest.raises((ValueError, xgpu.plugin.BackendUnavailableError), match=device):
            xgpu.ones(1, device=device)


# Shapes and dtypes of two operands

TWO = [n for n in RIGHT if parameters(n)[:2] == ["x1", "x2"] and n not in ("isin", "searchsorted")]
ELEMENTWISE = [n for n in TWO if "." not in n and n not in ("matmul", "tensordot", "vecdot")]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_shapes_that_do_not_broadcast(name: str) -> None:
    first, second = RIGHT[name].args
    for x, y in ((first, second[:, :2]), (first[:, :2], second), (first.T, second)):
        given = Call((x, y))
        said = r"could not be broadcast together with shapes \(\d, \d\) \(\d, \d\)"
        refuse(name, given, ValueError, said)
        error = numpys_error(name, given)
        assert error is not None and related(ValueError, error)


def test_every_axis_is_tried() -> None:
    assert len(having("axis")) > 30
    assert len(ELEMENTWISE) > 25
    assert all(callable(function_of(name)) for name in RIGHT)
