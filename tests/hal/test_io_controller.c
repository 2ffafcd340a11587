/*
 * Controller objects: one device at a time, in order, at DISPATCH_LEVEL.
 */
#include <ntddk.h>

#include "io_stack.h"

enum { DEVICES = 3, EXTENSION_BYTES = 40 };

/* Three devices behind one controller. */
struct shared {
    PCONTROLLER_OBJECT controller;
    PDEVICE_OBJECT devices[DEVICES];
    IRP irps[DEVICES]; /* only their addresses count */
    PDEVICE_OBJECT called[DEVICES];
    PIRP called_with[DEVICES];
    int calls;
    bool wrong_level;
    IO_ALLOCATION_ACTION answer;
};

static IO_ALLOCATION_ACTION control(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    struct shared *s = context;

    s->wrong_level |= KeGetCurrentIrql() != DISPATCH_LEVEL;
    s->called[s->calls] = device;
    s->called_with[s->calls++] = irp;
    rig_expect(base == NULL);
    return s->answer;
}

static void begin(struct shared *s, IO_ALLOCATION_ACTION answer)
{
    PDRIVER_OBJECT driver;

    memset(s, 0, sizeof *s);
    s->answer = answer;
    rig_expect_equal(hal_driver_load("shared", entry, &driver), STATUS_SUCCESS);
    for (int i = 0; i < DEVICES; i++) {
        rig_expect_equal(IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &s->devices[i]), 0);
        s->devices[i]->CurrentIrp = &s->irps[i];
    }
    s->controller = IoCreateController(EXTENSION_BYTES);
}

static void one_at_a_time(void *context)
{
    struct shared s;

    (void)context;
    begin(&s, KeepObject);
    for (int i = 0; i < EXTENSION_BYTES; i++)
        rig_expect_equal(((UCHAR *)s.controller->ControllerExtension)[i], 0);
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    for (int i = 0; i < DEVICES; i++)
        IoAllocateController(s.controller, s.devices[i], control, &s);
    s.devices[1]->CurrentIrp = NULL; /* what it was at the call counts */
    for (int i = 0; i < DEVICES; i++) {
        rig_expect_equal(s.calls, i + 1);
        rig_expect(s.called[i] == s.devices[i] && s.called_with[i] == &s.irps[i]);
        IoFreeController(s.controller);
    }
    s.calls = 0;
    s.answer = DeallocateObject; /* no IoFreeController then */
    IoAllocateController(s.controller, s.devices[0], control, &s);
    IoAllocateController(s.controller, s.devices[1], control, &s);
    rig_expect_equal(s.calls, 2);
    s.answer = KeepObject;
    s.calls = 0;
    for (int i = 0; i < DEVICES; i++)
        IoAllocateController(s.controller, s.devices[i], control, &s);
    s.answer = DeallocateObject;
    IoFreeController(s.controller); /* the second gives it back at once, so the third has had it too */
    rig_expect_equal(s.calls, DEVICES);
    rig_expect(!s.wrong_level);
    KeLowerIrql(irql);
    IoDeleteController(s.controller);
    rig_expect_equal(hal_pool_each(0x746E6F43, NULL, NULL), 0);
}

/* rule: IO-CONTROLLER-1 */
static void a_controller_belongs_to_one_device_at_a_time_in_order(void **state)
{
    (void)state;
    run_clean(one_at_a_time);
}

static void allocate_at_passive(void *context)
{
    struct shared s;

    (void)context;
    begin(&s, KeepObject);
    IoAllocateController(s.controller, s.devices[0], control, &s);
}

static void create_at_dispatch(void *context)
{
    (void)context;
    KeRaiseIrqlToDpcLevel();
    IoCreateController(0);
}

/* rule: IO-CONTROLLER-2 */
static void controllers_are_made_at_passive_and_used_at_dispatch_level(void **state)
{
    (void)state;
    run_stopped(allocate_at_passive, "IO-CONTROLLER-2", NULL);
    run_stopped(create_at_dispatch, "IO-CONTROLLER-2", NULL);
}

static void wait_twice(void *context)
{
    struct shared s;

    (void)context;
    begin(&s, KeepObject);
    KeRaiseIrqlToDpcLevel();
    IoAllocateController(s.controller, s.devices[0], control, &s);
    IoAllocateController(s.controller, s.devices[1], control, &s);
    IoAllocateController(s.controller, s.devices[1], control, &s);
}

/* rule: IO-CONTROLLER-3 */
static void a_device_waits_for_one_thing_at_a_time(void **state)
{
    (void)state;
    run_stopped(wait_twice, "IO-CONTROLLER-3", NULL);
}

static void free_nobodys(void *context)
{
    struct shared s;

    (void)context;
    begin(&s, DeallocateObject);
    KeRaiseIrqlToDpcLevel();
    IoAllocateController(s.controller, s.devices[0], control, &s);
    IoFreeController(s.controller);
}

/* rule: IO-CONTROLLER-4 */
static void a_controller_that_nobody_has_is_not_freed(void **state)
{
    (void)state;
    run_stopped(free_nobodys, "IO-CONTROLLER-4", NULL);
}

static void free_what_is_no_controller(void *context)
{
    CONTROLLER_OBJECT none = {.Type = 0};

    (void)context;
    KeRaiseIrqlToDpcLevel();
    IoFreeController(&none);
}

static void allocate_without_a_controller(void *context)
{
    struct shared s;

    (void)context;
    begin(&s, KeepObject);
    KeRaiseIrqlToDpcLevel();
    IoAllocateController(NULL, s.devices[0], control, &s);
}

static void delete_nothing(void *context)
{
    (void)context;
    IoDeleteController(NULL);
}

/* rule: IO-CONTROLLER-5 */
static void what_is_no_controller_is_neither_allocated_nor_freed_nor_deleted(void **state)
{
    (void)state;
    run_stopped(free_what_is_no_controller, "IO-CONTROLLER-5", NULL);
    run_stopped(allocate_without_a_controller, "IO-CONTROLLER-5", NULL);
    run_stopped(delete_nothing, "IO-CONTROLLER-5", NULL);
}

static void delete_a_controller_that_is_taken(void *context)
{
    struct shared s;

    (void)context;
    begin(&s, KeepObject);
    KeRaiseIrqlToDpcLevel();
    IoAllocateController(s.controller, s.devices[0], control, &s);
    KeLowerIrql(PASSIVE_LEVEL);
    IoDeleteController(s.controller);
}

/* rule: IO-CONTROLLER-6 */
static void a_controller_that_a_device_has_is_not_deleted(void **state)
{
    (void)state;
    run_stopped(delete_a_controller_that_is_taken, "IO-CONTROLLER-6", NULL);
}

static void allocate_for_no_device(void *context)
{
    struct shared s;

    (void)context;
    begin(&s, KeepObject);
    KeRaiseIrqlToDpcLevel();
    IoAllocateController(s.controller, NULL, control, &s);
}

static void allocate_without_a_routine(void *context)
{
    struct shared s;

    (void)context;
    begin(&s, KeepObject);
    KeRaiseIrqlToDpcLevel();
    IoAllocateController(s.controller, s.devices[0], NULL, &s);
}

/* rule: IO-CONTROLLER-7 */
static void a_controller_is_allocated_for_a_device_with_a_routine(void **state)
{
    (void)state;
    run_stopped(allocate_for_no_device, "IO-CONTROLLER-7", NULL);
    run_stopped(allocate_without_a_routine, "IO-CONTROLLER-7", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_controller_belongs_to_one_device_at_a_time_in_order),
        cmocka_unit_test(controllers_are_made_at_passive_and_used_at_dispatch_level),
        cmocka_unit_test(a_device_waits_for_one_thing_at_a_time),
        cmocka_unit_test(a_controller_that_nobody_has_is_not_freed),
        cmocka_unit_test(what_is_no_controller_is_neither_allocated_nor_freed_nor_deleted),
        cmocka_unit_test(a_controller_that_a_device_has_is_not_deleted),
        cmocka_unit_test(a_controller_is_allocated_for_a_device_with_a_routine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
