// What the special functions share. They compute in double, float32 operands too, and round once;
// CUDA's and the C library's own functions are used where they are good to a few ULP everywhere.
#pragma once

#include "xgpu/types.cuh"

// A function of its own in the compiled code. These functions are long, kernels compute several
// points in one thread, and a compiler that put a copy at each place would take seconds. Likewise for loops whose end is not known.
#if defined(__CUDACC__)
#define XGPU_CALLED static __device__ __noinline__
#define XGPU_ROLLED _Pragma("unroll 1")
#else
#define XGPU_CALLED static inline
#define XGPU_ROLLED
#endif

namespace xgpu {
namespace detail {

constexpr double sqrt_2_pi = 2.50662827463100050242, log_sqrt_2_pi = 0.918938533204672741780;
constexpr double sqrt_half = 0.707106781186547524401, special_pi = 3.14159265358979323846;
constexpr double rounding = 1.1102230246251565e-16;  // half of the unit in the last place of 1
constexpr double infinite = limits<double>::infinity, undefined = limits<double>::nan;

// A Chebyshev series at t in [-1, 1] (C. W. Clenshaw, MTAC 9 (1955); DLMF 3.11.15).
template <int N>
__device__ inline double chebyshev(const double (&c)[N], double t) {
    double next = 0.0, after = 0.0, twice = 2.0 * t;
    for (int k = N - 1; k > 0; --k) {
        double sum = c[k] + (twice * next - after);
        after = next;
        next = sum;
    }
    return c[0] + (t * next - after);
}

template <int N>
__device__ inline double polynomial(const double (&c)[N], double x) {
    double sum = c[N - 1];
    for (int k = N - 2; k >= 0; --k) sum = sum * x + c[k];
    return sum;
}

// The upper half of the digits of x: its square is exact.
__device__ __forceinline__ double upper_half(double x) {
    return from_bits<double>(to_bits(x) & 0xfffffffff8000000ull);
}

// Long ones of CUDA's library, once each.
XGPU_CALLED double power(double x, double y) { return ::pow(x, y); }
XGPU_CALLED double gamma_of(double x) { return ::tgamma(x); }
XGPU_CALLED double log_1p(double x) { return ::log1p(x); }
XGPU_CALLED double exp_m1(double x) { return ::expm1(x); }
XGPU_CALLED double logarithm(double x) { return ::log(x); }
XGPU_CALLED double exponential(double x) { return ::exp(x); }

// exp(sign * x * x), as exact as exp is: rounding the square would cost x * x times as much.
XGPU_CALLED double exp_of_square(double x, double sign) {
    double high = upper_half(x);
    return exponential(sign * high * high) * exponential(sign * (x - high) * (x + high));
}

// What the rounded sum lacks (D. E. Knuth, TAOCP 2, section 4.2.2).
__device__ inline double sum_error(double a, double b, double sum) {
    double b_in = sum - a;
    return (a - (sum - b_in)) + (b - b_in);
}

// log(1 + x) - x, without cancellation: with s = x / (2 + x) it is 2 atanh(s) - x, and
// 2s - x = -x s.
XGPU_CALLED double log1p_minus(double x) {
    if (x < -0.4 || x > 0.7) return log_1p(x) - x;
    double s = x / (2.0 + x), square = s * s, sum = 0.0;
    for (int k = 29; k >= 3; k -= 2) sum = sum * square + 1.0 / k;
    return 2.0 * s * square * sum - x * s;
}

// sin(pi x), from a remainder that is exact.
XGPU_CALLED double sin_of_pi(double x) {
    double rest = x - 2.0 * ::floor(x / 2.0), sign = 1.0;
    if (rest >= 1.0) rest -= 1.0, sign = -1.0;
    if (rest > 0.5) rest = 1.0 - rest;
    return sign * ::sin(special_pi * rest);
}

}  // namespace detail
}  // namespace xgpu
