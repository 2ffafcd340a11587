/*
 * KeBugCheckEx: the driver itself stops the machine. Here that is a finding, with the documented code.
 */
#include <stdio.h>
#include <wdm.h>

#include "hal/ke_check.h"

enum { RULE_NUMBERED = 2, PARAMETERS = 4 };

struct code_name {
    ULONG code;
    const char *name;
    bool numbered; /* its first parameter says which rule was broken, and belongs to the code */
};

static const struct code_name code_names[] = {
    {IRQL_NOT_DISPATCH_LEVEL, "IRQL_NOT_DISPATCH_LEVEL", false},
    {IRQL_NOT_LESS_OR_EQUAL, "IRQL_NOT_LESS_OR_EQUAL", false},
    {MAXIMUM_WAIT_OBJECTS_EXCEEDED, "MAXIMUM_WAIT_OBJECTS_EXCEEDED", false},
    {KMODE_EXCEPTION_NOT_HANDLED, "KMODE_EXCEPTION_NOT_HANDLED", false},
    {MULTIPLE_IRP_COMPLETE_REQUESTS, "MULTIPLE_IRP_COMPLETE_REQUESTS", false},
    {NO_MORE_IRP_STACK_LOCATIONS, "NO_MORE_IRP_STACK_LOCATIONS", false},
    {PAGE_FAULT_IN_NONPAGED_AREA, "PAGE_FAULT_IN_NONPAGED_AREA", false},
    {BAD_POOL_CALLER, "BAD_POOL_CALLER", false},
    {DRIVER_VERIFIER_DETECTED_VIOLATION, "DRIVER_VERIFIER_DETECTED_VIOLATION", true},
    {DRIVER_IRQL_NOT_LESS_OR_EQUAL, "DRIVER_IRQL_NOT_LESS_OR_EQUAL", false},
    {DRIVER_POWER_STATE_FAILURE, "DRIVER_POWER_STATE_FAILURE", false},
    {MANUALLY_INITIATED_CRASH, "MANUALLY_INITIATED_CRASH", false},
    {DRIVER_VERIFIER_DMA_VIOLATION, "DRIVER_VERIFIER_DMA_VIOLATION", true},
};

static const struct code_name *find(ULONG code)
{
    for (size_t i = 0; i < sizeof(code_names) / sizeof(code_names[0]); i++) {
        if (code_names[i].code == code) {
            return &code_names[i];
        }
    }
    return NULL;
}

/* Drivers that asked to be told, the last one first. */
static void call_back(struct hal_kernel *k)
{
    PKBUGCHECK_CALLBACK_RECORD record;
    while ((record = k->ke.bug_check_callbacks) != NULL) {
        k->ke.bug_check_callbacks = (PKBUGCHECK_CALLBACK_RECORD)(void *)record->Entry.Flink;
        record->State = BufferStarted;
        record->CallbackRoutine(record->Buffer, record->Length);
        record->State = BufferFinished;
    }
}

DECLSPEC_NORETURN VOID KeBugCheckEx(ULONG BugCheckCode, ULONG_PTR BugCheckParameter1,
                                    ULONG_PTR BugCheckParameter2, ULONG_PTR BugCheckParameter3,
                                    ULONG_PTR BugCheckParameter4)
{
    const uint64_t parameters[PARAMETERS] = {BugCheckParameter1, BugCheckParameter2, BugCheckParameter3,
                                             BugCheckParameter4};
    const struct code_name *known = find(BugCheckCode);
    char code[EMU_FINDING_CODE];
    call_back(hal_kernel());
    if (known != NULL && known->numbered) {
        snprintf(code, sizeof(code), "0x%X/%0*llX", BugCheckCode, RULE_NUMBERED,
                 (unsigned long long)BugCheckParameter1);
    } else {
        snprintf(code, sizeof(code), "0x%X", BugCheckCode);
    }
    emu_finding_raise(emu_current(), "bugcheck", code, parameters, "KeBugCheckEx with %s (%s)",
                      known != NULL ? known->name : "a code of the caller's", code);
}

DECLSPEC_NORETURN VOID KeBugCheck(ULONG BugCheckCode)
{
    KeBugCheckEx(BugCheckCode, 0, 0, 0, 0);
}

BOOLEAN KeRegisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD CallbackRecord,
                                   PKBUGCHECK_CALLBACK_ROUTINE CallbackRoutine, PVOID Buffer, ULONG Length,
                                   PUCHAR Component)
{
    struct hal_kernel *k = hal_kernel();
    if (CallbackRecord->State != BufferEmpty) {
        return FALSE;
    }
    CallbackRecord->CallbackRoutine = CallbackRoutine;
    CallbackRecord->Buffer = Buffer;
    CallbackRecord->Length = Length;
    CallbackRecord->Component = Component;
    CallbackRecord->State = BufferInserted;
    CallbackRecord->Entry.Flink = (PLIST_ENTRY)(void *)k->ke.bug_check_callbacks;
    k->ke.bug_check_callbacks = CallbackRecord;
    return TRUE;
}

BOOLEAN KeDeregisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD CallbackRecord)
{
    struct hal_kernel *k = hal_kernel();
    if (CallbackRecord->State != BufferInserted) {
        return FALSE;
    }
    PKBUGCHECK_CALLBACK_RECORD next = (PKBUGCHECK_CALLBACK_RECORD)(void *)CallbackRecord->Entry.Flink;
    PKBUGCHECK_CALLBACK_RECORD at = k->ke.bug_check_callbacks;
    if (at == CallbackRecord) {
        k->ke.bug_check_callbacks = next;
    } else {
        while (at->Entry.Flink != (PLIST_ENTRY)(void *)CallbackRecord) {
            at = (PKBUGCHECK_CALLBACK_RECORD)(void *)at->Entry.Flink;
        }
        at->Entry.Flink = (PLIST_ENTRY)(void *)next;
    }
    CallbackRecord->State = BufferEmpty;
    return TRUE;
}
