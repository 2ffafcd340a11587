/*
 * The copier's cancel routine, with a race.
 *
 * It ignores what CancelAdapterChannel returns. That goes well while the request still waits for its map
 * registers, and when CopierAdapterControl has taken the cancel routine away. It even goes well when the
 * grant is decided and CopierAdapterControl not yet called, as long as that happens before
 * AllocateAdapterChannelEx returns, which is how an idle PC behaves. Where the call comes later, the IRP is
 * completed here and once more there.
 */
#include "copier_driver.h"

VOID CopierCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCOPIER_EXTENSION extension = (PCOPIER_EXTENSION)DeviceObject->DeviceExtension;
    KIRQL irql = Irp->CancelIrql;

    IoReleaseCancelSpinLock(DISPATCH_LEVEL);

    if (CopierUnqueue(extension, Irp)) {
        CopierComplete(Irp, STATUS_CANCELLED, 0);
    } else {
        extension->Adapter->DmaOperations->CancelAdapterChannel(extension->Adapter, DeviceObject,
                                                                extension->Request.TransferContext);
        CopierOutcome(extension, COPIER_LINE, STATUS_CANCELLED);
    }

    KeLowerIrql(irql);
}
