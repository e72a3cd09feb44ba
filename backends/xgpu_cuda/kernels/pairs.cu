// The pair kernel: a reduction whose operands vary along one of two kept axes each, the *rows* and
// the *columns*, so that what is read of each is needed again for all of the other.
//
// Included at the end of a generated source, which defines `xgpu::program`. It is compiled for
//
//   XGPU_PAIR_ROWS, XGPU_PAIR_COLUMNS   what a thread has of each: a rectangle of kept points
//   XGPU_PAIR_LONG                      1: states are merged after every `pair_segment` points
//   XGPU_PAIR_DEPTH                     how many reduced points are a step, at most
//   XGPU_PAIR_TILES                     2: one tile is filled while another one is read
//   XGPU_PAIR_HELD                      words that a thread may hold of the next step
//   XGPU_PAIR_RESIDENT                  how many blocks are to share a multiprocessor
//   XGPU_PAIR_UNROLLED                  weight of a tile's points times copies of them in the loop
//
// A block has 16 x 16 threads. It goes along the reduced axes in steps, whose operands it stages in
// shared memory; what a step needs is loaded while the one before it is folded. A thread folds the
// points of a kept point in the order of their positions; with XGPU_PAIR_LONG, segments of them,
// which are merged in order. That order is the same however the tiles are cut, so a kept point has
// the same bits whatever is computed beside it.
#pragma once

#include "xgpu/accumulators.cuh"
#include "xgpu/memory.cuh"
#include "xgpu/space.cuh"

namespace xgpu {

constexpr int pair_side = 16, pair_block = pair_side * pair_side;
constexpr int pair_segment = 512;
constexpr int pair_bytes = 40960;  // of shared memory, at most

// Of each side a thread has groups of neighbours, as many as one access reads of float32.
__device__ constexpr int pair_group(int count) { return count < 4 ? count : 4; }

// What a block needs of one reduced point, in shared memory.
template <class P, int High, int Wide>
struct pair_point {
    typename P::template rows_line<High> rows;
    typename P::template columns_line<Wide> columns;
    typename P::template neither_line<1> neither;
};

// The same, so long that every other one begins in the other half of the banks.
template <class P, int High, int Wide, bool Even = sizeof(pair_point<P, High, Wide>) % 32 == 0>
struct pair_line : pair_point<P, High, Wide> {
    alignas(16) unsigned char padding[16];
};
template <class P, int High, int Wide>
struct pair_line<P, High, Wide, false> : pair_point<P, High, Wide> {};

// How a block goes along the reduced axes.
template <class P, int Rows, int Columns>
struct pair_plan {
    static constexpr int high = Rows * pair_side, wide = Columns * pair_side;
    using line = pair_line<P, high, wide>;
    static constexpr int bytes = sizeof(line);
    static constexpr int tiles = XGPU_PAIR_TILES * bytes <= pair_bytes ? XGPU_PAIR_TILES : 1;
    __device__ static constexpr int fitting(int depth) {
        return depth == 1 || tiles * depth * bytes <= pair_bytes ? depth : fitting(depth / 2);
    }
    static constexpr int depth = fitting(XGPU_PAIR_DEPTH);
    // Whether a thread can hold what it loads of the next step.
    static constexpr int held = depth * (high * sizeof(typename P::rows) +
                                         wide * sizeof(typename P::columns));
    static constexpr bool early = held <= XGPU_PAIR_HELD * 4 * pair_block;
};

// What the threads of a block load of one side, `Depth` reduced points of `Width` elements along its
// axis to a step. A thread has runs of neighbours, along the last reduced axis or along the one of
// the side. What lies beyond the end of an axis is a copy of its last element, and never used.
template <class P, class Side, int Depth, int Width, bool Early>
struct pair_runs {
    using position = typename P::position;
    using index = typename P::index;
    static constexpr bool along = Side::along;
    static constexpr int run = Side::run < Depth ? Side::run : Depth;
    // Two neighbouring threads load neighbouring runs, which fill a sector of 32 bytes; and 32
    // threads then store to 32 banks.
    static constexpr int beside = Depth > run && 2 * Width <= pair_block ? 2 : 1;
    static constexpr int runs = Depth * Width / run;
    static constexpr int count = (runs + pair_block - 1) / pair_block;  // of a thread
    static_assert(runs % pair_block == 0 || runs < pair_block, "threads have equally many runs");
    static_assert(pair_block % (beside * Width) == 0, "the runs of a thread are at one place");
    // From one run of a thread to the next there are so many reduced points.
    static constexpr int apart = along ? pair_block / Width * run : pair_block * run / Width;
    // With one reduced axis, a step is as far from the next as any other.
    static constexpr bool even = P::rank - P::kept_axes == 1;

    const position first;
    const int k, i;  // where the first run of the thread begins
    position whole;  // steps that begin before this are loaded by wide accesses
    typename Side::cursor cursor;
    Side in[Early ? count : 1][run];

    __device__ __forceinline__ pair_runs(const typename P::arguments& a, typename P::point p)
        : first(p.at[Side::axis]),
          k(along ? (threadIdx.x % beside + threadIdx.x / (beside * Width) * beside) * run
                  : threadIdx.x / (Width / run)),
          i(along ? threadIdx.x / beside % Width : threadIdx.x % (Width / run) * run) {
        bool wide = P::template in_packets<run>(a, static_cast<const Side*>(nullptr));
        // A run is not to go on from one row along the last axis to the next.
        if (!even && along) wide &= a.shape[P::rank - 1] % run == 0;
        if (!along) wide &= static_cast<position>(a.shape[Side::axis]) - first >= Width;
        const auto length = static_cast<position>(a.reduced);
        whole = wide ? length - length % Depth : 0;
        if constexpr (even) {
            locate(a, p, first + i, k);
            P::begin(a, p, cursor);
        }
    }
    __device__ __forceinline__ bool has_run() const {
        return runs >= pair_block || static_cast<int>(threadIdx.x) < runs;
    }
    // Sets `p` to an element of the side at a reduced point.
    __device__ __forceinline__ void locate(const typename P::arguments& a, typename P::point& p,
                                           position at, position r) const {
        const auto edge = static_cast<position>(a.shape[Side::axis]) - 1;
        const auto last = static_cast<position>(a.reduced) - 1;
        p.at[Side::axis] = static_cast<index>(at < edge ? at : edge);
        unravel<P::kept_axes, P::rank>(p, r < last ? r : last, a.radix);
    }
    // Run `u` of the step at `start`; where steps are even, the cursor is there.
    __device__ __forceinline__ void load(const typename P::arguments& a, typename P::point p,
                                         position start, int u, Side (&to)[run]) const {
        if (start < whole) {
            if constexpr (even) {
                P::load_neighbours(a, cursor, u * apart, to);
            } else {
                typename Side::cursor here;
                locate(a, p, first + i, start + k + u * apart);
                P::begin(a, p, here);
                P::load_neighbours(a, here, 0, to);
            }
            return;
        }
#pragma unroll
        for (int j = 0; j < run; ++j) {
            locate(a, p, first + i + (along ? 0 : j), start + k + u * apart + (along ? j : 0));
            P::load(a, p, to[j]);
        }
    }
    template <class Line>
    __device__ __forceinline__ void store(Line* tile, int u, const Side (&from)[run]) const {
        Line* to = tile + (k + u * apart);
        if (along) {
#pragma unroll
            for (int j = 0; j < run; ++j) P::stage(to[j], i, from[j]);
        } else {
            P::stage_neighbours(*to, i, from);
        }
    }
    // Begins with the step at `start`, the next one.
    __device__ __forceinline__ void fetch(const typename P::arguments& a,
                                          const typename P::point& p, position start) {
        if (!Early || start >= whole || !has_run()) return;
#pragma unroll
        for (int u = 0; u < count; ++u) load(a, p, start, u, in[Early ? u : 0]);
    }
    // Does the rest.
    template <class Line>
    __device__ __forceinline__ void stage(const typename P::arguments& a,
                                          const typename P::point& p, position start, Line* to) {
        if (!has_run()) return;
        if (Early && start < whole) {
#pragma unroll
            for (int u = 0; u < count; ++u) store(to, u, in[Early ? u : 0]);
        } else {
#pragma unroll 1
            for (int u = 0; u < count; ++u) {
                Side here[run];
                load(a, p, start, u, here);
                store(to, u, here);
            }
        }
        if constexpr (even) P::advance(a, Depth, cursor);
    }
};

// What a block loads of a step, on its way to shared memory.
template <class P, int Rows, int Columns>
struct pair_step {
    using position = typename P::position;
    using plan = pair_plan<P, Rows, Columns>;
    using line = typename plan::line;

    const typename P::arguments& a;
    const typename P::point p;  // the first kept point of the block
    pair_runs<P, typename P::rows, plan::depth, plan::high, plan::early> rows;
    pair_runs<P, typename P::columns, plan::depth, plan::wide, plan::early> columns;
    typename P::neither neither;

    __device__ __forceinline__ pair_step(const typename P::arguments& a, typename P::point p)
        : a(a), p(p), rows(a, p), columns(a, p) {}

    // Begins with the step at `start`, the next one.
    __device__ __forceinline__ void fetch(position start) {
        rows.fetch(a, p, start);
        columns.fetch(a, p, start);
        if (P::neither_loads > 0 && threadIdx.x < plan::depth) {
            const auto last = static_cast<position>(a.reduced) - 1;
            const position r = start + threadIdx.x;
            typename P::point from = p;
            unravel<P::kept_axes, P::rank>(from, r < last ? r : last, a.radix);
            P::load(a, from, neither);
        }
    }
    // Does the rest of it.
    __device__ __forceinline__ void stage(position start, line* to) {
        rows.stage(a, p, start, to);
        columns.stage(a, p, start, to);
        if (P::neither_loads > 0 && threadIdx.x < plan::depth) {
            P::stage(to[threadIdx.x], 0, neither);
        }
    }
};

// Folds one reduced point into the states; `row` and `column` are the thread's first ones.
template <class P, int Rows, int Columns, class Line>
__device__ __forceinline__ void fold_pairs(const typename P::invariants& fixed, const Line& line,
                                           int row, int column, typename P::index position,
                                           typename P::state (&state)[Rows][Columns]) {
    constexpr int high = pair_group(Rows), wide = pair_group(Columns);
    typename P::rows x[Rows];
    typename P::neither z[1];
    P::take(line, 0, z);
#pragma unroll
    for (int r = 0; r < Rows; r += high) {
        typename P::rows group[high];
        P::take(line, row + r * pair_side, group);
#pragma unroll
        for (int j = 0; j < high; ++j) x[r + j] = group[j];
    }
#pragma unroll
    for (int c = 0; c < Columns; c += wide) {
        typename P::columns y[wide];
        P::take(line, column + c * pair_side, y);
#pragma unroll
        for (int r = 0; r < Rows; ++r) {
#pragma unroll
            for (int j = 0; j < wide; ++j) {
                state[r][c + j].absorb(P::compute(fixed, P::join(x[r], y[j], z[0])), position);
            }
        }
    }
}

// Writes what follows from the states of a thread. `first` is its first kept point; `inside`:
// all those of its block are points of the space.
template <class P, int Rows, int Columns>
__device__ __forceinline__ void finish_pairs(const typename P::arguments& a,
                                             const typename P::invariants& fixed,
                                             const typename P::point& first, bool inside,
                                             const typename P::state (&state)[Rows][Columns]) {
    using position = typename P::position;
    constexpr int high = pair_group(Rows), wide = pair_group(Columns);
    typename P::point p = first;
    const auto move = [&](int r, int c) {
        p.at[P::row_axis] = first.at[P::row_axis] + (r / high * high * pair_side + r % high);
        p.at[P::column_axis] = first.at[P::column_axis] + (c / wide * wide * pair_side + c % wide);
        p.position = 0;
#pragma unroll
        for (int axis = 0; axis < P::kept_axes; ++axis) {
            p.position = p.position * static_cast<position>(a.shape[axis]) +
                         static_cast<position>(p.at[axis]);
        }
    };
    if (inside && P::template in_packets<wide>(a)) {
#pragma unroll
        for (int r = 0; r < Rows; ++r) {
#pragma unroll
            for (int c = 0; c < Columns; c += wide) {
                typename P::finished made[wide];
#pragma unroll
                for (int j = 0; j < wide; ++j) {
                    move(r, c + j);
                    made[j] = P::finish(a, fixed, state[r][c + j], p);
                }
                move(r, c);
                P::write_neighbours(a, p, made);
            }
        }
        return;
    }
#pragma unroll
    for (int r = 0; r < Rows; ++r) {
#pragma unroll
        for (int c = 0; c < Columns; ++c) {
            move(r, c);
            if (p.at[P::row_axis] >= a.shape[P::row_axis]) continue;
            if (p.at[P::column_axis] >= a.shape[P::column_axis]) continue;
            P::write(a, p, P::finish(a, fixed, state[r][c], p));
        }
    }
}

template <class P, int Rows, int Columns, bool Long>
__device__ __forceinline__ void pairs(const typename P::arguments& a,
                                      typename pair_plan<P, Rows, Columns>::line* lines) {
    using position = typename P::position;
    using index = typename P::index;
    using plan = pair_plan<P, Rows, Columns>;
    using line = typename plan::line;
    constexpr int depth = plan::depth;
    constexpr bool twice = depth > 1 && 2 * Rows * Columns * P::weight <= XGPU_PAIR_UNROLLED;
    constexpr int ahead = twice ? 2 : 1;
    constexpr int high = pair_group(Rows), wide = pair_group(Columns);
    // A warp has 4 x 8 of the threads: the squarer, the less it reads of both sides.
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    const int my_row = (warp / 2 * 4 + lane / 8) * high;
    const int my_column = (warp % 2 * 8 + lane % 8) * wide;
    const typename P::invariants fixed = P::prepare(a);

    // The radix of a kept axis counts tiles, where it is cut into them.
    typename P::point p;
    unravel<0, P::kept_axes>(p, position(blockIdx.x), a.radix);
    const position row = position(p.at[P::row_axis]) * plan::high;
    const position column = position(p.at[P::column_axis]) * plan::wide;
    const auto length = static_cast<position>(a.reduced);
    p.at[P::row_axis] = static_cast<index>(row);
    p.at[P::column_axis] = static_cast<index>(column);

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
    pair_step<P, Rows, Columns> next(a, p);
    line *present = lines, *filled = lines + (plan::tiles - 1) * depth;
    if (length > 0) {
        next.fetch(0);
        next.stage(0, present);
    }
    __syncthreads();
#pragma unroll 1
    for (position start = 0; start < length; start += depth) {
        const bool more = length - start > depth;
        if (more) next.fetch(start + depth);
        const auto at = static_cast<index>(start);
        if (length - start >= depth) {
            // A pointer that walks is one instruction fewer than an address of each point.
            const line* from = present;
            int k = 0;
#pragma unroll 1
            do {
#pragma unroll
                for (int j = 0; j < ahead; ++j) {
                    fold_pairs<P>(fixed, from[j], my_row, my_column, at + k + j, state);
                }
                from += ahead;
                k += ahead;
            } while (k != depth);
        } else {
#pragma unroll 1
            for (int k = 0; k < static_cast<int>(length - start); ++k) {
                fold_pairs<P>(fixed, present[k], my_row, my_column, at + k, state);
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
        if (plan::tiles == 1) __syncthreads();
        if (more) next.stage(start + depth, filled);
        line* const read = present;
        present = filled;
        filled = read;
        __syncthreads();
    }
    const bool inside = static_cast<position>(a.shape[P::row_axis]) - row >= plan::high &&
                        static_cast<position>(a.shape[P::column_axis]) - column >= plan::wide;
    p.at[P::row_axis] += static_cast<index>(my_row);
    p.at[P::column_axis] += static_cast<index>(my_column);
    if constexpr (Long) finish_pairs<P>(a, fixed, p, inside, total);
    else finish_pairs<P>(a, fixed, p, inside, state);
}

}  // namespace xgpu

extern "C" __global__ void __launch_bounds__(xgpu::pair_block, XGPU_PAIR_RESIDENT)
    xgpu_pairs(const xgpu::program::arguments a) {
    using plan = xgpu::pair_plan<xgpu::program, XGPU_PAIR_ROWS, XGPU_PAIR_COLUMNS>;
    alignas(16) __shared__ unsigned char storage[plan::tiles * plan::depth * sizeof(plan::line)];
    xgpu::pairs<xgpu::program, XGPU_PAIR_ROWS, XGPU_PAIR_COLUMNS, XGPU_PAIR_LONG != 0>(
        a, reinterpret_cast<plan::line*>(storage));
}
