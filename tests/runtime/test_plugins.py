"""Plugins and devices: found without being imported, and one clear error for each that fails."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

import xgpu as xp
from xgpu.plugin import PROTOCOL_VERSION
from xgpu_numpy.backend import NumpyBackend


@pytest.fixture
def registered() -> Iterator[str]:
    """A second NumPy backend, under a type of its own."""
    xp.register_backend("other", NumpyBackend())
    yield "other"
    xp.unregister_backend("other")


def plugin(folder: Path, module: str, text: str) -> None:
    """An installed-looking distribution whose entry point ``module`` is the module of that name."""
    (folder / f"{module}.py").write_text(text)
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[xgpu.backends]\n{module} = {module}\n")


def test_listing_imports_no_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin(tmp_path, "explodes", "raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    entries = {entry.type: entry for entry in xp.backends()}
    assert entries["explodes"].source == "explodes"
    assert entries["explodes"].distribution == "explodes 1.0"
    assert {"cpu", "cuda", "cudasim"} <= set(entries)


def test_import_of_xgpu_imports_no_plugin() -> None:
    code = "import sys, xgpu; print([m for m in sys.modules if m.startswith(('xgpu_', 'cupy'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_plugin_that_raises_on_import_breaks_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin(tmp_path, "explodes", "raise RuntimeError('no luck today')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(xp.PluginError, match=r"'explodes'.*no luck today \(.*\.py, line 1\)"):
        xp.device("explodes")
    assert float(xp.asarray(1.5, device="cpu") + 1) == 2.5
    assert any(d == "cpu" for d in xp.devices())


def test_a_plugin_of_another_protocol_version_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "from xgpu.plugin import hookimpl\n"
        "class B:\n    protocol = 99\n"
        "@hookimpl\ndef xgpu_backend():\n    return B()\n"
    )
    plugin(tmp_path, "fromfuture", text)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(xp.PluginError, match=f"protocol 99, this xgpu speaks {PROTOCOL_VERSION}"):
        xp.device("fromfuture")


def test_a_plugin_without_the_hook_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin(tmp_path, "hookless", "x = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(xp.PluginError, match="no hook"):
        xp.device("hookless")


def test_a_backend_with_members_missing_is_refused() -> None:
    class Half:
        protocol = PROTOCOL_VERSION
        name = "half"

    with pytest.raises(xp.PluginError, match="lacks allocate, .*launch"):
        xp.register_backend("half", Half())  # type: ignore[arg-type]


def test_a_backend_registered_at_run_time_computes(registered: str) -> None:
    x = xp.asarray([1.0, 2.0], device=registered)
    assert str(x.device) == "other:0"
    np.testing.assert_array_equal(np.asarray(xp.to_device(x * 2, "cpu")), [2.0, 4.0])
    assert any(e.type == "other" and "run time" in e.source for e in xp.backends())


def test_a_type_cannot_be_registered_twice(registered: str) -> None:
    with pytest.raises(ValueError, match="has a backend already"):
        xp.register_backend(registered, NumpyBackend())
    with pytest.raises(ValueError, match="identifier"):
        xp.register_backend("not a name", NumpyBackend())


def test_unknown_devices_name_what_there_is() -> None:
    with pytest.raises(ValueError, match="no backend serves device type 'tpu'; installed: .*'cpu'"):
        xp.device("tpu")
    with pytest.raises(ValueError, match="no device 'cpu:7'; backend 'numpy' has: cpu:0"):
        xp.device("cpu:7")
    with pytest.raises(ValueError, match="write it as"):
        xp.device("cpu:x")
    with pytest.raises(TypeError, match="a device is a string"):
        xp.device(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no backend serves"):
        xp.zeros(3, device="nowhere")


def test_mixed_devices_name_both_and_the_way_out(registered: str) -> None:
    x, y = xp.ones(3, device="cpu"), xp.ones(3, device=registered)
    message = r"add\(\) got arrays on cpu and on other:0; .*xgpu.to_device\(x, 'cpu'\)"
    with pytest.raises(xp.DeviceMismatchError, match=message):
        x + y
    with pytest.raises(xp.DeviceMismatchError):
        xp.where(x > 0, x, y)
    with pytest.raises(xp.DeviceMismatchError):
        x[:] = y
    with pytest.raises(xp.DeviceMismatchError):
        x @ y
    np.testing.assert_array_equal(np.asarray(x + xp.to_device(y, "cpu")), [2, 2, 2])


def test_a_numpy_array_is_never_moved_silently(device: xp.Device) -> None:
    x, a = xp.ones(3, device=device), cast(Any, np.ones(3))
    for attempt in (
        lambda: x + a,
        lambda: a + x,
        lambda: xp.add(x, a),
        lambda: x.__setitem__(slice(None), a),
    ):
        with pytest.raises(TypeError, match=r"numpy.ndarray.*xgpu.asarray"):
            attempt()


def test_a_missing_op_is_refused_at_the_call() -> None:
    class Lacking(NumpyBackend):
        def __init__(self) -> None:
            super().__init__()
            self.unsupported = frozenset({"tanh"})
            self.kernel_ops = {}

    xp.register_backend("lacking", Lacking())
    try:
        x = xp.ones((2, 2), device="lacking")
        with pytest.raises(xp.UnsupportedOperationError, match=r"lacking:0 has no tanh\(\)"):
            xp.tanh(x)
        with pytest.raises(xp.UnsupportedOperationError, match=r"no cumulative_sum\(\)"):
            xp.cumulative_sum(x, axis=0)
        assert float(xp.sum(x)) == 4
    finally:
        xp.unregister_backend("lacking")


def test_an_array_of_another_device_does_not_become_numpy(device: xp.Device) -> None:
    x = xp.ones(3, device=device)
    if device.type == "cpu":
        np.testing.assert_array_equal(np.asarray(x), [1, 1, 1])
    else:
        with pytest.raises(TypeError, match="to_device"):
            np.asarray(x)


def test_default_devices(registered: str) -> None:
    assert xp.zeros(1).device == "cpu"
    with xp.default_device(registered) as chosen:
        assert xp.zeros(1).device is chosen
        assert xp.zeros(1, device="cpu").device == "cpu:0"
    assert xp.zeros(1).device == "cpu"
    xp.set_default_device(registered)
    try:
        assert xp.arange(3).device == "other:0"
    finally:
        xp.set_default_device("cpu")


def test_the_environment_names_the_default_device() -> None:
    def run(value: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "import xgpu; print(xgpu.zeros(1).device)"],
            capture_output=True,
            text=True,
            env={**os.environ, "XGPU_DEVICE": value},
        )

    assert run("cpu").stdout == "cpu\n"
    bad = run("nowhere")
    assert bad.returncode != 0
    assert "no backend serves device type 'nowhere'" in bad.stderr
