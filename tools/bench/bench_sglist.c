/*
 * The cycle of a scatter/gather list: GetScatterGatherList, AdapterListControl, PutScatterGatherList; and
 * what a request that waits costs in memory.
 */
#include "bench.h"

#include <emu/mem.h>
#include <stdio.h>
#include <unistd.h>

enum {
    REACHES_ALL = 64,
    REACHES_4_GIB = 32,
    SMALL = PAGE_SIZE,
    MIDDLE = 16 * PAGE_SIZE,
    LARGE = 256 * PAGE_SIZE,
    BYTES_PER_ROUND = 1 << 28, /* so that each round takes about as long */
    CYCLES_MOST = 200000,
    REGISTERS = 1024,
    WAITING = 100000,
};

struct gathering {
    PDMA_ADAPTER adapter;
    PDEVICE_OBJECT device;
    PMDL mdl;
    ULONG bytes;
    int count;
};

static VOID put(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    struct gathering *g = context;
    (void)device;
    (void)irp;
    g->adapter->DmaOperations->PutScatterGatherList(g->adapter, list, TRUE);
}

static double cycles(void *context)
{
    struct gathering *g = context;
    PDMA_OPERATIONS o = g->adapter->DmaOperations;
    PVOID memory = MmGetMdlVirtualAddress(g->mdl);
    double start = bench_now();
    for (int i = 0; i < g->count; i++)
        o->GetScatterGatherList(g->adapter, g->device, g->mdl, memory, g->bytes, put, g, TRUE);
    return (bench_now() - start) / g->count;
}

struct cost {
    ULONG width;
    ULONG bytes;
    double ns;
};

static struct gathering prepare(ULONG width, ULONG bytes)
{
    ULONG registers;
    struct gathering g = {.bytes = bytes};
    g.adapter = bench_adapter(width, bytes, &g.device, &registers);
    void *memory = haldma_alloc_pages(bytes / PAGE_SIZE, EMU_4GIB, 0);
    haldma_require(memory != NULL, "no pages");
    g.mdl = IoAllocateMdl(memory, bytes, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(g.mdl);
    return g;
}

static void measure_cycle(void *context)
{
    struct cost *c = context;
    struct gathering g = prepare(c->width, c->bytes);
    int count = BYTES_PER_ROUND / (int)c->bytes;
    g.count = count < CYCLES_MOST ? count : CYCLES_MOST;
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    c->ns = bench_median(cycles, &g);
    KeLowerIrql(irql);
}

/* Memory that the process has now. */
static double resident_bytes(void)
{
    unsigned long all = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%lu %lu", &all, &resident) != 2)
        haldma_fail("bench", "/proc/self/statm cannot be read");
    fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

/* Requests that wait for the adapter, a page each. */
static void measure_memory(void *context)
{
    double *bytes = context;
    struct gathering g = prepare(REACHES_4_GIB, SMALL);
    PDMA_OPERATIONS o = g.adapter->DmaOperations;
    UCHAR holder[DMA_TRANSFER_CONTEXT_SIZE_V1];
    PVOID base, memory = MmGetMdlVirtualAddress(g.mdl);
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    o->InitializeDmaTransferContext(g.adapter, holder);
    o->AllocateAdapterChannelEx(g.adapter, g.device, holder, 1, DMA_SYNCHRONOUS_CALLBACK, NULL, NULL, &base);
    double before = resident_bytes();
    for (int i = 0; i < WAITING; i++)
        if (o->GetScatterGatherList(g.adapter, g.device, g.mdl, memory, SMALL, put, &g, TRUE))
            haldma_fail("bench", "request %d was refused", i);
    *bytes = (resident_bytes() - before) / WAITING;
    o->FreeAdapterObject(g.adapter, DeallocateObject);
    KeLowerIrql(irql);
}

void bench_sglist(void)
{
    static const struct {
        const char *name;
        ULONG width, bytes;
    } lists[] = {
        {"list, 4 KiB, no double buffer", REACHES_ALL, SMALL},
        {"list, 64 KiB, no double buffer", REACHES_ALL, MIDDLE},
        {"list, 1 MiB, no double buffer", REACHES_ALL, LARGE},
        {"list, 4 KiB, double buffer", REACHES_4_GIB, SMALL},
        {"list, 64 KiB, double buffer", REACHES_4_GIB, MIDDLE},
        {"list, 1 MiB, double buffer", REACHES_4_GIB, LARGE},
    };
    struct haldma_config config = {
        .machine = {.step_limit = UINT64_MAX, .profile = EMU_PROFILE_TYPICAL, .ram_mid_pages = 1 << 14},
        .map_registers = REGISTERS,
        .adapter_map_registers_max = REGISTERS,
    };
    double waiting;
    bench_on_strand(&config, measure_memory, &waiting);
    for (unsigned i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct cost c = {.width = lists[i].width, .bytes = lists[i].bytes};
        bench_on_strand(&config, measure_cycle, &c);
        bench_line(lists[i].name, c.ns, "ns", 0, NULL);
    }
    bench_line("list that waits, memory", waiting, "bytes", 0, NULL);
}
