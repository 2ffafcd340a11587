/*
 * Common buffers of memory that a driver has already: CreateCommonBufferFromMdl.
 */
#ifndef DMA_MDL_BUFFER_H
#define DMA_MDL_BUFFER_H

#include <emu/step.h>
#include <wdm.h>

struct dma_adapter;

/*
 * The pages of an MDL, or a part of one in a chain, as a common buffer; FreeCommonBuffer ends it and leaves
 * the pages alone. STATUS_INVALID_PARAMETER: the MDL or a configuration does not fit; STATUS_NOT_SUPPORTED:
 * the machine cannot give the device these permissions; STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS dma_mdl_buffer_create(struct dma_adapter *a, PMDL mdl,
                               const DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION *configs, ULONG count,
                               PPHYSICAL_ADDRESS logical);

#endif
