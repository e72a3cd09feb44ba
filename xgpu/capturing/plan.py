"""`Plan`: what a captured function is after its first call, and how it is replayed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from xgpu.array import Array, read, seen, write
from xgpu.attributes import Storage
from xgpu.capturing.nested import ARRAY, Structure, difference, rebuilt, taken_apart
from xgpu.capturing.run import Fresh, Result, Run, Wanted, run
from xgpu.graph.device import Device
from xgpu.graph.faults import launched
from xgpu.graph.node import MAX_DEPTH, Node, leaf
from xgpu.graph.view import Shape, whole
from xgpu.plugin.dtypes import DType
from xgpu.plugin.errors import CaptureError, DeviceMismatchError
from xgpu.runtime.held import is_held
from xgpu.runtime.materialize import lock, materialize
from xgpu.runtime.replay import Replay
from xgpu.runtime.shared import is_shared, settled

_new: Final = object.__new__
_KINDS: Final = ("argument", "argument by name")


class Plan:
    """All that is known after the first call."""

    def __init__(
        self, name: str, device: Device, given: Structure, wanted: list[Wanted], run: Run
    ) -> None:
        self.name = name
        self.device = device
        self._given = given
        self._wanted = wanted
        #: Whether all arguments are arrays, by position.
        self._plain = given.parts[1] == Structure("dict", dict) and all(
            part is ARRAY for part in given.parts[0].parts
        )
        self._several = len({want.slot for want in wanted})
        self._structure = run.structure
        self._results = run.results
        self._storages = run.storages
        self._effects = run.effects
        slots = {f.slot for f in (*run.storages, *(fresh for _, fresh in run.effects))}
        self.replay: Replay = Replay(run.tape, {slot for slot in slots if slot is not None})
        self._blank: list[Any] = [None] * self.replay.count
        whole_ones = all(want.view is None and want.slot == i for i, want in enumerate(wanted))
        fresh = [(f.slot, f.shape, f.dtype) for f in run.storages if f.slot is not None]
        alone = [(r.kind, r.number, r.view) for r in run.results] == [
            ("new", number, None) for number in range(len(fresh))
        ]
        apart = len({slot for slot, _, _ in fresh}) == len(run.storages)
        inputs = range(len(wanted))
        #: What `quickly` wants, if nothing but fresh arrays comes of whole ones; else None.
        self._quick: list[tuple[Shape, DType]] | None = None
        self._fresh = fresh
        if (
            whole_ones
            and alone
            and apart
            and not run.effects
            and not any(slot in inputs for slot, _, _ in fresh)
        ):
            self._quick = [(want.shape, want.dtype) for want in wanted]

    def arrays(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """The arrays among the arguments of a call.

        Raises:
            ValueError: the arguments are not those of the first call.
        """
        if self._plain and not kwargs and len(args) == len(self._wanted):
            return args  # `called` looks at their types
        found: list[tuple[str, Array]] = []
        given = taken_apart((args, kwargs), "", found)
        if given.parts[0].keys != self._given.parts[0].keys:
            raise ValueError(
                f"captured {self.name}() got {len(args)} arguments by position, "
                f"not {len(self._given.parts[0].keys)} as in its first call"
            )
        for one, two, kind in zip(given.parts, self._given.parts, _KINDS, strict=True):
            differs = difference(one, two, kind)
            if differs is not None:
                raise ValueError(
                    f"captured {self.name}() got {differs}: all calls are like the first; "
                    "capture the function again for other arguments"
                )
        return tuple(array for _, array in found)

    def quickly(self, arrays: tuple[Any, ...]) -> Any:
        """`called` of the common kind of function, with arguments that are as they should be."""
        slots = self._buffers(arrays)
        if slots is None:
            return self.called(arrays, None)
        device = self.device
        self._run(slots, 3)
        results = []
        for slot, shape, dtype in self._fresh:
            array = _new(Array)
            array._node = leaf(slots[slot], shape, dtype, device)
            array._view = None
            results.append(array)
        if self._structure is ARRAY:
            return results[0]
        return rebuilt(self._structure, iter(results))

    def quickly_into(self, out: Any, arrays: tuple[Any, ...]) -> Any:
        """The same with the one result in ``out``, if that is a whole array that fits."""
        slots = self._buffers(arrays)
        if slots is None or self._structure is not ARRAY or not self._fits(out):
            return self.called(arrays, out)
        slot, shape, dtype = self._fresh[0]
        node = out._node or out._cell.node
        buffer = node.buffer
        if (
            buffer is not None
            and slot in self.replay.fresh
            and not is_held(node, 1)
            and all(buffer is not other for other in slots)
        ):
            slots[slot] = buffer
        self._run(slots, 3)
        made = leaf(slots[slot], shape, dtype, self.device)
        if out._node is not None:
            out._node = made
        else:
            out._cell.node = made
        return out

    def _fits(self, out: Any) -> bool:
        """Whether ``out`` may simply be given the value of the one result."""
        if type(out) is not Array or out._view is not None:
            return False
        if out._node is None and type(out._cell) is not Storage:
            return False
        node = out._node or out._cell.node
        _, shape, dtype = self._fresh[0]
        return (
            node.shape == shape
            and node.dtype is dtype
            and node.device is self.device
            and node.depth < MAX_DEPTH
        )

    def _buffers(self, arrays: tuple[Any, ...]) -> list[Any] | None:
        """The slots with those of ``arrays``; None if `called` has to look at them."""
        if self._quick is None:
            return None
        device = self.device
        slots: list[Any] = []
        for array, (shape, dtype) in zip(arrays, self._quick):  # noqa: B905  they are as many
            if type(array) is not Array or array._view is not None:
                return None
            node = array._node or array._cell.node
            buffer = node.buffer
            if (
                buffer is None
                or node.shape != shape
                or node.dtype is not dtype
                or node.device is not device
            ):
                return None
            slots.append(buffer)
        return slots + self._blank[len(slots) :]

    def _run(self, slots: list[Any], inside: int) -> None:
        """Replay, for the user's line so many callers up."""
        device = self.device
        frame = sys._getframe(inside)
        device.recent.append((self.name, frame.f_code, frame.f_lasti))
        with lock:
            self.replay.run(slots)

    def called(self, arrays: tuple[Any, ...], out: Any) -> Any:
        """One call."""
        device = self.device
        slots = self._blank.copy()
        with lock:
            for number, (array, (shape, dtype, view, first, slot)) in enumerate(
                zip(arrays, self._wanted)  # noqa: B905  they are as many
            ):
                if type(array) is not Array:
                    self._refuse(number, arrays)
                storage = array._storage
                node = storage.node
                if (
                    node.shape != shape
                    or node.dtype is not dtype
                    or node.device is not device
                    or array._view != view
                    or (first != number and arrays[first]._storage is not storage)
                ):
                    self._refuse(number, arrays)
                if node.buffer is None:
                    materialize([node], "given to a captured function")
                slots[slot] = node.buffer
            if self._effects and len({id(x._storage) for x in arrays}) != self._several:
                raise ValueError(
                    f"captured {self.name}() writes to its arguments, and got two that share "
                    "memory where those of the first call did not: capture it again"
                )
            targets = [] if out is None else self._targets(out, arrays, slots)
            launched(device.recent, self.name, 3)
            self.replay.run(slots)
            return self._finished(arrays, slots, targets, out)

    def _finished(
        self, arrays: tuple[Any, ...], slots: list[Any], targets: list[Array], out: Any
    ) -> Any:
        """The results; and what the function writes to is written."""
        device = self.device
        made: dict[int, Node] = {
            want.slot: array._storage.node
            for want, array in zip(self._wanted, arrays)  # noqa: B905  known to be as many
        }

        def value(fresh: Fresh) -> Node:
            slot, shape, dtype, constant = fresh
            node = constant if slot is None else made.get(slot)
            if node is None:
                assert slot is not None
                node = made[slot] = leaf(slots[slot], shape, dtype, device)
            return settled(node) if node.depth >= MAX_DEPTH else node

        storages = [Storage(value(fresh)) for fresh in self._storages]
        written = [(arrays[number], value(fresh)) for number, fresh in self._effects]
        for array, node in written:
            storage = array._storage
            if is_shared(storage.node):
                write(array, whole(node.shape), node)
            else:
                storage.node = node
        results: list[Any] = []
        for kind, number, view, array in self._results:
            if kind == "argument":
                array = arrays[number]
            elif kind != "constant":
                array = _new(Array)
                array._storage = storages[number] if kind == "new" else arrays[number]._storage
                array._view = view
            results.append(array)
        if out is not None:
            del made, storages
            for target, array in zip(targets, results, strict=True):
                write(target, seen(target), read(array))
            return out
        if self._structure is ARRAY:
            return results[0]
        return rebuilt(self._structure, iter(results))

    def _targets(self, out: Any, arrays: tuple[Any, ...], slots: list[Any]) -> list[Array]:
        """The arrays that the results go to; ``slots`` gets the buffers that may be written to."""
        found: list[tuple[str, Array]] = []
        differs = difference(taken_apart(out, "out", found), self._structure, "out")
        if differs is not None:
            raise ValueError(f"captured {self.name}().into() got {differs}")
        targets = [target for _, target in found]
        for (where, target), result in zip(found, self._results, strict=True):
            shape, dtype = self._described(result, arrays)
            if (target.shape, target.dtype, target.device) != (shape, dtype, self.device):
                raise ValueError(
                    f"captured {self.name}().into() got {_described(target)} as {where}: the "
                    f"result is {dtype}{list(shape)} on {self.device}"
                )
            if result.kind != "new" or result.view is not None or target._view is not None:
                continue
            slot = self._storages[result.number].slot
            node = target._storage.node
            if (
                slot in self.replay.fresh
                and node.buffer is not None
                and not is_held(node, 1)
                and not any(node.buffer is buffer for buffer in slots)
            ):
                slots[slot] = node.buffer
        return targets

    def _described(self, result: Result, arrays: tuple[Any, ...]) -> tuple[Shape, DType]:
        if result.kind == "new":
            fresh = self._storages[result.number]
            return (fresh.shape if result.view is None else result.view.shape), fresh.dtype
        array: Array = arrays[result.number] if result.constant is None else result.constant
        return (array.shape if result.view is None else result.view.shape), array.dtype

    def _refuse(self, number: int, arrays: tuple[Any, ...]) -> None:
        """Say what is wrong with an argument."""
        array, (shape, dtype, view, first, _) = arrays[number], self._wanted[number]
        start = f"captured {self.name}() got"
        if not isinstance(array, Array):
            other = ": convert it with xgpu.asarray" if isinstance(array, np.ndarray) else ""
            raise TypeError(f"{start} {type(array).__name__} as argument {number}{other}")
        wanted = f"{dtype}{list(shape if view is None else view.shape)} on {self.device}"
        given = _described(array)
        if array.device is not self.device:
            raise DeviceMismatchError(
                f"{start} an array on {array.device} as array {number}: the first call had "
                f"{wanted}; move it with xgpu.to_device, or capture the function again"
            )
        if given != wanted:
            why = "the first call had " + wanted
        elif array._view != view:
            why = "it is laid out otherwise than that of the first call: take a copy of it"
        else:
            why = f"it was the same array as number {first} in the first call"
        raise ValueError(f"{start} {given} as array {number}, but {why}; or capture it again")


def _described(array: Array) -> str:
    return f"{array.dtype}{list(array.shape)} on {array.device}"


def recorded(
    fn: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Plan:
    """Run ``fn`` on arrays of its own until two runs are the same, three times at most."""
    found: list[tuple[str, Array]] = []
    given = taken_apart((args, kwargs), "argument", found)
    arrays = [array for _, array in found]
    if not arrays:
        raise TypeError(f"captured {name}() needs an array among its arguments: got none")
    device = arrays[0].device
    for where, array in found:
        if array.device is not device:
            raise DeviceMismatchError(
                f"captured {name}() works on one device: {where} is on {array.device}, "
                f"others on {device}"
            )
    firsts: dict[int, int] = {}
    wanted: list[Wanted] = []
    for number, array in enumerate(arrays):
        first = firsts.setdefault(id(array._storage), number)
        slot = len(firsts) - 1 if first == number else wanted[first].slot
        node = array._storage.node
        wanted.append(Wanted(node.shape, node.dtype, array._view, first, slot))
    materialize([array._storage.node for array in arrays], "given to a captured function")
    before = run(fn, name, device, given, wanted, arrays, True)
    last = run(fn, name, device, given, wanted, arrays, False)
    differs = before.differs(last)
    if differs is not None:
        # The first run computes what was pending outside of the function.
        before, last = last, run(fn, name, device, given, wanted, arrays, False)
        differs = before.differs(last)
    if differs is not None:
        raise CaptureError(
            f"{name}() does something else each time it is called, so it cannot be captured: "
            f"two runs on the same arrays had {differs}"
        )
    return Plan(name, device, given, wanted, last)
