// gammaincinv, gammainccinv: the inverses of P(a, x) and Q(a, x) in x.
//
// Newton's method for the logarithm of the one that is not above 1/2, as a function of log(x). That
// is concave, so no step leads past the solution once one was on the side where it is less steep.
#pragma once

#include "xgpu/special/incomplete_gamma.cuh"

namespace xgpu {
namespace detail {

// What the distribution is near to: a power of x, a normal one of x**(1/3), an exponential.
XGPU_CALLED double inverse_gamma_start(double a, double wanted, bool upper) {
    double log_gamma_a1 = log_gamma_1p(a);
    // Q is less than x**(a - 1) exp(-x) / Gamma(a) for a < 1.
    double tail = logarithm(a) - logarithm(wanted) - log_gamma_a1;
    if (upper && a < 1.0 && tail > 1.0) return tail;
    // And P less than x**a / Gamma(a + 1): this is never above the solution.
    double logs = upper ? log_1p(-wanted) : logarithm(wanted);
    double x = exponential((logs + log_gamma_a1) / a);
    if (a < 1.0) return x;
    // E. B. Wilson and M. M. Hilferty, PNAS 17 (1931).
    double z = inverse_normal(wanted);
    double root = 1.0 - 1.0 / (9.0 * a) + (upper ? -z : z) / (3.0 * ::sqrt(a));
    double cubed = root > 0.0 ? a * root * root * root : 0.0;
    return cubed > x ? cubed : x;
}

XGPU_CALLED double inverse_gamma(double a, double s, bool of_upper) {
    if (!(a >= 0.0 && s >= 0.0 && s <= 1.0)) return undefined;
    if (s == (of_upper ? 1.0 : 0.0)) return 0.0;
    if (s == (of_upper ? 0.0 : 1.0)) return infinite;
    if (a == 0.0 || a == infinite) return undefined;
    bool upper = (s <= 0.5) == of_upper;
    double wanted = s <= 0.5 ? s : 1.0 - s;
    double x = inverse_gamma_start(a, wanted, upper);
    double deviation = 1.0 / ::sqrt(a), close = 1e-9 * (a > 1.0 ? deviation : 1.0);
    // What underflows is too far out, by some deviations.
    double out = deviation > 0.35 ? 0.7 : 2.0 * deviation;
    XGPU_ROLLED
    for (int n = 0; n < 60 && x > 0.0; ++n) {
        double part = incomplete_gamma(a, x, upper);
        double step = logarithm(part / wanted) * (part / (a * gamma_density(a, x)));
        if (!(part > 0.0)) step = -out;
        if (!(::fabs(step) < infinite)) break;
        double change, before = x;
        if (upper && x > 1.0 && x > a) {
            change = 1.0 + step;  // far out the logarithm of Q is nearly linear in x
        } else {
            change = exponential(upper ? step : -step);
        }
        x *= change < 0.1 ? 0.1 : change > 10.0 ? 10.0 : change;
        if (::fabs(x - before) <= close * before) break;  // the next step is its square
    }
    return x;
}

}  // namespace detail

template <class T>
__device__ __forceinline__ T gammaincinv(T a, T p) {
    return static_cast<T>(detail::inverse_gamma(a, p, false));
}
template <class T>
__device__ __forceinline__ T gammainccinv(T a, T q) {
    return static_cast<T>(detail::inverse_gamma(a, q, true));
}

}  // namespace xgpu
