/*
 * Threads: strands with the face of a Windows thread.
 *
 * Where a system thread runs is left open by the documentation: in the hostile profile it is a choice, the
 * default is the processor with the fewest system threads. Priorities above normal are the strand's; those
 * below count as normal.
 */
#include "hal/ke_thread.h"

#include <emu/choose.h>
#include <ntddk.h>

#include "hal/ke_check.h"
#include "hal/ke_dispatcher.h"
#include "hal/ke_object.h"

/* Threads and processes share their numbers. */
enum { THREAD_ID_STEP = 4, SYSTEM_PROCESS_ID = 4 };

static uint8_t strand_priority(KPRIORITY priority)
{
    return (uint8_t)(priority > KE_PRIORITY_NORMAL ? priority - KE_PRIORITY_NORMAL : 0);
}

static struct _KTHREAD *make(struct hal_kernel *k)
{
    struct ke_state *ke = &k->ke;
    struct _KTHREAD *thread = NULL;
    EMU_UNSEEN(k->machine, "which of the free ones it is")
    {
        thread = ke->threads_free;
        if (thread != NULL) {
            ke->threads_free = thread->next_free;
        }
    }
    if (thread != NULL) {
        emu_access_fresh(k->machine, thread, sizeof *thread);
        const struct emu_event alarm = thread->alarm;
        const bool alarm_ready = thread->alarm_ready;
        *thread = (struct _KTHREAD){.alarm = alarm, .alarm_ready = alarm_ready};
    } else {
        thread = emu_arena_alloc(k->machine, sizeof(*thread));
    }
    ke_dispatcher_init(&thread->Header, KE_OBJECT_THREAD, 0);
    thread->references = 1;
    thread->priority = KE_PRIORITY_NORMAL;
    EMU_UNSEEN(k->machine, "a number is a name")
    {
        thread->id = SYSTEM_PROCESS_ID + ++ke->thread_ids * THREAD_ID_STEP;
    }
    return thread;
}

static void embody(struct _KTHREAD *thread, struct emu_strand *strand)
{
    thread->strand = strand;
    thread->object = emu_strand_object(strand);
    emu_strand_set_user(strand, thread);
}

struct _KTHREAD *ke_thread_self(struct hal_kernel *k)
{
    struct emu_strand *strand = emu_strand_self(k->machine);
    struct _KTHREAD *thread = emu_strand_user(strand);
    if (__builtin_expect(thread == NULL, 0)) {
        thread = make(k);
        embody(thread, strand);
    }
    return thread;
}

/* ---- Beginning and end ---- */

/* How many threads each processor has, and their numbers: every beginning and end changes that. */
static void touch_threads(struct hal_kernel *k)
{
    emu_touch(k->machine, emu_object_at(k->machine, &k->ke.thread_ids, "threads"), EMU_ACCESS_WRITE);
}

static unsigned choose_processor(struct hal_kernel *k)
{
    const struct ke_state *ke = &k->ke;
    unsigned best = 0;
    for (unsigned i = 1; i < ke->processor_count; i++) {
        if (ke->processors[i].threads < ke->processors[best].threads) {
            best = i;
        }
    }
    if (!emu_profile_is_hostile(emu_machine_config(k->machine)->profile)) {
        return best;
    }
    return (best + emu_choose(k->machine, EMU_CHOICE_ROUTE, HAL_OP_KE_CREATE_THREAD, ke->processor_count)) %
           ke->processor_count;
}

static void thread_main(void *arg)
{
    struct _KTHREAD *thread = arg;
    thread->routine(thread->context);
    ke_thread_end(hal_kernel(), STATUS_SUCCESS);
}

struct _KTHREAD *ke_thread_start(struct hal_kernel *k, const struct ke_thread_config *config)
{
    touch_threads(k);
    const unsigned cpu =
        config->processor == KE_ANY_PROCESSOR ? choose_processor(k) : (unsigned)config->processor;
    struct _KTHREAD *thread = make(k);
    const struct emu_strand_config strand_config = {
        .name = config->name,
        .fn = thread_main,
        .arg = thread,
        .cpu = cpu,
        .priority = strand_priority(config->priority),
        .must_finish = config->must_finish,
        .held = config->held,
    };
    struct emu_strand *strand = emu_strand_start(k->machine, &strand_config);
    if (strand == NULL) {
        ke_thread_dereference(k, thread);
        return NULL;
    }
    embody(thread, strand);
    thread->routine = config->routine;
    thread->context = config->context;
    thread->priority = config->priority;
    thread->home = (uint8_t)cpu;
    thread->system = true;
    k->ke.processors[cpu].threads++;
    thread->next_live = k->ke.threads_live;
    k->ke.threads_live = thread;
    ke_thread_reference(thread);
    return thread;
}

static void live_no_more(struct hal_kernel *k, struct _KTHREAD *thread)
{
    struct _KTHREAD **link = &k->ke.threads_live;
    while (*link != NULL && *link != thread) {
        link = &(*link)->next_live;
    }
    if (*link != NULL) {
        *link = thread->next_live;
    }
}

emu_object ke_thread_with_code(struct hal_kernel *k, ke_code_fn *is, const void *context)
{
    const struct _KTHREAD *thread = k->ke.threads_live;
    while (thread != NULL && !is(context, (const void *)(uintptr_t)thread->routine)) {
        thread = thread->next_live;
    }
    return thread != NULL ? thread->object : EMU_NO_OBJECT;
}

static void check_end(struct hal_kernel *k, const struct _KTHREAD *thread)
{
    struct emu_machine *m = k->machine;
    if (emu_level(m) != PASSIVE_LEVEL) {
        emu_finding_raise(m, "KE-THREAD-5", NULL, NULL, "a thread ends at level %u, not at PASSIVE_LEVEL",
                          emu_level(m));
    }
    if (thread->mutexes != 0) {
        emu_finding_raise(m, "KE-THREAD-6", "0x4000008A", NULL, "a thread ends while it owns %u mutex(es)",
                          thread->mutexes);
    }
    if (thread->critical != 0 || thread->guarded != 0) {
        emu_finding_raise(m, "KE-THREAD-7", "0x20", NULL,
                          "a thread ends inside %u critical and %u guarded region(s)", thread->critical,
                          thread->guarded);
    }
}

void ke_thread_end(struct hal_kernel *k, NTSTATUS status)
{
    struct _KTHREAD *thread = ke_thread_self(k);
    check_end(k, thread);
    emu_step(k->machine, HAL_OP_KE_END_THREAD, thread->object, (ULONG)status);
    thread->exit_status = status;
    thread->strand = NULL;
    touch_threads(k);
    k->ke.processors[thread->home].threads--;
    live_no_more(k, thread);
    ke_dispatcher_signal(k, &thread->Header, 1);
    ke_thread_dereference(k, thread);
    emu_strand_exit(k->machine);
}

void ke_thread_reference(struct _KTHREAD *thread)
{
    thread->references++;
}

void ke_thread_dereference(struct hal_kernel *k, struct _KTHREAD *thread)
{
    EMU_ASSERT(thread->references > 0);
    if (--thread->references == 0) {
        EMU_UNSEEN(k->machine, "which of the free ones is taken")
        {
            thread->next_free = k->ke.threads_free;
            k->ke.threads_free = thread;
        }
    }
}

NTSTATUS PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                              HANDLE ProcessHandle, PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine,
                              PVOID StartContext)
{
    (void)DesiredAccess;
    (void)ObjectAttributes;
    (void)ProcessHandle;
    struct hal_kernel *k = hal_kernel();
    ke_level_at_most(k->machine, PASSIVE_LEVEL, "KE-THREAD-1", KE_CODE_IRQL_PS_PASSIVE,
                     "PsCreateSystemThread");
    if (ThreadHandle == NULL || StartRoutine == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (emu_fault(k->machine, HAL_OP_KE_CREATE_THREAD)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    emu_step(k->machine, HAL_OP_KE_CREATE_THREAD, EMU_NO_OBJECT, 0);
    const struct ke_thread_config config = {
        .name = "system thread",
        .routine = StartRoutine,
        .context = StartContext,
        .processor = KE_ANY_PROCESSOR,
        .priority = KE_PRIORITY_NORMAL,
    };
    struct _KTHREAD *thread = ke_thread_start(k, &config);
    if (thread == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (ClientId != NULL) {
        ClientId->UniqueProcess = PsGetCurrentProcessId();
        ClientId->UniqueThread = (HANDLE)(ULONG_PTR)thread->id;
    }
    *ThreadHandle = ke_handle_open(k, thread); /* the handle takes over the reference */
    ke_after(k->machine);
    return STATUS_SUCCESS;
}

NTSTATUS PsTerminateSystemThread(NTSTATUS ExitStatus)
{
    ke_level_at_most(emu_current(), PASSIVE_LEVEL, KE_RULE_LEVEL, KE_CODE_IRQL_PS_PASSIVE, __func__);
    struct hal_kernel *k = hal_kernel();
    if (!ke_thread_self(k)->system || emu_cpu_in_interrupt(k->machine)) {
        return STATUS_INVALID_PARAMETER;
    }
    ke_thread_end(k, ExitStatus);
}

/* ---- Who am I ---- */

PKTHREAD haldma_KeGetCurrentThread(VOID)
{
    return ke_thread_self(hal_kernel());
}

BOOLEAN PsIsSystemThread(PETHREAD Thread)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    return ((const struct _KTHREAD *)(const void *)Thread)->system;
}

HANDLE PsGetCurrentThreadId(VOID)
{
    return (HANDLE)(ULONG_PTR)ke_thread_self(hal_kernel())->id;
}

HANDLE PsGetCurrentProcessId(VOID)
{
    return (HANDLE)(ULONG_PTR)SYSTEM_PROCESS_ID;
}

/* There is one process. */
HANDLE PsGetProcessId(PEPROCESS Process)
{
    (void)Process;
    return PsGetCurrentProcessId();
}

HANDLE PsGetThreadId(PETHREAD Thread)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    return (HANDLE)(ULONG_PTR)((const struct _KTHREAD *)(const void *)Thread)->id;
}

/* Every thread is the system's. */
KPROCESSOR_MODE ExGetPreviousMode(VOID)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    return KernelMode;
}

/* ---- Priorities ---- */

KPRIORITY KeSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority)
{
    struct emu_machine *m = emu_current();
    ke_level_at_most(m, PASSIVE_LEVEL, "KE-THREAD-8", KE_CODE_WRONG_LEVEL, "KeSetPriorityThread");
    if (Priority < 1 || Priority > HIGH_PRIORITY) {
        emu_finding_raise(m, "KE-THREAD-8", NULL, NULL, "KeSetPriorityThread to %d; priorities are 1 to %d",
                          Priority, HIGH_PRIORITY);
    }
    emu_touch(m, EMU_NO_OBJECT, EMU_ACCESS_WRITE); /* who can run next */
    const KPRIORITY old = Thread->priority;
    Thread->priority = Priority;
    if (Thread->strand != NULL) {
        emu_strand_set_priority(Thread->strand, strand_priority(Priority));
    }
    return old;
}

KPRIORITY KeQueryPriorityThread(PKTHREAD Thread)
{
    ke_level_at_most(emu_current(), PASSIVE_LEVEL, KE_RULE_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    return Thread->priority;
}

/* The increment is relative to the normal priority, within the class of variable priorities. */
LONG KeSetBasePriorityThread(PKTHREAD Thread, LONG Increment)
{
    ke_level_at_most(emu_current(), PASSIVE_LEVEL, KE_RULE_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    const LONG old = Thread->priority - KE_PRIORITY_NORMAL;
    const LONG wanted = KE_PRIORITY_NORMAL + Increment;
    KeSetPriorityThread(Thread, wanted < 1 ? 1 : wanted > HIGH_PRIORITY ? HIGH_PRIORITY : wanted);
    return old;
}
