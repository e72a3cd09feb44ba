// Device code that touches memory which is nobody's: caught as a signal while a kernel runs, and
// reported as the kernel's error instead of ending the process. Part of runtime.cpp.
#pragma once

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

namespace {

void abandon_after_fault(const void *address);  // does not return

volatile bool in_device_code;  // while a fiber runs,
pthread_t device_thread;       // on this thread

constexpr int fault_signals[] = {SIGSEGV, SIGBUS};
struct sigaction others[2];  // whose turn it is outside device code

void on_fault(int signal, siginfo_t *info, void *) {
    if (in_device_code && pthread_equal(device_thread, pthread_self()))
        abandon_after_fault(info->si_addr);
    // Somebody else's fault: it happens again on return, with the handler it would have had.
    sigaction(signal, &others[signal == SIGBUS], nullptr);
}

// For the time of a launch, on a stack of its own, since the fault may be that a stack is full.
class FaultHandler {
  public:
    FaultHandler() {
        device_thread = pthread_self();
        static unsigned char *stack = static_cast<unsigned char *>(malloc(stack_bytes));
        stack_t own = {};
        own.ss_sp = stack;
        own.ss_size = stack_bytes;
        sigaltstack(&own, &other_stack);
        struct sigaction action = {};
        action.sa_sigaction = on_fault;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;  // it is left without a return
        sigemptyset(&action.sa_mask);
        for (int i = 0; i < 2; ++i) sigaction(fault_signals[i], &action, &others[i]);
    }
    ~FaultHandler() {
        for (int i = 0; i < 2; ++i) sigaction(fault_signals[i], &others[i], nullptr);
        sigaltstack(&other_stack, nullptr);
    }

  private:
    static constexpr size_t stack_bytes = 64 * 1024;
    stack_t other_stack;
};

}  // namespace
