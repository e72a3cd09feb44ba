"""The level *programs*: many calls, fused, and each at once, and on the reference."""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import xgpu
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType
from xgpu_conformance.case import Case, Planned, Setting, UntestedError
from xgpu_conformance.judge import EXACT, UNSIGNED_ZEROS, Check, MismatchError, judge
from xgpu_conformance.program_draw import CLASSES, takes
from xgpu_conformance.program_steps import Step, carried_out, packed, script, unpacked
from xgpu_conformance.ulp import Values


def planned() -> list[Planned]:
    """Kinds of programs, and the dtype of most of their arrays."""
    return [
        Planned("programs", name, d.name) for name in CLASSES for d in dtypes.ALL if takes(name, d)
    ]


def unsupported(setting: Setting, name: str) -> str:
    """Only a program tells."""
    return ""


def cases(setting: Setting, name: str, dtype: DType) -> Iterable[Case]:
    """A case for each program that is tried, and the smallest one that fails, if any does."""
    try:
        # An optional dependency: only this level needs Hypothesis.
        search = importlib.import_module("xgpu_conformance.program_search")
    except ModuleNotFoundError as error:
        raise UntestedError(f"{error}; install xgpu-array[conformance]") from None
    right: list[tuple[list[Step], Sequence[Check]]] = []
    lacking: list[xgpu.UnsupportedOperationError] = []
    seed = zlib.crc32(f"{setting.options.seed} {name} {dtype.name}".encode())

    def wrong(steps: list[Step]) -> bool:
        setting.note(_parts(steps))
        try:
            checks = compared(setting, name, steps)
            if any(judge(check, setting.subnormals).wrong.any() for check in checks):
                return True
        except xgpu.UnsupportedOperationError as error:
            lacking.append(error)
            return False
        except Exception:
            return True
        right.append((steps, checks))
        return False

    allowed, examples = setting.options.requirements.dtypes(), setting.options.examples
    failing, unsteady = None, None
    try:
        failing = search.smallest(name, dtype, allowed, seed, examples, wrong)
    except search.UnsteadyError as error:
        unsteady = error
    if lacking and failing is unsteady is None and not right:
        raise lacking[0]
    for steps, checks in right:
        yield Case("program", partial(_again, checks), _parts(steps))
    if failing is not None:
        yield Case("program", partial(compared, setting, name, failing), _parts(failing))
    if unsteady is not None:
        said = f"{unsteady}:\n{script(unsteady.steps, str(setting.device))}"
        yield Case("program", partial(_failed, said), _parts(unsteady.steps))


def replayed(setting: Setting, parts: Mapping[str, str]) -> Iterable[Case]:
    """The program that an id holds; all of a cell's, if it holds none."""
    if "program" not in parts:
        dtype = next(d for d in dtypes.ALL if d.name == parts["dtype"])
        return cases(setting, parts["name"], dtype)
    steps = unpacked(parts["program"])
    return [Case("program", partial(compared, setting, parts["name"], steps), _parts(steps))]


def _again(checks: Sequence[Check]) -> Sequence[Check]:
    return checks


def _failed(said: str) -> Sequence[Check]:
    raise MismatchError(said)


def _parts(steps: list[Step]) -> dict[str, str]:
    return {"program": packed(steps)}


def compared(setting: Setting, name: str, steps: list[Step]) -> list[Check]:
    """Checks of what is left of a program: fused beside unfused, and beside the reference.

    Programs that round are not compared with the reference, whose rounding may be another.
    """
    text = script(steps, f"{setting.device.type}:{setting.device.index}")
    with xgpu.eager():
        right = carried_out(steps, setting.reference)
    try:
        fused = carried_out(steps, setting.device)
        with xgpu.eager():
            single = carried_out(steps, setting.device)
    except xgpu.UnsupportedOperationError:
        raise
    except Exception as error:
        said = f"{error.__class__.__name__}: {error}, of the program\n{text}"
        raise MismatchError(said) from error
    checks = _beside(fused, single, "fused beside each call at once", text)
    if name != "rounded":
        checks += [
            check._replace(rule=UNSIGNED_ZEROS)
            for check in _beside(fused, right, "beside the reference", text)
        ]
    return checks


def _beside(
    got: Mapping[int, Values], right: Mapping[int, Values], how: str, text: str
) -> list[Check]:
    return [
        Check(x, right[number], EXACT, (), f"x{number}, {how}, of the program\n{text}")
        for number, x in got.items()
    ]
