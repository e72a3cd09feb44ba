// erf, erfc, erfcx, erfinv, ndtri: the error function, its complements and inverses.
//
// erf and erfc are CUDA's and the C library's: 2 and 5 ULP at most (CUDA C++ Programming Guide,
// "Mathematical Functions").
#pragma once

#include "xgpu/special/common.cuh"
#include "xgpu/special/error_tables.cuh"

namespace xgpu {
namespace detail {

// exp(x * x) erfc(x). Positive x: M. M. Shepherd and J. G. Laframboise, "Chebyshev approximation
// of (1 + 2x) exp(x**2) erfc x in 0 <= x < infinity", Math. Comp. 36 (1981). Negative x: DLMF 7.4.2.
XGPU_CALLED double scaled_erfc(double x) {
    if (x < -26.7) return infinite;
    double size = ::fabs(x);
    if (size > 1e100) return 0.56418958354775628695 / x;
    double value = chebyshev(erfcx_table, (size - 3.75) / (size + 3.75)) / (1.0 + 2.0 * size);
    return x < 0.0 ? 2.0 * exp_of_square(x, 1.0) - value : value;
}

// The normal quantile: q is the probability less 1/2, p the smaller one of it and its complement.
// In the middle and in the tails as in M. J. Wichura, "Algorithm AS 241", Applied Statistics 37
// (1988), with Chebyshev series in the place of his rational functions.
XGPU_CALLED double normal_quantile(double q, double p) {
    if (::fabs(q) <= 0.425) return q * chebyshev(quantile_central_table, q * q / 0.0903125 - 1.0);
    double r = ::sqrt(-logarithm(p));
    // 1/r lies in [1/28, 1/4], whose middle is 1/7 and half-length 3/28.
    double value = r <= 4.0 ? chebyshev(quantile_tail_table, (r - 2.8) / 1.2)
                            : chebyshev(quantile_far_table, (28.0 / r - 4.0) / 3.0);
    return q < 0.0 ? -r * value : r * value;
}

XGPU_CALLED double inverse_erf(double x) {
    double size = ::fabs(x);
    if (!(size < 1.0)) return size == 1.0 ? ::copysign(infinite, x) : undefined;
    return sqrt_half * normal_quantile(x / 2.0, (1.0 - size) / 2.0);
}

XGPU_CALLED double inverse_normal(double p) {
    if (!(p > 0.0 && p < 1.0)) return p == 0.0 ? -infinite : p == 1.0 ? infinite : undefined;
    double q = p - 0.5;
    return normal_quantile(q, q < 0.0 ? p : 1.0 - p);
}

}  // namespace detail

__device__ __forceinline__ float erf(float x) { return ::erff(x); }
__device__ __forceinline__ double erf(double x) { return ::erf(x); }
__device__ __forceinline__ float erfc(float x) { return ::erfcf(x); }
__device__ __forceinline__ double erfc(double x) { return ::erfc(x); }

template <class T>
__device__ __forceinline__ T erfcx(T x) {
    return static_cast<T>(detail::scaled_erfc(x));
}
template <class T>
__device__ __forceinline__ T erfinv(T x) {
    return static_cast<T>(detail::inverse_erf(x));
}
template <class T>
__device__ __forceinline__ T ndtri(T p) {
    return static_cast<T>(detail::inverse_normal(p));
}

}  // namespace xgpu
