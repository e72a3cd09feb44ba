"""Kernels that are compiled quickly for few points, and thoroughly for many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

import xgpu as xp
from tests.backends.cuda.drivers import made
from tests.backends.cuda.interpreter import Builder
from tests.comparing import host
from xgpu.codegen import emit
from xgpu.codegen.cuda import CUDA
from xgpu.plugin import BackendUnavailableError, dtypes, ops
from xgpu.plugin.dtypes import DType
from xgpu_cuda import compiler
from xgpu_cuda.driver import Driver, nvrtc
from xgpu_cuda.launch import kernel

SMALL = 2000  # points that are few in these tests

PROGRAMS: Sequence[Callable[[Any], Any]] = (
    lambda x: xp.sin(x) - x,
    lambda x: xp.sum(x * x, axis=1),
    lambda x: xp.sum(x * x, axis=0),
    lambda x: x - xp.max(x, axis=1, keepdims=True),  # a row program
    lambda x: xp.permute_dims(x, (1, 0)) * 2.0,  # tiles
    lambda x: x[2:, :] - x[1:-1, :] + x[:-2, :],  # a stencil
    lambda x: xp.sum((x[:, None, :] - x[None, :, :]) ** 2, axis=-1),  # pairs
)


@pytest.fixture(params=["cudasim:0", pytest.param("cuda:0", marks=pytest.mark.gpu)])
def cuda(request: pytest.FixtureRequest) -> xp.Device:
    try:
        return xp.device(request.param)
    except BackendUnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture
def loads(cuda: xp.Device, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Whether each load asked for a quick compilation."""
    seen: list[bool] = []
    driver: Any = cuda.backend.driver
    load = driver.load

    def counted(device: int, source: str, names: tuple[str, ...], quick: bool = False) -> Any:
        seen.append(quick)
        if driver.name == "cudasim":  # as compiler.QUICK has NVRTC do
            source = "#define XGPU_QUICK\n" * quick + source
        return load(device, source, names, quick)

    monkeypatch.delenv("XGPU_OPTIMISE", raising=False)
    monkeypatch.setattr(driver, "load", counted)
    monkeypatch.setattr(kernel, "SMALL", SMALL)
    forget(cuda)
    yield seen
    forget(cuda)


def forget(device: xp.Device) -> None:
    for cache in (device.kernels, device.plans, device.matchers):
        cache.clear()


def matrix(rows: int, columns: int, device: xp.Device) -> xp.Array:
    values = np.linspace(0.1, 3, rows * columns, dtype=np.float32).reshape(rows, columns)
    return xp.asarray(values, device=device)


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_by_size(number: int, cuda: xp.Device, loads: list[bool]) -> None:
    """Few points, many, few again: each way is compiled once, for the same values."""
    program = PROGRAMS[number]
    for columns, expected in ((3, [True]), (200, [True, False]), (3, [True, False])):
        x = matrix(20, columns, cuda)
        want = host(program(xp.to_device(x, "cpu")))
        loads_before = len(loads)
        got = host(program(x))
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-6)
        assert loads[loads_before:] == expected[loads_before:]
    assert loads == [True, False]


def test_what_is_compiled_thoroughly_serves_for_few(cuda: xp.Device, loads: list[bool]) -> None:
    for columns in (200, 3):
        host(xp.exp(matrix(20, columns, cuda)) + 1.0)
    assert loads == [False]


def test_always(cuda: xp.Device, loads: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XGPU_OPTIMISE", "always")
    host(xp.exp(matrix(4, 3, cuda)) + 2.0)
    assert loads == [False]


def test_an_unknown_way(
    cuda: xp.Device, loads: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XGPU_OPTIMISE", "never")
    x = matrix(4, 3, cuda)
    with pytest.raises(ValueError, match="XGPU_OPTIMISE is one of always, large: got 'never'"):
        host(xp.exp(x) + 3.0)
    monkeypatch.setenv("XGPU_OPTIMISE", "large")
    np.testing.assert_allclose(host(xp.exp(x) + 3.0), np.exp(host(x)) + 3, rtol=1e-6)


@pytest.fixture(params=["quick", pytest.param("cuda", marks=pytest.mark.gpu)])
def driver(request: pytest.FixtureRequest) -> Driver:
    return made(request.param)


def every_op(dtype: DType) -> Builder:
    """All elementwise ops of two operands or one, at random bits; of bool at both values."""
    random = np.random.default_rng(5)
    count = 1500
    x, y, small = (
        random.integers(0, 2, count).astype(bool)
        if dtype == dtypes.bool_
        else np.frombuffer(random.bytes(count * dtype.itemsize), dtype)
        for _ in range(3)
    )
    if dtype.kind in "fc" or dtype in dtypes.NARROW:  # most of random bits are huge, or tiny
        small = (random.normal(size=count) * 3).astype(dtype)
    build = Builder((count,))
    given = [build.contiguous(values) for values in (x, y, small)]
    for op in ops.elementwise():
        if not op.takes(dtype) or op.name in ("cast", "where") or op.arity > 2:
            continue
        result = {"bool": dtypes.bool_, "real": dtypes.real_of(dtype)}.get(op.result, dtype)
        for first in (0, 2):
            arguments = (given[first], given[1])[: op.arity]
            build.output(build.op(op.name, *arguments, dtype=result))
    return build


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=str)
def test_both_ways_give_the_same_bits(
    dtype: DType, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    if driver.name == "cudasim" and dtype not in (dtypes.float32, dtypes.int64):
        pytest.skip("large programs, for the compiler of the simulator")
    build = every_op(dtype)
    monkeypatch.setenv("XGPU_OPTIMISE", "large")
    quick = build.run(driver)
    monkeypatch.setenv("XGPU_OPTIMISE", "always")
    for output, few, many in zip(build.outputs, quick, build.run(driver), strict=True):
        parts = [few, many]
        if few.dtype.kind == "c":
            parts = [part.view(dtypes.real_of(output.dtype)) for part in parts]
        same = parts[0].view(np.uint8) == parts[1].view(np.uint8)
        with np.errstate(invalid="ignore"):  # a cast of a signalling NaN
            nan = np.logical_and(*(np.isnan(part.astype(np.float64)) for part in parts))
        same = same.reshape(len(parts[0]), -1).all(axis=1) | nan
        assert same.all(), build.program.body[output.value]


def test_the_compiler_does_less() -> None:
    try:
        version = nvrtc().getVersion()
    except BackendUnavailableError as error:
        pytest.skip(str(error))
    build = Builder((8,))
    build.output(build.op("sin", build.contiguous(np.ones(8, np.float32))))
    source = emit(build.program, CUDA)
    quick, thorough = (compiler.compile_cubin(source, "sm_90", "k", way) for way in (True, False))
    assert len(quick) < len(thorough) / 2 if version >= compiler.QUICKLY_SINCE else 1


def test_both_are_kept(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XGPU_CACHE_DIR", str(tmp_path))
    source = 'extern "C" __global__ void k() {}'
    try:
        first = [compiler.cached_cubin(source, "sm_90", "k", quick) for quick in (True, False)]
    except BackendUnavailableError as error:
        pytest.skip(str(error))
    again = [compiler.cached_cubin(source, "sm_90", "k", quick) for quick in (True, False)]
    assert [artifact.compiled for artifact in first] == ["compiled", "compiled"]
    assert [artifact.compiled for artifact in again] == ["disk", "disk"]
    assert len({artifact.path for artifact in first}) == 2


def test_an_older_compiler_gets_less_code_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Older:
        def getVersion(self) -> tuple[int, int]:
            return (12, 8)

    monkeypatch.setattr(compiler, "nvrtc", Older)
    extra = set(compiler._options("sm_90", True)) - set(compiler._options("sm_90", False))
    assert extra == {compiler.QUICK}
