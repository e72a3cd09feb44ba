// Fibers: stacks that hand over to one another inside one thread of the operating system.
//
// A switch saves what the calling convention says a function must preserve, and nothing else:
// no system call, no signal mask, no floating-point control word (device code sets none).
// Other processors than x86-64 and aarch64 use <ucontext.h>, which is slower.
#pragma once

#include <stddef.h>
#include <stdint.h>

#if (defined(__x86_64__) || defined(__aarch64__)) && !defined(XGPU_SIMULATOR_UCONTEXT)

struct Fiber {
    void *stack_pointer = nullptr;
};

// Defined below in this file; the label keeps its name free of the platform's prefix.
extern "C" void fiber_switch_registers(void **from, void *to) asm("xgpu_fiber_switch");

#if defined(__x86_64__)
// System V: rbx, rbp and r12 to r15 belong to the caller; rdi and rsi are the arguments.
asm(R"(
    .text
    .p2align 4
xgpu_fiber_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
)");

inline void fiber_prepare(Fiber &fiber, void *stack, size_t size, void (*entry)()) {
    uintptr_t top = (reinterpret_cast<uintptr_t>(stack) + size) & ~uintptr_t(15);
    // As if `entry` had been called: its return address, which it never uses, lies on top, and
    // the first switch pops six registers and returns into it.
    void **frame = reinterpret_cast<void **>(top) - 8;
    for (int i = 0; i < 8; ++i) frame[i] = nullptr;
    frame[6] = reinterpret_cast<void *>(entry);
    fiber.stack_pointer = frame;
}
#else
// AAPCS64: x19 to x28, the frame pointer x29, the return address x30, and d8 to d15.
asm(R"(
    .text
    .p2align 4
xgpu_fiber_switch:
    sub sp, sp, #160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    ret
)");

inline void fiber_prepare(Fiber &fiber, void *stack, size_t size, void (*entry)()) {
    uintptr_t top = (reinterpret_cast<uintptr_t>(stack) + size) & ~uintptr_t(15);
    void **frame = reinterpret_cast<void **>(top) - 20;
    for (int i = 0; i < 20; ++i) frame[i] = nullptr;
    frame[11] = reinterpret_cast<void *>(entry);  // x30
    fiber.stack_pointer = frame;
}
#endif

inline void fiber_switch(Fiber &from, Fiber &to) {
    fiber_switch_registers(&from.stack_pointer, to.stack_pointer);
}

#else

#include <ucontext.h>

struct Fiber {
    ucontext_t context;
};

inline void fiber_prepare(Fiber &fiber, void *stack, size_t size, void (*entry)()) {
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = stack;
    fiber.context.uc_stack.ss_size = size;
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, entry, 0);
}

inline void fiber_switch(Fiber &from, Fiber &to) { swapcontext(&from.context, &to.context); }

#endif
