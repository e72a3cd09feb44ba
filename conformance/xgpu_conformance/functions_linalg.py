"""Linear algebra and transforms: products exact, factors by residuals, transforms by norm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any, Final

import numpy as np

from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType
from xgpu_conformance import bounds, residuals
from xgpu_conformance.calls import DEVICE, Call, Given, Judge, exactly, unsigned_zeros, within
from xgpu_conformance.case import Case, Setting
from xgpu_conformance.functions_movement import Builder, Named, built
from xgpu_conformance.judge import Check
from xgpu_conformance.ulp import Values, epsilon, kind
from xgpu_conformance.values import distinct, normal, tame

SQUARE: Final[tuple[tuple[int, ...], ...]] = ((1, 1), (3, 3), (8, 8), (2, 3, 4, 4))
OBLONG: Final[tuple[tuple[int, ...], ...]] = ((4, 4), (7, 3), (3, 7), (2, 1, 4, 6))
BACK: Final = (..., slice(None, None, -1), slice(None, None, -1))


def _whole(dtype: DType, shape: tuple[int, ...], rng: np.random.Generator) -> Given:
    """Small whole numbers, whose sums of products no order rounds, nor 16 bits."""
    if kind(dtype) in "fc":
        return Given(np.round(tame(dtype, shape, rng).astype(_wide(dtype))).astype(dtype))
    return Given(tame(dtype, shape, rng))


def _wide(dtype: DType) -> DType:
    return dtypes.complex128 if kind(dtype) == "c" else dtypes.float64


def _products(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    drawn = count()

    def x(*shape: int) -> Given:
        # Numbered: of the same numbers twice, a cross product would be zero.
        return _whole(dtype, shape, rng(name, shape, next(drawn)))

    turned = Given(x(4, 5, 3).base, None, (1, 0, 2))  # of shape (5, 4, 3)
    pairs: dict[str, list[Call]] = {
        "matmul": [
            Call((x(3, 4), x(4, 5))),
            Call((x(4), x(4))),
            Call((x(4), x(4, 2))),
            Call((x(3, 4), x(4))),
            Call((x(2, 3, 4), x(4, 5))),
            Call((x(2, 1, 3, 4), x(3, 4, 2))),
            Call((turned, x(3, 2))),
            Call((x(0, 4), x(4, 3))),
            Call((x(3, 0), x(0, 2))),
            Call((x(33, 40), x(40, 35))),
        ],
        "tensordot": [
            Call((x(3, 4, 5), x(4, 5, 2))),
            Call((x(3, 4), x(4, 5)), {"axes": 1}),
            Call((x(3), x(4)), {"axes": 0}),
            Call((x(3, 4, 5), x(5, 3, 2)), {"axes": ((0, 2), (1, 0))}),
            Call((turned, x(4, 2)), {"axes": ((1,), (0,))}),
        ],
        "vecdot": [
            Call((x(7), x(7))),
            Call((x(3, 4), x(4))),
            Call((x(4, 3), x(4, 1)), {"axis": -2}),
            Call((turned, x(3))),
            Call((x(2, 0), x(2, 0))),
        ],
        "outer": [Call((x(3), x(4))), Call((x(0), x(4))), Call((x(6), x(6)))],
        "cross": [
            Call((x(3), x(3))),
            Call((x(4, 3), x(4, 3))),
            Call((x(3, 5), x(3, 5)), {"axis": -2}),
        ],
        "matrix_transpose": [Call((x(3, 4),)), Call((x(2, 3, 4),)), Call((turned,))],
        "diagonal": [
            Call((Given(distinct(dtype, shape, rng(shape))),), {"offset": k})
            for shape in ((3, 3), (2, 4, 5), (3, 5))
            for k in (0, 1, -2)
        ],
        "trace": [
            Call((x(*shape),), {"offset": k})
            for shape in ((3, 3), (2, 4, 5), (5, 3))
            for k in (0, 1, -1)
        ],
        "matrix_power": [Call((x(3, 3), n)) for n in (0, 1, 2, 3)] + [Call((x(2, 2, 2), 2))],
    }
    for number, call in enumerate(pairs[name.removeprefix("linalg.").removeprefix("Array.__")]):
        yield f"{number}", call, unsigned_zeros
    if name == "matmul" and kind(dtype) in "fc":
        pair = normal(dtype, (9, 40), rng("left")), normal(dtype, (40, 7), rng("right"))
        yield "rounded", Call(tuple(Given(v) for v in pair)), _product(dtype)


def _product(dtype: DType) -> Judge:
    def allowed(right: Values, given: list[Values]) -> Any:
        a, b = (np.abs(v.astype(np.complex128)) for v in given)
        if dtype in dtypes.NARROW:
            return bounds.SUMMATION * epsilon(dtype) * (np.abs(right.astype(np.float64)) + 1e-3)
        return bounds.SUMMATION * a.shape[-1] * epsilon(dtype) * (a @ b)

    return within(allowed)


def _factors(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    short = name.removeprefix("linalg.")
    make: Any = {
        "cholesky": residuals.definite,
        "eigh": residuals.hermitian,
        "eigvalsh": residuals.hermitian,
        "eig": residuals.regular,
        "eigvals": residuals.hermitian,
    }.get(short, normal)
    shapes = SQUARE if make is not normal else OBLONG
    options: dict[str, list[dict[str, Any]]] = {
        "cholesky": [{}, {"upper": True}],
        "qr": [{}, {"mode": "complete"}],
        "svd": [{}, {"full_matrices": False}],
    }
    for number, kwargs in enumerate(options.get(short, [{}])):
        judge = _FACTORS[short](kwargs)
        for shape in shapes:
            label = f"{shape}-{number}".replace(" ", "")
            yield label, Call((Given(make(dtype, shape, rng(label))),), kwargs), judge
        base = np.ascontiguousarray(make(dtype, (2, 5, 5), rng("view"))[BACK])
        yield f"view-{number}", Call((Given(base, BACK),), kwargs), judge
        if short not in ("cholesky", "eig"):
            yield f"zeros-{number}", Call((Given(np.zeros((3, 3), dtype)),), kwargs), judge


def _checked(check: Any) -> Any:
    """A judge of the results and the one operand."""
    return lambda kwargs: lambda got, right, given: check(given[0], *got)


def _valued(part: str) -> Any:
    return lambda kwargs: (
        lambda got, right, given: residuals.spectrum(given[0], got[0], right[0], part)
    )


_FACTORS: Final[dict[str, Any]] = {
    "cholesky": lambda kwargs: (
        lambda got, right, given: residuals.cholesky(given[0], got[0], kwargs.get("upper", False))
    ),
    "qr": _checked(residuals.qr),
    "svd": _checked(residuals.svd),
    "eigh": _checked(residuals.eigh),
    "eig": _checked(residuals.eig),
    "eigvals": _valued("eigenvalues"),
    "eigvalsh": _valued("eigenvalues"),
    "svdvals": _valued("singular values"),
}


def _systems(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    short = name.removeprefix("linalg.")
    if short == "matrix_rank":
        for rank in (0, 1, 2, 4):
            x = np.zeros((4, 5), dtype)
            x[range(rank), range(rank)] = range(1, rank + 1)
            yield f"{rank}", Call((Given(x),))
        yield "stack", Call((Given(normal(dtype, (2, 3, 5, 4), rng("s"))),))
        return
    for shape in ((1, 1), (3, 3), (8, 8), (2, 3, 4, 4)):
        label = f"{shape}".replace(" ", "")
        a = residuals.regular(dtype, shape, rng(label))
        if short == "solve":
            for columns in ((shape[-1],), (*shape[:-1], 3)):
                b = normal(dtype, columns, rng(label, columns))
                yield f"{label}-{columns}".replace(" ", ""), Call((Given(a), Given(b))), _solved
        elif short == "inv":
            yield label, Call((Given(a),)), _inverted
        else:
            yield label, Call((Given(a),)), _near(dtype, shape[-1])
    if short in ("inv", "det", "slogdet"):
        base = np.ascontiguousarray(residuals.regular(dtype, (4, 4), rng("view"))[BACK])
        judge = _inverted if short == "inv" else _near(dtype, 4)
        yield "view", Call((Given(base, BACK),)), judge


def _solved(got: list[Values], right: list[Values], given: list[Values]) -> list[Check]:
    a, b = given
    x = got[0]
    if b.ndim == 1:
        return residuals.solved(a, b[..., None], x[..., None])
    return residuals.solved(a, b, x)


def _inverted(got: list[Values], right: list[Values], given: list[Values]) -> list[Check]:
    identity = np.broadcast_to(np.eye(given[0].shape[-1], dtype=given[0].dtype), given[0].shape)
    return residuals.solved(given[0], identity, got[0])


def _near(dtype: DType, count: int) -> Any:
    def judge(got: list[Values], right: list[Values], given: list[Values]) -> list[Check]:
        return [
            residuals.near(a, b, dtype, count, np.maximum(np.abs(b), 1.0))
            for a, b in zip(got, right, strict=True)
        ]

    return judge


def _norms(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    short = name.removeprefix("linalg.")
    judge = _near(dtype, 40)
    inf = float("inf")
    if short == "pinv":
        for shape in OBLONG:
            label = f"{shape}".replace(" ", "")
            yield label, Call((Given(normal(dtype, shape, rng(label))),)), _pseudo
        return
    orders: tuple[Any, ...] = ("fro", "nuc", 1, -1, 2, -2, inf, -inf)
    if short == "matrix_norm":
        for order in orders:
            x = Given(normal(dtype, (2, 5, 4), rng(order)))
            yield f"{order}", Call((x,), {"ord": order}), judge
            yield f"{order}-keepdims", Call((x,), {"ord": order, "keepdims": True}), judge
        return
    for order in (2, 1, 0, inf, -inf, 3, 0.5, -1):
        x = Given(normal(dtype, (3, 4, 5), rng(order)))
        for axis in (None, 0, (1, 2)):
            label = f"{order}-{axis}".replace(" ", "")
            yield label, Call((x,), {"ord": order, "axis": axis}), judge
    yield "keepdims", Call((x,), {"axis": 1, "keepdims": True}), judge
    huge = Given(np.asarray([3, 4], dtype) * dtype.type(1e15))
    yield "large", Call((huge,)), judge


def _pseudo(got: list[Values], right: list[Values], given: list[Values]) -> list[Check]:
    """X P x = x."""
    x, wide = given[0], residuals.wide
    made = wide(x) @ wide(got[0]) @ wide(x)
    condition = np.linalg.cond(x.astype(np.complex128))[..., None, None]
    check = residuals.same(made, x, x, "x pinv(x) x", bounds.FACTOR * 4)
    rule = check.rule
    return [check._replace(rule=type(rule)(allowed=rule.allowed * condition, zeros=False))]


# Transforms

LENGTHS: Final = (None, 1, 5, 8, 12)
NORMS: Final = ("backward", "ortho", "forward")


def _transforms(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    judge = _transformed(dtype)
    for norm in NORMS:
        for n in LENGTHS:
            label = f"n{n}-{norm}"
            x = Given(normal(dtype, (3, 7), rng(label)))
            yield label, Call((x,), {"n": n, "norm": norm}), judge
    x = Given(normal(dtype, (3, 8, 2), rng("axis")))
    for axis in (0, 1, -1):
        yield f"axis{axis}", Call((x,), {"axis": axis}), judge
    yield "view", Call((Given(x.base, (slice(None), slice(None, None, -2)), (2, 0, 1)),)), judge
    for n in (101, 1000):
        yield f"long-{n}", Call((Given(normal(dtype, (n,), rng(n))),)), judge


def _transforms_n(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    judge = _transformed(dtype)
    x = Given(normal(dtype, (3, 4, 6), rng("x")))
    for norm in NORMS:
        yield f"all-{norm}", Call((x,), {"norm": norm}), judge
    for axes in ((0, 1), (2,), (-1, 0)):
        yield f"axes-{axes}".replace(" ", ""), Call((x,), {"axes": axes}), judge
    yield "s", Call((x,), {"s": (5, 3), "axes": (1, 2)}), judge
    yield "view", Call((Given(x.base, (slice(None, None, -1),), (2, 0, 1)),)), judge


def _transformed(dtype: DType) -> Judge:
    def judge(got: list[Values], right: list[Values], given: list[Values]) -> list[Check]:
        points = max(given[0].size, right[0].size)
        size = max(
            np.linalg.norm(right[0].reshape(-1).astype(np.complex128)),
            np.linalg.norm(given[0].reshape(-1).astype(np.complex128)) / max(points, 1) ** 0.5,
        )
        allowed = 2 * bounds.FOURIER * (1 + np.log2(max(points, 1))) * epsilon(dtype) * size
        return within(lambda *_: allowed)(got, right, given)

    return judge


def _frequencies(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    for n in (1, 2, 5, 8):
        for d in (1.0, 0.25, 3.0):
            given = {"d": d, "dtype": dtype, "device": DEVICE}
            yield (
                f"{n}-{d}",
                Call((n,), given),
                within(lambda right, _: 2 * epsilon(dtype) * np.abs(right)),
            )


def _shifts(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    for shape in ((5,), (6,), (3, 4), (2, 3, 5)):
        yield (
            f"{shape}".replace(" ", ""),
            Call((Given(distinct(dtype, shape, rng(shape))),)),
            exactly,
        )
    x = Given(distinct(dtype, (3, 4, 5), rng("axes")))
    yield "axes", Call((x,), {"axes": (0, 2)})
    yield "view", Call((Given(x.base, (slice(None, None, -1),), (1, 0, 2)),), {"axes": 1})


#: Function -> (kinds, builder, requirement).
TABLE: Final[dict[str, tuple[str, Builder, str]]] = {
    **dict.fromkeys(("matmul", "tensordot", "vecdot"), ("iufc", _products, "")),
    "matrix_transpose": ("biufc", _products, ""),
    **dict.fromkeys(
        (f"linalg.{n}" for n in ["matmul", "tensordot", "vecdot", "outer", "cross", "trace"]),
        ("iufc", _products, "linalg"),
    ),
    **dict.fromkeys(("linalg.matrix_transpose", "linalg.diagonal"), ("biufc", _products, "linalg")),
    "linalg.matrix_power": ("fc", _products, "linalg"),
    **dict.fromkeys((f"linalg.{n}" for n in _FACTORS), ("fc", _factors, "linalg")),
    **dict.fromkeys(
        (f"linalg.{n}" for n in ["det", "inv", "matrix_rank", "slogdet", "solve"]),
        ("fc", _systems, "linalg"),
    ),
    **dict.fromkeys(
        (f"linalg.{n}" for n in ["matrix_norm", "pinv", "vector_norm"]), ("fc", _norms, "linalg")
    ),
    **dict.fromkeys(
        (f"fft.{n}" for n in ["fft", "hfft", "ifft", "irfft"]), ("c", _transforms, "fft")
    ),
    **dict.fromkeys((f"fft.{n}" for n in ["ihfft", "rfft"]), ("f", _transforms, "fft")),
    **dict.fromkeys((f"fft.{n}" for n in ["fftn", "ifftn", "irfftn"]), ("c", _transforms_n, "fft")),
    "fft.rfftn": ("f", _transforms_n, "fft"),
    **dict.fromkeys(("fft.fftfreq", "fft.rfftfreq"), ("f", _frequencies, "fft")),
    **dict.fromkeys(("fft.fftshift", "fft.ifftshift"), ("fc", _shifts, "fft")),
}
NARROW: Final = frozenset(
    {*(n for n in TABLE if TABLE[n][1] is _products), "fft.fftshift", "fft.ifftshift"}
)
"""Functions that take 16-bit floats."""


def names() -> tuple[str, ...]:
    """All functions of this chapter."""
    return tuple(TABLE)


def takes(name: str, dtype: DType) -> bool:
    """Whether a function is tested in a dtype."""
    if dtype in dtypes.NARROW and name not in NARROW:
        return False
    return kind(dtype) in TABLE[name][0]


def needs(name: str) -> tuple[str, ...]:
    """The requirement that a function is part of."""
    return (TABLE[name][2],) if TABLE[name][2] else ()


def cases(setting: Setting, name: str, dtype: DType) -> Iterable[Case]:
    """The cases of one function and dtype."""
    return built(setting, TABLE[name][1], name, dtype)
