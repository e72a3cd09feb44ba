"""Running a function that is captured, on a tape, and what its results are made of."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from xgpu.array import Array
from xgpu.attributes import Storage
from xgpu.capturing.nested import Structure, difference, rebuilt, taken_apart
from xgpu.graph.device import Device
from xgpu.graph.node import Node, leaf
from xgpu.graph.view import Shape, View
from xgpu.plugin.dtypes import DType
from xgpu.plugin.errors import CaptureError
from xgpu.runtime import tape as tapes
from xgpu.runtime.materialize import materialize
from xgpu.runtime.tape import Tape

_new: Final = object.__new__


class Wanted(NamedTuple):
    """What an array argument has to be."""

    shape: Shape  #: of its storage
    dtype: DType
    view: View | None
    first: int  #: the first argument on the same storage
    slot: int


class Fresh(NamedTuple):
    """The value of a storage after a call: a slot's, or a constant."""

    slot: int | None
    shape: Shape
    dtype: DType
    constant: Node | None


class Result(NamedTuple):
    """An array that a call gives.

    kind: "argument" (itself), "part" (a view of an argument), "new" (a view of the storage of that
    number) or "constant" (an array that was there before).
    """

    kind: str
    number: int
    view: View | None
    constant: Array | None


class Run(NamedTuple):
    """What one run of the function came to."""

    tape: Tape
    structure: Structure
    results: list[Result]
    storages: list[Fresh]
    effects: list[tuple[int, Fresh]]

    def differs(self, other: Run) -> str | None:
        """What the other run did that this one did not, in words."""
        steps, others = self.tape.keys, other.tape.keys
        if len(steps) != len(others):
            return f"{len(steps)} and {len(others)} launches"
        for number, (one, two) in enumerate(zip(steps, others, strict=True)):
            if one != two:
                return f"launch {number} is another one, or has other constants"
        results = [[r[:3] for r in run.results] for run in (self, other)]
        storages = [[f[:3] for f in run.storages] for run in (self, other)]
        effects = [[(n, f[:3]) for n, f in run.effects] for run in (self, other)]
        if any(one != two for one, two in (results, storages, effects)):
            return "other results"
        return difference(other.structure, self.structure, "the result")


def run(
    fn: Callable[..., Any],
    name: str,
    device: Device,
    given: Structure,
    wanted: Sequence[Wanted],
    arrays: Sequence[Array],
    first: bool,
) -> Run:
    """Run ``fn`` on arrays with the values of ``arrays``, which stay as they are.

    In the ``first`` run, what was pending elsewhere may be computed, so nobody looks at what is
    kept.

    Raises:
        CaptureError: it reads a value, works on another device, or keeps what it computes.
    """
    leaves = [
        leaf(array._storage.node.buffer, want.shape, want.dtype, device)
        for number, (want, array) in enumerate(zip(wanted, arrays, strict=True))
        if want.first == number
    ]
    tape = Tape(device, leaves)
    # The last one is nobody's: as often as it is referred to, the others should be.
    storages = [Storage(node) for node in (*leaves, leaves[0])]
    structure, results, fresh, kept = _results(fn, name, given, wanted, storages, tape)
    effects = [
        (want.first, _value(storages[want.slot].node, tape))
        for number, want in enumerate(wanted)
        if want.first == number and storages[want.slot].node is not leaves[want.slot]
    ]
    if first:
        return Run(tape, structure, results, fresh, effects)
    for number, ref in kept.items():
        array = ref()
        if array is not None:
            # It was there before, or something besides the caller has it.
            value = fresh[results[number].number].constant
            if value is None or tape.has_recorded(value):
                raise _kept(name, f"{array.dtype}{list(array.shape)}")
            results[number] = Result("constant", 0, None, array)
    _look_for_kept(name, tape, fresh, storages)
    return Run(tape, structure, results, fresh, effects)


def _results(
    fn: Callable[..., Any],
    name: str,
    given: Structure,
    wanted: Sequence[Wanted],
    storages: list[Storage],
    tape: Tape,
) -> tuple[Structure, list[Result], list[Fresh], dict[int, weakref.ref[Array]]]:
    """What a call gives; of arrays that are no arguments, a reference that does not hold them."""
    device = tape.device
    proxies: list[Array] = []
    for want in wanted:
        proxy = _new(Array)
        proxy._storage, proxy._view = storages[want.slot], want.view
        proxies.append(proxy)
    found: list[tuple[str, Array]] = []
    with tapes.recording(tape):
        args, kwargs = rebuilt(given, iter(proxies))
        structure = taken_apart(fn(*args, **kwargs), "the result", found)
        for where, array in found:
            if array.device is not device:
                raise CaptureError(
                    f"{name}() gives an array on {array.device} as {where}: a captured function "
                    f"works on one device, which is {device} here"
                )
        nodes = [array._storage.node for _, array in found] + [s.node for s in storages]
        materialize([*dict.fromkeys(node for node in nodes if node.buffer is None)])
    arguments = {id(proxy): number for number, proxy in enumerate(proxies)}
    parts = {id(storages[want.slot]): want.first for want in wanted}
    numbers: dict[int, int] = {}
    fresh: list[Fresh] = []
    results: list[Result] = []
    others: dict[int, weakref.ref[Array]] = {}
    for _, array in found:
        storage = array._storage
        if id(array) in arguments:
            results.append(Result("argument", arguments[id(array)], None, None))
        elif id(storage) in parts:
            results.append(Result("part", parts[id(storage)], array._view, None))
        else:
            number = numbers.setdefault(id(storage), len(fresh))
            if number == len(fresh):
                fresh.append(_value(storage.node, tape))
            others[len(results)] = weakref.ref(array)
            results.append(Result("new", number, array._view, None))
    return structure, results, fresh, others


def _value(node: Node, tape: Tape) -> Fresh:
    slot = tape.slot(node)
    return Fresh(slot, node.shape, node.dtype, node if slot is None else None)


def _look_for_kept(name: str, tape: Tape, fresh: Sequence[Fresh], storages: list[Storage]) -> None:
    """Refuse a function that leaves what it computed, or its arrays, anywhere but in its results.

    Raises:
        CaptureError: it does.
    """
    for storage in storages:
        storage.node = storages[-1].node  # what was written is known
    del storage
    known = {id(value.constant) for value in fresh} | set(tape.constants)
    for last in (False, True):
        kept = [node for node in tape.alive() if id(node) not in known]
        counts = [sys.getrefcount(storage) for storage in storages]
        if not kept and len(set(counts)) == 1:
            return
        what = f"{kept[0].dtype}{list(kept[0].shape)}" if kept else "one of its arguments"
        del kept
        if not last:
            gc.collect()  # a cycle, such as a caught exception with its frames
    raise _kept(name, what)


def _kept(name: str, what: str) -> CaptureError:
    return CaptureError(
        f"{name}() keeps an array beyond its call ({what}, in a global, an attribute or an array "
        "that it was not given): a replay would not renew it; return it, or take what it is "
        "written to as an argument"
    )
