/*
 * A driver that keeps its state in static variables, as many do, and would notice if an earlier run's were
 * still there.
 */
#include <wdm.h>

#define STATEFUL_MAGIC 0x5AFE5AFEu

static LONG Loads;                                /* zero-initialised */
static ULONG Magic = STATEFUL_MAGIC;              /* initialised */
static LIST_ENTRY Devices = {&Devices, &Devices}; /* initialised with an address */

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD StatefulUnload;

VOID StatefulUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    static LIST_ENTRY device;

    UNREFERENCED_PARAMETER(RegistryPath);

    DriverObject->DriverUnload = StatefulUnload;
    if (InterlockedIncrement(&Loads) != 1 || Magic != STATEFUL_MAGIC || !IsListEmpty(&Devices)) {
        return STATUS_ALREADY_COMMITTED;
    }
    Magic = 0;
    InsertTailList(&Devices, &device);
    return STATUS_SUCCESS;
}
