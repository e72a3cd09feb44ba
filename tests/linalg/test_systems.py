"""Linear systems, inverses, determinants and ranks, against NumPy and SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.linalg

import xgpu
from tests.comparing import host, same
from tests.linalg.sampled import (
    INEXACT,
    OBLONG,
    SQUARE,
    STACKS,
    close,
    each,
    positive,
    random,
    real,
)
from xgpu import linalg

pytestmark = pytest.mark.usefixtures("on_device")


@pytest.mark.parametrize("stack", STACKS, ids=str)
@pytest.mark.parametrize("n", SQUARE)
@pytest.mark.parametrize("dtype", INEXACT, ids=str)
def test_inverses_and_determinants(dtype: np.dtype[Any], n: int, stack: tuple[int, ...]) -> None:
    x = positive((*stack, n, n), dtype)
    given = xgpu.asarray(x)
    identity = np.broadcast_to(np.eye(n, dtype=dtype), x.shape)
    close(linalg.inv(given) @ given, identity)
    expected = np.prod(np.linalg.eigvalsh(x), axis=-1)
    close(linalg.det(given), expected.astype(dtype))
    result = linalg.slogdet(given)
    assert result._fields == ("sign", "logabsdet")
    close(result.sign, np.ones(stack, dtype))
    close(result.logabsdet, np.log(expected).astype(real(dtype)))


def test_signs_of_determinants() -> None:
    x = np.asarray([[[0.0, 1.0], [1.0, 0.0]], [[1.0, 2.0], [2.0, 4.0]], [[3.0, 0.0], [0.0, 1.0]]])
    same(linalg.det(xgpu.asarray(x)), np.asarray([-1.0, 0.0, 3.0]), rtol=1e-15)
    sign, logabsdet = linalg.slogdet(xgpu.asarray(x))
    same(sign, np.asarray([-1.0, 0.0, 1.0]))
    same(logabsdet, np.asarray([0.0, -np.inf, np.log(3.0)]))
    # Of complex matrices, elimination finds exactly 0 where a row is 0.
    x[1, 1] = 0
    turned = linalg.slogdet(xgpu.asarray(x * np.sqrt(1j)))
    close(turned.sign, np.asarray([-1j, 0, 1j]))
    close(turned.logabsdet[::2], np.asarray([0.0, np.log(3.0)]))
    assert host(turned.logabsdet)[1] == -np.inf


SYSTEMS = [
    ((3, 3), (3,)),
    ((3, 3), (3, 2)),
    ((3, 3), (3, 0)),
    ((4, 3, 3), (3,)),
    ((4, 3, 3), (3, 2)),
    ((3, 3), (4, 3, 2)),
    ((2, 1, 3, 3), (4, 3, 1)),
    ((1, 1), (1,)),
    ((0, 0), (0,)),
    ((0, 0), (0, 2)),
    ((0, 3, 3), (3,)),
    ((0, 3, 3), (3, 2)),
    ((0, 3, 3), (1, 3, 2)),
]


@pytest.mark.parametrize("dtype", INEXACT, ids=str)
@pytest.mark.parametrize(("first", "second"), SYSTEMS, ids=str)
def test_solve(first: tuple[int, ...], second: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    a, b = positive(first, dtype), random(second, dtype, seed=1)
    got = linalg.solve(xgpu.asarray(a), xgpu.asarray(b))
    matrix = b[:, None] if len(second) == 1 else b
    expected = np.linalg.inv(a) @ matrix
    close(got, expected[..., 0] if len(second) == 1 else expected)


def test_solve_promotes_and_takes_views() -> None:
    a, b = positive((4, 4), "float32"), random((4, 3), "complex128")
    got = linalg.solve(xgpu.asarray(a).T[::-1, ::-1], xgpu.asarray(b)[:, ::-1] * 2)
    expected = scipy.linalg.solve(a.T[::-1, ::-1].astype("float64"), 2 * b[:, ::-1])
    assert got.dtype == xgpu.complex128
    same(got, expected, rtol=1e-12)


@pytest.mark.parametrize("stack", STACKS, ids=str)
@pytest.mark.parametrize(("m", "n"), OBLONG)
@pytest.mark.parametrize("dtype", INEXACT, ids=str)
def test_pinv_and_rank(dtype: np.dtype[Any], m: int, n: int, stack: tuple[int, ...]) -> None:
    x = random((*stack, m, n), dtype)
    got = linalg.pinv(xgpu.asarray(x))
    assert got.shape == (*stack, n, m)
    close(xgpu.asarray(x @ host(got) @ x), x)
    for at in each(stack) if got.size else []:
        close(got[at], scipy.linalg.pinv(x[at]))
    same(linalg.matrix_rank(xgpu.asarray(x)), np.full(stack, min(m, n)))
    if m and n:
        x[..., :, 0] = 0
        same(linalg.matrix_rank(xgpu.asarray(x)), np.full(stack, min(m, n - 1)))


def test_tolerances() -> None:
    x = np.stack([np.diag([4.0, 1.0, 1e-3]), np.diag([1.0, 1e-20, 0.0])])
    given = xgpu.asarray(x)
    cases: list[tuple[Any, list[int]]] = [
        (None, [3, 1]),
        (0.0, [3, 2]),
        (0.25, [1, 1]),
        (1e-2, [2, 1]),
        (2, [0, 0]),
        (xgpu.asarray([0.1, 0.0]), [2, 2]),
        (xgpu.asarray(0.1, dtype=xgpu.float32), [2, 1]),
    ]
    for rtol, ranks in cases:
        same(linalg.matrix_rank(given, rtol=rtol), np.asarray(ranks))
        inverse = np.zeros((2, 3, 3))
        for matrix, rank in enumerate(ranks):
            for i in range(rank):
                inverse[matrix, i, i] = 1 / x[matrix, i, i]
        same(linalg.pinv(given, rtol=rtol), inverse, rtol=1e-14)
    for name in ("pinv", "matrix_rank"):
        with pytest.raises(TypeError, match=rf"{name}\(\) takes a real rtol"):
            getattr(linalg, name)(given, rtol=xgpu.asarray(1j))
        with pytest.raises(ValueError, match="broadcast"):
            getattr(linalg, name)(given, rtol=xgpu.asarray([0.1, 0.1, 0.1]))


def test_the_rank_of_float32_is_judged_by_its_own_precision() -> None:
    x = np.diag([1.0, 1e-9])
    same(linalg.matrix_rank(xgpu.asarray(x)), np.asarray(2))
    same(linalg.matrix_rank(xgpu.asarray(x.astype("float32"))), np.asarray(1))
