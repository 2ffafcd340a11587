/*
 * Memory that devices reach whenever they like: how a watched driver's plain accesses to it are ordered with
 * theirs.
 */
#include "brute_force.h"

#include <emu/access.h>
#include <emu/bus.h>
#include <emu/event.h>
#include <emu/mem.h>

#include "emu/machine_state.h"

#include <string.h>

enum { LOADS = 2, MARK = 7, PLACE = 1 };

struct poll {
    bool met;    /* the memory is known as such */
    bool writes; /* the driver writes what the device reads, twice; else it reads what that one writes */
    unsigned char *page;
    uint64_t physical;
    struct emu_engine engine;
    unsigned char seen[LOADS + 1];
};

static void touch(struct poll *p, unsigned which)
{
    emu_access_memory(emu_current(), p->page, 1,
                      (p->writes ? EMU_MEMORY_WRITE : EMU_MEMORY_READ) | EMU_MEMORY_INSTRUMENTED, PLACE);
    if (p->writes)
        *p->page = (unsigned char)(which + 1);
    else
        p->seen[which] = *p->page;
}

/* One step, and two accesses after it. */
static void driver(void *context)
{
    bare_work(0);
    for (unsigned i = 0; i < LOADS; i++)
        touch(context, i);
}

static void starter(void *context)
{
    struct poll *p = context;
    bare_work(1);
    emu_engine_start(emu_current(), &p->engine, 0);
}

static void device(struct emu_machine *m, void *context)
{
    struct poll *p = context;
    unsigned char mark = MARK;
    emu_bus_dma(m, EMU_NO_OBJECT, p->physical, p->writes ? &p->seen[LOADS] : &mark, 1, !p->writes);
}

static void set_up(void *context)
{
    struct poll *p = context;
    struct emu_machine *m = emu_current();
    memset(p->seen, 0, sizeof p->seen);
    p->page = emu_ram_alloc(m, &(struct emu_ram_request){.pages = 1});
    p->physical = emu_ram_physical(m, p->page);
    if (p->met)
        emu_ram_meet(m, p->page, 1);
    emu_engine_init(m, &p->engine, "device", device, NULL);
    p->engine.context = p;
    race_start("driver", 0, driver, p);
    race_start("starter", 1, starter, p);
}

static uint64_t outcome(void *context)
{
    const struct poll *p = context;
    uint64_t sum = 0;
    for (unsigned i = 0; i <= LOADS; i++)
        sum = sum << 8 | p->seen[i];
    return sum;
}

static size_t outcomes(struct poll *p, struct emu_strategy *strategy)
{
    struct emu_machine *m = bare_processors(2);
    const struct emu_program program = {"poll", set_up, NULL, p};
    struct seen seen = explore_seen(m, &program, strategy, outcome, p, 0);
    size_t count = seen.outcomes.count;
    assert_true(seen.complete);
    seen_free(&seen);
    emu_machine_destroy(m);
    return count;
}

/* rule: EMU-RACE-14 */
static void a_device_comes_before_between_and_after_plain_accesses_to_memory_that_it_reaches(void **state)
{
    (void)state;
    for (unsigned writes = 0; writes < 2; writes++) {
        struct poll p = {.met = true, .writes = writes != 0};
        assert_int_equal(outcomes(&p, emu_strategy_exhaustive(EMU_UNBOUNDED)), LOADS + 1);
        assert_int_equal(outcomes(&p, emu_strategy_dpor()), LOADS + 1);
        assert_int_equal(outcomes(&p, emu_strategy_dpor_source()), LOADS + 1);
    }
}

/* What is the driver's alone costs no step. */
static void other_memory_is_no_place_to_meet(void **state)
{
    (void)state;
    struct poll p = {.met = false};
    assert_int_equal(outcomes(&p, emu_strategy_exhaustive(EMU_UNBOUNDED)), LOADS);
}

/* rule: EMU-RACE-14 */
static void memory_that_was_given_back_is_met_no_more(void **state)
{
    (void)state;
    struct emu_machine *m = bare_processors(1);
    unsigned char *pages = emu_ram_alloc(m, &(struct emu_ram_request){.pages = 2});
    emu_ram_meet(m, pages + EMU_PAGE_SIZE - 1, 2);
    emu_ram_meet(m, pages, 1);
    assert_true(emu_ram_is_met(m, pages) && emu_ram_is_met(m, pages + EMU_PAGE_SIZE));
    emu_ram_free(m, pages, 2);
    assert_false(emu_ram_is_met(m, pages) || emu_ram_is_met(m, pages + EMU_PAGE_SIZE));
    assert_int_equal(m->ram.met_count, 0);
    emu_ram_meet(m, pages + EMU_PAGE_SIZE, 1);
    emu_machine_reset(m);
    assert_false(emu_ram_is_met(m, pages + EMU_PAGE_SIZE));
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_comes_before_between_and_after_plain_accesses_to_memory_that_it_reaches),
        cmocka_unit_test(other_memory_is_no_place_to_meet),
        cmocka_unit_test(memory_that_was_given_back_is_met_no_more),
    };
    return cmocka_run_group_tests_name("met_memory", tests, NULL, NULL);
}
