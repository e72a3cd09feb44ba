"""Softmax and layer norm in Triton: a program for each row, which is held in registers."""

# Triton reads the annotations of its kernels, and knows its own alone.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

from typing import Any

import triton
import triton.language as tl

WARPS = 8


@triton.jit
def _softmax(out, x, columns, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64) * columns
    place = tl.arange(0, BLOCK)
    inside = place < columns
    value = tl.load(x + row + place, mask=inside, other=-float("inf")).to(tl.float32)
    power = tl.exp(value - tl.max(value, axis=0))
    result = power / tl.sum(power, axis=0)
    tl.store(out + row + place, result, mask=inside)


@triton.jit
def _layer_norm(out, x, weight, bias, columns, epsilon, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64) * columns
    place = tl.arange(0, BLOCK)
    inside = place < columns
    value = tl.load(x + row + place, mask=inside, other=0.0).to(tl.float32)
    mean = tl.sum(value, axis=0) / columns
    centred = tl.where(inside, value - mean, 0.0)
    variance = tl.sum(centred * centred, axis=0) / columns
    scale = tl.load(weight + place, mask=inside, other=0.0)
    shift = tl.load(bias + place, mask=inside, other=0.0)
    result = centred / tl.sqrt(variance + epsilon) * scale + shift
    tl.store(out + row + place, result, mask=inside)


def softmax(x: Any) -> Any:
    """Of the rows of a contiguous matrix."""
    out = x.new_empty(x.shape)
    rows, columns = x.shape
    _softmax[(rows,)](out, x, columns, BLOCK=triton.next_power_of_2(columns), num_warps=WARPS)
    return out


def layer_norm(x: Any, weight: Any, bias: Any, epsilon: float) -> Any:
    """Of the rows of a contiguous matrix."""
    out = x.new_empty(x.shape)
    rows, columns = x.shape
    block = triton.next_power_of_2(columns)
    _layer_norm[(rows,)](out, x, weight, bias, columns, epsilon, BLOCK=block, num_warps=WARPS)
    return out
