/*
 * Fibers with the way to switch that this program was built with. The build makes three programs of the same
 * checks: assembly for this processor, ucontext, and a static one for aarch64 that an emulator runs.
 */
#include "bare.h"
#include "fiber_checks.h"

static void check(fiber_check_fn *fn)
{
    const char *wrong = fn();
    if (wrong != NULL)
        fail_msg("%s", wrong);
}

/* rule: EMU-FIBER-1 */
static void a_fiber_arrives_with_its_argument_on_its_own_stack(void **state)
{
    (void)state;
    check(fiber_arrives_with_its_argument_on_its_own_stack);
}

/* rule: EMU-FIBER-1 */
static void a_stack_is_aligned_at_entry(void **state)
{
    (void)state;
    check(fiber_stack_is_aligned_at_entry);
}

/* rule: EMU-FIBER-2 */
static void switches_keep_whole_numbers(void **state)
{
    (void)state;
    check(fiber_switches_keep_whole_numbers);
}

/* rule: EMU-FIBER-2 */
static void switches_keep_floating_point_numbers(void **state)
{
    (void)state;
    check(fiber_switches_keep_floating_point_numbers);
}

/* rule: EMU-FIBER-2 */
static void hundreds_of_fibers_take_turns(void **state)
{
    (void)state;
    check(fiber_hundreds_take_turns);
}

/* rule: EMU-FIBER-2 */
static void fibers_switch_deep_inside_calls(void **state)
{
    (void)state;
    check(fiber_switches_deep_inside_calls);
}

/* rule: EMU-FIBER-3 */
static void a_fiber_switches_straight_to_a_third(void **state)
{
    (void)state;
    check(fiber_switches_straight_to_a_third);
}

/* rule: EMU-FIBER-4 */
static void the_stack_of_an_abandoned_fiber_is_used_again(void **state)
{
    (void)state;
    check(fiber_stack_of_an_abandoned_one_is_used_again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fiber_arrives_with_its_argument_on_its_own_stack),
        cmocka_unit_test(a_stack_is_aligned_at_entry),
        cmocka_unit_test(switches_keep_whole_numbers),
        cmocka_unit_test(switches_keep_floating_point_numbers),
        cmocka_unit_test(hundreds_of_fibers_take_turns),
        cmocka_unit_test(fibers_switch_deep_inside_calls),
        cmocka_unit_test(a_fiber_switches_straight_to_a_third),
        cmocka_unit_test(the_stack_of_an_abandoned_fiber_is_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
