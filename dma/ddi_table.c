/*
 * The operations tables: one function per member, which translates its arguments and decides nothing.
 *
 * Size is the size of the table's version; members beyond it are NULL. Inside it none is: the members that
 * this version of the emulator does not perform answer with the documented status for that, or with nothing.
 */
#include "dma/ddi_table.h"

#include <emu/finding.h>

#include "dma/adapter.h"
#include "dma/allocation.h"
#include "dma/channel.h"
#include "dma/common.h"
#include "dma/context.h"
#include "dma/controller.h"
#include "dma/info.h"
#include "dma/operations.h"
#include "dma/system.h"
#include "dma/transfer.h"

/* A buffer may begin and end at any byte. */
enum { ALIGNMENT = 1 };

/* ---- Version 1 ------------------------------------------------------------------------------- */

static VOID put_dma_adapter(PDMA_ADAPTER adapter)
{
    dma_adapter_put(dma_adapter_of(adapter));
}

static PVOID allocate_common_buffer(PDMA_ADAPTER adapter, ULONG length, PPHYSICAL_ADDRESS logical,
                                    BOOLEAN cached)
{
    return dma_common_allocate(dma_adapter_of(adapter), length, logical, cached != FALSE);
}

static VOID free_common_buffer(PDMA_ADAPTER adapter, ULONG length, PHYSICAL_ADDRESS logical, PVOID memory,
                               BOOLEAN cached)
{
    dma_common_free(dma_adapter_of(adapter), length, logical, memory, cached != FALSE);
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
    dma_adapter_of(adapter);
    return ALIGNMENT;
}

static ULONG read_dma_counter(PDMA_ADAPTER adapter)
{
    return dma_read_counter(dma_adapter_of(adapter));
}

static NTSTATUS get_scatter_gather_list(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PMDL mdl,
                                        PVOID virtual_address, ULONG length, PDRIVER_LIST_CONTROL routine,
                                        PVOID context, BOOLEAN to_device)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(mdl);
    UNREFERENCED_PARAMETER(virtual_address);
    UNREFERENCED_PARAMETER(length);
    UNREFERENCED_PARAMETER(routine);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(to_device);
    dma_adapter_of(adapter);
    return STATUS_NOT_SUPPORTED;
}

static VOID put_scatter_gather_list(PDMA_ADAPTER adapter, PSCATTER_GATHER_LIST list, BOOLEAN to_device)
{
    UNREFERENCED_PARAMETER(list);
    UNREFERENCED_PARAMETER(to_device);
    dma_adapter_of(adapter);
}

/* ---- Version 2 ------------------------------------------------------------------------------- */

static NTSTATUS calculate_scatter_gather_list(PDMA_ADAPTER adapter, PMDL mdl, PVOID virtual_address,
                                              ULONG length, PULONG size, PULONG registers)
{
    UNREFERENCED_PARAMETER(mdl);
    UNREFERENCED_PARAMETER(virtual_address);
    UNREFERENCED_PARAMETER(length);
    UNREFERENCED_PARAMETER(size);
    UNREFERENCED_PARAMETER(registers);
    dma_adapter_of(adapter);
    return STATUS_NOT_SUPPORTED;
}

static NTSTATUS build_scatter_gather_list(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PMDL mdl,
                                          PVOID virtual_address, ULONG length, PDRIVER_LIST_CONTROL routine,
                                          PVOID context, BOOLEAN to_device, PVOID buffer, ULONG buffer_length)
{
    UNREFERENCED_PARAMETER(buffer);
    UNREFERENCED_PARAMETER(buffer_length);
    return get_scatter_gather_list(adapter, device, mdl, virtual_address, length, routine, context,
                                   to_device);
}

static NTSTATUS build_mdl_from_scatter_gather_list(PDMA_ADAPTER adapter, PSCATTER_GATHER_LIST list,
                                                   PMDL original, PMDL *target)
{
    UNREFERENCED_PARAMETER(list);
    UNREFERENCED_PARAMETER(original);
    UNREFERENCED_PARAMETER(target);
    dma_adapter_of(adapter);
    return STATUS_NOT_SUPPORTED;
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

static PVOID allocate_common_buffer_ex(PDMA_ADAPTER adapter, PPHYSICAL_ADDRESS highest, ULONG length,
                                       PPHYSICAL_ADDRESS logical, BOOLEAN cached, NODE_REQUIREMENT node)
{
    UNREFERENCED_PARAMETER(highest);
    UNREFERENCED_PARAMETER(length);
    UNREFERENCED_PARAMETER(logical);
    UNREFERENCED_PARAMETER(cached);
    UNREFERENCED_PARAMETER(node);
    dma_adapter_of(adapter);
    return NULL;
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
    struct dma_adapter *a = dma_adapter_of(adapter);
    struct dma_channel *c = a->channel;
    return c != NULL ? c->controller->ops->configure_channel(c->controller, c->number, function, context)
                     : STATUS_NOT_IMPLEMENTED;
}

static BOOLEAN cancel_adapter_channel(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID context)
{
    UNREFERENCED_PARAMETER(device);
    struct dma_adapter *a = dma_adapter_of(adapter);
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

static NTSTATUS get_scatter_gather_list_ex(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID transfer,
                                           PMDL mdl, ULONGLONG offset, ULONG length, ULONG flags,
                                           PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN to_device,
                                           PDMA_COMPLETION_ROUTINE completion, PVOID completion_context,
                                           PSCATTER_GATHER_LIST *list)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(transfer);
    UNREFERENCED_PARAMETER(mdl);
    UNREFERENCED_PARAMETER(offset);
    UNREFERENCED_PARAMETER(length);
    UNREFERENCED_PARAMETER(flags);
    UNREFERENCED_PARAMETER(routine);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(to_device);
    UNREFERENCED_PARAMETER(completion);
    UNREFERENCED_PARAMETER(completion_context);
    UNREFERENCED_PARAMETER(list);
    dma_adapter_of(adapter);
    return STATUS_NOT_SUPPORTED;
}

static NTSTATUS build_scatter_gather_list_ex(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID transfer,
                                             PMDL mdl, ULONGLONG offset, ULONG length, ULONG flags,
                                             PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN to_device,
                                             PVOID buffer, ULONG buffer_length,
                                             PDMA_COMPLETION_ROUTINE completion, PVOID completion_context,
                                             PVOID list)
{
    UNREFERENCED_PARAMETER(buffer);
    UNREFERENCED_PARAMETER(buffer_length);
    UNREFERENCED_PARAMETER(list);
    return get_scatter_gather_list_ex(adapter, device, transfer, mdl, offset, length, flags, routine, context,
                                      to_device, completion, completion_context, NULL);
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

/* ---- Version 3 from Windows 10 on ------------------------------------------------------------ */

static NTSTATUS allocate_domain_common_buffer(PDMA_ADAPTER adapter, HANDLE domain, PPHYSICAL_ADDRESS highest,
                                              ULONG length, ULONG flags, MEMORY_CACHING_TYPE *cache,
                                              NODE_REQUIREMENT node, PPHYSICAL_ADDRESS logical, PVOID *memory)
{
    UNREFERENCED_PARAMETER(domain);
    UNREFERENCED_PARAMETER(highest);
    UNREFERENCED_PARAMETER(length);
    UNREFERENCED_PARAMETER(flags);
    UNREFERENCED_PARAMETER(cache);
    UNREFERENCED_PARAMETER(node);
    UNREFERENCED_PARAMETER(logical);
    UNREFERENCED_PARAMETER(memory);
    dma_adapter_of(adapter);
    return STATUS_NOT_SUPPORTED;
}

static NTSTATUS flush_dma_buffer(PDMA_ADAPTER adapter, PMDL mdl, BOOLEAN read)
{
    UNREFERENCED_PARAMETER(mdl);
    UNREFERENCED_PARAMETER(read);
    dma_adapter_of(adapter);
    return STATUS_NOT_SUPPORTED;
}

static NTSTATUS join_dma_domain(PDMA_ADAPTER adapter, HANDLE domain)
{
    UNREFERENCED_PARAMETER(domain);
    dma_adapter_of(adapter);
    return STATUS_NOT_SUPPORTED;
}

static NTSTATUS leave_dma_domain(PDMA_ADAPTER adapter)
{
    dma_adapter_of(adapter);
    return STATUS_NOT_SUPPORTED;
}

static HANDLE get_dma_domain(PDMA_ADAPTER adapter)
{
    dma_adapter_of(adapter);
    return NULL;
}

static PVOID allocate_common_buffer_with_bounds(PDMA_ADAPTER adapter, PPHYSICAL_ADDRESS lowest,
                                                PPHYSICAL_ADDRESS highest, ULONG length, ULONG flags,
                                                MEMORY_CACHING_TYPE *cache, NODE_REQUIREMENT node,
                                                PPHYSICAL_ADDRESS logical)
{
    UNREFERENCED_PARAMETER(lowest);
    UNREFERENCED_PARAMETER(highest);
    UNREFERENCED_PARAMETER(length);
    UNREFERENCED_PARAMETER(flags);
    UNREFERENCED_PARAMETER(cache);
    UNREFERENCED_PARAMETER(node);
    UNREFERENCED_PARAMETER(logical);
    dma_adapter_of(adapter);
    return NULL;
}

static NTSTATUS allocate_common_buffer_vector(PDMA_ADAPTER adapter, PHYSICAL_ADDRESS lowest,
                                              PHYSICAL_ADDRESS highest, MEMORY_CACHING_TYPE cache, ULONG node,
                                              ULONG flags, ULONG count, ULONGLONG bytes,
                                              PDMA_COMMON_BUFFER_VECTOR *vector)
{
    UNREFERENCED_PARAMETER(lowest);
    UNREFERENCED_PARAMETER(highest);
    UNREFERENCED_PARAMETER(cache);
    UNREFERENCED_PARAMETER(node);
    UNREFERENCED_PARAMETER(flags);
    UNREFERENCED_PARAMETER(count);
    UNREFERENCED_PARAMETER(bytes);
    UNREFERENCED_PARAMETER(vector);
    dma_adapter_of(adapter);
    return STATUS_NOT_SUPPORTED;
}

static VOID get_common_buffer_from_vector_by_index(PDMA_ADAPTER adapter, PDMA_COMMON_BUFFER_VECTOR vector,
                                                   ULONG index, PVOID *memory, PPHYSICAL_ADDRESS logical)
{
    UNREFERENCED_PARAMETER(vector);
    UNREFERENCED_PARAMETER(index);
    struct dma_adapter *a = dma_adapter_of(adapter);
    if (memory == NULL || logical == NULL)
        emu_finding_raise(a->system->machine, "DMA-TABLE-5", NULL, NULL,
                          "GetCommonBufferFromVectorByIndex of %s without a place for its answer",
                          dma_adapter_name(a).text);
    *memory = NULL;
    logical->QuadPart = 0;
}

static VOID free_common_buffer_from_vector(PDMA_ADAPTER adapter, PDMA_COMMON_BUFFER_VECTOR vector,
                                           ULONG index)
{
    UNREFERENCED_PARAMETER(vector);
    UNREFERENCED_PARAMETER(index);
    dma_adapter_of(adapter);
}

static VOID free_common_buffer_vector(PDMA_ADAPTER adapter, PDMA_COMMON_BUFFER_VECTOR vector)
{
    UNREFERENCED_PARAMETER(vector);
    dma_adapter_of(adapter);
}

static NTSTATUS create_common_buffer_from_mdl(PDMA_ADAPTER adapter, PMDL mdl,
                                              PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION configs, ULONG count,
                                              PPHYSICAL_ADDRESS logical)
{
    UNREFERENCED_PARAMETER(mdl);
    UNREFERENCED_PARAMETER(configs);
    UNREFERENCED_PARAMETER(count);
    UNREFERENCED_PARAMETER(logical);
    dma_adapter_of(adapter);
    return STATUS_NOT_SUPPORTED;
}

/* ---- The tables ------------------------------------------------------------------------------ */

#define MEMBERS_1                                                                               \
    .PutDmaAdapter = put_dma_adapter, .AllocateCommonBuffer = allocate_common_buffer,           \
    .FreeCommonBuffer = free_common_buffer, .AllocateAdapterChannel = allocate_adapter_channel, \
    .FlushAdapterBuffers = flush_adapter_buffers, .FreeAdapterChannel = free_adapter_channel,   \
    .FreeMapRegisters = free_map_registers, .MapTransfer = map_transfer,                        \
    .GetDmaAlignment = get_dma_alignment, .ReadDmaCounter = read_dma_counter,                   \
    .GetScatterGatherList = get_scatter_gather_list, .PutScatterGatherList = put_scatter_gather_list

#define MEMBERS_2                                                \
    .CalculateScatterGatherList = calculate_scatter_gather_list, \
    .BuildScatterGatherList = build_scatter_gather_list,         \
    .BuildMdlFromScatterGatherList = build_mdl_from_scatter_gather_list

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
    .AllocateCommonBufferEx = allocate_common_buffer_ex,
    .AllocateAdapterChannelEx = allocate_adapter_channel_ex,
    .ConfigureAdapterChannel = configure_adapter_channel,
    .CancelAdapterChannel = cancel_adapter_channel,
    .MapTransferEx = map_transfer_ex,
    .GetScatterGatherListEx = get_scatter_gather_list_ex,
    .BuildScatterGatherListEx = build_scatter_gather_list_ex,
    .FlushAdapterBuffersEx = flush_adapter_buffers_ex,
    .FreeAdapterObject = free_adapter_object,
    .CancelMappedTransfer = cancel_mapped_transfer,
    .AllocateDomainCommonBuffer = allocate_domain_common_buffer,
    .FlushDmaBuffer = flush_dma_buffer,
    .JoinDmaDomain = join_dma_domain,
    .LeaveDmaDomain = leave_dma_domain,
    .GetDmaDomain = get_dma_domain,
    .AllocateCommonBufferWithBounds = allocate_common_buffer_with_bounds,
    .AllocateCommonBufferVector = allocate_common_buffer_vector,
    .GetCommonBufferFromVectorByIndex = get_common_buffer_from_vector_by_index,
    .FreeCommonBufferFromVector = free_common_buffer_from_vector,
    .FreeCommonBufferVector = free_common_buffer_vector,
    .CreateCommonBufferFromMdl = create_common_buffer_from_mdl,
};

/* The driver's structure has a pointer to what may be written; nobody writes through it. */
PDMA_OPERATIONS dma_table(unsigned version)
{
    static const DMA_OPERATIONS *const tables[] = {&table_1, &table_2, &table_3};
    EMU_ASSERT(version >= 1 && version <= sizeof tables / sizeof tables[0]);
    return (PDMA_OPERATIONS)(uintptr_t)tables[version - 1];
}
