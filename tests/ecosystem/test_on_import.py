"""Entering something into a library when somebody else imports it."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from xgpu.integrations import COUPLINGS
from xgpu.integrations.on_import import watch


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package that can be imported, of which nothing is left after the test."""
    folder = tmp_path / "watched_library"
    folder.mkdir()
    (folder / "__init__.py").write_text("table = {}\n")
    (folder / "inner.py").write_text("def answer():\n    return 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    finders = list(sys.meta_path)
    yield folder
    sys.meta_path[:] = finders
    for name in [name for name in sys.modules if name.partition(".")[0] == "watched_library"]:
        del sys.modules[name]


@pytest.mark.usefixtures("library")
def test_later() -> None:
    seen: list[Any] = []
    watch({"watched_library.inner": seen.append})
    package = importlib.import_module("watched_library")
    assert package.table == {} and not seen
    inner = importlib.import_module("watched_library.inner")
    assert seen == [inner]
    assert inner.answer() == 42
    assert inspect.getsource(inner.answer).startswith("def answer")  # the loader is its own
    assert "exec_module" not in vars(inner.__loader__)
    importlib.reload(inner)
    assert seen == [inner, inner]


@pytest.mark.usefixtures("library")
def test_at_once_where_it_is_imported_already() -> None:
    finders = list(sys.meta_path)
    package = importlib.import_module("watched_library")
    seen: list[Any] = []
    watch({"watched_library": seen.append})
    assert seen == [package]
    assert sys.meta_path == finders


@pytest.mark.usefixtures("library")
def test_a_coupling_that_fails_is_a_warning() -> None:
    watch({"watched_library": lambda module: module.no_such_table})
    with pytest.warns(RuntimeWarning, match="watched_library does not know xgpu's arrays: Attri"):
        package = importlib.import_module("watched_library")
    assert package.table == {}


def test_a_library_that_fails_or_is_not_there_is_its_own_error(library: Path) -> None:
    (library / "broken.py").write_text("raise OSError('broken')\n")
    seen: list[Any] = []
    names = ("watched_library.broken", "watched_library.none", "no_such_library_at_all")
    watch(dict.fromkeys(names, seen.append))
    with pytest.raises(OSError, match="broken"):
        importlib.import_module("watched_library.broken")
    for name in names[1:]:
        with pytest.raises(ModuleNotFoundError, match=name):
            importlib.import_module(name)
    assert not seen


ORDERS = """
import sys, warnings
warnings.simplefilter("error", RuntimeWarning)
{imports}
import xgpu
{used}
"""
USES = {
    "dask": "import dask.array as da\n"
    "d = da.from_array(xgpu.ones(4), chunks=2, asarray=False, name=False)\n"
    "assert type((d + 1).sum().compute()) is xgpu.Array",
    "einops": "import einops\n"
    "assert type(einops.rearrange(xgpu.ones((2, 3)), 'a b -> b a')) is xgpu.Array",
}


@pytest.mark.parametrize("first", [False, True], ids=["xgpu first", "xgpu second"])
@pytest.mark.parametrize("name", USES)
def test_in_either_order(name: str, first: bool) -> None:
    pytest.importorskip(name)
    imports = {"dask": "import dask.array", "einops": "import einops"}[name] if first else ""
    before = "" if first else f"assert {name!r} not in sys.modules\n"
    script = ORDERS.format(imports=imports, used=before + USES[name])
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", COUPLINGS)
def test_the_watched_module_is_there(name: str) -> None:
    pytest.importorskip(name.partition(".")[0])
    assert importlib.import_module(name).__name__ == name
