/*
 * Interlocked operations and lists.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <wdm.h>

#include "rig_kernel.h"

enum { RACERS = 3, ENTRIES = 3 };

static void use_longs(void *context)
{
    (void)context;
    LONG value = 5;
    rig_expect_equal(InterlockedIncrement(&value), 6);
    rig_expect_equal(InterlockedDecrement(&value), 5);
    rig_expect_equal(InterlockedExchange(&value, 7), 5);
    rig_expect_equal(InterlockedExchangeAdd(&value, -2), 7);
    rig_expect_equal(InterlockedAdd(&value, 3), 8);
    rig_expect_equal(InterlockedCompareExchange(&value, 1, 9), 8);
    rig_expect_equal(value, 8);
    rig_expect_equal(InterlockedCompareExchange(&value, 12, 8), 8);
    rig_expect_equal(value, 12);
    rig_expect_equal(InterlockedAnd(&value, 6), 12);
    rig_expect_equal(InterlockedOr(&value, 3), 4);
    rig_expect_equal(InterlockedXor(&value, 5), 7);
    rig_expect_equal(value, 2);
    value = MAXLONG;
    rig_expect_equal(InterlockedIncrement(&value), MINLONG);
    rig_expect_equal(ReadAcquire(&value), MINLONG);
    WriteRelease(&value, 3);
    rig_expect_equal(value, 3);
}

static void use_others(void *context)
{
    (void)context;
    LONG64 large = 0x100000000ll;
    SHORT small = 0x7fff;
    CHAR tiny = 1;
    int target = 0, other = 0;
    PVOID pointer = &target;
    rig_expect_equal(InterlockedIncrement64(&large), 0x100000001ll);
    rig_expect_equal(InterlockedCompareExchange64(&large, -1, 0x100000001ll), 0x100000001ll);
    rig_expect_equal(InterlockedAdd64(&large, 3), 2);
    rig_expect_equal(InterlockedIncrement16(&small), -0x8000);
    rig_expect_equal(InterlockedOr8(&tiny, 6), 1);
    rig_expect_equal(tiny, 7);
    rig_expect(InterlockedCompareExchangePointer(&pointer, &other, &other) == &target);
    rig_expect(InterlockedExchangePointer(&pointer, &other) == &target);
    rig_expect(ReadPointerAcquire(&pointer) == &other);
}

static void use_bits(void *context)
{
    (void)context;
    LONG bits[2] = {0, 0};
    LONG64 large = 0;
    rig_expect_equal(InterlockedBitTestAndSet(bits, 31), 0);
    rig_expect_equal(InterlockedBitTestAndSet(bits, 31), 1);
    rig_expect_equal(bits[0], MINLONG);
    rig_expect_equal(InterlockedBitTestAndSet(bits, 33), 0);
    rig_expect_equal(bits[1], 2);
    rig_expect_equal(InterlockedBitTestAndSet(&bits[1], -1), 1);
    rig_expect_equal(InterlockedBitTestAndReset(bits, 33), 1);
    rig_expect_equal(InterlockedBitTestAndComplement(bits, 0), 0);
    rig_expect_equal(bits[0], MINLONG + 1);
    rig_expect_equal(InterlockedBitTestAndSet64(&large, 63), 0);
    rig_expect_equal(InterlockedBitTestAndReset64(&large, 63), 1);
    rig_expect_equal(large, 0);
}

static void use_128(void *context)
{
    (void)context;
    DECLSPEC_ALIGN(16) LONG64 value[2] = {1, 2};
    LONG64 comparand[2] = {1, 3};
    rig_expect(!InterlockedCompareExchange128(value, 9, 8, comparand));
    rig_expect_equal(comparand[1], 2);
    rig_expect(InterlockedCompareExchange128(value, 9, 8, comparand));
    rig_expect_equal(value[0], 8);
    rig_expect_equal(value[1], 9);
}

/* rule: KE-ILOCK-1 */
static void interlocked_operations_return_what_their_pages_say(void **state)
{
    (void)state;
    rig_kernel_runs(use_longs, NULL);
    rig_kernel_runs(use_others, NULL);
    rig_kernel_runs(use_128, NULL);
}

/* rule: KE-ILOCK-2 */
static void bit_numbers_run_on_past_the_first_word(void **state)
{
    (void)state;
    rig_kernel_runs(use_bits, NULL);
}

struct shared {
    LONG interlocked;
    LONG plain;
};

static void increment_both(void *context)
{
    struct shared *s = context;
    InterlockedIncrement(&s->interlocked);
    const LONG seen = s->plain;
    YieldProcessor();
    s->plain = seen + 1;
}

static void set_up_increments(void *context)
{
    *(struct shared *)context = (struct shared){0, 0};
    for (unsigned i = 0; i < RACERS; i++) {
        rig_thread("racer", i, increment_both, context);
    }
}

static void check_interlocked(void *context)
{
    const struct shared *s = context;
    rig_expect_equal(s->interlocked, RACERS);
}

static void check_plain(void *context)
{
    const struct shared *s = context;
    rig_expect_equal(s->plain, RACERS);
}

/* rule: KE-ILOCK-3 */
static void interlocked_increments_are_never_lost_and_plain_ones_are(void **state)
{
    (void)state;
    struct shared shared;
    const struct emu_program interlocked = {"interlocked", set_up_increments, check_interlocked, &shared};
    const struct emu_program plain = {"plain", set_up_increments, check_plain, &shared};
    rig_kernel_explore(RACERS, &interlocked, 2);
    rig_kernel_finds(RACERS, &plain, 1, "expectation", NULL);
}

struct lists {
    KSPIN_LOCK lock;
    LIST_ENTRY list;
    LIST_ENTRY entries[ENTRIES];
    SINGLE_LIST_ENTRY single;
    SINGLE_LIST_ENTRY singles[ENTRIES];
    SLIST_HEADER sequenced;
    SLIST_ENTRY sequenced_entries[ENTRIES];
    unsigned popped;
};

static void initialize(struct lists *l)
{
    KeInitializeSpinLock(&l->lock);
    InitializeListHead(&l->list);
    l->single.Next = NULL;
    InitializeSListHead(&l->sequenced);
    l->popped = 0;
}

static void use_locked_lists(void *context)
{
    struct lists *l = context;
    LARGE_INTEGER sum = {.QuadPart = 10}, three = {.QuadPart = 3};
    ULONG number = 4;
    initialize(l);
    rig_expect(ExInterlockedRemoveHeadList(&l->list, &l->lock) == NULL);
    rig_expect(ExInterlockedInsertTailList(&l->list, &l->entries[0], &l->lock) == NULL);
    rig_expect(ExInterlockedInsertTailList(&l->list, &l->entries[1], &l->lock) == &l->entries[0]);
    rig_expect(ExInterlockedInsertHeadList(&l->list, &l->entries[2], &l->lock) == &l->entries[0]);
    rig_expect(ExInterlockedRemoveHeadList(&l->list, &l->lock) == &l->entries[2]);
    rig_expect(ExInterlockedRemoveHeadList(&l->list, &l->lock) == &l->entries[0]);
    rig_expect(ExInterlockedRemoveHeadList(&l->list, &l->lock) == &l->entries[1]);
    rig_expect(ExInterlockedPushEntryList(&l->single, &l->singles[0], &l->lock) == NULL);
    rig_expect(ExInterlockedPushEntryList(&l->single, &l->singles[1], &l->lock) == &l->singles[0]);
    rig_expect(ExInterlockedPopEntryList(&l->single, &l->lock) == &l->singles[1]);
    rig_expect(ExInterlockedPopEntryList(&l->single, &l->lock) == &l->singles[0]);
    rig_expect(ExInterlockedPopEntryList(&l->single, &l->lock) == NULL);
    rig_expect_equal(ExInterlockedAddUlong(&number, 3, &l->lock), 4);
    rig_expect_equal(number, 7);
    rig_expect_equal(ExInterlockedAddLargeInteger(&sum, three, &l->lock).QuadPart, 10);
    ExInterlockedAddLargeStatistic(&sum, 2);
    rig_expect_equal(sum.QuadPart, 15);
}

/* rule: KE-LIST-1 */
static void locked_lists_return_what_stood_there_before(void **state)
{
    (void)state;
    struct lists l;
    rig_kernel_runs(use_locked_lists, &l);
}

static void insert_under_lock(void *context)
{
    struct lists *l = context;
    const KIRQL old = KeAcquireSpinLockRaiseToDpc(&l->lock);
    PLIST_ENTRY last = l->list.Blink;
    KeMemoryBarrier();
    rig_expect(last == l->list.Blink);
    InsertTailList(&l->list, &l->entries[0]);
    KeReleaseSpinLock(&l->lock, old);
}

static void insert_interlocked(void *context)
{
    struct lists *l = context;
    ExInterlockedInsertTailList(&l->list, &l->entries[1], &l->lock);
}

static void set_up_insertions(void *context)
{
    initialize(context);
    rig_thread("with lock", 0, insert_under_lock, context);
    rig_thread("interlocked", 1, insert_interlocked, context);
}

/* rule: KE-LIST-2 */
static void locked_lists_honour_their_spin_lock(void **state)
{
    (void)state;
    struct lists l;
    const struct emu_program program = {"insertions", set_up_insertions, NULL, &l};
    rig_kernel_explore(2, &program, EMU_UNBOUNDED);
}

static void use_sequenced(void *context)
{
    struct lists *l = context;
    initialize(l);
    rig_expect(InterlockedPopEntrySList(&l->sequenced) == NULL);
    rig_expect(InterlockedPushEntrySList(&l->sequenced, &l->sequenced_entries[0]) == NULL);
    rig_expect(ExInterlockedPushEntrySList(&l->sequenced, &l->sequenced_entries[1], &l->lock) ==
               &l->sequenced_entries[0]);
    rig_expect_equal(ExQueryDepthSList(&l->sequenced), 2);
    rig_expect(ExInterlockedPopEntrySList(&l->sequenced, &l->lock) == &l->sequenced_entries[1]);
    InterlockedPushEntrySList(&l->sequenced, &l->sequenced_entries[2]);
    PSLIST_ENTRY all = InterlockedFlushSList(&l->sequenced);
    rig_expect(all == &l->sequenced_entries[2] && all->Next == &l->sequenced_entries[0] &&
               all->Next->Next == NULL);
    rig_expect_equal(QueryDepthSList(&l->sequenced), 0);
}

/* rule: KE-LIST-3 */
static void a_sequenced_list_gives_back_the_last_entry_first(void **state)
{
    (void)state;
    struct lists l;
    rig_kernel_runs(use_sequenced, &l);
}

static void pop_one(void *context)
{
    struct lists *l = context;
    if (InterlockedPopEntrySList(&l->sequenced) != NULL) {
        InterlockedIncrement((LONG *)&l->popped);
    }
}

static void set_up_pops(void *context)
{
    struct lists *l = context;
    initialize(l);
    InterlockedPushEntrySList(&l->sequenced, &l->sequenced_entries[0]);
    InterlockedPushEntrySList(&l->sequenced, &l->sequenced_entries[1]);
    for (unsigned i = 0; i < RACERS; i++) {
        rig_thread("popper", i, pop_one, l);
    }
}

static void check_pops(void *context)
{
    const struct lists *l = context;
    rig_expect_equal(l->popped, 2);
}

/* rule: KE-LIST-3 */
static void an_entry_of_a_sequenced_list_is_given_out_once(void **state)
{
    (void)state;
    struct lists l;
    const struct emu_program program = {"pops", set_up_pops, check_pops, &l};
    rig_kernel_explore(RACERS, &program, EMU_UNBOUNDED);
}

static void push_unaligned(void *context)
{
    struct lists *l = context;
    initialize(l);
    InterlockedPushEntrySList(&l->sequenced, (PSLIST_ENTRY)((ULONG_PTR)&l->sequenced_entries[0] + 8));
}

/* rule: KE-LIST-4 */
static void pushing_an_unaligned_entry_is_a_finding(void **state)
{
    (void)state;
    struct lists l;
    rig_kernel_stops(push_unaligned, &l, "KE-LIST-4", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interlocked_operations_return_what_their_pages_say),
        cmocka_unit_test(bit_numbers_run_on_past_the_first_word),
        cmocka_unit_test(interlocked_increments_are_never_lost_and_plain_ones_are),
        cmocka_unit_test(locked_lists_return_what_stood_there_before),
        cmocka_unit_test(locked_lists_honour_their_spin_lock),
        cmocka_unit_test(a_sequenced_list_gives_back_the_last_entry_first),
        cmocka_unit_test(an_entry_of_a_sequenced_list_is_given_out_once),
        cmocka_unit_test(pushing_an_unaligned_entry_is_a_finding),
    };
    return cmocka_run_group_tests_name("ke_interlocked", tests, NULL, NULL);
}
