"""What the functions of ``linalg`` and ``fft`` refuse, one row for each mistake."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.exceptions import AxisError
from numpy.linalg import LinAlgError

from tests.bad_input.calls import SCALAR, SQUARE, B, C, F, I, V, call
from tests.bad_input.row import CASTS, CONVERTS, MEANT, ONE_TYPE, OPEN, Row, rows

SINGULAR: Final = np.asarray([[1.0, 2.0], [2.0, 4.0]])
STACKS: Final = (np.ones((2, 2, 2)), np.ones((3, 2, 2)))
STRETCH: Final = "could not be broadcast together with shapes"
FLOAT64, INT8 = np.dtype("float64"), np.dtype("int8")
POINTS: Final = "needs at least 1 point: got"
NORMS: Final = "takes norm='backward', 'ortho' or 'forward': got"


def of_square_matrices(names: str) -> list[Row]:
    found = []
    for name in names.split():
        rest = (2,) if name == "matrix_power" else ()
        where = f"linalg.{name}"
        found += [
            Row(where, call(F, *rest), LinAlgError, rf"{name}\(\) .* square .* shape \(2, 3\)"),
            Row(where, call(V, *rest), LinAlgError, rf"{name}\(\) .* 2 axes: got shape \(3,\)"),
            Row(where, call(SCALAR, *rest), LinAlgError, r"2 axes: got shape \(\)"),
        ]
    return found


def of_matrices(names: str, unlike: str = "") -> list[Row]:
    return [
        Row(f"linalg.{name}", call(x), ValueError, "at least 2 axes", unlike)
        for name in names.split()
        for x in (V, SCALAR)
    ]


LINALG: Final = [
    *of_square_matrices("cholesky det eig eigh eigvals eigvalsh inv matrix_power slogdet"),
    *of_matrices("matrix_norm pinv qr svd svdvals diagonal trace matrix_transpose"),
    *of_matrices("matrix_rank", OPEN),
    *rows("linalg.cholesky", (call(-SQUARE), LinAlgError, "not positive definite")),
    *rows("linalg.inv", (call(SINGULAR), LinAlgError, "Singular matrix")),
    *rows(
        "linalg.matrix_power",
        (call(SINGULAR, -1), LinAlgError, "Singular matrix"),
        (call(SQUARE, 1.5), TypeError, "n must be an integer: got 1.5"),
        (call(SQUARE, "2"), TypeError, "n must be an integer: got '2'"),
        (call(SQUARE, None), TypeError, "n must be an integer: got None"),
        (call(B[:, :2], 2), TypeError, "got dtype bool", OPEN),
    ),
    *rows(
        "linalg.cross",
        (call(V, V[:2]), ValueError, r"vectors of 3 elements: got shapes \(3,\) and \(2,\)"),
        (call(F[:, :2], F[:, :2]), ValueError, "vectors of 3 elements"),
        (call(F, V, axis=0), ValueError, "different ranks takes a negative axis: got 0"),
        (call(SCALAR, SCALAR), AxisError, "axis -1 is out of bounds"),
        (call(B, B), TypeError, "bool"),
    ),
    *rows(
        "linalg.diagonal",
        (call(F, offset=1.5), TypeError, "offset must be an integer: got 1.5"),
        (call(F, offset="a"), TypeError, "offset must be an integer: got 'a'"),
    ),
    *rows(
        "linalg.trace",
        (call(F, offset=1.5), TypeError, "offset must be an integer: got 1.5"),
        (call(C[None], dtype=FLOAT64), TypeError, "complex128 cannot give float64", CASTS),
    ),
    *rows(
        "linalg.matrix_norm",
        (call(F, ord="foo"), ValueError, "takes ord='fro', 'nuc', 1, 2, inf.* got 'foo'"),
        (call(F, ord=3), ValueError, "takes ord='fro', .* got 3"),
    ),
    *rows(
        "linalg.vector_norm",
        (call(F, ord="fro"), TypeError, "takes a real number as ord: got 'fro'", ONE_TYPE),
        (call(F, ord=None), TypeError, "takes a real number as ord: got None", MEANT),
        (call(F, axis=(0, 0)), ValueError, "duplicate value in 'axis'"),
    ),
    *rows("linalg.matmul", (call(F, F), ValueError, "3 columns on the left, 2 rows")),
    *rows(
        "linalg.outer",
        (call(F, V), ValueError, r"1-d arrays: got shapes \(2, 3\) and \(3,\)"),
        (call(V, SCALAR), ValueError, r"1-d arrays: got shapes \(3,\) and \(\)"),
    ),
    *rows(
        "linalg.qr",
        (call(F, mode="half"), ValueError, "mode='reduced' or 'complete': got 'half'"),
        (call(F, mode=None), ValueError, "mode='reduced' or 'complete': got None"),
        (call(F, mode="raw"), ValueError, "mode='reduced' or 'complete': got 'raw'", OPEN),
    ),
    *rows(
        "linalg.solve",
        (call(F, V), LinAlgError, r"takes square matrices: got shape \(2, 3\)"),
        (call(V, V), LinAlgError, r"at least 2 axes: got shape \(3,\)"),
        (call(SQUARE, V), ValueError, "2 equations for right-hand sides of 3 rows"),
        (call(SQUARE, SCALAR), ValueError, "right-hand sides of at least 1 axis: got a 0-d"),
        (call(*STACKS), ValueError, STRETCH),
        (call(SINGULAR, SQUARE), LinAlgError, "Singular matrix"),
    ),
    *rows(
        "linalg.pinv",
        (call(F, rtol="a"), TypeError, r"pinv\(\) .* got str"),
        (call(F, rtol=1j), TypeError, r"pinv\(\) takes a real rtol: got 1j", OPEN),
        (call(F, rtol=C), TypeError, r"pinv\(\) takes a real rtol: got dtype complex", ONE_TYPE),
        (call(F, rtol=[0.1]), TypeError, r"pinv\(\) .* got list", CONVERTS),
    ),
    *rows(
        "linalg.matrix_rank",
        (call(F, rtol="a"), TypeError, r"matrix_rank\(\) .* got str"),
        (call(F, rtol=1j), TypeError, "takes a real rtol: got 1j", OPEN),
    ),
    *rows("linalg.tensordot", (call(F, F, axes="1"), TypeError, "integer: got '1'", ONE_TYPE)),
    *rows("linalg.vecdot", (call(F, F.T), ValueError, "equal lengths along axis -1")),
]

_COMPLEX: Final = "takes complex floating dtypes: got {}; convert it with xgpu.astype"
_REAL: Final = "takes real floating dtypes: got complex128; take xgpu.real"

ALONG_ONE = [("fft", C), ("ifft", C), ("hfft", C), ("irfft", C), ("rfft", F), ("ihfft", F)]

FFT: Final = [
    *[
        Row(f"fft.{name}", call(x), TypeError, _COMPLEX.format(x.dtype), OPEN)
        for name in ["fft", "ifft", "fftn", "ifftn", "hfft", "irfft", "irfftn"]
        for x in (F, I)
    ],
    *[Row(f"fft.{name}", call(C), TypeError, _REAL) for name in ["rfft", "rfftn", "ihfft"]],
    *[
        row
        for name, x in (
            ("fft", C),
            ("ifft", C),
            ("hfft", C),
            ("irfft", C),
            ("rfft", F),
            ("ihfft", F),
        )
        for row in rows(
            f"fft.{name}",
            (call(x, n=0), ValueError, rf"{name}\(\) {POINTS} 0"),
            (call(x, n=-1), ValueError, rf"{name}\(\) {POINTS} -1"),
            (call(x, n=1.5), TypeError, rf"{name}\(\) takes an int .* got 1.5"),
            (call(x, n="a"), TypeError, "as the number of points: got 'a'"),
            (call(x, norm="none"), ValueError, f"{NORMS} 'none'"),
            (call(x, norm=2), ValueError, f"{NORMS} 2"),
            (call(x[..., :0]), ValueError, POINTS),
            (call(np.asarray(x.reshape(-1)[0])), AxisError, "axis -1 is out of bounds"),
        )
    ],
    *rows("fft.fft", (call(C, norm=None), ValueError, f"{NORMS} None", MEANT)),
    *rows("fft.irfft", (call(C[:1]), ValueError, rf"irfft\(\) {POINTS} 0")),
    *rows("fft.hfft", (call(C[:1]), ValueError, rf"hfft\(\) {POINTS} 0")),
    *[
        row
        for name, x in (("fftn", C), ("ifftn", C), ("irfftn", C), ("rfftn", V))
        for row in rows(
            f"fft.{name}",
            (call(x, s=(4,)), ValueError, r"s=\.\.\.\) needs axes=.* got s=\(4,\)", OPEN),
            (call(x, s=(4, 4), axes=(0,)), ValueError, "as many lengths as axes"),
            (call(x, axes=(3,)), AxisError, "axis 3 is out of bounds"),
            (call(x, s=(0,), axes=(0,)), ValueError, POINTS),
            (call(x, s=(1.5,), axes=(0,)), TypeError, "number of points: got 1.5"),
            (call(x, s=4, axes=(0,)), TypeError, "s must be a sequence of integers: got 4"),
            (call(x, axes=0), TypeError, "axes must be a sequence of integers: got 0"),
            (call(x, axes=("0",)), TypeError, "axis must be an integer: got '0'"),
            (call(x, norm="none"), ValueError, f"{NORMS} 'none'"),
        )
    ],
    *rows("fft.rfftn", (call(F, axes=()), ValueError, "needs an axis", ONE_TYPE)),
    *rows("fft.irfftn", (call(C, axes=()), ValueError, "needs an axis", ONE_TYPE)),
    *[
        row
        for name in ("fftfreq", "rfftfreq")
        for row in rows(
            f"fft.{name}",
            (call(0), ValueError, rf"{name}\(\) {POINTS} 0", ONE_TYPE),
            (call(1.5), TypeError, "an int as the number of points: got 1.5", ONE_TYPE),
            (call("4"), TypeError, "an int as the number of points: got '4'", ONE_TYPE),
            (call(4, d=0.0), ZeroDivisionError, "samples some way apart: got d=0.0"),
            (call(4, d="a"), TypeError, "takes a real number as d: got 'a'"),
            (call(4, d=None), TypeError, "takes a real number as d: got None"),
            (call(4, d=1j), TypeError, "takes a real number as d: got 1j", OPEN),
            (call(4, dtype=INT8), TypeError, "gives real floating dtypes: got int8"),
            (call(4, dtype=C.dtype), TypeError, "real floating dtypes: got complex128"),
        )
    ],
    *[
        row
        for name in ("fftshift", "ifftshift")
        for row in rows(
            f"fft.{name}",
            (call(F, axes=2), AxisError, "axis 2 is out of bounds"),
            (call(F, axes=(0, 3)), AxisError, "axis 3 is out of bounds"),
            (call(F, axes=(0, 0)), ValueError, "duplicate value in 'axis'", OPEN),
            (call(F, axes="0"), TypeError, "axis must be an integer: got '0'"),
            (call(F, axes=1.5), TypeError, "axis must be an integer: got 1.5"),
        )
    ],
    *rows("fft.fftfreq", (call(-1), ValueError, f"{POINTS} -1")),
]

ROWS: Final = [*LINALG, *FFT]
