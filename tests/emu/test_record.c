/*
 * Records: growing, copying, counting.
 */
#include <emu/choose.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { MANY = 10000 };

static struct emu_choice choice(enum emu_choice_kind kind, bool is_free, uint16_t count, uint16_t value)
{
    return (struct emu_choice){
        .kind = (uint8_t)kind, .free = is_free, .site = 7, .count = count, .value = value};
}

static void a_record_keeps_what_was_appended_in_order(void **state)
{
    (void)state;
    struct emu_record r;
    emu_record_init(&r);
    assert_int_equal(r.length, 0);
    for (unsigned i = 0; i < MANY; i++)
        emu_record_append(&r, choice(EMU_CHOICE_DEVICE, true, MANY, (uint16_t)i));
    assert_int_equal(r.length, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(r.choices[i].value, i);
        assert_int_equal(r.choices[i].count, MANY);
        assert_int_equal(r.choices[i].site, 7);
    }
    emu_record_free(&r);
    assert_int_equal(r.length, 0);
    assert_null(r.choices);
}

static void a_copy_is_equal_and_independent(void **state)
{
    (void)state;
    struct emu_record a, b;
    emu_record_init(&a);
    emu_record_init(&b);
    emu_record_append(&a, choice(EMU_CHOICE_ROUTE, true, 3, 2));
    emu_record_copy(&b, &a);
    a.choices[0].value = 1;
    emu_record_append(&a, choice(EMU_CHOICE_ROUTE, true, 2, 1));
    assert_int_equal(b.length, 1);
    assert_int_equal(b.choices[0].value, 2);
    struct emu_record empty;
    emu_record_init(&empty);
    emu_record_copy(&b, &empty);
    assert_int_equal(b.length, 0);
    emu_record_free(&a);
    emu_record_free(&b);
}

static void a_record_that_is_long_enough_is_written_anew_in_place(void **state)
{
    (void)state;
    struct emu_record r;
    emu_record_init(&r);
    for (unsigned i = 0; i < MANY; i++)
        emu_record_append(&r, choice(EMU_CHOICE_DEVICE, true, 2, 1));
    const struct emu_choice *before = r.choices;
    r.length = 0;
    for (unsigned i = 0; i < MANY; i++)
        emu_record_append(&r, choice(EMU_CHOICE_DEVICE, true, 2, 0));
    assert_ptr_equal(r.choices, before);
    emu_record_free(&r);
}

/* rule: EMU-RECORD-1 */
static void only_leaving_a_context_that_could_go_on_is_a_preemption(void **state)
{
    (void)state;
    struct emu_record r;
    emu_record_init(&r);
    emu_record_append(&r, choice(EMU_CHOICE_SCHEDULE, false, 2, 0)); /* it went on */
    emu_record_append(&r, choice(EMU_CHOICE_SCHEDULE, true, 2, 1));  /* it could not */
    emu_record_append(&r, choice(EMU_CHOICE_LATITUDE, true, 2, 1));
    emu_record_append(&r, choice(EMU_CHOICE_FAULT, false, 2, 1));
    assert_int_equal(emu_record_preemptions(&r), 0);
    assert_int_equal(emu_record_deviations(&r), 3);
    emu_record_append(&r, choice(EMU_CHOICE_SCHEDULE, false, 5, 4));
    assert_int_equal(emu_record_preemptions(&r), 1);
    assert_int_equal(emu_record_deviations(&r), 4);
    emu_record_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_keeps_what_was_appended_in_order),
        cmocka_unit_test(a_copy_is_equal_and_independent),
        cmocka_unit_test(a_record_that_is_long_enough_is_written_anew_in_place),
        cmocka_unit_test(only_leaving_a_context_that_could_go_on_is_a_preemption),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
