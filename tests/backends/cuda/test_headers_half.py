"""half.cuh: conversions and functions of 16-bit floats, for all their numbers."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from tests import half_oracle as oracle
from tests.backends.cuda.header_harness import call
from tests.backends.cuda.interpreter import Builder
from tests.test_half import nextafter
from tests.test_half_dtypes import hard
from xgpu.codegen import emit
from xgpu.codegen.cuda import CUDA
from xgpu.plugin import BackendUnavailableError, dtypes
from xgpu.plugin.dtypes import NARROW, DType
from xgpu_cuda.compiler import compile_cubin
from xgpu_cuda.driver import Driver, nvrtc
from xgpu_cuda.launch.matmul import source

both = pytest.mark.parametrize("dtype", NARROW, ids=str)


@both
@pytest.mark.parametrize("wide", ["float32", "float64", "complex64", "complex128"])
def test_widening_is_exact(driver: Driver, dtype: DType, wide: str) -> None:
    numbers = oracle.patterns(dtype)
    got = call(driver, "cast", numbers, to=np.dtype(wide))
    assert got.dtype == wide
    values = oracle.wide(numbers)
    np.testing.assert_array_equal(got, values)
    known = ~np.isnan(values)
    np.testing.assert_array_equal(np.signbit(got.real)[known], np.signbit(values)[known])


@both
def test_truth(driver: Driver, dtype: DType) -> None:
    numbers = oracle.patterns(dtype)
    got = call(driver, "cast", numbers, to=dtypes.bool_)
    np.testing.assert_array_equal(got, oracle.wide(numbers) != 0)


@both
def test_cutting_to_integers(driver: Driver, dtype: DType) -> None:
    """As for float32: what does not fit is as NumPy has it on x86-64."""
    numbers = oracle.patterns(dtype)
    for target in (d for d in dtypes.STANDARD if d.kind in "iu"):
        got = call(driver, "cast", numbers, to=target)
        same = call(driver, "cast", oracle.wide(numbers).astype(np.float32), to=target)
        np.testing.assert_array_equal(got, same, str(target))


@both
@pytest.mark.parametrize("origin", ["float32", "float64", "complex64", "complex128"])
def test_narrowing_rounds_once(driver: Driver, dtype: DType, origin: str) -> None:
    with np.errstate(all="ignore"):
        values = hard(dtype).astype(origin)
        random = np.random.default_rng(1).integers(0, 1 << 32, 50_000).astype(np.uint32)
        values = np.concatenate([values, random.view(np.float32).astype(origin)])
        real = values.real.astype(np.float64)
    oracle.agree(call(driver, "cast", values, to=dtype), oracle.rounded(real, dtype), origin)


@both
@pytest.mark.parametrize("origin", ["bool", "int8", "int16", "int32", "uint8", "uint16", "uint32"])
def test_integers(driver: Driver, dtype: DType, origin: str) -> None:
    given = np.random.default_rng(2).integers(0, 256, 80_000, np.uint8)
    values = given % 2 == 0 if origin == "bool" else given.view(origin)
    wanted = oracle.rounded(values.astype(np.float64), dtype)
    oracle.agree(call(driver, "cast", values, to=dtype), wanted, origin)


@both
def test_between_the_two(driver: Driver, dtype: DType) -> None:
    numbers = oracle.patterns(dtype)
    for target in NARROW:
        wanted = oracle.rounded(oracle.wide(numbers), target)
        oracle.agree(call(driver, "cast", numbers, to=target), wanted, str(target))


@both
def test_bits(driver: Driver, dtype: DType) -> None:
    numbers = oracle.patterns(dtype)
    other = np.random.default_rng(3).permutation(numbers)
    pattern, sign = oracle.bits(numbers), np.uint16(0x8000)
    magnitude = pattern & ~sign
    condition = oracle.wide(numbers) > oracle.wide(other)
    for got, wanted in (
        (call(driver, "abs", numbers), magnitude),
        (call(driver, "negative", numbers), pattern ^ sign),
        (call(driver, "copysign", numbers, other), magnitude | (oracle.bits(other) & sign)),
        (
            call(driver, "where", condition, numbers, other),
            np.where(condition, pattern, oracle.bits(other)),
        ),
    ):
        assert got.dtype == dtype
        np.testing.assert_array_equal(oracle.bits(got), wanted)
    np.testing.assert_array_equal(call(driver, "signbit", numbers), pattern & sign != 0)


@both
def test_neighbours(driver: Driver, dtype: DType) -> None:
    numbers = oracle.patterns(dtype)
    targets = [np.random.default_rng(4).permutation(numbers), numbers, -numbers]
    targets += [np.full_like(numbers, end) for end in (0.0, -0.0, np.inf, -np.inf, np.nan)]
    for other in targets:
        got = call(driver, "nextafter", numbers, other)
        oracle.agree(got, nextafter(numbers, other), f"nextafter towards {other[:3]}")


# Generated programs


def sum_of_two(dtype: DType) -> Builder:
    """x * 3 + y, as the front-end writes it: in float32, and rounded after each op."""
    build = Builder((8,))
    x, y = (build.load(np.zeros(1), "contiguous", dtype=dtype) for _ in range(2))

    def op(name: str, *args: int) -> int:
        wide = [build.op("cast", arg, dtype="float32") for arg in args]
        return build.op("cast", build.op(name, *wide), dtype=dtype)

    build.output(op("add", op("multiply", x, build.scalar(3.0, dtype)), y))
    return build


def folded(dtype: DType) -> Builder:
    """The sum of x, folded in float32."""
    build = Builder((8,), (8,))
    x = build.load(np.zeros(1), "strided", 0, (1, 8), dtype=dtype)
    total = build.op("sum", build.op("cast", x, dtype="float32"))
    build.output(build.op("cast", total, dtype=dtype), reduced=True)
    return build


def compiled(text: str, target: str) -> bytes:
    try:
        nvrtc()
    except BackendUnavailableError as error:
        pytest.skip(str(error))
    return bytes(compile_cubin(text, target))


@both
@pytest.mark.parametrize("arch", ["sm_75", "sm_120"])
def test_programs_compile(dtype: DType, arch: str) -> None:
    for text in (
        emit(sum_of_two(dtype).program, CUDA),
        emit(folded(dtype).program, CUDA),
        source(dtype, 1),
    ):
        assert compiled(text, arch)[:4] == b"\x7fELF"


@both
def test_wide_accesses(dtype: DType) -> None:
    """Eight elements to a load and a store, and conversions of one instruction each."""
    ptx = compiled(emit(sum_of_two(dtype).program, CUDA), "compute_75").decode()
    assert re.search(r"ld\.global(\.nc)?\.v4\.[ubf]32", ptx)
    assert re.search(r"st\.global\.v4\.[ubf]32", ptx)
    assert ".local" not in ptx
    assert ("cvt.f32.f16" in ptx) == ("cvt.rn.f16.f32" in ptx) == (dtype == dtypes.float16)


def test_the_header_is_included_where_it_is_needed() -> None:
    def text(dtype: Any) -> str:
        return emit(sum_of_two(np.dtype(dtype)).program, CUDA)

    assert "xgpu/half.cuh" in text(dtypes.bfloat16)
    assert "xgpu/half.cuh" not in text("float64")
    assert "half.cuh" not in source(dtypes.float32, 1)
