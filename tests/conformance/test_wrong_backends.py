"""The reference passes; each fault of a wrong backend is found, in its cells, and replayed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import xgpu
from tests.conformance import wrong
from xgpu_conformance import Cell, cell, plan, replaying
from xgpu_conformance.case import Options, Setting
from xgpu_conformance.schema import Level, parse_id
from xgpu_conformance.workers import run_here

OPTIONS = Options(large=2003, examples=15)


@pytest.fixture
def register() -> Iterator[Any]:
    """Serves the devices ``wrong`` with a backend, for one test."""

    def as_wrong(backend: Any) -> xgpu.Device:
        xgpu.register_backend("wrong", backend)
        return xgpu.device("wrong:0")

    yield as_wrong
    xgpu.unregister_backend("wrong")


def cells(
    device: xgpu.Device, level: Level, functions: Sequence[str] = (), dtypes: Sequence[str] = ()
) -> dict[tuple[str, str], Cell]:
    chosen = plan.selected(plan.planned([level]), functions, dtypes)
    return {(c.name, c.dtype): c for c in run_here(device, OPTIONS, sorted(chosen))}


def failed(found: dict[tuple[str, str], Cell]) -> set[tuple[str, str]]:
    return {key for key, c in found.items() if c.state == "fail"}


def replay(device: xgpu.Device, id: str) -> tuple[bool, str]:
    """Whether what an id names is right, and what is printed of it."""
    out = StringIO()
    parts = parse_id(id)
    setting = Setting(device, replaying.options(parts))
    right = replaying.show(setting, parts, Console(file=out, width=200))
    return right, out.getvalue()


@pytest.mark.parametrize(
    ("level", "functions", "dtypes"),
    [
        ("ops", ("exp", "remainder", "matmul", "sum", "argsort", "svd", "copy"), ("float64",)),
        ("ops", ("add", "pow", "cast", "gather", "cumulative_sum"), ("int8", "complex64")),
        ("functions", ("exp", "__mod__", "__setitem__", "var", "svd", "fft"), ("float32",)),
        ("functions", ("unique_all", "sort", "reshape", "take", "where"), ("bfloat16", "uint8")),
        ("programs", ("mixed", "rounded"), ("float32", "int64")),
    ],
)
def test_the_reference_passes(
    level: Level, functions: tuple[str, ...], dtypes: tuple[str, ...]
) -> None:
    found = cells(xgpu.device("cpu"), level, functions, dtypes)
    assert len(found) >= 3
    assert {c.state for c in found.values()} == {"pass"}
    assert all(c.cases and c.values and not c.failures for c in found.values())


@pytest.mark.parametrize("level", ["ops", "functions"])
def test_three_ulp_at_one_value(register: Any, level: Level) -> None:
    device = register(wrong.Wrong(exp=wrong.exp_off_by_3))
    found = cells(device, level, ("exp", "log"), ("float64", "float32", "complex128"))
    assert failed(found) == {("exp", "float64")}
    bad = found["exp", "float64"]
    assert bad.failures and all("of 1.0: " in f.message for f in bad.failures)
    assert bad.failed < bad.values / 20  # a value is lost, not the function
    assert bad.worst is not None and bad.worst.ulp == 3 > bad.worst.bound
    assert bad.worst.inputs == ("1.0",)
    right, text = replay(device, bad.failures[0].id)
    assert not right and "operand 0  1.0" in text and "3 ULP" in text
    assert replay(xgpu.device("cpu"), bad.failures[0].id)[0]


def test_matmul_of_zeros(register: Any) -> None:
    device = register(wrong.Wrong(matmul=wrong.zeros_matmul))
    found = cells(device, "ops", ("matmul", "sum", "gather"), ("float32", "int16", "complex64"))
    assert failed(found) == {("matmul", d) for d in ("float32", "int16", "complex64")}
    through = cells(device, "functions", ("matmul", "outer", "vecdot"), ("float32",))
    assert ("matmul", "float32") in failed(through)
    assert ("linalg.outer", "float32") not in failed(through)


def test_the_sign_of_a_zero(register: Any) -> None:
    device = register(wrong.Wrong(remainder=wrong.remainder_with_x1_zeros))
    found = cells(device, "ops", ("remainder", "floor_divide"), ("float32", "int32"))
    assert failed(found) == {("remainder", "float32")}
    for failure in found["remainder", "float32"].failures:
        assert "-0.0, not 0.0" in failure.message or "0.0, not -0.0" in failure.message
        assert not replay(device, failure.id)[0]


def test_fused_other_than_unfused(register: Any) -> None:
    device = register(wrong.WrongFused())
    assert not failed(cells(device, "ops", ("subtract",), ("float32",)))
    found = cells(device, "programs", ("elementwise",), ("float32",))
    (bad,) = (found[key] for key in failed(found))
    failure = bad.failures[0]
    assert "fused beside each call at once" in failure.message
    right, text = replay(device, failure.id.partition("&part=")[0])
    assert not right
    script = text[text.index("import xgpu") : text.index("    print(*program()")]
    assert script.count(" = xp.") <= 5, script
    program: dict[str, Any] = {}
    exec(script[: script.index("print(")], program)
    lazy = program["program"]()
    with xgpu.eager():
        now = program["program"]()
    assert any(bool(xgpu.any(a != b)) for a, b in zip(lazy, now, strict=True))
    xgpu.set_default_device("cpu")


def test_a_view_read_backwards_from_the_wrong_end(register: Any) -> None:
    device = register(wrong.WrongStrides())
    found = cells(device, "ops", ("copy", "negative", "sum"), ("float32",))
    assert failed(found) == {("copy", "float32"), ("negative", "float32")}
    case = {parse_id(f.id)["case"] for f in found["negative", "float32"].failures}
    assert case == {"negative"}


def test_an_unstable_sort(register: Any) -> None:
    device = register(wrong.Wrong(argsort=wrong.unstable))
    found = cells(device, "ops", ("argsort", "sort"), ("int32", "float64"))
    assert failed(found) == {("argsort", "int32"), ("argsort", "float64")}


def test_what_is_lacking_is_counted(register: Any) -> None:
    device = register(wrong.Lacking())
    found = cells(device, "ops", ("exp", "sort", "log"), ("float32",))
    states = {name: c.state for (name, _), c in found.items()}
    assert states == {"exp": "unsupported", "sort": "unsupported", "log": "pass"}
    assert found["exp", "float32"].reason == "backend 'numpy' has no exp"
    through = cells(device, "functions", ("exp", "unique_values"), ("float32",))
    # Functions of a row that is lacking are made of other rows, if they can be.
    assert {name: c.state for (name, _), c in through.items()} == {
        "exp": "unsupported",
        "unique_values": "pass",
    }


def test_an_error_is_a_failure_of_its_case_alone(register: Any) -> None:
    def odd(x: Any) -> Any:
        if x.size == 57:
            raise RuntimeError("not of 57")
        return abs(x)

    found = cells(register(wrong.Wrong(abs=odd)), "ops", ("abs",), ("float32",))
    bad = found["abs", "float32"]
    assert 0 < bad.failed_cases < bad.cases
    assert bad.failed == bad.failed_cases
    assert "raised RuntimeError: not of 57" in bad.failures[0].message


def test_a_result_of_a_wrong_dtype(register: Any) -> None:
    device = register(wrong.Wrong(isnan=lambda x: abs(x) * 0))
    found = cells(device, "ops", ("isnan",), ("float32",))
    assert "a buffer of dtype float32, not bool" in found["isnan", "float32"].failures[0].message


@pytest.mark.parametrize(
    "id",
    [
        "level=ops&name=none&dtype=float32",
        "level=ops&name=exp&dtype=int8",
        "level=ops&name=exp&dtype=float32&case=none",
        "level=ops&name=exp&dtype=float32&case=one&at=99",
        "level=programs&name=mixed&dtype=float32&program=xyz",
        "level=ops&name=exp&dtype=float32&seed=-1",
    ],
)
def test_an_id_of_nothing(id: str) -> None:
    with pytest.raises(
        ValueError, match="there is no cell|has no case|values, none at|no program|is a number"
    ):
        replay(xgpu.device("cpu"), id)


def test_every_cell_has_cases() -> None:
    setting = Setting(xgpu.device("cpu"), OPTIONS)
    levels: tuple[Level, ...] = ("ops", "functions", "faults", "exhaustive")
    for level in levels:
        source = cell.SOURCES[level]
        for planned in source.planned():
            found = source.cases(setting, planned.name, cell.dtype_of(planned.dtype))
            assert next(iter(found), None) is not None, planned


def test_every_row_and_function_has_cells() -> None:
    every = plan.planned(["ops", "functions"])
    assert len({c.key for c in every}) == len(every)
    names = {c.name for c in every if c.level == "functions"}
    chapters = json.loads((Path(__file__).parents[1] / "data" / "signatures.json").read_text())
    standard = {n for c in chapters if c not in ("fft", "linalg") for n in chapters[c]}
    assert standard - names == set()
    for extension in (xgpu.linalg, xgpu.fft):
        short = extension.__name__.rpartition(".")[2]
        assert {f"{short}.{n}" for n in extension.__all__} <= names
