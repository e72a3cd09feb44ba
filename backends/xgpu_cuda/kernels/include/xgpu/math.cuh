// Real transcendental functions: CUDA's own on the GPU, the C library's on the host; but one
// logarithm on both, of float32.
//
// sqrt, copysign and nextafter are exact. Largest error of the others on the GPU, in ULP, from
// the CUDA C++ Programming Guide, "Mathematical Functions": 4 (float32), 2 (float64).
// Complex operands are in complex_math.cuh.
#pragma once

#include "xgpu/types.cuh"

namespace xgpu {
namespace detail {

// The natural logarithm of 2**k (1 + f), with f from -1/3 to 1/3: k log 2 + f + f**2 p(f), p of the
// least largest error relative to the logarithm, 0.45 * 2**-24 (Remez's algorithm). `sure` where x
// is from 2**-125 to 2**125 or so; else the value means nothing.
struct quick_log {
    float value;
    bool sure;

    __device__ __forceinline__ explicit quick_log(float x) {
        constexpr uint32_t two_thirds = 0x3f2aaaab;
        const uint32_t bits = to_bits(x), scale = (bits - two_thirds) & 0xff800000u;
        const float k = static_cast<float>(static_cast<int32_t>(scale));  // times 2**23
        const float f = from_bits<float>(bits - scale) - 1.0f;
        float p = 0.14020567f;
        p = ::fmaf(p, f, -0.15383598f);
        p = ::fmaf(p, f, 0.13997136f);
        p = ::fmaf(p, f, -0.1641703f);
        p = ::fmaf(p, f, 0.20011073f);
        p = ::fmaf(p, f, -0.2500775f);
        p = ::fmaf(p, f, 0.333332f);
        p = ::fmaf(p, f, -0.49999937f);
        p = ::fmaf(p * f, f, f);
        value = ::fmaf(k, 0x1.62e43p-24f, p);
        sure = ::fabsf(k) <= 125 * 0x1p23f;
    }
};

}  // namespace detail

__device__ __forceinline__ float acos(float x) { return ::acosf(x); }
__device__ __forceinline__ double acos(double x) { return ::acos(x); }
__device__ __forceinline__ float acosh(float x) { return ::acoshf(x); }
__device__ __forceinline__ double acosh(double x) { return ::acosh(x); }
__device__ __forceinline__ float asin(float x) { return ::asinf(x); }
__device__ __forceinline__ double asin(double x) { return ::asin(x); }
__device__ __forceinline__ float asinh(float x) { return ::asinhf(x); }
__device__ __forceinline__ double asinh(double x) { return ::asinh(x); }
__device__ __forceinline__ float atan(float x) { return ::atanf(x); }
__device__ __forceinline__ double atan(double x) { return ::atan(x); }
__device__ __forceinline__ float atanh(float x) { return ::atanhf(x); }
__device__ __forceinline__ double atanh(double x) { return ::atanh(x); }
__device__ __forceinline__ float cos(float x) { return ::cosf(x); }
__device__ __forceinline__ double cos(double x) { return ::cos(x); }
__device__ __forceinline__ float cosh(float x) { return ::coshf(x); }
__device__ __forceinline__ double cosh(double x) { return ::cosh(x); }
__device__ __forceinline__ float exp(float x) { return ::expf(x); }
__device__ __forceinline__ double exp(double x) { return ::exp(x); }
__device__ __forceinline__ float expm1(float x) { return ::expm1f(x); }
__device__ __forceinline__ double expm1(double x) { return ::expm1(x); }
__device__ __forceinline__ float log(float x) {
    const detail::quick_log found(x);
    return found.sure ? found.value : ::logf(x);
}
__device__ __forceinline__ double log(double x) { return ::log(x); }
__device__ __forceinline__ float log10(float x) { return ::log10f(x); }
__device__ __forceinline__ double log10(double x) { return ::log10(x); }
__device__ __forceinline__ float log1p(float x) { return ::log1pf(x); }
__device__ __forceinline__ double log1p(double x) { return ::log1p(x); }
__device__ __forceinline__ float log2(float x) { return ::log2f(x); }
__device__ __forceinline__ double log2(double x) { return ::log2(x); }
__device__ __forceinline__ float sin(float x) { return ::sinf(x); }
__device__ __forceinline__ double sin(double x) { return ::sin(x); }
__device__ __forceinline__ float sinh(float x) { return ::sinhf(x); }
__device__ __forceinline__ double sinh(double x) { return ::sinh(x); }
__device__ __forceinline__ float sqrt(float x) { return ::sqrtf(x); }
__device__ __forceinline__ double sqrt(double x) { return ::sqrt(x); }
__device__ __forceinline__ float tan(float x) { return ::tanf(x); }
__device__ __forceinline__ double tan(double x) { return ::tan(x); }
__device__ __forceinline__ float tanh(float x) { return ::tanhf(x); }
__device__ __forceinline__ double tanh(double x) { return ::tanh(x); }

__device__ __forceinline__ float atan2(float a, float b) { return ::atan2f(a, b); }
__device__ __forceinline__ double atan2(double a, double b) { return ::atan2(a, b); }
__device__ __forceinline__ float copysign(float a, float b) { return ::copysignf(a, b); }
__device__ __forceinline__ double copysign(double a, double b) { return ::copysign(a, b); }
__device__ __forceinline__ float hypot(float a, float b) { return ::hypotf(a, b); }
__device__ __forceinline__ double hypot(double a, double b) { return ::hypot(a, b); }
__device__ __forceinline__ float nextafter(float a, float b) { return ::nextafterf(a, b); }
__device__ __forceinline__ double nextafter(double a, double b) { return ::nextafter(a, b); }

// log(exp(a) + exp(b)): the larger operand plus a correction in (0, log 2], so that neither
// exponential overflows.
template <class T>
__device__ inline T logaddexp(T a, T b) {
    static_assert(is_floating<T>, "logaddexp is for real floating types");
    if (a == b) return a + T(0.693147180559945309417);  // also two equal infinities
    T difference = a - b;
    if (difference > T(0)) return a + log1p(exp(-difference));
    if (difference <= T(0)) return b + log1p(exp(difference));
    return difference;  // NaN
}

}  // namespace xgpu
