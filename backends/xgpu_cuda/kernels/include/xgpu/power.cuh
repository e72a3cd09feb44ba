// Powers of integers and real floats; complex operands are in complex_power.cuh.
#pragma once

#include "xgpu/types.cuh"

namespace xgpu {

__device__ __forceinline__ float pow(float a, float b) { return ::powf(a, b); }
__device__ __forceinline__ double pow(double a, double b) { return ::pow(a, b); }

// Integer powers wrap. A negative exponent, which the front-end refuses where it can see it,
// gives the exact power cut to a whole number: 1 or -1 for those bases, else 0.
template <class T>
__device__ inline T pow(T base, T exponent) {
    static_assert(is_integer<T>, "include xgpu/complex_power.cuh");
    if constexpr (is_signed<T>) {
        if (exponent < 0) {
            if (base == T(-1)) return exponent & 1 ? T(-1) : T(1);
            return base == T(1) ? T(1) : T(0);
        }
    }
    wrapping_of<T> result = 1, factor = wrapping_of<T>(base);
    for (unsigned_of<T> rest = unsigned_of<T>(exponent); rest != 0; rest >>= 1) {
        if (rest & 1) result *= factor;
        factor *= factor;
    }
    return T(result);
}

}  // namespace xgpu
