"""`xgpu devices`: what is there, and for what is not, why."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import xgpu


def devices(before: str = "", *types: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process that first runs ``before``."""
    code = f"{before}\nfrom xgpu.cli.main import main\nmain({['devices', *types]!r})"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)


def sections(text: str) -> dict[str, list[str]]:
    """Backend type -> its lines, the heading first."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line.startswith(" "):
            current = found.setdefault(line.split()[0], [])
        current.append(line.strip())
    return found


def test_each_installed_backend_is_listed() -> None:
    done = devices()
    assert done.returncode == 0, done.stderr
    listed = sections(done.stdout)
    assert list(listed) == [entry.type for entry in xgpu.backends()]
    heading, cpu = listed["cpu"]
    assert "loaded" in heading
    assert "xgpu_numpy.plugin" in heading
    assert "xgpu-array" in heading
    assert re.match(r"cpu  .*\d+\.\d GiB.*\[default\]$", cpu)


def test_types_alone_are_listed_and_imported() -> None:
    missing = "import sys; sys.modules['torch'] = sys.modules['cupy'] = None"
    done = devices(missing, "cpu", "torch")
    assert done.returncode == 0, done.stderr
    listed = sections(done.stdout)
    assert list(listed) == ["cpu", "torch"]
    assert "torch cannot be imported" in listed["torch"][1] or "not installed" in listed["torch"][1]
    imported = "import atexit; atexit.register(lambda: print('dask' in sys.modules))"
    assert devices(f"{missing}\n{imported}", "cpu").stdout.endswith("False\n")


def of_a_library(folder: Path, version: str) -> None:
    """A plugin whose distribution has an extra of its type, for a library that imports slowly."""
    metadata = folder / "plugin_slow-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: plugin-slow\nVersion: 1.0\nProvides-Extra: slow\n"
        "Requires-Dist: slowlib[gpu]>=2; extra == 'slow'\n"
    )
    (metadata / "entry_points.txt").write_text("[xgpu.backends]\nslow = plugin_slow\n")
    (folder / "plugin_slow.py").write_text("raise OSError('imported')\n")
    if version:
        library = folder / f"slowlib-{version}.dist-info"
        library.mkdir()
        (library / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: slowlib\nVersion: {version}\n"
        )


def test_a_large_library_is_not_imported_unless_asked(unusual_plugins: Path) -> None:
    of_a_library(unusual_plugins, "2.5")
    heading, said = sections(devices().stdout)["slow"]
    assert heading == "slow  installed  (plugin_slow, plugin-slow 1.0)"
    assert said == "slowlib 2.5; its devices: xgpu devices slow"
    for asked in ("slow", "--all"):
        heading, said = sections(devices("", asked).stdout)["slow"]
        assert "not available" in heading and "OSError: imported" in said


def test_a_library_that_is_missing_is_not_said_to_be_there(unusual_plugins: Path) -> None:
    of_a_library(unusual_plugins, "")
    heading, said = sections(devices().stdout)["slow"]
    assert "not available" in heading and "OSError: imported" in said


def test_listing_imports_no_large_library() -> None:
    large = "{'torch', 'jax', 'dask'}"
    done = devices(
        f"import atexit, sys; atexit.register(lambda: print({large} & set(sys.modules)))"
    )
    assert done.stdout.endswith("set()\n")


def test_a_type_that_is_not_there() -> None:
    done = devices("", "cpu", "nonsense")
    assert done.returncode == 2
    assert "no backend nonsense; installed: " in done.stderr


def test_without_cupy_it_says_how_to_get_the_gpu() -> None:
    done = devices("import sys; sys.modules['cupy'] = sys.modules['cupy_backends'] = None")
    assert done.returncode == 0, done.stderr
    heading, reason = sections(done.stdout)["cuda"]
    assert "not available" in heading
    assert "xgpu-array[cuda12]" in reason
    assert "xgpu-array[cuda13]" in reason


def test_a_bad_plugin_gives_its_reason_and_hides_nothing(unusual_plugins: Path) -> None:
    done = devices()
    assert done.returncode == 0, done.stderr
    listed = sections(done.stdout)
    for name, reason in {
        "broken": "ModuleNotFoundError: No module named 'a_module_that_nobody_has'",
        "hookless": "has no hook",
        "old": "speaks protocol 0, this xgpu speaks 1",
        "faulty": "OSError: the device file is gone",
        "empty": "no device",
    }.items():
        heading, said = listed[name]
        assert "not available" in heading
        assert f"plugin_{name}, plugin-{name} 1.0" in heading
        assert reason in said
    assert "loaded" in listed["other"][0]
    assert listed["other"][1].startswith("other:0")
    assert listed["cpu"][1].endswith("[default]")


def test_an_unusable_default_device_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XGPU_DEVICE", "nonsense")
    done = devices()
    assert done.returncode == 0
    assert "no backend serves device type 'nonsense'" in done.stderr
    assert "loaded" in sections(done.stdout)["cpu"][0]
