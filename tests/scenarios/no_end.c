/*
 * Programs that do not come to their end, each beside one that does: a wake-up that is lost, two that hold
 * map registers and wait for more, DPCs that queue each other, a DPC that forgets a request, a queue that
 * starves its oldest.
 *
 * The requests go to a driver of this file that answers them from its DPC.
 */
#include <haldma.h>
#include <string.h>

enum {
    FIRST = 0,
    SECOND = 1,
    ALL_REGISTERS = 8,
    HALF = ALL_REGISTERS / 2,
    STEP_LIMIT = 20000,
    ROUNDS = 3,
};

struct side {
    PDMA_ADAPTER adapter;
    PDEVICE_OBJECT pdo;
    KEVENT granted;
    PVOID bases[2];
    UCHAR contexts[2][DMA_TRANSFER_CONTEXT_SIZE_V1];
    unsigned grants;
};

struct world {
    KEVENT event;
    bool flag;
    bool mended;
    bool newest_first, one_at_a_time;
    struct side sides[2];
    KDPC dpcs[2];
    unsigned rounds;
    LIST_ENTRY queue;
    KSPIN_LOCK lock;
    KDPC dpc;
    PDEVICE_OBJECT device;
    bool oldest_served;
};

static struct world *world; /* of the current run: made anew by set_up */

static void make_world(bool mended)
{
    world = haldma_scratch(sizeof *world);
    world->mended = mended;
}

/* ---- A wake-up that is lost ---------------------------------------------------------------------- */

/* Clears the event after it looked: what was set in between is gone. */
static void sleep_until_flag(void *context)
{
    (void)context;
    if (world->mended)
        KeClearEvent(&world->event);
    if (world->flag)
        return;
    if (!world->mended)
        KeClearEvent(&world->event);
    KeWaitForSingleObject(&world->event, Executive, KernelMode, FALSE, NULL);
}

static void set_flag(void *context)
{
    (void)context;
    world->flag = true;
    KeSetEvent(&world->event, IO_NO_INCREMENT, FALSE);
}

static void wake_up(bool mended)
{
    make_world(mended);
    KeInitializeEvent(&world->event, NotificationEvent, FALSE);
    haldma_thread("sleeper", FIRST, sleep_until_flag, NULL);
    haldma_thread("waker", SECOND, set_flag, NULL);
}

static void wake_up_racy(void)
{
    wake_up(false);
}

static void wake_up_mended(void)
{
    wake_up(true);
}

/* ---- Two that hold and wait ---------------------------------------------------------------------- */

static IO_ALLOCATION_ACTION granted(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    struct side *side = context;
    (void)device;
    (void)irp;
    side->bases[side->grants++] = base;
    KeSetEvent(&side->granted, IO_NO_INCREMENT, FALSE);
    return DeallocateObjectKeepRegisters;
}

static void take(struct side *side, ULONG registers)
{
    PDMA_OPERATIONS operations = side->adapter->DmaOperations;
    PVOID context = side->contexts[side->grants];
    KIRQL irql;
    operations->InitializeDmaTransferContext(side->adapter, context);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    NTSTATUS status = operations->AllocateAdapterChannelEx(side->adapter, side->pdo, context, registers, 0,
                                                           granted, side, NULL);
    KeLowerIrql(irql);
    haldma_require(NT_SUCCESS(status), "the allocation failed with 0x%08X", (unsigned)status);
    KeWaitForSingleObject(&side->granted, Executive, KernelMode, FALSE, NULL);
}

static void give(struct side *side, unsigned grant, ULONG registers)
{
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    side->adapter->DmaOperations->FreeMapRegisters(side->adapter, side->bases[grant], registers);
    KeLowerIrql(irql);
}

/* Half of them, and then the other half; or all at once. */
static void hold_and_wait(void *context)
{
    struct side *side = context;
    if (world->mended) {
        take(side, ALL_REGISTERS);
        give(side, 0, ALL_REGISTERS);
        return;
    }
    take(side, HALF);
    take(side, HALF);
    give(side, 0, HALF);
    give(side, 1, HALF);
}

static void make_side(struct side *side, const char *name)
{
    struct haldma_device device = {.name = name, .bus = PCIBus};
    DEVICE_DESCRIPTION description = {.Version = DEVICE_DESCRIPTION_VERSION3,
                                      .Master = TRUE,
                                      .ScatterGather = TRUE,
                                      .InterfaceType = PCIBus,
                                      .MaximumLength = (ALL_REGISTERS - 1) * PAGE_SIZE,
                                      .DmaAddressWidth = 32};
    ULONG registers;
    side->pdo = haldma_add_device(&device);
    side->adapter = IoGetDmaAdapter(side->pdo, &description, &registers);
    haldma_require(side->adapter != NULL && registers >= ALL_REGISTERS, "no adapter with %u map registers",
                   (unsigned)ALL_REGISTERS);
    KeInitializeEvent(&side->granted, SynchronizationEvent, FALSE);
}

static void registers(bool mended)
{
    make_world(mended);
    make_side(&world->sides[FIRST], "first");
    make_side(&world->sides[SECOND], "second");
    haldma_thread("first", FIRST, hold_and_wait, &world->sides[FIRST]);
    haldma_thread("second", SECOND, hold_and_wait, &world->sides[SECOND]);
}

static void registers_racy(void)
{
    registers(false);
}

static void registers_mended(void)
{
    registers(true);
}

static void few_registers(struct haldma_config *config)
{
    config->map_registers = ALL_REGISTERS;
    config->adapter_map_registers_max = ALL_REGISTERS;
}

/* ---- DPCs that queue each other ------------------------------------------------------------------ */

static VOID queue_the_other(PKDPC dpc, PVOID context, PVOID first, PVOID second)
{
    PKDPC other = &world->dpcs[dpc == &world->dpcs[0]];
    (void)context;
    (void)first;
    (void)second;
    if (!world->mended || ++world->rounds < ROUNDS)
        KeInsertQueueDpc(other, NULL, NULL);
}

static void begin_ping_pong(void *context)
{
    (void)context;
    KeInsertQueueDpc(&world->dpcs[FIRST], NULL, NULL);
}

static void ping_pong(bool mended)
{
    make_world(mended);
    for (unsigned i = 0; i < 2; i++) {
        KeInitializeDpc(&world->dpcs[i], queue_the_other, NULL);
        KeSetTargetProcessorDpc(&world->dpcs[i], (CCHAR)i);
    }
    haldma_thread("starter", FIRST, begin_ping_pong, NULL);
}

static void ping_pong_racy(void)
{
    ping_pong(false);
}

static void ping_pong_mended(void)
{
    ping_pong(true);
}

static void short_runs(struct haldma_config *config)
{
    config->machine.step_limit = STEP_LIMIT;
}

/* ---- Requests that a DPC answers ----------------------------------------------------------------- */

static NTSTATUS queue_request(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL irql;
    (void)device;
    IoMarkIrpPending(irp);
    KeAcquireSpinLock(&world->lock, &irql);
    if (world->newest_first)
        InsertHeadList(&world->queue, &irp->Tail.Overlay.ListEntry);
    else
        InsertTailList(&world->queue, &irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&world->lock, irql);
    KeInsertQueueDpc(&world->dpc, NULL, NULL);
    return STATUS_PENDING;
}

/* A DPC that is queued already is not queued again: one call may be for several requests. */
static VOID answer(PKDPC dpc, PVOID context, PVOID first, PVOID second)
{
    (void)dpc;
    (void)context;
    (void)first;
    (void)second;
    bool more = true;
    while (more) {
        KeAcquireSpinLockAtDpcLevel(&world->lock);
        PLIST_ENTRY entry = IsListEmpty(&world->queue) ? NULL : RemoveHeadList(&world->queue);
        KeReleaseSpinLockFromDpcLevel(&world->lock);
        if (entry != NULL) {
            PIRP irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);
            irp->IoStatus.Status = STATUS_SUCCESS;
            IoCompleteRequest(irp, IO_NO_INCREMENT);
        }
        more = entry != NULL && !world->one_at_a_time;
    }
}

static NTSTATUS driver_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->MajorFunction[IRP_MJ_WRITE] = queue_request;
    NTSTATUS status = IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &world->device);
    if (NT_SUCCESS(status))
        world->device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return status;
}

static NTSTATUS answered(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)irp;
    if (context != NULL)
        KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static PIRP send(PKEVENT event)
{
    PIRP irp = IoAllocateIrp(world->device->StackSize, FALSE);
    haldma_require(irp != NULL, "no IRP");
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_WRITE;
    IoSetCompletionRoutine(irp, answered, event, TRUE, TRUE, TRUE);
    IoCallDriver(world->device, irp);
    return irp;
}

static void send_and_wait(void)
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp = send(&event);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    IoFreeIrp(irp);
}

static void send_one(void *context)
{
    (void)context;
    send(NULL);
}

static void send_the_oldest(void *context)
{
    (void)context;
    send_and_wait();
    world->oldest_served = true;
}

static void send_as_long_as_it_waits(void *context)
{
    (void)context;
    while (!world->oldest_served)
        send_and_wait();
}

static void make_driver(bool newest_first, bool one_at_a_time)
{
    PDRIVER_OBJECT driver;
    make_world(false);
    world->newest_first = newest_first;
    world->one_at_a_time = one_at_a_time;
    InitializeListHead(&world->queue);
    KeInitializeSpinLock(&world->lock);
    KeInitializeDpc(&world->dpc, answer, NULL);
    KeSetTargetProcessorDpc(&world->dpc, FIRST);
    NTSTATUS status = haldma_load_driver("answerer", driver_entry, &driver);
    haldma_require(NT_SUCCESS(status), "DriverEntry returned 0x%08X", (unsigned)status);
}

static void forget(bool one_at_a_time)
{
    make_driver(false, one_at_a_time);
    haldma_thread("first", FIRST, send_one, NULL);
    haldma_thread("second", SECOND, send_one, NULL);
}

static void forget_racy(void)
{
    forget(true);
}

static void forget_mended(void)
{
    forget(false);
}

static void starve(bool newest_first)
{
    make_driver(newest_first, newest_first);
    haldma_thread("oldest", FIRST, send_the_oldest, NULL);
    haldma_thread("busy", SECOND, send_as_long_as_it_waits, NULL);
}

static void starve_racy(void)
{
    starve(true);
}

static void starve_mended(void)
{
    starve(false);
}

static const char *const few[] = {"pc-lowmem", NULL};

static const struct haldma_scenario scenarios[] = {
    {.name = "wake_up_racy",
     .summary = "a thread clears its event after it looked for what the event tells",
     .set_up = wake_up_racy},
    {.name = "wake_up_mended", .summary = "the same, cleared before", .set_up = wake_up_mended},
    {.name = "registers_racy",
     .summary = "two adapters, each with half of the map registers, want the other half",
     .configure = few_registers,
     .set_up = registers_racy,
     .platforms = few},
    {.name = "registers_mended",
     .summary = "the same, all at once",
     .configure = few_registers,
     .set_up = registers_mended,
     .platforms = few},
    {.name = "ping_pong_racy",
     .summary = "two DPCs queue each other",
     .configure = short_runs,
     .set_up = ping_pong_racy},
    {.name = "ping_pong_mended",
     .summary = "the same, a few times",
     .configure = short_runs,
     .set_up = ping_pong_mended},
    {.name = "forget_racy",
     .summary = "a DPC answers one request each time it runs, and was queued once for two",
     .set_up = forget_racy},
    {.name = "forget_mended", .summary = "the same, all that are there", .set_up = forget_mended},
    {.name = "starve_racy",
     .summary = "requests are answered one at a time, the newest first",
     .configure = short_runs,
     .set_up = starve_racy},
    {.name = "starve_mended",
     .summary = "the same, all that are there, the oldest first",
     .configure = short_runs,
     .set_up = starve_mended},
};

HALDMA_MODULE(scenarios);
