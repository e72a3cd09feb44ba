"""Steps that look at an array another way, and that put arrays together."""

from __future__ import annotations

from typing import Any

import xgpu
from tests.programs.eager_and_lazy.machine import Machine
from tests.programs.parts import LENGTHS, factored


def index(m: Machine) -> None:
    """A view by a basic key."""
    twin = m.pick()
    if twin is not None:
        key = m.key(twin.shape)
        m.step(f"{{}}[{key}]", lambda x: x[key], twin)


def view(m: Machine) -> None:
    """A function that gives a view."""
    twin = m.pick(of=lambda t: bool(t.rank))
    if twin is None:
        return
    rank = twin.rank
    axis, place = m.axis(rank), m.axis(rank)
    order = tuple(m.random.sample(range(rank), rank))
    m.step(
        *m.random.choice(
            [
                (f"permute_dims({{}}, {order})", lambda x: xgpu.permute_dims(x, order)),
                (f"flip({{}}, {axis})", lambda x: xgpu.flip(x, axis=axis)),
                ("flip({})", xgpu.flip),
                (f"expand_dims({{}}, {axis})", lambda x: xgpu.expand_dims(x, axis)),
                (f"squeeze({{}}, {axis})", lambda x: xgpu.squeeze(x, axis)),
                (f"moveaxis({{}}, {axis}, {place})", lambda x: xgpu.moveaxis(x, axis, place)),
                (f"unstack({{}}, {axis})", lambda x: xgpu.unstack(x, axis=axis)[:3]),
                ("{}.mT", lambda x: x.mT),
                ("{}.T", lambda x: x.T),
                ("matrix_transpose({})", xgpu.matrix_transpose),
                ("diagonal({})", xgpu.linalg.diagonal),
            ]
        ),
        twin,
    )


def reshape(m: Machine) -> None:
    """A reshape: a view where strides express it, else a copy."""
    twin = m.pick()
    if twin is None:
        return
    shape = m.random.choice([*factored(twin.lazy.size), (-1,)])
    copy = m.random.choice([None, None, None, None, True, False])
    m.step(
        f"reshape({{}}, {shape}, copy={copy})",
        lambda x: xgpu.reshape(x, shape, copy=copy),
        twin,
    )


def broadcast(m: Machine) -> None:
    """Stretched views."""
    twin = m.pick(of=lambda t: t.rank < 5)
    if twin is None:
        return
    wider = tuple(m.random.choice(LENGTHS) if n == 1 else n for n in twin.shape)
    shape = (*m.random.choices(LENGTHS, k=m.random.randrange(2)), *wider)
    if m.coin(3):
        m.step("broadcast_arrays({}, {})", xgpu.broadcast_arrays, twin, m.meeting(twin) or twin)
    else:
        m.step(f"broadcast_to({{}}, {shape})", lambda x: xgpu.broadcast_to(x, shape), twin)


def join(m: Machine) -> None:
    """Copies put together, and moved."""
    twin = m.pick(of=lambda t: 0 < t.rank < 5 and t.lazy.size < 500)
    if twin is None:
        return
    rank = twin.rank
    other = m.pick(of=lambda t: t.rank == rank and t.lazy.size < 500) or twin
    axis = m.axis(rank)
    along = m.random.choice([None, axis])
    n = m.random.randrange(4)
    calls: dict[str, Any] = {
        f"concat([{{0}}, {{1}}, {{0}}], axis={along})": lambda x, y: xgpu.concat(
            [x, y, x], axis=along
        ),
        f"stack([{{}}, {{}}], axis={axis})": lambda x, y: xgpu.stack([x, y], axis=axis),
        f"tile({{}}, ({n}, 2)) {{}}": lambda x, y: xgpu.tile(x, (n, 2)),
        f"repeat({{}}, {n}, axis={along}) {{}}": lambda x, y: xgpu.repeat(x, n, axis=along),
        f"roll({{}}, {n - 5}, axis={along}) {{}}": lambda x, y: xgpu.roll(x, n - 5, axis=along),
        f"fftshift({{}}) - ifftshift({{}}, {axis})": lambda x, y: (
            xgpu.fft.fftshift(x),
            xgpu.fft.ifftshift(y, axes=axis),
        ),
        f"diff({{}}, {n}, axis={axis}) {{}}": lambda x, y: xgpu.diff(x, n=n, axis=axis),
        f"diff({{}}, axis={axis}, prepend={{}})": lambda x, y: xgpu.diff(x, axis=axis, prepend=y),
    }
    text = m.random.choice(sorted(calls))
    m.step(text, calls[text], twin, other)
