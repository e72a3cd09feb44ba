"""The level *faults*: wrong calls, no memory, threads, moves; and that nothing is lost by them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

import numpy as np

import xgpu
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType
from xgpu_conformance.case import Case, Planned, Setting, host
from xgpu_conformance.judge import Check
from xgpu_conformance.ulp import Values, kind
from xgpu_conformance.values import distinct, normal, specials

TOO_MANY: Final = 2**50
"""Elements that no memory holds."""
THREADS: Final = 4
ROUNDS: Final = 30

DTYPES: Final = (dtypes.int32, dtypes.float32)


def planned() -> list[Planned]:
    """What can go wrong, in an integer and a floating dtype; moves, in every dtype."""
    cells = [Planned("faults", name, d.name) for name in _CASES for d in DTYPES]
    return cells + [Planned("faults", "moves", d.name) for d in dtypes.ALL]


def unsupported(setting: Setting, name: str) -> str:
    """Only a call tells."""
    return ""


def cases(setting: Setting, name: str, dtype: DType) -> Iterable[Case]:
    """The cases of one fault."""
    return _moves(setting, dtype) if name == "moves" else _CASES[name](setting, dtype)


def replayed(setting: Setting, parts: Mapping[str, str]) -> Iterable[Case]:
    """The cases that an id names."""
    dtype = next(d for d in dtypes.ALL if d.name == parts["dtype"])
    found = cases(setting, parts["name"], dtype)
    return (case for case in found if parts.get("case") in (None, case.name))


def _true(what: str, value: Any) -> Check:
    return Check(np.asarray([bool(value)]), np.ones(1, bool), part=what)


def _array(setting: Setting, dtype: DType, shape: tuple[int, ...] = (3, 4)) -> xgpu.Array:
    return xgpu.asarray(_numbers(setting, dtype, shape), device=setting.device)


def _numbers(setting: Setting, dtype: DType, shape: tuple[int, ...] = (3, 4)) -> Values:
    return distinct(dtype, shape, setting.random("faults", dtype.name, shape))


def _error(call: Callable[[], Any]) -> type[Exception] | None:
    try:
        call()
    except Exception as error:
        return type(error)
    return None


def _works(setting: Setting, dtype: DType) -> list[Check]:
    """A program that follows is right."""
    x = _numbers(setting, dtype)
    got = host((_array(setting, dtype) + 1)[::-1] * 2)
    return [Check(got, ((x + x.dtype.type(1)) * x.dtype.type(2))[::-1], part="afterwards")]


# Wrong calls

_WRONG: Final[dict[str, Callable[[xgpu.Array], Any]]] = {
    "shapes": lambda x: x + xgpu.reshape(x, (4, 3)),
    "axis": lambda x: xgpu.sum(x, axis=7),
    "index": lambda x: x[9, 0],
    "index-array": lambda x: x[xgpu.asarray([0, 9], device=x.device)],
    "dtype": lambda x: xgpu.logical_and(x, x),
    "type": lambda x: operator.add(x, [1, 2]),
    "reshape": lambda x: xgpu.reshape(x, (5, 5)),
    "overflow": lambda x: xgpu.astype(x, xgpu.int8) + 1000,
    "matmul": lambda x: x @ x,
    "assignment": lambda x: x.__setitem__(slice(0, 2), xgpu.zeros((3, 3), device=x.device)),
    "kind": lambda x: x.__setitem__(0, 1j),
    "truth": lambda x: bool(x),
    "broadcast": lambda x: xgpu.broadcast_to(x, (3, 5)),
    "concat": lambda x: xgpu.concat((x, x[0])),
    "take": lambda x: xgpu.take(x, xgpu.asarray([7], device=x.device), axis=0),
}


def _wrong_calls(setting: Setting, dtype: DType) -> Iterable[Case]:
    for name, call in _WRONG.items():
        yield Case(name, partial(_wrong_call, setting, dtype, call))


def _wrong_call(setting: Setting, dtype: DType, call: Callable[[xgpu.Array], Any]) -> list[Check]:
    """The reference's error, at the call; the operand and what was pending stay as they are."""
    x, before = _array(setting, dtype), _numbers(setting, dtype)
    pending = x + x
    wanted = _error(partial(call, xgpu.asarray(before, device=setting.reference)))
    got = _error(partial(call, x))
    named = "nothing" if got is None else got.__name__
    right = "nothing" if wanted is None else wanted.__name__
    return [
        _true(f"raised {named}, the reference {right}", got is wanted and got is not None),
        Check(host(x), before, part="the operand"),
        Check(host(pending), before + before, part="what was pending"),
    ]


def _mixed(setting: Setting, dtype: DType) -> Iterable[Case]:
    """Arrays of two devices, and devices that are not there."""
    yield Case("no-device", partial(_no_device, setting))
    if setting.device != setting.reference:
        yield Case("two-devices", partial(_two_devices, setting, dtype))
        yield Case("numpy", partial(_to_numpy, setting, dtype))


def _no_device(setting: Setting) -> list[Check]:
    name = f"{setting.device.type}:9999"
    return [_true("ValueError", _error(lambda: xgpu.device(name)) is ValueError)]


def _two_devices(setting: Setting, dtype: DType) -> list[Check]:
    x = _array(setting, dtype)
    y = xgpu.asarray(_numbers(setting, dtype), device=setting.reference)
    calls = (lambda: x + y, lambda: y @ x.mT, lambda: xgpu.concat((x, y)), lambda: x[y > 3])
    checks = [
        _true(f"call {i}", _error(call) is xgpu.DeviceMismatchError) for i, call in enumerate(calls)
    ]
    return [*checks, *_works(setting, dtype)]


def _to_numpy(setting: Setting, dtype: DType) -> list[Check]:
    """Nothing is copied to the host unless it is asked for."""
    x = _array(setting, dtype)
    return [_true("TypeError", _error(lambda: np.asarray(x)) is TypeError)]


# Memory


def _memory(setting: Setting, dtype: DType) -> Iterable[Case]:
    yield Case("too-large", partial(_too_large, setting, dtype))
    yield Case("given-back", partial(_given_back, setting, dtype))


def _too_large(setting: Setting, dtype: DType) -> list[Check]:
    """What does not fit is an OutOfMemoryError; nothing else is lost, and work goes on."""
    x, before = _array(setting, dtype), _numbers(setting, dtype)
    pending = x * 2
    wide = xgpu.broadcast_to(x[0, :1], (TOO_MANY,))
    huge = wide + 1
    checks = [
        _true(f"time {i}: OutOfMemoryError", _error(lambda: xgpu.materialize(huge)) is _FULL)
        for i in (1, 2)
    ]
    empty = _error(lambda: xgpu.materialize(xgpu.empty(TOO_MANY, dtype=dtype, device=x.device)))
    return [
        *checks,
        _true("empty: OutOfMemoryError", empty is _FULL),
        Check(host(x), before, part="an array from before"),
        Check(host(pending), before * before.dtype.type(2), part="what was pending"),
        *_works(setting, dtype),
    ]


_FULL: Final = xgpu.OutOfMemoryError


def _given_back(setting: Setting, dtype: DType) -> list[Check]:
    """Arrays that nobody holds take no memory, as far as the backend counts it."""
    backend, index = setting.device.backend, setting.device.index

    def work() -> None:
        x = _array(setting, dtype, (50, 40))
        y = x[::-1] + x
        y[3:] = x[3:] * 2
        host(xgpu.sum(y, axis=0))

    work()
    backend.synchronize(index)
    before = backend.allocated(index)
    for _ in range(ROUNDS):
        work()
    backend.synchronize(index)
    after = backend.allocated(index)
    return [_true(f"{before} bytes before, {after} after", after <= before)]


# Threads, and the same again


def _threads(setting: Setting, dtype: DType) -> Iterable[Case]:
    yield Case("own-arrays", partial(_in_threads, setting, dtype, False))
    yield Case("shared-array", partial(_in_threads, setting, dtype, True))


def _in_threads(setting: Setting, dtype: DType, shared: bool) -> list[Check]:
    """Threads that compute at once give what each gives alone."""
    common = _array(setting, dtype, (20, 30))
    base = _numbers(setting, dtype, (20, 30))

    def work(number: int) -> Values:
        factor = base.dtype.type(number + 1)
        x = common if shared else xgpu.asarray(base, device=setting.device)
        result = x
        for _ in range(ROUNDS):
            y = (x + int(factor))[::-1, ::2]
            y[0] = int(factor)
            result = y + y
            if number % 2:
                xgpu.materialize(result)
        return host(result)

    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(work, range(THREADS)))
    checks = []
    for number, got in enumerate(found):
        right = (base + base.dtype.type(number + 1))[::-1, ::2].copy()
        right[0] = number + 1
        checks.append(Check(got, right + right, part=f"thread {number}"))
    return checks


def _again(setting: Setting, dtype: DType) -> Iterable[Case]:
    yield Case("bits", partial(_same_bits, setting, dtype))
    yield Case("streams", partial(_on_a_stream, setting, dtype))


def _same_bits(setting: Setting, dtype: DType) -> list[Check]:
    """The same program on the same input gives the same bits."""
    x = normal(dtypes.float32, (300, 200), setting.random("faults", "bits"))
    given = x if kind(dtype) == "f" else np.asarray(x * 100).astype(dtype)

    def results() -> list[Values]:
        a = xgpu.asarray(given, device=setting.device)
        found = [xgpu.sum(a), xgpu.sum(a, axis=0), xgpu.cumulative_sum(a[0]), a @ a.mT]
        found.append(xgpu.sort(xgpu.reshape(a, (-1,))))
        return [host(y) for y in found]

    first, second = results(), results()
    return [Check(a, b, part=f"{i}") for i, (a, b) in enumerate(zip(first, second, strict=True))]


def _on_a_stream(setting: Setting, dtype: DType) -> list[Check]:
    """A program that asks for a stream runs, whether or not the backend has several."""
    before = _numbers(setting, dtype)
    x = _array(setting, dtype)
    with xgpu.Stream(setting.device) as stream:
        y = x + x
        z = y[::-1] * 1
    stream.synchronize()
    return [
        Check(host(z), (before + before)[::-1].copy(), part="what it computed"),
        *_works(setting, dtype),
    ]


# Moves


def _moves(setting: Setting, dtype: DType) -> Iterable[Case]:
    """To the device and back, of whatever shape and layout."""
    for shape in ((), (0,), (1,), (3, 4), (2, 3, 4, 5)):
        name = f"{shape}".replace(" ", "")
        yield Case(name, partial(_moved, setting, dtype, shape))
    yield Case("special", partial(_moved_special, setting, dtype))
    yield Case("view", partial(_moved_view, setting, dtype))
    if dtype is not dtypes.bfloat16:
        yield Case("dlpack", partial(_exported, setting, dtype))
    for other in xgpu.devices(setting.device.type):
        if other != setting.device:
            yield Case(f"to-{other.index}", partial(_across, setting, dtype, other))


def _moved(setting: Setting, dtype: DType, shape: tuple[int, ...]) -> list[Check]:
    before = _numbers(setting, dtype, shape)
    there = xgpu.to_device(xgpu.asarray(before, device="cpu"), setting.device)
    return [Check(host(there), before)]


def _moved_special(setting: Setting, dtype: DType) -> list[Check]:
    before = specials(dtype, setting.subnormals).copy()
    return [Check(host(xgpu.asarray(before, device=setting.device)), before)]


def _moved_view(setting: Setting, dtype: DType) -> list[Check]:
    """A view, and what is pending, arrive as they are when they are moved."""
    before = _numbers(setting, dtype, (4, 6))
    x = xgpu.asarray(before, device=setting.device)
    part = x[::-1, 1::2]
    moved = host(part)
    x[...] = xgpu.zeros_like(x)
    return [
        Check(moved, before[::-1, 1::2].copy(), part="before the write"),
        Check(host(part), np.zeros_like(moved), part="after the write"),
    ]


def _exported(setting: Setting, dtype: DType) -> list[Check]:
    """Memory shared with NumPy, by way of DLPack: a later write is seen there, and in no copy."""
    before = _numbers(setting, dtype)
    x = xgpu.to_device(_array(setting, dtype), "cpu")
    twin = xgpu.asarray(x, copy=True)
    shared = np.from_dlpack(x)
    x[...] = xgpu.zeros_like(x)
    return [
        Check(np.array(shared), np.zeros_like(before), part="shared"),
        Check(host(twin), before, part="a copy"),
    ]


def _across(setting: Setting, dtype: DType, other: xgpu.Device) -> list[Check]:
    before = _numbers(setting, dtype)
    there = xgpu.to_device(_array(setting, dtype), other)
    return [
        _true(f"on {other}", there.device == other),
        Check(host(there + there), before + before),
    ]


_CASES: Final[dict[str, Callable[[Setting, DType], Iterable[Case]]]] = {
    "wrong-calls": _wrong_calls,
    "devices": _mixed,
    "memory": _memory,
    "threads": _threads,
    "again": _again,
}
