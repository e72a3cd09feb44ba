// What scans combine values with.
#pragma once

#include "xgpu/arithmetic.cuh"

namespace xgpu {

struct running_sum {
    template <class T>
    __device__ __forceinline__ T operator()(T a, T b) const {
        return add(a, b);
    }
};

struct running_product {
    template <class T>
    __device__ __forceinline__ T operator()(T a, T b) const {
        return multiply(a, b);
    }
};

}  // namespace xgpu
