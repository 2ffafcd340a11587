/*
 * Fibers: what is the same for every way to switch, and what the sanitizers must be told.
 */
#include "emu/fiber.h"

#include <emu/sanitized.h>

#include <stdint.h>
#include <string.h>

#if EMU_SANITIZED
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#ifdef EMU_FIBER_UCONTEXT

static void swap(struct emu_fiber *from, struct emu_fiber *to)
{
    swapcontext(&from->context, &to->context);
}

enum { HALF = 32 };

/* makecontext passes ints only: the fiber's address comes in two halves. */
static void enter(unsigned high, unsigned low)
{
    struct emu_fiber *f = (struct emu_fiber *)(((uintptr_t)high << HALF) | low);
    f->entry(f->arg);
}

static void prepare(struct emu_fiber *f, emu_fiber_entry *entry, void *arg)
{
    f->entry = entry;
    f->arg = arg;
    f->sp = f->low;
    getcontext(&f->context);
    f->context.uc_stack.ss_sp = f->low;
    f->context.uc_stack.ss_size = f->bytes;
    f->context.uc_link = NULL;
    makecontext(&f->context, (void (*)(void))enter, 2, (unsigned)((uintptr_t)f >> HALF),
                (unsigned)(uintptr_t)f);
}

#else

/* In fiber_<machine>.S: saves the callee-saved registers, stores the stack pointer, and the same backwards.
 */
void emu_fiber_swap(void **from_sp, void *to_sp);
void emu_fiber_start(void);

static inline void swap(struct emu_fiber *from, struct emu_fiber *to)
{
    emu_fiber_swap(&from->sp, to->sp);
}

/* The frame that emu_fiber_swap pops: registers in the order of fiber_<machine>.S, the way in last. */
#if defined(__x86_64__)
enum { FRAME_WORDS = 9, FRAME_ARG = 2, FRAME_ENTRY = 3, FRAME_RETURN = 6 };
#else
enum { FRAME_WORDS = 20, FRAME_ARG = 0, FRAME_ENTRY = 1, FRAME_RETURN = 11 };
#endif

static void prepare(struct emu_fiber *f, emu_fiber_entry *entry, void *arg)
{
    uintptr_t *frame = (uintptr_t *)((char *)f->low + f->bytes) - FRAME_WORDS;
    static const uintptr_t nothing[FRAME_WORDS];
    memcpy(frame, nothing, sizeof nothing); /* what is made of memset here is slow to begin */
    frame[FRAME_ARG] = (uintptr_t)arg;
    frame[FRAME_ENTRY] = (uintptr_t)entry;
    frame[FRAME_RETURN] = (uintptr_t)emu_fiber_start;
    f->sp = frame;
}

#endif

void emu_fiber_adopt(struct emu_fiber *f)
{
    memset(f, 0, sizeof *f);
}

/* A strand that was abandoned in mid-air leaves its frames' red zones behind. */
void emu_fiber_forget(void *low, size_t bytes)
{
#if EMU_SANITIZED
    __asan_unpoison_memory_region(low, bytes);
#else
    (void)low;
    (void)bytes;
#endif
}

void emu_fiber_init(struct emu_fiber *f, void *low, size_t bytes, emu_fiber_entry *entry, void *arg)
{
    f->low = low;
    f->bytes = bytes;
    f->sanitizer = NULL;
    prepare(f, entry, arg);
}

#if EMU_SANITIZED

/* The bounds of the host's own stack are known only when somebody has left it. */
static void learn(struct emu_fiber *left, const void *low, size_t bytes)
{
    if (left->low != NULL)
        return;
    left->low = (void *)(uintptr_t)low;
    left->bytes = bytes;
}

void emu_fiber_switch(struct emu_fiber *from, struct emu_fiber *to)
{
    const void *low = NULL;
    size_t bytes = 0;
    to->came_from = from;
    __sanitizer_start_switch_fiber(&from->sanitizer, to->low, to->bytes);
    swap(from, to);
    __sanitizer_finish_switch_fiber(from->sanitizer, &low, &bytes);
    learn(from->came_from, low, bytes);
}

void emu_fiber_arrived(struct emu_fiber *from)
{
    const void *low = NULL;
    size_t bytes = 0;
    __sanitizer_finish_switch_fiber(NULL, &low, &bytes);
    learn(from, low, bytes);
}

#else

void emu_fiber_switch(struct emu_fiber *from, struct emu_fiber *to)
{
    swap(from, to);
}

void emu_fiber_arrived(struct emu_fiber *from)
{
    (void)from;
}

#endif
