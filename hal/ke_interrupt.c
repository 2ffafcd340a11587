/*
 * Interrupts: connecting routines to lines, calling them, and keeping others out meanwhile.
 *
 * A routine runs at SynchronizeIrql with its spin lock held, on whatever processor took the interrupt.
 * Disconnecting takes the object off its line first and then stands still until no processor is inside the
 * line's chain, so that nothing of it is called, and nothing walks over it, afterwards.
 */
#include "hal/ke_interrupt.h"

#include <emu/choose.h>

#include "hal/ke_check.h"
#include "hal/ke_spinlock.h"

/* What the three ways of connecting have in common. */
struct connection {
    PKSERVICE_ROUTINE routine;
    PKMESSAGE_SERVICE_ROUTINE message_routine;
    PVOID context;
    PKSPIN_LOCK lock;
    KIRQL level;
    KINTERRUPT_MODE mode;
    bool shared;
    emu_line line;
};

/* ---- Delivery ---- */

static bool call(struct emu_machine *m, struct _KINTERRUPT *interrupt)
{
    const uint8_t before = emu_level(m);
    if (interrupt->level > before) {
        emu_level_raise(m, interrupt->level);
    }
    ke_spinlock_acquire(m, interrupt->lock, HAL_OP_KE_INTERRUPT_LOCK);
    bool claimed = false;
    emu_touch(m, interrupt->object, EMU_ACCESS_READ);
    if (interrupt->active) {
        emu_note(m, HAL_OP_KE_ISR_BEGIN, interrupt->object, 0);
        const uint32_t locks = ke_spinlocks_held();
        claimed = interrupt->message_routine != NULL
                      ? interrupt->message_routine(interrupt, interrupt->context, 0)
                      : interrupt->routine(interrupt, interrupt->context);
        emu_note(m, HAL_OP_KE_ISR_END, interrupt->object, claimed);
        ke_spinlocks_require(m, locks, "an ISR", NULL);
        emu_order_release(m, interrupt->object);
        const uint8_t level = interrupt->level > before ? interrupt->level : before;
        if (emu_level(m) != level) {
            const uint64_t parameters[4] = {0x111, 0, level, emu_level(m)};
            emu_finding_raise(m, "KE-INT-8", "0xC4/111", parameters,
                              "an ISR returns at level %u, it was called at %u", emu_level(m), level);
        }
    }
    ke_spinlock_release(m, interrupt->lock);
    emu_level_lower(m, before);
    return claimed;
}

/* Whoever disconnects one of its interrupts waits until nobody is inside. */
static void count_inside(struct emu_machine *m, struct ke_line *line, int change)
{
    emu_line_touch(m, line->line, EMU_ACCESS_READ);
    EMU_UNSEEN(m, "counts of several processors commute")
    {
        line->inside += (uint32_t)change;
    }
}

static void dispatch(struct emu_machine *m, void *context)
{
    struct ke_line *line = context;
    struct hal_kernel *k = hal_kernel();
    struct ke_handler handler;
    const bool all = emu_line_trigger(m, line->line) == EMU_TRIGGER_EDGE;
    ke_handler_begin(k, &handler, emu_level(m));
    count_inside(m, line, 1);
    for (struct _KINTERRUPT *interrupt = line->first; interrupt != NULL;) {
        const bool claimed = call(m, interrupt);
        emu_line_touch(m, line->line, EMU_ACCESS_READ);
        if (claimed && !all) {
            break;
        }
        interrupt = interrupt->next;
    }
    count_inside(m, line, -1);
    ke_handler_end(k, &handler);
}

/* ---- Which are interrupt objects ---- */

static bool is_interrupt(const struct hal_kernel *k, const struct _KINTERRUPT *candidate)
{
    const struct _KINTERRUPT *made = NULL;
    EMU_UNSEEN(k->machine, "an address that IoConnectInterrupt gave stays one, whatever is made besides")
    {
        made = k->ke.interrupts;
        while (made != NULL && made != candidate) {
            made = made->made_before;
        }
    }
    return made != NULL;
}

/* A finding unless a driver connected it and has not disconnected it. */
static void require_connected(struct hal_kernel *k, const struct _KINTERRUPT *interrupt, const char *call)
{
    if (!is_interrupt(k, interrupt)) {
        emu_finding_raise(k->machine, "KE-INT-11", NULL, NULL,
                          "%s was given what is no interrupt object of IoConnectInterrupt's", call);
    }
    emu_touch(k->machine, interrupt->object, EMU_ACCESS_READ);
    if (!interrupt->connected) {
        char name[KE_NAME_BYTES];
        emu_finding_raise(k->machine, "KE-INT-11", NULL, NULL, "%s was given %s, which was disconnected",
                          call, emu_object_text(k->machine, interrupt->object, name, sizeof(name)));
    }
}

/* ---- Connecting ---- */

static struct ke_line *find_line(struct hal_kernel *k, emu_line number)
{
    struct ke_line *line = k->ke.lines;
    while (line != NULL && line->line != number) {
        line = line->next;
    }
    if (line == NULL) {
        line = emu_arena_alloc(k->machine, sizeof(*line));
        line->line = number;
        line->next = k->ke.lines;
        k->ke.lines = line;
    }
    return line;
}

static struct _KINTERRUPT *make(struct hal_kernel *k, const struct connection *c)
{
    struct _KINTERRUPT *interrupt = k->ke.interrupts_free;
    if (interrupt != NULL) {
        k->ke.interrupts_free = interrupt->next;
    } else {
        interrupt = emu_arena_alloc(k->machine, sizeof(*interrupt));
        interrupt->made_before = k->ke.interrupts;
        k->ke.interrupts = interrupt;
    }
    *interrupt = (struct _KINTERRUPT){
        .made_before = interrupt->made_before,
        .routine = c->routine,
        .message_routine = c->message_routine,
        .context = c->context,
        .level = c->level,
        .shared = c->shared,
        .connected = true,
        .active = true,
        .drivers = !emu_is_spared(k->machine),
        .object = emu_object_new(k->machine, "interrupt"),
    };
    interrupt->lock = c->lock != NULL ? c->lock : &interrupt->own_lock;
    return interrupt;
}

static NTSTATUS connect(struct hal_kernel *k, const struct connection *c, PKINTERRUPT *out)
{
    struct emu_machine *m = k->machine;
    emu_step(m, HAL_OP_KE_CONNECT_INTERRUPT, EMU_NO_OBJECT, c->line);
    struct ke_line *line = find_line(k, c->line);
    if (c->level > HIGH_LEVEL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (line->first != NULL && (!c->shared || !line->first->shared)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (emu_fault(m, HAL_OP_KE_CONNECT_INTERRUPT)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    struct _KINTERRUPT *interrupt = make(k, c);
    struct _KINTERRUPT **last = &line->first;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = interrupt;
    interrupt->line = line;
    *out = interrupt; /* before the routine can run */
    emu_line_connect(m, line->line, dispatch, line);
    ke_after(m);
    return STATUS_SUCCESS;
}

static KINTERRUPT_MODE mode_of(struct emu_machine *m, emu_line line)
{
    return emu_line_trigger(m, line) == EMU_TRIGGER_EDGE ? Latched : LevelSensitive;
}

/* The line that a caller describes by vector, DIRQL and processors: is it one, and is it like that? */
static bool describes_line(struct emu_machine *m, const struct connection *c, KIRQL irql,
                           KAFFINITY processors)
{
    return emu_line_level(m, c->line) == irql && c->level >= irql && mode_of(m, c->line) == c->mode &&
           (emu_line_processors(m, c->line) & processors) != 0;
}

NTSTATUS IoConnectInterrupt(PKINTERRUPT *InterruptObject, PKSERVICE_ROUTINE ServiceRoutine,
                            PVOID ServiceContext, PKSPIN_LOCK SpinLock, ULONG Vector, KIRQL Irql,
                            KIRQL SynchronizeIrql, KINTERRUPT_MODE InterruptMode, BOOLEAN ShareVector,
                            KAFFINITY ProcessorEnableMask, BOOLEAN FloatingSave)
{
    (void)FloatingSave;
    struct hal_kernel *k = hal_kernel();
    ke_level_at_most(k->machine, PASSIVE_LEVEL, "KE-INT-1", KE_CODE_IRQL_IO_PASSIVE2, __func__);
    const struct connection c = {
        .routine = ServiceRoutine,
        .context = ServiceContext,
        .lock = SpinLock,
        .level = SynchronizeIrql,
        .mode = InterruptMode,
        .shared = ShareVector,
        .line = Vector,
    };
    if (InterruptObject == NULL || ServiceRoutine == NULL || Vector == 0 || ProcessorEnableMask == 0 ||
        !describes_line(k->machine, &c, Irql, ProcessorEnableMask)) {
        return STATUS_INVALID_PARAMETER;
    }
    return connect(k, &c, InterruptObject);
}

/* For a caller who names a device: the rest is what its line is. */
static NTSTATUS connect_device(struct hal_kernel *k, PDEVICE_OBJECT device, struct connection *c,
                               PKINTERRUPT *out)
{
    if (device == NULL || out == NULL || c->routine == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    c->line = k->ke.device_line != NULL ? k->ke.device_line(k, device) : 0;
    if (c->line == 0) {
        return STATUS_NOT_FOUND;
    }
    const KIRQL irql = emu_line_level(k->machine, c->line);
    c->level = c->level > irql ? c->level : irql;
    c->shared = mode_of(k->machine, c->line) == LevelSensitive;
    return connect(k, c, out);
}

static NTSTATUS connect_fully_specified(const IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS *p,
                                        bool with_group)
{
    enum { TENTH = 10 };
    if (p->PhysicalDeviceObject == NULL || (with_group && p->Group != 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (p->ProcessorEnableMask == 0) {
        return STATUS_INVALID_PARAMETER_1 + TENTH - 1;
    }
    return IoConnectInterrupt(p->InterruptObject, p->ServiceRoutine, p->ServiceContext, p->SpinLock,
                              p->Vector, p->Irql, p->SynchronizeIrql, p->InterruptMode, p->ShareVector,
                              p->ProcessorEnableMask, p->FloatingSave);
}

static NTSTATUS connect_line_based(const IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS *p)
{
    struct connection c = {.routine = p->ServiceRoutine,
                           .context = p->ServiceContext,
                           .lock = p->SpinLock,
                           .level = p->SynchronizeIrql};
    return connect_device(hal_kernel(), p->PhysicalDeviceObject, &c, p->InterruptObject);
}

/* No device here has messages: the fall-back routine is connected to its line, and *version says so. */
static NTSTATUS connect_message_based(const IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS *p, ULONG *version)
{
    struct connection c = {.routine = p->FallBackServiceRoutine,
                           .context = p->ServiceContext,
                           .lock = p->SpinLock,
                           .level = p->SynchronizeIrql};
    if (p->FallBackServiceRoutine == NULL) {
        return STATUS_NOT_FOUND;
    }
    const NTSTATUS status =
        connect_device(hal_kernel(), p->PhysicalDeviceObject, &c, p->ConnectionContext.InterruptObject);
    if (status == STATUS_SUCCESS) {
        *version = CONNECT_LINE_BASED;
    }
    return status;
}

NTSTATUS IoConnectInterruptEx(PIO_CONNECT_INTERRUPT_PARAMETERS Parameters)
{
    ke_level_at_most(emu_current(), PASSIVE_LEVEL, "KE-INT-1", KE_CODE_WRONG_LEVEL, __func__);
    switch (Parameters->Version) {
    case CONNECT_FULLY_SPECIFIED:
        return connect_fully_specified(&Parameters->FullySpecified, false);
    case CONNECT_FULLY_SPECIFIED_GROUP:
        return connect_fully_specified(&Parameters->FullySpecified, true);
    case CONNECT_LINE_BASED:
        return connect_line_based(&Parameters->LineBased);
    case CONNECT_MESSAGE_BASED:
        return connect_message_based(&Parameters->MessageBased, &Parameters->Version);
    default:
        /* The caller learns the newest version that is understood. */
        Parameters->Version = CONNECT_FULLY_SPECIFIED_GROUP;
        return STATUS_INVALID_PARAMETER_1;
    }
}

/* ---- Disconnecting ---- */

static bool nobody_inside(const void *context)
{
    const struct ke_line *line = context;
    return line->inside == 0;
}

VOID IoDisconnectInterrupt(PKINTERRUPT InterruptObject)
{
    struct hal_kernel *k = hal_kernel();
    struct emu_machine *m = k->machine;
    ke_level_at_most(m, PASSIVE_LEVEL, "KE-INT-1", KE_CODE_IRQL_IO_PASSIVE4, "IoDisconnectInterrupt");
    struct ke_line *line = is_interrupt(k, InterruptObject) ? InterruptObject->line : NULL;
    if (line == NULL) {
        emu_finding_raise(m, "KE-INT-7", NULL, NULL,
                          "IoDisconnectInterrupt of an interrupt that is not connected");
    }
    emu_step(m, HAL_OP_KE_DISCONNECT_INTERRUPT, InterruptObject->object, 0);
    emu_line_touch(m, line->line, EMU_ACCESS_WRITE);
    InterruptObject->line = NULL;
    struct _KINTERRUPT **at = &line->first;
    while (*at != InterruptObject) {
        at = &(*at)->next;
    }
    *at = InterruptObject->next;
    if (line->first == NULL) {
        emu_line_connect(m, line->line, NULL, NULL);
    }
    emu_step_when(m, HAL_OP_KE_DISCONNECT_INTERRUPT, InterruptObject->object, 0, nobody_inside, line);
    emu_line_touch(m, line->line, EMU_ACCESS_WRITE);
    InterruptObject->connected = false;
    EMU_UNSEEN(m, "which of the free ones is taken")
    {
        InterruptObject->next = k->ke.interrupts_free;
        k->ke.interrupts_free = InterruptObject;
    }
}

VOID IoDisconnectInterruptEx(PIO_DISCONNECT_INTERRUPT_PARAMETERS Parameters)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    IoDisconnectInterrupt(Parameters->ConnectionContext.InterruptObject);
}

static void set_active(PKINTERRUPT interrupt, bool active, const char *call)
{
    struct hal_kernel *k = hal_kernel();
    require_connected(k, interrupt, call);
    emu_touch(k->machine, interrupt->object, EMU_ACCESS_WRITE);
    interrupt->active = active;
}

VOID IoReportInterruptActive(PIO_DISCONNECT_INTERRUPT_PARAMETERS Parameters)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    set_active(Parameters->ConnectionContext.InterruptObject, true, __func__);
}

VOID IoReportInterruptInactive(PIO_DISCONNECT_INTERRUPT_PARAMETERS Parameters)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    set_active(Parameters->ConnectionContext.InterruptObject, false, __func__);
}

/* ---- Keeping the routine out ---- */

static KIRQL keep_out(PKINTERRUPT interrupt, const char *call)
{
    struct hal_kernel *k = hal_kernel();
    require_connected(k, interrupt, call);
    ke_level_at_most(k->machine, interrupt->level, "KE-INT-6", KE_CODE_WRONG_LEVEL, call);
    const KIRQL old = emu_level_raise(k->machine, interrupt->level);
    ke_spinlock_acquire(k->machine, interrupt->lock, HAL_OP_KE_INTERRUPT_LOCK);
    return old;
}

static void let_in(PKINTERRUPT interrupt, KIRQL old, const char *call)
{
    struct hal_kernel *k = hal_kernel();
    require_connected(k, interrupt, call);
    ke_spinlock_release(k->machine, interrupt->lock);
    ke_spinlock_lower(k->machine, old);
}

KIRQL KeAcquireInterruptSpinLock(PKINTERRUPT Interrupt)
{
    return keep_out(Interrupt, __func__);
}

VOID KeReleaseInterruptSpinLock(PKINTERRUPT Interrupt, KIRQL OldIrql)
{
    let_in(Interrupt, OldIrql, __func__);
}

BOOLEAN KeSynchronizeExecution(PKINTERRUPT Interrupt, PKSYNCHRONIZE_ROUTINE SynchronizeRoutine,
                               PVOID SynchronizeContext)
{
    const KIRQL old = keep_out(Interrupt, __func__);
    const BOOLEAN result = SynchronizeRoutine(SynchronizeContext);
    let_in(Interrupt, old, __func__);
    return result;
}
