"""SciPy, but for its statistics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.cluster.hierarchy
import scipy.cluster.vq
import scipy.differentiate
import scipy.fft
import scipy.integrate
import scipy.linalg
import scipy.ndimage
import scipy.optimize.elementwise
import scipy.signal
import scipy.special

from docs.measurements.ecosystem.row import POSITIVE, SIGNAL, SQUARE, Row, X, each


def rows() -> Iterator[Row]:
    """All of them."""
    yield from fourier()
    yield from linear()
    yield from signals()
    yield from integrals()
    yield from elementwise()
    yield from special()
    yield from clusters()


def fourier() -> Iterator[Row]:
    """scipy.fft."""
    consumer, line = "scipy.fft", SIGNAL + 0j
    yield from each(consumer, scipy.fft, "fft ifft irfft hfft", line)
    yield from each(consumer, scipy.fft, "rfft ihfft dct idct dst idst", SIGNAL)
    yield from each(consumer, scipy.fft, "fft2 ifft2 fftn ifftn irfftn", X + 0j)
    yield from each(consumer, scipy.fft, "rfft2 rfftn dctn dstn fftshift ifftshift", X)
    yield Row(consumer, "fht", lambda a: scipy.fft.fht(a, 0.1, 0.5), (POSITIVE[:, 0],))


def linear() -> Iterator[Row]:
    """scipy.linalg, which is written for NumPy."""
    yield from each("scipy.linalg", scipy.linalg, "inv det expm svdvals cholesky", SQUARE)
    yield Row("scipy.linalg", "solve", scipy.linalg.solve, (SQUARE, X[:5]))


def signals() -> Iterator[Row]:
    """scipy.signal."""
    consumer, s = "scipy.signal", scipy.signal
    sections = s.butter(2, 0.2, output="sos")

    def row(name: str, run: Any, *arrays: Any) -> Row:
        return Row(consumer, name, run, arrays or (SIGNAL,))

    yield from each(consumer, s, "detrend hilbert hilbert2", X)
    yield from each(consumer, s, "convolve fftconvolve correlate oaconvolve", SIGNAL, X[:5, 1])
    yield row("sosfilt", s.sosfilt, sections, SIGNAL)
    yield row("sosfiltfilt", s.sosfiltfilt, sections, SIGNAL)
    yield row("lfilter", s.lfilter, np.asarray([0.2, 0.3]), np.asarray([1.0, -0.4]), SIGNAL)
    yield row("resample", lambda a: s.resample(a, 30))
    yield row("resample_poly", lambda a: s.resample_poly(a, 3, 2))
    yield row("decimate", lambda a: s.decimate(a, 2, ftype="fir"))
    yield row("savgol_filter", lambda a: s.savgol_filter(a, 5, 2))
    yield row("wiener", s.wiener, X)
    yield row("freqz", lambda b: s.freqz(b, worN=16), np.asarray([0.2, 0.3, 0.1]))
    yield row("welch", lambda a: s.welch(a, nperseg=16))
    yield row("periodogram", s.periodogram)
    yield row("vectorstrength", s.vectorstrength, POSITIVE[:, 0], np.asarray(1.5))


def integrals() -> Iterator[Row]:
    """scipy.integrate."""
    consumer, q = "scipy.integrate", scipy.integrate
    names = "trapezoid simpson cumulative_trapezoid cumulative_simpson romb"
    yield from each(consumer, q, names, SIGNAL[:33])
    ends = (np.zeros(6), np.arange(1.0, 7.0))
    yield Row(consumer, "tanhsinh", lambda a, b: q.tanhsinh(np_square, a, b).integral, ends)
    yield Row(
        consumer,
        "cubature",
        lambda a, b: q.cubature(lambda x: x[:, 0] ** 2, a, b).estimate,
        (np.asarray([0.0]), np.asarray([1.0])),
    )
    yield Row(
        consumer, "nsum", lambda a, b: q.nsum(lambda k: 1 / k**2, a, b).sum, (ends[1], ends[1] + 50)
    )


def np_square(x: Any) -> Any:
    """A function to integrate."""
    return x**2


def elementwise() -> Iterator[Row]:
    """scipy.optimize and scipy.differentiate, where they take arrays of problems."""
    consumer, e = "scipy.optimize", scipy.optimize.elementwise
    yield from each(consumer, scipy.optimize, "rosen rosen_der rosen_hess", SIGNAL)
    yield Row(
        consumer,
        "elementwise.find_root",
        lambda a: e.find_root(lambda x, c: x**3 - c, (a - 9, a + 9), args=(a,)).x,
        (SIGNAL,),
    )
    yield Row(
        consumer,
        "elementwise.find_minimum",
        lambda a: e.find_minimum(lambda x, c: (x - c) ** 2, (a - 3, a + 1, a + 4), args=(a,)).x,
        (SIGNAL,),
    )
    yield Row(
        consumer,
        "elementwise.bracket_root",
        lambda a: e.bracket_root(lambda x, c: x - c, a * 0, args=(a,)).bracket,
        (SIGNAL,),
    )
    consumer, d = "scipy.differentiate", scipy.differentiate
    yield Row(consumer, "derivative", lambda a: d.derivative(lambda x: x**3, a).df, (SIGNAL,))
    yield Row(consumer, "jacobian", lambda a: d.jacobian(scipy.optimize.rosen, a).df, (X[0],))
    yield Row(consumer, "hessian", lambda a: d.hessian(scipy.optimize.rosen, a).ddf, (X[0],))


def special() -> Iterator[Row]:
    """scipy.special."""
    consumer, s, small = "scipy.special", scipy.special, POSITIVE / 10 + 0.01
    names = "erf erfc expit gammaln ndtr ndtri logit log_ndtr i0 i0e i1 i1e entr logsumexp"
    yield from each(consumer, s, f"{names} softmax log_softmax", small)
    yield from each(consumer, s, "j0 j1 y0 y1 k0 k0e k1 k1e ellipk ellipkm1 spence", small)
    yield from each(consumer, s, "sindg cosdg tandg cotdg", X * 100)
    yield from each(
        consumer, s, "xlogy xlog1py rel_entr kl_div gammainc gammaincc", small, small + 1
    )
    yield Row(consumer, "betainc", s.betainc, (small + 1, small + 2, small))
    yield from each(consumer, s, "chdtr chdtrc stdtr", POSITIVE + 1, small)
    yield from each(consumer, s, "gammaincinv gammainccinv chdtri", POSITIVE + 1, small)


def clusters() -> Iterator[Row]:
    """scipy.cluster, scipy.ndimage."""
    vq, hierarchy = scipy.cluster.vq, scipy.cluster.hierarchy
    yield Row("scipy.cluster", "vq.kmeans2", lambda a: vq.kmeans2(a, a[:3, :], iter=5)[0], (X,))
    yield Row("scipy.cluster", "vq.kmeans", lambda a: vq.kmeans(a, a[:3, :])[0], (X,))
    yield Row("scipy.cluster", "vq.whiten", vq.whiten, (X,))
    yield Row("scipy.cluster", "vq.vq", lambda a: vq.vq(a, a[:3, :]), (X,), dtypes=False)
    yield Row("scipy.cluster", "hierarchy.linkage", hierarchy.linkage, (X,))
    blur = scipy.ndimage.gaussian_filter
    yield Row("scipy.ndimage", "gaussian_filter", lambda a: blur(a, 1.0), (X,))
