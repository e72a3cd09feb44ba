// Elements as unsigned numbers in the order of sorts: stable in either direction, NaN last, -0.0
// equal to 0.0.
#pragma once

#include "xgpu/types.cuh"

namespace xgpu {

// `T` is the unsigned type of the elements' width, `Kind` 0 for unsigned ones, 1 for signed, 2 for
// floating, and `Infinity` has the bits of a floating one's infinity.
template <class T, int Kind, uint64_t Infinity>
struct sort_order {
    static constexpr T sign = T(T(1) << (8 * sizeof(T) - 1)), ones = T(~T(0));
    static constexpr T infinity = T(Infinity);
    static constexpr T nan = T(infinity | (infinity & T(T(0) - infinity)) >> 1);

    // All NaN have the key that comes last. The zeros have neighbouring keys.
    static __device__ __forceinline__ T key(T x, bool descending) {
        T made = x;
        if (Kind == 1) made = T(x ^ sign);
        if (Kind == 2) {
            if (T(x & T(~sign)) > infinity) return ones;
            made = (x & sign) != 0 ? T(~x) : T(x | sign);
        }
        return descending ? T(~made) : made;
    }

    // The key, the same one for both zeros.
    static __device__ __forceinline__ T merged(T made) {
        return Kind == 2 && made == T(~sign) ? sign : made;
    }

    // The element whose key it is; one NaN for all of them.
    static __device__ __forceinline__ T element(T made, bool descending) {
        if (Kind == 2 && made == ones) return nan;
        if (descending) made = T(~made);
        if (Kind == 1) return T(made ^ sign);
        if (Kind == 2) return (made & sign) != 0 ? T(made ^ sign) : T(~made);
        return made;
    }
};

}  // namespace xgpu
