// Wide loads and stores: N neighbouring elements, 16 bytes at most, in one access.
//
// The elements go to, and come from, one member of N structs, so that a thread's values stay
// together by point.
#pragma once

#include "xgpu/types.cuh"

namespace xgpu {

template <class T, int N>
struct alignas(N * sizeof(T)) packet {
    static_assert(N * sizeof(T) <= 16, "a thread moves 16 bytes at most in one access");
    T at[N];
};

template <class T, class S, int N>
__device__ __forceinline__ void load_packet(const T* from, S (&into)[N], T S::*member) {
    const packet<T, N> read = *reinterpret_cast<const packet<T, N>*>(from);
#pragma unroll
    for (int j = 0; j < N; ++j) into[j].*member = read.at[j];
}

template <class T, class S, int N>
__device__ __forceinline__ void store_packet(T* into, const S (&from)[N], T S::*member) {
    packet<T, N> write;
#pragma unroll
    for (int j = 0; j < N; ++j) write.at[j] = from[j].*member;
    *reinterpret_cast<packet<T, N>*>(into) = write;
}

// N elements that are `step` apart, in wide accesses where they are neighbours at an address
// that allows it.
template <class T, class Index, class S, int N>
__device__ __forceinline__ void load_run(const T* from, Index step, S (&into)[N], T S::*member) {
    constexpr int width = N * sizeof(T) <= 16 ? N : 16 / sizeof(T);
    if (width > 1 && step == 1 && reinterpret_cast<uint64_t>(from) % (width * sizeof(T)) == 0) {
#pragma unroll
        for (int i = 0; i < N; i += width) {
            const auto read = *reinterpret_cast<const packet<T, width>*>(from + i);
#pragma unroll
            for (int j = 0; j < width; ++j) into[i + j].*member = read.at[j];
        }
    } else if (step == 0) {
        const T read = *from;
#pragma unroll
        for (int j = 0; j < N; ++j) into[j].*member = read;
    } else {
#pragma unroll
        for (int j = 0; j < N; ++j) into[j].*member = from[j * step];
    }
}

// The other way: N elements to places that are `step` apart.
template <class T, class Index, class S, int N>
__device__ __forceinline__ void store_run(T* into, Index step, const S (&from)[N], T S::*member) {
    constexpr int width = N * sizeof(T) <= 16 ? N : 16 / sizeof(T);
    if (width > 1 && step == 1 && reinterpret_cast<uint64_t>(into) % (width * sizeof(T)) == 0) {
#pragma unroll
        for (int i = 0; i < N; i += width) {
            packet<T, width> write;
#pragma unroll
            for (int j = 0; j < width; ++j) write.at[j] = from[i + j].*member;
            *reinterpret_cast<packet<T, width>*>(into + i) = write;
        }
    } else {
#pragma unroll
        for (int j = 0; j < N; ++j) into[j * step] = from[j].*member;
    }
}

// With XGPU_STREAMING, 16 bytes that a kernel touches once are marked as the first to leave the
// caches: 1: those that it writes, 2: those that it reads too. The simulator has no caches.
#if !defined(XGPU_STREAMING) || !defined(__CUDACC_RTC__)
#undef XGPU_STREAMING
#define XGPU_STREAMING 0
#endif

template <bool Once, class Packet>
__device__ __forceinline__ Packet read_packet(const void* from) {
#if XGPU_STREAMING >= 2
    if constexpr (Once && sizeof(Packet) == 16) {
        return __builtin_bit_cast(Packet, __ldcs(static_cast<const uint4*>(from)));
    }
#endif
    return *static_cast<const Packet*>(from);
}

template <class Packet>
__device__ __forceinline__ void write_packet(void* into, Packet value) {
#if XGPU_STREAMING >= 1
    if constexpr (sizeof(Packet) == 16) {
        __stcs(static_cast<uint4*>(into), __builtin_bit_cast(uint4, value));
        return;
    }
#endif
    *static_cast<Packet*>(into) = value;
}

// N neighbours at an address that is aligned for accesses of 16 bytes, or of all of them. `Once`:
// nothing else reads them.
template <bool Once = false, class T, class S, int N>
__device__ __forceinline__ void load_neighbours(const T* from, S (&into)[N], T S::*member) {
    constexpr int width = N * sizeof(T) <= 16 ? N : 16 / sizeof(T);
#pragma unroll
    for (int i = 0; i < N; i += width) {
        const auto read = read_packet<Once, packet<T, width>>(from + i);
#pragma unroll
        for (int j = 0; j < width; ++j) into[i + j].*member = read.at[j];
    }
}

// The other way.
template <class T, class S, int N>
__device__ __forceinline__ void store_neighbours(T* into, const S (&from)[N], T S::*member) {
    constexpr int width = N * sizeof(T) <= 16 ? N : 16 / sizeof(T);
#pragma unroll
    for (int i = 0; i < N; i += width) {
        packet<T, width> write;
#pragma unroll
        for (int j = 0; j < width; ++j) write.at[j] = from[i + j].*member;
        write_packet(into + i, write);
    }
}

// `N` elements that are `step` apart, of which there are `count`: the last one stands for the rest.
template <class T, class Index, int N>
__device__ __forceinline__ void load_column(const T* from, Index step, int count, T (&into)[N]) {
    if (count == N) {
#pragma unroll
        for (int i = 0; i < N; ++i) into[i] = from[i * step];
    } else {
#pragma unroll
        for (int i = 0; i < N; ++i) into[i] = from[(i < count ? i : count - 1) * step];
    }
}

// The elements that fill `bytes`: what a row of a tile in shared memory has more, for its column
// to lie in several banks.
template <class T>
__device__ constexpr int padding(int bytes) {
    return (bytes + int(sizeof(T)) - 1) / int(sizeof(T));
}

// Whether N neighbours along `axis` can be read and written by wide accesses, wherever there is a
// multiple of N before them along it; `strides` are those of `Rank` axes.
template <int N, int Rank, class T>
__device__ __forceinline__ bool in_packets(const T* first, const int64_t* strides, int axis) {
    constexpr int width = N * sizeof(T) <= 16 ? N : 16 / sizeof(T);
    bool found = reinterpret_cast<uint64_t>(first) % (width * sizeof(T)) == 0;
#pragma unroll
    for (int a = 0; a < Rank; ++a) {
        found &= a == axis ? strides[a] == 1 : strides[a] % width == 0;
    }
    return found;
}

}  // namespace xgpu
