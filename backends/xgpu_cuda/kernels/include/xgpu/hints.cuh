// What is said about memory besides reading and writing it. The simulator has no caches.
#pragma once

#include "xgpu/memory.cuh"

namespace xgpu {

// Has the line of the L2 cache that an address lies in fetched; waits for nothing.
__device__ __forceinline__ void prefetch(const void* address) {
#if defined(__CUDACC__)
    asm volatile("prefetch.global.L2 [%0];" : : "l"(address));
#endif
}

constexpr int cache_line = 128;  // bytes

// A store of 16 bytes that nobody is going to read soon, which leaves the caches before others do.
template <class T, int N>
__device__ __forceinline__ void store_streaming(packet<T, N>* to, const packet<T, N>& value) {
    static_assert(sizeof(packet<T, N>) == 16, "as wide as a store can be");
#if defined(__CUDACC__)
    struct words {
        uint32_t at[4];
    };
    const words w = __builtin_bit_cast(words, value);
    asm volatile("st.global.cs.v4.u32 [%0], {%1, %2, %3, %4};"
                 :
                 : "l"(to), "r"(w.at[0]), "r"(w.at[1]), "r"(w.at[2]), "r"(w.at[3])
                 : "memory");
#else
    *to = value;
#endif
}

}  // namespace xgpu
