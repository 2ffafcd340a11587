/*
 * Programs that go on for ever, or take all there is, each in the way of one service: the processor passed on
 * in turn, stalls, timers, DPCs, threads that make threads, printing, pool.
 */
#include <haldma.h>

enum { ONE_MICROSECOND = 1, TAG = 0x646E456C, BLOCK = 64, LINE_LEVEL = 5, STEP_LIMIT = 5000 };

struct world {
    KDPC dpcs[2];
    KTIMER timers[2];
    KDPC timer_dpcs[2];
    emu_line line;
};

static struct world *world; /* of the current run */

static void set_up(void)
{
    world = haldma_scratch(sizeof *world);
}

static void two_threads(void (*first)(void *), unsigned first_cpu, void (*second)(void *),
                        unsigned second_cpu)
{
    set_up();
    haldma_thread("one", first_cpu, first, NULL);
    haldma_thread("two", second_cpu, second, NULL);
}

/* ---- Threads ------------------------------------------------------------------------------------ */

static void stall_once(void *context)
{
    (void)context;
    KeStallExecutionProcessor(ONE_MICROSECOND);
}

static void stall_for_ever(void *context)
{
    (void)context;
    for (;;)
        KeStallExecutionProcessor(ONE_MICROSECOND);
}

static void delay_for_ever(void *context)
{
    LARGE_INTEGER nothing = {0};
    (void)context;
    for (;;)
        KeDelayExecutionThread(KernelMode, FALSE, &nothing);
}

static void read_time_for_ever(void *context)
{
    LARGE_INTEGER time;
    (void)context;
    for (;;)
        KeQuerySystemTime(&time);
}

static void set_up_stalls_on_one(void)
{
    two_threads(stall_once, 0, stall_once, 0);
}

static void set_up_stalls_for_ever(void)
{
    two_threads(stall_for_ever, 0, stall_for_ever, 0);
}

static void set_up_delays(void)
{
    two_threads(delay_for_ever, 0, delay_for_ever, 0);
}

static void set_up_delays_on_two(void)
{
    two_threads(delay_for_ever, 0, delay_for_ever, 1);
}

static void set_up_time(void)
{
    two_threads(read_time_for_ever, 0, read_time_for_ever, 1);
}

/* ---- Handlers ----------------------------------------------------------------------------------- */

static VOID stalling_dpc(PKDPC dpc, PVOID context, PVOID first, PVOID second)
{
    (void)dpc, (void)context, (void)first, (void)second;
    KeStallExecutionProcessor(ONE_MICROSECOND);
}

static VOID queueing_dpc(PKDPC dpc, PVOID context, PVOID first, PVOID second)
{
    (void)dpc, (void)context, (void)first, (void)second;
    KeStallExecutionProcessor(ONE_MICROSECOND);
    KeInsertQueueDpc(context, NULL, NULL);
}

static VOID ticking_dpc(PKDPC dpc, PVOID context, PVOID first, PVOID second)
{
    LARGE_INTEGER at_once = {0};
    (void)dpc, (void)first, (void)second;
    KeSetTimer(context, at_once, &world->timer_dpcs[0]);
}

static void stalling_handler(struct emu_machine *m, void *context)
{
    (void)m, (void)context;
    KeStallExecutionProcessor(ONE_MICROSECOND);
}

static void queue_dpc(void *which)
{
    KeInsertQueueDpc(which, NULL, NULL);
    KeStallExecutionProcessor(ONE_MICROSECOND);
}

static void interrupt(void *context)
{
    (void)context;
    emu_line_raise(emu_current(), world->line);
    KeStallExecutionProcessor(ONE_MICROSECOND);
}

static void set_up_stalling_dpcs(void)
{
    set_up();
    for (unsigned i = 0; i < 2; i++) {
        KeInitializeDpc(&world->dpcs[i], stalling_dpc, NULL);
        haldma_thread(i == 0 ? "one" : "two", i, queue_dpc, &world->dpcs[i]);
    }
}

static void set_up_queueing_dpcs(void)
{
    set_up();
    for (unsigned i = 0; i < 2; i++) {
        KeInitializeDpc(&world->dpcs[i], queueing_dpc, &world->dpcs[1 - i]);
        KeSetTargetProcessorDpc(&world->dpcs[i], (CCHAR)i);
    }
    haldma_thread("one", 0, queue_dpc, &world->dpcs[0]);
}

static void set_up_stalling_handlers(void)
{
    set_up();
    world->line = emu_line_add(emu_current(), &(struct emu_line_config){.name = "line", .level = LINE_LEVEL});
    emu_line_connect(emu_current(), world->line, stalling_handler, NULL);
    haldma_thread("one", 0, interrupt, NULL);
    haldma_thread("two", 1, interrupt, NULL);
}

/* ---- Timers ------------------------------------------------------------------------------------- */

static void wait_for_ever(void *context)
{
    KEVENT never;
    (void)context;
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, NULL);
}

static void set_up_periodic_timer(void)
{
    LARGE_INTEGER at_once = {0};
    set_up();
    KeInitializeTimer(&world->timers[0]);
    KeInitializeDpc(&world->timer_dpcs[0], stalling_dpc, NULL);
    KeSetTimerEx(&world->timers[0], at_once, 1, &world->timer_dpcs[0]);
    haldma_thread("waiter", 0, wait_for_ever, NULL);
}

static void set_up_timer_at_once(void)
{
    LARGE_INTEGER at_once = {0};
    set_up();
    KeInitializeTimer(&world->timers[0]);
    KeInitializeDpc(&world->timer_dpcs[0], ticking_dpc, &world->timers[0]);
    KeSetTimer(&world->timers[0], at_once, &world->timer_dpcs[0]);
    haldma_thread("waiter", 0, wait_for_ever, NULL);
}

/* ---- All there is ------------------------------------------------------------------------------- */

static VOID make_another(PVOID context)
{
    HANDLE thread;
    if (NT_SUCCESS(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, make_another, context)))
        ZwClose(thread);
}

static VOID make_two(PVOID context)
{
    make_another(context);
    HANDLE thread;
    if (NT_SUCCESS(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, make_two, context)))
        ZwClose(thread);
}

static void beget(void *context)
{
    make_another(context);
}

static void beget_two(void *context)
{
    make_two(context);
}

static void set_up_threads(void)
{
    set_up();
    haldma_thread("first", 0, beget, NULL);
}

static void set_up_threads_of_threads(void)
{
    set_up();
    haldma_thread("first", 0, beget_two, NULL);
}

static void print_for_ever(void *context)
{
    (void)context;
    for (unsigned i = 0;; i++)
        DbgPrint("%u\n", i);
}

static void allocate_for_ever(void *context)
{
    (void)context;
    for (;;)
        ExFreePoolWithTag(ExAllocatePool2(POOL_FLAG_NON_PAGED, BLOCK, TAG), TAG);
}

static void allocate_all(void *context)
{
    (void)context;
    while (ExAllocatePool2(POOL_FLAG_NON_PAGED, BLOCK, TAG) != NULL)
        continue;
}

static void allocate_and_wait(void *context)
{
    (void)context;
    for (;;) {
        ExAllocatePool2(POOL_FLAG_NON_PAGED, BLOCK, TAG);
        KeStallExecutionProcessor(ONE_MICROSECOND);
    }
}

static void set_up_prints(void)
{
    two_threads(print_for_ever, 0, print_for_ever, 1);
}

static void set_up_pool(void)
{
    two_threads(allocate_for_ever, 0, allocate_for_ever, 1);
}

static void set_up_all_pool(void)
{
    two_threads(allocate_all, 0, allocate_all, 1);
}

static void set_up_pool_and_stall(void)
{
    two_threads(allocate_and_wait, 0, allocate_and_wait, 1);
}

static void short_runs(struct haldma_config *config)
{
    config->machine.step_limit = STEP_LIMIT;
}

static void with_faults(struct haldma_config *config)
{
    short_runs(config);
    config->machine.faults = true;
}

static const char *const pc[] = {"pc", NULL};

static const struct haldma_scenario scenarios[] = {
    {"stalls_on_one", "two threads of one processor stall once", NULL, set_up_stalls_on_one, NULL, pc, 0},
    {"stalls", "two threads of one processor stall for ever", short_runs, set_up_stalls_for_ever, NULL, pc,
     0},
    {"delays", "two threads of one processor delay by nothing", short_runs, set_up_delays, NULL, pc, 0},
    {"delays_on_two", "the same on two processors", short_runs, set_up_delays_on_two, NULL, pc, 0},
    {"time", "two threads read the time for ever", short_runs, set_up_time, NULL, pc, 0},
    {"stalling_dpcs", "DPCs stall on two processors", NULL, set_up_stalling_dpcs, NULL, pc, 0},
    {"queueing_dpcs", "DPCs stall and queue each other", short_runs, set_up_queueing_dpcs, NULL, pc, 0},
    {"stalling_handlers", "handlers of an interrupt stall", NULL, set_up_stalling_handlers, NULL, pc, 0},
    {"periodic_timer", "a timer of one millisecond, and nobody who ends", short_runs, set_up_periodic_timer,
     NULL, pc, 0},
    {"timer_at_once", "a timer that is set again at once", short_runs, set_up_timer_at_once, NULL, pc, 0},
    {"threads", "each thread makes one more", short_runs, set_up_threads, NULL, pc, 0},
    {"threads_of_threads", "each thread makes two", short_runs, set_up_threads_of_threads, NULL, pc, 0},
    {"prints", "two threads print for ever", short_runs, set_up_prints, NULL, pc, 0},
    {"pool", "two threads allocate and free for ever", short_runs, set_up_pool, NULL, pc, 0},
    {"pool_faults", "the same where it may fail", with_faults, set_up_pool, NULL, pc, 0},
    {"all_pool", "two threads allocate until nothing is left", NULL, set_up_all_pool, NULL, pc, 0},
    {"pool_and_stall", "two threads allocate, whether there is anything or not", short_runs,
     set_up_pool_and_stall, NULL, pc, 0},
};

HALDMA_MODULE(scenarios);
