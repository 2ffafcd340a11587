/*
 * Operations of the Ke family (with threads, work items and interlocked operations), as the trace and the
 * explorer know them.
 *
 * One line an operation: X(id, name, what it does to its object, what its argument means). An operation that
 * writes and names no object concerns several; it commutes with nothing but local operations.
 */
#ifndef HAL_OPS_KE_H
#define HAL_OPS_KE_H

#define HAL_OPS_KE(X)                                                                    \
    X(HAL_OP_KE_AFTER, "goes on", EMU_ACCESS_LOCAL, NULL)                                \
    X(HAL_OP_KE_LOWER_IRQL, "KeLowerIrql", EMU_ACCESS_LOCAL, "level")                    \
    X(HAL_OP_KE_BARRIER, "memory barrier", EMU_ACCESS_LOCAL, NULL)                       \
    X(HAL_OP_KE_SPIN, "YieldProcessor", EMU_ACCESS_LOCAL, NULL)                          \
    X(HAL_OP_KE_ACQUIRE_LOCK, "acquire spin lock", EMU_ACCESS_WRITE, NULL)               \
    X(HAL_OP_KE_RELEASE_LOCK, "release spin lock", EMU_ACCESS_WRITE, NULL)               \
    X(HAL_OP_KE_TRY_LOCK, "try spin lock", EMU_ACCESS_WRITE, NULL)                       \
    X(HAL_OP_KE_TEST_LOCK, "KeTestSpinLock", EMU_ACCESS_READ, NULL)                      \
    X(HAL_OP_KE_QUEUE_LOCK, "queue for spin lock", EMU_ACCESS_WRITE, NULL)               \
    X(HAL_OP_KE_QUEUED_LOCK, "spin lock handed over", EMU_ACCESS_WRITE, NULL)            \
    X(HAL_OP_KE_INSERT_DPC, "KeInsertQueueDpc", EMU_ACCESS_WRITE, NULL)                  \
    X(HAL_OP_KE_REMOVE_DPC, "KeRemoveQueueDpc", EMU_ACCESS_WRITE, NULL)                  \
    X(HAL_OP_KE_TAKE_DPC, "next DPC", EMU_ACCESS_WRITE, NULL)                            \
    X(HAL_OP_KE_DPC_BEGIN, "DPC begins", EMU_ACCESS_LOCAL, NULL)                         \
    X(HAL_OP_KE_DPC_END, "DPC ends", EMU_ACCESS_LOCAL, NULL)                             \
    X(HAL_OP_KE_FLUSH_DPCS, "KeFlushQueuedDpcs", EMU_ACCESS_WRITE, NULL)                 \
    X(HAL_OP_KE_THREADED_DPC, "threaded DPC", EMU_ACCESS_LOCAL, "at DISPATCH_LEVEL")     \
    X(HAL_OP_KE_CONNECT_INTERRUPT, "IoConnectInterrupt", EMU_ACCESS_WRITE, "vector")     \
    X(HAL_OP_KE_DISCONNECT_INTERRUPT, "IoDisconnectInterrupt", EMU_ACCESS_WRITE, NULL)   \
    X(HAL_OP_KE_ISR_BEGIN, "ISR begins", EMU_ACCESS_LOCAL, NULL)                         \
    X(HAL_OP_KE_ISR_END, "ISR ends", EMU_ACCESS_LOCAL, "claimed")                        \
    X(HAL_OP_KE_INTERRUPT_LOCK, "acquire interrupt lock", EMU_ACCESS_WRITE, NULL)        \
    X(HAL_OP_KE_WAIT, "KeWaitForSingleObject", EMU_ACCESS_WRITE, NULL)                   \
    X(HAL_OP_KE_WAIT_MULTIPLE, "KeWaitForMultipleObjects", EMU_ACCESS_WRITE, "objects")  \
    X(HAL_OP_KE_DELAY, "KeDelayExecutionThread", EMU_ACCESS_LOCAL, "ns")                 \
    X(HAL_OP_KE_SET_EVENT, "KeSetEvent", EMU_ACCESS_WRITE, NULL)                         \
    X(HAL_OP_KE_RESET_EVENT, "KeResetEvent", EMU_ACCESS_WRITE, NULL)                     \
    X(HAL_OP_KE_PULSE_EVENT, "KePulseEvent", EMU_ACCESS_WRITE, NULL)                     \
    X(HAL_OP_KE_READ_STATE, "read state", EMU_ACCESS_READ, NULL)                         \
    X(HAL_OP_KE_RELEASE_SEMAPHORE, "KeReleaseSemaphore", EMU_ACCESS_WRITE, "adjustment") \
    X(HAL_OP_KE_RELEASE_MUTEX, "KeReleaseMutex", EMU_ACCESS_WRITE, NULL)                 \
    X(HAL_OP_KE_ACQUIRE_FAST_MUTEX, "acquire fast mutex", EMU_ACCESS_WRITE, NULL)        \
    X(HAL_OP_KE_RELEASE_FAST_MUTEX, "release fast mutex", EMU_ACCESS_WRITE, NULL)        \
    X(HAL_OP_KE_ACQUIRE_RESOURCE, "acquire resource", EMU_ACCESS_WRITE, "exclusive")     \
    X(HAL_OP_KE_RELEASE_RESOURCE, "release resource", EMU_ACCESS_WRITE, NULL)            \
    X(HAL_OP_KE_SET_TIMER, "KeSetTimer", EMU_ACCESS_WRITE, "ns")                         \
    X(HAL_OP_KE_CANCEL_TIMER, "KeCancelTimer", EMU_ACCESS_WRITE, NULL)                   \
    X(HAL_OP_KE_TIMER_PROCESSOR, "timer's processor", EMU_ACCESS_LOCAL, "processor")     \
    X(HAL_OP_KE_READ_TIME, "read time", EMU_ACCESS_READ, NULL)                           \
    X(HAL_OP_KE_CREATE_THREAD, "PsCreateSystemThread", EMU_ACCESS_WRITE, "processor")    \
    X(HAL_OP_KE_END_THREAD, "thread ends", EMU_ACCESS_WRITE, "#status")                  \
    X(HAL_OP_KE_REFERENCE, "ObReferenceObject", EMU_ACCESS_WRITE, NULL)                  \
    X(HAL_OP_KE_DEREFERENCE, "ObDereferenceObject", EMU_ACCESS_WRITE, NULL)              \
    X(HAL_OP_KE_CLOSE, "ZwClose", EMU_ACCESS_WRITE, "handle")                            \
    X(HAL_OP_KE_QUEUE_WORK, "queue work item", EMU_ACCESS_WRITE, NULL)                   \
    X(HAL_OP_KE_TAKE_WORK, "next work item", EMU_ACCESS_WRITE, NULL)                     \
    X(HAL_OP_KE_WORK_BEGIN, "work item begins", EMU_ACCESS_LOCAL, NULL)                  \
    X(HAL_OP_KE_WORK_END, "work item ends", EMU_ACCESS_LOCAL, NULL)                      \
    X(HAL_OP_KE_FREE_WORK, "IoFreeWorkItem", EMU_ACCESS_WRITE, NULL)                     \
    X(HAL_OP_KE_ALLOCATE_WORK, "IoAllocateWorkItem", EMU_ACCESS_LOCAL, NULL)             \
    X(HAL_OP_KE_INTERLOCKED, "interlocked operation", EMU_ACCESS_WRITE, NULL)            \
    X(HAL_OP_KE_INTERLOCKED_READ, "ordered read", EMU_ACCESS_READ, NULL)                 \
    X(HAL_OP_KE_INTERLOCKED_LIST, "interlocked list", EMU_ACCESS_WRITE, NULL)            \
    X(HAL_OP_KE_IPI, "KeIpiGenericCall", EMU_ACCESS_WRITE, "processor")                  \
    X(HAL_OP_KE_IPI_WAIT, "KeIpiGenericCall", EMU_ACCESS_READ, "processor")

#endif
