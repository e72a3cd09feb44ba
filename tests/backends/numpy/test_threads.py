"""Blocks in threads, and small programs by the short way: the bits of the interpreter."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.backends.numpy.test_blocks import values
from tests.programs.beside_numpy.program import run
from xgpu.plugin import ops
from xgpu_numpy import blocks, registers, small
from xgpu_numpy.quiet import quietly
from xgpu_numpy.threads import MOST, Threads, wanted

COUNTS = (1, 2, 5)


def cpu() -> Any:
    return xgpu.device("cpu").backend


@pytest.fixture
def little_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "SIZE", 64)
    monkeypatch.setattr(blocks, "LARGE", 128)
    monkeypatch.setattr(small, "LARGEST", 0)


def program(x: Any, y: Any) -> Any:
    """Registers of several dtypes, a selection, values that are read again, several results."""
    a = (x + y) * 2.0 - x
    b = xgpu.where((a > 0.0) & (y < 1.0), 1.0 - a, xgpu.where(a < y, a, y))
    c = xgpu.sqrt(xgpu.abs(b)) / y + xgpu.astype(xgpu.floor(a), xgpu.int32)
    return xgpu.stack([a, xgpu.astype(b, xgpu.float64), c, xgpu.astype(a > b, xgpu.float64)])


@pytest.mark.usefixtures("little_blocks")
def test_any_number_of_threads_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = values("float32", 5_001), values("float32", 5_001, 1)
    with xgpu.eager():
        expected = np.array(program(xgpu.asarray(x), xgpu.asarray(y)))
    for count in COUNTS:
        monkeypatch.setattr(cpu(), "threads", Threads(count))
        got = np.array(program(xgpu.asarray(x), xgpu.asarray(y)))
        assert got.tobytes() == expected.tobytes()


@pytest.mark.usefixtures("little_blocks")
def test_in_place_in_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu(), "threads", Threads(3))
    x = xgpu.asarray(values("float64", 4_000))
    before = np.array(x)
    x[:2_000] = x[:2_000] * 2.0 + x[2_000:] / 3.0
    expected = before.copy()
    with np.errstate(all="ignore"):
        expected[:2_000] = before[:2_000] * 2.0 + before[2_000:] / 3.0
    np.testing.assert_array_equal(np.array(x), expected)


@pytest.mark.usefixtures("little_blocks")
def test_work_is_shared_among_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu(), "threads", Threads(2))
    compute, seen = registers.compute, set()
    both = threading.Barrier(2, timeout=10)

    def noted(*arguments: Any) -> Any:
        if threading.get_ident() not in seen:
            seen.add(threading.get_ident())
            both.wait()  # no thread can have done it all
        return compute(*arguments)

    monkeypatch.setattr(registers, "compute", noted)
    x = xgpu.ones(1_000)
    y = x * 2.0 + x
    xgpu.materialize(y)
    assert float(xgpu.sum(y)) == 3_000
    assert len(seen) == 2


@pytest.mark.usefixtures("little_blocks")
def test_no_warning_and_no_trace_in_numpys_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu(), "threads", Threads(2))
    with warnings.catch_warnings(), np.errstate(divide="raise", invalid="call"):
        warnings.simplefilter("error")
        before = np.geterr()
        for size in (3, 1_000):
            x = xgpu.zeros(size)
            found = np.array((1.0 / x - 1.0 / x) * x)
            assert np.isnan(found).all()
        monkeypatch.setattr(small, "LARGEST", 1 << 14)
        assert np.isnan(np.array(x[:5] / x[:5] + 1)).all()
        assert np.geterr() == before
        with pytest.raises(FloatingPointError):
            np.ones(1) / np.zeros(1)


def test_quietly_inside_of_itself() -> None:
    def inner() -> Any:
        return np.ones(1) / np.zeros(1)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert quietly(lambda: quietly(inner))[0] == np.inf
        with pytest.raises(ZeroDivisionError):
            quietly(lambda: 1 // 0)
        assert quietly(inner)[0] == np.inf


def test_an_error_in_a_thread_is_raised_when_all_have_ended() -> None:
    done: list[int] = []

    def work(parts: Any) -> None:
        if 0 in parts:
            raise MemoryError
        done.extend(parts)

    threads = Threads(4)
    for place in range(4):
        with pytest.raises(MemoryError):
            threads.run(work, [(n - place) % 4 for n in range(4)])
        assert sorted(done) == [1, 2, 3]
        done.clear()


def test_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XGPU_CPU_THREADS", "3")
    assert wanted() == 3
    monkeypatch.delenv("XGPU_CPU_THREADS")
    assert 1 <= wanted() <= min(MOST, os.cpu_count() or 1)
    for given in ("0", "-1", "two", "1.5"):
        monkeypatch.setenv("XGPU_CPU_THREADS", given)
        with pytest.raises(ValueError, match=f"1 or more: got '{given}'"):
            wanted()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_after_a_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = Threads(2)
    found: list[int] = []
    threads.run(found.extend, [1, 2, 3])
    process = os.fork()
    if not process:
        again: list[int] = []
        threads.run(again.extend, [1, 2, 3])
        os._exit(0 if sorted(again) == [1, 2, 3] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0


UNARY = sorted(
    op.name
    for op in ops.TABLE.values()
    if op.kind is ops.Kind.ELEMENTWISE and op.arity == 1 and "f" in op.accepts
    if hasattr(xgpu, op.name)
)


def both_ways(make: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    short = np.array(make())
    with monkeypatch.context() as patched:
        patched.setattr(small, "LARGEST", 0)
        return short, np.array(make())


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64"])
def test_small_programs_have_the_interpreters_bits(
    dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = xgpu.asarray(values(dtype, 300))
    for name in UNARY:
        if np.dtype(dtype).kind in ops.TABLE[name].accepts:
            function = getattr(xgpu, name)
            one, other = both_ways(lambda f=function: f(-x), monkeypatch)  # type: ignore[misc]
            assert one.tobytes() == other.tobytes(), name
    for power in (2.5, -1.0, 3.0):
        one, other = both_ways(lambda p=power: (x**p) / (x + 1), monkeypatch)  # type: ignore[misc]
        assert one.tobytes() == other.tobytes()


def test_small_integers_and_casts(monkeypatch: pytest.MonkeyPatch) -> None:
    x = xgpu.arange(-20, 20, dtype=xgpu.int8)
    for make in (
        lambda: x // 3 + x % 5,
        lambda: x**2 - (x << 1),
        lambda: xgpu.astype(x, xgpu.float16) * 0.1,
        lambda: xgpu.astype(x > 3, xgpu.bool) & (x < 9),
        lambda: xgpu.where(x > 0, x, -x),
        lambda: xgpu.sin(x) + 1,
    ):
        one, other = both_ways(make, monkeypatch)
        assert one.dtype == other.dtype
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("seed", range(6))
def test_random_programs(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "SIZE", 4)
    monkeypatch.setattr(blocks, "LARGE", 5)
    monkeypatch.setattr(small, "LARGEST", 0 if seed % 2 else 1 << 14)
    monkeypatch.setattr(cpu(), "threads", Threads(3))
    log: list[str] = []
    run("cpu", log.append, [(7,), (3, 3), (6, 1)][seed % 3], [5000 * seed + i for i in range(30)])
