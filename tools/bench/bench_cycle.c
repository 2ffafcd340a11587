/*
 * The cycle of a transfer: allocate, map, flush, free. Without a double buffer it is the cost of the
 * bookkeeping; with one it is compared with memcpy of the same bytes, page by page.
 */
#include "bench.h"

#include <emu/mem.h>
#include <stdio.h>
#include <string.h>

enum { SMALL = PAGE_SIZE, LARGE = 16 * PAGE_SIZE, LIST_BYTES = 1024, MANY_OTHERS = 1000 };
static const int cycles_small = 1000000, cycles_large = 100000;

struct cycle {
    PDMA_ADAPTER adapter;
    PDEVICE_OBJECT device;
    PMDL mdl;
    ULONG bytes;
    ULONG registers;
    int count;
    PVOID base;
    uint8_t *copy;
    uint8_t *original;
};

static IO_ALLOCATION_ACTION granted(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    struct cycle *c = context;
    (void)device;
    (void)irp;
    c->base = base;
    return DeallocateObjectKeepRegisters;
}

static double cycles(void *context)
{
    struct cycle *c = context;
    PDMA_OPERATIONS o = c->adapter->DmaOperations;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    uint64_t list[LIST_BYTES / sizeof(uint64_t)];
    double start = bench_now();
    for (int i = 0; i < c->count; i++) {
        ULONG mapped = c->bytes;
        o->InitializeDmaTransferContext(c->adapter, transfer);
        o->AllocateAdapterChannelEx(c->adapter, c->device, transfer, c->registers, 0, granted, c, NULL);
        o->MapTransferEx(c->adapter, c->mdl, c->base, 0, 0, &mapped, TRUE, (PSCATTER_GATHER_LIST)list,
                         sizeof list, NULL, NULL);
        o->FlushAdapterBuffersEx(c->adapter, c->mdl, c->base, 0, mapped, TRUE);
        if (c->base != NULL)
            o->FreeMapRegisters(c->adapter, c->base, c->registers);
    }
    return (bench_now() - start) / c->count;
}

static double copies(void *context)
{
    struct cycle *c = context;
    double start = bench_now();
    for (int i = 0; i < c->count; i++)
        for (ULONG at = 0; at < c->bytes; at += PAGE_SIZE) {
            memcpy(c->copy + at, c->original + at, PAGE_SIZE);
            __asm__ volatile("" ::"r"(c->copy) : "memory");
        }
    return (bench_now() - start) / c->count;
}

/* Maps this many buffers more, which stay mapped: through the same adapter, each with an MDL of its own. */
static void map_others(const struct cycle *c, int count)
{
    PDMA_OPERATIONS o = c->adapter->DmaOperations;
    uint64_t list[LIST_BYTES / sizeof(uint64_t)];
    UCHAR *memory = haldma_alloc_pages(1, 0, UINT64_MAX);
    haldma_require(count == 0 || memory != NULL, "no page");
    for (int i = 0; i < count; i++) {
        ULONG mapped = 1;
        PMDL mdl = IoAllocateMdl(memory + i, mapped, FALSE, FALSE, NULL);
        MmBuildMdlForNonPagedPool(mdl);
        NTSTATUS status = o->MapTransferEx(c->adapter, mdl, NULL, 0, 0, &mapped, TRUE,
                                           (PSCATTER_GATHER_LIST)list, sizeof list, NULL, NULL);
        haldma_require(NT_SUCCESS(status), "buffer %d was not mapped: 0x%08X", i, (unsigned)status);
    }
}

struct result {
    ULONG width;
    ULONG bytes;
    int others; /* that are mapped all the time */
    double cycle;
    double copy;
};

static void measure(void *context)
{
    struct result *r = context;
    ULONG registers;
    struct cycle c = {.bytes = r->bytes, .registers = r->bytes / PAGE_SIZE};
    c.adapter = bench_adapter(r->width, LARGE, &c.device, &registers);
    haldma_require(registers >= c.registers, "too few map registers");
    c.original = haldma_alloc_pages(c.registers, EMU_4GIB, 0);
    c.copy = haldma_alloc_pages(c.registers, 0, EMU_4GIB - 1);
    haldma_require(c.original != NULL && c.copy != NULL, "no pages");
    c.mdl = IoAllocateMdl(c.original, c.bytes, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(c.mdl);
    c.count = r->bytes == SMALL ? cycles_small : cycles_large;

    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    map_others(&c, r->others);
    r->cycle = bench_median(cycles, &c);
    KeLowerIrql(irql);
    r->copy = bench_median(copies, &c);
}

void bench_cycle(void)
{
    enum { REACHES_ALL = 64, REACHES_4_GIB = 32 };
    struct haldma_config config = {.machine = {.step_limit = UINT64_MAX, .profile = EMU_PROFILE_TYPICAL}};
    struct result direct = {.width = REACHES_ALL, .bytes = SMALL};
    struct result direct_large = {.width = REACHES_ALL, .bytes = LARGE};
    struct result small = {.width = REACHES_4_GIB, .bytes = SMALL};
    struct result large = {.width = REACHES_4_GIB, .bytes = LARGE};
    struct result beside_one = {.width = REACHES_ALL, .bytes = SMALL, .others = 1};
    struct result beside_many = {.width = REACHES_ALL, .bytes = SMALL, .others = MANY_OTHERS};
    bench_on_strand(&config, measure, &direct);
    bench_on_strand(&config, measure, &direct_large);
    bench_on_strand(&config, measure, &small);
    bench_on_strand(&config, measure, &large);
    bench_on_strand(&config, measure, &beside_one);
    bench_on_strand(&config, measure, &beside_many);
    bench_line("cycle, 4 KiB, no double buffer", direct.cycle, "ns", 0, NULL);
    bench_line("cycle, 64 KiB, no double buffer", direct_large.cycle, "ns", 0, NULL);
    bench_line("cycle, 1 buffer more is mapped", beside_one.cycle, "ns", 0, NULL);
    bench_line("cycle, 1,000 buffers more are mapped", beside_many.cycle, "ns",
               beside_many.cycle / beside_one.cycle, "1 buffer");
    bench_line("cycle, 4 KiB, double buffer", small.cycle, "ns", small.cycle / (small.copy + direct.cycle),
               "memcpy + cycle");
    bench_line("cycle, 64 KiB, double buffer", large.cycle, "ns",
               large.cycle / (large.copy + direct_large.cycle), "memcpy + cycle");
    struct haldma_config verified = config;
    struct result verified_small = small, verified_large = large;
    verified.verify = HALDMA_VERIFY_ALL;
    bench_on_strand(&verified, measure, &verified_small);
    bench_on_strand(&verified, measure, &verified_large);
    bench_line("cycle, 4 KiB, verified", verified_small.cycle, "ns", verified_small.cycle / small.cycle,
               "not");
    bench_line("cycle, 64 KiB, verified", verified_large.cycle, "ns", verified_large.cycle / large.cycle,
               "not");
    bench_line("memcpy, 64 KiB, page by page", large.copy, "ns", 0, NULL);
}
