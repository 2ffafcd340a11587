/*
 * Device objects with a security descriptor.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <wdm.h>
#include <wdmsec.h>

#include "hal/boot.h"
#include "hal/io_driver.h"
#include "hal/kernel.h"
#include "rig/rig.h"

static const struct rig_boot boots[] = {{hal_boot, NULL}, {NULL, NULL}};

static NTSTATUS plain_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)driver;
    (void)path;
    return STATUS_SUCCESS;
}

static void secure(void *context)
{
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT device, second;
    UNICODE_STRING name;

    (void)context;
    rig_expect_equal(hal_driver_load("plain", plain_entry, &driver), STATUS_SUCCESS);
    RtlInitUnicodeString(&name, L"\\Device\\Secure");
    rig_expect_equal(IoCreateDeviceSecure(driver, 8, &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                                          FALSE, &SDDL_DEVOBJ_SYS_ALL_ADM_ALL, NULL, &device),
                     STATUS_SUCCESS);
    rig_expect(driver->DeviceObject == device && device->DeviceExtension != NULL);
    rig_expect((device->Flags & DO_DEVICE_HAS_NAME) != 0);
    rig_expect_equal(IoCreateDeviceSecure(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE,
                                          &SDDL_DEVOBJ_KERNEL_ONLY, NULL, &second),
                     STATUS_OBJECT_NAME_COLLISION);
    rig_expect(second == NULL);
    IoDeleteDevice(device);
    hal_driver_unload(driver);
}

/* rule: IO-DEVICE-8 */
static void a_secure_device_is_created_as_a_plain_one(void **state)
{
    (void)state;
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;

    rig_run(m, secure, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secure_device_is_created_as_a_plain_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
