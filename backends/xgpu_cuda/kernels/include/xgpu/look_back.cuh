// The prefix of a tile in a scan that reads its data once: decoupled look-back (Merrill and
// Garland, "Single-pass Parallel Prefix Scan with Decoupled Look-back", 2016), with results that
// do not depend on timing.
//
// Tiles are numbered by an atomic ticket, so that those before a tile are all running or done, and
// waiting for them ends. A tile publishes the aggregate of its elements, and combines what others
// have published. When that is there is a matter of timing; what it is combined with is not:
//
// - 32 consecutive tiles are a group. In a group, the prefix of a tile is its place in one fixed
//   scan over the aggregates of its predecessors (`scan_lanes`), for which the tile waits.
// - The last tile of a group publishes the aggregate of the group: a *part*. The *whole* of group
//   g is all up to its end, and always means combine(whole of g - 1, part of g). A tile starts
//   from the latest whole that it finds and appends the parts after it one by one, which are the
//   operations that the wholes in between stand for. So it gets the bits of a sequential chain
//   over the groups, however far back it starts.
// - The prefix of a tile is combine(whole of the group before, prefix in the group).
//
// A group is 32 tiles, so the 32 groups that a warp can look at are more tiles than a GPU runs at a
// time, and a tile waits for a whole among them instead of looking farther back.
//
// A slot is words of 64 bits, each with 32 bits of the value and the state of the slot. A word is
// read and written as one, so a value whose words agree in their state is complete: no fence has
// to order a value and a flag.
#pragma once

#include "xgpu/types.cuh"
#include "xgpu/warp.cuh"

namespace xgpu {

constexpr uint32_t slot_empty = 0, slot_part = 1, slot_whole = 2;

template <class T>
__device__ __forceinline__ void publish(volatile uint64_t* slot, T value, uint32_t state) {
    const word_array<T> words = to_words(value);
#pragma unroll
    for (int i = 0; i < words.count; ++i) slot[i] = uint64_t(state) << 32 | words.at[i];
}

// The state of a slot, and its value unless it is empty.
template <class T>
__device__ __forceinline__ uint32_t observe(const volatile uint64_t* slot, T& value) {
    word_array<T> words;
    uint32_t state = slot_empty;
#pragma unroll
    for (int i = 0; i < words.count; ++i) {
        const uint64_t word = slot[i];
        const uint32_t seen = static_cast<uint32_t>(word >> 32);
        if (i == 0) state = seen;
        if (seen != state) state = slot_empty;  // another thread is in the middle of writing
        words.at[i] = static_cast<uint32_t>(word);
    }
    value = from_words(words);
    return state;
}

// Between two looks at slots that somebody else is about to fill. All tiles look at the same few,
// and reads that come too often hold up the write.
constexpr unsigned back_off_time = 40;  // nanoseconds
__device__ __forceinline__ void back_off() {
    __nanosleep(back_off_time);
}

// The whole of the group of the last lane, where lane `latest` has a whole and those after it have
// the parts of the groups after it. Called by a warp.
template <class T, class Combine>
__device__ __forceinline__ T with_parts(T value, int latest, Combine combine) {
    T whole = shuffle_from(value, latest);
#pragma unroll 4
    for (int from = latest + 1; from < int(warp_lanes); ++from) {
        whole = combine(whole, shuffle_from(value, from));
    }
    return whole;
}

// The whole of the group before, from what each lane has seen of one of the 32 groups before: the
// `state` and the `value` of its `slot`, unless there are fewer and its does not exist. Called by a
// warp.
template <class T, class Combine>
__device__ __forceinline__ T whole_before(const volatile uint64_t* slot, bool exists, T value,
                                          uint32_t state, Combine combine) {
    const int lane = threadIdx.x % warp_lanes;
    int latest;  // the last lane that has a whole
    for (;;) {
        latest = 31 - __clz(int(__ballot_sync(every_lane, state == slot_whole)));
        // Lanes before the latest whole do not matter. Without a whole, each may become one.
        const bool done = latest < 0 ? !exists : lane <= latest || state != slot_empty;
        if (__all_sync(every_lane, done) && latest >= 0) break;
        back_off();
        if (!done) state = observe(slot, value);
    }
    return with_parts(value, latest, combine);
}

// What precedes tile `tile` of a row, whose `aggregate` this is. `tiles` and `groups` are the slots
// of the row. Called by a warp, by each tile of the row.
template <class T, class Combine>
__device__ __forceinline__ prefix<T> look_back(volatile uint64_t* tiles, volatile uint64_t* groups,
                                               int64_t tile, T aggregate, Combine combine) {
    constexpr int words = word_array<T>::count;
    const unsigned lane = threadIdx.x % warp_lanes;
    const unsigned place = static_cast<unsigned>(tile % warp_lanes);
    const int64_t group = tile / warp_lanes;
    if (lane == place) publish(tiles + tile * words, aggregate, slot_part);

    // The first look at the groups is under way while the tiles of this group are waited for.
    const int64_t other = group - warp_lanes + lane;
    const volatile uint64_t* const other_slot = groups + other * words;
    T other_value = {};
    uint32_t other_state = slot_empty;
    if (other >= 0) other_state = observe(other_slot, other_value);

    T value = aggregate;
    bool ready = lane >= place;
    if (!ready) ready = observe(tiles + (tile - place + lane) * words, value) != slot_empty;
    while (!__all_sync(every_lane, ready)) {
        back_off();
        if (!ready) ready = observe(tiles + (tile - place + lane) * words, value) != slot_empty;
    }
    value = scan_lanes(value, combine);
    const T through = shuffle_from(value, place);
    const T inside = shuffle_from(value, place > 0 ? place - 1 : 0);
    const bool closes = place == warp_lanes - 1 && lane == 0;
    volatile uint64_t* const slot = groups + group * words;
    if (closes) publish(slot, through, group == 0 ? slot_whole : slot_part);
    if (group == 0) return {inside, place > 0};
    const T whole = whole_before(other_slot, other >= 0, other_value, other_state, combine);
    if (closes) publish(slot, combine(whole, through), slot_whole);
    return {place > 0 ? combine(whole, inside) : whole, true};
}

}  // namespace xgpu
