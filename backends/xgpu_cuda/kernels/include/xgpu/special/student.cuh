// stdtr, stdtrit: Student's t distribution and its inverse; DLMF 8.17.
#pragma once

#include "xgpu/special/beta.cuh"
#include "xgpu/special/error.cuh"

namespace xgpu {
namespace detail {

XGPU_CALLED double normal_tail(double t) {  // beyond t >= 0
    double z = t * sqrt_half;
    return 0.5 * scaled_erfc(z) * exponential(-0.5 * upper_half(t) * upper_half(t)) *
           exponential(-0.5 * (t - upper_half(t)) * (t + upper_half(t)));
}

// x = t**2 / (df + t**2) and y = df / (df + t**2), to twice a double's precision.
XGPU_CALLED parted of_student(double df, double t) {
    double square = t * t;
    if (square > 1e300 || df > 1e300) {  // by their quotient, which may overflow
        double ratio = (t / df) * t;
        if (ratio > 1e300) return {1.0, 0.0, (df / t) / t, 0.0};
        return {ratio / (1.0 + ratio), 0.0, 1.0 / (1.0 + ratio), 0.0};
    }
    double square_rest = square > 1e-290 ? ::fma(t, t, -square) : 0.0;
    double sum = df + square, sum_rest = sum_error(df, square, sum) + square_rest;
    double x = square / sum, y = df / sum;
    double x_rest = ((::fma(-x, sum, square) + square_rest) - x * sum_rest) / sum;
    double y_rest = (::fma(-y, sum, df) - y * sum_rest) / sum;
    return {x, x_rest, y, y_rest};
}

// The probability beyond t > 0, or between 0 and t.
XGPU_CALLED double student_part(double df, double t, bool beyond) {
    if (df > 1e20) return beyond ? normal_tail(t) : 0.5 * ::erf(t * sqrt_half);
    parted p = of_student(df, t);
    if (p.x == 0.0) return beyond ? 0.5 : t * exponential(-log_beta(0.5, df / 2.0)) / ::sqrt(df);
    if (p.y == 0.0) return beyond ? 0.0 : 0.5;
    return 0.5 * incomplete_beta(0.5, df / 2.0, p, beyond);
}

XGPU_CALLED double student(double df, double t) {
    if (!(df > 0.0) || t != t) return undefined;
    if (::fabs(t) == infinite) return t > 0.0 ? 1.0 : 0.0;
    if (t == 0.0 || df < 1e-290) return 0.5;
    double beyond = student_part(df, ::fabs(t), true);
    return t < 0.0 ? beyond : 1.0 - beyond;
}

// Newton's method for the logarithm of the probability as a function of log(t), which is concave:
// of the part between 0 and t near the middle, of the tail further out.
XGPU_CALLED double inverse_student(double df, double p) {
    if (!(df > 0.0) || !(p >= 0.0 && p <= 1.0)) return undefined;
    if (p == 0.0) return -infinite;
    if (p == 1.0) return infinite;
    if (p == 0.5) return 0.0;
    if (df > 1e20) return inverse_normal(p);
    if (df < 1e-290) return p < 0.5 ? -infinite : infinite;
    double q = ::fabs(p - 0.5), s = p < 0.5 ? p : 1.0 - p, t;
    bool tail = s < 0.25;
    double wanted = tail ? s : q;
    // The first value: the normal distribution's, or what the power law of the tail gives.
    double half = df / 2.0, log_b = log_beta(0.5, half);
    if (tail) {
        double x = exponential((logarithm(s) + logarithm(df) + log_b) / half);  // df / (df + t**2), nearly
        double power = x < 0.5 ? ::sqrt(df) * ::sqrt((1.0 - x) / x) : 0.0;
        t = ::fabs(normal_quantile(p - 0.5, s));
        if (power > t || !(df > 2.0)) t = power > 0.0 ? power : t;
    } else {
        t = q * exponential(log_b) * ::sqrt(df);
    }
    double sign = p < 0.5 ? -1.0 : 1.0;
    XGPU_ROLLED
    for (int n = 0; n < 60; ++n) {
        if (!(t < infinite)) return sign * infinite;
        double part = student_part(df, t, tail);
        parted at = of_student(df, t);
        double slope = beta_density(0.5, half, at);  // of the part, by log(t)
        double step = logarithm(part / wanted) * part / slope;
        if (!(::fabs(step) < infinite)) break;
        double change = exponential(tail ? step : -step);
        double before = t;
        t *= change < 0.1 ? 0.1 : change > 1e10 ? 1e10 : change;
        if (::fabs(t - before) <= 1e-9 * t) break;  // the next step is its square
    }
    return sign * t;
}

}  // namespace detail

template <class T>
__device__ __forceinline__ T stdtr(T df, T t) {
    return static_cast<T>(detail::student(df, t));
}
template <class T>
__device__ __forceinline__ T stdtrit(T df, T p) {
    return static_cast<T>(detail::inverse_student(df, p));
}

}  // namespace xgpu
