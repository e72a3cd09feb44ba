"""Which pending nodes somebody still holds, told by reference counts.

A pending intermediate that is held will be asked for later; writing it from the same kernel is
cheaper than computing it twice. A wrong answer costs time or memory, never a result.
"""

from __future__ import annotations

import sys
from typing import Final

from xgpu.graph.node import Node, nowhere
from xgpu.plugin.ops import Kind

_FUSES: Final = (Kind.ELEMENTWISE, Kind.REDUCTION)


def edges(roots: list[Node]) -> dict[Node, int]:
    """The pending nodes below ``roots``, each with how often they and each other refer to it."""
    found: dict[Node, int] = {}
    stack = list(roots)
    while stack:
        for source in stack.pop().inputs:
            if source.buffer is None:
                count = found.get(source)
                if count is None:
                    found[source] = 1
                    stack.append(source)
                else:
                    found[source] = count + 1
    return found


def held(found: dict[Node, int], views: bool = False) -> list[Node]:
    """Those of `edges` that something else refers to, and that a kernel computes.

    ``views`` asks for those that no kernel computes too.
    """
    count = sys.getrefcount
    return [
        node
        for node, inside in found.items()
        if count(node) - inside > _UNHELD and (views or node.op.kind in _FUSES)
    ]


def is_held(node: Node, inside: int) -> bool:
    """Whether more refers to ``node`` than ``inside`` references and the caller's variable."""
    return sys.getrefcount(node) - inside > _UNHELD_ARGUMENT


def _calibrate() -> tuple[int, int]:
    # How many references the interpreter itself makes differs between Python versions.
    root = nowhere(nowhere())
    listed = [sys.getrefcount(n) - inside for n, inside in edges([root]).items()]
    node = nowhere()

    def argument(node: Node) -> int:
        return sys.getrefcount(node)

    return listed[0], argument(node)


_UNHELD, _UNHELD_ARGUMENT = _calibrate()
