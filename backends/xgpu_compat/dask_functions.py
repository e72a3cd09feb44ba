"""The ops on dask's chunks: NumPy's functions, the way dask puts chunks together for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple
from uuid import uuid4

import array_api_compat.numpy as blocks
import numpy as np

from xgpu.plugin import library, ops
from xgpu.plugin.dtypes import NARROW, kind_of
from xgpu.plugin.narrow import converted
from xgpu.plugin.strides import positions

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
    """Convert; a complex number loses its imaginary part."""
    return elemwise(Quiet(_converted, dtype=dtype), x, dtype=dtype)


def _converted(x: Any, dtype: Any) -> Any:
    real = np.real(x) if kind_of(np.dtype(dtype)) in "iuf" else x
    return converted(np.asarray(real), dtype)


def floor_divide(x1: Any, x2: Any) -> Any:
    """floor(x1 / x2) also where an operand is infinite; NumPy gives NaN there."""
    if x1.dtype.kind != "f":
        return np.floor_divide(x1, x2)
    finite = np.isfinite(x1) & np.isfinite(x2)
    return np.where(finite, np.floor_divide(x1, x2), np.floor(np.divide(x1, x2)))


def power(x1: Any, x2: Any) -> Any:
    """An integer to a negative power is truncated to an integer, where NumPy raises."""
    if x1.dtype.kind != "i":
        return np.power(x1, x2)
    odd = np.where(x2 & 1, x1, np.ones_like(x1))
    truncated = np.where(x1 == -1, odd, (x1 == 1).astype(x1.dtype))
    return np.where(x2 < 0, truncated, np.power(x1, np.maximum(x2, 0)))


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
            quiet, signature, x, output_dtypes=like.dtype, output_sizes=sizes, allow_rechunk=True
        )

    return run


def _sort(x: Any, descending: bool, stable: bool) -> Any:
    if descending:
        return _reversed(np.sort(_reversed(x), axis=-1, stable=stable))
    return np.sort(x, axis=-1, stable=stable)


def _argsort(x: Any, descending: bool, stable: bool) -> Any:
    return np.argsort(_reversed(x) if descending else x, axis=-1, stable=stable)


def _reversed(x: Any) -> Any:
    return np.negative(x) if x.dtype.kind == "f" else np.invert(x)


def matmul(x1: Array, x2: Array) -> Array:
    """Of 16-bit floats summed in float32 and rounded once."""
    if x1.dtype not in NARROW:
        return da.matmul(x1, x2)
    return cast(da.matmul(cast(x1, np.float32), cast(x2, np.float32)), x1.dtype)


def gather(x: Array, places: Array) -> Array:
    """dask's, of positions that are an array of dask themselves."""
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


def of_finite(function: Function, x: Any, **given: Any) -> Any:
    """``function`` of matrices; NaN for one that is not finite, which LAPACK may miss."""
    usable = np.isfinite(x).all(axis=(-2, -1), keepdims=True)
    made = function(np.where(usable, x, 0), **given)
    if not isinstance(made, tuple):
        return np.where(usable[..., 0], made, np.nan)
    return tuple(np.where(usable if y.ndim == x.ndim else usable[..., 0], y, np.nan) for y in made)


TABLE: Final[dict[str, Any]] = {
    **{
        op.name: elementwise(getattr(blocks, op.name))
        for op in ops.elementwise()
        if hasattr(blocks, op.name)
    },
    "cast": cast,
    "floor_divide": elementwise(floor_divide),
    "nextafter": elementwise(lambda x1, x2: np.where(x1 == x2, x2, np.nextafter(x1, x2))),
    "pow": elementwise(power),
    "sum": folded(np.sum, keeps_dtype=True),
    "prod": folded(np.prod, keeps_dtype=True),
    "min": folded(np.min),
    "max": folded(np.max),
    "any": folded(np.any),
    "all": folded(np.all),
    "sort": along_last(_sort),
    "argsort": along_last(_argsort),
    "cumulative_sum": along_last(lambda x: np.cumsum(x, axis=-1, dtype=x.dtype)),
    "cumulative_prod": along_last(lambda x: np.cumprod(x, axis=-1, dtype=x.dtype)),
    "gather": gather,
    "scatter": scatter,
    "matmul": matmul,
    "nonzero": Whole(np.flatnonzero),
    "searchsorted": Whole(np.searchsorted),
    "cholesky": Whole(np.linalg.cholesky, raises=True),
    "qr": Whole(np.linalg.qr),
    "svd": Whole(lambda x, **given: of_finite(np.linalg.svd, x, **given), raises=True),
    "svdvals": Whole(lambda x: of_finite(np.linalg.svdvals, x), raises=True),
    "eigh": Whole(lambda x: of_finite(np.linalg.eigh, x)),
    "eigvalsh": Whole(lambda x: of_finite(np.linalg.eigvalsh, x)),
    "eig": Whole(np.linalg.eig, raises=True),
    "eigvals": Whole(np.linalg.eigvals, raises=True),
    "solve": Whole(np.linalg.solve, raises=True),
    "slogdet": Whole(np.linalg.slogdet),
    "fft": along_last(
        lambda x, inverse: np.fft.ifft(x, norm="forward") if inverse else np.fft.fft(x)
    ),
    "rfft": along_last(np.fft.rfft, lambda n: n // 2 + 1),
    "irfft": along_last(lambda x, n: np.fft.irfft(x, n, norm="forward"), lambda _, n: n),
}
