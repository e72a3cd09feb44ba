"""A plugin project as files."""

from __future__ import annotations

import json
import keyword
import re
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal, get_args

import xgpu
from xgpu_conformance.report.filling import project_environment

Kind = Literal["namespace", "kernel"]
"""``namespace``: a library with an eager array namespace.  ``kernel``: programs are compiled."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

_PACKAGE: Final = "xgpu_conformance.new_backend"

_WITHOUT: Final[dict[Kind, tuple[str, ...]]] = {
    "namespace": ("complex", "bfloat16"),
    "kernel": ("complex", "float16", "bfloat16", "linalg", "fft"),
}
"""Requirements that the generated backend answers with no."""

_COMMON: Final = {
    "pyproject.toml.j2": "pyproject.toml",
    "README.md.j2": "README.md",
    "gitignore.j2": ".gitignore",
    "__init__.py.j2": "{module}/__init__.py",
    "plugin.py.j2": "{module}/plugin.py",
    "test_conformance.py.j2": "tests/test_conformance.py",
}


class ProjectError(ValueError):
    """A project cannot be written: a name that no device type can have, or a folder in the way."""


def folder_of(name: str) -> str:
    """The project's folder, which is also the distribution's name."""
    return f"xgpu-{name.replace('_', '-')}-backend"


def contents(name: str, kind: Kind) -> dict[str, str]:
    """The project's files, by their path in it.

    Raises:
        ProjectError: ``name`` cannot be a device type, or is one of xgpu's own.
        MissingExtraError: Jinja is not installed.
    """
    if not re.fullmatch("[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise ProjectError(
            f"{name!r} cannot be a device type: it takes lower-case letters, digits and _, "
            "begins with a letter, and is no keyword of Python"
        )
    for entry in xgpu.backends():
        if entry.type == name:
            origin = entry.distribution or entry.source
            raise ProjectError(f"the device type {name!r} is taken, by {origin}")
    module = f"xgpu_{name}"
    if find_spec(module) is not None:
        raise ProjectError(f"the package {module} is there already: choose another name")
    without = _WITHOUT[kind]
    given: dict[str, Any] = {
        "name": name,
        "kind": kind,
        "module": module,
        "distribution": folder_of(name),
        "title": "".join(part.capitalize() for part in name.split("_")),
        "without": "".join(f" --without {requirement}" for requirement in without),
        "requirements": json.dumps(without),
    }
    environment = project_environment(_PACKAGE)
    found = {
        path.format(module=module): environment.get_template(f"common/{template}").render(given)
        for template, path in _COMMON.items()
    }
    for source in sorted((files(_PACKAGE) / "templates" / kind).iterdir(), key=lambda x: x.name):
        if source.name.endswith(".j2"):
            text = environment.get_template(f"{kind}/{source.name}").render(given)
        else:
            text = source.read_text(encoding="utf-8")
        found[f"{module}/{source.name.removesuffix('.j2')}"] = text
    return found


def write(name: str, kind: Kind, into: Path) -> Path:
    """Write the project into a folder of its own in ``into``, and return that.

    Raises:
        ProjectError: also if there is such a folder, or it cannot be written.
        MissingExtraError: Jinja is not installed.
    """
    given = contents(name, kind)
    folder = into / folder_of(name)
    if folder.exists():
        raise ProjectError(f"{folder} exists: remove it, or choose another folder by --into")
    try:
        for path, text in given.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ProjectError(f"cannot write {folder}: {error.strerror}") from None
    return folder
