// The order of sorted arrays: ascending, NaN after every number, -0 equal to +0.
#pragma once

#include "xgpu/comparison.cuh"
#include "xgpu/types.cuh"

namespace xgpu {

// Whether `a` comes before `b`; two NaNs are equal.
template <class T>
__device__ __forceinline__ bool precedes(T a, T b) {
    static_assert(!is_complex<T>, "complex numbers have no order");
    const auto x = widen(a), y = widen(b);
    if constexpr (is_floating<T>) return x < y || (isnan(y) && !isnan(x));
    else return x < y;
}

}  // namespace xgpu
