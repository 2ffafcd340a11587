/*
 * The scatter/gather members of the operations tables: they translate their arguments and decide nothing.
 *
 * The completion routines of the Ex forms are documented as not used.
 */
#include "dma/ddi_sglist.h"

#include "dma/adapter.h"
#include "dma/operations.h"
#include "dma/sglist.h"

/* What all four calls say. */
static struct dma_sglist_ask ask_of(emu_op op, PDEVICE_OBJECT device, PMDL mdl, ULONG length,
                                    PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN to_device)
{
    return (struct dma_sglist_ask){
        .op = op,
        .device = device,
        .mdl = mdl,
        .length = length,
        .routine = routine,
        .routine_context = context,
        .to_device = to_device != FALSE,
    };
}

static void add_buffer(struct dma_sglist_ask *ask, PVOID buffer, ULONG bytes)
{
    ask->has_buffer = true;
    ask->buffer = buffer;
    ask->buffer_bytes = bytes;
}

/* What the Ex forms say besides. */
static void add_transfer(struct dma_sglist_ask *ask, PVOID transfer, ULONGLONG offset, ULONG flags,
                         PSCATTER_GATHER_LIST *answer)
{
    ask->context = transfer;
    ask->offset = offset;
    ask->flags = flags;
    ask->answer = answer;
}

NTSTATUS dma_ddi_get_scatter_gather_list(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PMDL mdl,
                                         PVOID virtual_address, ULONG length, PDRIVER_LIST_CONTROL routine,
                                         PVOID context, BOOLEAN to_device)
{
    struct dma_sglist_ask ask = ask_of(DMA_OP_GET_LIST, device, mdl, length, routine, context, to_device);
    return dma_sglist_ask(dma_adapter_of(adapter), &ask, virtual_address);
}

VOID dma_ddi_put_scatter_gather_list(PDMA_ADAPTER adapter, PSCATTER_GATHER_LIST list, BOOLEAN to_device)
{
    dma_sglist_put(dma_adapter_of(adapter), list, to_device != FALSE);
}

NTSTATUS dma_ddi_calculate_scatter_gather_list(PDMA_ADAPTER adapter, PMDL mdl, PVOID virtual_address,
                                               ULONG length, PULONG size, PULONG registers)
{
    return dma_sglist_calculate(dma_adapter_of(adapter), mdl, virtual_address, length, size, registers);
}

NTSTATUS dma_ddi_build_scatter_gather_list(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PMDL mdl,
                                           PVOID virtual_address, ULONG length, PDRIVER_LIST_CONTROL routine,
                                           PVOID context, BOOLEAN to_device, PVOID buffer,
                                           ULONG buffer_length)
{
    struct dma_sglist_ask ask = ask_of(DMA_OP_BUILD_LIST, device, mdl, length, routine, context, to_device);
    add_buffer(&ask, buffer, buffer_length);
    return dma_sglist_ask(dma_adapter_of(adapter), &ask, virtual_address);
}

NTSTATUS dma_ddi_build_mdl_from_scatter_gather_list(PDMA_ADAPTER adapter, PSCATTER_GATHER_LIST list,
                                                    PMDL original, PMDL *target)
{
    return dma_sglist_describe(dma_adapter_of(adapter), list, original, target);
}

NTSTATUS dma_ddi_get_scatter_gather_list_ex(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID transfer,
                                            PMDL mdl, ULONGLONG offset, ULONG length, ULONG flags,
                                            PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN to_device,
                                            PDMA_COMPLETION_ROUTINE completion, PVOID completion_context,
                                            PSCATTER_GATHER_LIST *list)
{
    UNREFERENCED_PARAMETER(completion);
    UNREFERENCED_PARAMETER(completion_context);
    struct dma_sglist_ask ask = ask_of(DMA_OP_GET_LIST_EX, device, mdl, length, routine, context, to_device);
    add_transfer(&ask, transfer, offset, flags, list);
    return dma_sglist_ask_ex(dma_adapter_of(adapter), &ask);
}

NTSTATUS dma_ddi_build_scatter_gather_list_ex(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID transfer,
                                              PMDL mdl, ULONGLONG offset, ULONG length, ULONG flags,
                                              PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN to_device,
                                              PVOID buffer, ULONG buffer_length,
                                              PDMA_COMPLETION_ROUTINE completion, PVOID completion_context,
                                              PVOID list)
{
    UNREFERENCED_PARAMETER(completion);
    UNREFERENCED_PARAMETER(completion_context);
    struct dma_sglist_ask ask =
        ask_of(DMA_OP_BUILD_LIST_EX, device, mdl, length, routine, context, to_device);
    add_buffer(&ask, buffer, buffer_length);
    add_transfer(&ask, transfer, offset, flags, list);
    return dma_sglist_ask_ex(dma_adapter_of(adapter), &ask);
}
