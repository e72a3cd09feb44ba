"""`xgpu new-backend`: what it writes passes its own conformance run."""

from __future__ import annotations

import os
import py_compile
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.test_docs import blocks
from xgpu.cli.main import main
from xgpu_conformance import schema
from xgpu_conformance.new_backend import writing

ROOT = Path(__file__).parents[2]
SOME: dict[writing.Kind, tuple[str, str]] = {
    "namespace": ("add,exp,floor_divide,sum,argmax,matmul,sort,svd,where,fft", "bool,int8,float32"),
    "kernel": ("add,floor_divide,sum,sort", "float32"),  # a compiler's run for each program
}
"""Functions and dtypes of the run in this test."""


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["new-backend", *arguments])


def installed(project: Path) -> dict[str, str]:
    """An environment in which the project is on the path, with the entry point that it declares.

    That is what ``pip install -e`` does, which fetches what a build needs.
    """
    given = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    name, version = given["name"], given["version"]
    info = project / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    points = "\n".join(f"{k} = {v}" for k, v in given["entry-points"]["xgpu.backends"].items())
    (info / "entry_points.txt").write_text(f"[xgpu.backends]\n{points}\n")
    path = os.pathsep.join([str(project), str(ROOT), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path, "XDG_CACHE_HOME": str(project.parent / "cache")}


def run(command: list[str], **given: Any) -> str:
    done = subprocess.run(command, capture_output=True, check=False, **given)
    assert done.returncode == 0, done.stdout + done.stderr
    said: bytes = done.stdout
    return said.decode()


def xgpu_command(*words: str) -> list[str]:
    return [sys.executable, "-m", "xgpu.cli", *words]


@pytest.mark.parametrize("kind", writing.KINDS)
def test_it_passes_its_conformance_run_as_generated(kind: writing.Kind, tmp_path: Path) -> None:
    if kind == "kernel" and shutil.which("c++") is None:
        pytest.skip("no C++ compiler")
    result = call("a_b", "--kind", kind, "--into", str(tmp_path))
    project = tmp_path / "xgpu-a-b-backend"
    assert result.exit_code == 0 and f"cd {project}" in result.output
    environment = installed(project)
    environment["HOME"] = str(tmp_path)
    listed = run(xgpu_command("devices"), cwd=project, env=environment)
    assert "a_b:0  the host" in listed and "xgpu-a-b-backend 0.1.0" in listed
    (line,) = [
        line
        for line in (project / "README.md").read_text().splitlines()
        if line.startswith("xgpu conformance a_b")
    ]
    functions, dtypes = SOME[kind]
    few = ["--large", "2003", "-n", "1", "--functions", functions, "--dtypes", dtypes]
    few += ["--level", "ops"] if kind == "kernel" else []
    run(xgpu_command(*line.split()[1:], *few), cwd=project, env=environment)
    report = schema.read(project / "a_b.json")
    ran = [cell for cell in report.cells if cell.reason != schema.NOT_SELECTED]
    assert [cell for cell in ran if cell.state != "pass"] == []
    assert len(ran) == (44 if kind == "namespace" else 4)
    assert report.versions["xgpu-a-b-backend"] == "0.1.0"


def test_its_tests_are_of_one_line_and_run(tmp_path: Path) -> None:
    project = writing.write("apple", "namespace", tmp_path)
    asked = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "cumulative_sum"]
    said = run(asked, cwd=project, env=installed(project))
    assert "skipped" in said and "failed" not in said


@pytest.mark.parametrize("kind", writing.KINDS)
def test_what_it_writes_is_whole(kind: writing.Kind) -> None:
    written = writing.contents("apple", kind)
    assert not [p for p, text in written.items() if any(c in text for c in "«»") or not text]
    for path, text in written.items():
        lines = text.splitlines()
        assert text.endswith("\n") and max(map(len, lines)) <= 135, path
        if path.endswith(".py"):
            assert max(map(len, lines)) <= 100, path
            compile(text, path, "exec")
            assert text.startswith('"""')
    table = {p.rpartition("/")[2] for p in written if "/" in p} - {"__init__.py"}
    assert all(f"{name}`" in written["README.md"] for name in table)
    data = tomllib.loads(written["pyproject.toml"])
    assert data["project"]["entry-points"] == {"xgpu.backends": {"apple": "xgpu_apple.plugin"}}


@pytest.mark.parametrize("kind", writing.KINDS)
def test_what_it_writes_is_clean(kind: writing.Kind, tmp_path: Path) -> None:
    project = writing.write("apple", kind, tmp_path)
    run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--line-length", "100", "."],
        cwd=project,
    )
    run(
        [
            sys.executable,
            "-m",
            "ruff",
            "format",
            "--isolated",
            "--line-length",
            "100",
            "--check",
            ".",
        ],
        cwd=project,
    )
    for path in project.rglob("*.py"):
        py_compile.compile(str(path), str(tmp_path / "out.pyc"), doraise=True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument 'NAME'"),
        (("Apple",), "'Apple' cannot be a device type: it takes lower-case letters"),
        (("1a",), "'1a' cannot be a device type"),
        (("class",), "is no keyword of Python"),
        (("../x",), "'../x' cannot be a device type"),
        (("cuda",), "the device type 'cuda' is taken, by xgpu-array"),
        (("numpy",), "the package xgpu_numpy is there already"),
        (("apple", "--kind", "fruit"), "'fruit' is not one of"),
    ],
)
def test_a_wrong_name(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    result = call(*arguments, "--into", str(tmp_path))
    assert result.exit_code == 2 and said in result.output
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    assert call("apple", "--into", str(tmp_path)).exit_code == 0
    again = call("apple", "--into", str(tmp_path))
    assert again.exit_code == 2 and "exists: remove it, or choose another folder" in again.output
    file = tmp_path / "file"
    file.touch()
    on_file = call("apple", "--into", str(file / "below"))
    assert on_file.exit_code == 2 and "cannot write" in on_file.output


def test_without_jinja_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    result = call("apple", "--into", str(tmp_path))
    assert result.exit_code == 2 and "pip install 'xgpu-array[conformance]'" in result.output


def test_the_page_has_the_commands_of_the_generated_readme() -> None:
    page = "".join(blocks(ROOT / "backends" / "README.md", "console"))
    written = writing.contents("mine", "namespace")["README.md"]
    for line in written[written.index("```sh") + 6 :].partition("```")[0].splitlines():
        assert line in page
