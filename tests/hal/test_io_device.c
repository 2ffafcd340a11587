/*
 * Drivers, devices, their stacks and names; devices that the bus reports, from start to removal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <ntddk.h>
#include <wdmguid.h>

#include <emu/bus.h>

#include "hal/boot.h"
#include "hal/io_driver.h"
#include "hal/kernel.h"
#include "hal/pnp.h"
#include "rig/rig.h"

enum { DEVICE_TAG = 0x69766544, DRIVER_TAG = 0x76697244, FILE_TAG = 0x656C6946, RESOURCES_TAG = 0x52706E50 };

static const struct rig_boot boots[] = {{hal_boot, NULL}, {NULL, NULL}};

static void run_clean(void (*body)(void *))
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;

    rig_run(m, body, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
}

static void run_stopped(void (*body)(void *), const char *rule, const char *code)
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;

    rig_run(m, body, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_stopped(&outcome, rule, code);
}

static bool text_is(PCUNICODE_STRING s, const char *ascii)
{
    size_t n = strlen(ascii);

    if (s->Length != n * sizeof(WCHAR))
        return false;
    for (size_t i = 0; i < n; i++)
        if (s->Buffer[i] != (WCHAR)ascii[i])
            return false;
    return true;
}

/* ---- Drivers ---- */

static NTSTATUS plain_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)driver;
    (void)path;
    return STATUS_SUCCESS;
}

static NTSTATUS failing_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)driver;
    (void)path;
    return STATUS_DEVICE_CONFIGURATION_ERROR;
}

static NTSTATUS looking_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    PDEVICE_OBJECT device;

    rig_expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    rig_expect_equal(driver->Type, IO_TYPE_DRIVER);
    rig_expect(driver->DriverInit == looking_entry);
    rig_expect(driver->DriverExtension->DriverObject == driver);
    rig_expect(text_is(path, "\\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet\\Services\\looker"));
    rig_expect(text_is(&driver->DriverName, "\\Driver\\looker"));
    rig_expect_equal(IoCreateDevice(driver, 8, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device), STATUS_SUCCESS);
    rig_expect((device->Flags & DO_DEVICE_INITIALIZING) != 0);
    return STATUS_SUCCESS;
}

static void loading(void *context)
{
    PDRIVER_OBJECT driver;

    (void)context;
    rig_expect_equal(hal_driver_load("failing", failing_entry, &driver), STATUS_DEVICE_CONFIGURATION_ERROR);
    rig_expect(driver == NULL);
    rig_expect_equal(hal_pool_each(DRIVER_TAG, NULL, NULL), 0);
    rig_expect_equal(hal_driver_load("looker", looking_entry, &driver), STATUS_SUCCESS);
    rig_expect((driver->DeviceObject->Flags & DO_DEVICE_INITIALIZING) == 0);
    IoDeleteDevice(driver->DeviceObject);
    hal_driver_unload(driver);
    rig_expect_equal(hal_pool_each(DRIVER_TAG, NULL, NULL), 0);
}

/* rule: IO-DRIVER-1 */
static void a_driver_is_loaded_with_its_names_and_gone_when_it_refuses(void **state)
{
    (void)state;
    run_clean(loading);
}

static VOID no_unload(PDRIVER_OBJECT driver)
{
    (void)driver;
}

static void unload_with_device(void *context)
{
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT device;

    (void)context;
    hal_driver_load("plain", plain_entry, &driver);
    driver->DriverUnload = no_unload;
    IoCreateDevice(driver, 8, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    hal_driver_unload(driver);
}

/* rule: IO-DRIVER-4 */
static void unloading_with_a_device_left_is_a_finding(void **state)
{
    (void)state;
    run_stopped(unload_with_device, "IO-DRIVER-4", "0xCE");
}

static void extensions(void *context)
{
    PDRIVER_OBJECT driver;
    PVOID one;
    PVOID again;

    (void)context;
    hal_driver_load("plain", plain_entry, &driver);
    rig_expect(IoGetDriverObjectExtension(driver, &driver) == NULL);
    rig_expect_equal(IoAllocateDriverObjectExtension(driver, &driver, 40, &one), STATUS_SUCCESS);
    rig_expect(IoGetDriverObjectExtension(driver, &driver) == one);
    rig_expect_equal(IoAllocateDriverObjectExtension(driver, &driver, 40, &again),
                     STATUS_OBJECT_NAME_COLLISION);
    rig_expect_equal(((UCHAR *)one)[39], 0);
    hal_driver_unload(driver);
}

/* rule: IO-DRIVER-3 */
static void a_driver_object_has_one_extension_an_identity(void **state)
{
    (void)state;
    run_clean(extensions);
}

static int counted;

static void images_leave_the_program_alone(void **state)
{
    struct hal_images *images = hal_images_create();

    (void)state;
    assert_non_null(images);
    counted = 1;
    assert_true(hal_images_restore(images, (const void *)(uintptr_t)plain_entry));
    counted = 2;
    assert_true(hal_images_restore(images, (const void *)(uintptr_t)plain_entry));
    assert_int_equal(counted, 2);
    hal_images_destroy(images);
    hal_images_destroy(NULL);
}

/* ---- Devices ---- */

static PDRIVER_OBJECT plain_driver(void)
{
    PDRIVER_OBJECT driver;

    rig_expect_equal(hal_driver_load("plain", plain_entry, &driver), STATUS_SUCCESS);
    return driver;
}

static PDEVICE_OBJECT plain_device(PDRIVER_OBJECT driver)
{
    PDEVICE_OBJECT device;

    rig_expect_equal(IoCreateDevice(driver, 100, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device),
                     STATUS_SUCCESS);
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return device;
}

static void creation(void *context)
{
    PDRIVER_OBJECT driver = plain_driver();
    PDEVICE_OBJECT a;

    (void)context;
    rig_expect_equal(IoCreateDevice(driver, 100, NULL, FILE_DEVICE_DISK, FILE_DEVICE_SECURE_OPEN, TRUE, &a),
                     STATUS_SUCCESS);
    rig_expect_equal(a->Type, IO_TYPE_DEVICE);
    rig_expect_equal(a->DeviceType, FILE_DEVICE_DISK);
    rig_expect_equal(a->Characteristics, FILE_DEVICE_SECURE_OPEN);
    rig_expect_equal(a->Flags, DO_DEVICE_INITIALIZING | DO_EXCLUSIVE);
    rig_expect_equal(a->StackSize, 1);
    rig_expect_equal((uintptr_t)a->DeviceExtension % 16, 0);
    for (int i = 0; i < 100; i++)
        rig_expect_equal(((UCHAR *)a->DeviceExtension)[i], 0);
    rig_expect(emu_ram_owns(emu_current(), a->DeviceExtension));
    PDEVICE_OBJECT b = plain_device(driver);
    rig_expect(driver->DeviceObject == b && b->NextDevice == a && a->NextDevice == NULL);
    IoDeleteDevice(a);
    rig_expect(driver->DeviceObject == b && b->NextDevice == NULL);
    IoDeleteDevice(b);
    rig_expect(driver->DeviceObject == NULL);
    rig_expect_equal(hal_pool_each(DEVICE_TAG, NULL, NULL), 0);
}

/* rule: IO-DEVICE-1 */
static void a_device_is_created_with_a_zeroed_extension_and_linked_to_its_driver(void **state)
{
    (void)state;
    run_clean(creation);
}

static void stacking(void *context)
{
    PDRIVER_OBJECT driver = plain_driver();
    PDEVICE_OBJECT bottom = plain_device(driver);
    PDEVICE_OBJECT middle = plain_device(driver);
    PDEVICE_OBJECT top = plain_device(driver);

    (void)context;
    bottom->AlignmentRequirement = FILE_64_BYTE_ALIGNMENT;
    rig_expect(IoAttachDeviceToDeviceStack(middle, bottom) == bottom);
    rig_expect(IoAttachDeviceToDeviceStack(top, bottom) == middle);
    rig_expect_equal(middle->StackSize, 2);
    rig_expect_equal(top->StackSize, 3);
    rig_expect_equal(top->AlignmentRequirement, FILE_64_BYTE_ALIGNMENT);
    rig_expect(IoGetAttachedDeviceReference(bottom) == top);
    IoDetachDevice(middle);
    rig_expect(middle->AttachedDevice == NULL);
    IoDeleteDevice(top); /* still referenced */
    rig_expect_equal(hal_pool_each(DEVICE_TAG, NULL, NULL), 3);
    ObDereferenceObject(top);
    rig_expect_equal(hal_pool_each(DEVICE_TAG, NULL, NULL), 2);
    IoDeleteDevice(bottom); /* something is attached to it */
    rig_expect_equal(hal_pool_each(DEVICE_TAG, NULL, NULL), 2);
    IoDetachDevice(bottom);
    rig_expect_equal(hal_pool_each(DEVICE_TAG, NULL, NULL), 1);
    IoDeleteDevice(middle);
    rig_expect_equal(hal_pool_each(DEVICE_TAG, NULL, NULL), 0);
}

/* rule: IO-DEVICE-2 */
static void devices_stack_and_a_deleted_one_stays_until_nothing_refers_to_it(void **state)
{
    (void)state;
    run_clean(stacking);
}

static void delete_twice(void *context)
{
    PDEVICE_OBJECT device = plain_device(plain_driver());

    (void)context;
    IoDeleteDevice(device);
    IoDeleteDevice(device);
}

static void delete_attached(void *context)
{
    PDRIVER_OBJECT driver = plain_driver();
    PDEVICE_OBJECT bottom = plain_device(driver);
    PDEVICE_OBJECT top = plain_device(driver);

    (void)context;
    IoAttachDeviceToDeviceStack(top, bottom);
    IoDeleteDevice(top);
}

static void detach_nothing(void *context)
{
    (void)context;
    IoDetachDevice(plain_device(plain_driver()));
}

static void dereference_too_often(void *context)
{
    (void)context;
    ObDereferenceObject(plain_device(plain_driver()));
}

/* rule: IO-DEVICE-5 */
static void deleting_a_device_twice_is_a_finding(void **state)
{
    (void)state;
    run_stopped(delete_twice, "IO-DEVICE-5", "");
}

/* rule: IO-DEVICE-6 */
static void deleting_a_device_that_is_still_attached_is_io_error_201(void **state)
{
    (void)state;
    run_stopped(delete_attached, "IO-DEVICE-6", "0xC9/201");
}

static void detach_null(void *context)
{
    (void)context;
    IoDetachDevice(NULL);
}

/* rule: IO-DEVICE-7 */
static void detaching_where_nothing_is_attached_is_io_error_202(void **state)
{
    (void)state;
    run_stopped(detach_nothing, "IO-DEVICE-7", "0xC9/202");
    run_stopped(detach_null, "IO-DEVICE-7", "0xC9/202");
}

/* rule: IO-OBJECT-2 */
static void dereferencing_too_often_is_bug_check_18(void **state)
{
    (void)state;
    run_stopped(dereference_too_often, "IO-OBJECT-2", "0x18");
}

/* ---- Names ---- */

static ULONG majors[8];
static int major_count;

static NTSTATUS note_and_succeed(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    majors[major_count++] = IoGetCurrentIrpStackLocation(irp)->MajorFunction;
    rig_expect(IoGetCurrentIrpStackLocation(irp)->FileObject != NULL);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static void names(void *context)
{
    UNICODE_STRING device_name;
    UNICODE_STRING other_case;
    UNICODE_STRING link_name;
    PDRIVER_OBJECT driver = plain_driver();
    PDEVICE_OBJECT device;
    PDEVICE_OBJECT found;
    PFILE_OBJECT file;

    (void)context;
    RtlInitUnicodeString(&device_name, L"\\Device\\Named");
    RtlInitUnicodeString(&other_case, L"\\DEVICE\\NAMED");
    RtlInitUnicodeString(&link_name, L"\\DosDevices\\Link");
    major_count = 0;
    rig_expect_equal(IoCreateDevice(driver, 0, &device_name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device),
                     STATUS_SUCCESS);
    rig_expect((device->Flags & DO_DEVICE_HAS_NAME) != 0);
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    rig_expect_equal(IoCreateDevice(driver, 0, &other_case, FILE_DEVICE_UNKNOWN, 0, FALSE, &found),
                     STATUS_OBJECT_NAME_COLLISION);
    rig_expect_equal(IoCreateSymbolicLink(&link_name, &device_name), STATUS_SUCCESS);
    rig_expect_equal(IoCreateSymbolicLink(&link_name, &device_name), STATUS_OBJECT_NAME_COLLISION);
    rig_expect_equal(IoGetDeviceObjectPointer(&link_name, FILE_READ_DATA, &file, &found),
                     STATUS_INVALID_DEVICE_REQUEST);
    rig_expect_equal(hal_pool_each(FILE_TAG, NULL, NULL), 0);
    driver->MajorFunction[IRP_MJ_CREATE] = note_and_succeed;
    driver->MajorFunction[IRP_MJ_CLEANUP] = note_and_succeed;
    driver->MajorFunction[IRP_MJ_CLOSE] = note_and_succeed;
    rig_expect_equal(IoGetDeviceObjectPointer(&link_name, FILE_READ_DATA, &file, &found), STATUS_SUCCESS);
    rig_expect(found == device && file->DeviceObject == device);
    IoDeleteDevice(device);
    rig_expect_equal(hal_pool_each(DEVICE_TAG, NULL, NULL), 1);
    ObDereferenceObject(file);
    rig_expect_equal(hal_pool_each(DEVICE_TAG, NULL, NULL), 0);
    rig_expect_equal(major_count, 3);
    rig_expect(majors[0] == IRP_MJ_CREATE && majors[1] == IRP_MJ_CLEANUP && majors[2] == IRP_MJ_CLOSE);
    rig_expect_equal(IoGetDeviceObjectPointer(&link_name, FILE_READ_DATA, &file, &found),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    rig_expect_equal(IoDeleteSymbolicLink(&link_name), STATUS_SUCCESS);
    rig_expect_equal(IoDeleteSymbolicLink(&link_name), STATUS_OBJECT_NAME_NOT_FOUND);
}

/* rule: IO-NAME-1 */
static void devices_are_found_by_name_and_by_link_and_files_are_closed_with_the_last_reference(void **state)
{
    (void)state;
    run_clean(names);
}

/* ---- Plug and Play ---- */

enum { LINE_LEVEL = 6, WINDOW_BYTES = 0x1000 };
#define WINDOW 0xF0000000u

struct fdo {
    PDEVICE_OBJECT lower;
    PDEVICE_OBJECT pdo;
    ULONG minors[16];
    int minor_count;
    bool refuse_start;
    bool refuse_removal;
    CM_PARTIAL_RESOURCE_DESCRIPTOR resources[4];
    ULONG resource_count;
};

/* What the driver saw, for after its extension is gone. */
static struct fdo last_fdo;
static bool next_refuses_start;

static NTSTATUS fdo_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    struct fdo *f = device->DeviceExtension;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    UCHAR minor = location->MinorFunction;

    f->minors[f->minor_count++] = minor;
    rig_expect_equal(irp->IoStatus.Status, STATUS_NOT_SUPPORTED);
    if (minor == IRP_MN_START_DEVICE) {
        PCM_PARTIAL_RESOURCE_LIST list =
            &location->Parameters.StartDevice.AllocatedResourcesTranslated->List[0].PartialResourceList;
        f->resource_count = list->Count;
        for (ULONG i = 0; i < list->Count; i++)
            f->resources[i] = list->PartialDescriptors[i];
    }
    if ((minor == IRP_MN_START_DEVICE && f->refuse_start) ||
        (minor == IRP_MN_QUERY_REMOVE_DEVICE && f->refuse_removal)) {
        irp->IoStatus.Status = STATUS_UNSUCCESSFUL;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        return STATUS_UNSUCCESSFUL;
    }
    IoSkipCurrentIrpStackLocation(irp);
    NTSTATUS status = IoCallDriver(f->lower, irp);
    last_fdo = *f;
    if (minor == IRP_MN_REMOVE_DEVICE) {
        IoDetachDevice(f->lower);
        IoDeleteDevice(device);
    }
    return status;
}

static NTSTATUS add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT device;
    NTSTATUS status =
        IoCreateDevice(driver, sizeof(struct fdo), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);

    if (!NT_SUCCESS(status))
        return status;
    struct fdo *f = device->DeviceExtension;
    f->pdo = pdo;
    f->refuse_start = next_refuses_start;
    f->lower = IoAttachDeviceToDeviceStack(device, pdo);
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static NTSTATUS pnp_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverExtension->AddDevice = add_device;
    driver->MajorFunction[IRP_MJ_PNP] = fdo_pnp;
    return STATUS_SUCCESS;
}

static PDEVICE_OBJECT report_device(void)
{
    const struct emu_line_config line = {.name = "line", .trigger = EMU_TRIGGER_EDGE, .level = LINE_LEVEL};
    struct hal_pnp_device device = {.name = "gadget",
                                    .bus = PCIBus,
                                    .window = WINDOW,
                                    .window_bytes = WINDOW_BYTES,
                                    .line = emu_line_add(emu_current(), &line),
                                    .port = 0x300,
                                    .ports = 8,
                                    .has_dma_line = true,
                                    .dma_line = 3,
                                    .dma_channel = 1};

    return hal_pnp_add_device(&device);
}

static void start_and_remove(void *context)
{
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT top;
    PDEVICE_OBJECT pdo = report_device();

    (void)context;
    next_refuses_start = false;
    hal_driver_load("pnp", pnp_entry, &driver);
    rig_expect_equal(hal_pnp_start(driver, pdo, &top), STATUS_SUCCESS);
    rig_expect(top->DriverObject == driver);
    rig_expect_equal(hal_pool_each(RESOURCES_TAG, NULL, NULL), 0);
    struct fdo *f = top->DeviceExtension;
    rig_expect_equal(f->resource_count, 4);
    rig_expect_equal(f->resources[0].Type, CmResourceTypeMemory);
    rig_expect_equal(f->resources[0].u.Memory.Start.QuadPart, WINDOW);
    rig_expect_equal(f->resources[0].u.Memory.Length, WINDOW_BYTES);
    rig_expect_equal(f->resources[1].Type, CmResourceTypePort);
    rig_expect_equal(f->resources[1].u.Port.Start.QuadPart, 0x300);
    rig_expect_equal(f->resources[2].Type, CmResourceTypeInterrupt);
    rig_expect_equal(f->resources[2].u.Interrupt.Level, LINE_LEVEL);
    rig_expect_equal(f->resources[2].Flags, CM_RESOURCE_INTERRUPT_LATCHED);
    rig_expect_equal(f->resources[3].Type, CmResourceTypeDma);
    rig_expect((f->resources[3].Flags & CM_RESOURCE_DMA_V3) != 0);
    rig_expect_equal(f->resources[3].u.DmaV3.RequestLine, 3);
    rig_expect_equal(f->resources[3].u.DmaV3.Channel, 1);
    f->refuse_removal = true;
    rig_expect_equal(hal_pnp_remove(pdo), STATUS_UNSUCCESSFUL);
    rig_expect_equal(f->minors[2], IRP_MN_CANCEL_REMOVE_DEVICE);
    f->refuse_removal = false;
    rig_expect_equal(hal_pnp_remove(pdo), STATUS_SUCCESS);
    rig_expect_equal(last_fdo.minors[3], IRP_MN_QUERY_REMOVE_DEVICE);
    rig_expect_equal(last_fdo.minors[4], IRP_MN_REMOVE_DEVICE);
    rig_expect(pdo->AttachedDevice == NULL);
    rig_expect_equal(hal_pnp_start(driver, pdo, &top), STATUS_SUCCESS); /* a second time */
    rig_expect_equal(hal_pnp_remove(pdo), STATUS_SUCCESS);
    hal_driver_unload(driver);
}

/* rule: IO-PNP-1 */
static void a_device_is_started_with_its_resources_and_removed_when_nobody_refuses(void **state)
{
    (void)state;
    run_clean(start_and_remove);
}

static void failing_start(void *context)
{
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT top;
    PDEVICE_OBJECT pdo = report_device();

    (void)context;
    next_refuses_start = true;
    hal_driver_load("pnp", pnp_entry, &driver);
    rig_expect_equal(hal_pnp_start(driver, pdo, &top), STATUS_UNSUCCESSFUL);
    rig_expect(top == NULL && pdo->AttachedDevice == NULL);
    rig_expect_equal(last_fdo.minors[1], IRP_MN_REMOVE_DEVICE);
    hal_driver_unload(driver);
}

/* rule: IO-PNP-2 */
static void a_device_that_does_not_start_is_sent_a_removal(void **state)
{
    (void)state;
    run_clean(failing_start);
}

static void bus_answers(void *context)
{
    PDEVICE_OBJECT pdo = report_device();
    DEVICE_CAPABILITIES capabilities = {.Size = sizeof capabilities, .Version = 1};
    BUS_INTERFACE_STANDARD bus_interface;
    ULONG_PTR information = 0;
    IO_STACK_LOCATION location = {.MajorFunction = IRP_MJ_PNP, .MinorFunction = IRP_MN_QUERY_CAPABILITIES};

    (void)context;
    location.Parameters.DeviceCapabilities.Capabilities = &capabilities;
    rig_expect_equal(io_send_and_wait(pdo, &location, STATUS_NOT_SUPPORTED, NULL), STATUS_SUCCESS);
    rig_expect_equal(capabilities.DeviceState[PowerSystemWorking], PowerDeviceD0);
    location.MinorFunction = IRP_MN_QUERY_BUS_INFORMATION;
    rig_expect_equal(io_send_and_wait(pdo, &location, STATUS_NOT_SUPPORTED, &information), STATUS_SUCCESS);
    PPNP_BUS_INFORMATION bus = (PPNP_BUS_INFORMATION)information;
    rig_expect_equal(bus->LegacyBusType, PCIBus);
    ExFreePool(bus);
    information = 0;
    location.MinorFunction = IRP_MN_QUERY_INTERFACE;
    location.Parameters.QueryInterface.InterfaceType = &GUID_BUS_INTERFACE_STANDARD;
    location.Parameters.QueryInterface.Interface = (PINTERFACE)&bus_interface;
    rig_expect_equal(io_send_and_wait(pdo, &location, STATUS_NOT_SUPPORTED, NULL), STATUS_NOT_SUPPORTED);
    location.MinorFunction = IRP_MN_QUERY_DEVICE_RELATIONS;
    location.Parameters.QueryDeviceRelations.Type = TargetDeviceRelation;
    rig_expect_equal(io_send_and_wait(pdo, &location, STATUS_NOT_SUPPORTED, &information), STATUS_SUCCESS);
    PDEVICE_RELATIONS relations = (PDEVICE_RELATIONS)information;
    rig_expect(relations->Count == 1 && relations->Objects[0] == pdo);
    ObDereferenceObject(pdo);
    ExFreePool(relations);
}

/* rule: IO-PNP-3 */
static void the_bus_answers_what_it_knows_and_leaves_the_rest_unsupported(void **state)
{
    (void)state;
    run_clean(bus_answers);
}

static void properties(void *context)
{
    PDEVICE_OBJECT pdo = report_device();
    ULONG needed = 0;
    ULONG value = 77;
    WCHAR name[64];
    UNICODE_STRING s;

    (void)context;
    rig_expect_equal(IoGetDeviceProperty(pdo, DevicePropertyLegacyBusType, sizeof value, &value, &needed), 0);
    rig_expect_equal(value, PCIBus);
    rig_expect_equal(IoGetDeviceProperty(pdo, DevicePropertyBusNumber, 2, &value, &needed),
                     STATUS_BUFFER_TOO_SMALL);
    rig_expect_equal(needed, 4);
    rig_expect_equal(
        IoGetDeviceProperty(pdo, DevicePropertyPhysicalDeviceObjectName, sizeof name, name, &needed), 0);
    RtlInitUnicodeString(&s, name);
    rig_expect(text_is(&s, "\\Device\\HALDMA0"));
    rig_expect_equal(needed, s.MaximumLength);
    rig_expect_equal(
        IoGetDeviceProperty(plain_device(plain_driver()), DevicePropertyBusNumber, 4, &value, &needed),
        STATUS_INVALID_DEVICE_REQUEST);
}

/* rule: IO-PNP-4 */
static void properties_of_a_physical_device_can_be_asked_for(void **state)
{
    (void)state;
    run_clean(properties);
}

static void interfaces(void *context)
{
    PDEVICE_OBJECT pdo = report_device();
    UNICODE_STRING link;
    PZZWSTR list;

    (void)context;
    rig_expect_equal(IoRegisterDeviceInterface(pdo, &GUID_BUS_TYPE_PCI, NULL, &link), STATUS_SUCCESS);
    rig_expect_equal(IoGetDeviceInterfaces(&GUID_BUS_TYPE_PCI, NULL, 0, &list), STATUS_SUCCESS);
    rig_expect_equal(list[0], 0);
    ExFreePool(list);
    rig_expect_equal(IoSetDeviceInterfaceState(&link, TRUE), STATUS_SUCCESS);
    rig_expect_equal(IoSetDeviceInterfaceState(&link, TRUE), STATUS_OBJECT_NAME_EXISTS);
    rig_expect(io_name_find(hal_kernel(), &link)->device == pdo);
    rig_expect_equal(IoGetDeviceInterfaces(&GUID_BUS_TYPE_PCI, pdo, 0, &list), STATUS_SUCCESS);
    rig_expect(memcmp(list, link.Buffer, link.Length) == 0);
    ExFreePool(list);
    rig_expect_equal(IoSetDeviceInterfaceState(&link, FALSE), STATUS_SUCCESS);
    rig_expect(io_name_find(hal_kernel(), &link) == NULL);
    RtlFreeUnicodeString(&link);
}

/* rule: IO-PNP-5 */
static void an_enabled_interface_is_a_link_to_the_physical_device(void **state)
{
    (void)state;
    run_clean(interfaces);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_driver_is_loaded_with_its_names_and_gone_when_it_refuses),
        cmocka_unit_test(unloading_with_a_device_left_is_a_finding),
        cmocka_unit_test(a_driver_object_has_one_extension_an_identity),
        cmocka_unit_test(images_leave_the_program_alone),
        cmocka_unit_test(a_device_is_created_with_a_zeroed_extension_and_linked_to_its_driver),
        cmocka_unit_test(devices_stack_and_a_deleted_one_stays_until_nothing_refers_to_it),
        cmocka_unit_test(deleting_a_device_twice_is_a_finding),
        cmocka_unit_test(deleting_a_device_that_is_still_attached_is_io_error_201),
        cmocka_unit_test(detaching_where_nothing_is_attached_is_io_error_202),
        cmocka_unit_test(dereferencing_too_often_is_bug_check_18),
        cmocka_unit_test(devices_are_found_by_name_and_by_link_and_files_are_closed_with_the_last_reference),
        cmocka_unit_test(a_device_is_started_with_its_resources_and_removed_when_nobody_refuses),
        cmocka_unit_test(a_device_that_does_not_start_is_sent_a_removal),
        cmocka_unit_test(the_bus_answers_what_it_knows_and_leaves_the_rest_unsupported),
        cmocka_unit_test(properties_of_a_physical_device_can_be_asked_for),
        cmocka_unit_test(an_enabled_interface_is_a_link_to_the_physical_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
