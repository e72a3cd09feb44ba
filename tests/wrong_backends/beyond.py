"""Functions beyond the standard, wrong on the device alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import xgpu
from tests.wrong_backends.mutant import Mutant
from tests.wrong_backends.zeros import DEVICE, of_function, put
from xgpu_numpy.backend import NumpyBackend

KIND: Final = "functions beyond the standard"
ZEROED: Final = (
    *("einsum", "pad", "transpose", "to_device"),
    *("nanmax", "nanmean", "nanmin", "nanprod", "nanstd", "nansum", "nanvar"),
)


def _there(*arrays: Any) -> bool:
    """Whether a call is one on the wrong device."""
    return any(isinstance(x, xgpu.Array) and x.device.type == DEVICE for x in arrays)


def _implicit(right: Callable[..., Any], subscripts: str, *operands: Any, **given: Any) -> Any:
    """Without an arrow, letters in the order in which they occur."""
    if _there(*operands) and "->" not in subscripts:
        letters = subscripts.replace(",", "").replace(" ", "")
        subscripts += "->" + "".join(c for c in letters if letters.count(c) == 1)
    return right(subscripts, *operands, **given)


def _two_terms(right: Callable[..., Any], subscripts: str, *operands: Any, **given: Any) -> Any:
    """Of three operands the last counts twice."""
    if _there(*operands) and len(operands) == 3:
        operands = (*operands[:2], operands[2] + operands[2])
    return right(subscripts, *operands, **given)


def _twins(right: Callable[..., Any], subscripts: str, *operands: Any, **given: Any) -> Any:
    """A letter that one term has twice runs along the other diagonal."""
    term = subscripts.replace(" ", "").partition("->")[0].partition(",")[0]
    if _there(*operands) and len(set(term)) < len(term):
        operands = (operands[0][::-1], *operands[1:])
    return right(subscripts, *operands, **given)


def _unwidened(right: Callable[..., Any], subscripts: str, *operands: Any, **given: Any) -> Any:
    """A dtype is what the result is cast to, not what is computed in."""
    dtype = given.get("dtype")
    if not _there(*operands) or dtype is None:
        return right(subscripts, *operands, **given)
    return xgpu.astype(right(subscripts, *operands), dtype)


def _padding(change: Callable[[Any, str, Any], tuple[Any, str, Any]]) -> Callable[..., Any]:
    def wrong(
        right: Callable[..., Any],
        x: Any,
        pad_width: Any,
        mode: str = "constant",
        *,
        constant_values: Any = 0,
    ) -> Any:
        if _there(x):
            pad_width, mode, constant_values = change(pad_width, mode, constant_values)
        return right(x, pad_width, mode, constant_values=constant_values)

    return wrong


def _swapped(width: Any, mode: str, value: Any) -> tuple[Any, str, Any]:
    pairs = isinstance(width, tuple)
    if pairs and isinstance(width[0], tuple):
        width = tuple(pair[::-1] for pair in width)
    return (width[::-1] if pairs and not isinstance(width[0], tuple) else width), mode, value


def _last_two(right: Callable[..., Any], x: Any, axes: Any = None) -> Any:
    """Of all axes the last two change places."""
    if _there(x) and axes is None and x.ndim > 2:
        axes = (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2)
    return right(x, axes)


def _first_again(right: Callable[..., Any], fn: Callable[..., Any]) -> Any:
    """Each call of a captured function gives what the first one gave."""
    replay, kept = right(fn), []

    def call(*args: Any, **kwargs: Any) -> Any:
        found = replay(*args, **kwargs)
        if _there(*args):
            kept.append(found)
            return kept[0]
        return found

    return call


def _turned_arguments(right: Callable[..., Any], fn: Callable[..., Any]) -> Any:
    """From its second call on a captured function takes its last argument first."""
    replay, calls = right(fn), []

    def call(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        turned = _there(*args) and len(calls) > 1
        return replay(*(args[::-1] if turned else args), **kwargs)

    return call


def _late(right: Callable[..., Any], x: Any, device: Any, /, *, non_blocking: bool = False) -> Any:
    """A copy to the device that is not waited for has the first element everywhere."""
    found = right(x, device, non_blocking=non_blocking)
    if _there(found) and not _there(x) and non_blocking and found.size:
        return xgpu.broadcast_to(xgpu.reshape(found, (-1,))[0], found.shape)
    return found


def _pinned(right: Callable[..., Any], shape: Any, *, dtype: Any = None, device: Any = None) -> Any:
    """Page-locked memory is of float64 whatever was asked for."""
    wrong = device is not None and xgpu.device(device).type == DEVICE
    return right(shape, dtype=None if wrong else dtype, device=device)


def _mutant(id: str, name: str, wrong: Callable[..., Any], said: str) -> Mutant:
    def patch() -> None:
        put(name, wrong)

    return Mutant(
        id, KIND, said, NumpyBackend, (name,), levels=("functions",), patch=patch, official=(name,)
    )


def _pad_mutant(id: str, said: str, change: Any) -> Mutant:
    return _mutant(id, "pad", _padding(change), said)


MIRRORS: Final = {"reflect": "symmetric", "symmetric": "reflect"}

MUTANTS: Final = (
    *(of_function(name) for name in ZEROED),
    _mutant("einsum-implicit", "einsum", _implicit, "letters of the result are not sorted"),
    _mutant("einsum-three", "einsum", _two_terms, "of three operands the last counts twice"),
    _mutant("einsum-twins", "einsum", _twins, "a letter twice is the other diagonal"),
    _mutant("einsum-dtype", "einsum", _unwidened, "dtype is that of the result alone"),
    _pad_mutant("pad-swapped", "widths before and after are swapped", _swapped),
    _pad_mutant("pad-value", "the constant is 0", lambda w, m, v: (w, m, 0)),
    _pad_mutant("pad-mirror", "reflect is symmetric", lambda w, m, v: (w, MIRRORS.get(m, m), v)),
    _pad_mutant(
        "pad-wrap", "wrap repeats the edge", lambda w, m, v: (w, "edge" if m == "wrap" else m, v)
    ),
    _mutant("transpose-two", "transpose", _last_two, "the last two axes change places"),
    _mutant("capture-first", "capture", _first_again, "replays give what the first call gave"),
    _mutant("capture-turned", "capture", _turned_arguments, "replays swap their arguments"),
    _mutant("to-device-late", "to_device", _late, "copies not waited for repeat one element"),
    _mutant("pinned-float64", "empty_pinned", _pinned, "page-locked memory is of float64"),
)
