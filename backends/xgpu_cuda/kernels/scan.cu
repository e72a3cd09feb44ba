// Cumulative sums and products along the last axis of an operand that may be strided.
//
// Included at the end of a source that defines `xgpu::scan_types`: `element`, the operation
// `combine`, the number of `row_axes`, the signed type `index` that holds the number of rows, the
// number of `packets` that a thread holds, and for xgpu_scan_tiles
//
//   tile_block  the threads of a block, at most
//   resident    blocks that are to share a multiprocessor
//   folded      whether what comes before a packet in its warp is added to it at once: one addition
//               more for each element, and a register less for each packet
//   fetching    whether a tile is fetched into the L2 cache when one `ahead` tiles before is loaded
//
//   xgpu_scan_short  rows of a few elements: a thread takes one
//   xgpu_scan_rows   rows that fit a warp: a group of lanes takes one
//   xgpu_scan_tiles  a block takes a tile: a row, or a part of one with look-back (look_back.cuh)
//   xgpu_scan_start  empties the slots for the look-back; runs first
//
// One of them is compiled at a time: xgpu_scan_tiles with xgpu_scan_start, unless XGPU_SCAN_SHORT or
// XGPU_SCAN_ROWS asks for another, or XGPU_SCAN_STAGED for the one in scan_staged.cu.
//
// A thread holds packets of 16 bytes, neighbouring lanes neighbouring packets, so loads and stores
// are wide and coalesced and nothing is transposed. Values are combined within the packet, then
// over the lanes, the packets, the warps and the tiles, each time in an order that follows from the
// position in the row alone: the same input gives the same bits. A row of a few elements is
// combined one by one, as on the host.
#pragma once

#include "xgpu/cast.cuh"
#include "xgpu/hints.cuh"
#include "xgpu/look_back.cuh"
#include "xgpu/memory.cuh"
#include "xgpu/operations.cuh"
#include "xgpu/strided.cuh"
#include "xgpu/warp.cuh"

namespace xgpu {

// Slots of 8 bytes, filled in by launch/scan.py.
struct scan_arguments {
    const scan_types::element* in;
    int64_t stride;  // along the row
    scan_types::element* out;
    int64_t rows, length;
    int64_t lanes;         // that share a row, in xgpu_scan_rows
    int64_t across;        // in xgpu_scan_short, whether the neighbours in memory are in other rows
    divisor columns;       // `length`
    divisor tiles;         // of a row, in xgpu_scan_tiles
    uint64_t* ticket;      // the number of the next tile, followed by the slots of
    uint64_t *tile_slots;  // each tile and
    uint64_t *group_slots; // each group of tiles
    int64_t words;         // of all of these
    int64_t ahead;         // see `fetching`
    strided_axes<scan_types::row_axes> row;
};

// What values are combined in; each result is rounded to an element once.
using scan_accumulator = wide_of<scan_types::element>;

constexpr int scan_block = 256;
constexpr int scan_tile_block = scan_types::tile_block;  // at most
constexpr int scan_short_block = 128;
constexpr int scan_short_length = 16;  // at most
constexpr int scan_vector = 16 / sizeof(scan_types::element);
constexpr int scan_lane_share = scan_vector * scan_types::packets;
constexpr int scan_warp_share = scan_lane_share * warp_lanes;
using scan_packet = packet<scan_types::element, scan_vector>;

// A row, or what is left of it: where its elements come from and go to.
struct scan_span {
    const scan_types::element* in;
    int64_t stride;
    scan_types::element* out;
    int64_t length;  // may be negative, where nothing is left
    bool wide_in, wide_out;

    __device__ __forceinline__ scan_span(const scan_arguments& a, unsigned_of<scan_types::index> row,
                                         int64_t skip) {
        in = a.in + a.row.offset<scan_types::index>(row) + skip * a.stride;
        stride = a.stride;
        out = a.out + int64_t(row) * a.length + skip;
        length = a.length - skip;
        wide_in = stride == 1 && reinterpret_cast<uint64_t>(in) % 16 == 0;
        wide_out = reinterpret_cast<uint64_t>(out) % 16 == 0;
    }
};

// Stores a packet at `place` of a span, with what is `earlier` before each of its values.
__device__ __forceinline__ void scan_store(const scan_span& span, int place,
                                           const scan_accumulator (&x)[scan_vector],
                                           const prefix<scan_accumulator>& earlier) {
    const scan_types::combine combine;
    scan_packet write;
#pragma unroll
    for (int j = 0; j < scan_vector; ++j) {
        write.at[j] = cast<scan_types::element>(earlier.before(x[j], combine));
    }
    if (span.wide_out && place + scan_vector <= span.length) {
        *reinterpret_cast<scan_packet*>(span.out + place) = write;
        return;
    }
#pragma unroll
    for (int j = 0; j < scan_vector; ++j) {
        if (place + j < span.length) span.out[place + j] = write.at[j];
    }
}

// The packets of one lane of a group of `width`: packet k is number k * width + lane of the span.
template <int Packets>
struct scan_share {
    using element = scan_types::element;
    using accumulator = scan_accumulator;
    using wide = scan_packet;

    accumulator x[Packets][scan_vector];
    prefix<accumulator> before[Packets];  // all of the span before the packet
    unsigned lane, width;

    __device__ __forceinline__ int place(int k) const { return (k * width + lane) * scan_vector; }

    __device__ __forceinline__ void take(int k, const wide& read) {
#pragma unroll
        for (int j = 0; j < scan_vector; ++j) x[k][j] = cast<accumulator>(read.at[j]);
    }

    __device__ __forceinline__ void load(const scan_span& span) {
        if (span.wide_in && span.length >= int(width) * scan_vector * Packets) {
            wide read[Packets];
#pragma unroll
            for (int k = 0; k < Packets; ++k) {
                read[k] = *reinterpret_cast<const wide*>(span.in + place(k));
            }
#pragma unroll
            for (int k = 0; k < Packets; ++k) take(k, read[k]);
            return;
        }
#pragma unroll
        for (int k = 0; k < Packets; ++k) {
            wide read = {};
            if (span.wide_in && place(k) + scan_vector <= span.length) {
                read = *reinterpret_cast<const wide*>(span.in + place(k));
            } else {
#pragma unroll
                for (int j = 0; j < scan_vector; ++j) {
                    const int at = place(k) + j;
                    if (at < span.length) read.at[j] = span.in[at * span.stride];
                }
            }
            take(k, read);
        }
    }

    // Scans each packet and finds what comes before it; returns what the whole span comes to.
    __device__ __forceinline__ accumulator scan() {
        const scan_types::combine combine;
        prefix<accumulator> earlier = {{}, false};
#pragma unroll
        for (int k = 0; k < Packets; ++k) {
#pragma unroll
            for (int j = 1; j < scan_vector; ++j) x[k][j] = combine(x[k][j - 1], x[k][j]);
            const accumulator through =
                xgpu::scan_lanes(x[k][scan_vector - 1], combine, int(width));
            before[k] = earlier.before(
                prefix<accumulator>{shuffle_up(through, 1, int(width)), lane > 0}, combine);
            if constexpr (scan_types::folded) {
#pragma unroll
                for (int j = 0; j < scan_vector; ++j) x[k][j] = before[k].before(x[k][j], combine);
            }
            earlier = {earlier.before(shuffle_from(through, int(width) - 1, int(width)), combine),
                       true};
        }
        return earlier.value;
    }

    __device__ __forceinline__ void store(const scan_span& span,
                                          const prefix<accumulator>& earlier) {
        const scan_types::combine combine;
#pragma unroll
        for (int k = 0; k < Packets; ++k) {
            const prefix<accumulator> all =
                scan_types::folded ? earlier : earlier.before(before[k], combine);
            scan_store(span, place(k), x[k], all);
        }
    }
};

// Through shared memory, so that neighbouring threads read and write neighbouring elements.
__device__ __forceinline__ void scan_short(const scan_arguments& a) {
    using index = scan_types::index;
    __shared__ scan_types::element staged[scan_short_block * (scan_short_length + 1)];
    const scan_types::combine combine;
    const int length = static_cast<int>(a.length);
    const int pitch = length | 1;  // odd: the rows of a warp lie in different banks
    const int64_t first = int64_t(blockIdx.x) * scan_short_block, left = a.rows - first;
    const int rows = left < scan_short_block ? int(left) : scan_short_block;

    for (int i = threadIdx.x; i < scan_short_block * length; i += scan_short_block) {
        int row = int(a.columns.quotient(uint32_t(i))), column = i - row * length;
        if (a.across) {
            row = i % scan_short_block;
            column = i / scan_short_block;
        }
        if (row < rows) {
            const auto from = a.row.offset<index>(static_cast<unsigned_of<index>>(first + row));
            staged[row * pitch + column] = a.in[from + column * a.stride];
        }
    }
    __syncthreads();
    if (int(threadIdx.x) < rows) {
        scan_types::element* const mine = staged + threadIdx.x * pitch;
        scan_accumulator running = cast<scan_accumulator>(mine[0]);
        for (int j = 1; j < length; ++j) {
            running = combine(running, cast<scan_accumulator>(mine[j]));
            mine[j] = cast<scan_types::element>(running);
        }
    }
    __syncthreads();
    scan_types::element* const out = a.out + first * length;
    for (int i = threadIdx.x; i < rows * length; i += scan_short_block) {
        const int row = int(a.columns.quotient(uint32_t(i)));
        out[i] = staged[row * pitch + (i - row * length)];
    }
}

template <int Packets>
__device__ __forceinline__ void scan_in_group(const scan_span& span, unsigned lanes) {
    scan_share<Packets> mine;
    mine.lane = threadIdx.x & (lanes - 1);
    mine.width = lanes;
    mine.load(span);
    mine.scan();
    mine.store(span, {{}, false});
}

__device__ __forceinline__ void scan_rows(const scan_arguments& a) {
    using position = unsigned_of<scan_types::index>;
    const unsigned lanes = static_cast<unsigned>(a.lanes);
    const position row = position(blockIdx.x) * (scan_block / lanes) + threadIdx.x / lanes;
    const bool inside = row < static_cast<position>(a.rows);
    scan_span span(a, inside ? row : 0, 0);
    if (!inside) span.length = 0;
    if (a.length <= lanes * scan_vector) scan_in_group<1>(span, lanes);
    else scan_in_group<scan_types::packets>(span, warp_lanes);
}

// A tile of a row, if there is so long a row, a line of the cache at a time.
__device__ __forceinline__ void scan_fetch(const scan_arguments& a, uint32_t row, int64_t tile) {
    constexpr int line = cache_line / sizeof(scan_types::element);
    const scan_span span(a, row, tile * blockDim.x * scan_lane_share);
    if (span.stride != 1) return;
    const int64_t share = int64_t(blockDim.x) * scan_lane_share;
    const int64_t length = span.length < share ? span.length : share;
    for (int64_t i = threadIdx.x * line; i < length; i += blockDim.x * line) {
        prefetch(span.in + i);
    }
}

// The warps of a block: what all of them come to, and what precedes one. Called by each.
struct scan_warps {
    scan_accumulator aggregate;
    prefix<scan_accumulator> earlier;

    __device__ __forceinline__ scan_warps(const scan_accumulator* totals, unsigned warps) {
        const unsigned lane = threadIdx.x % warp_lanes, warp = threadIdx.x / warp_lanes;
        const scan_accumulator through =
            xgpu::scan_lanes(totals[lane < warps ? lane : 0], scan_types::combine());
        aggregate = shuffle_from(through, int(warps) - 1);
        earlier = {shuffle_from(through, warp > 0 ? int(warp) - 1 : 0), warp > 0};
    }
};

__device__ __forceinline__ void scan_tiles(const scan_arguments& a) {
    using accumulator = scan_accumulator;
    constexpr int words = word_array<accumulator>::count;
    __shared__ accumulator totals[scan_tile_block / warp_lanes];
    __shared__ accumulator shared_prefix;
    __shared__ uint32_t number;
    const scan_types::combine combine;
    const uint32_t tiles = static_cast<uint32_t>(a.tiles.value);
    const unsigned warp = threadIdx.x / warp_lanes, warps = blockDim.x / warp_lanes;

    uint32_t task = blockIdx.x;
    if (tiles > 1) {
        if (threadIdx.x == 0) number = atomicAdd(reinterpret_cast<unsigned*>(a.ticket), 1u);
        __syncthreads();
        task = number;
    }
    const uint32_t row = a.tiles.quotient(task), tile = task - row * tiles;
    const scan_span span(a, row, (int64_t(tile) * warps + warp) * scan_warp_share);

    scan_share<scan_types::packets> mine;
    mine.lane = threadIdx.x % warp_lanes;
    mine.width = warp_lanes;
    mine.load(span);
    if constexpr (scan_types::fetching) scan_fetch(a, row, tile + a.ahead);
    const accumulator total = mine.scan();
    if (mine.lane == 0) totals[warp] = total;
    __syncthreads();
    const scan_warps across(totals, warps);

    prefix<accumulator> earlier = {{}, false};
    if (tiles > 1) {
        if (warp == 0) {
            const int64_t groups = (tiles + warp_lanes - 1) / warp_lanes;
            earlier = look_back(a.tile_slots + int64_t(row) * tiles * words,
                                a.group_slots + row * groups * words, tile, across.aggregate, combine);
            if (mine.lane == 0) shared_prefix = earlier.value;
        }
        __syncthreads();
        earlier = {shared_prefix, tile > 0};
    }
    mine.store(span, earlier.before(across.earlier, combine));
}

__device__ __forceinline__ void scan_start(const scan_arguments& a) {
    const int64_t i = int64_t(blockIdx.x) * scan_block + threadIdx.x;
    if (i < a.words) a.ticket[i] = 0;
}

}  // namespace xgpu

#if defined(XGPU_SCAN_SHORT)
extern "C" __global__ void __launch_bounds__(xgpu::scan_short_block)
    xgpu_scan_short(const xgpu::scan_arguments a) {
    xgpu::scan_short(a);
}
#elif defined(XGPU_SCAN_ROWS)
extern "C" __global__ void __launch_bounds__(xgpu::scan_block)
    xgpu_scan_rows(const xgpu::scan_arguments a) {
    xgpu::scan_rows(a);
}
#elif !defined(XGPU_SCAN_STAGED)
// With several blocks to a multiprocessor one loads while another waits for its prefix.
extern "C" __global__ void __launch_bounds__(xgpu::scan_tile_block, xgpu::scan_types::resident)
    xgpu_scan_tiles(const xgpu::scan_arguments a) {
    xgpu::scan_tiles(a);
}

extern "C" __global__ void __launch_bounds__(xgpu::scan_block)
    xgpu_scan_start(const xgpu::scan_arguments a) {
    xgpu::scan_start(a);
}
#endif
