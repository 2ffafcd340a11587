/*
 * What a fiber must do, in a form that needs no test framework: the same checks run under cmocka, with every
 * way to switch, and in a static program for another processor.
 */
#ifndef TESTS_EMU_FIBER_CHECKS_H
#define TESTS_EMU_FIBER_CHECKS_H

/* Each returns NULL, or what went wrong. */
typedef const char *fiber_check_fn(void);

fiber_check_fn fiber_arrives_with_its_argument_on_its_own_stack;
fiber_check_fn fiber_stack_is_aligned_at_entry;
fiber_check_fn fiber_switches_keep_whole_numbers;
fiber_check_fn fiber_switches_keep_floating_point_numbers;
fiber_check_fn fiber_hundreds_take_turns;
fiber_check_fn fiber_switches_deep_inside_calls;
fiber_check_fn fiber_switches_straight_to_a_third;
fiber_check_fn fiber_stack_of_an_abandoned_one_is_used_again;

struct fiber_check {
    const char *name;
    fiber_check_fn *fn;
};

/* All of them; ends with a NULL function. */
extern const struct fiber_check fiber_checks[];

#endif
