// The elements of one operand at the positions in another: out[i] = source[positions[i]].
//
// Included at the end of a source that defines `xgpu::gather_types`: `element` (a type of the
// elements' width), the numbers of `source_axes` and `position_axes`, and the signed type `index`
// that holds both counts. A position counts the source's elements in C order and is in range.
#pragma once

#define XGPU_NO_BARRIER

#include "xgpu/memory.cuh"
#include "xgpu/strided.cuh"

namespace xgpu {

// Slots of 8 bytes, filled in by launch/gather.py.
struct gather_arguments {
    const gather_types::element* source;
    const int64_t* positions;
    gather_types::element* out;
    int64_t count;
    strided_axes<gather_types::source_axes> source_axes;
    strided_axes<gather_types::position_axes> position_axes;
};

constexpr int gather_block = 256;
constexpr int gather_share = 4;  // results of a thread, so that its reads overlap

__device__ __forceinline__ void gather(const gather_arguments& a) {
    using index = gather_types::index;
    using position = unsigned_of<index>;
    const position first = position(blockIdx.x) * (gather_block * gather_share) + threadIdx.x;
    const position count = static_cast<position>(a.count);
    position from[gather_share];
    gather_types::element x[gather_share];
#pragma unroll
    for (int u = 0; u < gather_share; ++u) {
        const position i = first + u * gather_block;
        from[u] = 0;
        if (i < count) from[u] = position(a.positions[a.position_axes.offset<index>(i)]);
    }
#pragma unroll
    for (int u = 0; u < gather_share; ++u) {
        x[u] = a.source[a.source_axes.offset<index>(from[u])];
    }
#pragma unroll
    for (int u = 0; u < gather_share; ++u) {
        const position i = first + u * gather_block;
        if (i < count) a.out[i] = x[u];
    }
}

}  // namespace xgpu

extern "C" __global__ void __launch_bounds__(xgpu::gather_block)
    xgpu_gather(const xgpu::gather_arguments a) {
    xgpu::gather(a);
}
