/*
 * Names and addresses of devices: each is found among thousands, and gone when it was deleted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <ntddk.h>

#include "hal/boot.h"
#include "hal/io_driver.h"
#include "hal/kernel.h"
#include "rig/rig.h"

enum { MANY = 3000, EACH_DELETED = 3, TEXT_MAX = 32 };

static const struct rig_boot boots[] = {{hal_boot, NULL}, {NULL, NULL}};

static void run_clean(void (*body)(void *))
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;

    rig_run(m, body, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
}

struct text {
    WCHAR buffer[TEXT_MAX];
    UNICODE_STRING string;
};

static PUNICODE_STRING numbered(struct text *t, PCWSTR prefix, ULONG number)
{
    WCHAR digits[TEXT_MAX];
    UNICODE_STRING tail = {0, sizeof digits, digits};

    t->string = (UNICODE_STRING){0, sizeof t->buffer, t->buffer};
    RtlAppendUnicodeToString(&t->string, prefix);
    RtlIntegerToUnicodeString(number, 10, &tail);
    RtlAppendUnicodeStringToString(&t->string, &tail);
    return &t->string;
}

static NTSTATUS create(PDRIVER_OBJECT driver, PUNICODE_STRING name, PDEVICE_OBJECT *device)
{
    return IoCreateDevice(driver, 0, name, FILE_DEVICE_UNKNOWN, 0, FALSE, device);
}

static PDEVICE_OBJECT found(PUNICODE_STRING name)
{
    const struct io_name *n = io_name_find(hal_kernel(), name);

    return n != NULL ? n->device : NULL;
}

/* ---- Many ---- */

static PDEVICE_OBJECT devices[MANY];

static void create_all(PDRIVER_OBJECT driver)
{
    struct text name, link;

    for (ULONG i = 0; i < MANY; i++) {
        rig_expect_equal(create(driver, numbered(&name, L"\\Device\\Many", i), &devices[i]), STATUS_SUCCESS);
        rig_expect_equal(IoCreateSymbolicLink(numbered(&link, L"\\DosDevices\\M", i), &name.string),
                         STATUS_SUCCESS);
    }
}

static void expect_found(ULONG number, PDEVICE_OBJECT device)
{
    struct text t;

    rig_expect(found(numbered(&t, L"\\DEVICE\\MANY", number)) == device);
    rig_expect(found(numbered(&t, L"\\DosDevices\\M", number)) == device);
}

static void many(void *context)
{
    PDRIVER_OBJECT driver = hal_driver_create("many");
    PDEVICE_OBJECT other;
    struct text t;

    (void)context;
    create_all(driver);
    for (ULONG i = 0; i < MANY; i++) {
        expect_found(i, devices[i]);
        rig_expect(io_device_find(hal_kernel(), devices[i]) == io_device_of(devices[i]));
        rig_expect_equal(create(driver, numbered(&t, L"\\Device\\many", i), &other),
                         STATUS_OBJECT_NAME_COLLISION);
    }
    for (ULONG i = 0; i < MANY; i += EACH_DELETED) {
        IoDeleteDevice(devices[i]);
        rig_expect(io_device_find(hal_kernel(), devices[i]) == NULL);
        devices[i] = NULL;
    }
    for (ULONG i = 0; i < MANY; i++)
        expect_found(i, devices[i]);
    for (ULONG i = 0; i < MANY; i += EACH_DELETED)
        rig_expect_equal(create(driver, numbered(&t, L"\\Device\\Many", i), &devices[i]), STATUS_SUCCESS);
    for (ULONG i = 0; i < MANY; i++) {
        expect_found(i, devices[i]);
        rig_expect_equal(IoDeleteSymbolicLink(numbered(&t, L"\\dosdevices\\m", i)), STATUS_SUCCESS);
        rig_expect(found(&t.string) == NULL);
        IoDeleteDevice(devices[i]);
    }
}

/* rule: IO-NAME-1 */
static void each_of_thousands_is_found_by_name_by_link_and_by_address_until_it_is_deleted(void **state)
{
    (void)state;
    run_clean(many);
}

/* ---- One name ---- */

static void name_of_a_link(void *context)
{
    PDRIVER_OBJECT driver = hal_driver_create("named");
    PDEVICE_OBJECT device;
    struct text link, target;

    (void)context;
    rig_expect_equal(IoCreateSymbolicLink(numbered(&link, L"\\Device\\Link", 0),
                                          numbered(&target, L"\\Device\\Nothing", 0)),
                     STATUS_SUCCESS);
    rig_expect_equal(create(driver, &link.string, &device), STATUS_OBJECT_NAME_COLLISION);
    rig_expect(device == NULL && driver->DeviceObject == NULL);
    rig_expect_equal(IoDeleteSymbolicLink(&link.string), STATUS_SUCCESS);
    rig_expect_equal(create(driver, &link.string, &device), STATUS_SUCCESS);
    rig_expect(found(&link.string) == device);
    IoDeleteDevice(device);
}

/* rule: IO-NAME-1 */
static void a_device_does_not_get_the_name_of_a_link_even_of_one_that_leads_nowhere(void **state)
{
    (void)state;
    run_clean(name_of_a_link);
}

/* Two names with the same RtlHashUnicodeString(). */
static void names_of_one_hash(void *context)
{
    static WCHAR texts[2][4] = {{0x4000, 0x5000, 0x4000, 0}, {0x4001, 0x4F82, 0x4F81, 0}};
    PDRIVER_OBJECT driver = hal_driver_create("named");
    PDEVICE_OBJECT devices_of[2];
    UNICODE_STRING name[2];
    ULONG hash[2];

    (void)context;
    for (int i = 0; i < 2; i++) {
        RtlInitUnicodeString(&name[i], texts[i]);
        RtlHashUnicodeString(&name[i], TRUE, HASH_STRING_ALGORITHM_DEFAULT, &hash[i]);
        rig_expect_equal(create(driver, &name[i], &devices_of[i]), STATUS_SUCCESS);
    }
    rig_expect_equal(hash[0], hash[1]);
    rig_expect(found(&name[0]) == devices_of[0] && found(&name[1]) == devices_of[1]);
    IoDeleteDevice(devices_of[0]);
    rig_expect(found(&name[0]) == NULL && found(&name[1]) == devices_of[1]);
    IoDeleteDevice(devices_of[1]);
}

/* rule: IO-NAME-1 */
static void names_that_only_seem_equal_are_two(void **state)
{
    (void)state;
    run_clean(names_of_one_hash);
}

static void name_of_a_deleted_one(void *context)
{
    PDRIVER_OBJECT driver = hal_driver_create("named");
    PDEVICE_OBJECT first, second;
    struct text name;

    (void)context;
    rig_expect_equal(create(driver, numbered(&name, L"\\Device\\Again", 0), &first), STATUS_SUCCESS);
    ObReferenceObject(first);
    IoDeleteDevice(first);
    rig_expect(found(&name.string) == NULL);
    rig_expect(io_device_find(hal_kernel(), first) != NULL);
    rig_expect_equal(create(driver, &name.string, &second), STATUS_SUCCESS);
    ObDereferenceObject(first);
    rig_expect(found(&name.string) == second);
    IoDeleteDevice(second);
}

/* rule: IO-NAME-1 */
static void the_name_of_a_deleted_device_is_free_while_the_device_is_still_referred_to(void **state)
{
    (void)state;
    run_clean(name_of_a_deleted_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_of_thousands_is_found_by_name_by_link_and_by_address_until_it_is_deleted),
        cmocka_unit_test(a_device_does_not_get_the_name_of_a_link_even_of_one_that_leads_nowhere),
        cmocka_unit_test(names_that_only_seem_equal_are_two),
        cmocka_unit_test(the_name_of_a_deleted_device_is_free_while_the_device_is_still_referred_to),
    };
    return cmocka_run_group_tests_name("hal.io_names", tests, NULL, NULL);
}
