"""Calls of xgpu's functions: on the device, and on the reference, of the same arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass
from typing import Any, Final

import numpy as np

import xgpu
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType
from xgpu_conformance import bounds, operands
from xgpu_conformance.case import Case, Setting, host
from xgpu_conformance.judge import EXACT, Check, MismatchError, Rule
from xgpu_conformance.ulp import WIDER, Values, kind

Function = Callable[..., Any]


@dataclass(frozen=True)
class Given:
    """An array, as a view of another: a basic key, then an order of axes."""

    base: Values
    key: Any = None
    axes: tuple[int, ...] | None = None

    @property
    def values(self) -> Values:
        """What the view shows, on the host."""
        seen = self.base if self.key is None else self.base[self.key]
        return np.array(seen if self.axes is None else seen.transpose(self.axes))

    def on(self, device: xgpu.Device) -> xgpu.Array:
        """The view on a device; the base is copied there."""
        x = xgpu.asarray(self.base, device=device)
        if self.key is not None:
            x = x[self.key]
        return x if self.axes is None else xgpu.permute_dims(x, self.axes)


@dataclass(frozen=True)
class Call:
    """Arguments: `Given` arrays, alone or in tuples and lists, and anything else.

    ``DEVICE`` among the keyword arguments stands for the device.
    """

    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)


DEVICE: Final = object()
"""In the place of the device that a call is made on."""

Judge = Callable[[list[Values], list[Values], list[Values]], list[Check]]
"""(results, the reference's, operands) -> checks."""


def view(base: Values) -> Given:
    """Every second element backwards, and axes turned: strides that no two axes share."""
    spread = np.repeat(base, 2, axis=0) if base.ndim else base
    key = (slice(None, None, -2), ...) if base.ndim else None
    return Given(np.ascontiguousarray(spread), key)


def path(name: str) -> Function:
    """The function of xgpu's namespace, ``linalg.`` or ``fft.`` functions included."""
    found: Any = xgpu
    for part in name.split("."):
        found = getattr(found, part)
    function: Function = found
    return function


def flatten(result: Any) -> Iterator[Any]:
    """The arrays and other values in a result, in order."""
    if isinstance(result, xgpu.Array) or not isinstance(result, tuple | list):
        yield result
        return
    for item in result:
        yield from flatten(item)


def made(function: Function, call: Call, device: xgpu.Device) -> list[Any]:
    """The flattened result of a call on a device."""

    def put(value: Any) -> Any:
        if value is DEVICE:
            return device
        if isinstance(value, Given):
            return value.on(device)
        if isinstance(value, tuple | list):
            return type(value)(put(item) for item in value)
        return value

    args = [put(a) for a in call.args]
    kwargs = {name: put(a) for name, a in call.kwargs.items()}
    return list(flatten(function(*args, **kwargs)))


def plain(call: Call) -> Call:
    """The same values in arrays of their own."""

    def put(value: Any) -> Any:
        if isinstance(value, Given):
            return Given(value.values)
        if isinstance(value, tuple | list):
            return type(value)(put(item) for item in value)
        return value

    return Call([put(a) for a in call.args], {k: put(v) for k, v in call.kwargs.items()})


def given_arrays(call: Call) -> list[Values]:
    """The operands, in order, on the host."""
    found = [*flatten(tuple(call.args)), *flatten(tuple(call.kwargs.values()))]
    return [x.values for x in found if isinstance(x, Given)]


def compared(setting: Setting, function: Function, call: Call, judge: Judge) -> list[Check]:
    """Checks of a call beside the same call on the reference, each of its steps at once."""
    right = on_reference(setting, function, call)
    got = made(function, call, setting.device)
    if len(got) != len(right):
        raise MismatchError(f"{len(got)} results, not {len(right)}")
    arrays: list[Values] = []
    wanted: list[Values] = []
    for mine, theirs in zip(got, right, strict=True):
        if not isinstance(theirs, xgpu.Array):
            if isinstance(mine, xgpu.Array) or not _same(mine, theirs):
                raise MismatchError(f"{mine!r}, not {theirs!r}")
            continue
        if not isinstance(mine, xgpu.Array):
            raise MismatchError(f"a {type(mine).__name__}, not an array")
        if mine.device != setting.device:
            raise MismatchError(f"an array on {mine.device}, not on {setting.device}")
        values = host(mine)
        if mine.dtype != theirs.dtype or mine.shape != theirs.shape:
            raise MismatchError(
                f"{mine.dtype} of shape {mine.shape}, not {theirs.dtype} of {theirs.shape}"
            )
        arrays.append(values)
        wanted.append(host(theirs))
    if not arrays:
        return [Check(np.ones(1, bool), np.ones(1, bool))]
    return judge(arrays, wanted, given_arrays(call))


def on_reference(setting: Setting, function: Function, call: Call) -> list[Any]:
    """The flattened result of a call on the reference, each of its steps at once."""
    with xgpu.eager():
        return made(function, plain(call), setting.reference)


def _same(mine: Any, theirs: Any) -> bool:
    if is_dataclass(theirs) or type(theirs).__module__.startswith("xgpu."):
        return repr(mine) == repr(theirs)
    if isinstance(theirs, float):
        return isinstance(mine, float) and (mine == theirs or (mine != mine and theirs != theirs))
    return bool(type(mine) is type(theirs) and mine == theirs)


# Judges


def exactly(got: list[Values], right: list[Values], given: list[Values]) -> list[Check]:
    """The same values, signs of zeros included."""
    return [Check(a, b) for a, b in zip(got, right, strict=True)]


def unsigned_zeros(got: list[Values], right: list[Values], given: list[Values]) -> list[Check]:
    """The same values; of zeros of both signs any."""
    return [Check(a, b, Rule(zeros=False)) for a, b in zip(got, right, strict=True)]


def nothing(got: list[Values], right: list[Values], given: list[Values]) -> list[Check]:
    """Dtype and shape alone, which have been compared: values are open."""
    return [Check(np.ones(1, bool), np.ones(1, bool)) for _ in got]


def within(allowed: Callable[[Values, list[Values]], Any]) -> Judge:
    """Within an absolute error, a function of the right result and the operands."""

    def judge(got: list[Values], right: list[Values], given: list[Values]) -> list[Check]:
        return [
            Check(a, b, Rule(allowed=allowed(b, given), zeros=False))
            for a, b in zip(got, right, strict=True)
        ]

    return judge


def case(
    setting: Setting,
    name: str,
    function: Function,
    call: Callable[[], Call],
    judge: Judge = exactly,
) -> Case:
    """A case whose arguments are made when it runs."""
    return Case(name, lambda: compared(setting, function, call(), judge))


# Elementwise


def elementwise(
    setting: Setting, name: str, function: Function, call: Call, computed: DType
) -> list[Check]:
    """Checks of an elementwise call, with operands to show and the bound of the function.

    ``name`` is the function's in `bounds`; ``computed`` is the dtype in which it computes.
    """

    def judge(got: list[Values], right: list[Values], given: list[Values]) -> list[Check]:
        (mine,), (expected,) = got, right
        shape = expected.shape
        inputs = tuple(np.broadcast_to(x, shape).reshape(-1) for x in _all_operands(call))
        expected = sharpened(setting, name, function, call, expected, computed)
        flat = expected.reshape(-1)
        numbers = tuple(x.astype(computed) if x.dtype != computed else x for x in inputs)
        rule = operands.rule(name, computed, flat, *numbers) if numbers else EXACT
        return [Check(mine.reshape(-1), flat, rule, inputs)]

    return compared(setting, function, call, judge)


def _all_operands(call: Call) -> list[Values]:
    arrays = given_arrays(call)
    dtype = arrays[0].dtype
    found = []
    for x in call.args:
        if isinstance(x, Given):
            found.append(x.values)
        elif isinstance(x, bool | int | float | complex):
            narrow = kind(dtype) in "fc" and not isinstance(x, complex)
            found.append(np.asarray(x).astype(dtype) if narrow else np.asarray(x))
    return found


def sharpened(
    setting: Setting, name: str, function: Function, call: Call, expected: Values, dtype: DType
) -> Values:
    """The right values in the wider dtype, rounded once, where they are regular numbers."""
    wider = WIDER.get(dtypes.SUPPORTED[dtype])
    if wider is None or not bounds.bound(name, dtype):
        return expected
    if not all(isinstance(x, Given) and x.base.dtype == dtype for x in call.args):
        return expected
    wide = Call([Given(x.values.astype(wider)) for x in call.args], call.kwargs)
    (exact,) = (host(x) for x in on_reference(setting, function, wide))
    rounded = exact.astype(expected.dtype)
    regular = np.isfinite(expected) & np.isfinite(rounded)
    for x in (expected, rounded):
        regular &= (x.real != 0) & ((x.imag != 0) if x.dtype.kind == "c" else True)
    return np.where(regular, rounded, expected)


def elementwise_case(
    setting: Setting,
    case_name: str,
    name: str,
    function: Function,
    call: Callable[[], Call],
    computed: DType,
) -> Case:
    """A case of an elementwise function whose arguments are made when it runs."""

    def run() -> list[Check]:
        return elementwise(setting, name, function, call(), computed)

    return Case(case_name, run)
