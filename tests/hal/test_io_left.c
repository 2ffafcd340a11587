/*
 * What a driver leaves behind is told when the last one is unloaded: each kind, and not what others than
 * drivers asked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <emu/choose.h>
#include <emu/irq.h>
#include <ntddk.h>

#include "hal/io_driver.h"
#include "rig/rig_kernel.h"

enum { TAG = 0x74736574, LINE_LEVEL = 5 };

static DRIVER_INITIALIZE *entry_of_run;

static void load_and_unload(void *context)
{
    (void)context;
    PDRIVER_OBJECT driver;
    if (NT_SUCCESS(hal_driver_load("leaver", entry_of_run, &driver)))
        hal_driver_unload(driver);
}

static void require_told(DRIVER_INITIALIZE *entry, const char *rule, const char *code)
{
    entry_of_run = entry;
    rig_kernel_stops(load_and_unload, NULL, rule, code);
}

static NTSTATUS leave_pool(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)driver;
    (void)path;
    ExAllocatePoolWithTag(PagedPool, 1, TAG);
    return STATUS_SUCCESS;
}

static NTSTATUS fail_with_pool(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    leave_pool(driver, path);
    return STATUS_UNSUCCESSFUL;
}

/* rule: IO-LEFT-1 */
static void pool_is_told_after_an_unload_and_after_a_driver_entry_that_failed(void **state)
{
    (void)state;
    require_told(leave_pool, "IO-LEFT-1", "0xC4/62");
    require_told(fail_with_pool, "IO-LEFT-1", "0xC4/62");
}

static BOOLEAN nothing_to_do(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    return FALSE;
}

static NTSTATUS leave_interrupt(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)driver;
    (void)path;
    const struct emu_line_config line = {
        .name = "line", .trigger = EMU_TRIGGER_LEVEL, .level = LINE_LEVEL, .processors = 1};
    PKINTERRUPT interrupt;
    return IoConnectInterrupt(&interrupt, nothing_to_do, NULL, NULL, emu_line_add(emu_current(), &line),
                              LINE_LEVEL, LINE_LEVEL, LevelSensitive, TRUE, 1, FALSE);
}

/* rule: IO-LEFT-2 */
static void a_connected_interrupt_is_told(void **state)
{
    (void)state;
    require_told(leave_interrupt, "IO-LEFT-2", NULL);
}

static NTSTATUS leave_contiguous(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)driver;
    (void)path;
    const PHYSICAL_ADDRESS all = {.QuadPart = -1};
    return MmAllocateContiguousMemory(PAGE_SIZE, all) != NULL ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

static NTSTATUS leave_pages(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)driver;
    (void)path;
    const PHYSICAL_ADDRESS zero = {.QuadPart = 0}, all = {.QuadPart = -1};
    return MmAllocatePagesForMdl(zero, all, zero, PAGE_SIZE) != NULL ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

static NTSTATUS leave_mapping(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)driver;
    (void)path;
    PVOID memory = ExAllocatePoolWithTag(NonPagedPoolNx, PAGE_SIZE, TAG);
    return MmMapIoSpace(MmGetPhysicalAddress(memory), PAGE_SIZE, MmNonCached) != NULL ? STATUS_SUCCESS
                                                                                      : STATUS_UNSUCCESSFUL;
}

/* rule: IO-LEFT-3 */
static void memory_in_pages_and_mappings_are_told(void **state)
{
    (void)state;
    require_told(leave_contiguous, "IO-LEFT-3", NULL);
    require_told(leave_pages, "IO-LEFT-3", NULL);
    require_told(leave_mapping, "IO-LEFT-3", NULL);
}

static NTSTATUS leave_work_item(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    return IoAllocateWorkItem((PDEVICE_OBJECT)(void *)driver) != NULL ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

/* rule: IO-LEFT-4 */
static void a_work_item_is_told(void **state)
{
    (void)state;
    require_told(leave_work_item, "IO-LEFT-4", NULL);
}

static NTSTATUS leave_nothing(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)driver;
    (void)path;
    return STATUS_SUCCESS;
}

static void with_memory_of_its_own(void *context)
{
    emu_spare(emu_current(), true);
    ExAllocatePoolWithTag(PagedPool, 1, TAG);
    emu_spare(emu_current(), false);
    entry_of_run = leave_nothing;
    load_and_unload(context);
}

/* rule: IO-LEFT-1 */
static void what_others_than_drivers_have_is_not_told(void **state)
{
    (void)state;
    rig_kernel_runs(with_memory_of_its_own, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_is_told_after_an_unload_and_after_a_driver_entry_that_failed),
        cmocka_unit_test(a_connected_interrupt_is_told),
        cmocka_unit_test(memory_in_pages_and_mappings_are_told),
        cmocka_unit_test(a_work_item_is_told),
        cmocka_unit_test(what_others_than_drivers_have_is_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
