/*
 * The controllers of a machine's configuration: their hardware, and the extensions that come with the library
 * for it.
 *
 * The hardware is on the bus from the boot on. Its extension is loaded when the first adapter, or another
 * extension, is asked for: only then there is somebody whose registers accesses they can be. Those are one
 * step with the operation that caused them.
 */
#include <emu/device/soc_dma.h>
#include <emu/irq.h>
#include <nthalext.h>

#include "dma/controller.h"
#include "dma/controller_i8237.h"
#include "dma/hal_extension.h"
#include "dma/system.h"

/* Where the controllers' registers are: above all RAM. */
#define WINDOW_FIRST 0x1000000000ull
enum { INTERRUPT_LEVEL = 10 };

/* The group of one controller, as tests/drivers/soc_dma_extension reads it. */
#pragma pack(push, 1)
struct soc_group {
    CSRT_RESOURCE_GROUP_HEADER group;
    CSRT_RESOURCE_DESCRIPTOR_HEADER controller;
    ULONG interrupt;
    ULONGLONG registers;
};
#pragma pack(pop)

struct dma_builtin {
    bool is_loaded;
    struct emu_i8237 *pair; /* NULL: there is none */
    emu_requester pair_requester;
    unsigned count;
    struct emu_soc_dma *devices[HALDMA_CONTROLLERS_MAX];
    struct haldma_extension extensions[HALDMA_CONTROLLERS_MAX];
};

NTSTATUS dma_soc_AddResourceGroup(ULONG Handle, PCSRT_RESOURCE_GROUP_HEADER ResourceGroup);

static struct soc_group *describe(struct emu_machine *m, emu_line line, uint64_t window)
{
    struct soc_group *g = emu_arena_alloc(m, sizeof *g);
    *g = (struct soc_group){
        .group = {.Length = sizeof *g},
        .controller = {.Length = sizeof *g - sizeof g->group,
                       .Type = CSRT_RD_TYPE_DMA,
                       .Subtype = CSRT_RD_SUBTYPE_DMA_CONTROLLER},
        .interrupt = line,
        .registers = window,
    };
    return g;
}

static void make_soc(struct dma_system *s, struct dma_builtin *b, const struct haldma_controller *config)
{
    struct emu_machine *m = s->machine;
    struct emu_line_config line = {
        .name = "dma controller",
        .trigger = EMU_TRIGGER_LEVEL,
        .level = INTERRUPT_LEVEL,
    };
    struct emu_soc_dma_config device = {
        .window = WINDOW_FIRST + (uint64_t)b->count * EMU_SOC_DMA_WINDOW_BYTES,
        .line = emu_line_add(m, &line),
        .requester = ++s->requesters,
        .first_line = config->first_line,
        .lines = config->lines,
        .channels = config->channels,
        .fragments_max = config->fragments_max,
        .address_width = config->address_width,
        .beat_bytes = config->beat_bytes,
        .beat_ns = config->beat_ns,
    };
    struct emu_soc_dma *hardware = emu_soc_dma_create(m, &device);
    EMU_ASSERT(hardware != NULL && device.line != 0);
    b->devices[b->count] = hardware;
    b->extensions[b->count] = (struct haldma_extension){
        .name = "the DMA controller's extension",
        .entry = dma_soc_AddResourceGroup,
        .group = &describe(m, device.line, device.window)->group,
        .requester = device.requester,
        .is_atomic = true,
    };
    b->count++;
}

void dma_builtin_boot(struct dma_system *s)
{
    const struct haldma_controller *config = s->config->controllers;
    struct dma_builtin *b = emu_arena_alloc(s->machine, sizeof *b);
    s->builtin = b;
    if (s->config->i8237) {
        b->pair_requester = ++s->requesters;
        b->pair = dma_i8237_boot(s->machine, b->pair_requester);
    }
    for (unsigned i = 0; i < HALDMA_CONTROLLERS_MAX && config[i].channels != 0; i++)
        make_soc(s, b, &config[i]);
}

void dma_builtin_load(struct dma_system *s)
{
    struct dma_builtin *b = s->builtin;
    if (b->is_loaded)
        return;
    b->is_loaded = true;
    emu_quiet_begin(s->machine);
    if (b->pair != NULL)
        dma_i8237_load(s, b->pair_requester);
    for (unsigned i = 0; i < b->count; i++) {
        NTSTATUS status = dma_extension_load(s, &b->extensions[i]);
        EMU_ASSERT(NT_SUCCESS(status));
    }
    emu_quiet_end(s->machine);
}

struct emu_soc_dma *dma_builtin_soc(const struct dma_system *s, unsigned number)
{
    return number < s->builtin->count ? s->builtin->devices[number] : NULL;
}

struct emu_i8237 *dma_builtin_i8237(const struct dma_system *s)
{
    return s->builtin->pair;
}
