// The parts of CUDA C++ that xgpu's kernels use, for the host's C++ compiler, which is told to
// include this file first. XGPU_SIMULATOR is defined, __CUDACC__ and __CUDACC_RTC__ are not.
//
// What differs from a GPU: blocks run one after another, a block's threads take turns at
// barriers and warp functions only, atomics are plain updates (nothing runs in between), and a
// thread that spins until another one acts spins for ever.
//
// Kept light, for it is compiled with every kernel: no C++ standard library, and of libstdc++'s
// wrappers of C headers only what lies beneath them.
#pragma once

#define XGPU_SIMULATOR 1
#define _GLIBCXX_INCLUDE_NEXT_C_HEADERS 1
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "machine.h"

#define __global__
#define __device__
#define __host__
#define __constant__ static const
#define __grid_constant__
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
#define __noinline__ __attribute__((noinline))
#define __forceinline__ inline __attribute__((always_inline))
#define XGPU_SIMULATOR_INLINE static inline __attribute__((always_inline))
#define XGPU_SIMULATOR_SITE \
    const char *file = __builtin_FILE(), int line = __builtin_LINE()

// One block runs at a time, so its shared memory is static. (`extern __shared__` becomes a pointer
// to `dynamic_shared` before the compiler sees it: host_compiler.py.)
#define __shared__ static

namespace xgpu_simulator {
static Machine *machine;
alignas(128) static unsigned char dynamic_shared[max_dynamic_shared + guard_size];
}  // namespace xgpu_simulator

#define threadIdx (xgpu_simulator::machine->thread)
#define blockIdx (xgpu_simulator::machine->block)
#define blockDim (xgpu_simulator::machine->block_size)
#define gridDim (xgpu_simulator::machine->grid_size)
static constexpr int warpSize = xgpu_simulator::warp_size;

// ---- Types ----

#define XGPU_SIMULATOR_VECTOR(name, type, alignment)                                     \
    struct name##2 { alignas(2 * sizeof(type)) type x; type y; };                        \
    struct name##4 { alignas(alignment) type x; type y, z, w; };                         \
    XGPU_SIMULATOR_INLINE name##2 make_##name##2(type x, type y) { return {x, y}; }      \
    XGPU_SIMULATOR_INLINE name##4 make_##name##4(type x, type y, type z, type w) {       \
        return {x, y, z, w};                                                             \
    }
XGPU_SIMULATOR_VECTOR(char, signed char, 4)
XGPU_SIMULATOR_VECTOR(uchar, unsigned char, 4)
XGPU_SIMULATOR_VECTOR(short, short, 8)
XGPU_SIMULATOR_VECTOR(ushort, unsigned short, 8)
XGPU_SIMULATOR_VECTOR(int, int, 16)
XGPU_SIMULATOR_VECTOR(uint, unsigned, 16)
XGPU_SIMULATOR_VECTOR(longlong, long long, 16)
XGPU_SIMULATOR_VECTOR(ulonglong, unsigned long long, 16)
XGPU_SIMULATOR_VECTOR(float, float, 16)
XGPU_SIMULATOR_VECTOR(double, double, 16)
#undef XGPU_SIMULATOR_VECTOR

// ---- Barriers and warp functions ----

static inline void __syncthreads(XGPU_SIMULATOR_SITE) {
    xgpu_simulator::machine->barrier(file, line);
}

static inline void __syncwarp(unsigned mask = ~0u, XGPU_SIMULATOR_SITE) {
    xgpu_simulator::machine->collective(xgpu_simulator::Collective::sync, mask, 0, 0, file, line);
}

static inline unsigned __ballot_sync(unsigned mask, int predicate, XGPU_SIMULATOR_SITE) {
    return unsigned(xgpu_simulator::machine->collective(xgpu_simulator::Collective::ballot, mask,
                                                        predicate != 0, 0, file, line));
}

static inline int __any_sync(unsigned mask, int predicate, XGPU_SIMULATOR_SITE) {
    return int(xgpu_simulator::machine->collective(xgpu_simulator::Collective::any, mask,
                                                   predicate != 0, 0, file, line));
}

static inline int __all_sync(unsigned mask, int predicate, XGPU_SIMULATOR_SITE) {
    return int(xgpu_simulator::machine->collective(xgpu_simulator::Collective::all, mask,
                                                   predicate != 0, 0, file, line));
}

template <class T>
static inline unsigned __match_any_sync(unsigned mask, T value, XGPU_SIMULATOR_SITE) {
    static_assert(sizeof(T) <= 8, "a warp function compares at most 64 bits");
    unsigned long long bits = 0;
    __builtin_memcpy(&bits, &value, sizeof(T));
    return unsigned(xgpu_simulator::machine->collective(xgpu_simulator::Collective::match, mask,
                                                        bits, 0, file, line));
}

namespace xgpu_simulator {
template <class T>
static inline T shuffle(unsigned mask, T value, unsigned source, const char *file, int line) {
    static_assert(sizeof(T) <= 8, "a warp shuffle moves at most 64 bits");
    unsigned long long bits = 0;
    __builtin_memcpy(&bits, &value, sizeof(T));
    bits = machine->collective(Collective::shuffle, mask, bits, source, file, line);
    __builtin_memcpy(&value, &bits, sizeof(T));
    return value;
}
}  // namespace xgpu_simulator

// The warp is cut into segments of `width` lanes; a source outside its segment is the lane itself.
template <class T>
static inline T __shfl_sync(unsigned mask, T value, int source, int width = 32,
                            XGPU_SIMULATOR_SITE) {
    unsigned lane = xgpu_simulator::machine->lane, inside = unsigned(width) - 1;
    return xgpu_simulator::shuffle(mask, value, (lane & ~inside) | (unsigned(source) & inside),
                                   file, line);
}

template <class T>
static inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32,
                               XGPU_SIMULATOR_SITE) {
    unsigned lane = xgpu_simulator::machine->lane, place = lane & (unsigned(width) - 1);
    return xgpu_simulator::shuffle(mask, value, delta > place ? lane : lane - delta, file, line);
}

template <class T>
static inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32,
                                 XGPU_SIMULATOR_SITE) {
    unsigned lane = xgpu_simulator::machine->lane, place = lane & (unsigned(width) - 1);
    bool inside = delta < unsigned(width) - place;
    return xgpu_simulator::shuffle(mask, value, inside ? lane + delta : lane, file, line);
}

template <class T>
static inline T __shfl_xor_sync(unsigned mask, T value, int flip, int width = 32,
                                XGPU_SIMULATOR_SITE) {
    unsigned lane = xgpu_simulator::machine->lane, source = lane ^ unsigned(flip);
    bool inside = source < (lane & ~(unsigned(width) - 1)) + unsigned(width);
    return xgpu_simulator::shuffle(mask, value, inside ? source : lane, file, line);
}

XGPU_SIMULATOR_INLINE void __threadfence() {}
XGPU_SIMULATOR_INLINE void __threadfence_block() {}
XGPU_SIMULATOR_INLINE void __threadfence_system() {}
XGPU_SIMULATOR_INLINE void __nanosleep(unsigned) {}

// ---- Atomics: each returns the old value ----

#define XGPU_SIMULATOR_ATOMIC(name, type, result)                     \
    XGPU_SIMULATOR_INLINE type name(type *address, type value) {      \
        type old = *address;                                          \
        *address = (result);                                          \
        return old;                                                   \
    }
#define XGPU_SIMULATOR_ATOMICS(type)                                              \
    XGPU_SIMULATOR_ATOMIC(atomicExch, type, value)                                \
    XGPU_SIMULATOR_ATOMIC(atomicMin, type, value < old ? value : old)             \
    XGPU_SIMULATOR_ATOMIC(atomicMax, type, value > old ? value : old)             \
    XGPU_SIMULATOR_ATOMIC(atomicAnd, type, old & value)                           \
    XGPU_SIMULATOR_ATOMIC(atomicOr, type, old | value)                            \
    XGPU_SIMULATOR_ATOMIC(atomicXor, type, old ^ value)                           \
    XGPU_SIMULATOR_INLINE type atomicCAS(type *address, type expected, type value) { \
        type old = *address;                                                      \
        if (old == expected) *address = value;                                    \
        return old;                                                               \
    }
XGPU_SIMULATOR_ATOMICS(int)
XGPU_SIMULATOR_ATOMICS(unsigned)
XGPU_SIMULATOR_ATOMICS(unsigned long long)
XGPU_SIMULATOR_ATOMIC(atomicAdd, int, int(unsigned(old) + unsigned(value)))
XGPU_SIMULATOR_ATOMIC(atomicAdd, unsigned, old + value)
XGPU_SIMULATOR_ATOMIC(atomicAdd, unsigned long long, old + value)
XGPU_SIMULATOR_ATOMIC(atomicAdd, float, old + value)
XGPU_SIMULATOR_ATOMIC(atomicAdd, double, old + value)
XGPU_SIMULATOR_ATOMIC(atomicSub, int, int(unsigned(old) - unsigned(value)))
XGPU_SIMULATOR_ATOMIC(atomicSub, unsigned, old - value)
XGPU_SIMULATOR_ATOMIC(atomicExch, float, value)
XGPU_SIMULATOR_ATOMIC(atomicMin, long long, value < old ? value : old)
XGPU_SIMULATOR_ATOMIC(atomicMax, long long, value > old ? value : old)
#undef XGPU_SIMULATOR_ATOMICS
#undef XGPU_SIMULATOR_ATOMIC

// ---- Functions that CUDA declares in the global namespace ----

XGPU_SIMULATOR_INLINE int __popc(unsigned x) { return __builtin_popcount(x); }
XGPU_SIMULATOR_INLINE int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
XGPU_SIMULATOR_INLINE int __clz(int x) { return x ? __builtin_clz(unsigned(x)) : 32; }
XGPU_SIMULATOR_INLINE int __clzll(long long x) {
    return x ? __builtin_clzll((unsigned long long)x) : 64;
}
XGPU_SIMULATOR_INLINE int __ffs(int x) { return __builtin_ffs(x); }
XGPU_SIMULATOR_INLINE int __ffsll(long long x) { return __builtin_ffsll(x); }
XGPU_SIMULATOR_INLINE unsigned __umulhi(unsigned a, unsigned b) {
    return unsigned((unsigned long long)a * b >> 32);
}

#define XGPU_SIMULATOR_BITS(name, from, to)              \
    XGPU_SIMULATOR_INLINE to name(from x) {              \
        to y;                                            \
        __builtin_memcpy(&y, &x, sizeof(y));             \
        return y;                                        \
    }
XGPU_SIMULATOR_BITS(__float_as_int, float, int)
XGPU_SIMULATOR_BITS(__float_as_uint, float, unsigned)
XGPU_SIMULATOR_BITS(__int_as_float, int, float)
XGPU_SIMULATOR_BITS(__uint_as_float, unsigned, float)
XGPU_SIMULATOR_BITS(__double_as_longlong, double, long long)
XGPU_SIMULATOR_BITS(__longlong_as_double, long long, double)
#undef XGPU_SIMULATOR_BITS

template <class T>
XGPU_SIMULATOR_INLINE T __ldg(const T *address) { return *address; }

#define XGPU_SIMULATOR_LIMITS(type)                                                    \
    XGPU_SIMULATOR_INLINE type min(type a, type b) { return b < a ? b : a; }           \
    XGPU_SIMULATOR_INLINE type max(type a, type b) { return a < b ? b : a; }
XGPU_SIMULATOR_LIMITS(int)
XGPU_SIMULATOR_LIMITS(unsigned)
XGPU_SIMULATOR_LIMITS(long)
XGPU_SIMULATOR_LIMITS(unsigned long)
XGPU_SIMULATOR_LIMITS(long long)
XGPU_SIMULATOR_LIMITS(unsigned long long)
#undef XGPU_SIMULATOR_LIMITS
XGPU_SIMULATOR_INLINE float min(float a, float b) { return fminf(a, b); }
XGPU_SIMULATOR_INLINE float max(float a, float b) { return fmaxf(a, b); }
XGPU_SIMULATOR_INLINE double min(double a, double b) { return fmin(a, b); }
XGPU_SIMULATOR_INLINE double max(double a, double b) { return fmax(a, b); }
XGPU_SIMULATOR_INLINE float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
XGPU_SIMULATOR_INLINE double __fma_rn(double a, double b, double c) { return fma(a, b, c); }

// The C header has no overloads for float, and its tests for special values are macros, which
// would replace functions of the same names in namespaces; libc++ (macOS) has dealt with both.
#if !defined(_LIBCPP_VERSION)
#undef isnan
#undef isinf
#undef isfinite
#undef signbit
#define XGPU_SIMULATOR_TEST(name, test)                                    \
    XGPU_SIMULATOR_INLINE bool name(float x) { return test(x) != 0; }      \
    XGPU_SIMULATOR_INLINE bool name(double x) { return test(x) != 0; }
XGPU_SIMULATOR_TEST(isnan, __builtin_isnan)
XGPU_SIMULATOR_TEST(isinf, __builtin_isinf)
XGPU_SIMULATOR_TEST(isfinite, __builtin_isfinite)
XGPU_SIMULATOR_TEST(signbit, __builtin_signbit)
#undef XGPU_SIMULATOR_TEST
#define XGPU_SIMULATOR_FLOAT(name) \
    XGPU_SIMULATOR_INLINE float name(float x) { return name##f(x); }
XGPU_SIMULATOR_FLOAT(acos) XGPU_SIMULATOR_FLOAT(acosh) XGPU_SIMULATOR_FLOAT(asin)
XGPU_SIMULATOR_FLOAT(asinh) XGPU_SIMULATOR_FLOAT(atan) XGPU_SIMULATOR_FLOAT(atanh)
XGPU_SIMULATOR_FLOAT(cbrt) XGPU_SIMULATOR_FLOAT(ceil) XGPU_SIMULATOR_FLOAT(cos)
XGPU_SIMULATOR_FLOAT(cosh) XGPU_SIMULATOR_FLOAT(exp) XGPU_SIMULATOR_FLOAT(exp2)
XGPU_SIMULATOR_FLOAT(expm1) XGPU_SIMULATOR_FLOAT(fabs) XGPU_SIMULATOR_FLOAT(floor)
XGPU_SIMULATOR_FLOAT(log) XGPU_SIMULATOR_FLOAT(log10) XGPU_SIMULATOR_FLOAT(log1p)
XGPU_SIMULATOR_FLOAT(log2) XGPU_SIMULATOR_FLOAT(rint) XGPU_SIMULATOR_FLOAT(round)
XGPU_SIMULATOR_FLOAT(sin) XGPU_SIMULATOR_FLOAT(sinh) XGPU_SIMULATOR_FLOAT(sqrt)
XGPU_SIMULATOR_FLOAT(tan) XGPU_SIMULATOR_FLOAT(tanh) XGPU_SIMULATOR_FLOAT(trunc)
#undef XGPU_SIMULATOR_FLOAT
#define XGPU_SIMULATOR_FLOAT(name) \
    XGPU_SIMULATOR_INLINE float name(float x, float y) { return name##f(x, y); }
XGPU_SIMULATOR_FLOAT(atan2) XGPU_SIMULATOR_FLOAT(copysign) XGPU_SIMULATOR_FLOAT(fmax)
XGPU_SIMULATOR_FLOAT(fmin) XGPU_SIMULATOR_FLOAT(fmod) XGPU_SIMULATOR_FLOAT(hypot)
XGPU_SIMULATOR_FLOAT(nextafter) XGPU_SIMULATOR_FLOAT(pow)
#undef XGPU_SIMULATOR_FLOAT
#endif

// ---- What makes a module of the source; the loader appends XGPU_SIMULATOR_KERNEL(NAME) ----

namespace xgpu_simulator {

template <auto Function>
struct Entry;

template <class Parameters, void (*Function)(Parameters)>
struct Entry<Function> {
    static constexpr unsigned long long parameter_size = sizeof(Parameters);

    static void thread(const void *parameters) {
        Function(*static_cast<const Parameters *>(parameters));
    }
    static void block(const void *parameters) {
        Index &index = machine->thread;
        const Index size = machine->block_size;
        for (index.z = 0; index.z < size.z; ++index.z)
            for (index.y = 0; index.y < size.y; ++index.y)
                for (index.x = 0; index.x < size.x; ++index.x)
                    Function(*static_cast<const Parameters *>(parameters));
    }
};

}  // namespace xgpu_simulator

#define XGPU_SIMULATOR_EXPORT __attribute__((visibility("default")))

extern "C" XGPU_SIMULATOR_EXPORT void xgpu_simulator_bind(xgpu_simulator::Machine *machine) {
    xgpu_simulator::machine = machine;
}

// `direct` runs threads to their end one after another: for sources that define XGPU_NO_BARRIER.
// XGPU_DYNAMIC_SHARED is the bytes that a source asks for, or `unasked_shared`.
#define XGPU_SIMULATOR_KERNEL(name, direct)                                              \
    static_assert(XGPU_DYNAMIC_SHARED <= xgpu_simulator::max_dynamic_shared,             \
                  "more shared memory than a block can have");                           \
    extern "C" {                                                                         \
    XGPU_SIMULATOR_EXPORT xgpu_simulator::Kernel xgpu_simulator_kernel_##name = {        \
        #name, xgpu_simulator::Entry<&name>::parameter_size,                             \
        direct ? nullptr : &xgpu_simulator::Entry<&name>::thread,                        \
        direct ? &xgpu_simulator::Entry<&name>::block : nullptr,                         \
        xgpu_simulator::dynamic_shared, XGPU_DYNAMIC_SHARED};                            \
    }
