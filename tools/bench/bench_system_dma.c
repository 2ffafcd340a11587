/*
 * The cycle of a system DMA transfer: map, run to its end, flush, on a channel that is kept. On the PC's 8237
 * (a register access each is a port access), on a configured SoC controller, and there through its completion
 * routine.
 */
#include "bench.h"

#include <emu/mem.h>

enum { BYTES = PAGE_SIZE, LINE = 0x1000, CYCLES = 20000 };

struct cycle {
    PDMA_ADAPTER adapter;
    PMDL mdl;
    PVOID base;
    bool completes; /* its end is told */
    KEVENT completed;
};

static VOID completed(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID context,
                      DMA_COMPLETION_STATUS status)
{
    struct cycle *c = context;
    UNREFERENCED_PARAMETER(adapter);
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(status);
    KeSetEvent(&c->completed, IO_NO_INCREMENT, FALSE);
}

static double cycles(void *context)
{
    struct cycle *c = context;
    PDMA_OPERATIONS o = c->adapter->DmaOperations;
    LARGE_INTEGER soon = {.QuadPart = -100};
    double start = bench_now();
    for (int i = 0; i < CYCLES; i++) {
        ULONG mapped = BYTES;
        o->MapTransferEx(c->adapter, c->mdl, c->base, 0, 0, &mapped, TRUE, NULL, 0,
                         c->completes ? completed : NULL, c);
        if (c->completes)
            KeWaitForSingleObject(&c->completed, Executive, KernelMode, FALSE, NULL);
        while (!c->completes && o->ReadDmaCounter(c->adapter) != 0)
            KeDelayExecutionThread(KernelMode, FALSE, &soon);
        o->FlushAdapterBuffersEx(c->adapter, c->mdl, c->base, 0, mapped, TRUE);
    }
    return (bench_now() - start) / CYCLES;
}

struct result {
    ULONG line;
    DMA_WIDTH width;
    bool completes;
    double cycle;
};

static void measure(void *context)
{
    struct result *r = context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    ULONG registers;
    struct cycle c = {.completes = r->completes};
    DEVICE_DESCRIPTION description = {
        .Version = DEVICE_DESCRIPTION_VERSION3,
        .InterfaceType = Isa,
        .DmaWidth = r->width,
        .MaximumLength = BYTES,
        .DmaRequestLine = r->line,
    };
    c.adapter = IoGetDmaAdapter(NULL, &description, &registers);
    void *memory = haldma_alloc_pages(1, 0, EMU_16MIB - 1);
    haldma_require(c.adapter != NULL && memory != NULL, "no adapter or no page");
    c.mdl = IoAllocateMdl(memory, BYTES, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(c.mdl);
    KeInitializeEvent(&c.completed, SynchronizationEvent, FALSE);
    PDMA_OPERATIONS o = c.adapter->DmaOperations;
    o->InitializeDmaTransferContext(c.adapter, transfer);
    NTSTATUS status = o->AllocateAdapterChannelEx(c.adapter, NULL, transfer, 1, DMA_SYNCHRONOUS_CALLBACK,
                                                  NULL, NULL, &c.base);
    haldma_require(NT_SUCCESS(status), "no channel");
    r->cycle = bench_median(cycles, &c);
}

void bench_system_dma(void)
{
    enum { CHANNEL = 1 };
    struct haldma_config config = {
        .machine = {.step_limit = UINT64_MAX, .profile = EMU_PROFILE_TYPICAL},
        .i8237 = true,
        .controllers = {{.first_line = LINE, .lines = 1, .channels = 1, .beat_bytes = BYTES}},
    };
    struct result pair = {.line = CHANNEL, .width = Width8Bits};
    struct result polled = {.line = LINE, .width = Width32Bits};
    struct result told = {.line = LINE, .width = Width32Bits, .completes = true};
    bench_on_strand(&config, measure, &pair);
    bench_on_strand(&config, measure, &polled);
    bench_on_strand(&config, measure, &told);
    bench_line("system DMA, 4 KiB, 8237, polled", pair.cycle, "ns", 0, NULL);
    bench_line("system DMA, 4 KiB, SoC, polled", polled.cycle, "ns", 0, NULL);
    bench_line("system DMA, 4 KiB, SoC, completion routine", told.cycle, "ns", 0, NULL);
}
