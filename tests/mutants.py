"""Mutants of the library: one public function, method or operator at a time, made wrong.

Only the public name is made wrong. What the library itself calls stays right.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

import xgpu
from xgpu.array import Array

SIGNATURES: Final = Path(__file__).parent / "data" / "signatures.json"
EXTENSIONS: Final = ("fft", "linalg")
#: The symbol of each operator that takes a scalar.
ARITHMETIC: Final = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "truediv": "/",
    "floordiv": "//",
    "mod": "%",
    "pow": "**",
    "and": "&",
    "or": "|",
    "xor": "^",
    "lshift": "<<",
    "rshift": ">>",
}
COMPARISONS: Final = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
SYMBOLS: Final = {**ARITHMETIC, **COMPARISONS}
OPERATORS: Final = (
    *(f"__{side}{name}__" for name in ARITHMETIC for side in ("", "r", "i")),
    *(f"__{name}__" for name in COMPARISONS),
)
_CALLED: Final = ("abs", "bool", "complex", "float", "int", "iter", "len", "repr")
#: How sources spell the other special methods.
SPELLINGS: Final = {
    **{f"__{f}__": rf"\b{f}\(" for f in _CALLED},
    "__copy__": r"copy\.copy",
    "__deepcopy__": "deepcopy",
    "__index__": r"index\(",
    "__getitem__": r"\[key\]",
    "__setitem__": r"\[key\] =",
    "__invert__": "~",
    "__matmul__": " @ ",
    "__rmatmul__": "__rmatmul__",
    "__imatmul__": "@=",
    "__neg__": "operator.neg",
    "__pos__": "operator.pos",
    "__array__": r"np\.asarray\(",
}
IN_PLACE: Final = frozenset(f"__i{name}__" for name in (*ARITHMETIC, "matmul"))
#: What the right result is zeros already, or is anything at all.
ZEROS: Final = frozenset(["zeros", "zeros_like"])
EMPTY: Final = frozenset(["empty", "empty_like"])

_ones: Final = xgpu.ones
_zeros: Final = xgpu.zeros
_empty: Final = xgpu.empty
_setitem: Final = Array.__setitem__


@functools.cache
def _signatures() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(SIGNATURES.read_text())
    return found


def names() -> list[str]:
    """Every mutant.

    ``add`` and ``linalg.det`` are functions of the standard, ``Array.T`` and ``Array.__add__``
    attributes, methods and operators of arrays: they give zeros. ``Array.__add__ scalar`` is an
    operator that takes a wrong scalar.
    """
    functions = [
        f"{where}.{name}" if where in EXTENSIONS else name
        for where, found in _signatures().items()
        for name in found
    ]
    members = [
        name
        for kind in reversed(Array.__mro__[:-1])
        for name, value in vars(kind).items()
        if (inspect.isfunction(value) or isinstance(value, property))
        and (name.startswith("__") or not name.startswith("_"))
        and name not in ("__init__", "__new__")
    ]
    return [
        *functions,
        *(f"Array.{name}" for name in members),
        *(f"Array.{name} scalar" for name in OPERATORS),
    ]


def chapter(mutant: str) -> str:
    """The chapter of the standard of what is mutated."""
    if mutant.startswith("Array."):
        return "array"
    name = word(mutant)
    owner = mutant.removesuffix(name).strip(".")
    return owner or next(c for c, found in _signatures().items() if name in found)


def word(mutant: str) -> str:
    """The last part of a mutant's name: ``det`` of ``linalg.det``, ``__add__`` of an operator."""
    return mutant.removesuffix(" scalar").rpartition(".")[2]


def named(mutant: str) -> re.Pattern[str]:
    """What in a test's id or source names what is mutated."""
    name = word(mutant)
    bare = name.strip("_")
    symbol = SYMBOLS.get(bare) or SYMBOLS.get(bare[1:])
    if name in SPELLINGS:
        return re.compile(rf"{SPELLINGS[name]}|{name}")
    if symbol is None or bare == name:
        return re.compile(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])")
    # Operators stand in ids by their symbol, and in sources by their names.
    return re.compile(rf"(?<=[\[-]){re.escape(symbol)}(?=[-\]])|{name}|operator\.{bare}\b")


def make(mutant: str) -> None:
    """Make a mutant, in this process, for good."""
    path, _, kind = mutant.partition(" ")
    owner_name, _, name = path.rpartition(".")
    if owner_name == "Array":
        old = inspect.getattr_static(Array, name)
        setattr(Array, name, _wrong_scalar(old) if kind else _wrong_member(name, old))
    else:
        owner = getattr(xgpu, owner_name) if owner_name else xgpu
        setattr(owner, name, _wrong(name, getattr(owner, name)))


def zeroed(value: Any) -> Any:
    """Zeros of the same shape, dtype, device and container."""
    if isinstance(value, Array):
        return _zeros(value.shape, dtype=value.dtype, device=value.device)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(zeroed, value))
    if isinstance(value, (tuple, list)):
        return type(value)(map(zeroed, value))
    if isinstance(value, np.dtype):
        return np.dtype("bool" if value != np.bool_ else "int8")
    if isinstance(value, np.ndarray):
        return np.zeros_like(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: zeroed(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return type(value)(**fields)
    if isinstance(value, (bool, int, float, complex, str)):
        return type(value)()
    if isinstance(value, dict):
        return {}
    if inspect.isgenerator(value):
        return (zeroed(item) for item in value)
    return _Nothing(value) if type(value).__module__.startswith("xgpu.info") else None


class _Nothing:
    """An object whose methods give zeros."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __getattr__(self, name: str) -> Any:
        return _wrong(name, getattr(self._value, name))


def _wrong(name: str, old: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(old)
    def wrong(*args: Any, **kwargs: Any) -> Any:
        result = old(*args, **kwargs)
        if result is NotImplemented:
            return result
        if name in ZEROS:
            return _ones(result.shape, dtype=result.dtype, device=result.device)
        if name in EMPTY:
            return _empty((*result.shape, 1), dtype=result.dtype, device=result.device)
        return zeroed(result)

    return wrong


def _wrong_member(name: str, old: Any) -> Any:
    if isinstance(old, property):
        assert old.fget is not None
        return property(_wrong(name, old.fget))
    if name in IN_PLACE:
        return _wrong_in_place(old)
    if name == "__setitem__":
        return _wrong_assignment(old)
    if name == "__dlpack__":
        return _wrong_export(old)
    return _wrong(name, old)


def _wrong_in_place(old: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(old)
    def wrong(array: Array, other: Any) -> Any:
        result = old(array, other)
        if result is not NotImplemented:
            _setitem(array, Ellipsis, False)
        return result

    return wrong


def _wrong_assignment(old: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(old)
    def wrong(array: Array, key: Any, value: Any) -> None:
        old(array, key, value)
        old(array, key, False)

    return wrong


def _wrong_export(old: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(old)
    def wrong(array: Array, **kwargs: Any) -> Any:
        return old(zeroed(array), **kwargs)

    return wrong


def _wrong_scalar(old: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(old)
    def wrong(array: Array, other: Any) -> Any:
        if type(other) is bool:
            other = not other
        elif type(other) in (int, float, complex):
            other = other + 1
        return old(array, other)

    return wrong


class Plugin:
    """A plugin of pytest that leaves the tests on one device, the likeliest to see a mutant first.

    Attributes:
        failed: the tests that failed, and the files that could not be collected.
    """

    def __init__(self, mutant: str, device: str) -> None:
        self.devices = (None, device, f"{device}:0")
        self.named = named(mutant) if mutant else None
        self.failed: list[str] = []
        self._arguments: dict[str, str] = {}  # node id -> what pytest finds the test by

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Drop the other devices' tests; sort what is left."""
        here = [i for i in items if _device(i) in self.devices]
        items[:] = sorted(here, key=self._rank)
        for item in items:
            _, _, inside = item.nodeid.partition("::")
            self._arguments[item.nodeid] = f"{os.path.relpath(item.path)}::{inside}"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write down which test failed."""
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Write down which file could not be collected."""
        self._note(report)

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.failed:
            self.failed.append(self._arguments.get(report.nodeid, report.nodeid))

    def _rank(self, item: pytest.Item) -> int:
        """Tests whose id has the name, then those whose source has it; those of Hypothesis last."""
        if self.named is None:
            return 0
        function = getattr(item, "function", None)
        slow = 4 * hasattr(function, "hypothesis")
        if self.named.search(item.name):
            return slow
        return slow + (1 if self.named.search(_source(function)) else 2)


def _device(item: pytest.Item) -> object:
    call = getattr(item, "callspec", None)
    return None if call is None else call.params.get("device")


@functools.cache
def _source(function: Any) -> str:
    return inspect.getsource(inspect.unwrap(function)) if function else ""
