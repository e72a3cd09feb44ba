// The sum of the exponentials of distances from the maximum, in the pass that finds the maximum
// (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018).
#pragma once

#include "xgpu/math.cuh"
#include "xgpu/types.cuh"

namespace xgpu {
namespace accumulator {

// `total` is that of what was absorbed so far, about `largest` of it. A NaN stays in `total`.
template <class T, class Index>
struct exponentials_about {
    T largest = limits<T>::lowest, total = {};

    // exp(-|a - b|): what the total about the lesser one is multiplied by to be about the greater
    // one, and what the lesser value adds to it. An infinity below all others has no part in it.
    __device__ __forceinline__ static T factor(T a, T b) {
        const T distance = a - b, part = xgpu::exp(distance < T(0) ? distance : -distance);
        return a == limits<T>::lowest ? T(0) : part;
    }
    __device__ __forceinline__ void absorb(T x, Index) {
        const bool above = x > largest;
        const T part = factor(x, largest);
        total = above ? total * part + T(1) : total + part;
        largest = above ? x : largest;
    }
    __device__ __forceinline__ void merge(const exponentials_about& other) {
        const bool above = other.largest > largest;
        const T part = factor(other.largest, largest);
        total = above ? total * part + other.total : total + other.total * part;
        largest = above ? other.largest : largest;
    }
    // About the maximum, which is NaN if any value was. The distance of an infinity from itself
    // is NaN.
    __device__ __forceinline__ T about(T maximum) const {
        return maximum - maximum == T(0) ? total : maximum - maximum;
    }
};

}  // namespace accumulator
}  // namespace xgpu
