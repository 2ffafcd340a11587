/*
 * KeWaitForSingleObject and its kin: what they ask of their callers; the waiting itself is in
 * ke_dispatcher.c.
 */
#include <wdm.h>

#include "hal/ke_check.h"
#include "hal/ke_dispatcher.h"
#include "hal/ke_thread.h"

/* Only a wait that cannot wait may be made at DISPATCH_LEVEL, and none above. */
static void check_level(struct emu_machine *m, const char *what, const LARGE_INTEGER *timeout)
{
    const uint8_t level = emu_level(m);
    if (level <= APC_LEVEL) {
        return;
    }
    ke_level_at_most(m, DISPATCH_LEVEL, "KE-WAIT-5", "0xC4/120", what);
    if (timeout == NULL || timeout->QuadPart != 0) {
        const uint64_t parameters[4] = {timeout == NULL ? 0x121 : 0x122, level, 0, 0};
        emu_finding_raise(m, "KE-WAIT-5", timeout == NULL ? "0xC4/121" : "0xC4/122", parameters,
                          "%s at level %u%s %s; that may be done at APC_LEVEL (1) at most", what, level,
                          emu_cpu_in_interrupt(m) ? " inside an interrupt or a DPC" : "",
                          timeout == NULL ? "without a timeout" : "with a timeout that is not zero");
    }
}

/* What a wait sees of the caller's pointer: it may lie in memory that changes meanwhile. */
static const LARGE_INTEGER *copy_timeout(const LARGE_INTEGER *timeout, LARGE_INTEGER *copy)
{
    if (timeout == NULL) {
        return NULL;
    }
    *copy = *timeout;
    return copy;
}

NTSTATUS KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
                               BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    (void)WaitReason;
    (void)WaitMode;
    (void)Alertable;
    struct hal_kernel *k = hal_kernel();
    LARGE_INTEGER copy;
    const LARGE_INTEGER *timeout = copy_timeout(Timeout, &copy);
    check_level(k->machine, "KeWaitForSingleObject", timeout);
    KWAIT_BLOCK block;
    PVOID objects[1] = {Object};
    const emu_object object = ke_dispatcher_object(k, Object);
    emu_step(k->machine, HAL_OP_KE_WAIT, object, 0);
    return ke_wait(k, 1, objects, WaitAny, timeout, &block, HAL_OP_KE_WAIT, object);
}

NTSTATUS KeWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType, KWAIT_REASON WaitReason,
                                  KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                                  PKWAIT_BLOCK WaitBlockArray)
{
    (void)WaitReason;
    (void)WaitMode;
    (void)Alertable;
    struct hal_kernel *k = hal_kernel();
    KWAIT_BLOCK own_blocks[THREAD_WAIT_OBJECTS];
    LARGE_INTEGER copy;
    const LARGE_INTEGER *timeout = copy_timeout(Timeout, &copy);
    check_level(k->machine, "KeWaitForMultipleObjects", timeout);
    if (Count == 0 || Count > MAXIMUM_WAIT_OBJECTS ||
        (WaitBlockArray == NULL && Count > THREAD_WAIT_OBJECTS)) {
        emu_finding_raise(k->machine, "KE-WAIT-8", "0xC", NULL,
                          "KeWaitForMultipleObjects for %u objects %s wait blocks of the caller's", Count,
                          WaitBlockArray == NULL ? "without" : "with");
    }
    for (ULONG i = 0; i < Count; i++) {
        ke_dispatcher_object(k, Object[i]);
    }
    const emu_object first = ke_dispatcher_object(k, Object[0]);
    emu_step(k->machine, HAL_OP_KE_WAIT_MULTIPLE, first, Count);
    for (ULONG i = 1; i < Count; i++) {
        emu_touch(k->machine, ke_dispatcher_object(k, Object[i]), EMU_ACCESS_WRITE);
    }
    return ke_wait(k, Count, Object, WaitType, timeout, WaitBlockArray != NULL ? WaitBlockArray : own_blocks,
                   HAL_OP_KE_WAIT_MULTIPLE, first);
}

NTSTATUS KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Interval)
{
    (void)WaitMode;
    (void)Alertable;
    struct hal_kernel *k = hal_kernel();
    ke_level_at_most(k->machine, APC_LEVEL, "KE-WAIT-10", KE_CODE_IRQL_KE_APC_LTE1, "KeDelayExecutionThread");
    if (Interval == NULL) {
        emu_finding_raise(k->machine, "KE-WAIT-11", NULL, NULL, "KeDelayExecutionThread without an interval");
    }
    const LARGE_INTEGER interval = *Interval;
    const emu_object thread = ke_thread_self(k)->object;
    emu_step(k->machine, HAL_OP_KE_DELAY, thread, ke_due(k, interval) - emu_now(k->machine));
    ke_wait(k, 0, NULL, WaitAll, &interval, NULL, HAL_OP_KE_DELAY, thread);
    return STATUS_SUCCESS;
}
