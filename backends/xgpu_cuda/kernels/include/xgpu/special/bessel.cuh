// i0e, i1e: modified Bessel functions times exp(-|x|); DLMF 10.25.
//
// Chebyshev series on [0, 8] and, of the function times sqrt(x), in 16/x - 1 beyond (DLMF 10.40.1).
#pragma once

#include "xgpu/special/bessel_tables.cuh"
#include "xgpu/special/common.cuh"

namespace xgpu {
namespace detail {

XGPU_CALLED double scaled_i0(double x) {
    double size = ::fabs(x);
    if (size <= 8.0) return chebyshev(i0_table, size / 4.0 - 1.0);
    return chebyshev(i0_far_table, 16.0 / size - 1.0) / ::sqrt(size);
}

XGPU_CALLED double scaled_i1(double x) {
    double size = ::fabs(x);
    if (size <= 8.0) return x * chebyshev(i1_table, size / 4.0 - 1.0);
    return ::copysign(chebyshev(i1_far_table, 16.0 / size - 1.0) / ::sqrt(size), x);
}

}  // namespace detail

template <class T>
__device__ __forceinline__ T i0e(T x) {
    return static_cast<T>(detail::scaled_i0(x));
}
template <class T>
__device__ __forceinline__ T i1e(T x) {
    return static_cast<T>(detail::scaled_i1(x));
}

}  // namespace xgpu
