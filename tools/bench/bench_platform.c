/*
 * What a transfer costs on each platform: a whole cycle (allocate, map, flush, free) in both directions, and
 * as scatter/gather list, for a bus master of 64 bits; and a common buffer. 64 KiB are compared with memcpy
 * of the same bytes, page by page.
 *
 * Nothing is added for the device itself. Where an adapter has fewer registers than the buffer has pages, a
 * cycle is made for each part.
 */
#include "bench.h"

#include <stdio.h>
#include <string.h>

enum { SMALL = PAGE_SIZE, LARGE = 16 * PAGE_SIZE, LIST_BYTES = 1024, WIDTH = 64, LABEL_TEXT = 64 };
static const int cycles_small = 50000, cycles_large = 5000;

struct cycle {
    PDMA_ADAPTER adapter;
    PDEVICE_OBJECT device;
    PMDL mdl;
    ULONG bytes;
    ULONG registers; /* of one allocation, at most */
    BOOLEAN to_device;
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

static void transfer(struct cycle *c)
{
    PDMA_OPERATIONS o = c->adapter->DmaOperations;
    UCHAR context[DMA_TRANSFER_CONTEXT_SIZE_V1];
    uint64_t list[LIST_BYTES / sizeof(uint64_t)];
    ULONG part = c->registers * PAGE_SIZE < c->bytes ? c->registers * PAGE_SIZE : c->bytes;
    for (ULONG at = 0; at < c->bytes; at += part) {
        ULONG mapped = part;
        o->InitializeDmaTransferContext(c->adapter, context);
        o->AllocateAdapterChannelEx(c->adapter, c->device, context, part / PAGE_SIZE, 0, granted, c, NULL);
        o->MapTransferEx(c->adapter, c->mdl, c->base, at, 0, &mapped, c->to_device,
                         (PSCATTER_GATHER_LIST)list, sizeof list, NULL, NULL);
        o->FlushAdapterBuffersEx(c->adapter, c->mdl, c->base, at, mapped, c->to_device);
        if (c->base != NULL)
            o->FreeMapRegisters(c->adapter, c->base, part / PAGE_SIZE);
    }
}

static void put_list(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    struct cycle *c = context;
    (void)device;
    (void)irp;
    c->adapter->DmaOperations->PutScatterGatherList(c->adapter, list, c->to_device);
}

static void get_list(struct cycle *c)
{
    ULONG part = c->registers * PAGE_SIZE < c->bytes ? c->registers * PAGE_SIZE : c->bytes;
    for (ULONG at = 0; at < c->bytes; at += part)
        c->adapter->DmaOperations->GetScatterGatherList(c->adapter, c->device, c->mdl,
                                                        (char *)MmGetMdlVirtualAddress(c->mdl) + at, part,
                                                        put_list, c, c->to_device);
}

static double repeat(struct cycle *c, void (*once)(struct cycle *c))
{
    double start = bench_now();
    for (int i = 0; i < c->count; i++)
        once(c);
    return (bench_now() - start) / c->count;
}

static double cycles(void *context)
{
    return repeat(context, transfer);
}

static double lists(void *context)
{
    return repeat(context, get_list);
}

static void copy(struct cycle *c)
{
    for (ULONG at = 0; at < c->bytes; at += PAGE_SIZE) {
        memcpy(c->copy + at, c->original + at, PAGE_SIZE);
        __asm__ volatile("" ::"r"(c->copy) : "memory");
    }
}

static double copies(void *context)
{
    return repeat(context, copy);
}

static void allocate_common(struct cycle *c)
{
    PHYSICAL_ADDRESS logical;
    PDMA_OPERATIONS o = c->adapter->DmaOperations;
    PVOID memory = o->AllocateCommonBuffer(c->adapter, c->bytes, &logical, TRUE);
    haldma_require(memory != NULL, "no common buffer");
    o->FreeCommonBuffer(c->adapter, c->bytes, logical, memory, TRUE);
}

static double commons(void *context)
{
    return repeat(context, allocate_common);
}

struct result {
    double small, out, in, list, common, copy;
};

static void prepare(struct cycle *c, ULONG bytes)
{
    c->bytes = bytes;
    c->mdl = IoAllocateMdl(c->original, bytes, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(c->mdl);
    c->count = bytes == SMALL ? cycles_small : cycles_large;
}

static void measure(void *context)
{
    struct result *r = context;
    struct cycle c = {.to_device = TRUE};
    c.adapter = bench_adapter(WIDTH, LARGE, &c.device, &c.registers);
    c.original = haldma_alloc_pages(LARGE / PAGE_SIZE, 0, UINT32_MAX);
    c.copy = haldma_alloc_pages(LARGE / PAGE_SIZE, 0, UINT32_MAX);
    haldma_require(c.original != NULL && c.copy != NULL, "no pages");
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    prepare(&c, SMALL);
    r->small = bench_median(cycles, &c);
    prepare(&c, LARGE);
    r->out = bench_median(cycles, &c);
    r->list = bench_median(lists, &c);
    c.to_device = FALSE;
    r->in = bench_median(cycles, &c);
    KeLowerIrql(irql);
    prepare(&c, SMALL);
    r->common = bench_median(commons, &c);
    c.bytes = LARGE;
    r->copy = bench_median(copies, &c);
}

static void show(const char *platform, const char *what, double ns, double ratio, const char *of_what)
{
    char label[LABEL_TEXT];
    snprintf(label, sizeof label, "%s, %s", platform, what);
    bench_line(label, ns, "ns", ratio, of_what);
}

void bench_platform(void)
{
    for (unsigned i = 0; haldma_platform_at(i) != NULL; i++) {
        const char *name = haldma_platform_at(i)->name;
        struct haldma_config config;
        struct result r = {0};
        haldma_platform_configure(haldma_platform_at(i), &config);
        config.machine.step_limit = UINT64_MAX;
        config.machine.profile = EMU_PROFILE_TYPICAL;
        bench_on_strand(&config, measure, &r);
        show(name, "cycle, 4 KiB to the device", r.small, 0, NULL);
        show(name, "cycle, 64 KiB to the device", r.out, r.out / r.copy, "memcpy");
        show(name, "cycle, 64 KiB from the device", r.in, r.in / r.copy, "memcpy");
        show(name, "scatter/gather list, 64 KiB", r.list, r.list / r.copy, "memcpy");
        show(name, "common buffer, 4 KiB", r.common, 0, NULL);
    }
}
