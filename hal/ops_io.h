/*
 * Operations of the Io, Mm, Ex and Rtl families, as the trace and the explorer know them.
 *
 * One line an operation: X(id, name, what it does to its object, what its argument means). hal/ops.h joins
 * them with the Ke family's into enum hal_op.
 */
#ifndef HAL_OPS_IO_H
#define HAL_OPS_IO_H

#define HAL_OPS_IO(X)                                                                          \
    X(HAL_OP_IO_CALL_DRIVER, "IoCallDriver", EMU_ACCESS_LOCAL, "major function")               \
    X(HAL_OP_IO_COMPLETE, "IoCompleteRequest", EMU_ACCESS_WRITE, "#status")                    \
    X(HAL_OP_IO_CANCEL, "IoCancelIrp", EMU_ACCESS_WRITE, NULL)                                 \
    X(HAL_OP_IO_SET_CANCEL, "IoSetCancelRoutine", EMU_ACCESS_WRITE, NULL)                      \
    X(HAL_OP_IO_START_PACKET, "StartIo called", EMU_ACCESS_LOCAL, NULL)                        \
    X(HAL_OP_IO_DEVICE_QUEUE, "device queue", EMU_ACCESS_WRITE, "action")                      \
    X(HAL_OP_IO_REMOVE_LOCK, "remove lock", EMU_ACCESS_WRITE, "action")                        \
    X(HAL_OP_IO_RUNDOWN, "rundown protection", EMU_ACCESS_WRITE, "action")                     \
    X(HAL_OP_IO_POOL, "pool allocation", EMU_ACCESS_LOCAL, "bytes")                            \
    X(HAL_OP_IO_LOCK_PAGES, "MmProbeAndLockPages", EMU_ACCESS_LOCAL, "bytes")                  \
    X(HAL_OP_IO_MAP_PAGES, "MmMapLockedPages", EMU_ACCESS_LOCAL, "bytes")                      \
    X(HAL_OP_IO_ALLOCATE_PAGES, "MmAllocatePagesForMdl", EMU_ACCESS_LOCAL, "bytes")            \
    X(HAL_OP_IO_CONTIGUOUS, "MmAllocateContiguousMemory", EMU_ACCESS_LOCAL, "bytes")           \
    X(HAL_OP_IO_ALLOCATE_IRP, "IoAllocateIrp", EMU_ACCESS_LOCAL, NULL)                         \
    X(HAL_OP_IO_ALLOCATE_MDL, "IoAllocateMdl", EMU_ACCESS_LOCAL, "bytes")                      \
    X(HAL_OP_IO_CREATE_DEVICE, "IoCreateDevice", EMU_ACCESS_LOCAL, NULL)                       \
    X(HAL_OP_IO_PNP_DISPATCH, "bus driver's PnP dispatch", EMU_ACCESS_LOCAL, "minor function") \
    X(HAL_OP_IO_CALLBACK, "callback object", EMU_ACCESS_WRITE, "action")

#endif
