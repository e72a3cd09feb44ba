// One accumulator per reduction row of the op table: what a thread, a warp, a block and finally
// the second kernel fold values into.
//
// A fresh accumulator is the identity, so that a thread without values may take part. `absorb`
// adds one value (with its position along the reduced axes, which only arg* use), `absorb_product`
// the product of two floats, which is not rounded by itself, and `merge` another accumulator. sum
// and prod fold in a fixed order that the kernels define; the others give the same result in any
// order.
#pragma once

#include "xgpu/arithmetic.cuh"
#include "xgpu/types.cuh"

namespace xgpu {
namespace accumulator {

template <class T, class Index>
struct sum {
    T value = {};
    __device__ __forceinline__ void absorb(T x, Index) { value = add(value, x); }
    __device__ __forceinline__ void absorb_product(T a, T b) {
        if constexpr (sizeof(T) == 4) value = ::fmaf(a, b, value);
        else value = ::fma(a, b, value);
    }
    __device__ __forceinline__ void merge(const sum& other) { value = add(value, other.value); }
};

template <class T, class Index>
struct prod {
    T value = one();
    __device__ static constexpr T one() {
        if constexpr (is_complex<T>) return T{1, 0};
        else return T(1);
    }
    __device__ __forceinline__ void absorb(T x, Index) { value = multiply(value, x); }
    __device__ __forceinline__ void merge(const prod& other) {
        value = multiply(value, other.value);
    }
};

// The sum of squared distances from any value. What is absorbed is summed as distances from the first
// value, and their squares; of these sums a mean and the squared distances from it are made to be
// merged (Chan, Golub and LeVeque, 1979). The first value is one of the `count`, so what cancels is
// `count` times the result at most, and its relative error about `count` roundings.
template <class T, class Index>
struct squares_about {
    T origin = {}, sum = {}, squares = {}, count = {};  // distances are from `origin`
    __device__ __forceinline__ void absorb(T x, Index) {
        origin = count == T(0) ? x : origin;
        count += x * T(0) + T(1);  // NaN from the first value on that is not finite
        const T distance = x - origin;
        sum += distance;
        squares += distance * distance;
    }
    // The same about the mean of what was absorbed, from which distances sum up to nothing.
    __device__ __forceinline__ void centre() {
        if (count == T(0)) return;
        const T shift = sum / count;
        squares -= sum * shift;
        origin += shift;
        sum = T(0);
    }
    __device__ __forceinline__ void merge(squares_about other) {
        if (other.count == T(0)) return;
        other.centre();
        centre();
        if (count == T(0)) {
            *this = other;
            return;
        }
        const T both = count + other.count, distance = other.origin - origin;
        const T part = other.count / both;
        origin += distance * part;
        squares += other.squares + distance * distance * (count * part);
        count = both;
    }
    __device__ __forceinline__ T about(T centre) const {
        if (count == T(0)) return T(0);
        squares_about mine = *this;
        mine.centre();
        const T distance = mine.origin - centre;
        // What rounding has made of equal values may be less than nothing.
        const T within = mine.squares < T(0) ? T(0) : mine.squares;
        const T result = within + count * distance * distance;
        if (count != count || centre != centre) return count * centre;
        // All values are finite: what is not a number is an overflow.
        return result != result ? limits<T>::infinity : result;
    }
};

// NaN wins.
template <class T, class Index>
struct min {
    T value = limits<T>::highest;
    __device__ __forceinline__ void absorb(T x, Index) { value = minimum(value, x); }
    __device__ __forceinline__ void merge(const min& other) { absorb(other.value, 0); }
};

template <class T, class Index>
struct max {
    T value = limits<T>::lowest;
    __device__ __forceinline__ void absorb(T x, Index) { value = maximum(value, x); }
    __device__ __forceinline__ void merge(const max& other) { absorb(other.value, 0); }
};

template <class T, class Index>
struct any {
    T value = false;
    __device__ __forceinline__ void absorb(T x, Index) { value = value || x; }
    __device__ __forceinline__ void merge(const any& other) { value = value || other.value; }
};

template <class T, class Index>
struct all {
    T value = true;
    __device__ __forceinline__ void absorb(T x, Index) { value = value && x; }
    __device__ __forceinline__ void merge(const all& other) { value = value && other.value; }
};

// The position of the first extreme value; the first NaN, if there is one. A thread absorbs
// values in the order of their positions, so that of equals the one it has comes first.
//
// Nothing beats the identity but what is beyond it: where all values are that one, none was taken,
// and the first of them is the first of all.
template <class T, class Index, bool Least>
struct extreme {
    T best = Least ? limits<T>::highest : limits<T>::lowest;
    Index taken = limits<Index>::highest;

    __device__ __forceinline__ static bool beats(T x, T y) {
        if constexpr (Least) return x < y;
        else return x > y;
    }
    __device__ __forceinline__ void absorb(T x, Index position) {
        bool wins = beats(x, best);
        // Also if one of them is NaN; the first one stays.
        if constexpr (is_floating<T>) wins = !(Least ? x >= best : x <= best) && best == best;
        best = wins ? x : best;
        taken = wins ? position : taken;
    }
    __device__ __forceinline__ void merge(const extreme& other) {
        bool wins = beats(other.best, best) || (other.best == best && other.taken < taken);
        if constexpr (is_floating<T>) {
            const bool nan = best != best, other_nan = other.best != other.best;
            if (nan || other_nan) wins = other_nan && (!nan || other.taken < taken);
        }
        best = wins ? other.best : best;
        taken = wins ? other.taken : taken;
    }
    __device__ __forceinline__ Index position() const {
        return taken == limits<Index>::highest ? Index(0) : taken;
    }
};

template <class T, class Index>
struct argmin : extreme<T, Index, true> {};
template <class T, class Index>
struct argmax : extreme<T, Index, false> {};

}  // namespace accumulator

template <int Words>
struct words {
    uint32_t at[Words];
};

// The state S of the lane `offset` above this one, among `width` lanes, in words of 32 bits.
template <class S>
__device__ __forceinline__ S shuffle_down(const S& state, unsigned offset, int width) {
    static_assert(sizeof(S) % 4 == 0, "a state is exchanged in words of 32 bits");
    constexpr int count = sizeof(S) / 4;
    auto read = __builtin_bit_cast(words<count>, state);
#pragma unroll
    for (int i = 0; i < count; ++i) {
        read.at[i] = __shfl_down_sync(0xffffffffu, read.at[i], offset, width);
    }
    return __builtin_bit_cast(S, read);
}

}  // namespace xgpu
