"""The house's rules that no other tool holds: sizes, places of imports, no cycle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIMIT = 600
SUFFIXES = {".py", ".cu", ".cuh", ".h", ".cpp"}
#: Folders that hold import packages, and which of these may see what of xgpu.
SOURCES = (ROOT, ROOT / "backends", ROOT / "backends" / "example", ROOT / "conformance")
BACKEND_MAY_IMPORT = ("xgpu.plugin", "xgpu.codegen")


def files(*suffixes: str) -> list[Path]:
    """The project's own source files."""
    tops = [ROOT / name for name in ("xgpu", "backends", "conformance", "tests", "docs")]
    found = [p for top in tops for p in top.rglob("*") if p.suffix in suffixes]
    return sorted(p for p in found if not any(d.startswith(".") for d in p.relative_to(ROOT).parts))


def packages() -> dict[str, Path]:
    """Name of each module that the project distributes -> its file."""
    modules: dict[str, Path] = {}
    for source in SOURCES:
        for top in sorted(source.glob("xgpu*")):
            for path in top.rglob("*.py") if top.is_dir() else [top]:
                parts = path.relative_to(source).with_suffix("").parts
                modules[".".join(p for p in parts if p != "__init__")] = path
    return modules


def imported(tree: ast.AST) -> Iterator[tuple[str, str | None, int]]:
    """Each import in ``tree``: module, the name taken from it if any, line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, None, node.lineno
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield "." * node.level + (node.module or ""), alias.name, node.lineno


def imports_in_functions(source: str) -> list[int]:
    """Lines on which a function imports something of xgpu."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    return sorted(
        {
            line
            for function in ast.walk(ast.parse(source))
            if isinstance(function, functions)
            for module, _, line in imported(function)
            if module.split(".")[0] in ("", "xgpu")
        }
    )


def star_imports(source: str) -> list[int]:
    """Lines with ``import *``."""
    return [line for _, name, line in imported(ast.parse(source)) if name == "*"]


def cycle(sources: dict[str, str]) -> list[str]:
    """The modules of one import cycle among ``sources`` (name -> text); empty where none is."""
    graph: dict[str, set[str]] = {}
    for module, source in sources.items():
        graph[module] = set()
        for origin, name, _ in imported(ast.parse(source)):
            inner = f"{origin}.{name}"
            graph[module] |= {target for target in (inner,) if target in sources} or {
                target for target in (origin,) if target in sources
            }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def strays(source: str, allowed: tuple[str, ...]) -> list[str]:
    """What ``source`` imports of xgpu beyond ``allowed``."""
    found = {
        f"{module}.{name}" if module == "xgpu" and name else module
        for module, name, _ in imported(ast.parse(source))
        if module.split(".")[0] == "xgpu"
    }
    return sorted(m for m in found if not any(m == a or m.startswith(f"{a}.") for a in allowed))


def test_no_file_is_over_the_limit() -> None:
    lengths = {str(p.relative_to(ROOT)): p.read_text().count("\n") for p in files(*SUFFIXES)}
    assert len(lengths) > 30
    assert {name: n for name, n in lengths.items() if n > LIMIT} == {}


def test_no_function_imports_xgpu() -> None:
    found = {p.relative_to(ROOT): imports_in_functions(p.read_text()) for p in files(".py")}
    assert {str(p): lines for p, lines in found.items() if lines} == {}


def test_no_star_import() -> None:
    found = {p.relative_to(ROOT): star_imports(p.read_text()) for p in files(".py")}
    assert {str(p): lines for p, lines in found.items() if lines} == {}


def test_no_import_cycle() -> None:
    modules = packages()
    assert {"xgpu", "xgpu.plugin.ops", "xgpu_numpy.plugin", "xgpu_example"} <= set(modules)
    assert cycle({name: path.read_text() for name, path in modules.items()}) == []


def test_backends_see_the_plugin_contract_alone() -> None:
    backends = {n: p for n, p in packages().items() if n.split(".")[0] != "xgpu"}
    backends = {n: p for n, p in backends.items() if not n.startswith("xgpu_conformance")}
    assert len(backends) > 5
    found = {n: strays(p.read_text(), BACKEND_MAY_IMPORT) for n, p in backends.items()}
    assert {n: s for n, s in found.items() if s} == {}


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import xgpu\ndef f():\n    import numpy", []),
        ("def f():\n    import xgpu.array", [2]),
        ("class A:\n    def f(self):\n        def g():\n            from xgpu import add", [4]),
        ("async def f():\n    from . import b", [2]),
    ],
)
def test_imports_in_functions_are_seen(source: str, lines: list[int]) -> None:
    assert imports_in_functions(source) == lines


def test_a_cycle_is_seen() -> None:
    chain = {"a": "import b", "b": "from c import d", "c": "", "c.d": "import c"}
    assert cycle(chain) == []
    assert set(cycle({**chain, "c.d": "import a"})) == {"a", "b", "c.d"}


def test_strays_are_seen() -> None:
    source = "import xgpu\nfrom xgpu import array\nfrom xgpu.plugin import ops\nimport xgpu.codegen"
    assert strays(source, BACKEND_MAY_IMPORT) == ["xgpu", "xgpu.array"]
    assert star_imports("from xgpu.plugin import *") == [1]
