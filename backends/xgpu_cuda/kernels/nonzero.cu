// The positions of True in the C order of a mask, ascending.
//
// Included at the end of a source that defines `xgpu::nonzero_types`: the number of `axes` of the
// mask and the signed type `index` that holds its length.
//
//   xgpu_nonzero        a block takes a tile, in one pass: it counts, looks back for what earlier
//                       tiles counted (look_back.cuh), and writes
//   xgpu_nonzero_start  empties the slots for the look-back; runs first
#pragma once

#include "xgpu/look_back.cuh"
#include "xgpu/memory.cuh"
#include "xgpu/operations.cuh"
#include "xgpu/strided.cuh"
#include "xgpu/warp.cuh"

namespace xgpu {

// Slots of 8 bytes, filled in by launch/nonzero.py.
struct nonzero_arguments {
    const uint8_t* mask;
    int64_t length;
    int64_t* out;
    int64_t found;          // the number of True, and the size of `out`
    int64_t tiles;
    uint64_t* ticket;       // the number of the next tile, followed by the slots of
    uint64_t *tile_slots;   // each tile and
    uint64_t *group_slots;  // each group of tiles
    int64_t words;          // of all of these
    strided_axes<nonzero_types::axes> axes;
};

constexpr int nonzero_block = 256;
constexpr int nonzero_vector = 16;
constexpr int nonzero_packets = 2;
constexpr int nonzero_warp_share = nonzero_vector * nonzero_packets * warp_lanes;
constexpr int nonzero_tile = nonzero_block / warp_lanes * nonzero_warp_share;
static_assert(nonzero_tile <= 1 << 16, "places in a tile are kept in 16 bits");

// Which of the elements from `at` on are True, one bit each.
__device__ __forceinline__ unsigned read_mask(const nonzero_arguments& a, int64_t at) {
    using index = nonzero_types::index;
    unsigned bits = 0;
    if constexpr (nonzero_types::axes == 1) {
        const uint8_t* const from = a.mask + at * a.axes.strides[0];
        if (a.axes.strides[0] == 1 && at + nonzero_vector <= a.length &&
            reinterpret_cast<uint64_t>(from) % nonzero_vector == 0) {
            const auto read = *reinterpret_cast<const packet<uint8_t, nonzero_vector>*>(from);
#pragma unroll
            for (int j = 0; j < nonzero_vector; ++j) bits |= unsigned(read.at[j] != 0) << j;
            return bits;
        }
    }
#pragma unroll
    for (int j = 0; j < nonzero_vector; ++j) {
        if (at + j < a.length) {
            const auto i = static_cast<unsigned_of<index>>(at + j);
            bits |= unsigned(a.mask[a.axes.offset<index>(i)] != 0) << j;
        }
    }
    return bits;
}

__device__ __forceinline__ void nonzero(const nonzero_arguments& a) {
    using count = unsigned_of<nonzero_types::index>;
    constexpr unsigned warps = nonzero_block / warp_lanes;
    __shared__ uint16_t places[nonzero_tile];
    __shared__ unsigned totals[warps];
    __shared__ count shared_prefix;
    __shared__ unsigned number;
    const running_sum combine;
    const unsigned lane = threadIdx.x % warp_lanes, warp = threadIdx.x / warp_lanes;

    if (threadIdx.x == 0) {
        number = a.tiles > 1 ? atomicAdd(reinterpret_cast<unsigned*>(a.ticket), 1u) : 0;
    }
    __syncthreads();
    const int64_t tile = number, start = tile * nonzero_tile;

    unsigned bits[nonzero_packets], before[nonzero_packets], total = 0;
    int place[nonzero_packets];
#pragma unroll
    for (int k = 0; k < nonzero_packets; ++k) {
        place[k] = warp * nonzero_warp_share + (k * warp_lanes + lane) * nonzero_vector;
        bits[k] = read_mask(a, start + place[k]);
    }
#pragma unroll
    for (int k = 0; k < nonzero_packets; ++k) {
        const unsigned own = __popc(bits[k]), through = scan_lanes(own, combine);
        before[k] = total + through - own;
        total += shuffle_from(through, warp_lanes - 1);
    }
    if (lane == 0) totals[warp] = total;
    __syncthreads();

    unsigned earlier = 0, all = 0;
    for (unsigned w = 0; w < warps; ++w) {
        if (w < warp) earlier += totals[w];
        all += totals[w];
    }
#pragma unroll
    for (int k = 0; k < nonzero_packets; ++k) {
        unsigned at = earlier + before[k];
        for (unsigned left = bits[k]; left != 0; left &= left - 1) {
            places[at++] = static_cast<uint16_t>(place[k] + __ffs(int(left)) - 1);
        }
    }
    if (warp == 0) {
        prefix<count> found = {0, true};
        if (a.tiles > 1) {
            found = look_back(a.tile_slots, a.group_slots, tile, count(all), combine);
        }
        if (lane == 0) shared_prefix = found.any ? found.value : 0;
    }
    __syncthreads();
    const int64_t first = shared_prefix;
    // A mask with other bytes than 0 and 1 must not lead outside the result.
    for (unsigned i = threadIdx.x; i < all && first + i < a.found; i += nonzero_block) {
        a.out[first + i] = start + places[i];
    }
}

__device__ __forceinline__ void nonzero_start(const nonzero_arguments& a) {
    const int64_t i = int64_t(blockIdx.x) * nonzero_block + threadIdx.x;
    if (i < a.words) a.ticket[i] = 0;
}

}  // namespace xgpu

extern "C" __global__ void __launch_bounds__(xgpu::nonzero_block)
    xgpu_nonzero(const xgpu::nonzero_arguments a) {
    xgpu::nonzero(a);
}

extern "C" __global__ void __launch_bounds__(xgpu::nonzero_block)
    xgpu_nonzero_start(const xgpu::nonzero_arguments a) {
    xgpu::nonzero_start(a);
}
