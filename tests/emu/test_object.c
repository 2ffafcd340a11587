/*
 * Objects: ordinal ids in order of first appearance, and their names.
 */
#include "bare.h"

static const char *text_of(struct emu_machine *m, emu_object o)
{
    static _Thread_local char text[64];
    return emu_object_text(m, o, text, sizeof text);
}

/* rule: EMU-OBJECT-1 */
static void ids_are_ordinals_in_order_of_first_appearance(void **state)
{
    (void)state;
    int a, b;
    struct emu_machine *m = bare_machine(NULL);
    for (int round = 0; round < 3; round++) {
        assert_int_equal(emu_object_at(m, &b, "lock"), 1);
        assert_int_equal(emu_object_new(m, "event"), 2);
        assert_int_equal(emu_object_at(m, &a, "lock"), 3);
        assert_int_equal(emu_object_at(m, &b, "whatever"), 1);
        assert_int_equal(emu_object_at(m, &a, "lock"), 3);
        emu_machine_reset(m);
    }
    emu_machine_destroy(m);
}

/* rule: EMU-OBJECT-2 */
static void a_forgotten_address_is_another_object(void **state)
{
    (void)state;
    int a, b;
    struct emu_machine *m = bare_machine(NULL);
    emu_object first = emu_object_at(m, &a, "lock");
    emu_object other = emu_object_at(m, &b, "lock");
    emu_object_forget(m, &a);
    emu_object_forget(m, &a);
    emu_object second = emu_object_at(m, &a, "event");
    assert_int_not_equal(first, second);
    assert_int_not_equal(second, other);
    assert_int_equal(emu_object_at(m, &b, "lock"), other);
    assert_int_equal(emu_object_at(m, &a, "event"), second);
    assert_string_equal(text_of(m, first), "lock#1");
    assert_string_equal(text_of(m, second), "event#1");
    emu_machine_destroy(m);
}

/* rule: EMU-OBJECT-4 */
static void what_is_initialised_is_another_object_than_what_was_there(void **state)
{
    (void)state;
    int a;
    struct emu_machine *m = bare_machine(NULL);
    emu_object first = emu_object_at(m, &a, "event");
    emu_object second = emu_object_fresh(m, &a, "event");
    assert_int_not_equal(first, second);
    assert_int_equal(emu_object_at(m, &a, "event"), second);
    assert_string_equal(text_of(m, second), "event#2");
    emu_machine_destroy(m);
}

/* rule: EMU-OBJECT-3 */
static void texts_count_within_a_class_until_a_name_is_given(void **state)
{
    (void)state;
    char small[5];
    struct emu_machine *m = bare_machine(NULL);
    emu_object a = emu_object_new(m, "lock");
    emu_object b = emu_object_new(m, "event");
    emu_object c = emu_object_new(m, "lock");
    assert_string_equal(text_of(m, a), "lock#1");
    assert_string_equal(text_of(m, b), "event#1");
    assert_string_equal(text_of(m, c), "lock#2");
    emu_object_name(m, c, "the queue's lock");
    assert_string_equal(text_of(m, c), "the queue's lock");
    assert_string_equal(text_of(m, EMU_NO_OBJECT), "nothing");
    assert_string_equal(emu_object_text(m, c, small, sizeof small), "the ");
    emu_machine_reset(m);
    assert_int_equal(emu_object_new(m, "lock"), a);
    assert_int_equal(emu_object_new(m, "event"), b);
    assert_int_equal(emu_object_new(m, "lock"), c);
    assert_string_equal(text_of(m, c), "lock#2");
    emu_machine_destroy(m);
}

/* rule: EMU-OBJECT-1 */
static void random_churn_agrees_with_a_plain_table(void **state)
{
    (void)state;
    enum { ADDRESSES = 3000, DEEDS = 40000 };
    static char memory[ADDRESSES];
    static emu_object ids[ADDRESSES];
    uint64_t seed = 42;
    struct emu_machine *m = bare_machine(NULL);
    for (int round = 0; round < 3; round++) {
        memset(ids, 0, sizeof ids);
        emu_object next = 1;
        for (unsigned deed = 0; deed < DEEDS; deed++) {
            unsigned i = bare_draw(&seed) % ADDRESSES;
            if (bare_draw(&seed) % 4 == 0) {
                emu_object_forget(m, &memory[i]);
                ids[i] = 0;
                continue;
            }
            emu_object id = emu_object_at(m, &memory[i], "byte");
            if (ids[i] == 0)
                ids[i] = next++;
            assert_int_equal(id, ids[i]);
        }
        emu_machine_reset(m);
    }
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_ordinals_in_order_of_first_appearance),
        cmocka_unit_test(a_forgotten_address_is_another_object),
        cmocka_unit_test(what_is_initialised_is_another_object_than_what_was_there),
        cmocka_unit_test(texts_count_within_a_class_until_a_name_is_given),
        cmocka_unit_test(random_churn_agrees_with_a_plain_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
