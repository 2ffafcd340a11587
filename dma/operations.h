/*
 * Operations of this layer, as the trace and the explorer know them.
 *
 * One line an operation: X(id, name, what it does to its object, what its argument means). Each entry point
 * announces itself before it touches anything shared. The other operations are the named moments in the life
 * of a request: they read, so that whatever another processor writes can come before or after them.
 */
#ifndef DMA_OPERATIONS_H
#define DMA_OPERATIONS_H

#include <emu/step.h>

#define DMA_OPS(X)                                                                         \
    X(DMA_OP_GET_ADAPTER, "IoGetDmaAdapter", EMU_ACCESS_WRITE, "version")                  \
    X(DMA_OP_PUT_ADAPTER, "PutDmaAdapter", EMU_ACCESS_WRITE, NULL)                         \
    X(DMA_OP_INITIALIZE_CONTEXT, "InitializeDmaTransferContext", EMU_ACCESS_WRITE, NULL)   \
    X(DMA_OP_ALLOCATE, "AllocateAdapterChannel", EMU_ACCESS_WRITE, "registers")            \
    X(DMA_OP_ALLOCATE_EX, "AllocateAdapterChannelEx", EMU_ACCESS_WRITE, "registers")       \
    X(DMA_OP_ENQUEUED, "enqueued", EMU_ACCESS_READ, "registers")                           \
    X(DMA_OP_GRANTED, "grant decided", EMU_ACCESS_READ, "registers")                       \
    X(DMA_OP_CALL, "about to call AdapterControl", EMU_ACCESS_READ, "registers")           \
    X(DMA_OP_RETURNED, "AdapterControl returned", EMU_ACCESS_WRITE, "action")              \
    X(DMA_OP_CANCEL, "CancelAdapterChannel", EMU_ACCESS_WRITE, NULL)                       \
    X(DMA_OP_CANCELLED, "cancelled", EMU_ACCESS_READ, NULL)                                \
    X(DMA_OP_FREE_CHANNEL, "FreeAdapterChannel", EMU_ACCESS_WRITE, NULL)                   \
    X(DMA_OP_FREE_OBJECT, "FreeAdapterObject", EMU_ACCESS_WRITE, "action")                 \
    X(DMA_OP_FREE_REGISTERS, "FreeMapRegisters", EMU_ACCESS_WRITE, "registers")            \
    X(DMA_OP_MAP, "MapTransfer", EMU_ACCESS_WRITE, "bytes")                                \
    X(DMA_OP_MAP_EX, "MapTransferEx", EMU_ACCESS_WRITE, "bytes")                           \
    X(DMA_OP_FLUSH, "FlushAdapterBuffers", EMU_ACCESS_WRITE, "bytes")                      \
    X(DMA_OP_FLUSH_EX, "FlushAdapterBuffersEx", EMU_ACCESS_WRITE, "bytes")                 \
    X(DMA_OP_CANCEL_MAPPED, "CancelMappedTransfer", EMU_ACCESS_WRITE, NULL)                \
    X(DMA_OP_READ_COUNTER, "ReadDmaCounter", EMU_ACCESS_READ, NULL)                        \
    X(DMA_OP_INTERRUPT, "DMA controller's interrupt", EMU_ACCESS_WRITE, NULL)              \
    X(DMA_OP_ROUTINE, "DMA controller's next routine", EMU_ACCESS_WRITE, NULL)             \
    X(DMA_OP_CONFIGURE, "ConfigureAdapterChannel", EMU_ACCESS_WRITE, "function")           \
    X(DMA_OP_COMPLETION, "about to call DmaCompletionRoutine", EMU_ACCESS_READ, "status")  \
    X(DMA_OP_ALLOCATE_COMMON, "AllocateCommonBuffer", EMU_ACCESS_WRITE, "bytes")           \
    X(DMA_OP_FREE_COMMON, "FreeCommonBuffer", EMU_ACCESS_WRITE, "bytes")                   \
    X(DMA_OP_COMMON_EX, "AllocateCommonBufferEx", EMU_ACCESS_WRITE, "bytes")               \
    X(DMA_OP_COMMON_BOUNDS, "AllocateCommonBufferWithBounds", EMU_ACCESS_WRITE, "bytes")   \
    X(DMA_OP_COMMON_DOMAIN, "AllocateDomainCommonBuffer", EMU_ACCESS_WRITE, "bytes")       \
    X(DMA_OP_COMMON_MDL, "CreateCommonBufferFromMdl", EMU_ACCESS_WRITE, "bytes")           \
    X(DMA_OP_VECTOR, "AllocateCommonBufferVector", EMU_ACCESS_WRITE, "elements")           \
    X(DMA_OP_VECTOR_GET, "GetCommonBufferFromVectorByIndex", EMU_ACCESS_READ, "index")     \
    X(DMA_OP_VECTOR_FREE_ONE, "FreeCommonBufferFromVector", EMU_ACCESS_WRITE, "index")     \
    X(DMA_OP_VECTOR_FREE, "FreeCommonBufferVector", EMU_ACCESS_WRITE, NULL)                \
    X(DMA_OP_FLUSH_BUFFER, "FlushDmaBuffer", EMU_ACCESS_WRITE, NULL)                       \
    X(DMA_OP_GET_DOMAIN, "GetDmaDomain", EMU_ACCESS_READ, NULL)                            \
    X(DMA_OP_JOIN_DOMAIN, "JoinDmaDomain", EMU_ACCESS_WRITE, NULL)                         \
    X(DMA_OP_LEAVE_DOMAIN, "LeaveDmaDomain", EMU_ACCESS_WRITE, NULL)                       \
    X(DMA_OP_IOMMU_CREATE, "CreateDomain", EMU_ACCESS_WRITE, NULL)                         \
    X(DMA_OP_IOMMU_DELETE, "DeleteDomain", EMU_ACCESS_WRITE, NULL)                         \
    X(DMA_OP_IOMMU_CONFIGURE, "ConfigureDomain", EMU_ACCESS_READ, NULL)                    \
    X(DMA_OP_IOMMU_FLUSH, "FlushDomain", EMU_ACCESS_READ, NULL)                            \
    X(DMA_OP_IOMMU_DEVICE, "CreateDevice", EMU_ACCESS_WRITE, NULL)                         \
    X(DMA_OP_IOMMU_DEVICE_END, "DeleteDevice", EMU_ACCESS_WRITE, NULL)                     \
    X(DMA_OP_IOMMU_ATTACH, "AttachDevice", EMU_ACCESS_WRITE, NULL)                         \
    X(DMA_OP_IOMMU_DETACH, "DetachDevice", EMU_ACCESS_WRITE, NULL)                         \
    X(DMA_OP_IOMMU_QUERY, "QueryAvailableDomainTypes", EMU_ACCESS_READ, NULL)              \
    X(DMA_OP_IOMMU_REPORT, "SetDeviceFaultReporting", EMU_ACCESS_READ, NULL)               \
    X(DMA_OP_IOMMU_STATE, "InterfaceStateChangeCallback", EMU_ACCESS_WRITE, NULL)          \
    X(DMA_OP_IOMMU_MAP, "MapLogicalRange", EMU_ACCESS_WRITE, NULL)                         \
    X(DMA_OP_IOMMU_UNMAP, "UnmapLogicalRange", EMU_ACCESS_WRITE, NULL)                     \
    X(DMA_OP_IOMMU_RESERVE, "ReserveLogicalAddressRange", EMU_ACCESS_WRITE, NULL)          \
    X(DMA_OP_GET_LIST, "GetScatterGatherList", EMU_ACCESS_WRITE, "registers")              \
    X(DMA_OP_GET_LIST_EX, "GetScatterGatherListEx", EMU_ACCESS_WRITE, "registers")         \
    X(DMA_OP_BUILD_LIST, "BuildScatterGatherList", EMU_ACCESS_WRITE, "registers")          \
    X(DMA_OP_BUILD_LIST_EX, "BuildScatterGatherListEx", EMU_ACCESS_WRITE, "registers")     \
    X(DMA_OP_CALL_LIST, "about to call AdapterListControl", EMU_ACCESS_WRITE, "registers") \
    X(DMA_OP_LIST_RETURNED, "AdapterListControl returned", EMU_ACCESS_WRITE, "action")     \
    X(DMA_OP_DESCRIBE_LIST, "BuildMdlFromScatterGatherList", EMU_ACCESS_WRITE, NULL)       \
    X(DMA_OP_PUT_LIST, "PutScatterGatherList", EMU_ACCESS_WRITE, NULL)                     \
    X(DMA_OP_MAP_LESS, "MapTransferEx maps less", EMU_ACCESS_LOCAL, "bytes")

#define DMA_OP_ENUMERATOR(id, name, access, arg) id,
enum dma_op { DMA_OP_BEFORE_FIRST = EMU_OP_BASE_DMA - 1, DMA_OPS(DMA_OP_ENUMERATOR) DMA_OP_END };
#undef DMA_OP_ENUMERATOR

enum { DMA_OP_COUNT = DMA_OP_END - EMU_OP_BASE_DMA };

#endif
