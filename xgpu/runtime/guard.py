"""`guard`: finding the copies and waits that nobody asked for.

An array's value cannot become a Python number, or decide a shape, without a copy to the host, which
waits for the device. Those calls are *implicit* reads. A NumPy array or a list in a key is copied
to the device, which waits for nothing. What says that it copies or waits is not looked at:
`xgpu.asarray`, `xgpu.from_dlpack`, `xgpu.to_device`, `xgpu.synchronize`, and the like of
`xgpu.Stream` and `xgpu.Event`. An array on ``cpu`` is on the host already.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Literal, NamedTuple, get_args

from xgpu.graph.device import Device
from xgpu.graph.lines import users_line, warn
from xgpu.plugin.errors import GuardError, GuardWarning

Action = Literal["error", "warn", "log", "allow"]

logger: Final = logging.getLogger("xgpu.guard")


class _Rules(NamedTuple):
    transfers: Action
    syncs: Action


_rules: Final[ContextVar[_Rules | None]] = ContextVar("xgpu_guard", default=None)
WAITS: Final = frozenset({"cholesky", "eig", "eigvals", "solve", "svd", "svdvals"})
"""Ops that say at their call whether they failed."""

_explicit: Final[ContextVar[bool]] = ContextVar("xgpu_explicit", default=False)


@contextmanager
def guard(
    action: Action = "error",
    *,
    transfers: Action | None = None,
    syncs: Action | None = None,
) -> Iterator[None]:
    """Inside the ``with`` block, in this thread or task, look for implicit copies and waits.

    Args:
        action: what to do about each: "error" raises `xgpu.GuardError` before it is made and
            leaves the array as it was, "warn" issues an `xgpu.GuardWarning`, "log" writes to the
            logger ``xgpu.guard`` at level INFO, "allow" nothing. Each names the line that
            caused it.
        transfers: for copies between a device and the host, if it is another action.
        syncs: for what waits for a device, if it is another action. A copy to the host is both;
            a decomposition that has to say whether it failed, such as `linalg.cholesky`, waits
            alone.

    Raises:
        ValueError: another action.
    """
    chosen = []
    for given in (transfers, syncs):
        rule = action if given is None else given
        if rule not in get_args(Action):
            raise ValueError(f"guard() takes one of {', '.join(get_args(Action))}: got {rule!r}")
        chosen.append(rule)
    token = _rules.set(_Rules(*chosen))
    try:
        yield
    finally:
        _rules.reset(token)


@contextmanager
def asked_for() -> Iterator[None]:
    """Inside the block, copies and waits are what the program asked for."""
    token = _explicit.set(True)
    try:
        yield
    finally:
        _explicit.reset(token)


def _watching(device: Device) -> _Rules | None:
    """The rules for what happens on a device now, if there are any."""
    rules = _rules.get()
    return None if rules is None or device.type == "cpu" or _explicit.get() else rules


def reading(device: Device, what: str) -> None:
    """A copy to the host, which waits, is about to be made.

    Raises:
        GuardError: the guard forbids it.
    """
    rules = _watching(device)
    if rules is not None:
        _apply(rules.transfers, f"a copy from {device} to the host", what)
        if rules.syncs != rules.transfers:
            _apply(rules.syncs, f"a wait for {device}", what)


def sending(device: Device, what: str) -> None:
    """A copy from the host, which nothing waits for, is about to be made.

    Raises:
        GuardError: the guard forbids it.
    """
    rules = _watching(device)
    if rules is not None:
        _apply(rules.transfers, f"a copy from the host to {device}", what, "xgpu.asarray(a)")


def waiting(device: Device, what: str) -> None:
    """The host is about to wait for the device.

    Raises:
        GuardError: the guard forbids it.
    """
    rules = _watching(device)
    if rules is not None:
        _apply(rules.syncs, f"a wait for {device}", what)


def _apply(action: Action, event: str, what: str, by: str = "xgpu.to_device(x, 'cpu')") -> None:
    if action == "allow":
        return
    line = users_line() or "an unknown line"
    message = f"{event} that was not asked for: {what}, at {line}"
    if action == "error":
        raise GuardError(f"{message}; ask for it with {by}, or allow it with xgpu.guard()")
    if action == "log":
        logger.info(message)
        return
    warn(message, GuardWarning)
