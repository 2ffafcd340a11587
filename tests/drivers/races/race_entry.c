/*
 * The entry point of each driver that is built on what the races share.
 */
#include "race_driver.h"

DRIVER_INITIALIZE DriverEntry;

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);

    RaceEntry(DriverObject);
    return STATUS_SUCCESS;
}
