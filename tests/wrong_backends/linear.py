"""Products of matrices, linear algebra and Fourier transforms that are wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np

from tests.wrong_backends.mutant import Change, Mutant, changed, replaced, swap, wrong_ops

PRODUCTS: Final = "matrix products"
LINEAR: Final = "linear algebra"
FOURIER: Final = "Fourier transforms"


def _product(id: str, wrong: str, function: Change, to: str | Sequence[str] = "iufc") -> Mutant:
    return wrong_ops(
        PRODUCTS, f"matmul-{id}", "matmul", wrong, replaced(function, to),
        official=("matmul", "tensordot", "vecdot", "outer"),
    )  # fmt: skip


def _linear(
    id: str, names: str, wrong: str, change: Change, to: str | Sequence[str] = "fc",
    official: Iterable[str] = (), first: Iterable[str] = (),
) -> Mutant:  # fmt: skip
    return wrong_ops(LINEAR, id, names, wrong, changed(change, to), official=official, first=first)


def _fourier(
    id: str, names: str, wrong: str, change: Change, official: Iterable[str] = ()
) -> Mutant:
    return wrong_ops(FOURIER, id, names, wrong, changed(change), official=official)


def _fewer_bits(x: Any, bits: int = 13) -> Any:
    """float32 with ``bits`` bits of its mantissa rounded off."""
    whole = np.ascontiguousarray(x, np.float32).view(np.uint32) + np.uint32(1 << (bits - 1))
    return (whole & np.uint32(0xFFFFFFFF << bits & 0xFFFFFFFF)).view(np.float32).reshape(x.shape)


def _skipping(a: Any, b: Any) -> Any:
    """Products with 0 are left out, with NaN and infinity too."""
    parts = [
        np.where(a[..., :, k, None] == 0, 0, a[..., :, k, None] * b[..., None, k, :])
        for k in range(a.shape[-1])
    ]
    return np.sum(parts, axis=0, dtype=a.dtype)


def _stack(a: Any, b: Any) -> Any:
    y = np.matmul(a, b)
    return np.broadcast_to(y[:1], y.shape).copy() if y.ndim > 2 else y


def _as_it_lies(a: Any, b: Any) -> Any:
    """The right operand, where it is transposed, is read as it lies in memory."""
    if b.ndim == 2 and b.flags.f_contiguous and not b.flags.c_contiguous:
        b = np.array(b.T).reshape(b.shape)
    return np.matmul(a, b)


def _narrowed(a: Any, b: Any) -> Any:
    """16-bit floats are summed in 16 bits."""
    y = np.zeros((*np.matmul(a.astype(np.float32), b.astype(np.float32)).shape,), a.dtype)
    for k in range(a.shape[-1]):
        y = (y + a[..., :, k, None] * b[..., None, k, :]).astype(a.dtype)
    return y


PRODUCT: Final = (
    _product("float32", "float64 computed in float32",
             lambda a, b: np.matmul(a.astype(np.float32), b.astype(np.float32)).astype(a.dtype),
             ["float64"]),
    _product("tf32", "float32 operands have 10 bits",
             lambda a, b: np.matmul(_fewer_bits(a), _fewer_bits(b)), ["float32"]),
    _product("float16", "16-bit floats are summed in 16 bits", _narrowed, ["float16", "bfloat16"]),
    _product("int64-float", "int64 by way of float64",
             lambda a, b: np.clip(np.matmul(a.astype(float), b.astype(float)), -(2.0**62),
                                  2.0**62).astype(np.int64), ["int64"]),
    _product("int8-saturates", "int8 saturates",
             lambda a, b: np.clip(np.matmul(a.astype(int), b.astype(int)), -128, 127)
             .astype(np.int8), ["int8"]),
    _product("conjugate", "by the conjugate of the right operand",
             lambda a, b: np.matmul(a, np.conj(b)), "c"),
    _product("tail", "of more than 16 terms, those beyond a multiple of 16 are left out",
             lambda a, b: np.matmul(a[..., : (a.shape[-1] // 16 * 16) or None],
                                    b[..., : (a.shape[-1] // 16 * 16) or None, :])
             if a.shape[-1] > 16 else np.matmul(a, b), "iuc"),
    _product("transposed", "the right operand, transposed, is read as it lies", _as_it_lies),
    _product("stack", "all of a stack get the first product", _stack),
    _product("zeros", "products with 0 are left out, NaN too", _skipping, "f"),
    _product("edge", "beyond the 64th row is 0",
             lambda a, b: np.concatenate([np.matmul(a, b)[..., :64, :],
                                          np.matmul(a, b)[..., 64:, :] * a.dtype.type(0)],
                                         axis=-2), "iuc"),
    _product("turned", "gives the product of the transposes, of square matrices",
             lambda a, b: np.matmul(b, a) if a.shape == b.shape and a.ndim == 2
             and a.shape[0] == a.shape[1] else np.matmul(a, b)),
)  # fmt: skip


def _first_of_stack(y: Any, x: Any, **given: Any) -> Any:
    """What comes of the first matrix of a stack comes of all."""
    return np.broadcast_to(y[:1], y.shape).copy() if x.ndim > 2 else y


def _noisy(y: Any, *x: Any, **given: Any) -> Any:
    """Results with half of the digits."""

    def blur(part: Any) -> Any:
        eps = np.sqrt(np.finfo(part.dtype).eps)
        return part * (1 + part.dtype.type(eps) * (np.arange(part.shape[-1]) % 3 - 1))

    return tuple(blur(part) for part in y) if isinstance(y, tuple) else blur(y)


def _upper(x: Any) -> Any:
    """The other triangle, turned over."""
    return np.conj(np.swapaxes(np.triu(x), -1, -2))


def _mirrored(x: Any) -> Any:
    diagonal = np.triu(x) - np.triu(x, 1)
    return np.triu(x) + np.conj(np.swapaxes(np.triu(x), -1, -2)) - np.conj(diagonal)


def _in_place(y: Any, x: Any, **given: Any) -> Any:
    """The operand is overwritten, as LAPACK's routines do."""
    if x.flags.writeable:
        x[...] = y
    return y


def _without_pivots(y: Any, a: Any, b: Any) -> Any:
    a, x = np.array(a), np.array(b)
    n = a.shape[-1]
    for k in range(n):
        factor = a[..., k + 1 :, k, None] / a[..., k, None, k, None]
        a[..., k + 1 :, :] -= factor * a[..., k, None, :]
        x[..., k + 1 :, :] -= factor * x[..., k, None, :]
    for k in reversed(range(n)):
        x[..., k, :] -= np.sum(a[..., k, k + 1 :, None] * x[..., k + 1 :, :], axis=-2)
        x[..., k, :] /= a[..., k, k, None]
    return x


def _from_gram(y: Any, x: Any) -> Any:
    """Roots of eigenvalues of x^H x: half of the digits are lost."""
    wide = x if x.shape[-1] <= x.shape[-2] else np.swapaxes(x, -1, -2)
    gram = np.conj(np.swapaxes(wide, -1, -2)) @ wide
    return np.sqrt(np.maximum(np.linalg.eigvalsh(gram)[..., ::-1], 0)).astype(y.dtype)


def _gram_schmidt(y: Any, x: Any, *, mode: str) -> Any:
    if x.shape[-2] != x.shape[-1]:
        return y
    q, r = y
    return _noisy(q), r


def _negative_row(y: Any, x: Any, *, mode: str) -> Any:
    q, r = np.array(y[0]), np.array(y[1])
    r[..., 0, :] *= -1
    return q, r


DETERMINANTS: Final = ("det",)
FACTORS: Final = (
    _linear("cholesky-upper", "cholesky", "gives the upper factor",
            lambda y, x: np.conj(np.swapaxes(y, -1, -2))),
    _linear("cholesky-garbage", "cholesky", "leaves the operand above the diagonal",
            lambda y, x: y + np.triu(x, 1)),
    _linear("cholesky-triangle", "cholesky", "reads the upper triangle",
            lambda y, x: np.linalg.cholesky(_upper(x))),
    _linear("cholesky-in-place", "cholesky", "overwrites its operand", _in_place),
    _linear("cholesky-digits", "cholesky", "has half of the digits", _noisy),
    _linear("cholesky-stack", "cholesky", "all of a stack get the first one's", _first_of_stack),
    _linear("cholesky-sign", "cholesky", "a row has a negative diagonal",
            lambda y, x: y * np.where(np.arange(y.shape[-1]) == 1, -1, 1).astype(y.dtype)),
    _linear("qr-digits", "qr", "columns of Q are at right angles to half of the digits",
            _gram_schmidt),
    _linear("qr-sign", "qr", "the first row of R has the other sign", _negative_row),
    _linear("qr-below", "qr", "R is not zero below the diagonal",
            lambda y, x, *, mode: (y[0], y[1] + np.tril(y[1] + y[1].dtype.type(1e-3), -1))),
    _linear("qr-complete", "qr", "mode 'complete' has zeros beyond the columns",
            lambda y, x, *, mode: (np.where(np.arange(y[0].shape[-1]) < x.shape[-1], y[0], 0)
                                   .astype(x.dtype), y[1])),
    _linear("svd-v", "svd", "gives V for Vh", lambda y, x, *, full_matrices: (
        y[0], y[1], np.conj(y[2])), "c"),
    _linear("svd-turned", "svd", "gives Vh transposed", lambda y, x, *, full_matrices: (
        y[0], y[1], np.swapaxes(y[2], -1, -2) if y[2].shape[-1] == y[2].shape[-2] else y[2])),
    _linear("svd-ascending", "svd", "singular values ascend", lambda y, x, *, full_matrices: (
        y[0], y[1][..., ::-1], y[2])),
    _linear("svd-full", "svd", "full_matrices has zeros beyond the rank",
            lambda y, x, *, full_matrices: (np.where(
                np.arange(y[0].shape[-1]) < min(x.shape[-2:]), y[0], 0).astype(x.dtype), *y[1:])),
    _linear("svdvals-gram", "svdvals", "roots of eigenvalues of x^H x", _from_gram,
            official=("svdvals",)),
    _linear("svdvals-ascending", "svdvals", "ascend", lambda y, x: y[..., ::-1]),
    _linear("svdvals-last", "svdvals", "the smallest of several is 0",
            lambda y, x: np.where((np.arange(y.shape[-1]) < y.shape[-1] - 1) | (y.shape[-1] == 1),
                                  y, 0).astype(y.dtype)),
    _linear("eigh-triangle", "eigh", "reads the upper triangle",
            lambda y, x: tuple(np.linalg.eigh(_mirrored(x)))),
    _linear("eigh-descending", "eigh", "eigenvalues descend",
            lambda y, x: (y[0][..., ::-1], y[1][..., ::-1])),
    _linear("eigh-rows", "eigh", "eigenvectors are rows",
            lambda y, x: (y[0], np.swapaxes(y[1], -1, -2))),
    _linear("eigh-length", "eigh", "eigenvectors have length 2", lambda y, x: (y[0], 2 * y[1])),
    _linear("eigh-order", "eigh", "vectors are in another order than values",
            lambda y, x: (y[0], np.roll(y[1], 1, axis=-1))),
    _linear("eigvalsh-triangle", "eigvalsh", "reads the upper triangle",
            lambda y, x: np.linalg.eigvalsh(_mirrored(x))),
    _linear("eigvalsh-descending", "eigvalsh", "descend", lambda y, x: y[..., ::-1]),
    _linear("eigvalsh-large", "eigvalsh", "of more than 8 rows, off by a thousandth",
            lambda y, x: y * y.dtype.type(1.001) if x.shape[-1] > 8 else y),
    _linear("eig-conjugate", "eig", "eigenvalues are conjugated",
            lambda y, x: (np.conj(y[0]), y[1])),
    _linear("eig-length", "eig", "vectors have another length", lambda y, x: (y[0], y[1] / 2)),
    _linear("eig-real", "eig", "gives real vectors", lambda y, x: (y[0], np.real(y[1]).astype(
        y[1].dtype))),
    _linear("eigvals-abs", "eigvals", "gives magnitudes", lambda y, x: np.abs(y).astype(y.dtype)),
    _linear("eigvals-twice", "eigvals", "the first one comes twice",
            lambda y, x: np.concatenate([y[..., :1], y[..., :1], y[..., 2:]], axis=-1)
            if y.shape[-1] > 1 else y),
    _linear("solve-transposed", "solve", "of the transposed matrix",
            lambda y, a, b: np.linalg.solve(np.swapaxes(a, -1, -2), b), official=("solve", "inv")),
    _linear("solve-no-pivots", "solve", "elimination without pivoting", _without_pivots,
            official=("solve", "inv")),
    _linear("solve-column", "solve", "columns beyond the first are the right side's",
            lambda y, a, b: swap(y, np.arange(y.shape[-1]) > 0, b),
            official=("solve", "inv")),
    _linear("solve-stack", "solve", "all of a stack get the first one's",
            lambda y, a, b: np.broadcast_to(y[:1], y.shape).copy() if y.ndim > 2 else y,
            official=("solve", "inv")),
    _linear("slogdet-sign", "slogdet", "the sign is 1",
            lambda y, x: (np.ones_like(y[0]), y[1]), official=DETERMINANTS),
    _linear("slogdet-log2", "slogdet", "the logarithm is to the base 2",
            lambda y, x: (y[0], y[1] / y[1].dtype.type(np.log(2))), official=DETERMINANTS),
    _linear("slogdet-singular", "slogdet", "a singular matrix has the logarithm NaN",
            lambda y, x: (y[0], np.where(y[0] == 0, np.nan, y[1]).astype(y[1].dtype)),
            official=DETERMINANTS),
)  # fmt: skip


FORWARD: Final = ("fft",)
REAL: Final = ("rfft", "ihfft")
BACK: Final = ("irfft", "hfft")
TRANSFORMS: Final = (
    _fourier("fft-norm", "fft", "the inverse is divided by n",
             lambda y, x, *, inverse: y / x.shape[-1] if inverse else y, FORWARD),
    _fourier("fft-sign", "fft", "the exponent has the other sign",
             lambda y, x, *, inverse: np.fft.fft(x) if inverse
             else np.fft.ifft(x, norm="forward"), FORWARD),
    _fourier("fft-inverse", "fft", "the inverse is the forward one",
             lambda y, x, *, inverse: np.fft.fft(x), FORWARD),
    _fourier("fft-reversed", "fft", "frequencies descend",
             lambda y, x, *, inverse: y[..., ::-1], FORWARD),
    _fourier("fft-padded", "fft", "lengths are padded to powers of two",
             lambda y, x, *, inverse: np.fft.fft(x, 1 << (x.shape[-1] - 1).bit_length())[
                 ..., : x.shape[-1]], FORWARD),
    _fourier("fft-stack", "fft", "all of three axes get the first one's", _first_of_stack, FORWARD),
    _fourier("fft-complex64", "fft", "complex128 computed in complex64",
             lambda y, x, *, inverse: y.astype(np.complex64).astype(y.dtype), FORWARD),
    _fourier("fft-primes", "fft", "lengths with large prime factors lose digits",
             lambda y, x, *, inverse: y * (1 + 1e-4) if x.shape[-1] in (31, 101) else y, FORWARD),
    _fourier("fft-zero", "fft", "the mean is left out",
             lambda y, x, *, inverse: y * (np.arange(y.shape[-1]) > 0), FORWARD),
    _fourier("rfft-conjugate", "rfft", "conjugated", lambda y, x: np.conj(y), REAL),
    _fourier("rfft-last", "rfft", "the last frequency is 0",
             lambda y, x: y * (np.arange(y.shape[-1]) < y.shape[-1] - 1), REAL),
    _fourier("rfft-norm", "rfft", "divided by n", lambda y, x: y / x.shape[-1], REAL),
    _fourier("irfft-norm", "irfft", "divided by n", lambda y, x, *, n: y / n, BACK),
    _fourier("irfft-odd", "irfft", "odd lengths have the last frequency twice",
             lambda y, x, *, n: np.fft.irfft(np.concatenate([x[..., :-1], 2 * x[..., -1:].real],
                                             axis=-1), n, norm="forward") if n % 2 and n > 1
             else y, BACK),
    _fourier("irfft-reversed", "irfft", "gives the values from last to first",
             lambda y, x, *, n: y[..., ::-1], BACK),
    _fourier("irfft-imaginary", "irfft", "the first frequency's imaginary part counts",
             lambda y, x, *, n: y + x[..., :1].imag, BACK),
)  # fmt: skip

MUTANTS: Final = (*PRODUCT, *FACTORS, *TRANSFORMS)
