/*
 * What the tests of the dma layer share: a machine with everything on it, adapters and buffers in it, and the
 * form of a test whose sentence is said on a strand.
 */
#ifndef WORLD_H
#define WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <emu/bus.h>
#include <emu/cpu.h>
#include <emu/mem.h>
#include <haldma.h>

#include "dma/adapter.h"
#include "dma/system.h"
#include "rig/rig.h"

enum {
    WORLD_REGISTERS = 64,
    WORLD_LINE = 0x1000,
    WORLD_FRAGMENTS = 4,
    WORLD_LIST_ELEMENTS = 32,
    FAR_BIT = 32
};

/* ---- On the main stack ----------------------------------------------------------------------- */

/* Two processors, 64 map registers, one controller: one channel behind two request lines, scatter/gather of 4
 * fragments. */
static inline struct haldma_config world_config(void)
{
    return (struct haldma_config){
        .machine = {.processors = 2, .profile = EMU_PROFILE_TYPICAL},
        .map_registers = WORLD_REGISTERS,
        .adapter_map_registers_max = WORLD_REGISTERS,
        .controllers = {{.first_line = WORLD_LINE,
                         .lines = 2,
                         .channels = 1,
                         .fragments_max = WORLD_FRAGMENTS,
                         .beat_bytes = 1024}},
    };
}

static inline struct emu_machine *world_machine(const struct haldma_config *config)
{
    const char *error = NULL;
    struct emu_machine *m = haldma_machine_create(config, &error);
    if (m == NULL)
        fail_msg("no machine: %s", error);
    return m;
}

/* A test whose body runs on a strand of a fresh machine: it holds, or it is stopped with a finding. */
struct world_test {
    void (*body)(void *);
    const char *rule; /* NULL: it holds */
    const char *code;
};
#define WORLD_HOLDS(body)                                  \
    {                                                      \
#body, world_run, NULL, NULL, &(struct world_test) \
        {                                                  \
            body, NULL, NULL                               \
        }                                                  \
    }
#define WORLD_STOPS(body, rule, code)                      \
    {                                                      \
#body, world_run, NULL, NULL, &(struct world_test) \
        {                                                  \
            body, rule, code                               \
        }                                                  \
    }

/* The test of a body, on a machine of its own. */
static inline void world_run_on(const struct haldma_config *config, const struct world_test *test)
{
    struct emu_machine *m = world_machine(config);
    struct rig_outcome outcome;
    rig_run(m, test->body, NULL, &outcome);
    emu_machine_destroy(m);
    if (test->rule == NULL)
        rig_assert_idle(&outcome);
    else
        rig_assert_stopped(&outcome, test->rule, test->code);
}

static inline void world_run(void **state)
{
    struct haldma_config config = world_config();
    world_run_on(&config, *state);
}

/* Every interleaving and latitude of a program with at most this many preemptions: none fails. */
static inline void world_explore(const struct haldma_config *config, void (*set_up)(void *),
                                 void (*check)(void *), int preemptions)
{
    enum { RUNS_MAX = 2000000 };
    struct emu_machine *m = world_machine(config);
    struct emu_program program = {"explored", set_up, check, NULL};
    struct emu_report report;
    rig_explore(m, &program, preemptions, RUNS_MAX, &report);
    emu_machine_destroy(m);
    rig_assert_clean(&report);
    rig_assert_complete(&report);
    emu_report_free(&report);
}

/* ---- On a strand ----------------------------------------------------------------------------- */

static inline DEVICE_DESCRIPTION world_master(ULONG version, ULONG width)
{
    return (DEVICE_DESCRIPTION){
        .Version = version,
        .Master = TRUE,
        .ScatterGather = TRUE,
        .Dma32BitAddresses = width == 32,
        .Dma64BitAddresses = width == 64,
        .InterfaceType = Internal,
        .MaximumLength = 16 * PAGE_SIZE,
        .DmaAddressWidth = width,
    };
}

static inline DEVICE_DESCRIPTION world_subordinate(ULONG line)
{
    return (DEVICE_DESCRIPTION){
        .Version = DEVICE_DESCRIPTION_VERSION3,
        .InterfaceType = Internal,
        .DmaWidth = Width32Bits,
        .MaximumLength = 16 * PAGE_SIZE,
        .DmaRequestLine = line,
    };
}

static inline PDMA_ADAPTER world_get(DEVICE_DESCRIPTION description, ULONG *registers)
{
    ULONG count = 0;
    PDMA_ADAPTER adapter = IoGetDmaAdapter(NULL, &description, &count);
    if (registers != NULL)
        *registers = count;
    return adapter;
}

/* A bus master of version 3 with scatter/gather and so many address bits. */
static inline PDMA_ADAPTER world_adapter(ULONG width)
{
    PDMA_ADAPTER adapter = world_get(world_master(DEVICE_DESCRIPTION_VERSION3, width), NULL);
    rig_expect(adapter != NULL);
    return adapter;
}

static inline PDMA_ADAPTER world_channel(ULONG line)
{
    PDMA_ADAPTER adapter = world_get(world_subordinate(line), NULL);
    rig_expect(adapter != NULL);
    return adapter;
}

/* A device object that nothing else has. */
static inline PDEVICE_OBJECT world_device(void)
{
    PDEVICE_OBJECT device = emu_arena_alloc(emu_current(), sizeof *device);
    device->Type = IO_TYPE_DEVICE;
    return device;
}

static inline unsigned char *world_pages(uint32_t pages, bool far)
{
    uint64_t boundary = 1ull << FAR_BIT;
    unsigned char *memory = haldma_alloc_pages(pages, far ? boundary : 0, far ? 0 : boundary - 1);
    rig_expect(memory != NULL);
    return memory;
}

static inline PMDL world_mdl(void *memory, uint32_t bytes)
{
    PMDL mdl = IoAllocateMdl(memory, bytes, FALSE, FALSE, NULL);
    rig_expect(mdl != NULL);
    MmBuildMdlForNonPagedPool(mdl);
    return mdl;
}

/* A buffer of this many pages that are not neighbours, every page filled with its number. */
static inline PMDL world_buffer(uint32_t pages, bool far, unsigned char **memory)
{
    *memory = world_pages(pages, far);
    for (uint32_t i = 0; i < pages; i++)
        memset(*memory + (size_t)i * PAGE_SIZE, (int)('a' + i), PAGE_SIZE);
    return world_mdl(*memory, pages * PAGE_SIZE);
}

/* What a device would see at, or do to, a logical address. */
static inline void world_device_read(uint64_t logical, void *to, size_t bytes)
{
    rig_expect(emu_bus_dma(emu_current(), 0, logical, to, bytes, false) == EMU_DMA_DONE);
}

static inline void world_device_write(uint64_t logical, const void *from, size_t bytes)
{
    unsigned char copy[PAGE_SIZE];
    rig_expect(bytes <= sizeof copy);
    memcpy(copy, from, bytes);
    rig_expect(emu_bus_dma(emu_current(), 0, logical, copy, bytes, true) == EMU_DMA_DONE);
}

/* A list buffer of a driver's. */
struct world_list {
    _Alignas(SCATTER_GATHER_LIST) unsigned char bytes[sizeof(SCATTER_GATHER_LIST) +
                                                      WORLD_LIST_ELEMENTS * sizeof(SCATTER_GATHER_ELEMENT)];
};

static inline PSCATTER_GATHER_LIST world_list(struct world_list *list)
{
    return (PSCATTER_GATHER_LIST)(void *)list->bytes;
}

static inline uint64_t world_address(struct world_list *list, ULONG index)
{
    return (uint64_t)world_list(list)->Elements[index].Address.QuadPart;
}

static inline NTSTATUS world_map(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, ULONGLONG offset, ULONG *length,
                                 bool to_device, struct world_list *list)
{
    return adapter->DmaOperations->MapTransferEx(adapter, mdl, base, offset, 0, length, to_device,
                                                 world_list(list), sizeof list->bytes, NULL, NULL);
}

/* Registers (or an adapter channel) at once, without a routine. */
static inline PVOID world_take(PDMA_ADAPTER adapter, PVOID context, ULONG registers)
{
    PVOID base = NULL;
    rig_expect_equal(adapter->DmaOperations->InitializeDmaTransferContext(adapter, context), STATUS_SUCCESS);
    rig_expect_equal(adapter->DmaOperations->AllocateAdapterChannelEx(
                         adapter, NULL, context, registers, DMA_SYNCHRONOUS_CALLBACK, NULL, NULL, &base),
                     STATUS_SUCCESS);
    return base;
}

static inline struct dma_pool *world_pool(void)
{
    return &dma_system()->pool;
}

/* What an AdapterControl of a test writes down. */
struct world_call {
    unsigned calls;
    PVOID base;
    PIRP irp;
    PDEVICE_OBJECT device;
    KIRQL level;
    unsigned processor;
    IO_ALLOCATION_ACTION action; /* what it returns */
};

static inline IO_ALLOCATION_ACTION world_control(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    struct world_call *call = context;
    call->calls++;
    call->device = device;
    call->irp = irp;
    call->base = base;
    call->level = KeGetCurrentIrql();
    call->processor = emu_cpu(emu_current());
    return call->action;
}

static inline NTSTATUS world_ask(PDMA_ADAPTER adapter, PVOID context, ULONG registers,
                                 struct world_call *call)
{
    rig_expect_equal(adapter->DmaOperations->InitializeDmaTransferContext(adapter, context), STATUS_SUCCESS);
    return adapter->DmaOperations->AllocateAdapterChannelEx(adapter, NULL, context, registers, 0,
                                                            world_control, call, NULL);
}

#endif
