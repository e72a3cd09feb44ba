// gamma, gammaln, digamma.
//
// gamma and the logarithm's values are CUDA's and the C library's.
#pragma once

#include "xgpu/special/common.cuh"
#include "xgpu/special/gamma_tables.cuh"

namespace xgpu {
namespace detail {

XGPU_CALLED double log_gamma(double x) {
    return x == -infinite ? -infinite : ::lgamma(x);
}

// log(gamma(1 + x)) for x >= 0, relatively exact near 0.
XGPU_CALLED double log_gamma_1p(double x) {
    return x <= 0.5 ? x * chebyshev(log_gamma_1_table, 2.0 * x) : log_gamma(1.0 + x);
}

// log(gamma(x)) - ((x - 1/2) log(x) - x + log(2 pi) / 2) for x >= 10; DLMF 5.11.1.
XGPU_CALLED double stirling(double x) {
    double inverse = 1.0 / x;
    return inverse * polynomial(stirling_table, inverse * inverse);
}

// Gamma(x) / (sqrt(2 pi) x**(x - 1/2) exp(-x)), which is near 1 for large x; DLMF 5.11.3.
XGPU_CALLED double scaled_gamma(double x) {
    if (x >= 10.0) return exponential(stirling(x));
    if (x < 1e-290) return 1.0 / (sqrt_2_pi * ::sqrt(x));
    return gamma_of(x) * power(x, 0.5 - x) * exponential(x) / sqrt_2_pi;
}

// The recurrence DLMF 5.5.2 leads to [1, 2], where the root of the function is factored out;
// asymptotic series DLMF 5.11.2; reflection DLMF 5.5.4.
XGPU_CALLED double psi(double x) {
    if (x == 0.0) return ::copysign(infinite, -x);
    if (x > -0.65 && x < -0.35) {
        double from = (x - digamma_negative_root_table[0]) - digamma_negative_root_table[1];
        return from * chebyshev(digamma_negative_table, (x + 0.5) / 0.15);
    }
    double added = 0.0;
    if (x < 0.0) {
        if (x == ::floor(x)) return undefined;  // minus infinity too
        added = -special_pi / ::tan(special_pi * (x - ::rint(x)));
        x = 1.0 - x;
    }
    if (x >= 10.0) {
        double inverse = 1.0 / x, square = inverse * inverse;
        double series = square * polynomial(digamma_far_table, square);
        return x == infinite ? x : added + ((logarithm(x) - 0.5 * inverse) - series);
    }
    double sum = 0.0;
    if (x < 1.0) {
        sum = -1.0 / x;
        x += 1.0;
    }
    XGPU_ROLLED
    while (x > 2.0) {
        x -= 1.0;
        sum += 1.0 / x;
    }
    double from = (x - digamma_root_table[0]) - digamma_root_table[1];
    return added + (sum + from * chebyshev(digamma_table, 2.0 * x - 3.0));
}

}  // namespace detail

__device__ __forceinline__ float gamma(float x) { return ::tgammaf(x); }
__device__ __forceinline__ double gamma(double x) { return detail::gamma_of(x); }

template <class T>
__device__ __forceinline__ T gammaln(T x) {
    return static_cast<T>(detail::log_gamma(x));
}
template <class T>
__device__ __forceinline__ T digamma(T x) {
    return static_cast<T>(detail::psi(x));
}

}  // namespace xgpu
