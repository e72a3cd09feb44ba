"""`NumpyLaunchers`: small elementwise programs that are launched again and again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xgpu.plugin import Launcher, Operand, OutOfMemoryError
from xgpu_numpy import small
from xgpu_numpy.quiet import quietly


class NumpyLaunchers:
    """See `xgpu.plugin.Launchers`."""

    def launcher(
        self,
        device: int,
        kernel: Any,
        shape: tuple[int, ...],
        inputs: Sequence[tuple[int, tuple[int, ...]]],
        outputs: Sequence[Operand],
    ) -> Launcher | None:
        """See `xgpu.plugin.Launchers.launcher`."""
        plan = kernel.small
        if plan is None or shape[0] > small.LARGEST:
            return None
        (size,) = shape
        run = small.straight(plan, size, [offset for offset, _ in inputs])

        def launcher(values: Sequence[Any]) -> Any:
            try:
                return quietly(run, values)
            except MemoryError as error:
                raise OutOfMemoryError(
                    f"cpu: no memory for a program over {size} elements"
                ) from error

        return launcher
