"""Row programs: reduced values read back along their axes. Asserted by counting kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import xgpu as xp
from tests.comparing import host
from tests.runtime.test_fusion import kernels, make
from xgpu_numpy.backend import NumpyBackend


def softmax(xp: Any, x: Any, axis: int | None = -1) -> Any:
    e = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return e / xp.sum(e, axis=axis, keepdims=True)


def layer_norm(xp: Any, x: Any, scale: Any, bias: Any) -> Any:
    mean = xp.mean(x, axis=-1, keepdims=True)
    var = xp.var(x, axis=-1, keepdims=True)
    return (x - mean) / xp.sqrt(var + 1e-5) * scale + bias


def logsumexp(xp: Any, x: Any) -> Any:
    m = xp.max(x, axis=-1)
    return xp.log(xp.sum(xp.exp(x - xp.expand_dims(m, -1)), axis=-1)) + m


def standardised(xp: Any, x: Any, axis: int | None) -> Any:
    return (x - xp.mean(x, axis=axis, keepdims=True)) / xp.std(x, axis=axis, keepdims=True)


def normalised(xp: Any, x: Any) -> Any:
    return x / xp.sqrt(xp.sum(x * x, axis=-1, keepdims=True))


PROGRAMS: dict[str, Callable[[Any, Any], Any]] = {
    "softmax": softmax,
    "log_softmax": lambda xp, x: x - xp.expand_dims(logsumexp(xp, x), -1),
    "layer_norm": lambda xp, x: layer_norm(xp, x, x[0, :], x[1, :]),
    "logsumexp": logsumexp,
    "standardised": lambda xp, x: standardised(xp, x, -1),
    "standardised over all": lambda xp, x: standardised(xp, x, None),
    "normalised": normalised,
    "var": lambda xp, x: xp.var(x, axis=-1),
    "std": lambda xp, x: xp.std(x, axis=None),
    "to the range": lambda xp, x: (
        (x - xp.min(x, axis=-1, keepdims=True))
        / (xp.max(x, axis=-1, keepdims=True) - xp.min(x, axis=-1, keepdims=True))
    ),
    "twice": lambda xp, x: softmax(xp, softmax(xp, x) * x),
    "where it is largest": lambda xp, x: xp.argmax(x - xp.mean(x, axis=-1, keepdims=True), axis=-1),
    "reshaped": lambda xp, x: x - xp.reshape(xp.max(x, axis=-1), (x.shape[0], 1)),
    "broadcast": lambda xp, x: xp.broadcast_to(xp.max(x, axis=-1, keepdims=True), x.shape) * x,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_one_kernel(device: xp.Device, name: str) -> None:
    a, x = make(device, 9, 70)
    result, ran = kernels(lambda: PROGRAMS[name](xp, x))
    np.testing.assert_allclose(result, PROGRAMS[name](np, a), rtol=1e-12, atol=1e-14)
    assert len(ran) == 1


@pytest.mark.parametrize("axes", [(1, 2), (2,), (0, 1, 2)])
def test_axes_at_the_end(device: xp.Device, axes: tuple[int, ...]) -> None:
    a, x = make(device, 3, 4, 5)
    result, ran = kernels(lambda: x - xp.mean(x, axis=axes, keepdims=True))
    np.testing.assert_allclose(result, a - a.mean(axis=axes, keepdims=True), rtol=1e-13, atol=1e-15)
    assert len(ran) == 1


@pytest.mark.parametrize("program", ["softmax", "layer_norm", "logsumexp", "standardised"])
def test_the_rows_are_read_once(device: xp.Device, program: str) -> None:
    a, x = make(device, 30, 200)
    _, ran = kernels(lambda: PROGRAMS[program](xp, x))
    written = sum(8 * (30 if program == "logsumexp" else a.size) for _ in ran)
    beside = 2 * 8 * 200 if program == "layer_norm" else 0
    assert sum(k.bytes for k in ran) == a.nbytes + written + beside


# Axes that do not come last


def test_standardised_columns_are_two_kernels(device: xp.Device) -> None:
    a, x = make(device, 2100, 3)
    result, ran = kernels(lambda: standardised(xp, x, 0))
    np.testing.assert_allclose(result, standardised(np, a, 0), rtol=1e-11, atol=1e-13)
    assert len(ran) == 2
    assert "sum" in ran[0].reason
    assert "another shape" in ran[0].reason
    assert sum(k.bytes for k in ran) < 3.2 * a.nbytes


def test_a_softmax_of_columns_writes_no_intermediate(device: xp.Device) -> None:
    a, x = make(device, 2100, 3)
    result, ran = kernels(lambda: softmax(xp, x, 0))
    np.testing.assert_allclose(result, softmax(np, a, 0), rtol=1e-13)
    assert len(ran) == 2
    assert sum(k.bytes for k in ran) < 3.4 * a.nbytes


@pytest.mark.parametrize("name", PROGRAMS)
def test_short_columns_are_one_kernel(device: xp.Device, name: str) -> None:
    """Whether they are columns of a matrix, or rows of one that is transposed."""
    for rows, columns in ((90, 70), (500, 9), (3, 400)):
        a, x = make(device, rows, columns)
        result, ran = kernels(partial(PROGRAMS[name], xp, x.T))
        np.testing.assert_allclose(result, PROGRAMS[name](np, a.T), rtol=1e-11, atol=1e-13)
        assert len(ran) == 1
    a, x = make(device, 5, 60, 8)
    result, ran = kernels(lambda: softmax(xp, x, 1))
    np.testing.assert_allclose(result, softmax(np, a, 1), rtol=1e-13)
    assert len(ran) == 1
    assert ran[0].bytes < 2.3 * a.nbytes


def test_rows_that_lie_across_memory_are_not_shared_by_threads(device: xp.Device) -> None:
    a, x = make(device, 2100, 12)
    result, ran = kernels(lambda: softmax(xp, x.T))
    np.testing.assert_allclose(result, softmax(np, a.T), rtol=1e-13)
    assert len(ran) == 2
    result, ran = kernels(lambda: standardised(xp, x.T, 1))
    np.testing.assert_allclose(result, standardised(np, a.T, 1), rtol=1e-11, atol=1e-13)
    assert len(ran) == 2
    result, ran = kernels(lambda: logsumexp(xp, xp.permute_dims(x, (1, 0))))
    np.testing.assert_allclose(result, logsumexp(np, a.T), rtol=1e-13)
    assert len(ran) == 1
    b, y = make(device, 12, 2100, seed=1)
    result, ran = kernels(lambda: softmax(xp, x.T * y + y * y))
    np.testing.assert_allclose(result, softmax(np, a.T * b + b * b), rtol=1e-13)
    assert len(ran) == 1


def test_few_long_rows_are_shared_by_many_threads(
    device: xp.Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, x = make(device, 2, 40_000)
    result, ran = kernels(lambda: softmax(xp, x))
    np.testing.assert_allclose(result, softmax(np, a), rtol=1e-12)
    assert len(ran) == 2
    _, ran = kernels(lambda: xp.var(x, axis=1))
    assert len(ran) == 1
    a, x = make(device, 5, 33_000)
    monkeypatch.setattr("xgpu.graph.rows.MANY", 5)
    result, ran = kernels(lambda: x - xp.max(x, axis=1, keepdims=True))
    np.testing.assert_array_equal(result, a - a.max(axis=1, keepdims=True))
    assert len(ran) == 1


# Values


@pytest.mark.parametrize("length", [1, 2, 31, 32, 33, 127, 128, 129, 255, 257, 1000, 2048, 4099])
def test_lengths(device: xp.Device, length: int) -> None:
    a, x = make(device, 3, length)
    result, ran = kernels(lambda: (softmax(xp, x), xp.sum(x, axis=1)))
    np.testing.assert_allclose(result[0], softmax(np, a), rtol=1e-13)
    np.testing.assert_allclose(result[1], a.sum(axis=1), rtol=1e-13)
    assert len(ran) == 2


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_floats(device: xp.Device, dtype: str) -> None:
    kind = np.dtype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    rng = np.random.default_rng(3)
    for length in (3, 64, 301):
        a = rng.normal(size=(4, length)).astype(kind)
        x = xp.asarray(a, device=device)
        wide, step = (
            a.astype(np.float64),
            {"float16": 2**-10, "bfloat16": 2**-7}.get(dtype, 2**-23),
        )
        for name in ("softmax", "layer_norm", "logsumexp", "to the range"):
            result, ran = kernels(partial(PROGRAMS[name], xp, x))
            assert result.dtype == kind
            expected = PROGRAMS[name](np, wide)
            np.testing.assert_allclose(
                result.astype(np.float64), expected, rtol=12 * step, atol=12 * step, err_msg=name
            )
            assert len(ran) == 1


@pytest.mark.parametrize("dtype", ["bool", "int8", "int32", "int64", "uint8", "uint64"])
def test_integers(device: xp.Device, dtype: str) -> None:
    a = (np.arange(66).reshape(6, 11) * 37 % 101).astype(dtype)
    x = xp.asarray(a, device=device)
    result, ran = kernels(lambda: xp.sum(x, axis=1, keepdims=True) - x)
    np.testing.assert_array_equal(result, a.sum(axis=1, keepdims=True) - a)
    assert len(ran) == 1
    with np.errstate(all="ignore"):
        expected = standardised(np, a, 1)
    result, ran = kernels(lambda: standardised(xp, x, 1))
    np.testing.assert_allclose(result, expected, rtol=1e-13)
    assert len(ran) == 1
    result, ran = kernels(lambda: x == xp.max(x, axis=1, keepdims=True))
    np.testing.assert_array_equal(result, a == a.max(axis=1, keepdims=True))
    assert len(ran) == 1


def test_complex_numbers(device: xp.Device) -> None:
    rng = np.random.default_rng(4)
    a = rng.normal(size=(5, 30)) + 1j * rng.normal(size=(5, 30))
    x = xp.asarray(a, device=device)
    result, ran = kernels(lambda: x / xp.sum(x, axis=1, keepdims=True))
    np.testing.assert_allclose(result, a / a.sum(axis=1, keepdims=True), rtol=1e-11)
    assert len(ran) == 1


LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "transposed": lambda x: x.T,
    "steps": lambda x: x[::2, 1::3],
    "reversed": lambda x: x[::-1, ::-1],
    "offset": lambda x: x[1:, 3:],
    "repeated": lambda x: x[:, :1] + 0 * x[:1, :],
    "a row for all": lambda x: x[:1, :] * (x[:, :1] > -1e9),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts(device: xp.Device, name: str) -> None:
    a, x = make(device, 21, 34)
    part, view = LAYOUTS[name](a), LAYOUTS[name](x)
    result, ran = kernels(lambda: softmax(xp, view))
    np.testing.assert_allclose(result, softmax(np, part), rtol=1e-13)
    assert len(ran) == 1


def test_special_values(device: xp.Device) -> None:
    a = np.random.default_rng(5).normal(size=(7, 40))
    a[0, 3], a[1, 5], a[2, 7], a[6, :2] = np.nan, np.inf, -np.inf, [np.nan, -np.inf]
    a[3], a[4], a[5] = np.inf, -np.inf, -0.0
    x = xp.asarray(a, device=device)
    for name in ("softmax", "layer_norm", "logsumexp", "var", "to the range"):
        with np.errstate(all="ignore"):
            expected = PROGRAMS[name](np, a)
        result, _ = kernels(partial(PROGRAMS[name], xp, x))
        np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0), (5, 1), (1, 5), (1, 1), (2, 0, 3)])
def test_small_shapes(device: xp.Device, shape: tuple[int, ...]) -> None:
    a, x = make(device, *shape)
    with np.errstate(all="ignore"):
        expected = standardised(np, a, -1) if 0 not in shape else np.empty(shape)
        centred = a - a.sum(axis=-1, keepdims=True)
    result, _ = kernels(lambda: standardised(xp, x, -1))
    np.testing.assert_allclose(result, expected)
    result, ran = kernels(lambda: x - xp.sum(x, axis=-1, keepdims=True))
    np.testing.assert_allclose(result, centred)
    assert len(ran) <= 2
    if shape[-1]:
        result, _ = kernels(lambda: softmax(xp, x))
        np.testing.assert_allclose(result, softmax(np, a) if 0 not in shape else a)
    with np.errstate(all="ignore"):
        result, _ = kernels(lambda: xp.sum(xp.square(x - xp.mean(x, axis=-1)[..., None]), axis=-1))
        np.testing.assert_allclose(
            result, ((a - a.sum(-1)[..., None] / max(a.shape[-1], 1)) ** 2).sum(-1)
        )


# What is kept


def test_reduced_values_that_are_held_are_further_outputs(device: xp.Device) -> None:
    a, x = make(device, 8, 50)
    for keepdims in (True, False):
        with xp.trace() as trace:
            mean = xp.mean(x, axis=1, keepdims=keepdims)
            deviation = xp.std(x, axis=1, keepdims=keepdims)
            centred = x - (mean if keepdims else mean[:, None])
            y = centred / (deviation if keepdims else deviation[:, None])
            xp.materialize(y)
            assert len(trace.kernels) == 1
            assert len(trace.kernels[0].outputs) == 4
            xp.materialize(mean, deviation, centred)
        assert len(trace.kernels) == 1
        np.testing.assert_allclose(host(mean), a.mean(axis=1, keepdims=keepdims), rtol=1e-14)
        np.testing.assert_allclose(host(deviation), a.std(axis=1, keepdims=keepdims), rtol=1e-13)
        np.testing.assert_allclose(host(y), standardised(np, a, 1), rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(host(centred), host(x) - a.mean(axis=1)[:, None], atol=1e-15)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_what_is_materialized_together_is_one_kernel(
    device: xp.Device, order: tuple[int, ...]
) -> None:
    a, x = make(device, 6, 41)
    largest = xp.max(x, axis=1, keepdims=True)
    total = xp.sum(xp.exp(x - largest), axis=1, keepdims=True)
    made = [largest, total, xp.exp(x - largest) / total]
    _, ran = kernels(lambda: tuple(made[i] for i in order))
    assert len(ran) == 1
    np.testing.assert_array_equal(host(largest), a.max(axis=1, keepdims=True))
    np.testing.assert_allclose(host(made[2]), softmax(np, a), rtol=1e-13)


def test_the_same_mean_is_computed_once(device: xp.Device) -> None:
    _, x = make(device, 6, 41)
    _, ran = kernels(lambda: standardised(xp, x, 1))
    assert sorted(ran[0].ops) == sorted(
        ["sum", "divide", "subtract", "square", "sum", "divide", "sqrt", "divide"]
    )


# Views, writes and other programs


def test_written_over_its_operand(device: xp.Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xgpu.graph.rows.MANY", 7)
    for length in (40, 40_000):
        a, x = make(device, 7, length)
        with xp.trace() as trace:
            x -= xp.mean(x, axis=1, keepdims=True)
            x[...] = x * xp.max(x, axis=1, keepdims=True)
            xp.materialize(x)
        assert len(trace.kernels) == 1
        a -= a.mean(axis=1, keepdims=True)
        a[...] = a * a.max(axis=1, keepdims=True)
        np.testing.assert_allclose(host(x), a, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("length", [9, 40_000])
def test_a_part_written_over_itself(
    device: xp.Device, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xgpu.graph.rows.MANY", 7)
    a, x = make(device, 12, length)
    with xp.trace() as trace:
        x[3:10, :] -= xp.mean(x[3:10, :], axis=1, keepdims=True)
        xp.materialize(x)
    assert len(trace.kernels) == 1
    assert trace.kernels[0].bytes == 2 * 7 * length * 8
    a[3:10] -= a[3:10].mean(axis=1, keepdims=True)
    np.testing.assert_allclose(host(x), a, rtol=1e-10, atol=1e-13)


def test_written_into_parts(device: xp.Device) -> None:
    a, x = make(device, 12, 40)
    x, a = xp.asarray(x, copy=True), a.copy()
    for rows, columns in (
        (slice(2, 5), slice(None)),
        (slice(None, None, -2), slice(3, 30)),
        (slice(0, 12), slice(None, None, 3)),
    ):
        x[rows, columns] = softmax(xp, x[rows, columns])
        a[rows, columns] = softmax(np, a[rows, columns])
    x[1:, :] = x[:-1, :] - xp.mean(x[1:, :], axis=1, keepdims=True)
    a[1:, :] = a[:-1, :] - np.mean(a[1:, :], axis=1, keepdims=True)
    np.testing.assert_allclose(host(x), a, rtol=1e-12, atol=1e-14)


def test_a_write_after_it_was_recorded(device: xp.Device) -> None:
    a, x = make(device, 5, 9)
    mean = xp.mean(x, axis=1, keepdims=True)
    y = x - mean
    mean[:] = 7.0
    x[0, :] = 3.0
    z = x - mean
    np.testing.assert_allclose(host(y), a - a.mean(axis=1, keepdims=True), atol=1e-15)
    a[0] = 3.0
    np.testing.assert_allclose(host(z), a - 7, atol=1e-15)


@pytest.mark.parametrize(
    ("program", "count"),
    [
        (lambda xp, x: softmax(xp, x).T + 1, 2),
        (lambda xp, x: softmax(xp, x)[::-1, 2:9] * 2, 2),
        (lambda xp, x: xp.sum(softmax(xp, x), axis=0), 2),
        (lambda xp, x: xp.argmax(softmax(xp, x), axis=1), 1),
        (lambda xp, x: softmax(xp, x) @ x.T, 2),
        (lambda xp, x: softmax(xp, x @ x.T), 2),
        (lambda xp, x: x - xp.mean(x, axis=1)[:, None] - xp.mean(x, axis=0), 2),
        (lambda xp, x: xp.argmax(x, axis=1)[:, None] * x, 1),
    ],
)
def test_other_programs_begin_where_they_must(
    device: xp.Device, program: Callable[[Any, Any], Any], count: int
) -> None:
    a, x = make(device, 13, 20)
    result, ran = kernels(lambda: program(xp, x))
    np.testing.assert_allclose(result, program(np, a), rtol=1e-12, atol=1e-14)
    assert len(ran) == count


def test_a_square_whose_columns_look_like_rows(device: xp.Device) -> None:
    a, x = make(device, 6, 6)
    programs: list[Callable[[Any, Any], Any]] = [
        lambda xp, x: x - xp.max(x, axis=1),
        lambda xp, x: x - xp.max(x, axis=0)[:, None],
        lambda xp, x: x.T - xp.max(x, axis=1)[:, None],
        lambda xp, x: xp.max(x, axis=1)[::-1, None] - x,
        lambda xp, x: x - xp.max(x[:, ::-1], axis=1)[:, None],
        lambda xp, x: x - xp.max(x.T, axis=1)[:, None],
        lambda xp, x: xp.sum(x, axis=1) - xp.sum(x - xp.sum(x, axis=0), axis=1),
    ]
    for program in programs:
        result, _ = kernels(partial(program, xp, x))
        np.testing.assert_allclose(result, program(np, a), rtol=1e-12, atol=1e-14)


def test_a_part_of_the_reduced_values(device: xp.Device) -> None:
    a, x = make(device, 8, 5)
    b, y = make(device, 4, 5, seed=1)
    result, _ = kernels(lambda: y - xp.mean(y, axis=1)[:, None] + xp.max(x, axis=1)[:4, None])
    expected = b - b.mean(axis=1)[:, None] + a.max(axis=1)[:4, None]
    np.testing.assert_allclose(result, expected, rtol=1e-13)


def test_another_size_of_its_class_compiles_nothing(device: xp.Device) -> None:
    def program(rows: int, length: int) -> Any:
        _, x = make(device, rows, length)
        return xp.sin(x) - xp.max(xp.sin(x), axis=1, keepdims=True)

    kernels(lambda: program(4, 65))
    for shape in [(40, 65), (3, 101), (257, 79)]:
        _, ran = kernels(partial(program, *shape))
        assert [k.cache for k in ran] == ["memory"]


# Backends


@pytest.fixture
def plain() -> Iterator[xp.Device]:
    """A backend that knows programs of one pass alone."""

    class Plain(NumpyBackend):
        capabilities = frozenset()

        def compile(self, device: int, program: Any) -> Any:
            assert not program.staged()
            return super().compile(device, program)

    xp.register_backend("plain", Plain())
    yield xp.device("plain")
    xp.unregister_backend("plain")


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_backend_of_programs_of_one_pass(plain: xp.Device, name: str) -> None:
    _, x = make(plain, 9, 70)
    _, there = make(xp.device("cpu"), 9, 70)
    result, ran = kernels(lambda: PROGRAMS[name](xp, x))
    np.testing.assert_array_equal(result, np.asarray(PROGRAMS[name](xp, there)))
    assert name == "where it is largest" or len(ran) > 1


def test_a_backend_without_the_attribute() -> None:
    class Old:
        def __init__(self, backend: Any) -> None:
            self._backend = backend

        def __getattr__(self, name: str) -> Any:
            if name == "capabilities":
                raise AttributeError(name)
            return getattr(self._backend, name)

    old: Any = Old(NumpyBackend())
    xp.register_backend("old", old)
    try:
        _, ran = kernels(lambda: softmax(xp, xp.ones((3, 4), device="old")))
        assert len(ran) > 1
    finally:
        xp.unregister_backend("old")
