// Digits of 8 bits: the lanes of a warp that have the same one, and how often each occurs in the
// tiles before a tile.
//
// The latter is a look-back as in look_back.cuh, with one thread for each digit. Counts are whole
// numbers, whose sum does not depend on which slots were read in which state, so a thread may add
// up whatever it finds first. A slot is one word, read and written as one, with the state in its two
// highest bits and the count below: no fence has to order a count and a flag.
#pragma once

#include "xgpu/look_back.cuh"
#include "xgpu/types.cuh"
#include "xgpu/warp.cuh"

namespace xgpu {

constexpr int digit_bits = 8, digit_values = 1 << digit_bits;

// The lanes whose digit is that of this lane: by one instruction, whose time on a GPU depends on how
// many digits there are (`Matches`, and in the simulator), or bit by bit. Called by a whole warp.
template <bool Matches>
__device__ __forceinline__ unsigned lanes_with(uint32_t digit) {
#if defined(__CUDACC__)
    if constexpr (!Matches) {
        unsigned same = every_lane;
#pragma unroll
        for (int bit = 0; bit < digit_bits; ++bit) {
            // With __ballot_sync the compiler makes twice as many instructions of it.
            unsigned agree;
            asm volatile(
                "{\n"
                "    .reg .pred set;\n"
                "    and.b32 %0, %1, %2;\n"
                "    setp.ne.u32 set, %0, 0;\n"
                "    vote.sync.ballot.b32 %0, set, 0xffffffff;\n"
                "    @!set not.b32 %0, %0;\n"
                "}"
                : "=r"(agree)
                : "r"(digit), "r"(1u << bit));
            same &= agree;
        }
        return same;
    }
#endif
    return __match_any_sync(every_lane, digit);
}

// A count takes the bits of the unsigned type `Count` but two.
template <class Count>
constexpr int count_bits = 8 * sizeof(Count) - 2;

template <class Count>
__device__ __forceinline__ void publish_count(volatile Count* slot, Count value, uint32_t state) {
    *slot = Count(state) << count_bits<Count> | value;
}

// The sum over all tiles before `tile`, at least one, of one digit, whose slot of the first tile
// this is. The first tile publishes a whole, to which the search comes at the latest. `Window` slots
// are read at a time, so that the time of a read is waited for once for all of them.
template <int Window, class Count>
__device__ __forceinline__ Count count_before(const volatile Count* slots, int64_t tile) {
    Count sum = 0;
    for (int64_t last = tile - 1;;) {
        Count seen[Window];
#pragma unroll
        for (int i = 0; i < Window; ++i) {
            seen[i] = last - i >= 0 ? slots[(last - i) * digit_values] : Count(0);
        }
        bool waits = false;
#pragma unroll
        for (int i = 0; i < Window; ++i) {
            const auto state = static_cast<uint32_t>(seen[i] >> count_bits<Count>);
            waits = waits || state == slot_empty;
            if (waits) continue;  // what comes before an empty slot is read again
            sum += seen[i] & ((Count(1) << count_bits<Count>) - 1);
            if (state == slot_whole) return sum;
            --last;
        }
        if (waits) back_off();
    }
}

}  // namespace xgpu
