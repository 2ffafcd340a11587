/*
 * nthalext.h: what a HAL extension that serves a DMA controller includes.
 *
 * The extension's one entry point, AddResourceGroup, finds its descriptors in the firmware's table and
 * registers a controller and its channels, each with a table of routines. From then on the HAL calls these
 * for system DMA. Timer extensions are not served: their half of the header is not here.
 */
#ifndef _NTHALEXT_
#define _NTHALEXT_

#include "wdm.h"

#include "acpitabl.h"

HALDMA_DECLS_BEGIN

/* --- what is registered carries its version --------------------------------------------------- */

typedef struct _SOC_INITIALIZATION_HEADER {
    ULONG TableVersion;
    ULONG TableSize;
} SOC_INITIALIZATION_HEADER, *PSOC_INITIALIZATION_HEADER;

#define DMA_INITIALIZATION_VERSION         1
#define DMA_CHANNEL_INITIALIZATION_VERSION 1

#define INITIALIZE_DMA_HEADER(_Pointer)                             \
    ((_Pointer)->Header.TableVersion = DMA_INITIALIZATION_VERSION), \
        ((_Pointer)->Header.TableSize = sizeof(DMA_INITIALIZATION_BLOCK))
#define INITIALIZE_DMA_CHANNEL_HEADER(_Pointer)                             \
    ((_Pointer)->Header.TableVersion = DMA_CHANNEL_INITIALIZATION_VERSION), \
        ((_Pointer)->Header.TableSize = sizeof(DMA_CHANNEL_INITIALIZATION_BLOCK))

/* DMA_INITIALIZATION_BLOCK.SupportedPortWidths: how wide a peripheral's data register may be. */
#define DMA_UNLIMITED_PORT_WIDTH 1
#define DMA_8_BIT_PORT_WIDTH     2
#define DMA_16_BIT_PORT_WIDTH    4
#define DMA_32_BIT_PORT_WIDTH    8
#define DMA_64_BIT_PORT_WIDTH    16

/* --- the routines of an extension ------------------------------------------------------------- */

typedef enum _DMA_INTERRUPT_TYPE {
    InterruptTypeCompletion,
    InterruptTypeError,
    InterruptTypeCancelled
} DMA_INTERRUPT_TYPE,
    *PDMA_INTERRUPT_TYPE;

typedef struct _DMA_REQUEST_LINE_BINDING_DESCRIPTION {
    ULONG RequestLine;
    ULONG ChannelNumber;
} DMA_REQUEST_LINE_BINDING_DESCRIPTION, *PDMA_REQUEST_LINE_BINDING_DESCRIPTION;

typedef struct _DMA_SCATTER_GATHER_ELEMENT {
    PHYSICAL_ADDRESS Address;
    ULONG Length;
    ULONG_PTR Reserved;
} DMA_SCATTER_GATHER_ELEMENT, *PDMA_SCATTER_GATHER_ELEMENT;

#if defined(__clang__) && defined(__cplusplus)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc99-extensions"
#endif

typedef struct _DMA_SCATTER_GATHER_LIST {
    ULONG NumberOfElements;
    ULONG_PTR Reserved;
    __extension__ SCATTER_GATHER_ELEMENT Elements[];
} DMA_SCATTER_GATHER_LIST, *PDMA_SCATTER_GATHER_LIST;

#if defined(__clang__) && defined(__cplusplus)
#pragma clang diagnostic pop
#endif

/*
 * All are called one at a time for a controller, its interrupt included, at any IRQL up to HIGH_LEVEL, and
 * return at the level at which they were called. ControllerContext is the HAL's copy of InternalData.
 */

/* Once, before every other one. */
typedef VOID DMA_INITIALIZE_CONTROLLER(PVOID ControllerContext);
/* May this request line use this channel? */
typedef BOOLEAN DMA_VALIDATE_REQUEST_LINE_BINDING(PVOID ControllerContext,
                                                  PDMA_REQUEST_LINE_BINDING_DESCRIPTION BindingDescription);
/* How many fragments the next transfer of the channel can have. MaxFragmentsRequested is a hint. */
typedef ULONG DMA_QUERY_MAX_FRAGMENTS(PVOID ControllerContext, ULONG ChannelNumber,
                                      ULONG MaxFragmentsRequested);
/* Programs and starts a transfer. LoopTransfer: it begins again at its end (AutoInitialize). */
typedef VOID DMA_PROGRAM_CHANNEL(PVOID ControllerContext, ULONG ChannelNumber, ULONG RequestLine,
                                 PDMA_SCATTER_GATHER_LIST MemoryAddress, PHYSICAL_ADDRESS DeviceAddress,
                                 BOOLEAN WriteToDevice, BOOLEAN LoopTransfer);
/* The extension's own functions: ConfigureAdapterChannel of drivers ends here. */
typedef NTSTATUS DMA_CONFIGURE_CHANNEL(PVOID ControllerContext, ULONG ChannelNumber, ULONG FunctionNumber,
                                       PVOID Context);
/* Makes the channel ready for the next ProgramChannel. */
typedef VOID DMA_FLUSH_CHANNEL(PVOID ControllerContext, ULONG ChannelNumber);
/* Finds a channel that interrupts and acknowledges it; called until it returns FALSE. */
typedef BOOLEAN DMA_HANDLE_INTERRUPT(PVOID ControllerContext, PULONG ChannelNumber,
                                     PDMA_INTERRUPT_TYPE InterruptType);
/* Bytes left of the transfer, of the current round of a looping one. */
typedef ULONG DMA_READ_DMA_COUNTER(PVOID ControllerContext, ULONG ChannelNumber);
/* Memory that the channel asked for with CommonBufferLength. */
typedef VOID DMA_REPORT_COMMON_BUFFER(PVOID ControllerContext, ULONG ChannelNumber, PVOID VirtualAddress,
                                      PHYSICAL_ADDRESS LogicalAddress);
/*
 * Stops the channel, which cannot interrupt for this transfer afterwards: TRUE. FALSE: it was idle, or is
 * already interrupting.
 */
typedef BOOLEAN DMA_CANCEL_TRANSFER(PVOID ControllerContext, ULONG ChannelNumber);

typedef DMA_INITIALIZE_CONTROLLER *PDMA_INITIALIZE_CONTROLLER;
typedef DMA_VALIDATE_REQUEST_LINE_BINDING *PDMA_VALIDATE_REQUEST_LINE_BINDING;
typedef DMA_QUERY_MAX_FRAGMENTS *PDMA_QUERY_MAX_FRAGMENTS;
typedef DMA_PROGRAM_CHANNEL *PDMA_PROGRAM_CHANNEL;
typedef DMA_CONFIGURE_CHANNEL *PDMA_CONFIGURE_CHANNEL;
typedef DMA_FLUSH_CHANNEL *PDMA_FLUSH_CHANNEL;
typedef DMA_HANDLE_INTERRUPT *PDMA_HANDLE_INTERRUPT;
typedef DMA_READ_DMA_COUNTER *PDMA_READ_DMA_COUNTER;
typedef DMA_REPORT_COMMON_BUFFER *PDMA_REPORT_COMMON_BUFFER;
typedef DMA_CANCEL_TRANSFER *PDMA_CANCEL_TRANSFER;

typedef struct _DMA_FUNCTION_TABLE {
    PDMA_INITIALIZE_CONTROLLER InitializeController;
    PDMA_VALIDATE_REQUEST_LINE_BINDING ValidateRequestLineBinding;
    PDMA_QUERY_MAX_FRAGMENTS QueryMaxFragments;
    PDMA_PROGRAM_CHANNEL ProgramChannel;
    PDMA_CONFIGURE_CHANNEL ConfigureChannel;
    PDMA_FLUSH_CHANNEL FlushChannel;
    PDMA_HANDLE_INTERRUPT HandleInterrupt;
    PDMA_READ_DMA_COUNTER ReadDmaCounter;
    PDMA_REPORT_COMMON_BUFFER ReportCommonBuffer; /* may be NULL where no channel asks for memory */
    PDMA_CANCEL_TRANSFER CancelTransfer;
} DMA_FUNCTION_TABLE, *PDMA_FUNCTION_TABLE;

/* --- what an extension registers -------------------------------------------------------------- */

typedef struct _DMA_INITIALIZATION_BLOCK {
    SOC_INITIALIZATION_HEADER Header;
    ULONG ControllerId; /* given by the HAL when the block is registered */
    ULONG ChannelCount;
    BOOLEAN CacheCoherent;
    ULONG DmaAddressWidth;     /* bits */
    ULONG SupportedPortWidths; /* DMA_..._PORT_WIDTH */
    ULONG MinimumTransferUnit; /* bytes */
    ULONG MinimumRequestLine;  /* system-wide numbers, both inclusive */
    ULONG MaximumRequestLine;
    BOOLEAN GeneratesInterrupt;
    LONG Gsi; /* global system interrupt */
    KINTERRUPT_POLARITY InterruptPolarity;
    KINTERRUPT_MODE InterruptMode;
    PVOID InternalData; /* copied: routines get the copy */
    ULONG InternalDataSize;
    PDMA_FUNCTION_TABLE Operations; /* copied */
} DMA_INITIALIZATION_BLOCK, *PDMA_INITIALIZATION_BLOCK;

typedef struct _DMA_CHANNEL_INITIALIZATION_BLOCK {
    SOC_INITIALIZATION_HEADER Header;
    ULONG ControllerId;
    BOOLEAN GeneratesInterrupt; /* one of its own */
    LONG Gsi;
    KINTERRUPT_POLARITY InterruptPolarity;
    KINTERRUPT_MODE InterruptMode;
    ULONG CommonBufferLength; /* bytes for the extension's own use; 0: none */
    ULONG ChannelNumber;      /* from 0 on, without holes */
} DMA_CHANNEL_INITIALIZATION_BLOCK, *PDMA_CHANNEL_INITIALIZATION_BLOCK;

/* --- what the extension defines --------------------------------------------------------------- */

/* The entry point. Handle is for the services below. */
NTSTATUS AddResourceGroup(ULONG Handle, PCSRT_RESOURCE_GROUP_HEADER ResourceGroup);

/* --- services for extensions ------------------------------------------------------------------ */

/*
 * Registers what a descriptor of type CSRT_RD_TYPE_DMA describes: ResourceDescriptorInfo is a
 * DMA_INITIALIZATION_BLOCK for a controller, a DMA_CHANNEL_INITIALIZATION_BLOCK for a channel. Other types
 * are STATUS_NOT_SUPPORTED.
 */
NTSTATUS RegisterResourceDescriptor(ULONG Handle, PCSRT_RESOURCE_GROUP_HEADER ResourceGroup,
                                    PCSRT_RESOURCE_DESCRIPTOR_HEADER ResourceDescriptor,
                                    PVOID ResourceDescriptorInfo);

/*
 * The two forms of it by name. STATUS_INVALID_PARAMETER: no block, one of another version or size, or one
 * that contradicts itself. The controller's ControllerId is written.
 */
NTSTATUS HalRegisterDmaController(PDMA_INITIALIZATION_BLOCK ControllerDescription);
NTSTATUS HalRegisterDmaChannel(PDMA_CHANNEL_INITIALIZATION_BLOCK ChannelDescription);

/* The group's next descriptor behind ResourceDescriptor (NULL: the first) that fits; NULL: no more. */
PCSRT_RESOURCE_DESCRIPTOR_HEADER
GetNextResourceDescriptor(ULONG Handle, PCSRT_RESOURCE_GROUP_HEADER ResourceGroup,
                          PCSRT_RESOURCE_DESCRIPTOR_HEADER ResourceDescriptor, USHORT ResourceType,
                          USHORT ResourceSubtype, ULONG ResourceID);

/* A table of the firmware, or NULL. OemId and OemTableId may be NULL. */
PVOID GetAcpiTable(ULONG Handle, ULONG Signature, PCSTR OemId, PCSTR OemTableId);

/* An address for registers, for READ_REGISTER_... and WRITE_REGISTER_...; NULL where there are none. */
PVOID HalMapIoSpace(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, MEMORY_CACHING_TYPE CacheType);
VOID HalUnmapIoSpace(PVOID VirtualAddress, SIZE_T NumberOfBytes);

/* Claims physical addresses for the extension, for ever. */
NTSTATUS HalRegisterPermanentAddressUsage(PHYSICAL_ADDRESS PhysicalAddress, ULONG SizeInBytes);

HALDMA_DECLS_END

#endif /* _NTHALEXT_ */
