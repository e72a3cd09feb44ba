"""Functions of NumPy that the standard lacks, and that libraries call of a namespace.

They are made of the standard's functions, and fuse as those do.

Source: NumPy's reference; the callers are named with each function.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import prod
from typing import Any, Final

import numpy as np

from xgpu.arguments import checked
from xgpu.array import Array, matmul
from xgpu.creation import full
from xgpu.data_types import astype
from xgpu.elementwise import multiply
from xgpu.graph.shapes import integer
from xgpu.linalg import diagonal
from xgpu.manipulation import (
    broadcast_to,
    concat,
    expand_dims,
    flip,
    moveaxis,
    permute_dims,
    reshape,
)
from xgpu.plugin.dtypes import kind_of
from xgpu.plugin.promotion import promote
from xgpu.statistical import sum as sum_of
from xgpu.utility import any as any_of


def einsum(subscripts: str, *operands: Array, dtype: Any = None) -> Array:
    """Sums of products by letters, as NumPy's ``einsum`` without an ellipsis.

    Two operands at a time meet in a product of matrices, from left to right: letters of the result
    that both have are a stack, letters that only they have are summed over. Called by opt_einsum
    and so by xarray, by einops, and by dask on its chunks.

    Args:
        subscripts: as in ``"ij,jk->ik"``; without an arrow the result has, in the order of the
            alphabet, the letters that occur once.
        operands: arrays of one device, as many as there are terms.
        dtype: of the operands before they are multiplied, and of the result.

    Raises:
        ValueError: an ellipsis, as many operands as terms not given, an operand whose rank is
            not its term's length, a letter of the result that no term has or that it has twice,
            or lengths of a letter that differ (1 fits all).

    Source: NumPy's reference, ``numpy.einsum``.
    """
    terms, result = _parsed(subscripts, [x.ndim for x in operands])
    arrays = [x if dtype is None else astype(x, dtype, copy=False) for x in operands]
    parts = [_without_twins(x, term) for x, term in zip(arrays, terms, strict=True)]
    lengths: dict[str, int] = {}
    for x, term in parts:
        for letter, n in zip(term, x.shape, strict=True):
            if n != 1 and lengths.setdefault(letter, n) != n:
                raise ValueError(
                    f"einsum(): {letter!r} is {lengths[letter]} and {n} long in {subscripts!r}"
                )
    value, letters = parts[0]
    for i, (x, term) in enumerate(parts[1:], start=1):
        kept = set(result).union(*(later for _, later in parts[i + 1 :]))
        value, letters = _pair(value, letters, x, term, kept)
    value, letters = _summed(value, letters, set(result))
    return permute_dims(value, tuple(letters.index(letter) for letter in result))


def pad(
    x: Array,
    pad_width: Any,
    mode: str = "constant",
    *,
    constant_values: Any = 0,
) -> Array:
    """X with ``pad_width`` elements before and after it along each axis; a copy.

    Called by xarray.

    Args:
        x: the array.
        pad_width: a number for both sides of all axes, a pair (before, after) for all axes, or
            a pair for each axis.
        mode: ``"constant"``; ``"edge"``, the nearest element of x; ``"wrap"``, the other end of x;
            ``"reflect"`` and ``"symmetric"``, x mirrored at its last element or after it.
        constant_values: for "constant", given like ``pad_width``.

    Raises:
        ValueError: another mode, a negative width, widths that are not as said, or, for the modes
            that take elements of x, more than x has.

    Source: NumPy's reference, ``numpy.pad``.
    """
    if mode not in _MODES:
        raise ValueError(f"pad() takes one of the modes {', '.join(_MODES)}: got {mode!r}")
    widths = _pairs(pad_width, checked(x, "pad").ndim, "pad_width")
    values = _pairs(constant_values, x.ndim, "constant_values")
    for axis, (sides, constants) in enumerate(zip(widths, values, strict=True)):
        before, after = (integer(n, "pad_width") for n in sides)
        if min(before, after) < 0:
            raise ValueError(f"pad() takes widths of at least 0: got {pad_width!r}")
        if before or after:
            x = _padded(x, axis, before, after, mode, constants)
    return x if any(map(any, widths)) else astype(x, x.dtype, copy=True)


_MODES: Final = ("constant", "edge", "wrap", "reflect", "symmetric")


def _pairs(given: Any, rank: int, name: str) -> list[tuple[Any, Any]]:
    """A pair for each axis, of what NumPy broadcasts to that shape."""
    if not isinstance(given, Sequence | np.ndarray):
        return [(given, given)] * rank
    rows = [tuple(row) if isinstance(row, Sequence | np.ndarray) else row for row in given]
    if rows and not any(isinstance(row, tuple) for row in rows):
        rows = [tuple(rows)]
    rows = [row * 2 if len(row) == 1 else row for row in rows]
    if len(rows) == 1:
        rows = rows * rank
    if len(rows) != rank or any(len(row) != 2 for row in rows):
        raise ValueError(f"pad() takes {name} as a number or a pair for each axis: got {given!r}")
    return rows


def _padded(x: Array, axis: int, before: int, after: int, mode: str, constants: Any) -> Array:
    """X with elements before and after it along one axis."""
    n = x.shape[axis]

    def part(start: int, stop: int) -> Array:
        return x[(slice(None),) * axis + (slice(start, stop),)]

    def shaped(length: int) -> tuple[int, ...]:
        return (*x.shape[:axis], length, *x.shape[axis + 1 :])

    if mode == "constant":
        ends = [
            full(shaped(width), value, dtype=x.dtype, device=x.device)
            for width, value in zip((before, after), constants, strict=True)
        ]
        return concat([ends[0], x, ends[1]], axis=axis)
    most = {"edge": max(before, after) if n else 0, "reflect": n - 1}.get(mode, n)
    if max(before, after) > most:
        raise ValueError(
            f"pad() with mode {mode!r} has at most {most} elements for axis {axis} of length {n}: "
            f"got {max(before, after)}; pad several times"
        )
    if mode == "edge":
        first = broadcast_to(part(0, 1), shaped(before))
        last = broadcast_to(part(n - 1, n), shaped(after))
    elif mode == "wrap":
        first, last = part(n - before, n), part(0, after)
    else:
        skipped = mode == "reflect"
        first = flip(part(int(skipped), before + skipped), axis=axis)
        last = flip(part(n - after - skipped, n - skipped), axis=axis)
    return concat([first, x, last], axis=axis)


def transpose(x: Array, axes: Sequence[int] | None = None) -> Array:
    """`xgpu.permute_dims`; of all axes in reverse order if none are given. A view.

    Called by opt_einsum, and so by xarray.

    Raises:
        IndexError: an axis out of range.
        ValueError: ``axes`` is no permutation of x's axes.

    Source: NumPy's reference, ``numpy.transpose``.
    """
    rank = checked(x, "transpose").ndim
    return permute_dims(x, tuple(reversed(range(rank))) if axes is None else tuple(axes))


def _parsed(subscripts: str, ranks: list[int]) -> tuple[list[str], str]:
    """The terms' letters and the result's."""
    given = subscripts.replace(" ", "")
    left, arrow, result = given.partition("->")
    terms = left.split(",")
    if not (left + result).replace(",", "").isalpha() and (left + result).strip(","):
        raise ValueError(f"einsum() takes letters, commas and one '->': got {subscripts!r}")
    if len(terms) != len(ranks) or [len(term) for term in terms] != ranks:
        raise ValueError(f"einsum(): {subscripts!r} does not fit operands of ranks {ranks}")
    if not arrow:
        counts = Counter(left.replace(",", ""))
        result = "".join(sorted(letter for letter, n in counts.items() if n == 1))
    if len(set(result)) < len(result) or not set(result) <= set(left):
        raise ValueError(f"einsum(): the result's letters must occur, and once: {subscripts!r}")
    return terms, result


def _without_twins(x: Array, term: str) -> tuple[Array, str]:
    """A term's letter that occurs twice is the diagonal of the two axes."""
    for letter, count in Counter(term).items():
        for _ in range(count - 1):
            first = term.index(letter)
            second = term.index(letter, first + 1)
            if x.shape[first] != x.shape[second]:
                lengths = f"{x.shape[first]} and {x.shape[second]}"
                raise ValueError(f"einsum(): {letter!r} is {lengths} long in {term!r}")
            x = diagonal(moveaxis(x, (first, second), (-2, -1)))
            term = term[:first] + term[first + 1 : second] + term[second + 1 :] + letter
    return x, term


def _summed(x: Array, term: str, kept: set[str]) -> tuple[Array, str]:
    """The letters that nothing needs, summed over; the dtype stays."""
    axes = tuple(i for i, letter in enumerate(term) if letter not in kept)
    if not axes:
        return x, term
    return _total(x, axes), "".join(c for c in term if c in kept)


def _total(x: Array, axes: tuple[int, ...]) -> Array:
    """The sum over axes in the dtype of the elements; of truths, whether any is."""
    return any_of(x, axis=axes) if kind_of(x.dtype) == "b" else sum_of(x, axis=axes, dtype=x.dtype)


def _pair(x: Array, a: str, y: Array, b: str, kept: set[str]) -> tuple[Array, str]:
    """Two operands as one, with the letters that are still needed."""
    x, a = _summed(x, a, kept | set(b))
    y, b = _summed(y, b, kept | set(a))
    both = [c for c in a if c in b]
    # A letter of length 1 on one side alone is stretched, which a matrix product does not do.
    stretched = any(x.shape[a.index(c)] != y.shape[b.index(c)] for c in both)
    stack = [c for c in both if c in kept]
    inner = [c for c in both if c not in kept]
    outer_x, outer_y = [c for c in a if c not in b], [c for c in b if c not in a]
    letters = "".join([*stack, *outer_x, *outer_y])
    x = permute_dims(x, tuple(a.index(c) for c in [*stack, *outer_x, *inner]))
    y = permute_dims(y, tuple(b.index(c) for c in [*stack, *inner, *outer_y]))
    if not inner or stretched or kind_of(promote(x.dtype, y.dtype)) == "b":
        return _multiplied(x, y, stack, outer_x, inner, outer_y, letters)
    s, i = len(stack), len(inner)
    rows, columns = x.shape[s : x.ndim - i], y.shape[s + i :]
    left = reshape(x, (*x.shape[:s], prod(rows), prod(x.shape[x.ndim - i :])))
    right = reshape(y, (*y.shape[:s], prod(y.shape[s : s + i]), prod(columns)))
    return reshape(matmul(left, right), (*x.shape[:s], *rows, *columns)), letters


def _multiplied(
    x: Array,
    y: Array,
    stack: list[str],
    outer_x: list[str],
    inner: list[str],
    outer_y: list[str],
    letters: str,
) -> tuple[Array, str]:
    """The product at all letters, which is summed over the inner ones; it fuses."""
    s = len(stack)
    # x: stack, outer_x, inner, and places for outer_y; y: stack, places, inner, outer_y.
    for _ in outer_y:
        x = expand_dims(x, axis=x.ndim)
    for _ in outer_x:
        y = expand_dims(y, axis=s)
    product = multiply(x, y)
    start = s + len(outer_x)
    axes = tuple(range(start, start + len(inner)))
    return (_total(product, axes) if axes else product), letters
