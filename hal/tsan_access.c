/*
 * Loads and stores of instrumented drivers.
 *
 * One function for each size and kind that a compiler emits. Entry and exit of functions tell nothing that is
 * needed: a place is found from the instruction.
 */
#include "hal/tsan.h"

#define ACCESS(name, bytes, memory)                        \
    void __tsan_##name(const volatile void *address);      \
    void __tsan_##name(const volatile void *address)       \
    {                                                      \
        tsan_touch(address, (bytes), (memory), TSAN_PC()); \
    }
#define BOTH(bytes)                                                                        \
    ACCESS(read##bytes, bytes, EMU_MEMORY_READ)                                            \
    ACCESS(write##bytes, bytes, EMU_MEMORY_WRITE)                                          \
    ACCESS(unaligned_read##bytes, bytes, EMU_MEMORY_READ)                                  \
    ACCESS(unaligned_write##bytes, bytes, EMU_MEMORY_WRITE)                                \
    ACCESS(volatile_read##bytes, bytes, EMU_MEMORY_READ | EMU_MEMORY_VOLATILE)             \
    ACCESS(volatile_write##bytes, bytes, EMU_MEMORY_WRITE | EMU_MEMORY_VOLATILE)           \
    ACCESS(unaligned_volatile_read##bytes, bytes, EMU_MEMORY_READ | EMU_MEMORY_VOLATILE)   \
    ACCESS(unaligned_volatile_write##bytes, bytes, EMU_MEMORY_WRITE | EMU_MEMORY_VOLATILE) \
    ACCESS(read_write##bytes, bytes, EMU_MEMORY_WRITE)                                     \
    ACCESS(unaligned_read_write##bytes, bytes, EMU_MEMORY_WRITE)

BOTH(1)
BOTH(2)
BOTH(4)
BOTH(8)
BOTH(16)

#define RANGE(name, memory)                                         \
    void __tsan_##name(const volatile void *address, size_t bytes); \
    void __tsan_##name(const volatile void *address, size_t bytes)  \
    {                                                               \
        tsan_touch(address, bytes, (memory), TSAN_PC());            \
    }

RANGE(read_range, EMU_MEMORY_READ)
RANGE(write_range, EMU_MEMORY_WRITE)

/* Objects of C++ classes with virtual functions. */
void __tsan_vptr_update(void **vptr, void *value);
void __tsan_vptr_update(void **vptr, void *value)
{
    if (*vptr != value)
        tsan_touch(vptr, sizeof *vptr, EMU_MEMORY_WRITE, TSAN_PC());
}

void __tsan_vptr_read(void **vptr);
void __tsan_vptr_read(void **vptr)
{
    tsan_touch(vptr, sizeof *vptr, EMU_MEMORY_READ, TSAN_PC());
}

void __tsan_init(void);
void __tsan_init(void)
{
}

void __tsan_func_entry(void *caller);
void __tsan_func_entry(void *caller)
{
    (void)caller;
}

void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
}
