"""Steps that select by masks and by arrays of integers."""

from __future__ import annotations

from typing import Any

import numpy as np

import xgpu
from tests.programs.beside_numpy.machine import Machine, Pair
from tests.programs.parts import ordered

Keys = tuple[tuple[Any, ...], tuple[Any, ...], str]
"""A key for each side, and its text."""


def get_by_mask(m: Machine) -> None:
    """``x[mask]``, a copy."""
    pair = m.pick()
    if pair is None:
        return
    key, here, text = mask(m, pair)
    m.both(f"{pair.name}[{text}]", lambda: ordered(pair.np[key]), lambda: pair.xp[here])


def get_by_indices(m: Machine) -> None:
    """``x[indices]``, with slices and integers around them; a copy."""
    pair = m.pick(of=lambda p: 0 < p.np.ndim < 5)
    if pair is None:
        return
    key, here, text = indices(m, pair)
    m.both(f"{pair.name}[{text}]", lambda: _view_or_copy(pair.np, key), lambda: pair.xp[here])


def put_by_mask(m: Machine) -> None:
    """``x[mask] = value`` or an operator in place there."""
    pair = m.pick()
    if pair is not None:
        _put(m, pair, mask(m, pair))


def put_by_indices(m: Machine) -> None:
    """``x[indices] = value``, or an operator in place there; the last of equal indices wins."""
    pair = m.pick(of=lambda p: 0 < p.np.ndim < 5)
    if pair is not None:
        _put(m, pair, indices(m, pair))


def take(m: Machine) -> None:
    """``take``, ``take_along_axis``, and ``repeat`` by an array."""
    pair = m.pick(of=lambda p: 0 < p.np.ndim < 5)
    if pair is None:
        return
    a, x, axis = pair.np, pair.xp, m.axis(pair.np.ndim)
    length = a.shape[axis]
    # NumPy looks at indices along an empty axis only where the result has elements.
    line = _numbers(m, (m.random.randint(0, 4) if length else 0,), length)
    lengths = list(a.shape)
    lengths[axis] = m.random.randint(0, 3)
    each = _numbers(m, tuple(lengths), length)
    times = np.asarray(m.random.choices(range(3), k=length), dtype=np.int64)
    m.choose(
        f"of {pair.name}: axis={axis}, {line.tolist()}, {each.tolist()}, {times.tolist()}",
        {
            "take": (
                lambda: ordered(np.take(a, line, axis=axis)),
                lambda: xgpu.take(x, _here(m, line), axis=axis),
            ),
            "take_along_axis": (
                lambda: ordered(np.take_along_axis(a, each, axis=axis)),
                lambda: xgpu.take_along_axis(x, _here(m, each), axis=axis),
            ),
            "repeat": (
                lambda: ordered(np.repeat(a, times, axis=axis)),
                lambda: xgpu.repeat(x, _here(m, times), axis=axis),
            ),
        },
    )


def mask(m: Machine, pair: Pair) -> Keys:
    """A mask for the leading axes of an array, or a boolean array of the pool as it is."""
    other = m.pick("b") if m.coin(4) else None
    if other is not None:
        return (other.np.copy(), Ellipsis), (other.xp,), other.name
    rank = m.random.randint(0, pair.np.ndim)
    start = m.random.randint(0, pair.np.ndim - rank)
    chosen = pair.np.shape[start : start + rank]
    values = np.asarray(m.random.choices([False, True], k=int(np.prod(chosen))), dtype=bool)
    values = values.reshape(chosen)
    front = tuple(m.slice(n) if m.coin(3) else slice(None) for n in pair.np.shape[:start])
    # NumPy refuses some values for a mask that stands alone.
    return (*front, values, Ellipsis), (*front, _here(m, values)), f"{front}, {values.tolist()}"


def indices(m: Machine, pair: Pair) -> Keys:
    """Arrays of integers among slices and integers, or one of the pool as it is."""
    # NumPy takes a uint64 that is too large for a negative number.
    other = m.pick("iu", lambda p: bool(p.np.ndim and p.np.dtype != "u8")) if m.coin(6) else None
    if other is not None:
        return (other.np.copy(),), (other.xp,), other.name
    shape = m.random.choice([(), (2,), (3,), (3,), (2, 1), (0,), (2, 3)])
    keys: list[Any] = []
    for length in pair.np.shape[: m.random.randint(1, pair.np.ndim)]:
        kind = m.random.randrange(5)
        if kind < 3:
            # Whether an index counts that no element is read by is left open.
            narrow = m.coin(4) and 0 not in shape
            keys.append(_numbers(m, (1,) * len(shape) if narrow else shape, length))
        else:
            keys.append(m.place(length) if kind == 3 else m.slice(length))
    if not any(isinstance(k, np.ndarray) for k in keys):
        keys[0] = _numbers(m, shape, pair.np.shape[0])
    if shape == ():
        keys.append(Ellipsis)
    elif m.coin(4):
        keys.insert(m.random.randint(0, len(keys)), m.random.choice([None, Ellipsis]))
    here = tuple(_here(m, k) if isinstance(k, np.ndarray) else k for k in keys)
    if shape == ():
        # A 0-d array of integers counts as its value: this is a basic key, and gives a view.
        keys = [int(k) if isinstance(k, np.ndarray) else k for k in keys]
    return tuple(keys), here, ", ".join(str(k) for k in keys)


def _put(m: Machine, pair: Pair, keys: Keys) -> None:
    key, here, text = keys
    a, x = pair.np, pair.xp
    value = m.scalar(a.dtype)
    kind = m.random.randrange(4)
    if kind == 0:
        m.both(
            f"{pair.name}[{text}] = {value!r}",
            lambda: a.__setitem__(key, value),
            lambda: x.__setitem__(here, value),
        )
    elif kind == 1:
        # As many values as there are places, each another one.
        m.both(
            f"{pair.name}[{text}] = {pair.name}[{text}] reversed",
            lambda: a.__setitem__(key, np.flip(a[key]).copy()),
            lambda: x.__setitem__(here, xgpu.flip(x[here])),
        )
    elif kind == 2 and a.dtype.kind != "b":
        m.both(
            f"{pair.name}[{text}] += {value!r}",
            lambda: _add(a, key, value),
            lambda: _add(x, here, value),
        )
    else:
        other = m.pick(of=lambda p: bool(np.can_cast(p.np.dtype, a.dtype, "same_kind")))
        if other is None:
            return
        m.both(
            f"{pair.name}[{text}] = {other.name}",
            lambda: _assign(a, key, other.np.copy()),
            lambda: x.__setitem__(here, other.xp),
        )


def _view_or_copy(a: Any, key: Any) -> Any:
    part = a[key]
    return ordered(part) if any(isinstance(k, np.ndarray) for k in key) else part


def _assign(a: Any, key: Any, value: Any) -> None:
    np.empty_like(a[key])[...] = value  # NumPy itself lets any shape be put into no elements
    a[key] = value


def _add(array: Any, key: Any, value: Any) -> None:
    array[key] += value


def _numbers(m: Machine, shape: tuple[int, ...], length: int) -> Any:
    short = np.int8 if length <= 128 else np.int16
    dtype = m.random.choice([np.int64, np.int64, np.int32, short])
    count = int(np.prod(shape))
    return np.asarray([m.place(length) for _ in range(count)], dtype=dtype).reshape(shape)


def _here(m: Machine, values: Any) -> xgpu.Array:
    return xgpu.asarray(values, device=m.device)
