"""The constants of the special functions, computed with mpmath to 60 digits.

    python -m docs.measurements.special_coefficients

writes them for both implementations, which share nothing else: as
`backends/xgpu_numpy/special/*_tables.py` and as
`backends/xgpu_cuda/kernels/include/xgpu/special/*_tables.cuh`. Expansions in Chebyshev polynomials
come from the values at Chebyshev's nodes and end where a coefficient falls below 2**-56 of the
largest one. Takes seconds.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import mpmath as mp

ROOT: Final = Path(__file__).parents[2]
PYTHON: Final = ROOT / "backends" / "xgpu_numpy" / "special"
HEADERS: Final = ROOT / "backends/xgpu_cuda/kernels/include/xgpu/special"
NODES: Final = 90
SMALL: Final = mp.mpf(2) ** -56

mp.mp.dps = 60
Numbers = list[Any]


def chebyshev(function: Callable[[Any], Any]) -> Numbers:
    """Coefficients c of sum(c[k] T_k(t)), c[0] as it is added, of a function on [-1, 1]."""
    angles = [mp.pi * (2 * j + 1) / (2 * NODES) for j in range(NODES)]
    values = [function(mp.cos(a)) for a in angles]
    found = [
        2 * mp.fsum(v * mp.cos(k * a) for v, a in zip(values, angles, strict=True)) / NODES
        for k in range(NODES)
    ]
    found[0] /= 2
    largest = max(abs(c) for c in found)
    last = max(k for k, c in enumerate(found) if abs(c) > SMALL * largest)
    return found[: last + 1]


def between(a: float, b: float, function: Callable[[Any], Any]) -> Numbers:
    """As `chebyshev`, of a function on [a, b]."""
    low, high = mp.mpf(a), mp.mpf(b)
    return chebyshev(lambda t: function((high + low + (high - low) * t) / 2))


# Error functions


def erf_over_x(u: Any) -> Any:
    """erf(x) / x as a function of x**2."""
    return mp.erf(mp.sqrt(u)) / mp.sqrt(u) if u else 2 / mp.sqrt(mp.pi)


def scaled_erfcx(t: Any) -> Any:
    """(1 + 2x) exp(x**2) erfc(x) for t = (x - 15/4) / (x + 15/4)."""
    if t >= 1 - mp.mpf(10) ** -40:
        return 2 / mp.sqrt(mp.pi)
    x = mp.mpf(15) / 4 * (1 + t) / (1 - t)
    if x > 1000:  # the asymptotic series, DLMF 7.12.1
        terms = mp.fsum((-1) ** k * mp.fac2(2 * k - 1) / (2 * x * x) ** k for k in range(12))
        return (1 + 2 * x) / (x * mp.sqrt(mp.pi)) * terms
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


def quantile(p: Any) -> Any:
    """The normal quantile of p < 1/2, by Newton's method in the logarithm."""
    p = mp.mpf(p)
    z = (
        -mp.sqrt(-2 * mp.log(p) - mp.log(-2 * mp.log(p) + 1))
        if p < 0.1
        else mp.mpf(p) - mp.mpf(0.5)
    )
    for _ in range(60):
        tail = mp.erfc(-z / mp.sqrt(2)) / 2
        step = mp.log(tail / p) * tail * mp.sqrt(2 * mp.pi) * mp.exp(z * z / 2)
        z -= step
        if abs(step) < mp.mpf(10) ** -50 * (abs(z) + mp.mpf(10) ** -5):
            break
    return z


def central(u: Any) -> Any:
    """The quantile of 1/2 + q over q, as a function of q**2."""
    q = mp.sqrt(u)
    return quantile(mp.mpf(1) / 2 - q) / -q if q > mp.mpf(10) ** -20 else mp.sqrt(2 * mp.pi)


def tail(r: Any) -> Any:
    """Minus the quantile of exp(-r**2) over r."""
    return -quantile(mp.exp(-r * r)) / r


# Gamma functions


def over(function: Callable[[Any], Any], root: Any, slope: Any) -> Callable[[Any], Any]:
    """``function(x) / (x - root)``, which has ``slope`` at the root."""
    return lambda x: function(x) / (x - root) if abs(x - root) > mp.mpf(10) ** -25 else slope


def stirling_ratios(count: int) -> Numbers:
    """The g[k] of Gamma(z) ~ sqrt(2 pi / z) (z/e)**z sum(g[k] / z**k); DLMF 5.11.3 to 5.11.6."""
    exponent = [mp.mpf(0)] * (count + 1)  # of the logarithm, DLMF 5.11.1
    for j in range(1, count // 2 + 2):
        if 2 * j - 1 <= count:
            exponent[2 * j - 1] = mp.bernoulli(2 * j) / (2 * j * (2 * j - 1))
    found = [mp.mpf(1)]
    for n in range(1, count + 1):
        found.append(mp.fsum(k * exponent[k] * found[n - k] for k in range(1, n + 1)) / n)
    return found


def temme(rows: int, columns: int) -> list[Numbers]:
    """d[k][n] of c_k(eta) = sum(d[k][n] eta**n) in Temme's expansion; DLMF 8.12.9 to 8.12.12."""
    count = columns + 2 * rows + 4
    # mu = lambda - 1 = sum(m[n] eta**n) solves mu mu' = eta (1 + mu).
    m = [mp.mpf(0), mp.mpf(1)]
    for n in range(2, count + 2):
        known = mp.fsum(m[i] * (n + 1 - i) * m[n + 1 - i] for i in range(2, n))
        m.append((m[n - 1] - known) / (n + 1))
    # eta / mu as a power series.
    inverse = [mp.mpf(1)]
    for n in range(1, count + 1):
        inverse.append(-mp.fsum(m[k + 1] * inverse[n - k] for k in range(1, n + 1)))
    ratios = stirling_ratios(rows)
    c = inverse[1:]  # 1 / mu - 1 / eta
    found = [c[:columns]]
    for k in range(1, rows):
        derivative = [(n + 1) * c[n + 1] for n in range(len(c) - 1)]
        sign = (-1) ** k * ratios[k]
        # 1 / eta (c' + sign eta / mu): the constant terms cancel.
        total = [d + sign * i for d, i in zip(derivative, inverse, strict=False)]
        assert abs(total[0]) < mp.mpf(10) ** -30
        c = total[1:]
        found.append(c[:columns])
    return found


# Bessel functions


def scaled_i(order: int, x: Any) -> Any:
    """exp(-x) I(x), divided by x for order 1."""
    if order == 0:
        return mp.exp(-x) * mp.besseli(0, x)
    return mp.exp(-x) * mp.besseli(1, x) / x if x else mp.mpf(1) / 2


def far_i(order: int, t: Any) -> Any:
    """sqrt(x) exp(-x) I(x) for t = 16 / x - 1."""
    if t <= -1 + mp.mpf(10) ** -40:
        return 1 / mp.sqrt(2 * mp.pi)
    x = 16 / (1 + t)
    return mp.sqrt(x) * mp.exp(-x) * mp.besseli(order, x)


def near_k(order: int, u: Any) -> Any:
    """What K has besides its logarithm, as a function of u = x**2; times x for order 1."""
    if u < mp.mpf(10) ** -30:
        return mp.log(2) - mp.euler if order == 0 else mp.mpf(1)
    x = mp.sqrt(u)
    if order == 0:
        return mp.besselk(0, x) + mp.log(x) * mp.besseli(0, x)
    return x * (mp.besselk(1, x) - mp.log(x) * mp.besseli(1, x))


def far_k(order: int, t: Any) -> Any:
    """sqrt(x) exp(x) K(x) for t = 2 / x - 1."""
    if t <= -1 + mp.mpf(10) ** -40:
        return mp.sqrt(mp.pi / 2)
    x = 2 / (1 + t)
    return mp.sqrt(x) * mp.exp(x) * mp.besselk(order, x)


def near_j(order: int, roots: Numbers) -> Callable[[Any], Any]:
    """J without its zeros, as a function of x**2; divided by x for order 1."""

    def function(u: Any) -> Any:
        x = mp.sqrt(u)
        value = mp.besselj(0, x) if order == 0 else mp.besselj(1, x) / x if u else mp.mpf(1) / 2
        return value / mp.fprod(u - root * root for root in roots)

    return function


def near_y(order: int, u: Any) -> Any:
    """What Y has besides logarithm and pole, as a function of x**2; divided by x for order 1."""
    with mp.workdps(120):
        x = mp.sqrt(u) if u else mp.mpf(10) ** -30
        rest = mp.bessely(order, x) - 2 / mp.pi * mp.log(x) * mp.besselj(order, x)
        return rest if order == 0 else (rest + 2 / (mp.pi * x)) / x


def without(roots: Numbers, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """``function(x)`` over the product of x less each of the roots."""
    return lambda x: function(x) / mp.fprod(x - root for root in roots)


def far_j(order: int, which: int, t: Any) -> Any:
    """P, or x Q, of DLMF 10.17.3 for t = 128 / x**2 - 1: what J and Y have besides a cosine."""
    if t <= -1 + mp.mpf(10) ** -40:
        return mp.mpf(1) if which == 0 else mp.mpf(4 * order * order - 1) / 8
    x = mp.sqrt(128 / (1 + t))
    phase = x - (2 * order + 1) * mp.pi / 4
    j, y = mp.besselj(order, x), mp.bessely(order, x)
    cos, sin = mp.cos(phase), mp.sin(phase)
    scale = mp.sqrt(mp.pi * x / 2)
    return scale * (j * cos + y * sin) if which == 0 else scale * (y * cos - j * sin) * x


# Quadrature


def legendre(count: int) -> tuple[Numbers, Numbers]:
    """Nodes and weights of Gauss and Legendre on [0, 1]; DLMF 3.5.15 and table 3.5.1."""
    nodes, weights = [], []
    for j in range(count):
        x = mp.cos(mp.pi * (j + mp.mpf(3) / 4) / (count + mp.mpf(1) / 2))
        for _ in range(100):
            value, before = mp.legendre(count, x), mp.legendre(count - 1, x)
            slope = count * (before - x * value) / (1 - x * x)
            x -= value / slope
            if abs(value) < mp.mpf(10) ** -50:
                break
        slope = count * mp.legendre(count - 1, x) / (1 - x * x)
        nodes.append((1 - x) / 2)
        weights.append(1 / ((1 - x * x) * slope**2))
    return nodes, weights


def split(x: Any) -> Numbers:
    """A number as a double and the double nearest to the rest."""
    high = mp.mpf(float(x))
    return [high, x - high]


def bessel_j() -> dict[str, tuple[str, Numbers]]:
    """For J and Y of orders 0 and 1."""
    found: dict[str, tuple[str, Numbers]] = {}
    for order in (0, 1):
        # Two zeros beyond the interval too, so that what is left varies little.
        j = [mp.besseljzero(order, n) for n in (1, 2, 3, 4)]
        y = [mp.besselyzero(order, n) for n in (1, 2, 3)]
        low, high = ([y[0]], [y[1], y[2]]) if order == 0 else ([], [y[0], y[1]])
        of_y = partial(mp.bessely, order)
        over_x, times_x = ("", "") if order == 0 else (" / x", "x ")
        middle = without(low, of_y) if order == 0 else lambda x: x * mp.bessely(1, x)
        rows = {
            f"J{order}": (
                f"J{order}(x){over_x} without its zeros in x**2 on [0, 64]",
                between(0, 64, near_j(order, j)),
            ),
            f"J{order}_ZEROS": (
                "the zeros, and what their doubles lack",
                [split(root) for root in j],
            ),
            f"J{order}_P": (
                "P of DLMF 10.17.3 in 128/x**2 - 1",
                chebyshev(partial(far_j, order, 0)),
            ),
            f"J{order}_Q": ("x Q, likewise", chebyshev(partial(far_j, order, 1))),
            f"Y{order}": (
                f"Y{order}(x){over_x} without log(x) and 1/x in x**2 on [0, 1/4]",
                between(0, 0.25, partial(near_y, order)),
            ),
            f"Y{order}_LOW": (
                f"{times_x}Y{order}(x) without its zeros on [1/2, 2]",
                between(0.5, 2, middle),
            ),
            f"Y{order}_HIGH": (
                f"Y{order}(x) without its zeros on [2, 8]",
                between(2, 8, without(high, of_y)),
            ),
            f"Y{order}_ZEROS": (
                "the zeros, and what their doubles lack",
                [split(root) for root in (*low, *high)],
            ),
        }
        found |= rows
    return found


def tables() -> dict[str, dict[str, tuple[str, Numbers]]]:
    """Header -> name -> what it is, and the numbers."""
    root = mp.findroot(mp.digamma, mp.mpf("1.4616321449683623"))
    negative = mp.findroot(mp.digamma, mp.mpf("-0.504083008264455"))
    nodes, weights = legendre(40)
    return {
        "error": {
            "ERF": ("erf(x) / x in x**2 on [0, 1]", between(0, 1, erf_over_x)),
            "ERFCX": (
                "(1 + 2x) erfcx(x) in (x - 15/4) / (x + 15/4)",
                chebyshev(scaled_erfcx),
            ),
            "QUANTILE_CENTRAL": (
                "quantile of 1/2 + q over q in q**2, q <= 0.425",
                between(0, 0.425 * 0.425, central),
            ),
            "QUANTILE_TAIL": (
                "minus quantile of exp(-r**2) over r in r on [1.6, 4]",
                between(1.6, 4, tail),
            ),
            "QUANTILE_FAR": (
                "the same in 1/r on [1/28, 1/4]",
                between(1 / 28, 0.25, lambda s: tail(1 / s)),
            ),
        },
        "gamma": {
            "GAMMA": ("gamma(2 + z) on [0, 1]", between(0, 1, lambda z: mp.gamma(2 + z))),
            "LOG_GAMMA_1": (
                "log(gamma(1 + z)) / z on [-1/2, 1/2]",
                between(-0.5, 0.5, over(lambda z: mp.loggamma(1 + z), 0, -mp.euler)),
            ),
            "LOG_GAMMA_2": (
                "log(gamma(2 + z)) / z on [-1/2, 1]",
                between(-0.5, 1, over(lambda z: mp.loggamma(2 + z), 0, 1 - mp.euler)),
            ),
            "DIGAMMA": (
                "digamma(x) / (x - root) on [1, 2]",
                between(1, 2, over(mp.digamma, root, mp.psi(1, root))),
            ),
            "DIGAMMA_ROOT": ("the root, and what its double lacks", split(root)),
            "DIGAMMA_NEGATIVE": (
                "digamma(x) / (x - root) on [-0.65, -0.35]",
                between(-0.65, -0.35, over(mp.digamma, negative, mp.psi(1, negative))),
            ),
            "DIGAMMA_NEGATIVE_ROOT": ("likewise", split(negative)),
            "STIRLING": (
                "B(2k) / (2k (2k - 1)), k = 1 ...; DLMF 5.11.1",
                [mp.bernoulli(2 * k) / (2 * k * (2 * k - 1)) for k in range(1, 10)],
            ),
            "DIGAMMA_FAR": (
                "B(2k) / 2k, k = 1 ...; DLMF 5.11.2",
                [mp.bernoulli(2 * k) / (2 * k) for k in range(1, 10)],
            ),
        },
        "incomplete_gamma": {
            "TEMME": ("the c_k(eta) of DLMF 8.12.9 in powers of eta, k = 0 ...", temme(10, 20))
        },
        "beta": {
            "NODES": ("Gauss and Legendre's nodes on [0, 1]", nodes),
            "WEIGHTS": ("their weights", weights),
        },
        "bessel": {
            "I0": ("exp(-x) I0(x) on [0, 8]", between(0, 8, lambda x: scaled_i(0, x))),
            "I0_FAR": ("sqrt(x) exp(-x) I0(x) in 16/x - 1", chebyshev(lambda t: far_i(0, t))),
            "I1": ("exp(-x) I1(x) / x on [0, 8]", between(0, 8, lambda x: scaled_i(1, x))),
            "I1_FAR": ("sqrt(x) exp(-x) I1(x) in 16/x - 1", chebyshev(lambda t: far_i(1, t))),
        },
        "bessel_k": {
            "K0_I0": (
                "I0(x) in x**2 on [0, 1]",
                between(0, 1, lambda u: mp.besseli(0, mp.sqrt(u))),
            ),
            "K0": ("K0(x) + log(x) I0(x) in x**2 on [0, 1]", between(0, 1, partial(near_k, 0))),
            "K0_FAR": ("sqrt(x) exp(x) K0(x) in 2/x - 1", chebyshev(partial(far_k, 0))),
            "K1_I1": (
                "I1(x) / x in x**2 on [0, 1]",
                between(0, 1, lambda u: mp.exp(mp.sqrt(u)) * scaled_i(1, mp.sqrt(u))),
            ),
            "K1": (
                "x (K1(x) - log(x) I1(x)) in x**2 on [0, 1]",
                between(0, 1, partial(near_k, 1)),
            ),
            "K1_FAR": ("sqrt(x) exp(x) K1(x) in 2/x - 1", chebyshev(partial(far_k, 1))),
        },
        "bessel_j": bessel_j(),
        "zeta": {
            "BERNOULLI": (
                "B(2j) / (2j)!, j = 1 ...; DLMF 2.10.1",
                [mp.bernoulli(2 * j) / mp.factorial(2 * j) for j in range(1, 14)],
            ),
            "RIEMANN": (
                "(x - 1) zeta(x) on [0, 3/2]",
                between(0, 1.5, lambda x: (x - 1) * mp.zeta(x) if x != 1 else mp.mpf(1)),
            ),
            "TWO_PI_E": ("2 pi e, and what its double lacks", split(2 * mp.pi * mp.e)),
        },
    }


def main() -> int:
    """Write the files."""
    made = tables()
    for stem, rows in made.items():
        text = [
            "// Constants; written by docs/measurements/special_coefficients.py.",
            "#pragma once",
            "",
            "namespace xgpu {",
            "namespace detail {",
        ]
        for name, (said, numbers) in rows.items():
            text += ["", f"// {said}"]
            if isinstance(numbers[0], list):
                text += [
                    f"static __device__ const double {name.lower()}_table[][{len(numbers[0])}] = {{"
                ]
                text += [f"    {{{', '.join(repr(float(x)) for x in row)}}}," for row in numbers]
            else:
                text += [f"static __device__ const double {name.lower()}_table[] = {{"]
                text += [f"    {float(x)!r}," for x in numbers]
            text += ["};"]
        text += ["", "}  // namespace detail", "}  // namespace xgpu"]
        (HEADERS / f"{stem}_tables.cuh").write_text("\n".join(text) + "\n")
        print(stem, {name: len(numbers) for name, (_, numbers) in rows.items()})
        lines = [
            '"""Constants; written by docs/measurements/special_coefficients.py."""',
            "",
            "from __future__ import annotations",
            "",
            "from typing import Final",
        ]
        for name, (said, numbers) in rows.items():
            lines += ["", f"{name}: Final = ("]
            for x in numbers:
                row = isinstance(x, list)
                lines.append(f"    {tuple(map(float, x)) if row else float(x)!r},")
            lines += [")", f'"""{said[0].upper() + said[1:]}."""']
        (PYTHON / f"{stem}_tables.py").write_text("\n".join(lines) + "\n")
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", str(PYTHON)], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
