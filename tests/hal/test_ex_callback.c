/*
 * Callback objects: names, registrations, notification, and giving a registration back while its routine
 * runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <wdm.h>

#include "hal/boot.h"
#include "rig/rig.h"

static const struct rig_boot boots[] = {{hal_boot, NULL}, {NULL, NULL}};

static void run_clean(void (*body)(void *))
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;

    rig_run(m, body, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
}

static void run_stopped(void (*body)(void *), const char *rule)
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;

    rig_run(m, body, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_stopped(&outcome, rule, NULL);
}

static NTSTATUS open_object(const WCHAR *text, ULONG attributes, BOOLEAN create, BOOLEAN several,
                            PCALLBACK_OBJECT *object)
{
    OBJECT_ATTRIBUTES a;
    UNICODE_STRING name;

    RtlInitUnicodeString(&name, text);
    InitializeObjectAttributes(&a, text != NULL ? &name : NULL, attributes, NULL, NULL);
    return ExCreateCallback(object, &a, create, several);
}

struct heard {
    int calls;
    int order[4];
    KIRQL level;
    PVOID arguments[2];
};

struct listener {
    struct heard *heard;
    int number;
};

static void listen(PVOID context, PVOID argument1, PVOID argument2)
{
    const struct listener *l = context;
    struct heard *h = l->heard;

    h->order[h->calls++] = l->number;
    h->level = KeGetCurrentIrql();
    h->arguments[0] = argument1;
    h->arguments[1] = argument2;
}

static void registering(void *context)
{
    struct heard heard = {0};
    struct listener first = {&heard, 1};
    struct listener second = {&heard, 2};
    PCALLBACK_OBJECT object;
    PCALLBACK_OBJECT same;
    KIRQL irql;

    (void)context;
    rig_expect_equal(open_object(NULL, 0, TRUE, TRUE, &object), STATUS_UNSUCCESSFUL);
    rig_expect_equal(open_object(L"\\Callback\\Mine", 0, FALSE, TRUE, &object), STATUS_OBJECT_NAME_NOT_FOUND);
    rig_expect_equal(open_object(L"\\Callback\\Mine", OBJ_CASE_INSENSITIVE, TRUE, TRUE, &object), 0);
    rig_expect_equal(open_object(L"\\callback\\mine", OBJ_CASE_INSENSITIVE, FALSE, FALSE, &same), 0);
    rig_expect(object == same);
    PVOID one = ExRegisterCallback(object, listen, &first);
    PVOID two = ExRegisterCallback(object, listen, &second);
    rig_expect(one != NULL && two != NULL && one != two);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ExNotifyCallback(object, &first, &second);
    KeLowerIrql(irql);
    rig_expect(heard.calls == 2 && heard.order[0] == 1 && heard.order[1] == 2);
    rig_expect_equal(heard.level, DISPATCH_LEVEL);
    rig_expect(heard.arguments[0] == &first && heard.arguments[1] == &second);
    ExUnregisterCallback(one);
    ExNotifyCallback(object, NULL, NULL);
    rig_expect(heard.calls == 3 && heard.order[2] == 2);
    ExUnregisterCallback(two);
    ObDereferenceObject(object);
    ObDereferenceObject(same);
    rig_expect_equal(open_object(L"\\Callback\\Mine", 0, FALSE, TRUE, &object), STATUS_OBJECT_NAME_NOT_FOUND);
    rig_expect_equal(open_object(L"\\Callback\\Single", OBJ_PERMANENT, TRUE, FALSE, &object), 0);
    rig_expect(ExRegisterCallback(object, listen, &first) != NULL);
    rig_expect(ExRegisterCallback(object, listen, &second) == NULL);
    ObDereferenceObject(object);
    rig_expect_equal(open_object(L"\\Callback\\Single", 0, FALSE, FALSE, &same), 0);
    rig_expect(object == same);
    rig_expect_equal(open_object(L"\\Callback\\PowerState", 0, FALSE, TRUE, &object), 0);
    rig_expect(ExRegisterCallback(object, listen, &first) != NULL);
}

/* rule: EX-CALLBACK-1 */
static void routines_are_called_in_order_of_registration_at_the_callers_level(void **state)
{
    (void)state;
    run_clean(registering);
}

static void register_at_dispatch(void *context)
{
    struct listener l = {NULL, 0};
    PCALLBACK_OBJECT object;

    (void)context;
    open_object(L"\\Callback\\Mine", 0, TRUE, TRUE, &object);
    KeRaiseIrqlToDpcLevel();
    ExRegisterCallback(object, listen, &l);
}

static void notify_above_dispatch(void *context)
{
    PCALLBACK_OBJECT object;
    KIRQL irql;

    (void)context;
    open_object(L"\\Callback\\Mine", 0, TRUE, TRUE, &object);
    KeRaiseIrql(DISPATCH_LEVEL + 1, &irql);
    ExNotifyCallback(object, NULL, NULL);
}

/* rule: EX-CALLBACK-2 */
static void callback_objects_have_levels_for_registering_and_notifying(void **state)
{
    (void)state;
    run_stopped(register_at_dispatch, "EX-CALLBACK-2");
    run_stopped(notify_above_dispatch, "EX-CALLBACK-2");
}

static void notify_systems(void *context)
{
    PCALLBACK_OBJECT object;

    (void)context;
    open_object(L"\\Callback\\PowerState", 0, FALSE, TRUE, &object);
    ExNotifyCallback(object, NULL, NULL);
}

/* rule: EX-CALLBACK-3 */
static void drivers_do_not_notify_the_systems_objects(void **state)
{
    (void)state;
    run_stopped(notify_systems, "EX-CALLBACK-3");
}

static void unregister_twice(void *context)
{
    struct listener l = {NULL, 0};
    PCALLBACK_OBJECT object;

    (void)context;
    open_object(L"\\Callback\\Mine", 0, TRUE, TRUE, &object);
    PVOID registration = ExRegisterCallback(object, listen, &l);
    ExUnregisterCallback(registration);
    ExUnregisterCallback(registration);
}

/* rule: EX-CALLBACK-4 */
static void a_registration_is_given_back_once(void **state)
{
    (void)state;
    run_stopped(unregister_twice, "EX-CALLBACK-4");
}

/* ---- Giving back and notifying at once ---- */

struct race {
    PCALLBACK_OBJECT object;
    PVOID registrations[2];
    bool gone[2];
};

static struct race *race_of(PVOID context, int *number)
{
    struct race **r = context;

    *number = r[1] != NULL;
    return r[0];
}

static void call_of_race(PVOID context, PVOID argument1, PVOID argument2)
{
    int number;
    struct race *r = race_of(context, &number);

    (void)argument1;
    (void)argument2;
    rig_expect(!r->gone[number]);
    KeMemoryBarrier();
    rig_expect(!r->gone[number]);
}

struct race_memory {
    struct race race;
    struct race *contexts[2][2]; /* the race, and not NULL for the second */
};

static void notifier(void *context)
{
    struct race_memory *t = context;

    ExNotifyCallback(t->race.object, NULL, NULL);
}

static void leaver(void *context)
{
    struct race_memory *t = context;

    for (int i = 0; i < 2; i++) {
        ExUnregisterCallback(t->race.registrations[i]);
        t->race.gone[i] = true;
    }
}

static void set_up(void *context)
{
    struct race_memory *t = context;
    struct race *r = &t->race;

    memset(t, 0, sizeof *t);
    open_object(L"\\Callback\\Raced", 0, TRUE, TRUE, &r->object);
    for (int i = 0; i < 2; i++) {
        t->contexts[i][0] = r;
        t->contexts[i][1] = i == 0 ? NULL : r;
        r->registrations[i] = ExRegisterCallback(r->object, call_of_race, t->contexts[i]);
    }
    rig_thread("notifier", 0, notifier, t);
    rig_thread("leaver", 1, leaver, t);
}

/* rule: EX-CALLBACK-5 */
static void no_routine_runs_once_its_registration_was_given_back(void **state)
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct race_memory memory;
    const struct emu_program program = {"callbacks", set_up, NULL, &memory};
    struct emu_report report;

    (void)state;
    rig_explore(m, &program, 3, 200000, &report);
    rig_assert_clean(&report);
    rig_assert_complete(&report);
    assert_true(report.runs > 1);
    emu_report_free(&report);
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(routines_are_called_in_order_of_registration_at_the_callers_level),
        cmocka_unit_test(callback_objects_have_levels_for_registering_and_notifying),
        cmocka_unit_test(drivers_do_not_notify_the_systems_objects),
        cmocka_unit_test(a_registration_is_given_back_once),
        cmocka_unit_test(no_routine_runs_once_its_registration_was_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
