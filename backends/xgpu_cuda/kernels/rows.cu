// The row kernel: passes over the points of a row, of which each may read what the ones before it
// reduced the row to.
//
// Included at the end of a generated source, which defines `xgpu::program`. It is compiled for
//
//   XGPU_ROW_CHUNKS   runs of P::vector points to a thread (at a time)
//   XGPU_ROW_KEPT     1: these are all, and a thread keeps them from pass to pass;
//                     0: rows are longer, and each pass reads them again
//   XGPU_ROW_THREADS  the most threads of a block
//   XGPU_ROW_WIDTH    1: neighbouring threads take neighbours along a row;
//                     a power of two up to a warp: so many take neighbouring rows
//   XGPU_ROW_PACKING  which points of a chunk a thread has:
//                     0: as many apart as threads share the row
//                     1: a run of P::vector neighbours; all rows are whole runs
//                     2: the same, where rows are not: runs begin at multiples of P::vector,
//                        counted from the first row's first point, so the first run of a row and
//                        the last one are cut
//
// `a.lanes` threads share a row: with a width of 1 up to a warp a power of two of them, and several
// rows to a block, else the whole block; with another one, what the block has to each row. Each
// folds its points in the order of their positions, then the group in a
// fixed tree. Which points a thread has follows from sizes alone; whether it reads them in wide
// accesses follows from addresses too, and changes no bit.
#pragma once

#include "xgpu/accumulators.cuh"
#include "xgpu/memory.cuh"
#include "xgpu/row.cuh"
#include "xgpu/space.cuh"
#include "xgpu/warp.cuh"

namespace xgpu {

// What a group of threads works on.
template <class P>
struct row_group {
    using position = typename P::position;
    position start;   // of the row's first point
    position length;  // 0 for a group beyond the last row
    position lane, lanes;
    position shift;   // how many points before the row its first run begins
    position whole;   // runs that begin before this point are whole
    bool even;        // runs of operands with strides lie where a wide access may be
};

// As XGPU_ROW_PACKING has it.
enum packing { apart, aligned, shifted };

// The most bytes of the states of all passes.
template <class P, int Pass = 0>
__device__ constexpr int state_size() {
    if constexpr (Pass < P::folds) {
        constexpr int rest = state_size<P, Pass + 1>();
        constexpr int size = sizeof(decltype(P::start(stage<Pass>())));
        return size > rest ? size : rest;
    } else {
        return 0;
    }
}

// The points from `first` on in `Chunks` chunks: loads `Ahead` of them before it waits.
template <class P, int Pass, bool Kept, packing Packing, int Chunks, int Ahead, class State>
__device__ __forceinline__ void visit_points(const typename P::arguments& a,
                                             const typename P::invariants& fixed,
                                             const typename P::row& row,
                                             const row_group<P>& my, typename P::point& p,
                                             typename P::position first,
                                             typename P::points (&in)[Chunks][P::vector],
                                             State& state) {
    using position = typename P::position;
    constexpr stage<Pass, Kept> at{};
    constexpr bool packed = Packing != apart;
    const position step = packed ? 1 : my.lanes;
    // What lies before a row wraps around, and so is not less than its length.
    const auto origin = [&](int chunk) {
        const position start = first + chunk * my.lanes * P::vector;
        return start + my.lane * (packed ? P::vector : 1) - (Packing == shifted ? my.shift : 0);
    };
    const auto move = [&](position r) {
        p.position = my.start + r;
        if constexpr (P::located) unravel<P::kept_axes, P::rank>(p, r, a.radix);
    };
#pragma unroll
    for (int base = 0; base < Chunks; base += Ahead) {
#pragma unroll
        for (int ahead = 0; ahead < Ahead; ++ahead) {
            const int u = base + ahead;
            const position begin = origin(u);
            if constexpr (packed) {
                if (begin < my.whole) {
                    move(begin);
                    P::load_run(at, a, my.even, p, in[u]);
                    continue;
                }
            }
            if constexpr (Packing != aligned) {
#pragma unroll
                for (int j = 0; j < P::vector; ++j) {
                    if (begin + j * step < my.length) {
                        move(begin + j * step);
                        P::load(at, a, p, in[u][j]);
                    }
                }
            }
        }
#pragma unroll
        for (int ahead = 0; ahead < Ahead; ++ahead) {
            const int u = base + ahead;
            const position begin = origin(u);
            decltype(P::compute(at, fixed, row, in[0][0])) out[P::vector];
#pragma unroll
            for (int j = 0; j < P::vector; ++j) {
                const position r = begin + j * step;
                out[j] = P::compute(at, fixed, row, in[u][j]);
                if ((Packing == aligned ? begin : r) < my.length) {
                    state.absorb(out[j], static_cast<typename P::index>(r));
                }
            }
            if constexpr (P::writes(stage<Pass>())) {
                if constexpr (packed) {
                    if (begin < my.whole) {
                        move(begin);
                        P::store_run(a, my.even, p, out);
                        continue;
                    }
                }
                if constexpr (Packing != aligned) {
#pragma unroll
                    for (int j = 0; j < P::vector; ++j) {
                        if (begin + j * step < my.length) {
                            move(begin + j * step);
                            P::store(a, p, out[j]);
                        }
                    }
                }
            }
        }
    }
}

// Merges the states of a group, and gives all its threads the result. Called by all threads of a
// block; `shared` has room for a state of each warp.
template <class State>
__device__ __forceinline__ State merged(State state, unsigned lanes, State* shared) {
    const unsigned width = lanes < warp_lanes ? lanes : warp_lanes;
    for (unsigned offset = width / 2; offset > 0; offset /= 2) {
        state.merge(shuffle_down(state, offset, width));
    }
    if (lanes > warp_lanes) {
        const unsigned warp = threadIdx.x / warp_lanes, lane = threadIdx.x % warp_lanes;
        if (lane == 0) shared[warp] = state;
        __syncthreads();
        // Each warp for itself, so that none waits for another once more.
        const unsigned warps = lanes / warp_lanes;
        state = {};
        if (lane < warps) state = shared[lane];
#pragma unroll
        for (unsigned offset = warp_lanes / 2; offset > 0; offset /= 2) {
            // Lanes from `warps` on have nothing.
            if (offset < warps) state.merge(shuffle_down(state, offset, warp_lanes));
        }
    }
    return shuffle_from(state, 0, width);
}

// The same where thread t of a block is of row t % Width: `shared` has room for Width states of each
// warp.
template <int Width, class State>
__device__ __forceinline__ State merged_across(State state, State* shared) {
    const unsigned warp = threadIdx.x / warp_lanes, lane = threadIdx.x % warp_lanes;
    for (unsigned offset = warp_lanes / 2; offset >= Width; offset /= 2) {
        state.merge(shuffle_down(state, offset, warp_lanes));
    }
    if (lane < Width) shared[warp * Width + lane] = state;
    __syncthreads();
    const unsigned row = threadIdx.x % Width;
    state = shared[row];
    for (unsigned w = 1; w < blockDim.x / warp_lanes; ++w) state.merge(shared[w * Width + row]);
    return state;
}

// This pass and the ones after it.
template <class P, int Pass, bool Kept, packing Packing, int Chunks, int Width>
__device__ __forceinline__ void go_on(const typename P::arguments& a,
                                      const typename P::invariants& fixed, typename P::row& row,
                                      const row_group<P>& my, const typename P::point& kept,
                                      typename P::points (&in)[Chunks][P::vector],
                                      unsigned char* const (&shared)[2]) {
    if constexpr (Pass < P::passes) {
        using position = typename P::position;
        auto state = P::start(stage<Pass>());
        typename P::point p = kept;
        if constexpr (Kept) {
            constexpr int ahead = P::ahead(stage<Pass>()) < Chunks ? P::ahead(stage<Pass>()) : Chunks;
            visit_points<P, Pass, Kept, Packing, Chunks, ahead>(a, fixed, row, my, p, 0, in, state);
        } else {
            const position round = my.lanes * position(P::vector * Chunks);
            const position end = my.length + (Packing == shifted ? my.shift : 0);
#pragma unroll 1
            for (position first = 0; first < end; first += round) {
                visit_points<P, Pass, Kept, Packing, Chunks, Chunks>(a, fixed, row, my, p, first, in,
                                                                     state);
            }
        }
        if constexpr (Pass < P::folds) {
            // A pass may begin to write while another warp reads what the last one left.
            auto* states = reinterpret_cast<decltype(state)*>(shared[Pass % 2]);
            if constexpr (Width > 1) state = merged_across<Width>(state, states);
            else state = merged(state, static_cast<unsigned>(my.lanes), states);
            P::finish(a, fixed, state, kept, row);
        }
        go_on<P, Pass + 1, Kept, Packing, Chunks, Width>(a, fixed, row, my, kept, in, shared);
    }
}

template <class P, bool Kept, packing Packing, int Chunks, int Width>
__device__ __forceinline__ void rows(const typename P::arguments& a,
                                     unsigned char* const (&shared)[2]) {
    using position = typename P::position;
    const unsigned lanes = static_cast<unsigned>(a.lanes);
    // Divisions are for blocks of several rows.
    position number = part_of_block(a);
    unsigned lane = threadIdx.x;
    if (Width > 1) {
        number = number * Width + threadIdx.x % Width;
        lane = threadIdx.x / Width;
    } else if (lanes <= warp_lanes) {
        number = number * (blockDim.x / lanes) + threadIdx.x / lanes;
        lane = threadIdx.x % lanes;
    }
    const bool inside = number < static_cast<position>(a.kept);
    const position length = static_cast<position>(a.reduced);
    row_group<P> my;
    my.start = (inside ? number : 0) * length;
    my.length = inside ? length : 0;
    my.lane = lane;
    my.lanes = lanes;
    // Where a run begins, a wide access may be, if the first row begins at such a place.
    my.shift = Packing == shifted ? my.start % P::vector : 0;
    my.whole = my.length;
    my.even = Packing == aligned && P::even(a);
    if (Packing == shifted) my.whole = my.length < P::vector ? 0 : my.length - (P::vector - 1);
    typename P::point kept;
    unravel<0, P::kept_axes>(kept, inside ? number : 0, a.radix);
    kept.position = inside ? number : 0;
    const typename P::invariants fixed = P::prepare(a);
    typename P::row row;
    P::first(a, fixed, kept, row);
    typename P::points in[Chunks][P::vector];
#pragma unroll
    for (int u = 0; u < Chunks; ++u) {
#pragma unroll
        for (int j = 0; j < P::vector; ++j) in[u][j] = {};
    }
    go_on<P, 0, Kept, Packing, Chunks, Width>(a, fixed, row, my, kept, in, shared);
    if (inside && my.lane == 0) P::write(a, fixed, kept, row);
}

}  // namespace xgpu

// With XGPU_ROW_RESIDENT, so many blocks are to share a multiprocessor.
#if defined(XGPU_ROW_RESIDENT)
#define XGPU_ROW_BOUNDS __launch_bounds__(XGPU_ROW_THREADS, XGPU_ROW_RESIDENT)
#else
#define XGPU_ROW_BOUNDS __launch_bounds__(XGPU_ROW_THREADS)
#endif

extern "C" __global__ void XGPU_ROW_BOUNDS
    xgpu_rows(const xgpu::program::arguments a) {
    constexpr int bytes = xgpu::state_size<xgpu::program>() * xgpu::warp_lanes * XGPU_ROW_WIDTH;
    alignas(16) __shared__ unsigned char storage[2][bytes];
    unsigned char* const shared[2] = {storage[0], storage[1]};
    // Runs need operands whose neighbours along a row lie at even distances.
    constexpr auto packing = xgpu::program::runs && XGPU_ROW_WIDTH == 1
                                 ? xgpu::packing(XGPU_ROW_PACKING)
                                 : xgpu::apart;
    xgpu::rows<xgpu::program, XGPU_ROW_KEPT != 0, packing, XGPU_ROW_CHUNKS, XGPU_ROW_WIDTH>(a,
                                                                                             shared);
}
