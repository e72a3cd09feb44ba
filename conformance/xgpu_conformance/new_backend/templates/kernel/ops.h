// What each op means on this device, by the names of xgpu's op table. Integers wrap; an integer
// divided by zero gives 0; NaN wins in minimum and maximum, and -0 is below +0.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace op {

template <class T> constexpr bool real = std::is_floating_point<T>::value;
template <class T> constexpr bool boolean = std::is_same<T, bool>::value;
template <class T> constexpr int bits = 8 * static_cast<int>(sizeof(T));

// One operand.

#define STANDARD(op) \
  template <class T> T op(T x) { return std::op(x); }
STANDARD(acos) STANDARD(acosh) STANDARD(asin) STANDARD(asinh) STANDARD(atan) STANDARD(atanh)
STANDARD(ceil) STANDARD(cos) STANDARD(cosh) STANDARD(exp) STANDARD(expm1) STANDARD(floor)
STANDARD(log) STANDARD(log10) STANDARD(log1p) STANDARD(log2) STANDARD(sin) STANDARD(sinh)
STANDARD(sqrt) STANDARD(tan) STANDARD(tanh) STANDARD(trunc)
#undef STANDARD

template <class T> T abs(T x) {
  if constexpr (real<T>) return std::fabs(x);
  else return x < 0 ? T(0 - x) : x;
}
template <class T> T round(T x) { return std::nearbyint(x); }  // half to even
template <class T> T negative(T x) {
  if constexpr (real<T>) return -x;
  else return T(0 - x);
}
template <class T> T reciprocal(T x) { return 1 / x; }
template <class T> T square(T x) { return T(x * x); }
template <class T> T sign(T x) { return x > 0 ? T(1) : x < 0 ? T(-1) : x == 0 ? T(0) : x; }
template <class T> T bitwise_invert(T x) {
  if constexpr (boolean<T>) return !x;
  else return T(~x);
}
template <class T> bool isfinite(T x) { return std::isfinite(x); }
template <class T> bool isinf(T x) { return std::isinf(x); }
template <class T> bool isnan(T x) { return std::isnan(x); }
template <class T> bool signbit(T x) { return std::signbit(x); }
inline bool logical_not(bool x) { return !x; }

template <class To, class From> To cast(From x) {
  if constexpr (real<From> && std::is_integral<To>::value && !boolean<To>) {
    // C++ leaves a number that does not fit undefined. 2^63 is the first that int64 does not hold.
    const From limit = static_cast<From>(9223372036854775808.0);
    if (!(x > -limit && x < limit)) {
      if (std::is_same<To, uint64_t>::value && x >= limit && x < 2 * limit)
        return static_cast<To>(static_cast<uint64_t>(x));
      return static_cast<To>(std::numeric_limits<int64_t>::min());
    }
    return static_cast<To>(static_cast<int64_t>(x));
  } else {
    return static_cast<To>(x);
  }
}

// Two operands, and three.

template <class T> T add(T a, T b) { return T(a + b); }  // on bool: or
template <class T> T subtract(T a, T b) { return T(a - b); }
template <class T> T multiply(T a, T b) { return T(a * b); }  // on bool: and
template <class T> T divide(T a, T b) { return a / b; }
template <class T> T atan2(T a, T b) { return std::atan2(a, b); }
template <class T> T copysign(T a, T b) { return std::copysign(a, b); }
template <class T> T hypot(T a, T b) { return std::hypot(a, b); }
template <class T> T nextafter(T a, T b) { return a == b ? b : std::nextafter(a, b); }
template <class T> T maximum(T a, T b) {
  if constexpr (real<T>) {
    if (a != a || b != b) return a + b;
    if (a == b) return std::signbit(a) ? b : a;
  }
  return a > b ? a : b;
}
template <class T> T minimum(T a, T b) {
  if constexpr (real<T>) {
    if (a != a || b != b) return a + b;
    if (a == b) return std::signbit(a) ? a : b;
  }
  return a < b ? a : b;
}
template <class T> T logaddexp(T a, T b) {
  if (a == b) return a + std::log(T(2));  // two equal infinities, too
  const T far = -std::fabs(a - b);
  return std::isnan(far) ? a + b : maximum(a, b) + std::log1p(std::exp(far));
}
template <class T> T remainder(T a, T b) {
  if constexpr (real<T>) {
    const T rest = std::fmod(a, b);
    if (rest == 0) return std::copysign(rest, b);
    return (rest < 0) != (b < 0) ? rest + b : rest;
  } else {
    if (b == 0 || (std::is_signed<T>::value && b == T(-1))) return 0;
    const T rest = T(a % b);
    return rest != 0 && (rest < 0) != (b < 0) ? T(rest + b) : rest;
  }
}
template <class T> T floor_divide(T a, T b) {
  if constexpr (real<T>) {
    // An infinite operand: floor(a / b) itself, as the standard prefers.
    if (b == 0 || std::isinf(a) || std::isinf(b)) return std::floor(a / b);
    const T rest = std::fmod(a, b);
    const T quotient = std::nearbyint((a - rest) / b);
    const T lower = rest != 0 && (rest < 0) != (b < 0) ? quotient - 1 : quotient;
    return lower == 0 ? std::copysign(T(0), a / b) : lower;
  } else {
    if (b == 0) return 0;
    if (std::is_signed<T>::value && b == T(-1)) return T(0 - a);
    const T rest = T(a % b);
    return T(a / b - (rest != 0 && (rest < 0) != (b < 0)));
  }
}
template <class T> T pow(T a, T b) {
  if constexpr (real<T>) return std::pow(a, b);
  else {
    if (b < 0) return a == 1 ? T(1) : a == T(-1) ? (b & 1 ? a : T(1)) : T(0);
    T result = 1;
    for (; b; b = T(b >> 1), a = T(a * a)) result = b & 1 ? T(result * a) : result;
    return result;
  }
}

template <class T> T bitwise_and(T a, T b) { return T(a & b); }
template <class T> T bitwise_or(T a, T b) { return T(a | b); }
template <class T> T bitwise_xor(T a, T b) { return T(a ^ b); }
template <class T> bool past(T b) { return b < 0 || b >= T(bits<T>); }
template <class T> T bitwise_left_shift(T a, T b) {
  return past(b) ? T(0) : T(static_cast<std::make_unsigned_t<T>>(a) << b);
}
template <class T> T bitwise_right_shift(T a, T b) { return past(b) ? T(a < 0 ? -1 : 0) : T(a >> b); }

template <class T> bool equal(T a, T b) { return a == b; }
template <class T> bool not_equal(T a, T b) { return a != b; }
template <class T> bool less(T a, T b) { return a < b; }
template <class T> bool less_equal(T a, T b) { return a <= b; }
template <class T> bool greater(T a, T b) { return a > b; }
template <class T> bool greater_equal(T a, T b) { return a >= b; }
inline bool logical_and(bool a, bool b) { return a && b; }
inline bool logical_or(bool a, bool b) { return a || b; }
inline bool logical_xor(bool a, bool b) { return a != b; }

template <class T> T where(bool condition, T a, T b) { return condition ? a : b; }

}  // namespace op

// Reductions: what is folded so far, `take` one more with its place along the reduced axes.
namespace fold {

// Sums of floats in a wider type, so that their order hardly counts.
template <class T> using wide = std::conditional_t<std::is_same<T, float>::value, double,
                                std::conditional_t<op::real<T>, long double, T>>;

template <class T> struct sum {
  wide<T> so_far = 0;
  void take(T x, int64_t) { so_far = wide<T>(so_far + x); }
  T value() const { return static_cast<T>(so_far); }
};
template <class T> struct prod {
  wide<T> so_far = 1;
  void take(T x, int64_t) { so_far = wide<T>(so_far * x); }
  T value() const { return static_cast<T>(so_far); }
};
template <class T> struct any {
  bool so_far = false;
  void take(T x, int64_t) { so_far = so_far || x; }
  bool value() const { return so_far; }
};
template <class T> struct all {
  bool so_far = true;
  void take(T x, int64_t) { so_far = so_far && x; }
  bool value() const { return so_far; }
};
template <class T> struct min {
  T so_far{};
  void take(T x, int64_t at) { so_far = at ? op::minimum(so_far, x) : x; }
  T value() const { return so_far; }
};
template <class T> struct max {
  T so_far{};
  void take(T x, int64_t at) { so_far = at ? op::maximum(so_far, x) : x; }
  T value() const { return so_far; }
};
template <class T> struct argmin {
  T best{};
  int64_t found = 0;
  void take(T x, int64_t at) {
    if (at == 0 || x < best || (x != x && best == best)) best = x, found = at;
  }
  int64_t value() const { return found; }
};
template <class T> struct argmax {
  T best{};
  int64_t found = 0;
  void take(T x, int64_t at) {
    if (at == 0 || x > best || (x != x && best == best)) best = x, found = at;
  }
  int64_t value() const { return found; }
};

}  // namespace fold
