"""The level *ops*: each row of the op table, through the Backend protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

import numpy as np

from xgpu.plugin import Operand, dtypes, ops
from xgpu.plugin.dtypes import DType
from xgpu.plugin.ops import Kind
from xgpu_conformance import ops_elementwise, ops_fused, ops_kernels, ops_linalg, ops_reductions
from xgpu_conformance.case import Case, Planned, Setting
from xgpu_conformance.judge import Check
from xgpu_conformance.launching import check_supported, copying, launched, to_host
from xgpu_conformance.ops_fused import FUSED, INDEX
from xgpu_conformance.values import distinct

BUFFERS: Final = "buffers"
"""No row: the protocol's methods for memory."""
COPY: Final = "copy"
"""No row: a program that loads and stores."""


def planned() -> list[Planned]:
    """All rows and the dtypes that a backend must take."""
    cells = [Planned("ops", name, d.name) for name in (BUFFERS, COPY) for d in dtypes.ALL]
    for name in (INDEX, FUSED):
        cells += [Planned("ops", name, d.name) for d in dtypes.ALL if ops_fused.takes(name, d)]
    for op in (*ops.elementwise(), *ops.optional(), *ops.reductions(), *ops.kernels()):
        needs = (ops_linalg.NEEDS[op],) if op in ops_linalg.NEEDS else ()
        cells += [Planned("ops", op.name, d.name, needs) for d in dtypes.ALL if op.takes(d)]
    return cells


def unsupported(setting: Setting, name: str) -> str:
    """Why the backend does not have a row; "" if it has."""
    if name == FUSED:
        needed = (ops.ADD, ops.SUBTRACT, ops.MULTIPLY, ops.GREATER, ops.SUM, ops.MAX)
        return next((lack for op in needed if (lack := check_supported(setting.device, op))), "")
    if name in (BUFFERS, COPY, INDEX):
        return ""
    return check_supported(setting.device, ops.TABLE[name])


def cases(setting: Setting, name: str, dtype: DType) -> Iterable[Case]:
    """The cases of one row and dtype."""
    if name == BUFFERS:
        return _buffers(setting, dtype)
    if name == COPY:
        return ops_elementwise.copies(setting, dtype)
    if name in (INDEX, FUSED):
        return ops_fused.cases(setting, name, dtype)
    op = ops.TABLE[name]
    if op.kind is Kind.ELEMENTWISE:
        return ops_elementwise.cases(setting, op, dtype)
    if op.kind is Kind.REDUCTION:
        return ops_reductions.cases(setting, op, dtype)
    chapter = ops_linalg if op in ops_linalg.NEEDS else ops_kernels
    found: Iterable[Case] = chapter.cases(setting, op, dtype)
    return found


def replayed(setting: Setting, parts: Mapping[str, str]) -> Iterable[Case]:
    """The cases that an id names."""
    dtype = next(d for d in dtypes.ALL if d.name == parts["dtype"])
    found = cases(setting, parts["name"], dtype)
    return (case for case in found if parts.get("case") in (None, case.name))


def _buffers(setting: Setting, dtype: DType) -> Iterable[Case]:
    for shape in ((0,), (1,), (57,), (3, 4, 5)):
        name = f"round-trip-{'x'.join(map(str, shape))}"
        yield Case(name, partial(_round_trip, setting, dtype, shape))
    yield Case("part", partial(_part, setting, dtype))
    yield Case("copied-out", partial(_copied_out, setting, dtype))
    yield Case("allocate", partial(_allocated, setting, dtype))
    yield Case("apart", partial(_apart, setting, dtype))
    yield Case("events", partial(_events, setting, dtype))


def _round_trip(setting: Setting, dtype: DType, shape: tuple[int, ...]) -> list[Check]:
    """What is copied in is a copy, and comes out again."""
    values = distinct(dtype, shape, setting.random("buffers", shape))
    given = values.copy()
    backend, index = setting.device.backend, setting.device.index
    buffer = backend.from_host(index, given)
    backend.synchronize(index)
    given[...] = np.zeros_like(given)
    got = to_host(setting.device, buffer, dtype, values.size)
    return [Check(got, values.reshape(-1), inputs=(values.reshape(-1),))]


def _part(setting: Setting, dtype: DType) -> list[Check]:
    values = distinct(dtype, (57,), setting.random("buffers", "part"))
    backend, index = setting.device.backend, setting.device.index
    buffer = backend.from_host(index, values)
    got = [np.asarray(backend.to_host(index, buffer, dtype, at, n)) for at, n in _PARTS]
    right = [values[at : at + n] for at, n in _PARTS]
    checks = zip(got, right, _PARTS, strict=True)
    return [Check(a, b, part=f"{n} from {at}") for a, b, (at, n) in checks]


_PARTS: Final = ((0, 57), (5, 20), (56, 1), (57, 0), (3, 0))


def _copied_out(setting: Setting, dtype: DType) -> list[Check]:
    """What is copied out is the host's own: writing to it does not reach the buffer."""
    values = distinct(dtype, (57,), setting.random("buffers", "copied out"))
    backend, index = setting.device.backend, setting.device.index
    buffer = backend.from_host(index, values)
    got = np.asarray(backend.to_host(index, buffer, dtype, 0, 57))
    if got.flags.writeable:
        got[...] = np.zeros_like(got)
    return [Check(to_host(setting.device, buffer, dtype, 57), values)]


def _apart(setting: Setting, dtype: DType) -> list[Check]:
    """Buffers that are in use share no memory: each is filled, then all are read."""
    backend, index = setting.device.backend, setting.device.index
    rng = setting.random("buffers", "apart")
    values = [np.roll(distinct(dtype, (57,), rng), n) for n in range(3)]
    program = copying(dtype)
    made = [backend.allocate(index, dtype, 57) for _ in values]
    for number, x in enumerate(values):
        given: list[Operand] = [(backend.from_host(index, x), 0, ())]
        (made[number],) = launched(setting.device, program, (57,), given, [(made[number], 0, ())])
    return [
        Check(to_host(setting.device, buffer, dtype, 57), x, part=f"{number}")
        for number, (buffer, x) in enumerate(zip(made, values, strict=True))
    ]


def _allocated(setting: Setting, dtype: DType) -> list[Check]:
    checks = []
    for size in (0, 1, 1000):
        buffer = setting.device.backend.allocate(setting.device.index, dtype, size)
        got = to_host(setting.device, buffer, dtype, size)
        sizes = np.asarray([got.size]), np.asarray([size])
        checks.append(Check(*sizes, part=f"allocate {size}"))
    return checks


def _events(setting: Setting, dtype: DType) -> list[Check]:
    """Time between two events is not negative, and waiting twice is no error."""
    backend, index = setting.device.backend, setting.device.index
    start = backend.record_event(index)
    backend.from_host(index, distinct(dtype, (1000,), setting.random("events")))
    stop = backend.record_event(index)
    seconds = backend.elapsed(index, start, stop)
    backend.synchronize(index)
    backend.synchronize(index)
    right = np.asarray([0 <= seconds < 60, backend.allocated(index) >= 0])
    return [Check(right, np.ones(2, bool), part="elapsed and allocated")]
