/*
 * Each service that can fail for want of resources does where faults are on, by one choice of its own, with
 * what its page says: docs/faults.md has the table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <emu/fault.h>
#include <emu/irq.h>
#include <ntddk.h>

#include "hal/boot.h"
#include "hal/io_driver.h"
#include "hal/pnp.h"
#include "rig/rig.h"

enum { TAG = 0x74736574, BYTES = 100, LINE_LEVEL = 5 };

static uint32_t failed_before;

static void next_fails(void)
{
    failed_before = emu_faults_so_far(emu_current());
}

/* One call failed since next_fails(). */
static void require_one(const char *what)
{
    uint32_t failed = emu_faults_so_far(emu_current()) - failed_before;
    if (failed != 1)
        emu_finding_raise(emu_current(), "expectation", NULL, NULL, "%s asked %u times", what, failed);
}

#define FAILS_WITH_NULL(call)       \
    do {                            \
        next_fails();               \
        rig_expect((call) == NULL); \
        require_one(#call);         \
    } while (0)

#define FAILS_WITH(status, call)        \
    do {                                \
        next_fails();                   \
        rig_expect((call) == (status)); \
        require_one(#call);             \
    } while (0)

/* The __try of a driver, written out: what the call raises, or STATUS_SUCCESS. */
static NTSTATUS raised_by(void (*call)(void *), void *context)
{
    volatile NTSTATUS status = STATUS_SUCCESS;
    next_fails();
    for (struct haldma_seh_frame frame
         __attribute__((__cleanup__(haldma_seh_close))) = haldma_seh_frame_new();
         frame.stage != HALDMA_SEH_DONE; haldma_seh_next(&frame)) {
        if (frame.stage == HALDMA_SEH_BODY && (haldma_seh_open(&frame), __builtin_setjmp(frame.jump) == 0))
            call(context);
        else if (frame.stage == HALDMA_SEH_RAISED && haldma_seh_filter(&frame, EXCEPTION_EXECUTE_HANDLER))
            status = frame.record.ExceptionCode;
    }
    require_one("what raises");
    return status;
}

static struct emu_strategy *make_fifo(void *context)
{
    (void)context;
    return emu_strategy_fifo();
}

static void start_body(void *context)
{
    void (**body)(void *) = context;
    rig_thread("body", 0, *body, NULL);
}

/* Each call that can fail does. */
static void run_failing(void (*body)(void *))
{
    const struct emu_config config = {.profile = EMU_PROFILE_TYPICAL, .faults = true};
    const struct emu_faults all = {.policy = EMU_FAULTS_RANDOM, .rate = EMU_FAULTS_CERTAIN};
    struct emu_machine *m = rig_machine(&config, (struct rig_boot[]){{hal_boot, NULL}, {NULL, NULL}});
    struct emu_strategy *strategy = emu_strategy_faults(&all, make_fifo, NULL);
    const struct emu_program program = {"fails", start_body, NULL, &body};
    struct rig_outcome outcome;

    assert_non_null(strategy);
    strategy->begin(strategy, 0);
    rig_run_program(m, &program, strategy, &outcome);
    emu_strategy_destroy(strategy);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
}

/* ---- Pool ---- */

static void pool(void *context)
{
    (void)context;
    FAILS_WITH_NULL(ExAllocatePool(NonPagedPoolNx, BYTES));
    FAILS_WITH_NULL(ExAllocatePoolWithTag(PagedPool, BYTES, TAG));
    FAILS_WITH_NULL(ExAllocatePoolWithTagPriority(NonPagedPoolNx, BYTES, TAG, NormalPoolPriority));
    FAILS_WITH_NULL(ExAllocatePoolWithQuotaTag(
        (POOL_TYPE)((ULONG)NonPagedPoolNx | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE), BYTES, TAG));
    FAILS_WITH_NULL(ExAllocatePoolZero(NonPagedPoolNx, BYTES, TAG));
    FAILS_WITH_NULL(ExAllocatePoolUninitialized(NonPagedPoolNx, BYTES, TAG));
    FAILS_WITH_NULL(ExAllocatePool2(POOL_FLAG_NON_PAGED, BYTES, TAG));
    FAILS_WITH_NULL(ExAllocatePool3(POOL_FLAG_PAGED, BYTES, TAG, NULL, 0));
}

static void take_with_quota(void *context)
{
    (void)context;
    ExAllocatePoolWithQuotaTag(NonPagedPoolNx, BYTES, TAG);
}

static void take_or_raise(void *context)
{
    (void)context;
    ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_RAISE_ON_FAILURE, BYTES, TAG);
}

static void take_or_raise_the_old_way(void *context)
{
    (void)context;
    ExAllocatePoolWithTag((POOL_TYPE)((ULONG)NonPagedPoolNx | POOL_RAISE_IF_ALLOCATION_FAILURE), BYTES, TAG);
}

static void pool_that_raises(void *context)
{
    (void)context;
    rig_expect_equal(raised_by(take_with_quota, NULL), STATUS_INSUFFICIENT_RESOURCES);
    rig_expect_equal(raised_by(take_or_raise, NULL), STATUS_INSUFFICIENT_RESOURCES);
    rig_expect_equal(raised_by(take_or_raise_the_old_way, NULL), STATUS_INSUFFICIENT_RESOURCES);
}

static void take_from_raising_list(void *list)
{
    ExAllocateFromLookasideListEx(list);
}

static void lookaside(void *context)
{
    (void)context;
    NPAGED_LOOKASIDE_LIST npaged;
    PAGED_LOOKASIDE_LIST paged;
    LOOKASIDE_LIST_EX list;
    ExInitializeNPagedLookasideList(&npaged, NULL, NULL, 0, BYTES, TAG, 0);
    ExInitializePagedLookasideList(&paged, NULL, NULL, 0, BYTES, TAG, 0);
    FAILS_WITH_NULL(ExAllocateFromNPagedLookasideList(&npaged));
    FAILS_WITH_NULL(ExAllocateFromPagedLookasideList(&paged));
    FAILS_WITH(STATUS_INSUFFICIENT_RESOURCES,
               ExInitializeLookasideListEx(&list, NULL, NULL, NonPagedPoolNx, 0, BYTES, TAG, 0));
    emu_spare(emu_current(), true);
    ExInitializeLookasideListEx(&list, NULL, NULL, NonPagedPoolNx, 0, BYTES, TAG, 0);
    emu_spare(emu_current(), false);
    FAILS_WITH_NULL(ExAllocateFromLookasideListEx(&list));
    emu_spare(emu_current(), true);
    ExInitializeLookasideListEx(&list, NULL, NULL, NonPagedPoolNx, EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL,
                                BYTES, TAG, 0);
    emu_spare(emu_current(), false);
    rig_expect_equal(raised_by(take_from_raising_list, &list), STATUS_INSUFFICIENT_RESOURCES);
}

/* rule: EX-POOL-12, EMU-FAULT-1 */
static void every_form_of_pool_allocation_fails_by_one_choice(void **state)
{
    (void)state;
    run_failing(pool);
    run_failing(pool_that_raises);
    run_failing(lookaside);
}

/* ---- Memory ---- */

static void lock(void *mdl)
{
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
}

static void memory(void *context)
{
    (void)context;
    const PHYSICAL_ADDRESS zero = {.QuadPart = 0}, all = {.QuadPart = -1};
    struct emu_machine *m = emu_current();
    emu_spare(m, true);
    PVOID buffer = ExAllocatePoolWithTag(NonPagedPoolNx, PAGE_SIZE, TAG);
    PMDL locked = IoAllocateMdl(buffer, PAGE_SIZE, FALSE, FALSE, NULL);
    PMDL plain = IoAllocateMdl(buffer, PAGE_SIZE, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(plain);
    plain->MdlFlags &= ~MDL_SOURCE_IS_NONPAGED_POOL;
    plain->MdlFlags |= MDL_PAGES_LOCKED;
    emu_spare(m, false);
    FAILS_WITH_NULL(IoAllocateMdl(buffer, PAGE_SIZE, FALSE, FALSE, NULL));
    rig_expect_equal(raised_by(lock, locked), STATUS_INSUFFICIENT_RESOURCES);
    rig_expect((locked->MdlFlags & MDL_PAGES_LOCKED) == 0);
    FAILS_WITH_NULL(MmGetSystemAddressForMdlSafe(plain, NormalPagePriority));
    FAILS_WITH_NULL(
        MmMapLockedPagesSpecifyCache(plain, KernelMode, MmCached, NULL, FALSE, NormalPagePriority));
    FAILS_WITH_NULL(MmAllocateMappingAddress(PAGE_SIZE, TAG));
    FAILS_WITH_NULL(MmMapIoSpace(zero, PAGE_SIZE, MmNonCached));
    FAILS_WITH_NULL(MmMapIoSpaceEx(zero, PAGE_SIZE, PAGE_READWRITE));
    FAILS_WITH_NULL(MmAllocateContiguousMemory(PAGE_SIZE, all));
    FAILS_WITH_NULL(MmAllocateContiguousMemorySpecifyCache(PAGE_SIZE, zero, all, zero, MmCached));
    FAILS_WITH_NULL(MmAllocateNonCachedMemory(PAGE_SIZE));
    FAILS_WITH_NULL(MmAllocatePagesForMdl(zero, all, zero, PAGE_SIZE));
    FAILS_WITH_NULL(MmAllocatePagesForMdlEx(zero, all, zero, PAGE_SIZE, MmCached, 0));
    FAILS_WITH_NULL(MmGetPhysicalMemoryRanges());
}

/* rule: EMU-FAULT-1 */
static void every_kind_of_memory_fails_by_one_choice(void **state)
{
    (void)state;
    run_failing(memory);
}

/* ---- Objects ---- */

static VOID never(PDEVICE_OBJECT device, PVOID context)
{
    (void)device;
    (void)context;
}

static VOID never_a_thread(PVOID context)
{
    (void)context;
}

static BOOLEAN never_an_interrupt(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    return FALSE;
}

static PDEVICE_OBJECT physical_device(emu_line line)
{
    const struct hal_pnp_device hardware = {.name = "device", .bus = PCIBus, .line = line};
    return hal_pnp_add_device(&hardware);
}

static void requests(void *context)
{
    (void)context;
    const ULONG control = CTL_CODE(FILE_DEVICE_UNKNOWN, 1, METHOD_BUFFERED, FILE_ANY_ACCESS);
    PDEVICE_OBJECT device = physical_device(0);
    LARGE_INTEGER offset = {.QuadPart = 0};
    IO_STATUS_BLOCK result;
    KEVENT done;
    ULONG word = 0;
    POWER_STATE state = {.DeviceState = PowerDeviceD0};
    struct emu_machine *m = emu_current();
    emu_spare(m, true);
    PIRP master = IoAllocateIrp(1, FALSE);
    emu_spare(m, false);
    FAILS_WITH_NULL(IoAllocateIrp(1, FALSE));
    FAILS_WITH_NULL(IoMakeAssociatedIrp(master, 1));
    FAILS_WITH_NULL(
        IoBuildSynchronousFsdRequest(IRP_MJ_READ, device, &word, sizeof word, &offset, &done, &result));
    FAILS_WITH_NULL(
        IoBuildAsynchronousFsdRequest(IRP_MJ_WRITE, device, &word, sizeof word, &offset, &result));
    FAILS_WITH_NULL(
        IoBuildDeviceIoControlRequest(control, device, &word, sizeof word, NULL, 0, FALSE, &done, &result));
    FAILS_WITH(STATUS_INSUFFICIENT_RESOURCES,
               PoRequestPowerIrp(device, IRP_MN_SET_POWER, state, NULL, NULL, NULL));
}

static void objects(void *context)
{
    (void)context;
    struct emu_machine *m = emu_current();
    const struct emu_line_config line = {
        .name = "line", .trigger = EMU_TRIGGER_LEVEL, .level = LINE_LEVEL, .processors = 1};
    emu_line irq = emu_line_add(m, &line);
    PDEVICE_OBJECT pdo = physical_device(irq), device = NULL;
    PDRIVER_OBJECT driver = hal_driver_create("driver");
    UNICODE_STRING name, other, interface_name;
    OBJECT_ATTRIBUTES named;
    PCALLBACK_OBJECT callback;
    PKINTERRUPT interrupt;
    HANDLE thread;
    PVOID extension;
    const GUID guid = {1, 2, 3, {4}};
    RtlInitUnicodeString(&name, L"\\??\\name");
    RtlInitUnicodeString(&other, L"\\Device\\other");
    InitializeObjectAttributes(&named, &name, 0, NULL, NULL);
    FAILS_WITH(STATUS_INSUFFICIENT_RESOURCES,
               IoCreateDevice(driver, 8, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device));
    FAILS_WITH(STATUS_INSUFFICIENT_RESOURCES, IoCreateSymbolicLink(&name, &other));
    FAILS_WITH(STATUS_INSUFFICIENT_RESOURCES, IoRegisterDeviceInterface(pdo, &guid, NULL, &interface_name));
    FAILS_WITH(STATUS_INSUFFICIENT_RESOURCES,
               IoAllocateDriverObjectExtension(driver, &driver, 8, &extension));
    FAILS_WITH(STATUS_INSUFFICIENT_RESOURCES, IoInitializeTimer(pdo, never, NULL));
    FAILS_WITH(STATUS_INSUFFICIENT_RESOURCES,
               IoConnectInterrupt(&interrupt, never_an_interrupt, NULL, NULL, irq, LINE_LEVEL, LINE_LEVEL,
                                  LevelSensitive, TRUE, 1, FALSE));
    FAILS_WITH(STATUS_INSUFFICIENT_RESOURCES,
               PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, never_a_thread, NULL));
    FAILS_WITH(STATUS_INSUFFICIENT_RESOURCES, ExCreateCallback(&callback, &named, TRUE, FALSE));
    FAILS_WITH_NULL(IoAllocateWorkItem(pdo));
    FAILS_WITH_NULL(ExAllocateTimer(NULL, NULL, 0));
    FAILS_WITH_NULL(IoCreateController(8));
    FAILS_WITH_NULL(IoAllocateErrorLogEntry(pdo, sizeof(IO_ERROR_LOG_PACKET)));
}

static NTSTATUS never_completed(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)irp;
    (void)context;
    return STATUS_SUCCESS;
}

static VOID never_called_back(PVOID context, PVOID first, PVOID second)
{
    (void)context;
    (void)first;
    (void)second;
}

static NTSTATUS never_notified(PVOID notification, PVOID context)
{
    (void)notification;
    (void)context;
    return STATUS_SUCCESS;
}

static void registrations(void *context)
{
    (void)context;
    struct emu_machine *m = emu_current();
    emu_spare(m, true);
    PDRIVER_OBJECT driver = hal_driver_create("driver");
    PDEVICE_OBJECT device = physical_device(0), source = NULL, attached, named_device = NULL;
    PIRP irp = IoAllocateIrp(2, FALSE);
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES named;
    PCALLBACK_OBJECT callback;
    RtlInitUnicodeString(&name, L"\\Device\\named");
    InitializeObjectAttributes(&named, &name, 0, NULL, NULL);
    IoCreateDevice(driver, 8, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &named_device);
    IoCreateDevice(driver, 8, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &source);
    ExCreateCallback(&callback, &named, TRUE, TRUE);
    emu_spare(m, false);
    HANDLE handle;
    PVOID entry;
    FAILS_WITH_NULL(ExRegisterCallback(callback, never_called_back, NULL));
    FAILS_WITH(STATUS_INSUFFICIENT_RESOURCES, IoAttachDevice(source, &name, &attached));
    rig_expect(attached == NULL);
    FAILS_WITH(STATUS_INSUFFICIENT_RESOURCES,
               IoSetCompletionRoutineEx(device, irp, never_completed, NULL, TRUE, TRUE, TRUE));
    FAILS_WITH(STATUS_INSUFFICIENT_RESOURCES, IoRegisterShutdownNotification(device));
    rig_expect((device->Flags & DO_SHUTDOWN_REGISTERED) == 0);
    FAILS_WITH(STATUS_INSUFFICIENT_RESOURCES,
               IoRegisterPlugPlayNotification(EventCategoryHardwareProfileChange, 0, NULL, driver,
                                              never_notified, NULL, &entry));
    rig_expect(entry == NULL);
    FAILS_WITH_NULL(IoCreateNotificationEvent(NULL, &handle));
    FAILS_WITH_NULL(IoCreateSynchronizationEvent(NULL, &handle));
    FAILS_WITH(STATUS_INSUFFICIENT_RESOURCES,
               ZwCreateEvent(&handle, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE));
    FAILS_WITH(
        STATUS_INSUFFICIENT_RESOURCES,
        RtlQueryRegistryValues(RTL_REGISTRY_SERVICES | RTL_REGISTRY_OPTIONAL, L"driver", NULL, NULL, NULL));
}

static void strings(void *context)
{
    (void)context;
    ANSI_STRING ansi, made_ansi;
    UNICODE_STRING unicode, made;
    const GUID guid = {1, 2, 3, {4}};
    RtlInitAnsiString(&ansi, "text");
    RtlInitUnicodeString(&unicode, L"text");
    FAILS_WITH(STATUS_NO_MEMORY, RtlAnsiStringToUnicodeString(&made, &ansi, TRUE));
    FAILS_WITH(STATUS_NO_MEMORY, RtlUnicodeStringToAnsiString(&made_ansi, &unicode, TRUE));
    FAILS_WITH(STATUS_NO_MEMORY, RtlUpcaseUnicodeString(&made, &unicode, TRUE));
    FAILS_WITH(STATUS_NO_MEMORY, RtlStringFromGUID(&guid, &made));
}

/* rule: EMU-FAULT-1 */
static void every_object_request_and_string_fails_by_one_choice(void **state)
{
    (void)state;
    run_failing(requests);
    run_failing(objects);
    run_failing(registrations);
    run_failing(strings);
}

/* What is spared does not: no choice is made. */
static void spared(void *context)
{
    (void)context;
    emu_spare(emu_current(), true);
    PVOID block = ExAllocatePool2(POOL_FLAG_NON_PAGED, BYTES, TAG);
    rig_expect(block != NULL);
    ExFreePoolWithTag(block, TAG);
    rig_expect_equal(emu_faults_so_far(emu_current()), 0);
}

/* rule: EMU-FAULT-2 */
static void what_is_spared_does_not_fail(void **state)
{
    (void)state;
    run_failing(spared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_pool_allocation_fails_by_one_choice),
        cmocka_unit_test(every_kind_of_memory_fails_by_one_choice),
        cmocka_unit_test(every_object_request_and_string_fails_by_one_choice),
        cmocka_unit_test(what_is_spared_does_not_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
