/*
 * The bus driver inside the emulator, and the PnP manager's part of starting and removing a device.
 *
 * The bus driver owns the physical device objects and answers what reaches the bottom of a stack. What it
 * does not know it completes with the status that it found, as bus drivers must.
 */
#include "hal/pnp.h"

#include <emu/bus.h>
#include <emu/choose.h>
#include <emu/finding.h>
#include <initguid.h>
#include <wdmguid.h>

#include "hal/io_driver.h"
#include "hal/kernel.h"
#include "hal/ops.h"
#include "hal/pool.h"

/* The tags of what the PnP manager and the bus driver allocate: "PnpR" and "PnpB". */
#define RESOURCES_TAG 0x52706E50u
#define ANSWER_TAG    0x42706E50u

enum {
    RESOURCES_MAX = 4, /* memory, ports, interrupt, DMA */
    NAME_MAX = 64,
    RESOURCE_LIST_VERSION = 1,
    RESOURCE_LIST_REVISION = 1,
    DMA_WIDTH_32 = Width32Bits,
    UNKNOWN_NUMBER = -1,
    CAPABILITIES_VERSION = 1
};

PDEVICE_OBJECT hal_pnp_physical(PDEVICE_OBJECT device)
{
    while (io_device_of(device)->lower != NULL)
        device = io_device_of(device)->lower;
    return io_device_of(device)->hardware != NULL ? device : NULL;
}

const struct hal_pnp_device *hal_pnp_hardware(PDEVICE_OBJECT device)
{
    PDEVICE_OBJECT pdo = hal_pnp_physical(device);

    return pdo != NULL ? io_device_of(pdo)->hardware : NULL;
}

emu_line hal_pnp_line(struct hal_kernel *k, PDEVICE_OBJECT device)
{
    struct io_device *d = io_device_find(k, device);
    const struct hal_pnp_device *hardware = d != NULL ? hal_pnp_hardware(device) : NULL;

    return hardware != NULL ? hardware->line : 0;
}

/* ---- The bus driver's answers -----------------------------------------------------------------------------
 */

static const GUID *bus_guid(INTERFACE_TYPE bus)
{
    switch (bus) {
    case PCIBus:
        return &GUID_BUS_TYPE_PCI;
    case Isa:
    case PNPISABus:
        return &GUID_BUS_TYPE_ISAPNP;
    default:
        return &GUID_BUS_TYPE_INTERNAL;
    }
}

void hal_pnp_bus(const struct hal_pnp_device *hardware, PNP_BUS_INFORMATION *bus)
{
    bus->BusTypeGuid = *bus_guid(hardware->bus);
    bus->LegacyBusType = hardware->bus;
    bus->BusNumber = 0;
}

static NTSTATUS answer_bus(const struct hal_pnp_device *hardware, ULONG_PTR *information)
{
    PPNP_BUS_INFORMATION bus = hal_pool_take(0, PagedPool | POOL_ZERO_ALLOCATION, sizeof *bus, ANSWER_TAG);

    if (bus == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    hal_pnp_bus(hardware, bus);
    *information = (ULONG_PTR)bus;
    return STATUS_SUCCESS;
}

static NTSTATUS answer_relations(PDEVICE_OBJECT pdo, ULONG_PTR *information)
{
    PDEVICE_RELATIONS relations =
        hal_pool_take(0, PagedPool | POOL_ZERO_ALLOCATION, sizeof *relations, ANSWER_TAG);

    if (relations == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ObReferenceObject(pdo);
    relations->Count = 1;
    relations->Objects[0] = pdo;
    *information = (ULONG_PTR)relations;
    return STATUS_SUCCESS;
}

static NTSTATUS answer_capabilities(PDEVICE_CAPABILITIES capabilities)
{
    if (capabilities->Version != CAPABILITIES_VERSION || capabilities->Size < sizeof *capabilities)
        return STATUS_UNSUCCESSFUL;
    capabilities->SurpriseRemovalOK = 0;
    capabilities->Removable = 0;
    capabilities->Address = (ULONG)UNKNOWN_NUMBER;
    capabilities->UINumber = (ULONG)UNKNOWN_NUMBER;
    capabilities->DeviceState[PowerSystemUnspecified] = PowerDeviceUnspecified;
    capabilities->DeviceState[PowerSystemWorking] = PowerDeviceD0;
    for (int state = PowerSystemSleeping1; state < POWER_SYSTEM_MAXIMUM; state++)
        capabilities->DeviceState[state] = PowerDeviceD3;
    return STATUS_SUCCESS;
}

static NTSTATUS answer_id(const struct hal_pnp_device *hardware, BUS_QUERY_ID_TYPE type, NTSTATUS unknown,
                          ULONG_PTR *information)
{
    const char *prefix = type == BusQueryInstanceID ? "" : "HALDMA\\";
    size_t head = strlen(prefix);
    size_t length = head + strlen(hardware->name);

    if (type != BusQueryDeviceID && type != BusQueryHardwareIDs && type != BusQueryInstanceID)
        return unknown;
    /* Two terminators: a list of strings has one string. */
    WCHAR *text =
        hal_pool_take(0, PagedPool | POOL_ZERO_ALLOCATION, (length + 2) * sizeof(WCHAR), ANSWER_TAG);
    if (text == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (size_t i = 0; i < length; i++)
        text[i] = (WCHAR)(UCHAR)(i < head ? prefix[i] : hardware->name[i - head]);
    *information = (ULONG_PTR)text;
    return STATUS_SUCCESS;
}

/* The bus driver has no failures of its own but this one, which drivers must be ready for. */
static bool start_fails(void)
{
    struct emu_machine *m = emu_current();
    bool spared = emu_spare(m, false);
    bool fails = emu_fault(m, HAL_OP_IO_START_DEVICE);
    emu_spare(m, spared);
    return fails;
}

static NTSTATUS pnp_status(PDEVICE_OBJECT pdo, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    struct io_device *d = io_device_of(pdo);

    switch (location->MinorFunction) {
    case IRP_MN_START_DEVICE:
        d->started = !start_fails();
        return d->started ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    case IRP_MN_REMOVE_DEVICE:
    case IRP_MN_STOP_DEVICE:
        d->started = false;
        return STATUS_SUCCESS;
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        return STATUS_SUCCESS;
    case IRP_MN_QUERY_CAPABILITIES:
        return answer_capabilities(location->Parameters.DeviceCapabilities.Capabilities);
    case IRP_MN_QUERY_BUS_INFORMATION:
        return answer_bus(d->hardware, &irp->IoStatus.Information);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        return location->Parameters.QueryDeviceRelations.Type == TargetDeviceRelation
                   ? answer_relations(pdo, &irp->IoStatus.Information)
                   : irp->IoStatus.Status;
    case IRP_MN_QUERY_ID:
        return answer_id(d->hardware, location->Parameters.QueryId.IdType, irp->IoStatus.Status,
                         &irp->IoStatus.Information);
    default:
        return irp->IoStatus.Status;
    }
}

static NTSTATUS complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS bus_pnp(PDEVICE_OBJECT pdo, PIRP irp)
{
    struct emu_machine *m = emu_current();

    emu_note(m, HAL_OP_IO_PNP_DISPATCH, emu_object_at(m, irp, "irp"),
             IoGetCurrentIrpStackLocation(irp)->MinorFunction);
    return complete(irp, pnp_status(pdo, irp));
}

static NTSTATUS bus_power(PDEVICE_OBJECT pdo, PIRP irp)
{
    UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;

    (void)pdo;
    PoStartNextPowerIrp(irp);
    return complete(irp, minor == IRP_MN_SET_POWER || minor == IRP_MN_QUERY_POWER ? STATUS_SUCCESS
                                                                                  : irp->IoStatus.Status);
}

static NTSTATUS bus_system_control(PDEVICE_OBJECT pdo, PIRP irp)
{
    (void)pdo;
    return complete(irp, irp->IoStatus.Status);
}

static PDRIVER_OBJECT bus_driver(struct hal_kernel *k)
{
    if (k->io.bus_driver == NULL) {
        PDRIVER_OBJECT bus = hal_driver_create("haldmabus");
        if (bus == NULL)
            return NULL;
        bus->MajorFunction[IRP_MJ_PNP] = bus_pnp;
        bus->MajorFunction[IRP_MJ_POWER] = bus_power;
        bus->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = bus_system_control;
        k->io.bus_driver = bus;
    }
    return k->io.bus_driver;
}

PDEVICE_OBJECT hal_pnp_add_device(const struct hal_pnp_device *device)
{
    struct hal_kernel *k = hal_kernel();
    PDRIVER_OBJECT bus = bus_driver(k);
    PDEVICE_OBJECT pdo = NULL;
    WCHAR text[NAME_MAX];

    if (bus == NULL)
        return NULL;
    UNICODE_STRING name = {0, sizeof text, text};
    UNICODE_STRING number = {0, 0, NULL};
    RtlAppendUnicodeToString(&name, L"\\Device\\HALDMA");
    number.Buffer = text + name.Length / sizeof(WCHAR);
    number.MaximumLength = (USHORT)(sizeof text - name.Length);
    enum { DECIMAL = 10 };
    RtlIntegerToUnicodeString(k->io.pdos, DECIMAL, &number);
    name.Length = (USHORT)(name.Length + number.Length);
    bool spared = emu_spare(k->machine, true);
    NTSTATUS status =
        IoCreateDevice(bus, 0, &name, FILE_DEVICE_BUS_EXTENDER, FILE_AUTOGENERATED_DEVICE_NAME, FALSE, &pdo);
    emu_spare(k->machine, spared);
    if (!NT_SUCCESS(status))
        return NULL;
    k->io.pdos++;
    struct hal_pnp_device *hardware = emu_arena_alloc(k->machine, sizeof *hardware);
    *hardware = *device;
    io_device_of(pdo)->hardware = hardware;
    UNICODE_STRING kept = io_string_copy(k, name.Buffer, name.Length);
    io_device_of(pdo)->pdo_name = kept.Buffer;
    io_device_of(pdo)->pdo_name_bytes = kept.MaximumLength;
    io_device_of(pdo)->extension.DeviceNode = hardware;
    pdo->Flags |= DO_BUS_ENUMERATED_DEVICE;
    pdo->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return pdo;
}

/* ---- Resources --------------------------------------------------------------------------------------------
 */

static PCM_PARTIAL_RESOURCE_DESCRIPTOR next_descriptor(PCM_PARTIAL_RESOURCE_LIST list, UCHAR type,
                                                       UCHAR share, USHORT flags)
{
    PCM_PARTIAL_RESOURCE_DESCRIPTOR d = list->PartialDescriptors + list->Count++;

    d->Type = type;
    d->ShareDisposition = share;
    d->Flags = flags;
    return d;
}

/* Raw and translated lists are the same here, but for the interrupt's level. */
static PCM_RESOURCE_LIST resources(struct emu_machine *m, const struct hal_pnp_device *hardware,
                                   bool translated)
{
    size_t bytes = sizeof(CM_RESOURCE_LIST) + (RESOURCES_MAX - 1) * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR);
    PCM_RESOURCE_LIST all = hal_pool_take(0, PagedPool | POOL_ZERO_ALLOCATION, bytes, RESOURCES_TAG);

    if (all == NULL)
        return NULL;
    all->Count = 1;
    all->List[0].InterfaceType = hardware->bus;
    PCM_PARTIAL_RESOURCE_LIST list = &all->List[0].PartialResourceList;
    list->Version = RESOURCE_LIST_VERSION;
    list->Revision = RESOURCE_LIST_REVISION;
    if (hardware->window_bytes != 0) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR d = next_descriptor(
            list, CmResourceTypeMemory, CmResourceShareDeviceExclusive, CM_RESOURCE_MEMORY_READ_WRITE);
        d->u.Memory.Start.QuadPart = (LONGLONG)hardware->window;
        d->u.Memory.Length = (ULONG)hardware->window_bytes;
    }
    if (hardware->ports != 0) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR d =
            next_descriptor(list, CmResourceTypePort, CmResourceShareDeviceExclusive, CM_RESOURCE_PORT_IO);
        d->u.Port.Start.QuadPart = hardware->port;
        d->u.Port.Length = hardware->ports;
    }
    if (hardware->line != 0) {
        bool edge = emu_line_trigger(m, hardware->line) == EMU_TRIGGER_EDGE;
        PCM_PARTIAL_RESOURCE_DESCRIPTOR d =
            next_descriptor(list, CmResourceTypeInterrupt, CmResourceShareShared,
                            edge ? CM_RESOURCE_INTERRUPT_LATCHED : CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE);
        d->u.Interrupt.Level = translated ? emu_line_level(m, hardware->line) : (USHORT)hardware->line;
        d->u.Interrupt.Vector = hardware->line;
        d->u.Interrupt.Affinity = (KAFFINITY)emu_line_processors(m, hardware->line);
    }
    if (hardware->has_dma_line) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR d = next_descriptor(
            list, CmResourceTypeDma, CmResourceShareDeviceExclusive, CM_RESOURCE_DMA_V3 | CM_RESOURCE_DMA_32);
        d->u.DmaV3.Channel = hardware->dma_channel;
        d->u.DmaV3.RequestLine = hardware->dma_line;
        d->u.DmaV3.TransferWidth = DMA_WIDTH_32;
    }
    return all;
}

static void free_resources(PCM_RESOURCE_LIST list)
{
    if (list != NULL)
        ExFreePoolWithTag(list, RESOURCES_TAG);
}

/* ---- The PnP manager --------------------------------------------------------------------------------------
 */

static NTSTATUS send(PDEVICE_OBJECT pdo, IO_STACK_LOCATION *location, UCHAR minor)
{
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(pdo);

    location->MajorFunction = IRP_MJ_PNP;
    location->MinorFunction = minor;
    NTSTATUS status = io_send_and_wait(top, location, STATUS_NOT_SUPPORTED, NULL);
    ObDereferenceObject(top);
    return status;
}

static NTSTATUS send_simple(PDEVICE_OBJECT pdo, UCHAR minor)
{
    IO_STACK_LOCATION location = {.MajorFunction = IRP_MJ_PNP};

    return send(pdo, &location, minor);
}

static NTSTATUS send_start(PDEVICE_OBJECT pdo)
{
    struct emu_machine *m = emu_current();
    const struct hal_pnp_device *hardware = io_device_of(pdo)->hardware;
    PCM_RESOURCE_LIST raw = resources(m, hardware, false);
    PCM_RESOURCE_LIST translated = resources(m, hardware, true);
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;

    if (raw != NULL && translated != NULL) {
        IO_STACK_LOCATION location = {.MajorFunction = IRP_MJ_PNP};
        location.Parameters.StartDevice.AllocatedResources = raw;
        location.Parameters.StartDevice.AllocatedResourcesTranslated = translated;
        status = send(pdo, &location, IRP_MN_START_DEVICE);
    }
    free_resources(raw);
    free_resources(translated);
    return status;
}

NTSTATUS hal_pnp_add(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    struct emu_machine *m = emu_current();

    if (driver->DriverExtension->AddDevice == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    bool spared = emu_spare(m, false);
    NTSTATUS status = driver->DriverExtension->AddDevice(driver, pdo);
    emu_spare(m, spared);
    return status;
}

NTSTATUS hal_pnp_start(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo, PDEVICE_OBJECT *top)
{
    if (top != NULL)
        *top = NULL;
    NTSTATUS status = hal_pnp_add(driver, pdo);
    if (!NT_SUCCESS(status))
        return status;
    status = send_start(pdo);
    if (!NT_SUCCESS(status)) {
        send_simple(pdo, IRP_MN_REMOVE_DEVICE);
        return status;
    }
    if (top != NULL)
        *top = io_device_top(pdo);
    return status;
}

void hal_pnp_surprise(PDEVICE_OBJECT pdo)
{
    struct hal_kernel *k = hal_kernel();
    struct emu_machine *m = k->machine;
    const struct hal_pnp_device *hardware = io_device_of(pdo)->hardware;
    char name[IO_NAME_BYTES];

    if (hardware->window_bytes != 0)
        emu_bus_remove(m, false, hardware->window);
    if (hardware->ports != 0)
        emu_bus_remove(m, true, hardware->port);
    io_device_of(pdo)->gone = true;
    k->io.surprised = pdo;
    NTSTATUS status = send_simple(pdo, IRP_MN_SURPRISE_REMOVAL);
    k->io.surprised = NULL;
    if (!NT_SUCCESS(status))
        emu_finding_raise(m, "IO-SURPRISE-2", NULL, NULL,
                          "IRP_MN_SURPRISE_REMOVAL of %s ended with 0x%08x, which no driver may answer",
                          emu_object_text(m, emu_object_at(m, pdo, "device"), name, sizeof name),
                          (unsigned)status);
}

NTSTATUS hal_pnp_remove(PDEVICE_OBJECT pdo)
{
    if (io_device_of(pdo)->gone)
        return send_simple(pdo, IRP_MN_REMOVE_DEVICE);
    NTSTATUS status = send_simple(pdo, IRP_MN_QUERY_REMOVE_DEVICE);

    if (!NT_SUCCESS(status)) {
        send_simple(pdo, IRP_MN_CANCEL_REMOVE_DEVICE);
        return status;
    }
    return send_simple(pdo, IRP_MN_REMOVE_DEVICE);
}
