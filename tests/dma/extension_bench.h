/*
 * A machine whose DMA controller is served by an extension of the test's choice: the example's, with real
 * registers, or one that writes down how it is called.
 */
#ifndef EXTENSION_BENCH_H
#define EXTENSION_BENCH_H

#include "world.h"

#include <emu/device/soc_dma.h>
#include <emu/event.h>
#include <emu/irq.h>
#include <nthalext.h>

#define REGISTERS 0x2000000000ull
enum { LINE_FIRST = 0x40, LINES = 2, LEVEL = 9, FUNCTION_SET_UNIT = 1 };

/* The example's entry point, as the library has it. */
NTSTATUS dma_soc_AddResourceGroup(ULONG Handle, PCSRT_RESOURCE_GROUP_HEADER ResourceGroup);

#pragma pack(push, 1)
struct soc_group {
    CSRT_RESOURCE_GROUP_HEADER group;
    CSRT_RESOURCE_DESCRIPTOR_HEADER controller;
    ULONG interrupt;
    ULONGLONG registers;
};
#pragma pack(pop)

/* Without controllers: those come with extensions. */
static inline struct haldma_config bare_config(void)
{
    struct haldma_config config = world_config();
    config.controllers[0] = (struct haldma_controller){0};
    return config;
}

static inline emu_line bench_line(enum emu_trigger trigger)
{
    struct emu_line_config line = {.name = "extension", .trigger = trigger, .level = LEVEL};
    emu_line number = emu_line_add(emu_current(), &line);
    rig_expect(number != 0);
    return number;
}

/* The example's hardware and its group. */
static inline struct soc_group *bench_hardware(uint32_t beat_bytes)
{
    struct soc_group *g = haldma_scratch(sizeof *g);
    *g = (struct soc_group){
        .group = {.Length = sizeof *g},
        .controller = {.Length = sizeof *g - sizeof g->group,
                       .Type = CSRT_RD_TYPE_DMA,
                       .Subtype = CSRT_RD_SUBTYPE_DMA_CONTROLLER},
        .interrupt = bench_line(EMU_TRIGGER_LEVEL),
        .registers = REGISTERS,
    };
    struct emu_soc_dma_config device = {
        .window = REGISTERS,
        .line = g->interrupt,
        .first_line = LINE_FIRST,
        .lines = LINES,
        .channels = 1,
        .fragments_max = WORLD_FRAGMENTS,
        .beat_bytes = beat_bytes,
    };
    rig_expect(emu_soc_dma_create(emu_current(), &device) != NULL);
    return g;
}

/* Loads an extension whose register accesses are yield points. */
static inline NTSTATUS bench_load(NTSTATUS (*entry)(ULONG, PCSRT_RESOURCE_GROUP_HEADER),
                                  PCSRT_RESOURCE_GROUP_HEADER group)
{
    struct haldma_extension extension = {.name = "the extension", .entry = entry, .group = group};
    return haldma_load_extension(&extension);
}

/* ---- A transfer on a channel ----------------------------------------------------------------- */

struct stream {
    PDMA_ADAPTER adapter;
    PDMA_OPERATIONS o;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    PVOID base;
    PMDL mdl;
    unsigned char *memory;
    ULONG length;
    unsigned completions;
    DMA_COMPLETION_STATUS status;
    KEVENT completed;
};

static inline VOID stream_completed(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID context,
                                    DMA_COMPLETION_STATUS status)
{
    struct stream *s = context;
    (void)device;
    rig_expect(adapter == s->adapter);
    s->completions++;
    s->status = status;
    KeSetEvent(&s->completed, IO_NO_INCREMENT, FALSE);
}

static inline struct stream *stream_of(PDMA_ADAPTER adapter, uint32_t pages)
{
    struct stream *s = haldma_scratch(sizeof *s);
    rig_expect(adapter != NULL);
    s->adapter = adapter;
    s->o = adapter->DmaOperations;
    s->mdl = world_buffer(pages, false, &s->memory);
    s->length = pages * PAGE_SIZE;
    s->base = world_take(adapter, s->transfer, pages);
    KeInitializeEvent(&s->completed, SynchronizationEvent, FALSE);
    return s;
}

static inline struct stream *stream_make(ULONG line, uint32_t pages)
{
    return stream_of(world_channel(line), pages);
}

static inline NTSTATUS stream_start(struct stream *s, BOOLEAN to_device)
{
    return s->o->MapTransferEx(s->adapter, s->mdl, s->base, 0, 0, &s->length, to_device, NULL, 0,
                               stream_completed, s);
}

static inline void stream_wait(struct stream *s)
{
    rig_expect_equal(KeWaitForSingleObject(&s->completed, Executive, KernelMode, FALSE, NULL),
                     STATUS_SUCCESS);
}

static inline NTSTATUS stream_flush(struct stream *s, BOOLEAN to_device)
{
    return s->o->FlushAdapterBuffersEx(s->adapter, s->mdl, s->base, 0, s->length, to_device);
}

/* ---- A test whose body runs on a strand of a bare machine ------------------------------------ */

static inline void bench_run(void **state)
{
    const struct world_test *test = *state;
    struct haldma_config config = bare_config();
    struct emu_machine *m = world_machine(&config);
    struct rig_outcome outcome;
    rig_run(m, test->body, NULL, &outcome);
    emu_machine_destroy(m);
    if (test->rule == NULL)
        rig_assert_idle(&outcome);
    else
        rig_assert_stopped(&outcome, test->rule, test->code);
}
#define BENCH_STOPS(body, rule)                            \
    {                                                      \
#body, bench_run, NULL, NULL, &(struct world_test) \
        {                                                  \
            body, rule, NULL                               \
        }                                                  \
    }
#define BENCH_HOLDS(body) BENCH_STOPS(body, NULL)

#endif
