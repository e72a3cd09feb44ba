"""What PyTorch lacks or gets wrong, op by op."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from xgpu.plugin import library
from xgpu_compat.rounding import to_odd
from xgpu_compat.special import offered

torch = library("torch", "pip install 'xgpu-array[torch]'")
xp = library("array_api_compat.torch", "pip install array-api-compat")
Array = Any
Function = Callable[..., Any]


def by_parts(function: Function) -> Function:
    """An op of complex numbers that is one of their parts, for each by itself."""

    def run(*arrays: Array) -> Array:
        if not arrays[0].dtype.is_complex:
            return function(*arrays)
        arrays = torch.broadcast_tensors(*arrays)
        parts = [function(*(part(x) for x in arrays)) for part in (torch.real, torch.imag)]
        return torch.complex(*parts)

    return run


def acos(x: Array) -> Array:
    """The imaginary part has the other sign than x's, at zero too; the real part its last digits.

    torch takes the real part from pi / 2. Source: Kahan, "Branch Cuts for Complex Elementary
    Functions" (1987).
    """
    found = torch.acos(x)
    if not x.dtype.is_complex:
        return found
    one = torch.ones_like(x.real)
    parts = [torch.sqrt(torch.complex(one + s * x.real, s * x.imag)).real for s in (-1, 1)]
    real = torch.where(torch.isfinite(x), 2 * torch.atan2(*parts), found.real)
    return torch.complex(real, torch.copysign(found.imag, -x.imag))


def sign(x: Array) -> Array:
    """A component that is zero keeps its sign, unless all of x is zero."""
    found = xp.sign(x)
    if not x.dtype.is_complex:
        return found
    signed = (torch.copysign(found.real, x.real), torch.copysign(found.imag, x.imag))
    return torch.where((x == 0) | found.isnan(), found, torch.complex(*signed))


def cast(x: Array, dtype: Any) -> Array:
    """Convert; to 16-bit floats with one rounding, where torch rounds to float32 first.

    A complex number loses its imaginary part, of which torch would warn.
    """
    if x.dtype.is_complex and not dtype.is_complex and dtype != torch.bool:
        x = x.real
    if dtype not in (torch.float16, torch.bfloat16) or x.dtype == dtype:
        return x.to(dtype)
    nearest = to_odd(torch, x, torch.Tensor.to, torch.Tensor.view)
    made = nearest.to(dtype).view(torch.int16)
    # On vectors torch's NaN has a sign of its own.
    signed = torch.where(nearest.signbit(), made | -(2**15), made & 2**15 - 1)
    return torch.where(nearest.isnan(), signed, made).view(dtype)


def floor_divide(x1: Array, x2: Array) -> Array:
    """0 for integers divided by 0, where torch raises; floor(x1 / x2) for infinities."""
    if x1.dtype.is_floating_point:
        whole = torch.isfinite(x1) & torch.isfinite(x2)
        return torch.where(whole, torch.floor_divide(x1, x2), torch.floor(x1 / x2))
    zero = x2 == 0
    return torch.where(zero, 0, torch.floor_divide(x1, torch.where(zero, 1, x2)))


def remainder(x1: Array, x2: Array) -> Array:
    """0 for integers divided by 0, where torch raises; a zero has the sign of x2."""
    if x1.dtype.is_floating_point:
        found = torch.fmod(x1, x2)  # torch.remainder's quotient overflows
        found = torch.where((found != 0) & ((found < 0) != (x2 < 0)), found + x2, found)
        return torch.where(found == 0, torch.copysign(found, x2), found)
    zero = x2 == 0
    return torch.where(zero, 0, torch.remainder(x1, torch.where(zero, 1, x2)))


def power(x1: Array, x2: Array) -> Array:
    """Complex zero to a power of positive real part is 0, and to the power 0 is 1, not NaN."""
    found = torch.pow(x1, x2)
    if not x1.dtype.is_complex:
        return found
    zero = torch.where(x2 == 0, 1, torch.where(x2.real > 0, 0, found))
    return torch.where((x1 == 0) | (x2 == 0), zero, found)


def expm1(x: Array) -> Array:
    """The standard's values where the exponent of a complex x is not finite."""
    if not x.dtype.is_complex:
        return torch.expm1(x)
    a, b = x.real, x.imag
    found, turning = torch.expm1(x), ~torch.isfinite(b)
    real = torch.where((a == torch.inf) & turning, torch.inf, found.real)
    imag = torch.where((a == torch.inf) & turning, torch.nan, found.imag)
    real = torch.where((a == -torch.inf) & turning, -1, real)
    imag = torch.where((a == -torch.inf) & turning, 0, imag)
    real = torch.where((a == 0) & (b == 0), 0, real)
    return torch.complex(real, torch.where(b == 0, b, imag))


def log1p(x: Array) -> Array:
    """Infinite where a complex x is, whatever the other component; of a tiny x not NaN."""
    found = torch.log1p(x)
    if not x.dtype.is_complex:
        return found
    a, b = x.real, x.imag
    real = torch.where(torch.isinf(a) | torch.isinf(b), torch.inf, found.real)
    real = torch.where((a.abs() < 1e-30) & (b.abs() < 1e-30), a + b * b / 2, real)
    return torch.complex(real, torch.atan2(b, 1 + a))


def tanh(x: Array) -> Array:
    """Far out a complex x gives a zero of its own sign, where torch's sign turns with x."""
    found = torch.tanh(x)
    if not x.dtype.is_complex:
        return found
    far = torch.isinf(x.real) & torch.isfinite(x.imag)
    signed = torch.copysign(torch.zeros_like(x.imag), x.imag)
    return torch.complex(found.real, torch.where(far, signed, found.imag))


def tan(x: Array) -> Array:
    """Of complex numbers -j tanh(jx), for the same reason."""
    if not x.dtype.is_complex:
        return torch.tan(x)
    found = tanh(torch.complex(-x.imag, x.real))
    return torch.complex(found.imag, -found.real)


def by_int8(function: Function) -> Function:
    """Argmin and argmax, which torch does not have of bool."""

    def run(matrix: Array) -> Array:
        return function(matrix.to(torch.int8) if matrix.dtype == torch.bool else matrix, dim=1)

    return run


def scatter(x: Array, positions: Array, values: Array) -> Array:
    """The last of equal positions wins, where torch's own assignment leaves open which one does."""
    flat, places = x.reshape(-1).clone(), positions.reshape(-1)
    order = torch.arange(places.shape[0], device=places.device)
    last = torch.full(flat.shape, -1, dtype=torch.int64, device=flat.device)
    last.scatter_reduce_(0, places, order, "amax")
    chosen = torch.take(values.reshape(-1), last.clamp(min=0))
    return torch.where(last >= 0, chosen, flat)


def searchsorted(x1: Array, x2: Array, side: str) -> Array:
    """NaN is the largest number, where torch's search goes astray on it; bool as integers."""
    if x1.dtype == torch.bool:
        x1, x2 = x1.to(torch.int8), x2.to(torch.int8)
    if not x1.dtype.is_floating_point:
        return torch.searchsorted(x1, x2, side=side)
    numbers = (~x1.isnan()).sum()
    whole, sought = (torch.where(x.isnan(), torch.inf, x) for x in (x1, x2))
    found = torch.minimum(torch.searchsorted(whole, sought, side=side), numbers)
    return torch.where(x2.isnan(), numbers if side == "left" else x1.shape[0], found)


def sqrt(x: Array) -> Array:
    """Of float32 correctly rounded, by way of float64."""
    return torch.sqrt(x.double()).to(x.dtype) if x.dtype == torch.float32 else torch.sqrt(x)


def of_finite(function: Function) -> Function:
    """A decomposition: NaN for a matrix that is not finite, for which torch raises."""

    def run(x: Array, **given: Any) -> Any:
        usable = torch.isfinite(x).all(dim=-1).all(dim=-1)
        made = function(torch.where(usable[..., None, None], x, 0), **given)
        if not isinstance(made, tuple):
            return torch.where(usable[..., None], made, torch.nan)
        return tuple(
            torch.where(usable.reshape(usable.shape + (1,) * (y.ndim - usable.ndim)), y, torch.nan)
            for y in made
        )

    return run


def finite(function: Function) -> Function:
    """A decomposition that raises for what is not finite, in words that NumPy has for it."""

    def run(x: Array) -> Any:
        if not torch.isfinite(x).all():
            raise torch.linalg.LinAlgError("Array must not contain infs or NaNs")
        return function(x)

    return run


def without_nan(function: Function) -> Function:
    """A decomposition that raises for NaN, as LAPACK does; infinities give NaN."""

    def run(x: Array, **given: Any) -> Any:
        if x.isnan().any():
            raise torch.linalg.LinAlgError("SVD did not converge")
        return of_finite(function)(x, **given)

    return run


def outer_products(x1: Array, x2: Array) -> Array:
    """A product of stacks of matrices that are not empty, by additions of columns times rows."""
    columns, rows = x1.unsqueeze(-1).unbind(-2), x2.unsqueeze(-2).unbind(-3)
    found = columns[0] * rows[0]
    for column, row in zip(columns[1:], rows[1:], strict=True):
        found += column * row
    return found


def matmul(x1: Array, x2: Array) -> Array:
    """Of 16-bit floats summed in float32 and rounded once; of integers on CUDA, too."""
    if x1.dtype in (torch.float16, torch.bfloat16):
        return torch.matmul(x1.float(), x2.float()).to(x1.dtype)
    if x1.is_cuda and not (x1.is_floating_point() or x1.is_complex()):
        return outer_products(x1, x2)
    return torch.matmul(x1, x2)


TABLE: Final[dict[str, Function]] = {
    **offered(torch.special, lambda x, dtype: x.to(dtype), torch.float64),
    # torch multiplies the second operand by 1, and infinity times 1 + 0j is NaN
    "add": by_parts(torch.add),
    "subtract": by_parts(torch.subtract),
    # loses signs of zero
    "negative": by_parts(torch.negative),
    # array-api-compat scales, which makes NaN of an infinity
    "round": by_parts(torch.round),
    # lazy in torch, which later functions do not all allow for
    "conj": torch.conj_physical,
    "acos": acos,
    "sign": sign,
    "argmin": by_int8(torch.argmin),
    "argmax": by_int8(torch.argmax),
    "cast": cast,
    "expm1": expm1,
    "floor_divide": floor_divide,
    "log1p": log1p,
    "matmul": matmul,
    "pow": power,
    "remainder": remainder,
    "scatter": scatter,
    "searchsorted": searchsorted,
    "sqrt": sqrt,
    "tan": tan,
    "tanh": tanh,
    "eig": finite(torch.linalg.eig),
    "eigvals": finite(torch.linalg.eigvals),
    "eigh": of_finite(torch.linalg.eigh),
    "eigvalsh": of_finite(torch.linalg.eigvalsh),
    "svd": without_nan(torch.linalg.svd),
    "svdvals": without_nan(torch.linalg.svdvals),
}
