/*
 * The scatter/gather members of the operations tables, for ddi_table.c.
 */
#ifndef DMA_DDI_SGLIST_H
#define DMA_DDI_SGLIST_H

#include <wdm.h>

/* DISPATCH_LEVEL, where not said otherwise. [PGET_SCATTER_GATHER_LIST and so on] */
NTSTATUS dma_ddi_get_scatter_gather_list(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PMDL mdl,
                                         PVOID virtual_address, ULONG length, PDRIVER_LIST_CONTROL routine,
                                         PVOID context, BOOLEAN to_device);
VOID dma_ddi_put_scatter_gather_list(PDMA_ADAPTER adapter, PSCATTER_GATHER_LIST list, BOOLEAN to_device);
/* Any IRQL. */
NTSTATUS dma_ddi_calculate_scatter_gather_list(PDMA_ADAPTER adapter, PMDL mdl, PVOID virtual_address,
                                               ULONG length, PULONG size, PULONG registers);
NTSTATUS dma_ddi_build_scatter_gather_list(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PMDL mdl,
                                           PVOID virtual_address, ULONG length, PDRIVER_LIST_CONTROL routine,
                                           PVOID context, BOOLEAN to_device, PVOID buffer,
                                           ULONG buffer_length);
/* <= DISPATCH_LEVEL. */
NTSTATUS dma_ddi_build_mdl_from_scatter_gather_list(PDMA_ADAPTER adapter, PSCATTER_GATHER_LIST list,
                                                    PMDL original, PMDL *target);
/* <= DISPATCH_LEVEL, both. */
NTSTATUS dma_ddi_get_scatter_gather_list_ex(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID transfer,
                                            PMDL mdl, ULONGLONG offset, ULONG length, ULONG flags,
                                            PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN to_device,
                                            PDMA_COMPLETION_ROUTINE completion, PVOID completion_context,
                                            PSCATTER_GATHER_LIST *list);
NTSTATUS dma_ddi_build_scatter_gather_list_ex(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID transfer,
                                              PMDL mdl, ULONGLONG offset, ULONG length, ULONG flags,
                                              PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN to_device,
                                              PVOID buffer, ULONG buffer_length,
                                              PDMA_COMPLETION_ROUTINE completion, PVOID completion_context,
                                              PVOID list);

#endif
