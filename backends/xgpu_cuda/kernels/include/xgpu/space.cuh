// The iteration space of a program: points, and the way from a position to coordinates.
//
// A position counts points in C order, in an unsigned type: 32 bits while no position passes
// 2**31 - 1, 64 bits otherwise.
#pragma once

#include "xgpu/types.cuh"

namespace xgpu {

// Unsigned division by a value that the host knows; see xgpu.codegen.arguments.divisor.
struct divisor {
    int64_t value;
    uint64_t reciprocal;

    __device__ __forceinline__ uint32_t quotient(uint32_t n) const {
        const uint32_t multiplier = static_cast<uint32_t>(reciprocal);
        const uint32_t shift = static_cast<uint32_t>(reciprocal >> 32);
        return (n + static_cast<uint32_t>(uint64_t(n) * multiplier >> 32)) >> shift;
    }
    __device__ __forceinline__ uint64_t quotient(uint64_t n) const {
        return n / static_cast<uint64_t>(value);
    }
};

// One point of a space of `Rank` axes. A kernel that needs positions alone leaves `at` unset.
template <class Index, int Rank>
struct point {
    using position_type = unsigned_of<Index>;
    static constexpr int rank = Rank;
    position_type position;
    Index at[Rank > 0 ? Rank : 1];
};

// Coordinates First .. Last - 1 of the point at `position` of the space that these axes span.
template <int First, int Last, class Index, int Rank>
__device__ __forceinline__ void unravel(point<Index, Rank>& p, unsigned_of<Index> position,
                                        const divisor* radix) {
    using position_type = unsigned_of<Index>;
#pragma unroll
    for (int axis = Last - 1; axis > First; --axis) {
        const position_type next = radix[axis].quotient(position);
        p.at[axis] = Index(position - next * static_cast<position_type>(radix[axis].value));
        position = next;
    }
    if (First < Last) p.at[First] = Index(position);
}

// The sum of strides * coordinates over axes First .. Last - 1, computed in T.
template <class T, int First, int Last, class Index, int Rank>
__device__ __forceinline__ T dot(const point<Index, Rank>& p, const int64_t* strides) {
    T sum = 0;
#pragma unroll
    for (int axis = First; axis < Last; ++axis) {
        sum += static_cast<T>(p.at[axis]) * static_cast<T>(strides[axis]);
    }
    return sum;
}

// values[axis]; an axis that is not known to the compiler would move the array to local memory.
template <int Rank>
__device__ __forceinline__ int64_t pick(const int64_t* values, int64_t axis) {
    int64_t found = 0;
#pragma unroll
    for (int i = 0; i < Rank; ++i) found = i == axis ? values[i] : found;
    return found;
}

// How many positions one step along `axis` is in C order.
template <int Rank>
__device__ __forceinline__ int64_t span(const int64_t* shape, int64_t axis) {
    int64_t product = 1;
#pragma unroll
    for (int i = 0; i < Rank; ++i) product *= i > axis ? shape[i] : 1;
    return product;
}

// Which part of the work is this block's. A launch goes through memory backwards where that begins
// with what the one before it left in the L2 cache; see xgpu_cuda.driver.directions. What a part is,
// and what it computes, is the same either way.
template <class Arguments>
__device__ __forceinline__ unsigned part_of_block(const Arguments& a) {
    // Of the ways to write it, the one that costs no kernel a register.
    return blockIdx.x + (a.backwards ? gridDim.x - 1 - 2 * blockIdx.x : 0u);
}

// What N points of program P hand on.
template <class P, int N>
__device__ __forceinline__ void compute_points(const typename P::invariants& fixed,
                                               const typename P::loads (&in)[N],
                                               typename P::results (&out)[N]) {
    if constexpr (P::several) {
        P::compute_several(fixed, in, out);
    } else {
#pragma unroll
        for (int j = 0; j < N; ++j) out[j] = P::compute(fixed, in[j]);
    }
}

}  // namespace xgpu
