/*
 * The operations tables: one function per member, which translates its arguments and decides nothing.
 *
 * Size is the size of the table's version; members beyond it are NULL. Inside it none is: the members that
 * this version of the emulator does not perform answer with the documented status for that, or with nothing.
 */
#include "dma/ddi_adapter.h"

#include <emu/cache.h>

#include "dma/adapter.h"
#include "dma/allocation.h"
#include "dma/channel.h"
#include "dma/context.h"
#include "dma/controller.h"
#include "dma/ddi_common.h"
#include "dma/ddi_sglist.h"
#include "dma/info.h"
#include "dma/operations.h"
#include "dma/queue.h"
#include "dma/system.h"
#include "dma/transfer.h"

/* A buffer may begin and end at any byte. */
enum { ALIGNMENT = 1 };

/* ---- Version 1 ------------------------------------------------------------------------------- */

static VOID put_dma_adapter(PDMA_ADAPTER adapter)
{
    dma_adapter_put(dma_adapter_of(adapter));
}

static NTSTATUS allocate_adapter_channel(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, ULONG registers,
                                         PDRIVER_CONTROL routine, PVOID context)
{
    struct dma_ask ask = {
        .device = device,
        .registers = registers,
        .routine = routine,
        .routine_context = context,
    };
    return dma_allocate(dma_adapter_of(adapter), &ask);
}

static BOOLEAN flush_adapter_buffers(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, PVOID virtual_address,
                                     ULONG length, BOOLEAN to_device)
{
    return dma_flush(dma_adapter_of(adapter), mdl, base, virtual_address, length, to_device != FALSE);
}

static VOID free_adapter_channel(PDMA_ADAPTER adapter)
{
    dma_release(dma_adapter_of(adapter), DeallocateObject, DMA_OP_FREE_CHANNEL);
}

static VOID free_map_registers(PDMA_ADAPTER adapter, PVOID base, ULONG count)
{
    dma_free_registers(dma_adapter_of(adapter), base, count);
}

static PHYSICAL_ADDRESS map_transfer(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, PVOID virtual_address,
                                     PULONG length, BOOLEAN to_device)
{
    PHYSICAL_ADDRESS logical;
    logical.QuadPart =
        (LONGLONG)dma_map(dma_adapter_of(adapter), mdl, base, virtual_address, length, to_device != FALSE);
    return logical;
}

static ULONG get_dma_alignment(PDMA_ADAPTER adapter)
{
    const struct dma_adapter *a = dma_adapter_of(adapter);
    return emu_machine_config(a->system->machine)->incoherent ? EMU_CACHE_LINE : ALIGNMENT;
}

static ULONG read_dma_counter(PDMA_ADAPTER adapter)
{
    return dma_read_counter(dma_adapter_of(adapter));
}

/* ---- Version 3 ------------------------------------------------------------------------------- */

static NTSTATUS get_dma_adapter_info(PDMA_ADAPTER adapter, PDMA_ADAPTER_INFO info)
{
    return dma_adapter_info(dma_adapter_of(adapter), info);
}

static NTSTATUS get_dma_transfer_info(PDMA_ADAPTER adapter, PMDL mdl, ULONGLONG offset, ULONG length,
                                      BOOLEAN write_only, PDMA_TRANSFER_INFO info)
{
    UNREFERENCED_PARAMETER(write_only);
    return dma_transfer_info(dma_adapter_of(adapter), mdl, offset, length, info);
}

static NTSTATUS initialize_dma_transfer_context(PDMA_ADAPTER adapter, PVOID context)
{
    struct dma_adapter *a = dma_adapter_of(adapter);
    emu_step(a->system->machine, DMA_OP_INITIALIZE_CONTEXT, dma_adapter_domain(a), 0);
    return dma_context_initialize(a, context);
}

static NTSTATUS allocate_adapter_channel_ex(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID context,
                                            ULONG registers, ULONG flags, PDRIVER_CONTROL routine,
                                            PVOID routine_context, PVOID *base)
{
    struct dma_ask ask = {
        .device = device,
        .context = context,
        .registers = registers,
        .synchronous = (flags & DMA_SYNCHRONOUS_CALLBACK) != 0,
        .routine = routine,
        .routine_context = routine_context,
        .base = base,
    };
    struct dma_adapter *a = dma_adapter_of(adapter);
    bool good = context != NULL && (flags & ~(ULONG)DMA_SYNCHRONOUS_CALLBACK) == 0 &&
                (ask.synchronous ? routine != NULL || base != NULL : routine != NULL && base == NULL);
    return good ? dma_allocate(a, &ask) : STATUS_INVALID_PARAMETER;
}

static NTSTATUS configure_adapter_channel(PDMA_ADAPTER adapter, ULONG function, PVOID context)
{
    return dma_configure(dma_adapter_of(adapter), function, context);
}

static BOOLEAN cancel_adapter_channel(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID context)
{
    struct dma_adapter *a = dma_adapter_of(adapter);
    dma_queue_require_device(a, device, "CancelAdapterChannel");
    return context != NULL && dma_cancel(a, context);
}

static NTSTATUS map_transfer_ex(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, ULONGLONG offset,
                                ULONG device_offset, PULONG length, BOOLEAN to_device,
                                PSCATTER_GATHER_LIST buffer, ULONG buffer_bytes,
                                PDMA_COMPLETION_ROUTINE completion, PVOID completion_context)
{
    struct dma_map_ask ask = {
        .mdl = mdl,
        .base = base,
        .offset = offset,
        .device_offset = device_offset,
        .length = length,
        .to_device = to_device != FALSE,
        .buffer = buffer,
        .buffer_bytes = buffer_bytes,
        .completion = completion,
        .completion_context = completion_context,
    };
    return dma_map_ex(dma_adapter_of(adapter), &ask);
}

static NTSTATUS flush_adapter_buffers_ex(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, ULONGLONG offset,
                                         ULONG length, BOOLEAN to_device)
{
    return dma_flush_ex(dma_adapter_of(adapter), mdl, base, offset, length, to_device != FALSE);
}

static VOID free_adapter_object(PDMA_ADAPTER adapter, IO_ALLOCATION_ACTION action)
{
    dma_release(dma_adapter_of(adapter), action, DMA_OP_FREE_OBJECT);
}

static NTSTATUS cancel_mapped_transfer(PDMA_ADAPTER adapter, PVOID context)
{
    return dma_cancel_mapped(dma_adapter_of(adapter), context);
}

/* ---- The tables ------------------------------------------------------------------------------ */

#define MEMBERS_1                                                                                       \
    .PutDmaAdapter = put_dma_adapter, .AllocateCommonBuffer = dma_ddi_allocate_common_buffer,           \
    .FreeCommonBuffer = dma_ddi_free_common_buffer, .AllocateAdapterChannel = allocate_adapter_channel, \
    .FlushAdapterBuffers = flush_adapter_buffers, .FreeAdapterChannel = free_adapter_channel,           \
    .FreeMapRegisters = free_map_registers, .MapTransfer = map_transfer,                                \
    .GetDmaAlignment = get_dma_alignment, .ReadDmaCounter = read_dma_counter,                           \
    .GetScatterGatherList = dma_ddi_get_scatter_gather_list,                                            \
    .PutScatterGatherList = dma_ddi_put_scatter_gather_list

#define MEMBERS_2                                                        \
    .CalculateScatterGatherList = dma_ddi_calculate_scatter_gather_list, \
    .BuildScatterGatherList = dma_ddi_build_scatter_gather_list,         \
    .BuildMdlFromScatterGatherList = dma_ddi_build_mdl_from_scatter_gather_list

enum {
    SIZE_1 = offsetof(DMA_OPERATIONS, CalculateScatterGatherList),
    SIZE_2 = offsetof(DMA_OPERATIONS, GetDmaAdapterInfo),
    SIZE_3 = sizeof(DMA_OPERATIONS),
};
_Static_assert(SIZE_1 == 104 && SIZE_2 == 128 && SIZE_3 == 320, "drivers compare Size with these");

static const DMA_OPERATIONS table_1 = {.Size = SIZE_1, MEMBERS_1};

static const DMA_OPERATIONS table_2 = {.Size = SIZE_2, MEMBERS_1, MEMBERS_2};

static const DMA_OPERATIONS table_3 = {
    .Size = SIZE_3,
    MEMBERS_1,
    MEMBERS_2,
    .GetDmaAdapterInfo = get_dma_adapter_info,
    .GetDmaTransferInfo = get_dma_transfer_info,
    .InitializeDmaTransferContext = initialize_dma_transfer_context,
    .AllocateCommonBufferEx = dma_ddi_allocate_common_buffer_ex,
    .AllocateAdapterChannelEx = allocate_adapter_channel_ex,
    .ConfigureAdapterChannel = configure_adapter_channel,
    .CancelAdapterChannel = cancel_adapter_channel,
    .MapTransferEx = map_transfer_ex,
    .GetScatterGatherListEx = dma_ddi_get_scatter_gather_list_ex,
    .BuildScatterGatherListEx = dma_ddi_build_scatter_gather_list_ex,
    .FlushAdapterBuffersEx = flush_adapter_buffers_ex,
    .FreeAdapterObject = free_adapter_object,
    .CancelMappedTransfer = cancel_mapped_transfer,
    .AllocateDomainCommonBuffer = dma_ddi_allocate_domain_common_buffer,
    .FlushDmaBuffer = dma_ddi_flush_dma_buffer,
    .JoinDmaDomain = dma_ddi_join_dma_domain,
    .LeaveDmaDomain = dma_ddi_leave_dma_domain,
    .GetDmaDomain = dma_ddi_get_dma_domain,
    .AllocateCommonBufferWithBounds = dma_ddi_allocate_common_buffer_with_bounds,
    .AllocateCommonBufferVector = dma_ddi_allocate_common_buffer_vector,
    .GetCommonBufferFromVectorByIndex = dma_ddi_get_common_buffer_from_vector_by_index,
    .FreeCommonBufferFromVector = dma_ddi_free_common_buffer_from_vector,
    .FreeCommonBufferVector = dma_ddi_free_common_buffer_vector,
    .CreateCommonBufferFromMdl = dma_ddi_create_common_buffer_from_mdl,
};

static void ignore_obsolete(struct dma_system *s, const char *call)
{
    UNREFERENCED_PARAMETER(s);
    UNREFERENCED_PARAMETER(call);
}

static void ignore_made(struct dma_adapter *a)
{
    UNREFERENCED_PARAMETER(a);
}

static void ignore_strayed(struct dma_system *s, const struct dma_owned *from, uint64_t logical, bool beyond)
{
    UNREFERENCED_PARAMETER(s);
    UNREFERENCED_PARAMETER(from);
    UNREFERENCED_PARAMETER(logical);
    UNREFERENCED_PARAMETER(beyond);
}

static void ignore_removed(struct dma_system *s, PDEVICE_OBJECT device)
{
    UNREFERENCED_PARAMETER(s);
    UNREFERENCED_PARAMETER(device);
}

static void ignore_audit(struct dma_system *s)
{
    UNREFERENCED_PARAMETER(s);
}

const struct dma_entry dma_plain = {
    .tables = {&table_1, &table_2, &table_3},
    .get_adapter = dma_adapter_get,
    .obsolete = ignore_obsolete,
    .made = ignore_made,
    .strayed = ignore_strayed,
    .removed = ignore_removed,
    .audit = ignore_audit,
};
