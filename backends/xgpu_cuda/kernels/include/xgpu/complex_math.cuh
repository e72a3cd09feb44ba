// Complex operands of math.cuh: transcendental functions of one complex number.
//
// Special values, branch cuts and signs of zero are those of the Array API standard 2025.12,
// which follows ISO C, Annex G. With real functions good to 1 ULP, as the host's are, each
// component is good to 4 ULP (tan and tanh: 5), but for the real part of expm1: where
// exp(x) cos(y) is near 1 its error is that small against the terms, not their difference.
#pragma once

#include "xgpu/complex.cuh"
#include "xgpu/math.cuh"

namespace xgpu {

namespace detail {

template <class T>
struct constants {
    static constexpr T pi = T(3.14159265358979323846), half_pi = T(1.57079632679489661923);
    static constexpr T log_2 = T(0.693147180559945309417), log2_e = T(1.44269504088896340736);
    static constexpr T log10_e = T(0.434294481903251827651);
};

// Powers of two around the square roots of T's range, with room for squares and their sums.
template <class T>
struct squarable;
template <>
struct squarable<float> {
    static constexpr float huge = 0x1p60f, tiny = 0x1p-60f;
};
template <>
struct squarable<double> {
    static constexpr double huge = 0x1p508, tiny = 0x1p-508;
};

// Where exp has to be taken in steps: exp(x) = exp(step) * exp(x - step) for x > step, exactly
// so far as the subtraction goes, with exp(step) rounded once.
template <class T>
struct exp_step;
template <>
struct exp_step<float> {
    static constexpr float at = 80.0f, value = 5.540622384393510052711739e+34f;
};
template <>
struct exp_step<double> {
    static constexpr double at = 700.0, value = 1.014232054735004509455e+304;
};

__device__ __forceinline__ void sine_cosine(float x, float* sine, float* cosine) {
#if defined(__CUDACC__)
    ::sincosf(x, sine, cosine);
#else
    *sine = ::sinf(x);
    *cosine = ::cosf(x);
#endif
}
__device__ __forceinline__ void sine_cosine(double x, double* sine, double* cosine) {
#if defined(__CUDACC__)
    ::sincos(x, sine, cosine);
#else
    *sine = ::sin(x);
    *cosine = ::cos(x);
#endif
}

// exp(x) * factor * scale, finite wherever the product is although exp(x) may not be. A scale
// below 1 goes with x past the step, so that the smallest factor survives it.
template <class T>
__device__ inline complex<T> scaled_exp(T x, complex<T> factor, T scale = T(1)) {
    if (x > exp_step<T>::at) {
        factor = {factor.re * exp_step<T>::value * scale, factor.im * exp_step<T>::value * scale};
        x -= exp_step<T>::at;
        scale = T(1);
    }
    if (x > exp_step<T>::at) {  // after a third step every product would be infinite
        factor = {factor.re * exp_step<T>::value, factor.im * exp_step<T>::value};
        x -= exp_step<T>::at;
    }
    scale *= exp(x);
    return {factor.re * scale, factor.im * scale};
}

// The rounded sum and its error (D. E. Knuth, TAOCP 2, section 4.2.2).
template <class T>
__device__ __forceinline__ T two_sum(T a, T b, T* error) {
    T sum = a + b;
    T b_in = sum - a;
    *error = (a - (sum - b_in)) + (b - b_in);
    return sum;
}

// offset + x * x + y * y, in about twice T's precision until the end.
template <class T>
__device__ inline T offset_norm(T offset, T x, T y) {
    T xx = x * x, yy = y * y, low_1, low_2;
    T xx_low = fma(x, x, -xx), yy_low = fma(y, y, -yy);
    T sum = two_sum(two_sum(offset, xx, &low_1), yy, &low_2);
    return sum + ((low_1 + low_2) + (xx_low + yy_low));
}

// log(hypot(x, y)), as a natural logarithm and a number of powers of two to add to it.
template <class T>
struct log_of_abs {
    T natural, twos;
};

template <class T>
__device__ inline log_of_abs<T> log_abs(T x, T y) {
    T larger = larger_part(complex<T>{x, y}), scale = T(1), twos = T(0);
    if (larger > limits<T>::max / 4) {  // where the length overflows
        scale = T(0.25), twos = T(2);
    } else if (larger < limits<T>::min) {  // where it is too short to have all digits
        scale = T(1) / limits<T>::epsilon, twos = T(1 - limits<T>::digits);
    }
    T length = hypot(x * scale, y * scale);
    if (length > T(0.5) && length < T(2)) return {log1p(offset_norm(T(-1), x, y)) / 2, T(0)};
    return {log(length), twos};
}

}  // namespace detail

template <class T>
__device__ inline complex<T> exp(complex<T> z) {
    if (z.im == T(0)) return {exp(z.re), z.im};
    if (!isfinite(z.im)) {
        if (z.re == -limits<T>::infinity) return {T(0), T(0)};
        return {z.re == limits<T>::infinity ? z.re : limits<T>::nan, limits<T>::nan};
    }
    complex<T> turn;
    detail::sine_cosine(z.im, &turn.im, &turn.re);
    return detail::scaled_exp(z.re, turn);
}

template <class T>
__device__ inline complex<T> expm1(complex<T> z) {
    T real_part = expm1(z.re);
    if (z.im == T(0)) return {real_part + T(0), z.im};  // -0 becomes +0
    if (!isfinite(z.im)) {
        if (z.re == -limits<T>::infinity) return {T(-1), T(0)};
        return {z.re == limits<T>::infinity ? z.re : limits<T>::nan, limits<T>::nan};
    }
    complex<T> turn;
    detail::sine_cosine(z.im, &turn.im, &turn.re);
    if (z.re == -limits<T>::infinity) return {T(-1), copysign(T(0), turn.im)};
    complex<T> result = detail::scaled_exp(z.re, turn);
    if (z.re > T(2 * limits<T>::digits)) return result;  // the 1 is far below its last digit
    T half = sin(z.im / 2);
    result.re = real_part * turn.re - 2 * half * half;
    return result;
}

template <class T>
__device__ inline complex<T> log(complex<T> z) {
    detail::log_of_abs<T> parts = detail::log_abs(z.re, z.im);
    return {parts.natural + parts.twos * detail::constants<T>::log_2, atan2(z.im, z.re)};
}

template <class T>
__device__ inline complex<T> log2(complex<T> z) {
    detail::log_of_abs<T> parts = detail::log_abs(z.re, z.im);
    using c = detail::constants<T>;
    return {parts.natural * c::log2_e + parts.twos, atan2(z.im, z.re) * c::log2_e};
}

template <class T>
__device__ inline complex<T> log10(complex<T> z) {
    complex<T> natural = log(z);
    using c = detail::constants<T>;
    return {natural.re * c::log10_e, natural.im * c::log10_e};
}

// |1 + z|**2 - 1 = 2x + x**2 + y**2, summed without cancellation where it is small.
template <class T>
__device__ inline complex<T> log1p(complex<T> z) {
    T shifted = T(1) + z.re;
    T length = hypot(shifted, z.im), angle = atan2(z.im, shifted);
    if (length > T(0.5) && length < T(2)) {
        return {log1p(detail::offset_norm(2 * z.re, z.re, z.im)) / 2, angle};
    }
    detail::log_of_abs<T> parts = detail::log_abs(shifted, z.im);
    return {parts.natural + parts.twos * detail::constants<T>::log_2, angle};
}

template <class T>
__device__ inline complex<T> sqrt(complex<T> z) {
    T x = abs(z.re), y = abs(z.im);
    if (y == limits<T>::infinity) return {y, z.im};
    if (isnan(z.re)) return {limits<T>::nan, limits<T>::nan};
    if (x == limits<T>::infinity) {
        T other = isnan(y) ? y : T(0);
        if (z.re > T(0)) return {x, copysign(other, z.im)};
        return {other, copysign(x, z.im)};
    }
    if (x == T(0) && y == T(0)) return {T(0), z.im};
    T scale = T(1);  // the root of what x and y are divided by
    if (x > limits<T>::max / 4 || y > limits<T>::max / 4) {
        x /= 16, y /= 16, scale = T(4);
    } else if (x < limits<T>::min * 4 && y < limits<T>::min * 4) {
        constexpr T up = T(uint64_t(1) << limits<T>::digits / 2);
        x *= up * up, y *= up * up, scale = T(1) / up;
    }
    T root = sqrt((x + hypot(x, y)) / 2);
    T rest = y / (2 * root) * scale;
    root *= scale;
    if (z.re >= T(0)) return {root, copysign(rest, z.im)};
    return {rest, copysign(root, z.im)};
}

template <class T>
__device__ inline complex<T> sinh(complex<T> z) {
    if (z.im == T(0)) return {sinh(z.re), z.im};
    if (!isfinite(z.im)) {
        bool keeps = z.re == T(0) || isinf(z.re);
        return {keeps ? z.re : limits<T>::nan, limits<T>::nan};
    }
    complex<T> turn;
    detail::sine_cosine(z.im, &turn.im, &turn.re);
    if (abs(z.re) > detail::exp_step<T>::at) {
        turn.re = signbit(z.re) ? -turn.re : turn.re;
        return detail::scaled_exp(abs(z.re), turn, T(0.5));
    }
    return {sinh(z.re) * turn.re, cosh(z.re) * turn.im};
}

template <class T>
__device__ inline complex<T> cosh(complex<T> z) {
    T zero = copysign(T(0), z.re) * copysign(T(1), z.im);
    if (z.im == T(0)) return {cosh(z.re), zero};
    if (!isfinite(z.im)) {
        if (z.re == T(0)) return {limits<T>::nan, zero};
        return {isinf(z.re) ? limits<T>::infinity : limits<T>::nan, limits<T>::nan};
    }
    complex<T> turn;
    detail::sine_cosine(z.im, &turn.im, &turn.re);
    if (abs(z.re) > detail::exp_step<T>::at) {
        turn.im = signbit(z.re) ? -turn.im : turn.im;
        return detail::scaled_exp(abs(z.re), turn, T(0.5));
    }
    return {cosh(z.re) * turn.re, sinh(z.re) * turn.im};
}

// (sinh(2x) + i sin(2y)) / (2 (sinh(x)**2 + cos(y)**2)), whose denominator does not cancel. Near
// the imaginary axis expanded by 2 exp(2x) and written with g = exp(2x) - 1, elsewhere by
// 2 exp(-2x), so that nothing overflows.
template <class T>
__device__ inline complex<T> tanh(complex<T> z) {
    if (isinf(z.re)) return {copysign(T(1), z.re), copysign(T(0), z.im)};
    if (isnan(z.re)) return {z.re, z.im == T(0) ? z.im : z.re};
    if (!isfinite(z.im)) return {z.re == T(0) ? z.re : limits<T>::nan, limits<T>::nan};
    T x = abs(z.re), sine, cosine;
    detail::sine_cosine(z.im, &sine, &cosine);
    T sine_2y = abs(z.im) < limits<T>::max / 2 ? sin(2 * z.im) : 2 * sine * cosine;
    if (x > T(1)) {
        T decay = exp(-2 * x), cosine_2y = 2 * cosine * cosine - T(1);
        T norm = T(1) + decay * (decay + 2 * cosine_2y);
        return {copysign((T(1) - decay * decay) / norm, z.re), 2 * sine_2y / norm * decay};
    }
    using detail::fma;
    T g = expm1(2 * x), square = 4 * cosine * cosine;
    T rest = fma(4 * cosine, cosine, -square);
    T norm = fma(g, g, fma(g, square, square) + rest);  // g**2 + (g + 1) * 4 cos(y)**2
    return {copysign(fma(g, g, 2 * g) / norm, z.re), 2 * fma(g, sine_2y, sine_2y) / norm};
}

template <class T>
__device__ inline complex<T> sin(complex<T> z) {
    complex<T> turned = sinh(complex<T>{-z.im, z.re});
    return {turned.im, -turned.re};
}

template <class T>
__device__ inline complex<T> cos(complex<T> z) {
    return cosh(complex<T>{-z.im, z.re});
}

template <class T>
__device__ inline complex<T> tan(complex<T> z) {
    complex<T> turned = tanh(complex<T>{-z.im, z.re});
    return {turned.im, -turned.re};
}

namespace detail {

// For z = x + iy in the first quadrant: asin(z) = sine + i height, acos(z) = cosine - i height.
template <class T>
struct arc {
    T sine, cosine, height;
};

// T. E. Hull, T. F. Fairgrieve and P. T. P. Tang, "Implementing the complex arcsine and
// arccosine functions using exception handling", ACM TOMS 23 (1997).
template <class T>
__device__ inline arc<T> arc_of(T x, T y) {
    using c = constants<T>;
    constexpr T infinity = limits<T>::infinity, nan = limits<T>::nan;
    if (y == infinity) {
        if (x == infinity) return {c::half_pi / 2, c::half_pi / 2, infinity};
        if (isnan(x)) return {nan, nan, infinity};
        return {T(0), c::half_pi, infinity};
    }
    if (x == infinity) {
        if (isnan(y)) return {nan, nan, infinity};
        return {c::half_pi, T(0), infinity};
    }
    if (isnan(y)) return x == T(0) ? arc<T>{x, c::half_pi, nan} : arc<T>{nan, nan, nan};
    if (isnan(x)) return {nan, nan, nan};

    // With r and s the distances from z to -1 and 1 and a their mean: sine = atan(x / root) for
    // root**2 = a**2 - x**2, and height = log1p(grown) for grown = a - 1 + sqrt(a**2 - 1).
    constexpr T huge = squarable<T>::huge, tiny = squarable<T>::tiny;
    const T x_plus = x + T(1), x_minus = x - T(1);
    T root, grown, added = T(0);
    if (x >= huge || y >= huge) {  // asin(z) is log(2z), turned
        root = y;
        grown = hypot(x / 2, y / 2);
        added = 2 * c::log_2;
    } else if (y <= limits<T>::epsilon * abs(x_minus)) {  // r and s are x + 1 and |x - 1|
        root = sqrt(abs(x_minus) * x_plus);
        grown = x < T(1) ? y / root : x_minus + root;
        if (x > T(1)) root = x / root * y;
    } else if (y <= tiny) {  // x is 1
        root = grown = sqrt(y);
    } else {
        T r = hypot(x_plus, y), s = hypot(x_minus, y), a = (r + s) / 2;
        T outer = y * y / (r + x_plus), excess;  // r - (x + 1), and a - 1
        if (x <= T(1)) {
            T inner = y * y / (s - x_minus);  // s - (1 - x)
            root = sqrt((a + x) / 2 * (outer + (s - x_minus)));
            excess = (outer + inner) / 2;
        } else {
            root = y * sqrt((a + x) / 2 * (T(1) / (r + x_plus) + T(1) / (s + x_minus)));
            excess = (outer + (s + x_minus)) / 2;
        }
        grown = excess + sqrt(excess * (a + T(1)));
    }
    return {atan2(x, root), atan2(root, x), log1p(grown) + added};
}

}  // namespace detail

template <class T>
__device__ inline complex<T> asin(complex<T> z) {
    detail::arc<T> arc = detail::arc_of(abs(z.re), abs(z.im));
    return {copysign(arc.sine, z.re), copysign(arc.height, z.im)};
}

template <class T>
__device__ inline complex<T> acos(complex<T> z) {
    detail::arc<T> arc = detail::arc_of(abs(z.re), abs(z.im));
    T angle = signbit(z.re) ? detail::constants<T>::pi - arc.cosine : arc.cosine;
    return {angle, signbit(z.im) ? arc.height : -arc.height};
}

template <class T>
__device__ inline complex<T> asinh(complex<T> z) {
    detail::arc<T> arc = detail::arc_of(abs(z.im), abs(z.re));
    return {copysign(arc.height, z.re), copysign(arc.sine, z.im)};
}

template <class T>
__device__ inline complex<T> acosh(complex<T> z) {
    complex<T> angle = acos(z);
    return {abs(angle.im), copysign(angle.re, z.im)};
}

// (log1p(4x / ((1 - x)**2 + y**2)) + 2i atan2(2y, (1 - x)(1 + x) - y**2)) / 4
template <class T>
__device__ inline complex<T> atanh(complex<T> z) {
    constexpr T half_pi = detail::constants<T>::half_pi;
    T x = abs(z.re), y = abs(z.im), re, im;
    if (isnan(x) || isnan(y)) {
        bool at_infinity = x == limits<T>::infinity || y == limits<T>::infinity;
        re = x == T(0) || at_infinity ? T(0) : limits<T>::nan;
        im = y == limits<T>::infinity ? half_pi : limits<T>::nan;
    } else if (x > T(1) / limits<T>::epsilon || y > T(1) / limits<T>::epsilon) {
        // 1 / z + i pi / 2
        T length = hypot(x / 2, y / 2);
        re = length == limits<T>::infinity ? T(0) : x / length / length / 4;
        im = half_pi;
    } else {
        T norm = detail::sum_of_products(T(1) - x, T(1) - x, y, y);
        if (norm < limits<T>::min / limits<T>::epsilon) {  // x is 1: log(2 / y) / 2
            re = log1p(T(1) / sqrt(y) - T(1)) + detail::constants<T>::log_2 / 2;
        } else {
            re = log1p(4 * x / norm) / 4;
        }
        im = atan2(2 * y, (T(1) - x) * (T(1) + x) - y * y) / 2;
    }
    return {copysign(re, z.re), copysign(im, z.im)};
}

template <class T>
__device__ inline complex<T> atan(complex<T> z) {
    complex<T> turned = atanh(complex<T>{-z.im, z.re});
    return {turned.im, -turned.re};
}

}  // namespace xgpu
