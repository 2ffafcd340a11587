/*
 * Call stacks: which frames they have, where they end, and how they come into findings. What plays the
 * drivers stands in sections of its own, so that its bounds are known as a module's are.
 */
#include "bare.h"

#include <emu/callers.h>

#define DRIVER __attribute__((section("driver_code"), noinline))
#define OTHER  __attribute__((section("other_code"), noinline))

extern const char __start_driver_code[], __stop_driver_code[], __start_other_code[], __stop_other_code[];

/* What was taken, and what really was returned to. */
struct taken {
    struct emu_callers callers;
    uintptr_t inner, outer;
    uint64_t identity;
};

static struct taken taken;

static struct emu_machine *machine_with_modules(void)
{
    struct emu_machine *m = bare_machine(NULL);
    taken = (struct taken){0};
    assert_true(emu_code_add(m, "driver.so", (uintptr_t)__start_driver_code, (uintptr_t)__stop_driver_code));
    assert_true(emu_code_add(m, "other.so", (uintptr_t)__start_other_code, (uintptr_t)__stop_other_code));
    return m;
}

/* A service: code of no module. */
__attribute__((noinline)) static void service(void)
{
    struct emu_machine *m = emu_current();
    taken.inner = (uintptr_t)__builtin_return_address(0);
    emu_callers_take(m, &taken.callers);
    taken.identity = emu_callers_identity(m, &taken.callers);
    bare_work(1);
}

DRIVER static void asks(void)
{
    service();
    bare_work(1);
}

/* Code in between that is of no module. */
__attribute__((noinline)) static void call_back(void (*fn)(void))
{
    fn();
    bare_work(2);
}

DRIVER static void driver_main(void *context)
{
    (void)context;
    call_back(asks);
    bare_work(3);
}

OTHER static void other_asks(void)
{
    service();
    bare_work(1);
}

DRIVER static void two_modules_main(void *context)
{
    (void)context;
    call_back(other_asks);
    bare_work(3);
}

/* ---- Which frames -------------------------------------------------------------------------------------- */

static uintptr_t told[EMU_CALLERS_MAX];

static void tell(const uintptr_t *addresses, struct emu_source *places, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        told[i] = addresses[i];
        snprintf(places[i].file, sizeof places[i].file, "/src/file%zu.c", i);
        places[i].line = (unsigned)i + 1;
    }
}

static uintptr_t address_of(struct emu_machine *m, unsigned frame)
{
    const char *modules[EMU_CALLERS_MAX];
    struct emu_source places[EMU_CALLERS_MAX];
    emu_sources_set(m, tell);
    emu_callers_tell(m, &taken.callers, modules, places);
    return told[frame];
}

/* rule: EMU-CALLERS-1 */
static void a_stack_has_the_frames_of_known_modules_innermost_first(void **state)
{
    (void)state;
    const char *modules[EMU_CALLERS_MAX];
    struct emu_source places[EMU_CALLERS_MAX];
    struct emu_machine *m = machine_with_modules();
    bare_start(m, "driver", 0, two_modules_main, NULL);
    bare_assert_idle(m);
    assert_int_equal(taken.callers.count, 2);
    assert_int_equal(address_of(m, 0), taken.inner);
    emu_callers_tell(m, &taken.callers, modules, places);
    assert_string_equal(modules[0], "other.so");
    assert_string_equal(modules[1], "driver.so");
    assert_string_equal(emu_source_base(&places[1]), "file1.c");
    assert_int_equal(places[1].line, 2);
    emu_machine_destroy(m);
}

/* rule: EMU-CALLERS-1 */
static void code_of_no_module_has_no_frame(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    taken = (struct taken){.callers.count = EMU_CALLERS_MAX};
    bare_start(m, "driver", 0, driver_main, NULL);
    bare_assert_idle(m);
    assert_int_equal(taken.callers.count, 0);
    assert_true(taken.identity == 0);
    emu_callers_take(m, &taken.callers); /* nor has the host */
    assert_int_equal(taken.callers.count, 0);
    emu_machine_destroy(m);
}

static void (*volatile deeper)(unsigned depth); /* no loop can be made of it */

DRIVER static void recurse(unsigned depth)
{
    if (depth == 0)
        service();
    else
        deeper(depth - 1);
    bare_work(depth);
}

static void deep_main(void *context)
{
    (void)context;
    deeper = recurse;
    recurse(3 * EMU_CALLERS_MAX);
}

/* rule: EMU-CALLERS-1 */
static void of_a_deep_stack_the_innermost_frames_are_kept(void **state)
{
    (void)state;
    struct emu_machine *m = machine_with_modules();
    bare_start(m, "driver", 0, deep_main, NULL);
    bare_assert_idle(m);
    assert_int_equal(taken.callers.count, EMU_CALLERS_MAX);
    assert_int_equal(address_of(m, 0), taken.inner);
    emu_machine_destroy(m);
}

/* ---- Where they end ------------------------------------------------------------------------------------ */

OTHER static void soft_handler(struct emu_machine *m, unsigned cpu)
{
    (void)m;
    (void)cpu;
    service();
    bare_work(1);
}

DRIVER static void interrupted_main(void *context)
{
    (void)context;
    emu_soft_request(emu_current(), 0, EMU_LEVEL_DISPATCH, false);
    bare_work(1);
}

OTHER static void line_handler(struct emu_machine *m, void *context)
{
    (void)m;
    (void)context;
    service();
    bare_work(1);
}

DRIVER static void raising_main(void *context)
{
    emu_line_raise(emu_current(), *(const emu_line *)context);
    bare_work(1);
    bare_work(1);
}

OTHER static void event_handler(struct emu_machine *m, void *context)
{
    (void)context;
    emu_callers_take(m, &taken.callers);
    emu_print(m, "event", sizeof "event" - 1);
}

DRIVER static void stalling_main(void *context)
{
    struct emu_event *event = context;
    emu_event_start(emu_current(), event, 10);
    emu_stall(emu_current(), 20);
    bare_work(1);
}

static void assert_one_frame_of_other(struct emu_machine *m)
{
    const char *modules[EMU_CALLERS_MAX];
    struct emu_source places[EMU_CALLERS_MAX];
    bare_assert_idle(m);
    assert_int_equal(taken.callers.count, 1);
    emu_callers_tell(m, &taken.callers, modules, places);
    assert_string_equal(modules[0], "other.so");
}

/* rule: EMU-CALLERS-2 */
static void a_handlers_stack_ends_where_the_handler_begins(void **state)
{
    (void)state;
    struct emu_machine *m = machine_with_modules();
    emu_soft_connect(m, EMU_LEVEL_DISPATCH, soft_handler);
    bare_start(m, "interrupted", 0, interrupted_main, NULL);
    assert_one_frame_of_other(m);
    emu_machine_reset(m);
    emu_line line = emu_line_add(m, &(struct emu_line_config){.level = 7, .processors = 1});
    emu_line_connect(m, line, line_handler, NULL);
    bare_start(m, "interrupted", 0, raising_main, &line);
    assert_one_frame_of_other(m);
    emu_machine_destroy(m);
}

DRIVER static void interrupted_before_main(void *context)
{
    (void)context;
    emu_soft_request(emu_current(), 0, EMU_LEVEL_DISPATCH, false);
    call_back(asks);
    bare_work(1);
}

/* rule: EMU-CALLERS-2 */
static void after_a_handler_the_strands_stack_is_whole_again(void **state)
{
    (void)state;
    struct emu_machine *m = machine_with_modules();
    emu_soft_connect(m, EMU_LEVEL_DISPATCH, soft_handler);
    bare_start(m, "driver", 0, interrupted_before_main, NULL);
    bare_assert_idle(m);
    assert_int_equal(taken.callers.count, 2);
    emu_machine_destroy(m);
}

/* rule: EMU-CALLERS-2 */
static void an_events_stack_ends_where_its_routine_begins(void **state)
{
    (void)state;
    struct emu_event event;
    struct emu_machine *m = machine_with_modules();
    emu_event_init(m, &event, "event", event_handler, NULL);
    bare_start(m, "stalling", 0, stalling_main, &event);
    assert_one_frame_of_other(m);
    emu_machine_destroy(m);
}

/* ---- Identity ------------------------------------------------------------------------------------------ */

static uint64_t identity_of(struct emu_machine *m, emu_strand_fn *fn)
{
    emu_machine_reset(m);
    bare_start(m, "driver", 0, fn, NULL);
    bare_assert_idle(m);
    return taken.identity;
}

/* rule: EMU-CALLERS-3 */
static void equal_stacks_have_one_identity_and_others_another(void **state)
{
    (void)state;
    struct emu_machine *m = machine_with_modules();
    uint64_t first = identity_of(m, driver_main);
    assert_true(first != 0);
    assert_true(identity_of(m, driver_main) == first);
    assert_true(identity_of(m, two_modules_main) != first);
    emu_machine_destroy(m);
    m = bare_machine(NULL);
    assert_true(emu_code_add(m, "other.so", (uintptr_t)__start_other_code, (uintptr_t)__stop_other_code));
    assert_true(emu_code_add(m, "driver.so", (uintptr_t)__start_driver_code, (uintptr_t)__stop_driver_code));
    assert_true(identity_of(m, driver_main) == first); /* in whatever order modules came */
    emu_machine_destroy(m);
    m = bare_machine(NULL);
    assert_true(emu_code_add(m, "renamed.so", (uintptr_t)__start_driver_code, (uintptr_t)__stop_driver_code));
    assert_true(identity_of(m, driver_main) != first);
    emu_machine_destroy(m);
}

/* rule: EMU-CALLERS-3 */
static void modules_are_known_once(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    assert_true(emu_code_add(m, "a", 0x1000, 0x2000));
    assert_true(emu_code_add(m, "a", 0x1000, 0x2000));
    assert_false(emu_code_add(m, "b", 0x1800, 0x2800));
    assert_true(emu_code_known(m, 0x1FFF));
    assert_false(emu_code_known(m, 0x2000));
    for (uintptr_t i = 1; i < EMU_MODULES_MAX; i++)
        assert_true(emu_code_add(m, "more", 0x10000 * i, 0x10000 * i + 1));
    assert_false(emu_code_add(m, "one too many", 0x5000, 0x6000));
    emu_machine_destroy(m);
}

/* ---- In findings --------------------------------------------------------------------------------------- */

static struct emu_birth births[EMU_ORIGINS_MAX + 1];

DRIVER static void allocate(unsigned which)
{
    emu_birth_note(emu_current(), &births[which]);
    bare_work(which);
}

DRIVER static void accuse(unsigned origins)
{
    struct emu_machine *m = emu_current();
    for (unsigned i = 0; i < origins; i++)
        emu_finding_came_from(m, i == 0 ? emu_object_new(m, "block") : EMU_NO_OBJECT, "allocated",
                              &births[i]);
    emu_finding_raise(m, "ORIGIN", NULL, NULL, "a finding");
}

DRIVER static void accusing_main(void *context)
{
    const unsigned *origins = context;
    for (unsigned i = 0; i <= EMU_ORIGINS_MAX; i++)
        allocate(i);
    emu_level_raise(emu_current(), EMU_LEVEL_DISPATCH);
    accuse(*origins);
}

static const struct emu_finding *accuse_with(struct emu_machine *m, unsigned origins)
{
    emu_machine_reset(m);
    bare_start(m, "accuser", 1, accusing_main, &origins);
    assert_int_equal(emu_machine_run(m, 0), EMU_STOP_FINDING);
    return emu_machine_finding(m);
}

/* rule: EMU-FINDING-4 */
static void a_finding_has_the_stack_of_who_raised_it(void **state)
{
    (void)state;
    struct emu_machine *m = machine_with_modules();
    const struct emu_finding *f = accuse_with(m, 0);
    assert_int_equal(f->callers.count, 2);
    assert_int_equal(f->origin_count, 0);
    emu_machine_destroy(m);
}

/* rule: EMU-FINDING-5 */
static void a_finding_says_where_its_objects_came_from(void **state)
{
    (void)state;
    struct emu_machine *m = machine_with_modules();
    const struct emu_finding *f = accuse_with(m, 2);
    assert_int_equal(f->origin_count, 2);
    assert_string_equal(f->origins[0].name, "block#1");
    assert_string_equal(f->origins[1].name, "");
    for (unsigned i = 0; i < 2; i++) {
        const struct emu_origin *o = &f->origins[i];
        assert_string_equal(o->deed, "allocated");
        assert_string_equal(o->strand, "accuser");
        assert_int_equal(o->birth.step, i);
        assert_int_equal(o->birth.cpu, 1);
        assert_int_equal(o->birth.level, EMU_LEVEL_PASSIVE);
        assert_int_equal(o->callers.count, 2);
    }
    assert_int_equal(accuse_with(m, EMU_ORIGINS_MAX + 1)->origin_count, EMU_ORIGINS_MAX);
    assert_int_equal(accuse_with(m, 0)->origin_count, 0);
    emu_machine_destroy(m);
}

/* rule: EMU-CALLERS-4 */
static void stacks_do_not_enter_the_trace(void **state)
{
    (void)state;
    struct emu_machine *with = machine_with_modules(), *without = bare_machine(NULL);
    accuse_with(with, 2);
    accuse_with(without, 0);
    assert_true(emu_trace_hash(with) == emu_trace_hash(without));
    emu_machine_destroy(with);
    emu_machine_destroy(without);
}

/* rule: EMU-CALLERS-5 */
static void a_recorded_step_knows_the_driver_code_that_made_it(void **state)
{
    (void)state;
    struct emu_machine *m = machine_with_modules();
    emu_trace_record(m, true);
    emu_machine_reset(m);
    bare_start(m, "driver", 0, driver_main, NULL);
    bare_assert_idle(m);
    unsigned of_driver = 0;
    for (size_t i = 0; i < emu_trace_length(m); i++) {
        const struct emu_trace_entry *e = emu_trace_entry(m, i);
        struct emu_callers callers;
        emu_trace_callers(e, &callers);
        of_driver += callers.count;
        assert_true(callers.count == 0 || e->op == OP_WORK); /* the machine makes the others by itself */
    }
    assert_true(of_driver > 0);
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stack_has_the_frames_of_known_modules_innermost_first),
        cmocka_unit_test(code_of_no_module_has_no_frame),
        cmocka_unit_test(of_a_deep_stack_the_innermost_frames_are_kept),
        cmocka_unit_test(a_handlers_stack_ends_where_the_handler_begins),
        cmocka_unit_test(after_a_handler_the_strands_stack_is_whole_again),
        cmocka_unit_test(an_events_stack_ends_where_its_routine_begins),
        cmocka_unit_test(equal_stacks_have_one_identity_and_others_another),
        cmocka_unit_test(modules_are_known_once),
        cmocka_unit_test(a_finding_has_the_stack_of_who_raised_it),
        cmocka_unit_test(a_finding_says_where_its_objects_came_from),
        cmocka_unit_test(stacks_do_not_enter_the_trace),
        cmocka_unit_test(a_recorded_step_knows_the_driver_code_that_made_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
