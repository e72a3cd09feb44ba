"""`Readable`: an array's elements as Python's own numbers.

Each call materializes the array, waits for the device and copies to the host.
"""

from __future__ import annotations

from typing import Any

from xgpu.attributes import Described
from xgpu.plugin.dtypes import kind_of
from xgpu.plugin.promotion import Scalar
from xgpu.runtime.transfer import to_host


class Readable(Described):
    """How the elements are read."""

    __slots__ = ()

    def item(self) -> Scalar:
        """The one element of an array of size 1 as a Python scalar.

        Raises:
            ValueError: another size.
        """
        if self.size != 1:
            raise ValueError(f"can only convert an array of size 1 to a scalar: got {self.shape}")
        value: Scalar = to_host(self._storage.node, self._view).item()
        return value

    def __bool__(self, /) -> bool:
        """Whether the one element of an array of size 1 differs from zero."""
        if self.size != 1:
            raise ValueError(
                f"the truth value of an array of shape {self.shape} is ambiguous; "
                "use xgpu.any() or xgpu.all()"
            )
        return bool(self.item())

    def __int__(self, /) -> int:
        """The element of a 0-d array that is not complex, truncated towards zero."""
        return int(self._zero_d("int", "biuf"))

    def __float__(self, /) -> float:
        """The element of a 0-d array that is not complex."""
        return float(self._zero_d("float", "biuf"))

    def __complex__(self, /) -> complex:
        """The element of a 0-d array."""
        return complex(self._zero_d("complex", "biufc"))

    def __index__(self, /) -> int:
        """The element of a 0-d array of integers."""
        return int(self._zero_d("an index", "iu"))

    def _zero_d(self, what: str, kinds: str) -> Any:
        if self.ndim:
            raise TypeError(f"only a 0-d array can be converted to {what}: got shape {self.shape}")
        if kind_of(self.dtype) not in kinds:
            raise TypeError(f"an array of dtype {self.dtype} cannot be converted to {what}")
        return self.item()

    def tolist(self) -> Any:
        """The elements as Python scalars in nested lists; that of a 0-d array by itself."""
        return to_host(self._storage.node, self._view).tolist()
