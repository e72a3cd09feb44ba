"""Matchers: recognising a structure that is met again and again by a function written for it.

`shortcut` numbers the pending nodes and looks their structure up, whatever it is. Where the same
one is met again, that is most of the host's time per call. So a function is written, as Python
text, that asks of each node just whether it is what it was the last time, without a loop, a list or
a dictionary: about a quarter of the work.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from xgpu.graph.device import Device
from xgpu.graph.node import Node
from xgpu.graph.view import Shape
from xgpu.plugin import dtypes, ops
from xgpu.runtime.shortcut import Flat, Plan

HITS: Final = 8
"""How often a structure is looked up before a matcher is written, which takes a millisecond."""

MOST: Final = 4
"""Matchers for roots of one op and depth."""

LIMIT: Final = 512
"""Matchers of a device, before it starts over."""

Match = Callable[[Node], tuple[Any, ...] | None]
"""The operands of the program for a root, in its order; None for another structure, or if somebody
holds a node on the way to the root."""


class Matcher(NamedTuple):
    """A structure that is recognised, and its kernel."""

    match: Match
    kernel: Any


def remember(device: Device, flat: Flat, plan: Plan) -> None:
    """Write the matcher of a plan."""
    root = flat.nodes[0]
    if sum(map(len, device.matchers.values())) >= LIMIT:
        device.matchers.clear()
    matchers = device.matchers.setdefault((root.op, root.depth), [])
    matchers.insert(0, Matcher(write(flat, plan.order), plan.kernel))
    del matchers[MOST:]


def write(flat: Flat, order: Sequence[int]) -> Match:
    """The matcher for the structure of ``flat``; ``order`` is that of the leaves in the program."""
    names: dict[Node, str] = {node: f"n{i}" for i, node in enumerate(flat.nodes)}
    known: dict[str, Any] = {"count": sys.getrefcount, "CONSTANT": ops.CONSTANT}
    leaf_names: dict[Node, str] = {}
    operands: list[str] = []
    for number, leaf in enumerate(flat.leaves):
        if leaf in names:
            operands.append(f"({names[leaf]}.attrs[0], 0, ())")
            continue
        name = leaf_names[leaf] = f"x{number}"
        operands.append(f"({name}.{'attrs' if leaf.buffer is None else 'buffer'}, 0, ())")
    lines = ["def match(n0):", " shape = n0.shape"]
    seen = {flat.nodes[0]}
    inside = 0

    def unless(condition: str) -> None:
        lines.append(f" if {condition}: return None")

    def constant(value: Any) -> str:
        name = f"k{len(known)}"
        known[name] = value
        return name

    def pending(node: Node, name: str) -> None:
        wrong = [f"{name}.op is not {constant(node.op)}"]
        if node.op is ops.CAST:
            wrong.append(f"{name}.dtype is not {constant(node.dtype)}")
        if name != "n0":
            wrong += [f"{name}.buffer is not None", f"{name}.shape != shape"]
        unless(" or ".join(wrong))
        if node.attrs is None:
            unless(f"{name}.attrs is not None")
        else:
            unless(f"{name}.attrs is None or {name}.attrs[1] is not {node.attrs[1]}")

    pending(flat.nodes[0], "n0")
    for node in flat.nodes:
        taken: list[str] = []
        checks: list[tuple[Node, str]] = []
        for source in node.inputs:
            name = names.get(source) or leaf_names[source]
            inside += source in names
            if source in seen:
                same = f"s{len(taken)}"
                taken.append(same)
                checks.append((source, f"{same} is not {name}"))
            else:
                seen.add(source)
                taken.append(name)
                checks.append((source, ""))
        lines.append(f" {', '.join(taken)}, = {names[node]}.inputs")
        for source, other in checks:
            name = names.get(source) or leaf_names[source]
            if other:
                unless(other)
            elif source in names:
                pending(source, name)
            elif source.buffer is None:
                unless(f"{name}.op is not CONSTANT or {name}.buffer is not None")
                unless(f"{name}.dtype is not {constant(source.dtype)}")
            else:
                unless(f"{name}.buffer is None or {name}.dtype is not {constant(source.dtype)}")
                unless(f"{name}.shape != shape")
    below = [names[node] for node in flat.nodes[1:]]
    repeated = {line.split(" is not ")[0].split()[-1] for line in lines if " if s" in line}
    if repeated:
        lines.append(f" del {', '.join(sorted(repeated))}")
    if below:
        total = " + ".join(f"count({name})" for name in below)
        unless(f"{total} != {inside + OWN * len(below)}")
    lines.append(f" return ({' '.join(operands[i] + ',' for i in order)})")
    scope: dict[str, Any] = {**known}
    exec(compile("\n".join(lines), "<xgpu matcher>", "exec"), scope)
    found: Match = scope["match"]
    return found


def _calibrate() -> int:
    # How many references a matcher makes itself differs between Python versions.
    scope: dict[str, Any] = {"count": sys.getrefcount}
    exec("def match(n0):\n n1, = n0.inputs\n return count(n1)", scope)
    here: Shape = (1,)
    inner = Node(ops.EXP, (), here, dtypes.float32, None)  # type: ignore[arg-type]
    root = Node(ops.EXP, (inner,), here, dtypes.float32, None)  # type: ignore[arg-type]
    del inner
    own: int = scope["match"](root) - 1
    return own


OWN: Final = _calibrate()
"""The references to a node that a matcher makes itself."""
