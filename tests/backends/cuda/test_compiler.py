"""Compiled kernels on disk: what the cache notices, and what it survives."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from xgpu.plugin import KernelError
from xgpu_cuda import compiler
from xgpu_cuda.simulator import host_compiler

SOURCE = """#include "outer.cuh"
#include "xgpu/scale.cuh"
struct arguments { float* x; };
extern "C" __global__ void k(arguments a) { a.x[threadIdx.x] *= xgpu_test::factor; }
"""
SCALE = "#pragma once\nnamespace xgpu_test { constexpr float factor = %s; }\n"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("XGPU_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of kernel files that a test may edit."""
    folder = tmp_path / "kernels"
    (folder / "include" / "xgpu").mkdir(parents=True)
    (folder / "outer.cuh").write_text('#pragma once\n  #  include "xgpu/scale.cuh"\n')
    (folder / "include" / "xgpu" / "scale.cuh").write_text(SCALE % "2")
    (folder / "include" / "xgpu" / "other.cuh").write_text("#error not included\n")
    monkeypatch.setattr(compiler, "KERNELS", folder)
    return folder


def build(source: str = SOURCE) -> compiler.Artifact:
    return host_compiler.module(source, ("k",))


def test_headers_are_found_transitively(kernels: Path) -> None:
    found = compiler.included('#include "outer.cuh"\n// #include "xgpu/other.cuh"\n')
    assert list(found) == ["outer.cuh", "xgpu/scale.cuh"]
    assert found["xgpu/scale.cuh"] == SCALE % "2"
    assert compiler.included('#include "nowhere.cuh"\n#include <math.h>\n') == {}


def test_disk_cache(cache: Path) -> None:
    text = 'struct arguments { int n; };\nextern "C" __global__ void k(arguments) {}\n'
    first, again = build(text), build(text)
    assert (first.compiled, again.compiled) == ("compiled", "disk")
    assert first.path == again.path
    assert first.path.parent == cache
    assert min(first.seconds, again.seconds) > 0
    assert sorted(p.suffix for p in cache.iterdir()) == [".sha256", ".so"]
    assert build(text + "\n").compiled == "compiled"


def test_edited_header_is_noticed(cache: Path, kernels: Path) -> None:
    first = build()
    (kernels / "include" / "xgpu" / "other.cuh").write_text("// not included: of no concern\n")
    assert build().compiled == "disk"
    (kernels / "include" / "xgpu" / "scale.cuh").write_text(SCALE % "3")
    second = build()
    assert second.compiled == "compiled"
    assert second.path != first.path
    (kernels / "include" / "xgpu" / "scale.cuh").write_text(SCALE % "2")
    assert build()[:2] == (first.path, "disk")


def test_edited_header_is_noticed_for_a_gpu(cache: Path, kernels: Path) -> None:
    first = compiler.cached_cubin(SOURCE, "sm_80", "k")
    assert compiler.cached_cubin(SOURCE, "sm_80", "k")[:2] == (first.path, "disk")
    assert compiler.cached_cubin(SOURCE, "sm_90", "k").compiled == "compiled"
    (kernels / "include" / "xgpu" / "scale.cuh").write_text(SCALE % "3")
    second = compiler.cached_cubin(SOURCE, "sm_80", "k")
    assert second.compiled == "compiled"
    assert second.path.read_bytes() != first.path.read_bytes()


def test_another_compiler_is_noticed(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'struct arguments { int n; };\nextern "C" __global__ void k(arguments) {}\n'
    command = host_compiler.find().command
    build(text)
    monkeypatch.setenv("CXX", f"{command[0]} -g")
    assert build(text).compiled == "compiled"


@pytest.mark.parametrize("damage", [b"", b"\x7fELF, but cut"])
def test_corrupt_file_is_built_again(cache: Path, kernels: Path, damage: bytes) -> None:
    first = build()
    good = first.path.read_bytes()
    first.path.write_bytes(damage)
    assert build().compiled == "compiled"
    assert first.path.read_bytes()[:4] == good[:4]
    first.path.with_suffix(".sha256").write_bytes(b"\xff\xfe")
    assert build().compiled == "compiled"
    first.path.unlink()
    assert build().compiled == "compiled"
    shutil.rmtree(cache)
    assert build().compiled == "compiled"
    assert build().compiled == "disk"


def test_unwritable_cache_is_survived(
    kernels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler._temporary_folder.cache_clear()  # another test may have left a kernel there
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XGPU_CACHE_DIR", str(tmp_path / "file" / "cache"))
    with pytest.warns(RuntimeWarning, match="cannot be kept in .*set XGPU_CACHE_DIR"):
        first = build()
    assert first.compiled == "compiled"
    assert first.path.is_file()
    assert build()[:2] == (first.path, "disk")


def test_cache_that_fills_up_is_survived(
    cache: Path, kernels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = Path.replace

    def replace(path: Path, target: Path) -> Path:
        if target.parent == cache:
            raise OSError(28, "No space left on device")
        return move(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.warns(RuntimeWarning, match="No space left"):
        built = build()
    assert built.path.is_file()
    assert built.path.parent != cache


def test_temporary_folder_goes_with_the_process(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    code = "import xgpu_cuda.compiler as c; print(c.cache_folder())"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env={**os.environ, "XGPU_CACHE_DIR": str(tmp_path / "file"), "PYTHONPATH": _path()},
        capture_output=True,
        text=True,
        check=True,
    )
    folder = Path(done.stdout.strip())
    assert folder.name.startswith("xgpu-")
    assert not folder.exists()


def _path() -> str:
    return os.pathsep.join(sys.path)


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XGPU_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert compiler.cache_folder() == tmp_path / ".cache" / "xgpu"
    assert compiler.cache_folder().stat().st_mode & 0o077 == 0
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert compiler.cache_folder() == tmp_path / "xdg" / "xgpu"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert compiler.cache_folder() == tmp_path / "Library" / "Caches" / "xgpu"
    monkeypatch.setenv("XGPU_CACHE_DIR", str(tmp_path / "mine"))
    assert compiler.cache_folder() == tmp_path / "mine"


def test_cubin_without_a_gpu(kernels: Path) -> None:
    code = compiler.compile_cubin(SOURCE, "sm_75")
    assert code[:4] == b"\x7fELF"
    assert b"k\0" in code
    assert b".target sm_90" in compiler.compile_cubin(SOURCE, "compute_90")


def test_no_fused_multiply_add() -> None:
    source = """struct arguments { float* x; };
extern "C" __global__ void k(arguments a) { a.x[3] = a.x[0] * a.x[1] + a.x[2]; }"""
    text = compiler.compile_cubin(source, "compute_75").decode()
    assert "mul.rn.f32" in text
    assert "add.rn.f32" in text
    assert "fma" not in text
    assert "ftz" not in text


def test_what_does_not_compile(kernels: Path) -> None:
    with pytest.raises(KernelError, match=r"(?s)kernel bad does not .* sm_75 .*bad.cu\(1\).*nonse"):
        compiler.compile_cubin("nonsense;", "sm_75", "bad")
    with pytest.raises(KernelError, match=r"nowhere\.cuh"):
        compiler.compile_cubin('#include "nowhere.cuh"\n', "sm_75")
    with pytest.raises(KernelError, match=r"(?s)does not compile for the simulator.*nowhere.cuh"):
        build('#include "nowhere.cuh"\n')
