// An operand that is read through strides: where element `i` of its C order lies.
#pragma once

#include "xgpu/space.cuh"
#include "xgpu/types.cuh"

namespace xgpu {

// Axes with their strides in elements, filled in by launch/operands.py.
template <int Rank>
struct strided_axes {
    static_assert(Rank > 0, "one element is an axis of length 1");
    divisor radix[Rank];
    int64_t strides[Rank];

    // `Index` is a signed type that holds the number of elements.
    template <class Index>
    __device__ __forceinline__ int64_t offset(unsigned_of<Index> i) const {
        point<Index, Rank> p;
        unravel<0, Rank>(p, i, radix);
        return dot<int64_t, 0, Rank>(p, strides);
    }
};

}  // namespace xgpu
