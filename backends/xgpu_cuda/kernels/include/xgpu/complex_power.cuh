// Complex operands of power.cuh: a**b = exp(b * log(a)).
//
// An error of log(a) is multiplied by |b| before it meets exp, so the logarithm and its product
// with b are kept as double words: unevaluated sums hi + lo of two floats, about twice the
// digits (M. Joldes, J.-M. Muller and V. Popescu, "Tight and rigorous error bounds for basic
// building blocks of double-word arithmetic", ACM TOMS 44, 2017). The result is good to a few
// ULP of its larger component, and to |b log(a)| * 2**-18 ULP more. A small whole exponent
// multiplies instead, so that powers of whole numbers are exact.
#pragma once

#include "xgpu/complex_math.cuh"
#include "xgpu/power.cuh"

namespace xgpu {

namespace detail {

template <class T>
struct double_word {
    T hi, lo;
};

// A constant given to 106 bits, as T's double word.
template <class T>
__device__ __forceinline__ constexpr double_word<T> constant(double hi, double lo) {
    return {T(hi), T((hi - double(T(hi))) + lo)};
}

template <class T>
__device__ __forceinline__ double_word<T> exact_sum(T a, T b) {
    double_word<T> sum;
    sum.hi = two_sum(a, b, &sum.lo);
    return sum;
}

template <class T>
__device__ __forceinline__ double_word<T> exact_product(T a, T b) {
    T product = a * b;
    return {product, fma(a, b, -product)};
}

// hi + lo for |hi| >= |lo|, made a double word again.
template <class T>
__device__ __forceinline__ double_word<T> normalized(T hi, T lo) {
    T sum = hi + lo;
    return {sum, lo - (sum - hi)};
}

template <class T>
__device__ __forceinline__ double_word<T> operator+(double_word<T> a, double_word<T> b) {
    double_word<T> hi = exact_sum(a.hi, b.hi), lo = exact_sum(a.lo, b.lo);
    hi = normalized(hi.hi, hi.lo + lo.hi);
    return normalized(hi.hi, hi.lo + lo.lo);
}

template <class T>
__device__ __forceinline__ double_word<T> operator-(double_word<T> a) {
    return {-a.hi, -a.lo};
}

template <class T>
__device__ __forceinline__ double_word<T> operator*(double_word<T> a, double_word<T> b) {
    double_word<T> product = exact_product(a.hi, b.hi);
    return normalized(product.hi, product.lo + (a.hi * b.lo + a.lo * b.hi));
}

template <class T>
__device__ __forceinline__ double_word<T> operator*(T a, double_word<T> b) {
    double_word<T> product = exact_product(a, b.hi);
    return normalized(product.hi, fma(a, b.lo, product.lo));
}

template <class T>
__device__ __forceinline__ double_word<T> operator/(double_word<T> a, double_word<T> b) {
    T quotient = a.hi / b.hi;
    double_word<T> rest = a + -(quotient * b);
    return normalized(quotient, rest.hi / b.hi);
}

// 1 + square * (1/3 + square * (1/5 + ...)): atanh(t) / t for t**2 = square, and atan(t) / t for
// t**2 = -square; |square| <= 0.03. Three terms are double words; from the fourth on, T's digits
// reach to 2**-18 of the last place of the sum.
template <class T>
__device__ inline double_word<T> odd_series(double_word<T> square) {
    T tail = T(1) / T(sizeof(T) == 4 ? 13 : 27);
#pragma unroll
    for (int odd = sizeof(T) == 4 ? 11 : 25; odd >= 7; odd -= 2) {
        tail = tail * square.hi + T(1) / T(odd);
    }
    double_word<T> fifth = constant<T>(0x1.999999999999ap-3, -0x1.999999999999ap-57);
    double_word<T> third = constant<T>(0x1.5555555555555p-2, 0x1.5555555555555p-56);
    double_word<T> factor = third + square * normalized(fifth.hi, fifth.lo + square.hi * tail);
    return double_word<T>{T(1), T(0)} + square * factor;
}

// log(|z|) of a finite z that is not zero.
template <class T>
__device__ inline double_word<T> long_log_abs(complex<T> z) {
    int power = exponent_of(larger_part(z));
    T x = ldexp(z.re, -power), y = ldexp(z.im, -power);
    double_word<T> norm = exact_product(x, x) + exact_product(y, y);  // in [1/4, 2)
    power *= 2;
    T scale = norm.hi < T(0.35355339) ? T(4) : norm.hi < T(0.70710678) ? T(2) : T(1);
    if (norm.hi > T(1.41421356)) scale = T(0.5);
    power -= scale == T(4) ? 2 : scale == T(2) ? 1 : scale == T(0.5) ? -1 : 0;
    norm = {norm.hi * scale, norm.lo * scale};
    const double_word<T> one = {T(1), T(0)};
    double_word<T> s = (norm + -one) / (norm + one);
    double_word<T> half_log = s * odd_series(s * s);  // log(norm) = 2 atanh(s)
    double_word<T> log_2 = constant<T>(0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56);
    return half_log + T(power) / 2 * log_2;
}

// The angle of a finite z that is not zero.
template <class T>
__device__ inline double_word<T> long_angle(complex<T> z) {
    int power = exponent_of(larger_part(z));
    T x = ldexp(abs(z.re), -power), y = ldexp(abs(z.im), -power);
    bool steep = y > x;
    T more = steep ? y : x, less = steep ? x : y;
    // atan(less / more) = atan(knot) + atan((less - knot more) / (more + knot less))
    T knot = round(4 * less / more) / 4;
    double_word<T> above = double_word<T>{less, T(0)} + -exact_product(knot, more);
    double_word<T> along = double_word<T>{more, T(0)} + exact_product(knot, less);
    double_word<T> t = above / along;
    double_word<T> angle = t * odd_series(-(t * t));
    if (knot == T(0.25)) {
        angle = angle + constant<T>(0x1.f5b75f92c80ddp-3, 0x1.8ab6e3cf7afbdp-57);
    } else if (knot == T(0.5)) {
        angle = angle + constant<T>(0x1.dac670561bb4fp-2, 0x1.a2b7f222f65e2p-56);
    } else if (knot == T(0.75)) {
        angle = angle + constant<T>(0x1.4978fa3269ee1p-1, 0x1.2419a87f2a458p-56);
    } else if (knot == T(1)) {
        angle = angle + constant<T>(0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55);
    }
    double_word<T> pi = constant<T>(0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53);
    if (steep) angle = T(0.5) * pi + -angle;
    if (signbit(z.re)) angle = pi + -angle;
    return signbit(z.im) ? -angle : angle;
}

// exp(re + i im) of double words.
template <class T>
__device__ inline complex<T> long_exp(double_word<T> re, double_word<T> im) {
    complex<T> turn;
    sine_cosine(im.hi, &turn.im, &turn.re);
    complex<T> rest = {T(1), im.lo};
    // An angle of many turns has a low word with digits before the point.
    if (abs(im.lo) > T(1) / (sizeof(T) == 4 ? 8192 : 134217728)) {
        sine_cosine(im.lo, &rest.im, &rest.re);
    }
    complex<T> full = {sum_of_products(turn.re, rest.re, -turn.im, rest.im),
                       sum_of_products(turn.im, rest.re, turn.re, rest.im)};
    complex<T> result = scaled_exp(re.hi, full);
    if (full.im == T(0)) result.im = full.im;  // not infinity * 0
    if (!finite(result)) return result;
    return {result.re + result.re * re.lo, result.im + result.im * re.lo};
}

template <class T>
struct long_complex {
    double_word<T> re, im;
};

template <class T>
__device__ inline long_complex<T> operator*(long_complex<T> a, long_complex<T> b) {
    return {a.re * b.re + -(a.im * b.im), a.re * b.im + a.im * b.re};
}

// z**n for 2 <= n < 128, where no power of z overflows.
template <class T>
__device__ inline complex<T> whole_power(complex<T> z, int n) {
    long_complex<T> factor = {{z.re, T(0)}, {z.im, T(0)}};
    long_complex<T> result = {{T(1), T(0)}, {T(0), T(0)}};
    for (int rest = n;;) {
        if (rest & 1) result = result * factor;
        rest >>= 1;
        if (rest == 0) break;
        factor = factor * factor;
    }
    return {result.re.hi, result.im.hi};
}

}  // namespace detail

// Zero to a power whose real part is positive is 0, to the power 0 it is 1, else NaN.
template <class T>
__device__ inline complex<T> pow(complex<T> a, complex<T> b) {
    if (b.im == T(0)) {
        if (b.re == T(0)) return {T(1), T(0)};
        if (b.re == T(1)) return a;
    }
    if (a.re == T(0) && a.im == T(0)) {
        T value = b.re > T(0) ? T(0) : limits<T>::nan;
        return {value, value};
    }
    constexpr T large = T(1) / limits<T>::epsilon / limits<T>::epsilon;
    if (!detail::finite(a) || !detail::finite(b) || detail::larger_part(b) > large) {
        return exp(multiply(b, log(a)));
    }
    int power = detail::exponent_of(detail::larger_part(a));
    if (b.im == T(0) && abs(b.re) < T(100) && b.re == T(int(b.re))) {
        int n = b.re < T(0) ? -int(b.re) : int(b.re);
        int bits = n * (power < 0 ? 1 - power : power + 1);
        if (bits < (sizeof(T) == 4 ? 100 : 900)) {
            complex<T> result = detail::whole_power(a, n);
            return b.re < T(0) ? reciprocal(result) : result;
        }
    }
    detail::double_word<T> length = detail::long_log_abs(a), angle = detail::long_angle(a);
    return detail::long_exp(b.re * length + -(b.im * angle), b.re * angle + b.im * length);
}

}  // namespace xgpu
