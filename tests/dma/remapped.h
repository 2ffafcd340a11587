/*
 * Tests on a machine with a remapping unit: the form of a test there, and devices that touch memory.
 */
#ifndef REMAPPED_H
#define REMAPPED_H

#include "world.h"

/* A test whose body runs on a strand of a fresh machine with a remapping unit. */
#define REMAPPED_HOLDS(body)                                  \
    {                                                         \
#body, remapped_run, NULL, NULL, &(struct world_test) \
        {                                                     \
            body, NULL, NULL                                  \
        }                                                     \
    }
#define REMAPPED_STOPS(body, rule, code)                      \
    {                                                         \
#body, remapped_run, NULL, NULL, &(struct world_test) \
        {                                                     \
            body, rule, code                                  \
        }                                                     \
    }

static inline void remapped_run(void **state)
{
    struct haldma_config config = world_config();
    config.remapping = true;
    world_run_on(&config, *state);
}

/* A device that asks for memory as this requester. */
static inline PDEVICE_OBJECT remapped_device(const char *name, uint32_t requester)
{
    PDEVICE_OBJECT device =
        haldma_add_device(&(struct haldma_device){.name = name, .bus = PCIBus, .requester = requester});
    rig_expect(device != NULL);
    return device;
}

/* An adapter of version 3 for a device with so many address bits. */
static inline PDMA_ADAPTER remapped_adapter(PDEVICE_OBJECT device, ULONG width)
{
    DEVICE_DESCRIPTION description = world_master(DEVICE_DESCRIPTION_VERSION3, width);
    ULONG registers = 0;
    PDMA_ADAPTER adapter = IoGetDmaAdapter(device, &description, &registers);
    rig_expect(adapter != NULL);
    return adapter;
}

/* What the device of a requester reads at a logical address, and writes there. */
static inline unsigned char remapped_read(uint32_t requester, uint64_t logical)
{
    unsigned char byte = 0;
    rig_expect(emu_bus_dma(emu_current(), requester, logical, &byte, 1, false) == EMU_DMA_DONE);
    return byte;
}

static inline void remapped_write(uint32_t requester, uint64_t logical, unsigned char byte)
{
    rig_expect(emu_bus_dma(emu_current(), requester, logical, &byte, 1, true) == EMU_DMA_DONE);
}

static inline void remapped_free(PDMA_ADAPTER adapter, ULONG length, uint64_t logical, PVOID memory)
{
    PHYSICAL_ADDRESS address = {.QuadPart = (LONGLONG)logical};
    adapter->DmaOperations->FreeCommonBuffer(adapter, length, address, memory, TRUE);
}

#endif
