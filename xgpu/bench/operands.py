"""The arrays among the arguments and in the results of what is timed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from xgpu.arguments import checked
from xgpu.array import Array
from xgpu.attributes import Storage
from xgpu.graph.device import Device
from xgpu.graph.node import leaf
from xgpu.plugin.errors import DeviceMismatchError
from xgpu.runtime.materialize import fresh


def arrays_in(value: Any) -> Iterator[Array]:
    """The arrays in nested tuples, lists and dicts.

    Raises:
        TypeError: one is an array of another library.
    """
    if isinstance(value, tuple | list):
        for part in value:
            yield from arrays_in(part)
    elif isinstance(value, dict):
        yield from arrays_in(list(value.values()))
    elif isinstance(value, Array) or hasattr(value, "__array__"):
        yield checked(value, "time")


def results_in(value: Any) -> list[Array]:
    """The arrays that a call returned.

    Raises:
        TypeError: something else is among them, or nothing is.
    """
    found: list[Array] = []
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, tuple | list):
            waiting.extend(part)
        elif isinstance(part, dict):
            waiting.extend(part.values())
        elif isinstance(part, Array):
            found.append(part)
        else:
            raise TypeError(
                "time() needs a function that returns arrays, so that what it recorded can be "
                f"computed: got {type(part).__name__}; return the arrays that it makes"
            )
    if not found:
        raise TypeError(
            "time() needs a function that returns arrays, so that what it recorded can be "
            f"computed: got an empty {type(value).__name__}"
        )
    return found


def replaced(value: Any, change: Callable[[Array], Array]) -> Any:
    """``value`` with each array in nested tuples, lists and dicts changed."""
    if isinstance(value, Array):
        return change(value)
    if isinstance(value, tuple | list):
        parts = [replaced(part, change) for part in value]
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*parts)
        return type(value)(parts)
    if isinstance(value, dict):
        return {key: replaced(part, change) for key, part in value.items()}
    return value


def one_device(arguments: Iterable[Array], results: Iterable[Array]) -> Device:
    """The device of them all; there is one result at least.

    Raises:
        DeviceMismatchError: they are on several.
    """
    found: dict[Device, str] = {}
    for what, arrays in (("an argument", arguments), ("a result", results)):
        for x in arrays:
            found.setdefault(x.device, what)
    if len(found) > 1:
        (first, what), (second, other) = list(found.items())[:2]
        raise DeviceMismatchError(
            f"time() got {what} on {first} and {other} on {second}: time what one device does; "
            "transfers='in' and 'out' add copies from and to the host"
        )
    return next(iter(found))


def copied(x: Array) -> Array:
    """The same view on a copy of the whole storage, so that it is read as x is."""
    node = x._storage.node
    buffer = fresh(node, "inputs out of the caches").buffer
    twin: Array = object.__new__(Array)
    twin._storage = Storage(leaf(buffer, node.shape, node.dtype, node.device))
    twin._view = x._view
    return twin
