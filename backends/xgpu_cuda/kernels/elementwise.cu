// The elementwise kernel: reads the inputs of a program at every point, computes, writes.
//
// Included at the end of a generated source, which defines `xgpu::program`. A thread takes
// `program::vector` points of a chunk at a time, `program::unroll` chunks in a round: all loads
// of a round are under way before the first value is used.
#pragma once

#include "xgpu/memory.cuh"
#include "xgpu/space.cuh"

namespace xgpu {

// Where some input has its neighbours along axis `tiled_axis`, that axis and the last one are
// walked in square tiles, one to a chunk: a thread takes a run of P::vector points along the
// former, a warp takes 32 neighbouring runs along the latter. So the one kind of operand is read
// in wide accesses, the other a line at a time.
//
// Where `tiled_axis` is `by_runs`, no operand has its neighbours elsewhere than along the last axis,
// whose length is a multiple of P::vector: a thread takes a run of so many points along it, in wide
// accesses, and computes coordinates once for all of them.
constexpr int64_t by_runs = -2;
constexpr unsigned tile_bits = 5;
constexpr unsigned tile = 1u << tile_bits;

// The point that is visited at `position`; false if it lies outside, in a tile that is cut.
template <class P>
__device__ __forceinline__ bool visit(const typename P::arguments& a, typename P::point& p,
                                      typename P::position position) {
    p.position = position;
    if constexpr (P::located) {
        const bool tiled = a.tiled_axis >= 0;
        unravel<0, P::rank>(p, tiled ? position >> (2 * tile_bits) : position, a.radix);
        if (P::rank > 1 && tiled) {
            const auto column = typename P::index(position & (tile - 1));
            const auto line = typename P::index((position >> tile_bits) & (tile - 1));
            const auto row = line % (tile / P::vector) * P::vector + line / (tile / P::vector);
            bool inside = true;
            typename P::position linear = 0;
#pragma unroll
            for (int axis = 0; axis < P::rank; ++axis) {
                const auto length = static_cast<typename P::position>(a.shape[axis]);
                if (axis == P::rank - 1) {
                    p.at[axis] = (p.at[axis] << tile_bits) + column;
                } else if (axis == a.tiled_axis) {
                    p.at[axis] = (p.at[axis] << tile_bits) + row;
                }
                inside = inside && static_cast<typename P::position>(p.at[axis]) < length;
                linear = linear * length + static_cast<typename P::position>(p.at[axis]);
            }
            p.position = linear;
            return inside;
        }
    }
    return true;
}

// This thread's run of the tile at `start`; false if some of it lies outside.
template <class P>
__device__ __forceinline__ bool load_tile(const typename P::arguments& a,
                                          typename P::position start,
                                          typename P::loads (&in)[P::vector]) {
    static_assert(P::block * P::vector == tile * tile, "a chunk is a tile");
    typename P::point p;
    if (start >= static_cast<typename P::position>(a.count)) return false;
    if (!visit<P>(a, p, start + threadIdx.x)) return false;
    int64_t first = 0;
#pragma unroll
    for (int axis = 0; axis < P::rank; ++axis) first = axis == a.tiled_axis ? p.at[axis] : first;
    if (first + P::vector > pick<P::rank>(a.shape, a.tiled_axis)) return false;
    P::load_run(a, p, a.tiled_axis, in);
    return true;
}

// This thread's run of the chunk at `start`, where the points are walked in runs.
template <class P>
__device__ __forceinline__ bool find_run(const typename P::arguments& a,
                                         typename P::position start, typename P::point& p) {
    p.position = start + threadIdx.x * P::vector;
    if (p.position >= static_cast<typename P::position>(a.count)) return false;
    unravel<0, P::rank>(p, p.position, a.radix);
    return true;
}

#ifdef XGPU_QUICK

// Compiled in little time, for few points: a thread takes one after the other, by narrow accesses.
template <class P>
__device__ __forceinline__ void elementwise(const typename P::arguments& a) {
    using position = typename P::position;
    const position count = static_cast<position>(a.count);
    const typename P::invariants fixed = P::prepare(a);
    const position step = position(gridDim.x) * P::block;
#pragma unroll 1
    for (position at = position(part_of_block(a)) * P::block + threadIdx.x; at < count; at += step) {
        typename P::point p;
        if (!visit<P>(a, p, at)) continue;
        typename P::loads in = {};
        P::load(a, p, in);
        P::store(a, p, P::compute(fixed, in));
    }
}

#else

template <class P>
__device__ __forceinline__ void elementwise(const typename P::arguments& a) {
    using position = typename P::position;
    constexpr position chunk = P::block * P::vector;
    const position count = static_cast<position>(a.count);
    const position chunks = (count + chunk - 1) / chunk;
    const typename P::invariants fixed = P::prepare(a);

    const position blocks = gridDim.x;
    for (position first = part_of_block(a); first < chunks; first += P::unroll * blocks) {
        typename P::loads in[P::unroll][P::vector];
#pragma unroll
        for (int u = 0; u < P::unroll; ++u) {
            const position start = (first + u * blocks) * chunk;
            if (P::vectorised && a.aligned && start + chunk <= count) {
                P::load_packet(a, start + threadIdx.x * P::vector, in[u]);
                continue;
            }
            if constexpr (P::located && P::rank > 0) {
                if (a.tiled_axis == by_runs) {
                    typename P::point p;
                    if (find_run<P>(a, start, p)) P::load_run(a, p, P::rank - 1, in[u]);
                    continue;
                }
            }
            if constexpr (P::located && P::rank > 1) {
                if (a.tiled_axis >= 0 && load_tile<P>(a, start, in[u])) continue;
            }
#pragma unroll
            for (int j = 0; j < P::vector; ++j) {
                typename P::point p;
                in[u][j] = {};
                const position at = start + j * P::block + threadIdx.x;
                if (at < count && visit<P>(a, p, at)) P::load(a, p, in[u][j]);
            }
        }
#pragma unroll
        for (int u = 0; u < P::unroll; ++u) {
            const position start = (first + u * blocks) * chunk;
            if (start >= count) break;
            typename P::results out[P::vector];
            compute_points<P>(fixed, in[u], out);
            if (P::vectorised && a.aligned && start + chunk <= count) {
                P::store_packet(a, start + threadIdx.x * P::vector, out);
                continue;
            }
            if constexpr (P::located && P::rank > 0) {
                if (a.tiled_axis == by_runs) {
                    typename P::point p;
                    if (find_run<P>(a, start, p)) P::store_run(a, p, P::rank - 1, out);
                    continue;
                }
            }
#pragma unroll
            for (int j = 0; j < P::vector; ++j) {
                typename P::point p;
                const position at = start + j * P::block + threadIdx.x;
                if (at < count && visit<P>(a, p, at)) P::store(a, p, out[j]);
            }
        }
    }
}

#endif  // XGPU_QUICK

}  // namespace xgpu

// With XGPU_RESIDENT, so many blocks are to share a multiprocessor.
#if defined(XGPU_RESIDENT)
#define XGPU_BOUNDS __launch_bounds__(xgpu::program::block, XGPU_RESIDENT)
#else
#define XGPU_BOUNDS __launch_bounds__(xgpu::program::block)
#endif

extern "C" __global__ void XGPU_BOUNDS
    xgpu_elementwise(const xgpu::program::arguments a) {
    xgpu::elementwise<xgpu::program>(a);
}
