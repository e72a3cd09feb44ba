// gammainc, gammaincc: the regularised incomplete gamma functions P(a, x) and Q(a, x); DLMF 8.
//
// Of P and Q the one is computed that is not near 1, by a series, a continued fraction or Temme's
// uniform expansion. Which series where: A. R. DiDonato and A. H. Morris, "Computation of the
// incomplete gamma function ratios and their inverse", ACM TOMS 12 (1986).
#pragma once

#include "xgpu/special/error.cuh"
#include "xgpu/special/gamma.cuh"
#include "xgpu/special/incomplete_gamma_tables.cuh"

namespace xgpu {
namespace detail {

// (x / a)**a exp(a - x). In powers, whose errors do not grow with the exponent: what rounding
// x / a and a - x loses is put back in.
XGPU_CALLED double gamma_saddle(double a, double x) {
    double difference = a - x;
    if (difference > 2000.0 || difference < -1400.0) {
        double u = -difference / a;
        if (u < -0.5) return exponential(a * (logarithm(x / a) - u));
        double rest = ::fma(-u, a, -difference) / a;
        double slope = -u / (1.0 + u);  // of log1p(u) - u
        return exponential(a * (log1p_minus(u) + slope * rest));
    }
    double ratio = x / a;
    if (ratio == 0.0) return 0.0;
    double lost = a * (::fma(-ratio, a, x) / x) + sum_error(a, -x, difference);
    // In smaller parts where the power alone would underflow.
    double part = difference > 650.0 ? 0.25 : 0.5;
    double root = power(ratio, a * part) * exponential(difference * part);
    if (difference > 650.0) root *= root;
    return root * root * exponential(lost);
}

// x**a exp(-x) / Gamma(a + 1)
XGPU_CALLED double gamma_density(double a, double x) {
    if (a >= 30.0) return gamma_saddle(a, x) / (sqrt_2_pi * ::sqrt(a) * exponential(stirling(a)));
    if (x > 2000.0) return 0.0;
    double root = exponential(-x / 2.0);
    double value = power(x, a) * root * root;
    return a < 1.0 ? value / gamma_of(a + 1.0) : value / gamma_of(a) / a;
}

// P by DLMF 8.7.1, whose terms are positive.
XGPU_CALLED double lower_series(double a, double x) {
    double term = 1.0, sum = 1.0;
    XGPU_ROLLED
    for (int n = 1; n < 2000; ++n) {
        term *= x / (a + n);
        sum += term;
        if (term <= rounding * sum) break;
    }
    return gamma_density(a, x) * sum;
}

// Q for small x and a, by DLMF 8.7.3, with what cancels taken together.
XGPU_CALLED double upper_series(double a, double x) {
    double exponent = a * logarithm(x) - log_gamma_1p(a);
    double term = 1.0, sum = 0.0;
    XGPU_ROLLED
    for (int n = 1; n < 100; ++n) {
        term *= -x / n;
        double part = term / (a + n);
        sum += part;
        if (::fabs(part) <= rounding * ::fabs(sum)) break;
    }
    return -exp_m1(exponent) - exponential(exponent) * a * sum;
}

// Q by the continued fraction DLMF 8.9.2, evaluated forward (W. J. Lentz, Applied Optics 15 (1976);
// I. J. Thompson and A. R. Barnett, J. Comput. Phys. 64 (1986)); for small a, where the number of
// its terms is known, backward, which rounds less.
XGPU_CALLED double upper_fraction(double a, double x) {
    if (a < 3.0) {
        int count = static_cast<int>(14.0 + 100.0 / x);
        double below = x + 1.0 - a + 2.0 * count;
        XGPU_ROLLED
        for (int n = count; n > 0; --n) below = (x - 1.0 - a + 2.0 * n) + n * (a - n) / below;
        return gamma_density(a, x) * a / below;
    }
    double b = x + 1.0 - a, c = 1e300, d = 1.0 / b, value = d;
    XGPU_ROLLED
    for (int n = 1; n < 2000; ++n) {
        double numerator = n * (a - n);
        b += 2.0;
        d = numerator * d + b;
        c = b + numerator / c;
        if (d == 0.0) d = 1e-300;
        if (c == 0.0) c = 1e-300;
        d = 1.0 / d;
        double change = c * d;
        value *= change;
        if (::fabs(change - 1.0) <= 2 * rounding) break;
    }
    return gamma_density(a, x) * a * value;
}

// The smaller one of P (x < a) and Q for large a and x near a: N. M. Temme, "The asymptotic
// expansion of the incomplete gamma functions", SIAM J. Math. Anal. 10 (1979); DLMF 8.12.3.
XGPU_CALLED double smaller_by_temme(double a, double x) {
    double u = (x - a) / a;
    double half_square = -log1p_minus(u);  // eta**2 / 2
    double eta = ::copysign(::sqrt(2.0 * half_square), u);
    double z = ::sqrt(a * half_square), w = 1.0 / a;
    double sum = 0.0;
    XGPU_ROLLED
    for (int k = 9; k >= 0; --k) sum = sum * w + polynomial(temme_table[k], eta);
    sum /= sqrt_2_pi * ::sqrt(a);
    return gamma_saddle(a, x) * (0.5 * scaled_erfc(z) + (u < 0.0 ? -sum : sum));
}

XGPU_CALLED double incomplete_gamma(double a, double x, bool upper) {
    if (!(a >= 0.0 && x >= 0.0)) return undefined;
    if (a == 0.0) return x > 0.0 ? (upper ? 0.0 : 1.0) : undefined;
    if (x == 0.0) return upper ? 1.0 : 0.0;
    if (a == infinite) return x == infinite ? undefined : upper ? 1.0 : 0.0;
    if (x == infinite) return upper ? 0.0 : 1.0;
    bool lower;  // whether P is computed
    double value;
    if (a >= 80.0 && ::fabs(x - a) < 0.3 * a) {
        lower = x < a;
        value = smaller_by_temme(a, x);
    } else if (x > 1.1) {
        lower = x < a;
        value = lower ? lower_series(a, x) : upper_fraction(a, x);
    } else {
        lower = x <= 0.5 ? -0.4 / logarithm(x) < a : 1.1 * x < a;
        value = lower ? lower_series(a, x) : upper_series(a, x);
    }
    return lower == upper ? 1.0 - value : value;
}

}  // namespace detail

template <class T>
__device__ __forceinline__ T gammainc(T a, T x) {
    return static_cast<T>(detail::incomplete_gamma(a, x, false));
}
template <class T>
__device__ __forceinline__ T gammaincc(T a, T x) {
    return static_cast<T>(detail::incomplete_gamma(a, x, true));
}

}  // namespace xgpu
