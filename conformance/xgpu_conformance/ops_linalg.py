"""Ops of linear algebra and Fourier transforms, called as a backend gets them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

import numpy as np

from xgpu.plugin import Result, dtypes, ops
from xgpu.plugin.dtypes import DType
from xgpu.plugin.ops import Op
from xgpu_conformance import residuals
from xgpu_conformance.case import Case, Setting
from xgpu_conformance.judge import Check
from xgpu_conformance.launching import kernel_op
from xgpu_conformance.layouts import Layout, lay
from xgpu_conformance.ulp import Values, kind
from xgpu_conformance.values import normal

Shape = tuple[int, ...]
Random = Callable[..., np.random.Generator]
Attributes = dict[str, Any]
Make = Callable[[DType, Shape, np.random.Generator], Values]
Results = Callable[[DType, Shape], list[Result]]
Examine = Callable[[Values, list[Values]], Sequence[Check]]

SQUARE: Final[tuple[Shape, ...]] = ((1, 1), (2, 2), (5, 5), (17, 17), (3, 4, 4), (2, 1, 3, 3))
OBLONG: Final[tuple[Shape, ...]] = ((1, 1), (4, 4), (7, 3), (3, 7), (33, 20), (2, 1, 4, 6))
LAYOUTS: Final[tuple[Layout, ...]] = ("steps", "negative", "permuted")
LENGTHS: Final = (1, 2, 3, 4, 5, 7, 8, 12, 13, 16, 31, 60, 101, 1000)

NEEDS: Final[dict[Op, str]] = {
    **dict.fromkeys((ops.FFT, ops.RFFT, ops.IRFFT), "fft"),
    **dict.fromkeys((ops.CHOLESKY, ops.QR, ops.SVD, ops.SVDVALS, ops.EIGH, ops.EIGVALSH), "linalg"),
    **dict.fromkeys((ops.EIG, ops.EIGVALS, ops.SOLVE, ops.SLOGDET), "linalg"),
}


def cases(setting: Setting, op: Op, dtype: DType) -> Iterable[Case]:
    """The cases of one row and dtype."""
    rng = partial(setting.random, "ops", op.name, dtype.name)
    if NEEDS[op] == "fft":
        yield from _transforms(setting, op, dtype, rng)
        return
    if op is ops.SOLVE:
        yield from _solve(setting, dtype, rng)
        return
    make, shapes, results, examine, attributes = _table(op, setting)
    real = dtypes.real_of(dtype)
    for given in attributes:
        ending = "".join(f"-{v}" for v in given.values())
        wanted = partial(results, dtype, real, given)
        for shape in shapes:
            name = "x".join(map(str, shape)) + ending
            run = partial(
                _examined, setting, op, partial(make, dtype, shape), rng, name, wanted, examine
            )
            yield Case(name, partial(run, "contiguous", given))
        for layout in LAYOUTS:
            name = f"{layout}{ending}"
            run = partial(
                _examined, setting, op, partial(make, dtype, (2, 4, 4)), rng, name, wanted, examine
            )
            yield Case(name, partial(run, layout, given))
        for name, other in _further(op, make, dtype):
            name = f"{name}{ending}"
            run = partial(_examined, setting, op, other, rng, name, wanted, examine)
            yield Case(name, partial(run, "contiguous", given, name.startswith("triangle")))


def _further(
    op: Op, make: Make, dtype: DType
) -> Iterable[tuple[str, Callable[[np.random.Generator], Values]]]:
    """Matrices that some algorithms fail on."""
    if op in (ops.CHOLESKY, ops.EIGH, ops.EIGVALSH):
        yield "triangle", partial(make, dtype, (5, 5))
    if op in (ops.QR, ops.SVD, ops.SVDVALS):
        yield "graded", partial(_graded, dtype, (6, 4))
    if op is ops.SLOGDET:
        yield "pivots", partial(_turned, dtype, (5, 5))
        yield "singular", lambda rng: np.ones((3, 3), dtype)
        yield "zeros", lambda rng: np.zeros((3, 3), dtype)


def _graded(dtype: DType, shape: Shape, rng: np.random.Generator) -> Values:
    """Singular values from large to small: squares of these are lost beside each other."""
    wide = dtypes.complex128 if kind(dtype) == "c" else dtypes.float64
    turned, _ = np.linalg.qr(normal(wide, (shape[-1],) * 2, rng))
    graded = normal(wide, shape, rng) * np.logspace(0, -6, shape[-1])
    return np.asarray(graded @ turned, dtype)


def _turned(dtype: DType, shape: Shape, rng: np.random.Generator) -> Values:
    """Regular, with small numbers on the diagonal, and zeros at both ends of it."""
    x = np.array(residuals.regular(dtype, shape, rng)[..., ::-1, :])
    x[..., 0, 0] = x[..., -1, -1] = 0
    return x


def _examined(
    setting: Setting,
    op: Op,
    make: Callable[[np.random.Generator], Values],
    rng: Random,
    name: str,
    results: Callable[[Shape], list[Result]],
    examine: Examine,
    layout: Layout,
    attributes: Attributes,
    lower: bool = False,
) -> Sequence[Check]:
    x = make(rng(name))
    # What the row does not read is something else.
    given = np.tril(x) + np.triu(normal(x.dtype, x.shape, rng(name, "upper")), 1) if lower else x
    got = kernel_op(setting.device, op.name, [lay(given, layout)], results(x.shape), attributes)
    return examine(x, got)


def _table(op: Op, setting: Setting) -> tuple[Any, Any, Any, Any, list[Attributes]]:
    def right(x: Values, name: str, shape: Shape) -> Values:
        """The reference's own result."""
        dtype = dtypes.SUPPORTED[x.dtype]
        real = dtypes.real_of(dtype)
        given = real if name != "eigvals" else dtypes.complex_of(dtype)
        result = kernel_op(
            setting.reference, name, [lay(x, "contiguous")], [Result(given, shape)], {}
        )
        return result[0]

    def valued(name: str) -> Examine:
        def examine(x: Values, got: list[Values]) -> Sequence[Check]:
            wanted = right(x, name, got[0].shape)
            checks = residuals.spectrum(x, got[0], wanted, "values")
            if name == "eigvalsh":
                checks += residuals.ordered(got[0], "eigenvalues")
            if name == "svdvals":
                checks += residuals.ordered(got[0][..., ::-1], "singular values, from the last")
            return checks

        return examine

    def determinants(x: Values, got: list[Values]) -> Sequence[Check]:
        shape = got[0].shape
        results = [Result(dtypes.SUPPORTED[g.dtype], shape) for g in got]
        wanted = kernel_op(setting.reference, "slogdet", [lay(x, "contiguous")], results, {})
        pairs = zip(got, wanted, strict=True)
        return [residuals.near(a, b, x.dtype, x.shape[-1], np.ones(shape)) for a, b in pairs]

    none: list[Attributes] = [{}]
    table: dict[Op, tuple[Any, Any, Any, Any, list[Attributes]]] = {
        ops.CHOLESKY: (
            residuals.definite,
            SQUARE,
            lambda d, r, a, s: [Result(d, s)],
            lambda x, got: residuals.cholesky(x, *got),
            none,
        ),
        ops.QR: (
            normal,
            OBLONG,
            _qr_results,
            lambda x, got: residuals.qr(x, *got),
            [{"mode": "reduced"}, {"mode": "complete"}],
        ),
        ops.SVD: (
            normal,
            OBLONG,
            _svd_results,
            lambda x, got: residuals.svd(x, *got),
            [{"full_matrices": False}, {"full_matrices": True}],
        ),
        ops.SVDVALS: (
            normal,
            OBLONG,
            lambda d, r, a, s: [Result(r, (*s[:-2], min(s[-2:])))],
            valued("svdvals"),
            none,
        ),
        ops.EIGH: (
            residuals.hermitian,
            SQUARE,
            lambda d, r, a, s: [Result(r, s[:-1]), Result(d, s)],
            lambda x, got: residuals.eigh(x, *got),
            none,
        ),
        ops.EIGVALSH: (
            residuals.hermitian,
            SQUARE,
            lambda d, r, a, s: [Result(r, s[:-1])],
            valued("eigvalsh"),
            none,
        ),
        ops.EIG: (
            residuals.regular,
            SQUARE,
            lambda d, r, a, s: [
                Result(dtypes.complex_of(d), s[:-1]),
                Result(dtypes.complex_of(d), s),
            ],
            lambda x, got: residuals.eig(x, *got),
            none,
        ),
        ops.EIGVALS: (
            _symmetric,
            SQUARE,
            lambda d, r, a, s: [Result(dtypes.complex_of(d), s[:-1])],
            valued("eigvals"),
            none,
        ),
        ops.SLOGDET: (
            residuals.regular,
            SQUARE,
            lambda d, r, a, s: [Result(d, s[:-2]), Result(r, s[:-2])],
            determinants,
            none,
        ),
    }
    make, shapes, results, examine, attributes = table[op]
    return (
        make,
        shapes,
        lambda dtype, real, given, shape: results(dtype, real, given, shape),
        examine,
        attributes,
    )


def _symmetric(dtype: DType, shape: Shape, rng: np.random.Generator) -> Values:
    """Eigenvalues of these move no further than the matrix does."""
    return residuals.hermitian(dtype, shape, rng)


def _qr_results(dtype: DType, real: DType, given: Attributes, shape: Shape) -> list[Result]:
    *stack, m, n = shape
    k = m if given["mode"] == "complete" else min(m, n)
    return [Result(dtype, (*stack, m, k)), Result(dtype, (*stack, k, n))]


def _svd_results(dtype: DType, real: DType, given: Attributes, shape: Shape) -> list[Result]:
    *stack, m, n = shape
    k = min(m, n)
    left, right = (m, n) if given["full_matrices"] else (k, k)
    return [
        Result(dtype, (*stack, m, left)),
        Result(real, (*stack, k)),
        Result(dtype, (*stack, right, n)),
    ]


def _solve(setting: Setting, dtype: DType, rng: Random) -> Iterable[Case]:
    for shape, columns in (((1, 1), 1), ((4, 4), 1), ((17, 17), 5), ((3, 4, 4), 2)):
        for layout in ("contiguous", *LAYOUTS):
            name = f"{'x'.join(map(str, shape))}-{columns}-{layout}"
            yield Case(name, partial(_solved, setting, dtype, shape, columns, layout, rng, name))
    run = partial(_solved, setting, dtype, (5, 5), 2, "contiguous", rng, "pivots", _turned)
    yield Case("pivots", run)


def _solved(
    setting: Setting,
    dtype: DType,
    shape: Shape,
    columns: int,
    layout: Layout,
    rng: Random,
    name: str,
    make: Make = residuals.regular,
) -> list[Check]:
    a = make(dtype, shape, rng(name, "a"))
    b = normal(dtype, (*shape[:-1], columns), rng(name, "b"))
    laid = [lay(a, layout), lay(b, layout)]
    (x,) = kernel_op(setting.device, "solve", laid, [Result(dtype, b.shape)], {})
    return residuals.solved(a, b, x)


def _transforms(setting: Setting, op: Op, dtype: DType, rng: Random) -> Iterable[Case]:
    for n in LENGTHS:
        if op is ops.IRFFT:
            points, attributes = n // 2 + 1, [{"n": n}]
        else:
            points = n
            attributes = [{"inverse": i} for i in (False, True)] if op is ops.FFT else [{}]
        for given in attributes:
            ending = "-inverse" if given.get("inverse") else ""
            run = partial(_transformed, setting, op, dtype, n, given, rng)
            yield Case(f"{n}{ending}", partial(run, (points,), "contiguous"))
            if n in (5, 12):
                yield Case(f"{n}-stack{ending}", partial(run, (2, 3, points), "contiguous"))
                for layout in LAYOUTS:
                    yield Case(f"{n}-{layout}{ending}", partial(run, (2, 3, points), layout))


def _transformed(
    setting: Setting,
    op: Op,
    dtype: DType,
    n: int,
    attributes: Attributes,
    rng: Random,
    shape: Shape,
    layout: Layout,
) -> list[Check]:
    """Beside the reference's; of float32 numbers, its transform in float64."""
    x = normal(dtype, shape, rng(n, shape, layout))
    complex_, real = dtypes.complex_of(dtype), dtypes.real_of(dtype)
    last = {ops.FFT: n, ops.RFFT: n // 2 + 1, ops.IRFFT: n}[op]
    result = Result(real if op is ops.IRFFT else complex_, (*shape[:-1], last))
    (got,) = kernel_op(setting.device, op.name, [lay(x, layout)], [result], attributes)
    wide = x.astype(dtypes.complex128 if kind(dtype) == "c" else dtypes.float64)
    wider = dtypes.float64 if op is ops.IRFFT else dtypes.complex128
    (right,) = kernel_op(
        setting.reference,
        op.name,
        [lay(wide, "contiguous")],
        [Result(wider, result.shape)],
        attributes,
    )
    return [residuals.transform(got, right.astype(got.dtype), dtype, n)]
