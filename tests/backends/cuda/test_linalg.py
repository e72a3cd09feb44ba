"""The rows of linear algebra on each driver: what they promise around the libraries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from tests.backends.cuda.operands import operand
from tests.backends.cuda.test_libraries import FLOATS, close, dagger, random
from xgpu.plugin import KernelOp, Result, Strided
from xgpu_cuda.driver import Driver
from xgpu_cuda.launch.fused import Fused
from xgpu_cuda.launch.linalg import LinearAlgebra

Array = np.ndarray[Any, np.dtype[Any]]
Ops = Mapping[str, KernelOp]

STACKS: list[tuple[int, ...]] = [(), (3,), (2, 1, 3)]


@pytest.fixture(scope="module")
def ops(driver: Driver) -> Ops:
    return LinearAlgebra(driver, Fused(driver)).kernel_ops()


def run(
    driver: Driver,
    op: KernelOp,
    views: list[Array],
    *shapes: tuple[tuple[int, ...], Any],
    **attributes: Any,
) -> list[Array]:
    """The results; the operands are looked at again."""
    operands = [operand(driver, view) for view in views]
    memories = [given.buffer for given in operands]
    before = [driver.to_host(0, m.ptr, m.nbytes) for m in memories]
    results = [Result(np.dtype(dtype), shape) for shape, dtype in shapes]
    made = op(0, operands, results, attributes)
    for memory, old in zip(memories, before, strict=True):
        np.testing.assert_array_equal(driver.to_host(0, memory.ptr, memory.nbytes), old)
    return [
        driver.to_host(0, memory.ptr, memory.nbytes).view(result.dtype).reshape(result.shape)
        for memory, result in zip(made, results, strict=True)
    ]


def real(dtype: Any) -> Any:
    return np.finfo(dtype).dtype


def hermitian(shape: tuple[int, ...], dtype: Any) -> Array:
    x = random(shape, dtype)
    return x + dagger(x)


def positive(shape: tuple[int, ...], dtype: Any) -> Array:
    x = random(shape, dtype)
    return x @ dagger(x) + np.eye(shape[-1], dtype=dtype)


def layouts(x: Array) -> list[Array]:
    """The same stack in other layouts."""
    columns = np.ascontiguousarray(x.swapaxes(-1, -2)).swapaxes(-1, -2)
    spread = np.zeros((*x.shape[:-2], 2 * x.shape[-2], 3 * x.shape[-1] + 1), x.dtype)
    spread[..., ::2, 1::3] = x
    backwards = np.ascontiguousarray(x[..., ::-1, ::-1])[..., ::-1, ::-1]
    made = [x, columns, spread[..., ::2, 1::3], backwards]
    if x.ndim > 2:
        made.append(np.broadcast_to(x[:1], (4, *x.shape[1:])))
        made.append(x[::-1])
    return made


@pytest.mark.parametrize("stack", STACKS, ids=str)
@pytest.mark.parametrize("dtype", FLOATS)
def test_cholesky(driver: Driver, ops: Ops, dtype: str, stack: tuple[int, ...]) -> None:
    for x in layouts(positive((*stack, 4, 4), dtype)):
        (lower,) = run(driver, ops["cholesky"], [x], (x.shape, dtype))
        np.testing.assert_array_equal(lower, np.tril(lower))
        close(lower, np.linalg.cholesky(x))
    spoilt = np.tril(x) + np.triu(np.full((4, 4), np.nan, dtype), 1)
    (again,) = run(driver, ops["cholesky"], [spoilt], (x.shape, dtype))
    np.testing.assert_array_equal(again, lower)


def test_cholesky_that_fails(driver: Driver, ops: Ops) -> None:
    x = positive((2, 3, 3, 3), "float64")
    x[1, 0, 2, 2] = -1
    said = r"matrix \[1, 0\] of the stack is not positive definite"
    with pytest.raises(np.linalg.LinAlgError, match=said):
        run(driver, ops["cholesky"], [x], (x.shape, "float64"))
    with pytest.raises(np.linalg.LinAlgError, match="the matrix is not positive definite"):
        run(driver, ops["cholesky"], [np.zeros((2, 2))], ((2, 2), "float64"))


@pytest.mark.parametrize("dtype", FLOATS)
def test_cholesky_of_nan(driver: Driver, ops: Ops, dtype: str) -> None:
    x = positive((2, 3, 3), dtype)
    good = np.linalg.cholesky(x[1])
    x[0, 1, 0] = np.nan
    (lower,) = run(driver, ops["cholesky"], [x], (x.shape, dtype))
    assert np.isnan(lower[0, -1, -1]) and np.all(np.triu(lower[0], 1) == 0)
    close(lower[1], good)


@pytest.mark.parametrize("columns", [1, 3])
@pytest.mark.parametrize("stack", STACKS, ids=str)
@pytest.mark.parametrize("dtype", FLOATS)
def test_solve(driver: Driver, ops: Ops, dtype: str, stack: tuple[int, ...], columns: int) -> None:
    for x in layouts(random((*stack, 4, 4), dtype)):
        b = np.broadcast_to(random((4, columns), dtype, 1), (*x.shape[:-2], 4, columns))
        (solution,) = run(driver, ops["solve"], [x, b], (b.shape, dtype))
        close(x @ solution, b, 5e3)


def test_solve_of_singular_matrices(driver: Driver, ops: Ops) -> None:
    x = random((4, 3, 3), "float32")
    x[2, 1] = 0
    b = np.ones((4, 3, 1), "float32")
    with pytest.raises(np.linalg.LinAlgError, match=r"matrix \[2\] of the stack is singular"):
        run(driver, ops["solve"], [x, b], (b.shape, "float32"))
    x[2, 1, 1] = np.nan  # no number is no zero
    (solution,) = run(driver, ops["solve"], [x, b], (b.shape, "float32"))
    assert np.isnan(solution[2]).any() and np.isfinite(solution[[0, 1, 3]]).all()


@pytest.mark.parametrize("stack", STACKS, ids=str)
@pytest.mark.parametrize("dtype", FLOATS)
def test_slogdet(driver: Driver, ops: Ops, dtype: str, stack: tuple[int, ...]) -> None:
    for n in (1, 2, 5):
        for x in layouts(random((*stack, n, n), dtype)):
            shape = x.shape[:-2]
            sign, log = run(driver, ops["slogdet"], [x], (shape, dtype), (shape, real(dtype)))
            expected = np.linalg.slogdet(x)
            close(np.atleast_1d(sign), np.atleast_1d(expected.sign), 500)
            close(np.atleast_1d(log), np.atleast_1d(expected.logabsdet), 5000)


@pytest.mark.parametrize("dtype", FLOATS)
def test_slogdet_of_special_matrices(driver: Driver, ops: Ops, dtype: str) -> None:
    x = np.zeros((5, 2, 2), dtype)
    x[1] = [[1, 2], [2, 4]]
    x[2] = [[0, 3], [1, 0]]
    x[3] = np.eye(2) if np.dtype(dtype).kind == "c" else [[np.inf, 0], [0, 0]]
    x[4] = [[np.nan, 1], [1, 1]]
    sign, log = run(driver, ops["slogdet"], [x], ((5,), dtype), ((5,), real(dtype)))
    last = np.linalg.slogdet(x[3])
    np.testing.assert_array_equal(sign[:4], np.array([0, 0, -1, last.sign], dtype))
    np.testing.assert_array_equal(log[[0, 1, 3]], [-np.inf, -np.inf, last.logabsdet])
    assert np.isnan(log[4])
    close(log[2:3], np.log(np.array([3], real(dtype))))


@pytest.mark.parametrize("mode", ["reduced", "complete"])
@pytest.mark.parametrize("shape", [(5, 5), (5, 2), (2, 5), (1, 3), (3, 1)], ids=str)
@pytest.mark.parametrize("dtype", FLOATS)
def test_qr(driver: Driver, ops: Ops, dtype: str, shape: tuple[int, int], mode: str) -> None:
    m, n = shape
    k = m if mode == "complete" else min(m, n)
    for stack in STACKS[:2]:
        for x in layouts(random((*stack, m, n), dtype)):
            outer = x.shape[:-2]
            shapes = (((*outer, m, k), dtype), ((*outer, k, n), dtype))
            q, r = run(driver, ops["qr"], [x], *shapes, mode=mode)
            np.testing.assert_array_equal(r, np.triu(r))
            assert np.all(np.imag(np.diagonal(r, axis1=-2, axis2=-1)) == 0)
            close(q @ r, x)
            close(dagger(q) @ q, np.broadcast_to(np.eye(k, dtype=dtype), (*outer, k, k)))


@pytest.mark.parametrize("complete", [False, True])
def test_qr_makes_the_diagonal_real(
    driver: Driver, complete: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a library that gives any factors, with something below R's diagonal."""
    x = random((3, 5, 3), "complex128")
    phases = np.exp(1j * np.array([0.3, 2.0, 0.0]))
    q, r = np.linalg.qr(x, mode="complete" if complete else "reduced")
    q, r = q.copy(), r + np.tril(np.full(r.shape[-2:], 9), -1)
    q[..., :3] *= phases
    r[:, :3] *= np.conj(phases)[:, None]

    def given(device: int, x: Strided, asked: bool) -> tuple[Strided, Strided]:
        assert asked is complete
        return operand(driver, q), operand(driver, r)

    monkeypatch.setattr(driver.libraries, "qr", given)
    op = LinearAlgebra(driver, Fused(driver)).kernel_ops()["qr"]
    shapes = ((q.shape, "complex128"), (r.shape, "complex128"))
    mode = "complete" if complete else "reduced"
    real_q, real_r = run(driver, op, [x], *shapes, mode=mode)
    np.testing.assert_array_equal(real_r, np.triu(real_r))
    assert np.all(np.imag(np.diagonal(real_r, axis1=-2, axis2=-1)) == 0)
    np.testing.assert_array_equal(real_r[:, 2], np.triu(r)[:, 2])  # was real: not touched
    close(real_q @ real_r, x)
    close(dagger(real_q) @ real_q, np.broadcast_to(np.eye(q.shape[-1]), (3, *(q.shape[-1],) * 2)))


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("shape", [(4, 4), (5, 2), (2, 5)], ids=str)
@pytest.mark.parametrize("dtype", FLOATS)
def test_svd(driver: Driver, ops: Ops, dtype: str, shape: tuple[int, int], full: bool) -> None:
    m, n = shape
    k = min(m, n)
    for stack in STACKS[:2]:
        for x in layouts(random((*stack, m, n), dtype)):
            outer = x.shape[:-2]
            u, s, vh = run(
                driver,
                ops["svd"],
                [x],
                ((*outer, m, m if full else k), dtype),
                ((*outer, k), real(dtype)),
                ((*outer, n if full else k, n), dtype),
                full_matrices=full,
            )
            close((u[..., :k] * s[..., None, :]) @ vh[..., :k, :], x)
            close(s, np.linalg.svdvals(x))
            (alone,) = run(driver, ops["svdvals"], [x], ((*outer, k), real(dtype)))
            close(alone, s)


@pytest.mark.parametrize("dtype", FLOATS)
def test_svd_of_nan_and_infinity(driver: Driver, ops: Ops, dtype: str) -> None:
    x = random((3, 4, 2), dtype)
    good = np.linalg.svdvals(x)
    x[1, 2, 0] = np.inf
    (values,) = run(driver, ops["svdvals"], [x], ((3, 2), real(dtype)))
    assert np.isnan(values[1]).all()
    close(values[::2], good[::2])
    x[2, 0, 0] = np.nan
    (values,) = run(driver, ops["svdvals"], [x], ((3, 2), real(dtype)))
    assert np.isnan(values[1:]).all()
    close(values[0], good[0])


@pytest.mark.parametrize("stack", STACKS, ids=str)
@pytest.mark.parametrize("dtype", FLOATS)
def test_eigh(driver: Driver, ops: Ops, dtype: str, stack: tuple[int, ...]) -> None:
    for x in layouts(hermitian((*stack, 4, 4), dtype)):
        lower = np.tril(x) + np.triu(np.full((4, 4), 5, dtype), 1)
        values, vectors = (x.shape[:-1], real(dtype)), (x.shape, dtype)
        w, v = run(driver, ops["eigh"], [lower], values, vectors)
        close(w, np.linalg.eigvalsh(x))
        close(x @ v, v * w[..., None, :])
        (alone,) = run(driver, ops["eigvalsh"], [lower], values)
        close(alone, w)


@pytest.mark.parametrize("special", [np.nan, np.inf])
@pytest.mark.parametrize("dtype", FLOATS)
def test_eigh_of_nan_and_infinity(driver: Driver, ops: Ops, dtype: str, special: float) -> None:
    x = hermitian((2, 3, 3), dtype)
    good = np.linalg.eigvalsh(x[1])
    x[0, 0, 2] = special  # above the diagonal, and yet it counts
    w, v = run(driver, ops["eigh"], [x], ((2, 3), real(dtype)), (x.shape, dtype))
    assert np.isnan(w[0]).all() and np.isnan(v[0]).all() and np.isfinite(v[1]).all()
    close(w[1], good)


@pytest.mark.parametrize("stack", STACKS, ids=str)
@pytest.mark.parametrize("dtype", FLOATS)
def test_eig(driver: Driver, ops: Ops, dtype: str, stack: tuple[int, ...]) -> None:
    made = np.result_type(dtype, "complex64")
    for x in layouts(random((*stack, 3, 3), dtype)):
        values, vectors = (x.shape[:-1], made), (x.shape, made)
        w, v = run(driver, ops["eig"], [x], values, vectors)
        close(x @ v, v * w[..., None, :], 500)
        (alone,) = run(driver, ops["eigvals"], [x], values)
        close(np.sort_complex(alone), np.sort_complex(w), 500)
    x = np.array([[1.0, np.inf], [0, 1]], dtype)
    for name in ("eig", "eigvals"):
        with pytest.raises(np.linalg.LinAlgError, match="the matrix has infs or NaNs"):
            run(driver, ops[name], [x], ((2,), made), ((2, 2), made))


def test_the_same_bits_twice(driver: Driver, ops: Ops) -> None:
    x = positive((2, 20, 20), "float32")
    shapes = {
        "cholesky": [(x.shape, "float32")],
        "slogdet": [((2,), "float32"), ((2,), "float32")],
        "qr": [(x.shape, "float32"), (x.shape, "float32")],
        "eigh": [((2, 20), "float32"), (x.shape, "float32")],
        "svdvals": [((2, 20), "float32")],
    }
    for name, wanted in shapes.items():
        given = {"mode": "reduced"} if name == "qr" else {}
        first, second = (run(driver, ops[name], [x], *wanted, **given) for _ in range(2))
        for a, b in zip(first, second, strict=True):
            np.testing.assert_array_equal(a, b)


def test_what_is_read_by_the_host(driver: Driver, ops: Ops) -> None:
    x = positive((2, 4, 4), "float64")
    operands = [operand(driver, x)]
    whole, vector = Result(x.dtype, x.shape), Result(x.dtype, (2, 4))
    each = Result(x.dtype, (2,))
    calls: list[tuple[str, list[Result], dict[str, Any], int]] = [
        ("cholesky", [whole], {}, 1),
        ("solve", [whole], {}, 1),
        ("slogdet", [each, each], {}, 0),
        ("qr", [whole, whole], {"mode": "reduced"}, 0),
        ("svd", [whole, vector, whole], {"full_matrices": True}, 0),
        ("svdvals", [vector], {}, 0),
        ("eigh", [vector, whole], {}, 0),
        ("eigvalsh", [vector], {}, 0),
        ("eig", [vector, whole], {}, 1),
        ("eigvals", [vector], {}, 1),
    ]
    for name, results, given, expected in calls:
        # On a GPU, what iterates is asked besides whether it converged.
        besides = name.startswith(("svd", "eig")) and driver.name == "cuda"
        before = driver.reads
        ops[name](0, operands * (2 if name == "solve" else 1), results, given)
        assert driver.reads - before == expected + besides, name
