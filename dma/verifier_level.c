/*
 * The IRQL of every member of the operations tables: a table of its own, before whichever verifies or
 * performs.
 *
 * One line a member: what it returns, its name, the level that its page says (docs/rules/dma_verify.md has
 * the pages), its parameters, and their names. Vectors of common buffers have a bug check of their own for
 * this, which their members raise (vector.c).
 */
#include <emu/finding.h>

#include "dma/verifier.h"
#include "dma/verifier_shadow.h"

enum { WRONG_LEVEL = 0x13, DIFFERS = 1, TOO_HIGH = 2 };

static void exactly(KIRQL wanted, const char *call)
{
    KIRQL level = KeGetCurrentIrql();
    if (level != wanted)
        dma_verifier_raise((struct dma_violation){WRONG_LEVEL, DIFFERS, wanted, level},
                           "%s was called at IRQL %u; that is done at IRQL %u exactly", call, level, wanted);
}

static void at_most(KIRQL wanted, const char *call)
{
    KIRQL level = KeGetCurrentIrql();
    if (level > wanted)
        dma_verifier_raise((struct dma_violation){WRONG_LEVEL, TOO_HIGH, wanted, level},
                           "%s was called at IRQL %u; that is done at IRQL %u at most", call, level, wanted);
}

static const DMA_OPERATIONS *below(void)
{
    return dma_system()->verifier->below;
}

#define CHECKED(returns, name, level, parameters, arguments) \
    static returns name parameters                           \
    {                                                        \
        level;                                               \
        return below()->name arguments;                      \
    }
#define CHECKED_VOID(name, level, parameters, arguments) \
    static VOID name parameters                          \
    {                                                    \
        level;                                           \
        below()->name arguments;                         \
    }
#define EXACTLY(level) exactly(level, __func__)
#define AT_MOST(level) at_most(level, __func__)

/* clang-format off */
CHECKED_VOID(PutDmaAdapter, AT_MOST(DISPATCH_LEVEL), (PDMA_ADAPTER a), (a))
CHECKED(PVOID, AllocateCommonBuffer, AT_MOST(PASSIVE_LEVEL),
        (PDMA_ADAPTER a, ULONG length, PPHYSICAL_ADDRESS logical, BOOLEAN cached), (a, length, logical, cached))
CHECKED_VOID(FreeCommonBuffer, AT_MOST(PASSIVE_LEVEL),
             (PDMA_ADAPTER a, ULONG length, PHYSICAL_ADDRESS logical, PVOID memory, BOOLEAN cached),
             (a, length, logical, memory, cached))
CHECKED(NTSTATUS, AllocateAdapterChannel, EXACTLY(DISPATCH_LEVEL),
        (PDMA_ADAPTER a, PDEVICE_OBJECT device, ULONG registers, PDRIVER_CONTROL routine, PVOID context),
        (a, device, registers, routine, context))
CHECKED(BOOLEAN, FlushAdapterBuffers, AT_MOST(DISPATCH_LEVEL),
        (PDMA_ADAPTER a, PMDL mdl, PVOID base, PVOID address, ULONG length, BOOLEAN to_device),
        (a, mdl, base, address, length, to_device))
CHECKED_VOID(FreeAdapterChannel, EXACTLY(DISPATCH_LEVEL), (PDMA_ADAPTER a), (a))
CHECKED_VOID(FreeMapRegisters, EXACTLY(DISPATCH_LEVEL), (PDMA_ADAPTER a, PVOID base, ULONG count),
             (a, base, count))
CHECKED(PHYSICAL_ADDRESS, MapTransfer, AT_MOST(DISPATCH_LEVEL),
        (PDMA_ADAPTER a, PMDL mdl, PVOID base, PVOID address, PULONG length, BOOLEAN to_device),
        (a, mdl, base, address, length, to_device))
CHECKED(ULONG, GetDmaAlignment, AT_MOST(PASSIVE_LEVEL), (PDMA_ADAPTER a), (a))
CHECKED(ULONG, ReadDmaCounter, AT_MOST(DISPATCH_LEVEL), (PDMA_ADAPTER a), (a))
CHECKED(NTSTATUS, GetScatterGatherList, EXACTLY(DISPATCH_LEVEL),
        (PDMA_ADAPTER a, PDEVICE_OBJECT device, PMDL mdl, PVOID address, ULONG length,
         PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN to_device),
        (a, device, mdl, address, length, routine, context, to_device))
CHECKED_VOID(PutScatterGatherList, EXACTLY(DISPATCH_LEVEL),
             (PDMA_ADAPTER a, PSCATTER_GATHER_LIST list, BOOLEAN to_device), (a, list, to_device))
CHECKED(NTSTATUS, BuildScatterGatherList, EXACTLY(DISPATCH_LEVEL),
        (PDMA_ADAPTER a, PDEVICE_OBJECT device, PMDL mdl, PVOID address, ULONG length,
         PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN to_device, PVOID buffer, ULONG bytes),
        (a, device, mdl, address, length, routine, context, to_device, buffer, bytes))
CHECKED(NTSTATUS, BuildMdlFromScatterGatherList, AT_MOST(DISPATCH_LEVEL),
        (PDMA_ADAPTER a, PSCATTER_GATHER_LIST list, PMDL original, PMDL *target), (a, list, original, target))
CHECKED(NTSTATUS, GetDmaAdapterInfo, AT_MOST(DISPATCH_LEVEL), (PDMA_ADAPTER a, PDMA_ADAPTER_INFO info), (a, info))
CHECKED(NTSTATUS, GetDmaTransferInfo, AT_MOST(DISPATCH_LEVEL),
        (PDMA_ADAPTER a, PMDL mdl, ULONGLONG offset, ULONG length, BOOLEAN write, PDMA_TRANSFER_INFO info),
        (a, mdl, offset, length, write, info))
CHECKED(NTSTATUS, InitializeDmaTransferContext, AT_MOST(DISPATCH_LEVEL), (PDMA_ADAPTER a, PVOID context),
        (a, context))
CHECKED(PVOID, AllocateCommonBufferEx, AT_MOST(PASSIVE_LEVEL),
        (PDMA_ADAPTER a, PPHYSICAL_ADDRESS highest, ULONG length, PPHYSICAL_ADDRESS logical, BOOLEAN cached,
         NODE_REQUIREMENT node),
        (a, highest, length, logical, cached, node))
CHECKED(NTSTATUS, AllocateAdapterChannelEx, EXACTLY(DISPATCH_LEVEL),
        (PDMA_ADAPTER a, PDEVICE_OBJECT device, PVOID transfer, ULONG registers, ULONG flags,
         PDRIVER_CONTROL routine, PVOID context, PVOID *base),
        (a, device, transfer, registers, flags, routine, context, base))
CHECKED(NTSTATUS, ConfigureAdapterChannel, AT_MOST(DISPATCH_LEVEL),
        (PDMA_ADAPTER a, ULONG function, PVOID context), (a, function, context))
CHECKED(BOOLEAN, CancelAdapterChannel, AT_MOST(DISPATCH_LEVEL),
        (PDMA_ADAPTER a, PDEVICE_OBJECT device, PVOID transfer), (a, device, transfer))
CHECKED(NTSTATUS, MapTransferEx, AT_MOST(DISPATCH_LEVEL),
        (PDMA_ADAPTER a, PMDL mdl, PVOID base, ULONGLONG offset, ULONG device_offset, PULONG length,
         BOOLEAN to_device, PSCATTER_GATHER_LIST buffer, ULONG bytes, PDMA_COMPLETION_ROUTINE routine,
         PVOID context),
        (a, mdl, base, offset, device_offset, length, to_device, buffer, bytes, routine, context))
CHECKED(NTSTATUS, GetScatterGatherListEx, EXACTLY(DISPATCH_LEVEL),
        (PDMA_ADAPTER a, PDEVICE_OBJECT device, PVOID transfer, PMDL mdl, ULONGLONG offset, ULONG length,
         ULONG flags, PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN to_device,
         PDMA_COMPLETION_ROUTINE completion, PVOID completion_context, PSCATTER_GATHER_LIST *list),
        (a, device, transfer, mdl, offset, length, flags, routine, context, to_device, completion,
         completion_context, list))
CHECKED(NTSTATUS, BuildScatterGatherListEx, EXACTLY(DISPATCH_LEVEL),
        (PDMA_ADAPTER a, PDEVICE_OBJECT device, PVOID transfer, PMDL mdl, ULONGLONG offset, ULONG length,
         ULONG flags, PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN to_device, PVOID buffer, ULONG bytes,
         PDMA_COMPLETION_ROUTINE completion, PVOID completion_context, PVOID list),
        (a, device, transfer, mdl, offset, length, flags, routine, context, to_device, buffer, bytes, completion,
         completion_context, list))
CHECKED(NTSTATUS, FlushAdapterBuffersEx, AT_MOST(DISPATCH_LEVEL),
        (PDMA_ADAPTER a, PMDL mdl, PVOID base, ULONGLONG offset, ULONG length, BOOLEAN to_device),
        (a, mdl, base, offset, length, to_device))
CHECKED_VOID(FreeAdapterObject, AT_MOST(DISPATCH_LEVEL), (PDMA_ADAPTER a, IO_ALLOCATION_ACTION action),
             (a, action))
CHECKED(NTSTATUS, CancelMappedTransfer, AT_MOST(DISPATCH_LEVEL), (PDMA_ADAPTER a, PVOID transfer), (a, transfer))
CHECKED(NTSTATUS, AllocateDomainCommonBuffer, AT_MOST(PASSIVE_LEVEL),
        (PDMA_ADAPTER a, HANDLE domain, PPHYSICAL_ADDRESS highest, ULONG length, ULONG flags,
         MEMORY_CACHING_TYPE *cache, NODE_REQUIREMENT node, PPHYSICAL_ADDRESS logical, PVOID *memory),
        (a, domain, highest, length, flags, cache, node, logical, memory))
CHECKED(NTSTATUS, FlushDmaBuffer, AT_MOST(DISPATCH_LEVEL), (PDMA_ADAPTER a, PMDL mdl, BOOLEAN read),
        (a, mdl, read))
CHECKED(NTSTATUS, JoinDmaDomain, AT_MOST(PASSIVE_LEVEL), (PDMA_ADAPTER a, HANDLE domain), (a, domain))
CHECKED(NTSTATUS, LeaveDmaDomain, AT_MOST(PASSIVE_LEVEL), (PDMA_ADAPTER a), (a))
CHECKED(HANDLE, GetDmaDomain, AT_MOST(PASSIVE_LEVEL), (PDMA_ADAPTER a), (a))
CHECKED(PVOID, AllocateCommonBufferWithBounds, AT_MOST(PASSIVE_LEVEL),
        (PDMA_ADAPTER a, PPHYSICAL_ADDRESS lowest, PPHYSICAL_ADDRESS highest, ULONG length, ULONG flags,
         MEMORY_CACHING_TYPE *cache, NODE_REQUIREMENT node, PPHYSICAL_ADDRESS logical),
        (a, lowest, highest, length, flags, cache, node, logical))
CHECKED(NTSTATUS, CreateCommonBufferFromMdl, AT_MOST(PASSIVE_LEVEL),
        (PDMA_ADAPTER a, PMDL mdl, PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION configs, ULONG count,
         PPHYSICAL_ADDRESS logical),
        (a, mdl, configs, count, logical))
/* At any level, or checked behind. */
CHECKED(NTSTATUS, CalculateScatterGatherList, AT_MOST(HIGH_LEVEL),
        (PDMA_ADAPTER a, PMDL mdl, PVOID address, ULONG length, PULONG bytes, PULONG registers),
        (a, mdl, address, length, bytes, registers))
CHECKED(NTSTATUS, AllocateCommonBufferVector, AT_MOST(HIGH_LEVEL),
        (PDMA_ADAPTER a, PHYSICAL_ADDRESS lowest, PHYSICAL_ADDRESS highest, MEMORY_CACHING_TYPE cache, ULONG node,
         ULONG flags, ULONG count, ULONGLONG bytes, PDMA_COMMON_BUFFER_VECTOR *vector),
        (a, lowest, highest, cache, node, flags, count, bytes, vector))
CHECKED_VOID(GetCommonBufferFromVectorByIndex, AT_MOST(HIGH_LEVEL),
             (PDMA_ADAPTER a, PDMA_COMMON_BUFFER_VECTOR vector, ULONG index, PVOID *memory,
              PPHYSICAL_ADDRESS logical),
             (a, vector, index, memory, logical))
CHECKED_VOID(FreeCommonBufferFromVector, AT_MOST(HIGH_LEVEL),
             (PDMA_ADAPTER a, PDMA_COMMON_BUFFER_VECTOR vector, ULONG index), (a, vector, index))
CHECKED_VOID(FreeCommonBufferVector, AT_MOST(HIGH_LEVEL), (PDMA_ADAPTER a, PDMA_COMMON_BUFFER_VECTOR vector),
             (a, vector))

#define M(name) .name = name
#define MEMBERS_1                                                                                       \
    M(PutDmaAdapter), M(AllocateCommonBuffer), M(FreeCommonBuffer), M(AllocateAdapterChannel),          \
    M(FlushAdapterBuffers), M(FreeAdapterChannel), M(FreeMapRegisters), M(MapTransfer),                 \
    M(GetDmaAlignment), M(ReadDmaCounter), M(GetScatterGatherList), M(PutScatterGatherList)
#define MEMBERS_2 M(CalculateScatterGatherList), M(BuildScatterGatherList), M(BuildMdlFromScatterGatherList)

const DMA_OPERATIONS dma_level_tables[] = {
    {.Size = offsetof(DMA_OPERATIONS, CalculateScatterGatherList), MEMBERS_1},
    {.Size = offsetof(DMA_OPERATIONS, GetDmaAdapterInfo), MEMBERS_1, MEMBERS_2},
    {.Size = sizeof(DMA_OPERATIONS), MEMBERS_1, MEMBERS_2,
     M(GetDmaAdapterInfo), M(GetDmaTransferInfo), M(InitializeDmaTransferContext), M(AllocateCommonBufferEx),
     M(AllocateAdapterChannelEx), M(ConfigureAdapterChannel), M(CancelAdapterChannel), M(MapTransferEx),
     M(GetScatterGatherListEx), M(BuildScatterGatherListEx), M(FlushAdapterBuffersEx), M(FreeAdapterObject),
     M(CancelMappedTransfer), M(AllocateDomainCommonBuffer), M(FlushDmaBuffer), M(JoinDmaDomain),
     M(LeaveDmaDomain), M(GetDmaDomain), M(AllocateCommonBufferWithBounds), M(AllocateCommonBufferVector),
     M(GetCommonBufferFromVectorByIndex), M(FreeCommonBufferFromVector), M(FreeCommonBufferVector),
     M(CreateCommonBufferFromMdl)},
};
/* clang-format on */
