"""Generated sources through NVRTC, for each architecture that is supported; needs no GPU."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest

from docs.measurements.registers import code
from tests.backends.cuda.interpreter import Builder
from xgpu.codegen import (
    COLUMNS,
    ROWS,
    Group,
    Pairing,
    Stencil,
    Turning,
    emit,
    emit_pairs,
    emit_stencil,
    emit_tiles,
    folded_once,
    online,
)
from xgpu.codegen.cuda import CUDA
from xgpu.plugin import BackendUnavailableError, dtypes, ops
from xgpu.plugin.dtypes import DType
from xgpu_cuda.compiler import compile_cubin
from xgpu_cuda.driver import nvrtc
from xgpu_cuda.launch.matmul import source as matmul_source
from xgpu_cuda.launch.pairs import SHAPES, Tiles
from xgpu_cuda.launch.rows import ALIGNED, APART, SHIFTED, Variant

ARCHITECTURES = ["sm_75", "sm_80", "sm_90", "sm_100", "sm_120"]

try:
    nvrtc()
except BackendUnavailableError as error:
    pytest.skip(str(error), allow_module_level=True)


def load(build: Builder, dtype: object, access: str = "contiguous", *strides: int) -> int:
    return build.load(np.zeros(1), access, 0, strides, dtype=dtype)  # type: ignore[arg-type]


def result_of(op: ops.Op, dtype: DType) -> DType:
    if op.result == "real":
        return dtypes.real_of(dtype)
    return {"bool": dtypes.bool_, "index": dtypes.int64}.get(op.result, dtype)


def every_op(dtype: DType) -> Builder:
    """One program with each elementwise op that takes ``dtype``."""
    build = Builder((8,))
    x, y, condition = load(build, dtype), load(build, dtype), load(build, "bool")
    for op in ops.elementwise():
        if not op.takes(dtype) or op.name == "cast":
            continue
        args = (condition, x, y)[3 - op.arity :] if op.arity != 1 else (x,)
        build.output(build.op(op.name, *args, dtype=result_of(op, dtype)))
    for other in dtypes.ALL:
        build.output(build.op("cast", x, dtype=other))
    return build


def every_reduction(dtype: DType, strided: bool) -> Builder:
    build = Builder((8,), (8,))
    x = load(build, dtype, "strided", 1, 8) if strided else load(build, dtype)
    for op in ops.reductions():
        if dtype.kind in op.accepts:
            build.output(build.op(op.name, x, dtype=result_of(op, dtype)), reduced=True)
    build.output(x)
    return build


def accesses(wide: bool, reduced: bool) -> Builder:
    """All ways to address an operand, over four axes."""
    build = Builder((2, 2), (2, 2), wide) if reduced else Builder((2, 2, 2, 2), (), wide)
    kinds = {"contiguous": (), "strided": (1, 2, 3, 4), "uniform": (), "index": (1, 2, 3, 4)}
    total = build.op("cast", build.scalar(1, "float32"), dtype="int64")
    for access, strides in kinds.items():
        total = build.op("add", total, load(build, "int64", access, *strides))
    if reduced:
        total = build.op("sum", total)
        after = build.load(np.zeros(1), "strided", 0, (1, 2), after=True, dtype="int64")
        total = build.op("add", total, after)
    build.output(total, reduced=reduced, strides=(2, 1) if reduced else (4, 3, 2, 1))
    build.output(total, reduced=reduced)
    return build


def softmax(dtype: str, kept: int = 1, reduced: int = 1) -> Builder:
    """A row program with a weight along the rows; 16-bit floats by way of float32."""
    build = Builder((8,) * kept, (8,) * reduced)
    x = load(build, dtype)
    weight = load(build, dtype, "strided", *(0,) * kept, *range(1, reduced + 1))
    wide = "float32" if dtype in ("float16", "bfloat16") else dtype

    def op(name: str, *args: int) -> int:
        made = build.op(name, *(build.op("cast", a, dtype=wide) for a in args), dtype=wide)
        return build.op("cast", made, dtype=dtype)

    e = op("exp", op("subtract", x, build.op("max", build.op("cast", x, dtype=wide))))
    total = build.op("sum", build.op("cast", e, dtype=wide))
    build.output(op("multiply", op("divide", e, total), weight))
    build.output(total, reduced=True)
    return build


def variance(dtype: str) -> Builder:
    build = Builder((8,), (8,))
    x, count = load(build, dtype), build.scalar(8, dtype)
    mean = build.op("divide", build.op("sum", x), count)
    squares = build.op("square", build.op("subtract", x, mean))
    build.output(build.op("sum", squares), reduced=True)
    return build


VARIANTS = [
    Variant(True, 1, 512),
    Variant(True, 4, 1024),
    Variant(True, 4, 1024, 1, SHIFTED),
    Variant(True, 4, 256, 1, ALIGNED, 5, 2),
    Variant(True, 4, 1024, 32, APART),
    Variant(False, 4, 1024, 1, SHIFTED),
]


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_rows_on_each_architecture(arch: str, variant: Variant) -> None:
    source = variant.macros() + emit(softmax("float32").program, CUDA)
    assert compile_cubin(source, arch)


@pytest.mark.parametrize(
    ("dtype", "kept", "reduced"),
    [("float16", 1, 1), ("bfloat16", 2, 1), ("float64", 0, 2), ("float32", 2, 3)],
)
def test_rows(dtype: str, kept: int, reduced: int) -> None:
    source = Variant(True, 2, 512).macros() + emit(softmax(dtype, kept, reduced).program, CUDA)
    assert compile_cubin(source, "sm_90")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_variances(dtype: str) -> None:
    once = folded_once(variance(dtype).program)
    assert once is not None
    assert compile_cubin(emit(once, CUDA), "sm_90")


def test_a_row_is_kept_in_registers() -> None:
    """Read once and written once, 16 bytes at a time, and nothing spilt.

    There are two ways: where all operands lie so for sure, and where each run is looked at.
    """
    for packing in (ALIGNED, SHIFTED):
        source = Variant(True, 4, 512, 1, packing).macros() + emit(softmax("float32").program, CUDA)
        ptx = compile_cubin(source, "compute_90").decode()
        weights = 2 * 4 if packing == ALIGNED else 4  # no cut row begins where the weights do
        assert ptx.count("ld.global.v4") == 2 * 4 + weights
        assert ptx.count("st.global.v4") == 2 * 4
        assert ".local" not in ptx


def test_a_row_without_remainder_has_no_points_one_by_one() -> None:
    """All accesses that are not wide are those of operands that lie elsewhere."""
    build = Builder((8,), (8,))
    x = load(build, "float32")
    build.output(build.op("subtract", x, build.op("max", x)))
    counts = []
    for packing in (ALIGNED, SHIFTED, APART):
        source = Variant(True, 4, 512, 1, packing).macros() + emit(build.program, CUDA)
        ptx = compile_cubin(source, "compute_90").decode()
        counts.append(ptx.count("ld.global.f32"))
    assert counts[0] == counts[2] == 16 < counts[1]


def test_cache_hints() -> None:
    for streaming in (0, 1, 2):
        variant = Variant(True, 4, 512, 1, ALIGNED, 0, streaming)
        source = variant.macros() + emit(softmax("float32").program, CUDA)
        ptx = compile_cubin(source, "compute_90").decode()
        assert ("st.global.cs" in ptx, "ld.global.cs" in ptx) == (streaming > 0, streaming > 1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_that_are_not_kept(dtype: str) -> None:
    """The maximum and the sum of the exponentials in one pass."""
    build = Builder((8,), (8,))
    x = load(build, dtype)
    powers = build.op("exp", build.op("subtract", x, build.op("max", x)))
    build.output(build.op("divide", powers, build.op("sum", powers)))
    source = Variant(False, 4, 1024).macros() + emit(online(build.program), CUDA)
    assert "exponentials_about" in source
    assert compile_cubin(source, "sm_90")


def pairs(dtype: str) -> Builder:
    build = Builder((8, 8), (8,))
    x, y = load(build, dtype, "strided", 8, 0, 1), load(build, dtype, "strided", 0, 8, 1)
    difference = build.op("subtract", x, y)
    build.output(build.op("sum", build.op("multiply", difference, difference)), reduced=True)
    return build


PAIRING = Pairing(0, 1, (ROWS, COLUMNS))


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_pairs_on_each_architecture(arch: str, rows: int, columns: int) -> None:
    source = Tiles(rows, columns, False, (), 1).macros()
    source += emit_pairs(pairs("float32").program, CUDA, PAIRING)
    assert compile_cubin(source, arch)


@pytest.mark.parametrize("dtype", dtypes.STANDARD, ids=str)
def test_pairs(dtype: DType) -> None:
    if dtype == dtypes.bool_:
        return
    source = Tiles(4, 4, True, (), 1).macros()
    source += emit_pairs(pairs(str(dtype)).program, CUDA, PAIRING)
    assert compile_cubin(source, "sm_90")


def test_a_tile_of_pairs_is_in_registers() -> None:
    """Rows are taken 16 bytes at a time, and nothing is spilt."""
    source = Tiles(8, 8, False, (), 1).macros()
    source += emit_pairs(pairs("float32").program, CUDA, PAIRING)
    ptx = compile_cubin(source, "compute_90").decode()
    assert "ld.shared.v4" in ptx
    assert ".local" not in ptx
    assert code(compile_cubin(source, "sm_90")).spilt == 0


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_a_pair_is_two_instructions(arch: str) -> None:
    """A difference, and a square that is added to the sum; operands come 16 bytes at a time."""
    source = Tiles(8, 8, False, (), 1).macros()
    source += emit_pairs(pairs("float32").program, CUDA, PAIRING)
    ptx = compile_cubin(source, arch.replace("sm", "compute")).decode()
    # Once in the loop, and once in the one for what is left over.
    differences = ptx.count("sub.rn.f32") + ptx.count("sub.f32")
    assert ptx.count("fma.rn.f32") == differences == 2 * 64
    assert "mul.rn.f32" not in ptx
    assert "mul.f32" not in ptx
    assert re.search(r"ld\.global(\.nc)?\.v4", ptx)
    assert "st.global.v4" in ptx


@pytest.mark.parametrize("op", ["min", "max", "prod", "argmin"])
@pytest.mark.parametrize("long", [False, True])
def test_all_pairs_start_from_nothing(op: str, long: bool) -> None:
    """NVRTC starts all but the first row of an array of arrays with zeros, if it is not told."""
    build = Builder((8, 8), (8,))
    x, y = load(build, "float32", "strided", 8, 0, 1), load(build, "float32", "strided", 0, 8, 1)
    sums = build.op("add", x, y)
    build.output(build.op(op, sums, dtype="int64" if op[:3] == "arg" else "float32"), reduced=True)
    source = Tiles(4, 4, long, (), 1).macros() + emit_pairs(build.program, CUDA, PAIRING)
    assert "0f00000000" not in compile_cubin(source, "compute_90").decode()


def turned(dtype: str, rank: int = 2) -> Builder:
    build = Builder((8,) * rank)
    x = load(build, dtype, "strided", 1, *(9,) * (rank - 1))
    build.output(build.op("equal", x, load(build, dtype), dtype="bool"))
    return build


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("dtype", ["bool", "float32", "complex128"])
def test_tiles_on_each_architecture(arch: str, dtype: str) -> None:
    assert compile_cubin(emit_tiles(turned(dtype).program, CUDA, Turning(0, (0,))), arch)


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("dtype", ["int8", "float32", "complex128"])
def test_stencils_on_each_architecture(arch: str, dtype: str) -> None:
    build = Builder((8, 8, 8))
    loads = [load(build, dtype, "strided", 100, 10, 1) for _ in range(4)]
    total = build.op("add", build.op("add", *loads[:2]), build.op("add", *loads[2:]))
    build.output(build.op("add", total, load(build, dtype)))
    stencil = Stencil((Group((2, 0, 1), (0, 1, 2)), Group((3,), (0,))), 8)
    source = emit_stencil(build.program, CUDA, stencil)
    assert compile_cubin(source, arch)
    if dtype == "float32":
        assert ".local" not in compile_cubin(source, "compute_90").decode()


def test_tiles_of_many_axes() -> None:
    build = turned("float32", 5)
    source = emit_tiles(build.program, CUDA, Turning(2, (0,)))
    assert compile_cubin(source, "sm_90")
    ptx = compile_cubin(source, "compute_90").decode()
    assert "ld.global.v4" in ptx
    assert ".local" not in ptx


def representative() -> Iterator[tuple[str, Builder]]:
    for wide in (False, True):
        for reduced in (False, True):
            yield f"accesses wide={wide} reduced={reduced}", accesses(wide, reduced)
    yield "argmax", every_reduction(dtypes.float32, False)


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize(("name", "build"), list(representative()))
def test_each_architecture(arch: str, name: str, build: Builder) -> None:
    assert compile_cubin(emit(build.program, CUDA), arch)[:4] == b"\x7fELF", name


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("dtype", dtypes.ALL, ids=str)
def test_every_op(dtype: DType, quick: bool) -> None:
    assert compile_cubin(emit(every_op(dtype).program, CUDA), "sm_90", "k", quick)


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("dtype", dtypes.STANDARD, ids=str)
@pytest.mark.parametrize("strided", [False, True])
def test_every_reduction(dtype: DType, strided: bool, quick: bool) -> None:
    assert compile_cubin(emit(every_reduction(dtype, strided).program, CUDA), "sm_90", "k", quick)


def test_quickly() -> None:
    """Kernels of other files than these."""
    variant = Variant(True, 4, 1024, 1, SHIFTED)
    build = Builder((8, 8))
    loads = [load(build, "float32", "strided", 10, 1) for _ in range(2)]
    build.output(build.op("add", *loads))
    sources = (
        variant.macros() + emit(softmax("float32").program, CUDA),
        Tiles(8, 8, False, (), 1).macros() + emit_pairs(pairs("float32").program, CUDA, PAIRING),
        emit_tiles(turned("complex128").program, CUDA, Turning(0, (0,))),
        emit_stencil(build.program, CUDA, Stencil((Group((0, 1), (0, 1)),), 8)),
    )
    for source in sources:
        assert compile_cubin(source, "sm_90", "k", True)


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize(
    ("dtype", "axes"), [("int8", 0), ("float64", 2), ("complex64", 1), ("bfloat16", 1)]
)
def test_matmul(arch: str, dtype: str, axes: int) -> None:
    assert compile_cubin(matmul_source(np.dtype(dtype), axes), arch)


def test_many_axes() -> None:
    build = Builder((2,) * 32)
    build.output(load(build, "float32", "strided", *range(32)))
    assert compile_cubin(emit(build.program, CUDA), "sm_90")


def test_wide_accesses() -> None:
    """A contiguous program loads and stores 16 bytes at a time, and spills nothing."""
    build = Builder((8,))
    x, y = load(build, "float32"), load(build, "float32")
    build.output(build.op("add", x, y))
    ptx = compile_cubin(emit(build.program, CUDA), "compute_90").decode()
    assert "ld.global.v4" in ptx
    assert "st.global.v4" in ptx
    assert ".local" not in ptx
