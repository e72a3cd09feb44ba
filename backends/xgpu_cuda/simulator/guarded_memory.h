// Device memory of the simulator: filled with a pattern, between guard zones that are checked
// after each launch. Part of runtime.cpp, and included nowhere else.
#pragma once

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mutex>
#include <vector>

#include "machine.h"

using namespace xgpu_simulator;

namespace {

constexpr size_t alignment = 256;  // of device memory, as on a GPU
constexpr unsigned char guard = 0x5A;  // unlike `poison`, so a copy of fresh memory shows

// What the running launch is to report.
char message[1024];
bool failed;

__attribute__((format(printf, 1, 2))) void fail(const char *format, ...) {
    if (failed) return;  // the first error is the cause
    failed = true;
    va_list values;
    va_start(values, format);
    vsnprintf(message, sizeof message, format, values);
    va_end(values);
}

struct Allocation {
    unsigned char *start;
    size_t size;
    Allocation *next, *previous;
};

std::mutex registering;  // guards the list; frees come from any thread at any time
Allocation head = {nullptr, 0, &head, &head};
size_t allocated;  // live bytes

bool intact(const unsigned char *zone) {
    static const std::vector<unsigned char> whole(guard_size, guard);
    return memcmp(zone, whole.data(), guard_size) == 0;
}

// Counts the guard bytes that changed, gives the place of the first, and puts all right again.
size_t mend(unsigned char *zone, size_t &first) {
    size_t count = 0;
    for (size_t i = 0; i < guard_size; ++i) {
        if (zone[i] == guard) continue;
        if (!count++) first = i;
        zone[i] = guard;
    }
    return count;
}

void check_guards(const char *kernel) {
    std::lock_guard<std::mutex> lock(registering);
    for (Allocation *a = head.next; a != &head; a = a->next) {
        size_t first = 0;
        if (!intact(a->start - guard_size)) {
            size_t count = mend(a->start - guard_size, first);
            fail("kernel %s wrote before the start of an allocation of %zu bytes (%zu bytes "
                 "changed, from byte -%zu on)", kernel, a->size, count, guard_size - first);
        }
        if (!intact(a->start + a->size)) {
            size_t count = mend(a->start + a->size, first);
            fail("kernel %s wrote past the end of an allocation of %zu bytes (%zu bytes changed, "
                 "from byte %zu on)", kernel, a->size, count, a->size + first);
        }
    }
}

}  // namespace

extern "C" {

// Device memory filled with `poison`; null if there is none.
void *xgpu_simulator_allocate(size_t size) {
    if (size > SIZE_MAX - 2 * guard_size - alignment) return nullptr;
    auto *entry = static_cast<Allocation *>(malloc(sizeof(Allocation)));
    void *memory = nullptr;
    if (!entry || posix_memalign(&memory, alignment, size + 2 * guard_size) != 0) {
        free(entry);
        return nullptr;
    }
    static_assert(guard_size % alignment == 0, "memory after the guard is aligned");
    unsigned char *start = static_cast<unsigned char *>(memory) + guard_size;
    memset(start - guard_size, guard, guard_size);
    memset(start, poison, size);
    memset(start + size, guard, guard_size);
    std::lock_guard<std::mutex> lock(registering);
    *entry = {start, size, head.next, &head};
    head.next->previous = entry;
    head.next = entry;
    allocated += size;
    return entry;
}

void *xgpu_simulator_address(const Allocation *allocation) { return allocation->start; }

void xgpu_simulator_free(Allocation *allocation) {
    {
        std::lock_guard<std::mutex> lock(registering);
        allocation->previous->next = allocation->next;
        allocation->next->previous = allocation->previous;
        allocated -= allocation->size;
    }
    free(allocation->start - guard_size);
    free(allocation);
}

size_t xgpu_simulator_allocated() {
    std::lock_guard<std::mutex> lock(registering);
    return allocated;
}

}  // extern "C"
