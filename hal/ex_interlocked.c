/*
 * Interlocked operations, and lists that are changed by one of them.
 *
 * Each is a yield point, announced as a write to the memory it names, and then performed at once: nothing
 * comes in between. That holds for the lists too, whose lock is only honoured (it must be free, since the
 * same lock may guard other operations on the list), never held across anything.
 */
#include <wdm.h>

#include <emu/bus.h>
#include <emu/step.h>

#include "hal/ke_check.h"

enum {
    INTERLOCKED_READ = EMU_MEMORY_ATOMIC | EMU_MEMORY_ACQUIRE | EMU_MEMORY_ANNOUNCED,
    INTERLOCKED = INTERLOCKED_READ | EMU_MEMORY_WRITE | EMU_MEMORY_RELEASE,
};

static void announce_bytes(const volatile void *target, size_t bytes, uintptr_t pc)
{
    struct emu_machine *m = emu_current();
    emu_step(m, HAL_OP_KE_INTERLOCKED, emu_object_at(m, (const void *)(ULONG_PTR)target, "variable"), 0);
    emu_bus_touch_variable(m, target);
    emu_access_memory(m, target, bytes, INTERLOCKED, pc);
}

static void announce_read_bytes(const volatile void *source, size_t bytes, uintptr_t pc)
{
    struct emu_machine *m = emu_current();
    emu_step(m, HAL_OP_KE_INTERLOCKED_READ, emu_object_at(m, (const void *)(ULONG_PTR)source, "variable"), 0);
    emu_bus_touch_variable(m, source);
    emu_access_memory(m, source, bytes, INTERLOCKED_READ, pc);
}

/* By the driver's instruction that calls the function around this. */
#define CALLER                ((uintptr_t)__builtin_return_address(0))
#define announce(target)      announce_bytes((target), sizeof *(target), CALLER)
#define announce_read(source) announce_read_bytes((source), sizeof *(source), CALLER)

/* Sums wrap around, as the processor's do. */
#define SUM(type, a, b) ((type)((ULONG64)(a) + (ULONG64)(b)))

#define EXCHANGE(suffix, type)                                                                \
    type haldma_InterlockedExchange##suffix(type volatile *Target, type Value)                \
    {                                                                                         \
        announce(Target);                                                                     \
        const type old = *Target;                                                             \
        *Target = Value;                                                                      \
        return old;                                                                           \
    }                                                                                         \
    static inline type add##suffix(type volatile *Addend, type Value, uintptr_t caller)       \
    {                                                                                         \
        announce_bytes(Addend, sizeof *Addend, caller);                                       \
        const type old = *Addend;                                                             \
        *Addend = SUM(type, old, Value);                                                      \
        return old;                                                                           \
    }                                                                                         \
    type haldma_InterlockedExchangeAdd##suffix(type volatile *Addend, type Value)             \
    {                                                                                         \
        return add##suffix(Addend, Value, CALLER);                                            \
    }                                                                                         \
    type haldma_InterlockedCompareExchange##suffix(type volatile *Destination, type ExChange, \
                                                   type Comperand)                            \
    {                                                                                         \
        announce(Destination);                                                                \
        const type old = *Destination;                                                        \
        if (old == Comperand) {                                                               \
            *Destination = ExChange;                                                          \
        }                                                                                     \
        return old;                                                                           \
    }                                                                                         \
    type haldma_InterlockedAnd##suffix(type volatile *Destination, type Value)                \
    {                                                                                         \
        announce(Destination);                                                                \
        const type old = *Destination;                                                        \
        *Destination = (type)(old & Value);                                                   \
        return old;                                                                           \
    }                                                                                         \
    type haldma_InterlockedOr##suffix(type volatile *Destination, type Value)                 \
    {                                                                                         \
        announce(Destination);                                                                \
        const type old = *Destination;                                                        \
        *Destination = (type)(old | Value);                                                   \
        return old;                                                                           \
    }                                                                                         \
    type haldma_InterlockedXor##suffix(type volatile *Destination, type Value)                \
    {                                                                                         \
        announce(Destination);                                                                \
        const type old = *Destination;                                                        \
        *Destination = (type)(old ^ Value);                                                   \
        return old;                                                                           \
    }

/* These return the new value. */
#define INCREMENT(suffix, type)                                     \
    type haldma_InterlockedIncrement##suffix(type volatile *Addend) \
    {                                                               \
        return SUM(type, add##suffix(Addend, 1, CALLER), 1);        \
    }                                                               \
    type haldma_InterlockedDecrement##suffix(type volatile *Addend) \
    {                                                               \
        return SUM(type, add##suffix(Addend, -1, CALLER), -1);      \
    }

EXCHANGE(, LONG)
EXCHANGE(64, LONG64)
EXCHANGE(16, SHORT)
EXCHANGE(8, CHAR)
INCREMENT(, LONG)
INCREMENT(64, LONG64)
INCREMENT(16, SHORT)

LONG haldma_InterlockedAdd(LONG volatile *Addend, LONG Value)
{
    return SUM(LONG, add(Addend, Value, CALLER), Value);
}

LONG64 haldma_InterlockedAdd64(LONG64 volatile *Addend, LONG64 Value)
{
    return SUM(LONG64, add64(Addend, Value, CALLER), Value);
}

PVOID haldma_InterlockedExchangePointer(PVOID volatile *Target, PVOID Value)
{
    announce(Target);
    PVOID old = *Target;
    *Target = Value;
    return old;
}

PVOID haldma_InterlockedCompareExchangePointer(PVOID volatile *Destination, PVOID ExChange, PVOID Comperand)
{
    announce(Destination);
    PVOID old = *Destination;
    if (old == Comperand) {
        *Destination = ExChange;
    }
    return old;
}

BOOLEAN haldma_InterlockedCompareExchange128(LONG64 volatile *Destination, LONG64 ExchangeHigh,
                                             LONG64 ExchangeLow, LONG64 *ComparandResult)
{
    announce_bytes(Destination, 2 * sizeof *Destination, CALLER);
    const LONG64 low = Destination[0];
    const LONG64 high = Destination[1];
    const bool equal = low == ComparandResult[0] && high == ComparandResult[1];
    if (equal) {
        Destination[0] = ExchangeLow;
        Destination[1] = ExchangeHigh;
    }
    ComparandResult[0] = low;
    ComparandResult[1] = high;
    return equal;
}

/* ---- Bits: bit numbers run on past the first word, in both directions ---- */

enum { BITS_32 = 32, BITS_64 = 64 };

static LONG volatile *word_of(LONG volatile *base, LONG *bit)
{
    const LONG word = *bit >> 5;
    *bit &= BITS_32 - 1;
    return base + word;
}

static LONG64 volatile *word_of_64(LONG64 volatile *base, LONG64 *bit)
{
    const LONG64 word = *bit >> 6;
    *bit &= BITS_64 - 1;
    return base + word;
}

UCHAR haldma_InterlockedBitTestAndSet(LONG volatile *Base, LONG Bit)
{
    LONG volatile *word = word_of(Base, &Bit);
    return (ULONG)haldma_InterlockedOr(word, (LONG)(1u << Bit)) >> Bit & 1;
}

UCHAR haldma_InterlockedBitTestAndReset(LONG volatile *Base, LONG Bit)
{
    LONG volatile *word = word_of(Base, &Bit);
    return (ULONG)haldma_InterlockedAnd(word, (LONG) ~(1u << Bit)) >> Bit & 1;
}

UCHAR haldma_InterlockedBitTestAndComplement(LONG volatile *Base, LONG Bit)
{
    LONG volatile *word = word_of(Base, &Bit);
    return (ULONG)haldma_InterlockedXor(word, (LONG)(1u << Bit)) >> Bit & 1;
}

UCHAR haldma_InterlockedBitTestAndSet64(LONG64 volatile *Base, LONG64 Bit)
{
    LONG64 volatile *word = word_of_64(Base, &Bit);
    return (ULONG64)haldma_InterlockedOr64(word, (LONG64)(1ull << Bit)) >> Bit & 1;
}

UCHAR haldma_InterlockedBitTestAndReset64(LONG64 volatile *Base, LONG64 Bit)
{
    LONG64 volatile *word = word_of_64(Base, &Bit);
    return (ULONG64)haldma_InterlockedAnd64(word, (LONG64) ~(1ull << Bit)) >> Bit & 1;
}

/* ---- Reads, writes, barriers ---- */

LONG haldma_ReadLong(LONG const volatile *Source)
{
    announce_read(Source);
    return *Source;
}

LONG64 haldma_ReadLong64(LONG64 const volatile *Source)
{
    announce_read(Source);
    return *Source;
}

PVOID haldma_ReadPointer(PVOID const volatile *Source)
{
    announce_read(Source);
    return *Source;
}

VOID haldma_WriteLong(LONG volatile *Destination, LONG Value)
{
    announce(Destination);
    *Destination = Value;
}

VOID haldma_WriteLong64(LONG64 volatile *Destination, LONG64 Value)
{
    announce(Destination);
    *Destination = Value;
}

VOID haldma_WritePointer(PVOID volatile *Destination, PVOID Value)
{
    announce(Destination);
    *Destination = Value;
}

VOID haldma_MemoryBarrier(VOID)
{
    struct emu_machine *m = emu_current();
    emu_step(m, HAL_OP_KE_BARRIER, EMU_NO_OBJECT, 0);
    emu_access_fence(m);
}

VOID haldma_YieldProcessor(VOID)
{
    emu_step(emu_current(), HAL_OP_KE_SPIN, EMU_NO_OBJECT, 0);
}

/* ---- Lists with a lock ---- */

static bool is_free(const void *context)
{
    const KSPIN_LOCK *lock = context;
    return *lock == 0;
}

static void announce_list(const void *list, const KSPIN_LOCK *lock)
{
    struct emu_machine *m = emu_current();
    const emu_object object = emu_object_at(m, lock, "lock");
    emu_step_when(m, HAL_OP_KE_INTERLOCKED_LIST, emu_object_at(m, list, "list"), 0, is_free, lock);
    emu_touch(m, object, EMU_ACCESS_WRITE); /* for as long as it takes */
    emu_lock_taken(m, object);
    emu_lock_left(m, object);
}

/* What stood there before, or NULL where the list was empty. */
static PLIST_ENTRY entry_or_null(PLIST_ENTRY head, PLIST_ENTRY entry)
{
    return entry != head ? entry : NULL;
}

PLIST_ENTRY ExInterlockedInsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    announce_list(ListHead, Lock);
    PLIST_ENTRY first = entry_or_null(ListHead, ListHead->Flink);
    InsertHeadList(ListHead, ListEntry);
    return first;
}

PLIST_ENTRY ExInterlockedInsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    announce_list(ListHead, Lock);
    PLIST_ENTRY last = entry_or_null(ListHead, ListHead->Blink);
    InsertTailList(ListHead, ListEntry);
    return last;
}

PLIST_ENTRY ExInterlockedRemoveHeadList(PLIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    announce_list(ListHead, Lock);
    return IsListEmpty(ListHead) ? NULL : RemoveHeadList(ListHead);
}

PSINGLE_LIST_ENTRY ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    announce_list(ListHead, Lock);
    return PopEntryList(ListHead);
}

PSINGLE_LIST_ENTRY ExInterlockedPushEntryList(PSINGLE_LIST_ENTRY ListHead, PSINGLE_LIST_ENTRY ListEntry,
                                              PKSPIN_LOCK Lock)
{
    announce_list(ListHead, Lock);
    PSINGLE_LIST_ENTRY first = ListHead->Next;
    PushEntryList(ListHead, ListEntry);
    return first;
}

ULONG ExInterlockedAddUlong(PULONG Addend, ULONG Increment, PKSPIN_LOCK Lock)
{
    announce_list(Addend, Lock);
    const ULONG old = *Addend;
    *Addend = old + Increment;
    return old;
}

LARGE_INTEGER ExInterlockedAddLargeInteger(PLARGE_INTEGER Addend, LARGE_INTEGER Increment, PKSPIN_LOCK Lock)
{
    announce_list(Addend, Lock);
    const LARGE_INTEGER old = *Addend;
    Addend->QuadPart = SUM(LONGLONG, old.QuadPart, Increment.QuadPart);
    return old;
}

VOID haldma_ExInterlockedAddLargeStatistic(PLARGE_INTEGER Addend, ULONG Increment)
{
    announce(Addend);
    Addend->QuadPart = SUM(LONGLONG, Addend->QuadPart, Increment);
}

/* ---- Lists with a header: the first entry's address without its low four bits, a depth and a sequence
 * number ---- */

enum { SLIST_LOW_BITS = 0xF };

static PSLIST_ENTRY first_of(const SLIST_HEADER *head)
{
    return (PSLIST_ENTRY)((ULONG_PTR)head->Region & ~(ULONG_PTR)SLIST_LOW_BITS);
}

static void set_first(PSLIST_HEADER head, PSLIST_ENTRY first, int change)
{
    head->Region = (ULONG_PTR)first;
    head->HeaderX64.Depth = (USHORT)(head->HeaderX64.Depth + change);
    head->HeaderX64.Sequence++;
}

static void announce_slist(const SLIST_HEADER *head)
{
    struct emu_machine *m = emu_current();
    emu_step(m, HAL_OP_KE_INTERLOCKED_LIST, emu_object_at(m, head, "list"), 0);
}

VOID InitializeSListHead(PSLIST_HEADER SListHead)
{
    SListHead->Alignment = 0;
    SListHead->Region = 0;
}

USHORT ExQueryDepthSList(PSLIST_HEADER SListHead)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    announce_read(SListHead);
    return (USHORT)SListHead->HeaderX64.Depth;
}

PSLIST_ENTRY ExpInterlockedPopEntrySList(PSLIST_HEADER ListHead)
{
    announce_slist(ListHead);
    PSLIST_ENTRY first = first_of(ListHead);
    if (first != NULL) {
        set_first(ListHead, first->Next, -1);
    }
    return first;
}

PSLIST_ENTRY ExpInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry)
{
    announce_slist(ListHead);
    if (((ULONG_PTR)ListEntry & (MEMORY_ALLOCATION_ALIGNMENT - 1)) != 0) {
        emu_finding_raise(emu_current(), "KE-LIST-4", NULL, NULL,
                          "an entry pushed on a sequenced list is not aligned to %d bytes",
                          MEMORY_ALLOCATION_ALIGNMENT);
    }
    PSLIST_ENTRY first = first_of(ListHead);
    ListEntry->Next = first;
    set_first(ListHead, ListEntry, 1);
    return first;
}

PSLIST_ENTRY ExpInterlockedFlushSList(PSLIST_HEADER ListHead)
{
    announce_slist(ListHead);
    PSLIST_ENTRY first = first_of(ListHead);
    set_first(ListHead, NULL, -(int)ListHead->HeaderX64.Depth);
    return first;
}
