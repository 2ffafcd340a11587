/*
 * Fibers: a stack and the way onto it. The only place that switches stacks.
 *
 * Three ways to switch, one is compiled: assembly for x86-64, assembly for aarch64, ucontext for the rest
 * (and for tests, with EMU_FIBER_UCONTEXT). The floating-point control words are not switched: simulated code
 * shares the host's.
 */
#ifndef EMU_FIBER_H
#define EMU_FIBER_H

#include <stddef.h>

#if !defined(EMU_FIBER_UCONTEXT) && !defined(__x86_64__) && !defined(__aarch64__)
#define EMU_FIBER_UCONTEXT 1
#endif

#ifdef EMU_FIBER_UCONTEXT
#include <ucontext.h>
#endif

typedef void emu_fiber_entry(void *arg);

struct emu_fiber {
    void *sp;  /* where it left off; not kept up by ucontext */
    void *low; /* the stack's lowest byte; of the host's own stack: what the sanitizer reported */
    size_t bytes;
    void *sanitizer;             /* AddressSanitizer's own */
    struct emu_fiber *came_from; /* kept up for AddressSanitizer alone */
#ifdef EMU_FIBER_UCONTEXT
    emu_fiber_entry *entry;
    void *arg;
    ucontext_t context;
#endif
};

/* A fiber for the stack that runs already. */
void emu_fiber_adopt(struct emu_fiber *f);

/* Frames that were abandoned on a stack are forgotten: the sanitizer lets all of it be touched again. */
void emu_fiber_forget(void *low, size_t bytes);

/* Prepares a stack (16-byte aligned, caller-owned): the first switch onto it calls entry(arg), which never
 * returns. */
void emu_fiber_init(struct emu_fiber *f, void *low, size_t bytes, emu_fiber_entry *entry, void *arg);

/* Leaves one stack, goes on with the other; returns when somebody switches back. */
void emu_fiber_switch(struct emu_fiber *from, struct emu_fiber *to);

/* To be called first on a fresh stack by its entry. */
void emu_fiber_arrived(struct emu_fiber *from);

#endif
