"""The level *exhaustive*: all inputs of functions whose dtypes have few of them.

All of 8 and of 16 bits, all pairs of 8 bits, and all 2**32 of float32, a stretch at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

import numpy as np

import xgpu
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType
from xgpu_conformance import bounds, operands
from xgpu_conformance.calls import Call, Given, elementwise_case, on_reference, path, sharpened
from xgpu_conformance.case import Case, Planned, Setting, host
from xgpu_conformance.functions_elementwise import BINARY, UNARY
from xgpu_conformance.judge import Check
from xgpu_conformance.ulp import Values, kind
from xgpu_conformance.values import normal_only

STRETCH: Final = 2**22
"""float32 numbers in one case."""
SOME: Final = 4096
"""Of a case that is screened, so many values are compared whatever they are."""
NARROW: Final = (
    *(dtypes.bool_, dtypes.int8, dtypes.uint8, dtypes.int16, dtypes.uint16),
    *(dtypes.float16, dtypes.bfloat16),
)
PAIRS: Final = (dtypes.bool_, dtypes.int8, dtypes.uint8)


def planned() -> list[Planned]:
    """Elementwise functions, and the dtypes of which all inputs can be tried."""
    unary = (*NARROW, dtypes.float32)
    return [
        *(Planned("exhaustive", n, d.name) for n in UNARY for d in unary if kind(d) in UNARY[n]),
        *(Planned("exhaustive", n, d.name) for n in BINARY for d in PAIRS if kind(d) in BINARY[n]),
    ]


def unsupported(setting: Setting, name: str) -> str:
    """Only a call tells."""
    return ""


def cases(setting: Setting, name: str, dtype: DType) -> Iterable[Case]:
    """All inputs, in one case or, of float32, in many."""
    if dtype is dtypes.float32:
        for number in range(2**32 // STRETCH):
            yield _stretch(setting, name, number)
    else:
        make = partial(_pairs if name in BINARY else _every, setting, name, dtype)
        yield elementwise_case(setting, "all", name, path(name), make, dtype)


def replayed(setting: Setting, parts: Mapping[str, str]) -> Iterable[Case]:
    """The cases that an id names."""
    dtype = next(d for d in dtypes.ALL if d.name == parts["dtype"])
    wanted = parts.get("case")
    if dtype is dtypes.float32 and wanted is not None:
        number = wanted.removeprefix("stretch-")
        inside = number.isdecimal() and int(number) < 2**32 // STRETCH
        return [_stretch(setting, parts["name"], int(number))] if inside else []
    return (c for c in cases(setting, parts["name"], dtype) if wanted in (None, c.name))


def _stretch(setting: Setting, name: str, number: int) -> Case:
    label = f"stretch-{number}"
    if setting.options.screen and setting.device != setting.reference:
        return Case(label, partial(_screened, setting, name, number))

    def make() -> Call:
        return Call([Given(_numbers(setting, number))])

    return elementwise_case(setting, label, name, path(name), make, dtypes.float32)


def _numbers(setting: Setting, number: int) -> Values:
    bits = np.arange(number * STRETCH, (number + 1) * STRETCH, dtype=np.uint32)
    return _kept(setting, bits.view(np.float32))


def _screened(setting: Setting, name: str, number: int) -> list[Check]:
    """The device's values in float64, rounded, pick what is compared with the reference.

    That is each value that is not the same, or its neighbour where a function may err; and some
    others, whatever they are.
    """
    function, x = path(name), _numbers(setting, number)
    given = xgpu.asarray(x, device=setting.device)
    y = function(given)
    wide = function(xgpu.astype(given, xgpu.float64))
    doubtful = _doubtful(y, wide, bounds.bound(name, dtypes.float32))
    many = int(xgpu.count_nonzero(doubtful)) > STRETCH // 8
    places = np.arange(STRETCH) if many else host(xgpu.nonzero(doubtful)[0])
    some = setting.random("exhaustive", name, number).integers(0, STRETCH, SOME)
    chosen = np.unique(np.concatenate([places, some]))
    # Of most stretches little is compared, and the copy of all would take longer than the rest.
    got = host(y)[chosen] if many else host(xgpu.take(y, xgpu.asarray(chosen, device=y.device)))
    call = Call([Given(x[chosen])])
    (right,) = (host(v) for v in on_reference(setting, function, call))
    expected = sharpened(setting, name, function, call, right, dtypes.float32)
    rule = operands.rule(name, dtypes.float32, expected, x[chosen])
    return [Check(got, expected, rule, (x[chosen],), "", chosen, STRETCH - chosen.size)]


def _doubtful(y: xgpu.Array, wide: xgpu.Array, allowed: float) -> xgpu.Array:
    """Where a float32 value is not the float64 one rounded, nor, if allowed, its neighbour."""
    if y.dtype != xgpu.float32:
        return y != wide
    right = xgpu.astype(wide, xgpu.float32)
    near = (y == right) & (xgpu.signbit(y) == xgpu.signbit(right))
    if allowed:
        for end in (float("inf"), -float("inf")):
            near = near | ((y == xgpu.nextafter(right, end)) & (y != 0))
    return ~(near | (xgpu.isnan(y) & xgpu.isnan(right)))


def _every(setting: Setting, name: str, dtype: DType) -> Call:
    return Call([Given(_kept(setting, _all(dtype)))])


def _pairs(setting: Setting, name: str, dtype: DType) -> Call:
    a, b = (x.reshape(-1) for x in np.meshgrid(_all(dtype), _all(dtype)))
    return Call([Given(x) for x in operands.usable(name, a, b)])


def _all(dtype: DType) -> Values:
    if kind(dtype) == "b":
        return np.array([False, True])
    size = 8 * dtype.itemsize
    return np.arange(2**size, dtype=f"u{dtype.itemsize}").view(dtype)


def _kept(setting: Setting, x: Values) -> Values:
    return x if setting.subnormals else normal_only(x)
