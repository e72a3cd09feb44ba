"""`mixed_devices`: what becomes of a call that gets arrays of several devices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Literal, get_args

from xgpu.graph.device import Device
from xgpu.graph.lines import warn
from xgpu.graph.node import Node
from xgpu.plugin.errors import DeviceMismatchError, MixedDevicesWarning
from xgpu.runtime.transfer import moved

Policy = Literal["error", "warn", "move"]

_policy: Final[ContextVar[Policy]] = ContextVar("xgpu_mixed_devices", default="error")


@contextmanager
def mixed_devices(policy: Policy) -> Iterator[None]:
    """Inside the ``with`` block, in this thread or task, what a call does with several devices.

    "error", which holds where nothing else was said, raises `xgpu.DeviceMismatchError`. "move"
    copies the operands to one device by way of the host: that of the first operand that is not
    0-d, or of the first of all; what is written to stays where it is. "warn" moves too, with an
    `xgpu.MixedDevicesWarning` at the line of the call. `xgpu.guard` sees the copies.

    Raises:
        ValueError: another policy.
    """
    if policy not in get_args(Policy):
        allowed = ", ".join(get_args(Policy))
        raise ValueError(f"mixed_devices() takes one of {allowed}: got {policy!r}")
    token = _policy.set(policy)
    try:
        yield
    finally:
        _policy.reset(token)


def together(nodes: Sequence[Node], name: str, device: Device | None = None) -> list[Node]:
    """The operands of the function ``name`` on one device: ``device``, or as the policy has it.

    Raises:
        DeviceMismatchError: they are on several, and the policy is "error".
    """
    first = nodes[0].device if device is None else device
    other = next((n.device for n in nodes if n.device is not first), None)
    if other is None:
        return list(nodes)
    policy = _policy.get()
    if policy == "error":
        raise DeviceMismatchError(
            f"{name} got arrays on {first} and on {other}; move one of them first: "
            f"xgpu.to_device(x, {str(first)!r}), or all with xgpu.mixed_devices('move')"
        )
    target = device or next((n.device for n in nodes if n.shape), first)
    if policy == "warn":
        message = f"{name} got arrays on {first} and on {other}: moved to {target}"
        warn(message, MixedDevicesWarning)
    return [
        n if n.device is target else moved(n, target, f"{name} takes one device") for n in nodes
    ]
