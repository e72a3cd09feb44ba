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
    bool packed;      // a thread's points of a chunk are neighbours
};

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
template <class P, int Pass, bool Kept, int Chunks, int Ahead, class State>
__device__ __forceinline__ void visit_points(const typename P::arguments& a,
                                             const typename P::invariants& fixed,
                                             const typename P::row& row,
                                             const row_group<P>& my, typename P::point& p,
                                             typename P::position first,
                                             typename P::points (&in)[Chunks][P::vector],
                                             State& state) {
    using position = typename P::position;
    constexpr stage<Pass, Kept> at{};
    const position step = my.packed ? 1 : my.lanes;
    const auto origin = [&](int chunk) {
        return first + chunk * my.lanes * P::vector + my.lane * (my.packed ? P::vector : 1);
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
            if constexpr (P::runs) {
                if (my.packed) {
                    if (begin < my.length) {
                        move(begin);
                        P::load_run(at, a, p, in[u]);
                    }
                    continue;
                }
            }
#pragma unroll
            for (int j = 0; j < P::vector; ++j) {
                if (begin + j * step < my.length) {
                    move(begin + j * step);
                    P::load(at, a, p, in[u][j]);
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
                if (r < my.length) state.absorb(out[j], static_cast<typename P::index>(r));
            }
            if constexpr (P::writes(stage<Pass>())) {
                if constexpr (P::runs) {
                    if (my.packed) {
                        if (begin < my.length) {
                            move(begin);
                            P::store_run(a, p, out);
                        }
                        continue;
                    }
                }
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
        state = {};
        if (lane < lanes / warp_lanes) state = shared[lane];
        for (unsigned offset = warp_lanes / 2; offset > 0; offset /= 2) {
            state.merge(shuffle_down(state, offset, warp_lanes));
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
template <class P, int Pass, bool Kept, int Chunks, int Width>
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
            visit_points<P, Pass, Kept, Chunks, ahead>(a, fixed, row, my, p, 0, in, state);
        } else {
            const position round = my.lanes * position(P::vector * Chunks);
#pragma unroll 1
            for (position first = 0; first < my.length; first += round) {
                visit_points<P, Pass, Kept, Chunks, Chunks>(a, fixed, row, my, p, first, in, state);
            }
        }
        if constexpr (Pass < P::folds) {
            // A pass may begin to write while another warp reads what the last one left.
            auto* states = reinterpret_cast<decltype(state)*>(shared[Pass % 2]);
            if constexpr (Width > 1) state = merged_across<Width>(state, states);
            else state = merged(state, static_cast<unsigned>(my.lanes), states);
            P::finish(a, fixed, state, kept, row);
        }
        go_on<P, Pass + 1, Kept, Chunks, Width>(a, fixed, row, my, kept, in, shared);
    }
}

template <class P, bool Kept, int Chunks, int Width>
__device__ __forceinline__ void rows(const typename P::arguments& a,
                                     unsigned char* const (&shared)[2]) {
    using position = typename P::position;
    const unsigned lanes = static_cast<unsigned>(a.lanes);
    const position number = position(blockIdx.x) * (blockDim.x / lanes) +
                            (Width > 1 ? threadIdx.x % Width : threadIdx.x / lanes);
    const bool inside = number < static_cast<position>(a.kept);
    const position length = static_cast<position>(a.reduced);
    row_group<P> my;
    my.start = (inside ? number : 0) * length;
    my.length = inside ? length : 0;
    my.lane = Width > 1 ? threadIdx.x / Width : threadIdx.x % lanes;
    my.lanes = lanes;
    // Every row must start where a wide access may if the first one does.
    my.packed = Width == 1 && P::runs && length % P::vector == 0;
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
    go_on<P, 0, Kept, Chunks, Width>(a, fixed, row, my, kept, in, shared);
    if (inside && my.lane == 0) P::write(a, fixed, kept, row);
}

}  // namespace xgpu

extern "C" __global__ void __launch_bounds__(XGPU_ROW_THREADS)
    xgpu_rows(const xgpu::program::arguments a) {
    constexpr int bytes = xgpu::state_size<xgpu::program>() * xgpu::warp_lanes * XGPU_ROW_WIDTH;
    alignas(16) __shared__ unsigned char storage[2][bytes];
    unsigned char* const shared[2] = {storage[0], storage[1]};
    xgpu::rows<xgpu::program, XGPU_ROW_KEPT != 0, XGPU_ROW_CHUNKS, XGPU_ROW_WIDTH>(a, shared);
}
