// Values of any type exchanged between the lanes of a warp, in words of 32 bits.
#pragma once

#include "xgpu/types.cuh"

namespace xgpu {

constexpr unsigned warp_lanes = 32;
constexpr unsigned every_lane = 0xffffffffu;

// A value as words of 32 bits; one of less than 32 bits lies in the low ones of a word.
template <class T>
struct word_array {
    static constexpr int count = (sizeof(T) + 3) / 4;
    static_assert(sizeof(T) < 4 || sizeof(T) % 4 == 0, "a value is a part of a word, or words");
    uint32_t at[count];
};

template <class T>
__device__ __forceinline__ word_array<T> to_words(T value) {
    if constexpr (sizeof(T) < 4) {
        return {{uint32_t(__builtin_bit_cast(unsigned_of<T>, value))}};
    } else {
        return __builtin_bit_cast(word_array<T>, value);
    }
}

template <class T>
__device__ __forceinline__ T from_words(word_array<T> words) {
    if constexpr (sizeof(T) < 4) {
        return __builtin_bit_cast(T, static_cast<unsigned_of<T>>(words.at[0]));
    } else {
        return __builtin_bit_cast(T, words);
    }
}

// The value of the lane `distance` below this one among `width` lanes; the lane's own where there
// is none.
template <class T>
__device__ __forceinline__ T shuffle_up(T value, unsigned distance, int width = warp_lanes) {
    word_array<T> words = to_words(value);
#pragma unroll
    for (int i = 0; i < words.count; ++i) {
        words.at[i] = __shfl_up_sync(every_lane, words.at[i], distance, width);
    }
    return from_words<T>(words);
}

// The value of one lane among `width`.
template <class T>
__device__ __forceinline__ T shuffle_from(T value, int lane, int width = warp_lanes) {
    word_array<T> words = to_words(value);
#pragma unroll
    for (int i = 0; i < words.count; ++i) {
        words.at[i] = __shfl_sync(every_lane, words.at[i], lane, width);
    }
    return from_words<T>(words);
}

// What precedes a value: nothing, or the combination of all before it. An empty one stands in for
// an identity, which a complex product does not have (1 + 0j times infinity is not a number).
template <class T>
struct prefix {
    T value;
    bool any;

    template <class Combine>
    __device__ __forceinline__ T before(T x, Combine combine) const {
        return any ? combine(value, x) : x;
    }
    template <class Combine>
    __device__ __forceinline__ prefix before(const prefix& other, Combine combine) const {
        if (!other.any) return *this;
        return {before(other.value, combine), true};
    }
};

// The inclusive scan over `width` lanes (a power of two), as Kogge and Stone have it (1973): what
// is combined in which order follows from the lane alone.
template <class T, class Combine>
__device__ __forceinline__ T scan_lanes(T value, Combine combine, int width = warp_lanes) {
    const unsigned lane = threadIdx.x & (width - 1);
    if (width == int(warp_lanes)) {  // known where it is called, and unrolled: several go side by side
#pragma unroll
        for (unsigned distance = 1; distance < warp_lanes; distance *= 2) {
            const T lower = shuffle_up(value, distance);
            if (lane >= distance) value = combine(lower, value);
        }
        return value;
    }
    for (unsigned distance = 1; distance < unsigned(width); distance *= 2) {
        const T lower = shuffle_up(value, distance, width);
        if (lane >= distance) value = combine(lower, value);
    }
    return value;
}

}  // namespace xgpu
