/*
 * What findings say of what was done to the things that they are about.
 */
#include "bare.h"

#include <emu/deed.h>
#include <emu/finding.h>
#include <string.h>

static char thing, other;

static void accuse(void)
{
    struct emu_machine *m = emu_current();
    emu_deed_tell(m, &thing);
    emu_finding_raise(m, "DEED", NULL, NULL, "a finding");
}

static const struct emu_finding *found_by(struct emu_machine *m, void (*main_fn)(void *))
{
    emu_machine_reset(m);
    bare_start(m, "doer", 0, main_fn, NULL);
    assert_int_equal(emu_machine_run(m, 0), EMU_STOP_FINDING);
    return emu_machine_finding(m);
}

static void lives_twice(void *context)
{
    struct emu_machine *m = emu_current();
    (void)context;
    emu_deed_first(m, &thing, "allocated");
    emu_deed_note(m, &thing, "freed");
    emu_object_at(m, &thing, "thing");
    bare_work(1);
    emu_deed_first(m, &thing, "allocated again");
    emu_deed_note(m, &other, "locked");
    bare_work(2);
    emu_deed_note(m, &thing, "freed again");
    accuse();
}

/* rule: EMU-DEED-1 */
static void a_finding_says_what_was_done_since_the_thing_began(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    const struct emu_finding *f = found_by(m, lives_twice);
    assert_int_equal(f->origin_count, 2);
    assert_string_equal(f->origins[0].deed, "allocated again");
    assert_string_equal(f->origins[0].name, "thing#1");
    assert_string_equal(f->origins[0].strand, "doer");
    assert_int_equal(f->origins[0].birth.step, 1);
    assert_string_equal(f->origins[1].deed, "freed again");
    assert_int_equal(f->origins[1].birth.step, 2);
    emu_machine_destroy(m);
}

static void has_much_done(void *context)
{
    static const char *const deeds[] = {"1", "2", "3", "4", "5", "6"};
    struct emu_machine *m = emu_current();
    (void)context;
    emu_deed_first(m, &thing, "allocated");
    for (unsigned i = 0; i < sizeof deeds / sizeof deeds[0]; i++)
        emu_deed_note(m, &thing, deeds[i]);
    accuse();
}

/* rule: EMU-DEED-1 */
static void of_many_deeds_it_says_the_first_and_the_last(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    const struct emu_finding *f = found_by(m, has_much_done);
    static const char *const told[EMU_ORIGINS_MAX] = {"allocated", "4", "5", "6"};
    assert_int_equal(f->origin_count, EMU_ORIGINS_MAX);
    for (unsigned i = 0; i < EMU_ORIGINS_MAX; i++)
        assert_string_equal(f->origins[i].deed, told[i]);
    emu_machine_destroy(m);
}

static void is_forgotten(void *context)
{
    struct emu_machine *m = emu_current();
    (void)context;
    emu_deed_first(m, &thing, "allocated");
    for (unsigned i = 0; i < EMU_DEEDS_MAX - 1; i++)
        emu_deed_note(m, &other, "touched");
    bool known = emu_deed_birth(m, &thing) != NULL;
    emu_deed_note(m, &other, "touched");
    if (known && emu_deed_birth(m, &thing) == NULL)
        accuse();
}

/* rule: EMU-DEED-2 */
static void what_is_older_than_the_last_ones_is_forgotten(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    assert_int_equal(found_by(m, is_forgotten)->origin_count, 0);
    emu_machine_destroy(m);
}

static void begins_nothing(void *context)
{
    (void)context;
    accuse();
}

/* rule: EMU-DEED-2 */
static void a_run_knows_nothing_of_the_one_before(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    assert_int_equal(found_by(m, lives_twice)->origin_count, 2);
    assert_int_equal(found_by(m, begins_nothing)->origin_count, 0);
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finding_says_what_was_done_since_the_thing_began),
        cmocka_unit_test(of_many_deeds_it_says_the_first_and_the_last),
        cmocka_unit_test(what_is_older_than_the_last_ones_is_forgotten),
        cmocka_unit_test(a_run_knows_nothing_of_the_one_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
