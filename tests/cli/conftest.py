"""Plugins as an installer would leave them, for processes that a test starts."""

from __future__ import annotations

from pathlib import Path

import pytest

PLUGINS = {
    "other": """
import array_api_compat.numpy as namespace
from xgpu.plugin import NamespaceBackend, hookimpl

@hookimpl
def xgpu_backend():
    return NamespaceBackend("other", namespace)
""",
    "broken": "import a_module_that_nobody_has\n",
    "hookless": "",
    "old": """
import array_api_compat.numpy as namespace
from xgpu.plugin import NamespaceBackend, hookimpl

@hookimpl
def xgpu_backend():
    backend = NamespaceBackend("old", namespace)
    backend.protocol = 0
    return backend
""",
    "faulty": """
import array_api_compat.numpy as namespace
from xgpu.plugin import NamespaceBackend, hookimpl

class Faulty(NamespaceBackend):
    def devices(self):
        raise OSError("the device file is gone")

@hookimpl
def xgpu_backend():
    return Faulty("faulty", namespace)
""",
    "empty": """
import array_api_compat.numpy as namespace
from xgpu.plugin import NamespaceBackend, hookimpl

class Empty(NamespaceBackend):
    def devices(self):
        return []

@hookimpl
def xgpu_backend():
    return Empty("empty", namespace)
""",
}


@pytest.fixture
def unusual_plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one installed plugin for each way to go wrong, and one that is right."""
    folder = tmp_path / "site"
    for name, source in PLUGINS.items():
        metadata = folder / f"plugin_{name}-1.0.dist-info"
        metadata.mkdir(parents=True)
        (folder / f"plugin_{name}.py").write_text(source)
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: plugin-{name}\nVersion: 1.0\n"
        )
        (metadata / "entry_points.txt").write_text(f"[xgpu.backends]\n{name} = plugin_{name}\n")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder
