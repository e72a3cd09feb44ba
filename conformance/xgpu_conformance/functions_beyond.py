"""Functions and methods beyond the standard, beside NumPy's; captured functions, memory, moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from operator import methodcaller
from typing import Any, Final

import numpy as np

import xgpu
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType
from xgpu_conformance.calls import DEVICE, Call, Given, Judge, exactly
from xgpu_conformance.case import Case, Setting, host
from xgpu_conformance.functions_movement import ALL, SHAPES, Builder, Named, array, built, turned
from xgpu_conformance.judge import UNSIGNED_ZEROS, Check
from xgpu_conformance.ulp import Values, kind
from xgpu_conformance.values import specials, tame

SUMS: Final[tuple[tuple[str, tuple[tuple[int, ...], ...]], ...]] = (
    ("ij,jk->ik", ((3, 4), (4, 5))),
    ("ij,jk", ((3, 4), (4, 5))),
    ("kj,ji", ((3, 4), (4, 5))),
    ("ji,jk->ki", ((4, 3), (4, 5))),
    ("bij,bjk->bik", ((2, 3, 4), (2, 4, 5))),
    ("bij,bkj->ibk", ((2, 3, 4), (2, 5, 4))),
    ("ij->ji", ((3, 4),)),
    ("ij->j", ((3, 4),)),
    ("ij->", ((3, 4),)),
    ("ii->i", ((4, 4),)),
    ("ii", ((4, 4),)),
    ("iij->j", ((3, 3, 4),)),
    ("i,i", ((5,), (5,))),
    ("i,j->ij", ((5,), (3,))),
    ("ij,ij->ij", ((3, 4), (3, 4))),
    ("ij,kl->jl", ((2, 3), (4, 5))),
    ("ij,jk,kl->il", ((2, 3), (3, 4), (4, 5))),
    ("a,ab,b->", ((3,), (3, 4), (4,))),
    ("ij,jk->ik", ((3, 1), (4, 5))),
    ("ij,jk->ik", ((0, 4), (4, 5))),
    ("ij,jk->ik", ((3, 0), (0, 5))),
    (",i->i", ((), (4,))),
)
"""Subscripts, and the shapes of the operands."""

WIDTHS: Final[tuple[Any, ...]] = (1, (1, 2), ((0, 2), (1, 0)), ((2, 1), (3, 2)))
MODES: Final = ("constant", "edge", "wrap", "reflect", "symmetric")
METHODS: Final[dict[str, tuple[tuple[Any, ...], ...]]] = {
    "all": ((), (1,), ((0, 2),)),
    "any": ((), (1,), ((0, 2),)),
    "argmax": ((), (1,)),
    "argmin": ((), (1,)),
    "copy": ((),),
    "flatten": ((),),
    "max": ((), (1,), ((0, 2),)),
    "min": ((), (1,), ((0, 2),)),
    "prod": ((1,),),
    "ravel": ((),),
    "reshape": ((6, 4), ((4, -1),), (-1,)),
    "squeeze": ((),),
    "sum": ((), (1,), ((0, 2),)),
    "tolist": ((),),
    "transpose": ((), (0, 2, 1), ((1, 2, 0),)),
    "view": ((),),
}
"""Method, and lists of arguments for an array of shape (2, 3, 4)."""


def numpys(function: Callable[..., Any]) -> Judge:
    """What NumPy gives for the operands, whatever the reference gives; of zeros either sign."""

    def judge(got: list[Values], right: list[Values], given: list[Values]) -> list[Check]:
        (mine,) = got
        expected = np.asarray(function(*map(_plain, given)))
        return [Check(mine, expected.astype(mine.dtype), UNSIGNED_ZEROS)]

    return judge


def _plain(x: Values) -> Values:
    """16-bit floats in float64: NumPy's functions do not all take the dtypes of ml_dtypes."""
    return x.astype(np.float64) if x.dtype in dtypes.NARROW else x


def _whole(dtype: DType, shape: tuple[int, ...], rng: np.random.Generator) -> Given:
    """Small whole numbers, whose sums of products no order rounds."""
    x = tame(dtype, shape, rng)
    return Given(np.sign(x.real).astype(dtype) if dtype in dtypes.NARROW else x)


def _einsum(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    for number, (subscripts, shapes) in enumerate(SUMS):
        operands = [_whole(dtype, shape, rng(number, i)) for i, shape in enumerate(shapes)]
        right = numpys(partial(np.einsum, subscripts))
        yield f"{number}", Call((subscripts, *operands)), right
    x = Given(_whole(dtype, (4, 5, 3), rng("view")).base, None, (1, 0, 2))
    y = _whole(dtype, (3, 2), rng("view", 1))
    yield "view", Call(("ijk,kl->lij", x, y)), numpys(partial(np.einsum, "ijk,kl->lij"))
    if kind(dtype) in "iu" and dtype != dtypes.uint64:
        right = numpys(partial(np.einsum, "ij,kj->ik", dtype=np.int64))
        pair = (_whole(dtype, (3, 40), rng("dtype")), _whole(dtype, (2, 40), rng("dtype", 1)))
        yield "dtype", Call(("ij,kj->ik", *pair), {"dtype": dtypes.int64}), right


def _pad(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    value = {"b": True, "u": 7, "i": -7, "f": -0.5, "c": 1 - 2j}[kind(dtype)]
    x, view = array(dtype, (4, 5), rng("x")), turned(dtype, rng("view"))
    for mode in MODES:
        for number, width in enumerate(WIDTHS):
            yield f"{mode}-{number}", Call((x, width, mode)), _padded(width, mode)
        yield f"{mode}-view", Call((view, 1, mode)), _padded(1, mode)
    given = {"constant_values": value}
    yield "value", Call((x, (1, 2)), given), _padded((1, 2), "constant", **given)
    yield "empty", Call((array(dtype, (0, 3), rng("e")), 1)), _padded(1, "constant")
    yield "0-d", Call((array(dtype, (), rng("0")), 1)), _padded((), "constant")
    special = Given(np.resize(specials(dtype), (5, 8)))
    yield "special", Call((special, 1, "edge")), _padded(1, "edge")


def _padded(width: Any, mode: Any, **given: Any) -> Judge:
    def right(x: Values) -> Values:
        return np.pad(x, width, mode, **given) if x.ndim else x

    return numpys(right)


def _transpose(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    for shape in SHAPES:
        label = f"{shape}".replace(" ", "")
        yield label, Call((array(dtype, shape, rng(label)),)), numpys(np.transpose)
    for axes in ((2, 0, 1), [1, 0, 2], (-1, 0, 1)):
        right = numpys(partial(np.transpose, axes=axes))
        yield f"{axes}".replace(" ", ""), Call((turned(dtype, rng("view")), axes)), right


def _method(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    method = name.removeprefix("Array.")
    x = _whole(dtype, (2, 1, 4) if method == "squeeze" else (2, 3, 4), rng("x"))
    view = Given(_whole(dtype, (3, 8, 4), rng("v")).base, (slice(1, None), slice(6, None, -3)))
    for number, arguments in enumerate(METHODS[method]):
        call = methodcaller(method, *arguments)
        right = exactly if method == "tolist" else numpys(call)
        yield f"{number}", (call, Call((x,))), right
        if method != "squeeze":
            yield f"view-{number}", (call, Call((view,))), right


def _elsewhere(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    if name == "empty_pinned":
        given = {"dtype": dtype, "device": DEVICE}
        for shape in (*SHAPES, 5):
            yield f"{shape}".replace(" ", ""), (_through_pinned, Call((shape,), given))
        return
    function = {"capture": _captured, "materialize": _materialized, "to_device": _moved}[name]
    for shape in SHAPES:
        label = f"{shape}".replace(" ", "")
        pair = array(dtype, shape, rng(label)), array(dtype, shape, rng(label, 1))
        yield label, (function, Call((*pair, DEVICE)))
    yield "view", (function, Call((turned(dtype, rng("v")), turned(dtype, rng("w")), DEVICE)))


def _captured(x: xgpu.Array, y: xgpu.Array, device: xgpu.Device) -> list[xgpu.Array]:
    """Captured with one pair of arrays, replayed with others; what was given is as it was."""
    if device.type == "cpu":
        return [*_step(x, y), *_step(y, x), x, y]
    step = xgpu.capture(_step)
    return [*step(x, y), *step(y, x), x, y]


def _step(x: xgpu.Array, y: xgpu.Array) -> tuple[xgpu.Array, xgpu.Array]:
    first = xgpu.where(xgpu.equal(x, y), x, y)
    return first, xgpu.concat([xgpu.reshape(first, (-1,)), xgpu.reshape(x, (-1,))])


def _materialized(x: xgpu.Array, y: xgpu.Array, device: xgpu.Device) -> tuple[xgpu.Array, ...]:
    """Several at once, a view and what it is a view of among them; waited for."""
    pair = xgpu.where(xgpu.equal(x, y), x, y), xgpu.where(xgpu.not_equal(x, y), x, y)
    seen = pair[0][..., ::-1] if x.ndim else pair[0]
    xgpu.materialize(*pair, seen)
    xgpu.synchronize(device)
    return *pair, seen


def _moved(x: xgpu.Array, y: xgpu.Array, device: xgpu.Device) -> tuple[xgpu.Array, ...]:
    """There and back, waited for or not."""
    there = xgpu.to_device(x, "cpu", non_blocking=True)
    return xgpu.to_device(there, device, non_blocking=True), xgpu.to_device(y, device)


def _through_pinned(shape: Any, *, dtype: DType, device: xgpu.Device) -> list[Any]:
    """Written on the host, copied to the device and back: what comes back is what was written."""
    memory = xgpu.empty_pinned(shape, dtype=dtype, device=device)
    memory[...] = np.arange(memory.size).reshape(memory.shape).astype(dtype)
    x = xgpu.asarray(memory, device=device)
    return [memory.shape, memory.dtype.name, bool((host(x) == memory).all()), x]


TABLE: Final[dict[str, tuple[str, Builder]]] = {
    "capture": (ALL, _elsewhere),
    "einsum": ("iufc", _einsum),
    "empty_pinned": (ALL, _elsewhere),
    "materialize": (ALL, _elsewhere),
    "pad": (ALL, _pad),
    "to_device": (ALL, _elsewhere),
    "transpose": (ALL, _transpose),
    **{f"Array.{name}": (ALL, _method) for name in METHODS},
    **{f"Array.{name}": ("iuf", _method) for name in ("argmax", "argmin", "max", "min")},
    **{f"Array.{name}": ("iufc", _method) for name in ("prod", "sum")},
}
"""Function -> the kinds of dtype, and what makes its cases."""


def names() -> tuple[str, ...]:
    """All functions and methods of this chapter."""
    return tuple(TABLE)


def takes(name: str, dtype: DType) -> bool:
    """Whether a function is tested in a dtype."""
    return kind(dtype) in TABLE[name][0]


def cases(setting: Setting, name: str, dtype: DType) -> Iterable[Case]:
    """The cases of one function and dtype."""
    return built(setting, TABLE[name][1], name, dtype)
