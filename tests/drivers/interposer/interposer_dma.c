/*
 * The interposer: the members of the table, each of which calls the lower adapter's.
 */
#include "interposer.h"

#define LOWER(adapter) (InterposerOf(adapter)->Lower)
#define BELOW(adapter) (InterposerOf(adapter)->LowerOperations)

/* --- version 1 ---------------------------------------------------------------------------------- */

static VOID PutAdapter(PDMA_ADAPTER DmaAdapter)
{
    InterposerUnwrap(InterposerOf(DmaAdapter));
}

static PVOID AllocateCommon(PDMA_ADAPTER DmaAdapter, ULONG Length, PPHYSICAL_ADDRESS LogicalAddress,
                            BOOLEAN CacheEnabled)
{
    return BELOW(DmaAdapter)->AllocateCommonBuffer(LOWER(DmaAdapter), Length, LogicalAddress, CacheEnabled);
}

static VOID FreeCommon(PDMA_ADAPTER DmaAdapter, ULONG Length, PHYSICAL_ADDRESS LogicalAddress,
                       PVOID VirtualAddress, BOOLEAN CacheEnabled)
{
    BELOW(DmaAdapter)
        ->FreeCommonBuffer(LOWER(DmaAdapter), Length, LogicalAddress, VirtualAddress, CacheEnabled);
}

static NTSTATUS AllocateChannel(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                ULONG NumberOfMapRegisters, PDRIVER_CONTROL ExecutionRoutine, PVOID Context)
{
    return BELOW(DmaAdapter)
        ->AllocateAdapterChannel(LOWER(DmaAdapter), DeviceObject, NumberOfMapRegisters, ExecutionRoutine,
                                 Context);
}

static BOOLEAN Flush(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase, PVOID CurrentVa, ULONG Length,
                     BOOLEAN WriteToDevice)
{
    return BELOW(DmaAdapter)
        ->FlushAdapterBuffers(LOWER(DmaAdapter), Mdl, MapRegisterBase, CurrentVa, Length, WriteToDevice);
}

static VOID FreeChannel(PDMA_ADAPTER DmaAdapter)
{
    BELOW(DmaAdapter)->FreeAdapterChannel(LOWER(DmaAdapter));
}

static VOID FreeRegisters(PDMA_ADAPTER DmaAdapter, PVOID MapRegisterBase, ULONG NumberOfMapRegisters)
{
    BELOW(DmaAdapter)->FreeMapRegisters(LOWER(DmaAdapter), MapRegisterBase, NumberOfMapRegisters);
}

static PHYSICAL_ADDRESS Map(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase, PVOID CurrentVa,
                            PULONG Length, BOOLEAN WriteToDevice)
{
    return BELOW(DmaAdapter)
        ->MapTransfer(LOWER(DmaAdapter), Mdl, MapRegisterBase, CurrentVa, Length, WriteToDevice);
}

static ULONG Alignment(PDMA_ADAPTER DmaAdapter)
{
    return BELOW(DmaAdapter)->GetDmaAlignment(LOWER(DmaAdapter));
}

static ULONG ReadCounter(PDMA_ADAPTER DmaAdapter)
{
    return BELOW(DmaAdapter)->ReadDmaCounter(LOWER(DmaAdapter));
}

static NTSTATUS GetList(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PMDL Mdl, PVOID CurrentVa,
                        ULONG Length, PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context,
                        BOOLEAN WriteToDevice)
{
    return BELOW(DmaAdapter)
        ->GetScatterGatherList(LOWER(DmaAdapter), DeviceObject, Mdl, CurrentVa, Length, ExecutionRoutine,
                               Context, WriteToDevice);
}

static VOID PutList(PDMA_ADAPTER DmaAdapter, PSCATTER_GATHER_LIST ScatterGather, BOOLEAN WriteToDevice)
{
    BELOW(DmaAdapter)->PutScatterGatherList(LOWER(DmaAdapter), ScatterGather, WriteToDevice);
}

/* --- version 2 ---------------------------------------------------------------------------------- */

static NTSTATUS CalculateList(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID CurrentVa, ULONG Length,
                              PULONG ScatterGatherListSize, PULONG NumberOfMapRegisters)
{
    return BELOW(DmaAdapter)
        ->CalculateScatterGatherList(LOWER(DmaAdapter), Mdl, CurrentVa, Length, ScatterGatherListSize,
                                     NumberOfMapRegisters);
}

static NTSTATUS BuildList(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PMDL Mdl, PVOID CurrentVa,
                          ULONG Length, PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context,
                          BOOLEAN WriteToDevice, PVOID ScatterGatherBuffer, ULONG ScatterGatherLength)
{
    return BELOW(DmaAdapter)
        ->BuildScatterGatherList(LOWER(DmaAdapter), DeviceObject, Mdl, CurrentVa, Length, ExecutionRoutine,
                                 Context, WriteToDevice, ScatterGatherBuffer, ScatterGatherLength);
}

static NTSTATUS BuildMdl(PDMA_ADAPTER DmaAdapter, PSCATTER_GATHER_LIST ScatterGather, PMDL OriginalMdl,
                         PMDL *TargetMdl)
{
    return BELOW(DmaAdapter)
        ->BuildMdlFromScatterGatherList(LOWER(DmaAdapter), ScatterGather, OriginalMdl, TargetMdl);
}

/* --- version 3 ---------------------------------------------------------------------------------- */

static NTSTATUS AdapterInfo(PDMA_ADAPTER DmaAdapter, PDMA_ADAPTER_INFO Info)
{
    return BELOW(DmaAdapter)->GetDmaAdapterInfo(LOWER(DmaAdapter), Info);
}

static NTSTATUS TransferInfo(PDMA_ADAPTER DmaAdapter, PMDL Mdl, ULONGLONG Offset, ULONG Length,
                             BOOLEAN WriteOnly, PDMA_TRANSFER_INFO Info)
{
    return BELOW(DmaAdapter)->GetDmaTransferInfo(LOWER(DmaAdapter), Mdl, Offset, Length, WriteOnly, Info);
}

static NTSTATUS InitializeContext(PDMA_ADAPTER DmaAdapter, PVOID DmaTransferContext)
{
    return BELOW(DmaAdapter)->InitializeDmaTransferContext(LOWER(DmaAdapter), DmaTransferContext);
}

static PVOID AllocateCommonEx(PDMA_ADAPTER DmaAdapter, PPHYSICAL_ADDRESS MaximumAddress, ULONG Length,
                              PPHYSICAL_ADDRESS LogicalAddress, BOOLEAN CacheEnabled,
                              NODE_REQUIREMENT PreferredNode)
{
    return BELOW(DmaAdapter)
        ->AllocateCommonBufferEx(LOWER(DmaAdapter), MaximumAddress, Length, LogicalAddress, CacheEnabled,
                                 PreferredNode);
}

static NTSTATUS AllocateChannelEx(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                  PVOID DmaTransferContext, ULONG NumberOfMapRegisters, ULONG Flags,
                                  PDRIVER_CONTROL ExecutionRoutine, PVOID ExecutionContext,
                                  PVOID *MapRegisterBase)
{
    return BELOW(DmaAdapter)
        ->AllocateAdapterChannelEx(LOWER(DmaAdapter), DeviceObject, DmaTransferContext, NumberOfMapRegisters,
                                   Flags, ExecutionRoutine, ExecutionContext, MapRegisterBase);
}

static NTSTATUS ConfigureChannel(PDMA_ADAPTER DmaAdapter, ULONG FunctionNumber, PVOID Context)
{
    return BELOW(DmaAdapter)->ConfigureAdapterChannel(LOWER(DmaAdapter), FunctionNumber, Context);
}

static BOOLEAN CancelChannel(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PVOID DmaTransferContext)
{
    return BELOW(DmaAdapter)->CancelAdapterChannel(LOWER(DmaAdapter), DeviceObject, DmaTransferContext);
}

static NTSTATUS MapEx(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase, ULONGLONG Offset,
                      ULONG DeviceOffset, PULONG Length, BOOLEAN WriteToDevice,
                      PSCATTER_GATHER_LIST ScatterGatherBuffer, ULONG ScatterGatherBufferLength,
                      PDMA_COMPLETION_ROUTINE DmaCompletionRoutine, PVOID CompletionContext)
{
    NTSTATUS status;

    if (!InterposerComplete(DmaAdapter, &DmaCompletionRoutine, &CompletionContext)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = BELOW(DmaAdapter)
                 ->MapTransferEx(LOWER(DmaAdapter), Mdl, MapRegisterBase, Offset, DeviceOffset, Length,
                                 WriteToDevice, ScatterGatherBuffer, ScatterGatherBufferLength,
                                 DmaCompletionRoutine, CompletionContext);
    if (!NT_SUCCESS(status)) {
        InterposerForget(DmaCompletionRoutine, CompletionContext);
    }
    return status;
}

static NTSTATUS GetListEx(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PVOID DmaTransferContext,
                          PMDL Mdl, ULONGLONG Offset, ULONG Length, ULONG Flags,
                          PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context, BOOLEAN WriteToDevice,
                          PDMA_COMPLETION_ROUTINE DmaCompletionRoutine, PVOID CompletionContext,
                          PSCATTER_GATHER_LIST *ScatterGatherList)
{
    NTSTATUS status;

    if (!InterposerComplete(DmaAdapter, &DmaCompletionRoutine, &CompletionContext)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = BELOW(DmaAdapter)
                 ->GetScatterGatherListEx(LOWER(DmaAdapter), DeviceObject, DmaTransferContext, Mdl, Offset,
                                          Length, Flags, ExecutionRoutine, Context, WriteToDevice,
                                          DmaCompletionRoutine, CompletionContext, ScatterGatherList);
    if (!NT_SUCCESS(status)) {
        InterposerForget(DmaCompletionRoutine, CompletionContext);
    }
    return status;
}

static NTSTATUS BuildListEx(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PVOID DmaTransferContext,
                            PMDL Mdl, ULONGLONG Offset, ULONG Length, ULONG Flags,
                            PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context, BOOLEAN WriteToDevice,
                            PVOID ScatterGatherBuffer, ULONG ScatterGatherLength,
                            PDMA_COMPLETION_ROUTINE DmaCompletionRoutine, PVOID CompletionContext,
                            PVOID ScatterGatherList)
{
    NTSTATUS status;

    if (!InterposerComplete(DmaAdapter, &DmaCompletionRoutine, &CompletionContext)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = BELOW(DmaAdapter)
                 ->BuildScatterGatherListEx(LOWER(DmaAdapter), DeviceObject, DmaTransferContext, Mdl, Offset,
                                            Length, Flags, ExecutionRoutine, Context, WriteToDevice,
                                            ScatterGatherBuffer, ScatterGatherLength, DmaCompletionRoutine,
                                            CompletionContext, ScatterGatherList);
    if (!NT_SUCCESS(status)) {
        InterposerForget(DmaCompletionRoutine, CompletionContext);
    }
    return status;
}

static NTSTATUS FlushEx(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase, ULONGLONG Offset,
                        ULONG Length, BOOLEAN WriteToDevice)
{
    return BELOW(DmaAdapter)
        ->FlushAdapterBuffersEx(LOWER(DmaAdapter), Mdl, MapRegisterBase, Offset, Length, WriteToDevice);
}

static VOID FreeObject(PDMA_ADAPTER DmaAdapter, IO_ALLOCATION_ACTION AllocationAction)
{
    BELOW(DmaAdapter)->FreeAdapterObject(LOWER(DmaAdapter), AllocationAction);
}

static NTSTATUS CancelMapped(PDMA_ADAPTER DmaAdapter, PVOID DmaTransferContext)
{
    return BELOW(DmaAdapter)->CancelMappedTransfer(LOWER(DmaAdapter), DmaTransferContext);
}

/* --- version 3 from Windows 10 on --------------------------------------------------------------- */

static NTSTATUS AllocateDomainCommon(PDMA_ADAPTER DmaAdapter, HANDLE DomainHandle,
                                     PPHYSICAL_ADDRESS MaximumAddress, ULONG Length, ULONG Flags,
                                     MEMORY_CACHING_TYPE *CacheType, NODE_REQUIREMENT PreferredNode,
                                     PPHYSICAL_ADDRESS LogicalAddress, PVOID *VirtualAddress)
{
    return BELOW(DmaAdapter)
        ->AllocateDomainCommonBuffer(LOWER(DmaAdapter), DomainHandle, MaximumAddress, Length, Flags,
                                     CacheType, PreferredNode, LogicalAddress, VirtualAddress);
}

static NTSTATUS FlushBuffer(PDMA_ADAPTER DmaAdapter, PMDL Mdl, BOOLEAN ReadOperation)
{
    return BELOW(DmaAdapter)->FlushDmaBuffer(LOWER(DmaAdapter), Mdl, ReadOperation);
}

static NTSTATUS JoinDomain(PDMA_ADAPTER DmaAdapter, HANDLE DomainHandle)
{
    return BELOW(DmaAdapter)->JoinDmaDomain(LOWER(DmaAdapter), DomainHandle);
}

static NTSTATUS LeaveDomain(PDMA_ADAPTER DmaAdapter)
{
    return BELOW(DmaAdapter)->LeaveDmaDomain(LOWER(DmaAdapter));
}

static HANDLE GetDomain(PDMA_ADAPTER DmaAdapter)
{
    return BELOW(DmaAdapter)->GetDmaDomain(LOWER(DmaAdapter));
}

static PVOID AllocateCommonWithBounds(PDMA_ADAPTER DmaAdapter, PPHYSICAL_ADDRESS MinimumAddress,
                                      PPHYSICAL_ADDRESS MaximumAddress, ULONG Length, ULONG Flags,
                                      MEMORY_CACHING_TYPE *CacheType, NODE_REQUIREMENT PreferredNode,
                                      PPHYSICAL_ADDRESS LogicalAddress)
{
    return BELOW(DmaAdapter)
        ->AllocateCommonBufferWithBounds(LOWER(DmaAdapter), MinimumAddress, MaximumAddress, Length, Flags,
                                         CacheType, PreferredNode, LogicalAddress);
}

static NTSTATUS AllocateVector(PDMA_ADAPTER DmaAdapter, PHYSICAL_ADDRESS LowAddress,
                               PHYSICAL_ADDRESS HighAddress, MEMORY_CACHING_TYPE CacheType, ULONG IdealNode,
                               ULONG Flags, ULONG NumberOfElements, ULONGLONG SizeOfElements,
                               PDMA_COMMON_BUFFER_VECTOR *VectorOut)
{
    return BELOW(DmaAdapter)
        ->AllocateCommonBufferVector(LOWER(DmaAdapter), LowAddress, HighAddress, CacheType, IdealNode, Flags,
                                     NumberOfElements, SizeOfElements, VectorOut);
}

static VOID GetFromVector(PDMA_ADAPTER DmaAdapter, PDMA_COMMON_BUFFER_VECTOR Vector, ULONG Index,
                          PVOID *VirtualAddressOut, PPHYSICAL_ADDRESS LogicalAddressOut)
{
    BELOW(DmaAdapter)
        ->GetCommonBufferFromVectorByIndex(LOWER(DmaAdapter), Vector, Index, VirtualAddressOut,
                                           LogicalAddressOut);
}

static VOID FreeFromVector(PDMA_ADAPTER DmaAdapter, PDMA_COMMON_BUFFER_VECTOR Vector, ULONG Index)
{
    BELOW(DmaAdapter)->FreeCommonBufferFromVector(LOWER(DmaAdapter), Vector, Index);
}

static VOID FreeVector(PDMA_ADAPTER DmaAdapter, PDMA_COMMON_BUFFER_VECTOR Vector)
{
    BELOW(DmaAdapter)->FreeCommonBufferVector(LOWER(DmaAdapter), Vector);
}

static NTSTATUS CreateCommon(PDMA_ADAPTER DmaAdapter, PMDL Mdl,
                             PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION ExtendedConfigs,
                             ULONG ExtendedConfigsCount, PPHYSICAL_ADDRESS LogicalAddress)
{
    return BELOW(DmaAdapter)
        ->CreateCommonBufferFromMdl(LOWER(DmaAdapter), Mdl, ExtendedConfigs, ExtendedConfigsCount,
                                    LogicalAddress);
}

/* In the table's order. */
const DMA_OPERATIONS InterposerOperations = {
    sizeof(DMA_OPERATIONS),
    PutAdapter,
    AllocateCommon,
    FreeCommon,
    AllocateChannel,
    Flush,
    FreeChannel,
    FreeRegisters,
    Map,
    Alignment,
    ReadCounter,
    GetList,
    PutList,
    CalculateList,
    BuildList,
    BuildMdl,
    AdapterInfo,
    TransferInfo,
    InitializeContext,
    AllocateCommonEx,
    AllocateChannelEx,
    ConfigureChannel,
    CancelChannel,
    MapEx,
    GetListEx,
    BuildListEx,
    FlushEx,
    FreeObject,
    CancelMapped,
    AllocateDomainCommon,
    FlushBuffer,
    JoinDomain,
    LeaveDomain,
    GetDomain,
    AllocateCommonWithBounds,
    AllocateVector,
    GetFromVector,
    FreeFromVector,
    FreeVector,
    CreateCommon,
};
