// Look-back (look_back.cuh) by all warps of a block, which see every tile that may be under way in
// one round: warp w looks at the tiles of the w-th group before. The results are the same bits.
//
// A warp that finds no whole combines the part of its group from what its tiles have published, and
// waits for no other tile to do it; only the last warp of those that look insists on a whole. All
// tiles are waited for in the order of their tickets, so waiting ends.
//
// Slots are not emptied before a launch. The state of one has the number of the launch that filled
// it in the bits above the lowest two, which the kernel reads from memory and the last block to end
// counts up: memory that was zero once serves all launches that follow one another, also those
// that a graph repeats.
#pragma once

#include "xgpu/look_back.cuh"

namespace xgpu {

// What lies before the slots.
struct slots_head {
    uint32_t ticket, ended;  // blocks, of this launch
    uint32_t launch;         // the states of its slots, without the lowest two bits
    uint32_t unused;
};
constexpr uint32_t launch_step = 4;

// The number of the next tile. Called by one thread, which does not wait before it is used: the
// compiler makes of `atomicAdd` what adds for a whole warp, and waits to deal the results out.
__device__ __forceinline__ uint32_t draw_ticket(slots_head* head) {
#if defined(__CUDACC__)
    uint32_t drawn;
    asm volatile("atom.global.add.u32 %0, [%1], 1;"
                 : "=r"(drawn)
                 : "l"(__cvta_generic_to_global(&head->ticket))
                 : "memory");
    return drawn;
#else
    return atomicAdd(reinterpret_cast<unsigned*>(&head->ticket), 1u);
#endif
}

// Called by one thread of each block when the block is done with tickets and has read `launch`.
// `words` of 8 bytes are the head and all slots that ever were in this memory.
__device__ __forceinline__ void end_launch(slots_head* head, int64_t words) {
    __threadfence();
    if (atomicAdd(reinterpret_cast<unsigned*>(&head->ended), 1u) + 1 < gridDim.x) return;
    const uint32_t next = head->launch + launch_step;
    if (next == 0) {  // slots of the launch that had this number could be taken for filled ones
        uint64_t* const all = reinterpret_cast<uint64_t*>(head);
        for (int64_t i = sizeof(slots_head) / sizeof(uint64_t); i < words; ++i) all[i] = 0;
    }
    head->ticket = 0;
    head->ended = 0;
    head->launch = next;
}

// Of a block of `Warps`.
template <class T, int Warps>
struct block_look_back {
    // Groups of tiles that are looked at, the tile's own among them: 15 others are 480 tiles, more
    // than blocks run at a time.
    static constexpr int reach = Warps < 16 ? Warps : 16;
    static constexpr int words = word_array<T>::count;
    static_assert(reach > 1, "a warp for the tile's own group, and one for those before");

    struct shared {
        T value[reach];  // [0]: what is before the tile in its own group
        uint32_t state[reach];
    };

    volatile uint64_t *tiles, *groups;  // the slots of the row
    uint32_t part, whole;               // states of this launch
    int64_t group;
    unsigned place;  // of the tile in its group
    T value, earlier_whole;
    uint32_t state, earlier_state;

    __device__ __forceinline__ unsigned warp() const { return threadIdx.x / warp_lanes; }
    __device__ __forceinline__ unsigned lane() const { return threadIdx.x % warp_lanes; }
    __device__ __forceinline__ bool looks() const {
        return warp() < reach && int64_t(warp()) <= group;
    }
    // Whether the lane has a tile to wait for.
    __device__ __forceinline__ bool active() const { return warp() > 0 || lane() <= place; }

    // A first look, which is under way until `wait`.
    __device__ __forceinline__ block_look_back(uint64_t* tile_slots, uint64_t* group_slots,
                                               uint32_t launch, int64_t tile) {
        tiles = tile_slots;
        groups = group_slots;
        part = launch | slot_part;
        whole = launch | slot_whole;
        group = tile / warp_lanes;
        place = static_cast<unsigned>(tile % warp_lanes);
        value = earlier_whole = {};
        state = earlier_state = slot_empty;
        if (looks()) look();
    }

    __device__ __forceinline__ void look() {
        const int64_t from = group - warp();
        if (active() && state != part) {
            state = observe(tiles + (from * warp_lanes + lane()) * words, value);
        }
        if (warp() > 0 && lane() == 0) {
            earlier_state = observe(groups + from * words, earlier_whole);
        }
    }

    // Until what the warp stands for is there; `found` may be read after a barrier. The tile itself
    // is published. In warp 0, `value` of a lane becomes what its group comes to up to there.
    template <class Combine>
    __device__ __forceinline__ void wait(shared& found, Combine combine) {
        if (!looks()) return;
        const bool first = int64_t(warp()) == group;
        const bool insists = warp() == reach - 1 && !first;
        for (;;) {
            const bool seen = __ballot_sync(every_lane, earlier_state == whole) != 0;
            if (seen && warp() > 0) {
                if (lane() == 0) {
                    found.value[warp()] = earlier_whole;
                    found.state[warp()] = slot_whole;
                }
                return;
            }
            if (__all_sync(every_lane, !insists && (state == part || !active()))) break;
            back_off();
            look();
        }
        value = scan_lanes(value, combine);
        if (warp() > 0) {
            if (lane() == warp_lanes - 1) {
                found.value[warp()] = value;
                found.state[warp()] = first ? slot_whole : slot_part;
            }
        } else if (lane() + 1 == place) {
            found.value[0] = value;
        }
    }

    // What precedes the tile. Called by all threads, after `wait` and a barrier.
    template <class Combine>
    __device__ __forceinline__ prefix<T> before(const shared& found, Combine combine) {
        const bool closes = warp() == 0 && place == warp_lanes - 1 && lane() == place;
        volatile uint64_t* const slot = groups + group * words;
        const T inside = found.value[0];
        if (group == 0) {
            if (closes) publish(slot, value, whole);
            return {inside, place > 0};
        }
        // Lanes are groups in their order, the last lane is the group before.
        const unsigned w = warp_lanes - lane();
        const bool exists = w < reach && int64_t(w) <= group;
        const T other = found.value[exists ? w : 0];
        const bool is_whole = exists && found.state[exists ? w : 0] == slot_whole;
        const int latest = 31 - __clz(int(__ballot_sync(every_lane, is_whole)));
        const T through = with_parts(other, latest, combine);
        if (closes) publish(slot, combine(through, value), whole);
        return {place > 0 ? combine(through, inside) : through, true};
    }
};

}  // namespace xgpu
