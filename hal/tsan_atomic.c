/*
 * Atomic operations of instrumented drivers: announced, put into the order of contexts, then performed at
 * once.
 */
#include "hal/tsan.h"

#include <stdbool.h>

__extension__ typedef unsigned __int128 tsan_128;

/* Orders, as the compilers number them. */
enum { RELAXED = 0, CONSUME = 1, ACQUIRE = 2, RELEASE = 3, ACQ_REL = 4, SEQ_CST = 5, ORDER_BITS = 0x7FFF };

static unsigned orders(int order)
{
    switch (order & ORDER_BITS) {
    case RELAXED:
        return 0;
    case CONSUME:
    case ACQUIRE:
        return EMU_MEMORY_ACQUIRE;
    case RELEASE:
        return EMU_MEMORY_RELEASE;
    default:
        return EMU_MEMORY_ACQUIRE | EMU_MEMORY_RELEASE;
    }
}

static void load(const volatile void *address, size_t bytes, int order, uintptr_t pc)
{
    tsan_touch(address, bytes, EMU_MEMORY_ATOMIC | (orders(order) & EMU_MEMORY_ACQUIRE), pc);
}

static void store(const volatile void *address, size_t bytes, int order, uintptr_t pc)
{
    tsan_touch(address, bytes, EMU_MEMORY_ATOMIC | EMU_MEMORY_WRITE | (orders(order) & EMU_MEMORY_RELEASE),
               pc);
}

static void change(const volatile void *address, size_t bytes, int order, uintptr_t pc)
{
    tsan_touch(address, bytes, EMU_MEMORY_ATOMIC | EMU_MEMORY_WRITE | orders(order), pc);
}

#define FETCH(bits, type, name, value)                                                 \
    type __tsan_atomic##bits##_##name(volatile type *target, type operand, int order); \
    type __tsan_atomic##bits##_##name(volatile type *target, type operand, int order)  \
    {                                                                                  \
        change(target, sizeof *target, order, TSAN_PC());                              \
        type old = *target;                                                            \
        *target = (type)(value);                                                       \
        return old;                                                                    \
    }

/* Both forms are told the order of a success; a failure counts as one. */
#define COMPARE_EXCHANGE(bits, type, name)                                                           \
    int __tsan_atomic##bits##_##name(volatile type *target, type *expected, type desired, int order, \
                                     int failed);                                                    \
    int __tsan_atomic##bits##_##name(volatile type *target, type *expected, type desired, int order, \
                                     int failed)                                                     \
    {                                                                                                \
        (void)failed;                                                                                \
        change(target, sizeof *target, order, TSAN_PC());                                            \
        type old = *target;                                                                          \
        if (old == *expected) {                                                                      \
            *target = desired;                                                                       \
            return true;                                                                             \
        }                                                                                            \
        *expected = old;                                                                             \
        return false;                                                                                \
    }

#define ATOMICS(bits, type)                                                                             \
    type __tsan_atomic##bits##_load(const volatile type *source, int order);                            \
    type __tsan_atomic##bits##_load(const volatile type *source, int order)                             \
    {                                                                                                   \
        load(source, sizeof *source, order, TSAN_PC());                                                 \
        return *source;                                                                                 \
    }                                                                                                   \
    void __tsan_atomic##bits##_store(volatile type *target, type value, int order);                     \
    void __tsan_atomic##bits##_store(volatile type *target, type value, int order)                      \
    {                                                                                                   \
        store(target, sizeof *target, order, TSAN_PC());                                                \
        *target = value;                                                                                \
    }                                                                                                   \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *target, type expected, type desired, \
                                                    int order, int failed);                             \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *target, type expected, type desired, \
                                                    int order, int failed)                              \
    {                                                                                                   \
        (void)failed;                                                                                   \
        change(target, sizeof *target, order, TSAN_PC());                                               \
        type old = *target;                                                                             \
        if (old == expected)                                                                            \
            *target = desired;                                                                          \
        return old;                                                                                     \
    }                                                                                                   \
    FETCH(bits, type, exchange, operand)                                                                \
    FETCH(bits, type, fetch_add, old + operand)                                                         \
    FETCH(bits, type, fetch_sub, old - operand)                                                         \
    FETCH(bits, type, fetch_and, old &operand)                                                          \
    FETCH(bits, type, fetch_or, old | operand)                                                          \
    FETCH(bits, type, fetch_xor, old ^ operand)                                                         \
    FETCH(bits, type, fetch_nand, ~(old & operand))                                                     \
    COMPARE_EXCHANGE(bits, type, compare_exchange_strong)                                               \
    COMPARE_EXCHANGE(bits, type, compare_exchange_weak)

ATOMICS(8, uint8_t)
ATOMICS(16, uint16_t)
ATOMICS(32, uint32_t)
ATOMICS(64, uint64_t)
ATOMICS(128, tsan_128)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order)
{
    struct emu_machine *m = emu_current();
    if (m != NULL && order != RELAXED)
        emu_access_fence(m);
}

/* Between a thread and what interrupts it on its processor nothing but the compiler could change the order.
 */
void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int order)
{
    (void)order;
}
