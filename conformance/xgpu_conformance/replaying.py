"""What an id names, run again and shown: operands, result, what is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from rich.console import Console
from rich.markup import escape

from xgpu_conformance import cell
from xgpu_conformance.case import LARGE, Options, Setting
from xgpu_conformance.judge import Check, MismatchError, judge
from xgpu_conformance.requirements import Requirements
from xgpu_conformance.schema import make_id

SHOWN: Final = 10  # wrong values of a check that are printed


def options(parts: Mapping[str, str]) -> Options:
    """What an id says of how it was run.

    Raises:
        ValueError: its seed, size or place is no number.
    """
    numbers = {}
    for name, default in (("seed", 0), ("size", LARGE), ("at", 0), ("part", 0)):
        given = parts.get(name, str(default))
        if not given.isdecimal():
            raise ValueError(f"{name} of an id is a number: got {given!r}")
        numbers[name] = int(given)
    without = parts["without"].split(",") if "without" in parts else ()
    return Options(numbers["seed"], numbers["size"], requirements=Requirements.without(without))


def show(setting: Setting, parts: Mapping[str, str], console: Console) -> bool:
    """Run and print; whether all that was run is right.

    Raises:
        ValueError: there is nothing of that id.
    """
    right = True
    for id, outcome in cell.replay(setting, parts):
        if isinstance(outcome, BaseException):
            console.print(f"{escape(id)}\n  raised {_said(outcome)}", soft_wrap=True)
            right = False
        else:
            right = _checks(id, outcome, parts, setting.subnormals, console) and right
    return right


def _checks(
    id: str,
    checks: Sequence[Check],
    parts: Mapping[str, str],
    subnormals: bool,
    console: Console,
) -> bool:
    right = True
    for number, check in enumerate(checks):
        if "part" in parts and number != int(parts["part"]):
            continue
        label = make_id(part=number) if len(checks) > 1 else ""
        name = f"{id}{'&' if label else ''}{label}{f'  ({check.part})' if check.part else ''}"
        try:
            verdict = judge(check, subnormals)
        except MismatchError as error:
            console.print(f"{escape(name)}\n  {escape(str(error))}", soft_wrap=True)
            right = False
            continue
        wrong = np.flatnonzero(verdict.wrong)
        places = [int(parts["at"])] if "at" in parts else wrong[:SHOWN].tolist()
        console.print(
            f"{escape(name)}: {wrong.size:,} of {verdict.error.size:,} values are wrong",
            soft_wrap=True,
        )
        if "at" in parts and places[0] >= verdict.error.size:
            raise ValueError(f"{id!r} has {verdict.error.size} values, none at {places[0]}")
        for at in places:
            value = cell.value_at(check, verdict, at)
            unit = "ULP" if value.in_ulp else "times what is allowed"
            console.print(f"  at {at}: {'WRONG' if value.wrong else 'right'}", soft_wrap=True)
            for i, given in enumerate(value.inputs):
                console.print(f"    operand {i}  {escape(given)}", soft_wrap=True)
            console.print(f"    got        {escape(value.got)}", soft_wrap=True)
            console.print(f"    expected   {escape(value.expected)}", soft_wrap=True)
            console.print(f"    error      {value.ulp:.3g} {unit}, {value.bound:g} allowed")
        right = right and not (verdict.wrong[places].any() if "at" in parts else wrong.size)
    return right


def _said(error: BaseException) -> str:
    return escape(f"{error.__class__.__name__}: {error}")
