"""Steps that look at an array another way: by an index, a permutation, a reshape."""

from __future__ import annotations

import numpy as np

import xgpu
from tests.programs.beside_numpy.machine import Machine
from tests.programs.parts import LENGTHS, factored


def view(m: Machine) -> None:
    """A view by index, or by a function that gives one."""
    pair = m.pick()
    if pair is None:
        return
    a, x, rank = pair.np, pair.xp, pair.np.ndim
    key = m.key(a.shape)
    index = (lambda: a[key], lambda: x[key])
    if rank == 0 or m.coin():
        m.both(f"{pair.name}[{key}]", *index)
        return
    axis, place = m.axis(rank), m.axis(rank)
    order = tuple(m.random.sample(range(rank), rank))
    part = m.random.randrange(max(a.shape[0], 1))
    m.choose(
        f"{pair.name}: axis={axis}, place={place}, order={order}, part={part}",
        {
            "permute": (lambda: np.transpose(a, order), lambda: xgpu.permute_dims(x, order)),
            "flip": (lambda: np.flip(a, axis), lambda: xgpu.flip(x, axis=axis)),
            "flip all": (lambda: np.flip(a), lambda: xgpu.flip(x)),
            "expand": (
                lambda: np.expand_dims(a, axis) if rank < 5 else a,
                lambda: xgpu.expand_dims(x, axis) if rank < 5 else x,
            ),
            "squeeze": (lambda: np.squeeze(a, axis), lambda: xgpu.squeeze(x, axis)),
            "move": (
                lambda: np.moveaxis(a, axis, place),
                lambda: xgpu.moveaxis(x, axis, place),
            ),
            "part": (
                lambda: a[part, ...],
                lambda: xgpu.unstack(x)[part],
            ),
        },
    )


def reshape(m: Machine) -> None:
    """A reshape: a view where strides express it, else a copy, on both sides alike."""
    pair = m.pick()
    if pair is None:
        return
    a, x = pair.np, pair.xp
    shape = m.random.choice([*factored(a.size), (-1,)])
    copy = m.random.choice([None, None, None, None, True, False])
    m.both(
        f"reshape({pair.name}, {shape}, copy={copy})",
        lambda: np.reshape(a, shape, copy=copy),
        lambda: xgpu.reshape(x, shape, copy=copy),
    )


def broadcast(m: Machine) -> None:
    """A stretched view, which neither side lets anyone write through."""
    pair = m.pick(of=lambda p: p.np.ndim < 5)
    if pair is None:
        return
    wider = tuple(m.random.choice(LENGTHS) if n == 1 else n for n in pair.np.shape)
    shape = (*m.random.choices(LENGTHS, k=m.random.randrange(2)), *wider)
    m.both(
        f"broadcast_to({pair.name}, {shape})",
        lambda: np.broadcast_to(pair.np, shape),
        lambda: xgpu.broadcast_to(pair.xp, shape),
    )
