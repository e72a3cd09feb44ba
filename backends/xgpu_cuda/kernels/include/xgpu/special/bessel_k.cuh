// k0e, k1e: modified Bessel functions of the second kind times exp(x); DLMF 10.25.
//
// To 1, the logarithm times I (DLMF 10.31.2) and the rest as Chebyshev series in x**2: all terms
// have one sign. Beyond, a series of the function times sqrt(x), in 2/x - 1 (DLMF 10.40.2).
#pragma once

#include "xgpu/special/bessel_k_tables.cuh"
#include "xgpu/special/common.cuh"

namespace xgpu {
namespace detail {

XGPU_CALLED double scaled_k0(double x) {
    if (!(x >= 0.0)) return undefined;
    if (x > 1.0) return chebyshev(k0_far_table, 2.0 / x - 1.0) / ::sqrt(x);
    double place = 2.0 * (x * x) - 1.0;
    double logs = logarithm(x) * chebyshev(k0_i0_table, place);
    return exponential(x) * (chebyshev(k0_table, place) - logs);
}

XGPU_CALLED double scaled_k1(double x) {
    if (!(x >= 0.0)) return undefined;
    if (x == 0.0) return infinite;
    if (x > 1.0) return chebyshev(k1_far_table, 2.0 / x - 1.0) / ::sqrt(x);
    double place = 2.0 * (x * x) - 1.0;
    double logs = logarithm(x) * (x * chebyshev(k1_i1_table, place));
    return exponential(x) * (chebyshev(k1_table, place) / x + logs);
}

}  // namespace detail

template <class T>
__device__ __forceinline__ T k0e(T x) {
    return static_cast<T>(detail::scaled_k0(x));
}
template <class T>
__device__ __forceinline__ T k1e(T x) {
    return static_cast<T>(detail::scaled_k1(x));
}

}  // namespace xgpu
