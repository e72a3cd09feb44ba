"""Steps that make arrays out of nothing, and copies of them."""

from __future__ import annotations

import numpy as np

import xgpu
from tests.programs.beside_numpy.machine import Machine
from tests.programs.parts import DTYPES, LENGTHS, VALUES


def new(m: Machine) -> None:
    """An array of special values."""
    dtype = np.dtype(m.random.choice(DTYPES))
    shape = m.shape
    if shape is None or m.coin(4):
        shape = tuple(m.random.choices(LENGTHS, k=m.random.randint(0, 3)))
    values = m.random.choices(VALUES[dtype.kind], k=int(np.prod(shape)))
    host = np.asarray(values, dtype=dtype).reshape(shape)
    m.both(
        f"asarray({values}, {dtype}).reshape{shape}",
        host.copy,
        lambda: xgpu.asarray(host, device=m.device),
    )


def generate(m: Machine) -> None:
    """An array that takes no memory until it is written to."""
    n, k = m.random.choices(LENGTHS, k=2)
    on = {"device": m.device}
    m.choose(
        f"of {n} and {k}",
        {
            "zeros": (lambda: np.zeros((n, k)), lambda: xgpu.zeros((n, k), **on)),
            "full": (lambda: np.full((n, k), 7), lambda: xgpu.full((n, k), 7, **on)),
            "arange": (
                lambda: np.arange(n, n + 3 * k, 3),
                lambda: xgpu.arange(n, n + 3 * k, 3, **on),
            ),
            "eye": (lambda: np.eye(n, k, k=1), lambda: xgpu.eye(n, k, k=1, **on)),
            "scalar": (lambda: np.asarray(n), lambda: xgpu.asarray(n, **on)),
        },
    )


def copy(m: Machine) -> None:
    """A copy, or the same array under another name."""
    pair = m.pick()
    if pair is None:
        return
    wanted = m.random.choice([True, None, False])
    m.both(
        f"asarray({pair.name}, copy={wanted})",
        lambda: pair.np.copy() if wanted else pair.np,
        lambda: xgpu.asarray(pair.xp, copy=wanted),
    )
