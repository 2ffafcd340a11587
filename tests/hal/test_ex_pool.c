/*
 * The pool: where blocks lie, what is in them, and what is found when they are misused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <emu/access.h>
#include <wdm.h>

#include "hal/boot.h"
#include "hal/kernel.h"
#include "rig/rig.h"

enum { TAG = 0x74736574, OTHER_TAG = 0x7265746F }; /* "test", "oter" */

static const struct rig_boot boots[] = {{hal_boot, NULL}, {NULL, NULL}};

/* Runs body on a fresh machine. */
static void run(void (*body)(void *), struct rig_outcome *outcome)
{
    struct emu_machine *m = rig_machine(NULL, boots);

    rig_run(m, body, NULL, outcome);
    emu_machine_destroy(m);
}

static void run_clean(void (*body)(void *))
{
    struct rig_outcome outcome;

    run(body, &outcome);
    rig_assert_idle(&outcome);
}

static void run_stopped(void (*body)(void *), const char *rule, const char *code)
{
    struct rig_outcome outcome;

    run(body, &outcome);
    rig_assert_stopped(&outcome, rule, code);
}

static bool filled(const uint8_t *p, size_t bytes, uint8_t value)
{
    for (size_t i = 0; i < bytes; i++)
        if (p[i] != value)
            return false;
    return true;
}

/* ---- Where blocks lie ---- */

static void placement(void *context)
{
    (void)context;
    for (size_t bytes = 1; bytes <= 3 * PAGE_SIZE; bytes += bytes < 64 ? 1 : 61) {
        uintptr_t p = (uintptr_t)ExAllocatePoolWithTag(NonPagedPoolNx, bytes, TAG);
        rig_expect(p != 0);
        rig_expect_equal(p % 16, 0);
        if (bytes >= PAGE_SIZE)
            rig_expect_equal(p % PAGE_SIZE, 0);
        else
            rig_expect_equal(p / PAGE_SIZE, (p + bytes - 1) / PAGE_SIZE);
        ExFreePoolWithTag((PVOID)p, TAG);
    }
}

/* rule: EX-POOL-9 */
static void small_blocks_cross_no_page_and_large_ones_begin_on_one(void **state)
{
    (void)state;
    run_clean(placement);
}

static void cache_lines(void *context)
{
    (void)context;
    for (size_t bytes = 1; bytes < 600; bytes += 37) {
        uintptr_t p = (uintptr_t)ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_CACHE_ALIGNED, bytes, TAG);
        uintptr_t q = (uintptr_t)ExAllocatePoolWithTag(NonPagedPoolNxCacheAligned, bytes, TAG);
        rig_expect_equal(p % 64, 0);
        rig_expect_equal(q % 64, 0);
        ExFreePool((PVOID)p);
        ExFreePool((PVOID)q);
    }
}

/* rule: EX-POOL-10 */
static void cache_aligned_blocks_begin_on_a_cache_line(void **state)
{
    (void)state;
    run_clean(cache_lines);
}

static void distinct(void *context)
{
    enum { COUNT = 100, BYTES = 40 };
    uint8_t *blocks[COUNT];

    (void)context;
    for (unsigned i = 0; i < COUNT; i++) {
        blocks[i] = ExAllocatePoolWithTag(NonPagedPoolNx, BYTES, TAG);
        memset(blocks[i], (int)i, BYTES);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        rig_expect(filled(blocks[i], BYTES, (uint8_t)i));
        ExFreePoolWithTag(blocks[i], TAG);
    }
    rig_expect_equal(hal_pool_each(TAG, NULL, NULL), 0);
}

static void blocks_do_not_overlap(void **state)
{
    (void)state;
    run_clean(distinct);
}

/* ---- What is in them ---- */

static void contents(void *context)
{
    (void)context;
    uint8_t *p = ExAllocatePoolWithTag(NonPagedPoolNx, 100, TAG);
    rig_expect(!filled(p, 100, 0) && filled(p, 100, p[0]));
    uint8_t *zeroed = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, TAG);
    rig_expect(filled(zeroed, 100, 0));
    uint8_t *also = ExAllocatePoolZero(NonPagedPoolNx, 2 * PAGE_SIZE, TAG);
    rig_expect(filled(also, 2 * PAGE_SIZE, 0));
    uint8_t *not_zeroed = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, 100, TAG);
    rig_expect(filled(not_zeroed, 100, p[0]));
}

/* rule: EX-POOL-11 */
static void memory_is_zeroed_where_asked_for_and_has_a_pattern_elsewhere(void **state)
{
    (void)state;
    run_clean(contents);
}

static void freed_contents(void *context)
{
    (void)context;
    uint8_t *p = ExAllocatePoolZero(NonPagedPoolNx, 48, TAG);
    ExFreePoolWithTag(p, TAG);
    rig_expect(!filled(p, 48, 0));
    rig_expect(filled(p, 48, p[0]));
}

/* rule: EX-POOL-8 */
static void freed_memory_is_poisoned(void **state)
{
    (void)state;
    run_clean(freed_contents);
}

/* ---- Misuse ---- */

static void double_free(void *context)
{
    (void)context;
    PVOID p = ExAllocatePoolWithTag(NonPagedPoolNx, 48, TAG);
    ExFreePoolWithTag(p, TAG);
    ExFreePoolWithTag(p, TAG);
}

static void double_free_of_pages(void *context)
{
    (void)context;
    PVOID p = ExAllocatePoolWithTag(NonPagedPoolNx, PAGE_SIZE, TAG);
    ExFreePoolWithTag(p, TAG);
    ExFreePoolWithTag(p, TAG);
}

/* rule: EX-POOL-1 */
static void freeing_twice_is_bug_check_c2_7(void **state)
{
    (void)state;
    run_stopped(double_free, "EX-POOL-1", "0xC2/07");
    run_stopped(double_free_of_pages, "EX-POOL-1", "0xC2/07");
}

static void wrong_tag(void *context)
{
    (void)context;
    ExFreePoolWithTag(ExAllocatePoolWithTag(NonPagedPoolNx, 48, TAG), OTHER_TAG);
}

/* rule: EX-POOL-2 */
static void freeing_with_another_tag_is_bug_check_c2_a(void **state)
{
    (void)state;
    run_stopped(wrong_tag, "EX-POOL-2", "0xC2/0A");
}

static void free_middle(void *context)
{
    (void)context;
    uint8_t *p = ExAllocatePoolWithTag(NonPagedPoolNx, 480, TAG);
    ExFreePool(p + 16);
}

static void free_stack(void *context)
{
    uint8_t buffer[64];

    (void)context;
    ExFreePool(buffer);
}

/* rule: EX-POOL-3 */
static void freeing_what_pool_did_not_give_is_bug_check_c2_99(void **state)
{
    (void)state;
    run_stopped(free_middle, "EX-POOL-3", "0xC2/99");
    run_stopped(free_stack, "EX-POOL-3", "0xC2/99");
}

static void paged_at_dispatch(void *context)
{
    (void)context;
    KeRaiseIrqlToDpcLevel();
    ExAllocatePoolWithTag(PagedPool, 16, TAG);
}

static void free_paged_at_dispatch(void *context)
{
    (void)context;
    PVOID p = ExAllocatePoolWithTag(PagedPool, 16, TAG);
    KeRaiseIrqlToDpcLevel();
    ExFreePool(p);
}

static void nonpaged_at_dispatch(void *context)
{
    (void)context;
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    ExFreePool(ExAllocatePoolWithTag(NonPagedPoolNx, 16, TAG));
    KeLowerIrql(irql);
}

/* rule: EX-POOL-4 */
static void paged_pool_at_dispatch_level_is_bug_check_c2_8_or_9(void **state)
{
    (void)state;
    run_stopped(paged_at_dispatch, "EX-POOL-4", "0xC2/08");
    run_stopped(free_paged_at_dispatch, "EX-POOL-4", "0xC2/09");
    run_clean(nonpaged_at_dispatch);
}

static void no_tag(void *context)
{
    (void)context;
    ExAllocatePoolWithTag(NonPagedPoolNx, 16, 0);
}

/* rule: EX-POOL-5 */
static void a_tag_of_zero_is_bug_check_c2_9b(void **state)
{
    (void)state;
    run_stopped(no_tag, "EX-POOL-5", "0xC2/9B");
}

static void overrun(void *context)
{
    (void)context;
    uint8_t *p = ExAllocatePoolWithTag(NonPagedPoolNx, 45, TAG);
    p[45] = 0;
    ExFreePoolWithTag(p, TAG);
}

static void overrun_found_by_audit(void *context)
{
    (void)context;
    uint8_t *p = ExAllocatePoolWithTag(NonPagedPoolNx, 5000, TAG);
    p[5000] = 0;
    hal_pool_audit();
}

static void overrun_of_whole_pages(void *context)
{
    (void)context;
    uint8_t *p = ExAllocatePoolWithTag(NonPagedPoolNx, 2 * PAGE_SIZE, TAG);
    p[2 * PAGE_SIZE] = 0;
    ExFreePoolWithTag(p, TAG);
}

/* rule: EX-POOL-6 */
static void writing_behind_a_block_is_bug_check_19_21(void **state)
{
    (void)state;
    run_stopped(overrun, "EX-POOL-6", "0x19/21");
    run_stopped(overrun_found_by_audit, "EX-POOL-6", "0x19/21");
    run_stopped(overrun_of_whole_pages, "EX-POOL-6", "0x19/21");
}

static void underrun(void *context)
{
    (void)context;
    uint8_t *p = ExAllocatePoolWithTag(NonPagedPoolNx, 48, TAG);
    p[-1] ^= 1;
    ExFreePoolWithTag(p, TAG);
}

static void underrun_of_whole_pages(void *context)
{
    (void)context;
    uint8_t *p = ExAllocatePoolWithTag(NonPagedPoolNx, 2 * PAGE_SIZE, TAG);
    p[-4] = 0;
    ExFreePoolWithTag(p, TAG);
}

/* rule: EX-POOL-7 */
static void writing_before_a_block_is_bug_check_19_20(void **state)
{
    (void)state;
    run_stopped(underrun_of_whole_pages, "EX-POOL-7", "0x19/20");
    run_stopped(underrun, "EX-POOL-7", "0x19/20");
}

static void write_after_free(void *context)
{
    (void)context;
    uint8_t *p = ExAllocatePoolWithTag(NonPagedPoolNx, 48, TAG);
    ExFreePoolWithTag(p, TAG);
    p[20] = 1;
    ExAllocatePoolWithTag(NonPagedPoolNx, 48, TAG);
}

/* rule: EX-POOL-8 */
static void writing_to_freed_memory_is_found_when_it_is_used_again(void **state)
{
    (void)state;
    run_stopped(write_after_free, "EX-POOL-8", "0x19/03");
}

/* ---- Failing ---- */

/* No block is that large; rounded up to pages, some of them would be small. */
static const SIZE_T no_sizes[] = {~(SIZE_T)0,
                                  ~(SIZE_T)0 - 16,
                                  ~(SIZE_T)0 - PAGE_SIZE + 1,
                                  ~(SIZE_T)0 - PAGE_SIZE,
                                  ~(SIZE_T)0 - 2 * PAGE_SIZE,
                                  (SIZE_T)1 << 63};

static void impossible(void *context)
{
    (void)context;
    rig_expect(ExAllocatePoolWithTag(NonPagedPoolNx, (SIZE_T)1 << 40, TAG) == NULL);
    rig_expect(ExAllocatePool2(POOL_FLAG_NON_PAGED, (SIZE_T)1 << 40, TAG) == NULL);
    rig_expect(ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_PAGED, 16, TAG) == NULL);
    rig_expect(ExAllocatePool2(0, 16, TAG) == NULL);
    for (unsigned i = 0; i < sizeof no_sizes / sizeof no_sizes[0]; i++) {
        rig_expect(ExAllocatePoolWithTag(NonPagedPoolNx, no_sizes[i], TAG) == NULL);
        rig_expect(ExAllocatePoolWithTag(NonPagedPoolNxCacheAligned, no_sizes[i], TAG) == NULL);
        rig_expect(ExAllocatePoolWithTagPriority(PagedPool, no_sizes[i], TAG, NormalPoolPriority) == NULL);
        rig_expect(ExAllocatePool2(POOL_FLAG_NON_PAGED, no_sizes[i], TAG) == NULL);
        rig_expect(ExAllocatePool3(POOL_FLAG_PAGED, no_sizes[i], TAG, NULL, 0) == NULL);
    }
}

static void raise_for_flags(void *context)
{
    ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_RAISE_ON_FAILURE, *(const SIZE_T *)context, TAG);
}

static void raise_for_type(void *context)
{
    ExAllocatePoolWithTag((POOL_TYPE)((ULONG)NonPagedPoolNx | POOL_RAISE_IF_ALLOCATION_FAILURE),
                          *(const SIZE_T *)context, TAG);
}

static void raise_for_quota(void *context)
{
    ExAllocatePoolWithQuotaTag(PagedPool, *(const SIZE_T *)context, TAG);
}

/* Nobody handles the exception here. */
static void run_raising(void (*body)(void *), SIZE_T bytes)
{
    struct rig_outcome outcome;
    struct emu_machine *m = rig_machine(NULL, boots);

    rig_run(m, body, &bytes, &outcome);
    emu_machine_destroy(m);
    rig_assert_stopped(&outcome, "KE-EXC-1", "0x1E");
}

/* rule: EX-POOL-12 */
static void an_allocation_that_cannot_be_had_returns_null(void **state)
{
    (void)state;
    run_clean(impossible);
}

/* rule: EX-POOL-12 */
static void an_allocation_that_cannot_be_had_raises_where_the_caller_asks_for_it(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof no_sizes / sizeof no_sizes[0]; i++) {
        run_raising(raise_for_flags, no_sizes[i]);
        run_raising(raise_for_type, no_sizes[i]);
        run_raising(raise_for_quota, no_sizes[i]);
    }
}

static void allocate_one(void *context)
{
    bool *failed = context;

    if (ExAllocatePoolWithTag(NonPagedPoolNx, 16, TAG) == NULL)
        *failed = true;
}

static void start_one(void *context)
{
    rig_thread("allocator", 0, allocate_one, context);
}

/* rule: EX-POOL-12 */
static void with_faults_on_an_allocation_is_explored_both_ways(void **state)
{
    const struct emu_config config = {.faults = true, .profile = EMU_PROFILE_TYPICAL};
    struct emu_machine *m = rig_machine(&config, boots);
    bool failed = false;
    const struct emu_program program = {"faults", start_one, NULL, &failed};
    struct emu_report report;

    (void)state;
    rig_explore(m, &program, 0, 1000, &report);
    rig_assert_clean(&report);
    assert_true(failed);
    assert_true(report.runs >= 2);
    emu_report_free(&report);
    emu_machine_destroy(m);
}

/* ---- Leaks ---- */

static void see(void *context, const struct hal_pool_live *block)
{
    struct hal_pool_live *last = context;
    *last = *block;
}

static void leaks(void *context)
{
    struct hal_pool_live last = {0};

    (void)context;
    PVOID kept = ExAllocatePoolWithTag(PagedPool, 77, TAG);
    ExFreePool(ExAllocatePoolWithTag(NonPagedPoolNx, 77, TAG));
    ExAllocatePoolWithTag(NonPagedPoolNx, 2 * PAGE_SIZE, OTHER_TAG);
    rig_expect_equal(hal_pool_each(TAG, see, &last), 1);
    rig_expect(last.address == kept);
    rig_expect_equal(last.bytes, 77);
    rig_expect_equal(last.tag, TAG);
    rig_expect(last.paged);
    rig_expect_equal(hal_pool_each(OTHER_TAG, NULL, NULL), 1);
}

static void live_blocks_can_be_listed_by_tag(void **state)
{
    (void)state;
    run_clean(leaks);
}

/* ---- Lookaside lists and rundown protection ---- */

static void lookaside(void *context)
{
    NPAGED_LOOKASIDE_LIST list;
    LOOKASIDE_LIST_EX paged;

    (void)context;
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, (SIZE_T)1 << 63, TAG, 0);
    rig_expect(ExAllocateFromNPagedLookasideList(&list) == NULL);
    ExDeleteNPagedLookasideList(&list);
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 100, TAG, 0);
    PVOID p = ExAllocateFromNPagedLookasideList(&list);
    rig_expect_equal(hal_pool_each(TAG, NULL, NULL), 1);
    ExFreeToNPagedLookasideList(&list, p);
    ExDeleteNPagedLookasideList(&list);
    rig_expect_equal(ExInitializeLookasideListEx(&paged, NULL, NULL, PagedPool, 0, 100, TAG, 0),
                     STATUS_SUCCESS);
    ExFreeToLookasideListEx(&paged, ExAllocateFromLookasideListEx(&paged));
    ExDeleteLookasideListEx(&paged);
    rig_expect_equal(ExInitializeLookasideListEx(&paged, NULL, NULL, PagedPool, 3, 100, TAG, 0),
                     STATUS_INVALID_PARAMETER_5);
    rig_expect_equal(hal_pool_each(TAG, NULL, NULL), 0);
}

/* rule: EX-LOOKASIDE-1 */
static void lookaside_entries_have_the_lists_size_and_tag_and_none_is_left(void **state)
{
    (void)state;
    run_clean(lookaside);
}

static EX_RUNDOWN_REF *shared_rundown(void)
{
    /* Lies in pool: both threads see it through the first block with the tag. */
    struct hal_pool_live block = {0};

    hal_pool_each(TAG, see, &block);
    return (EX_RUNDOWN_REF *)(uintptr_t)block.address;
}

static void rundown_user(void *context)
{
    bool *inside = context;

    if (!ExAcquireRundownProtection(shared_rundown()))
        return;
    *inside = true;
    KeStallExecutionProcessor(1);
    *inside = false;
    ExReleaseRundownProtection(shared_rundown());
}

static void rundown_waiter(void *context)
{
    const bool *inside = context;

    ExWaitForRundownProtectionRelease(shared_rundown());
    rig_expect(!*inside);
    rig_expect(!ExAcquireRundownProtection(shared_rundown()));
}

static void rundown_set_up(void *context)
{
    bool *inside = context;

    *inside = false;
    ExInitializeRundownProtection(ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(EX_RUNDOWN_REF), TAG));
    rig_thread("user", 0, rundown_user, context);
    rig_thread("waiter", 1, rundown_waiter, context);
}

/* rule: EX-RUNDOWN-1 */
static void after_waiting_for_rundown_nobody_is_inside_and_nobody_gets_in(void **state)
{
    struct emu_machine *m = rig_machine(NULL, boots);
    bool inside = false;
    const struct emu_program program = {"rundown", rundown_set_up, NULL, &inside};
    struct emu_report report;

    (void)state;
    rig_explore(m, &program, 2, 100000, &report);
    rig_assert_clean(&report);
    rig_assert_complete(&report);
    emu_report_free(&report);
    emu_machine_destroy(m);
}

static void rundown_released_too_often(void *context)
{
    EX_RUNDOWN_REF reference;

    (void)context;
    ExInitializeRundownProtection(&reference);
    ExReleaseRundownProtection(&reference);
}

/* rule: EX-RUNDOWN-4 */
static void releasing_rundown_protection_that_is_not_held_is_a_finding(void **state)
{
    (void)state;
    run_stopped(rundown_released_too_often, "EX-RUNDOWN-4", "");
}

/* ---- What watched drivers touch: emu_access_memory() is what an instrumented one calls ---- */

static uint8_t *watched_block(POOL_TYPE type, size_t bytes)
{
    emu_access_watch(emu_current());
    return ExAllocatePoolWithTag(type, bytes, TAG);
}

static void touch(const void *address, size_t bytes, unsigned memory)
{
    emu_access_memory(emu_current(), address, bytes, memory | EMU_MEMORY_INSTRUMENTED, 0);
}

static void touch_paged_at_dispatch(void *context)
{
    (void)context;
    uint8_t *p = watched_block(PagedPool, 48);
    KIRQL old;
    touch(p, 1, EMU_MEMORY_WRITE);
    KeRaiseIrql(APC_LEVEL, &old);
    touch(p, 1, EMU_MEMORY_WRITE);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    touch(p + 47, 1, EMU_MEMORY_READ);
}

/* rule: EX-POOL-13 */
static void touching_paged_pool_at_dispatch_level_is_bug_check_d1(void **state)
{
    (void)state;
    run_stopped(touch_paged_at_dispatch, "EX-POOL-13", "0xD1");
}

static void touch_freed(void *context)
{
    const size_t *bytes = context;
    uint8_t *p = watched_block(NonPagedPoolNx, *bytes);
    touch(p, *bytes, EMU_MEMORY_WRITE);
    ExFreePoolWithTag(p, TAG);
    touch(p, 1, EMU_MEMORY_READ);
}

static void touch_freed_irp(void *context)
{
    (void)context;
    emu_access_watch(emu_current());
    PIRP irp = IoAllocateIrp(1, FALSE);
    touch(&irp->IoStatus, sizeof irp->IoStatus, EMU_MEMORY_WRITE);
    IoFreeIrp(irp);
    touch(&irp->IoStatus, sizeof irp->IoStatus, EMU_MEMORY_WRITE);
}

/* rule: EX-POOL-14 */
static void touching_freed_pool_is_bug_check_d5(void **state)
{
    (void)state;
    size_t small = 48;
    struct rig_outcome outcome;
    struct emu_machine *m = rig_machine(NULL, boots);
    rig_run(m, touch_freed, &small, &outcome);
    emu_machine_destroy(m);
    rig_assert_stopped(&outcome, "EX-POOL-14", "0xD5");
    run_stopped(touch_freed_irp, "EX-POOL-14", "0xD5");
}

static void touch_beyond(void *context)
{
    (void)context;
    uint8_t *p = watched_block(NonPagedPoolNx, 48);
    touch(p, 48, EMU_MEMORY_WRITE);
    touch(p + 47, 2, EMU_MEMORY_READ);
}

static void touch_before(void *context)
{
    (void)context;
    touch(watched_block(NonPagedPoolNx, 48) - 8, 8, EMU_MEMORY_READ);
}

static void touch_before_whole_pages(void *context)
{
    (void)context;
    uint8_t *p = watched_block(NonPagedPoolNx, PAGE_SIZE);
    touch(p, PAGE_SIZE, EMU_MEMORY_WRITE);
    touch(p - 1, 1, EMU_MEMORY_READ);
}

/* rule: EX-POOL-15 */
static void touching_beside_a_block_is_bug_check_d6(void **state)
{
    (void)state;
    run_stopped(touch_beyond, "EX-POOL-15", "0xD6");
    run_stopped(touch_before, "EX-POOL-15", "0xD6");
    run_stopped(touch_before_whole_pages, "EX-POOL-15", "0xD6");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_blocks_cross_no_page_and_large_ones_begin_on_one),
        cmocka_unit_test(cache_aligned_blocks_begin_on_a_cache_line),
        cmocka_unit_test(blocks_do_not_overlap),
        cmocka_unit_test(memory_is_zeroed_where_asked_for_and_has_a_pattern_elsewhere),
        cmocka_unit_test(freed_memory_is_poisoned),
        cmocka_unit_test(freeing_twice_is_bug_check_c2_7),
        cmocka_unit_test(freeing_with_another_tag_is_bug_check_c2_a),
        cmocka_unit_test(freeing_what_pool_did_not_give_is_bug_check_c2_99),
        cmocka_unit_test(paged_pool_at_dispatch_level_is_bug_check_c2_8_or_9),
        cmocka_unit_test(a_tag_of_zero_is_bug_check_c2_9b),
        cmocka_unit_test(writing_behind_a_block_is_bug_check_19_21),
        cmocka_unit_test(writing_before_a_block_is_bug_check_19_20),
        cmocka_unit_test(touching_paged_pool_at_dispatch_level_is_bug_check_d1),
        cmocka_unit_test(touching_freed_pool_is_bug_check_d5),
        cmocka_unit_test(touching_beside_a_block_is_bug_check_d6),
        cmocka_unit_test(writing_to_freed_memory_is_found_when_it_is_used_again),
        cmocka_unit_test(an_allocation_that_cannot_be_had_returns_null),
        cmocka_unit_test(an_allocation_that_cannot_be_had_raises_where_the_caller_asks_for_it),
        cmocka_unit_test(with_faults_on_an_allocation_is_explored_both_ways),
        cmocka_unit_test(live_blocks_can_be_listed_by_tag),
        cmocka_unit_test(lookaside_entries_have_the_lists_size_and_tag_and_none_is_left),
        cmocka_unit_test(after_waiting_for_rundown_nobody_is_inside_and_nobody_gets_in),
        cmocka_unit_test(releasing_rundown_protection_that_is_not_held_is_a_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
