/*
 * IRPs: allocating, initialising, reusing, freeing.
 */
#include <stdio.h>
#include <wdm.h>

#include <emu/choose.h>
#include <emu/deed.h>
#include <emu/finding.h>
#include <emu/unseen.h>

#include "hal/ke_check.h"
#include "hal/kernel.h"
#include "hal/ops.h"
#include "hal/pool.h"

VOID IoInitializeIrp(PIRP Irp, USHORT PacketSize, CCHAR StackSize)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    io_call_gone(hal_kernel(), Irp);
    memset(Irp, 0, PacketSize);
    Irp->Type = IO_TYPE_IRP;
    Irp->Size = PacketSize;
    Irp->StackCount = StackSize;
    Irp->CurrentLocation = (CHAR)(StackSize + 1);
    Irp->ApcEnvironment = 0;
    InitializeListHead(&Irp->ThreadListEntry);
    Irp->Tail.Overlay.CurrentStackLocation = (PIO_STACK_LOCATION)(Irp + 1) + StackSize;
}

const char *io_irp_tell(struct emu_machine *m, const IRP *irp, char out[IO_NAME_BYTES])
{
    emu_object object = emu_object_at(m, irp, "irp");
    emu_deed_tell(m, irp);
    return emu_object_text(m, object, out, IO_NAME_BYTES);
}

/* ---- Stack locations --------------------------------------------------------------------------------------
 */

bool io_irp_is_at(const IRP *irp, int lowest, int highest)
{
    const IO_STACK_LOCATION *first = (const IO_STACK_LOCATION *)(irp + 1);
    int number = irp->CurrentLocation;

    return number >= lowest && number <= highest &&
           irp->Tail.Overlay.CurrentStackLocation == first + number - 1;
}

void io_irp_require_at(struct emu_machine *m, const IRP *irp, int lowest, int highest, const char *what)
{
    uint64_t parameters[4] = {(uintptr_t)irp, (uint64_t)irp->CurrentLocation, 0, 0};
    bool is_number = irp->CurrentLocation >= lowest && irp->CurrentLocation <= highest;
    char name[IO_NAME_BYTES];

    if (!io_irp_is_at(irp, lowest, highest))
        emu_finding_raise(m, "IO-LOCATION-2", NULL, parameters,
                          "%s %s, which has %d stack locations, with CurrentLocation %d%s", what,
                          io_irp_tell(m, irp, name), irp->StackCount, irp->CurrentLocation,
                          is_number ? " and a CurrentStackLocation that is another" : "");
}

VOID haldma_IoNoStackLocation(PIRP Irp, const char *Routine)
{
    struct emu_machine *m = emu_current();
    char what[IO_NAME_BYTES], name[IO_NAME_BYTES];

    if (Irp->Type != IO_TYPE_IRP)
        return; /* freed: told by whoever is given it */
    snprintf(what, sizeof what, "%s was called for", Routine);
    if (io_irp_is_lost(hal_kernel(), Irp, what))
        return;
    uint64_t parameters[4] = {(uintptr_t)Irp, (uint64_t)Irp->CurrentLocation, 0, 0};
    emu_finding_raise(m, "IO-LOCATION-1", NULL, parameters,
                      "%s was called for %s, which has %d stack locations, with CurrentLocation %d", Routine,
                      io_irp_tell(m, Irp, name), Irp->StackCount, Irp->CurrentLocation);
}

/* ---- Allocating and freeing -------------------------------------------------------------------------------
 */

static void count(struct hal_kernel *k, int change)
{
    EMU_UNSEEN(k->machine, "how many live is asked when all is over")
    {
        k->io.irps += (uint32_t)change;
    }
}

PIRP io_irp_allocate(struct hal_kernel *k, CCHAR stack_size, bool for_itself)
{
    USHORT size = IoSizeOfIrp((UCHAR)stack_size);

    if (emu_fault(k->machine, HAL_OP_IO_ALLOCATE_IRP))
        return NULL;
    PIRP irp = hal_pool_take(0, NonPagedPoolNx, size, IO_IRP_TAG);
    if (irp == NULL)
        return NULL;
    IoInitializeIrp(irp, size, stack_size);
    irp->AllocationFlags = IRP_ALLOCATED_FIXED_SIZE;
    if (for_itself)
        irp->AllocationFlags |= IO_IRP_SYSTEMS;
    else
        emu_deed_first(k->machine, irp, "allocated");
    count(k, 1);
    return irp;
}

PIRP IoAllocateIrp(CCHAR StackSize, BOOLEAN ChargeQuota)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)ChargeQuota;
    return io_irp_allocate(hal_kernel(), StackSize, false);
}

PIRP IoAllocateIrpEx(PDEVICE_OBJECT DeviceObject, CCHAR StackSize, BOOLEAN ChargeQuota)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)DeviceObject;
    return IoAllocateIrp(StackSize, ChargeQuota);
}

VOID IoFreeIrp(PIRP Irp)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    struct hal_kernel *k = hal_kernel();
    char name[IO_NAME_BYTES];

    if (Irp->Type != IO_TYPE_IRP) {
        uint64_t parameters[4] = {0x1, (uintptr_t)Irp, 0, 0};
        emu_finding_raise(k->machine, "IO-IRP-4", "0xC9/01", parameters,
                          "IoFreeIrp was called for %s, which is no IRP, or was freed before",
                          io_irp_tell(k->machine, Irp, name));
    }
    io_call_gone(k, Irp);
    emu_touch_within(k->machine, Irp, Irp->Size, EMU_ACCESS_WRITE);
    emu_object_forget(k->machine, io_cancel_slot(Irp));
    if ((Irp->AllocationFlags & IO_IRP_SYSTEMS) == 0)
        emu_deed_note(k->machine, Irp, "freed");
    count(k, -1);
    ExFreePoolWithTag(Irp, IO_IRP_TAG);
}

VOID IoReuseIrp(PIRP Irp, NTSTATUS Iostatus)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    UCHAR flags = Irp->AllocationFlags & (UCHAR)~IO_IRP_PASSED;

    IoInitializeIrp(Irp, Irp->Size, Irp->StackCount);
    Irp->AllocationFlags = flags;
    Irp->IoStatus.Status = Iostatus;
    emu_deed_note(emu_current(), Irp, "made anew");
}

PIRP IoMakeAssociatedIrp(PIRP Irp, CCHAR StackSize)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    PIRP associated = IoAllocateIrp(StackSize, FALSE);

    if (associated == NULL)
        return NULL;
    associated->Flags |= IRP_ASSOCIATED_IRP;
    associated->Tail.Overlay.Thread = Irp->Tail.Overlay.Thread;
    associated->AssociatedIrp.MasterIrp = Irp;
    return associated;
}
