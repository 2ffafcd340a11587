/*
 * 0xE6/0C and 15: more map registers are asked for than IoGetDmaAdapter said.
 */
#include "bad.h"

static IO_ALLOCATION_ACTION Control(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Base, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Base);
    UNREFERENCED_PARAMETER(Context);
    return DeallocateObject;
}

/* 0C: the author counts the pages of a buffer, and does not look at the answer. */
static VOID AtOnce(PBAD_DEVICE Device, PMDL Mdl)
{
    ULONG count = MENDED ? Device->MapRegisters : Device->MapRegisters + 1;
    KIRQL irql;

    UNREFERENCED_PARAMETER(Mdl);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Device->Operations->AllocateAdapterChannel(Device->Adapter, Device->Self, count, Control, Device);
    KeLowerIrql(irql); /* everything is free: the routine has returned */
}

/* 15: a list for a whole request, however long that is. */
static VOID Short(PBAD_DEVICE Device, PDEVICE_DESCRIPTION Description)
{
    UNREFERENCED_PARAMETER(Device);
    Description->MaximumLength = PAGE_SIZE; /* two map registers at most */
}

static VOID WholeList(PBAD_DEVICE Device, PMDL Mdl)
{
    if (BadGetList(Device, Mdl, (PUCHAR)MmGetMdlVirtualAddress(Mdl), MENDED ? PAGE_SIZE : 3 * PAGE_SIZE)) {
        BadPutList(Device);
    }
}

BAD_DRIVER(e6_0c_too_many_at_once, NULL, AtOnce, NULL)
BAD_DRIVER(e6_15_too_many_for_a_list, Short, WholeList, NULL)
