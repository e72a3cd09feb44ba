// The 16-bit floats: float16 (IEEE 754 binary16) and bfloat16 (the upper half of a float).
//
// They are stored and moved, and cast to and from every other type; what is computed with them is
// computed in float, by casts in the program. Only what float cannot answer is defined on them:
// the sign bit of any NaN, and the next number. Included where a program has one of these types.
#pragma once

#include "xgpu/cast.cuh"
#include "xgpu/types.cuh"

namespace xgpu {

struct float16 {
    uint16_t bits;
};
struct bfloat16 {
    uint16_t bits;
};

template <class T>
inline constexpr bool is_narrow = false;
template <>
inline constexpr bool is_narrow<float16> = true;
template <>
inline constexpr bool is_narrow<bfloat16> = true;
template <>
inline constexpr bool is_floating<float16> = true;
template <>
inline constexpr bool is_floating<bfloat16> = true;

namespace detail {

template <>
struct wide_of<float16> { using type = float; };
template <>
struct wide_of<bfloat16> { using type = float; };

}  // namespace detail

// ---- To float: exact ----

__device__ __forceinline__ float widen(float16 x) {
#if defined(__CUDACC__)
    float wide;
    asm("cvt.f32.f16 %0, %1;" : "=f"(wide) : "h"(x.bits));
    return wide;
#else
    const uint32_t sign = uint32_t(x.bits & 0x8000u) << 16, rest = x.bits & 0x7fffu;
    if (rest < 0x400u) {  // a multiple of 2**-24
        return from_bits<float>(sign | to_bits(float(rest) * 5.9604644775390625e-8f));
    }
    const uint32_t bias = rest < 0x7c00u ? 127 - 15 : 255 - 31;  // of the exponent
    return from_bits<float>(sign | ((rest << 13) + (bias << 23)));
#endif
}

__device__ __forceinline__ float widen(bfloat16 x) {
    return from_bits<float>(uint32_t(x.bits) << 16);
}

// ---- From float: to the nearest number, of two the even one; NaN stays NaN ----

template <class T>
__device__ T narrow(float x);

template <>
__device__ __forceinline__ float16 narrow<float16>(float x) {
    float16 result;
#if defined(__CUDACC__)
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(result.bits) : "f"(x));
#else
    const uint32_t bits = to_bits(x), sign = bits >> 16 & 0x8000u, rest = bits & 0x7fffffffu;
    uint32_t rounded;
    if (rest > 0x7f800000u) {
        rounded = 0x7e00u | (rest >> 13 & 0x3ffu);
    } else if (rest >= 0x477ff000u) {  // 65520, halfway from the largest number to the next one
        rounded = 0x7c00u;
    } else if (rest >= 0x38800000u) {  // 2**-14, the smallest normal number
        rounded = (rest - (uint32_t(127 - 15) << 23) + 0xfffu + (rest >> 13 & 1u)) >> 13;
    } else {  // the last place of a number at 0.5 is 2**-24, so the addition rounds
        rounded = to_bits(from_bits<float>(rest) + 0.5f) - to_bits(0.5f);
    }
    result.bits = static_cast<uint16_t>(sign | rounded);
#endif
    return result;
}

template <>
__device__ __forceinline__ bfloat16 narrow<bfloat16>(float x) {
    const uint32_t bits = to_bits(x);
    const uint32_t rounded = x != x ? bits | 0x400000u : bits + 0x7fffu + (bits >> 16 & 1u);
    return {static_cast<uint16_t>(rounded >> 16)};
}

namespace detail {

// x as a float: of the two neighbours of a number in between, the one whose last bit is odd.
// Rounded again to 16 bits it gives what rounding x would (Boldo and Melquiond, "Emulation of FMA
// and correctly rounded sums: proved algorithms using rounding to odd", 2008).
__device__ __forceinline__ float to_odd(double x) {
    const float nearest = static_cast<float>(x);
    if (nearest == x || x != x) return nearest;
    const bool above = (nearest > x) == (x > 0.0);  // in magnitude; infinity too
    return from_bits<float>((to_bits(nearest) - (above ? 1u : 0u)) | 1u);
}

template <class T>
struct narrow_caster {
    template <class From>
    __device__ static __forceinline__ T from(From x) {
        if constexpr (sizeof(From) < 4 || (sizeof(From) == 4 && is_floating<From>)) {
            return narrow<T>(static_cast<float>(x));
        } else if constexpr (sizeof(From) == 4 || is_floating<From>) {
            return narrow<T>(to_odd(static_cast<double>(x)));
        } else {
            // Beyond 2**53, one bit stands for the 12 lowest ones, and double holds the rest.
            const From above = x >> 53;
            if (above != 0 && above != From(-1)) {
                const From low = x & 4095;
                x = From(x - low) | (low != 0 ? From(2048) : From(0));
            }
            return narrow<T>(to_odd(static_cast<double>(x)));
        }
    }
    template <class R>
    __device__ static __forceinline__ T from(complex<R> x) {
        return from(x.re);
    }
};
template <>
struct caster<float16> : narrow_caster<float16> {};
template <>
struct caster<bfloat16> : narrow_caster<bfloat16> {};

}  // namespace detail

// ---- What looks at the bits ----

// For xgpu::negative.
__device__ __forceinline__ float16 operator-(float16 x) {
    return {static_cast<uint16_t>(x.bits ^ 0x8000u)};
}
__device__ __forceinline__ bfloat16 operator-(bfloat16 x) {
    return {static_cast<uint16_t>(x.bits ^ 0x8000u)};
}

template <class T>
__device__ __forceinline__ T copysign(T a, T b) {
    static_assert(is_narrow<T>, "include xgpu/math.cuh");
    return {static_cast<uint16_t>((a.bits & 0x7fffu) | (b.bits & 0x8000u))};
}

template <class T>
__device__ inline T nextafter(T a, T b) {
    static_assert(is_narrow<T>, "include xgpu/math.cuh");
    const float x = widen(a), y = widen(b);
    if (x != x) return a;
    if (y != y || x == y) return b;
    if (x == 0.0f) return {static_cast<uint16_t>((b.bits & 0x8000u) | 1u)};
    const bool away = (y > x) == (x > 0.0f);  // from zero
    return {static_cast<uint16_t>(a.bits + (away ? 1 : -1))};
}

}  // namespace xgpu
