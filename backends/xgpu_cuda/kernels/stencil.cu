// The stencil kernel: an elementwise program of which some operands are one buffer, read at places
// that are some rows apart.
//
// Included at the end of a generated source, which defines `xgpu::program`. Neighbouring threads
// take neighbours along the last axis; a thread takes P::rows points along the one before it, one
// below another. It loads a column of each group of operands, once, before it computes.
#pragma once

#include "xgpu/memory.cuh"
#include "xgpu/space.cuh"

namespace xgpu {

template <class P>
__device__ __forceinline__ void stencil(const typename P::arguments& a) {
    using position = typename P::position;
    constexpr int across = P::rank - 1, down = P::rank - 2;
    const typename P::invariants fixed = P::prepare(a);

    // The radix of the last two axes counts tiles.
    typename P::point p;
    unravel<0, P::rank>(p, position(part_of_block(a)), a.radix);
    const int64_t column = int64_t(p.at[across]) * P::block + threadIdx.x;
    const int64_t row = int64_t(p.at[down]) * P::rows, left = a.shape[down] - row;
    if (column >= a.shape[across]) return;
    const int count = left < P::rows ? int(left) : P::rows;
    p.at[across] = static_cast<typename P::index>(column);
    p.at[down] = static_cast<typename P::index>(row);
    p.position = 0;
#pragma unroll
    for (int axis = 0; axis < P::rank; ++axis) {
        p.position = p.position * static_cast<position>(a.shape[axis]) +
                     static_cast<position>(p.at[axis]);
    }

    typename P::columns columns;
    P::load_columns(a, p, count, columns);
    typename P::loads in[P::rows] = {};
    typename P::point next = p;
#pragma unroll
    for (int r = 0; r < P::rows; ++r) {
        P::take(columns, r, in[r]);
        if (r < count) P::load_direct(a, next, in[r]);
        next.at[down] += 1;
        next.position += static_cast<position>(a.shape[across]);
    }
#pragma unroll
    for (int r = 0; r < P::rows; ++r) {
        if (r < count) P::store(a, p, P::compute(fixed, in[r]));
        p.at[down] += 1;
        p.position += static_cast<position>(a.shape[across]);
    }
}

}  // namespace xgpu

extern "C" __global__ void __launch_bounds__(xgpu::program::block)
    xgpu_stencil(const xgpu::program::arguments a) {
    xgpu::stencil<xgpu::program>(a);
}
