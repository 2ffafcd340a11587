/*
 * Two tiny scenarios for measuring what a run costs besides the driver's own work: one requester, one
 * canceller, one releaser, each on a processor of its own; over a spin lock, and through the DMA interface.
 */
#include "bench_protocol.h"

enum { REQUESTER, CANCELLER, RELEASER, RACERS, ALL_REGISTERS = 4, ADDRESS_BITS = 32 };

/* ---- Over a spin lock -------------------------------------------------------------------------------------
 */

struct protocol {
    KSPIN_LOCK lock;
    BOOLEAN busy;   /* somebody has the resource */
    BOOLEAN queued; /* the requester waits for it */
    BOOLEAN called;
    BOOLEAN cancelled;
};

static struct protocol *protocol; /* of the current run */

static void request(void *context)
{
    KIRQL irql;
    (void)context;
    KeAcquireSpinLock(&protocol->lock, &irql);
    BOOLEAN granted = !protocol->busy;
    protocol->busy = TRUE;
    protocol->queued = !granted;
    KeReleaseSpinLock(&protocol->lock, irql);
    if (granted)
        protocol->called = TRUE;
}

static void cancel(void *context)
{
    KIRQL irql;
    (void)context;
    KeAcquireSpinLock(&protocol->lock, &irql);
    protocol->cancelled = protocol->queued;
    protocol->queued = FALSE;
    KeReleaseSpinLock(&protocol->lock, irql);
}

static void release(void *context)
{
    KIRQL irql;
    (void)context;
    KeAcquireSpinLock(&protocol->lock, &irql);
    BOOLEAN next = protocol->queued;
    protocol->busy = next;
    protocol->queued = FALSE;
    KeReleaseSpinLock(&protocol->lock, irql);
    if (next)
        protocol->called = TRUE;
}

static void start_racers(void (*const routines[RACERS])(void *context))
{
    static const char *const names[RACERS] = {"requester", "canceller", "releaser"};
    for (unsigned i = 0; i < RACERS; i++)
        haldma_thread(names[i], i, routines[i], NULL);
}

static void set_up_locks(void)
{
    static void (*const routines[RACERS])(void *context) = {request, cancel, release};
    protocol = haldma_scratch(sizeof *protocol);
    KeInitializeSpinLock(&protocol->lock);
    protocol->busy = TRUE;
    start_racers(routines);
}

static void check_locks(void)
{
    haldma_require(!(protocol->called && protocol->cancelled), "called and cancelled");
}

/* ---- Through the DMA interface ----------------------------------------------------------------------------
 */

struct requests {
    PDMA_ADAPTER adapter;
    PDEVICE_OBJECT device;
    ULONG registers;
    PVOID held; /* what the releaser gives back */
    PVOID base; /* what the requester was called back with */
    BOOLEAN called;
    BOOLEAN cancelled;
    UCHAR first[DMA_TRANSFER_CONTEXT_SIZE_V1];
    UCHAR second[DMA_TRANSFER_CONTEXT_SIZE_V1];
};

static struct requests *requests; /* of the current run */

static IO_ALLOCATION_ACTION hold(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    (void)device;
    (void)irp;
    *(PVOID *)context = base;
    return DeallocateObjectKeepRegisters;
}

static IO_ALLOCATION_ACTION granted(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    requests->called = TRUE;
    return hold(device, irp, base, context);
}

static NTSTATUS allocate(PVOID transfer, PDRIVER_CONTROL routine, PVOID *base)
{
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    NTSTATUS status = requests->adapter->DmaOperations->AllocateAdapterChannelEx(
        requests->adapter, requests->device, transfer, requests->registers, 0, routine, base, NULL);
    KeLowerIrql(irql);
    return status;
}

static void request_channel(void *context)
{
    (void)context;
    NTSTATUS status = allocate(requests->second, granted, &requests->base);
    haldma_require(NT_SUCCESS(status) || status == STATUS_CANCELLED, "refused: 0x%08X", (unsigned)status);
}

static void cancel_channel(void *context)
{
    (void)context;
    requests->cancelled = requests->adapter->DmaOperations->CancelAdapterChannel(
        requests->adapter, requests->device, requests->second);
}

static void free_registers(PVOID base)
{
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    requests->adapter->DmaOperations->FreeMapRegisters(requests->adapter, base, requests->registers);
    KeLowerIrql(irql);
}

static void release_registers(void *context)
{
    (void)context;
    free_registers(requests->held);
}

static void configure_interface(struct haldma_config *config)
{
    config->machine.processors = RACERS;
    config->map_registers = ALL_REGISTERS;
    config->adapter_map_registers_max = ALL_REGISTERS;
}

static void configure_locks(struct haldma_config *config)
{
    config->machine.processors = RACERS;
}

static void set_up_interface(void)
{
    static void (*const routines[RACERS])(void *context) = {request_channel, cancel_channel,
                                                            release_registers};
    requests = haldma_scratch(sizeof *requests);
    requests->adapter =
        bench_adapter(ADDRESS_BITS, (ALL_REGISTERS - 1) * PAGE_SIZE, &requests->device, &requests->registers);
    PDMA_OPERATIONS o = requests->adapter->DmaOperations;
    o->InitializeDmaTransferContext(requests->adapter, requests->first);
    o->InitializeDmaTransferContext(requests->adapter, requests->second);
    NTSTATUS status = allocate(requests->first, hold, &requests->held);
    haldma_require(NT_SUCCESS(status) && requests->held != NULL, "refused: 0x%08X", (unsigned)status);
    start_racers(routines);
}

static void check_interface(void)
{
    haldma_require(requests->called != requests->cancelled, "called %u, cancelled %u", requests->called,
                   requests->cancelled);
}

const struct haldma_scenario bench_protocol_locks = {
    .name = "protocol_locks",
    .summary = "one requester, one canceller, one releaser over a spin lock",
    .configure = configure_locks,
    .set_up = set_up_locks,
    .check = check_locks,
};

const struct haldma_scenario bench_protocol_interface = {
    .name = "protocol_interface",
    .summary = "the same through AllocateAdapterChannelEx, CancelAdapterChannel and FreeMapRegisters",
    .configure = configure_interface,
    .set_up = set_up_interface,
    .check = check_interface,
};
