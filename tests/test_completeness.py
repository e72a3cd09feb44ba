"""One place that names what is missing: of the standard, of the documentation, of a backend.

Each part yields a line for each thing that is not there, and the test shows all lines at once. To
add a function or an op is to follow them; CONTRIBUTING.md has the order.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import xgpu
import xgpu_cuda
from docs.api.generate import pages
from docs.api.pages import COMMAND, EXTENSIONS, OPERATORS, PAGES, PARAMETERS
from docs.api.site import NO_ENTRY
from xgpu.codegen.cuda import CUDA
from xgpu.codegen.stages import ABOUT
from xgpu.plugin import REQUIRED, Backend, ops
from xgpu.runtime.plugins import backend
from xgpu_numpy.backend import NumpyBackend

ROOT: Final = Path(__file__).parents[1]
DATA: Final = ROOT / "tests" / "data"
SIGNATURES: Final[dict[str, dict[str, str]]] = json.loads((DATA / "signatures.json").read_text())
ARRAY: Final[dict[str, Any]] = json.loads((DATA / "array_object.json").read_text())
HEADERS: Final = Path(xgpu_cuda.__file__).parent / "kernels" / "include"
COMMON: Final = {name for names in PARAMETERS for name in names}

SHIPPED: Final = ("cpu", "cuda", "cudasim")
#: (device type, kernel row) -> why the backend does not have it.
WITHOUT: Final[dict[tuple[str, str], str]] = {}
#: What a function takes after the standard's parameters, by keyword.
FURTHER: Final = {"asarray": ", non_blocking=False"}


def namespace(chapter: str) -> Any:
    """Where the functions of a chapter are found."""
    return getattr(xgpu, chapter) if chapter in EXTENSIONS else xgpu


def written(function: Any) -> str:
    """The parameters of a function as they stand in its definition, without annotations."""
    bare = inspect.signature(function)
    parameters = [p.replace(annotation=inspect.Parameter.empty) for p in bare.parameters.values()]
    return str(bare.replace(parameters=parameters, return_annotation=inspect.Signature.empty))[1:-1]


def functions() -> Iterator[str]:
    """Of each function of the standard: a typed `def` in its chapter, and its docstring."""
    for chapter, names in SIGNATURES.items():
        for name, standard in names.items():
            expected = standard + FURTHER.get(name, "")
            function, said = getattr(namespace(chapter), name, None), f"{chapter}.{name}"
            if not inspect.isfunction(function):
                yield f"{said}: no def"
                continue
            if written(function) != expected:
                yield f"{said}: its signature is ({written(function)}), the standard's ({expected})"
            unnamed = set(inspect.signature(function).parameters) - set(function.__annotations__)
            if unnamed or "return" not in function.__annotations__:
                yield f"{said}: not annotated: {sorted(unnamed) or 'its result'}"
            aliases = SIGNATURES["linear_algebra"] if chapter == "linalg" else {}
            home = "linear_algebra" if name in aliases else chapter
            if not f"{function.__module__}.".startswith(f"xgpu.{home}."):
                yield f"{said}: defined in {function.__module__}"
            if name not in namespace(chapter).__all__:
                yield f"{said}: not in __all__"
            text = function.__doc__ or ""
            if "Source: Array API 2025.12, " not in text:
                yield f"{said}: its docstring has no line 'Source: Array API 2025.12, <chapter>.'"
            if chapter == "fft":
                text += inspect.getmodule(function).__doc__ or ""
            for parameter in inspect.signature(function).parameters:
                if parameter not in COMMON and not re.search(rf"\b{parameter}\b", text):
                    yield f"{said}: its docstring does not mention {parameter}"
    for extension in EXTENSIONS:
        for name in set(namespace(extension).__all__) - set(SIGNATURES[extension]):
            yield f"{extension}.{name}: not of the standard's extension"


def array_object() -> Iterator[str]:
    """The attributes, methods and operators of the array object, and the inspection's methods."""
    for name in ARRAY["attributes"]:
        if not isinstance(getattr(xgpu.Array, name, None), property):
            yield f"Array.{name}: no property"
    named = {f"__{prefix}{name}__" for prefix, group in (("r", "reflected"), ("i", "in_place"))
             for name in ARRAY[group]}  # fmt: skip
    expected = {**ARRAY["methods"], **dict.fromkeys(named, "self, other, /")}
    info = type(xgpu.__array_namespace_info__())
    for cls, methods in ((xgpu.Array, expected), (info, ARRAY["inspection"])):
        for name, signature in methods.items():
            method = getattr(cls, name, None)
            if not inspect.isfunction(method):
                yield f"{cls.__name__}.{name}: no def"
            elif written(method).replace(", /", "") != signature.replace(", /", ""):
                yield f"{cls.__name__}.{name}: its signature is ({written(method)})"
    for method, function in OPERATORS.values():
        if not callable(getattr(xgpu, function, None)) or method not in ARRAY["methods"]:
            yield f"{method}: no operator of the standard, or no function {function}"


def documentation() -> Iterator[str]:
    """Of each public name: a docstring, and an entry on its page as the generator writes it."""
    made = pages()
    for path, text in made.items():
        where = path.relative_to(ROOT).as_posix()
        if not path.exists():
            yield f"{where}: not there; run {COMMAND}"
        elif path.read_text() != text:
            yield f"{where}: not what the docstrings say; run {COMMAND}"
    for path in (ROOT / "docs" / "api").glob("*.md"):
        if path not in made:
            yield f"{path.relative_to(ROOT)}: no page; run {COMMAND}"
    texts = {path.stem: text for path, text in made.items() if path.parent.name == "api"}
    entries = {
        entry for page in PAGES for entry in re.findall(r"^## `(.*)`$", texts[page.file], re.M)
    }
    names = [name for name in xgpu.__all__ if name not in NO_ENTRY]
    names += [f"{e}.{name}" for e in EXTENSIONS for name in SIGNATURES[e]]
    for name in names:
        if name not in entries:
            yield f"{name}: no entry in docs/api"
        public = getattr(namespace(name.partition(".")[0]), name.rpartition(".")[2])
        if callable(public) and not inspect.getdoc(public):
            yield f"{name}: no docstring"
    methods = re.findall(r"^### `(.*)`$|\| \[`(__\w+__)`\]", texts["array"], re.M)
    documented = {name for pair in methods for name in pair}
    for name in (*ARRAY["attributes"], *ARRAY["methods"]):
        if name not in documented:
            yield f"Array.{name}: no entry in docs/api/array.md"


def op_rows() -> Iterator[str]:
    """Of each row: the reference, a header of the dialect or a kernel, and the page of ops."""
    page = (ROOT / "docs" / "backend-ops.md").read_text()
    reference = NumpyBackend()
    for op in (*ops.elementwise(), *ops.optional(), *ops.reductions(), *ops.kernels()):
        if op.name not in reference.functions:
            yield f"op {op.name}: no function in backends/xgpu_numpy/ops.py or in NumPy's namespace"
        if not re.search(rf"^\| \[?`{op.name}`", page, re.M):
            yield f"op {op.name}: no row in docs/backend-ops.md"
    for op in (*ops.elementwise(), *ops.optional(), *ops.reductions()):
        header = CUDA.headers.get(op.name)
        if header is None:
            yield f"op {op.name}: no header in xgpu/codegen/cuda.py"
        elif not re.search(rf"\b{op.name}\b", (HEADERS / header).read_text()):
            yield f"op {op.name}: not in {header}, where the dialect says"
    # What the code generator puts in the place of reductions has no row.
    for name in set(CUDA.headers) - set(ops.TABLE) - ABOUT:
        yield f"{name}: in the dialect, and no row"
    for type_ in SHIPPED:
        serving = backend(type_)
        for name in serving.unsupported:
            yield f"op {name}: {type_} does not support it"
        for op in ops.optional():
            if op.name not in getattr(serving, "capabilities", ()):
                yield f"op {op.name}: not among the capabilities of {type_}"
        for op in ops.kernels():
            there, listed = op.name in serving.kernel_ops, (type_, op.name) in WITHOUT
            if not there and not listed:
                yield f"op {op.name}: not in kernel_ops of {type_}, and no reason in WITHOUT"
            if there and listed:
                yield f"op {op.name}: {type_} has it: take it out of WITHOUT"
        for name in set(serving.kernel_ops) - {op.name for op in ops.kernels()}:
            yield f"{name}: in kernel_ops of {type_}, and no row"


def test_nothing_is_missing() -> None:
    missing = [*functions(), *array_object(), *documentation(), *op_rows()]
    assert not missing, "missing or out of date:\n" + "\n".join(missing)


def test_a_backend_has_little_to_write() -> None:
    methods = [name for name in REQUIRED if callable(getattr(Backend, name, None))]
    assert len(methods) <= 10
    assert len(ops.reductions() + ops.kernels()) <= 40


def test_an_editor_shows_signatures_and_docstrings() -> None:
    assert (ROOT / "xgpu" / "py.typed").exists()
    tree = ast.parse((ROOT / "xgpu" / "__init__.py").read_text())
    (listed,) = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    assert listed == xgpu.__all__
    assert not any(
        isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in tree.body
    )


def named_in(folder: Path) -> set[str]:
    """What the code in a folder names of xgpu: attributes of its namespaces, and strings."""
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            if id(node) in docstrings:
                continue
            if isinstance(node, ast.Attribute):
                found.add(f"{ast.unparse(node.value).rpartition('.')[2]}.{node.attr}")
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update(node.value.split())
    return found


def test_every_function_has_a_test_of_its_values() -> None:
    found = named_in(ROOT / "tests" / "values")
    missing = []
    for chapter, names in SIGNATURES.items():
        home = chapter if chapter in EXTENSIONS else "xgpu"
        # What the inspection tells are no values: tests/test_info.py.
        wanted = [] if chapter == "info" else names
        missing += [f"{home}.{n}" for n in wanted if not {n, f"{home}.{n}"} & found]
    assert not missing, "no test in tests/values names " + ", ".join(missing)
