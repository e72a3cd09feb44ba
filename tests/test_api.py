"""The namespace as a whole, and what is no chapter's."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from importlib import metadata
from types import ModuleType

import pytest

import xgpu

EXTENSIONS = ("fft", "linalg", "special")


def test_all_is_what_there_is() -> None:
    assert xgpu.special.__name__ == "xgpu.special"  # loaded when it is asked for
    names = set(xgpu.__all__)
    assert len(names) == len(xgpu.__all__)
    public = {n for n, v in vars(xgpu).items() if not n.startswith("_")}
    modules = {n for n in public if isinstance(getattr(xgpu, n), ModuleType)} - {*EXTENSIONS}
    assert public - modules == {n for n in names if not n.startswith("_")}


def test_no_module_hides_a_public_name() -> None:
    for module in pkgutil.walk_packages(xgpu.__path__, "xgpu."):
        if not module.name.endswith(("__main__", "triton_kernels")):  # that one needs Triton
            importlib.import_module(module.name)
    hidden = [n for n in xgpu.__all__ if isinstance(getattr(xgpu, n), ModuleType)]
    assert hidden == [*EXTENSIONS]


def test_constants() -> None:
    assert xgpu.e == 2.718281828459045
    assert xgpu.pi == 3.141592653589793
    assert xgpu.inf == float("inf")
    assert xgpu.nan != xgpu.nan
    assert xgpu.newaxis is None


def test_versions() -> None:
    assert xgpu.__version__ == metadata.version("xgpu-array")
    assert xgpu.__array_api_version__ == "2025.12"
    assert xgpu.ones(1).__array_namespace__(api_version=xgpu.__array_api_version__) is xgpu


def test_materialize_shares_a_kernel_between_siblings(device: xgpu.Device) -> None:
    x = xgpu.asarray([1.0, 2.0], device=device)
    y, z = x + 1.0, x * 3.0
    with xgpu.trace() as trace:
        result = xgpu.materialize(y, z)  # type: ignore[func-returns-value]
        xgpu.materialize(y, z)
    assert result is None
    assert len(trace.kernels) == 1
    assert len(trace.kernels[0].outputs) == 2


def test_materialize_takes_arrays_alone() -> None:
    with pytest.raises(TypeError, match=r"materialize\(\) takes an xgpu array: got list"):
        xgpu.materialize([xgpu.ones(2)])  # type: ignore[arg-type]


def test_to_device_and_synchronize(device: xgpu.Device) -> None:
    x = xgpu.asarray([[1, 2], [3, 4]])
    there = xgpu.to_device(x[:, ::-1], device)
    xgpu.synchronize(device)
    xgpu.synchronize()
    assert there.device is device
    assert xgpu.to_device(there, str(device)) is there
    assert xgpu.to_device(there, "cpu").to_device("cpu")[0, 0] == 2
    with pytest.raises(ValueError, match="nowhere"):
        xgpu.to_device(x, "nowhere:0")
    with pytest.raises(TypeError, match="device is a string"):
        xgpu.to_device(x, 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"to_device\(\)"):
        xgpu.to_device(1.0, "cpu")  # type: ignore[arg-type]


def test_arrays_of_two_devices_do_not_meet(device: xgpu.Device) -> None:
    here, there = xgpu.ones(2, device="cpu"), xgpu.ones(2, device=device)
    if here.device is device:
        pytest.skip("one device")
    calls: list[Callable[[], object]] = [
        lambda: here + there,
        lambda: xgpu.where(here > 0, here, there),
        lambda: xgpu.concat([here, there]),
        lambda: xgpu.clip(here, there),
        lambda: xgpu.matmul(here, there),
        lambda: xgpu.vecdot(here, there),
        lambda: xgpu.meshgrid(here, there),
        lambda: here.__setitem__(0, there[0]),
    ]
    for call in calls:
        with pytest.raises(xgpu.DeviceMismatchError, match="xgpu.to_device"):
            call()
