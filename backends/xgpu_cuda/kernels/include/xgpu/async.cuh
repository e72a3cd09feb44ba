// Copies from global to shared memory that a thread does not wait for (PTX ISA, "cp.async"; from
// compute capability 8.0 on).
//
// A thread that reads only what it has copied itself needs no barrier: `await_copies` is enough.
// Copies are made at once in the simulator, and on a GPU that has no such instruction.
#pragma once

#include "xgpu/types.cuh"

namespace xgpu {

// Both addresses are multiples of the size of T.
template <class T>
__device__ __forceinline__ void copy_async(T* to_shared, const T* from_global) {
#if defined(__CUDACC__) && defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    const unsigned to = static_cast<unsigned>(__cvta_generic_to_shared(to_shared));
    if constexpr (sizeof(T) == 16) {
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16;"
                     :
                     : "r"(to), "l"(from_global)
                     : "memory");
    } else if constexpr (sizeof(T) == 4 || sizeof(T) == 8) {
        asm volatile("cp.async.ca.shared.global [%0], [%1], %2;"
                     :
                     : "r"(to), "l"(from_global), "n"(sizeof(T))
                     : "memory");
    } else {
        *to_shared = *from_global;
    }
#else
    *to_shared = *from_global;
#endif
}

// What a thread has copied since it last called this is one group.
__device__ __forceinline__ void end_copies() {
#if defined(__CUDACC__) && defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm volatile("cp.async.commit_group;" : : : "memory");
#endif
}

// Waits for the thread's copies, but for those of the latest `Groups` groups.
template <int Groups>
__device__ __forceinline__ void await_copies() {
#if defined(__CUDACC__) && defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm volatile("cp.async.wait_group %0;" : : "n"(Groups) : "memory");
#endif
}

}  // namespace xgpu
