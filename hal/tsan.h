/*
 * What the compilers' thread-sanitizer instrumentation calls, answered by the emulator instead of a
 * sanitizer's runtime. Names and types are the compilers' (gcc 12, clang 14); nobody else calls them. In a
 * tree configured with HALDMA_CHECK_FOOTPRINTS the layers are instrumented, too.
 *
 * pc: the instruction after the access, in the driver or in a layer.
 */
#ifndef HAL_TSAN_H
#define HAL_TSAN_H

#include <emu/access.h>
#include <emu/machine.h>
#include <emu/unseen.h>

#include <stddef.h>
#include <stdint.h>

/* The driver's own, which a call of one of these functions comes back to. */
#define TSAN_PC() ((uintptr_t)__builtin_return_address(0))

#ifdef EMU_CHECK_FOOTPRINTS
/* The linker's: where the program or library that the layers are part of begins, and where its code ends. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char etext[] __attribute__((visibility("hidden")));

static inline bool tsan_is_layer(uintptr_t pc)
{
    return pc - (uintptr_t)__ehdr_start <= (uintptr_t)etext - (uintptr_t)__ehdr_start;
}
#endif

/* A load or store of an instrumented driver; outside a run there is nobody to race with. */
static inline void tsan_touch(const volatile void *address, size_t bytes, unsigned memory, uintptr_t pc)
{
    struct emu_machine *m = emu_current();
#ifdef EMU_CHECK_FOOTPRINTS
    if (tsan_is_layer(pc)) {
        if (m != NULL)
            emu_unseen_memory(m, address, bytes, (memory & EMU_MEMORY_WRITE) != 0, pc);
        return;
    }
#endif
    if (__builtin_expect(m != NULL, 1))
        emu_access_memory(m, address, bytes, memory | EMU_MEMORY_INSTRUMENTED, pc);
}

#endif
