/*
 * What drivers ask the PnP manager about a device, and the interfaces that they register for it.
 */
#include <wdm.h>

#include <emu/choose.h>
#include <wdmguid.h>

#include "hal/ke_check.h"
#include "hal/kernel.h"
#include "hal/ops.h"
#include "hal/pnp.h"
#include "hal/pool.h"

/* The tag of what is handed to drivers, who free it: "PnpL". */
#define LINK_TAG 0x4C706E50u

static NTSTATUS give(const void *value, ULONG bytes, ULONG room, PVOID buffer, PULONG result)
{
    *result = bytes;
    if (room < bytes)
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(buffer, value, bytes);
    return STATUS_SUCCESS;
}

static NTSTATUS give_number(ULONG value, ULONG room, PVOID buffer, PULONG result)
{
    return give(&value, sizeof value, room, buffer, result);
}

static NTSTATUS give_bus_guid(const struct hal_pnp_device *hardware, ULONG room, PVOID buffer, PULONG result)
{
    PNP_BUS_INFORMATION bus;

    hal_pnp_bus(hardware, &bus);
    return give(&bus.BusTypeGuid, sizeof bus.BusTypeGuid, room, buffer, result);
}

/* As UTF-16 with a terminator; list adds a second one, which ends a list of strings. */
static NTSTATUS give_text(const char *prefix, const char *text, bool list, ULONG room, PVOID buffer,
                          PULONG result)
{
    UNICODE_STRING s = io_string_from_ascii(hal_kernel(), prefix, text);
    ULONG bytes = s.MaximumLength + (list ? (ULONG)sizeof(WCHAR) : 0);

    *result = bytes;
    if (room < bytes)
        return STATUS_BUFFER_TOO_SMALL;
    memset(buffer, 0, bytes);
    memcpy(buffer, s.Buffer, s.Length);
    return STATUS_SUCCESS;
}

NTSTATUS IoGetDeviceProperty(PDEVICE_OBJECT DeviceObject, DEVICE_REGISTRY_PROPERTY DeviceProperty,
                             ULONG BufferLength, PVOID PropertyBuffer, PULONG ResultLength)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    const struct io_device *d = io_device_of(DeviceObject);
    const struct hal_pnp_device *hardware = d->hardware;

    *ResultLength = 0;
    if (hardware == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    switch (DeviceProperty) {
    case DevicePropertyBusNumber:
    case DevicePropertyInstallState:
        return give_number(0, BufferLength, PropertyBuffer, ResultLength);
    case DevicePropertyLegacyBusType:
        return give_number((ULONG)hardware->bus, BufferLength, PropertyBuffer, ResultLength);
    case DevicePropertyBusTypeGuid:
        return give_bus_guid(hardware, BufferLength, PropertyBuffer, ResultLength);
    case DevicePropertyPhysicalDeviceObjectName:
        return give(d->pdo_name, d->pdo_name_bytes, BufferLength, PropertyBuffer, ResultLength);
    case DevicePropertyHardwareID:
        return give_text("HALDMA\\", hardware->name, true, BufferLength, PropertyBuffer, ResultLength);
    case DevicePropertyEnumeratorName:
        return give_text("HALDMA", "", false, BufferLength, PropertyBuffer, ResultLength);
    case DevicePropertyDeviceDescription:
    case DevicePropertyFriendlyName:
        return give_text("", hardware->name, false, BufferLength, PropertyBuffer, ResultLength);
    default:
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
}

NTSTATUS IoGetDeviceNumaNode(PDEVICE_OBJECT Pdo, PUSHORT NodeNumber)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    struct hal_kernel *k = hal_kernel();
    const struct io_device *d = io_device_find(k, Pdo);

    if (d == NULL || d->hardware == NULL)
        return STATUS_INVALID_PARAMETER;
    if (k->ke.node_count > 1 && d->hardware->node >= k->ke.node_count)
        return STATUS_NOT_FOUND;
    *NodeNumber = k->ke.node_count > 1 ? (USHORT)d->hardware->node : 0;
    return STATUS_SUCCESS;
}

/* ---- Registry keys: there are none ------------------------------------------------------------------------
 */

NTSTATUS IoOpenDeviceRegistryKey(PDEVICE_OBJECT DeviceObject, ULONG DevInstKeyType, ACCESS_MASK DesiredAccess,
                                 PHANDLE DeviceRegKey)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_RTL_ZW_PASSIVE, __func__);
    (void)DeviceObject;
    (void)DevInstKeyType;
    (void)DesiredAccess;
    *DeviceRegKey = NULL;
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS IoOpenDeviceInterfaceRegistryKey(PUNICODE_STRING SymbolicLinkName, ACCESS_MASK DesiredAccess,
                                          PHANDLE DeviceInterfaceRegKey)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_RTL_ZW_PASSIVE, __func__);
    (void)SymbolicLinkName;
    (void)DesiredAccess;
    *DeviceInterfaceRegKey = NULL;
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

/* ---- Device interfaces ------------------------------------------------------------------------------------
 */

NTSTATUS IoRegisterDeviceInterface(PDEVICE_OBJECT PhysicalDeviceObject, const GUID *InterfaceClassGuid,
                                   PUNICODE_STRING ReferenceString, PUNICODE_STRING SymbolicLinkName)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_PASSIVE3, __func__);
    struct hal_kernel *k = hal_kernel();
    const struct hal_pnp_device *hardware = io_device_of(PhysicalDeviceObject)->hardware;
    UNICODE_STRING guid;

    if (hardware == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (emu_fault(k->machine, HAL_OP_IO_INTERFACE))
        return STATUS_INSUFFICIENT_RESOURCES;
    bool spared = emu_spare(k->machine, true);
    NTSTATUS status = RtlStringFromGUID(InterfaceClassGuid, &guid);
    emu_spare(k->machine, spared);
    if (!NT_SUCCESS(status))
        return status;
    UNICODE_STRING head = io_string_from_ascii(k, "\\??\\HALDMA#", hardware->name);
    size_t tail = ReferenceString != NULL ? ReferenceString->Length + sizeof(WCHAR) : 0;
    UNICODE_STRING link = {0, (USHORT)(head.Length + guid.Length + tail + 2 * sizeof(WCHAR)), NULL};
    link.Buffer = hal_pool_take(0, PagedPool | POOL_ZERO_ALLOCATION, link.MaximumLength, LINK_TAG);
    if (link.Buffer == NULL) {
        RtlFreeUnicodeString(&guid);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlAppendUnicodeStringToString(&link, &head);
    RtlAppendUnicodeToString(&link, L"#");
    RtlAppendUnicodeStringToString(&link, &guid);
    RtlFreeUnicodeString(&guid);
    if (ReferenceString != NULL) {
        RtlAppendUnicodeToString(&link, L"\\");
        RtlAppendUnicodeStringToString(&link, ReferenceString);
    }
    struct io_interface *i = emu_arena_alloc(k->machine, sizeof *i);
    i->pdo = PhysicalDeviceObject;
    i->guid = *InterfaceClassGuid;
    i->link = io_string_copy(k, link.Buffer, link.Length);
    i->next = k->io.interfaces;
    k->io.interfaces = i;
    *SymbolicLinkName = link;
    return STATUS_SUCCESS;
}

static struct io_interface *find_interface(struct hal_kernel *k, PCUNICODE_STRING link)
{
    struct io_interface *i = k->io.interfaces;

    while (i != NULL && !RtlEqualUnicodeString(&i->link, link, TRUE))
        i = i->next;
    return i;
}

NTSTATUS IoSetDeviceInterfaceState(PUNICODE_STRING SymbolicLinkName, BOOLEAN Enable)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_PASSIVE1, __func__);
    struct hal_kernel *k = hal_kernel();
    struct io_interface *i = find_interface(k, SymbolicLinkName);

    if (i == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (i->enabled == (Enable != FALSE))
        return Enable ? STATUS_OBJECT_NAME_EXISTS : STATUS_OBJECT_NAME_NOT_FOUND;
    i->enabled = Enable != FALSE;
    if (!Enable)
        return IoDeleteSymbolicLink(&i->link);
    UNICODE_STRING target;
    RtlInitUnicodeString(&target, io_device_of(i->pdo)->pdo_name);
    return IoCreateSymbolicLink(&i->link, &target);
}

NTSTATUS IoGetDeviceInterfaces(const GUID *InterfaceClassGuid, PDEVICE_OBJECT PhysicalDeviceObject,
                               ULONG Flags, PZZWSTR *SymbolicLinkList)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    enum { INCLUDE_NONACTIVE = 1 };
    struct hal_kernel *k = hal_kernel();
    size_t bytes = sizeof(WCHAR);
    WCHAR *at = NULL;

    for (int filling = 0; filling < 2; filling++) {
        if (filling) {
            at = hal_pool_take(HAL_OP_IO_INTERFACES, PagedPool | POOL_ZERO_ALLOCATION, bytes, LINK_TAG);
            if (at == NULL)
                return STATUS_INSUFFICIENT_RESOURCES;
            *SymbolicLinkList = at;
        }
        for (const struct io_interface *i = k->io.interfaces; i != NULL; i = i->next) {
            if (!IsEqualGUID(&i->guid, InterfaceClassGuid) ||
                (!i->enabled && (Flags & INCLUDE_NONACTIVE) == 0) ||
                (PhysicalDeviceObject != NULL && i->pdo != PhysicalDeviceObject))
                continue;
            if (!filling) {
                bytes += i->link.MaximumLength;
                continue;
            }
            memcpy(at, i->link.Buffer, i->link.Length);
            at += i->link.MaximumLength / sizeof(WCHAR);
        }
    }
    return STATUS_SUCCESS;
}
