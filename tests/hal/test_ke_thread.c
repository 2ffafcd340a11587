/*
 * Threads, their handles and references, and the processors they run on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <wdm.h>

#include "rig_kernel.h"

enum { EXIT_STATUS = STATUS_UNSUCCESSFUL, UNITS_PER_MS = 10000 };

struct child {
    HANDLE handle;
    PKTHREAD thread;
    PKTHREAD itself;
    KEVENT go;
    KMUTEX mutex;
    unsigned reached;
    ULONG processor;
    bool terminates;
    KIRQL ends_at;
    bool keeps_mutex, keeps_region;
};

static void initialize(struct child *c)
{
    *c = (struct child){.terminates = c->terminates,
                        .ends_at = c->ends_at,
                        .keeps_mutex = c->keeps_mutex,
                        .keeps_region = c->keeps_region};
    KeInitializeEvent(&c->go, NotificationEvent, FALSE);
    KeInitializeMutex(&c->mutex, 0);
}

static KSTART_ROUTINE child_main;
static VOID child_main(PVOID StartContext)
{
    struct child *c = StartContext;
    rig_expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    c->itself = KeGetCurrentThread();
    c->processor = KeGetCurrentProcessorNumber();
    KeWaitForSingleObject(&c->go, Executive, KernelMode, FALSE, NULL);
    c->reached = 1;
    if (c->keeps_mutex) {
        KeWaitForSingleObject(&c->mutex, Executive, KernelMode, FALSE, NULL);
    }
    if (c->keeps_region) {
        KeEnterCriticalRegion();
    }
    if (c->ends_at != PASSIVE_LEVEL) {
        KfRaiseIrql(c->ends_at);
    }
    if (c->terminates) {
        PsTerminateSystemThread(EXIT_STATUS);
        c->reached = 2;
    }
}

static void start(struct child *c)
{
    rig_expect_equal(PsCreateSystemThread(&c->handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, child_main, c),
                     STATUS_SUCCESS);
    rig_expect_equal(ObReferenceObjectByHandle(c->handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode,
                                               (PVOID *)&c->thread, NULL),
                     STATUS_SUCCESS);
    rig_expect_equal(ZwClose(c->handle), STATUS_SUCCESS);
}

static void run_child(void *context)
{
    struct child *c = context;
    LARGE_INTEGER zero = {.QuadPart = 0};
    initialize(c);
    start(c);
    rig_expect_equal(KeWaitForSingleObject(c->thread, Executive, KernelMode, FALSE, &zero), STATUS_TIMEOUT);
    KeSetEvent(&c->go, IO_NO_INCREMENT, FALSE);
    rig_expect_equal(KeWaitForSingleObject(c->thread, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    rig_expect_equal(c->reached, 1);
    rig_expect(c->itself == c->thread);
    rig_expect(c->thread != KeGetCurrentThread());
    rig_expect_equal(KeWaitForSingleObject(c->thread, Executive, KernelMode, FALSE, &zero), STATUS_SUCCESS);
    ObDereferenceObject(c->thread);
}

/* rule: KE-THREAD-2 */
static void a_thread_is_signalled_when_its_routine_returns(void **state)
{
    (void)state;
    struct child c = {.terminates = false};
    rig_kernel_runs(run_child, &c);
}

/* rule: KE-THREAD-3 */
static void a_thread_that_terminates_itself_does_not_come_back(void **state)
{
    (void)state;
    struct child c = {.terminates = true};
    rig_kernel_runs(run_child, &c);
    assert_int_equal(c.reached, 1);
}

static void parent(void *context)
{
    run_child(context);
}

static void set_up_parent(void *context)
{
    rig_thread("parent", 0, parent, context);
}

/* rule: KE-THREAD-2 */
static void waiting_for_a_thread_ends_in_every_interleaving(void **state)
{
    (void)state;
    struct child c = {.terminates = true};
    const struct emu_program program = {"parent", set_up_parent, NULL, &c};
    rig_kernel_explore(2, &program, 2);
}

static void expect_processor_1(void *context)
{
    struct child *c = context;
    initialize(c);
    KeSetEvent(&c->go, IO_NO_INCREMENT, FALSE);
    start(c);
    KeWaitForSingleObject(c->thread, Executive, KernelMode, FALSE, NULL);
    rig_expect_equal(c->processor, 0);
}

static void set_up_expect(void *context)
{
    rig_thread("parent", 0, expect_processor_1, context);
}

/* rule: KE-THREAD-4 */
static void a_thread_may_run_on_any_processor(void **state)
{
    (void)state;
    struct child c = {.terminates = false};
    const struct emu_program program = {"anywhere", set_up_expect, NULL, &c};
    rig_kernel_runs_program(2, &program);
    rig_kernel_finds(2, &program, 0, "expectation", NULL);
}

static void create_at_dispatch(void *context)
{
    struct child *c = context;
    KeRaiseIrqlToDpcLevel();
    PsCreateSystemThread(&c->handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, child_main, c);
}

/* rule: KE-THREAD-1 */
static void creating_a_thread_above_passive_level_is_a_finding(void **state)
{
    (void)state;
    struct child c = {0};
    rig_kernel_stops(create_at_dispatch, &c, "KE-THREAD-1", NULL);
}

/* rule: KE-THREAD-5 */
static void a_thread_that_ends_above_passive_level_is_a_finding(void **state)
{
    (void)state;
    struct child c = {.ends_at = APC_LEVEL};
    rig_kernel_stops(run_child, &c, "KE-THREAD-5", NULL);
}

/* rule: KE-THREAD-6 */
static void a_thread_that_ends_with_a_mutex_is_a_finding(void **state)
{
    (void)state;
    struct child c = {.keeps_mutex = true};
    rig_kernel_stops(run_child, &c, "KE-THREAD-6", "0x4000008A");
}

/* rule: KE-THREAD-7 */
static void a_thread_that_ends_in_a_critical_region_is_a_finding(void **state)
{
    (void)state;
    struct child c = {.keeps_region = true};
    rig_kernel_stops(run_child, &c, "KE-THREAD-7", "0x20");
}

static void terminate_a_strand_of_the_rig(void *context)
{
    (void)context;
    rig_expect_equal(PsTerminateSystemThread(STATUS_SUCCESS), STATUS_INVALID_PARAMETER);
}

/* rule: KE-THREAD-3 */
static void only_a_system_thread_terminates_itself(void **state)
{
    (void)state;
    rig_kernel_runs(terminate_a_strand_of_the_rig, NULL);
}

static void set_priorities(void *context)
{
    (void)context;
    PKTHREAD self = KeGetCurrentThread();
    const KPRIORITY normal = KeQueryPriorityThread(self);
    rig_expect_equal(KeSetPriorityThread(self, LOW_REALTIME_PRIORITY), normal);
    rig_expect_equal(KeQueryPriorityThread(self), LOW_REALTIME_PRIORITY);
    KeSetPriorityThread(self, normal);
    rig_expect_equal(KeQueryPriorityThread(self), normal);
    KeSetPriorityThread(self, 0);
}

/* rule: KE-THREAD-8 */
static void priorities_are_1_to_31(void **state)
{
    (void)state;
    rig_kernel_stops(set_priorities, NULL, "KE-THREAD-8", NULL);
}

/* ---- Handles and references ---- */

static void misuse_handles(void *context)
{
    struct child *c = context;
    PVOID object;
    initialize(c);
    rig_expect_equal(ZwClose((HANDLE)(ULONG_PTR)4), STATUS_INVALID_HANDLE);
    rig_expect_equal(PsCreateSystemThread(&c->handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, child_main, c),
                     STATUS_SUCCESS);
    rig_expect_equal(
        ObReferenceObjectByHandle(c->handle, EVENT_ALL_ACCESS, *ExEventObjectType, KernelMode, &object, NULL),
        STATUS_OBJECT_TYPE_MISMATCH);
    rig_expect_equal(ObReferenceObjectByHandle(c->handle, THREAD_ALL_ACCESS, NULL, KernelMode, &object, NULL),
                     STATUS_SUCCESS);
    rig_expect_equal(ZwClose(c->handle), STATUS_SUCCESS);
    rig_expect_equal(ZwClose(c->handle), STATUS_INVALID_HANDLE);
    rig_expect_equal(ObReferenceObjectByHandle(c->handle, THREAD_ALL_ACCESS, NULL, KernelMode, &object, NULL),
                     STATUS_INVALID_HANDLE);
}

/* rule: KE-OBJ-1 */
static void a_handle_works_until_it_is_closed_and_only_for_its_kind(void **state)
{
    (void)state;
    struct child c = {0};
    rig_kernel_runs(misuse_handles, &c);
}

static void use_named_event(void *context)
{
    (void)context;
    HANDLE handle;
    PVOID object;
    PKEVENT event = IoCreateNotificationEvent(NULL, &handle);
    rig_expect(event != NULL);
    rig_expect(KeReadStateEvent(event) != 0);
    rig_expect_equal(
        ObReferenceObjectByHandle(handle, EVENT_ALL_ACCESS, *ExEventObjectType, KernelMode, &object, NULL),
        STATUS_SUCCESS);
    rig_expect(object == event);
    ObDereferenceObject(object);
    rig_expect_equal(ZwClose(handle), STATUS_SUCCESS);
}

/* rule: KE-OBJ-2 */
static void a_new_event_of_the_io_manager_is_signalled(void **state)
{
    (void)state;
    rig_kernel_runs(use_named_event, NULL);
}

static void use_event_handle(void *context)
{
    (void)context;
    HANDLE handle;
    LONG previous;
    LARGE_INTEGER zero = {.QuadPart = 0};
    rig_expect_equal(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, NULL, SynchronizationEvent, FALSE),
                     STATUS_SUCCESS);
    rig_expect_equal(ZwWaitForSingleObject(handle, FALSE, &zero), STATUS_TIMEOUT);
    rig_expect_equal(ZwSetEvent(handle, &previous), STATUS_SUCCESS);
    rig_expect_equal(previous, 0);
    rig_expect_equal(ZwWaitForSingleObject(handle, FALSE, NULL), STATUS_SUCCESS);
    rig_expect_equal(ZwWaitForSingleObject(handle, FALSE, &zero), STATUS_TIMEOUT);
    rig_expect_equal(ZwClose(handle), STATUS_SUCCESS);
    rig_expect_equal(ZwSetEvent(handle, NULL), STATUS_INVALID_HANDLE);
}

/* rule: KE-OBJ-5 */
static void an_event_can_be_used_through_its_handle(void **state)
{
    (void)state;
    rig_kernel_runs(use_event_handle, NULL);
}

static void dereference_too_often(void *context)
{
    struct child *c = context;
    initialize(c);
    KeSetEvent(&c->go, IO_NO_INCREMENT, FALSE);
    start(c);
    KeWaitForSingleObject(c->thread, Executive, KernelMode, FALSE, NULL);
    rig_expect_equal(ObReferenceObject(c->thread), 2);
    rig_expect_equal(ObDereferenceObject(c->thread), 1);
    rig_expect_equal(ObDereferenceObject(c->thread), 0);
    ObDereferenceObject(c->thread);
}

/* rule: KE-OBJ-3 */
static void dereferencing_what_has_no_references_is_a_finding(void **state)
{
    (void)state;
    struct child c = {.terminates = false};
    rig_kernel_stops(dereference_too_often, &c, "KE-OBJ-3", "0xC4/3F");
}

static void close_at_dispatch(void *context)
{
    (void)context;
    KeRaiseIrqlToDpcLevel();
    ZwClose((HANDLE)(ULONG_PTR)4);
}

/* rule: KE-OBJ-4 */
static void closing_above_passive_level_is_a_finding(void **state)
{
    (void)state;
    rig_kernel_stops(close_at_dispatch, NULL, "KE-OBJ-4", NULL);
}

/* ---- Processors ---- */

static void ask_for_processors(void *context)
{
    (void)context;
    KAFFINITY all;
    PROCESSOR_NUMBER number;
    rig_expect_equal(KeQueryActiveProcessorCount(&all), 2);
    rig_expect_equal(all, 3);
    rig_expect_equal(KeQueryActiveProcessors(), 3);
    rig_expect_equal(KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS), 2);
    rig_expect_equal(KeQueryActiveProcessorCountEx(1), 0);
    rig_expect_equal(KeQueryMaximumProcessorCountEx(0), 2);
    rig_expect_equal(KeQueryActiveGroupCount(), 1);
    rig_expect_equal(KeQueryGroupAffinity(0), 3);
    rig_expect_equal(KeGetCurrentProcessorNumberEx(&number), 0);
    rig_expect_equal(number.Group, 0);
    rig_expect_equal(KeGetProcessorNumberFromIndex(1, &number), STATUS_SUCCESS);
    rig_expect_equal(number.Number, 1);
    rig_expect_equal(KeGetProcessorIndexFromNumber(&number), 1);
    rig_expect_equal(KeGetProcessorNumberFromIndex(2, &number), STATUS_INVALID_PARAMETER);
}

/* rule: KE-CPU-1 */
static void a_machine_has_one_group_of_processors(void **state)
{
    (void)state;
    rig_kernel_runs(ask_for_processors, NULL);
}

static void move_about(void *context)
{
    (void)context;
    GROUP_AFFINITY affinity = {.Mask = 1}, previous;
    rig_expect_equal(KeSetSystemAffinityThreadEx(2), 0);
    rig_expect_equal(KeGetCurrentProcessorNumber(), 1);
    rig_expect_equal(KeSetSystemAffinityThreadEx(3), 2);
    rig_expect_equal(KeGetCurrentProcessorNumber(), 1);
    KeSetSystemGroupAffinityThread(&affinity, &previous);
    rig_expect_equal(previous.Mask, 3);
    rig_expect_equal(KeGetCurrentProcessorNumber(), 0);
    KeRevertToUserGroupAffinityThread(&previous);
    rig_expect_equal(KeSetSystemAffinityThreadEx(4), 0);
    rig_expect_equal(KeGetCurrentProcessorNumber(), 0);
    KeRevertToUserAffinityThreadEx(0);
}

/* rule: KE-CPU-2 */
static void a_thread_runs_on_the_processors_that_it_asks_for(void **state)
{
    (void)state;
    rig_kernel_runs(move_about, NULL);
}

static void move_at_dispatch(void *context)
{
    (void)context;
    KeRaiseIrqlToDpcLevel();
    KeSetSystemAffinityThreadEx(2);
}

/* rule: KE-CPU-3 */
static void changing_the_affinity_at_dispatch_level_is_a_finding(void **state)
{
    (void)state;
    rig_kernel_stops(move_at_dispatch, NULL, "KE-CPU-3", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_is_signalled_when_its_routine_returns),
        cmocka_unit_test(a_thread_that_terminates_itself_does_not_come_back),
        cmocka_unit_test(waiting_for_a_thread_ends_in_every_interleaving),
        cmocka_unit_test(a_thread_may_run_on_any_processor),
        cmocka_unit_test(creating_a_thread_above_passive_level_is_a_finding),
        cmocka_unit_test(a_thread_that_ends_above_passive_level_is_a_finding),
        cmocka_unit_test(a_thread_that_ends_with_a_mutex_is_a_finding),
        cmocka_unit_test(a_thread_that_ends_in_a_critical_region_is_a_finding),
        cmocka_unit_test(only_a_system_thread_terminates_itself),
        cmocka_unit_test(priorities_are_1_to_31),
        cmocka_unit_test(a_handle_works_until_it_is_closed_and_only_for_its_kind),
        cmocka_unit_test(a_new_event_of_the_io_manager_is_signalled),
        cmocka_unit_test(an_event_can_be_used_through_its_handle),
        cmocka_unit_test(dereferencing_what_has_no_references_is_a_finding),
        cmocka_unit_test(closing_above_passive_level_is_a_finding),
        cmocka_unit_test(a_machine_has_one_group_of_processors),
        cmocka_unit_test(a_thread_runs_on_the_processors_that_it_asks_for),
        cmocka_unit_test(changing_the_affinity_at_dispatch_level_is_a_finding),
    };
    return cmocka_run_group_tests_name("ke_thread", tests, NULL, NULL);
}
