/*
 * wdm_dma.h: direct memory access: adapters, their operations table in versions 1 to 3, and the older
 * calls that go through it.
 *
 * Each operation is described by its function type: what it does, at which IRQL (interrupt level) it
 * may be called, and in brackets the page of the public driver reference that specifies it.
 */
#ifndef HALDMA_WDM_DMA_H
#define HALDMA_WDM_DMA_H

#include "wdk/wdm_ke_types.h"
#include "wdk/wdm_mm.h"
#include "wdk/wdm_resource.h"

/* --- constants ---------------------------------------------------------------------------------- */

typedef enum _DMA_WIDTH {
    Width8Bits,
    Width16Bits,
    Width32Bits,
    Width64Bits,
    WidthNoWrap,
    MaximumDmaWidth
} DMA_WIDTH,
    *PDMA_WIDTH;

typedef enum _DMA_SPEED { Compatible, TypeA, TypeB, TypeC, TypeF, MaximumDmaSpeed } DMA_SPEED, *PDMA_SPEED;

/* What AdapterControl does with the resources that it was given. [IO_ALLOCATION_ACTION] */
typedef enum _IO_ALLOCATION_ACTION {
    KeepObject = 1,
    DeallocateObject,
    DeallocateObjectKeepRegisters
} IO_ALLOCATION_ACTION,
    *PIO_ALLOCATION_ACTION;

/* How a system DMA transfer ended. [DMA_COMPLETION_STATUS] */
typedef enum _DMA_COMPLETION_STATUS { DmaComplete, DmaAborted, DmaError, DmaCancelled } DMA_COMPLETION_STATUS;

#define DEVICE_DESCRIPTION_VERSION  0
#define DEVICE_DESCRIPTION_VERSION1 1
#define DEVICE_DESCRIPTION_VERSION2 2
#define DEVICE_DESCRIPTION_VERSION3 3

/* Flags of AllocateAdapterChannelEx, GetScatterGatherListEx and BuildScatterGatherListEx. */
#define DMA_SYNCHRONOUS_CALLBACK 0x01
#define DMA_ZERO_BUFFERS         0x02
#define DMA_FAIL_ON_BOUNCE       0x04

/* Flag of AllocateDomainCommonBuffer and AllocateCommonBufferWithBounds. */
#define DOMAIN_COMMON_BUFFER_LARGE_PAGE 0x01

#define DMA_TRANSFER_CONTEXT_VERSION1 1
#define DMA_TRANSFER_CONTEXT_SIZE_V1  128

#define DMA_ADAPTER_INFO_VERSION1  1
#define DMA_TRANSFER_INFO_VERSION1 1
#define DMA_TRANSFER_INFO_VERSION2 2

#define ADAPTER_INFO_SYNCHRONOUS_CALLBACK 0x0001
#define ADAPTER_INFO_API_BYPASS           0x0002

/* --- the device's description ------------------------------------------------------------------- */

/* What the driver tells IoGetDmaAdapter about its device. [DEVICE_DESCRIPTION] */
typedef struct _DEVICE_DESCRIPTION {
    ULONG Version;
    BOOLEAN Master;
    BOOLEAN ScatterGather;
    BOOLEAN DemandMode;
    BOOLEAN AutoInitialize;
    BOOLEAN Dma32BitAddresses;
    BOOLEAN IgnoreCount;
    BOOLEAN Reserved1;
    BOOLEAN Dma64BitAddresses;
    ULONG BusNumber;
    ULONG DmaChannel;
    INTERFACE_TYPE InterfaceType;
    DMA_WIDTH DmaWidth;
    DMA_SPEED DmaSpeed;
    ULONG MaximumLength;
    ULONG DmaPort;
    ULONG DmaAddressWidth;
    ULONG DmaControllerInstance;
    ULONG DmaRequestLine;
    PHYSICAL_ADDRESS DeviceAddress;
} DEVICE_DESCRIPTION, *PDEVICE_DESCRIPTION;

/* --- structures that pass between driver and adapter -------------------------------------------- */

/* One contiguous piece of logical memory. [SCATTER_GATHER_ELEMENT] */
typedef struct _SCATTER_GATHER_ELEMENT {
    PHYSICAL_ADDRESS Address;
    ULONG Length;
    ULONG_PTR Reserved;
} SCATTER_GATHER_ELEMENT, *PSCATTER_GATHER_ELEMENT;

/* clang remarks on the flexible array in C++, even behind __extension__. */
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc99-extensions"
#endif

/* A transfer's pieces, in order. [SCATTER_GATHER_LIST] */
typedef struct _SCATTER_GATHER_LIST {
    ULONG NumberOfElements;
    ULONG_PTR Reserved;
    __extension__ SCATTER_GATHER_ELEMENT Elements[];
} SCATTER_GATHER_LIST, *PSCATTER_GATHER_LIST;

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

/* A request that waits for an adapter; in a device object, for older drivers. */
typedef IO_ALLOCATION_ACTION DRIVER_CONTROL(struct _DEVICE_OBJECT *DeviceObject, struct _IRP *Irp,
                                            PVOID MapRegisterBase, PVOID Context);
typedef DRIVER_CONTROL *PDRIVER_CONTROL;

typedef struct _WAIT_CONTEXT_BLOCK {
    __extension__ union {
        KDEVICE_QUEUE_ENTRY WaitQueueEntry;
        __extension__ struct {
            LIST_ENTRY DmaWaitEntry;
            ULONG NumberOfChannels;
            ULONG SyncCallback : 1;
            ULONG DmaContext : 1;
            ULONG ZeroMapRegisters : 1;
            ULONG Reserved : 9;
            ULONG NumberOfRemapPages : 20;
        };
    };
    PDRIVER_CONTROL DeviceRoutine;
    PVOID DeviceContext;
    ULONG NumberOfMapRegisters;
    PVOID DeviceObject;
    PVOID CurrentIrp;
    struct _KDPC *BufferChainingDpc;
} WAIT_CONTEXT_BLOCK, *PWAIT_CONTEXT_BLOCK;

/* What an adapter can do. The caller sets Version. [DMA_ADAPTER_INFO] */
typedef struct _DMA_ADAPTER_INFO_V1 {
    ULONG ReadDmaCounterAvailable;
    ULONG ScatterGatherLimit;
    ULONG DmaAddressWidth;
    ULONG Flags;
    ULONG MinimumTransferUnit;
} DMA_ADAPTER_INFO_V1, *PDMA_ADAPTER_INFO_V1;

typedef struct _DMA_ADAPTER_INFO {
    ULONG Version;
    __extension__ union {
        DMA_ADAPTER_INFO_V1 V1;
    };
} DMA_ADAPTER_INFO, *PDMA_ADAPTER_INFO;

/* What a transfer needs. The caller sets Version. [DMA_TRANSFER_INFO] */
typedef struct _DMA_TRANSFER_INFO_V1 {
    ULONG MapRegisterCount;
    ULONG ScatterGatherElementCount;
    ULONG ScatterGatherListSize;
} DMA_TRANSFER_INFO_V1, *PDMA_TRANSFER_INFO_V1;

typedef struct _DMA_TRANSFER_INFO_V2 {
    ULONG MapRegisterCount;
    ULONG ScatterGatherElementCount;
    ULONG ScatterGatherListSize;
    ULONG LogicalPageCount;
} DMA_TRANSFER_INFO_V2, *PDMA_TRANSFER_INFO_V2;

typedef struct _DMA_TRANSFER_INFO {
    ULONG Version;
    __extension__ union {
        DMA_TRANSFER_INFO_V1 V1;
        DMA_TRANSFER_INFO_V2 V2;
    };
} DMA_TRANSFER_INFO, *PDMA_TRANSFER_INFO;

/* How CreateCommonBufferFromMdl is to map. [DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION] */
typedef enum _DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_TYPE {
    CommonBufferConfigTypeLogicalAddressLimits,
    CommonBufferConfigTypeSubSection,
    CommonBufferConfigTypeHardwareAccessPermissions,
    CommonBufferConfigTypeMax
} DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_TYPE,
    *PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_TYPE;

typedef enum _DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_ACCESS_TYPE {
    CommonBufferHardwareAccessReadOnly,
    CommonBufferHardwareAccessWriteOnly,
    CommonBufferHardwareAccessReadWrite,
    CommonBufferHardwareAccessMax
} DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_ACCESS_TYPE,
    *PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_ACCESS_TYPE;

typedef struct _DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION {
    DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_TYPE ConfigType;
    __extension__ union {
        struct {
            PHYSICAL_ADDRESS MinimumAddress;
            PHYSICAL_ADDRESS MaximumAddress;
        } LogicalAddressLimits;
        struct {
            ULONGLONG Offset;
            ULONG Length;
        } SubSection;
        DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_ACCESS_TYPE HardwareAccessType;
        ULONGLONG Reserved[4];
    };
} DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION, *PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION;

/* A group of common buffers of one size, opaque. [AllocateCommonBufferVector] */
typedef struct _DMA_COMMON_BUFFER_VECTOR DMA_COMMON_BUFFER_VECTOR;
typedef struct _DMA_COMMON_BUFFER_VECTOR *PDMA_COMMON_BUFFER_VECTOR;

/* --- the adapter -------------------------------------------------------------------------------- */

struct _DMA_OPERATIONS;

/*
 * A device's channel to memory, made by IoGetDmaAdapter. Version is 1 whatever table stands behind it;
 * DmaOperations is writable, and filter drivers do replace it. [DMA_ADAPTER]
 */
typedef struct _DMA_ADAPTER {
    USHORT Version;
    USHORT Size;
    struct _DMA_OPERATIONS *DmaOperations;
} DMA_ADAPTER, *PDMA_ADAPTER;

typedef struct _DMA_ADAPTER *PADAPTER_OBJECT;

/* --- callbacks of the driver, all at DISPATCH_LEVEL --------------------------------------------- */

/* A scatter/gather list is ready. [AdapterListControl] */
typedef VOID DRIVER_LIST_CONTROL(struct _DEVICE_OBJECT *DeviceObject, struct _IRP *Irp,
                                 PSCATTER_GATHER_LIST ScatterGather, PVOID Context);
typedef DRIVER_LIST_CONTROL *PDRIVER_LIST_CONTROL;

/* A system DMA transfer ended. [DmaCompletionRoutine] */
typedef VOID DMA_COMPLETION_ROUTINE(PDMA_ADAPTER DmaAdapter, struct _DEVICE_OBJECT *DeviceObject,
                                    PVOID CompletionContext, DMA_COMPLETION_STATUS Status);
typedef DMA_COMPLETION_ROUTINE *PDMA_COMPLETION_ROUTINE;

/* --- operations of version 1 -------------------------------------------------------------------- */

/* Gives the adapter back; all that came from it must be gone. <= DISPATCH_LEVEL. [PutDmaAdapter] */
typedef VOID (*PPUT_DMA_ADAPTER)(PDMA_ADAPTER DmaAdapter);

/*
 * Memory that processor and device share without map registers; the logical address is the one for the
 * device. PASSIVE_LEVEL. [AllocateCommonBuffer]
 */
typedef PVOID (*PALLOCATE_COMMON_BUFFER)(PDMA_ADAPTER DmaAdapter, ULONG Length,
                                         PPHYSICAL_ADDRESS LogicalAddress, BOOLEAN CacheEnabled);

/* Frees it; all arguments as at allocation. PASSIVE_LEVEL. [FreeCommonBuffer] */
typedef VOID (*PFREE_COMMON_BUFFER)(PDMA_ADAPTER DmaAdapter, ULONG Length, PHYSICAL_ADDRESS LogicalAddress,
                                    PVOID VirtualAddress, BOOLEAN CacheEnabled);

/*
 * Asks for the adapter (system DMA: its channel) and map registers; the routine is called when they
 * are there, perhaps before this returns. DISPATCH_LEVEL. [AllocateAdapterChannel]
 */
typedef NTSTATUS (*PALLOCATE_ADAPTER_CHANNEL)(PDMA_ADAPTER DmaAdapter, struct _DEVICE_OBJECT *DeviceObject,
                                              ULONG NumberOfMapRegisters, PDRIVER_CONTROL ExecutionRoutine,
                                              PVOID Context);

/* Ends what MapTransfer began and makes the data visible. <= DISPATCH_LEVEL. [FlushAdapterBuffers] */
typedef BOOLEAN (*PFLUSH_ADAPTER_BUFFERS)(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase,
                                          PVOID CurrentVa, ULONG Length, BOOLEAN WriteToDevice);

/* Frees a system DMA channel that AdapterControl kept. DISPATCH_LEVEL. [FreeAdapterChannel] */
typedef VOID (*PFREE_ADAPTER_CHANNEL)(PDMA_ADAPTER DmaAdapter);

/* Frees map registers that AdapterControl kept. DISPATCH_LEVEL. [FreeMapRegisters] */
typedef VOID (*PFREE_MAP_REGISTERS)(PDMA_ADAPTER DmaAdapter, PVOID MapRegisterBase,
                                    ULONG NumberOfMapRegisters);

/*
 * Maps one contiguous piece and returns its logical address; Length comes back shortened.
 * <= DISPATCH_LEVEL. [MapTransfer]
 */
typedef PHYSICAL_ADDRESS (*PMAP_TRANSFER)(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase,
                                          PVOID CurrentVa, PULONG Length, BOOLEAN WriteToDevice);

/* The alignment that buffers need, in bytes. PASSIVE_LEVEL. [GetDmaAlignment] */
typedef ULONG (*PGET_DMA_ALIGNMENT)(PDMA_ADAPTER DmaAdapter);

/* Bytes left in the running system DMA transfer. <= DISPATCH_LEVEL. [ReadDmaCounter] */
typedef ULONG (*PREAD_DMA_COUNTER)(PDMA_ADAPTER DmaAdapter);

/*
 * Allocates, maps and calls the routine with the list. DISPATCH_LEVEL, bus masters only.
 * [GetScatterGatherList]
 */
typedef NTSTATUS (*PGET_SCATTER_GATHER_LIST)(PDMA_ADAPTER DmaAdapter, struct _DEVICE_OBJECT *DeviceObject,
                                             PMDL Mdl, PVOID CurrentVa, ULONG Length,
                                             PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context,
                                             BOOLEAN WriteToDevice);

/* Flushes, frees registers and list. DISPATCH_LEVEL. [PutScatterGatherList] */
typedef VOID (*PPUT_SCATTER_GATHER_LIST)(PDMA_ADAPTER DmaAdapter, PSCATTER_GATHER_LIST ScatterGather,
                                         BOOLEAN WriteToDevice);

/* --- operations that version 2 adds ------------------------------------------------------------- */

/* How large a list buffer has to be, and how many map registers. Any IRQL. [CalculateScatterGatherList] */
typedef NTSTATUS (*PCALCULATE_SCATTER_GATHER_LIST_SIZE)(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID CurrentVa,
                                                        ULONG Length, PULONG ScatterGatherListSize,
                                                        PULONG pNumberOfMapRegisters);

/* GetScatterGatherList into the caller's buffer. DISPATCH_LEVEL. [BuildScatterGatherList] */
typedef NTSTATUS (*PBUILD_SCATTER_GATHER_LIST)(PDMA_ADAPTER DmaAdapter, struct _DEVICE_OBJECT *DeviceObject,
                                               PMDL Mdl, PVOID CurrentVa, ULONG Length,
                                               PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context,
                                               BOOLEAN WriteToDevice, PVOID ScatterGatherBuffer,
                                               ULONG ScatterGatherLength);

/* An MDL of the pages that the device really uses. <= DISPATCH_LEVEL. [BuildMdlFromScatterGatherList] */
typedef NTSTATUS (*PBUILD_MDL_FROM_SCATTER_GATHER_LIST)(PDMA_ADAPTER DmaAdapter,
                                                        PSCATTER_GATHER_LIST ScatterGather, PMDL OriginalMdl,
                                                        PMDL *TargetMdl);

/* --- operations that version 3 adds ------------------------------------------------------------- */

/* What the adapter can do. <= DISPATCH_LEVEL. [GetDmaAdapterInfo] */
typedef NTSTATUS (*PGET_DMA_ADAPTER_INFO)(PDMA_ADAPTER DmaAdapter, PDMA_ADAPTER_INFO AdapterInfo);

/* What a transfer needs. <= DISPATCH_LEVEL. [GetDmaTransferInfo] */
typedef NTSTATUS (*PGET_DMA_TRANSFER_INFO)(PDMA_ADAPTER DmaAdapter, PMDL Mdl, ULONGLONG Offset, ULONG Length,
                                           BOOLEAN WriteOnly, PDMA_TRANSFER_INFO TransferInfo);

/* Makes DMA_TRANSFER_CONTEXT_SIZE_V1 bytes a context. <= DISPATCH_LEVEL. [InitializeDmaTransferContext] */
typedef NTSTATUS (*PINITIALIZE_DMA_TRANSFER_CONTEXT)(PDMA_ADAPTER DmaAdapter, PVOID DmaTransferContext);

/* AllocateCommonBuffer below an address and on a node. PASSIVE_LEVEL. [AllocateCommonBufferEx] */
typedef PVOID (*PALLOCATE_COMMON_BUFFER_EX)(PDMA_ADAPTER DmaAdapter, PPHYSICAL_ADDRESS MaximumAddress,
                                            ULONG Length, PPHYSICAL_ADDRESS LogicalAddress,
                                            BOOLEAN CacheEnabled, NODE_REQUIREMENT PreferredNode);

/*
 * AllocateAdapterChannel with a transfer context, so that it can be cancelled, and optionally without
 * waiting (DMA_SYNCHRONOUS_CALLBACK). DISPATCH_LEVEL. [AllocateAdapterChannelEx]
 */
typedef NTSTATUS (*PALLOCATE_ADAPTER_CHANNEL_EX)(PDMA_ADAPTER DmaAdapter, struct _DEVICE_OBJECT *DeviceObject,
                                                 PVOID DmaTransferContext, ULONG NumberOfMapRegisters,
                                                 ULONG Flags, PDRIVER_CONTROL ExecutionRoutine,
                                                 PVOID ExecutionContext, PVOID *MapRegisterBase);

/* A function of the controller's own. <= DISPATCH_LEVEL. [ConfigureAdapterChannel] */
typedef NTSTATUS (*PCONFIGURE_ADAPTER_CHANNEL)(PDMA_ADAPTER DmaAdapter, ULONG FunctionNumber, PVOID Context);

/* Withdraws a waiting request: TRUE, its routine never runs. <= DISPATCH_LEVEL. [CancelAdapterChannel] */
typedef BOOLEAN (*PCANCEL_ADAPTER_CHANNEL)(PDMA_ADAPTER DmaAdapter, struct _DEVICE_OBJECT *DeviceObject,
                                           PVOID DmaTransferContext);

/*
 * Maps as much of an MDL chain as fits and, for system DMA, starts the transfer. <= DISPATCH_LEVEL.
 * [MapTransferEx]
 */
typedef NTSTATUS (*PMAP_TRANSFER_EX)(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase,
                                     ULONGLONG Offset, ULONG DeviceOffset, PULONG Length,
                                     BOOLEAN WriteToDevice, PSCATTER_GATHER_LIST ScatterGatherBuffer,
                                     ULONG ScatterGatherBufferLength,
                                     PDMA_COMPLETION_ROUTINE DmaCompletionRoutine, PVOID CompletionContext);

/*
 * GetScatterGatherList for an MDL chain, with a transfer context. Without a routine (synchronous) the
 * list comes back through the last parameter. DISPATCH_LEVEL. [GetScatterGatherListEx]
 */
typedef NTSTATUS (*PGET_SCATTER_GATHER_LIST_EX)(
    PDMA_ADAPTER DmaAdapter, struct _DEVICE_OBJECT *DeviceObject, PVOID DmaTransferContext, PMDL Mdl,
    ULONGLONG Offset, ULONG Length, ULONG Flags, PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context,
    BOOLEAN WriteToDevice, PDMA_COMPLETION_ROUTINE DmaCompletionRoutine, PVOID CompletionContext,
    PSCATTER_GATHER_LIST *ScatterGatherList);

/*
 * The same into the caller's buffer. The last parameter is a plain pointer (unlike above).
 * DISPATCH_LEVEL. [BuildScatterGatherListEx]
 */
typedef NTSTATUS (*PBUILD_SCATTER_GATHER_LIST_EX)(
    PDMA_ADAPTER DmaAdapter, struct _DEVICE_OBJECT *DeviceObject, PVOID DmaTransferContext, PMDL Mdl,
    ULONGLONG Offset, ULONG Length, ULONG Flags, PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context,
    BOOLEAN WriteToDevice, PVOID ScatterGatherBuffer, ULONG ScatterGatherLength,
    PDMA_COMPLETION_ROUTINE DmaCompletionRoutine, PVOID CompletionContext, PVOID ScatterGatherList);

/* Ends what MapTransferEx began, same arguments. <= DISPATCH_LEVEL. [FlushAdapterBuffersEx] */
typedef NTSTATUS (*PFLUSH_ADAPTER_BUFFERS_EX)(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase,
                                              ULONGLONG Offset, ULONG Length, BOOLEAN WriteToDevice);

/* Frees what a synchronous allocation gave. <= DISPATCH_LEVEL. [FreeAdapterObject] */
typedef VOID (*PFREE_ADAPTER_OBJECT)(PDMA_ADAPTER DmaAdapter, IO_ALLOCATION_ACTION AllocationAction);

/* Ends a running system DMA transfer. <= DISPATCH_LEVEL. [CancelMappedTransfer] */
typedef NTSTATUS (*PCANCEL_MAPPED_TRANSFER)(PDMA_ADAPTER DmaAdapter, PVOID DmaTransferContext);

/* --- operations that Windows 10 adds ------------------------------------------------------------ */

/* A common buffer for all devices of a domain. PASSIVE_LEVEL. [AllocateDomainCommonBuffer] */
typedef NTSTATUS (*PALLOCATE_DOMAIN_COMMON_BUFFER)(PDMA_ADAPTER DmaAdapter, HANDLE DomainHandle,
                                                   PPHYSICAL_ADDRESS MaximumAddress, ULONG Length,
                                                   ULONG Flags, MEMORY_CACHING_TYPE *CacheType,
                                                   NODE_REQUIREMENT PreferredNode,
                                                   PPHYSICAL_ADDRESS LogicalAddress, PVOID *VirtualAddress);

/* Writes back or invalidates caches for a buffer without map registers. [FlushDmaBuffer] */
typedef NTSTATUS (*PFLUSH_DMA_BUFFER)(PDMA_ADAPTER DmaAdapter, PMDL Mdl, BOOLEAN ReadOperation);

/* Puts the device into a translation domain. PASSIVE_LEVEL. [JoinDmaDomain] */
typedef NTSTATUS (*PJOIN_DMA_DOMAIN)(PDMA_ADAPTER DmaAdapter, HANDLE DomainHandle);

/* Takes it out again. PASSIVE_LEVEL. [LeaveDmaDomain] */
typedef NTSTATUS (*PLEAVE_DMA_DOMAIN)(PDMA_ADAPTER DmaAdapter);

/* The device's present domain, NULL without one. PASSIVE_LEVEL. [GetDmaDomain] */
typedef HANDLE (*PGET_DMA_DOMAIN)(PDMA_ADAPTER DmaAdapter);

/* A common buffer between two addresses. PASSIVE_LEVEL. [AllocateCommonBufferWithBounds] */
typedef PVOID (*PALLOCATE_COMMON_BUFFER_WITH_BOUNDS)(PDMA_ADAPTER DmaAdapter,
                                                     PPHYSICAL_ADDRESS MinimumAddress,
                                                     PPHYSICAL_ADDRESS MaximumAddress, ULONG Length,
                                                     ULONG Flags, MEMORY_CACHING_TYPE *CacheType,
                                                     NODE_REQUIREMENT PreferredNode,
                                                     PPHYSICAL_ADDRESS LogicalAddress);

/* Many common buffers of one size at once. PASSIVE_LEVEL. [AllocateCommonBufferVector] */
typedef NTSTATUS (*PALLOCATE_COMMON_BUFFER_VECTOR)(PDMA_ADAPTER DmaAdapter, PHYSICAL_ADDRESS LowAddress,
                                                   PHYSICAL_ADDRESS HighAddress,
                                                   MEMORY_CACHING_TYPE CacheType, ULONG IdealNode,
                                                   ULONG Flags, ULONG NumberOfElements,
                                                   ULONGLONG SizeOfElements,
                                                   PDMA_COMMON_BUFFER_VECTOR *VectorOut);

/* One of them. [GetCommonBufferFromVectorByIndex] */
typedef VOID (*PGET_COMMON_BUFFER_FROM_VECTOR_BY_INDEX)(PDMA_ADAPTER DmaAdapter,
                                                        PDMA_COMMON_BUFFER_VECTOR Vector, ULONG Index,
                                                        PVOID *VirtualAddressOut,
                                                        PPHYSICAL_ADDRESS LogicalAddressOut);

/* Frees one of them. [FreeCommonBufferFromVector] */
typedef VOID (*PFREE_COMMON_BUFFER_FROM_VECTOR)(PDMA_ADAPTER DmaAdapter, PDMA_COMMON_BUFFER_VECTOR Vector,
                                                ULONG Index);

/* Frees the vector. [FreeCommonBufferVector] */
typedef VOID (*PFREE_COMMON_BUFFER_VECTOR)(PDMA_ADAPTER DmaAdapter, PDMA_COMMON_BUFFER_VECTOR Vector);

/* A common buffer of memory that the caller has. PASSIVE_LEVEL. [CreateCommonBufferFromMdl] */
typedef NTSTATUS (*PCREATE_COMMON_BUFFER_FROM_MDL)(PDMA_ADAPTER DmaAdapter, PMDL Mdl,
                                                   PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION ExtendedConfigs,
                                                   ULONG ExtendedConfigsCount,
                                                   PPHYSICAL_ADDRESS LogicalAddress);

/* --- the table ---------------------------------------------------------------------------------- */

/*
 * Size is the size of the table of the version asked for, so that a caller can test whether a member
 * exists. [DMA_OPERATIONS]
 */
typedef struct _DMA_OPERATIONS {
    ULONG Size;
    /* Version 1. */
    PPUT_DMA_ADAPTER PutDmaAdapter;
    PALLOCATE_COMMON_BUFFER AllocateCommonBuffer;
    PFREE_COMMON_BUFFER FreeCommonBuffer;
    PALLOCATE_ADAPTER_CHANNEL AllocateAdapterChannel;
    PFLUSH_ADAPTER_BUFFERS FlushAdapterBuffers;
    PFREE_ADAPTER_CHANNEL FreeAdapterChannel;
    PFREE_MAP_REGISTERS FreeMapRegisters;
    PMAP_TRANSFER MapTransfer;
    PGET_DMA_ALIGNMENT GetDmaAlignment;
    PREAD_DMA_COUNTER ReadDmaCounter;
    PGET_SCATTER_GATHER_LIST GetScatterGatherList;
    PPUT_SCATTER_GATHER_LIST PutScatterGatherList;
    /* Version 2. */
    PCALCULATE_SCATTER_GATHER_LIST_SIZE CalculateScatterGatherList;
    PBUILD_SCATTER_GATHER_LIST BuildScatterGatherList;
    PBUILD_MDL_FROM_SCATTER_GATHER_LIST BuildMdlFromScatterGatherList;
    /* Version 3. */
    PGET_DMA_ADAPTER_INFO GetDmaAdapterInfo;
    PGET_DMA_TRANSFER_INFO GetDmaTransferInfo;
    PINITIALIZE_DMA_TRANSFER_CONTEXT InitializeDmaTransferContext;
    PALLOCATE_COMMON_BUFFER_EX AllocateCommonBufferEx;
    PALLOCATE_ADAPTER_CHANNEL_EX AllocateAdapterChannelEx;
    PCONFIGURE_ADAPTER_CHANNEL ConfigureAdapterChannel;
    PCANCEL_ADAPTER_CHANNEL CancelAdapterChannel;
    PMAP_TRANSFER_EX MapTransferEx;
    PGET_SCATTER_GATHER_LIST_EX GetScatterGatherListEx;
    PBUILD_SCATTER_GATHER_LIST_EX BuildScatterGatherListEx;
    PFLUSH_ADAPTER_BUFFERS_EX FlushAdapterBuffersEx;
    PFREE_ADAPTER_OBJECT FreeAdapterObject;
    PCANCEL_MAPPED_TRANSFER CancelMappedTransfer;
    /* Version 3 from Windows 10 on. */
    PALLOCATE_DOMAIN_COMMON_BUFFER AllocateDomainCommonBuffer;
    PFLUSH_DMA_BUFFER FlushDmaBuffer;
    PJOIN_DMA_DOMAIN JoinDmaDomain;
    PLEAVE_DMA_DOMAIN LeaveDmaDomain;
    PGET_DMA_DOMAIN GetDmaDomain;
    PALLOCATE_COMMON_BUFFER_WITH_BOUNDS AllocateCommonBufferWithBounds;
    PALLOCATE_COMMON_BUFFER_VECTOR AllocateCommonBufferVector;
    PGET_COMMON_BUFFER_FROM_VECTOR_BY_INDEX GetCommonBufferFromVectorByIndex;
    PFREE_COMMON_BUFFER_FROM_VECTOR FreeCommonBufferFromVector;
    PFREE_COMMON_BUFFER_VECTOR FreeCommonBufferVector;
    PCREATE_COMMON_BUFFER_FROM_MDL CreateCommonBufferFromMdl;
} DMA_OPERATIONS, *PDMA_OPERATIONS;

/* --- functions ---------------------------------------------------------------------------------- */

HALDMA_DECLS_BEGIN

/*
 * An adapter for the device; NULL when the description asks for what the machine does not have.
 * NumberOfMapRegisters comes back as the most that one request may ask for. PASSIVE_LEVEL.
 * [IoGetDmaAdapter]
 */
PDMA_ADAPTER IoGetDmaAdapter(struct _DEVICE_OBJECT *PhysicalDeviceObject,
                             struct _DEVICE_DESCRIPTION *DeviceDescription, PULONG NumberOfMapRegisters);

HALDMA_DECLS_END

/* --- older names -------------------------------------------------------------------------------- */

/*
 * The members of version 1 by the names that they had before there was a table. As on 64-bit Windows they are
 * inline functions that go through DmaOperations, so that whoever wraps an adapter sees them; with _NTHAL_
 * they are the exported functions. HalGetAdapter is declared in ntddk.h.
 */
#ifdef _NTHAL_

HALDMA_DECLS_BEGIN

PVOID HalAllocateCommonBuffer(PADAPTER_OBJECT AdapterObject, ULONG Length, PPHYSICAL_ADDRESS LogicalAddress,
                              BOOLEAN CacheEnabled);
VOID HalFreeCommonBuffer(PADAPTER_OBJECT AdapterObject, ULONG Length, PHYSICAL_ADDRESS LogicalAddress,
                         PVOID VirtualAddress, BOOLEAN CacheEnabled);
/* The device object has one request at a time. DISPATCH_LEVEL. */
NTSTATUS IoAllocateAdapterChannel(PADAPTER_OBJECT AdapterObject, struct _DEVICE_OBJECT *DeviceObject,
                                  ULONG NumberOfMapRegisters, PDRIVER_CONTROL ExecutionRoutine,
                                  PVOID Context);
BOOLEAN IoFlushAdapterBuffers(PADAPTER_OBJECT AdapterObject, PMDL Mdl, PVOID MapRegisterBase, PVOID CurrentVa,
                              ULONG Length, BOOLEAN WriteToDevice);
VOID IoFreeAdapterChannel(PADAPTER_OBJECT AdapterObject);
VOID IoFreeMapRegisters(PADAPTER_OBJECT AdapterObject, PVOID MapRegisterBase, ULONG NumberOfMapRegisters);
PHYSICAL_ADDRESS IoMapTransfer(PADAPTER_OBJECT AdapterObject, PMDL Mdl, PVOID MapRegisterBase,
                               PVOID CurrentVa, PULONG Length, BOOLEAN WriteToDevice);
ULONG HalReadDmaCounter(PADAPTER_OBJECT AdapterObject);
VOID HalPutDmaAdapter(PADAPTER_OBJECT AdapterObject);

HALDMA_DECLS_END

#else /* _NTHAL_ */

#define DMA_MACROS_DEFINED 1

static __inline__ PVOID HalAllocateCommonBuffer(PDMA_ADAPTER DmaAdapter, ULONG Length,
                                                PPHYSICAL_ADDRESS LogicalAddress, BOOLEAN CacheEnabled)
{
    return DmaAdapter->DmaOperations->AllocateCommonBuffer(DmaAdapter, Length, LogicalAddress, CacheEnabled);
}

static __inline__ VOID HalFreeCommonBuffer(PDMA_ADAPTER DmaAdapter, ULONG Length,
                                           PHYSICAL_ADDRESS LogicalAddress, PVOID VirtualAddress,
                                           BOOLEAN CacheEnabled)
{
    DmaAdapter->DmaOperations->FreeCommonBuffer(DmaAdapter, Length, LogicalAddress, VirtualAddress,
                                                CacheEnabled);
}

static __inline__ NTSTATUS IoAllocateAdapterChannel(PDMA_ADAPTER DmaAdapter,
                                                    struct _DEVICE_OBJECT *DeviceObject,
                                                    ULONG NumberOfMapRegisters,
                                                    PDRIVER_CONTROL ExecutionRoutine, PVOID Context)
{
    return DmaAdapter->DmaOperations->AllocateAdapterChannel(DmaAdapter, DeviceObject, NumberOfMapRegisters,
                                                             ExecutionRoutine, Context);
}

static __inline__ BOOLEAN IoFlushAdapterBuffers(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase,
                                                PVOID CurrentVa, ULONG Length, BOOLEAN WriteToDevice)
{
    return DmaAdapter->DmaOperations->FlushAdapterBuffers(DmaAdapter, Mdl, MapRegisterBase, CurrentVa, Length,
                                                          WriteToDevice);
}

static __inline__ VOID IoFreeAdapterChannel(PDMA_ADAPTER DmaAdapter)
{
    DmaAdapter->DmaOperations->FreeAdapterChannel(DmaAdapter);
}

static __inline__ VOID IoFreeMapRegisters(PDMA_ADAPTER DmaAdapter, PVOID MapRegisterBase,
                                          ULONG NumberOfMapRegisters)
{
    DmaAdapter->DmaOperations->FreeMapRegisters(DmaAdapter, MapRegisterBase, NumberOfMapRegisters);
}

static __inline__ PHYSICAL_ADDRESS IoMapTransfer(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase,
                                                 PVOID CurrentVa, PULONG Length, BOOLEAN WriteToDevice)
{
    return DmaAdapter->DmaOperations->MapTransfer(DmaAdapter, Mdl, MapRegisterBase, CurrentVa, Length,
                                                  WriteToDevice);
}

static __inline__ ULONG HalReadDmaCounter(PDMA_ADAPTER DmaAdapter)
{
    return DmaAdapter->DmaOperations->ReadDmaCounter(DmaAdapter);
}

#define HalPutDmaAdapter(adapter) ((adapter)->DmaOperations->PutDmaAdapter(adapter))

#endif /* _NTHAL_ */

static __inline__ ULONG HalGetDmaAlignment(PDMA_ADAPTER DmaAdapter)
{
    return DmaAdapter->DmaOperations->GetDmaAlignment(DmaAdapter);
}

/* The names of single operations as functions, which older documentation shows. */
#define HalGetScatterGatherList(adapter, device, mdl, va, length, routine, context, write)                 \
    ((adapter)->DmaOperations->GetScatterGatherList((adapter), (device), (mdl), (va), (length), (routine), \
                                                    (context), (write)))
#define HalPutScatterGatherList(adapter, list, write) \
    ((adapter)->DmaOperations->PutScatterGatherList((adapter), (list), (write)))

#endif /* HALDMA_WDM_DMA_H */
