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

}  // namespace xgpu
