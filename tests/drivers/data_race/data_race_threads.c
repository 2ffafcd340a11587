/*
 * Two threads on two processors: publishing, counting, beginning once; with locks, events, interlocked and
 * atomic operations, and without.
 */
#include "data_race.h"

static KSPIN_LOCK Lock, OtherLock;
static FAST_MUTEX Mutex;
static KEVENT Event;
static LONG Counter;
static LONG Data;
static LONG Ready;
static PVOID Pointer;
static LONG Seen;

static VOID BeginAll(VOID)
{
    KeInitializeSpinLock(&Lock);
    KeInitializeSpinLock(&OtherLock);
    ExInitializeFastMutex(&Mutex);
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
}

/* ---- A flag that is published without anything ---- */

static VOID PublishPlain(VOID)
{
    Data = 1;
    Ready = 1; /* race: publish_plain */
}

static VOID ReadPlain(VOID)
{
    if (Ready != 0) { /* race: publish_plain */
        Seen = Data;
    }
}

static VOID PublishInterlocked(VOID)
{
    Data = 1;
    InterlockedExchange(&Ready, 1);
}

static VOID ReadInterlocked(VOID)
{
    if (InterlockedCompareExchange(&Ready, 0, 0) != 0) {
        Seen = Data;
    }
}

static VOID ReadPlainOfInterlocked(VOID)
{
    if (Ready != 0) { /* race: publish_half */
        Seen = Data;
    }
}

static VOID PublishInterlockedHalf(VOID)
{
    Data = 1;
    InterlockedExchange(&Ready, 1); /* race: publish_half */
}

static VOID PublishAtomic(VOID)
{
    Data = 1;
    __atomic_store_n(&Ready, 1, __ATOMIC_RELEASE);
}

static VOID ReadAtomic(VOID)
{
    if (__atomic_load_n(&Ready, __ATOMIC_ACQUIRE) != 0) {
        Seen = Data;
    }
}

static VOID PublishRelaxed(VOID)
{
    Data = 1; /* race: publish_relaxed */
    __atomic_store_n(&Ready, 1, __ATOMIC_RELAXED);
}

static VOID ReadRelaxed(VOID)
{
    if (__atomic_load_n(&Ready, __ATOMIC_RELAXED) != 0) {
        Seen = Data; /* race: publish_relaxed */
    }
}

static VOID PublishEvent(VOID)
{
    Data = 1;
    KeSetEvent(&Event, IO_NO_INCREMENT, FALSE);
}

static VOID ReadEvent(VOID)
{
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
    Seen = Data;
}

static VOID PublishLate(VOID)
{
    KeSetEvent(&Event, IO_NO_INCREMENT, FALSE);
    Data = 1; /* race: publish_late */
}

static VOID ReadEarly(VOID)
{
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
    Seen = Data; /* race: publish_late */
}

static VOID ReadMultiple(VOID)
{
    PVOID objects[1] = {&Event};

    KeWaitForMultipleObjects(1, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL);
    Seen = Data;
}

/* ---- A counter ---- */

static VOID CountPlain(VOID)
{
    Counter++; /* race: counter_plain */
}

static VOID CountLocked(VOID)
{
    KIRQL irql;

    KeAcquireSpinLock(&Lock, &irql);
    Counter++;
    KeReleaseSpinLock(&Lock, irql);
}

static VOID CountOtherLocked(VOID)
{
    KIRQL irql;

    KeAcquireSpinLock(&OtherLock, &irql);
    Counter++; /* race: counter_two_locks */
    KeReleaseSpinLock(&OtherLock, irql);
}

static VOID CountLockedToo(VOID)
{
    KIRQL irql;

    KeAcquireSpinLock(&Lock, &irql);
    Counter++; /* race: counter_two_locks */
    KeReleaseSpinLock(&Lock, irql);
}

static VOID CountQueued(VOID)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLock(&OtherLock, &handle);
    Counter++;
    KeReleaseInStackQueuedSpinLock(&handle);
}

static VOID CountMutex(VOID)
{
    ExAcquireFastMutex(&Mutex);
    Counter++;
    ExReleaseFastMutex(&Mutex);
}

static VOID CountInterlocked(VOID)
{
    InterlockedIncrement(&Counter);
}

static VOID CountInterlockedOnly(VOID)
{
    InterlockedIncrement(&Counter); /* race: counter_mixed */
}

static VOID CountBesideInterlocked(VOID)
{
    Counter++; /* race: counter_mixed */
}

static VOID CountAtomic(VOID)
{
    __atomic_add_fetch(&Counter, 1, __ATOMIC_RELAXED);
}

static VOID CountRaised(VOID)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Counter++; /* race: counter_raised */
    KeLowerIrql(irql);
}

/* ---- Beginning once ---- */

static VOID OnceUnordered(VOID)
{
    KIRQL irql;

    if (Pointer == NULL) { /* race: once_plain */
        KeAcquireSpinLock(&Lock, &irql);
        if (Pointer == NULL) {
            Data = 1;
            Pointer = &Data; /* race: once_plain */
        }
        KeReleaseSpinLock(&Lock, irql);
    }
    InterlockedExchange(&Seen, *(LONG *)Pointer);
}

static VOID OnceOrdered(VOID)
{
    KIRQL irql;

    if (ReadPointerAcquire(&Pointer) == NULL) {
        KeAcquireSpinLock(&Lock, &irql);
        if (ReadPointerAcquire(&Pointer) == NULL) {
            Data = 1;
            WritePointerRelease(&Pointer, &Data);
        }
        KeReleaseSpinLock(&Lock, irql);
    }
    InterlockedExchange(&Seen, *(LONG *)ReadPointerAcquire(&Pointer));
}

const struct race_piece RaceThreads[] = {
    {"publish_plain", TRUE, BeginAll, PublishPlain, ReadPlain, NULL},
    {"publish_half", TRUE, BeginAll, PublishInterlockedHalf, ReadPlainOfInterlocked, NULL},
    {"publish_interlocked", FALSE, BeginAll, PublishInterlocked, ReadInterlocked, NULL},
    {"publish_atomic", FALSE, BeginAll, PublishAtomic, ReadAtomic, NULL},
    {"publish_relaxed", TRUE, BeginAll, PublishRelaxed, ReadRelaxed, NULL},
    {"publish_event", FALSE, BeginAll, PublishEvent, ReadEvent, NULL},
    {"publish_late", TRUE, BeginAll, PublishLate, ReadEarly, NULL},
    {"publish_multiple", FALSE, BeginAll, PublishEvent, ReadMultiple, NULL},
    {"counter_plain", TRUE, BeginAll, CountPlain, CountPlain, NULL},
    {"counter_locked", FALSE, BeginAll, CountLocked, CountLocked, NULL},
    {"counter_two_locks", TRUE, BeginAll, CountLockedToo, CountOtherLocked, NULL},
    {"counter_queued", FALSE, BeginAll, CountQueued, CountQueued, NULL},
    {"counter_mutex", FALSE, BeginAll, CountMutex, CountMutex, NULL},
    {"counter_interlocked", FALSE, BeginAll, CountInterlocked, CountInterlocked, NULL},
    {"counter_mixed", TRUE, BeginAll, CountInterlockedOnly, CountBesideInterlocked, NULL},
    {"counter_atomic", FALSE, BeginAll, CountAtomic, CountAtomic, NULL},
    {"counter_raised", TRUE, BeginAll, CountRaised, CountRaised, NULL},
    {"once_plain", TRUE, BeginAll, OnceUnordered, OnceUnordered, NULL},
    {"once_ordered", FALSE, BeginAll, OnceOrdered, OnceOrdered, NULL},
    {NULL, FALSE, NULL, NULL, NULL, NULL},
};
