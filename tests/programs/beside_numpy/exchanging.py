"""Memory that xgpu and NumPy share: lent, borrowed, and written to from outside."""

from __future__ import annotations

from typing import Any

import numpy as np

import xgpu
from tests.programs.beside_numpy.machine import Machine, Shared
from tests.programs.parts import LENGTHS


def lend(m: Machine) -> None:
    """Hand an array's memory to NumPy, which keeps it and may write to it."""
    pair = m.pick(of=lambda p: bool(p.np.size))
    if pair is None or not _on_host(m):
        return
    m.note(f"lend({pair.name})")
    if m.coin() and pair.xp.device.type == "cpu":
        theirs = np.asarray(pair.xp)
    else:
        theirs = np.from_dlpack(pair.xp)
    assert theirs.shape == pair.np.shape
    m.outside.append(Shared(pair.name, pair.np, theirs))


def borrow(m: Machine) -> None:
    """Take NumPy's memory, which NumPy may write to later."""
    if not _on_host(m):
        return
    dtype = np.dtype(m.random.choice(["f8", "f4", "i8", "i4", "u1", "?", "c8"]))
    shape = tuple(m.random.choices([n for n in LENGTHS if n], k=m.random.randint(1, 3)))
    ours = (np.arange(np.prod(shape)).reshape(shape) % 5).astype(dtype)
    theirs = ours.copy()
    if m.coin():
        ours, theirs = ours[..., ::-1].T, theirs[..., ::-1].T
    readonly = m.coin(4)
    ours.flags.writeable = theirs.flags.writeable = not readonly
    name = f"v{m.made}"
    m.made += 1
    m.note(f"{name} = borrow({dtype}, {shape}, readonly={readonly})")
    taken = xgpu.from_dlpack(theirs, device=m.device)
    m.keep(name, ours, taken)
    m.outside.append(Shared(name, ours, theirs))


def write(m: Machine) -> None:
    """Write to shared memory from outside."""
    found = [s for s in m.outside if s.ours.flags.writeable and s.theirs.flags.writeable]
    if not found:
        return
    shared = m.random.choice(found)
    value: Any = m.scalar(shared.ours.dtype)
    key = tuple(m.slice(n) for n in shared.ours.shape)
    m.note(f"outside, {shared.name}[{key}] = {value!r}")
    with np.errstate(all="ignore"):
        shared.ours[key] = value
        shared.theirs[key] = value


def give_back(m: Machine) -> None:
    """Let go of shared memory outside."""
    if m.outside:
        gone = m.outside.pop(m.random.randrange(len(m.outside)))
        m.note(f"{gone.name} is given back")


def _on_host(m: Machine) -> bool:
    return xgpu.empty(1, device=m.device).__dlpack_device__() == (1, 0)
