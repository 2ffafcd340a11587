/*
 * IoGetDmaAdapter, as the subsystem itself performs it.
 */
#ifndef DMA_DDI_ADAPTER_H
#define DMA_DDI_ADAPTER_H

#include <wdm.h>

struct dma_system;

/* See IoGetDmaAdapter. */
PDMA_ADAPTER dma_adapter_get(struct dma_system *s, PDEVICE_OBJECT PhysicalDeviceObject,
                             PDEVICE_DESCRIPTION DeviceDescription, PULONG NumberOfMapRegisters);

#endif
