"""The ops on dask's chunks: the reference's functions, and how dask puts chunks together."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Final, NamedTuple
from uuid import uuid4

import numpy as np

from xgpu.plugin import library, ops
from xgpu.plugin.dtypes import NARROW, kind_of
from xgpu.plugin.strides import positions
from xgpu_numpy.ops import TABLE as REFERENCE

INSTALL: Final = "pip install 'xgpu-array[dask]'"
dask = library("dask", INSTALL)
da = library("dask.array", INSTALL)
elemwise = library("dask.array.core", INSTALL).elemwise
xp = library("array_api_compat.dask.array", INSTALL)
Array = Any
Function = Callable[..., Any]


class Quiet:
    """A function of chunks without NumPy's warnings: the standard's special values are results."""

    def __init__(self, function: Function, **given: Any) -> None:
        self.function, self.given = function, given
        self.__name__ = function.__name__  # what dask calls the task

    def __dask_tokenize__(self) -> str:
        # No two tasks share a key: what dask has fused one with need not be what it has the other.
        return uuid4().hex

    def __call__(self, *arrays: Any, **given: Any) -> Any:
        """Compute one chunk."""
        with np.errstate(all="ignore"):
            return self.function(*arrays, **self.given, **given)


class Whole(NamedTuple):
    """An op that takes its operands whole, in one task."""

    function: Function
    raises: bool = False  #: whether it can fail because of a value, which the call has to wait for


def elementwise(function: Function) -> Function:
    """For each chunk by itself."""
    return lambda *arrays: elemwise(Quiet(function), *arrays)


def cast(x: Array, dtype: Any) -> Array:
    """Convert, chunk by chunk; of a complex number the real part, of which dask would warn."""
    if x.dtype.kind == "c" and kind_of(np.dtype(dtype)) in "iuf":
        x = TABLE["real"](x)
    return elemwise(Quiet(REFERENCE["cast"], dtype=dtype), x, dtype=dtype)


def folded(function: Function, keeps_dtype: bool = False) -> Function:
    """A reduction of a matrix's rows: of the parts in each chunk, then of what they gave."""

    def rows(matrix: Array) -> Array:
        given = {"dtype": matrix.dtype} if keeps_dtype else {}
        fold = Quiet(function, **given)
        return da.reduction(matrix, fold, fold, axis=1, dtype=matrix.dtype, concatenate=True)

    return rows


def along_last(function: Function, length: Callable[..., int] | None = None) -> Function:
    """Of whole rows along the last axis, each chunk of them by itself; ``length`` of the result."""

    def run(x: Array, **given: Any) -> Array:
        quiet = Quiet(function, **given)
        like = quiet(np.zeros(2, x.dtype))
        sizes = None if length is None else {"k": length(x.shape[-1], **given)}
        signature = "(i)->(i)" if length is None else "(i)->(k)"
        return da.apply_gufunc(
            quiet, signature, x, meta=like[:0], output_sizes=sizes, allow_rechunk=True
        )

    return run


def matmul(x1: Array, x2: Array) -> Array:
    """Of 16-bit floats summed in float32 and rounded once."""
    if x1.dtype not in NARROW:
        return da.matmul(x1, x2)
    return cast(da.matmul(cast(x1, np.float32), cast(x2, np.float32)), x1.dtype)


def gather(x: Array, places: Array) -> Array:
    """dask's, of positions that are an array of dask themselves."""
    with warnings.catch_warnings():  # it casts an empty complex array to the positions' dtype
        warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
        return x.reshape(-1)[places.reshape(-1)]


def scatter(x: Array, places: Array, values: Array) -> Array:
    """For each chunk, those of the values that belong there; NumPy assigns from first to last."""
    return put(x.reshape(-1), values.reshape(-1), places.reshape(-1))


def put(buffer: Array, values: Array, places: Array | None = None, **strided: Any) -> Array:
    """``buffer`` with ``values`` at ``places``, or at what the arguments of `positions` say."""
    own = da.arange(buffer.shape[0], chunks=buffer.chunks)
    pairs = [buffer, "i", own, "i", values, "j"]
    if places is not None:
        pairs += [places, "j"]
    return da.blockwise(_put, "i", *pairs, **strided, concatenate=True, dtype=buffer.dtype)


def _put(old: Any, own: Any, values: Any, places: Any = None, **strided: Any) -> Any:
    made = old.copy()
    if own.size:
        places = positions(**strided).reshape(-1) if places is None else places
        here = (places >= own[0]) & (places <= own[-1])
        made[places[here] - own[0]] = values[here]
    return made


TABLE: Final[dict[str, Any]] = {
    **{op.name: elementwise(REFERENCE[op.name]) for op in (*ops.elementwise(), *ops.optional())},
    "cast": cast,
    "sum": folded(np.sum, keeps_dtype=True),
    "prod": folded(np.prod, keeps_dtype=True),
    "min": folded(np.min),
    "max": folded(np.max),
    "any": folded(np.any),
    "all": folded(np.all),
    "gather": gather,
    "scatter": scatter,
    "matmul": matmul,
    **{
        name: along_last(REFERENCE[name])
        for name in ("sort", "argsort", "cumulative_sum", "cumulative_prod", "fft")
    },
    "rfft": along_last(REFERENCE["rfft"], lambda n: n // 2 + 1),
    "irfft": along_last(REFERENCE["irfft"], lambda _, n: n),
    **{
        name: Whole(REFERENCE[name])
        for name in ("nonzero", "searchsorted", "qr", "eigh", "eigvalsh", "slogdet")
    },
    **{
        name: Whole(REFERENCE[name], raises=True)
        for name in ("cholesky", "svd", "svdvals", "eig", "eigvals", "solve")
    },
}
