// Types that every kernel uses: integers by width, complex<T>, limits, bit patterns.
//
// These headers give each elementwise row of the op table its meaning, as a device function
// xgpu::NAME of the same name, for every dtype that the row accepts. They are read by NVRTC
// (C++17, no standard library; compile with --fmad=false and without -ftz) and by a host C++
// compiler for the simulator (-ffp-contract=off, XGPU_SIMULATOR defined, __device__ and
// __forceinline__ given by a header that is forced in first).
//
//   header              ops
//   arithmetic.cuh      add subtract multiply divide negative abs square reciprocal sign maximum
//                       minimum floor_divide remainder
//   bitwise.cuh         bitwise_and bitwise_or bitwise_xor bitwise_invert bitwise_left_shift
//                       bitwise_right_shift
//   comparison.cuh      equal not_equal less less_equal greater greater_equal logical_and
//                       logical_or logical_xor logical_not isnan isinf isfinite signbit where
//   rounding.cuh        ceil floor round trunc
//   several.cuh         divide log reciprocal sqrt of several points at once
//   math.cuh            acos acosh asin asinh atan atan2 atanh copysign cos cosh exp expm1 hypot
//                       log log10 log1p log2 logaddexp nextafter sin sinh sqrt tan tanh
//   power.cuh           pow
//   cast.cuh            cast<To>
//   complex.cuh         the complex operands of arithmetic.cuh, comparison.cuh and rounding.cuh;
//                       real imag conj
//   complex_math.cuh    the complex operands of math.cuh
//   complex_power.cuh   the complex operands of power.cuh
//   accumulators.cuh    the reductions: identity, absorbing a value, merging
//   special/bessel.cuh  i0e i1e
//   special/bessel_j.cuh  j0 j1 y0 y1
//   special/bessel_k.cuh  k0e k1e
//   special/beta.cuh    betainc betaincc betaln
//   special/error.cuh   erf erfc erfcx erfinv ndtri
//   special/gamma.cuh   digamma gamma gammaln
//   special/incomplete_gamma.cuh  gammainc gammaincc
//   special/inverse_gamma.cuh  gammaincinv gammainccinv
//   special/student.cuh stdtr stdtrit
//   special/zeta.cuh    riemann_zeta zeta
//   half.cuh            the 16-bit floats, and cast abs negative copysign nextafter signbit where
//                       of them
//
// No op needed another name.
#pragma once

#if !defined(__CUDACC_RTC__)
#include <math.h>
#include <stdint.h>
#endif

namespace xgpu {

#if defined(__CUDACC_RTC__)
using int8_t = signed char;
using int16_t = short;
using int32_t = int;
using int64_t = long long;
using uint8_t = unsigned char;
using uint16_t = unsigned short;
using uint32_t = unsigned int;
using uint64_t = unsigned long long;
#else
using ::int16_t;
using ::int32_t;
using ::int64_t;
using ::int8_t;
using ::uint16_t;
using ::uint32_t;
using ::uint64_t;
using ::uint8_t;
#endif

// Positions in an iteration space: 32 bits while no position passes 2**31 - 1.
using index32 = int32_t;
using index64 = int64_t;

static_assert(sizeof(bool) == 1, "a bool array has one byte an element");

// Laid out as numpy.complex64 and numpy.complex128. On the GPU it is aligned to its size, so
// that one load fetches both components; every buffer starts and steps at multiples of it.
#if defined(__CUDACC__)
template <class T>
struct alignas(2 * sizeof(T)) complex {
    T re, im;
};
#else
template <class T>
struct complex {
    T re, im;
};
#endif
using complex64 = complex<float>;
using complex128 = complex<double>;
static_assert(sizeof(complex64) == 8 && sizeof(complex128) == 16, "two components, no padding");

template <class T>
inline constexpr bool is_complex = false;
template <class T>
inline constexpr bool is_complex<complex<T>> = true;

template <class T>
inline constexpr bool is_bool = false;
template <>
inline constexpr bool is_bool<bool> = true;

template <class T>
inline constexpr bool is_floating = false;
template <>
inline constexpr bool is_floating<float> = true;
template <>
inline constexpr bool is_floating<double> = true;

template <class T>
inline constexpr bool is_integer = !is_complex<T> && !is_bool<T> && !is_floating<T>;

namespace detail {

template <class T>
__device__ constexpr bool is_signed_integer() {
    if constexpr (is_integer<T>) return T(-1) < T(0);
    else return false;
}

template <int Bytes>
struct unsigned_of_size;
template <>
struct unsigned_of_size<1> { using type = uint8_t; };
template <>
struct unsigned_of_size<2> { using type = uint16_t; };
template <>
struct unsigned_of_size<4> { using type = uint32_t; };
template <>
struct unsigned_of_size<8> { using type = uint64_t; };

template <class T>
struct wide_of { using type = T; };

template <class T>
struct real_of { using type = T; };
template <class T>
struct real_of<complex<T>> { using type = T; };

}  // namespace detail

template <class T>
inline constexpr bool is_signed = detail::is_signed_integer<T>();

// The unsigned integer of T's width.
template <class T>
using unsigned_of = typename detail::unsigned_of_size<sizeof(T)>::type;

// An unsigned integer that wraps as T does and is not promoted to a signed int, which would not.
template <class T>
using wrapping_of = typename detail::unsigned_of_size<(sizeof(T) < 4 ? 4 : sizeof(T))>::type;

// The type of the components of a complex type; any other type is its own.
template <class T>
using real_of = typename detail::real_of<T>::type;

// The type in which T is computed with, and a value in it: float for the 16-bit floats of half.cuh.
template <class T>
using wide_of = typename detail::wide_of<T>::type;
template <class T>
__device__ __forceinline__ T widen(T x) {
    return x;
}

// The bit pattern of a value, and the value of a bit pattern.
template <class T>
__device__ __forceinline__ constexpr unsigned_of<T> to_bits(T x) {
    return __builtin_bit_cast(unsigned_of<T>, x);
}
template <class T>
__device__ __forceinline__ constexpr T from_bits(unsigned_of<T> bits) {
    return __builtin_bit_cast(T, bits);
}

// `lowest` and `highest` bound every value but NaN: infinities for floating types.
template <class T>
struct limits {
    static_assert(is_integer<T>, "limits are for bool, integers and floating types");
    static constexpr T highest = static_cast<T>(static_cast<unsigned_of<T>>(~unsigned_of<T>(0)) >>
                                                (is_signed<T> ? 1 : 0));
    static constexpr T lowest = is_signed<T> ? static_cast<T>(-highest - 1) : T(0);
};
template <>
struct limits<bool> {
    static constexpr bool lowest = false, highest = true;
};
template <>
struct limits<float> {
    static constexpr float infinity = __builtin_bit_cast(float, 0x7f800000u);
    static constexpr float nan = __builtin_bit_cast(float, 0x7fc00000u);
    static constexpr float max = 3.40282346638528859812e+38f;
    static constexpr float min = 1.17549435082228750797e-38f;  // the smallest normal number
    static constexpr float epsilon = 1.1920928955078125e-07f;
    static constexpr float lowest = -infinity, highest = infinity;
    static constexpr int digits = 24;
};
template <>
struct limits<double> {
    static constexpr double infinity = __builtin_bit_cast(double, uint64_t(0x7ff0000000000000));
    static constexpr double nan = __builtin_bit_cast(double, uint64_t(0x7ff8000000000000));
    static constexpr double max = 1.79769313486231570815e+308;
    static constexpr double min = 2.22507385850720138309e-308;
    static constexpr double epsilon = 2.22044604925031308085e-16;
    static constexpr double lowest = -infinity, highest = infinity;
    static constexpr int digits = 53;
};

}  // namespace xgpu
