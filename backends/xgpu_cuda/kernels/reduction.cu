// The reduction kernels: fold a program's values over the reduced axes, for each kept point.
//
// Included at the end of a generated source, which defines `xgpu::program`. `a.lanes` threads
// share one kept point, or one of the `a.splits` segments of it, and fold their values in a
// fixed order, then among themselves in a fixed tree; so the same sizes give the same bits. All
// reductions of a program are members of one state and share the pass.
//
//   xgpu_reduction_rows     neighbouring threads take neighbours along the reduced axes
//   xgpu_reduction_columns  neighbouring threads take neighbours along the kept axes
//   xgpu_reduction_finish   merges the states of the segments, if there are several
//
// Who has the final state runs the epilogue and writes the outputs.
#pragma once

#include "xgpu/accumulators.cuh"
#include "xgpu/memory.cuh"
#include "xgpu/space.cuh"

namespace xgpu {

constexpr unsigned warp_size = 32;

// What a group of threads works on: points begin .. end - 1 of the reduced space, at one kept
// point, of which this thread is number `lane` of `lanes`.
template <class P>
struct share {
    typename P::position kept, begin, end, lane, lanes;
};

// One round: P::unroll chunks of lanes * P::vector points from `start` on, all loads first. `Whole`
// says that no point lies beyond the end, `packed` that a thread's points of a whole chunk are
// neighbours. That follows from sizes alone and settles the order of the fold; whether neighbours
// are then read in one access, which the address settles too, changes no bit.
template <class P, bool Whole>
__device__ __forceinline__ void fold_round(const typename P::arguments& a,
                                           const typename P::invariants& fixed,
                                           const share<P>& my, typename P::point& p, bool packed,
                                           typename P::position start, typename P::state& state) {
    using position = typename P::position;
    const position chunk = my.lanes * P::vector;
    const position row = my.kept * static_cast<position>(a.reduced);
    const auto at = [&](position r) {
        p.position = row + r;
        if (P::located) unravel<P::kept_axes, P::rank>(p, r, a.radix);
    };
    typename P::loads in[P::unroll][P::vector];
#pragma unroll
    for (int u = 0; u < P::unroll; ++u) {
        const position first = start + u * chunk;
        const bool neighbours = P::vectorised && packed && (Whole || first + chunk <= my.end);
        const position origin = first + my.lane * (neighbours ? P::vector : 1);
        const position step = neighbours ? 1 : my.lanes;
        if (neighbours && a.aligned) {
            P::load_packet(a, row + origin, in[u]);
            continue;
        }
#pragma unroll
        for (int j = 0; j < P::vector; ++j) {
            const position r = origin + j * step;
            in[u][j] = {};
            if (Whole || r < my.end) {
                at(r);
                P::load(a, p, in[u][j]);
            }
        }
    }
#pragma unroll
    for (int u = 0; u < P::unroll; ++u) {
        const position first = start + u * chunk;
        if (!Whole && first >= my.end) break;
        const bool neighbours = P::vectorised && packed && (Whole || first + chunk <= my.end);
        const position origin = first + my.lane * (neighbours ? P::vector : 1);
        const position step = neighbours ? 1 : my.lanes;
        typename P::results out[P::vector];
#pragma unroll
        for (int j = 0; j < P::vector; ++j) {
            const position r = origin + j * step;
            out[j] = P::compute(fixed, in[u][j]);
            if (Whole || r < my.end) {
                state.absorb(out[j], static_cast<typename P::index>(r));
            }
        }
        if constexpr (P::writes) {
            if (neighbours && a.aligned) {
                P::store_packet(a, row + origin, out);
                continue;
            }
#pragma unroll
            for (int j = 0; j < P::vector; ++j) {
                const position r = origin + j * step;
                if (Whole || r < my.end) {
                    at(r);
                    P::store(a, p, out[j]);
                }
            }
        }
    }
}

// This thread's part of the fold; `p` has the coordinates of the kept point.
template <class P>
__device__ __forceinline__ void fold(const typename P::arguments& a,
                                     const typename P::invariants& fixed, const share<P>& my,
                                     typename P::point& p, bool packed,
                                     typename P::state& state) {
    const typename P::position chunk = my.lanes * P::vector;
    typename P::position start = my.begin;
    for (; start + P::unroll * chunk <= my.end; start += P::unroll * chunk) {
        fold_round<P, true>(a, fixed, my, p, packed, start, state);
    }
    if (start < my.end) {
        fold_round<P, false>(a, fixed, my, p, packed, start, state);
    }
}

// Merges the states of a group of `lanes` threads (a power of two up to a warp, or the block, of
// `warps`) into that of its first thread. Called by all threads of a block.
template <class P>
__device__ __forceinline__ void merge_group(typename P::state& state, unsigned lanes,
                                            typename P::state* shared,
                                            unsigned warps = P::block / warp_size) {
    const unsigned width = lanes < warp_size ? lanes : warp_size;
    for (unsigned offset = width / 2; offset > 0; offset /= 2) {
        state.merge(shuffle_down(state, offset, width));
    }
    if constexpr (P::block > warp_size) {
        if (lanes <= warp_size) return;
        const unsigned warp = threadIdx.x / warp_size, lane = threadIdx.x % warp_size;
        if (lane == 0) shared[warp] = state;
        __syncthreads();
        if (warp > 0) return;
        if (lane < warps) state = shared[lane];
        for (unsigned offset = warps / 2; offset > 0; offset /= 2) {
            state.merge(shuffle_down(state, offset, warps));
        }
    }
}

// Merges, over the rows of a block whose rows have `width` threads (a power of two up to a warp),
// the states of each column into that of its thread in the first row.
template <class P>
__device__ __forceinline__ void merge_columns(typename P::state& state, unsigned width,
                                              typename P::state* shared) {
    for (unsigned offset = warp_size / 2; offset >= width; offset /= 2) {
        state.merge(shuffle_down(state, offset, warp_size));
    }
    if constexpr (P::block > warp_size) {
        const unsigned warp = threadIdx.x / warp_size, lane = threadIdx.x % warp_size;
        for (unsigned left = P::block / warp_size / 2; left > 0; left /= 2) {
            if (warp >= left && warp < 2 * left && lane < width) {
                shared[(warp - left) * warp_size + lane] = state;
            }
            __syncthreads();
            if (warp < left && lane < width) state.merge(shared[warp * warp_size + lane]);
            __syncthreads();
        }
    }
}

// The host allocates so much for a state.
static_assert(sizeof(program::state) <= program::state_bytes, "see xgpu.codegen.tuning");

// Runs the epilogue, or leaves the state of a segment to the second kernel.
template <class P>
__device__ __forceinline__ void conclude(const typename P::arguments& a,
                                         const typename P::invariants& fixed,
                                         const typename P::state& state, typename P::point& p,
                                         typename P::position kept,
                                         typename P::position segment) {
    const auto splits = static_cast<typename P::position>(a.splits);
    if (splits == 1) {
        p.position = kept;
        P::finish(a, fixed, state, p);
    } else {
        reinterpret_cast<typename P::state*>(a.workspace)[kept * splits + segment] = state;
    }
}

template <class P>
__device__ __forceinline__ share<P> segment_of(const typename P::arguments& a,
                                               typename P::position kept,
                                               typename P::position segment) {
    using position = typename P::position;
    share<P> my;
    my.kept = kept;
    my.begin = segment * static_cast<position>(a.segment);
    my.end = my.begin + static_cast<position>(a.segment);
    if (my.end > static_cast<position>(a.reduced)) my.end = static_cast<position>(a.reduced);
    return my;
}

// A group per segment of a kept point.
template <class P>
__device__ __forceinline__ void reduction_rows(const typename P::arguments& a,
                                               typename P::state* shared) {
    using position = typename P::position;
    const unsigned lanes = static_cast<unsigned>(a.lanes);
    const position splits = static_cast<position>(a.splits);
    const position task = position(part_of_block(a)) * (P::block / lanes) + threadIdx.x / lanes;
    const position kept = splits == 1 ? task : task / splits;
    const position segment = splits == 1 ? 0 : task % splits;
    const bool inside = kept < static_cast<position>(a.kept);
    const typename P::invariants fixed = P::prepare(a);
    typename P::state state;
    typename P::point p;
    unravel<0, P::kept_axes>(p, inside ? kept : 0, a.radix);
    share<P> my = segment_of<P>(a, kept, segment);
    my.lane = threadIdx.x % lanes;
    my.lanes = lanes;
    // Every row must start where a wide access may if the first one does.
    const bool packed = a.kept == 1 || a.reduced % P::vector == 0;
    if (inside) fold<P>(a, fixed, my, p, packed, state);
    merge_group<P>(state, lanes, shared);
    if (inside && my.lane == 0) conclude<P>(a, fixed, state, p, kept, segment);
}

// A block per segment of `a.lanes` neighbouring kept points.
template <class P>
__device__ __forceinline__ void reduction_columns(const typename P::arguments& a,
                                                  typename P::state* shared) {
    using position = typename P::position;
    const unsigned width = static_cast<unsigned>(a.lanes);
    const position blocks = (static_cast<position>(a.kept) + width - 1) / width;
    const position part = part_of_block(a);
    const position segment = part / blocks;
    const position kept = part % blocks * width + threadIdx.x % width;
    const bool inside = kept < static_cast<position>(a.kept);
    const typename P::invariants fixed = P::prepare(a);
    typename P::state state;
    typename P::point p;
    unravel<0, P::kept_axes>(p, inside ? kept : 0, a.radix);
    share<P> my = segment_of<P>(a, kept, segment);
    my.lane = threadIdx.x / width;
    my.lanes = P::block / width;
    if (inside) fold<P>(a, fixed, my, p, false, state);
    merge_columns<P>(state, width, shared);
    if (inside && my.lane == 0) conclude<P>(a, fixed, state, p, kept, segment);
}

// A group per kept point, over the states of its segments.
template <class P>
__device__ __forceinline__ void reduction_finish(const typename P::arguments& a,
                                                 typename P::state* shared) {
    using position = typename P::position;
    const unsigned lanes = static_cast<unsigned>(a.finish_lanes);
    const position splits = static_cast<position>(a.splits);
    const position kept = position(blockIdx.x) * (blockDim.x / lanes) + threadIdx.x / lanes;
    const unsigned lane = threadIdx.x % lanes;
    const bool inside = kept < static_cast<position>(a.kept);
    const auto* states = reinterpret_cast<const typename P::state*>(a.workspace) + kept * splits;
    typename P::state state;
    // Light ones are loaded several at a time: what this takes is to wait for them.
    constexpr int ahead = sizeof(typename P::state) <= 8 ? 4 : 1;
    for (position i = lane; inside && i < splits; i += ahead * lanes) {
        typename P::state next[ahead];
#pragma unroll
        for (int u = 0; u < ahead; ++u) {
            if (i + u * lanes < splits) next[u] = states[i + u * lanes];
        }
#pragma unroll
        for (int u = 0; u < ahead; ++u) state.merge(next[u]);
    }
    merge_group<P>(state, lanes, shared, blockDim.x / warp_size);
    if (!inside || lane > 0) return;
    typename P::point p;
    p.position = kept;
    unravel<0, P::kept_axes>(p, kept, a.radix);
    P::finish(a, P::prepare(a), state, p);
}

}  // namespace xgpu

// The states that a block exchanges, in memory of a type without a constructor, which
// __shared__ rules out.
#define XGPU_SHARED_STATES(name)                                                              \
    alignas(16) __shared__ unsigned char                                                      \
        storage[(xgpu::program::block / 2) * sizeof(xgpu::program::state)];                   \
    auto* name = reinterpret_cast<xgpu::program::state*>(storage)

#define XGPU_FINISH_THREADS (xgpu::program::block > 32 ? 1024 : 32)

extern "C" __global__ void __launch_bounds__(xgpu::program::block)
    xgpu_reduction_rows(const xgpu::program::arguments a) {
    XGPU_SHARED_STATES(shared);
    xgpu::reduction_rows<xgpu::program>(a, shared);
}

#if !defined(XGPU_ROWS_ONLY)
extern "C" __global__ void __launch_bounds__(xgpu::program::block)
    xgpu_reduction_columns(const xgpu::program::arguments a) {
    XGPU_SHARED_STATES(shared);
    xgpu::reduction_columns<xgpu::program>(a, shared);
}
#endif

// Its blocks may be larger, for it has few of them.
extern "C" __global__ void __launch_bounds__(XGPU_FINISH_THREADS)
    xgpu_reduction_finish(const xgpu::program::arguments a) {
    XGPU_SHARED_STATES(shared);
    xgpu::reduction_finish<xgpu::program>(a, shared);
}
