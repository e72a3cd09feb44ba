"""The headers compile everywhere, for every op and dtype, without warnings or undefined steps."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.backends.cuda.header_harness import headers, kernel_name, source
from xgpu.codegen.cuda import CUDA
from xgpu.plugin import dtypes, ops
from xgpu_cuda.compiler import KERNELS, cached_cubin
from xgpu_cuda.simulator import host_compiler

ARCHITECTURES = ("sm_75", "sm_80", "sm_90", "sm_100", "sm_120")
INCLUDE = KERNELS / "include"


def test_every_elementwise_row_has_a_function_for_every_dtype() -> None:
    offered = {(op, dtype) for signatures in headers().values() for op, dtype, _ in signatures}
    every = (*ops.elementwise(), *ops.optional())
    rows = {(op.name, d) for op in every for d in dtypes.ALL if op.takes(d)}
    assert offered == rows
    for header in headers():
        assert (INCLUDE / header).is_file(), header


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("header", sorted(headers()))
def test_compiles_by_nvrtc(header: str, arch: str) -> None:
    signatures = headers()[header]
    cubin = cached_cubin(source(header, signatures), arch, "headers").path.read_bytes()
    for signature in signatures:
        assert kernel_name(signature).encode() in cubin


def _compile(program: str, folder: Path, *options: str) -> None:
    file = folder / "program.cpp"
    file.write_text(program)
    command = [*host_compiler.find().command, "-std=c++17", "-ffp-contract=off", *options]
    command += [f"-I{INCLUDE}", "-DXGPU_SIMULATOR", "-D__device__="]
    command += ["-D__forceinline__=inline __attribute__((always_inline))"]
    done = subprocess.run([*command, str(file)], capture_output=True, text=True)
    assert not done.returncode, done.stderr[:4000]


def test_no_warnings(tmp_path: Path) -> None:
    """Every function, by itself and for every dtype, with the host compiler's warnings on."""
    lines = [f'#include "{header}"' for header in headers()]
    for signatures in headers().values():
        for number, (op, dtype, result) in enumerate(signatures):
            types = [CUDA.type_of(dtype)] * ops.TABLE[op].arity
            if op == "where":
                types[0] = "bool"
            parameters = ", ".join(f"{t} {p}" for t, p in zip(types, "abc", strict=False))
            values = ", ".join("abc"[: len(types)])
            lines.append(
                f"{CUDA.type_of(result)} {kernel_name((op, dtype, result))}_{number}({parameters}) "
                f"{{ return {CUDA.function(op, result)}({values}); }}"
            )
    program = "\n".join(line for line in lines if line.startswith("#"))
    program += "\nusing namespace xgpu;\n"
    program += "\n".join(line for line in lines if not line.startswith("#")) + "\n"
    strict = ("-Wall", "-Wextra", "-Wshadow", "-Werror", "-Wno-unknown-pragmas")
    _compile(program, tmp_path, "-fsyntax-only", *strict)


@pytest.mark.parametrize("header", sorted(headers()))
def test_a_header_stands_alone(header: str, tmp_path: Path) -> None:
    _compile(f'#include "{header}"\n#include "{header}"\n', tmp_path, "-fsyntax-only")


EDGES = """
#include <limits>
#include <type_traits>
#include <vector>
using namespace xgpu;

volatile double sink;

template <class T> std::vector<T> values() {
    using limit = std::numeric_limits<T>;
    std::vector<T> v{limit::lowest(), limit::max(), T(limit::max() / 2), T(0), T(1), T(-1)};
    for (int i = 2; i < 70; i += 3) { v.push_back(T(i)); v.push_back(T(-i)); }
    if constexpr (std::is_floating_point_v<T>) {
        for (T x : {limit::infinity(), limit::quiet_NaN(), limit::denorm_min(), T(0.5)}) {
            v.push_back(x);
            v.push_back(-x);
        }
        for (int i = 7; i < 66; ++i) {
            T power = T(std::ldexp(1.0, i));
            for (T x : {power, power - T(1), power - T(0.5), power + T(0.5), power + T(1)}) {
                v.push_back(x);
                v.push_back(-x);
            }
        }
    }
    return v;
}
template <class T, class F> void unary(F f) {
    for (T a : values<T>()) sink = double(f(a));
}
template <class T, class F> void binary(F f) {
    for (T a : values<T>()) for (T b : values<T>()) sink = double(f(a, b));
}
"""


def test_no_undefined_behaviour(tmp_path: Path) -> None:
    """Integer ops and casts at the edges of their types, each trapped by the sanitizer."""
    lines = [f'#include "xgpu/{name}.cuh"' for name in ("arithmetic", "bitwise", "power", "cast")]
    lines += ["#include <cmath>", EDGES, "int main() {"]
    integers = ("add", "subtract", "multiply", "negative", "abs", "square", "sign", "pow")
    more = ("floor_divide", "remainder", "maximum", "bitwise_left_shift", "bitwise_right_shift")
    for dtype in (d for d in dtypes.STANDARD if d.kind in "iu"):
        for op in (*integers, *more):
            one = ops.TABLE[op].arity == 1
            parameters, values = ("auto a", "a") if one else ("auto a, auto b", "a, b")
            lines.append(
                f"    {'unary' if one else 'binary'}<{CUDA.type_of(dtype)}>([]({parameters}) "
                f"{{ return xgpu::{op}({values}); }});"
            )
    for origin in (d for d in dtypes.STANDARD if d.kind in "iuf"):
        for target in (d for d in dtypes.STANDARD if d.kind in "biuf"):
            # Narrowing a float64 beyond float32's range is infinity (IEEE 754), which the
            # sanitizer does not know.
            if target == dtypes.float32 and origin == dtypes.float64:
                continue
            lines.append(
                f"    unary<{CUDA.type_of(origin)}>([](auto a) "
                f"{{ return xgpu::cast<{CUDA.type_of(target)}>(a); }});"
            )
    lines += ["    return 0;", "}"]
    binary = tmp_path / "program"
    sanitizers = "-fsanitize=undefined,float-cast-overflow"
    options = ("-O1", sanitizers, "-fsanitize-undefined-trap-on-error", "-o", str(binary))
    _compile("\n".join(lines), tmp_path, *options)
    done = subprocess.run([str(binary)], capture_output=True, text=True)
    assert done.returncode == 0, f"the sanitizer stopped it (exit status {done.returncode})"
