"""From CUDA C++ text to code on disk: in-memory headers, NVRTC, and a cache that is trusted.

A source names the files under ``kernels/`` as it would with ``-I kernels/include``
(``#include "xgpu/types.cuh"``, ``#include "elementwise.cu"``); they are handed to the compiler
as text, so what the cache hashes is what is compiled, and an edited header is noticed.

Floating point, on the GPU and in the simulator alike: no multiply-add is contracted to an FMA,
so that fusing ops never changes their bits; subnormals are kept (NVRTC's ``--ftz`` is false);
division and square root are correctly rounded (NVRTC's default).
"""

from __future__ import annotations

import atexit
import hashlib
import os
import re
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal, NamedTuple

from xgpu.plugin import KernelError
from xgpu_cuda.driver import nvrtc

KERNELS: Final = Path(__file__).parent / "kernels"

OPTIONS: Final = ("--std=c++17", "--fmad=false", "--ftz=false")
"""What every kernel is compiled with, besides its architecture."""

QUICK: Final = "-DXGPU_QUICK"
"""For kernels that are worth more when they are there early: less code, see elementwise.cu."""

QUICKLY: Final = ("--Ofast-compile=mid", "--minimal")
"""For the same: less optimisation of it."""

QUICKLY_SINCE: Final = (12, 9)
"""The NVRTC from which on it has `QUICKLY`."""

_INCLUDE: Final = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"', re.MULTILINE)


class Artifact(NamedTuple):
    """A compiled file, and how it was come by."""

    path: Path
    compiled: Literal["disk", "compiled"]
    seconds: float


def included(source: str) -> dict[str, str]:
    """The kernel files that ``source`` includes, transitively: name in the include -> text.

    A name that is no file under ``kernels/`` is left to the compiler to complain about.
    """
    found: dict[str, str] = {}
    texts = [source]
    while texts:
        for name in _INCLUDE.findall(texts.pop()):
            folder = KERNELS / "include" if "/" in name else KERNELS
            path = folder / name
            if name not in found and path.is_file():
                found[name] = path.read_text(encoding="utf-8")
                texts.append(found[name])
    return dict(sorted(found.items()))


# ---- NVRTC ----


def _options(arch: str, quick: bool) -> tuple[str, ...]:
    less = QUICKLY if nvrtc().getVersion() >= QUICKLY_SINCE else ()
    return (*OPTIONS, *((QUICK, *less) if quick else ()), f"--gpu-architecture={arch}")


def compile_cubin(source: str, arch: str, name: str = "kernel", quick: bool = False) -> bytes:
    """Compile for a real architecture (``sm_90``) to CUBIN; needs NVRTC, but no driver or GPU.

    For a virtual one (``compute_90``) the result is PTX, which the driver compiles at load.
    ``quick`` compiles in half the time to code that takes longer.

    Raises:
        BackendUnavailableError: CuPy or NVRTC is not installed.
        KernelError: the source does not compile; the message has the compiler's log.
    """
    return _compile(source, included(source), _options(arch, quick), arch, name)


def _compile(
    source: str, headers: Mapping[str, str], options: tuple[str, ...], arch: str, name: str
) -> bytes:
    rtc = nvrtc()
    program = rtc.createProgram(
        source,
        f"{name}.cu",
        [text.encode() for text in headers.values()],
        [header.encode() for header in headers],
    )
    try:
        try:
            rtc.compileProgram(program, options)
        except rtc.NVRTCError as error:
            log = rtc.getProgramLog(program).strip()
            version = ".".join(map(str, rtc.getVersion()))
            raise KernelError(
                f"kernel {name} does not compile for {arch} (NVRTC {version}, {error}):\n{log}"
            ) from None
        get = rtc.getCUBIN if arch.startswith("sm_") else rtc.getPTX
        code: bytes = get(program)
        return code
    finally:
        rtc.destroyProgram(program)


def cached_cubin(source: str, arch: str, name: str = "kernel", quick: bool = False) -> Artifact:
    """As `compile_cubin`, through the cache on disk."""
    headers, options = included(source), _options(arch, quick)
    parts = (source, repr(headers), *options, repr(nvrtc().getVersion()))

    def build(path: Path) -> None:
        path.write_bytes(_compile(source, headers, options, arch, name))

    return cached(parts, ".cubin" if arch.startswith("sm_") else ".ptx", build)


# ---- The cache ----


def cached(parts: tuple[str, ...], suffix: str, build: Callable[[Path], None]) -> Artifact:
    """The file that ``build`` writes for ``parts``, which must say all that it depends on.

    Processes may share the folder: a file appears by renaming, with its checksum beside it, and
    one that does not match its checksum is built again.
    """
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    start = time.perf_counter()
    folder = cache_folder()
    path = folder / f"{key}{suffix}"
    checksum = folder / f"{key}.sha256"
    try:
        if checksum.read_text() == _digest(path):
            return Artifact(path, "disk", time.perf_counter() - start)
    except (OSError, UnicodeDecodeError):
        pass
    for attempt in (folder, _temporary_folder):
        if not isinstance(attempt, Path):  # the cache could be read but not written, or was full
            folder = attempt()
            path, checksum = folder / path.name, folder / checksum.name
        try:
            return _store(path, checksum, build, start)
        except OSError as error:
            _warn_once(str(folder), str(error))
    raise KernelError(
        f"compiled kernels can be written neither to {cache_folder()} nor to {folder}"
    )


def _store(path: Path, checksum: Path, build: Callable[[Path], None], start: float) -> Artifact:
    with tempfile.TemporaryDirectory(prefix=".building-", dir=path.parent) as name:
        part = Path(name) / path.name
        build(part)
        mark = Path(name) / checksum.name
        mark.write_text(_digest(part))
        mark.replace(checksum)
        part.replace(path)
    return Artifact(path, "compiled", time.perf_counter() - start)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def cache_folder() -> Path:
    """``$XGPU_CACHE_DIR``, or ``xgpu`` in the user's cache folder, or a folder of this process.

    Nothing is ever deleted from it; it can be deleted at any time.
    """
    wanted = _wanted_folder()
    try:
        # Code is loaded from here, so nobody else may write to it.
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(wanted, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(f"no permission to write to {wanted}")
    except OSError as error:
        _warn_once(str(wanted), str(error))
        return _temporary_folder()
    return wanted


def _wanted_folder() -> Path:
    if given := os.environ.get("XGPU_CACHE_DIR"):
        return Path(given).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "xgpu"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "xgpu"
    # The XDG base directory specification: a relative path is to be ignored.
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "xgpu"


@cache
def _temporary_folder() -> Path:
    folder = tempfile.mkdtemp(prefix="xgpu-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@cache
def _warn_once(folder: str, reason: str) -> None:
    warnings.warn(
        f"compiled kernels cannot be kept in {folder} ({reason}): every process compiles them "
        "again; set XGPU_CACHE_DIR to a folder that can be written",
        RuntimeWarning,
        stacklevel=2,
    )
