/*
 * The object namespace, as far as devices need it: names of devices, symbolic links, opening by name.
 */
#include <wdm.h>

#include <emu/choose.h>

#include "hal/ke_check.h"
#include "hal/kernel.h"
#include "hal/ops.h"
#include "hal/pool.h"

enum { LINKS_FOLLOWED_MAX = 8 };

UNICODE_STRING io_string_copy(struct hal_kernel *k, const WCHAR *text, size_t bytes)
{
    UNICODE_STRING s = {(USHORT)bytes, (USHORT)(bytes + sizeof(WCHAR)), NULL};

    s.Buffer = emu_arena_alloc(k->machine, s.MaximumLength);
    if (bytes != 0)
        memcpy(s.Buffer, text, bytes);
    return s;
}

UNICODE_STRING io_string_from_ascii(struct hal_kernel *k, const char *prefix, const char *text)
{
    size_t head = strlen(prefix);
    size_t tail = strlen(text);
    UNICODE_STRING s = {(USHORT)((head + tail) * sizeof(WCHAR)), (USHORT)((head + tail + 1) * sizeof(WCHAR)),
                        NULL};

    s.Buffer = emu_arena_alloc(k->machine, s.MaximumLength);
    for (size_t i = 0; i < head + tail; i++)
        s.Buffer[i] = (WCHAR)(unsigned char)(i < head ? prefix[i] : text[i - head]);
    return s;
}

static uint32_t hash_of(PCUNICODE_STRING name)
{
    ULONG hash = 0;

    RtlHashUnicodeString(name, TRUE, HASH_STRING_ALGORITHM_DEFAULT, &hash);
    return hash;
}

static struct io_name *name_of(struct io_entry *entry)
{
    return entry != NULL ? CONTAINING_RECORD(entry, struct io_name, entry) : NULL;
}

static struct io_name *find_hashed(struct hal_kernel *k, PCUNICODE_STRING name, uint32_t hash)
{
    struct io_name *n = name_of(io_table_first(&k->io.names, hash));

    while (n != NULL && !RtlEqualUnicodeString(&n->name, name, TRUE))
        n = name_of(io_table_next(&n->entry));
    return n;
}

static struct io_name *find_entry(struct hal_kernel *k, PCUNICODE_STRING name)
{
    return find_hashed(k, name, hash_of(name));
}

bool io_name_exists(struct hal_kernel *k, PCUNICODE_STRING name)
{
    return find_entry(k, name) != NULL;
}

struct io_name *io_name_find(struct hal_kernel *k, PCUNICODE_STRING name)
{
    struct io_name *n = find_entry(k, name);

    for (int i = 0; n != NULL && n->device == NULL && i < LINKS_FOLLOWED_MAX; i++)
        n = find_entry(k, &n->target);
    return n != NULL && n->device != NULL ? n : NULL;
}

struct io_name *io_name_add(struct hal_kernel *k, PCUNICODE_STRING name, PDEVICE_OBJECT device,
                            PCUNICODE_STRING target)
{
    uint32_t hash = hash_of(name);

    if (find_hashed(k, name, hash) != NULL)
        return NULL;
    struct io_name *n = emu_arena_alloc(k->machine, sizeof *n);
    n->name = io_string_copy(k, name->Buffer, name->Length);
    n->device = device;
    if (target != NULL)
        n->target = io_string_copy(k, target->Buffer, target->Length);
    io_table_add(k->machine, &k->io.names, &n->entry, hash);
    return n;
}

void io_name_remove(struct hal_kernel *k, struct io_name *name)
{
    io_table_remove(&k->io.names, &name->entry);
}

NTSTATUS IoCreateSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_PASSIVE3, __func__);
    struct hal_kernel *k = hal_kernel();

    if (emu_fault(k->machine, HAL_OP_IO_SYMBOLIC_LINK))
        return STATUS_INSUFFICIENT_RESOURCES;
    return io_name_add(k, SymbolicLinkName, NULL, DeviceName) != NULL ? STATUS_SUCCESS
                                                                      : STATUS_OBJECT_NAME_COLLISION;
}

NTSTATUS IoCreateUnprotectedSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_PASSIVE4, __func__);
    return IoCreateSymbolicLink(SymbolicLinkName, DeviceName);
}

NTSTATUS IoDeleteSymbolicLink(PUNICODE_STRING SymbolicLinkName)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_PASSIVE4, __func__);
    struct hal_kernel *k = hal_kernel();
    struct io_name *n = find_entry(k, SymbolicLinkName);

    if (n == NULL || n->device != NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    io_name_remove(k, n);
    return STATUS_SUCCESS;
}

/* ---- Opening ----------------------------------------------------------------------------------------------
 */

/* The tag of file objects: "File", first character in the low byte. */
#define FILE_TAG 0x656C6946u

NTSTATUS IoGetDeviceObjectPointer(PUNICODE_STRING ObjectName, ACCESS_MASK DesiredAccess,
                                  PFILE_OBJECT *FileObject, PDEVICE_OBJECT *DeviceObject)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_PASSIVE5, __func__);
    const struct io_name *name = io_name_find(hal_kernel(), ObjectName);

    if (name == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if ((name->device->Flags & DO_DEVICE_INITIALIZING) != 0)
        return STATUS_NO_SUCH_DEVICE;
    PFILE_OBJECT file =
        hal_pool_take(HAL_OP_IO_OPEN_DEVICE, NonPagedPoolNx | POOL_ZERO_ALLOCATION, sizeof *file, FILE_TAG);
    if (file == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    file->Type = IO_TYPE_FILE;
    file->Size = (CSHORT)sizeof *file;
    file->DeviceObject = name->device;
    file->ReadAccess = (DesiredAccess & FILE_READ_DATA) != 0;
    file->WriteAccess = (DesiredAccess & FILE_WRITE_DATA) != 0;
    KeInitializeEvent(&file->Lock, SynchronizationEvent, FALSE);
    KeInitializeEvent(&file->Event, NotificationEvent, FALSE);
    name->device->ReferenceCount++;
    io_file_hold(hal_kernel(), file);

    PDEVICE_OBJECT top = IoGetRelatedDeviceObject(file);
    IO_STACK_LOCATION location = {.MajorFunction = IRP_MJ_CREATE, .FileObject = file};
    NTSTATUS status = io_send_and_wait(top, &location, STATUS_SUCCESS, NULL);
    if (!NT_SUCCESS(status)) {
        file->DeviceObject->ReferenceCount--;
        io_file_drop(hal_kernel(), file);
        ExFreePoolWithTag(file, FILE_TAG);
        return status;
    }
    location.MajorFunction = IRP_MJ_CLEANUP; /* the handle is closed at once, the file object stays */
    io_send_and_wait(top, &location, STATUS_SUCCESS, NULL);
    *FileObject = file;
    *DeviceObject = top;
    return STATUS_SUCCESS;
}

void io_file_close(struct hal_kernel *k, PFILE_OBJECT file)
{
    struct io_device *d = io_device_find(k, file->DeviceObject);
    IO_STACK_LOCATION location = {.MajorFunction = IRP_MJ_CLOSE, .FileObject = file};

    io_send_and_wait(IoGetRelatedDeviceObject(file), &location, STATUS_SUCCESS, NULL);
    file->DeviceObject->ReferenceCount--;
    io_file_drop(k, file);
    ExFreePoolWithTag(file, FILE_TAG);
    if (d != NULL)
        io_device_settle(k, d);
}
