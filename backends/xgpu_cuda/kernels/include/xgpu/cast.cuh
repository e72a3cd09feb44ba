// cast<To>(from): a change of dtype, for every pair of dtypes.
//
// Integers wrap. A float is cut towards zero; what its integer type cannot hold (NaN and
// infinities too) becomes what NumPy gives on x86-64: the lowest int64 for int64, the lowest
// int32 cut to their width for narrower types and int32. An unsigned type of 32 or 64 bits
// wraps a negative float that the signed type of its width holds, gives that type's lowest
// number (2**31, 2**63) for NaN and below, and 0 above its range. Complex to real drops the
// imaginary part. To bool: whether it is not zero; NaN is not.
#pragma once

#include "xgpu/types.cuh"

namespace xgpu {

namespace detail {

template <int Bytes>
struct signed_of_size;
template <>
struct signed_of_size<4> { using type = int32_t; };
template <>
struct signed_of_size<8> { using type = int64_t; };

// x cut to an int32 or int64, or the lowest of them where it does not fit.
template <class To, class From>
__device__ __forceinline__ To to_signed(From x) {
    constexpr From top = From(uint64_t(1) << (8 * sizeof(To) - 1));
    return x >= -top && x < top ? To(x) : limits<To>::lowest;  // NaN compares false
}

template <class To, class From>
__device__ __forceinline__ To to_integer(From x) {
    if constexpr (!is_floating<From>) {
        return static_cast<To>(x);
    } else if constexpr (sizeof(To) < 4) {
        return static_cast<To>(to_signed<int32_t>(x));
    } else if constexpr (is_signed<To>) {
        return to_signed<To>(x);
    } else {
        using Signed = typename signed_of_size<sizeof(To)>::type;
        constexpr To top = To(1) << (8 * sizeof(To) - 1);
        if (!(x >= From(top))) return static_cast<To>(to_signed<Signed>(x));
        return static_cast<To>(to_signed<Signed>(x - From(top))) ^ top;
    }
}

template <class To>
struct caster {
    template <class From>
    __device__ static __forceinline__ To from(From x) {
        if constexpr (is_bool<To>) return x != From(0);
        else if constexpr (is_integer<To>) return to_integer<To>(x);
        else return static_cast<To>(x);
    }
    template <class R>
    __device__ static __forceinline__ To from(complex<R> x) {
        if constexpr (is_bool<To>) return x.re != R(0) || x.im != R(0);
        else return from(x.re);
    }
};

template <class R>
struct caster<complex<R>> {
    template <class From>
    __device__ static __forceinline__ complex<R> from(From x) {
        return {static_cast<R>(x), R(0)};
    }
    template <class S>
    __device__ static __forceinline__ complex<R> from(complex<S> x) {
        return {static_cast<R>(x.re), static_cast<R>(x.im)};
    }
};

}  // namespace detail

template <class To, class From>
__device__ __forceinline__ To cast(From x) {
    return detail::caster<To>::from(widen(x));
}

}  // namespace xgpu
