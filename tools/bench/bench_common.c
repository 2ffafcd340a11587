/*
 * What common buffers cost: allocating and freeing one, and the memory behind an adapter.
 */
#include "bench.h"

#include "dma/adapter.h"
#include "dma/common.h"

enum { REPEAT = 20000, REACHES_ALL = 64, ELEMENTS = 64 };

struct cycle {
    PDMA_ADAPTER adapter;
    ULONG bytes;
};

static double one_buffer(void *context)
{
    const struct cycle *c = context;
    PDMA_OPERATIONS o = c->adapter->DmaOperations;
    double start = bench_now();
    for (int i = 0; i < REPEAT; i++) {
        PHYSICAL_ADDRESS logical;
        PVOID memory = o->AllocateCommonBuffer(c->adapter, c->bytes, &logical, TRUE);
        haldma_require(memory != NULL, "no common buffer");
        o->FreeCommonBuffer(c->adapter, c->bytes, logical, memory, TRUE);
    }
    return (bench_now() - start) / REPEAT;
}

static double one_vector(void *context)
{
    const struct cycle *c = context;
    PDMA_OPERATIONS o = c->adapter->DmaOperations;
    PHYSICAL_ADDRESS lowest = {.QuadPart = 0}, highest = {.QuadPart = -1};
    const int rounds = REPEAT / ELEMENTS;
    double start = bench_now();
    for (int i = 0; i < rounds; i++) {
        PDMA_COMMON_BUFFER_VECTOR vector;
        NTSTATUS status = o->AllocateCommonBufferVector(c->adapter, lowest, highest, MmCached, 0, 0, ELEMENTS,
                                                        c->bytes, &vector);
        haldma_require(NT_SUCCESS(status), "no vector");
        for (ULONG e = 0; e < ELEMENTS; e++)
            o->FreeCommonBufferFromVector(c->adapter, vector, e);
        o->FreeCommonBufferVector(c->adapter, vector);
    }
    return (bench_now() - start) / (rounds * ELEMENTS);
}

struct figures {
    double page, many_pages, element;
};

static void measure(void *context)
{
    enum { MANY = 16 };
    struct figures *f = context;
    PDEVICE_OBJECT device;
    ULONG registers;
    struct cycle c = {.bytes = PAGE_SIZE};
    c.adapter = bench_adapter(REACHES_ALL, PAGE_SIZE, &device, &registers);
    f->page = bench_median(one_buffer, &c);
    f->element = bench_median(one_vector, &c);
    c.bytes = MANY * PAGE_SIZE;
    f->many_pages = bench_median(one_buffer, &c);
}

void bench_common(void)
{
    struct haldma_config plain = {.machine = {.step_limit = UINT64_MAX, .profile = EMU_PROFILE_TYPICAL}};
    struct haldma_config remapped = plain;
    struct figures direct, mapped;
    remapped.remapping = true;
    bench_on_strand(&plain, measure, &direct);
    bench_on_strand(&remapped, measure, &mapped);
    bench_line("common buffer, 1 page", direct.page, "ns", 0, NULL);
    bench_line("common buffer, 16 pages", direct.many_pages, "ns", direct.many_pages / direct.page, "1 page");
    bench_line("common buffer of a vector, 1 page", direct.element, "ns", direct.element / direct.page,
               "alone");
    bench_line("common buffer, 1 page, remapped", mapped.page, "ns", mapped.page / direct.page, "not");
    bench_line("common buffer, 16 pages, remapped", mapped.many_pages, "ns",
               mapped.many_pages / direct.many_pages, "not");
    bench_line("memory of an adapter", sizeof(struct dma_adapter), "bytes", 0, NULL);
    bench_line("memory of a common buffer besides its pages", sizeof(struct dma_common), "bytes", 0, NULL);
}
