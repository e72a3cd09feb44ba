// Rounding to whole numbers, real floating; complex operands are in complex.cuh.
#pragma once

#include "xgpu/types.cuh"

namespace xgpu {

__device__ __forceinline__ float ceil(float x) { return ::ceilf(x); }
__device__ __forceinline__ double ceil(double x) { return ::ceil(x); }
__device__ __forceinline__ float floor(float x) { return ::floorf(x); }
__device__ __forceinline__ double floor(double x) { return ::floor(x); }
__device__ __forceinline__ float trunc(float x) { return ::truncf(x); }
__device__ __forceinline__ double trunc(double x) { return ::trunc(x); }

// Halves go to the even neighbour.
__device__ __forceinline__ float round(float x) { return ::rintf(x); }
__device__ __forceinline__ double round(double x) { return ::rint(x); }

}  // namespace xgpu
