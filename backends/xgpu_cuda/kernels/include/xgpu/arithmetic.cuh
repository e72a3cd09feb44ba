// Arithmetic on bool, integer and real floating operands; complex ones are in complex.cuh.
//
// Integers wrap. An integer divided by zero gives 0, as does its remainder (NumPy's values).
// On bool, add and maximum are "or", multiply and minimum are "and".
#pragma once

#include "xgpu/types.cuh"

namespace xgpu {

template <class T>
__device__ __forceinline__ T add(T a, T b) {
    static_assert(!is_complex<T>, "include xgpu/complex.cuh");
    if constexpr (is_bool<T>) return a || b;
    else if constexpr (is_integer<T>) return T(wrapping_of<T>(a) + wrapping_of<T>(b));
    else return a + b;
}

template <class T>
__device__ __forceinline__ T subtract(T a, T b) {
    static_assert(!is_complex<T> && !is_bool<T>, "include xgpu/complex.cuh");
    if constexpr (is_integer<T>) return T(wrapping_of<T>(a) - wrapping_of<T>(b));
    else return a - b;
}

template <class T>
__device__ __forceinline__ T multiply(T a, T b) {
    static_assert(!is_complex<T>, "include xgpu/complex.cuh");
    if constexpr (is_bool<T>) return a && b;
    else if constexpr (is_integer<T>) return T(wrapping_of<T>(a) * wrapping_of<T>(b));
    else return a * b;
}

template <class T>
__device__ __forceinline__ T divide(T a, T b) {
    static_assert(is_floating<T>, "divide is for floating types");
    return a / b;
}

template <class T>
__device__ __forceinline__ T negative(T x) {
    static_assert(!is_complex<T> && !is_bool<T>, "include xgpu/complex.cuh");
    if constexpr (is_integer<T>) return T(wrapping_of<T>(0) - wrapping_of<T>(x));
    else return -x;
}

namespace detail {

// On a GPU, arithmetic takes an operand's absolute value at no cost.
__device__ __forceinline__ float abs(float x) { return ::fabsf(x); }
__device__ __forceinline__ double abs(double x) { return ::fabs(x); }

}  // namespace detail

// The lowest signed integer is its own absolute value.
template <class T>
__device__ __forceinline__ T abs(T x) {
    static_assert(!is_complex<T> && !is_bool<T>, "include xgpu/complex.cuh");
    if constexpr (is_floating<T> && sizeof(T) > 2) {
        return detail::abs(x);
    } else if constexpr (is_floating<T>) {
        return from_bits<T>(to_bits(x) & (static_cast<unsigned_of<T>>(~unsigned_of<T>(0)) >> 1));
    } else if constexpr (is_signed<T>) {
        return x < 0 ? negative(x) : x;
    } else {
        return x;
    }
}

template <class T>
__device__ __forceinline__ T square(T x) {
    return multiply(x, x);
}

template <class T>
__device__ __forceinline__ T reciprocal(T x) {
    static_assert(is_floating<T>, "reciprocal is for floating types");
    return T(1) / x;
}

// The sign of -0 is +0; that of NaN is NaN.
template <class T>
__device__ __forceinline__ T sign(T x) {
    static_assert(!is_complex<T> && !is_bool<T>, "include xgpu/complex.cuh");
    if constexpr (is_floating<T>) {
        return x > T(0) ? T(1) : x < T(0) ? T(-1) : x == T(0) ? T(0) : x;
    } else if constexpr (is_signed<T>) {
        return T((x > 0) - (x < 0));
    } else {
        return T(x != 0);
    }
}

// A NaN wins over every number, and -0 is below +0 (IEEE 754-2019 maximum and minimum).
template <class T>
__device__ __forceinline__ T maximum(T a, T b) {
    static_assert(!is_complex<T>, "complex numbers have no order");
    if constexpr (is_bool<T>) {
        return a || b;
    } else if constexpr (is_floating<T>) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
        if constexpr (sizeof(T) == 4) {
            T greater;
            asm("max.NaN.f32 %0, %1, %2;" : "=f"(greater) : "f"(a), "f"(b));
            return greater;
        }
#endif
        if (a != a) return a;
        if (b != b) return b;
        if (a == b) return from_bits<T>(to_bits(a) & to_bits(b));
        return a > b ? a : b;
    } else {
        return a > b ? a : b;
    }
}

template <class T>
__device__ __forceinline__ T minimum(T a, T b) {
    static_assert(!is_complex<T>, "complex numbers have no order");
    if constexpr (is_bool<T>) {
        return a && b;
    } else if constexpr (is_floating<T>) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
        if constexpr (sizeof(T) == 4) {
            T lesser;
            asm("min.NaN.f32 %0, %1, %2;" : "=f"(lesser) : "f"(a), "f"(b));
            return lesser;
        }
#endif
        if (a != a) return a;
        if (b != b) return b;
        if (a == b) return from_bits<T>(to_bits(a) | to_bits(b));
        return a < b ? a : b;
    } else {
        return a < b ? a : b;
    }
}

namespace detail {

__device__ __forceinline__ float fmod(float a, float b) { return ::fmodf(a, b); }
__device__ __forceinline__ double fmod(double a, double b) { return ::fmod(a, b); }
__device__ __forceinline__ float floor(float x) { return ::floorf(x); }
__device__ __forceinline__ double floor(double x) { return ::floor(x); }
__device__ __forceinline__ float copysign(float a, float b) { return ::copysignf(a, b); }
__device__ __forceinline__ double copysign(double a, double b) { return ::copysign(a, b); }

// What an integer is divided by in the place of b, which no division by zero and no overflow comes
// of. Chosen, not branched on: over the branches of several remainders, of which one is of another,
// NVRTC 12.9 and 13.0 do not come to an end.
template <class T>
__device__ __forceinline__ T divisor_for(T b) {
    if constexpr (is_signed<T>) return (b == T(0)) | (b == T(-1)) ? T(1) : b;
    else return b == T(0) ? T(1) : b;
}

}  // namespace detail

// Floating: Python's a // b, which is exact where floor(a / b) would round up to the next
// integer; but floor(a / b) itself where an operand is infinite or b is zero, as the standard
// prefers.
template <class T>
__device__ inline T floor_divide(T a, T b) {
    static_assert(is_floating<T> || is_integer<T>, "floor_divide is for integers and real floats");
    if constexpr (is_floating<T>) {
        if (b == T(0) || abs(a) == limits<T>::infinity || abs(b) == limits<T>::infinity) {
            return detail::floor(a / b);
        }
        T rest = detail::fmod(a, b);
        T quotient = (a - rest) / b;
        if (rest != T(0) && (b < T(0)) != (rest < T(0))) quotient -= T(1);
        if (quotient == T(0)) return detail::copysign(T(0), a / b);
        T whole = detail::floor(quotient);
        return quotient - whole > T(0.5) ? whole + T(1) : whole;
    } else if constexpr (is_signed<T>) {
        const T divisor = detail::divisor_for(b);
        const T quotient = T(a / divisor), rest = T(a - quotient * divisor);
        const T floored = T(quotient - ((rest != 0) & ((rest ^ divisor) < 0)));
        const T zero_or_floored = b == 0 ? T(0) : floored;
        return b == T(-1) ? negative(a) : zero_or_floored;  // the one quotient that may overflow wraps
    } else {
        const T quotient = T(a / detail::divisor_for(b));
        return b == 0 ? T(0) : quotient;
    }
}

// Python's a % b: the result has the sign of b, a zero too.
template <class T>
__device__ inline T remainder(T a, T b) {
    static_assert(is_floating<T> || is_integer<T>, "remainder is for integers and real floats");
    if constexpr (is_floating<T>) {
        T rest = detail::fmod(a, b);
        if (b == T(0)) return rest;
        if (rest == T(0)) return detail::copysign(T(0), b);
        return (b < T(0)) != (rest < T(0)) ? rest + b : rest;
    } else if constexpr (is_signed<T>) {
        const T rest = T(a % detail::divisor_for(b));
        return T(rest + ((rest != 0) & ((rest ^ b) < 0) ? b : T(0)));
    } else {
        return T(a % detail::divisor_for(b));  // 0 for b = 0
    }
}

}  // namespace xgpu
