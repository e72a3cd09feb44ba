// Matrix products of batches: out[b, m, n] = sum over k of left[b, m, k] * right[b, k, n].
//
// Included at the end of a source that defines `xgpu::matmul_types`: `element`, and the number of
// `batch_axes`. Operands are read through strides, so a transposed or broadcast one needs no copy.
// A block computes one tile of `out`, a thread 4 x 4 elements of it; the tile's shape is chosen at
// the launch for square, tall and flat results. Each element is summed over k in order, without
// fused multiply-add, in the element's own type, or in float for 16-bit floats, which are rounded
// once.
#pragma once

#include "xgpu/arithmetic.cuh"
#include "xgpu/cast.cuh"
#include "xgpu/space.cuh"

namespace xgpu {

// Slots of 8 bytes, filled in by launch/matmul.py.
struct matmul_arguments {
    static constexpr int axes = matmul_types::batch_axes;
    using element = matmul_types::element;

    int64_t rows, columns, inner;
    int64_t row_tiles, column_tiles;
    int64_t shape_of_tile;  // 0: 32 x 32, 1: 128 x 8, 2: 8 x 128
    const element* left;
    int64_t left_row, left_inner;  // strides
    const element* right;
    int64_t right_inner, right_column;
    element* out;
    divisor radix[axes > 0 ? axes : 1];
    int64_t left_batch[axes > 0 ? axes : 1], right_batch[axes > 0 ? axes : 1];
};

constexpr int matmul_depth = 16;  // of the slices that a block holds in shared memory
constexpr int matmul_block = 64;
constexpr int matmul_share = 4;  // a thread computes this many rows and columns

// Copies the slice lines x depth at `from` to shared memory, depth outermost. Neighbouring threads
// take neighbours in memory; what lies outside the operand is zero.
template <int Lines, class T>
__device__ __forceinline__ void read_slice(const T* from, int64_t line_stride, int64_t depth_stride,
                                           int64_t lines, int64_t depth, T* into) {
    const bool along_depth = depth_stride == 1 || line_stride == 0;
    for (int i = threadIdx.x; i < Lines * matmul_depth; i += matmul_block) {
        const int line = along_depth ? i / matmul_depth : i % Lines;
        const int k = along_depth ? i % matmul_depth : i / Lines;
        const bool inside = line < lines && k < depth;
        into[k * Lines + line] = inside ? from[line * line_stride + k * depth_stride] : T{};
    }
}

template <int Rows, int Columns, class T>
__device__ __forceinline__ void multiply_tile(const matmul_arguments& a, const T* left,
                                              const T* right, T* out, int64_t row, int64_t column,
                                              T* shared) {
    static_assert(Rows * Columns == matmul_block * matmul_share * matmul_share, "a full block");
    constexpr int row_step = Rows / matmul_share, column_step = Columns / matmul_share;
    T* const left_slice = shared;
    T* const right_slice = shared + Rows * matmul_depth;
    const int my_row = threadIdx.x / column_step, my_column = threadIdx.x % column_step;
    left += row * a.left_row;
    right += column * a.right_column;

    wide_of<T> sum[matmul_share][matmul_share] = {};
    for (int64_t k = 0; k < a.inner; k += matmul_depth) {
        read_slice<Rows>(left + k * a.left_inner, a.left_row, a.left_inner, a.rows - row,
                         a.inner - k, left_slice);
        read_slice<Columns>(right + k * a.right_inner, a.right_column, a.right_inner,
                            a.columns - column, a.inner - k, right_slice);
        __syncthreads();
        for (int d = 0; d < matmul_depth; ++d) {
            wide_of<T> x[matmul_share], y[matmul_share];
#pragma unroll
            for (int i = 0; i < matmul_share; ++i) {
                x[i] = widen(left_slice[d * Rows + my_row + i * row_step]);
                y[i] = widen(right_slice[d * Columns + my_column + i * column_step]);
            }
#pragma unroll
            for (int i = 0; i < matmul_share; ++i) {
#pragma unroll
                for (int j = 0; j < matmul_share; ++j) {
                    sum[i][j] = add(sum[i][j], multiply(x[i], y[j]));
                }
            }
        }
        __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < matmul_share; ++i) {
        const int64_t m = row + my_row + i * row_step;
#pragma unroll
        for (int j = 0; j < matmul_share; ++j) {
            const int64_t n = column + my_column + j * column_step;
            if (m < a.rows && n < a.columns) out[m * a.columns + n] = cast<T>(sum[i][j]);
        }
    }
}

template <class T>
__device__ __forceinline__ void matmul(const matmul_arguments& a, T* shared) {
    constexpr int axes = matmul_arguments::axes;
    const uint64_t tiles = a.row_tiles * a.column_tiles;
    const uint64_t batch = blockIdx.x / tiles, tile = blockIdx.x % tiles;
    const int64_t row = tile / a.column_tiles, column = tile % a.column_tiles;
    point<int64_t, axes> p;
    unravel<0, axes>(p, batch, a.radix);
    const T* left = a.left + dot<int64_t, 0, axes>(p, a.left_batch);
    const T* right = a.right + dot<int64_t, 0, axes>(p, a.right_batch);
    T* out = a.out + batch * a.rows * a.columns;
    if (a.shape_of_tile == 0) {
        multiply_tile<32, 32>(a, left, right, out, row * 32, column * 32, shared);
    } else if (a.shape_of_tile == 1) {
        multiply_tile<128, 8>(a, left, right, out, row * 128, column * 8, shared);
    } else {
        multiply_tile<8, 128>(a, left, right, out, row * 8, column * 128, shared);
    }
}

}  // namespace xgpu

extern "C" __global__ void __launch_bounds__(xgpu::matmul_block)
    xgpu_matmul(const xgpu::matmul_arguments a) {
    // The slices of the widest tile, 128 + 8 lines.
    __shared__ xgpu::matmul_types::element shared[136 * xgpu::matmul_depth];
    xgpu::matmul(a, shared);
}
