/*
 * Timers of the executive: ExAllocateTimer and its kin.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <wdm.h>

#include "rig_kernel.h"

enum { UNITS_PER_MS = 10000 };

struct ticking {
    PEX_TIMER timer;
    unsigned ticks;
    unsigned deletions;
    bool gone;
};

static EXT_CALLBACK tick;
static VOID tick(PEX_TIMER Timer, PVOID Context)
{
    struct ticking *t = Context;
    rig_expect(Timer == t->timer);
    rig_expect(!t->gone);
    rig_expect_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeMemoryBarrier();
    rig_expect(!t->gone);
    t->ticks++;
}

static EXT_DELETE_CALLBACK count_deletion;
static VOID count_deletion(PVOID Context)
{
    struct ticking *t = Context;
    t->deletions++;
}

static void use_timer(void *context)
{
    struct ticking *t = context;
    *t = (struct ticking){.timer = ExAllocateTimer(tick, t, 0)};
    LARGE_INTEGER long_enough = {.QuadPart = -100 * UNITS_PER_MS};
    rig_expect(!ExSetTimer(t->timer, -5 * UNITS_PER_MS, 0, NULL));
    KeDelayExecutionThread(KernelMode, FALSE, &long_enough);
    rig_expect_equal(t->ticks, 1);
    ExSetTimer(t->timer, -5 * UNITS_PER_MS, 0, NULL);
    rig_expect(ExCancelTimer(t->timer, NULL));
    rig_expect(!ExCancelTimer(t->timer, NULL));
    KeDelayExecutionThread(KernelMode, FALSE, &long_enough);
    rig_expect_equal(t->ticks, 1);
    ExSetTimer(t->timer, -10 * UNITS_PER_MS, 20 * UNITS_PER_MS, NULL);
    KeDelayExecutionThread(KernelMode, FALSE, &long_enough);
    rig_expect_equal(t->ticks, 6);
    rig_expect(ExDeleteTimer(t->timer, TRUE, TRUE, NULL));
}

/* rule: KE-EXTIMER-1 */
static void a_timer_calls_back_at_its_times(void **state)
{
    (void)state;
    struct ticking t;
    rig_kernel_runs(use_timer, &t);
}

static void delete_with_wait(void *context)
{
    struct ticking *t = context;
    *t = (struct ticking){.timer = ExAllocateTimer(tick, t, 0)};
    ExSetTimer(t->timer, -UNITS_PER_MS, 0, NULL);
    const bool cancelled = ExDeleteTimer(t->timer, TRUE, TRUE, NULL);
    rig_expect_equal(t->ticks + cancelled, 1);
    t->gone = true;
}

static void set_up_delete(void *context)
{
    rig_thread("deleter", 0, delete_with_wait, context);
}

/* rule: KE-EXTIMER-3 */
static void deleting_with_wait_returns_when_the_callback_is_over(void **state)
{
    (void)state;
    struct ticking t;
    const struct emu_program program = {"delete", set_up_delete, NULL, &t};
    rig_kernel_explore(2, &program, EMU_UNBOUNDED);
}

static void delete_later(void *context)
{
    struct ticking *t = context;
    EXT_DELETE_PARAMETERS parameters = {.DeleteCallback = count_deletion, .DeleteContext = t};
    *t = (struct ticking){.timer = ExAllocateTimer(tick, t, 0)};
    ExSetTimer(t->timer, -UNITS_PER_MS, 0, NULL);
    rig_expect(!ExDeleteTimer(t->timer, FALSE, FALSE, &parameters));
    rig_expect_equal(t->deletions, 0);
}

/* rule: KE-EXTIMER-3 */
static void deleting_without_cancelling_lets_the_timer_expire_first(void **state)
{
    (void)state;
    struct ticking t;
    rig_kernel_runs(delete_later, &t);
    assert_int_equal(t.ticks, 1);
    assert_int_equal(t.deletions, 1);
}

static void wait_without_cancel(void *context)
{
    struct ticking *t = context;
    t->timer = ExAllocateTimer(tick, t, 0);
    ExDeleteTimer(t->timer, FALSE, TRUE, NULL);
}

/* rule: KE-EXTIMER-2 */
static void deleting_with_wait_and_without_cancel_is_a_finding(void **state)
{
    (void)state;
    struct ticking t;
    rig_kernel_stops(wait_without_cancel, &t, "KE-EXTIMER-2", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_calls_back_at_its_times),
        cmocka_unit_test(deleting_with_wait_returns_when_the_callback_is_over),
        cmocka_unit_test(deleting_without_cancelling_lets_the_timer_expire_first),
        cmocka_unit_test(deleting_with_wait_and_without_cancel_is_a_finding),
    };
    return cmocka_run_group_tests_name("ke_ex_timer", tests, NULL, NULL);
}
