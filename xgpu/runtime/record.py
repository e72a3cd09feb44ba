"""Recording: an op and its operands -> a pending node, checked at the call.

All that can be wrong with a call but memory and the device itself is found here: dtypes,
shapes, devices, scalars.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from xgpu.graph import infer, rewrites
from xgpu.graph.device import Device
from xgpu.graph.folding import folding
from xgpu.graph.node import MAX_DEPTH, Node, constant, filled, pending, viewed
from xgpu.graph.shapes import broadcast_shapes
from xgpu.graph.spec import NUMBERS, spec_of
from xgpu.graph.view import Shape, View, broadcast, permute, whole
from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import NARROW, DType, kind_of
from xgpu.plugin.ops import Kind, Op
from xgpu.plugin.program import Result
from xgpu.plugin.promotion import BOUNDS, Scalar, fit
from xgpu.runtime import blocks, lacking, modes, tape, trace
from xgpu.runtime.materialize import materialize, run
from xgpu.runtime.mixed import together
from xgpu.runtime.shared import READ_AT_ONCE, reads_shared

POW, DIVIDE, WHERE = ops.POW, ops.DIVIDE, ops.WHERE

WHOLE: Final = 1 << 53
"""Up to here every int is a float."""

_COMPARISONS: Final[dict[Op, Callable[[Any, Any], bool]]] = {
    ops.EQUAL: operator.eq,
    ops.NOT_EQUAL: operator.ne,
    ops.LESS: operator.lt,
    ops.LESS_EQUAL: operator.le,
    ops.GREATER: operator.gt,
    ops.GREATER_EQUAL: operator.ge,
}

_MIRRORED: Final = {
    ops.LESS: ops.GREATER,
    ops.LESS_EQUAL: ops.GREATER_EQUAL,
    ops.GREATER: ops.LESS,
    ops.GREATER_EQUAL: ops.LESS_EQUAL,
}
"""What says the same with the operands the other way round."""


# The common cases of `unary`, `binary` and `with_scalar` are most of what is recorded: what they
# give is known (`Spec`), and nodes are made there without a further call.


def unary(op: Op, x: Node) -> Node:
    """``op`` of one operand."""
    given = x.spec.gives[NUMBERS[op]]
    if given is None:
        taken, dtype = infer.unary(op, x.dtype)
        if x.spec.dtype is taken:
            _learn(op, x, dtype)
        else:
            x = cast(x, taken)
        return _node(op, (x,), x.shape, dtype, x.spec.device, None, x.depth + 1)
    node = Node()
    node.op = op
    node.inputs = (x,)
    node.shape = x.shape
    node.spec = given
    node.attrs = node.buffer = None
    node.depth = depth = x.depth + 1
    if depth >= modes.limit:
        finished(node)
    return node


def binary(op: Op, a: Node, b: Node) -> Node:
    """``op`` of two operands, promoted and broadcast."""
    spec, shape = a.spec, a.shape
    given = spec.gives[NUMBERS[op]]
    if given is None or b.spec is not spec:
        return _promoted(op, a, b)
    if b.shape is not shape and b.shape != shape:
        shape = broadcast_shapes(shape, b.shape)
    node = Node()
    node.op = op
    node.inputs = (a, b)
    node.shape = shape
    node.spec = given
    node.attrs = node.buffer = None
    depth = a.depth
    if b.depth > depth:
        depth = b.depth
    node.depth = depth = depth + 1
    if depth >= modes.limit:
        finished(node)
    return node


def _promoted(op: Op, a: Node, b: Node) -> Node:
    """`binary` of any operands."""
    if b.spec.device is not a.spec.device:
        a, b = together([a, b], f"{op.name}()")
    left, right = a.spec, b.spec
    taken, given = infer.binary(op, left.dtype, right.dtype)
    if left.dtype is not taken:
        if taken is dtypes.float64 and op in _COMPARISONS and _signs_differ(a, b):
            return _compared(op, a, b)
        a = cast(a, taken)
    elif right.dtype is taken:
        _learn(op, a, given)
    if right.dtype is not taken:
        b = cast(b, taken)
    shape = a.shape
    if shape != b.shape:
        shape = broadcast_shapes(shape, b.shape)
    return _node(op, (a, b), shape, given, left.device, None, max(a.depth, b.depth) + 1)


def with_scalar(op: Op, x: Node, value: Scalar, scalar_first: bool) -> Node:
    """``op`` of an operand and a Python scalar, which takes the operand's dtype."""
    given = x.spec.scalars.get((op, type(value)))
    if given is None or (scalar_first and op is DIVIDE):
        return _fitted(op, x, value, scalar_first)
    node = Node()
    node.op = op
    node.inputs = (x,)
    node.shape = x.shape
    node.spec = given
    node.attrs = (value, scalar_first)
    node.buffer = None
    node.depth = depth = x.depth + 1
    if depth >= modes.limit:
        finished(node)
    return node


def _fitted(op: Op, x: Node, value: Scalar, scalar_first: bool) -> Node:
    """`with_scalar` of any operands."""
    if op is POW and not scalar_first:
        simpler = rewrites.power(x.dtype, value)
        if simpler is not None:
            return unary(simpler, x)
    kind: Any = type(value)  # mypy takes classes for unhashable
    dtype = x.spec.dtype
    taken, given, fits = infer.with_scalar(op, dtype, kind)
    # The composite of a reciprocal, where a device has none, is this quotient.
    if op is DIVIDE and scalar_first:
        lacks = ops.RECIPROCAL.name in x.device.unsupported
        simpler = None if lacks else rewrites.quotient(taken, value)
        if dtype is taken and value == 1:
            x.spec.inverse = simpler is not None
            _known(op, x, kind, given, fits)
        if simpler is not None:
            return unary(simpler, cast(x, taken))
    if dtype is not taken:
        x = cast(x, taken)
    elif op is not POW:
        _known(op, x, kind, given, fits)
    if not fits:
        try:
            value = fit(value, taken)
        except OverflowError:
            if kind_of(taken) not in "iu" or op not in _COMPARISONS:
                raise
            # No element is as large: the answer is the same for all, and 0 stands for them.
            pair = (value, 0) if scalar_first else (0, value)
            return filled(x.shape, _COMPARISONS[op](*pair), given, x.device)
    return _node(op, (x,), x.shape, given, x.spec.device, (value, scalar_first), x.depth + 1)


def _learn(op: Op, x: Node, dtype: DType) -> None:
    """Remember what an op gives for operands like ``x``, which it computes with as they are."""
    if op.name not in x.device.unsupported:
        x.spec.gives[NUMBERS[op]] = spec_of(dtype, x.device)


def _known(op: Op, x: Node, kind: Any, dtype: DType, fits: bool) -> None:
    """The same for an operand and a scalar of a type, which are computed in the operand's dtype.

    ``fits``: every such scalar is one of the dtype as it is.
    """
    spec = x.spec
    if op.name in spec.device.unsupported:
        return
    given = spec_of(dtype, spec.device)
    if fits:
        spec.scalars[op, kind] = given
        if kind is float:
            spec.floats[NUMBERS[op]] = given
    elif kind is int:
        holds = kind_of(spec.dtype)
        if holds in "iu":
            spec.integers[op] = (given, int, *BOUNDS[spec.dtype])
        elif holds in "fc":
            spec.integers[op] = (given, float if holds == "f" else complex, -WHOLE, WHOLE)


def _signs_differ(a: Node, b: Node) -> bool:
    return {kind_of(a.dtype), kind_of(b.dtype)} == {"i", "u"}


def _compared(op: Op, a: Node, b: Node) -> Node:
    """uint64 and signed integers, compared as NumPy does: exactly, where float64 would round."""
    if kind_of(a.dtype) == "i":
        op, a, b = _MIRRORED.get(op, op), b, a
    as_unsigned = binary(op, a, cast(b, a.dtype))
    if op in (ops.EQUAL, ops.LESS, ops.LESS_EQUAL):
        return binary(ops.LOGICAL_AND, with_scalar(ops.GREATER_EQUAL, b, 0, False), as_unsigned)
    return binary(ops.LOGICAL_OR, with_scalar(ops.LESS, b, 0, False), as_unsigned)


def where(condition: Node, a: Node, b: Node) -> Node:
    """``a`` where ``condition`` (bool), else ``b``; both promoted, all three broadcast."""
    device, dtype = condition.device, a.dtype
    if a.device is not device or b.device is not device:
        condition, a, b = together([condition, a, b], "where()")
        device = condition.device
    if b.dtype is not dtype:
        dtype, _ = infer.binary(WHERE, a.dtype, b.dtype)
        a, b = cast(a, dtype), cast(b, dtype)
    _learn(WHERE, a, dtype)
    shape = broadcast_shapes(condition.shape, a.shape, b.shape)
    depth = max(condition.depth, a.depth, b.depth) + 1
    return _node(WHERE, (condition, a, b), shape, dtype, device, None, depth)


def elementwise(op: Op, inputs: tuple[Node, ...]) -> Node:
    """``op`` of operands on one device, of the dtype that it computes in; broadcast."""
    first = inputs[0]
    shape = broadcast_shapes(*(x.shape for x in inputs))
    given = infer.result(op, first.dtype)
    depth = max(x.depth for x in inputs) + 1
    return _node(op, inputs, shape, given, first.device, None, depth)


def cast(x: Node, dtype: DType) -> Node:
    """``x`` in another dtype; itself if it has it."""
    if x.spec.dtype is dtype:
        return x
    if x.op is ops.CONSTANT and kind_of(x.dtype) in "biu" and kind_of(dtype) in "fc":
        return constant(fit(x.attrs, dtype), dtype, x.device)
    return _node(ops.CAST, (x,), x.shape, dtype, x.spec.device, None, x.depth + 1)


def reduce(op: Op, x: Node, axes: tuple[int, ...], left: Shape | None = None) -> Node:
    """``op`` over ``axes`` (sorted, not empty), which are gone from the result's shape."""
    if left is None:
        left = folding(x.shape, axes).left
    given = x.spec.gives[NUMBERS[op]]
    if given is None:
        taken, dtype = infer.unary(op, x.dtype)
        if x.spec.dtype is taken:
            _learn(op, x, dtype)
        else:
            x = cast(x, taken)
        return _node(op, (x,), left, dtype, x.spec.device, axes, x.depth + 1)
    node = Node()
    node.op = op
    node.inputs = (x,)
    node.shape = left
    node.spec = given
    node.attrs = axes
    node.buffer = None
    node.depth = depth = x.depth + 1
    if depth >= modes.limit:
        finished(node)
    return node


def own_kernel(op: Op, inputs: list[Node], results: list[Result], **attributes: Any) -> list[Node]:
    """An op that is a kernel of its own, launched now; the caller has promoted the operands.

    Operands and results are not empty: what is, a composite gives without a kernel.
    """
    inputs = together(inputs, f"{op.name}()")
    device = inputs[0].device
    there = op.name in device.backend.kernel_ops
    launch = run if there else partial(lacking.kernel, call=_call, own_kernel=_own_kernel)
    if not op.widens(inputs[0].dtype):
        return launch(op, inputs, results, attributes)
    wide = dtypes.float32
    made = launch(
        op,
        [cast(node, wide) for node in inputs],
        [
            Result(wide, shape) if dtype in NARROW else Result(dtype, shape)
            for dtype, shape in results
        ],
        attributes,
    )
    return [cast(node, dtype) for node, (dtype, _) in zip(made, results, strict=True)]


def along_axis(op: Op, x: Node, axis: int, dtype: DType, **attributes: Any) -> Node:
    """A kernel of its own that runs along the last axis, run along ``axis`` (not negative) of x.

    ``x`` is not empty; the result has its shape and ``dtype``.
    """
    rank = len(x.shape)
    order = (*(i for i in range(rank) if i != axis), axis)
    moved = x if axis == rank - 1 else viewed(x, permute(whole(x.shape), order))
    (result,) = own_kernel(op, [moved], [Result(dtype, moved.shape)], **attributes)
    if moved is x:
        return result
    back = tuple(order.index(i) for i in range(rank))
    return viewed(result, permute(whole(moved.shape), back))


def stretch(value: Node, shape: tuple[int, ...]) -> Node:
    """``value`` broadcast to ``shape``, where extra leading axes of length 1 are dropped.

    Raises:
        ValueError: it does not broadcast to that.
    """
    if value.shape == shape:
        return value
    extra = len(value.shape) - len(shape)
    trimmed = value.shape[extra:] if extra > 0 else value.shape
    fits = all(n == 1 for n in value.shape[: max(extra, 0)])
    try:
        fits = fits and broadcast_shapes(trimmed, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"could not broadcast input array from shape {value.shape} into shape {shape}"
        )
    return viewed(value, broadcast(whole(trimmed), shape))


def matmul(x1: Node, a: View, x2: Node, b: View) -> Node:
    """The matrix product of ``x1`` through ``a`` and ``x2`` through ``b``; launched now.

    Raises:
        ValueError: a 0-d operand, inner lengths that differ, or stacks that do not broadcast.
    """
    if not a.shape or not b.shape:
        raise ValueError("matmul() needs at least one axis on each side: got a 0-d array")
    row, column = len(a.shape) == 1, len(b.shape) == 1
    shapes = f"shapes {a.shape} and {b.shape}"
    if row:
        a = View((1, *a.shape), (0, *a.strides), a.offset)
    if column:
        b = View((*b.shape, 1), (*b.strides, 0), b.offset)
    (m, k), (rows, n) = a.shape[-2:], b.shape[-2:]
    if k != rows:
        raise ValueError(
            f"matmul() got {k} columns on the left, {rows} rows on the right: {shapes}"
        )
    if x1.device is not x2.device:
        x1, x2 = together([x1, x2], "matmul()")
    batch = broadcast_shapes(a.shape[:-2], b.shape[:-2])
    dtype, _ = infer.binary(ops.MATMUL, x1.dtype, x2.dtype)
    shape = (*batch, m, n)
    if 0 in shape or not k:
        # Nothing to multiply: sums of no terms.
        product = filled(shape, fit(0, dtype), dtype, x1.device)
    else:
        left = cast(viewed(x1, broadcast(a, (*batch, m, k))), dtype)
        right = cast(viewed(x2, broadcast(b, (*batch, k, n))), dtype)
        (product,) = own_kernel(ops.MATMUL, [left, right], [Result(dtype, shape)])
    if not row and not column:
        return product
    kept = batch + (() if row else (m,)) + (() if column else (n,))
    return viewed(product, whole(kept))


def finished(node: Node) -> Node:
    """What is done with each recorded node besides keeping it: the limit, eager mode, the trace."""
    if trace.active:
        trace.note_line(node)
    if tape.active and (noted := tape.current()) is not None:
        noted.note(node)
    blocks.note(node)
    if node.depth >= MAX_DEPTH and reads_shared(node):
        materialize([node], READ_AT_ONCE)
    elif node.depth >= MAX_DEPTH or modes.eager_mode.get():
        materialize([node], "recorded to the limit" if node.depth >= MAX_DEPTH else "eager")
    return node


def _node(
    op: Op,
    inputs: tuple[Node, ...],
    shape: tuple[int, ...],
    dtype: DType,
    device: Device,
    attrs: Any,
    depth: int,
) -> Node:
    if device.unsupported and op.name in device.unsupported:
        return lacking.node(op, inputs, shape, dtype, attrs, _call)
    node = pending(op, inputs, shape, dtype, device, attrs, depth)
    if depth >= modes.limit:
        finished(node)
    return node


def _call(name: str, *operands: Any) -> Node:
    """Record the row ``name`` for a composite (`xgpu.graph.composites`)."""
    op = ops.TABLE[name]
    if op is ops.CAST:
        return cast(*operands)
    if op is ops.WHERE:
        return where(*operands)
    if op.kind is Kind.REDUCTION:
        return reduce(op, *operands)
    if op.arity == 1:
        return unary(op, *operands)
    a, b = operands
    if isinstance(a, Node):
        return binary(op, a, b) if isinstance(b, Node) else with_scalar(op, a, b, False)
    return with_scalar(op, b, a, True)


def _own_kernel(
    name: str, inputs: list[Node], results: list[Result], **attributes: Any
) -> list[Node]:
    return own_kernel(ops.TABLE[name], inputs, results, **attributes)
