// Sorts of many short rows, several to a block: the elements, or their places, in order.
//
// Included at the end of a source that defines `xgpu::sort_types`: `element`, `kind` and `infinity`
// of sort_key.cuh, which gives the order, whether `places` are asked for, and the number of
// `batch_axes`. A block sorts pairs of key and place, no two of which are equal, by a bitonic network.
// Source: Batcher, "Sorting networks and their applications" (1968).
#pragma once

#include "xgpu/memory.cuh"
#include "xgpu/sort_key.cuh"
#include "xgpu/strided.cuh"

namespace xgpu {

constexpr int sort_capacity = 2048;  // elements of a block
constexpr int sort_block = 256;

// Slots of 8 bytes, filled in by launch/sort.py.
struct sort_arguments {
    using element = sort_types::element;

    int64_t rows, length;
    int64_t padded;      // the length, made a power of two
    int64_t block_rows;  // rows of a block; block_rows * padded <= sort_capacity
    int64_t descending;
    const element* in;
    int64_t stride;  // along a row
    void* out;
    strided_axes<sort_types::batch_axes> row_axes;
};

// An unsigned number whose order is that of the element; equal elements have the same.
__device__ __forceinline__ sort_types::element sort_key(sort_types::element x, bool descending) {
    using order = sort_order<sort_types::element, sort_types::kind, sort_types::infinity>;
    return order::merged(order::key(x, descending));
}

__device__ __forceinline__ void sort_rows(const sort_arguments& a, uint64_t* keys,
                                          uint32_t* places) {
    using T = sort_types::element;
    // A key of 64 bits has its place beside it, another one in its lower half.
    constexpr bool apart = sizeof(T) == 8;
    const int padded = static_cast<int>(a.padded), count = static_cast<int>(a.block_rows) * padded;
    const int length = static_cast<int>(a.length);
    const int64_t first = static_cast<int64_t>(blockIdx.x) * a.block_rows;
    const bool descending = a.descending != 0;

    for (int i = threadIdx.x; i < count; i += sort_block) {
        const int place = i & (padded - 1);
        const int64_t row = first + i / padded;
        uint64_t key = ~uint64_t(0);  // what fills a row up comes last
        uint32_t at = ~uint32_t(0);
        if (place < length && row < a.rows) {
            const T x = a.in[a.row_axes.offset<int64_t>(row) + place * a.stride];
            key = sort_key(x, descending);
            at = static_cast<uint32_t>(place);
        }
        keys[i] = apart ? key : key << 32 | at;
        if (apart) places[i] = at;
    }
    __syncthreads();
    for (int size = 2; size <= padded; size *= 2) {
        for (int step = size / 2; step > 0; step /= 2) {
            for (int i = threadIdx.x; i < count / 2; i += sort_block) {
                const int low = 2 * i - (i & (step - 1)), high = low + step;
                const bool up = (low & (padded - 1) & size) == 0;
                const uint64_t x = keys[low], y = keys[high];
                const bool greater = x > y || (apart && x == y && places[low] > places[high]);
                if (greater == up) {
                    keys[low] = y;
                    keys[high] = x;
                    if (apart) {
                        const uint32_t at = places[low];
                        places[low] = places[high];
                        places[high] = at;
                    }
                }
            }
            __syncthreads();
        }
    }
    for (int i = threadIdx.x; i < count; i += sort_block) {
        const int k = i & (padded - 1);
        const int64_t row = first + i / padded;
        if (k >= length || row >= a.rows) continue;
        const uint32_t at = apart ? places[i] : static_cast<uint32_t>(keys[i]);
        const int64_t to = row * a.length + k;
        if (sort_types::places) {
            static_cast<int64_t*>(a.out)[to] = at;
        } else {
            // Read once more, so that zeros keep their signs, and NaN its bits.
            static_cast<T*>(a.out)[to] =
                a.in[a.row_axes.offset<int64_t>(row) + at * a.stride];
        }
    }
}

}  // namespace xgpu

extern "C" __global__ void __launch_bounds__(xgpu::sort_block)
    xgpu_sort_rows(const xgpu::sort_arguments a) {
    constexpr bool apart = sizeof(xgpu::sort_types::element) == 8;
    __shared__ xgpu::uint64_t keys[xgpu::sort_capacity];
    __shared__ xgpu::uint32_t places[apart ? xgpu::sort_capacity : 1];
    xgpu::sort_rows(a, keys, places);
}
