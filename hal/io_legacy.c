/*
 * What drivers of Windows NT 4 ask the HAL about buses: the answers of a machine whose buses are all flat.
 */
#include <ntddk.h>

#include <emu/strand.h>

#include "hal/ke_check.h"
#include "hal/kernel.h"

/* Bus addresses are physical addresses, I/O ports are I/O ports. */
BOOLEAN HalTranslateBusAddress(INTERFACE_TYPE InterfaceType, ULONG BusNumber, PHYSICAL_ADDRESS BusAddress,
                               PULONG AddressSpace, PPHYSICAL_ADDRESS TranslatedAddress)
{
    (void)InterfaceType;
    (void)BusNumber;
    (void)AddressSpace;
    *TranslatedAddress = BusAddress;
    return TRUE;
}

/* The vector of a line is the line; its level is the line's. 0 for a line that does not exist. */
ULONG HalGetInterruptVector(INTERFACE_TYPE InterfaceType, ULONG BusNumber, ULONG BusInterruptLevel,
                            ULONG BusInterruptVector, PKIRQL Irql, PKAFFINITY Affinity)
{
    struct emu_machine *m = emu_current();

    (void)InterfaceType;
    (void)BusNumber;
    (void)BusInterruptLevel;
    *Irql = (KIRQL)emu_line_level(m, BusInterruptVector);
    *Affinity = (KAFFINITY)emu_line_processors(m, BusInterruptVector);
    return BusInterruptVector;
}

/* No bus has configuration data: 0 bytes are read or written, as for a bus that does not exist. */
ULONG HalGetBusDataByOffset(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber, PVOID Buffer,
                            ULONG Offset, ULONG Length)
{
    (void)BusDataType;
    (void)BusNumber;
    (void)SlotNumber;
    (void)Buffer;
    (void)Offset;
    (void)Length;
    return 0;
}

ULONG HalGetBusData(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber, PVOID Buffer, ULONG Length)
{
    return HalGetBusDataByOffset(BusDataType, BusNumber, SlotNumber, Buffer, 0, Length);
}

ULONG HalSetBusDataByOffset(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber, PVOID Buffer,
                            ULONG Offset, ULONG Length)
{
    return HalGetBusDataByOffset(BusDataType, BusNumber, SlotNumber, Buffer, Offset, Length);
}

ULONG HalSetBusData(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber, PVOID Buffer, ULONG Length)
{
    return HalGetBusDataByOffset(BusDataType, BusNumber, SlotNumber, Buffer, 0, Length);
}

NTSTATUS IoReportResourceForDetection(PDRIVER_OBJECT DriverObject, PCM_RESOURCE_LIST DriverList,
                                      ULONG DriverListSize, PDEVICE_OBJECT DeviceObject,
                                      PCM_RESOURCE_LIST DeviceList, ULONG DeviceListSize,
                                      PBOOLEAN ConflictDetected)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)DriverObject;
    (void)DriverList;
    (void)DriverListSize;
    (void)DeviceObject;
    (void)DeviceList;
    (void)DeviceListSize;
    *ConflictDetected = FALSE;
    return STATUS_SUCCESS;
}

/* ---- The running thread's stack ---------------------------------------------------------------------------
 */

PVOID IoGetInitialStack(VOID)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_IRQL_IO_APC_LTE, __func__);
    void *base;
    size_t bytes;

    emu_strand_stack(emu_strand_self(emu_current()), &base, &bytes);
    return (uint8_t *)base + bytes;
}

ULONG_PTR IoGetRemainingStackSize(VOID)
{
    void *base;
    size_t bytes;

    emu_strand_stack(emu_strand_self(emu_current()), &base, &bytes);
    return (ULONG_PTR)__builtin_frame_address(0) - (ULONG_PTR)base;
}
