/*
 * An extension that writes down how it is called, and answers as the test says.
 */
#ifndef EXTENSION_MOCK_H
#define EXTENSION_MOCK_H

#include "extension_bench.h"

#include "dma/controller.h"

enum { CHANNELS = 4, COMMON_BYTES = 3 * PAGE_SIZE, WIDTH = 24, FRAGMENTS = 2, LOG_MAX = 64, DATA = 0x600D };

/* ---- An extension that writes down how it is called ------------------------------------------ */

struct log {
    char calls[LOG_MAX]; /* a letter each */
    unsigned length;
    KIRQL lowest; /* level of a call */
    PVOID data;
    ULONG channel, line, function, elements, bytes;
    uint64_t device, common;
    PVOID common_memory;
    BOOLEAN to_device, loops;
    /* What it answers. */
    BOOLEAN cancels;
    unsigned interrupts; /* to report */
    ULONG interrupt_channel;
    DMA_INTERRUPT_TYPE type;
    ULONG fragments;
    ULONG counter;
    NTSTATUS configured;
    KIRQL leaves_at; /* 0: where it was called */
    emu_line interrupt_line;
};

static struct log *recorded; /* of the current run: made anew by mock_group() */

static inline void note(char call, PVOID data, ULONG channel)
{
    struct log *l = recorded;
    rig_expect(l->length < LOG_MAX - 1);
    l->calls[l->length++] = call;
    l->data = data;
    l->channel = channel;
    if (KeGetCurrentIrql() < l->lowest)
        l->lowest = KeGetCurrentIrql();
}

static inline VOID mock_initialize(PVOID data)
{
    note('I', data, 0);
}

static inline BOOLEAN mock_validate(PVOID data, PDMA_REQUEST_LINE_BINDING_DESCRIPTION binding)
{
    note('V', data, binding->ChannelNumber);
    recorded->line = binding->RequestLine;
    return binding->ChannelNumber == 2;
}

static inline ULONG mock_fragments(PVOID data, ULONG channel, ULONG wanted)
{
    note('Q', data, channel);
    rig_expect(wanted > 0);
    return recorded->fragments;
}

static inline VOID mock_program(PVOID data, ULONG channel, ULONG line, PDMA_SCATTER_GATHER_LIST list,
                                PHYSICAL_ADDRESS device, BOOLEAN to_device, BOOLEAN loops)
{
    struct log *l = recorded;
    note('P', data, channel);
    l->line = line;
    l->elements = list->NumberOfElements;
    for (ULONG i = 0; i < list->NumberOfElements; i++)
        l->bytes += list->Elements[i].Length;
    l->device = (uint64_t)device.QuadPart;
    l->to_device = to_device;
    l->loops = loops;
    if (l->leaves_at != 0) {
        KIRQL old;
        KeRaiseIrql(l->leaves_at, &old);
    }
}

static inline NTSTATUS mock_configure(PVOID data, ULONG channel, ULONG function, PVOID context)
{
    note('C', data, channel);
    recorded->function = function;
    rig_expect(context == recorded);
    return recorded->configured;
}

static inline VOID mock_flush(PVOID data, ULONG channel)
{
    note('F', data, channel);
}

static inline BOOLEAN mock_interrupt(PVOID data, PULONG channel, PDMA_INTERRUPT_TYPE type)
{
    struct log *l = recorded;
    note('H', data, 0);
    if (l->interrupts == 0) {
        emu_line_lower(emu_current(), l->interrupt_line);
        return FALSE;
    }
    l->interrupts--;
    *channel = l->interrupt_channel;
    *type = l->type;
    return TRUE;
}

static inline ULONG mock_counter(PVOID data, ULONG channel)
{
    note('R', data, channel);
    return recorded->counter;
}

static inline VOID mock_common(PVOID data, ULONG channel, PVOID memory, PHYSICAL_ADDRESS logical)
{
    note('B', data, channel);
    recorded->common_memory = memory;
    recorded->common = (uint64_t)logical.QuadPart;
}

static inline BOOLEAN mock_cancel(PVOID data, ULONG channel)
{
    note('X', data, channel);
    return recorded->cancels;
}

static inline DMA_FUNCTION_TABLE mock_table(void)
{
    return (DMA_FUNCTION_TABLE){mock_initialize, mock_validate,  mock_fragments, mock_program, mock_configure,
                                mock_flush,      mock_interrupt, mock_counter,   mock_common,  mock_cancel};
}

static inline DMA_INITIALIZATION_BLOCK mock_block(DMA_FUNCTION_TABLE *table, ULONG *data)
{
    DMA_INITIALIZATION_BLOCK b = {
        .ChannelCount = CHANNELS,
        .DmaAddressWidth = WIDTH,
        .SupportedPortWidths = DMA_32_BIT_PORT_WIDTH,
        .MinimumTransferUnit = 4,
        .MinimumRequestLine = LINE_FIRST,
        .MaximumRequestLine = LINE_FIRST + 1,
        .GeneratesInterrupt = TRUE,
        .Gsi = (LONG)recorded->interrupt_line,
        .InterruptMode = LevelSensitive,
        .InternalData = data,
        .InternalDataSize = sizeof *data,
        .Operations = table,
    };
    INITIALIZE_DMA_HEADER(&b);
    return b;
}

static inline DMA_CHANNEL_INITIALIZATION_BLOCK mock_channel(ULONG id, ULONG number)
{
    DMA_CHANNEL_INITIALIZATION_BLOCK b = {.ControllerId = id, .ChannelNumber = number};
    INITIALIZE_DMA_CHANNEL_HEADER(&b);
    return b;
}

static inline CSRT_RESOURCE_DESCRIPTOR_HEADER descriptor(USHORT subtype)
{
    return (CSRT_RESOURCE_DESCRIPTOR_HEADER){
        .Length = sizeof(CSRT_RESOURCE_DESCRIPTOR_HEADER), .Type = CSRT_RD_TYPE_DMA, .Subtype = subtype};
}

/* Its data and its table are on the stack: both are copied. */
static inline NTSTATUS mock_entry(ULONG handle, PCSRT_RESOURCE_GROUP_HEADER group)
{
    ULONG data = DATA;
    DMA_FUNCTION_TABLE table = mock_table();
    DMA_INITIALIZATION_BLOCK b = mock_block(&table, &data);
    CSRT_RESOURCE_DESCRIPTOR_HEADER header = descriptor(CSRT_RD_SUBTYPE_DMA_CONTROLLER);
    NTSTATUS status = RegisterResourceDescriptor(handle, group, &header, &b);
    header = descriptor(CSRT_RD_SUBTYPE_DMA_CHANNEL);
    for (ULONG i = 0; NT_SUCCESS(status) && i < CHANNELS; i++) {
        DMA_CHANNEL_INITIALIZATION_BLOCK channel = mock_channel(b.ControllerId, i);
        channel.CommonBufferLength = i == 1 ? COMMON_BYTES : 0;
        status = RegisterResourceDescriptor(handle, group, &header, &channel);
    }
    memset(&table, 0, sizeof table);
    data = 0;
    return status;
}

static inline PCSRT_RESOURCE_GROUP_HEADER mock_group(void)
{
    PCSRT_RESOURCE_GROUP_HEADER group = haldma_scratch(sizeof *group);
    group->Length = sizeof *group;
    recorded = haldma_scratch(sizeof *recorded);
    *recorded =
        (struct log){.lowest = HIGH_LEVEL, .cancels = TRUE, .interrupt_channel = 2, .fragments = FRAGMENTS};
    recorded->interrupt_line = bench_line(EMU_TRIGGER_LEVEL);
    return group;
}

static inline struct stream *mock_stream(uint32_t pages)
{
    rig_expect_equal(bench_load(mock_entry, mock_group()), STATUS_SUCCESS);
    return stream_make(LINE_FIRST + 1, pages);
}

static inline void forget(void)
{
    memset(recorded->calls, 0, sizeof recorded->calls);
    recorded->length = 0;
}

static inline void expect_calls(const char *calls)
{
    if (strcmp(recorded->calls, calls) != 0)
        haldma_fail("expectation", "called: %s, expected: %s", recorded->calls, calls);
    forget();
}

/* The hardware of the mock interrupts: this many ends to report. */
static inline void interrupt(unsigned count)
{
    recorded->interrupts = count;
    emu_line_raise(emu_current(), recorded->interrupt_line);
}

#endif
