// What is said about memory besides reading and writing it. The simulator has no caches.
#pragma once

#include "xgpu/types.cuh"

namespace xgpu {

// Has the line of the L2 cache that an address lies in fetched; waits for nothing.
__device__ __forceinline__ void prefetch(const void* address) {
#if defined(__CUDACC__)
    asm volatile("prefetch.global.L2 [%0];" : : "l"(address));
#endif
}

constexpr int cache_line = 128;  // bytes

}  // namespace xgpu
