"""The namespace as a whole: names, signatures, documentation, and what is no chapter's."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import xgpu

ROOT = Path(__file__).parents[1]
SIGNATURES: dict[str, dict[str, str]] = json.loads(
    (ROOT / "tests" / "data" / "signatures.json").read_text()
)
STANDARD = [(c, name) for c, names in SIGNATURES.items() for name in names]
EXTENSIONS = ("fft", "linalg")


def namespace(chapter: str) -> Any:
    """Where the functions of a chapter are found."""
    return getattr(xgpu, chapter) if chapter in EXTENSIONS else xgpu


HERE = [(c, name) for c, name in STANDARD if hasattr(namespace(c), name)]


def written(function: Any) -> str:
    """The parameters of a function as they stand in its definition, without annotations."""
    bare = inspect.signature(function)
    parameters = [p.replace(annotation=inspect.Parameter.empty) for p in bare.parameters.values()]
    return str(bare.replace(parameters=parameters, return_annotation=inspect.Signature.empty))[1:-1]


def test_nothing_of_the_standard_is_missing() -> None:
    assert {name for c, name in STANDARD if (c, name) not in HERE} == set()


@pytest.mark.parametrize(("chapter", "name"), HERE)
def test_a_signature_is_the_standards(chapter: str, name: str) -> None:
    assert written(getattr(namespace(chapter), name)) == SIGNATURES[chapter][name]


@pytest.mark.parametrize(("chapter", "name"), HERE)
def test_a_function_is_in_its_chapter_and_says_where_it_comes_from(chapter: str, name: str) -> None:
    function = getattr(namespace(chapter), name)
    aliases = SIGNATURES["linear_algebra"] if chapter == "linalg" else {}
    home = "linear_algebra" if name in aliases else chapter
    assert f"{function.__module__}.".startswith(f"xgpu.{home}.")
    assert "Source: Array API 2025.12, " in function.__doc__


def test_all_is_what_there_is() -> None:
    names = set(xgpu.__all__)
    assert len(names) == len(xgpu.__all__)
    public = {n for n, v in vars(xgpu).items() if not n.startswith("_")}
    modules = {n for n in public if isinstance(getattr(xgpu, n), ModuleType)} - {*EXTENSIONS}
    assert public - modules == {n for n in names if not n.startswith("_")}
    assert {name for c, name in HERE if c not in EXTENSIONS} <= names


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_an_extension_is_what_the_standard_says(extension: str) -> None:
    assert sorted(namespace(extension).__all__) == sorted(SIGNATURES[extension])


def test_no_module_hides_a_public_name() -> None:
    for module in pkgutil.walk_packages(xgpu.__path__, "xgpu."):
        if not module.name.endswith("__main__"):
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
