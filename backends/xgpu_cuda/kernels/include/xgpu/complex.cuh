// Complex operands of arithmetic.cuh, comparison.cuh and rounding.cuh; real, imag, conj.
//
// Multiplication is the textbook formula, without a search for infinities, as in NumPy.
#pragma once

#include "xgpu/arithmetic.cuh"
#include "xgpu/comparison.cuh"
#include "xgpu/rounding.cuh"
#include "xgpu/types.cuh"

namespace xgpu {

namespace detail {

__device__ __forceinline__ float hypot(float a, float b) { return ::hypotf(a, b); }
__device__ __forceinline__ double hypot(double a, double b) { return ::hypot(a, b); }
__device__ __forceinline__ float fma(float a, float b, float c) { return ::fmaf(a, b, c); }
__device__ __forceinline__ double fma(double a, double b, double c) { return ::fma(a, b, c); }

// a * b + c * d to 1.5 ULP, cancellation or not: the rounding error of one product is added
// back (Jeannerod, Louvet and Muller, "Further analysis of Kahan's algorithm for the accurate
// computation of 2x2 determinants", 2013).
template <class T>
__device__ __forceinline__ T sum_of_products(T a, T b, T c, T d) {
    T product = c * d;
    T error = fma(c, d, -product);
    return fma(a, b, product) + error;
}

__device__ __forceinline__ float ldexp(float x, int exponent) { return ::ldexpf(x, exponent); }
__device__ __forceinline__ double ldexp(double x, int exponent) { return ::ldexp(x, exponent); }
__device__ __forceinline__ int exponent_of(float x) {
    int exponent;
    ::frexpf(x, &exponent);
    return exponent;
}
__device__ __forceinline__ int exponent_of(double x) {
    int exponent;
    ::frexp(x, &exponent);
    return exponent;
}

// The magnitude of the component that is larger.
template <class T>
__device__ __forceinline__ T larger_part(complex<T> z) {
    return abs(z.re) >= abs(z.im) ? abs(z.re) : abs(z.im);
}

template <class T>
__device__ __forceinline__ bool finite(complex<T> z) {
    return isfinite(z.re) && isfinite(z.im);
}

}  // namespace detail

template <class T>
__device__ __forceinline__ T real(complex<T> z) {
    return z.re;
}

template <class T>
__device__ __forceinline__ T imag(complex<T> z) {
    return z.im;
}

template <class T>
__device__ __forceinline__ complex<T> conj(complex<T> z) {
    return {z.re, -z.im};
}

template <class T>
__device__ __forceinline__ complex<T> negative(complex<T> z) {
    return {-z.re, -z.im};
}

template <class T>
__device__ __forceinline__ complex<T> add(complex<T> a, complex<T> b) {
    return {a.re + b.re, a.im + b.im};
}

template <class T>
__device__ __forceinline__ complex<T> subtract(complex<T> a, complex<T> b) {
    return {a.re - b.re, a.im - b.im};
}

template <class T>
__device__ __forceinline__ complex<T> multiply(complex<T> a, complex<T> b) {
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

template <class T>
__device__ __forceinline__ complex<T> square(complex<T> z) {
    return multiply(z, z);
}

// Finite operands: each component to a few ULP, by the textbook formula over operands scaled to
// 1 and compensated sums (a component is not resolved where it is below the other one by more
// than the smallest normal number). Otherwise, and by zero, Smith's formula as NumPy has it
// (R. L. Smith, "Algorithm 116: Complex division", 1962), whose infinities and NaNs the
// standard leaves open.
template <class T>
__device__ inline complex<T> divide(complex<T> a, complex<T> b) {
    if (b.re == T(0) && b.im == T(0)) return {a.re / abs(b.re), a.im / abs(b.re)};
    if (!detail::finite(a) || !detail::finite(b)) {
        if (abs(b.re) >= abs(b.im)) {
            T ratio = b.im / b.re, scale = T(1) / (b.re + b.im * ratio);
            return {(a.re + a.im * ratio) * scale, (a.im - a.re * ratio) * scale};
        }
        T ratio = b.re / b.im, scale = T(1) / (b.im + b.re * ratio);
        return {(a.re * ratio + a.im) * scale, (a.im * ratio - a.re) * scale};
    }
    int power_a = detail::exponent_of(detail::larger_part(a));
    int power_b = detail::exponent_of(detail::larger_part(b));
    a = {detail::ldexp(a.re, -power_a), detail::ldexp(a.im, -power_a)};
    b = {detail::ldexp(b.re, -power_b), detail::ldexp(b.im, -power_b)};
    T norm = detail::sum_of_products(b.re, b.re, b.im, b.im);
    T re = detail::sum_of_products(a.re, b.re, a.im, b.im) / norm;
    T im = detail::sum_of_products(a.im, b.re, -a.re, b.im) / norm;
    return {detail::ldexp(re, power_a - power_b), detail::ldexp(im, power_a - power_b)};
}

template <class T>
__device__ inline complex<T> reciprocal(complex<T> z) {
    return divide(complex<T>{T(1), T(0)}, z);
}

template <class T>
__device__ __forceinline__ T abs(complex<T> z) {
    return detail::hypot(z.re, z.im);
}

// z / |z|; of any zero +0 + 0j; NaN in both components where a component is not finite.
template <class T>
__device__ inline complex<T> sign(complex<T> z) {
    if (z.re == T(0) && z.im == T(0)) return {T(0), T(0)};
    if (!detail::finite(z)) return {limits<T>::nan, limits<T>::nan};
    T larger = detail::larger_part(z);
    // Neither may |z| overflow nor be a subnormal number, which has few digits.
    T factor = T(1);
    if (larger > limits<T>::max / 4) factor = T(0.25);
    if (larger < limits<T>::min * 4) factor = T(1) / limits<T>::epsilon;
    T re = z.re * factor, im = z.im * factor, length = detail::hypot(re, im);
    return {re / length, im / length};
}

template <class T>
__device__ __forceinline__ bool equal(complex<T> a, complex<T> b) {
    return a.re == b.re && a.im == b.im;
}

template <class T>
__device__ __forceinline__ bool not_equal(complex<T> a, complex<T> b) {
    return a.re != b.re || a.im != b.im;
}

template <class T>
__device__ __forceinline__ bool isnan(complex<T> z) {
    return isnan(z.re) || isnan(z.im);
}

template <class T>
__device__ __forceinline__ bool isinf(complex<T> z) {
    return isinf(z.re) || isinf(z.im);
}

template <class T>
__device__ __forceinline__ bool isfinite(complex<T> z) {
    return detail::finite(z);
}

template <class T>
__device__ __forceinline__ complex<T> round(complex<T> z) {
    return {round(z.re), round(z.im)};
}

}  // namespace xgpu
