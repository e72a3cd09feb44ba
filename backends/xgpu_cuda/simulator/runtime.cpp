// The simulator's runtime: launches whose threads are fibers.
//
// Compiled once for a host; the driver (driver.py) calls the extern "C" functions at the end.
// One launch runs at a time. A block's threads run warp by warp, each until it reaches a barrier,
// a warp function or its end; blocks run in order.
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <mutex>
#include <vector>

#include "faults.h"
#include "fiber.h"
#include "guarded_memory.h"
#include "machine.h"

using namespace xgpu_simulator;

namespace {

constexpr size_t max_threads = 1024, max_parameters = 4096;
constexpr unsigned max_grid_x = 0x7fffffff, max_grid_yz = 65535;
constexpr size_t stack_size = 128 * 1024;

std::mutex launching;  // one launch or copy at a time, as on a stream
Machine machine;
// ---- Threads ----

enum class State { ready, barrier, collective, done };

struct Thread {
    Fiber fiber;
    Index index;
    State state;
    const char *file;  // where it waits, and for what
    int line;
    Collective kind;
    unsigned mask, source;
    unsigned long long value;  // given to the warp function, then its result
};

Fiber scheduler;
std::vector<Thread> threads;  // those that have a stack
size_t count;                 // those of the block that runs
Thread *running;
const Kernel *kernel;
const void *parameters;
bool direct;

// Leaves the running thread for good; its stack is made anew before the next launch.
void abandon() {
    fiber_switch(running->fiber, scheduler);
    __builtin_unreachable();
}

void run(Thread &thread) {
    running = &thread;
    in_device_code = true;
    fiber_switch(scheduler, thread.fiber);
    in_device_code = false;
}

void abandon_after_fault(const void *address) {
    in_device_code = false;
    fail("kernel %s, block (%u, %u, %u), thread (%u, %u, %u) accessed the address %p, where there "
         "is no memory; the stack of a thread has %zu bytes", kernel->name, machine.block.x,
         machine.block.y, machine.block.z, machine.thread.x, machine.thread.y, machine.thread.z,
         address, stack_size);
    abandon();
}

void refuse_in_direct(const char *what, const char *file, int line) {
    if (!direct) return;
    fail("kernel %s reached %s (%s:%d) though it is compiled with XGPU_NO_BARRIER", kernel->name,
         what, file, line);
    abandon();
}

void wait_at_barrier(const char *file, int line) {
    refuse_in_direct("__syncthreads", file, line);
    running->state = State::barrier;
    running->file = file;
    running->line = line;
    fiber_switch(running->fiber, scheduler);
}

const char *name_of(Collective kind) {
    switch (kind) {
        case Collective::sync: return "__syncwarp";
        case Collective::shuffle: return "a warp shuffle";
        case Collective::ballot: return "__ballot_sync";
        case Collective::any: return "__any_sync";
        case Collective::all: return "__all_sync";
        case Collective::match: return "__match_any_sync";
    }
    return "a warp function";
}

unsigned long long wait_for_warp(Collective kind, unsigned mask, unsigned long long value,
                                 unsigned source, const char *file, int line) {
    refuse_in_direct(name_of(kind), file, line);
    Thread &self = *running;
    if (!(mask >> machine.lane & 1)) {
        fail("kernel %s, block (%u, %u, %u): lane %u calls %s (%s:%d) with mask 0x%08x, which "
             "leaves it out", kernel->name, machine.block.x, machine.block.y, machine.block.z,
             machine.lane, name_of(kind), file, line, mask);
        abandon();
    }
    self.state = State::collective;
    self.kind = kind;
    self.mask = mask;
    self.value = value;
    self.source = source;
    self.file = file;
    self.line = line;
    fiber_switch(self.fiber, scheduler);
    return self.value;
}

void run_threads() {
    for (;;) {  // once per block
        kernel->thread(parameters);
        running->state = State::done;
        fiber_switch(running->fiber, scheduler);
    }
}

void run_directly() {
    Index &b = machine.block;
    const Index size = machine.grid_size;
    for (b.z = 0; b.z < size.z; ++b.z)
        for (b.y = 0; b.y < size.y; ++b.y)
            for (b.x = 0; b.x < size.x; ++b.x) kernel->block(parameters);
    fiber_switch(running->fiber, scheduler);
}

bool same_place(const Thread &a, const Thread &b) {
    return a.line == b.line && (a.file == b.file || strcmp(a.file, b.file) == 0);
}

// The lanes that a waiting lane names have all come to the same function: gives the results.
bool complete(Thread *warp, size_t lanes, Thread &first) {
    unsigned ballot = 0;
    for (unsigned lane = 0; lane < warp_size; ++lane) {
        if (!(first.mask >> lane & 1)) continue;
        if (lane >= lanes) return false;
        const Thread &other = warp[lane];
        if (other.state != State::collective || other.mask != first.mask ||
            other.kind != first.kind || !same_place(other, first))
            return false;
        ballot |= unsigned(other.value & 1) << lane;
    }
    unsigned long long given[warp_size] = {};
    for (size_t lane = 0; lane < lanes; ++lane) given[lane] = warp[lane].value;
    for (size_t lane = 0; lane < lanes; ++lane) {
        Thread &other = warp[lane];
        if (!(first.mask >> lane & 1)) continue;
        other.state = State::ready;
        switch (first.kind) {
            case Collective::sync: break;
            case Collective::ballot: other.value = ballot; break;
            case Collective::any: other.value = ballot != 0; break;
            case Collective::all: other.value = ballot == first.mask; break;
            case Collective::match:
                other.value = 0;
                for (size_t i = 0; i < lanes; ++i)
                    if (first.mask >> i & 1 && given[i] == given[lane]) other.value |= 1u << i;
                break;
            case Collective::shuffle:
                if (!(first.mask >> other.source & 1))
                    fail("kernel %s, block (%u, %u, %u): lane %zu shuffles from lane %u, which "
                         "its mask 0x%08x leaves out (%s:%d)", kernel->name, machine.block.x,
                         machine.block.y, machine.block.z, lane, other.source, first.mask,
                         first.file, first.line);
                other.value = given[other.source];
        }
    }
    return true;
}

void fail_warp(const Thread *warp, size_t lanes, const Thread &first) {
    const char *why = "is elsewhere";
    size_t lane = 0;
    for (; lane < warp_size; ++lane) {
        if (!(first.mask >> lane & 1)) continue;
        if (lane >= lanes) { why = "does not exist in this block"; break; }
        const Thread &other = warp[lane];
        if (other.state == State::done) { why = "has returned"; break; }
        if (other.state == State::barrier) { why = "waits at __syncthreads"; break; }
        if (other.mask != first.mask) { why = "waits with another mask"; break; }
        if (other.kind != first.kind || !same_place(other, first)) {
            why = "waits at another one";
            break;
        }
    }
    fail("kernel %s, block (%u, %u, %u): divergent warp: thread (%u, %u, %u) waits at %s (%s:%d) "
         "with mask 0x%08x, but lane %zu %s", kernel->name, machine.block.x, machine.block.y,
         machine.block.z, first.index.x, first.index.y, first.index.z, name_of(first.kind),
         first.file, first.line, first.mask, lane, why);
}

// Runs a warp until each of its threads waits at a barrier or has returned.
void run_warp(Thread *warp, size_t lanes) {
    for (bool again = true; again && !failed;) {
        for (size_t lane = 0; lane < lanes; ++lane) {
            if (warp[lane].state != State::ready) continue;
            machine.thread = warp[lane].index;
            machine.lane = unsigned(lane);
            run(warp[lane]);
            if (failed) return;
        }
        again = false;
        const Thread *stuck = nullptr;
        for (size_t lane = 0; lane < lanes; ++lane) {
            if (warp[lane].state != State::collective) continue;
            if (complete(warp, lanes, warp[lane])) again = true;
            else if (!stuck) stuck = &warp[lane];
        }
        if (!again && stuck) fail_warp(warp, lanes, *stuck);
    }
}

void fail_barrier(const Thread &waiting, const Thread &other, size_t arrived) {
    char where[256] = "returned";
    if (other.state == State::barrier)
        snprintf(where, sizeof where, "waits at another one (%s:%d)", other.file, other.line);
    fail("kernel %s, block (%u, %u, %u): divergent barrier: thread (%u, %u, %u) and %zu of %zu "
         "threads wait at a __syncthreads, the first at %s:%d, but thread (%u, %u, %u) %s",
         kernel->name, machine.block.x, machine.block.y, machine.block.z, waiting.index.x,
         waiting.index.y, waiting.index.z, arrived, count, waiting.file, waiting.line,
         other.index.x, other.index.y, other.index.z, where);
}

void run_block() {
    for (size_t i = 0; i < count; ++i) threads[i].state = State::ready;
    for (;;) {
        for (size_t start = 0; start < count && !failed; start += warp_size)
            run_warp(&threads[start], count - start < warp_size ? count - start : warp_size);
        if (failed) return;
        const Thread *waiting = nullptr, *other = nullptr;
        size_t arrived = 0;
        for (size_t i = 0; i < count; ++i) {
            if (threads[i].state != State::barrier) continue;
            ++arrived;
            if (!waiting) waiting = &threads[i];
        }
        if (!arrived) return;
        for (size_t i = 0; i < count && !other; ++i)
            if (threads[i].state != State::barrier || !same_place(threads[i], *waiting))
                other = &threads[i];
        if (other) return fail_barrier(*waiting, *other, arrived);
        for (size_t i = 0; i < count; ++i) threads[i].state = State::ready;
    }
}

// ---- Launches ----

unsigned char *stacks;
size_t stack_step;

unsigned char *stack_of(size_t thread) { return stacks + thread * stack_step; }

// A stack for each thread that a block may have. Pages cost memory once they are touched, and
// the lowest one of each stack cannot be, so that an overflow stops at once.
bool reserve_stacks() {
    if (stacks) return true;
    const size_t page = size_t(sysconf(_SC_PAGESIZE));
    stack_step = stack_size + page;
    void *memory = mmap(nullptr, max_threads * stack_step, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return false;
    stacks = static_cast<unsigned char *>(memory);
    for (size_t i = 0; i < max_threads; ++i) mprotect(stack_of(i), page, PROT_NONE);
    return true;
}

// After an error, threads lie abandoned in the middle of their stacks: all are made anew.
void prepare_threads(void (*entry)()) {
    static void (*prepared_for)();
    threads.reserve(max_threads);  // never moves: a saved context may point into itself
    if (prepared_for != entry || failed) threads.clear();
    prepared_for = entry;
    for (size_t i = threads.size(); i < count; ++i) {
        threads.emplace_back();
        fiber_prepare(threads[i].fiber, stack_of(i), stack_step, entry);
    }
}

void set_indices(Index size) {
    size_t i = 0;
    for (unsigned z = 0; z < size.z; ++z)
        for (unsigned y = 0; y < size.y; ++y)
            for (unsigned x = 0; x < size.x; ++x) threads[i++].index = {x, y, z};
}

void check_shared(size_t size) {
    unsigned char *end = kernel->dynamic_shared + size;
    if (intact(end)) return;
    size_t first = 0, count = mend(end, first);
    fail("kernel %s, block (%u, %u, %u) wrote past the end of its %zu bytes of dynamic shared "
         "memory (%zu bytes changed, from byte %zu on)", kernel->name, machine.block.x,
         machine.block.y, machine.block.z, size, count, size + first);
}

void run_grid(size_t shared) {
    const Index size = machine.grid_size;
    Index &b = machine.block;
    for (b.z = 0; b.z < size.z; ++b.z)
        for (b.y = 0; b.y < size.y; ++b.y)
            for (b.x = 0; b.x < size.x; ++b.x) {
                memset(kernel->dynamic_shared, poison, shared);
                run_block();
                check_shared(shared);
                if (failed) return;
            }
}

}  // namespace

extern "C" {

Machine *xgpu_simulator_machine() {
    machine.barrier = wait_at_barrier;
    machine.collective = wait_for_warp;
    return &machine;
}

void xgpu_simulator_copy(void *to, const void *from, size_t size) {
    std::lock_guard<std::mutex> lock(launching);
    memcpy(to, from, size);
}

// Runs a kernel to its end. Returns 0, or 1 with what went wrong in `error`.
int xgpu_simulator_launch(const Kernel *launched, const unsigned *grid, const unsigned *block,
                          size_t shared, const void *given, size_t given_size, char *error,
                          size_t error_size) {
    alignas(64) static unsigned char copy[max_parameters];
    std::lock_guard<std::mutex> lock(launching);
    kernel = launched;
    parameters = copy;
    machine.grid_size = {grid[0], grid[1], grid[2]};
    machine.block_size = {block[0], block[1], block[2]};
    machine.thread = machine.block = {0, 0, 0};
    machine.lane = 0;
    direct = kernel->block != nullptr;
    const size_t block_threads = size_t(block[0]) * block[1] * block[2];
    count = direct ? 1 : block_threads;
    if (block_threads == 0 || block_threads > max_threads ||
        size_t(grid[0]) * grid[1] * grid[2] == 0 || grid[0] > max_grid_x ||
        grid[1] > max_grid_yz || grid[2] > max_grid_yz) {
        snprintf(error, error_size, "kernel %s cannot be launched with grid (%u, %u, %u) and "
                 "block (%u, %u, %u): sizes are at least 1, a grid at most (%u, %u, %u), and a "
                 "block has at most %zu threads", kernel->name, grid[0], grid[1], grid[2],
                 block[0], block[1], block[2], max_grid_x, max_grid_yz, max_grid_yz,
                 max_threads);
        return 1;
    }
    if (shared > kernel->shared_size) {
        snprintf(error, error_size, "kernel %s cannot be launched with %zu bytes of dynamic "
                 "shared memory: at most %llu", kernel->name, shared, kernel->shared_size);
        return 1;
    }
    if (given_size != kernel->parameter_size || given_size > max_parameters) {
        snprintf(error, error_size, "kernel %s takes a parameter of %llu bytes (at most %zu), and "
                 "was given %zu", kernel->name, kernel->parameter_size, max_parameters,
                 given_size);
        return 1;
    }
    if (!reserve_stacks()) {
        snprintf(error, error_size, "no memory for the stacks of %zu threads", max_threads);
        return 1;
    }
    memcpy(copy, given, given_size);
    prepare_threads(direct ? run_directly : run_threads);
    failed = false;
    memset(kernel->dynamic_shared, poison, shared);
    memset(kernel->dynamic_shared + shared, guard, guard_size);
    FaultHandler handler;
    if (direct) {
        run(threads[0]);
        // It ends in the middle of `run_directly`, whether it failed or not.
        threads.clear();
        check_shared(shared);
    } else {
        set_indices(machine.block_size);
        run_grid(shared);
    }
    check_guards(kernel->name);
    if (!failed) return 0;
    snprintf(error, error_size, "%s", message);
    return 1;
}

}  // extern "C"
