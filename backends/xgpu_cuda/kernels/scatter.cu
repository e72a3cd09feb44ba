// Elements written to positions: out[positions[i]] = values[i], the last i where positions are
// equal.
//
// Included at the end of a source that defines `xgpu::scatter_types`: `element` (a type of the
// elements' width), the number of `axes` of positions and values, the signed type `index` that
// holds their count, and the type `owner` (int or long long) of the same width. `out` is a copy of
// the operand that is written to.
//
// Which i is the last one is found in `owners`, which has an entry for each element of `out`: all
// raise the entry at their position to their i (integers: the order of the atomics does not
// matter), and the one whose i is there writes.
//
//   xgpu_scatter_clear  empties all entries, in order, where there are many positions
//   xgpu_scatter_touch  empties the entries at the positions, where there are few
//   xgpu_scatter_claim  raises the entries
//   xgpu_scatter_write  writes the values of the owners; all, where no two can be different
#pragma once

#define XGPU_NO_BARRIER

#include "xgpu/memory.cuh"
#include "xgpu/strided.cuh"

namespace xgpu {

// Slots of 8 bytes, filled in by launch/scatter.py.
struct scatter_arguments {
    scatter_types::element* out;
    int64_t size;  // of out
    const int64_t* positions;
    const scatter_types::element* values;
    int64_t count;                  // of positions
    scatter_types::owner* owners;   // null if every value is written
    strided_axes<scatter_types::axes> position_axes, value_axes;
};

constexpr int scatter_block = 256;
constexpr int scatter_share = 4;  // entries of a thread
constexpr scatter_types::owner nobody = -1;

using scatter_position = unsigned_of<scatter_types::index>;

// Calls visit(i, positions[i]) for this thread's share of the positions, after reading them all.
template <class Visit>
__device__ __forceinline__ void visit_positions(const scatter_arguments& a, Visit visit) {
    const scatter_position first =
        scatter_position(blockIdx.x) * (scatter_block * scatter_share) + threadIdx.x;
    const auto count = static_cast<scatter_position>(a.count);
    int64_t at[scatter_share];
#pragma unroll
    for (int u = 0; u < scatter_share; ++u) {
        const scatter_position i = first + u * scatter_block;
        at[u] = 0;
        if (i < count) {
            at[u] = a.positions[a.position_axes.offset<scatter_types::index>(i)];
        }
    }
#pragma unroll
    for (int u = 0; u < scatter_share; ++u) {
        const scatter_position i = first + u * scatter_block;
        if (i < count) visit(i, at[u]);
    }
}

__device__ __forceinline__ void scatter_clear(const scatter_arguments& a) {
    const int64_t first = int64_t(blockIdx.x) * (scatter_block * scatter_share) + threadIdx.x;
#pragma unroll
    for (int u = 0; u < scatter_share; ++u) {
        const int64_t i = first + u * scatter_block;
        if (i < a.size) a.owners[i] = nobody;
    }
}

__device__ __forceinline__ void scatter_touch(const scatter_arguments& a) {
    visit_positions(a, [&](scatter_position, int64_t at) { a.owners[at] = nobody; });
}

__device__ __forceinline__ void scatter_claim(const scatter_arguments& a) {
    visit_positions(a, [&](scatter_position i, int64_t at) {
        atomicMax(a.owners + at, static_cast<scatter_types::owner>(i));
    });
}

__device__ __forceinline__ void scatter_write(const scatter_arguments& a) {
    visit_positions(a, [&](scatter_position i, int64_t at) {
        if (a.owners == nullptr || a.owners[at] == static_cast<scatter_types::owner>(i)) {
            a.out[at] = a.values[a.value_axes.offset<scatter_types::index>(i)];
        }
    });
}

}  // namespace xgpu

extern "C" __global__ void __launch_bounds__(xgpu::scatter_block)
    xgpu_scatter_clear(const xgpu::scatter_arguments a) {
    xgpu::scatter_clear(a);
}

extern "C" __global__ void __launch_bounds__(xgpu::scatter_block)
    xgpu_scatter_touch(const xgpu::scatter_arguments a) {
    xgpu::scatter_touch(a);
}

extern "C" __global__ void __launch_bounds__(xgpu::scatter_block)
    xgpu_scatter_claim(const xgpu::scatter_arguments a) {
    xgpu::scatter_claim(a);
}

extern "C" __global__ void __launch_bounds__(xgpu::scatter_block)
    xgpu_scatter_write(const xgpu::scatter_arguments a) {
    xgpu::scatter_write(a);
}
