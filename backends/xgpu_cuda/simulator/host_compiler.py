"""The host's C++ compiler: finding it, and making shared libraries of kernels with it."""

from __future__ import annotations

import os
import platform
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from xgpu.plugin import BackendUnavailableError, KernelError
from xgpu_cuda.compiler import Artifact, cached, included

HERE: Final = Path(__file__).parent

COMPILERS: Final = ("g++", "clang++", "c++")

# GCC spills to MMX registers, which are those of x87: a kernel that did so left them taken, and the
# next code with long doubles, such as a norm in NumPy's LAPACK, got NaN.
_WITHOUT_MMX: Final = ("-mno-mmx",) if platform.machine() in ("x86_64", "AMD64") else ()

OPTIONS: Final = (
    *("-std=c++17", "-O2", "-shared", "-fPIC", "-fvisibility=hidden"),
    # As on the GPU: no contraction to FMA, every operation rounded by itself.
    *("-ffp-contract=off", "-fno-fast-math", "-fno-math-errno"),
    # As NVRTC, kernels reinterpret memory; a device has neither exceptions nor RTTI.
    *("-fno-strict-aliasing", "-fno-exceptions", "-fno-rtti"),
    *_WITHOUT_MMX,
)
RUNTIME_OPTIONS: Final = ("-std=c++17", "-O2", "-shared", "-fPIC", *_WITHOUT_MMX)

_ALIGNMENT: Final = r"(?:__align__|alignas)\s*\((?:[^()]|\([^()]*\))*\)"
_DYNAMIC_SHARED: Final = re.compile(
    rf"extern\s+__shared__\s+(?:{_ALIGNMENT}\s*)?([^;=()]+?)\s+(\w+)\s*\[\s*\]"
)
_ALIGNED_SHARED: Final = re.compile(rf"__shared__\s+({_ALIGNMENT})")


class HostCompiler(NamedTuple):
    """A command, and the version it prints, by which the cache tells compilers apart."""

    command: tuple[str, ...]
    version: str


def find() -> HostCompiler:
    """The compiler that ``$CXX`` names, or the first of g++, clang++ and c++.

    Raises:
        BackendUnavailableError: there is none.
    """
    return _find(os.environ.get("CXX", ""), os.environ.get("PATH", ""))


@cache
def _find(wanted: str, path: str) -> HostCompiler:
    remedy = "install one (g++ or clang++), or set CXX to its path"
    command = tuple(shlex.split(wanted))
    if not command:
        found = next(filter(None, (shutil.which(name, path=path) for name in COMPILERS)), None)
        if found is None:
            raise BackendUnavailableError(
                "the CUDA simulator needs a C++ compiler, and none of "
                f"{', '.join(COMPILERS)} is on the PATH: {remedy}"
            )
        command = (found,)
    try:
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise BackendUnavailableError(
            f"the CUDA simulator needs a C++ compiler, and {shlex.join(command)} does not run "
            f"({error}): {remedy}"
        ) from error
    return HostCompiler(command, done.stdout.partition("\n")[0].strip())


def runtime() -> Artifact:
    """The simulator's runtime as a shared library.

    Raises:
        BackendUnavailableError: there is no compiler, or it cannot compile the runtime.
    """
    names = ("runtime.cpp", "faults.h", "fiber.h", "guarded_memory.h", "machine.h")
    files = {name: (HERE / name).read_text(encoding="utf-8") for name in names}
    try:
        return _library("runtime.cpp", files, RUNTIME_OPTIONS, "the simulator's runtime")
    except KernelError as error:
        raise BackendUnavailableError(f"the CUDA simulator cannot be set up: {error}") from error


def module(source: str, names: tuple[str, ...]) -> Artifact:
    """CUDA C++ text that defines the kernels ``names``, as a shared library.

    Raises:
        BackendUnavailableError: there is no compiler.
        KernelError: the source does not compile.
    """
    files = {name: _on_the_host(text) for name, text in included(source).items()}
    for name in ("cuda_simulator.h", "machine.h"):
        files[name] = (HERE / name).read_text(encoding="utf-8")
    kernels = "".join(f"XGPU_SIMULATOR_KERNEL({name}, XGPU_SIMULATOR_DIRECT)\n" for name in names)
    files["kernel.cpp"] = (
        '#include "cuda_simulator.h"\n#line 1 "generated.cu"\n'
        f"{_on_the_host(source)}\n"
        "#if defined(XGPU_NO_BARRIER)\n#define XGPU_SIMULATOR_DIRECT true\n"
        "#else\n#define XGPU_SIMULATOR_DIRECT false\n#endif\n"
        "#if !defined(XGPU_DYNAMIC_SHARED)\n"
        "#define XGPU_DYNAMIC_SHARED xgpu_simulator::unasked_shared\n#endif\n"
        f"{kernels}"
    )
    return _library("kernel.cpp", files, OPTIONS, f"kernel {names[0]}")


def _on_the_host(text: str) -> str:
    """What no macro can do for ``__shared__``.

    ``extern __shared__ T name[];`` becomes a pointer to the launch's dynamic shared memory, and
    ``__shared__ alignas(n)`` puts the alignment before what is then the word ``static``.
    """
    text = _DYNAMIC_SHARED.sub(
        r"static \1* const \2 = reinterpret_cast<\1*>(xgpu_simulator::dynamic_shared)", text
    )
    return _ALIGNED_SHARED.sub(r"\1 __shared__", text)


def _library(main: str, files: Mapping[str, str], options: tuple[str, ...], what: str) -> Artifact:
    compiler = find()
    parts = (repr(files), *options, *compiler.command, compiler.version, platform.machine())

    def build(path: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="xgpu-simulator-") as name:
            folder = Path(name)
            for file, text in files.items():
                (folder / file).parent.mkdir(exist_ok=True)
                (folder / file).write_text(text, encoding="utf-8")
            command = [*compiler.command, *options, "-I.", main, "-o", str(path)]
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, errors="replace"
            )
        if done.returncode or not path.is_file():
            raise KernelError(
                f"{what} does not compile for the simulator ({compiler.version}):\n"
                f"{done.stderr.strip()}"
            )

    return cached(parts, ".so", build)
