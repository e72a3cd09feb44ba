// Ops that are kernels of their own, over operands in C order.
#pragma once

#include <algorithm>
#include <numeric>

#include "ops.h"

// A buffer as what the function that is called takes.
struct pointer {
  void* address;
  template <class T> operator T*() const { return static_cast<T*>(address); }
};

namespace kernels {

// NaN is the largest number.
template <class T> bool before(T a, T b) { return b != b ? a == a : a < b; }

template <class T>
void matmul(int64_t batch, int64_t rows, int64_t inner, int64_t columns, const T* a, const T* b, T* out) {
  for (int64_t i = 0; i < batch; ++i, a += rows * inner, b += inner * columns)
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; ++c) {
        fold::sum<T> total;
        for (int64_t k = 0; k < inner; ++k) total.take(T(a[r * inner + k] * b[k * columns + c]), k);
        *out++ = total.value();
      }
}

template <class T>
void argsort(int64_t lines, int64_t length, bool descending, const T* x, int64_t* out) {
  for (; lines--; x += length, out += length) {
    std::iota(out, out + length, int64_t(0));
    // NaN comes last in either direction.
    std::stable_sort(out, out + length, [=](int64_t i, int64_t j) {
      const bool turned = descending && x[i] == x[i] && x[j] == x[j];
      return turned ? x[i] > x[j] : before(x[i], x[j]);
    });
  }
}

template <class T>
void sort(int64_t lines, int64_t length, bool descending, const T* x, int64_t* order, T* out) {
  argsort(lines, length, descending, x, order);
  for (; lines--; x += length)
    for (int64_t i = 0; i < length; ++i) *out++ = x[*order++];
}

template <class T>
void searchsorted(int64_t length, int64_t count, bool right, const T* line, const T* x, int64_t* out) {
  for (; count--; ++x)
    *out++ = (right ? std::upper_bound(line, line + length, *x, before<T>)
                    : std::lower_bound(line, line + length, *x, before<T>)) - line;
}

template <template <class> class Fold, class T>
void scan(int64_t lines, int64_t length, const T* x, T* out) {
  for (; lines--;) {
    Fold<T> so_far;
    for (int64_t i = 0; i < length; ++i) so_far.take(*x++, i), *out++ = so_far.value();
  }
}

template <class T> void gather(int64_t count, const T* x, const int64_t* places, T* out) {
  for (; count--;) *out++ = x[*places++];
}

template <class T>
void scatter(int64_t size, int64_t count, const T* x, const int64_t* places, const T* values, T* out) {
  std::copy(x, x + size, out);
  for (; count--;) out[*places++] = *values++;
}

inline void nonzero(int64_t size, const bool* x, int64_t* out) {
  for (int64_t i = 0; i < size; ++i)
    if (x[i]) *out++ = i;
}

}  // namespace kernels
