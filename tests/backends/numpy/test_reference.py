"""The reference: where it parts from NumPy, and that it covers the op table."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from xgpu.plugin import ops
from xgpu_numpy import ops as reference
from xgpu_numpy.backend import NumpyBackend
from xgpu_numpy.complex_ops import joined


def test_the_table_has_every_op_that_a_backend_computes() -> None:
    rows = (ops.elementwise(), ops.optional(), ops.reductions(), ops.kernels())
    asked = {op.name for several in rows for op in several}
    assert set(reference.TABLE) == asked
    assert NumpyBackend().unsupported == frozenset()


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64"])
def test_integer_powers_truncate_and_never_raise(dtype: str) -> None:
    bases = np.array([-3, -2, -1, 0, 1, 2, 3], dtype)
    for exponent in (-3, -2, -1, 0, 1, 2, 3):
        got = reference.pow(bases, np.full_like(bases, exponent))
        for base, value in zip(bases.tolist(), got.tolist(), strict=True):
            exact = Fraction(base) ** exponent if base or exponent >= 0 else Fraction(0)
            assert value == int(exact)


def test_floor_divide_of_infinities_is_the_floor_of_the_quotient() -> None:
    inf = np.inf
    x1 = np.array([inf, -inf, 1.0, -1.0, inf, 7.0, -7.0, 0.0])
    x2 = np.array([2.0, 2.0, inf, inf, -3.0, 2.0, 2.0, 5.0])
    with np.errstate(all="ignore"):
        got = reference.floor_divide(x1, x2)
        np.testing.assert_array_equal(got, np.floor(x1 / x2))


def test_a_complex_cast_drops_the_imaginary_part_without_a_warning() -> None:
    got = reference.cast(np.array([1.5 + 2j, -3j]), np.dtype("float32"))
    np.testing.assert_array_equal(got, np.array([1.5, 0], np.float32))
    kept = reference.cast(np.array([2j, 0j]), np.dtype("bool"))
    np.testing.assert_array_equal(kept, [True, False])


def test_a_view_outside_its_buffer_is_refused() -> None:
    backend = NumpyBackend()
    buffer = backend.allocate(0, np.dtype("float64"), 4)
    with pytest.raises(ValueError):
        backend.strided(buffer, (5,), (1,), 0)


INF, NAN = np.inf, np.nan


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("expm1", (-INF, INF), (-1.0, 0.0)),
        ("expm1", (-INF, NAN), (-1.0, 0.0)),
        ("expm1", (-INF, 5.0), (-1.0, -0.0)),
        ("expm1", (INF, INF), (INF, NAN)),
        ("expm1", (INF, NAN), (INF, NAN)),
        ("expm1", (INF, 0.0), (INF, 0.0)),
        ("expm1", (INF, 2.0), (-INF, INF)),
        ("expm1", (NAN, 0.0), (NAN, 0.0)),
        ("expm1", (0.0, 0.0), (0.0, 0.0)),
        ("expm1", (-0.0, 0.0), (0.0, 0.0)),
        ("tanh", (INF, 2.0), (1.0, 0.0)),
        ("tanh", (INF, -2.0), (1.0, -0.0)),
        ("tanh", (-INF, 2.0), (-1.0, 0.0)),
        ("sign", (-0.0, -0.0), (0.0, 0.0)),
        ("acos", (-0.0, 0.0), (np.pi / 2, -0.0)),
    ],
)
def test_complex_special_values(
    name: str, x: tuple[float, float], expected: tuple[float, float], dtype: str
) -> None:
    given = joined(np.array([x[0]]), np.array([x[1]]), np.dtype(dtype))
    with np.errstate(all="ignore"):
        (got,) = reference.TABLE[name](given)
    for part, value in zip((got.real, got.imag), expected, strict=True):
        np.testing.assert_array_equal(part, np.asarray(value, part.dtype))
        assert np.isnan(value) or np.signbit(part) == np.signbit(value)
