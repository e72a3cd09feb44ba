// j0, j1, y0, y1: Bessel functions of orders 0 and 1; DLMF 10.2.
//
// To 8 in absolute value, Chebyshev series of what is left without the zeros, which are subtracted
// with more digits than a double has: there the result keeps its digits. Y to 1/2 is by its
// logarithm and pole (DLMF 10.8.1). Beyond 8, P and Q of DLMF 10.17.3 times cosine and sine of the
// phase.
#pragma once

#include "xgpu/special/bessel_j_tables.cuh"
#include "xgpu/special/common.cuh"

namespace xgpu {
namespace detail {

constexpr double sqrt_pi = 1.77245385090551602730, two_over_pi = 0.636619772367581343076;

// x less a root that has two parts.
__device__ __forceinline__ double less(double x, const double (&root)[2]) {
    return x - root[0] - root[1];
}

// The product of x**2 less the square of each root.
__device__ inline double squares_less(double x, const double (&roots)[4][2]) {
    double product = 1.0;
    for (int k = 0; k < 4; ++k) product *= less(x, roots[k]) * (x + roots[k][0]);
    return product;
}

// sqrt(pi x) J(x), or Y(x) if `second`, from P and Q, for x > 8.
XGPU_CALLED double bessel_far(double x, double p, double q, bool order, bool second) {
    double s = ::sin(x), c = ::cos(x);
    // sqrt(2) times cosine and sine of x - pi/4. Of sum and difference, the one that cancels is by
    // way of the other, since their product is the cosine of 2x.
    double sum = c + s, rest = s - c;
    if (x < 1e300) {
        double both = -::cos(2.0 * x);
        if (s * c < 0.0) {
            sum = both / rest;
        } else {
            rest = both / sum;
        }
    }
    double cosine = order ? rest : sum, sine = order ? -sum : rest;
    double value = second ? p * sine + q * cosine : p * cosine - q * sine;
    return value / (sqrt_pi * ::sqrt(x));
}

XGPU_CALLED double bessel_j0_near(double x) {
    return chebyshev(j0_table, x * x / 32.0 - 1.0) * squares_less(x, j0_zeros_table);
}
XGPU_CALLED double bessel_j1_near(double x) {
    return x * (chebyshev(j1_table, x * x / 32.0 - 1.0) * squares_less(x, j1_zeros_table));
}
XGPU_CALLED double bessel0_far(double x, bool second) {
    double place = 128.0 / x / x - 1.0;
    return bessel_far(x, chebyshev(j0_p_table, place), chebyshev(j0_q_table, place) / x, false,
                      second);
}
XGPU_CALLED double bessel1_far(double x, bool second) {
    double place = 128.0 / x / x - 1.0;
    return bessel_far(x, chebyshev(j1_p_table, place), chebyshev(j1_q_table, place) / x, true,
                      second);
}

XGPU_CALLED double bessel_j0(double x) {
    double size = ::fabs(x);
    return size <= 8.0 ? bessel_j0_near(size) : bessel0_far(size, false);
}

XGPU_CALLED double bessel_j1(double x) {
    double size = ::fabs(x);
    double value = size <= 8.0 ? bessel_j1_near(size) : bessel1_far(size, false);
    return ::signbit(x) ? -value : value;
}

XGPU_CALLED double bessel_y0(double x) {
    if (!(x >= 0.0)) return undefined;
    if (x <= 0.5) {
        double logs = two_over_pi * logarithm(x) * bessel_j0_near(x);
        return logs + chebyshev(y0_table, 8.0 * (x * x) - 1.0);
    }
    if (x <= 2.0) {
        return chebyshev(y0_low_table, (2.0 * x - 2.5) / 1.5) * less(x, y0_zeros_table[0]);
    }
    if (x <= 8.0) {
        return chebyshev(y0_high_table, (2.0 * x - 10.0) / 6.0) * less(x, y0_zeros_table[1]) *
               less(x, y0_zeros_table[2]);
    }
    return bessel0_far(x, true);
}

XGPU_CALLED double bessel_y1(double x) {
    if (!(x >= 0.0)) return undefined;
    if (x == 0.0) return -infinite;
    if (x <= 0.5) {
        double poles = two_over_pi * (logarithm(x) * bessel_j1_near(x) - 1.0 / x);
        return poles + x * chebyshev(y1_table, 8.0 * (x * x) - 1.0);
    }
    if (x <= 2.0) return chebyshev(y1_low_table, (2.0 * x - 2.5) / 1.5) / x;
    if (x <= 8.0) {
        return chebyshev(y1_high_table, (2.0 * x - 10.0) / 6.0) * less(x, y1_zeros_table[0]) *
               less(x, y1_zeros_table[1]);
    }
    return bessel1_far(x, true);
}

}  // namespace detail

template <class T>
__device__ __forceinline__ T j0(T x) {
    return static_cast<T>(detail::bessel_j0(x));
}
template <class T>
__device__ __forceinline__ T j1(T x) {
    return static_cast<T>(detail::bessel_j1(x));
}
template <class T>
__device__ __forceinline__ T y0(T x) {
    return static_cast<T>(detail::bessel_y0(x));
}
template <class T>
__device__ __forceinline__ T y1(T x) {
    return static_cast<T>(detail::bessel_y1(x));
}

}  // namespace xgpu
