"""The levels *faults* and *exhaustive*, and programs as data."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.conformance import wrong
from xgpu.plugin import KernelError, dtypes
from xgpu_conformance import Cell, Requirements, cell, exhaustive_level, plan, program_steps
from xgpu_conformance.case import Options, Setting
from xgpu_conformance.judge import Check, judge
from xgpu_conformance.program_draw import CLASSES, program, takes
from xgpu_conformance.schema import Level, parse_id
from xgpu_conformance.values import generator

OPTIONS = Options(large=2003, examples=5)


@pytest.fixture
def register() -> Iterator[Any]:
    def as_wrong(backend: Any) -> xgpu.Device:
        xgpu.register_backend("wrong", backend)
        return xgpu.device("wrong:0")

    yield as_wrong
    xgpu.unregister_backend("wrong")


def cells(device: xgpu.Device, level: Level, *functions: str, dtype: str) -> dict[str, Cell]:
    chosen = plan.selected(plan.planned([level]), functions, [dtype] if dtype else [])
    setting = Setting(device, OPTIONS)
    return {c.name: cell.run(setting, c) for c in chosen}


@pytest.mark.parametrize("dtype", ["int32", "float32", "bfloat16"])
def test_faults_of_another_device(register: Any, dtype: str) -> None:
    found = cells(register(wrong.Wrong()), "faults", dtype=dtype)
    assert {n: c.failures for n, c in found.items() if c.state != "pass"} == {}
    assert len(found) == (1 if dtype == "bfloat16" else 6)


def test_faults_of_the_reference() -> None:
    found = cells(xgpu.device("cpu"), "faults", dtype="float32")
    assert {c.state for c in found.values()} == {"pass"}


class NoRoom(wrong.Wrong):
    """Lacks memory with an error of its own."""

    def launch(self, *args: Any) -> Any:
        try:
            return super().launch(*args)
        except MemoryError as error:
            raise KernelError("no room") from error


class Forgetful(wrong.Wrong):
    """Counts memory and frees none."""

    held = 0

    def from_host(self, device: int, array: Any) -> Any:
        self.held += array.nbytes
        return super().from_host(device, array)

    def allocated(self, device: int) -> int:
        return self.held


@pytest.mark.parametrize(("backend", "name"), [(NoRoom, "memory"), (Forgetful, "memory")])
def test_a_fault_is_found(register: Any, backend: Any, name: str) -> None:
    found = cells(register(backend()), "faults", dtype="float32")
    assert name in {n for n, c in found.items() if c.state == "fail"}


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int16", "float16", "bfloat16"])
def test_exhaustive(dtype: str) -> None:
    found = cells(xgpu.device("cpu"), "exhaustive", *("abs", "sign"), dtype="int8")
    assert {c.state for c in found.values()} == {"pass"}
    name = {"bool": "logical_xor", "float16": "tanh", "bfloat16": "exp"}.get(dtype, "square")
    (one,) = cells(xgpu.device("cpu"), "exhaustive", name, dtype=dtype).values()
    assert one.state == "pass"
    assert one.values == {"bool": 4, "int8": 256, "uint8": 256}.get(dtype, 65536)


def test_one_wrong_input_of_all_is_found(register: Any) -> None:
    def square(x: Any) -> Any:
        return np.where(x == -1234, x, x * x)

    found = cells(register(wrong.Wrong(square=square)), "exhaustive", "square", dtype="int16")
    failure = found["square"].failures[0]
    assert found["square"].failed == 1
    assert failure.message == "of -1234: -1234, not 15428"


def test_a_stretch_of_float32_is_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exhaustive_level, "STRETCH", 2**12)
    setting = Setting(xgpu.device("cpu"), OPTIONS)
    text = "level=exhaustive&name=exp&dtype=float32&case=stretch-{}"
    ((id, checks),) = cell.replay(setting, parse_id(text.format(2**20 - 3)))
    assert id.endswith("stretch-1048573&seed=0")
    assert not isinstance(checks, Exception)
    (check,) = checks
    assert check.inputs[0].shape == (2**12,) and np.isnan(check.inputs[0]).all()
    with pytest.raises(ValueError, match="has no case"):
        list(cell.replay(setting, parse_id(text.format(2**20))))
    every = plan.planned(["exhaustive"])
    assert sum(c.dtype == "float32" for c in every) >= 35


def test_screening_finds_one_wrong_number(register: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exhaustive_level, "STRETCH", 2**14)
    monkeypatch.setattr(exhaustive_level, "SOME", 16)
    one = int(np.float32(1).view(np.uint32))

    def exp(x: Any) -> Any:
        y = np.exp(x)
        return np.where(x == np.nextafter(x.dtype.type(1), 2), y * 1.0001, y).astype(x.dtype)

    device = register(wrong.Wrong(exp=lambda x: exp(x) if x.dtype == np.float32 else np.exp(x)))
    setting = Setting(device, Options(screen=True))
    tally = cell.Tally("a cell")
    for number in (one // 2**14 - 1, one // 2**14):
        for case in exhaustive_level.replayed(
            setting, {"name": "exp", "dtype": "float32", "case": f"stretch-{number}"}
        ):
            tally.add("a case", case.run())
    assert (tally.values, tally.failed) == (2**15, 1)
    assert tally.failures[0].id == "a case&at=1"
    assert tally.failures[0].message.startswith("of 1.0000001192092896: ")


# Programs


def drawn(
    name: str, dtype: Any, number: int, allowed: Any = dtypes.ALL
) -> list[program_steps.Step]:
    rng = generator(number, name, dtype)
    return program(name, dtype, lambda n: int(rng.integers(n)), allowed)


@pytest.mark.parametrize("name", CLASSES)
def test_programs_can_be_carried_out_packed_and_written_as_scripts(name: str) -> None:
    for number, dtype in enumerate(dtypes.ALL):
        if not takes(name, dtype):
            continue
        steps = drawn(name, dtype, number)
        assert program_steps.unpacked(program_steps.packed(steps)) == steps
        values = program_steps.carried_out(steps, xgpu.device("cpu"))
        script = program_steps.script(steps, "cpu")
        found: dict[str, Any] = {}
        exec(script[: script.index("\n\nprint(")], found)
        made = found["program"]()
        assert len(made) == len(values)
        for x, right in zip(made, values.values(), strict=True):
            assert not judge(Check(np.asarray(x), right)).wrong.any()


def test_an_id_holds_no_code() -> None:
    for steps, said in (
        ([["call", "exec", [0]]], "cannot be carried out"),
        ([["call", "__import__", [{"scalar": 1}]]], "cannot be carried out"),
        ([["drop", 3]], "cannot be carried out"),
    ):
        with pytest.raises(ValueError, match=said):
            program_steps.carried_out(steps, xgpu.device("cpu"))
    for word in ("", "x", "eJw", program_steps.packed([])[:-4]):
        with pytest.raises(ValueError, match="holds no"):
            program_steps.unpacked(word)


def test_programs_have_no_dtype_that_the_backend_lacks() -> None:
    allowed = Requirements(float64=False, int64=False, float16=False, bfloat16=False).dtypes()
    names = {d.name for d in allowed}
    for number in range(200):
        steps = drawn("mixed", dtypes.int32, number, allowed)
        assert {s[1] for s in steps if s[0] == "leaf"} <= names
        assert {s[2] for s in steps if s[0] == "cast"} <= names


def test_without_hypothesis_programs_are_untested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "xgpu_conformance.program_search", raising=False)
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    (found,) = cells(xgpu.device("cpu"), "programs", "mixed", dtype="float32").values()
    assert found.state == "untested"
    assert "install xgpu-array[conformance]" in found.reason
    assert found.reason != "not run yet"


def test_a_program_without_an_op_that_lacks_is_still_run(register: Any) -> None:
    found = cells(register(wrong.Lacking()), "programs", "kernels", dtype="int32")
    assert found["kernels"].state == "pass" and found["kernels"].cases > 0
