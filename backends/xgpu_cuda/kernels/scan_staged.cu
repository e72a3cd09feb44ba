// Cumulative sums and products of rows of several tiles, by blocks that take tile after tile.
//
// Included as scan.cu is; `scan_types` has `stages` besides, 3 at least, and every block has
// `tile_block` threads.
//
//   xgpu_scan_staged
//
// What a tile is made of waits in shared memory, in one of `stages` places: one tile is stored, the
// next one is combined and published, and those after it are being loaded. So the memory is busy
// whatever a block waits for, and a tile is published a round before its block looks back for it,
// by when those before it are published too: nobody publishes late because he waited for others.
//
// A thread copies the packets that it reads, so that stages need no barrier. Each packet is read
// twice: to combine the tile, of which what comes before a packet in its warp is kept, and to store.
#pragma once

#include "scan.cu"
#include "xgpu/async.cuh"
#include "xgpu/block_look_back.cuh"

namespace xgpu {

constexpr int scan_stages = scan_types::stages;
static_assert(scan_stages >= 3, "a tile is stored, one is combined, and one is loaded");

extern __shared__ __align__(16) unsigned char scan_memory[];  // scan_stages tiles

struct scan_pipeline {
    using accumulator = scan_accumulator;
    static constexpr int packets = scan_types::packets;
    static constexpr int block_warps = scan_tile_block / warp_lanes;
    static constexpr int words = word_array<accumulator>::count;
    using looking = block_look_back<accumulator, block_warps>;

    // A tile that is combined: what precedes each packet of the lane in its warp, and the warp.
    struct combined {
        accumulator before[packets];
        prefix<accumulator> warp;
    };

    const scan_arguments& a;
    accumulator* totals;  // of the warps
    slots_head* head;
    uint32_t launch, tiles, tasks;
    unsigned lane, warp;

    __device__ __forceinline__ scan_packet* place(int stage) const {
        return reinterpret_cast<scan_packet*>(scan_memory) +
               ((stage * block_warps + warp) * packets * warp_lanes + lane);
    }

    __device__ __forceinline__ scan_span span(uint32_t task) const {
        const uint32_t row = a.tiles.quotient(task), tile = task - row * tiles;
        return scan_span(a, row, (int64_t(tile) * block_warps + warp) * scan_warp_share);
    }

    __device__ __forceinline__ uint64_t* tile_slots(uint32_t row) const {
        return a.tile_slots + int64_t(row) * tiles * words;
    }

    // Of what is not aligned, not contiguous or not whole.
    __device__ __forceinline__ void load_singly(const scan_span& from, scan_packet* to) const {
#pragma unroll 1
        for (int k = 0; k < packets; ++k) {
#pragma unroll
            for (int j = 0; j < scan_vector; ++j) {
                const int at = (k * int(warp_lanes) + int(lane)) * scan_vector + j;
                if (at < from.length) {
                    copy_async(&to[k * warp_lanes].at[j], from.in + at * from.stride);
                }
            }
        }
    }

    // Has the packets of a tile copied, if there is one. What lies beyond its end stays what it is:
    // nothing that is stored depends on it.
    __device__ __forceinline__ void load(uint32_t task, int stage) const {
        if (task < tasks) {
            const scan_span from = span(task);
            scan_packet* const to = place(stage);
            if (from.wide_in && from.length >= scan_warp_share) {
                const scan_packet* const in = reinterpret_cast<const scan_packet*>(from.in) + lane;
#pragma unroll
                for (int k = 0; k < packets; ++k) {
                    copy_async(to + k * warp_lanes, in + k * warp_lanes);
                }
            } else {
                load_singly(from, to);
            }
        }
        end_copies();
    }

    // Combines the tile of a stage and publishes it. Has a barrier, also where there is no tile.
    __device__ __forceinline__ void combine_tile(uint32_t task, int stage, combined& into) const {
        if (task < tasks) {
            const scan_packet* const from = place(stage);
            scan_share<packets> share;
            share.lane = lane;
            share.width = warp_lanes;
#pragma unroll
            for (int k = 0; k < packets; ++k) share.take(k, from[k * warp_lanes]);
            const accumulator total = share.scan();
#pragma unroll
            for (int k = 0; k < packets; ++k) into.before[k] = share.before[k].value;
            if (lane == 0) totals[warp] = total;
        }
        __syncthreads();
        if (task < tasks) {
            const scan_warps across(totals, block_warps);
            into.warp = across.earlier;
            if (threadIdx.x == 0) {
                const uint32_t row = a.tiles.quotient(task), tile = task - row * tiles;
                publish(tile_slots(row) + int64_t(tile) * words, across.aggregate,
                        launch | slot_part);
            }
        }
    }

    // Stores the tile of a stage, after the packets of a later one are on their way to its place.
    __device__ __forceinline__ void store(uint32_t task, int stage, const combined& tile,
                                          const prefix<accumulator>& earlier,
                                          uint32_t later) const {
        const scan_types::combine combine;
        const scan_span to = span(task);
        const scan_packet* const from = place(stage);
        scan_packet read[packets];
#pragma unroll
        for (int k = 0; k < packets; ++k) read[k] = from[k * warp_lanes];
        load(later, stage);
        const prefix<accumulator> before_warp = earlier.before(tile.warp, combine);
#pragma unroll
        for (int k = 0; k < packets; ++k) {
            accumulator x[scan_vector];
            x[0] = cast<accumulator>(read[k].at[0]);
#pragma unroll
            for (int j = 1; j < scan_vector; ++j) {
                x[j] = combine(x[j - 1], cast<accumulator>(read[k].at[j]));
            }
            const prefix<accumulator> inside = {tile.before[k], k > 0 || lane > 0};
            scan_store(to, (k * int(warp_lanes) + int(lane)) * scan_vector, x,
                       before_warp.before(inside, combine));
        }
    }

    // For the whole block.
    __device__ __forceinline__ uint32_t draw(uint32_t& number) const {
        __syncthreads();
        if (threadIdx.x == 0) number = draw_ticket(head);
        __syncthreads();
        return number;
    }

    // `number` has two places, and `found` is of shared memory too.
    __device__ __forceinline__ void run(uint32_t* number, typename looking::shared& found) const {
        const scan_types::combine combine;
        const int64_t groups = (tiles + warp_lanes - 1) / warp_lanes;
        uint32_t task[scan_stages];  // what is in the stages, the tile that is stored first
        combined now, next;

        task[0] = draw(number[0]);
        load(task[0], 0);
        task[1] = draw(number[0]);
        load(task[1], 1);
        await_copies<1>();
        combine_tile(task[0], 0, now);
        // After a wait, so that every block has a ticket for its first tile by now.
#pragma unroll
        for (int s = 2; s < scan_stages; ++s) {
            task[s] = draw(number[0]);
            load(task[s], s);
        }

        int stage = 0;
        for (unsigned round = 0; task[0] < tasks; ++round) {
            uint32_t drawn = tasks;
            if (threadIdx.x == 0 && task[scan_stages - 1] < tasks) drawn = draw_ticket(head);
            const uint32_t row = a.tiles.quotient(task[0]), tile = task[0] - row * tiles;
            looking look(tile_slots(row), a.group_slots + row * groups * words, launch, tile);

            await_copies<scan_stages - 2>();
            combine_tile(task[1], stage + 1 < scan_stages ? stage + 1 : 0, next);
            if (threadIdx.x == 0) number[round % 2] = drawn;
            look.wait(found, combine);
            __syncthreads();

            const prefix<accumulator> earlier = look.before(found, combine);
            const uint32_t later = number[round % 2];
            store(task[0], stage, now, {earlier.value, tile > 0}, later);
            now = next;
#pragma unroll
            for (int s = 1; s < scan_stages; ++s) task[s - 1] = task[s];
            task[scan_stages - 1] = later;
            stage = stage + 1 < scan_stages ? stage + 1 : 0;
        }
    }
};

__device__ __forceinline__ void scan_staged(const scan_arguments& a) {
    __shared__ scan_accumulator totals[scan_pipeline::block_warps];
    __shared__ uint32_t number[2];
    __shared__ scan_pipeline::looking::shared found;
    slots_head* const head = reinterpret_cast<slots_head*>(a.ticket);
    const uint32_t tiles = static_cast<uint32_t>(a.tiles.value);
    const scan_pipeline pipeline = {a,
                                    totals,
                                    head,
                                    *const_cast<const volatile uint32_t*>(&head->launch),
                                    tiles,
                                    static_cast<uint32_t>(a.rows) * tiles,
                                    threadIdx.x % warp_lanes,
                                    threadIdx.x / warp_lanes};
    pipeline.run(number, found);
    if (threadIdx.x == 0) end_launch(head, a.words);
}

}  // namespace xgpu

extern "C" __global__ void __launch_bounds__(xgpu::scan_tile_block, xgpu::scan_types::resident)
    xgpu_scan_staged(const xgpu::scan_arguments a) {
    xgpu::scan_staged(a);
}
