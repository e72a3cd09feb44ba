"""`Device`: where an array lives. It belongs to exactly one backend."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from xgpu.graph.faults import Recent, explain
from xgpu.plugin import ops
from xgpu.plugin.errors import KernelError

_OPTIONAL: Final = frozenset(op.name for op in ops.optional())


class Device:
    """A device by type and index, written ``type:index`` (``cpu`` for ``cpu:0``).

    There is one object per device; obtain it with ``xgpu.device(...)`` or from an array.
    ``type`` and ``index`` are its parts. Compares equal to itself and to its own name as a string.
    """

    __slots__ = (
        "backend",
        "index",
        "kernels",
        "matchers",
        "plans",
        "recent",
        "rows",
        "specs",
        "type",
        "unsupported",
    )

    def __init__(self, type: str, index: int, backend: Any) -> None:
        self.type: Final = type
        self.index: Final = index
        self.backend: Final = backend
        capabilities = frozenset(getattr(backend, "capabilities", ()))
        self.unsupported: Final[frozenset[str]] = backend.unsupported | (_OPTIONAL - capabilities)
        #: Whether the backend takes row programs (`xgpu.graph.rows`).
        self.rows: Final[bool] = "row programs" in capabilities
        #: Structural key of a program -> compiled kernel.
        self.kernels: Final[dict[Any, Any]] = {}
        #: Structure of pending nodes -> what it was lowered to (`xgpu.runtime.recall`).
        self.plans: Final[dict[Any, Any]] = {}
        #: Op, depth and shape of a root -> who knows its structure (`xgpu.runtime.matching`).
        self.matchers: Final[dict[Any, list[Any]]] = {}
        #: dtype -> `xgpu.graph.spec.Spec`.
        self.specs: Final[dict[Any, Any]] = {}
        #: What was queued last, for the report of a fault (`xgpu.graph.faults`).
        self.recent: Final[Recent] = deque(maxlen=8)

    def __str__(self) -> str:
        return self.type if self.type == "cpu" and self.index == 0 else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        return f"Device({str(self)!r})"

    def __hash__(self) -> int:
        return hash(str(self))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return other in (str(self), f"{self.type}:{self.index}")
        return self is other

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a Device belongs to one process; pickle its name, str(device)")

    def synchronize(self) -> None:
        """Wait until all work queued on the device is done.

        Raises:
            KernelError: a kernel that was queued failed.
        """
        try:
            self.backend.synchronize(self.index)
        except KernelError as error:
            explain(error, self.recent, self)
            raise
