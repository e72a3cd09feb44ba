"""`Node`: an op applied to nodes. The recorded graph is nodes and nothing else.

A node is immutable in meaning: its value never changes. What changes is how the value is held:
while it is pending, as the op and its inputs; once materialized, as a buffer on the device, and
the inputs are let go.
"""

from __future__ import annotations

from typing import Any, Final

from xgpu.graph.device import Device
from xgpu.graph.spec import Spec, spec_of
from xgpu.graph.view import View
from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import DType
from xgpu.plugin.ops import Kind, Op

MAX_DEPTH: Final = 96
"""A node this deep is materialized when it is recorded, so that a loop cannot record
without end and every walk over pending nodes may recurse."""


class Node:
    """One value of the graph.

    ``attrs`` is what the op needs besides its inputs: the axes of a reduction, the `View` of a
    view, the region of an assignment, the value of a constant. An elementwise op of an array and
    a Python scalar has the pair (scalar, whether it comes first) there and the array as its one
    input; the scalar's dtype is the array's.

    `pending` makes one. The class has no ``__init__``, with which an empty one would cost half as
    much again: recording fills it in where it is made.
    """

    op: Op
    inputs: tuple[Node, ...]
    shape: tuple[int, ...]
    spec: Spec
    attrs: Any
    buffer: Any
    depth: int
    line: str

    __slots__ = (
        "__weakref__",
        "attrs",
        "buffer",
        "depth",
        "inputs",
        "line",
        "op",
        "shape",
        "spec",
    )

    @property
    def dtype(self) -> DType:
        """The dtype of the elements."""
        return self.spec.dtype

    @property
    def device(self) -> Device:
        """Where the value is, or will be."""
        return self.spec.device

    def as_leaf(self, shape: tuple[int, ...], dtype: DType, device: Device) -> None:
        """What a subclass's ``__init__`` begins with: it is not computed."""
        self.op = ops.LEAF
        self.inputs = ()
        self.shape = shape
        self.spec = spec_of(dtype, device)
        self.attrs = self.buffer = None
        self.depth = 0

    def __repr__(self) -> str:
        state = "pending" if self.buffer is None else "materialized"
        return f"<{state} {self.op.name} {self.dtype}{list(self.shape)} on {self.device}>"


class Shared(Node):
    """A leaf whose memory others than xgpu may write to, at any time.

    So its value may change, unlike another node's. Nothing that is pending reads it: it is as deep
    as a node may be, and what is recorded on it is materialized by the call. It is held by the one
    storage that shows the memory, and by no copy; a write there is done at once, in place.

    ``loans`` refer weakly to what the others hold; once all are gone, the node is like any other
    (`xgpu.runtime.shared`). ``lasting`` says that nobody will tell. ``keeps`` is held with it.
    """

    loans: list[Any]
    lasting: bool
    readonly: bool
    keeps: Any

    __slots__ = ("keeps", "lasting", "loans", "readonly")

    def __init__(
        self,
        buffer: Any,
        shape: tuple[int, ...],
        dtype: DType,
        device: Device,
        lasting: bool,
        readonly: bool,
    ) -> None:
        self.as_leaf(shape, dtype, device)
        self.buffer = buffer
        self.depth = MAX_DEPTH
        self.loans = []
        self.lasting = lasting
        self.readonly = readonly
        self.keeps = None


def pending(
    op: Op,
    inputs: tuple[Node, ...],
    shape: tuple[int, ...],
    dtype: DType,
    device: Device,
    attrs: Any = None,
    depth: int = 0,
) -> Node:
    """A node whose value is yet to be computed."""
    # ``line``, the user's line, is set by the trace alone.
    node = Node()
    node.op = op
    node.inputs = inputs
    node.shape = shape
    node.spec = device.specs.get(dtype) or spec_of(dtype, device)
    node.attrs = attrs
    node.buffer = None
    node.depth = depth
    return node


def nowhere(*inputs: Node, buffer: Any = None) -> Node:
    """A node of no device, for who counts what refers to nodes."""
    node = Node()
    node.op = ops.EXP if buffer is None else ops.LEAF
    node.inputs = inputs
    node.shape = (1,)
    node.spec = Spec(dtypes.float32, None)  # type: ignore[arg-type]
    node.attrs = None
    node.buffer = buffer
    node.depth = 0
    return node


def leaf(buffer: Any, shape: tuple[int, ...], dtype: DType, device: Device) -> Node:
    """A node whose buffer exists."""
    node = pending(ops.LEAF, (), shape, dtype, device)
    node.buffer = buffer
    return node


def constant(value: Any, dtype: DType, device: Device) -> Node:
    """A 0-d node with a host scalar, passed to kernels by value."""
    return pending(ops.CONSTANT, (), (), dtype, device, value)


def filled(shape: tuple[int, ...], value: Any, dtype: DType, device: Device) -> Node:
    """A host scalar at each place of ``shape``, without memory."""
    node = constant(value, dtype, device)
    return viewed(node, View(shape, (0,) * len(shape), 0)) if shape else node


def viewed(node: Node, view: View) -> Node:
    """``node`` through ``view``."""
    made = Node()
    made.op = ops.VIEW
    made.inputs = (node,)
    made.shape = view.shape
    made.spec = node.spec
    made.attrs = view
    made.buffer = None
    made.depth = node.depth + 1
    return made


def coordinate(shape: tuple[int, ...], axis: int, device: Device) -> Node:
    """The coordinate along ``axis`` at each place of ``shape``, an int64."""
    return pending(ops.INDEX, (), shape, dtypes.int64, device, axis)


def assigned(target: Node, value: Node, region: View) -> Node:
    """``target`` with ``value`` (of the region's shape) in ``region``."""
    depth = max(target.depth, value.depth) + 1
    return pending(
        ops.ASSIGN, (target, value), target.shape, target.dtype, target.device, region, depth
    )


def settle(node: Node, buffer: Any) -> None:
    """Let ``node`` have its value in ``buffer``, and let go of its inputs."""
    node.buffer = buffer
    node.inputs = ()
    node.depth = 0
    # Scalars stay: a program under construction may have taken one before this node was cut.
    if node.op is ops.CONSTANT:
        # Read from the buffer from now on, so it broadcasts as any other 0-d node.
        node.op = ops.LEAF
    elif node.op is not ops.VIEW and node.op.kind is not Kind.ELEMENTWISE:
        node.attrs = None
