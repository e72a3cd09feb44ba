"""Functions that make and move data: creation, manipulation, indexing, and arrays' own methods."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, Final

import numpy as np

import xgpu
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType
from xgpu_conformance.calls import (
    DEVICE,
    Call,
    Function,
    Given,
    Judge,
    case,
    exactly,
    nothing,
    path,
    within,
)
from xgpu_conformance.case import Case, Setting
from xgpu_conformance.ops_elementwise import held
from xgpu_conformance.ulp import Values, epsilon, kind
from xgpu_conformance.values import distinct, normal_only, specials

Named = tuple[str, Any, Judge] | tuple[str, Any]
"""A case: its name, its arguments (a `Call`, or a function with its call), how it is judged."""

ALL: Final = "biufc"
SHAPES: Final[tuple[tuple[int, ...], ...]] = ((), (0,), (1,), (7,), (3, 4), (2, 3, 4), (2, 1, 3, 2))
KEYS: Final[dict[str, Any]] = {
    "integer": 1,
    "negative": -1,
    "slice": slice(1, None),
    "step": slice(None, None, 2),
    "backwards": slice(None, None, -1),
    "backwards-step": (slice(None, None, -2), slice(3, 0, -1)),
    "ellipsis": (..., 0),
    "newaxis": (None, slice(1, 3), None, -1),
    "empty": slice(2, 2),
    "all-integers": (2, 3, 1),
}


def array(dtype: DType, shape: tuple[int, ...], rng: np.random.Generator) -> Given:
    """Mostly different numbers, as they lie."""
    return Given(distinct(dtype, shape, rng))


def turned(dtype: DType, rng: np.random.Generator) -> Given:
    """A view of shape (3, 4, 2): axes permuted, one backwards."""
    return Given(distinct(dtype, (4, 6, 2), rng), (slice(None), slice(None, None, -2)), (1, 0, 2))


def _creation(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    given = {"dtype": dtype, "device": DEVICE}
    if name == "arange":
        for number, args in enumerate(((7,), (2, 11), (1, 20, 3), (0,), (5, 2))):
            yield f"{number}", Call(args, given)
        if kind(dtype) in "if":
            yield "down", Call((9, -4, -3), given)
        if kind(dtype) == "f" and dtype not in dtypes.NARROW:
            yield "fraction", Call((0.5, 3.25, 0.25), given)
    elif name == "linspace":
        for number, args in enumerate(((0, 1, 5), (-2, 2, 9), (1, 0, 3), (0, 7, 1), (1, 2, 0))):
            yield f"{number}", Call(args, given), _spaced(dtype)
            yield f"{number}-open", Call(args, {**given, "endpoint": False}), _spaced(dtype)
    elif name == "eye":
        for number, args in enumerate(((3,), (3, 5), (4, 2), (0,))):
            for k in (0, 1, -2):
                yield f"{number}-{k}", Call(args, {**given, "k": k})
    elif name in ("empty", "zeros", "ones"):
        for shape in (*SHAPES, 5):
            judge = nothing if name == "empty" else exactly
            yield f"{shape}".replace(" ", ""), Call((shape,), given), judge
    elif name == "full":
        for shape in SHAPES:
            value = {"b": True, "u": 7, "i": -7, "f": -0.5, "c": 1 - 2j}[kind(dtype)]
            yield f"{shape}".replace(" ", ""), Call((shape, value), given)
    elif name == "full_like":
        value = {"b": True, "u": 7, "i": -7, "f": float("inf"), "c": 1 - 2j}[kind(dtype)]
        for shape in SHAPES:
            yield f"{shape}".replace(" ", ""), Call((array(dtype, shape, rng("x")), value))
        yield "view", Call((turned(dtype, rng("x")), value))
    elif name in ("empty_like", "zeros_like", "ones_like"):
        judge = nothing if name == "empty_like" else exactly
        for shape in SHAPES:
            yield f"{shape}".replace(" ", ""), Call((array(dtype, shape, rng("x")),)), judge
        yield "view", Call((turned(dtype, rng("x")),)), judge
    elif name in ("tril", "triu"):
        for shape in ((3, 3), (2, 5), (5, 2), (2, 3, 4), (0, 3)):
            for k in (0, 1, -1, 7):
                label = f"{shape}-{k}".replace(" ", "")
                yield label, Call((array(dtype, shape, rng(label)),), {"k": k})
        yield "view", Call((turned(dtype, rng("view")),))
        yield "special", Call((Given(np.resize(specials(dtype), (5, 8))),))
    elif name == "meshgrid":
        x, y, z = (array(dtype, (n,), rng(n)) for n in (3, 4, 2))
        for indexing in ("xy", "ij"):
            yield f"1-{indexing}", Call((x,), {"indexing": indexing})
            yield f"2-{indexing}", Call((x, y), {"indexing": indexing})
            yield f"3-{indexing}", Call((x, y, z), {"indexing": indexing})
    elif name == "asarray":
        for number, shape in enumerate(SHAPES):
            values = distinct(dtype, shape, rng(number))
            yield f"list-{number}", (_asarray, Call((values.tolist(), dtype), given))
            yield f"numpy-{number}", (_asarray, Call((values, dtype), given))
        yield "special", (_asarray, Call((specials(dtype).copy(), dtype), given))
        yield "copy", (_copied, Call((turned(dtype, rng("copy")),)))
    elif name == "from_dlpack":
        for number, shape in enumerate(((3,), (2, 3), ())):
            values = distinct(dtype, shape, rng(number))
            yield f"{number}", (_from_dlpack, Call((values,), {"device": DEVICE}))


def _asarray(values: Any, _: DType, *, dtype: DType, device: xgpu.Device) -> xgpu.Array:
    return xgpu.asarray(values, dtype=dtype, device=device)


def _copied(x: xgpu.Array) -> tuple[xgpu.Array, xgpu.Array]:
    """A copy is not written to by a write to what it was made of."""
    copied = xgpu.asarray(x, copy=True)
    x[...] = xgpu.zeros_like(x)
    return copied, x


def _from_dlpack(values: Values, *, device: xgpu.Device) -> xgpu.Array:
    return xgpu.from_dlpack(values, device=device)


def _spaced(dtype: DType) -> Judge:
    """A few roundings of numbers below 8."""
    return within(lambda right, given: 4 * epsilon(dtype) * 8)


def _manipulation(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    def x(*shape: int) -> Given:
        return array(dtype, shape, rng(name, shape))

    view = turned(dtype, rng(name, "view"))
    calls: dict[str, list[Call]] = {
        "broadcast_arrays": [
            Call((x(5, 1), x(1, 3))),
            Call((x(), x(2, 0))),
            Call((view, x(2))),
        ],
        "broadcast_to": [
            Call((x(3, 1), (3, 4))),
            Call((x(), (2, 3))),
            Call((x(2, 1, 3), (4, 2, 5, 3))),
            Call((x(1), (0,))),
        ],
        "concat": [
            Call(((x(3), x(4)),)),
            Call(((x(2, 3), x(2, 3), x(1, 3)),)),
            Call(((x(2, 3), x(2, 5)),), {"axis": -1}),
            Call(((x(2, 3), x(4)),), {"axis": None}),
            Call(((x(0), x(3)),)),
            Call(((view, view),), {"axis": 1}),
        ],
        "expand_dims": [
            Call((x(3, 4), 0)),
            Call((x(3, 4), -1)),
            Call((x(3), (0, 2))),
            Call((x(), 0)),
            Call((view, 2)),
        ],
        "flip": [
            Call((x(7),)),
            Call((x(3, 4),)),
            Call((x(3, 4),), {"axis": 1}),
            Call((view,), {"axis": (0, 2)}),
            Call((x(0),)),
            Call((x(),)),
        ],
        "moveaxis": [
            Call((x(2, 3, 4), 0, -1)),
            Call((x(2, 3, 4), (0, 2), (1, 0))),
            Call((view, -1, 0)),
        ],
        "permute_dims": [
            Call((x(2, 3, 4), (2, 0, 1))),
            Call((x(3, 4), (-1, 0))),
            Call((x(), ())),
            Call((view, (1, 2, 0))),
        ],
        "repeat": [
            Call((x(4), 3)),
            Call((x(2, 3), 2), {"axis": 1}),
            Call((x(2, 3), 2)),
            Call((x(3), Given(np.array([2, 0, 3])))),
            Call((view, Given(np.array([1, 3, 0, 2]))), {"axis": 1}),
            Call((x(3), 0)),
        ],
        "reshape": [
            Call((x(12), (3, 4))),
            Call((x(3, 4), (2, -1))),
            Call((x(2, 3, 4), (24,))),
            Call((x(1), ())),
            Call((x(0, 3), (3, 0))),
            Call((view, (4, 6))),
            Call((view, (-1,))),
        ],
        "roll": [
            Call((x(7), 3)),
            Call((x(7), -10)),
            Call((x(3, 4), 2)),
            Call((x(3, 4), (1, -1)), {"axis": (0, 1)}),
            Call((view, 1), {"axis": 2}),
            Call((x(0), 2)),
        ],
        "squeeze": [Call((x(1, 3, 1), 0)), Call((x(1, 3, 1), (0, 2))), Call((x(2, 1), -1))],
        "stack": [
            Call(((x(3), x(3)),)),
            Call(((x(2, 3), x(2, 3)),), {"axis": -1}),
            Call(((x(), x()),)),
            Call(((view, view),), {"axis": 1}),
        ],
        "tile": [
            Call((x(3), (2,))),
            Call((x(2, 3), (2, 2))),
            Call((x(3), (2, 1))),
            Call((x(2, 3), (2,))),
            Call((view, (1, 2, 1))),
        ],
        "unstack": [Call((x(3, 4),)), Call((x(3, 4),), {"axis": -1}), Call((view,), {"axis": 1})],
    }
    yield from ((f"{n}", call) for n, call in enumerate(calls[name]))


def _indexing(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    places = Given(np.array([2, 0, -1, 2]))
    x = array(dtype, (3, 4, 5), rng("x"))
    if name == "take":
        yield "1-d", Call((array(dtype, (6,), rng("1")), places))
        for axis in (0, 1, -1):
            yield f"axis{axis}", Call((x, places), {"axis": axis})
        yield "none", Call((array(dtype, (6,), rng("2")), Given(np.zeros(0, np.int64))))
        yield "view", Call((turned(dtype, rng("view")), Given(np.array([1, 1, 0]))), {"axis": 1})
        return
    for axis in (0, 1, -1):
        shape = list(x.base.shape)
        shape[axis] = 2
        chosen = rng(axis).integers(-3, 3, shape)
        yield f"axis{axis}", Call((x, Given(chosen)), {"axis": axis})
    chosen = rng("view").integers(0, 2, (3, 4, 3))
    yield "view", Call((turned(dtype, rng("view")), Given(chosen)), {"axis": 2})


def _get(x: xgpu.Array, *keys: Any) -> xgpu.Array:
    found: xgpu.Array = x[keys if len(keys) != 1 else keys[0]]
    return found


def _set(x: xgpu.Array, value: Any, *keys: Any) -> xgpu.Array:
    x[keys if len(keys) != 1 else keys[0]] = value
    return x


def _through(x: xgpu.Array, value: Any) -> tuple[xgpu.Array, xgpu.Array]:
    """Written through a view of a view: seen in what it is a view of."""
    part = xgpu.permute_dims(x, (2, 0, 1))[::-1, 1:]
    part[1, ...] = value
    x[0, 0, 0] = value
    return x, part


def _advanced(rng: Any) -> dict[str, tuple[Any, ...]]:
    rows, columns = np.array([2, 0, -1]), np.array([1, 3, 1])
    return {
        "integers": (Given(rows),),
        "pairs": (Given(rows), Given(columns)),
        "integers-slice": (slice(1, None), Given(columns)),
        "integers-split": (Given(rows), slice(None, None, -2), Given(columns % 3)),
        "broadcast": (Given(rows[:, None]), Given(columns)),
        "mask": (Given(rng("mask").random((3, 4, 5)) < 0.4),),
        "mask-rows": (Given(np.array([True, False, True])),),
        "mask-last": (..., Given(np.array([True, False, True, True, False]))),
        "mask-none": (Given(np.zeros((3, 4), bool)),),
        "0-d-index": (Given(np.asarray(2)),),
    }


def _array_methods(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    method = name.removeprefix("Array.")
    x = array(dtype, (3, 4, 5), rng("x"))
    if method == "__getitem__":
        for label, key in KEYS.items():
            yield label, (_get, Call((x, *(key if isinstance(key, tuple) else (key,)))))
            if label not in ("ellipsis", "newaxis"):
                yield (
                    f"view-{label}",
                    (
                        _get,
                        Call((Given(x.base, None, (0, 1, 2)), key)),
                    ),
                )
        for label, keys in _advanced(rng).items():
            yield label, (_get, Call((x, *keys)))
    elif method == "__setitem__":
        one = {"b": True, "u": 9, "i": -9, "f": -9.5, "c": 9 - 1j}[kind(dtype)]
        for label, key in KEYS.items():
            yield label, (_set, Call((x, one, *(key if isinstance(key, tuple) else (key,)))))
        yield "array", (_set, Call((x, array(dtype, (4, 1), rng("v")), slice(None, None, -2))))
        line = array(dtype, (9,), rng("line"))
        yield "line-backwards", (_set, Call((line, array(dtype, (5,), rng("w")), _BACK)))
        yield "reversed", (_overlapping, Call((array(dtype, (9,), rng("r")),)))
        yield "through-views", (_through, Call((x, one)))
        for label, keys in _advanced(rng).items():
            yield label, (_set, Call((x, one, *keys)))
        yield "special", (_set, Call((x, Given(np.resize(specials(dtype), (5,))), slice(0, 2))))
    elif method in ("T", "mT"):
        shapes = ((3, 4), (1, 5)) if method == "T" else ((3, 4), (2, 3, 4), (0, 3))
        for shape in shapes:
            given = array(dtype, shape, rng(shape))
            yield f"{shape}".replace(" ", ""), (operator.attrgetter(method), Call((given,)))
    elif method == "to_device":
        yield "there-and-back", (_moved, Call((turned(dtype, rng("m")), DEVICE)))
        yield "special", (_moved, Call((Given(specials(dtype).copy()), DEVICE)))
        yield "empty", (_moved, Call((array(dtype, (0, 3), rng("e")), DEVICE)))
    else:
        converter: Function = _CONVERSIONS[method]
        for number, value in enumerate(distinct(dtype, (4,), rng("c"))):
            yield f"{number}", (converter, Call((Given(np.asarray(value)),)))


_BACK: Final = slice(None, None, -2)


def _overlapping(x: xgpu.Array) -> xgpu.Array:
    """Assigned to itself, backwards and shifted."""
    x[...] = x[::-1]
    x[1:] = x[:-1]
    return x


def _moved(x: xgpu.Array, device: xgpu.Device) -> tuple[xgpu.Array, xgpu.Array]:
    return x.to_device("cpu").to_device(device), xgpu.to_device(x, device)


_CONVERSIONS: Final[dict[str, Function]] = {
    "__bool__": bool,
    "__complex__": complex,
    "__float__": float,
    "__index__": operator.index,
    "__int__": int,
    "item": operator.methodcaller("item"),
}


def _data_types(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    x = array(dtype, (5,), rng("x"))
    if name == "astype":
        for target in dtypes.ALL:
            if kind(dtype) == "c" and kind(target) not in "bc":
                continue
            values = held(specials(dtype), target)
            yield f"to-{target.name}", Call((Given(values), target))
            moved = turned(dtype, rng(target))
            yield f"view-to-{target.name}", Call((Given(held(moved.values, target)), target))
        yield "same", Call((x, dtype), {"copy": False})
    elif name == "can_cast":
        yield "all", (_castable, Call((x,)))
    elif name in ("finfo", "iinfo"):
        yield "array", (path(name), Call((x,)))
        yield "dtype", (path(name), Call((dtype,)))
    elif name == "isdtype":
        yield "kinds", (_kinds, Call((x,)))
    else:
        yield "all", (_promoted, Call((x,)))


def _castable(x: xgpu.Array) -> list[bool]:
    return [xgpu.can_cast(x, to) for to in dtypes.ALL]


def _kinds(x: xgpu.Array) -> list[bool]:
    kinds = ("bool", "signed integer", "unsigned integer", "integral", "real floating")
    return [xgpu.isdtype(x.dtype, k) for k in (*kinds, "complex floating", "numeric")]


def _promoted(x: xgpu.Array) -> list[DType]:
    return [xgpu.result_type(x, other) for other in dtypes.ALL] + [xgpu.result_type(x, True)]


def _info(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    if name == "broadcast_shapes":
        yield "shapes", (_shapes, Call((array(dtype, (5, 1), rng("x")), (1, 3))))
        return
    yield "dtypes", (_listed, Call((dtype,), {"device": DEVICE}))


def _shapes(x: xgpu.Array, other: tuple[int, ...]) -> str:
    return str(xgpu.broadcast_shapes(x.shape, other))


def _listed(dtype: DType, *, device: xgpu.Device) -> list[bool]:
    """Whether the device is listed, and the dtype among its dtypes."""
    info = xgpu.__array_namespace_info__()
    return [device in info.devices(), dtype in info.dtypes(device=device).values()]


Builder = Callable[[str, DType, Any], Iterator[Named]]

#: Function -> the kinds of dtype, and what makes its cases.
TABLE: Final[dict[str, tuple[str, Builder]]] = {
    "arange": ("iuf", _creation),
    "linspace": ("fc", _creation),
    **dict.fromkeys(
        [
            "asarray",
            "empty",
            "empty_like",
            "eye",
            "from_dlpack",
            "full",
            "full_like",
            "meshgrid",
            "ones",
            "ones_like",
            "tril",
            "triu",
            "zeros",
            "zeros_like",
        ],
        (ALL, _creation),
    ),
    **dict.fromkeys(
        [
            "broadcast_arrays",
            "broadcast_to",
            "concat",
            "expand_dims",
            "flip",
            "moveaxis",
            "permute_dims",
            "repeat",
            "reshape",
            "roll",
            "squeeze",
            "stack",
            "tile",
            "unstack",
        ],
        (ALL, _manipulation),
    ),
    "take": (ALL, _indexing),
    "take_along_axis": (ALL, _indexing),
    "Array.__bool__": ("biufc", _array_methods),
    "Array.__complex__": ("biufc", _array_methods),
    "Array.__float__": ("biuf", _array_methods),
    "Array.__index__": ("iu", _array_methods),
    "Array.__int__": ("biu", _array_methods),
    "Array.item": (ALL, _array_methods),
    "Array.__getitem__": (ALL, _array_methods),
    "Array.__setitem__": (ALL, _array_methods),
    "Array.T": (ALL, _array_methods),
    "Array.mT": (ALL, _array_methods),
    "Array.to_device": (ALL, _array_methods),
    "astype": (ALL, _data_types),
    "can_cast": (ALL, _data_types),
    "finfo": ("fc", _data_types),
    "iinfo": ("iu", _data_types),
    "isdtype": (ALL, _data_types),
    "result_type": (ALL, _data_types),
    "broadcast_shapes": (ALL, _info),
    "__array_namespace_info__": (ALL, _info),
}


def names() -> tuple[str, ...]:
    """All functions and methods of this chapter."""
    return tuple(TABLE)


def takes(name: str, dtype: DType) -> bool:
    """Whether a function is tested in a dtype."""
    return kind(dtype) in TABLE[name][0]


def cases(setting: Setting, name: str, dtype: DType) -> Iterable[Case]:
    """The cases of one function and dtype."""
    found = built(setting, TABLE[name][1], name, dtype)
    if name != "astype":
        return found
    lacking = [d.name for d in dtypes.ALL if setting.options.requirements.against(d.name)]
    return (c for c in found if c.name.rpartition("to-")[2] not in lacking)


def built(setting: Setting, builder: Builder, name: str, dtype: DType) -> Iterator[Case]:
    """The cases that a builder names."""
    rng = partial(setting.random, "functions", name, dtype.name)
    for label, what, *rest in builder(name, dtype, rng):
        judge: Judge = rest[0] if rest else exactly
        function, call = what if isinstance(what, tuple) else (path(name), what)
        yield case(setting, label, function, partial(_given, call, setting.subnormals), judge)


def _given(call: Call, subnormals: bool) -> Call:
    if subnormals:
        return call
    given = {name: without_subnormals(value) for name, value in call.kwargs.items()}
    return Call(tuple(map(without_subnormals, call.args)), given)


def without_subnormals(value: Any) -> Any:
    """An argument with zeros in place of subnormal numbers."""
    if isinstance(value, Given):
        return replace(value, base=normal_only(value.base))
    if isinstance(value, np.ndarray):
        return normal_only(value)
    if isinstance(value, tuple | list):
        return type(value)(map(without_subnormals, value))
    return value
