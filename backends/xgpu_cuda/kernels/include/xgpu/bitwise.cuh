// Bitwise ops on bool and integers.
//
// A shift by the width or more, or by a negative number, shifts every bit out: 0, and -1 for a
// negative number shifted right (NumPy's values).
#pragma once

#include "xgpu/types.cuh"

namespace xgpu {

template <class T>
__device__ __forceinline__ T bitwise_and(T a, T b) {
    return T(a & b);
}

template <class T>
__device__ __forceinline__ T bitwise_or(T a, T b) {
    return T(a | b);
}

template <class T>
__device__ __forceinline__ T bitwise_xor(T a, T b) {
    return T(a ^ b);
}

template <class T>
__device__ __forceinline__ T bitwise_invert(T x) {
    if constexpr (is_bool<T>) return !x;
    else return T(~x);
}

template <class T>
__device__ __forceinline__ T bitwise_left_shift(T a, T b) {
    static_assert(is_integer<T>, "shifts are for integers");
    if (unsigned_of<T>(b) >= 8 * sizeof(T)) return T(0);
    return T(wrapping_of<T>(a) << unsigned_of<T>(b));
}

template <class T>
__device__ __forceinline__ T bitwise_right_shift(T a, T b) {
    static_assert(is_integer<T>, "shifts are for integers");
    constexpr unsigned_of<T> last = 8 * sizeof(T) - 1;
    const unsigned_of<T> count = unsigned_of<T>(b);
    if constexpr (is_signed<T>) return T(a >> (count > last ? last : count));
    else return count > last ? T(0) : T(a >> count);
}

}  // namespace xgpu
