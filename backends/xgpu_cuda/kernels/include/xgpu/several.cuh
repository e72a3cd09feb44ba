// Float32 functions of several points of a thread, whose special cases share one branch.
//
// A correctly rounded quotient, reciprocal or root takes a few multiply-adds where neither it nor
// what it is made of leaves the normal numbers, and a call where something does. With a test and a
// branch for each point, those cost as much as the arithmetic. Here each point has a comparison or
// two, all points one branch, and behind it each of them is computed by the operator itself. What
// comes out is the operator's result to the last bit.
#pragma once

#include "xgpu/math.cuh"
#include "xgpu/types.cuh"

namespace xgpu {
namespace several {

// An operand: a value at each point, or one for all.
template <int N>
__device__ __forceinline__ float at(const float (&x)[N], int j) {
    return x[j];
}
__device__ __forceinline__ float at(float x, int) { return x; }

// 1 / x and 1 / sqrt(x) to within an ULP or so, by the device's tables; x and the result are taken
// for zeros where they are subnormal. An infinity or a zero leads to no result that passes the tests
// below.
#if defined(__CUDACC_RTC__)
__device__ __forceinline__ float near_reciprocal(float x) {
    float result;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
    return result;
}
__device__ __forceinline__ float near_reciprocal_root(float x) {
    float result;
    asm("rsqrt.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
    return result;
}
// |x| for a test: the compiler is not to keep it, as a value of its own, for what follows.
__device__ __forceinline__ float magnitude(float x) {
    float result;
    asm("abs.f32 %0, %1;" : "=f"(result) : "f"(x));
    return result;
}
#else
__device__ __forceinline__ float magnitude(float x) { return ::fabsf(x); }
__device__ __forceinline__ float flushed(float x) {
    return ::fabsf(x) < limits<float>::min ? ::copysignf(0.0f, x) : x;
}
__device__ __forceinline__ float near_reciprocal(float x) { return flushed(1.0f / flushed(x)); }
__device__ __forceinline__ float near_reciprocal_root(float x) {
    return 1.0f / ::sqrtf(flushed(x));
}
#endif

// 1 / x after one step of Newton's method: the steps that NVRTC takes for 1 / x itself, from compute
// capability 7.5 to 12.0, so it is rounded correctly where x and it are normal numbers. (From another
// table with an error of one ULP, some 30 of all 2**23 mantissas would not be.)
__device__ __forceinline__ float refined_reciprocal(float x) {
    const float near = near_reciprocal(x);
    return ::fmaf(near, ::fmaf(-x, near, 1.0f), near);
}

// Markstein's sequence: from a quotient to within an ULP the remainder is exact, and the quotient
// that it corrects is rounded correctly, if nothing underflows (Muller et al., Handbook of
// Floating-Point Arithmetic, section 4.7). The remainder is a multiple of 2**-148 where the
// dividend is 2**-101 or more. A divisor or a quotient that is too small or too large, an infinity
// or NaN makes a quotient that is less than 2**-125, or NaN.
template <int N, class A, class B>
__device__ __forceinline__ void divide(float (&out)[N], const A& a, const B& b) {
    bool sure = true;
#pragma unroll
    for (int j = 0; j < N; ++j) {
        const float x = at(a, j), y = at(b, j), inverse = refined_reciprocal(y);
        const float near = x * inverse;
        out[j] = ::fmaf(inverse, ::fmaf(-y, near, x), near);
        sure = sure & (magnitude(x) >= 0x1p-101f) & (magnitude(out[j]) >= 0x1p-125f);
    }
    if (sure) return;
#pragma unroll
    for (int j = 0; j < N; ++j) out[j] = at(a, j) / at(b, j);
}

template <int N, class A>
__device__ __forceinline__ void reciprocal(float (&out)[N], const A& a) {
    bool sure = true;
#pragma unroll
    for (int j = 0; j < N; ++j) {
        out[j] = refined_reciprocal(at(a, j));
        sure = sure & (magnitude(out[j]) >= 0x1p-125f);
    }
    if (sure) return;
#pragma unroll
    for (int j = 0; j < N; ++j) out[j] = 1.0f / at(a, j);
}

// The same for roots: x - root * root is a multiple of 2**-148 where the root is 2**-51 or more.
// The inverse is negative where x is -0 or taken for it, and its magnitude then makes NaN.
template <int N, class A>
__device__ __forceinline__ void sqrt(float (&out)[N], const A& a) {
    bool sure = true;
#pragma unroll
    for (int j = 0; j < N; ++j) {
        const float x = at(a, j), inverse = near_reciprocal_root(x);
        const float near = x * inverse;
        out[j] = ::fmaf(::fmaf(-near, near, x), 0.5f * magnitude(inverse), near);
        sure = sure & (out[j] >= 0x1p-50f);
    }
    if (sure) return;
#pragma unroll
    for (int j = 0; j < N; ++j) out[j] = ::sqrtf(at(a, j));
}

// The bits of `log` in math.cuh.
template <int N, class A>
__device__ __forceinline__ void log(float (&out)[N], const A& a) {
    bool sure = true;
#pragma unroll
    for (int j = 0; j < N; ++j) {
        const detail::quick_log found(at(a, j));
        out[j] = found.value;
        sure = sure & found.sure;
    }
    if (sure) return;
#pragma unroll
    for (int j = 0; j < N; ++j) out[j] = xgpu::log(at(a, j));
}

}  // namespace several
}  // namespace xgpu
