/*
 * Findings: where they may be raised, what they say, and that the machine lives on after a reset.
 */
#include "bare.h"
#include "lock.h"

struct accuser {
    struct emu_event event;
    struct emu_engine engine;
    emu_line line;
    char *registers;
};

static const uint64_t parameters[4] = {1, 2, 3, UINT64_MAX};

static void accuse(struct emu_machine *m)
{
    emu_finding_raise(m, "DMA-TEST-1", "0xE6/0D", parameters, "%s did %d things", "the driver", 42);
}

static void from_strand(void *arg)
{
    (void)arg;
    bare_work(0);
    emu_level_raise(emu_current(), EMU_LEVEL_APC);
    accuse(emu_current());
}

static void with_parameters(void *arg)
{
    emu_finding_raise(emu_current(), "DMA-TEST-2", NULL, arg, "the same but for parameters");
}

static void from_callback(struct emu_machine *m, void *context)
{
    (void)context;
    accuse(m);
}

static void from_soft(struct emu_machine *m, unsigned cpu)
{
    (void)cpu;
    accuse(m);
}

static uint64_t from_read(void *device, struct emu_machine *m, uint64_t offset, unsigned width)
{
    (void)device;
    (void)offset;
    (void)width;
    accuse(m);
    return 0;
}

static void no_write(void *device, struct emu_machine *m, uint64_t offset, unsigned width, uint64_t value)
{
    (void)device;
    (void)m;
    (void)offset;
    (void)width;
    (void)value;
}

static void read_register(void *arg)
{
    uint64_t value;
    emu_bus_read(emu_current(), arg, 4, &value);
}

enum source { FROM_STRAND, FROM_EVENT, FROM_ENGINE, FROM_LINE, FROM_SOFT, FROM_REGISTER, SOURCES };

static void arrange(struct emu_machine *m, struct accuser *a, enum source source)
{
    static const struct emu_register_ops ops = {.read = from_read, .write = no_write};
    emu_machine_reset(m);
    switch (source) {
    case FROM_STRAND:
        bare_start(m, "accuser", 1, from_strand, NULL);
        break;
    case FROM_EVENT:
        emu_event_init(m, &a->event, "event", from_callback, NULL);
        emu_event_start(m, &a->event, 70);
        break;
    case FROM_ENGINE:
        emu_engine_init(m, &a->engine, "engine", from_callback, NULL);
        emu_engine_start(m, &a->engine, 70);
        break;
    case FROM_LINE:
        a->line = emu_line_add(m, &(struct emu_line_config){.level = 7, .processors = 2});
        emu_line_connect(m, a->line, from_callback, NULL);
        emu_line_raise(m, a->line);
        break;
    case FROM_SOFT:
        emu_soft_connect(m, EMU_LEVEL_DISPATCH, from_soft);
        emu_soft_request(m, 1, EMU_LEVEL_DISPATCH, false);
        break;
    case FROM_REGISTER:
        assert_true(emu_bus_add_window(m, "registers", 0xE0000000, 0x1000, &ops, NULL));
        bare_start(m, "accuser", 1, read_register, emu_bus_map(m, 0xE0000000, 0x1000));
        break;
    case SOURCES:
        break;
    }
}

/* rule: EMU-FINDING-1 */
static void a_finding_stops_the_machine_wherever_it_is_raised(void **state)
{
    (void)state;
    struct accuser a = {0};
    struct emu_machine *m = bare_machine(NULL);
    for (int round = 0; round < 3; round++)
        for (enum source source = FROM_STRAND; source < SOURCES; source++) {
            arrange(m, &a, source);
            assert_int_equal(emu_machine_run(m, round == 1 ? 1 : 0) == EMU_STOP_BUDGET ? emu_machine_run(m, 0)
                                                                                       : EMU_STOP_FINDING,
                             EMU_STOP_FINDING);
            const struct emu_finding *f = emu_machine_finding(m);
            assert_non_null(f);
            assert_string_equal(f->rule, "DMA-TEST-1");
            assert_string_equal(f->code, "0xE6/0D");
            assert_string_equal(f->message, "the driver did 42 things");
            assert_memory_equal(f->parameters, parameters, sizeof parameters);
            assert_int_equal(emu_machine_run(m, 0), EMU_STOP_FINDING);
            assert_null(emu_current());
        }
    emu_machine_reset(m);
    assert_null(emu_machine_finding(m));
    bare_assert_idle(m);
    emu_machine_destroy(m);
}

static void reporting_main(void *arg)
{
    struct emu_machine *m = emu_current();
    unsigned *reached = arg;
    for (*reached = 0; *reached < EMU_REPORTED_MAX + 2; ++*reached) {
        bare_work(*reached);
        emu_finding_report(m, "DMA-TEST-3", NULL, parameters, "report %u", *reached);
    }
}

/* rule: EMU-FINDING-6 */
static void a_run_goes_past_as_many_reports_as_it_may(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    uint64_t hashes[EMU_REPORTED_MAX + 1];
    for (uint32_t past = 0; past <= EMU_REPORTED_MAX + 1; past++) {
        unsigned reached = 0, most = past < EMU_REPORTED_MAX ? past : EMU_REPORTED_MAX;
        emu_machine_set_go_past(m, past);
        emu_machine_reset(m);
        bare_start(m, "reporting", 0, reporting_main, &reached);
        assert_int_equal(emu_machine_run(m, 0), EMU_STOP_FINDING);
        assert_int_equal(reached, most);
        assert_int_equal(emu_machine_finding(m)->step, most + 1);
        hashes[most] = emu_trace_hash(m);
        for (uint32_t i = 0; i < most; i++) {
            const struct emu_reported *r = emu_machine_reported(m, i);
            assert_int_equal(r->finding.step, i + 1);
            assert_true(r->hash == hashes[i]); /* of the run that halted there */
        }
        assert_null(emu_machine_reported(m, most));
    }
    emu_machine_reset(m);
    assert_null(emu_machine_reported(m, 0));
    emu_machine_destroy(m);
}

/* rule: EMU-FINDING-2 */
static void a_finding_says_where_it_was_made(void **state)
{
    (void)state;
    struct accuser a = {0};
    struct emu_machine *m = bare_machine(NULL);
    arrange(m, &a, FROM_STRAND);
    emu_machine_run(m, 0);
    const struct emu_finding *f = emu_machine_finding(m);
    assert_string_equal(f->strand, "accuser");
    assert_int_equal(f->cpu, 1);
    assert_int_equal(f->level, EMU_LEVEL_APC);
    assert_int_equal(f->step, 1);
    arrange(m, &a, FROM_EVENT);
    emu_machine_run(m, 0);
    assert_int_equal(emu_machine_finding(m)->time, 70);
    arrange(m, &a, FROM_LINE);
    emu_machine_run(m, 0);
    f = emu_machine_finding(m);
    assert_int_equal(f->cpu, 1);
    assert_int_equal(f->level, 7);
    emu_machine_destroy(m);
}

static void accuse_at_length(void *arg)
{
    (void)arg;
    char longest[3 * EMU_FINDING_TEXT];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    emu_finding_raise(emu_current(), longest, longest, NULL, "%s", longest);
}

/* rule: EMU-FINDING-2 */
static void what_is_too_long_is_cut(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    emu_strand_start(m, &(struct emu_strand_config){
                            .name = "a strand whose name is much longer than the finding has room for",
                            .fn = accuse_at_length});
    assert_int_equal(emu_machine_run(m, 0), EMU_STOP_FINDING);
    const struct emu_finding *f = emu_machine_finding(m);
    assert_int_equal(strlen(f->message), EMU_FINDING_TEXT - 1);
    assert_int_equal(strlen(f->rule), EMU_FINDING_RULE - 1);
    assert_int_equal(strlen(f->code), EMU_FINDING_CODE - 1);
    assert_int_equal(strlen(f->strand), sizeof f->strand - 1);
    assert_int_equal(f->parameters[0], 0);
    emu_machine_destroy(m);
}

static void raise_outside(void *arg)
{
    accuse(arg);
}

/* rule: EMU-FINDING-1 */
static void a_finding_outside_a_run_is_an_error_of_the_emulator(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    assert_int_equal(bare_dies_of(raise_outside, m), SIGABRT);
    emu_machine_destroy(m);
}

/* rule: EMU-FINDING-3 */
static void parameters_do_not_enter_the_hash(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    uint64_t sets[2][4] = {{1, 2, 3, 4}, {0, 0, UINT64_MAX, 4}};
    uint64_t hashes[2];
    for (int i = 0; i < 2; i++) {
        emu_machine_reset(m);
        bare_start(m, "accuser", 0, with_parameters, sets[i]);
        assert_int_equal(emu_machine_run(m, 0), EMU_STOP_FINDING);
        assert_memory_equal(emu_machine_finding(m)->parameters, sets[i], sizeof sets[i]);
        hashes[i] = emu_trace_hash(m);
    }
    assert_true(hashes[0] == hashes[1]);
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finding_stops_the_machine_wherever_it_is_raised),
        cmocka_unit_test(a_run_goes_past_as_many_reports_as_it_may),
        cmocka_unit_test(a_finding_says_where_it_was_made),
        cmocka_unit_test(what_is_too_long_is_cut),
        cmocka_unit_test(a_finding_outside_a_run_is_an_error_of_the_emulator),
        cmocka_unit_test(parameters_do_not_enter_the_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
