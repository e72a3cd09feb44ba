// zeta, riemann_zeta: Hurwitz's zeta function for x > 1, and Riemann's for every real x; DLMF 25.
#pragma once

#include "xgpu/special/gamma.cuh"
#include "xgpu/special/zeta_tables.cuh"

namespace xgpu {
namespace detail {

// The sum of (q + k)**-x by Euler and Maclaurin's formula (DLMF 2.10.1), after as many terms as
// make its series converge.
XGPU_CALLED double hurwitz(double x, double q) {
    if (x == 1.0) return infinite;
    if (!(x > 1.0)) return undefined;
    if (q <= 0.0) {
        if (q == ::floor(q)) return infinite;
        if (x != ::floor(x)) return undefined;
        if (q < -1e5) return undefined;
    }
    if (q == infinite) return 0.0;
    if (x == infinite) return power(q, -x);
    double sum = 0.0, w = q, least = 10.0 + 0.7 * x;
    XGPU_ROLLED
    while (w < least) {
        double term = power(w, -x);
        sum += term;
        w += 1.0;
        if (w > 1.0 && term <= 1e-3 * rounding * ::fabs(sum)) return sum;
    }
    double last = power(w, -x), inverse = 1.0 / w, factor = x * inverse, rest = 0.0;
    XGPU_ROLLED
    for (int j = 0; j < 13; ++j) {
        double term = bernoulli_table[j] * factor;
        rest += term;
        if (::fabs(term) <= rounding * rest) break;
        factor *= (x + 2 * j + 1) * inverse * (x + 2 * j + 2) * inverse;
    }
    return sum + last * (w / (x - 1.0) + 0.5 + rest);
}

// To the left of 0 by reflection, DLMF 25.4.1; Gamma(1 - x) and the power of 2 pi meet in
// Stirling's formula before either overflows.
XGPU_CALLED double riemann(double x) {
    if (x > 1.5) return hurwitz(x, 1.0);
    if (x >= 0.0) return chebyshev(riemann_table, x / 0.75 - 1.0) / (x - 1.0);
    if (!(x > -infinite)) return undefined;
    double v = 1.0 - x, product;
    if (v < 30.0) {
        product = gamma_of(v) * power(2.0 * special_pi, -v);
    } else {
        // 2 pi e, and what its double lacks as a fraction of it
        double base = v / two_pi_e_table[0], half = power(base, v / 2.0);
        double lost = ::fma(-base, two_pi_e_table[0], v) / v - two_pi_e_table[1] / two_pi_e_table[0];
        product = exponential(stirling(v) + v * lost) * ::sqrt(2.0 * special_pi / v) * half * half;
    }
    // Rounding 1 - x moves the product by its logarithmic derivative.
    product *= 1.0 + sum_error(1.0, -x, v) * logarithm(v / (2.0 * special_pi));
    return 2.0 * sin_of_pi(x / 2.0) * hurwitz(v, 1.0) * product;
}

}  // namespace detail

template <class T>
__device__ __forceinline__ T zeta(T x, T q) {
    return static_cast<T>(detail::hurwitz(x, q));
}
template <class T>
__device__ __forceinline__ T riemann_zeta(T x) {
    return static_cast<T>(detail::riemann(x));
}

}  // namespace xgpu
