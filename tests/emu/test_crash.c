/*
 * Crashes as findings: each way to crash ends its run with a finding that says what and where, and the next
 * run is as good as any.
 */
#include <emu/crash.h>

#include "race.h"

#include <sys/time.h>

enum { HANDLER_STACK = 64 * 1024, TICK_US = 50000 };

static void handle(int number, siginfo_t *info, void *context)
{
    if (number == SIGVTALRM)
        emu_crash_tick(context);
    else if (!emu_crash_signal(number, info, context))
        signal(number, SIG_DFL);
}

/* For the time of a test. */
struct handlers {
    struct sigaction before[7];
    stack_t stack_before;
    unsigned char stack[HANDLER_STACK];
};

static const int numbers[7] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGVTALRM};

static void install(struct handlers *h)
{
    stack_t stack = {.ss_sp = h->stack, .ss_size = sizeof h->stack};
    sigaltstack(&stack, &h->stack_before);
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        sigaction(numbers[i], &action, &h->before[i]);
    struct itimerval tick = {{0, TICK_US}, {0, TICK_US}};
    setitimer(ITIMER_VIRTUAL, &tick, NULL);
}

static void uninstall(struct handlers *h)
{
    setitimer(ITIMER_VIRTUAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL);
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        sigaction(numbers[i], &h->before[i], NULL);
    sigaltstack(&h->stack_before, NULL);
}

/* ---- What crashes -------------------------------------------------------------------------------------- */

static void touch_null(void)
{
    volatile uintptr_t nowhere = 0x10;
    *(volatile int *)nowhere = 1;
}

static void write_to_null(void *context)
{
    (void)context;
    bare_work(1);
    touch_null();
}

static void read_nowhere(void *context)
{
    (void)context;
    bare_work(1);
    volatile uintptr_t nowhere = 0x7000000000000000;
    (void)*(volatile int *)nowhere;
}

static void read_where_a_freed_pointer_leads(void *context)
{
    static const struct emu_fill fill = {0xDF, "what was freed"};
    (void)context;
    emu_crash_fills(emu_current(), &fill, 1);
    bare_work(1);
    volatile uintptr_t freed = 0xDFDFDFDFDFDFDFDF;
    (void)*(volatile int *)(freed + 0x18);
}

static void call_null(void *context)
{
    void (*volatile nowhere)(void) = NULL;
    (void)context;
    bare_work(1);
    nowhere();
}

static unsigned recurse(unsigned depth)
{
    volatile unsigned char here[512];
    here[0] = (unsigned char)depth;
    return depth == 0 ? here[0] : recurse(depth - 1) + here[0];
}

static void overflow(void *context)
{
    (void)context;
    bare_work(1);
    recurse(1u << 20);
}

static void divide(void *context)
{
    volatile int zero = 0;
    (void)context;
    bare_work(1);
    zero = 100 / zero;
}

static void trap(void *context)
{
    (void)context;
    bare_work(1);
    __builtin_trap();
}

static void give_up(void *context)
{
    (void)context;
    bare_work(1);
    abort();
}

static void spin(void *context)
{
    volatile bool forever = true;
    (void)context;
    bare_work(1);
    while (forever)
        continue;
}

static void other_walks(void *context)
{
    (void)context;
    bare_work(1);
}

static void set_up(void *context)
{
    emu_strand_fn *const *fn = context;
    race_start("crashing", 1, *fn, NULL);
    race_start("other", 0, other_walks, NULL);
}

/* ---- Running it ---------------------------------------------------------------------------------------- */

#define DRIVER __attribute__((section("driver_code"), noinline))
extern const char __start_driver_code[], __stop_driver_code[];

DRIVER static void driver_gives_up(void)
{
    abort();
}

DRIVER static void gives_up_in_a_driver(void *context)
{
    (void)context;
    bare_work(1);
    driver_gives_up();
    bare_work(2);
}

DRIVER static void writes_in_a_driver(void *context)
{
    volatile uintptr_t nowhere = 0x10;
    (void)context;
    bare_work(1);
    *(volatile int *)nowhere = 1;
    bare_work(2);
}

struct outcome {
    bool caught; /* this build can */
    enum emu_stop first, second, clean;
    struct emu_finding finding;
    uint64_t hash, hash_again;
};

/* Twice the same, then a run that does not crash. */
static struct outcome run(emu_strand_fn *fn)
{
    static struct handlers handlers;
    struct outcome o = {0};
    struct emu_machine *m = bare_machine(NULL);
    emu_strand_fn *harmless = other_walks;
    struct emu_program crash = {"crash", set_up, NULL, &fn}, clean = {"clean", set_up, NULL, &harmless};
    assert_true(emu_code_add(m, "driver", (uintptr_t)__start_driver_code, (uintptr_t)__stop_driver_code));
    o.caught = emu_crash_catch(m);
    if (o.caught) {
        install(&handlers);
        o.first = emu_run_program(m, &crash);
        if (o.first == EMU_STOP_FINDING)
            o.finding = *emu_machine_finding(m);
        o.hash = emu_trace_hash(m);
        o.second = emu_run_program(m, &crash);
        o.hash_again = emu_trace_hash(m);
        o.clean = emu_run_program(m, &clean);
        uninstall(&handlers);
    }
    emu_machine_destroy(m);
    return o;
}

static void assert_finding(emu_strand_fn *fn, const char *rule, const char *words)
{
    struct outcome o = run(fn);
    if (!o.caught)
        skip();
    assert_int_equal(o.first, EMU_STOP_FINDING);
    assert_string_equal(o.finding.rule, rule);
    assert_non_null(strstr(o.finding.message, words));
    assert_string_equal(o.finding.strand, "crashing");
    assert_int_equal(o.second, EMU_STOP_FINDING);
    assert_true(o.hash == o.hash_again);
    assert_int_equal(o.clean, EMU_STOP_IDLE);
}

/* rule: EMU-CRASH-1 */
static void a_write_through_a_null_pointer_is_a_finding(void **state)
{
    (void)state;
    assert_finding(write_to_null, EMU_RULE_CRASH_ACCESS, "crashing writes to address 0x10, in ");
}

/* rule: EMU-CRASH-1 */
static void a_read_from_nowhere_is_a_finding(void **state)
{
    (void)state;
    assert_finding(read_nowhere, EMU_RULE_CRASH_ACCESS, "an address that is not there, in ");
}

/* rule: EMU-CRASH-1 */
static void a_pointer_out_of_memory_that_was_freed_is_told_as_such(void **state)
{
    (void)state;
    assert_finding(read_where_a_freed_pointer_leads, EMU_RULE_CRASH_ACCESS,
                   "crashing reads from an address made of 0xDF, which fills what was freed, in ");
}

/* rule: EMU-CRASH-1 */
static void a_call_through_a_null_pointer_names_the_caller(void **state)
{
    (void)state;
    assert_finding(call_null, EMU_RULE_CRASH_ACCESS, "jumps to address 0x0, in ");
}

/* rule: EMU-CRASH-2 */
static void a_stack_that_overflows_is_a_finding(void **state)
{
    (void)state;
    assert_finding(overflow, EMU_RULE_CRASH_STACK, "the stack of crashing overflows");
}

/* rule: EMU-CRASH-3 */
static void a_division_by_zero_is_a_finding(void **state)
{
    (void)state;
#if defined(__x86_64__)
    assert_finding(divide, EMU_RULE_CRASH_DIVISION, "divides by zero");
#else
    (void)divide; /* is no fault there */
#endif
}

/* rule: EMU-CRASH-4 */
static void an_invalid_instruction_is_a_finding(void **state)
{
    (void)state;
    assert_finding(trap, EMU_RULE_CRASH_INSTRUCTION, "cannot be performed");
}

/* rule: EMU-CRASH-5 */
static void a_call_of_abort_is_a_finding(void **state)
{
    (void)state;
    assert_finding(give_up, EMU_RULE_CRASH_ABORT, "calls abort()");
}

/* rule: EMU-CRASH-6 */
static void a_loop_without_a_yield_point_is_a_finding(void **state)
{
    (void)state;
    assert_finding(spin, EMU_RULE_HANG, "a loop without a yield point");
}

/* rule: EMU-CRASH-8 */
static void a_crash_has_the_call_stack_of_what_crashed(void **state)
{
    (void)state;
    struct outcome wrote = run(writes_in_a_driver), gave_up = run(gives_up_in_a_driver);
    if (!wrote.caught)
        skip();
    assert_int_equal(wrote.finding.callers.count, 1);
    assert_int_equal(gave_up.finding.callers.count, 2); /* abort() is of no module, and needs no frames */
}

/* ---- What is none ---------------------------------------------------------------------------------------
 */

static void crash_on_the_host(void *context)
{
    (void)context;
    static struct handlers handlers;
    struct emu_machine *m = bare_machine(NULL);
    emu_crash_catch(m);
    install(&handlers);
    touch_null();
}

static void fail_an_assertion(void *context)
{
    (void)context;
    EMU_ASSERT(context != NULL);
}

static void emulator_error(void *context)
{
    (void)context;
    static struct handlers handlers;
    emu_strand_fn *fn = fail_an_assertion;
    struct emu_program program = {"error", set_up, NULL, &fn};
    struct emu_machine *m = bare_machine(NULL);
    emu_crash_catch(m);
    install(&handlers);
    emu_run_program(m, &program);
}

/* rule: EMU-CRASH-7 */
static void a_crash_outside_a_machine_is_the_processs_own(void **state)
{
    (void)state;
    assert_int_equal(bare_dies_of(crash_on_the_host, NULL), SIGSEGV);
}

/* rule: EMU-CRASH-7 */
static void an_error_of_the_emulator_is_no_finding(void **state)
{
    (void)state;
    assert_int_equal(bare_dies_of(emulator_error, NULL), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_through_a_null_pointer_is_a_finding),
        cmocka_unit_test(a_read_from_nowhere_is_a_finding),
        cmocka_unit_test(a_pointer_out_of_memory_that_was_freed_is_told_as_such),
        cmocka_unit_test(a_call_through_a_null_pointer_names_the_caller),
        cmocka_unit_test(a_stack_that_overflows_is_a_finding),
        cmocka_unit_test(a_division_by_zero_is_a_finding),
        cmocka_unit_test(an_invalid_instruction_is_a_finding),
        cmocka_unit_test(a_call_of_abort_is_a_finding),
        cmocka_unit_test(a_loop_without_a_yield_point_is_a_finding),
        cmocka_unit_test(a_crash_has_the_call_stack_of_what_crashed),
        cmocka_unit_test(a_crash_outside_a_machine_is_the_processs_own),
        cmocka_unit_test(an_error_of_the_emulator_is_no_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
