// Radix sorts of long rows: the elements, or their places, in order.
//
// Included at the end of a source that defines `xgpu::radix_types`: `element`, `kind` and `infinity`
// of sort_key.cuh, whether `places` are asked for, the number of `batch_axes`, the unsigned type
// `count` (digits.cuh) for the elements of a row, and the `threads` of a block, the `items` that each
// of them takes, how many blocks are to be `resident` on a multiprocessor, the `window` of the
// look-back and how a warp `matches` digits.
//
//   xgpu_radix_start      empties tickets, histograms and the slots of the first pass; runs first
//   xgpu_radix_histogram  counts all digits of all keys; not needed for rows of one tile
//   xgpu_radix_pass       moves each key to its place by one digit; once for each, the lowest first
//
// A pass reads and writes each key once: a block takes a tile, ranks its keys, finds out by
// look-back how many keys with each digit are in the tiles before, and puts the keys in order in
// shared memory before it writes them. Source: Adinets and Merrill, "Onesweep: A Faster Least
// Significant Digit Radix Sort for GPUs" (2022). The first pass makes keys of the elements, and
// places of their positions; the last one makes elements of the keys, or writes the places alone.
//
// All sums are of whole numbers, and equal keys stay in their order: the result does not depend on
// timing.
#pragma once

#include "xgpu/digits.cuh"
#include "xgpu/memory.cuh"
#include "xgpu/operations.cuh"
#include "xgpu/sort_key.cuh"
#include "xgpu/strided.cuh"

namespace xgpu {

// Slots of 8 bytes, filled in by launch/radix.py.
struct radix_arguments {
    using element = radix_types::element;
    using count = radix_types::count;

    const element* in;
    int64_t stride;  // along a row
    int64_t length, descending;
    divisor tiles;  // of a row
    divisor parts;  // of a row, in the histogram
    int64_t share;  // elements of a part
    packet<uint32_t, 4>* start;  // of tickets, histograms and slots, all of which are
    int64_t packets;             // so many
    count* histogram;            // [row][pass][digit], or null
    count *slots, *next_slots;   // [row][tile][digit], of this pass, and of the next one or null
    uint32_t* ticket;            // the number of the next tile of this pass
    int64_t shift;               // the bits below this pass's digit
    const element* keys;         // what the pass before wrote, null in the first pass,
    const uint32_t* places;
    element* keys_out;  // what this one writes, or
    uint32_t* places_out;
    void* out;  // the result, null but in the last pass
    strided_axes<radix_types::batch_axes> row_axes;
};

using radix_order = sort_order<radix_types::element, radix_types::kind, radix_types::infinity>;

constexpr int radix_passes = sizeof(radix_types::element);
constexpr int radix_block = radix_types::threads;
constexpr int radix_warps = radix_block / warp_lanes;
constexpr int radix_items = radix_types::items;
constexpr int radix_warp_share = radix_items * warp_lanes;
constexpr int radix_tile = radix_items * radix_block;
constexpr int radix_histogram_block = 512;
constexpr int radix_start_block = 256;
static_assert(radix_block % warp_lanes == 0 && radix_block >= digit_values,
              "each digit has a thread");

// Places alone do not tell the zeros apart, so they have one key. Where elements are made of the
// keys each zero has its own.
__device__ __forceinline__ radix_types::element radix_key(radix_types::element x,
                                                          bool descending) {
    const radix_types::element key = radix_order::key(x, descending);
    return radix_types::places ? radix_order::merged(key) : key;
}

__device__ __forceinline__ uint32_t radix_digit(radix_types::element key, int shift) {
    if (!radix_types::places) key = radix_order::merged(key);
    return static_cast<uint32_t>(key >> shift) & (digit_values - 1);
}

__device__ __forceinline__ void radix_start(const radix_arguments& a) {
    const int64_t i = int64_t(blockIdx.x) * radix_start_block + threadIdx.x;
    if (i < a.packets) a.start[i] = {};
}

__device__ __forceinline__ void radix_histogram(const radix_arguments& a) {
    using T = radix_types::element;
    constexpr int wide = 16 / sizeof(T), batch = sizeof(T) < 4 ? 2 : 4;
    __shared__ uint32_t counts[radix_passes * digit_values];
    for (int i = threadIdx.x; i < radix_passes * digit_values; i += radix_histogram_block) {
        counts[i] = 0;
    }
    __syncthreads();

    const uint32_t row = a.parts.quotient(blockIdx.x);
    const uint32_t part = blockIdx.x - row * static_cast<uint32_t>(a.parts.value);
    const int64_t start = part * a.share, left = a.length - start;
    const int64_t length = left < a.share ? left : a.share;  // may be negative
    const T* const in = a.in + a.row_axes.offset<int64_t>(row) + start * a.stride;
    const bool descending = a.descending != 0;
    const auto note = [&](T x) {
        const T key = radix_key(x, descending);
#pragma unroll
        for (int pass = 0; pass < radix_passes; ++pass) {
            atomicAdd(&counts[pass * digit_values + radix_digit(key, pass * digit_bits)], 1u);
        }
    };

    int64_t done = 0;
    if (a.stride == 1 && reinterpret_cast<uint64_t>(in) % 16 == 0) {
        constexpr int step = radix_histogram_block * wide * batch;
        for (; done + step <= length; done += step) {
            packet<T, wide> read[batch];
#pragma unroll
            for (int k = 0; k < batch; ++k) {
                read[k] = *reinterpret_cast<const packet<T, wide>*>(
                    in + done + (k * radix_histogram_block + threadIdx.x) * wide);
            }
#pragma unroll
            for (int k = 0; k < batch; ++k) {
#pragma unroll
                for (int j = 0; j < wide; ++j) note(read[k].at[j]);
            }
        }
    }
#pragma unroll 4
    for (int64_t i = done + threadIdx.x; i < length; i += radix_histogram_block) {
        note(in[i * a.stride]);
    }
    __syncthreads();

    radix_types::count* const to = a.histogram + int64_t(row) * radix_passes * digit_values;
    for (int i = threadIdx.x; i < radix_passes * digit_values; i += radix_histogram_block) {
        if (counts[i] == 0) continue;
        if constexpr (sizeof(radix_types::count) == 4) {
            atomicAdd(reinterpret_cast<unsigned*>(to + i), counts[i]);
        } else {
            atomicAdd(reinterpret_cast<unsigned long long*>(to + i),
                      static_cast<unsigned long long>(counts[i]));
        }
    }
}

// Of each digit's value, the sum over the digits below; a thread has one digit. Called by all
// threads of a block, with `sums` that no thread still reads.
template <class T>
__device__ __forceinline__ T sum_below(T value, T (&sums)[digit_values / warp_lanes]) {
    const unsigned lane = threadIdx.x % warp_lanes, warp = threadIdx.x / warp_lanes;
    T through = 0;
    if (threadIdx.x < digit_values) {
        through = scan_lanes(value, running_sum());
        if (lane == warp_lanes - 1) sums[warp] = through;
    }
    __syncthreads();
    T below = through - value;
    if (threadIdx.x < digit_values) {
        for (unsigned w = 0; w < warp; ++w) below += sums[w];
    }
    return below;
}

constexpr int radix_words = (radix_items + 3) / 4;  // of digits, four to a word

// A thread's part of writing a tile in order: `starts` says where each digit begins. A tile that is
// not `Whole` has `valid` keys. `digits` are kept for the places.
template <bool Whole>
__device__ __forceinline__ void radix_write_keys(const radix_arguments& a, int64_t row_start,
                                                 const radix_types::element* ordered,
                                                 const uint32_t* starts, unsigned valid,
                                                 uint32_t (&digits)[radix_words]) {
    using T = radix_types::element;
    constexpr bool places = radix_types::places;
    const int shift = static_cast<int>(a.shift);
    const bool last = a.out != nullptr, descending = a.descending != 0;
    T* const out = (last ? static_cast<T*>(a.out) : a.keys_out) + row_start;
#pragma unroll
    for (int k = 0; k < radix_items; ++k) {
        const unsigned i = k * radix_block + threadIdx.x;
        T next = ordered[i];
        const uint32_t digit = radix_digit(next, shift), to = starts[digit] + i;
        if (places) {
            const uint32_t others = k % 4 == 0 ? 0 : digits[k / 4];
            digits[k / 4] = others | digit << k % 4 * digit_bits;
        }
        if (!places && last) next = radix_order::element(next, descending);
        if ((Whole || i < valid) && (!places || !last)) out[to] = next;
    }
}

template <bool Whole, class Place>
__device__ __forceinline__ void radix_write_places(Place* out, const uint32_t* ordered,
                                                   const uint32_t* starts, unsigned valid,
                                                   const uint32_t (&digits)[radix_words]) {
#pragma unroll
    for (int k = 0; k < radix_items; ++k) {
        const unsigned i = k * radix_block + threadIdx.x;
        const uint32_t digit = digits[k / 4] >> k % 4 * digit_bits & (digit_values - 1);
        const uint32_t next = ordered[i];
        if (Whole || i < valid) out[starts[digit] + i] = next;
    }
}

__device__ __forceinline__ void radix_pass(const radix_arguments& a) {
    using T = radix_types::element;
    using count = radix_types::count;
    constexpr bool places = radix_types::places;
    constexpr int width = places && sizeof(T) < 4 ? 4 : sizeof(T);
    __shared__ alignas(16) unsigned char staged[radix_tile * width];  // the keys, then the places
    __shared__ uint32_t counters[radix_warps * digit_values];  // of each warp's digits
    __shared__ uint32_t starts[digit_values];  // where a digit's keys go, less their first rank
    __shared__ uint32_t sums[digit_values / warp_lanes];
    __shared__ count histogram_sums[digit_values / warp_lanes];
    __shared__ uint32_t number;
    T* const ordered = reinterpret_cast<T*>(staged);
    const unsigned lane = threadIdx.x % warp_lanes, warp = threadIdx.x / warp_lanes;
    const unsigned digit_here = threadIdx.x;  // of the threads below digit_values
    const bool descending = a.descending != 0;
    const int shift = static_cast<int>(a.shift);

    if (threadIdx.x == 0) number = atomicAdd(a.ticket, 1u);
    for (int i = threadIdx.x; i < radix_warps * digit_values; i += radix_block) counters[i] = 0;
    __syncthreads();
    const uint32_t task = number, tiles = static_cast<uint32_t>(a.tiles.value);
    const uint32_t row = a.tiles.quotient(task), tile = task - row * tiles;
    const int64_t row_start = row * a.length;
    const int64_t tile_start = int64_t(tile) * radix_tile, left = a.length - tile_start;
    const unsigned valid = left < radix_tile ? unsigned(left) : unsigned(radix_tile);
    const bool whole = valid == radix_tile;
    const unsigned mine = warp * radix_warp_share + lane;  // the place of the first key

    const bool begins = a.keys == nullptr;
    const T* const in = begins
        ? a.in + a.row_axes.offset<int64_t>(row) + (tile_start + mine) * a.stride
        : a.keys + row_start + tile_start + mine;
    const int64_t step = begins ? a.stride * warp_lanes : warp_lanes;
    T key[radix_items];
    if (whole && step == warp_lanes) {
#pragma unroll
        for (int k = 0; k < radix_items; ++k) key[k] = in[k * warp_lanes];
        if (begins) {
#pragma unroll
            for (int k = 0; k < radix_items; ++k) key[k] = radix_key(key[k], descending);
        }
    } else {
        // A key that fills up the last tile comes last there, and is not written.
#pragma unroll
        for (int k = 0; k < radix_items; ++k) {
            key[k] = radix_order::ones;
            if (mine + k * warp_lanes < valid) {
                const T read = in[k * step];
                key[k] = begins ? radix_key(read, descending) : read;
            }
        }
    }

    // How often each digit occurs is published before the keys are ranked.
    uint32_t* const counter = counters + warp * digit_values;
#pragma unroll
    for (int k = 0; k < radix_items; ++k) atomicAdd(counter + radix_digit(key[k], shift), 1u);
    __syncthreads();
    uint32_t before[radix_warps], total = 0;
    const int64_t slot = (int64_t(row) * tiles + tile) * digit_values + digit_here;
    if (threadIdx.x < digit_values) {
#pragma unroll
        for (int w = 0; w < radix_warps; ++w) {
            before[w] = total;
            total += counters[w * digit_values + digit_here];
        }
        if (tile > 0) publish_count(a.slots + slot, count(total), slot_part);
        if (a.next_slots != nullptr) a.next_slots[slot] = 0;
    }
    const uint32_t below = sum_below(total, sums);
    if (threadIdx.x < digit_values) {
#pragma unroll
        for (int w = 0; w < radix_warps; ++w) {
            counters[w * digit_values + digit_here] = below + before[w];
        }
    }
    count first = below;  // where this tile's keys of a digit go
    if (tiles > 1 && tile == 0) {
        const int64_t pass = int64_t(row) * radix_passes + shift / digit_bits;
        count all = 0;
        if (threadIdx.x < digit_values) all = a.histogram[pass * digit_values + digit_here];
        first = sum_below(all, histogram_sums);
        if (threadIdx.x < digit_values) publish_count(a.slots + slot, first + total, slot_whole);
    }
    __syncthreads();

    // The rank of a key in the tile: those of lower digits, and of this one in the warps before and
    // in this warp before, come first.
    uint32_t rank[radix_items];
    const unsigned lower_lanes = (1u << lane) - 1;
#pragma unroll
    for (int k = 0; k < radix_items; ++k) {
        const uint32_t digit = radix_digit(key[k], shift);
        const unsigned same = lanes_with<radix_types::matches>(digit);
        const uint32_t next = counter[digit];
        rank[k] = next + __popc(same & lower_lanes);
        ordered[rank[k]] = key[k];
        __syncwarp();
        if ((same & lower_lanes) == 0) counter[digit] = next + __popc(same);
        __syncwarp();
    }
    uint32_t place[places ? radix_items : 1];
    if constexpr (places) {
        const uint32_t* const from = a.places + row_start + tile_start + mine;
        const auto start = static_cast<uint32_t>(tile_start) + mine;
#pragma unroll
        for (int k = 0; k < radix_items; ++k) place[k] = start + k * warp_lanes;
        if (!begins && whole) {
#pragma unroll
            for (int k = 0; k < radix_items; ++k) place[k] = from[k * warp_lanes];
        } else if (!begins) {
#pragma unroll
            for (int k = 0; k < radix_items; ++k) {
                if (mine + k * warp_lanes < valid) place[k] = from[k * warp_lanes];
            }
        }
    }
    if (threadIdx.x < digit_values) {
        if (tile > 0) {
            const int64_t digit_slot = int64_t(row) * tiles * digit_values + digit_here;
            first = count_before<radix_types::window>(a.slots + digit_slot, tile);
            publish_count(a.slots + slot, first + total, slot_whole);
        }
        starts[digit_here] = static_cast<uint32_t>(first) - below;
    }
    __syncthreads();

    uint32_t digits[radix_words];
    if (whole) radix_write_keys<true>(a, row_start, ordered, starts, valid, digits);
    else radix_write_keys<false>(a, row_start, ordered, starts, valid, digits);
    if constexpr (places) {
        __syncthreads();
        uint32_t* const ordered_places = reinterpret_cast<uint32_t*>(staged);
#pragma unroll
        for (int k = 0; k < radix_items; ++k) ordered_places[rank[k]] = place[k];
        __syncthreads();
        if (a.out != nullptr) {
            int64_t* const out = static_cast<int64_t*>(a.out) + row_start;
            if (whole) radix_write_places<true>(out, ordered_places, starts, valid, digits);
            else radix_write_places<false>(out, ordered_places, starts, valid, digits);
        } else {
            uint32_t* const out = a.places_out + row_start;
            if (whole) radix_write_places<true>(out, ordered_places, starts, valid, digits);
            else radix_write_places<false>(out, ordered_places, starts, valid, digits);
        }
    }
}

}  // namespace xgpu

extern "C" __global__ void __launch_bounds__(xgpu::radix_start_block)
    xgpu_radix_start(const xgpu::radix_arguments a) {
    xgpu::radix_start(a);
}

extern "C" __global__ void __launch_bounds__(xgpu::radix_histogram_block)
    xgpu_radix_histogram(const xgpu::radix_arguments a) {
    xgpu::radix_histogram(a);
}

extern "C" __global__ void __launch_bounds__(xgpu::radix_block, xgpu::radix_types::resident)
    xgpu_radix_pass(const xgpu::radix_arguments a) {
    xgpu::radix_pass(a);
}
