"""`Requirements`: what a backend answers with yes or no before it is tested.

A no takes cells out, as unsupported with this reason; it never makes a wrong value right.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

_DTYPES: Final[dict[str, tuple[str, ...]]] = {
    "float16": ("float16",),
    "bfloat16": ("bfloat16",),
    "float64": ("float64", "complex128"),
    "complex": ("complex64", "complex128"),
    "int64": ("int64", "uint64"),
    "wide_unsigned": ("uint16", "uint32", "uint64"),
}


@dataclass(frozen=True)
class Requirements:
    """Capabilities, each True unless the backend's author says otherwise."""

    float16: bool = True  #: the dtype float16
    bfloat16: bool = True  #: the dtype bfloat16
    float64: bool = True  #: the dtypes float64 and complex128
    complex: bool = True  #: the dtypes complex64 and complex128
    int64: bool = True  #: the dtypes int64 and uint64
    wide_unsigned: bool = True  #: the dtypes uint16, uint32 and uint64
    subnormals: bool = True  #: numbers below the smallest normal one are kept, not made zero
    linalg: bool = True  #: the ops and functions of linear algebra, matmul aside
    fft: bool = True  #: Fourier transforms

    @classmethod
    def without(cls, names: Iterable[str]) -> Requirements:
        """All capabilities but these.

        Raises:
            ValueError: a name is none of them.
        """
        known = [f.name for f in dataclasses.fields(cls)]
        for name in names:
            if name not in known:
                raise ValueError(f"no requirement {name!r}; there are {', '.join(known)}")
        return cls(**dict.fromkeys(names, False))

    def missing(self) -> tuple[str, ...]:
        """The names of those that are answered with no."""
        return tuple(f.name for f in dataclasses.fields(self) if not getattr(self, f.name))

    def against(self, dtype: str, needs: Iterable[str] = ()) -> str:
        """The requirement that keeps a cell from being run, or ""."""
        for name, covered in _DTYPES.items():
            if dtype in covered and not getattr(self, name):
                return name
        return next((name for name in needs if not getattr(self, name)), "")

    def dtypes(self) -> tuple[DType, ...]:
        """The dtypes that are left."""
        return tuple(d for d in dtypes.ALL if not self.against(d.name))
