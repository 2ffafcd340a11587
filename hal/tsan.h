/*
 * What the compilers' thread-sanitizer instrumentation calls, answered by the emulator instead of a
 * sanitizer's runtime. Names and types are the compilers' (gcc 12, clang 14); nobody else calls them.
 *
 * pc: the instruction after the access, in the driver.
 */
#ifndef HAL_TSAN_H
#define HAL_TSAN_H

#include <emu/access.h>
#include <emu/machine.h>

#include <stddef.h>
#include <stdint.h>

/* The driver's own, which a call of one of these functions comes back to. */
#define TSAN_PC() ((uintptr_t)__builtin_return_address(0))

/* A load or store of an instrumented driver; outside a run there is nobody to race with. */
static inline void tsan_touch(const volatile void *address, size_t bytes, unsigned memory, uintptr_t pc)
{
    struct emu_machine *m = emu_current();
    if (__builtin_expect(m != NULL, 1))
        emu_access_memory(m, address, bytes, memory | EMU_MEMORY_INSTRUMENTED, pc);
}

#endif
