"""`Everyday`: the methods of NumPy's arrays that users and NumPy's own functions call.

The standard has functions in their place, and each method is one of them: ``x.sum(axis=0)`` is
``xgpu.sum(x, axis=0)``. Names, order and defaults of the arguments are NumPy's, so that
``numpy.sum(x)``, which calls the method, stays on the array's device too. An ``out=`` is refused.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, Self

from xgpu.attributes import Described
from xgpu.plugin.dtypes import DType

Axis = int | tuple[int, ...] | None


class Everyday(Described):
    """Methods that are functions of the namespace by another name."""

    __slots__ = ()

    def sum(
        self,
        axis: Axis = None,
        dtype: DType | None = None,
        out: None = None,
        *,
        keepdims: bool = False,
    ) -> Self:
        """`xgpu.sum`."""
        return self._reduced("sum", out, axis=axis, dtype=dtype, keepdims=keepdims)

    def prod(
        self,
        axis: Axis = None,
        dtype: DType | None = None,
        out: None = None,
        *,
        keepdims: bool = False,
    ) -> Self:
        """`xgpu.prod`."""
        return self._reduced("prod", out, axis=axis, dtype=dtype, keepdims=keepdims)

    def mean(
        self,
        axis: Axis = None,
        dtype: DType | None = None,
        out: None = None,
        *,
        keepdims: bool = False,
    ) -> Self:
        """`xgpu.mean`, of the array cast to ``dtype`` if one is given; of integers in float64."""
        x = self._floating(dtype)
        return x._reduced("mean", out, axis=axis, keepdims=keepdims)

    def std(
        self,
        axis: Axis = None,
        dtype: DType | None = None,
        out: None = None,
        ddof: float = 0,
        *,
        keepdims: bool = False,
        correction: float | None = None,
    ) -> Self:
        """`xgpu.std`; ``ddof`` is NumPy's name of the correction."""
        by = ddof if correction is None else correction
        x = self._floating(dtype)
        return x._reduced("std", out, axis=axis, correction=by, keepdims=keepdims)

    def var(
        self,
        axis: Axis = None,
        dtype: DType | None = None,
        out: None = None,
        ddof: float = 0,
        *,
        keepdims: bool = False,
        correction: float | None = None,
    ) -> Self:
        """`xgpu.var`; ``ddof`` is NumPy's name of the correction."""
        by = ddof if correction is None else correction
        x = self._floating(dtype)
        return x._reduced("var", out, axis=axis, correction=by, keepdims=keepdims)

    def min(self, axis: Axis = None, out: None = None, *, keepdims: bool = False) -> Self:
        """`xgpu.min`."""
        return self._reduced("min", out, axis=axis, keepdims=keepdims)

    def max(self, axis: Axis = None, out: None = None, *, keepdims: bool = False) -> Self:
        """`xgpu.max`."""
        return self._reduced("max", out, axis=axis, keepdims=keepdims)

    def all(self, axis: Axis = None, out: None = None, *, keepdims: bool = False) -> Self:
        """`xgpu.all`."""
        return self._reduced("all", out, axis=axis, keepdims=keepdims)

    def any(self, axis: Axis = None, out: None = None, *, keepdims: bool = False) -> Self:
        """`xgpu.any`."""
        return self._reduced("any", out, axis=axis, keepdims=keepdims)

    def argmax(self, axis: int | None = None, out: None = None, *, keepdims: bool = False) -> Self:
        """`xgpu.argmax`."""
        return self._reduced("argmax", out, axis=axis, keepdims=keepdims)

    def argmin(self, axis: int | None = None, out: None = None, *, keepdims: bool = False) -> Self:
        """`xgpu.argmin`."""
        return self._reduced("argmin", out, axis=axis, keepdims=keepdims)

    def reshape(self, *shape: Any, order: str = "C", copy: bool | None = None) -> Self:
        """`xgpu.reshape`, also with the lengths as arguments of their own.

        Raises:
            ValueError: an ``order`` other than "C".
        """
        _in_c_order("reshape", order)
        return self._of("reshape", _unpacked(shape), copy=copy)

    def ravel(self, order: str = "C") -> Self:
        """The elements along one axis: a view where strides can express it."""
        _in_c_order("ravel", order)
        return self._of("reshape", (-1,))

    def flatten(self, order: str = "C") -> Self:
        """The elements along one axis, as a copy."""
        _in_c_order("flatten", order)
        return self._of("reshape", (-1,), copy=True)

    def transpose(self, *axes: Any) -> Self:
        """`xgpu.permute_dims`; of all axes in reverse order if none are given."""
        given = _unpacked(axes)
        return self._of(
            "permute_dims", tuple(reversed(range(self.ndim))) if given is None else given
        )

    def squeeze(self, axis: Axis = None) -> Self:
        """`xgpu.squeeze`; of every axis of length 1 if none is given."""
        if axis is None:
            axis = tuple(i for i, n in enumerate(self.shape) if n == 1)
        return self._of("squeeze", axis)

    def astype(self, dtype: DType, *, copy: bool = True) -> Self:
        """`xgpu.astype`."""
        return self._of("astype", dtype, copy=copy)

    def copy(self) -> Self:
        """An array of its own with the same elements."""
        return self._of("asarray", copy=True)

    def conj(self) -> Self:
        """`xgpu.conj` of complex numbers; real ones are their own."""
        return self._of("conj") if self._kind("complex floating") else self

    @property
    def real(self) -> Self:
        """`xgpu.real`, a copy; an array of real numbers is its own."""
        return self._of("real") if self._kind("complex floating") else self

    @property
    def imag(self) -> Self:
        """`xgpu.imag`; zeros for real numbers."""
        return self._of("imag" if self._kind("complex floating") else "zeros_like")

    def view(self, dtype: DType | None = None) -> Self:
        """The same elements by another array, which sees each write to this one.

        Raises:
            TypeError: another ``dtype``: bits are not read as another dtype's.
        """
        if dtype is not None and dtype != self.dtype:
            raise TypeError(
                f"view() does not read {self.dtype} as {dtype}; to convert the values, use astype()"
            )
        seen: Self = self[...]  # type: ignore[index]
        return seen

    def _of(self, name: str, /, *arguments: Any, **options: Any) -> Self:
        result: Self = getattr(_namespace(), name)(self, *arguments, **options)
        return result

    def _reduced(self, name: str, out: Any, /, **options: Any) -> Self:
        if out is not None:
            raise TypeError(f"{name}() takes no out=: assign to it, as in out[...] = x.{name}()")
        return self._of(name, **options)

    def _floating(self, dtype: DType | None) -> Self:
        if dtype is None and self._kind(("real floating", "complex floating")):
            return self
        return self._of("astype", _namespace().float64 if dtype is None else dtype, copy=False)

    def _kind(self, kind: str | tuple[str, ...]) -> bool:
        answer: bool = _namespace().isdtype(self.dtype, kind)
        return answer


def _namespace() -> ModuleType:
    """The package, whose functions are not imported here: they are made of arrays."""
    return sys.modules[__name__.partition(".")[0]]


def _unpacked(arguments: tuple[Any, ...]) -> Any:
    """The one argument by itself, or all of them; None for none."""
    if len(arguments) == 1:
        return arguments[0]
    return arguments or None


def _in_c_order(name: str, order: str) -> None:
    if order not in ("C", None):
        raise ValueError(f"{name}() takes order='C', the only order of an array: got {order!r}")
