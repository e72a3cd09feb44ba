"""Matchers: recognising a structure that is met again and again by a function written for it.

`recall` numbers the pending nodes and looks their structure up, whatever it is. Where the same
one is met again, that is most of the host's time per call. So a function is written, as Python
text, that asks of each node just whether it is what it was the last time, without a loop, a list or
a dictionary: about a fifth of the work. With it is kept what launches its kernel over one size, for
which the backend may have worked out all that does not change (`xgpu.plugin.Launchers`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from xgpu.graph.device import Device
from xgpu.graph.faults import explain, launched
from xgpu.graph.node import Node
from xgpu.graph.view import Shape
from xgpu.plugin.errors import KernelError
from xgpu.plugin.launchers import Launcher, Launchers
from xgpu.runtime import donation, recall, series
from xgpu.runtime.collapse import LIMIT as LARGEST
from xgpu.runtime.matcher import Match, write
from xgpu.runtime.recall import Plan, Walk
from xgpu.runtime.series import Series

HITS: Final = 8
"""How often a structure is looked up before a matcher is written, which takes a millisecond."""

MOST: Final = 8
"""Matchers for roots of one op, depth and shape; and for those of any shape."""

LIMIT: Final = 2048
"""Ops, depths and shapes of roots for which a device has matchers, before it starts over."""

CALLERS: Final = 4
"""The nearest frame that may be the user's, from `launch` over `materialize` outwards."""


class Entry:
    """A structure that is recognised, and how it is launched for a root of one shape."""

    __slots__ = ("kernel", "launcher", "launchers", "match", "plan", "seen")

    def __init__(
        self,
        plan: Plan | Series,
        launcher: Launcher | None = None,
        launchers: Sequence[Launcher | None] = (),
    ) -> None:
        self.plan: Plan | Series = plan
        self.match: Match = plan.match
        self.kernel: Any = plan.kernel if isinstance(plan, Plan) else None
        #: Takes the operands and gives the root's buffer; None: see `recall.queue`.
        self.launcher: Launcher | None = launcher
        #: The same for each step of a series.
        self.launchers: Sequence[Launcher | None] = launchers
        #: Of an entry for roots of any shape: which were met once.
        self.seen: set[Shape] = set()


def launch(root: Node) -> bool:
    """Launch the kernel of ``root``, which gets its buffer, if a matcher knows its structure."""
    device = root.spec.device
    entries = device.matchers.get((root.op, root.depth, root.shape))
    if entries is not None:
        for entry in entries:
            values = entry.match(root)
            if values is not None:
                launcher = entry.launcher
                if launcher is None:
                    _queue(root, entry, values)
                    return True
                launched(device.recent, entry.kernel, CALLERS)
                try:
                    root.buffer = launcher(values)
                except KernelError as error:
                    explain(error, device.recent, device)
                    raise
                root.inputs = ()
                root.depth = 0
                return True
    return _of_any_shape(root, device)


def _of_any_shape(root: Node, device: Device) -> bool:
    """`launch` of a root of a shape that its matcher has not met, or once."""
    shape = root.shape
    for entry in device.matchers.get((root.op, root.depth), ()):
        values = entry.match(root)
        if values is not None and 0 < math.prod(shape) <= LARGEST:
            if shape in entry.seen:
                _enter(device, root, entry.plan)
            else:
                if len(entry.seen) >= LIMIT:
                    entry.seen.clear()
                entry.seen.add(shape)
            _queue(root, entry, values)
            return True
    return False


def _queue(root: Node, entry: Entry, values: Any) -> None:
    plan = entry.plan
    if isinstance(plan, Series):
        series.run(root, plan, entry.launchers, values)
        return
    inputs = [
        (value, offset, strides)
        for value, (_, offset, strides) in zip(values, plan.inputs)  # noqa: B905
    ]
    recall.queue(root, plan.kernel, plan.space(root), inputs, plan.outputs, 0)


def remember(device: Device, found: Walk, plan: Plan | Series) -> None:
    """Write the matcher of a plan, if it has none, and have it asked for roots like this one."""
    if plan.match is None:
        plan.match = write(found, plan)
        if found.flat:
            root = found.nodes[0]
            _put(device, (root.op, root.depth), Entry(plan))
    _enter(device, found.nodes[0], plan)


def _enter(device: Device, root: Node, plan: Plan | Series) -> None:
    """Have a matcher asked for roots of this shape too."""
    # Who has had to make room for others may come back.
    entries = device.matchers.get((plan, root.shape))
    if entries is None:
        entries = [_prepared(device, root, plan)]
        _put(device, (plan, root.shape), entries[0])
    _put(device, (root.op, root.depth, root.shape), entries[0])


def _prepared(device: Device, root: Node, plan: Plan | Series) -> Entry:
    """The entry for roots of this shape."""
    if isinstance(plan, Plan):
        places = [(offset, strides) for _, offset, strides in plan.inputs]
        return Entry(plan, _launcher(device, plan.kernel, plan.space(root), places, plan.outputs))
    launchers: list[Launcher | None] = []
    for step in plan.steps:
        launchers.append(None)
        if len(step.outputs) == 1:
            shape = (math.prod(root.shape),) if step.shape is None else step.shape
            places = [(source.offset, source.strides) for source in step.sources]
            launchers[-1] = _launcher(device, step.kernel, shape, places, step.outputs)
    return Entry(plan, None, launchers)


def _launcher(
    device: Device, kernel: Any, space: Shape, places: Sequence[Any], outputs: Sequence[Any]
) -> Launcher | None:
    """What launches a kernel over one size, None where donation is looked at each time."""
    if math.prod(space) >= donation.LEAST:
        return None
    makes: Launchers | None = getattr(device.backend, "launchers", None)
    launcher = (
        None if makes is None else makes.launcher(device.index, kernel, space, places, outputs)
    )
    return launcher or _plain(device, kernel, space, places, outputs)


def _plain(
    device: Device, kernel: Any, space: Shape, places: Sequence[Any], outputs: Sequence[Any]
) -> Launcher:
    """The launcher of a backend that has none for it."""
    backend, index = device.backend, device.index

    def launcher(values: Sequence[Any]) -> Any:
        inputs = [(value, *place) for value, place in zip(values, places)]  # noqa: B905
        return backend.launch(index, kernel, space, inputs, outputs)[0]

    return launcher


def _put(device: Device, key: tuple[Any, ...], entry: Entry) -> None:
    if len(device.matchers) >= LIMIT:
        device.matchers.clear()
    entries = [e for e in device.matchers.get(key, ()) if e.plan is not entry.plan]
    # In place of the list that somebody may be going through.
    device.matchers[key] = [entry, *entries[: MOST - 1]]
