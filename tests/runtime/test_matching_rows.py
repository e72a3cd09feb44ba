"""Programs whose sizes are part of their structure: matched, and nothing else taken for one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import xgpu as xp
from tests.comparing import host
from xgpu.array import read
from xgpu.runtime import matching, recall

Program = Callable[..., Any]


@pytest.fixture(autouse=True)
def soon(device: xp.Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "HITS", 1)
    device.matchers.clear()
    device.plans.clear()


def array(device: xp.Device, seed: int, *shape: int, dtype: str = "float64") -> xp.Array:
    values = np.random.default_rng(seed).integers(-6, 7, shape).astype(dtype) / 4
    return xp.asarray(values.astype(dtype), device=device)


def eager(fn: Program, *arrays: xp.Array) -> Any:
    with xp.eager():
        return host(fn(*arrays))


def softmax(x: xp.Array) -> xp.Array:
    powers = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
    return powers / xp.sum(powers, axis=-1, keepdims=True)


def layer_norm(x: xp.Array, weight: xp.Array) -> xp.Array:
    centred = x - xp.mean(x, axis=1, keepdims=True)
    variance = xp.mean(centred * centred, axis=1, keepdims=True)
    return centred / xp.sqrt(variance + 1e-5) * weight + 1


def counted(x: xp.Array) -> xp.Array:
    return xp.sum(x * xp.arange(x.shape[-1], dtype=x.dtype, device=x.device), axis=1) / 2


PROGRAMS: dict[str, tuple[Program, int]] = {
    "softmax": (softmax, 1),
    "layer norm": (layer_norm, 2),
    "log-sum-exp": (lambda x: xp.log(xp.sum(xp.exp(x - 2.0), axis=1)) + 2.0, 1),
    "variance": (lambda x: xp.var(x, axis=0), 1),
    "all": (lambda x: xp.sum(x * x), 1),
    "argmax": (lambda x: xp.argmax(x * 2.0, axis=1), 1),
    "broadcast": (lambda x, w: (x - w) * x[:, :1], 2),
    "stencil": (lambda x: x[:, 2:] + x[:, :-2] - 2.0 * x[:, 1:-1], 1),
    "generator": (counted, 1),
    "a view of a result": (lambda x: (x + 1.0).T * 2.0, 1),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_again(name: str, device: xp.Device, monkeypatch: pytest.MonkeyPatch) -> None:
    program, takes = PROGRAMS[name]
    arrays = [array(device, 0, 3, 6), array(device, 1, 6)][:takes]
    others = [array(device, 2, 3, 6), array(device, 3, 6)][:takes]
    expected = [eager(program, *given) for given in (arrays, others)]
    for _ in range(3):
        np.testing.assert_allclose(host(program(*arrays)), expected[0], rtol=1e-12)
    root = read(program(*arrays))
    if name != "a view of a result":  # its kernel is lowered as that of a view
        assert (root.op, root.depth, root.shape) in device.matchers
        monkeypatch.setattr(recall, "walk", None)
    del root
    np.testing.assert_allclose(host(program(*others)), expected[1], rtol=1e-12)


ALIKE: list[Program] = [
    lambda x, y: x - xp.max(x, axis=1, keepdims=True) * 2.0 + y,
    lambda x, y: x - xp.max(x, axis=0, keepdims=True) * 2.0 + y,
    lambda x, y: x - xp.min(x, axis=1, keepdims=True) * 2.0 + y,
    lambda x, y: x - xp.max(y, axis=1, keepdims=True) * 2.0 + y,
    lambda x, y: x - xp.max(x, axis=1, keepdims=True) * 2.0 + x,
    lambda x, y: y - xp.max(x, axis=1, keepdims=True) * 2.0 + y,
    lambda x, y: x - xp.max(x, axis=1) * 2.0 + y,
    lambda x, y: x - xp.max(x.T, axis=1, keepdims=True) * 2.0 + y,
    lambda x, y: x - xp.max(x, axis=1, keepdims=True).T * 2.0 + y,
    lambda x, y: x.T - xp.max(x, axis=1, keepdims=True) * 2.0 + y,
    lambda x, y: x - xp.max(x, keepdims=True) * 2.0 + y,
    lambda x, y: x - xp.max(x, axis=1, keepdims=True) * y + y,
    lambda x, y: x - 2.0 / xp.max(x, axis=1, keepdims=True) + y,
    lambda x, y: x - xp.max(x, axis=1, keepdims=True) / 2.0 + y,
    lambda x, y: x - xp.max(x[:, ::-1] * 1.0, axis=1, keepdims=True) * 2.0 + y,
    lambda x, y: x[::-1] - xp.max(x, axis=1, keepdims=True) * 2.0 + y,
    lambda x, y: x - xp.max(x, axis=1, keepdims=True) * 2.0 + y[::-1],
    lambda x, y: x - xp.max(x, axis=1, keepdims=True) * 2.0 + y[0],
]


@pytest.mark.parametrize("first", [0, 1, 7, 12])
def test_what_is_alike_is_not_taken_for_it(first: int, device: xp.Device) -> None:
    x, y = array(device, 4, 4, 4), array(device, 5, 4, 4)
    for _ in range(3):
        host(ALIKE[first](x, y))
    with np.errstate(divide="ignore"):
        for fn in ALIKE:
            expected = eager(fn, x, y)
            for _ in range(3):
                np.testing.assert_array_equal(host(fn(x, y)), expected)


def test_other_shapes_and_dtypes(device: xp.Device) -> None:
    arrays = [
        array(device, n, *shape) for n, shape in enumerate([(3, 4), (4, 3), (2, 3, 4), (12,)])
    ]
    arrays += [array(device, 7, 3, 4, dtype="float32"), array(device, 8, 1, 4)]
    expected = [eager(softmax, x) for x in arrays]
    for _ in range(4):
        for x, wanted in zip(arrays, expected, strict=True):
            got = host(softmax(x))
            assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
            np.testing.assert_allclose(got, wanted, rtol=1e-6)


def test_views_of_other_places(device: xp.Device) -> None:
    x = array(device, 0, 6, 5)
    for _ in range(3):
        for start in range(3):
            part = x[start : start + 4]
            np.testing.assert_allclose(host(softmax(part)), eager(softmax, part), rtol=1e-12)
            flipped = x[::-1][start : start + 4]
            np.testing.assert_allclose(host(softmax(flipped)), eager(softmax, flipped), rtol=1e-12)


def test_scalars_that_were_equal_and_are_not(device: xp.Device) -> None:
    x = array(device, 0, 4, 5)

    def program(a: float, b: float) -> Any:
        return host(xp.sum((x * a + b) / b, axis=1))

    values = [(2.0, 2.0), (3.0, 3.0), (2.0, 5.0), (0.0, -0.0), (-0.0, 0.0), (math.nan, math.nan)]
    values += [(math.inf, -math.inf), (1.0, math.nan), (7.0, 7.0), (2.0, 2.0)]
    with np.errstate(all="ignore"):
        for _ in range(3):
            for a, b in values:
                with xp.eager():
                    expected = program(a, b)
                assert program(a, b).tobytes() == expected.tobytes()


def test_casts_to_other_dtypes(device: xp.Device) -> None:
    x = xp.asarray(np.array([[1.5, 300.5, -2.5], [4.5, 129.0, -300.0]]), device=device)
    whole = xp.asarray(np.arange(-3, 4, dtype="int16") * 100, device=device)
    programs: list[Program] = [
        lambda dtype: xp.max(xp.astype(xp.astype(x, xp.int16), dtype), axis=1),
        lambda dtype: xp.astype(whole + 1, dtype) * xp.astype(xp.asarray(2, device=device), dtype),
    ]
    for program in programs:
        for _ in range(4):
            for dtype in (xp.int32, xp.int8, xp.float32, xp.int64):
                with xp.eager():
                    expected = host(program(dtype))
                got = host(program(dtype))
                assert got.dtype == expected.dtype == dtype
                np.testing.assert_array_equal(got, expected)


def test_a_constant_that_has_become_an_array(device: xp.Device) -> None:
    x, flat = array(device, 0, 4, 5), array(device, 1, 6)
    values = host(x), host(flat)

    def check(scale: xp.Array, value: float) -> None:
        np.testing.assert_array_equal(host(xp.sum(x * scale, axis=1)), (values[0] * value).sum(1))
        np.testing.assert_array_equal(host(flat * scale + flat), values[1] * value + values[1])

    for value in (2.0, 0.5, 4.0, -1.0):
        scale = xp.full((), value, device=device)
        check(scale, value)
        check(scale, value)
        xp.materialize(scale)
        check(scale, value)
        check(xp.full((), value, device=device) * 2.0, value * 2)
        check(flat[2] * 1.0, float(values[1][2]))
        check(xp.full((), value, device=device), value)


def test_what_is_held_is_written_too(device: xp.Device) -> None:
    x = array(device, 0, 4, 5)
    expected = eager(softmax, x)
    for _ in range(4):
        np.testing.assert_allclose(host(softmax(x)), expected, rtol=1e-12)
    powers = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
    whole = powers / xp.sum(powers, axis=-1, keepdims=True)
    xp.materialize(whole)
    assert read(powers).buffer is not None, "the kernel that computed the root wrote it"
    np.testing.assert_allclose(host(whole), expected, rtol=1e-12)
    distances = host(x) - host(x).max(-1, keepdims=True)
    np.testing.assert_allclose(host(powers), np.exp(distances), rtol=1e-12)
    top = xp.max(x, axis=-1, keepdims=True)
    powers = xp.exp(x - top)
    whole = powers / xp.sum(powers, axis=-1, keepdims=True)
    del powers
    np.testing.assert_allclose(host(whole), expected, rtol=1e-12)
    np.testing.assert_array_equal(host(top), host(x).max(-1, keepdims=True))


def test_writes_between(device: xp.Device) -> None:
    x = array(device, 0, 4, 5)
    row = x[1]
    before: Any = None
    for number in range(6):
        got = softmax(x)
        if number % 2:
            row[...] = float(number)  # what was recorded reads what was there before
            x[0, 2] += 1.5
            np.testing.assert_allclose(host(got), before, rtol=1e-12)
            got = softmax(x)
        before = eager(softmax, x)
        np.testing.assert_allclose(host(got), before, rtol=1e-12)


def test_a_write_to_an_intermediate(device: xp.Device) -> None:
    x = array(device, 0, 4, 5)

    def program(x: xp.Array, value: float | None) -> xp.Array:
        powers = x * 2.0
        if value is not None:
            powers[:, 1] = value
        return powers - xp.max(powers, axis=1, keepdims=True)

    for _ in range(3):
        for value in (None, 9.0, -9.0):
            np.testing.assert_array_equal(
                host(program(x, value)), eager(lambda x, v=value: program(x, v), x)
            )


def test_a_result_that_is_the_next_operand(device: xp.Device) -> None:
    x = array(device, 0, 4, 5)
    y, expected = x, host(x)
    for _ in range(12):
        y = softmax(y + 0.5)
        powers = np.exp(expected + 0.5 - (expected + 0.5).max(-1, keepdims=True))
        expected = powers / powers.sum(-1, keepdims=True)
        xp.materialize(y)
    np.testing.assert_allclose(host(y), expected, rtol=1e-10)


UNARY: list[Program] = [
    lambda x: xp.exp(-xp.abs(x)),
    lambda x: x * 2.0,
    lambda x: 2 - x,
    lambda x: x.T,
    lambda x: x[::-1, :],
    lambda x: x[1:2] + x,
    lambda x: x - xp.max(x, axis=0, keepdims=True),
    lambda x: xp.broadcast_to(xp.sum(x, axis=1, keepdims=True), x.shape),
    lambda x: xp.mean(x, axis=1, keepdims=True) * x,
    lambda x: x - xp.mean(x, axis=0),
]
BINARY: list[Program] = [xp.add, xp.multiply, xp.subtract, xp.maximum]


@pytest.mark.parametrize("seed", range(6))
def test_random_programs_again_and_again(seed: int, device: xp.Device) -> None:
    rng = np.random.default_rng(seed)

    def program(plan: list[list[int]], x: xp.Array, y: xp.Array) -> xp.Array:
        values = [x, y]
        for op, i, j in plan:
            a, b = values[i % len(values)], values[j % len(values)]
            values.append(UNARY[op](a) if op < len(UNARY) else BINARY[op % len(BINARY)](a, b))
        return xp.sum(values[-1], axis=1) if plan[0][1] % 2 else values[-1]

    with np.errstate(all="ignore"):
        for _ in range(5):
            plan = rng.integers(0, len(UNARY) + len(BINARY), (rng.integers(1, 8), 3)).tolist()
            for number in range(10):
                x, y = (array(device, seed + number + n, 3, 3) for n in range(2))
                expected = eager(lambda x, y, plan=plan: program(plan, x, y), x, y)
                np.testing.assert_allclose(host(program(plan, x, y)), expected, rtol=1e-9)


def test_shapes_without_end(device: xp.Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "LIMIT", 5)
    for size in (*range(2, 20), *range(2, 20)):
        x = array(device, size, 2, size)
        for _ in range(3):
            np.testing.assert_array_equal(host(xp.sum(x, axis=1)), host(x).sum(1))
            np.testing.assert_array_equal(host(x + x), host(x) * 2)
    assert 0 < len(device.matchers) <= 5
