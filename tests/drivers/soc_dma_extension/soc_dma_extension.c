/*
 * A HAL extension for a system-on-chip's DMA controller (docs/devices.md, "The system DMA controller"), and
 * the example of how one is written. The library compiles this file too: its configured controllers are
 * served by it.
 *
 * The descriptor in the firmware's table says where the registers are and which interrupt they have; the
 * hardware says the rest. An extension has no services but those of nthalext.h: no locks, no pool, no
 * waiting. It needs no lock: the HAL calls its routines one at a time, its interrupt included.
 */
#include <nthalext.h>

/* Registers of the controller, and their bits. */
#define SOC_DMA_ID               0x00
#define SOC_DMA_ID_VALUE         0x00534443
#define SOC_DMA_CONTROL          0x04
#define SOC_DMA_CONTROL_RESET    0x01
#define SOC_DMA_INTERRUPT        0x08
#define SOC_DMA_CHANNELS         0x0C
#define SOC_DMA_FIRST_LINE       0x10
#define SOC_DMA_LINES            0x14
#define SOC_DMA_FRAGMENTS        0x18
#define SOC_DMA_WIDTH            0x1C
#define SOC_DMA_WINDOW           0x1000
#define SOC_DMA_CHANNEL(Channel) (0x100 + 0x40 * (Channel))

/* Registers of a channel, and their bits. */
#define CHANNEL_CONTROL            0x00
#define CHANNEL_CONTROL_START      0x01
#define CHANNEL_CONTROL_STOP       0x02
#define CHANNEL_CONTROL_CLEAR      0x04
#define CHANNEL_CONTROL_INTERRUPTS 0x08
#define CHANNEL_CONTROL_TO_MEMORY  0x10
#define CHANNEL_CONTROL_LOOP       0x20
#define CHANNEL_CONTROL_UNIT_SHIFT 6
#define CHANNEL_STATUS             0x04
#define CHANNEL_STATUS_ACTIVE      0x01
#define CHANNEL_STATUS_COMPLETE    0x02
#define CHANNEL_STATUS_ABORTED     0x04
#define CHANNEL_STATUS_ERROR       0x08
#define CHANNEL_LINE               0x08
#define CHANNEL_COUNT              0x0C
#define CHANNEL_ADDRESS_LOW        0x10
#define CHANNEL_ADDRESS_HIGH       0x14
#define CHANNEL_LENGTH             0x18
#define CHANNEL_DEVICE_LOW         0x20
#define CHANNEL_DEVICE_HIGH        0x24

#define SOC_DMA_CHANNELS_MAX 32

/* The one function for drivers: Context is a ULONG, the unit in bits (8, 16, 32 or 64) of the next transfers.
 */
#define SOC_DMA_FUNCTION_SET_UNIT 1

#pragma pack(push, 1)
typedef struct _CSRT_RESOURCE_DESCRIPTOR_SOC_DMA {
    CSRT_RESOURCE_DESCRIPTOR_HEADER Header;
    ULONG Interrupt;
    ULONGLONG RegistersAddress;
} CSRT_RESOURCE_DESCRIPTOR_SOC_DMA, *PCSRT_RESOURCE_DESCRIPTOR_SOC_DMA;
#pragma pack(pop)

typedef struct _SOC_DMA_CONTROLLER {
    PUCHAR Registers;
    ULONG FirstLine;
    ULONG Lines;
    ULONG Channels;
    ULONG Fragments;
    ULONG UnitShift[SOC_DMA_CHANNELS_MAX];
} SOC_DMA_CONTROLLER, *PSOC_DMA_CONTROLLER;

DMA_INITIALIZE_CONTROLLER SocDmaInitializeController;
DMA_VALIDATE_REQUEST_LINE_BINDING SocDmaValidateRequestLineBinding;
DMA_QUERY_MAX_FRAGMENTS SocDmaQueryMaxFragments;
DMA_PROGRAM_CHANNEL SocDmaProgramChannel;
DMA_CONFIGURE_CHANNEL SocDmaConfigureChannel;
DMA_FLUSH_CHANNEL SocDmaFlushChannel;
DMA_HANDLE_INTERRUPT SocDmaHandleInterrupt;
DMA_READ_DMA_COUNTER SocDmaReadDmaCounter;
DMA_CANCEL_TRANSFER SocDmaCancelTransfer;

static ULONG SocDmaRead(PSOC_DMA_CONTROLLER Controller, ULONG Offset)
{
    return READ_REGISTER_ULONG((volatile ULONG *)(PVOID)(Controller->Registers + Offset));
}

static VOID SocDmaWrite(PSOC_DMA_CONTROLLER Controller, ULONG Offset, ULONG Value)
{
    WRITE_REGISTER_ULONG((volatile ULONG *)(PVOID)(Controller->Registers + Offset), Value);
}

static ULONG SocDmaChannelRead(PSOC_DMA_CONTROLLER Controller, ULONG Channel, ULONG Offset)
{
    return SocDmaRead(Controller, SOC_DMA_CHANNEL(Channel) + Offset);
}

static VOID SocDmaChannelWrite(PSOC_DMA_CONTROLLER Controller, ULONG Channel, ULONG Offset, ULONG Value)
{
    SocDmaWrite(Controller, SOC_DMA_CHANNEL(Channel) + Offset, Value);
}

VOID SocDmaInitializeController(PVOID ControllerContext)
{
    SocDmaWrite((PSOC_DMA_CONTROLLER)ControllerContext, SOC_DMA_CONTROL, SOC_DMA_CONTROL_RESET);
}

/* Every channel can serve every line. */
BOOLEAN SocDmaValidateRequestLineBinding(PVOID ControllerContext,
                                         PDMA_REQUEST_LINE_BINDING_DESCRIPTION BindingDescription)
{
    PSOC_DMA_CONTROLLER controller = (PSOC_DMA_CONTROLLER)ControllerContext;
    ULONG line = BindingDescription->RequestLine;

    return line >= controller->FirstLine && line - controller->FirstLine < controller->Lines &&
           BindingDescription->ChannelNumber < controller->Channels;
}

ULONG SocDmaQueryMaxFragments(PVOID ControllerContext, ULONG ChannelNumber, ULONG MaxFragmentsRequested)
{
    UNREFERENCED_PARAMETER(ChannelNumber);
    UNREFERENCED_PARAMETER(MaxFragmentsRequested);
    return ((PSOC_DMA_CONTROLLER)ControllerContext)->Fragments;
}

VOID SocDmaProgramChannel(PVOID ControllerContext, ULONG ChannelNumber, ULONG RequestLine,
                          PDMA_SCATTER_GATHER_LIST MemoryAddress, PHYSICAL_ADDRESS DeviceAddress,
                          BOOLEAN WriteToDevice, BOOLEAN LoopTransfer)
{
    PSOC_DMA_CONTROLLER controller = (PSOC_DMA_CONTROLLER)ControllerContext;
    ULONG control = CHANNEL_CONTROL_START | CHANNEL_CONTROL_INTERRUPTS |
                    controller->UnitShift[ChannelNumber] << CHANNEL_CONTROL_UNIT_SHIFT;
    ULONG i;

    SocDmaChannelWrite(controller, ChannelNumber, CHANNEL_CONTROL, CHANNEL_CONTROL_CLEAR);
    SocDmaChannelWrite(controller, ChannelNumber, CHANNEL_LINE, RequestLine);
    SocDmaChannelWrite(controller, ChannelNumber, CHANNEL_DEVICE_LOW, DeviceAddress.LowPart);
    SocDmaChannelWrite(controller, ChannelNumber, CHANNEL_DEVICE_HIGH, (ULONG)DeviceAddress.HighPart);
    for (i = 0; i < MemoryAddress->NumberOfElements; i++) {
        PHYSICAL_ADDRESS address = MemoryAddress->Elements[i].Address;
        SocDmaChannelWrite(controller, ChannelNumber, CHANNEL_ADDRESS_LOW, address.LowPart);
        SocDmaChannelWrite(controller, ChannelNumber, CHANNEL_ADDRESS_HIGH, (ULONG)address.HighPart);
        SocDmaChannelWrite(controller, ChannelNumber, CHANNEL_LENGTH, MemoryAddress->Elements[i].Length);
    }
    if (!WriteToDevice) {
        control |= CHANNEL_CONTROL_TO_MEMORY;
    }
    if (LoopTransfer) {
        control |= CHANNEL_CONTROL_LOOP;
    }
    SocDmaChannelWrite(controller, ChannelNumber, CHANNEL_CONTROL, control);
}

NTSTATUS SocDmaConfigureChannel(PVOID ControllerContext, ULONG ChannelNumber, ULONG FunctionNumber,
                                PVOID Context)
{
    PSOC_DMA_CONTROLLER controller = (PSOC_DMA_CONTROLLER)ControllerContext;
    ULONG shift;

    if (FunctionNumber != SOC_DMA_FUNCTION_SET_UNIT) {
        return STATUS_NOT_IMPLEMENTED;
    }
    for (shift = 0; Context != NULL && shift < 4; shift++) {
        if (*(PULONG)Context == 8u << shift) {
            controller->UnitShift[ChannelNumber] = shift;
            return STATUS_SUCCESS;
        }
    }
    return STATUS_INVALID_PARAMETER;
}

VOID SocDmaFlushChannel(PVOID ControllerContext, ULONG ChannelNumber)
{
    PSOC_DMA_CONTROLLER controller = (PSOC_DMA_CONTROLLER)ControllerContext;

    SocDmaWrite(controller, SOC_DMA_INTERRUPT, 1u << ChannelNumber);
    SocDmaChannelWrite(controller, ChannelNumber, CHANNEL_CONTROL, CHANNEL_CONTROL_CLEAR);
}

/*
 * Acknowledged first: of a looping channel the next round may end meanwhile, and is heard of next time. What
 * the status does not bear out is no end: a transfer that runs, or one that was stopped, which is known
 * already.
 */
BOOLEAN SocDmaHandleInterrupt(PVOID ControllerContext, PULONG ChannelNumber,
                              PDMA_INTERRUPT_TYPE InterruptType)
{
    PSOC_DMA_CONTROLLER controller = (PSOC_DMA_CONTROLLER)ControllerContext;
    ULONG ended;
    ULONG channel;
    ULONG status;

    while ((ended = SocDmaRead(controller, SOC_DMA_INTERRUPT)) != 0) {
        for (channel = 0; !(ended & 1u << channel); channel++) {
        }
        SocDmaWrite(controller, SOC_DMA_INTERRUPT, 1u << channel);
        status = SocDmaChannelRead(controller, channel, CHANNEL_STATUS);
        *ChannelNumber = channel;
        if (status & CHANNEL_STATUS_ERROR) {
            *InterruptType = InterruptTypeError;
            return TRUE;
        }
        if ((status & CHANNEL_STATUS_COMPLETE) && !(status & CHANNEL_STATUS_ABORTED)) {
            *InterruptType = InterruptTypeCompletion;
            return TRUE;
        }
    }
    return FALSE;
}

ULONG SocDmaReadDmaCounter(PVOID ControllerContext, ULONG ChannelNumber)
{
    return SocDmaChannelRead((PSOC_DMA_CONTROLLER)ControllerContext, ChannelNumber, CHANNEL_COUNT);
}

/*
 * The channel may come to its end at any moment, so it is stopped first and asked afterwards: whether STOP or
 * the end came first is the hardware's to say. What was stopped interrupts as well, which is taken back here.
 */
BOOLEAN SocDmaCancelTransfer(PVOID ControllerContext, ULONG ChannelNumber)
{
    PSOC_DMA_CONTROLLER controller = (PSOC_DMA_CONTROLLER)ControllerContext;
    ULONG status;

    SocDmaChannelWrite(controller, ChannelNumber, CHANNEL_CONTROL, CHANNEL_CONTROL_STOP);
    status = SocDmaChannelRead(controller, ChannelNumber, CHANNEL_STATUS);
    if (!(status & CHANNEL_STATUS_ABORTED)) {
        return FALSE;
    }
    SocDmaWrite(controller, SOC_DMA_INTERRUPT, 1u << ChannelNumber);
    return TRUE;
}

static const DMA_FUNCTION_TABLE SocDmaFunctionTable = {
    SocDmaInitializeController,
    SocDmaValidateRequestLineBinding,
    SocDmaQueryMaxFragments,
    SocDmaProgramChannel,
    SocDmaConfigureChannel,
    SocDmaFlushChannel,
    SocDmaHandleInterrupt,
    SocDmaReadDmaCounter,
    NULL, /* no channel needs memory of its own */
    SocDmaCancelTransfer,
};

static NTSTATUS SocDmaRegister(ULONG Handle, PCSRT_RESOURCE_GROUP_HEADER ResourceGroup,
                               PCSRT_RESOURCE_DESCRIPTOR_SOC_DMA Descriptor)
{
    CSRT_RESOURCE_DESCRIPTOR_HEADER header = Descriptor->Header;
    DMA_CHANNEL_INITIALIZATION_BLOCK channel;
    DMA_INITIALIZATION_BLOCK block;
    SOC_DMA_CONTROLLER controller;
    PHYSICAL_ADDRESS address;
    NTSTATUS status;
    ULONG i;

    RtlZeroMemory(&controller, sizeof(controller));
    address.QuadPart = (LONGLONG)Descriptor->RegistersAddress;
    status = HalRegisterPermanentAddressUsage(address, SOC_DMA_WINDOW);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    controller.Registers = (PUCHAR)HalMapIoSpace(address, SOC_DMA_WINDOW, MmNonCached);
    if (controller.Registers == NULL || SocDmaRead(&controller, SOC_DMA_ID) != SOC_DMA_ID_VALUE) {
        return STATUS_NO_SUCH_DEVICE;
    }
    controller.FirstLine = SocDmaRead(&controller, SOC_DMA_FIRST_LINE);
    controller.Lines = SocDmaRead(&controller, SOC_DMA_LINES);
    controller.Channels = SocDmaRead(&controller, SOC_DMA_CHANNELS);
    controller.Fragments = SocDmaRead(&controller, SOC_DMA_FRAGMENTS);

    RtlZeroMemory(&block, sizeof(block));
    INITIALIZE_DMA_HEADER(&block);
    block.ChannelCount = controller.Channels;
    block.DmaAddressWidth = SocDmaRead(&controller, SOC_DMA_WIDTH);
    block.SupportedPortWidths = DMA_UNLIMITED_PORT_WIDTH | DMA_8_BIT_PORT_WIDTH | DMA_16_BIT_PORT_WIDTH |
                                DMA_32_BIT_PORT_WIDTH | DMA_64_BIT_PORT_WIDTH;
    block.MinimumTransferUnit = 1;
    block.MinimumRequestLine = controller.FirstLine;
    block.MaximumRequestLine = controller.FirstLine + controller.Lines - 1;
    block.GeneratesInterrupt = TRUE;
    block.Gsi = (LONG)Descriptor->Interrupt;
    block.InterruptPolarity = InterruptActiveHigh;
    block.InterruptMode = LevelSensitive;
    block.InternalData = &controller;
    block.InternalDataSize = sizeof(controller);
    block.Operations = (PDMA_FUNCTION_TABLE)(ULONG_PTR)&SocDmaFunctionTable; /* only read by the HAL */
    status = RegisterResourceDescriptor(Handle, ResourceGroup, &header, &block);

    header.Subtype = CSRT_RD_SUBTYPE_DMA_CHANNEL;
    header.Length = sizeof(header);
    for (i = 0; NT_SUCCESS(status) && i < controller.Channels; i++) {
        RtlZeroMemory(&channel, sizeof(channel));
        INITIALIZE_DMA_CHANNEL_HEADER(&channel);
        channel.ControllerId = block.ControllerId;
        channel.ChannelNumber = i;
        header.Uid = i;
        status = RegisterResourceDescriptor(Handle, ResourceGroup, &header, &channel);
    }
    return status;
}

NTSTATUS AddResourceGroup(ULONG Handle, PCSRT_RESOURCE_GROUP_HEADER ResourceGroup)
{
    PCSRT_RESOURCE_DESCRIPTOR_HEADER descriptor = NULL;
    NTSTATUS status = STATUS_SUCCESS;

    do {
        descriptor = GetNextResourceDescriptor(Handle, ResourceGroup, descriptor, CSRT_RD_TYPE_DMA,
                                               CSRT_RD_SUBTYPE_DMA_CONTROLLER, CSRT_RD_UID_ANY);
        if (descriptor != NULL) {
            status =
                SocDmaRegister(Handle, ResourceGroup, (PCSRT_RESOURCE_DESCRIPTOR_SOC_DMA)(PVOID)descriptor);
        }
    } while (descriptor != NULL && NT_SUCCESS(status));
    return status;
}
