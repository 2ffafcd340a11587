/*
 * A machine with 10,000 adapters and 1,000,000 requests that wait: how long it takes, how much memory it has.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "dma/adapter.h"
#include "dma/request.h"

enum {
    ADAPTERS = 10000,
    REQUESTS = 1000000,
    REGISTERS = 16, /* of the whole machine: the first request has them all */
    REACHES_4_GIB = 32,
    KIB = 1024
};

typedef UCHAR transfer_context[DMA_TRANSFER_CONTEXT_SIZE_V1];

struct scale {
    PDMA_ADAPTER *adapters;
    transfer_context *contexts;
    uint32_t granted;
    double adapters_seconds, submit_seconds, serve_seconds;
    double adapters_kib, requests_kib;
};

static IO_ALLOCATION_ACTION serve(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    (void)device;
    (void)irp;
    (void)base;
    struct scale *s = context;
    s->granted++;
    return DeallocateObject;
}

static IO_ALLOCATION_ACTION keep(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    (void)device;
    (void)irp;
    PVOID *kept = context;
    *kept = base;
    return DeallocateObjectKeepRegisters;
}

/* The most that the process ever had. */
static double peak_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss;
}

/* What the process has now; 0 where the system does not tell. */
static double resident_kib(void)
{
    unsigned long all = 0, resident = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (statm == NULL)
        return 0;
    if (fscanf(statm, "%lu %lu", &all, &resident) != 2)
        resident = 0;
    fclose(statm);
    return (double)resident * PAGE_SIZE / KIB;
}

static void ask(PDMA_ADAPTER adapter, PVOID context, ULONG registers, PDRIVER_CONTROL routine, PVOID argument)
{
    PDMA_OPERATIONS o = adapter->DmaOperations;
    o->InitializeDmaTransferContext(adapter, context);
    NTSTATUS status =
        o->AllocateAdapterChannelEx(adapter, NULL, context, registers, 0, routine, argument, NULL);
    haldma_require(NT_SUCCESS(status), "a request was refused: 0x%08X", (unsigned)status);
}

static void run(void *context)
{
    static const double second = 1e9;
    struct scale *s = context;
    PDEVICE_OBJECT device;
    ULONG registers;
    transfer_context first;
    PVOID kept = NULL;
    KIRQL irql;
    double before = resident_kib(), start = bench_now();
    for (uint32_t i = 0; i < ADAPTERS; i++)
        s->adapters[i] = bench_adapter(REACHES_4_GIB, (REGISTERS - 1) * PAGE_SIZE, &device, &registers);
    s->adapters_seconds = (bench_now() - start) / second;
    s->adapters_kib = resident_kib() - before;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ask(s->adapters[0], first, registers, keep, &kept);
    before = resident_kib();
    start = bench_now();
    for (uint32_t i = 0; i < REQUESTS; i++)
        ask(s->adapters[i % ADAPTERS], s->contexts[i], 1, serve, s);
    s->submit_seconds = (bench_now() - start) / second;
    s->requests_kib = resident_kib() - before;
    haldma_require(s->granted == 0, "a request did not wait");

    start = bench_now();
    s->adapters[0]->DmaOperations->FreeMapRegisters(s->adapters[0], kept, registers);
    s->serve_seconds = (bench_now() - start) / second;
    haldma_require(s->granted == REQUESTS, "%u requests were served", s->granted);
    KeLowerIrql(irql);
    for (uint32_t i = 0; i < ADAPTERS; i++)
        s->adapters[i]->DmaOperations->PutDmaAdapter(s->adapters[i]);
}

void bench_scale(void)
{
    struct haldma_config config = {.machine = {.step_limit = UINT64_MAX, .profile = EMU_PROFILE_TYPICAL},
                                   .map_registers = REGISTERS};
    struct scale s = {.adapters = calloc(ADAPTERS, sizeof *s.adapters),
                      .contexts = calloc(REQUESTS, sizeof *s.contexts)};
    for (uint32_t i = 0; i < REQUESTS; i++) /* so that they count as memory before */
        s.contexts[i][0] = 1;
    bench_on_strand(&config, run, &s);
    bench_line("10,000 adapters", s.adapters_seconds, "s", 0, NULL);
    bench_line("10,000 adapters, each", s.adapters_kib * KIB / ADAPTERS, "bytes", 0, NULL);
    bench_line("1,000,000 requests that wait for them", s.submit_seconds, "s", 0, NULL);
    bench_line("1,000,000 requests, each", s.requests_kib * KIB / REQUESTS, "bytes", 0, NULL);
    bench_line("serving them all", s.serve_seconds, "s", 0, NULL);
    bench_line("most memory that the process had", peak_kib() / KIB, "MiB", 0, NULL);
    free(s.contexts);
    free(s.adapters);
}
