/*
 * Partial-order reduction on the protocol of requests, cancels and a release through the DMA interface:
 * everything that can come of it is met, and the search proves it.
 */
#include "emu/brute_force.h"

#include "scenarios/known/known_interface.h"

enum { BOUND_OF_TWO = 2, CLASSES_OF_ONE = 29, CLASSES_OF_TWO = 12684 };
/* The platform may call later or elsewhere: the orders, and those with what it chose told apart. */
enum { HOSTILE_ORDERS_OF_ONE = 62, HOSTILE_CLASSES_OF_ONE = 74 };

static void one_request(void)
{
    known_interface(1);
}

static void two_requests(void)
{
    known_interface(2);
}

static uint64_t outcome(void *context)
{
    (void)context;
    return known_interface_outcome();
}

static struct seen see(unsigned n, enum emu_profile profile, struct emu_strategy *strategy)
{
    static const struct haldma_scenario scenarios[] = {
        {.name = "one", .set_up = one_request, .check = known_interface_check},
        {.name = "two", .set_up = two_requests, .check = known_interface_check},
    };
    struct haldma_config config = {0};
    struct emu_program program;
    const char *error = NULL;
    known_interface_configure(&config, n);
    struct emu_machine *m = haldma_machine_create(&config, &error);
    if (m == NULL)
        fail_msg("%s", error);
    emu_machine_set_profile(m, profile);
    haldma_scenario_program(&scenarios[n - 1], &program);
    struct seen seen = explore_seen(m, &program, strategy, outcome, NULL, 0);
    assert_true(seen.complete);
    emu_machine_destroy(m);
    return seen;
}

static void require_within(const struct tally *part, const struct tally *whole)
{
    for (size_t i = 0; i < part->capacity; i++)
        assert_true(part->times[i] == 0 || tally_has(whole, part->values[i]));
}

/* rule: DMA-CANCEL-3 */
static void one_request_is_called_or_cancelled_in_each_class_and_each_is_met_once(void **state)
{
    (void)state;
    struct seen all = see(1, EMU_PROFILE_TYPICAL, emu_strategy_exhaustive(EMU_UNBOUNDED));
    assert_int_equal(all.classes.count, CLASSES_OF_ONE);
    assert_int_equal(all.outcomes.count, 2);
    assert_true(tally_has(&all.outcomes, KNOWN_CALLED) && tally_has(&all.outcomes, KNOWN_CANCELLED));
    for (unsigned source = 0; source < 2; source++) {
        struct seen reduced =
            see(1, EMU_PROFILE_TYPICAL, source ? emu_strategy_dpor_source() : emu_strategy_dpor());
        assert_int_equal(reduced.reduction.classes, CLASSES_OF_ONE);
        assert_in_range(reduced.runs, CLASSES_OF_ONE, CLASSES_OF_ONE + source);
        assert_int_equal(tally_most(&reduced.classes), 1);
        assert_true(tally_same(&all.classes, &reduced.classes));
        assert_true(tally_same(&all.outcomes, &reduced.outcomes));
        seen_free(&reduced);
    }
    seen_free(&all);
}

/* rule: EMU-DPOR-5 */
static void what_the_platform_may_do_besides_is_met_too(void **state)
{
    (void)state;
    struct seen all = see(1, EMU_PROFILE_HOSTILE, emu_strategy_exhaustive(EMU_UNBOUNDED));
    struct seen reduced = see(1, EMU_PROFILE_HOSTILE, emu_strategy_dpor());
    assert_int_equal(all.classes.count, HOSTILE_ORDERS_OF_ONE);
    assert_int_equal(reduced.reduction.classes, HOSTILE_CLASSES_OF_ONE);
    assert_true(reduced.runs >= HOSTILE_CLASSES_OF_ONE);
    assert_true(tally_same(&all.classes, &reduced.classes));
    assert_true(tally_same(&all.outcomes, &reduced.outcomes));
    seen_free(&reduced);
    seen_free(&all);
}

/* rule: EMU-DPOR-1 */
static void of_two_requests_each_class_is_met_once_and_none_of_few_preemptions_is_missed(void **state)
{
    (void)state;
    struct seen some = see(2, EMU_PROFILE_TYPICAL, emu_strategy_exhaustive(BOUND_OF_TWO));
    struct seen reduced = see(2, EMU_PROFILE_TYPICAL, emu_strategy_dpor());
    assert_int_equal(reduced.reduction.classes, CLASSES_OF_TWO);
    assert_int_equal(reduced.runs, CLASSES_OF_TWO);
    assert_int_equal(tally_most(&reduced.classes), 1);
    assert_int_equal(reduced.classes.count, CLASSES_OF_TWO);
    require_within(&some.classes, &reduced.classes);
    assert_true(tally_same(&some.outcomes, &reduced.outcomes));
    seen_free(&reduced);
    seen_free(&some);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_request_is_called_or_cancelled_in_each_class_and_each_is_met_once),
        cmocka_unit_test(what_the_platform_may_do_besides_is_met_too),
        cmocka_unit_test(of_two_requests_each_class_is_met_once_and_none_of_few_preemptions_is_missed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
