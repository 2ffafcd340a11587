/*
 * Surprise removal: which IRPs the PnP manager sends, in which order, and what drivers may not do meanwhile.
 */
#include "world.h"

#include <emu/device/copier.h>

#define WINDOW 0xE0000000ull
enum { MINORS = 8 };

static struct {
    UCHAR minors[MINORS]; /* that the driver saw after its start, in order */
    unsigned count;
    bool gone[MINORS]; /* were the registers gone then? */
    PUCHAR registers;
    NTSTATUS answer; /* to IRP_MN_SURPRISE_REMOVAL; STATUS_SUCCESS: it is passed down */
    PDEVICE_OBJECT lower;
} seen;

static NTSTATUS on_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
    PDEVICE_OBJECT lower = seen.lower;
    if (minor == IRP_MN_START_DEVICE) {
        const PHYSICAL_ADDRESS window = {.QuadPart = WINDOW};
        seen.registers = MmMapIoSpace(window, EMU_COPIER_WINDOW_BYTES, MmNonCached);
    } else if (seen.count < MINORS) {
        seen.gone[seen.count] = READ_REGISTER_ULONG((PULONG)(void *)seen.registers) == UINT32_MAX;
        seen.minors[seen.count++] = minor;
    }
    if (minor == IRP_MN_SURPRISE_REMOVAL && !NT_SUCCESS(seen.answer)) {
        NTSTATUS answer = seen.answer;
        irp->IoStatus.Status = answer;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        return answer;
    }
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(irp);
    NTSTATUS status = IoCallDriver(lower, irp);
    if (minor == IRP_MN_REMOVE_DEVICE) {
        MmUnmapIoSpace(seen.registers, EMU_COPIER_WINDOW_BYTES);
        IoDetachDevice(lower);
        IoDeleteDevice(device);
    }
    return status;
}

static NTSTATUS add(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (NT_SUCCESS(status))
        seen.lower = IoAttachDeviceToDeviceStack(device, pdo);
    return status;
}

static NTSTATUS enter(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverExtension->AddDevice = add;
    driver->MajorFunction[IRP_MJ_PNP] = on_pnp;
    return STATUS_SUCCESS;
}

static PDEVICE_OBJECT start_one(PDRIVER_OBJECT *driver)
{
    const struct emu_copier_config copier = {.window = WINDOW};
    const struct haldma_device device = {
        .name = "card", .bus = PCIBus, .window = WINDOW, .window_bytes = EMU_COPIER_WINDOW_BYTES};
    NTSTATUS answer = seen.answer;
    PDEVICE_OBJECT top;
    memset(&seen, 0, sizeof seen);
    seen.answer = answer;
    rig_expect(emu_copier_create(emu_current(), &copier) != NULL);
    PDEVICE_OBJECT pdo = haldma_add_device(&device);
    rig_expect_equal(haldma_load_driver("card", enter, driver), STATUS_SUCCESS);
    rig_expect_equal(haldma_start_device(*driver, pdo, &top), STATUS_SUCCESS);
    return pdo;
}

static void expect_surprise_then_removal(void)
{
    rig_expect_equal(seen.count, 2);
    rig_expect_equal(seen.minors[0], IRP_MN_SURPRISE_REMOVAL);
    rig_expect_equal(seen.minors[1], IRP_MN_REMOVE_DEVICE);
    rig_expect(seen.gone[0] && seen.gone[1]);
}

static void at_once(void *context)
{
    (void)context;
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT pdo = start_one(&driver);
    haldma_surprise_remove(pdo);
    expect_surprise_then_removal();
    haldma_unload_driver(driver);
}

static PDRIVER_OBJECT driver_of_run;
static PDEVICE_OBJECT pdo_of_run;

static void set_up_thread(void *context)
{
    (void)context;
    seen.answer = STATUS_SUCCESS;
    pdo_of_run = start_one(&driver_of_run);
    dma_system()->sets_up = true;
    haldma_surprise_removal_thread(pdo_of_run, 1);
    dma_system()->sets_up = false;
}

static void check_thread(void *context)
{
    (void)context;
    rig_expect_equal(seen.count, 1);
    rig_expect_equal(haldma_remove_device(pdo_of_run), STATUS_SUCCESS);
    expect_surprise_then_removal();
    haldma_unload_driver(driver_of_run);
}

/* rule: IO-SURPRISE-1 */
static void the_hardware_goes_first_then_comes_surprise_removal_then_removal(void **state)
{
    (void)state;
    const struct world_test test = {at_once, NULL, NULL};
    struct haldma_config config = world_config();
    seen.answer = STATUS_SUCCESS;
    world_run_on(&config, &test);
    world_explore(&config, set_up_thread, check_thread, 1);
}

/* rule: IO-SURPRISE-2 */
static void a_driver_that_fails_it_is_told(void **state)
{
    (void)state;
    const struct world_test test = {at_once, "IO-SURPRISE-2", NULL};
    struct haldma_config config = world_config();
    seen.answer = STATUS_UNSUCCESSFUL;
    world_run_on(&config, &test);
    seen.answer = STATUS_SUCCESS;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hardware_goes_first_then_comes_surprise_removal_then_removal),
        cmocka_unit_test(a_driver_that_fails_it_is_told),
    };
    return cmocka_run_group_tests_name("dma.surprise", tests, NULL, NULL);
}
