// The tile kernel: an elementwise program of which some operands have their neighbours along another
// axis than the last one. Square tiles of those are read as they lie, and turned in shared memory.
//
// Included at the end of a generated source, which defines `xgpu::program`. A block has one tile of
// P::tile points along the last axis, the *columns*, and along P::tiled_axis, its *rows*. A thread
// takes runs of P::vector points: along the rows to read what is turned, along the columns for the
// rest. All loads of a thread are under way before the first value is used.
#pragma once

#include "xgpu/memory.cuh"
#include "xgpu/space.cuh"

namespace xgpu {

// Moves `p` to a row and a column. Returns how many points there are from there on along `Axis`, at
// most P::vector; 0 if it lies outside.
template <class P, int Axis>
__device__ __forceinline__ int reach(const typename P::arguments& a, typename P::point& p,
                                     int64_t row, int64_t column) {
    using position = typename P::position;
    p.at[P::tiled_axis] = static_cast<typename P::index>(row);
    p.at[P::rank - 1] = static_cast<typename P::index>(column);
    const int64_t rows = a.shape[P::tiled_axis] - row, columns = a.shape[P::rank - 1] - column;
    p.position = 0;
#pragma unroll
    for (int axis = 0; axis < P::rank; ++axis) {
        p.position = p.position * static_cast<position>(a.shape[axis]) +
                     static_cast<position>(p.at[axis]);
    }
    if (rows <= 0 || columns <= 0) return 0;
    const int64_t left = Axis == P::tiled_axis ? rows : columns;
    return left < P::vector ? int(left) : P::vector;
}

// The point after `p` along an axis.
template <class P, int Axis>
__device__ __forceinline__ typename P::point beside(const typename P::arguments& a,
                                                    typename P::point p, int steps) {
    p.at[Axis] += steps;
    p.position += steps * static_cast<typename P::position>(span<P::rank>(a.shape, Axis));
    return p;
}

template <class P>
__device__ __forceinline__ void tiles(const typename P::arguments& a,
                                      typename P::staged& staged) {
    using position = typename P::position;
    constexpr int vector = P::vector, last = P::rank - 1;
    constexpr int runs = P::tile / vector, lines = P::block / runs, rounds = P::tile / lines;
    static_assert(P::block % runs == 0 && rounds > 0, "a block covers whole lines of a tile");
    const int run = threadIdx.x % runs * vector, line = threadIdx.x / runs;
    const typename P::invariants fixed = P::prepare(a);

    // The radix of the two axes counts tiles.
    typename P::point p;
    unravel<0, P::rank>(p, position(part_of_block(a)), a.radix);
    const int64_t row = int64_t(p.at[P::tiled_axis]) * P::tile;
    const int64_t column = int64_t(p.at[last]) * P::tile;

    typename P::turned turned[rounds][vector] = {};
    typename P::loads in[rounds][vector] = {};
#pragma unroll
    for (int u = 0; u < rounds; ++u) {
        const int n = reach<P, P::tiled_axis>(a, p, row + run, column + line + u * lines);
        if (n == vector) {
            P::load_turned(a, p, turned[u]);
            continue;
        }
#pragma unroll
        for (int j = 0; j < vector; ++j) {
            typename P::turned one[1];
            if (j < n) {
                P::load_turned(a, beside<P, P::tiled_axis>(a, p, j), one);
                turned[u][j] = one[0];
            }
        }
    }
#pragma unroll
    for (int u = 0; u < rounds; ++u) {
        const int n = reach<P, last>(a, p, row + line + u * lines, column + run);
        if (n == vector) {
            P::load_direct(a, p, in[u]);
            continue;
        }
#pragma unroll
        for (int j = 0; j < vector; ++j) {
            typename P::loads one[1] = {};
            if (j < n) {
                P::load_direct(a, beside<P, last>(a, p, j), one);
                in[u][j] = one[0];
            }
        }
    }
#pragma unroll
    for (int u = 0; u < rounds; ++u) P::stage(staged, line + u * lines, run, turned[u]);
    __syncthreads();
#pragma unroll
    for (int u = 0; u < rounds; ++u) {
        P::take(staged, line + u * lines, run, in[u]);
        typename P::results out[vector];
        compute_points<P>(fixed, in[u], out);
        const int n = reach<P, last>(a, p, row + line + u * lines, column + run);
        if (n == vector) {
            P::store_run(a, p, last, out);
            continue;
        }
#pragma unroll
        for (int j = 0; j < vector; ++j) {
            if (j < n) P::store(a, beside<P, last>(a, p, j), out[j]);
        }
    }
}

}  // namespace xgpu

extern "C" __global__ void __launch_bounds__(xgpu::program::block)
    xgpu_tiles(const xgpu::program::arguments a) {
    alignas(16) __shared__ unsigned char storage[sizeof(xgpu::program::staged)];
    xgpu::tiles<xgpu::program>(a, *reinterpret_cast<xgpu::program::staged*>(storage));
}
