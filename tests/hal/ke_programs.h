/*
 * Generated programs of the kernel layer, for the oracle of partial-order reduction: threads, DPCs, timers
 * and a broadcast that share a few objects. Everything is drawn from a seed.
 */
#ifndef TESTS_HAL_KE_PROGRAMS_H
#define TESTS_HAL_KE_PROGRAMS_H

#include <stdbool.h>
#include <stdint.h>

#include <wdm.h>

enum {
    KE_PROGRAM_CODES = 6,
    KE_PROGRAM_THREADS = 3,
    KE_PROGRAM_DPCS = 3, /* the last one is threaded */
    KE_PROGRAM_TIMERS = 2,
    KE_PROGRAM_EVENTS = 2,
    KE_PROGRAM_LOCKS = 2,
    KE_PROGRAM_WORDS = 2,
    KE_PROGRAM_ITEMS = 1,
    KE_PROGRAM_ENTRIES = 8,
    KE_PROGRAM_RESULTS = KE_PROGRAM_THREADS + KE_PROGRAM_DPCS + KE_PROGRAM_ITEMS
};

enum ke_code_kind {
    KE_CODE_WRITE,
    KE_CODE_READ,
    KE_CODE_INCREMENT, /* interlocked */
    KE_CODE_LOCKED,    /* a write that holds a lock */
    KE_CODE_TRY,       /* the same, if the lock is free */
    KE_CODE_SET,
    KE_CODE_RESET,
    KE_CODE_LOOK, /* a wait of no time */
    KE_CODE_WAIT, /* a millisecond at most */
    KE_CODE_START_TIMER,
    KE_CODE_CANCEL_TIMER,
    KE_CODE_INSERT,
    KE_CODE_REMOVE,
    KE_CODE_WORK,
    KE_CODE_BROADCAST,
    KE_CODE_RAISE, /* what follows, as far as it may, at DISPATCH_LEVEL */
    KE_CODE_LOWER,
    KE_CODE_QUEUED, /* a write that holds an in-stack queued lock */
    KE_CODE_PUSH,   /* onto an interlocked list */
    KE_CODE_POP,
    KE_CODE_FLUSH,
    KE_CODE_RELEASE, /* a semaphore */
    KE_CODE_TAKE,    /* it, or a millisecond passes */
    KE_CODE_MUTEX,   /* a write that owns a mutex, if it can be had within a millisecond */
    KE_CODE_FOREVER, /* a wait without a limit */
    KE_CODE_KINDS
};

struct ke_code {
    uint8_t kind, at;
};

struct ke_routine {
    struct ke_code codes[KE_PROGRAM_CODES];
    unsigned length;
    unsigned processor;
};

struct ke_word {
    LONG value;
};

struct ke_program {
    struct ke_routine threads[KE_PROGRAM_THREADS];
    struct ke_routine dpcs[KE_PROGRAM_DPCS];
    struct ke_routine items[KE_PROGRAM_ITEMS];
    unsigned thread_count;
    uint8_t importance[KE_PROGRAM_DPCS];
    int8_t target[KE_PROGRAM_DPCS]; /* -1: none */
    uint8_t timer_dpc[KE_PROGRAM_TIMERS];
    uint8_t event_type[KE_PROGRAM_EVENTS];
    /* What a run changes. */
    struct ke_word words[KE_PROGRAM_WORDS];
    KSPIN_LOCK locks[KE_PROGRAM_LOCKS];
    KSPIN_LOCK queued_locks[KE_PROGRAM_LOCKS];
    KSPIN_LOCK list_lock;
    LIST_ENTRY list;
    LIST_ENTRY entries[KE_PROGRAM_THREADS][KE_PROGRAM_ENTRIES]; /* each thread has its own */
    KSEMAPHORE semaphore;
    KMUTEX mutex;
    KEVENT events[KE_PROGRAM_EVENTS];
    KTIMER timers[KE_PROGRAM_TIMERS];
    KDPC dpc_blocks[KE_PROGRAM_DPCS];
    WORK_QUEUE_ITEM work[KE_PROGRAM_ITEMS];
    struct ke_word work_queued[KE_PROGRAM_ITEMS];
    uint64_t results[KE_PROGRAM_RESULTS]; /* what each routine's operations returned */
    uint64_t broadcasts;
};

/* What a family of programs has in it. */
struct ke_family {
    uint64_t state; /* seed */
    unsigned threads, codes, processors;
    uint32_t kinds;     /* a bit for each kind of code */
    bool share;         /* threads may share processors */
    bool dpc_codes_few; /* handlers only write and read */
};

void ke_program_draw(struct ke_family *f, struct ke_program *p);
void ke_program_print(const struct ke_program *p);
/* The parts of a struct emu_program; context is the program. */
void ke_program_set_up(void *context);
/* What a run came to; equal for runs that differ only in the order of what commutes. */
uint64_t ke_program_outcome(void *context);

#endif
