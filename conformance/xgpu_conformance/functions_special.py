"""`xgpu.special`: each function, made of others or an op of its own, beside the reference."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import numpy as np

from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType
from xgpu_conformance import bounds
from xgpu_conformance.calls import Call, Given, Judge, within
from xgpu_conformance.case import Case, Setting
from xgpu_conformance.functions_movement import Named, built
from xgpu_conformance.ulp import Values, epsilon

SHAPE: Final = (6, 10)
"""One for all cases: libraries that compile for each shape compile each op once."""

#: Letter -> numbers of that range.
DRAWN: Final[dict[str, Callable[[np.random.Generator], Any]]] = {
    "x": lambda rng: rng.uniform(-4, 4, SHAPE),  # any real number
    "a": lambda rng: rng.uniform(0.3, 12, SHAPE),  # positive
    "q": lambda rng: rng.uniform(1.2, 9, SHAPE),  # above 1
    "s": lambda rng: rng.uniform(-0.95, 0.95, SHAPE),  # between -1 and 1
    "u": lambda rng: rng.uniform(0.02, 0.98, SHAPE),  # a probability
    "k": lambda rng: rng.integers(0, 9, SHAPE),  # a count, and one that is larger
    "m": lambda rng: rng.integers(9, 20, SHAPE),
}
ARGUMENTS: Final[dict[str, str]] = {
    **dict.fromkeys(["bdtr", "bdtrc", "nbdtr", "nbdtrc"], "kmu"),
    **dict.fromkeys(["beta", "betaln", "chdtr", "chdtrc", "gammainc", "gammaincc"], "aa"),
    **dict.fromkeys(["kl_div", "poch", "rel_entr"], "aa"),
    **dict.fromkeys(["chdtri", "gammainccinv", "gammaincinv"], "au"),
    **dict.fromkeys(["fdtr", "fdtrc", "gdtr", "gdtrc", "radian"], "aaa"),
    **dict.fromkeys(["betainc", "betaincc"], "aau"),
    **dict.fromkeys(["boxcox", "boxcox1p", "huber", "pseudo_huber", "stdtr"], "ax"),
    **dict.fromkeys(["inv_boxcox", "inv_boxcox1p"], "uu"),
    **dict.fromkeys(["pdtr", "pdtrc"], "ka"),
    **dict.fromkeys(["xlog1py", "xlogy"], "xa"),
    **dict.fromkeys(["cbrt", "cosm1", "erf", "erfc", "erfcx", "exp2", "exp10", "expit"], "x"),
    **dict.fromkeys(["exprel", "gammasgn", "i0", "i0e", "i1", "i1e", "log_expit"], "x"),
    **dict.fromkeys(["cosdg", "cotdg", "j0", "j1", "log_ndtr", "ndtr", "sinc", "sindg"], "x"),
    **dict.fromkeys(["digamma", "entr", "gamma", "gammaln", "loggamma", "psi", "rgamma"], "a"),
    **dict.fromkeys(["k0", "k0e", "k1", "k1e", "spence", "y0", "y1"], "a"),
    **dict.fromkeys(["ellipkm1", "erfcinv", "logit", "ndtri"], "u"),
    "binom": "mk",
    "ellipk": "s",
    "erfinv": "s",
    "multigammaln": "a3",
    "polygamma": "2a",
    "stdtrit": "au",
    "tandg": "x",
    "zeta": "qa",
    "zetac": "q",
}
"""Function -> a letter of `DRAWN`, or a number, for each argument."""

OF_TERMS: Final = frozenset(
    {
        *("betaln", "boxcox", "boxcox1p", "digamma", "entr", "gammaln", "j0", "j1", "kl_div"),
        *(
            "loggamma",
            "logit",
            "spence",
            "y0",
            "y1",
            "multigammaln",
            "poch",
            "psi",
            "rel_entr",
            "sinc",
            "xlog1py",
            "xlogy",
        ),
    }
)
"""A result near 0 is a difference of terms as large as the operands."""


def _near(name: str, dtype: DType) -> Judge:
    """Within a few units of the result: float64 adds up the errors of what it is made of."""

    def allowed(right: Values, given: list[Values]) -> Any:
        size = np.abs(right.astype(np.float64))
        if name in OF_TERMS:
            size = np.fmax.reduce([size, *(np.abs(x.astype(np.float64)) for x in given)])
        return bounds.OF_SEVERAL[dtype == dtypes.float64] * epsilon(dtype) * size

    return within(allowed)


def _cases(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    short = name.removeprefix("special.")
    judge = _near(short, dtype)
    letters = ARGUMENTS[short]

    def drawn(label: str) -> list[Any]:
        found: list[Any] = []
        for place, letter in enumerate(letters):
            make = DRAWN.get(letter)
            values = np.asarray(make(rng(label, place)), dtype) if make else int(letter)
            found.append(values)
        if short == "multigammaln":
            found[0] = found[0] + dtype.type(1)  # above (3 - 1) / 2
        return found

    values = [Given(x) if isinstance(x, np.ndarray) else x for x in drawn("values")]
    yield "values", Call(values), judge
    back = (slice(None, None, -1), slice(None, None, -1))
    views = [Given(x, back) if isinstance(x, np.ndarray) else x for x in drawn("view")]
    yield "view", Call(views), judge
    if len(letters) == 1:
        ends = np.resize(np.array([0, 1, 0.5, 2, np.inf, np.nan, 1e-8, 30]), SHAPE)
        yield "ends", Call([Given(ends.astype(dtype))]), judge


def names() -> tuple[str, ...]:
    """All functions of this chapter."""
    return tuple(f"special.{name}" for name in ARGUMENTS)


def takes(name: str, dtype: DType) -> bool:
    """Whether a function is tested in a dtype; 16-bit floats are computed in float32."""
    return dtype in (dtypes.float32, dtypes.float64)


def cases(setting: Setting, name: str, dtype: DType) -> Iterable[Case]:
    """The cases of one function and dtype."""
    return built(setting, _cases, name, dtype)
