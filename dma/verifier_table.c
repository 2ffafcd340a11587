/*
 * The operations tables of verified adapters: each member checks what the driver says, and calls the
 * subsystem's own member; what comes of that goes into the books.
 *
 * The order in a member: the adapter; what is said; the books of what is given back; the call; the books of
 * what was got.
 */
#include "dma/adapter.h"
#include "dma/verifier.h"
#include "dma/verifier_check.h"
#include "dma/verifier_shadow.h"

/* The subsystem's own table. Every version's members are the same functions. */
static const DMA_OPERATIONS *own(void)
{
    return dma_plain.tables[DMA_TABLES - 1];
}

/* ---- Adapters -------------------------------------------------------------------------------- */

static VOID put_dma_adapter(PDMA_ADAPTER adapter)
{
    dma_shadow_release(dma_shadow_of(adapter, "PutDmaAdapter"));
    own()->PutDmaAdapter(adapter);
}

static ULONG get_dma_alignment(PDMA_ADAPTER adapter)
{
    dma_shadow_of(adapter, "GetDmaAlignment");
    return own()->GetDmaAlignment(adapter);
}

static NTSTATUS get_dma_adapter_info(PDMA_ADAPTER adapter, PDMA_ADAPTER_INFO info)
{
    dma_shadow_of(adapter, "GetDmaAdapterInfo");
    return own()->GetDmaAdapterInfo(adapter, info);
}

static NTSTATUS get_dma_transfer_info(PDMA_ADAPTER adapter, PMDL mdl, ULONGLONG offset, ULONG length,
                                      BOOLEAN write_only, PDMA_TRANSFER_INFO info)
{
    dma_shadow_of(adapter, "GetDmaTransferInfo");
    return own()->GetDmaTransferInfo(adapter, mdl, offset, length, write_only, info);
}

static NTSTATUS initialize_dma_transfer_context(PDMA_ADAPTER adapter, PVOID context)
{
    dma_shadow_of(adapter, "InitializeDmaTransferContext");
    return own()->InitializeDmaTransferContext(adapter, context);
}

/* ---- Common buffers -------------------------------------------------------------------------- */

static PVOID noted(struct dma_shadow *s, PVOID memory, ULONG length)
{
    if (memory != NULL)
        dma_common_note(s, memory, length);
    return memory;
}

static PVOID allocate_common_buffer(PDMA_ADAPTER adapter, ULONG length, PPHYSICAL_ADDRESS logical,
                                    BOOLEAN cached)
{
    struct dma_shadow *s = dma_shadow_of(adapter, "AllocateCommonBuffer");
    dma_common_require_intact(s);
    return noted(s, own()->AllocateCommonBuffer(adapter, length, logical, cached), length);
}

static PVOID allocate_common_buffer_ex(PDMA_ADAPTER adapter, PPHYSICAL_ADDRESS highest, ULONG length,
                                       PPHYSICAL_ADDRESS logical, BOOLEAN cached, NODE_REQUIREMENT node)
{
    struct dma_shadow *s = dma_shadow_of(adapter, "AllocateCommonBufferEx");
    dma_common_require_intact(s);
    return noted(s, own()->AllocateCommonBufferEx(adapter, highest, length, logical, cached, node), length);
}

static PVOID allocate_common_buffer_with_bounds(PDMA_ADAPTER adapter, PPHYSICAL_ADDRESS lowest,
                                                PPHYSICAL_ADDRESS highest, ULONG length, ULONG flags,
                                                MEMORY_CACHING_TYPE *cache, NODE_REQUIREMENT node,
                                                PPHYSICAL_ADDRESS logical)
{
    struct dma_shadow *s = dma_shadow_of(adapter, "AllocateCommonBufferWithBounds");
    dma_common_require_intact(s);
    return noted(
        s,
        own()->AllocateCommonBufferWithBounds(adapter, lowest, highest, length, flags, cache, node, logical),
        length);
}

static NTSTATUS allocate_domain_common_buffer(PDMA_ADAPTER adapter, HANDLE domain, PPHYSICAL_ADDRESS highest,
                                              ULONG length, ULONG flags, MEMORY_CACHING_TYPE *cache,
                                              NODE_REQUIREMENT node, PPHYSICAL_ADDRESS logical, PVOID *memory)
{
    struct dma_shadow *s = dma_shadow_of(adapter, "AllocateDomainCommonBuffer");
    dma_common_require_intact(s);
    NTSTATUS status = own()->AllocateDomainCommonBuffer(adapter, domain, highest, length, flags, cache, node,
                                                        logical, memory);
    if (NT_SUCCESS(status))
        dma_common_note(s, *memory, length);
    return status;
}

static NTSTATUS create_common_buffer_from_mdl(PDMA_ADAPTER adapter, PMDL mdl,
                                              PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION configs, ULONG count,
                                              PPHYSICAL_ADDRESS logical)
{
    struct dma_shadow *s = dma_shadow_of(adapter, "CreateCommonBufferFromMdl");
    NTSTATUS status = own()->CreateCommonBufferFromMdl(adapter, mdl, configs, count, logical);
    if (NT_SUCCESS(status))
        dma_common_note_borrowed(s);
    return status;
}

static VOID free_common_buffer(PDMA_ADAPTER adapter, ULONG length, PHYSICAL_ADDRESS logical, PVOID memory,
                               BOOLEAN cached)
{
    dma_common_forget(dma_shadow_of(adapter, "FreeCommonBuffer"), memory);
    own()->FreeCommonBuffer(adapter, length, logical, memory, cached);
}

static NTSTATUS allocate_common_buffer_vector(PDMA_ADAPTER adapter, PHYSICAL_ADDRESS lowest,
                                              PHYSICAL_ADDRESS highest, MEMORY_CACHING_TYPE cache, ULONG node,
                                              ULONG flags, ULONG count, ULONGLONG bytes,
                                              PDMA_COMMON_BUFFER_VECTOR *vector)
{
    dma_shadow_of(adapter, "AllocateCommonBufferVector");
    return own()->AllocateCommonBufferVector(adapter, lowest, highest, cache, node, flags, count, bytes,
                                             vector);
}

static VOID get_common_buffer_from_vector_by_index(PDMA_ADAPTER adapter, PDMA_COMMON_BUFFER_VECTOR vector,
                                                   ULONG index, PVOID *memory, PPHYSICAL_ADDRESS logical)
{
    dma_shadow_of(adapter, "GetCommonBufferFromVectorByIndex");
    own()->GetCommonBufferFromVectorByIndex(adapter, vector, index, memory, logical);
}

static VOID free_common_buffer_from_vector(PDMA_ADAPTER adapter, PDMA_COMMON_BUFFER_VECTOR vector,
                                           ULONG index)
{
    dma_shadow_of(adapter, "FreeCommonBufferFromVector");
    own()->FreeCommonBufferFromVector(adapter, vector, index);
}

static VOID free_common_buffer_vector(PDMA_ADAPTER adapter, PDMA_COMMON_BUFFER_VECTOR vector)
{
    dma_shadow_of(adapter, "FreeCommonBufferVector");
    own()->FreeCommonBufferVector(adapter, vector);
}

/* ---- Domains --------------------------------------------------------------------------------- */

static NTSTATUS flush_dma_buffer(PDMA_ADAPTER adapter, PMDL mdl, BOOLEAN read)
{
    dma_shadow_of(adapter, "FlushDmaBuffer");
    return own()->FlushDmaBuffer(adapter, mdl, read);
}

static NTSTATUS join_dma_domain(PDMA_ADAPTER adapter, HANDLE domain)
{
    dma_shadow_of(adapter, "JoinDmaDomain");
    return own()->JoinDmaDomain(adapter, domain);
}

static NTSTATUS leave_dma_domain(PDMA_ADAPTER adapter)
{
    dma_shadow_of(adapter, "LeaveDmaDomain");
    return own()->LeaveDmaDomain(adapter);
}

static HANDLE get_dma_domain(PDMA_ADAPTER adapter)
{
    dma_shadow_of(adapter, "GetDmaDomain");
    return own()->GetDmaDomain(adapter);
}

/* ---- Channels and registers ------------------------------------------------------------------ */

static NTSTATUS allocate_adapter_channel(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, ULONG registers,
                                         PDRIVER_CONTROL routine, PVOID context)
{
    struct dma_shadow *s = dma_shadow_of(adapter, "AllocateAdapterChannel");
    dma_channel_require_few(s, registers);
    dma_channel_require_calm(s, device);
    if (routine == NULL)
        return own()->AllocateAdapterChannel(adapter, device, registers, NULL, context);
    struct dma_shadow_request *r = dma_channel_ask(
        s, &(struct dma_shadow_ask){
               .device = device, .registers = registers, .routine = routine, .routine_context = context});
    uint32_t generation = r->slot.generation;
    NTSTATUS status = own()->AllocateAdapterChannel(adapter, device, registers, dma_channel_control, r);
    if (!NT_SUCCESS(status))
        dma_channel_forget(r, generation);
    return status;
}

static NTSTATUS allocate_adapter_channel_ex(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID context,
                                            ULONG registers, ULONG flags, PDRIVER_CONTROL routine,
                                            PVOID routine_context, PVOID *base)
{
    struct dma_shadow *s = dma_shadow_of(adapter, "AllocateAdapterChannelEx");
    dma_channel_require_few(s, registers);
    struct dma_shadow_request *r =
        dma_channel_ask(s, &(struct dma_shadow_ask){.device = device,
                                                    .context = context,
                                                    .registers = registers,
                                                    .routine = routine,
                                                    .routine_context = routine_context});
    uint32_t generation = r->slot.generation;
    NTSTATUS status = own()->AllocateAdapterChannelEx(adapter, device, context, registers, flags,
                                                      routine != NULL ? dma_channel_control : NULL, r, base);
    if (!NT_SUCCESS(status))
        dma_channel_forget(r, generation);
    else if (routine == NULL)
        dma_channel_grant_now(r, *base);
    return status;
}

static BOOLEAN cancel_adapter_channel(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID context)
{
    struct dma_shadow *s = dma_shadow_of(adapter, "CancelAdapterChannel");
    struct dma_shadow_request *r = dma_channel_waiting(s, context);
    uint32_t generation = r != NULL ? r->slot.generation : 0;
    BOOLEAN cancelled = own()->CancelAdapterChannel(adapter, device, context);
    if (cancelled && r == NULL) /* it came while the call was under way */
        r = dma_channel_waiting(s, context);
    if (cancelled && r != NULL)
        dma_channel_forget(r, generation != 0 ? generation : r->slot.generation);
    return cancelled;
}

static VOID free_adapter_channel(PDMA_ADAPTER adapter)
{
    dma_channel_release(dma_shadow_of(adapter, "FreeAdapterChannel"), DeallocateObject, "FreeAdapterChannel");
    own()->FreeAdapterChannel(adapter);
}

static VOID free_adapter_object(PDMA_ADAPTER adapter, IO_ALLOCATION_ACTION action)
{
    dma_channel_release(dma_shadow_of(adapter, "FreeAdapterObject"), action, "FreeAdapterObject");
    own()->FreeAdapterObject(adapter, action);
}

static VOID free_map_registers(PDMA_ADAPTER adapter, PVOID base, ULONG count)
{
    dma_registers_release(dma_shadow_of(adapter, "FreeMapRegisters"), base, count);
    own()->FreeMapRegisters(adapter, base, count);
}

static NTSTATUS configure_adapter_channel(PDMA_ADAPTER adapter, ULONG function, PVOID context)
{
    dma_shadow_of(adapter, "ConfigureAdapterChannel");
    return own()->ConfigureAdapterChannel(adapter, function, context);
}

static NTSTATUS cancel_mapped_transfer(PDMA_ADAPTER adapter, PVOID context)
{
    dma_shadow_of(adapter, "CancelMappedTransfer");
    return own()->CancelMappedTransfer(adapter, context);
}

static ULONG read_dma_counter(PDMA_ADAPTER adapter)
{
    dma_shadow_of(adapter, "ReadDmaCounter");
    return own()->ReadDmaCounter(adapter);
}

/* ---- Mapping and flushing -------------------------------------------------------------------- */

static PHYSICAL_ADDRESS map_transfer(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, PVOID address, PULONG length,
                                     BOOLEAN to_device)
{
    static const char call[] = "MapTransfer";
    struct dma_shadow *s = dma_shadow_of(adapter, call);
    struct dma_shadow_map *map = NULL;
    uint32_t generation = 0;
    if (mdl != NULL && length != NULL) {
        dma_named_require_bytes(s, *length, call);
        struct dma_named named = {.mdl = mdl,
                                  .offset = dma_named_offset(s, mdl, address, false, call),
                                  .length = *length,
                                  .to_device = to_device != FALSE};
        dma_named_require(s, &named, call);
        map = dma_map_note(s, &named, base, call);
        generation = map != NULL ? map->slot.generation : 0;
    }
    PHYSICAL_ADDRESS logical = own()->MapTransfer(adapter, mdl, base, address, length, to_device);
    dma_map_settle(s, base, map, generation, length != NULL ? *length : 0);
    return logical;
}

static NTSTATUS map_transfer_ex(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, ULONGLONG offset,
                                ULONG device_offset, PULONG length, BOOLEAN to_device,
                                PSCATTER_GATHER_LIST buffer, ULONG buffer_bytes,
                                PDMA_COMPLETION_ROUTINE completion, PVOID completion_context)
{
    static const char call[] = "MapTransferEx";
    struct dma_shadow *s = dma_shadow_of(adapter, call);
    struct dma_shadow_map *map = NULL;
    uint32_t generation = 0;
    if (mdl != NULL && length != NULL) {
        struct dma_named named = {
            .mdl = mdl, .offset = offset, .length = *length, .to_device = to_device != FALSE, .chain = true};
        dma_named_require(s, &named, call);
        map = dma_map_note(s, &named, base, call);
        generation = map != NULL ? map->slot.generation : 0;
    }
    NTSTATUS status = own()->MapTransferEx(adapter, mdl, base, offset, device_offset, length, to_device,
                                           buffer, buffer_bytes, completion, completion_context);
    dma_map_settle(s, base, map, generation, NT_SUCCESS(status) ? *length : 0);
    return status;
}

static BOOLEAN flush_adapter_buffers(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, PVOID address, ULONG length,
                                     BOOLEAN to_device)
{
    static const char call[] = "FlushAdapterBuffers";
    struct dma_shadow *s = dma_shadow_of(adapter, call);
    if (mdl != NULL) {
        struct dma_named named = {.mdl = mdl,
                                  .offset = dma_named_offset(s, mdl, address, false, call),
                                  .length = length,
                                  .to_device = to_device != FALSE};
        dma_flush_note(s, &named, base, call);
    }
    return own()->FlushAdapterBuffers(adapter, mdl, base, address, length, to_device);
}

static NTSTATUS flush_adapter_buffers_ex(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, ULONGLONG offset,
                                         ULONG length, BOOLEAN to_device)
{
    static const char call[] = "FlushAdapterBuffersEx";
    struct dma_shadow *s = dma_shadow_of(adapter, call);
    if (mdl != NULL) {
        struct dma_named named = {
            .mdl = mdl, .offset = offset, .length = length, .to_device = to_device != FALSE, .chain = true};
        dma_flush_require_ended(s);
        dma_flush_note(s, &named, base, call);
    }
    return own()->FlushAdapterBuffersEx(adapter, mdl, base, offset, length, to_device);
}

/* ---- Scatter/gather lists -------------------------------------------------------------------- */

/* What all four calls name. */
static void require_list(struct dma_shadow *s, PMDL mdl, uint64_t offset, ULONG length, BOOLEAN to_device,
                         const char *call)
{
    struct dma_named named = {
        .mdl = mdl, .offset = offset, .length = length, .to_device = to_device != FALSE, .chain = true};
    dma_named_require_bytes(s, length, call);
    if (mdl == NULL)
        return;
    dma_named_require(s, &named, call);
    dma_list_require_few(s, mdl, offset, length, call);
}

static void require_old_list(struct dma_shadow *s, PMDL mdl, PVOID address, ULONG length, BOOLEAN to_device,
                             const char *call)
{
    require_list(s, mdl, mdl != NULL ? dma_named_offset(s, mdl, address, true, call) : 0, length, to_device,
                 call);
}

static struct dma_shadow_request *ask_for_list(struct dma_shadow *s, PDEVICE_OBJECT device, PVOID transfer,
                                               PDRIVER_LIST_CONTROL routine, PVOID context)
{
    return dma_channel_ask(
        s, &(struct dma_shadow_ask){
               .device = device, .context = transfer, .list_routine = routine, .routine_context = context});
}

/* The call has returned; list is what it made when there is no routine. */
static NTSTATUS list_asked(struct dma_shadow_request *r, uint32_t generation, NTSTATUS status,
                           bool has_routine, const void *list)
{
    if (!NT_SUCCESS(status))
        dma_channel_forget(r, generation);
    else if (!has_routine)
        dma_list_grant(r, list);
    return status;
}

static NTSTATUS get_scatter_gather_list(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PMDL mdl, PVOID address,
                                        ULONG length, PDRIVER_LIST_CONTROL routine, PVOID context,
                                        BOOLEAN to_device)
{
    static const char call[] = "GetScatterGatherList";
    struct dma_shadow *s = dma_shadow_of(adapter, call);
    require_old_list(s, mdl, address, length, to_device, call);
    struct dma_shadow_request *r = ask_for_list(s, device, NULL, routine, context);
    uint32_t generation = r->slot.generation;
    NTSTATUS status = own()->GetScatterGatherList(adapter, device, mdl, address, length,
                                                  routine != NULL ? dma_list_control : NULL, r, to_device);
    return list_asked(r, generation, status, true, NULL);
}

static NTSTATUS build_scatter_gather_list(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PMDL mdl,
                                          PVOID address, ULONG length, PDRIVER_LIST_CONTROL routine,
                                          PVOID context, BOOLEAN to_device, PVOID buffer, ULONG buffer_bytes)
{
    static const char call[] = "BuildScatterGatherList";
    struct dma_shadow *s = dma_shadow_of(adapter, call);
    require_old_list(s, mdl, address, length, to_device, call);
    struct dma_shadow_request *r = ask_for_list(s, device, NULL, routine, context);
    uint32_t generation = r->slot.generation;
    NTSTATUS status = own()->BuildScatterGatherList(adapter, device, mdl, address, length,
                                                    routine != NULL ? dma_list_control : NULL, r, to_device,
                                                    buffer, buffer_bytes);
    return list_asked(r, generation, status, true, NULL);
}

static NTSTATUS get_scatter_gather_list_ex(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID transfer,
                                           PMDL mdl, ULONGLONG offset, ULONG length, ULONG flags,
                                           PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN to_device,
                                           PDMA_COMPLETION_ROUTINE completion, PVOID completion_context,
                                           PSCATTER_GATHER_LIST *list)
{
    static const char call[] = "GetScatterGatherListEx";
    struct dma_shadow *s = dma_shadow_of(adapter, call);
    require_list(s, mdl, offset, length, to_device, call);
    struct dma_shadow_request *r = ask_for_list(s, device, transfer, routine, context);
    uint32_t generation = r->slot.generation;
    NTSTATUS status = own()->GetScatterGatherListEx(adapter, device, transfer, mdl, offset, length, flags,
                                                    routine != NULL ? dma_list_control : NULL, r, to_device,
                                                    completion, completion_context, list);
    return list_asked(r, generation, status, routine != NULL, list != NULL ? *list : NULL);
}

static NTSTATUS build_scatter_gather_list_ex(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID transfer,
                                             PMDL mdl, ULONGLONG offset, ULONG length, ULONG flags,
                                             PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN to_device,
                                             PVOID buffer, ULONG buffer_bytes,
                                             PDMA_COMPLETION_ROUTINE completion, PVOID completion_context,
                                             PVOID list)
{
    static const char call[] = "BuildScatterGatherListEx";
    struct dma_shadow *s = dma_shadow_of(adapter, call);
    require_list(s, mdl, offset, length, to_device, call);
    struct dma_shadow_request *r = ask_for_list(s, device, transfer, routine, context);
    uint32_t generation = r->slot.generation;
    NTSTATUS status = own()->BuildScatterGatherListEx(
        adapter, device, transfer, mdl, offset, length, flags, routine != NULL ? dma_list_control : NULL, r,
        to_device, buffer, buffer_bytes, completion, completion_context, list);
    return list_asked(r, generation, status, routine != NULL, buffer);
}

static VOID put_scatter_gather_list(PDMA_ADAPTER adapter, PSCATTER_GATHER_LIST list, BOOLEAN to_device)
{
    dma_list_release(dma_shadow_of(adapter, "PutScatterGatherList"), list);
    own()->PutScatterGatherList(adapter, list, to_device);
}

static NTSTATUS calculate_scatter_gather_list(PDMA_ADAPTER adapter, PMDL mdl, PVOID address, ULONG length,
                                              PULONG bytes, PULONG registers)
{
    static const char call[] = "CalculateScatterGatherList";
    struct dma_shadow *s = dma_shadow_of(adapter, call);
    if (mdl != NULL)
        dma_named_offset(s, mdl, address, true, call);
    return own()->CalculateScatterGatherList(adapter, mdl, address, length, bytes, registers);
}

static NTSTATUS build_mdl_from_scatter_gather_list(PDMA_ADAPTER adapter, PSCATTER_GATHER_LIST list,
                                                   PMDL original, PMDL *target)
{
    dma_shadow_of(adapter, "BuildMdlFromScatterGatherList");
    return own()->BuildMdlFromScatterGatherList(adapter, list, original, target);
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

const DMA_OPERATIONS dma_verifier_tables[] = {
    {.Size = offsetof(DMA_OPERATIONS, CalculateScatterGatherList), MEMBERS_1},
    {.Size = offsetof(DMA_OPERATIONS, GetDmaAdapterInfo), MEMBERS_1, MEMBERS_2},
    {
        .Size = sizeof(DMA_OPERATIONS),
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
    },
};
