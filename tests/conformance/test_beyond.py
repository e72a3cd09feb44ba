"""Every public function has cells, those beyond the standard too, judged by what NumPy gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest

import xgpu
from tests.conformance import wrong
from xgpu_conformance import cell, plan
from xgpu_conformance.case import Options, Planned, Setting
from xgpu_conformance.functions_beyond import METHODS
from xgpu_conformance.functions_special import ARGUMENTS

#: Functions that compute nothing: they say where and how others run.
CONTROL: Final = frozenset(
    {
        *("allow_fallback", "backends", "current_stream", "default_device", "device"),
        *("device_info", "devices", "eager", "get_default_device", "guard", "mixed_devices"),
        *("register_backend", "set_default_device", "synchronize", "trace", "unregister_backend"),
    }
)


def planned() -> dict[str, list[Planned]]:
    found: dict[str, list[Planned]] = {}
    for one in plan.planned(["functions"]):
        found.setdefault(one.name, []).append(one)
    return found


def test_each_public_function_has_cells() -> None:
    there = planned()
    namespaces = {"": xgpu, "linalg.": xgpu.linalg, "fft.": xgpu.fft, "special.": xgpu.special}
    for prefix, namespace in namespaces.items():
        for name in namespace.__all__:
            public = getattr(namespace, name)
            if callable(public) and not isinstance(public, type):
                assert (prefix + name in CONTROL) != (prefix + name in there), prefix + name


def test_each_special_function_has_arguments() -> None:
    assert set(ARGUMENTS) == set(xgpu.special.__all__)


@pytest.fixture
def _wrong() -> Iterator[None]:
    xgpu.register_backend("wrong", wrong.Wrong())
    yield
    xgpu.unregister_backend("wrong")


@pytest.mark.usefixtures("_wrong")
@pytest.mark.parametrize(
    "name",
    ["einsum", "pad", "transpose", "capture", "materialize", "to_device", "empty_pinned"]
    + [f"Array.{name}" for name in METHODS]
    + ["special.cbrt", "special.bdtr", "special.multigammaln", "special.zeta"],
)
def test_they_pass_on_the_reference_and_on_another_device(name: str) -> None:
    for device in ("cpu", "wrong:0"):
        for one in planned()[name][::4]:
            found = cell.run(Setting(xgpu.device(device), Options()), one)
            assert found.state == "pass", found.failures
            assert found.cases and found.values


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("einsum", lambda x: x + x),
        ("pad", lambda x: xgpu.flip(x)),
        ("transpose", lambda x: x + 1),
    ],
)
def test_a_function_that_is_wrong_everywhere_fails(
    name: str, change: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = getattr(xgpu, name)
    monkeypatch.setattr(xgpu, name, lambda *args, **given: change(right(*args, **given)))
    (one,) = (c for c in planned()[name] if c.dtype == "float32")
    assert cell.run(Setting(xgpu.device("cpu"), Options()), one).state == "fail"
