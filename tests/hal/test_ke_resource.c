/*
 * Resources: readers and writers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <wdm.h>

#include "rig_kernel.h"

struct shared {
    ERESOURCE resource;
    unsigned readers, writers;
    unsigned most_readers;
    unsigned passages;
};

static void read_once(void *context)
{
    struct shared *s = context;
    ExEnterCriticalRegionAndAcquireResourceShared(&s->resource);
    rig_expect_equal(s->writers, 0);
    s->readers++;
    s->most_readers = s->readers > s->most_readers ? s->readers : s->most_readers;
    KeMemoryBarrier();
    s->readers--;
    s->passages++;
    ExReleaseResourceAndLeaveCriticalRegion(&s->resource);
}

static void write_once(void *context)
{
    struct shared *s = context;
    ExEnterCriticalRegionAndAcquireResourceExclusive(&s->resource);
    rig_expect_equal(s->readers + s->writers, 0);
    s->writers++;
    KeMemoryBarrier();
    s->writers--;
    s->passages++;
    ExReleaseResourceAndLeaveCriticalRegion(&s->resource);
}

static void set_up(void *context)
{
    struct shared *s = context;
    s->readers = s->writers = s->passages = 0;
    ExInitializeResourceLite(&s->resource);
    rig_thread("reader", 0, read_once, s);
    rig_thread("other reader", 1, read_once, s);
    rig_thread("writer", 0, write_once, s);
}

static void check(void *context)
{
    struct shared *s = context;
    rig_expect_equal(s->passages, 3);
    rig_expect_equal(ExGetExclusiveWaiterCount(&s->resource), 0);
    rig_expect_equal(ExDeleteResourceLite(&s->resource), STATUS_SUCCESS);
}

/* rule: KE-RES-1 */
static void readers_share_and_writers_are_alone_in_every_interleaving(void **state)
{
    (void)state;
    struct shared s = {.most_readers = 0};
    const struct emu_program program = {"resource", set_up, check, &s};
    rig_kernel_explore(2, &program, 2);
    assert_int_equal(s.most_readers, 2);
}

static void nest(void *context)
{
    struct shared *s = context;
    ExInitializeResourceLite(&s->resource);
    KeEnterCriticalRegion();
    rig_expect(ExAcquireResourceExclusiveLite(&s->resource, FALSE));
    rig_expect(ExAcquireResourceExclusiveLite(&s->resource, TRUE));
    rig_expect(ExAcquireResourceSharedLite(&s->resource, TRUE));
    rig_expect_equal(ExIsResourceAcquiredSharedLite(&s->resource), 3);
    rig_expect(ExIsResourceAcquiredExclusiveLite(&s->resource));
    ExReleaseResourceLite(&s->resource);
    ExReleaseResourceLite(&s->resource);
    ExConvertExclusiveToSharedLite(&s->resource);
    rig_expect(!ExIsResourceAcquiredExclusiveLite(&s->resource));
    rig_expect(!ExAcquireResourceExclusiveLite(&s->resource, FALSE));
    ExReleaseResourceForThreadLite(&s->resource, ExGetCurrentResourceThread());
    rig_expect_equal(ExIsResourceAcquiredSharedLite(&s->resource), 0);
    KeLeaveCriticalRegion();
}

/* rule: KE-RES-1 */
static void a_holder_may_acquire_again_and_step_down(void **state)
{
    (void)state;
    struct shared s;
    rig_kernel_runs(nest, &s);
}

static void upgrade(void *context)
{
    struct shared *s = context;
    ExInitializeResourceLite(&s->resource);
    ExEnterCriticalRegionAndAcquireResourceShared(&s->resource);
    ExAcquireResourceExclusiveLite(&s->resource, TRUE);
}

/* rule: KE-RES-2 */
static void a_reader_that_waits_to_write_waits_for_itself(void **state)
{
    (void)state;
    struct shared s;
    rig_kernel_stops(upgrade, &s, "KE-RES-2", "0xC4/1000");
}

static void acquire_with_apcs(void *context)
{
    struct shared *s = context;
    ExInitializeResourceLite(&s->resource);
    ExAcquireResourceSharedLite(&s->resource, TRUE);
}

/* rule: KE-RES-3 */
static void acquiring_while_taking_apcs_is_a_finding(void **state)
{
    (void)state;
    struct shared s;
    rig_kernel_stops(acquire_with_apcs, &s, "KE-RES-3", "0xC4/37");
}

static void release_unheld(void *context)
{
    struct shared *s = context;
    ExInitializeResourceLite(&s->resource);
    KeEnterCriticalRegion();
    ExReleaseResourceLite(&s->resource);
}

/* rule: KE-RES-4 */
static void releasing_what_one_does_not_hold_is_a_finding(void **state)
{
    (void)state;
    struct shared s;
    rig_kernel_stops(release_unheld, &s, "KE-RES-4", "0xE3");
}

static void delete_held(void *context)
{
    struct shared *s = context;
    ExInitializeResourceLite(&s->resource);
    ExEnterCriticalRegionAndAcquireResourceShared(&s->resource);
    ExDeleteResourceLite(&s->resource);
}

static void acquire_zeroes(void *context)
{
    memset(context, 0, sizeof(struct shared));
    ExEnterCriticalRegionAndAcquireResourceShared(&((struct shared *)context)->resource);
}

/* rule: KE-RES-5 */
static void a_resource_is_initialised_before_and_free_after_its_use(void **state)
{
    (void)state;
    struct shared s;
    rig_kernel_stops(delete_held, &s, "KE-RES-5", "0xC4/100B");
    rig_kernel_stops(acquire_zeroes, &s, "KE-RES-5", "0xC4/1002");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_share_and_writers_are_alone_in_every_interleaving),
        cmocka_unit_test(a_holder_may_acquire_again_and_step_down),
        cmocka_unit_test(a_reader_that_waits_to_write_waits_for_itself),
        cmocka_unit_test(acquiring_while_taking_apcs_is_a_finding),
        cmocka_unit_test(releasing_what_one_does_not_hold_is_a_finding),
        cmocka_unit_test(a_resource_is_initialised_before_and_free_after_its_use),
    };
    return cmocka_run_group_tests_name("ke_resource", tests, NULL, NULL);
}
