/*
 * The protocol of known_programs.c through the DMA interface: each requester waits for all map registers of
 * one adapter, each canceller withdraws one request, and the releaser gives back what was held from the
 * beginning. They need the kernel and the DMA subsystem.
 */
#include "known_interface.h"

enum { REQUESTS_MAX = 3, ALL_REGISTERS = 2, ADDRESS_BITS = 32 };

struct channel_request {
    unsigned called, cancelled;
    PVOID base;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
};

struct channel_board {
    PDMA_ADAPTER adapter;
    PDEVICE_OBJECT device;
    ULONG registers;
    unsigned n;
    struct channel_request first; /* holds everything before the race */
    struct channel_request requests[REQUESTS_MAX];
};

/* A scenario's own, made anew by each run's set_up. */
static struct channel_board *board;

static IO_ALLOCATION_ACTION called(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    struct channel_request *r = context;
    (void)device;
    (void)irp;
    r->called++;
    r->base = base;
    return DeallocateObjectKeepRegisters;
}

static void request_registers(struct channel_request *r)
{
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    NTSTATUS status = board->adapter->DmaOperations->AllocateAdapterChannelEx(
        board->adapter, board->device, r->transfer, board->registers, 0, called, r, NULL);
    KeLowerIrql(irql);
    haldma_require(NT_SUCCESS(status) || status == STATUS_CANCELLED, "refused: 0x%08X", (unsigned)status);
}

static void request_thread(void *context)
{
    request_registers(context);
}

static void cancel_thread(void *context)
{
    struct channel_request *r = context;
    r->cancelled +=
        board->adapter->DmaOperations->CancelAdapterChannel(board->adapter, board->device, r->transfer);
}

static void release_thread(void *context)
{
    const struct channel_request *r = context;
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    board->adapter->DmaOperations->FreeMapRegisters(board->adapter, r->base, board->registers);
    KeLowerIrql(irql);
}

void known_interface_configure(struct haldma_config *config, unsigned n)
{
    config->machine.processors = 2 * n + 1;
    config->machine.profile = EMU_PROFILE_TYPICAL;
    config->map_registers = ALL_REGISTERS;
    config->adapter_map_registers_max = ALL_REGISTERS;
}

void known_interface(unsigned n)
{
    struct haldma_device hardware = {.name = "card", .bus = PCIBus};
    DEVICE_DESCRIPTION description = {
        .Version = DEVICE_DESCRIPTION_VERSION3,
        .Master = TRUE,
        .ScatterGather = TRUE,
        .InterfaceType = PCIBus,
        .MaximumLength = (ALL_REGISTERS - 1) * PAGE_SIZE,
        .DmaAddressWidth = ADDRESS_BITS,
    };
    haldma_require(n <= REQUESTS_MAX, "at most %d requests", REQUESTS_MAX);
    board = haldma_scratch(sizeof *board);
    board->n = n;
    board->device = haldma_add_device(&hardware);
    board->adapter = IoGetDmaAdapter(board->device, &description, &board->registers);
    haldma_require(board->adapter != NULL, "no adapter");
    PDMA_OPERATIONS operations = board->adapter->DmaOperations;
    operations->InitializeDmaTransferContext(board->adapter, board->first.transfer);
    request_registers(&board->first);
    haldma_require(board->first.called == 1, "the registers are not held");
    for (unsigned i = 0; i < n; i++) {
        struct channel_request *r = &board->requests[i];
        operations->InitializeDmaTransferContext(board->adapter, r->transfer);
        haldma_thread("requester", i, request_thread, r);
        haldma_thread("canceller", n + i, cancel_thread, r);
    }
    haldma_thread("releaser", 2 * n, release_thread, &board->first);
}

/* Each requester is called or told that his request was cancelled, and never both. */
void known_interface_check(void)
{
    for (unsigned i = 0; i < board->n; i++) {
        const struct channel_request *r = &board->requests[i];
        haldma_require(r->called + r->cancelled == 1, "request %u: called %u, cancelled %u", i, r->called,
                       r->cancelled);
    }
}

uint64_t known_interface_outcome(void)
{
    uint64_t outcome = 0;
    for (unsigned i = 0; i < board->n; i++)
        outcome = outcome * KNOWN_ANSWERS + board->requests[i].called * KNOWN_CALLED +
                  board->requests[i].cancelled * KNOWN_CANCELLED;
    return outcome;
}
