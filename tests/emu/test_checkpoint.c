/*
 * Runs that begin where an earlier set-up ended.
 */
#include "lock.h"
#include "race.h"

#include <emu/sanitized.h>

#include <string.h>

enum { RUNS = 64, SEED = 3, PAGES = 2 };

#if EMU_SANITIZED || defined(EMU_FIBER_UCONTEXT)
#define CAN_COPY false
#else
#define CAN_COPY true
#endif

struct program {
    unsigned set_ups; /* made so far: what no checkpoint puts back unless it is told */
    bool hides;       /* set-up makes more steps each time */
    bool asks_more;   /* or more choices */
    bool knows;       /* its memory can be told */
    unsigned value;
    void *pages;
};

static void racer(void *context)
{
    struct program *p = context;
    for (unsigned i = 0; i < 2; i++) {
        bare_work(0);
        p->value++;
    }
}

static void set_up(void *context)
{
    struct program *p = context;
    p->set_ups++;
    p->value = 1;
    struct emu_ram_request request = {.pages = PAGES, .explore = true};
    unsigned times = p->asks_more ? p->set_ups : 1;
    for (unsigned i = 0; i < times; i++)
        p->pages = emu_ram_alloc(emu_current(), &request);
    memset(p->pages, 'a', PAGES * EMU_PAGE_SIZE);
    for (unsigned i = 0; p->hides && i < p->set_ups; i++)
        bare_work(0);
    race_start("left", 0, racer, p);
    race_start("right", 1, racer, p);
}

static void check(void *context)
{
    struct program *p = context;
    const unsigned char *bytes = p->pages;
    bool whole = true;
    for (size_t i = 0; whole && i < PAGES * EMU_PAGE_SIZE; i++)
        whole = bytes[i] == 'a';
    if (!whole || p->value != 5)
        emu_finding_raise(emu_current(), "property", NULL, NULL, "value %u", p->value);
    memset(p->pages, 'b', PAGES * EMU_PAGE_SIZE); /* as a race may leave it */
}

static bool memory(void *context, emu_memory_fn *tell, void *to)
{
    struct program *p = context;
    tell(to, &p->value, sizeof p->value);
    tell(to, (void *)&p->pages, sizeof p->pages);
    return p->knows;
}

static struct emu_report explore(struct program *p, emu_program_memory_fn *told)
{
    struct emu_machine *m = bare_processors(2);
    struct emu_program program = {.name = "program", .set_up = set_up, .check = check, .context = p};
    struct emu_strategy *random = emu_strategy_random(SEED);
    struct emu_report report;
    emu_explore(m, &program, random, &(struct emu_explore_options){.runs = RUNS, .memory = told}, &report);
    emu_strategy_destroy(random);
    emu_machine_destroy(m);
    return report;
}

static void require_clean(struct emu_report *report)
{
    if (report->found != 0)
        fail_msg("%s: %s", report->findings[0].finding.rule, report->findings[0].finding.message);
    emu_report_free(report);
}

static void require_nondeterminism(struct emu_report *report)
{
    assert_int_equal(report->found, 1);
    assert_string_equal(report->findings[0].finding.rule, EMU_RULE_DETERMINISM);
    emu_report_free(report);
}

/* Each layout of the frames has a checkpoint of its own. */
static void most_runs_begin_where_an_earlier_set_up_ended(void **state)
{
    (void)state;
    struct program p = {.knows = true};
    struct emu_report report = explore(&p, memory);
    assert_int_equal(report.runs, RUNS);
    if (CAN_COPY)
        assert_in_range(report.resumed, RUNS / 2, RUNS - 1);
    else
        assert_int_equal(report.resumed, 0);
    require_clean(&report);
}

static void set_up_is_called_in_every_run_where_its_memory_is_not_told(void **state)
{
    (void)state;
    struct program p = {.knows = false};
    struct emu_report report = explore(&p, memory);
    assert_int_equal(report.resumed, 0);
    assert_int_equal(p.set_ups, RUNS);
    require_clean(&report);
    p = (struct program){.knows = true};
    report = explore(&p, NULL);
    assert_int_equal(report.resumed, 0);
    assert_int_equal(p.set_ups, RUNS);
    require_clean(&report);
}

static void a_set_up_that_keeps_something_to_itself_is_found_out(void **state)
{
    (void)state;
    struct program p = {.knows = true, .hides = true};
    struct emu_report report = explore(&p, memory);
    if (CAN_COPY)
        require_nondeterminism(&report);
    else
        emu_report_free(&report);
}

static void a_set_up_that_asks_for_more_each_time_is_found_out(void **state)
{
    (void)state;
    struct program p = {.knows = true, .asks_more = true};
    struct emu_report report = explore(&p, memory);
    if (CAN_COPY)
        require_nondeterminism(&report);
    else
        emu_report_free(&report);
}

static uint32_t first(void *context, const struct emu_decision *d)
{
    (void)context;
    (void)d;
    return 0;
}

static bool end_after_two(struct emu_strategy *s)
{
    unsigned *runs = ((struct bare_picker *)s)->context;
    return ++*runs < 2;
}

/* The second run begins where the first one's set-up ended; it is compared, and is another one. */
static void a_search_that_is_found_out_at_its_end_is_not_complete(void **state)
{
    (void)state;
    for (unsigned hides = 0; hides < 2; hides++) {
        struct emu_machine *m = bare_processors(2);
        struct program p = {.knows = true, .hides = hides != 0};
        struct emu_program program = {.name = "program", .set_up = set_up, .check = check, .context = &p};
        struct bare_picker picker;
        unsigned runs = 0;
        struct emu_report report;
        bare_pick_with(m, &picker, first, &runs);
        picker.base.end = end_after_two;
        emu_explore(m, &program, &picker.base, &(struct emu_explore_options){.memory = memory}, &report);
        assert_int_equal(report.runs, 2);
        assert_int_equal(report.complete, !CAN_COPY || hides == 0);
        emu_report_free(&report);
        emu_machine_destroy(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(most_runs_begin_where_an_earlier_set_up_ended),
        cmocka_unit_test(set_up_is_called_in_every_run_where_its_memory_is_not_told),
        cmocka_unit_test(a_set_up_that_keeps_something_to_itself_is_found_out),
        cmocka_unit_test(a_set_up_that_asks_for_more_each_time_is_found_out),
        cmocka_unit_test(a_search_that_is_found_out_at_its_end_is_not_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
