"""What a driver's libraries promise, on each driver: NVIDIA's through CuPy, and NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.backends.cuda.operands import operand
from xgpu.plugin import Strided
from xgpu.plugin.program import contiguous_strides
from xgpu_cuda.driver import CupyDriver, Driver, Libraries, Transform
from xgpu_cuda.launch.fused import Fused

Array = np.ndarray[Any, np.dtype[Any]]

FLOATS = ["float32", "float64", "complex64", "complex128"]
STACKS = [(1, 1), (1, 6), (4, 5), (1, 300), (2, 40), (3, 33)]
"""(matrices, rows): one and several; small, and too large to be done together."""


@pytest.fixture(scope="module")
def libraries(driver: Driver) -> Libraries:
    return driver.libraries


def random(shape: tuple[int, ...], dtype: Any, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * rng.standard_normal(shape)
    return x.astype(dtype)


def dagger(x: Array) -> Array:
    return np.conj(x.swapaxes(-1, -2))


def by_columns(driver: Driver, x: Array) -> Strided:
    return operand(driver, np.ascontiguousarray(x.swapaxes(-1, -2)).swapaxes(-1, -2))


def host(driver: Driver, part: Strided) -> Array:
    """The values, through a copying kernel."""
    memory = Fused(driver).copy(0, part)
    return driver.to_host(0, memory.ptr, memory.nbytes).view(part.dtype).reshape(part.shape)


def close(got: Array, wanted: Array, factor: float = 50) -> None:
    eps = float(np.finfo(got.dtype).eps)
    scale = float(np.max(np.abs(wanted), initial=1.0)) * max(4, got.shape[-1])
    np.testing.assert_allclose(got, wanted, rtol=0, atol=factor * eps * scale)


# Products and sorts


@pytest.mark.parametrize("dtype", FLOATS)
def test_matmul(driver: Driver, libraries: Libraries, dtype: str) -> None:
    rng = np.random.default_rng(0)
    a = rng.integers(-8, 8, (2, 3, 5, 4)).astype(dtype)
    b = rng.integers(-8, 8, (3, 6, 4)).astype(dtype)
    left = operand(driver, a[::-1])
    right = operand(driver, np.broadcast_to(b.swapaxes(-1, -2), (2, 3, 4, 6)))
    product = libraries.matmul(0, left, right, left.dtype, (2, 3, 5, 6))
    if product is None:  # then the kernel runs
        assert not isinstance(driver, CupyDriver)
        return
    result = driver.to_host(0, product.ptr, product.nbytes).view(dtype).reshape(2, 3, 5, 6)
    np.testing.assert_array_equal(result, a[::-1] @ b.swapaxes(-1, -2))
    integers = operand(driver, np.ones((2, 2), "int32"))
    assert libraries.matmul(0, integers, integers, integers.dtype, (2, 2)) is None


@pytest.mark.parametrize(
    "dtype",
    [*("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"), *FLOATS[:2]],
)
def test_sorts(driver: Driver, libraries: Libraries, dtype: str) -> None:
    rng = np.random.default_rng(1)
    for count in (1, 2, 1000, 70_001):
        x = rng.integers(-50, 50, count).astype(dtype)
        if np.dtype(dtype).kind == "f":
            x[rng.random(count) < 0.1] = -0.0
            x[rng.random(count) < 0.1] = np.nan
        keys = operand(driver, x)
        libraries.sort(0, keys)
        order = np.argsort(x, stable=True)
        got = driver.to_host(0, keys.buffer.ptr, x.nbytes).view(dtype)
        np.testing.assert_array_equal(got, x[order])
        if np.dtype(dtype).kind == "f":  # zeros come in the order that they were in
            np.testing.assert_array_equal(np.signbit(got), np.signbit(x[order]))
        places = operand(driver, np.zeros(count + 1, "int64"))
        part = places._replace(shape=(count,), offset=1)
        libraries.argsort(0, operand(driver, x), part)
        given = driver.to_host(0, places.buffer.ptr, 8 * count + 8).view("int64")
        assert given[0] == 0
        np.testing.assert_array_equal(given[1:], order)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_transforms(driver: Driver, libraries: Libraries, dtype: str) -> None:
    made = np.result_type(dtype, "complex64")
    points = 30
    z, x = random((4, points), made), random((4, points), dtype)
    half = np.fft.rfft(x).astype(made)
    cases: list[tuple[Transform, Array, Array]] = [
        ("fft", z, np.fft.fft(z)),
        ("ifft", z, np.fft.ifft(z, norm="forward")),
        ("rfft", x, np.fft.rfft(x)),
        ("irfft", half, np.fft.irfft(half, points, norm="forward")),
    ]
    for kind, given, wanted in cases:
        target = driver.allocate(0, wanted.astype(made if kind != "irfft" else dtype).nbytes)
        libraries.transform(0, kind, operand(driver, given), target, points)
        got = driver.to_host(0, target.ptr, target.nbytes)
        result = got.view(dtype if kind == "irfft" else made).reshape(wanted.shape)
        close(result, wanted)


# Matrices


@pytest.mark.parametrize(("batch", "n"), STACKS)
@pytest.mark.parametrize("dtype", FLOATS)
def test_cholesky(driver: Driver, libraries: Libraries, dtype: str, batch: int, n: int) -> None:
    x = random((batch, n, n), dtype)
    x = x @ dagger(x) + n * np.eye(n, dtype=dtype)
    x[-1, -1, -1] *= -1 if batch > 1 else 1
    lower = np.tril(x) + np.triu(np.full((n, n), 7, dtype), 1)
    factor, info = libraries.cholesky(0, by_columns(driver, lower))
    said = host(driver, info)
    assert said.shape == (batch,) and said.dtype == np.int32
    np.testing.assert_array_equal(said != 0, np.arange(batch) == (batch - 1 if batch > 1 else -1))
    good = said == 0
    made = np.tril(host(driver, factor))[good]
    close(made @ dagger(made), x[good])


@pytest.mark.parametrize(("batch", "n"), STACKS)
@pytest.mark.parametrize("dtype", FLOATS)
def test_lu(driver: Driver, libraries: Libraries, dtype: str, batch: int, n: int) -> None:
    x, b = random((batch, n, n), dtype), random((batch, n, 3), dtype, 1)
    lu, pivots = libraries.lu(0, by_columns(driver, x))
    both, swaps = host(driver, lu), host(driver, pivots)
    assert swaps.shape == (batch, n) and swaps.dtype == np.int32
    product = (np.tril(both, -1) + np.eye(n, dtype=dtype)) @ np.triu(both)
    for matrix, rows, made in zip(x.copy(), swaps, product, strict=True):
        for k, row in enumerate(rows):
            matrix[[k, row - 1]] = matrix[[row - 1, k]]
        close(made, matrix, 200)
    solution = host(driver, libraries.lu_solve(0, lu, pivots, by_columns(driver, b)))
    error = np.abs(x @ solution - b).max()
    assert error < 1e4 * np.finfo(dtype).eps * max(1, np.abs(solution).max())


def test_lu_of_singular_matrices(driver: Driver, libraries: Libraries) -> None:
    x = np.zeros((3, 2, 2))
    x[1] = [[0, 1], [1, 0]]
    x[2] = [[1, 2], [2, 4]]
    lu, _ = libraries.lu(0, by_columns(driver, x))
    diagonal = np.diagonal(host(driver, lu), axis1=-2, axis2=-1)
    np.testing.assert_array_equal(np.any(diagonal == 0, axis=-1), [True, False, True])


@pytest.mark.parametrize("complete", [False, True])
@pytest.mark.parametrize(
    "shape", [(1, 5, 5), (1, 7, 3), (1, 3, 7), (4, 5, 2), (3, 2, 5), (2, 40, 35)]
)
@pytest.mark.parametrize("dtype", FLOATS)
def test_qr(
    driver: Driver, libraries: Libraries, dtype: str, shape: tuple[int, ...], complete: bool
) -> None:
    x = random(shape, dtype)
    q, r = (host(driver, part) for part in libraries.qr(0, by_columns(driver, x), complete))
    batch, m, n = shape
    k = m if complete else min(m, n)
    assert q.shape == (batch, m, k) and r.shape == (batch, k, n)
    close(q @ np.triu(r), x)
    close(dagger(q) @ q, np.broadcast_to(np.eye(k, dtype=dtype), (batch, k, k)))


def check_svd(
    driver: Driver, libraries: Libraries, x: Array, full: bool, factor: float = 50
) -> None:
    u, s, vh = (host(driver, part) for part in libraries.svd(0, by_columns(driver, x), full))
    batch, m, n = x.shape
    k = min(m, n)
    assert u.shape == (batch, m, m if full else k) and vh.shape == (batch, n if full else k, n)
    assert s.shape == (batch, k) and s.dtype == np.finfo(x.dtype).dtype
    assert np.all(s[:, :-1] >= s[:, 1:]) and np.all(s >= 0)
    close((u[..., :k] * s[:, None]) @ vh[:, :k], x, factor)
    for part in (u, dagger(vh)):
        size = part.shape[-1]
        identity = np.broadcast_to(np.eye(size, dtype=x.dtype), (batch, size, size))
        close(dagger(part) @ part, identity, factor)
    close(host(driver, libraries.svdvals(0, by_columns(driver, x))), s, factor)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (1, 5, 5), (1, 7, 3), (1, 3, 7), (4, 5, 2), (3, 2, 5), (2, 40, 35)]
)
@pytest.mark.parametrize("dtype", FLOATS)
def test_svd(
    driver: Driver, libraries: Libraries, dtype: str, shape: tuple[int, ...], full: bool
) -> None:
    check_svd(driver, libraries, random(shape, dtype), full)


@pytest.mark.parametrize("dtype", FLOATS)
def test_svd_of_few_ranks(driver: Driver, libraries: Libraries, dtype: str) -> None:
    for batch in (1, 3):
        check_svd(driver, libraries, np.zeros((batch, 4, 3), dtype), True)
        check_svd(driver, libraries, np.ones((batch, 5, 5), dtype), True)
        check_svd(driver, libraries, random((batch, 6, 1), dtype) @ random((1, 4), dtype), False)


def hermitian(batch: int, n: int, dtype: str) -> Array:
    x = random((batch, n, n), dtype)
    return x + dagger(x)


@pytest.mark.parametrize(("batch", "n"), [(1, 1), (1, 6), (4, 5), (1, 90), (2, 40)])
@pytest.mark.parametrize("dtype", FLOATS)
def test_eigh(driver: Driver, libraries: Libraries, dtype: str, batch: int, n: int) -> None:
    x = hermitian(batch, n, dtype)
    lower = np.tril(x) + np.triu(np.full((n, n), 7, dtype), 1)
    w, v = (host(driver, part) for part in libraries.eigh(0, by_columns(driver, lower)))
    assert w.dtype == np.finfo(dtype).dtype and np.all(w[:, :-1] <= w[:, 1:])
    close(x @ v, v * w[:, None])
    close(dagger(v) @ v, np.broadcast_to(np.eye(n, dtype=dtype), x.shape))
    close(w, np.linalg.eigvalsh(x))
    close(host(driver, libraries.eigvalsh(0, by_columns(driver, lower))), w)


def test_eigh_of_equal_eigenvalues(driver: Driver, libraries: Libraries) -> None:
    for batch in (1, 3):
        for x in (np.zeros((batch, 4, 4)), np.broadcast_to(np.eye(4), (batch, 4, 4))):
            w, v = (host(driver, part) for part in libraries.eigh(0, by_columns(driver, x)))
            close(x @ v, v * w[:, None])
            close(dagger(v) @ v, np.broadcast_to(np.eye(4), x.shape))


@pytest.mark.parametrize(("batch", "n"), [(1, 1), (1, 6), (4, 5), (1, 40)])
@pytest.mark.parametrize("dtype", FLOATS)
def test_eig(driver: Driver, libraries: Libraries, dtype: str, batch: int, n: int) -> None:
    x = random((batch, n, n), dtype)
    w, v = (host(driver, part) for part in libraries.eig(0, by_columns(driver, x)))
    made = np.result_type(dtype, "complex64")
    assert w.dtype == v.dtype == made
    close(x @ v, v * w[:, None], 500)
    close(np.linalg.norm(v, axis=-2), np.ones((batch, n), np.finfo(made).dtype))
    alone = host(driver, libraries.eigvals(0, by_columns(driver, x)))
    assert alone.dtype == made
    for these, those in ((w, alone), (alone, np.linalg.eigvals(x))):
        distance = np.abs(these[:, :, None] - those[:, None]).min(axis=-1)
        assert distance.max() < 1e4 * np.finfo(made).eps * np.abs(x).max() * n


def test_fused_reads_any_layout(driver: Driver) -> None:
    x = random((3, 4, 5), "float32")
    for view in (x, x[::-1, :, ::2], x.T, np.broadcast_to(x[:, :1], x.shape), x[1:2, 2:3, 3:4]):
        np.testing.assert_array_equal(host(driver, operand(driver, view)), view)
    assert contiguous_strides((3, 4)) == (4, 1)
