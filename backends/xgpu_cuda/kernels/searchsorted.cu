// Where values belong in a sorted line: by bisection, a value to a thread.
//
// Included at the end of a source that defines `xgpu::searchsorted_types`: `element`, whether a
// value goes `after` its equals, the number of `axes` of the values, and the signed type `index`
// that holds their count and the length of the line.
#pragma once

#define XGPU_NO_BARRIER

#include "xgpu/order.cuh"
#include "xgpu/strided.cuh"

namespace xgpu {

// Slots of 8 bytes, filled in by launch/searchsorted.py.
struct searchsorted_arguments {
    const searchsorted_types::element* line;
    int64_t stride, length;
    const searchsorted_types::element* values;
    int64_t* out;
    int64_t count;
    strided_axes<searchsorted_types::axes> axes;
};

constexpr int searchsorted_block = 256;

__device__ __forceinline__ void searchsorted(const searchsorted_arguments& a) {
    using index = searchsorted_types::index;
    using position = unsigned_of<index>;
    const position i = position(blockIdx.x) * searchsorted_block + threadIdx.x;
    if (i >= static_cast<position>(a.count)) return;
    const auto value = a.values[a.axes.offset<index>(i)];
    // All before `low` belongs before the value, nothing from `high` on does.
    position low = 0, high = static_cast<position>(a.length);
    while (low < high) {
        const position middle = low + (high - low) / 2;
        const auto x = a.line[int64_t(middle) * a.stride];
        const bool earlier = searchsorted_types::after ? !precedes(value, x) : precedes(x, value);
        if (earlier) low = middle + 1;
        else high = middle;
    }
    a.out[i] = static_cast<int64_t>(low);
}

}  // namespace xgpu

extern "C" __global__ void __launch_bounds__(xgpu::searchsorted_block)
    xgpu_searchsorted(const xgpu::searchsorted_arguments a) {
    xgpu::searchsorted(a);
}
