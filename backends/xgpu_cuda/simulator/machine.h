// What a compiled kernel and the simulator's runtime share. Both are compiled against this
// file; a kernel reaches the runtime through the pointers in `Machine` and links to nothing.
#pragma once

namespace xgpu_simulator {

struct Index {
    unsigned x, y, z;
};

enum class Collective : int { sync, shuffle, ballot, any, all, match };

constexpr unsigned warp_size = 32;
constexpr unsigned max_dynamic_shared = 227 * 1024;  // bytes, as of compute capability 9.0
constexpr unsigned unasked_shared = 48 * 1024;  // for sources without XGPU_DYNAMIC_SHARED
constexpr unsigned guard_size = 512;                // bytes beside each piece of memory
constexpr unsigned char poison = 0xA5;  // what uninitialised memory reads as

// The state that device code sees. One launch runs at a time, so there is one.
struct Machine {
    Index thread, block, block_size, grid_size;
    unsigned lane;  // of the running thread, in its warp

    // A thread that calls one of these waits until all that take part have called it too.
    void (*barrier)(const char *file, int line);
    unsigned long long (*collective)(Collective kind, unsigned mask, unsigned long long value,
                                     unsigned source, const char *file, int line);
};

// One kernel of a compiled module, found by the symbol xgpu_simulator_kernel_NAME.
struct Kernel {
    const char *name;
    unsigned long long parameter_size;
    void (*thread)(const void *parameters);  // runs the thread that `Machine` says
    // Runs all threads of the block one after another; null for a kernel that may synchronise.
    void (*block)(const void *parameters);
    unsigned char *dynamic_shared;  // max_dynamic_shared bytes and guard_size more
    unsigned long long shared_size;  // what a launch may have of them
};

}  // namespace xgpu_simulator
