"""A right call of each function of the standard, from which wrong ones are made one by one.

Arrays are NumPy's here. `made` turns them into xgpu's; NumPy itself takes them as they are.
"""

from __future__ import annotations

import json
import operator
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

import xgpu
from tests.comparing import same

SIGNATURES: Final[dict[str, dict[str, str]]] = json.loads(
    (Path(__file__).parents[1] / "data" / "signatures.json").read_text()
)
EXTENSIONS: Final = ("fft", "linalg")
STANDARD: Final = {
    f"{chapter}.{name}" if chapter in EXTENSIONS else name: parameters
    for chapter, names in SIGNATURES.items()
    for name, parameters in names.items()
}
"""Each function, with the parameters of its signature as text."""


@dataclass(frozen=True)
class Call:
    """Arguments that a function takes."""

    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Raw:
    """An argument that stays what it is: `made` does not turn it into an xgpu array."""

    value: Any


def call(*args: Any, **kwargs: Any) -> Call:
    return Call(args, kwargs)


F: Final = np.asarray([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
V: Final = np.asarray([1.0, 2.0, 3.0])
I: Final = np.asarray([[1, 2, 3], [4, 5, 6]])  # noqa: E741
B: Final = np.asarray([[True, False, True], [False, False, True]])
C: Final = np.asarray([1 + 1j, 2.0, -1j])
SQUARE: Final = np.asarray([[2.0, 1.0], [1.0, 3.0]])
SCALAR: Final = np.asarray(1.0)
INDICES: Final = np.asarray([0, 1])


def names(text: str) -> list[str]:
    return text.split()


_ONE: Final = dict.fromkeys(
    names("""abs acos acosh asin asinh atan atanh ceil clip conj cos cosh exp expm1 floor
    imag isfinite isinf isnan log log10 log1p log2 negative positive real reciprocal
    round sign signbit sin sinh sqrt square tan tanh trunc all any argmax argmin
    count_nonzero nonzero max min mean prod std sum var unique_all unique_counts
    unique_inverse unique_values argsort sort flip diff empty_like ones_like
    zeros_like tril triu matrix_transpose unstack broadcast_arrays fft.fftshift
    fft.ifftshift fft.rfft fft.rfftn fft.ihfft linalg.matrix_norm linalg.vector_norm
    linalg.matrix_rank linalg.pinv linalg.qr linalg.svd linalg.svdvals
    linalg.diagonal linalg.matrix_transpose linalg.trace"""),
    call(F),
)
_TWO: Final = dict.fromkeys(
    names("""add atan2 copysign divide equal floor_divide greater greater_equal hypot less
    less_equal logaddexp maximum minimum multiply nextafter not_equal pow remainder
    subtract vecdot linalg.vecdot isin"""),
    call(F, F),
)

RIGHT: Final[dict[str, Call]] = {
    **_ONE,
    **_TWO,
    **dict.fromkeys(names("bitwise_and bitwise_or bitwise_xor"), call(I, I)),
    **dict.fromkeys(names("bitwise_left_shift bitwise_right_shift"), call(I, I)),
    **dict.fromkeys(names("logical_and logical_or logical_xor"), call(B, B)),
    **dict.fromkeys(names("linalg.eig linalg.eigh linalg.eigvals linalg.eigvalsh"), call(SQUARE)),
    **dict.fromkeys(names("linalg.cholesky linalg.det linalg.inv linalg.slogdet"), call(SQUARE)),
    **dict.fromkeys(names("fft.fft fft.ifft fft.fftn fft.ifftn"), call(C)),
    **dict.fromkeys(names("fft.hfft fft.irfft fft.irfftn"), call(C)),
    **dict.fromkeys(names("fft.fftfreq fft.rfftfreq"), call(4)),
    **dict.fromkeys(names("empty ones zeros"), call((2, 3))),
    **dict.fromkeys(names("matmul linalg.matmul"), call(SQUARE, SQUARE)),
    **dict.fromkeys(names("tensordot linalg.tensordot"), call(SQUARE, SQUARE)),
    **dict.fromkeys(names("concat stack"), call((F, F))),
    **dict.fromkeys(names("cumulative_prod cumulative_sum"), call(V)),
    **dict.fromkeys(["finfo"], call(np.dtype("float32"))),
    "bitwise_invert": call(I),
    "logical_not": call(B),
    "arange": call(3),
    "asarray": call([1.0]),
    "eye": call(3),
    "from_dlpack": call(F),
    "full": call((2,), 1.0),
    "full_like": call(F, 1.0),
    "linspace": call(0.0, 1.0, 5),
    "meshgrid": call(V, V),
    "astype": call(F, np.dtype("float32")),
    "can_cast": call(np.dtype("int8"), np.dtype("int16")),
    "iinfo": call(np.dtype("int8")),
    "isdtype": call(np.dtype("int8"), "integral"),
    "result_type": call(F, F),
    "take": call(F, INDICES, axis=0),
    "take_along_axis": call(F, np.asarray([[0], [1]])),
    "__array_namespace_info__": call(),
    "linalg.cross": call(V, V),
    "linalg.matrix_power": call(SQUARE, 2),
    "linalg.outer": call(V, V),
    "linalg.solve": call(SQUARE, SQUARE),
    "broadcast_shapes": call((2, 1), (3,)),
    "broadcast_to": call(V, (2, 3)),
    "expand_dims": call(F, 0),
    "moveaxis": call(F, 0, 1),
    "permute_dims": call(F, (1, 0)),
    "repeat": call(F, 2),
    "reshape": call(F, (3, 2)),
    "roll": call(F, 1),
    "squeeze": call(F[:1], 0),
    "tile": call(F, (2,)),
    "searchsorted": call(V, V),
    "where": call(B, F, F),
}


STATEMENTS: Final[dict[str, Callable[..., Any]]] = {
    "x[key]": operator.getitem,
    "x[key] = value": operator.setitem,
    "x @ y": operator.matmul,
    "x + y": operator.add,
    "x < y": operator.lt,
    "x & y": operator.and_,
    "x << y": operator.lshift,
    "x ** y": operator.pow,
    "x += y": operator.iadd,
    "x /= y": operator.itruediv,
    "x |= y": operator.ior,
    "x @= y": operator.imatmul,
    "-x": operator.neg,
    "~x": operator.invert,
    "abs(x)": abs,
    "bool(x)": bool,
    "int(x)": int,
    "float(x)": float,
    "complex(x)": complex,
    "operator.index(x)": operator.index,
    "len(x)": len,
    "iter(x)": iter,
    "x.T": lambda x: x.T,
    "x.mT": lambda x: x.mT,
    "x.item": lambda x: x.item(),
    "x.to_device": lambda x, *args, **kwargs: x.to_device(*args, **kwargs),
    "x.__array_namespace__": lambda x, **kwargs: x.__array_namespace__(**kwargs),
    "x.__dlpack__": lambda x, **kwargs: x.__dlpack__(**kwargs),
}
"""What is done with an array by an operator, a method or a conversion."""


def function_of(name: str, namespace: Any = xgpu) -> Callable[..., Any]:
    """The function that the standard calls ``name``, or what a statement does."""
    if name in STATEMENTS:
        return STATEMENTS[name]
    extension, _, bare = name.rpartition(".")
    function: Callable[..., Any] = getattr(
        getattr(namespace, extension) if extension else namespace, bare
    )
    return function


def made(value: Any) -> Any:
    """``value`` with xgpu arrays in place of NumPy's."""
    if isinstance(value, Raw):
        return value.value
    if isinstance(value, np.ndarray):
        return xgpu.asarray(value)
    if isinstance(value, tuple | list):
        return type(value)(made(v) for v in value)
    return value


def perform(name: str, given: Call) -> Any:
    """The call on xgpu arrays."""
    return function_of(name)(*made(given.args), **{k: made(v) for k, v in given.kwargs.items()})


def refuse(name: str, given: Call, error: type[Exception], said: str) -> None:
    """Check that the call raises at once, says why, and leaves its operands as they are."""
    args, kwargs = made(given.args), {k: made(v) for k, v in given.kwargs.items()}
    with pytest.raises(error, match=said):
        function_of(name)(*args, **kwargs)
    for before, after in zip(
        (*given.args, *given.kwargs.values()), (*args, *kwargs.values()), strict=True
    ):
        _unchanged(before, after)


def _unchanged(before: Any, after: Any) -> None:
    if isinstance(after, xgpu.Array):
        same(after, before)
    elif isinstance(after, tuple | list) and isinstance(before, tuple | list):
        for b, a in zip(before, after, strict=True):
            _unchanged(b, a)


def numpys_error(name: str, given: Call) -> type[Exception] | None:
    """The type that NumPy raises for the same call on its own arrays; None if it takes it."""
    args = tuple(a.copy() if isinstance(a, np.ndarray) else a for a in given.args)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            function_of(name, np)(*args, **given.kwargs)
        except Exception as error:
            return type(error)
    return None


def related(one: type[Exception], other: type[Exception]) -> bool:
    """Whether who catches one of two types may catch the other."""
    return issubclass(one, other) or issubclass(other, one)
