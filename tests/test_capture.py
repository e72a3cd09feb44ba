"""Captured functions: as if called, without being called; and what cannot be captured."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import xgpu as xp
from tests.comparing import host
from xgpu import CaptureError

Array = xp.Array


def array(device: xp.Device, *shape: int, seed: int = 0, dtype: str = "float32") -> Array:
    values = np.random.default_rng(seed).integers(-8, 8, shape).astype(dtype)
    return xp.asarray(values, device=device)


def flat(value: Any) -> list[Any]:
    if isinstance(value, Array):
        return [host(value)]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [leaf for part in value for leaf in flat(part)]
    return [value]


def chain(x: Array, y: Array) -> Array:
    return ((((x + y) * 2.0 - x) * y + 1.0) * 0.5 - y) * x + y * 0.25


def normalised(x: Array, y: Array) -> Array:
    e = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
    return e / xp.sum(e, axis=-1, keepdims=True) + y


def several(x: Array, y: Array) -> tuple[Array, dict[str, Array]]:
    total = xp.sum(x)
    xp.materialize(total)
    return x * total, {"scan": xp.cumulative_sum(y[0, :]), "product": xp.matmul(x, y.T)}


def deep(x: Array, y: Array) -> Array:
    for _ in range(150):
        x = x * 0.5 + y
    return x


def made_inside(x: Array, y: Array) -> Array:
    z = xp.zeros(x.shape, device=x.device)
    z[:, 1:3] = x[:, 1:3] * 2
    z[0, :] += xp.asarray([1.0] * x.shape[1], device=x.device)
    return z + xp.arange(x.shape[1], device=x.device) + y


@pytest.mark.parametrize("fn", [chain, normalised, several, deep, made_inside])
def test_as_if_called(fn: Callable[..., Any], device: xp.Device) -> None:
    captured = xp.capture(fn)
    for seed in (0, 2, 4, 2):
        x, y = array(device, 6, 6, seed=seed), array(device, 6, 6, seed=seed + 1)
        for got, expected in zip(flat(captured(x, y)), flat(fn(x, y)), strict=True):
            np.testing.assert_array_equal(got, expected)


def test_the_function_is_not_run_again(device: xp.Device) -> None:
    calls: list[int] = []

    @xp.capture
    def double(x: Array) -> Array:
        """Twice."""
        calls.append(1)
        return x * 2

    x = array(device, 5)
    assert repr(double).endswith("double, not called yet>")
    assert (double.launches, double.graphs) == (0, 0)
    for _ in range(5):
        double(x)
    assert len(calls) == 2, "the first call runs it twice and compares"
    assert double.launches == 1
    assert double.graphs == (0 if device.type == "cpu" else 1)
    assert (double.__name__, double.__doc__) == ("double", "Twice.")


def test_no_result_changes_by_a_later_call(device: xp.Device) -> None:
    captured = xp.capture(several)
    kept = []
    for seed in range(4):
        x, y = array(device, 3, 3, seed=seed), array(device, 3, 3, seed=9)
        kept.append((captured(x, y), flat(several(x, y))))
    for got, expected in kept:
        for one, other in zip(flat(got), expected, strict=True):
            np.testing.assert_array_equal(one, other)


def test_many_launches_are_one_graph(device: xp.Device) -> None:
    captured = xp.capture(deep)
    x, y = array(device, 4), array(device, 4, seed=1)
    for _ in range(4):
        x, expected = captured(x, y), deep(x, y)
        np.testing.assert_array_equal(host(x), host(expected))
    assert captured.launches > 2
    assert captured.graphs == (0 if device.type == "cpu" else 1)


def test_between_graphs_are_the_ops_of_libraries(device: xp.Device) -> None:
    def steps(x: Array) -> Array:
        y = x * 2
        xp.materialize(y)
        y = xp.matmul(y + 1, y)
        return xp.sqrt(xp.abs(y)) + 1

    captured = xp.capture(steps)
    for seed in range(3):
        x = array(device, 5, 5, seed=seed)
        np.testing.assert_array_equal(host(captured(x)), host(steps(x)))
    assert captured.graphs == (0 if device.type == "cpu" else 2)


def test_writes_to_arguments(device: xp.Device) -> None:
    def step(x: Array, v: Array) -> None:
        v[1:] += x[:-1] * 2
        x *= v

    captured = xp.capture(step)
    a, b = array(device, 7), array(device, 7, seed=1)
    c, d = xp.asarray(a, copy=True), xp.asarray(b, copy=True)
    view, copy = a[2:5], xp.asarray(a, copy=True)
    for _ in range(3):
        assert captured(a, b) is None
        step(c, d)
        np.testing.assert_array_equal(host(a), host(c))
        np.testing.assert_array_equal(host(b), host(d))
    np.testing.assert_array_equal(host(view), host(c[2:5]))
    np.testing.assert_array_equal(host(copy), host(array(device, 7)))


def test_results_that_are_arguments_or_parts_of_them(device: xp.Device) -> None:
    @xp.capture
    def parts(x: Array, y: Array) -> tuple[Array, Array, Array]:
        x[0, :] = y[0, :]
        return x, x[1:, ::2].T, y

    for seed in range(2):
        x, y = array(device, 3, 4, seed=seed), array(device, 3, 4, seed=5)
        same, part, other = parts(x, y)
        assert same is x
        assert other is y
        part[0, 0] = 77
        assert float(x[1, 0]) == 77
        assert bool(xp.all(x[0, :] == y[0, :]))


def test_results_that_share_memory(device: xp.Device) -> None:
    @xp.capture
    def halves(x: Array) -> tuple[Array, Array]:
        y = x + 1
        return y, y[2:]

    for seed in range(2):
        whole, half = halves(array(device, 4, seed=seed))
        half[0] = 50
        assert float(whole[2]) == 50


def test_one_array_as_several_arguments(device: xp.Device) -> None:
    x, y = array(device, 4), array(device, 4, seed=1)
    captured = xp.capture(chain)
    np.testing.assert_array_equal(host(captured(x, x)), host(chain(x, x)))
    with pytest.raises(ValueError, match="it was the same array as number 0"):
        captured(x, y)
    apart = xp.capture(chain)
    apart(x, y)
    np.testing.assert_array_equal(host(apart(y, y)), host(chain(y, y)))

    def adds(a: Array, b: Array) -> None:
        a += b
        b += a

    written = xp.capture(adds)
    written(xp.asarray(x, copy=True), xp.asarray(y, copy=True))
    with pytest.raises(ValueError, match="share memory"):
        written(y, y)
    # A copy is another array, though it is in the same memory until one of them is written to.
    z = xp.asarray(x, copy=True)
    copies = xp.capture(adds)
    copies(x, z)
    expected_x, expected_z = array(device, 4), array(device, 4)
    adds(expected_x, expected_z)
    np.testing.assert_array_equal(host(x), host(expected_x))
    np.testing.assert_array_equal(host(z), host(expected_z))


def test_nested_arguments_and_other_values(device: xp.Device) -> None:
    def fn(arrays: dict[str, Any], power: int, *, shift: float = 0.0) -> list[Any]:
        x, (y,) = arrays["x"], arrays["y"]
        return [x**power + y + shift, "said", None, (x,)]

    captured = xp.capture(fn)
    for seed in range(3):
        x, y = array(device, 4, seed=seed), array(device, 4, seed=7)
        got = captured({"x": x, "y": [y]}, 2, shift=1.5)
        expected = fn({"x": x, "y": [y]}, 2, shift=1.5)
        np.testing.assert_array_equal(host(got[0]), host(expected[0]))
        assert got[1:3] == ["said", None]
        assert got[3][0] is x
    given = {"x": x, "y": [y]}
    with pytest.raises(ValueError, match=r"got 3 as argument\[1\], not 2"):
        captured(given, 3, shift=1.5)
    with pytest.raises(ValueError, match="got 2.0 as"):
        captured(given, 2.0, shift=1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="another dict as argument by name"):
        captured(given, 2)
    with pytest.raises(ValueError, match="1 arguments by position, not 2"):
        captured(given)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="not an array"):
        captured({"x": 1.0, "y": [y]}, 2, shift=1.5)


def test_pending_arguments_and_views(device: xp.Device) -> None:
    captured = xp.capture(chain)
    for seed in range(3):
        x, y = array(device, 4, 6, seed=seed), array(device, 6, 4, seed=3)
        x, y = (x + 1)[::2, :], y.T[1:3, :]
        np.testing.assert_array_equal(host(captured(x, y)), host(chain(x, y)))
    with pytest.raises(ValueError, match="laid out otherwise"):
        captured(array(device, 4, 6)[:2, :], y)


def test_what_is_taken_from_elsewhere_keeps_its_value(device: xp.Device) -> None:
    weight, before = array(device, 5), array(device, 5)
    captured = xp.capture(lambda x: x * weight)
    x = array(device, 5, seed=1)
    captured(x)
    weight[1:] = 1000
    np.testing.assert_array_equal(host(captured(x)), host(x * before))
    constant = xp.capture(lambda x: (x + 1, weight))
    assert constant(x)[1] is weight
    assert constant(x)[1] is weight


def test_values_that_do_not_follow_from_the_arguments_may_be_read(device: xp.Device) -> None:
    weight = xp.asarray([2.0, 4.0], device=device)
    places = xp.asarray([3, 0], device=device)
    captured = xp.capture(lambda x: xp.take(x, places) * float(xp.sum(weight)))
    for seed in range(2):
        x = array(device, 4, seed=seed)
        np.testing.assert_array_equal(host(captured(x)), host(x)[[3, 0]] * 6.0)


def into(x: Array, y: Array, out: Array) -> Any:
    return out._storage.node.buffer


def test_into(device: xp.Device) -> None:
    captured = xp.capture(chain)
    x, y, out = array(device, 5), array(device, 5, seed=1), array(device, 5, seed=2)
    view = out[1:3]
    memory = into(x, y, out)
    assert captured.into(out, x, y) is out
    assert into(x, y, out) is memory, "nobody else had the value, so its memory is used"
    np.testing.assert_array_equal(host(out), host(chain(x, y)))
    np.testing.assert_array_equal(host(view), host(chain(x, y))[1:3])
    copy, pending = xp.asarray(out, copy=True), out + 1
    captured.into(out, y, x)
    np.testing.assert_array_equal(host(out), host(chain(y, x)))
    np.testing.assert_array_equal(host(copy), host(chain(x, y)))
    np.testing.assert_array_equal(host(pending), host(chain(x, y)) + 1)
    # An argument's memory is read by all launches, so a result goes to another.
    expected = chain(out, y)
    captured.into(out, out, y)
    np.testing.assert_array_equal(host(out), host(expected))
    # A part of another array.
    large = xp.zeros((2, 5), dtype=xp.float32, device=device)
    captured.into(large[1, :], x, y)
    np.testing.assert_array_equal(host(large), [[0] * 5, host(chain(x, y)).tolist()])


def test_into_several(device: xp.Device) -> None:
    captured = xp.capture(several)
    x, y = array(device, 3, 3), array(device, 3, 3, seed=1)
    out = several(y, x)
    for _ in range(3):
        captured.into(out, x, y)
        for got, expected in zip(flat(out), flat(several(x, y)), strict=True):
            np.testing.assert_array_equal(got, expected)
        x, y = y, x
    with pytest.raises(ValueError, match="into.. got an array as out, not a tuple"):
        captured.into(x, x, y)  # type: ignore[arg-type]
    wrong = (array(device, 2, 3), out[1])
    with pytest.raises(ValueError, match=r"float32\[2, 3\].*as out\[0\].*float32\[3, 3\]"):
        captured.into(wrong, x, y)


def test_a_loop_in_the_memory_that_it_has(device: xp.Device) -> None:
    captured = xp.capture(lambda x: x * 0.5 + 1)
    x, spare = array(device, 64), array(device, 64)
    memory = {id(into(x, x, x)), id(into(x, x, spare))}
    for _ in range(4):
        captured.into(spare, x)
        x, spare = spare, x
    assert {id(into(x, x, x)), id(into(x, x, spare))} == memory


READS: dict[str, Callable[[Array], Any]] = {
    "float": lambda x: x * float(x[0]),
    "if": lambda x: x if xp.all(x > 0) else -x,
    "pending": lambda x: x * int(xp.sum(x) * 2),
    "mask": lambda x: x[x > 0],
    "index": lambda x: x[xp.astype(x, xp.int64)],
    "list": lambda x: (x * 2).tolist(),
    "print": lambda x: str(x),
    "nonzero": lambda x: xp.nonzero(x),
}


@pytest.mark.parametrize("name", READS)
def test_a_host_read_is_an_error_that_names_its_line(name: str, device: xp.Device) -> None:
    captured = xp.capture(READS[name])
    line = READS[name].__code__.co_firstlineno
    x = array(device, 4)
    for _ in range(2):
        with pytest.raises(CaptureError, match=rf"test_capture\.py:{line}: compute with arrays"):
            captured(x)
    assert host(x + 1).tolist() == (host(array(device, 4)) + 1).tolist()


def test_an_index_that_was_looked_at_before_is_read_all_the_same(device: xp.Device) -> None:
    x, places = array(device, 4), xp.asarray([1, 2], device=device)
    xp.take(x, places)
    with pytest.raises(CaptureError, match="the bounds of an index"):
        xp.capture(lambda x, places: xp.take(x, places))(x, places)


def test_what_differs_each_time_is_an_error(device: xp.Device) -> None:
    x, count = array(device, 4), [0]

    def counts(x: Array) -> Array:
        count[0] += 1
        return x * count[0]

    with pytest.raises(CaptureError, match="other constants"):
        xp.capture(counts)(x)

    def grows(x: Array) -> Array:
        count[0] += 1
        for _ in range(count[0]):
            x = xp.cumulative_sum(x)
        return x

    with pytest.raises(CaptureError, match="does something else each time"):
        xp.capture(grows)(x)
    with pytest.raises(CaptureError, match="does something else each time"):
        xp.capture(lambda x: (x + 1, grows(x) is x, count[0]))(x)
    with pytest.raises(CaptureError, match="other constants"):
        xp.capture(lambda x: x + xp.asarray(np.random.rand(4), device=x.device))(x)


def test_what_is_kept_is_an_error(device: xp.Device) -> None:
    x, kept, total = array(device, 4), [], array(device, 4)

    def keeps(x: Array) -> Array:
        kept.append(x * 2)
        return x + 1

    with pytest.raises(CaptureError, match="keeps an array beyond its call"):
        xp.capture(keeps)(x)
    kept.clear()
    with pytest.raises(CaptureError, match="one of its arguments"):
        xp.capture(lambda x: kept.append(x))(x)
    kept.clear()

    def adds(x: Array) -> Array:
        nonlocal total
        total += x
        return x * 2

    with pytest.raises(CaptureError, match="keeps an array"):
        xp.capture(adds)(x)

    def returned(x: Array) -> Array:
        total[...] = x * 2
        return total

    with pytest.raises(CaptureError, match="keeps an array"):
        xp.capture(returned)(x)


def test_arguments_that_are_not_those_of_the_first_call(device: xp.Device) -> None:
    captured = xp.capture(chain)
    x, y = array(device, 4), array(device, 4, seed=1)
    captured(x, y)
    for other in (array(device, 5), array(device, 4, dtype="float64"), array(device, 1, 4)):
        with pytest.raises(ValueError, match="the first call had float32"):
            captured(x, other)
    with pytest.raises(TypeError, match="numpy.ndarray|ndarray as argument 1: convert it"):
        captured(x, np.ones(4, np.float32))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="got float as argument 1"):
        captured(x, 1.0)  # type: ignore[arg-type]
    np.testing.assert_array_equal(host(captured(x, y)), host(chain(x, y)))


def test_one_device() -> None:
    here, there = xp.ones(3, device="cpu"), xp.ones(3, device="cudasim:0")
    captured = xp.capture(chain)
    with pytest.raises(xp.DeviceMismatchError, match=r"works on one device: argument\[0\]\[1\]"):
        captured(here, there)
    captured(here, here)
    with pytest.raises(xp.DeviceMismatchError, match="on cudasim:0 as array 0"):
        captured(there, there)
    elsewhere = xp.capture(lambda x: xp.ones(3, device="cudasim:0"))
    with pytest.raises(CaptureError, match="works on one device, which is cpu"):
        elsewhere(here)


def test_what_is_no_function() -> None:
    with pytest.raises(TypeError, match="capture.. takes a function: got int"):
        xp.capture(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="needs an array among its arguments"):
        xp.capture(lambda x: x)(3)


def test_an_error_of_the_function_is_raised_and_it_may_be_called_again(device: xp.Device) -> None:
    fails = [True]

    def fn(x: Array) -> Array:
        if fails[0]:
            raise ZeroDivisionError
        return x + 1

    captured = xp.capture(fn)
    x = array(device, 3)
    with pytest.raises(ZeroDivisionError):
        captured(x)
    fails[0] = False
    np.testing.assert_array_equal(host(captured(x)), host(x + 1))


def test_a_captured_function_in_another(device: xp.Device) -> None:
    inner = xp.capture(chain)
    outer = xp.capture(lambda x, y: inner(x, y) - inner(y, x))
    for seed in range(3):
        x, y = array(device, 4, seed=seed), array(device, 4, seed=5)
        np.testing.assert_array_equal(host(outer(x, y)), host(chain(x, y) - chain(y, x)))


def test_streams_eager_mode_and_the_trace(device: xp.Device) -> None:
    captured = xp.capture(several)
    x, y = array(device, 4, 4), array(device, 4, 4, seed=1)
    expected = flat(several(x, y))
    captured(x, y)
    with xp.trace() as trace:
        captured(x, y)
    assert len(trace.kernels) == captured.launches
    assert trace.kernels[0].line is None or "test_capture" in trace.kernels[0].line
    stream = xp.Stream(device)
    with stream:
        got = captured(x, y)
    with xp.eager():
        more = captured(x, y)
    for result in (got, more, captured(x, y)):
        for one, other in zip(flat(result), expected, strict=True):
            np.testing.assert_array_equal(one, other)
    with xp.eager():
        fresh = xp.capture(several)
        for one, other in zip(flat(fresh(x, y)), expected, strict=True):
            np.testing.assert_array_equal(one, other)


def test_no_elements_and_no_axes(device: xp.Device) -> None:
    captured = xp.capture(lambda x, s: (x * 2 + s, xp.sum(x), s + 1))
    for value in (1.0, 2.0):
        s = xp.asarray(value, device=device)
        got = captured(xp.zeros((0, 3), device=device), s)
        assert got[0].shape == (0, 3)
        assert [float(got[1]), float(got[2])] == [0.0, value + 1]


def test_threads(device: xp.Device) -> None:
    captured = xp.capture(deep)
    x, y = array(device, 8), array(device, 8, seed=1)
    expected = host(captured(x, y))
    wrong: list[Any] = []

    def work(seed: int) -> None:
        a = array(device, 8, seed=seed)
        want = host(deep(a, y))
        for _ in range(20):
            if not np.array_equal(host(captured(a, y)), want):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    np.testing.assert_array_equal(host(captured(x, y)), expected)


def test_memory_is_let_go(device: xp.Device) -> None:
    backend, index = device.backend, device.index
    x, y = array(device, 1000), array(device, 1000, seed=1)
    xp.materialize(x, y)
    gc.collect()
    before = backend.allocated(index)
    captured = xp.capture(deep)
    captured(x, y)
    captured(x, y)
    gc.collect()
    during = backend.allocated(index)
    for _ in range(10):
        captured(x, y)
    assert backend.allocated(index) == during
    del captured
    gc.collect()
    assert backend.allocated(index) == before


def test_memory_that_numpy_sees_too() -> None:
    def step(x: Array) -> None:
        x += 1
        x[1:3] *= 2

    captured = xp.capture(step)
    a, b = np.arange(4.0), np.arange(4.0)
    x, y = xp.asarray(a, device="cpu", copy=False), xp.asarray(b, device="cpu", copy=False)
    for _ in range(3):
        captured(x)
        step(y)
        np.testing.assert_array_equal(a, b)
    assert np.shares_memory(np.asarray(x), a)
    copied = xp.capture(lambda x: +x)(x)
    same, part = xp.capture(lambda x: (x, x[1:]))(x)
    before = float(copied[0])
    a[0], a[2] = 100.0, -7.0
    assert [float(copied[0]), float(same[0]), float(part[1])] == [before, 100.0, -7.0]
    times = xp.capture(lambda y: y * x)
    for value in (2.0, 5.0):
        a[3] = value
        np.testing.assert_array_equal(host(times(y)), b * a)
