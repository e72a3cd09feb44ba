"""Writing matchers: Python functions that tell whether a root is of one structure.

One takes the nodes out of each other, a line to each, and compares all that they have to be at
once. What follows from that is not asked: an op and the dtypes of its operands give its dtype, the
shapes of the leaves give all shapes, and a node that has its buffer by now, or other inputs than
were expected, does not unpack.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

from xgpu.graph.lines import PACKAGE
from xgpu.graph.node import Node, nowhere
from xgpu.plugin import ops
from xgpu.plugin.ops import Kind
from xgpu.runtime.recall import Plan, Walk, equal_scalars
from xgpu.runtime.series import Series, Step

Match = Callable[[Node], Any]
"""The operands of the program for a root, in its order; of a series, what `series.run` takes. None
for another structure, or if other nodes on the way to the root are held: none, or a series' own."""

_FILE: Final = f"{PACKAGE}/<matcher>"
"""Where a matcher is said to be, so that its frame is not taken for the user's."""


def write(found: Walk, plan: Plan | Series) -> Match:
    """The matcher for the structure of ``found``, with the operands of ``plan``.

    Its roots are known to have the op, depth and, unless the structure is flat, the shape of this
    one. The dtype of what scalars stand beside is their node's, so a scalar has the type it had.
    """
    writer = _Writer(found)
    for node in found.nodes:
        writer.node(node)
    writer.compare()
    writer.scalars()
    if isinstance(plan, Series):
        writer.references(plan.held)
        text = writer.text(f"[{', '.join(map(writer.step, reversed(plan.steps)))}]")
    else:
        writer.references(frozenset())
        text = writer.text(f"({' '.join(writer.leaf(leaf) + ',' for leaf, _, _ in plan.inputs)})")
    scope: dict[str, Any] = writer.known
    exec(compile(text, _FILE, "exec"), scope)
    made: Match = scope["match"]
    return made


class _Writer:
    """The text of one matcher, and the values that it compares with."""

    def __init__(self, found: Walk) -> None:
        self.found = found
        self.lines: list[str] = ["  shape = n0.shape"] if found.flat else []
        self.known: dict[str, Any] = {"count": sys.getrefcount}
        self.names: dict[Node, str] = {node: f"n{i}" for i, node in enumerate(found.nodes)}
        #: The expression for the operand that a leaf is; one node may have a buffer or a scalar.
        self.values: dict[Node, str] = {}
        self.leaves: dict[Node, str] = {}
        self.seen: set[Node] = {found.nodes[0]}
        #: References to pending nodes, by pending nodes.
        self.inside: dict[Node, int] = dict.fromkeys(found.nodes, 0)
        self.further: set[str] = set()  # variables of what has a name already
        self.compared: list[str] = []  # what has to be equal to ``self.wanted``
        self.wanted: list[Any] = []

    def unless(self, condition: str) -> None:
        """What makes it another structure."""
        self.lines.append(f"  if {condition}: return")

    def equal(self, text: str, wanted: Any) -> None:
        """What is what it was, or it is another structure."""
        self.compared.append(text)
        self.wanted.append(wanted)

    def node(self, node: Node) -> None:
        """A pending node."""
        name, op = self.names[node], node.op
        self.equal(f"{name}.op", op)
        if op is ops.CAST:
            self.equal(f"{name}.spec.dtype", node.dtype)
        if op.kind is Kind.ELEMENTWISE:
            if node.attrs is not None:
                value, first = (f"{letter}{name[1:]}" for letter in "vf")
                self.lines.append(f"  {value}, {first} = {name}.attrs")
                self.equal(first, node.attrs[1])
                self.values[node] = value
        else:
            self.equal(f"{name}.attrs", node.attrs)
            if op is ops.INDEX:
                # It has no inputs; its axis is gone once it has its buffer.
                self.equal(f"{name}.shape", node.shape)
                return
        taken: list[str] = []
        again: list[tuple[str, str]] = []
        fresh: list[Node] = []
        for source in node.inputs:
            if source in self.inside:
                self.inside[source] += 1
            if source in self.seen:
                variable = f"s{len(again)}"
                again.append((variable, self.names.get(source) or self.leaves[source]))
                self.further.add(variable)
                taken.append(variable)
            else:
                self.seen.add(source)
                fresh.append(source)
                taken.append(self.names.get(source) or self._leaf(source))
        self.lines.append(f"  {', '.join(taken)}, = {name}.inputs")
        for variable, known in again:
            self.unless(f"{variable} is not {known}")
        for source in fresh:
            if source not in self.names:
                self._read(source)

    def _leaf(self, source: Node) -> str:
        return self.leaves.setdefault(source, f"x{len(self.leaves)}")

    def _read(self, leaf: Node) -> None:
        """A leaf is of the same kind, dtype and shape."""
        name = self.leaves[leaf]
        if leaf.buffer is None:
            # Once it has a buffer it is another op.
            self.equal(f"{name}.op", ops.CONSTANT)
            self.equal(f"{name}.spec.dtype", leaf.dtype)
            self.values[leaf] = f"{name}.attrs"
            return
        buffer = self.values[leaf] = f"b{name[1:]}"
        self.lines.append(f"  {buffer} = {name}.buffer")
        self.equal(f"{name}.spec.dtype", leaf.dtype)
        if self.found.flat:
            self.unless(f"{buffer} is None or {name}.shape != shape")
        else:
            self.unless(f"{buffer} is None")
            self.equal(f"{name}.shape", leaf.shape)

    def compare(self) -> None:
        """All at once."""
        self.known["wanted"] = tuple(self.wanted)
        self.unless(f"({', '.join(self.compared)},) != wanted")

    def scalars(self) -> None:
        """Scalars that were equal are, if lowering may have loaded them once."""
        if self.found.flat:
            return
        taking = [x for x in self.found.leaves if x.buffer is None and x.op is not ops.CONSTANT]
        firsts: dict[int, str] = {}
        for node, number in zip(taking, equal_scalars(self.found.leaves), strict=True):
            value = self.values[node]
            first = firsts.setdefault(number, value)
            if first is not value:
                self.unless(f"{value} is not {first} and repr({value}) != repr({first})")

    def references(self, held: frozenset[int]) -> None:
        """Somebody else holds these nodes on the way to the root, and no others."""
        if self.further:
            self.lines.append(f"  del {', '.join(sorted(self.further))}")
        counts: list[str] = []
        total = 0
        for number, node in enumerate(self.found.nodes[1:], 1):
            count, own = f"count({self.names[node]})", self.inside[node] + OWN
            if number in held:
                self.unless(f"{count} == {own}")
            else:
                counts.append(count)
                total += own
        if counts:
            self.unless(f"{' + '.join(counts)} != {total}")

    def leaf(self, number: int | None) -> str:
        """The operand that a leaf is; None for one that has no memory."""
        return "None" if number is None else self.values[self.found.leaves[number]]

    def step(self, step: Step) -> str:
        """The nodes that a step of a series writes, and its operands."""
        nodes = "".join(f"n{number}, " for number in step.nodes)
        operands = [f"n{s.node}" if s.node is not None else self.leaf(s.leaf) for s in step.sources]
        return f"({nodes}), [{', '.join(operands)}]"

    def text(self, found: str) -> str:
        """The function."""
        # Other inputs than were expected, or none, do not unpack; nor does what is no scalar.
        return "\n".join(
            [
                "def match(n0):",
                " try:",
                *self.lines,
                f"  return {found}",
                " except (TypeError, ValueError): return",
            ]
        )


def _calibrate() -> int:
    # How many references a matcher makes itself differs between Python versions.
    scope: dict[str, Any] = {"count": sys.getrefcount}
    exec("def match(n0):\n n1, = n0.inputs\n return count(n1)", scope)
    own: int = scope["match"](nowhere(nowhere())) - 1
    return own


OWN: Final = _calibrate()
"""The references to a node that a matcher makes itself."""
