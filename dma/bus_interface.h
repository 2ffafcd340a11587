/*
 * The adapter of a bus driver of the device's own, where its stack has one.
 */
#ifndef DMA_BUS_INTERFACE_H
#define DMA_BUS_INTERFACE_H

#include <wdm.h>

/* Asks the device's stack for its bus interface, and that for an adapter. NULL: the stack has none.
 * PASSIVE_LEVEL. */
PDMA_ADAPTER dma_bus_adapter(PDEVICE_OBJECT physical_device, PDEVICE_DESCRIPTION description,
                             PULONG map_registers);

#endif
