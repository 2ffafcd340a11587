/*
 * The copier's cancel routine.
 *
 * An IRP that waits in the queue is taken out and completed. The one that has the device is withdrawn from
 * the adapter's line; only if CancelAdapterChannel says that it succeeded is its place in that line over.
 * Otherwise CopierAdapterControl has been called or is about to be, sees that the cancel routine is gone, and
 * gives the map registers back.
 */
#include "copier_driver.h"

VOID CopierCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCOPIER_EXTENSION extension = (PCOPIER_EXTENSION)DeviceObject->DeviceExtension;
    KIRQL irql = Irp->CancelIrql;

    IoReleaseCancelSpinLock(DISPATCH_LEVEL);

    if (CopierUnqueue(extension, Irp)) {
        CopierComplete(Irp, STATUS_CANCELLED, 0);
    } else if (extension->Adapter->DmaOperations->CancelAdapterChannel(extension->Adapter, DeviceObject,
                                                                       extension->Request.TransferContext)) {
        CopierOutcome(extension, COPIER_LINE, STATUS_CANCELLED);
    } else {
        CopierOutcome(extension, 0, STATUS_CANCELLED);
    }

    KeLowerIrql(irql);
}
