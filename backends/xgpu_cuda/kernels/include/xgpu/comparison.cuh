// Comparison, logic and the tests for special values; complex operands are in complex.cuh.
#pragma once

#include "xgpu/types.cuh"

namespace xgpu {

template <class T>
__device__ __forceinline__ bool equal(T a, T b) {
    return a == b;
}

template <class T>
__device__ __forceinline__ bool not_equal(T a, T b) {
    return a != b;
}

template <class T>
__device__ __forceinline__ bool less(T a, T b) {
    return a < b;
}

template <class T>
__device__ __forceinline__ bool less_equal(T a, T b) {
    return a <= b;
}

template <class T>
__device__ __forceinline__ bool greater(T a, T b) {
    return a > b;
}

template <class T>
__device__ __forceinline__ bool greater_equal(T a, T b) {
    return a >= b;
}

__device__ __forceinline__ bool logical_and(bool a, bool b) { return a && b; }
__device__ __forceinline__ bool logical_or(bool a, bool b) { return a || b; }
__device__ __forceinline__ bool logical_xor(bool a, bool b) { return a != b; }
__device__ __forceinline__ bool logical_not(bool a) { return !a; }

template <class T>
__device__ __forceinline__ bool isnan(T x) {
    static_assert(is_floating<T>, "isnan is for floating types");
    return x != x;
}

template <class T>
__device__ __forceinline__ bool isinf(T x) {
    static_assert(is_floating<T>, "isinf is for floating types");
    return x == limits<T>::infinity || x == -limits<T>::infinity;
}

template <class T>
__device__ __forceinline__ bool isfinite(T x) {
    static_assert(is_floating<T>, "isfinite is for floating types");
    return x > -limits<T>::infinity && x < limits<T>::infinity;
}

// True of -0 and of a NaN whose sign bit is set.
template <class T>
__device__ __forceinline__ bool signbit(T x) {
    static_assert(is_floating<T>, "signbit is for floating types");
    return (to_bits(x) >> (8 * sizeof(T) - 1)) != 0;
}

template <class T>
__device__ __forceinline__ T where(bool condition, T a, T b) {
    return condition ? a : b;
}

}  // namespace xgpu
