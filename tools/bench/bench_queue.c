/*
 * What submitting and cancelling cost while others wait: the same, however many they are.
 */
#include "bench.h"

#include <stdlib.h>

enum { FEW = 10, MANY = 1000000, REQUESTS = 100000, ALL_REGISTERS = 16 };

struct queue {
    uint32_t waiting;
    double submit;
    double cancel;
};

typedef UCHAR transfer_context[DMA_TRANSFER_CONTEXT_SIZE_V1];

static IO_ALLOCATION_ACTION keep(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    (void)device;
    (void)irp;
    (void)base;
    (void)context;
    return DeallocateObjectKeepRegisters;
}

struct round {
    PDMA_ADAPTER adapter;
    PDEVICE_OBJECT device;
    transfer_context *contexts;
    bool cancels;
};

/* Submits a number of requests behind those that wait, and withdraws them; measures one half of that. */
static double one_round(void *context)
{
    struct round *r = context;
    PDMA_OPERATIONS o = r->adapter->DmaOperations;
    for (int i = 0; i < REQUESTS; i++)
        o->InitializeDmaTransferContext(r->adapter, r->contexts[i]);
    double start = bench_now();
    for (int i = 0; i < REQUESTS; i++)
        o->AllocateAdapterChannelEx(r->adapter, r->device, r->contexts[i], 1, 0, keep, NULL, NULL);
    double submitted = bench_now();
    for (int i = 0; i < REQUESTS; i++)
        haldma_require(o->CancelAdapterChannel(r->adapter, r->device, r->contexts[i]),
                       "a waiting request stayed");
    double end = bench_now();
    return (r->cancels ? end - submitted : submitted - start) / REQUESTS;
}

static void measure(void *context)
{
    struct queue *q = context;
    enum { REACHES_4_GIB = 32 };
    ULONG registers;
    struct round r = {0};
    r.adapter = bench_adapter(REACHES_4_GIB, (ALL_REGISTERS - 1) * PAGE_SIZE, &r.device, &registers);
    transfer_context *waiting = calloc((size_t)q->waiting + 1, sizeof *waiting);
    r.contexts = calloc(REQUESTS, sizeof *r.contexts);
    PDMA_OPERATIONS o = r.adapter->DmaOperations;

    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    /* The first one gets all registers, so that the others wait. */
    for (uint32_t i = 0; i <= q->waiting; i++) {
        o->InitializeDmaTransferContext(r.adapter, waiting[i]);
        NTSTATUS status =
            o->AllocateAdapterChannelEx(r.adapter, r.device, waiting[i], registers, 0, keep, NULL, NULL);
        haldma_require(NT_SUCCESS(status), "request %u was refused: 0x%08X", i, (unsigned)status);
    }
    q->submit = bench_median(one_round, &r);
    r.cancels = true;
    q->cancel = bench_median(one_round, &r);
    KeLowerIrql(irql);
    free(r.contexts);
    free(waiting);
}

void bench_queue(void)
{
    struct haldma_config config = {.machine = {.step_limit = UINT64_MAX, .profile = EMU_PROFILE_TYPICAL},
                                   .map_registers = ALL_REGISTERS};
    struct queue few = {.waiting = FEW}, many = {.waiting = MANY};
    bench_on_strand(&config, measure, &few);
    bench_on_strand(&config, measure, &many);
    bench_line("submit, 10 waiting", few.submit, "ns", 0, NULL);
    bench_line("submit, 1,000,000 waiting", many.submit, "ns", many.submit / few.submit, "10 waiting");
    bench_line("cancel, 10 waiting", few.cancel, "ns", 0, NULL);
    bench_line("cancel, 1,000,000 waiting", many.cancel, "ns", many.cancel / few.cancel, "10 waiting");
}
