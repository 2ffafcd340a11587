/*
 * Bug checks: tables, from the pages "Bug Check 0x..." of Microsoft's reference, in our own words.
 */
#include "cli_bug_check.h"

#include <emu/crash.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    unsigned long code;
    const char *name;
} names[] = {
    {0x8, "IRQL_NOT_DISPATCH_LEVEL"},
    {0xA, "IRQL_NOT_LESS_OR_EQUAL"},
    {0xC, "MAXIMUM_WAIT_OBJECTS_EXCEEDED"},
    {0x18, "REFERENCE_BY_POINTER"},
    {0x19, "BAD_POOL_HEADER"},
    {0x1E, "KMODE_EXCEPTION_NOT_HANDLED"},
    {0x20, "KERNEL_APC_PENDING_DURING_EXIT"},
    {0x35, "NO_MORE_IRP_STACK_LOCATIONS"},
    {0x3F, "NO_MORE_SYSTEM_PTES"},
    {0x40, "TARGET_MDL_TOO_SMALL"},
    {0x44, "MULTIPLE_IRP_COMPLETE_REQUESTS"},
    {0x48, "CANCEL_STATE_IN_COMPLETED_IRP"},
    {0x4E, "PFN_LIST_CORRUPT"},
    {0x50, "PAGE_FAULT_IN_NONPAGED_AREA"},
    {0x9F, "DRIVER_POWER_STATE_FAILURE"},
    {0xC2, "BAD_POOL_CALLER"},
    {0xC4, "DRIVER_VERIFIER_DETECTED_VIOLATION"},
    {0xC7, "TIMER_OR_DPC_INVALID"},
    {0xC9, "DRIVER_VERIFIER_IOMANAGER_VIOLATION"},
    {0xCE, "DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS"},
    {0xD1, "DRIVER_IRQL_NOT_LESS_OR_EQUAL"},
    {0xDA, "SYSTEM_PTE_MISUSE"},
    {0xE1, "WORKER_THREAD_RETURNED_AT_BAD_IRQL"},
    {0xE2, "MANUALLY_INITIATED_CRASH"},
    {0xE3, "RESOURCE_NOT_OWNED"},
    {0xE4, "WORKER_INVALID"},
    {0xE6, "DRIVER_VERIFIER_DMA_VIOLATION"},
    {0x1DC, "DMA_COMMON_BUFFER_VECTOR_ERROR"},
    {0x4000008A, "THREAD_TERMINATE_HELD_MUTEX"},
};

#define KIND       "what was violated"
#define ADAPTER    "the adapter"
#define INTERNAL   "the verifier's own data"
#define IRP_OBJECT "the IRP"

static const struct {
    const char *code;
    const char *parameters[CLI_BUG_CHECK_PARAMETERS];
} meanings[] = {
    {"0x44", {IRP_OBJECT, NULL, NULL, NULL}},
    {"0xC2/07", {KIND, NULL, "the block's header", "the block"}},
    {"0xC2/08", {KIND, "the current IRQL", "the type of pool", "bytes"}},
    {"0xC2/09", {KIND, "the current IRQL", "the type of pool", "the block"}},
    {"0xC2/0A", {KIND, "the block", "the tag of its allocation", "the tag that it was freed with"}},
    {"0xC2/60", {KIND, "the address", NULL, NULL}},
    {"0xC2/99", {KIND, "the address", NULL, NULL}},
    {"0xC2/9B", {KIND, "the type of pool", "bytes", "the caller's address"}},
    {"0xC7/00", {KIND, "the timer", "the memory's begin", "the memory's end"}},
    {"0xC7/01", {KIND, "the DPC", "the memory's begin", "the memory's end"}},
    {"0xC9/01", {KIND, "the IRP that is freed", NULL, NULL}},
    {"0xC9/03", {KIND, "the IRP that is sent", NULL, NULL}},
    {"0xC9/04", {KIND, "the device object", NULL, NULL}},
    {"0xC9/05", {KIND, "the device object of the driver", "the IRQL before", "the IRQL after"}},
    {"0xC9/06", {KIND, "the IRP's status", IRP_OBJECT, NULL}},
    {"0xC9/07", {KIND, "the cancel routine", IRP_OBJECT, NULL}},
    {"0xC9/0E", {KIND, "the current IRQL", IRP_OBJECT, NULL}},
    {"0xC9/10", {KIND, "the current IRQL", NULL, NULL}},
    {"0xC9/201", {KIND, "the driver's code", IRP_OBJECT, "the device object"}},
    {"0xC9/202", {KIND, "the driver's code", IRP_OBJECT, "the device object"}},
    {"0xC9/23D", {KIND, "the driver's code", IRP_OBJECT, "the device object"}},
    {"0xC9/23E", {KIND, "the driver's code", IRP_OBJECT, "the device object"}},
    {"0xE6/00",
     {KIND, "1: flushed too far, 2: no contiguous map registers", "bytes left, or registers needed",
      "bytes asked for, or registers in a row"}},
    {"0xE6/03", {KIND, "common buffers freed too many", NULL, NULL}},
    {"0xE6/04", {KIND, "adapter channels freed too many", NULL, NULL}},
    {"0xE6/05", {KIND, "map registers freed too many", NULL, NULL}},
    {"0xE6/06", {KIND, "scatter/gather lists allocated", "scatter/gather lists freed", NULL}},
    {"0xE6/07", {KIND, ADAPTER, "common buffers left", INTERNAL}},
    {"0xE6/08", {KIND, ADAPTER, "adapter channels left", INTERNAL}},
    {"0xE6/09", {KIND, ADAPTER, "map registers left", INTERNAL}},
    {"0xE6/0A", {KIND, ADAPTER, "scatter/gather lists left", INTERNAL}},
    {"0xE6/0B", {KIND, "adapter channels that it has", NULL, NULL}},
    {"0xE6/0C", {KIND, "map registers required", "map registers at most", NULL}},
    {"0xE6/0D", {KIND, "bytes mapped", "bytes that may be mapped at a time", NULL}},
    {"0xE6/0E", {KIND, "the buffer's MDL", NULL, NULL}},
    {"0xE6/0F",
     {KIND, "where it was written", "the buffer's length or begin", "the buffer's begin, or where"}},
    {"0xE6/10", {KIND, "map registers still mapped", NULL, NULL}},
    {"0xE6/11", {KIND, "references", ADAPTER, INTERNAL}},
    {"0xE6/13",
     {KIND, "1: another IRQL than expected, 2: a higher one", "the IRQL expected", "the current IRQL"}},
    {"0xE6/15", {KIND, "map registers allocated", "map registers at most", NULL}},
    {"0xE6/16", {KIND, "the map register's address", INTERNAL, NULL}},
    {"0xE6/18", {KIND, ADAPTER, INTERNAL, NULL}},
    {"0xE6/1B", {KIND, "the address", "the MDL", NULL}},
    {"0xE6/1D", {KIND, "the buffer's begin", "the buffer's end", "the address that is mapped already"}},
    {"0xE6/1F",
     {KIND, "1: before the first MDL, 2: behind it, 3: longer, 4 and 5: not aligned to the cache",
      "the buffer or the MDL", "the MDL or the length"}},
    {"0xE6/20", {KIND, "MapRegisterBase", "the buffer's begin", "the MDL"}},
    {"0xE6/21", {KIND, INTERNAL, NULL, NULL}},
    {"0xE6/22", {KIND, "the MDL", NULL, NULL}},
    {"0xE6/23", {KIND, "0: an illegal flush", "the controller", "the channel"}},
    {"0xE6/24", {KIND, "bytes that are not there", NULL, NULL}},
    {"0xE6/26", {KIND, "the device object", "the address", "the kind of fault"}},
};

const char *cli_bug_check_name(const char *code)
{
    char *end;
    unsigned long number = strtoul(code, &end, 16);
    for (size_t i = 0; end != code && i < sizeof names / sizeof names[0]; i++)
        if (names[i].code == number)
            return names[i].name;
    return NULL;
}

const char *cli_bug_check_parameter(const char *code, unsigned index)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (strcmp(meanings[i].code, code) == 0)
            return meanings[i].parameters[index];
    return index == 0 && strchr(code, '/') != NULL ? KIND : NULL;
}

/* ---- Crashes ------------------------------------------------------------------------------------------- */

/* Exceptions that nobody handled: KMODE_EXCEPTION_NOT_HANDLED, SYSTEM_SERVICE_EXCEPTION,
 * SYSTEM_THREAD_EXCEPTION_NOT_HANDLED, KERNEL_MODE_EXCEPTION_NOT_HANDLED; and as minidumps have them. */
#define EXCEPTIONS 0x1E, 0x3B, 0x7E, 0x8E, 0x1000007E, 0x1000008E
/* UNEXPECTED_KERNEL_MODE_TRAP */
#define TRAPS 0x7F, 0x1000007F

enum { CODES_MAX = 16 };
static const struct {
    const char *rule;
    unsigned long codes[CODES_MAX];
} crashes[] = {
    /* Page faults, at a high IRQL or not, in special pool or not. */
    {EMU_RULE_CRASH_ACCESS, {EXCEPTIONS, 0xA, 0x50, 0xCC, 0xCD, 0xD1, 0xD5, 0xD6}},
    {EMU_RULE_CRASH_STACK, {TRAPS, 0x2B /* PANIC_STACK_SWITCH */}},
    {EMU_RULE_CRASH_DIVISION, {EXCEPTIONS, TRAPS}},
    {EMU_RULE_CRASH_INSTRUCTION, {EXCEPTIONS, TRAPS}},
    {EMU_RULE_HANG, {0x101 /* CLOCK_WATCHDOG_TIMEOUT */, 0x133 /* DPC_WATCHDOG_VIOLATION */}},
};

bool cli_bug_check_may_be(const char *rule, unsigned long code)
{
    size_t at = 0, count = sizeof crashes / sizeof crashes[0];
    while (at < count && strcmp(crashes[at].rule, rule) != 0)
        at++;
    bool may = at == count;
    for (size_t i = 0; at < count && i < CODES_MAX && crashes[at].codes[i] != 0; i++)
        may |= crashes[at].codes[i] == code;
    return may;
}
