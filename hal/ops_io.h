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
    X(HAL_OP_EX_POOL_WITH_TAG, "ExAllocatePoolWithTag", EMU_ACCESS_LOCAL, "bytes")             \
    X(HAL_OP_IO_LOCK_PAGES, "MmProbeAndLockPages", EMU_ACCESS_LOCAL, "bytes")                  \
    X(HAL_OP_IO_MAP_PAGES, "MmMapLockedPages", EMU_ACCESS_LOCAL, "bytes")                      \
    X(HAL_OP_IO_ALLOCATE_PAGES, "MmAllocatePagesForMdl", EMU_ACCESS_LOCAL, "bytes")            \
    X(HAL_OP_IO_CONTIGUOUS, "MmAllocateContiguousMemory", EMU_ACCESS_LOCAL, "bytes")           \
    X(HAL_OP_IO_ALLOCATE_IRP, "IoAllocateIrp", EMU_ACCESS_LOCAL, NULL)                         \
    X(HAL_OP_IO_ALLOCATE_MDL, "IoAllocateMdl", EMU_ACCESS_LOCAL, "bytes")                      \
    X(HAL_OP_IO_CREATE_DEVICE, "IoCreateDevice", EMU_ACCESS_LOCAL, NULL)                       \
    X(HAL_OP_IO_PNP_DISPATCH, "bus driver's PnP dispatch", EMU_ACCESS_LOCAL, "minor function") \
    X(HAL_OP_IO_CALLBACK, "callback object", EMU_ACCESS_WRITE, "action")                       \
    X(HAL_OP_EX_POOL, "ExAllocatePool", EMU_ACCESS_LOCAL, NULL)                                \
    X(HAL_OP_EX_POOL_PRIORITY, "ExAllocatePoolWithTagPriority", EMU_ACCESS_LOCAL, NULL)        \
    X(HAL_OP_EX_POOL_QUOTA, "ExAllocatePoolWithQuotaTag", EMU_ACCESS_LOCAL, NULL)              \
    X(HAL_OP_EX_POOL_ZERO, "ExAllocatePoolZero", EMU_ACCESS_LOCAL, NULL)                       \
    X(HAL_OP_EX_POOL_UNINITIALIZED, "ExAllocatePoolUninitialized", EMU_ACCESS_LOCAL, NULL)     \
    X(HAL_OP_EX_POOL_2, "ExAllocatePool2", EMU_ACCESS_LOCAL, NULL)                             \
    X(HAL_OP_EX_POOL_3, "ExAllocatePool3", EMU_ACCESS_LOCAL, NULL)                             \
    X(HAL_OP_EX_LOOKASIDE, "ExAllocateFromLookasideList", EMU_ACCESS_LOCAL, NULL)              \
    X(HAL_OP_EX_TIMER, "ExAllocateTimer", EMU_ACCESS_LOCAL, NULL)                              \
    X(HAL_OP_EX_CREATE_CALLBACK, "ExCreateCallback", EMU_ACCESS_LOCAL, NULL)                   \
    X(HAL_OP_IO_INITIALIZE_TIMER, "IoInitializeTimer", EMU_ACCESS_LOCAL, NULL)                 \
    X(HAL_OP_IO_SYMBOLIC_LINK, "IoCreateSymbolicLink", EMU_ACCESS_LOCAL, NULL)                 \
    X(HAL_OP_IO_INTERFACE, "IoRegisterDeviceInterface", EMU_ACCESS_LOCAL, NULL)                \
    X(HAL_OP_IO_INTERFACES, "IoGetDeviceInterfaces", EMU_ACCESS_LOCAL, NULL)                   \
    X(HAL_OP_IO_DRIVER_EXTENSION, "IoAllocateDriverObjectExtension", EMU_ACCESS_LOCAL, NULL)   \
    X(HAL_OP_IO_CONTROLLER, "IoCreateController", EMU_ACCESS_LOCAL, NULL)                      \
    X(HAL_OP_IO_ERROR_LOG, "IoAllocateErrorLogEntry", EMU_ACCESS_LOCAL, NULL)                  \
    X(HAL_OP_IO_POWER_IRP, "PoRequestPowerIrp", EMU_ACCESS_LOCAL, NULL)                        \
    X(HAL_OP_IO_OPEN_DEVICE, "IoGetDeviceObjectPointer", EMU_ACCESS_LOCAL, NULL)               \
    X(HAL_OP_IO_START_DEVICE, "IRP_MN_START_DEVICE of the bus driver", EMU_ACCESS_LOCAL, NULL) \
    X(HAL_OP_MM_MAP_IO_SPACE, "MmMapIoSpace", EMU_ACCESS_LOCAL, NULL)                          \
    X(HAL_OP_MM_NONCACHED, "MmAllocateNonCachedMemory", EMU_ACCESS_LOCAL, NULL)                \
    X(HAL_OP_MM_MAPPING_ADDRESS, "MmAllocateMappingAddress", EMU_ACCESS_LOCAL, NULL)           \
    X(HAL_OP_MM_RANGES, "MmGetPhysicalMemoryRanges", EMU_ACCESS_LOCAL, NULL)                   \
    X(HAL_OP_RTL_STRING, "memory for a string of Rtl's", EMU_ACCESS_LOCAL, NULL)               \
    X(HAL_OP_EX_LOOKASIDE_LIST, "ExInitializeLookasideListEx", EMU_ACCESS_LOCAL, NULL)         \
    X(HAL_OP_EX_REGISTER_CALLBACK, "ExRegisterCallback", EMU_ACCESS_LOCAL, NULL)               \
    X(HAL_OP_IO_ATTACH, "IoAttachDevice", EMU_ACCESS_LOCAL, NULL)                              \
    X(HAL_OP_IO_COMPLETION_EX, "IoSetCompletionRoutineEx", EMU_ACCESS_LOCAL, NULL)             \
    X(HAL_OP_IO_SHUTDOWN, "IoRegisterShutdownNotification", EMU_ACCESS_LOCAL, NULL)            \
    X(HAL_OP_IO_NOTIFICATION, "IoRegisterPlugPlayNotification", EMU_ACCESS_LOCAL, NULL)        \
    X(HAL_OP_KE_CREATE_EVENT, "IoCreateNotificationEvent", EMU_ACCESS_LOCAL, NULL)             \
    X(HAL_OP_RTL_REGISTRY, "RtlQueryRegistryValues", EMU_ACCESS_LOCAL, NULL)

#endif
