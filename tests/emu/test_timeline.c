/*
 * The timeline of a small run, to the letter.
 */
#include "bare.h"

#include <emu/explore.h>

enum { LINES_MAX = 64, LINE_MAX_BYTES = 200 };

struct lines {
    char text[LINES_MAX][LINE_MAX_BYTES];
    unsigned count;
};

static void keep_line(void *context, const char *line)
{
    struct lines *l = context;
    assert_true(l->count < LINES_MAX && strlen(line) < LINE_MAX_BYTES);
    strcpy(l->text[l->count++], line);
}

static void run_recorded(struct emu_machine *m, emu_strand_fn *fn, const char *name, struct lines *l)
{
    emu_trace_record(m, true);
    emu_machine_reset(m);
    bare_start(m, name, 0, fn, NULL);
    bare_assert_idle(m);
    memset(l, 0, sizeof *l);
    emu_trace_timeline(m, 0, keep_line, l);
}

static void print(const char *text)
{
    emu_print(emu_current(), text, strlen(text));
}

static void in_handler(struct emu_machine *m, void *context)
{
    (void)context;
    emu_note(m, OP_IN_HANDLER, EMU_NO_OBJECT, emu_level(m));
}

static void storyteller(void *arg)
{
    (void)arg;
    struct emu_machine *m = emu_current();
    static const struct emu_line_config disk = {
        .name = "disk", .trigger = EMU_TRIGGER_EDGE, .level = 7, .processors = 1};
    emu_line line = emu_line_add(m, &disk);
    emu_line_connect(m, line, in_handler, NULL);
    emu_object lock = emu_object_new(m, "lock");
    emu_step(m, OP_LOCK, lock, 0);
    emu_stall(m, 1250);
    uint8_t old = emu_level_raise(m, EMU_LEVEL_DISPATCH);
    emu_step(m, OP_UNLOCK, lock, 0);
    emu_line_raise(m, line);
    bare_work(17);
    emu_level_lower(m, old);
}

static bool says(const struct lines *l, unsigned line, const char *what)
{
    return line < l->count && strstr(l->text[line], what) != NULL;
}

static unsigned line_with(const struct lines *l, const char *what)
{
    for (unsigned i = 0; i < l->count; i++)
        if (says(l, i, what))
            return i;
    fail_msg("no line says \"%s\"", what);
    return 0;
}

static void assert_line(const struct lines *l, const char *line)
{
    for (unsigned i = 0; i < l->count; i++)
        if (strcmp(l->text[i], line) == 0)
            return;
    for (unsigned i = 0; i < l->count; i++)
        print_message("[%s]\n", l->text[i]);
    fail_msg("no line is [%s]", line);
}

/* Interrupts as soon as they are on offer. */
static uint32_t deliver_at_once(void *context, const struct emu_decision *d)
{
    (void)context;
    int at = bare_find(d, EMU_ACTION_DELIVER);
    return at < 0 ? 0 : (uint32_t)at;
}

/* rule: EMU-TIMELINE-1 */
static void a_line_has_time_step_processor_level_strand_and_deed(void **state)
{
    (void)state;
    struct lines l;
    struct bare_picker picker;
    struct emu_machine *m = bare_machine(NULL);
    bare_pick_with(m, &picker, deliver_at_once, NULL);
    run_recorded(m, storyteller, "storyteller", &l);
    assert_string_equal(l.text[0], "     time/us   step  cpu irql  strand       what");
    assert_line(&l, "       0.000      1    0    0  storyteller  lock lock#1");
    assert_line(&l, "       1.250      4    0    2  storyteller    unlock lock#1");
    assert_line(&l, "       1.250      6    0    2  storyteller    work  value=17");
    emu_machine_destroy(m);
}

/* rule: EMU-TIMELINE-1 */
static void what_interrupts_stands_further_right_than_what_it_interrupts(void **state)
{
    (void)state;
    struct lines l;
    struct bare_picker picker;
    struct emu_machine *m = bare_machine(NULL);
    bare_pick_with(m, &picker, deliver_at_once, NULL);
    run_recorded(m, storyteller, "storyteller", &l);
    unsigned lock = line_with(&l, "lock lock"), unlock = line_with(&l, "unlock"),
             handle = line_with(&l, "handle");
    unsigned after = line_with(&l, "value=17");
    assert_true(lock < unlock && unlock < handle && handle < after);
    assert_true(says(&l, lock, "storyteller  lock"));
    assert_true(says(&l, unlock, "storyteller    unlock"));
    assert_true(says(&l, handle, "storyteller      handle  level=7"));
    emu_machine_destroy(m);
}

static void printer(void *arg)
{
    (void)arg;
    print("one line\n");
    print("two\r\nlines, \x1b[31mred\ttab\n");
    print("");
}

/* rule: EMU-TIMELINE-2 */
static void printed_text_stands_behind_a_bar_line_by_line(void **state)
{
    (void)state;
    struct lines l;
    struct emu_machine *m = bare_machine(NULL);
    run_recorded(m, printer, "p", &l);
    assert_line(&l, "       0.000      0    0    0  p       | one line");
    assert_line(&l, "       0.000      0    0    0  p       | two");
    assert_line(&l, "       0.000      0    0    0  p       | lines,  [31mred tab");
    assert_line(&l, "       0.000      0    0    0  p       | ");
    emu_machine_destroy(m);
}

static void long_printer(void *arg)
{
    (void)arg;
    enum { LONG = 5000 };
    char text[LONG + 1];
    memset(text, 'x', LONG);
    text[LONG] = '\0';
    print(text);
}

static void count_bytes(void *context, const char *line)
{
    size_t *longest = context;
    *longest = strlen(line) > *longest ? strlen(line) : *longest;
}

static void a_line_that_is_too_long_is_cut(void **state)
{
    (void)state;
    size_t longest = 0;
    struct emu_machine *m = bare_machine(NULL);
    emu_trace_record(m, true);
    emu_machine_reset(m);
    bare_start(m, "p", 0, long_printer, NULL);
    bare_assert_idle(m);
    emu_trace_timeline(m, 0, count_bytes, &longest);
    assert_in_range(longest, 200, 511);
    emu_machine_destroy(m);
}

static void numbers(void *arg)
{
    (void)arg;
    bare_work(0x7fffffff);
    bare_work(0x80000000);
    bare_work((uint64_t)(int64_t)(int32_t)0xC00000BB);
    bare_work(UINT64_C(0x123456789ab));
}

/* rule: EMU-TIMELINE-3 */
static void masks_and_statuses_are_hexadecimal_and_quantities_decimal(void **state)
{
    (void)state;
    struct lines l;
    struct emu_machine *m = bare_machine(NULL);
    run_recorded(m, numbers, "n", &l);
    assert_true(says(&l, line_with(&l, "value="), "work  value=2147483647"));
    assert_true(line_with(&l, "value=0x80000000") < line_with(&l, "value=0xc00000bb"));
    line_with(&l, "value=0x123456789ab");
    emu_machine_destroy(m);
}

/* ---- A program's race -------------------------------------------------------------------------------------
 */

static void racer(void *arg)
{
    (void)arg;
    bare_work(2);
}

static void set_up_racer(void *context)
{
    const bool *fails = context;
    struct emu_machine *m = emu_current();
    struct emu_strand_config config = {.name = "racer", .fn = racer, .must_finish = true, .held = true};
    bare_work(1);
    if (*fails)
        emu_finding_raise(m, "property", NULL, NULL, "the set-up fails");
    emu_strand_start(m, &config);
    print("two\nlines");
}

static void check_racer(void *context)
{
    (void)context;
    bare_work(3);
}

static struct emu_machine *raced(bool traced, bool fails)
{
    struct emu_machine *m = bare_machine(NULL);
    struct emu_program program = {
        .name = "race", .set_up = set_up_racer, .check = check_racer, .context = &fails};
    emu_trace_record(m, traced);
    emu_run_program(m, &program);
    return m;
}

static void a_timeline_from_the_race_on_has_the_heading_and_nothing_of_the_set_up(void **state)
{
    (void)state;
    struct lines all = {.count = 0}, race = {.count = 0};
    struct emu_machine *m = raced(true, false);
    size_t first = emu_trace_race(m);
    assert_in_range(first, 1, emu_trace_length(m) - 1);
    emu_trace_timeline(m, 0, keep_line, &all);
    emu_trace_timeline(m, first, keep_line, &race);
    assert_true(says(&race, 0, "time/us") && says(&race, 0, "strand  what"));
    assert_true(line_with(&all, "value=1") < line_with(&all, "| lines"));
    unsigned hidden = all.count - race.count;
    assert_true(says(&all, hidden, "set-up  exit"));
    for (unsigned i = 1; i < race.count; i++) {
        assert_string_equal(race.text[i], all.text[hidden + i]);
        assert_false(says(&race, i, "set-up") || says(&race, i, "value=1"));
    }
    line_with(&race, "value=2");
    line_with(&race, "value=3");
    emu_machine_destroy(m);
}

static void a_run_that_ends_in_the_set_up_has_no_race(void **state)
{
    (void)state;
    struct emu_machine *m = raced(true, true);
    assert_non_null(emu_machine_finding(m));
    assert_true(emu_trace_length(m) > 0);
    assert_int_equal(emu_trace_race(m), 0);
    emu_machine_destroy(m);
}

static void a_run_that_is_not_recorded_has_no_race(void **state)
{
    (void)state;
    struct emu_machine *m = raced(false, false);
    assert_int_equal(emu_trace_race(m), 0);
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_time_step_processor_level_strand_and_deed),
        cmocka_unit_test(what_interrupts_stands_further_right_than_what_it_interrupts),
        cmocka_unit_test(printed_text_stands_behind_a_bar_line_by_line),
        cmocka_unit_test(a_line_that_is_too_long_is_cut),
        cmocka_unit_test(masks_and_statuses_are_hexadecimal_and_quantities_decimal),
        cmocka_unit_test(a_timeline_from_the_race_on_has_the_heading_and_nothing_of_the_set_up),
        cmocka_unit_test(a_run_that_ends_in_the_set_up_has_no_race),
        cmocka_unit_test(a_run_that_is_not_recorded_has_no_race),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
