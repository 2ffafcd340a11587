/*
 * The debugger's side: lines of text, break points, assertions, paged code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <wdm.h>

#include "hal/boot.h"
#include "hal/kernel.h"
#include "rig/rig.h"

enum { SEEN_BYTES = 2048 };

static const struct rig_boot boots[] = {{hal_boot, NULL}, {NULL, NULL}};

/* Every line that was printed, with a bar behind each. */
struct seen {
    size_t length;
    char text[SEEN_BYTES];
};

static void see(void *context, const char *text, size_t length)
{
    struct seen *s = context;

    while (length > 0 && text[length - 1] == '\n')
        length--;
    memcpy(s->text + s->length, text, length);
    s->length += length;
    s->text[s->length++] = '|';
    s->text[s->length] = '\0';
}

static uint64_t run(void (*body)(void *), void *context, struct seen *seen)
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;

    memset(seen, 0, sizeof *seen);
    emu_set_print(m, see, seen);
    rig_run(m, body, context, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
    return outcome.hash;
}

static void run_stopped(void (*body)(void *), const char *rule, const char *code)
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;

    rig_run(m, body, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_stopped(&outcome, rule, code);
}

static ULONG print_with_list(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    ULONG status =
        vDbgPrintExWithPrefix("prefix: ", DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, format, arguments);
    va_end(arguments);
    return status;
}

static void print(void *context)
{
    UNICODE_STRING name;

    (void)context;
    RtlInitUnicodeString(&name, L"name");
    rig_expect_equal(DbgPrint("one %d %wZ\n", 1, &name), STATUS_SUCCESS);
    DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_INFO_LEVEL, "two %I64x", 0x123456789ull);
    print_with_list("%s", "three");
    DbgPrint("\n");
}

/* rule: DBG-PRINT-1 */
static void each_call_is_one_line_of_text(void **state)
{
    struct seen seen;

    (void)state;
    run(print, NULL, &seen);
    assert_string_equal(seen.text, "one 1 name|two 123456789|prefix: three|");
}

static void print_address(void *context)
{
    DbgPrint("at %p, none %p", context, NULL);
}

/* rule: DBG-PRINT-2 */
static void a_pointer_is_not_printed_so_that_the_hash_does_not_depend_on_it(void **state)
{
    static char here;
    char there;
    struct seen seen;

    (void)state;
    uint64_t first = run(print_address, &here, &seen);
    assert_string_equal(seen.text, "at (pointer), none (null)|");
    uint64_t second = run(print_address, &there, &seen);
    assert_true(first == second);
}

static void print_much(void *context)
{
    (void)context;
    DbgPrint("%600d", 1);
}

/* rule: DBG-PRINT-3 */
static void a_call_prints_at_most_512_characters(void **state)
{
    struct seen seen;

    (void)state;
    run(print_much, NULL, &seen);
    assert_int_equal(seen.length, 513);
}

static void break_here(void *context)
{
    (void)context;
    DbgBreakPoint();
}

static void assert_here(void *context)
{
    char what[] = "1 + 1 == 3";
    char file[] = "driver.c";

    (void)context;
    RtlAssert(what, file, 1, NULL);
}

/* rule: DBG-BREAK-1 */
static void a_break_point_stops_the_run(void **state)
{
    (void)state;
    run_stopped(break_here, "DBG-BREAK-1", "0x1E");
}

/* rule: DBG-ASSERT-1 */
static void a_failed_assertion_stops_the_run(void **state)
{
    (void)state;
    run_stopped(assert_here, "DBG-ASSERT-1", "");
}

static void paged_code_at_dispatch(void *context)
{
    (void)context;
    PAGED_CODE();
    KeRaiseIrqlToDpcLevel();
    PAGED_CODE();
}

/* rule: DBG-PAGED-1 */
static void paged_code_at_dispatch_level_is_a_finding(void **state)
{
    (void)state;
    run_stopped(paged_code_at_dispatch, "DBG-PAGED-1", "0xA");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_is_one_line_of_text),
        cmocka_unit_test(a_pointer_is_not_printed_so_that_the_hash_does_not_depend_on_it),
        cmocka_unit_test(a_call_prints_at_most_512_characters),
        cmocka_unit_test(a_break_point_stops_the_run),
        cmocka_unit_test(a_failed_assertion_stops_the_run),
        cmocka_unit_test(paged_code_at_dispatch_level_is_a_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
