/*
 * Interrupts: connecting, sharing, keeping out, disconnecting.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <emu/irq.h>
#include <wdm.h>

#include "hal/kernel.h"
#include "rig_kernel.h"

enum { ISR_LEVEL = 5, ISR_HIGHER = 7, ROUTINES = 2, ALL_PROCESSORS = -1 };

struct wiring;

struct routine {
    struct wiring *wiring;
    PKINTERRUPT interrupt;
    unsigned calls;
    BOOLEAN claims;
};

struct wiring {
    emu_line line;
    enum emu_trigger trigger;
    KSPIN_LOCK lock;
    struct routine routines[ROUTINES];
    KIRQL level;
    unsigned inside;
    bool device_owes; /* the cause of a level-triggered interrupt */
    bool gone;
    KDPC dpc;
    unsigned dpcs;
};

static KSERVICE_ROUTINE serve;
static BOOLEAN serve(PKINTERRUPT Interrupt, PVOID ServiceContext)
{
    struct routine *r = ServiceContext;
    struct wiring *w = r->wiring;
    rig_expect(!w->gone);
    rig_expect(r->interrupt == Interrupt);
    rig_expect_equal(w->inside++, 0);
    w->level = KeGetCurrentIrql();
    r->calls++;
    KeMemoryBarrier();
    if (r->claims) {
        emu_line_lower(emu_current(), w->line);
    }
    w->inside--;
    return r->claims;
}

static void add_line(struct wiring *w)
{
    const struct emu_line_config config = {.name = "line", .trigger = w->trigger, .level = ISR_LEVEL};
    w->line = emu_line_add(emu_current(), &config);
    w->inside = 0;
    w->gone = false;
    w->dpcs = 0;
    memset(w->routines, 0, sizeof(w->routines));
    KeInitializeSpinLock(&w->lock);
    for (unsigned i = 0; i < ROUTINES; i++) {
        w->routines[i].wiring = w;
    }
}

static NTSTATUS connect(struct wiring *w, unsigned index, KIRQL level, BOOLEAN share)
{
    struct routine *r = &w->routines[index];
    return IoConnectInterrupt(&r->interrupt, serve, r, NULL, w->line, ISR_LEVEL, level,
                              w->trigger == EMU_TRIGGER_EDGE ? Latched : LevelSensitive, share,
                              (KAFFINITY)ALL_PROCESSORS, FALSE);
}

static void raise_line(struct wiring *w)
{
    emu_line_raise(emu_current(), w->line);
    KeMemoryBarrier();
    KeStallExecutionProcessor(1);
}

static void interrupt_once(void *context)
{
    struct wiring *w = context;
    add_line(w);
    w->routines[0].claims = TRUE;
    rig_expect_equal(connect(w, 0, ISR_HIGHER, FALSE), STATUS_SUCCESS);
    raise_line(w);
    rig_expect_equal(w->routines[0].calls, 1);
    rig_expect_equal(w->level, ISR_HIGHER);
    rig_expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    IoDisconnectInterrupt(w->routines[0].interrupt);
    raise_line(w);
    rig_expect_equal(w->routines[0].calls, 1);
}

/* rule: KE-INT-2 */
static void a_connected_routine_is_called_at_synchronize_irql(void **state)
{
    (void)state;
    struct wiring w = {.trigger = EMU_TRIGGER_EDGE};
    rig_kernel_runs(interrupt_once, &w);
    assert_int_equal(w.routines[0].calls, 1);
}

static void connect_at_dispatch(void *context)
{
    struct wiring *w = context;
    add_line(w);
    KeRaiseIrqlToDpcLevel();
    connect(w, 0, ISR_LEVEL, FALSE);
}

/* rule: KE-INT-1 */
static void connecting_above_passive_level_is_a_finding(void **state)
{
    (void)state;
    struct wiring w = {.trigger = EMU_TRIGGER_EDGE};
    rig_kernel_stops(connect_at_dispatch, &w, "KE-INT-1", NULL);
}

static void connect_wrongly(void *context)
{
    struct wiring *w = context;
    PKINTERRUPT interrupt;
    add_line(w);
    rig_expect_equal(IoConnectInterrupt(&interrupt, serve, w, NULL, w->line, ISR_LEVEL, ISR_LEVEL, Latched,
                                        FALSE, 0, FALSE),
                     STATUS_INVALID_PARAMETER);
    rig_expect_equal(IoConnectInterrupt(&interrupt, serve, w, NULL, w->line, ISR_HIGHER, ISR_HIGHER, Latched,
                                        FALSE, 1, FALSE),
                     STATUS_INVALID_PARAMETER);
    rig_expect_equal(IoConnectInterrupt(&interrupt, serve, w, NULL, w->line, ISR_LEVEL, ISR_LEVEL,
                                        LevelSensitive, FALSE, 1, FALSE),
                     STATUS_INVALID_PARAMETER);
    rig_expect_equal(connect(w, 0, ISR_LEVEL - 1, FALSE), STATUS_INVALID_PARAMETER);
    rig_expect_equal(connect(w, 0, HIGH_LEVEL + 1, FALSE), STATUS_INVALID_PARAMETER);
    rig_expect_equal(connect(w, 0, ISR_LEVEL, FALSE), STATUS_SUCCESS);
    rig_expect_equal(connect(w, 1, ISR_LEVEL, TRUE), STATUS_INVALID_PARAMETER);
}

/* rule: KE-INT-3 */
static void what_does_not_describe_a_free_line_is_refused(void **state)
{
    (void)state;
    struct wiring w = {.trigger = EMU_TRIGGER_EDGE};
    rig_kernel_runs(connect_wrongly, &w);
}

static void share(void *context)
{
    struct wiring *w = context;
    add_line(w);
    rig_expect_equal(connect(w, 0, ISR_LEVEL, TRUE), STATUS_SUCCESS);
    rig_expect_equal(connect(w, 1, ISR_LEVEL, TRUE), STATUS_SUCCESS);
    w->routines[0].claims = TRUE;
    w->routines[1].claims = TRUE;
    raise_line(w);
    rig_expect_equal(w->routines[0].calls, 1);
    rig_expect_equal(w->routines[1].calls, w->trigger == EMU_TRIGGER_EDGE);
    w->routines[0].claims = FALSE;
    raise_line(w);
    rig_expect_equal(w->routines[0].calls, 2);
    rig_expect_equal(w->routines[1].calls, 1 + (w->trigger == EMU_TRIGGER_EDGE));
}

/* rule: KE-INT-4 */
static void on_a_level_triggered_line_the_first_that_claims_is_the_last_called(void **state)
{
    (void)state;
    struct wiring w = {.trigger = EMU_TRIGGER_LEVEL};
    rig_kernel_runs(share, &w);
}

/* rule: KE-INT-5 */
static void on_an_edge_triggered_line_every_routine_is_called(void **state)
{
    (void)state;
    struct wiring w = {.trigger = EMU_TRIGGER_EDGE};
    rig_kernel_runs(share, &w);
}

static KSYNCHRONIZE_ROUTINE synchronized;
static BOOLEAN synchronized(PVOID SynchronizeContext)
{
    struct wiring *w = SynchronizeContext;
    rig_expect_equal(KeGetCurrentIrql(), ISR_LEVEL);
    rig_expect_equal(w->inside++, 0);
    KeMemoryBarrier();
    w->inside--;
    return TRUE;
}

static void synchronizer(void *context)
{
    struct wiring *w = context;
    rig_expect(KeSynchronizeExecution(w->routines[0].interrupt, synchronized, w));
    rig_expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    const KIRQL old = KeAcquireInterruptSpinLock(w->routines[0].interrupt);
    synchronized(w);
    KeReleaseInterruptSpinLock(w->routines[0].interrupt, old);
}

static void raiser(void *context)
{
    raise_line(context);
}

static void set_up_synchronization(void *context)
{
    struct wiring *w = context;
    add_line(w);
    w->routines[0].claims = TRUE;
    connect(w, 0, ISR_LEVEL, FALSE);
    rig_thread("synchronizer", 0, synchronizer, w);
    rig_thread("raiser", 1, raiser, w);
}

static void check_called(void *context)
{
    const struct wiring *w = context;
    rig_expect_equal(w->routines[0].calls, 1);
}

/* rule: KE-INT-6 */
static void a_synchronized_routine_and_the_isr_keep_each_other_out(void **state)
{
    (void)state;
    struct wiring w = {.trigger = EMU_TRIGGER_EDGE};
    const struct emu_program program = {"synchronize", set_up_synchronization, check_called, &w};
    rig_kernel_explore(2, &program, 2);
}

static void synchronize_above(void *context)
{
    struct wiring *w = context;
    add_line(w);
    connect(w, 0, ISR_LEVEL, FALSE);
    KfRaiseIrql(ISR_HIGHER);
    KeSynchronizeExecution(w->routines[0].interrupt, synchronized, w);
}

/* rule: KE-INT-6 */
static void synchronizing_above_synchronize_irql_is_a_finding(void **state)
{
    (void)state;
    struct wiring w = {.trigger = EMU_TRIGGER_EDGE};
    rig_kernel_stops(synchronize_above, &w, "KE-INT-6", NULL);
}

static void disconnector(void *context)
{
    struct wiring *w = context;
    IoDisconnectInterrupt(w->routines[0].interrupt);
    rig_expect_equal(w->inside, 0);
    w->gone = true;
}

static void set_up_disconnection(void *context)
{
    struct wiring *w = context;
    add_line(w);
    w->routines[0].claims = TRUE;
    connect(w, 0, ISR_LEVEL, FALSE);
    rig_thread("disconnector", 0, disconnector, w);
    rig_thread("raiser", 1, raiser, w);
}

/* rule: KE-INT-7 */
static void disconnecting_waits_for_a_routine_that_runs(void **state)
{
    (void)state;
    struct wiring w = {.trigger = EMU_TRIGGER_EDGE};
    const struct emu_program program = {"disconnect", set_up_disconnection, NULL, &w};
    rig_kernel_explore(2, &program, 3);
}

static void disconnect_twice(void *context)
{
    struct wiring *w = context;
    add_line(w);
    connect(w, 0, ISR_LEVEL, FALSE);
    IoDisconnectInterrupt(w->routines[0].interrupt);
    IoDisconnectInterrupt(w->routines[0].interrupt);
}

static void disconnect_null(void *context)
{
    (void)context;
    IoDisconnectInterrupt(NULL);
}

static void disconnect_twice_by_parameters(void *context)
{
    struct wiring *w = context;
    add_line(w);
    connect(w, 0, ISR_LEVEL, FALSE);
    IO_DISCONNECT_INTERRUPT_PARAMETERS parameters = {
        .Version = CONNECT_FULLY_SPECIFIED, .ConnectionContext.InterruptObject = w->routines[0].interrupt};
    IoDisconnectInterruptEx(&parameters);
    IoDisconnectInterruptEx(&parameters);
}

/* rule: KE-INT-7 */
static void disconnecting_twice_is_a_finding(void **state)
{
    (void)state;
    struct wiring w = {.trigger = EMU_TRIGGER_EDGE};
    rig_kernel_stops(disconnect_twice, &w, "KE-INT-7", NULL);
    rig_kernel_stops(disconnect_twice_by_parameters, &w, "KE-INT-7", NULL);
    rig_kernel_stops(disconnect_null, NULL, "KE-INT-7", NULL);
}

/* ---- What is no interrupt object ---- */

static void use_by_acquiring(PKINTERRUPT interrupt)
{
    KeAcquireInterruptSpinLock(interrupt);
}

static void use_by_releasing(PKINTERRUPT interrupt)
{
    KeReleaseInterruptSpinLock(interrupt, PASSIVE_LEVEL);
}

static void use_by_synchronizing(PKINTERRUPT interrupt)
{
    KeSynchronizeExecution(interrupt, synchronized, NULL);
}

static void use_by_reporting(PKINTERRUPT interrupt)
{
    IO_DISCONNECT_INTERRUPT_PARAMETERS parameters = {.Version = CONNECT_FULLY_SPECIFIED,
                                                     .ConnectionContext.InterruptObject = interrupt};
    IoReportInterruptInactive(&parameters);
}

static void (*const uses[])(PKINTERRUPT interrupt) = {use_by_acquiring, use_by_releasing,
                                                      use_by_synchronizing, use_by_reporting};

enum { USES = sizeof(uses) / sizeof(uses[0]), ANY_BYTES = 400, ANY_TAG = 0x74736574 };

struct use {
    void (*of)(PKINTERRUPT interrupt);
    struct wiring w;
};

static PKINTERRUPT fresh_pool(void)
{
    return ExAllocatePoolWithTag(NonPagedPoolNx, ANY_BYTES, ANY_TAG);
}

static void use_fresh_pool(void *context)
{
    const struct use *u = context;
    u->of(fresh_pool());
}

static void use_zeroes(void *context)
{
    const struct use *u = context;
    u->of(ExAllocatePoolZero(NonPagedPoolNx, ANY_BYTES, ANY_TAG));
}

static void use_null(void *context)
{
    const struct use *u = context;
    u->of(NULL);
}

static void use_disconnected(void *context)
{
    struct use *u = context;
    add_line(&u->w);
    connect(&u->w, 0, ISR_LEVEL, FALSE);
    IoDisconnectInterrupt(u->w.routines[0].interrupt);
    u->of(u->w.routines[0].interrupt);
}

/* rule: KE-INT-11 */
static void what_is_no_connected_interrupt_object_is_a_finding(void **state)
{
    (void)state;
    for (unsigned i = 0; i < USES; i++) {
        struct use u = {.of = uses[i]};
        rig_kernel_stops(use_fresh_pool, &u, "KE-INT-11", NULL);
        rig_kernel_stops(use_zeroes, &u, "KE-INT-11", NULL);
        rig_kernel_stops(use_null, &u, "KE-INT-11", NULL);
        rig_kernel_stops(use_disconnected, &u, "KE-INT-11", NULL);
    }
}

/* rule: KE-INT-7 */
static void disconnecting_what_is_no_interrupt_object_is_a_finding(void **state)
{
    (void)state;
    struct use u = {.of = IoDisconnectInterrupt};
    rig_kernel_stops(use_fresh_pool, &u, "KE-INT-7", NULL);
    rig_kernel_stops(use_zeroes, &u, "KE-INT-7", NULL);
}

static KSERVICE_ROUTINE keep_raised;
static BOOLEAN keep_raised(PKINTERRUPT Interrupt, PVOID ServiceContext)
{
    (void)Interrupt;
    (void)ServiceContext;
    KfRaiseIrql(HIGH_LEVEL);
    return TRUE;
}

static void return_raised(void *context)
{
    struct wiring *w = context;
    PKINTERRUPT interrupt;
    add_line(w);
    IoConnectInterrupt(&interrupt, keep_raised, NULL, NULL, w->line, ISR_LEVEL, ISR_LEVEL, Latched, FALSE, 1,
                       FALSE);
    raise_line(w);
}

/* rule: KE-INT-8 */
static void a_routine_that_returns_at_another_level_is_a_finding(void **state)
{
    (void)state;
    struct wiring w = {.trigger = EMU_TRIGGER_EDGE};
    rig_kernel_stops(return_raised, &w, "KE-INT-8", "0xC4/111");
}

/* The device whose address is that of the wiring has the wiring's line. */
static emu_line line_of_device(struct hal_kernel *k, PDEVICE_OBJECT physical_device)
{
    (void)k;
    const struct wiring *w = (const void *)physical_device;
    return w->line;
}

static void connect_by_device(void *context)
{
    struct wiring *w = context;
    PDEVICE_OBJECT device = context;
    add_line(w);
    w->routines[0].claims = TRUE;
    IO_CONNECT_INTERRUPT_PARAMETERS p = {.Version = CONNECT_MESSAGE_BASED};
    p.MessageBased.PhysicalDeviceObject = device;
    p.MessageBased.ConnectionContext.InterruptObject = &w->routines[0].interrupt;
    p.MessageBased.ServiceContext = &w->routines[0];
    hal_kernel()->ke.device_line = line_of_device;
    rig_expect_equal(IoConnectInterruptEx(&p), STATUS_NOT_FOUND);
    p.MessageBased.FallBackServiceRoutine = serve;
    rig_expect_equal(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    rig_expect_equal(p.Version, CONNECT_LINE_BASED);
    raise_line(w);
    rig_expect_equal(w->routines[0].calls, 1);
    IO_DISCONNECT_INTERRUPT_PARAMETERS d = {.Version = p.Version};
    d.ConnectionContext.InterruptObject = w->routines[0].interrupt;
    IoDisconnectInterruptEx(&d);
    p = (IO_CONNECT_INTERRUPT_PARAMETERS){.Version = CONNECT_LINE_BASED};
    p.LineBased.ServiceRoutine = serve;
    p.LineBased.ServiceContext = &w->routines[0];
    p.LineBased.InterruptObject = &w->routines[0].interrupt;
    rig_expect_equal(IoConnectInterruptEx(&p), STATUS_INVALID_PARAMETER);
    p.LineBased.PhysicalDeviceObject = device;
    rig_expect_equal(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    raise_line(w);
    rig_expect_equal(w->routines[0].calls, 2);
    rig_expect_equal(w->level, ISR_LEVEL);
    w->line = 0;
    rig_expect_equal(IoConnectInterruptEx(&p), STATUS_NOT_FOUND);
}

/* rule: KE-INT-9 */
static void a_device_without_messages_is_connected_to_its_line(void **state)
{
    (void)state;
    struct wiring w = {.trigger = EMU_TRIGGER_EDGE};
    rig_kernel_runs(connect_by_device, &w);
}

static void connect_fully_specified(void *context)
{
    struct wiring *w = context;
    add_line(w);
    IO_CONNECT_INTERRUPT_PARAMETERS p = {.Version = CONNECT_FULLY_SPECIFIED};
    p.FullySpecified.PhysicalDeviceObject = context;
    p.FullySpecified.InterruptObject = &w->routines[0].interrupt;
    p.FullySpecified.ServiceRoutine = serve;
    p.FullySpecified.ServiceContext = &w->routines[0];
    p.FullySpecified.SpinLock = &w->lock;
    p.FullySpecified.Vector = w->line;
    p.FullySpecified.Irql = ISR_LEVEL;
    p.FullySpecified.SynchronizeIrql = ISR_LEVEL;
    p.FullySpecified.InterruptMode = Latched;
    rig_expect_equal(IoConnectInterruptEx(&p), STATUS_INVALID_PARAMETER_10);
    p.FullySpecified.ProcessorEnableMask = 1;
    rig_expect_equal(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    raise_line(w);
    rig_expect_equal(w->routines[0].calls, 1);
    p.Version = CONNECT_CURRENT_VERSION + 1;
    rig_expect_equal(IoConnectInterruptEx(&p), STATUS_INVALID_PARAMETER_1);
    rig_expect(p.Version <= CONNECT_CURRENT_VERSION);
}

/* rule: KE-INT-3 */
static void a_full_description_is_verified_member_by_member(void **state)
{
    (void)state;
    struct wiring w = {.trigger = EMU_TRIGGER_EDGE};
    rig_kernel_runs(connect_fully_specified, &w);
}

static void report_inactive(void *context)
{
    struct wiring *w = context;
    add_line(w);
    connect(w, 0, ISR_LEVEL, FALSE);
    IO_DISCONNECT_INTERRUPT_PARAMETERS p = {.Version = CONNECT_FULLY_SPECIFIED};
    p.ConnectionContext.InterruptObject = w->routines[0].interrupt;
    IoReportInterruptInactive(&p);
    raise_line(w);
    rig_expect_equal(w->routines[0].calls, 0);
    IoReportInterruptActive(&p);
    raise_line(w);
    rig_expect_equal(w->routines[0].calls, 1);
}

/* rule: KE-INT-10 */
static void an_inactive_interrupt_is_not_served(void **state)
{
    (void)state;
    struct wiring w = {.trigger = EMU_TRIGGER_EDGE};
    rig_kernel_runs(report_inactive, &w);
}

static KDEFERRED_ROUTINE after_interrupt;
static VOID after_interrupt(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    struct wiring *w = DeferredContext;
    (void)Dpc;
    (void)SystemArgument1;
    (void)SystemArgument2;
    rig_expect_equal(w->inside, 0);
    w->dpcs++;
}

static KSERVICE_ROUTINE queue_dpc;
static BOOLEAN queue_dpc(PKINTERRUPT Interrupt, PVOID ServiceContext)
{
    struct wiring *w = ServiceContext;
    (void)Interrupt;
    w->inside++;
    KeInsertQueueDpc(&w->dpc, NULL, NULL);
    rig_expect_equal(w->dpcs, 0);
    w->inside--;
    return TRUE;
}

static void interrupt_with_dpc(void *context)
{
    struct wiring *w = context;
    PKINTERRUPT interrupt;
    add_line(w);
    KeInitializeDpc(&w->dpc, after_interrupt, w);
    IoConnectInterrupt(&interrupt, queue_dpc, w, NULL, w->line, ISR_LEVEL, ISR_LEVEL, Latched, FALSE, 1,
                       FALSE);
    raise_line(w);
    rig_expect_equal(w->dpcs, 1);
}

/* rule: KE-DPC-2 */
static void a_dpc_queued_by_an_isr_runs_when_the_isr_is_over(void **state)
{
    (void)state;
    struct wiring w = {.trigger = EMU_TRIGGER_EDGE};
    rig_kernel_runs(interrupt_with_dpc, &w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connected_routine_is_called_at_synchronize_irql),
        cmocka_unit_test(connecting_above_passive_level_is_a_finding),
        cmocka_unit_test(what_does_not_describe_a_free_line_is_refused),
        cmocka_unit_test(on_a_level_triggered_line_the_first_that_claims_is_the_last_called),
        cmocka_unit_test(on_an_edge_triggered_line_every_routine_is_called),
        cmocka_unit_test(a_synchronized_routine_and_the_isr_keep_each_other_out),
        cmocka_unit_test(synchronizing_above_synchronize_irql_is_a_finding),
        cmocka_unit_test(disconnecting_waits_for_a_routine_that_runs),
        cmocka_unit_test(disconnecting_twice_is_a_finding),
        cmocka_unit_test(what_is_no_connected_interrupt_object_is_a_finding),
        cmocka_unit_test(disconnecting_what_is_no_interrupt_object_is_a_finding),
        cmocka_unit_test(a_routine_that_returns_at_another_level_is_a_finding),
        cmocka_unit_test(a_device_without_messages_is_connected_to_its_line),
        cmocka_unit_test(a_full_description_is_verified_member_by_member),
        cmocka_unit_test(an_inactive_interrupt_is_not_served),
        cmocka_unit_test(a_dpc_queued_by_an_isr_runs_when_the_isr_is_over),
    };
    return cmocka_run_group_tests_name("ke_interrupt", tests, NULL, NULL);
}
