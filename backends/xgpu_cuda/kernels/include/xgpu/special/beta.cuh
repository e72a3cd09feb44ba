// betaln, betainc, betaincc: the beta function's logarithm and the regularised incomplete beta
// function I_x(a, b) with its complement; DLMF 5.12 and 8.17.
#pragma once

#include "xgpu/special/beta_tables.cuh"
#include "xgpu/special/gamma.cuh"

namespace xgpu {
namespace detail {

// Gamma(a + b), the sum not rounded: its logarithmic derivative is about log(s) - 1 / (2s).
XGPU_CALLED double gamma_of_sum(double a, double b) {
    double sum = a + b, value = gamma_of(sum);
    return sum > 2.0 ? value * (1.0 + sum_error(a, b, sum) * (logarithm(sum) - 0.5 / sum)) : value;
}

// log(B(a, b)) for 0 < a <= b. With Stirling's series for a large one, the large terms cancel on
// paper: A. R. DiDonato and A. H. Morris, "Algorithm 708", ACM TOMS 18 (1992), section 8.
XGPU_CALLED double log_beta_of_positive(double a, double b) {
    if (b == infinite) return a == infinite ? undefined : -infinite;
    if (a >= 10.0) {
        double rest = stirling(a) + stirling(b) - stirling(a + b);
        double ratio = a / (a + b);
        return ((a - 0.5) * logarithm(ratio) - b * log_1p(a / b)) +
               ((log_sqrt_2_pi - 0.5 * logarithm(b)) + rest);
    }
    if (b >= 10.0) {
        double rest = stirling(b) - stirling(a + b);
        return log_gamma(a) + (rest - (a + b - 0.5) * log_1p(a / b) - a * (logarithm(b) - 1.0));
    }
    if (a < 1e-200) return -logarithm(a);
    return logarithm(gamma_of(a) * (gamma_of(b) / gamma_of_sum(a, b)));
}

XGPU_CALLED double log_beta(double a, double b) {
    if (a != a || b != b) return undefined;
    double low = a < b ? a : b, high = a < b ? b : a;
    if (low > 0.0) return log_beta_of_positive(low, high);
    // A pole of the gamma function, unless that of a + b cancels it: DLMF 5.5.3.
    XGPU_ROLLED
    for (int turn = 0; turn < 2; ++turn) {
        double n = turn == 0 ? a : b, other = turn == 0 ? b : a;
        if (n <= 0.0 && n == ::floor(n)) {
            double mirrored = 1.0 - n - other;
            if (other != ::floor(other) || !(mirrored > 0.0) || !(other > 0.0)) return infinite;
            double least = mirrored < other ? mirrored : other;
            return log_beta_of_positive(least, mirrored < other ? other : mirrored);
        }
    }
    return log_gamma(a) + log_gamma(b) - log_gamma(a + b);
}

// A point x of the unit interval and y = 1 - x, each with what its double lacks.
struct parted {
    double x, x_rest, y, y_rest;
};

__device__ __forceinline__ parted mirrored(parted p) {
    return {p.y, p.y_rest, p.x, p.x_rest};
}

// x / x0 for x0 = a / (a + b), with what rounding loses as a fraction of it.
XGPU_CALLED double relative_to_mean(double x, double x_rest, double a, double b,
                                          double* lost) {
    double sum = a + b, sum_rest = sum_error(a, b, sum);
    double product = x * sum, ratio = product / a;
    double rest = ::fma(-ratio, a, product) + (::fma(x, sum, -product) + x * sum_rest);
    *lost = rest / product + x_rest / x;
    return ratio;
}

// a y - b x, which tells on which side of the mean a point is and how far.
XGPU_CALLED double from_mean(double a, double b, parted p) {
    double left = a * p.y, right = b * p.x;
    double rests = ::fma(a, p.y, -left) - ::fma(b, p.x, -right);
    return (left - right) + (rests + (a * p.y_rest - b * p.x_rest));
}

// a (log(ratio) - u) for u = distance / a and the ratio 1 + u, with what rounding u loses.
__device__ inline double beta_logarithm(double a, double distance, double ratio) {
    double u = distance / a;
    if (u < -0.5) return a * (logarithm(ratio) - u);
    return a * log1p_minus(u) - u / (1.0 + u) * ::fma(-u, a, distance);
}

// x**a y**b / B(a, b). Where a and b are small from gamma functions, else relative to its value at
// the mean: "Algorithm 708", section 4, with powers in the place of logarithms where they fit.
XGPU_CALLED double beta_density(double a, double b, parted p) {
    double least = a < b ? a : b, most = a < b ? b : a;
    if (most < 20.0) {
        double gammas = gamma_of_sum(a, b) / gamma_of(most);
        gammas *= least < 1.0 ? least / gamma_of(least + 1.0) : 1.0 / gamma_of(least);
        double powers = power(p.x, a) * power(p.y, b);
        return powers * gammas * (1.0 + (a * (p.x_rest / p.x) + b * (p.y_rest / p.y)));
    }
    double sum = a + b;
    double factor = ::sqrt(a / sum) * ::sqrt(b) / sqrt_2_pi;
    factor *= scaled_gamma(sum) / scaled_gamma(a) / scaled_gamma(b);
    double distance = from_mean(a, b, p);
    if (::fabs(distance) < 1300.0) {
        double lost_x, lost_y;
        double x = relative_to_mean(p.x, p.x_rest, a, b, &lost_x);
        double y = relative_to_mean(p.y, p.y_rest, b, a, &lost_y);
        if (!(x > 0.0 && y > 0.0)) return 0.0;
        double root = power(x, a / 2.0) * power(y, b / 2.0);
        return factor * root * root * exponential(a * lost_x + b * lost_y);
    }
    double of_x = beta_logarithm(a, -distance, p.x / (a / sum));
    double of_y = beta_logarithm(b, distance, p.y / (b / sum));
    return factor * exponential(of_x + of_y);
}

// The n-th numerator and denominator of the even part of the continued fraction DLMF 8.17.22,
// written with the distance from the mean and 1 ("Algorithm 708", section 6), where x and 1 - x may
// cancel.
__device__ __forceinline__ double beta_above(double a, double b, double x, int n) {
    double odd = a + 2.0 * n - 1.0;
    return (a + n - 1.0) * (a + b + n - 1.0) * (x / odd) * (n * (b - n) * x / odd);
}
__device__ __forceinline__ double beta_below(double a, double b, parted p, double shift, int n) {
    double odd = a + 2.0 * n - 1.0;
    double part = n > 0 ? n + n * (b - n) * p.x / odd : 0.0;
    return part + (a + n) / (odd + 2.0) * (shift + n * (1.0 + p.y));
}

// I_x(a, b) over the density by that fraction, evaluated forward; for small b and large a, where
// the number of its terms is known, backward, which rounds less.
XGPU_CALLED double beta_fraction(double a, double b, parted p) {
    double shift = from_mean(a, b, p) + 1.0, size = a * p.y;
    if (b < 3.0 && a >= 10.0 && size > 1.0) {
        int count = static_cast<int>(14.0 + 100.0 / size);
        double value = beta_below(a, b, p, shift, count);
        XGPU_ROLLED
        for (int n = count; n > 0; --n) {
            value = beta_below(a, b, p, shift, n - 1) + beta_above(a, b, p.x, n) / value;
        }
        return 1.0 / value;
    }
    double c = beta_below(a, b, p, shift, 0), value = c, d = 0.0;
    XGPU_ROLLED
    for (int n = 1; n < 10000; ++n) {
        double above = beta_above(a, b, p.x, n), below = beta_below(a, b, p, shift, n);
        d = below + above * d;
        c = below + above / c;
        if (d == 0.0) d = 1e-300;
        if (c == 0.0) c = 1e-300;
        d = 1.0 / d;
        double change = c * d;
        value *= change;
        if (::fabs(change - 1.0) <= 2 * rounding) break;
    }
    return 1.0 / value;
}

// The same for large a and b and x below the mean or near it, by quadrature from x down to where
// the integrand has fallen by exp(-40) or more: it is log-concave, and smooth on that scale.
XGPU_CALLED double beta_quadrature(double a, double b, parted p) {
    double slope = from_mean(a - 1.0, b - 1.0, p) / (p.x * p.y);
    double by_x = (a - 1.0) / p.x, by_y = (b - 1.0) / p.y;
    double bend = by_x / p.x + by_y / p.y;
    double length = 110.0 / (slope + ::sqrt(slope * slope + 110.0 * bend));
    double sum = 0.0;
    XGPU_ROLLED
    for (int k = 0; k < 40; ++k) {
        double step = length * nodes_table[k];
        double exponent = (a - 1.0) * log1p_minus(-step / p.x) +
                          (b - 1.0) * log1p_minus(step / p.y) - slope * step;
        sum += weights_table[k] * exponential(exponent);
    }
    return sum * length / (p.x * p.y);
}

// 1 - I_x(a, b) for small a, large b and b x of the size of 1, by DLMF 8.17.7 with what cancels
// taken together.
XGPU_CALLED double rest_of_series(double a, double b, double x) {
    double gammas = (a + b - 0.5) * log_1p(a / b) - a - (stirling(b) - stirling(a + b));
    double exponent = a * logarithm(b * x) + gammas - log_gamma_1p(a);
    double term = 1.0, sum = 0.0;
    XGPU_ROLLED
    for (int n = 1; n < 100; ++n) {
        term *= (n - b) * x / n;
        double part = term / (a + n);
        sum += part;
        if (::fabs(part) <= rounding * ::fabs(sum)) break;
    }
    return -exp_m1(exponent) - exponential(exponent) * a * sum;
}

// I_x(a, b), or its complement.
XGPU_CALLED double incomplete_beta(double a, double b, parted p, bool upper) {
    // The side of the mean whose tail is the small one.
    bool turned = p.x > (a + 1.0) / (a + b + 2.0);
    if (turned) {
        double swap = a;
        a = b, b = swap, p = mirrored(p);
    }
    double density = beta_density(a, b, p), tail;
    if (density == 0.0) {
        tail = 0.0;
    } else if (a > 300.0 && b > 300.0 && p.x > 0.7 * (a / (a + b))) {
        tail = density * beta_quadrature(a, b, p);
    } else {
        tail = density * beta_fraction(a, b, p);
    }
    if (tail > 1.0) tail = 1.0;
    if (turned == upper) return tail;
    // What is left of a tail near 1.
    if (tail > 0.6 && a < 1.5 && b >= 10.0 && b * p.x < 1.1) return rest_of_series(a, b, p.x);
    if (tail > 0.75 && a < 3.0 && p.x > (b < 10.0 ? 1e-4 : 1.1 / b)) {
        return density * beta_fraction(b, a, mirrored(p));
    }
    return 1.0 - tail;
}

XGPU_CALLED double checked_beta(double a, double b, double x, bool upper) {
    if (!(a >= 0.0 && b >= 0.0 && x >= 0.0 && x <= 1.0)) return undefined;
    double none = upper ? 1.0 : 0.0, all = upper ? 0.0 : 1.0;
    if ((a == 0.0 && b == 0.0) || (a == infinite && b == infinite)) return undefined;
    if (x == 0.0) return none;
    if (x == 1.0) return all;
    if (a == 0.0 || b == infinite) return all;
    if (b == 0.0 || a == infinite) return none;
    double y = 1.0 - x;
    return incomplete_beta(a, b, {x, 0.0, y, (1.0 - y) - x}, upper);
}

}  // namespace detail

template <class T>
__device__ __forceinline__ T betaln(T a, T b) {
    return static_cast<T>(detail::log_beta(a, b));
}
template <class T>
__device__ __forceinline__ T betainc(T a, T b, T x) {
    return static_cast<T>(detail::checked_beta(a, b, x, false));
}
template <class T>
__device__ __forceinline__ T betaincc(T a, T b, T x) {
    return static_cast<T>(detail::checked_beta(a, b, x, true));
}

}  // namespace xgpu
