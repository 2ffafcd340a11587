/*
 * The driver's frame: a device whose extension names the pieces.
 */
#include "data_race.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD RaceUnload;

struct race_extension *RaceExtension;

VOID RaceUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = RaceUnload;
    status = IoCreateDevice(DriverObject, sizeof(struct race_extension), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE,
                            &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    RaceExtension = device->DeviceExtension;
    RaceExtension->Device = device;
    RaceExtension->Pieces[0] = RaceThreads;
    RaceExtension->Pieces[1] = RaceHandlers;
    RaceExtension->Pieces[2] = RaceMemory;
    return STATUS_SUCCESS;
}
