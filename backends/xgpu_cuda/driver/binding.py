"""CuPy and its NVRTC, imported when they are needed; and what NVRTC compiles for."""

from __future__ import annotations

from typing import Any, Final

from xgpu.plugin import BackendUnavailableError

INSTALL: Final = (
    'pip install "xgpu-array[cuda12]" for a driver of CUDA 12, '
    '"xgpu-array[cuda13]" for one of CUDA 13'
)


def cupy_module() -> Any:
    """CuPy itself.

    Raises:
        BackendUnavailableError: it is not installed.
    """
    try:
        import cupy
    except ImportError as error:
        raise BackendUnavailableError(
            f"CUDA needs CuPy, which cannot be imported ({error}): {INSTALL}"
        ) from error
    return cupy


def nvrtc() -> Any:
    """CuPy's binding of NVRTC; usable without a driver or a GPU.

    Raises:
        BackendUnavailableError: CuPy or NVRTC is not installed.
    """
    cupy_module()  # finds the NVRTC that was installed with it
    from cupy_backends.cuda.libs import nvrtc as binding

    try:
        binding.getVersion()
    except RuntimeError as error:
        raise BackendUnavailableError(f"NVRTC cannot be loaded ({error}): {INSTALL}") from error
    return binding


def architecture(capability: str, supported: tuple[int, ...]) -> str:
    """What NVRTC compiles for on a device of this compute capability.

    ``supported`` is NVRTC's own list (75, 80, 90 ...). A device that is newer than NVRTC runs
    the code of an older one of its generation, or else PTX, which the driver compiles.
    """
    major, minor = map(int, capability.split("."))
    older = [arch for arch in supported if arch <= 10 * major + minor]
    if not older:
        raise BackendUnavailableError(
            f"compute capability {capability} is older than this NVRTC compiles for "
            f"({supported[0] / 10} and later); an older CuPy may do: {INSTALL}"
        )
    return f"{'sm' if older[-1] // 10 == major else 'compute'}_{older[-1]}"
