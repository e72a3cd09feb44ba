// The pair kernel: a reduction whose operands vary along one of two kept axes each, the *rows* and
// the *columns*, so that what is read of each is needed again for all of the other.
//
// Included at the end of a generated source, which defines `xgpu::program`. It is compiled for
//
//   XGPU_PAIR_ROWS, XGPU_PAIR_COLUMNS   what a thread has of each: a rectangle of kept points
//   XGPU_PAIR_LONG                      1: states are merged after every `pair_segment` points
//
// A block has 16 x 16 threads. It goes along the reduced axes in steps, of which it first stages
// the operands in shared memory. A thread folds the points of a kept point in the order of their
// positions; with XGPU_PAIR_LONG, segments of them, which are merged in order. That order is the
// same however the tiles are cut, so a kept point has the same bits whatever is computed beside it.
#pragma once

#include "xgpu/accumulators.cuh"
#include "xgpu/memory.cuh"
#include "xgpu/space.cuh"

namespace xgpu {

constexpr int pair_side = 16, pair_block = pair_side * pair_side;
constexpr int pair_segment = 512;
constexpr int pair_bytes = 40960;  // of shared memory, at most
constexpr int pair_batch = 4;      // points that a thread loads before it waits

// How many reduced points are staged at a time: a power of two.
template <class P, int Rows, int Columns>
__device__ constexpr int pair_depth() {
    constexpr int bytes = sizeof(typename P::template rows_tile<1, Rows * pair_side, 16>) +
                          sizeof(typename P::template columns_tile<1, Columns * pair_side, 4>) +
                          sizeof(typename P::template neither_tile<1, 1, 0>);
    int depth = 32;
    while (depth > 1 && depth * bytes > pair_bytes) depth /= 2;
    return depth;
}

template <class P, int Rows, int Columns>
struct pair_tiles {
    static constexpr int depth = pair_depth<P, Rows, Columns>();
    static constexpr int high = Rows * pair_side, wide = Columns * pair_side;
    // Rows are taken by neighbours at a time, columns one to a lane.
    typename P::template rows_tile<depth, high, 16> rows;
    typename P::template columns_tile<depth, wide, 4> columns;
    typename P::template neither_tile<depth, 1, 0> neither;
};

// One side of the points `start` .. `start + Depth - 1`: what lies beyond the end of an axis is a
// copy of its last element, and never used.
template <class P, int Axis, int Depth, int Width, class Side, class Tile>
__device__ __forceinline__ void stage_side(const typename P::arguments& a, typename P::point p,
                                           typename P::position first,
                                           typename P::position start, Tile& tile) {
    using position = typename P::position;
    const auto last = static_cast<position>(a.reduced) - 1;
    const auto edge = static_cast<position>(a.shape[Axis]) - 1;
    const bool along = P::along_reduced(a, static_cast<const Side*>(nullptr));
    constexpr int count = Depth * Width;
    constexpr int batch = count / pair_block < pair_batch ? 1 : pair_batch;
    static_assert(count % (batch * pair_block) == 0 || batch == 1, "batches are whole");
#pragma unroll 1
    for (int base = threadIdx.x; base < count; base += batch * pair_block) {
        Side in[batch];
#pragma unroll
        for (int u = 0; u < batch; ++u) {
            const int n = base + u * pair_block;
            const int k = along ? n % Depth : n / Width, i = along ? n / Depth : n % Width;
            const position r = start + k, at = first + i;
            p.at[Axis] = static_cast<typename P::index>(at < edge ? at : edge);
            unravel<P::kept_axes, P::rank>(p, r < last ? r : last, a.radix);
            P::load(a, p, in[u]);
        }
#pragma unroll
        for (int u = 0; u < batch; ++u) {
            const int n = base + u * pair_block;
            const int k = along ? n % Depth : n / Width, i = along ? n / Depth : n % Width;
            P::stage(tile, k, i, in[u]);
        }
    }
}

template <class P, int Rows, int Columns, bool Long>
__device__ __forceinline__ void pairs(const typename P::arguments& a,
                                      pair_tiles<P, Rows, Columns>& tiles) {
    using position = typename P::position;
    using index = typename P::index;
    using layout = pair_tiles<P, Rows, Columns>;
    constexpr int depth = layout::depth;
    const int tx = threadIdx.x % pair_side, ty = threadIdx.x / pair_side;
    const typename P::invariants fixed = P::prepare(a);

    // The radix of a kept axis counts tiles, where it is cut into them.
    typename P::point p;
    unravel<0, P::kept_axes>(p, position(blockIdx.x), a.radix);
    const position row = position(p.at[P::row_axis]) * layout::high;
    const position column = position(p.at[P::column_axis]) * layout::wide;
    const auto length = static_cast<position>(a.reduced);

    // Each by itself: of an array of arrays NVRTC initialises only the first row as its type asks.
    typename P::state state[Rows][Columns];
    typename P::state total[Long ? Rows : 1][Long ? Columns : 1];
#pragma unroll
    for (int r = 0; r < Rows; ++r) {
#pragma unroll
        for (int c = 0; c < Columns; ++c) {
            state[r][c] = typename P::state();
            if constexpr (Long) total[r][c] = typename P::state();
        }
    }
#pragma unroll 1
    for (position start = 0; start < length; start += depth) {
        typename P::point from = p;
        from.at[P::column_axis] = static_cast<index>(column);
        stage_side<P, P::row_axis, depth, layout::high, typename P::rows>(a, from, row, start,
                                                                          tiles.rows);
        from = p;
        from.at[P::row_axis] = static_cast<index>(row);
        stage_side<P, P::column_axis, depth, layout::wide, typename P::columns>(
            a, from, column, start, tiles.columns);
        if (threadIdx.x < depth) {
            typename P::neither in;
            from = p;
            from.at[P::row_axis] = static_cast<index>(row);
            from.at[P::column_axis] = static_cast<index>(column);
            const position r = start + threadIdx.x;
            unravel<P::kept_axes, P::rank>(from, r < length ? r : length - 1, a.radix);
            P::load(a, from, in);
            P::stage(tiles.neither, threadIdx.x, 0, in);
        }
        __syncthreads();
        const int count = length - start < depth ? int(length - start) : depth;
        constexpr int ahead = P::ahead;
#pragma unroll ahead
        for (int k = 0; k < count; ++k) {
            typename P::rows x[Rows];
            typename P::columns y[Columns];
            typename P::neither z[1];
            P::take(tiles.rows, k, ty * Rows, x);
            P::take(tiles.neither, k, 0, z);
#pragma unroll
            for (int c = 0; c < Columns; ++c) {
                typename P::columns one[1];
                P::take(tiles.columns, k, c * pair_side + tx, one);
                y[c] = one[0];
            }
#pragma unroll
            for (int r = 0; r < Rows; ++r) {
#pragma unroll
                for (int c = 0; c < Columns; ++c) {
                    state[r][c].absorb(P::compute(fixed, P::join(x[r], y[c], z[0])),
                                       static_cast<index>(start + k));
                }
            }
        }
        if constexpr (Long) {
            const position done = start + depth;
            if (done % pair_segment == 0 || done >= length) {
#pragma unroll
                for (int r = 0; r < Rows; ++r) {
#pragma unroll
                    for (int c = 0; c < Columns; ++c) {
                        total[r][c].merge(state[r][c]);
                        state[r][c] = {};
                    }
                }
            }
        }
        __syncthreads();
    }
#pragma unroll
    for (int r = 0; r < Rows; ++r) {
#pragma unroll
        for (int c = 0; c < Columns; ++c) {
            p.at[P::row_axis] = static_cast<index>(row + ty * Rows + r);
            p.at[P::column_axis] = static_cast<index>(column + c * pair_side + tx);
            if (p.at[P::row_axis] >= a.shape[P::row_axis]) continue;
            if (p.at[P::column_axis] >= a.shape[P::column_axis]) continue;
            p.position = 0;
#pragma unroll
            for (int axis = 0; axis < P::kept_axes; ++axis) {
                p.position = p.position * static_cast<position>(a.shape[axis]) +
                             static_cast<position>(p.at[axis]);
            }
            if constexpr (Long) P::finish(a, fixed, total[r][c], p);
            else P::finish(a, fixed, state[r][c], p);
        }
    }
}

}  // namespace xgpu

extern "C" __global__ void __launch_bounds__(xgpu::pair_block, 2)
    xgpu_pairs(const xgpu::program::arguments a) {
    using tiles = xgpu::pair_tiles<xgpu::program, XGPU_PAIR_ROWS, XGPU_PAIR_COLUMNS>;
    alignas(16) __shared__ unsigned char storage[sizeof(tiles)];
    xgpu::pairs<xgpu::program, XGPU_PAIR_ROWS, XGPU_PAIR_COLUMNS, XGPU_PAIR_LONG != 0>(
        a, *reinterpret_cast<tiles*>(storage));
}
