/*
 * 0xE6/0B: AdapterControl asks for the next channel before it has given up its own.
 */
#include "bad.h"

static IO_ALLOCATION_ACTION Second(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Base, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Base);
    UNREFERENCED_PARAMETER(Context);
    return DeallocateObject;
}

static IO_ALLOCATION_ACTION First(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Base, PVOID Context)
{
    PBAD_DEVICE device = (PBAD_DEVICE)Context;

    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Base);
    if (!MENDED) {
        device->Operations->AllocateAdapterChannel(device->Adapter, DeviceObject, 1, Second, device);
    }
    return DeallocateObject;
}

/* Everything is free: the routine has returned when the call does. */
static VOID Deed(PBAD_DEVICE Device, PMDL Mdl)
{
    KIRQL irql;

    UNREFERENCED_PARAMETER(Mdl);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Device->Operations->AllocateAdapterChannel(Device->Adapter, Device->Self, 1, First, Device);
    KeLowerIrql(irql);
}

BAD_DRIVER(e6_0b_two_channels, NULL, Deed, NULL)
