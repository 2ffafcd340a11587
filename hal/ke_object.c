/*
 * Objects with references and handles: threads, named events, and the I/O manager's.
 *
 * What an object is can be read from its first bytes: I/O objects begin with an IO_TYPE number, things to
 * wait for with their kind. The I/O manager counts references to its own (see ke_io_reference_fn). Handles
 * are multiples of four, as on Windows, and index a table in the arena.
 */
#include "hal/ke_object.h"

#include <emu/choose.h>

#include "hal/ex_callback.h"
#include "hal/ke_check.h"
#include "hal/ke_dispatcher.h"
#include "hal/ke_thread.h"

enum { HANDLES_MAX = 1024, HANDLE_STEP = 4 };

struct ke_handle {
    PVOID object;       /* NULL: free */
    uint32_t next_free; /* 1 + index; 0: none */
};

/* Events that the kernel makes live in the arena. */
struct ke_event {
    KEVENT event; /* first: the caller's pointer */
    struct ke_event *next;
    uint32_t references; /* 0: free */
};

/* ---- Kinds ---- */

struct _OBJECT_TYPE {
    const char *name;
    UCHAR first_kind, last_kind; /* enum ke_object_kind */
    CSHORT io_type;              /* 0: not the I/O manager's */
};

enum { NO_KIND = 0xFF };

static const struct _OBJECT_TYPE event_type = {"Event", KE_OBJECT_EVENT_NOTIFICATION,
                                               KE_OBJECT_EVENT_SYNCHRONIZATION, 0};
static const struct _OBJECT_TYPE semaphore_type = {"Semaphore", KE_OBJECT_SEMAPHORE, KE_OBJECT_SEMAPHORE, 0};
static const struct _OBJECT_TYPE thread_type = {"Thread", KE_OBJECT_THREAD, KE_OBJECT_THREAD, 0};
static const struct _OBJECT_TYPE process_type = {"Process", NO_KIND, NO_KIND, 0};
static const struct _OBJECT_TYPE file_type = {"File", NO_KIND, NO_KIND, IO_TYPE_FILE};

static const struct _OBJECT_TYPE *const event_type_at = &event_type;
static const struct _OBJECT_TYPE *const semaphore_type_at = &semaphore_type;
static const struct _OBJECT_TYPE *const thread_type_at = &thread_type;
static const struct _OBJECT_TYPE *const process_type_at = &process_type;
static const struct _OBJECT_TYPE *const file_type_at = &file_type;

/* Windows declares these as variables; nobody writes them, so they lie where nobody can. */
#define READ_ONLY_VARIABLE __attribute__((section(".data.rel.ro")))
#define TYPE_VARIABLE(at)  (POBJECT_TYPE *)(ULONG_PTR) & (at)
READ_ONLY_VARIABLE POBJECT_TYPE *ExEventObjectType = TYPE_VARIABLE(event_type_at);
READ_ONLY_VARIABLE POBJECT_TYPE *ExSemaphoreObjectType = TYPE_VARIABLE(semaphore_type_at);
READ_ONLY_VARIABLE POBJECT_TYPE *PsThreadType = TYPE_VARIABLE(thread_type_at);
READ_ONLY_VARIABLE POBJECT_TYPE *PsProcessType = TYPE_VARIABLE(process_type_at);
READ_ONLY_VARIABLE POBJECT_TYPE *IoFileObjectType = TYPE_VARIABLE(file_type_at);

static bool is_io_object(const void *object)
{
    const CSHORT type = *(const CSHORT *)object;
    return type == IO_TYPE_DEVICE || type == IO_TYPE_DRIVER || type == IO_TYPE_FILE;
}

static UCHAR kind_of(const void *object)
{
    return ((const DISPATCHER_HEADER *)object)->Type;
}

static bool is_of_type(const void *object, const struct _OBJECT_TYPE *type)
{
    if (is_io_object(object)) {
        return type->io_type == *(const CSHORT *)object;
    }
    return kind_of(object) >= type->first_kind && kind_of(object) <= type->last_kind;
}

/* ---- References ---- */

static struct ke_event *find_event(const struct hal_kernel *k, const void *object)
{
    struct ke_event *e = k->ke.events;
    while (e != NULL && (const void *)e != object) {
        e = e->next;
    }
    return e;
}

static uint32_t *count_of(struct hal_kernel *k, PVOID object)
{
    if (kind_of(object) == KE_OBJECT_THREAD) {
        return &((struct _KTHREAD *)object)->references;
    }
    if (kind_of(object) == KE_OBJECT_CALLBACK) {
        return &((struct _CALLBACK_OBJECT *)object)->references;
    }
    struct ke_event *e = find_event(k, object);
    return e != NULL ? &e->references : NULL;
}

static void count(struct hal_kernel *k, PVOID object, int change)
{
    if (is_io_object(object)) {
        if (k->ke.io_reference != NULL) {
            k->ke.io_reference(k, object, change);
        }
        return;
    }
    uint32_t *references = count_of(k, object);
    if (references == NULL || *references == 0) {
        emu_finding_raise(k->machine, "KE-OBJ-3", "0xC4/3F", NULL, "%s of %s",
                          change > 0 ? "ObReferenceObject" : "ObDereferenceObject",
                          references == NULL ? "memory that is no object with references"
                                             : "an object that has no references left");
    }
    if (change > 0) {
        ++*references;
    } else if (kind_of(object) == KE_OBJECT_THREAD) {
        ke_thread_dereference(k, object);
    } else {
        --*references;
    }
}

void ke_object_reference(struct hal_kernel *k, PVOID object)
{
    count(k, object, 1);
}

void ke_object_dereference(struct hal_kernel *k, PVOID object)
{
    count(k, object, -1);
}

/* I/O objects are named by their own family. */
static emu_object name_of(struct hal_kernel *k, PVOID object)
{
    if (is_io_object(object)) {
        return emu_object_at(k->machine, object, "object");
    }
    if (kind_of(object) == KE_OBJECT_CALLBACK) {
        return ((const struct _CALLBACK_OBJECT *)object)->object;
    }
    return ke_dispatcher_object(k, object);
}

static LONG_PTR references_of(struct hal_kernel *k, PVOID object)
{
    if (is_io_object(object)) {
        return 1;
    }
    const uint32_t *references = count_of(k, object);
    return references != NULL ? (LONG_PTR)*references : 0;
}

LONG_PTR ObfReferenceObject(PVOID Object)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, "ObReferenceObject");
    struct hal_kernel *k = hal_kernel();
    emu_step(k->machine, HAL_OP_KE_REFERENCE, name_of(k, Object), 0);
    count(k, Object, 1);
    return references_of(k, Object);
}

LONG_PTR ObfDereferenceObject(PVOID Object)
{
    struct hal_kernel *k = hal_kernel();
    ke_level_at_most(k->machine, DISPATCH_LEVEL, "KE-OBJ-4", KE_CODE_WRONG_LEVEL, "ObDereferenceObject");
    emu_step(k->machine, HAL_OP_KE_DEREFERENCE, name_of(k, Object), 0);
    const LONG_PTR left = references_of(k, Object) - 1;
    count(k, Object, -1);
    return left;
}

VOID ObDereferenceObjectDeferDelete(PVOID Object)
{
    ObfDereferenceObject(Object);
}

LONG_PTR ObReferenceObjectWithTag(PVOID Object, ULONG Tag)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)Tag;
    return ObfReferenceObject(Object);
}

LONG_PTR ObDereferenceObjectWithTag(PVOID Object, ULONG Tag)
{
    (void)Tag;
    return ObfDereferenceObject(Object);
}

NTSTATUS ObReferenceObjectByPointer(PVOID Object, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                    KPROCESSOR_MODE AccessMode)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)DesiredAccess;
    (void)AccessMode;
    if (ObjectType != NULL && !is_of_type(Object, ObjectType)) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    ObfReferenceObject(Object);
    return STATUS_SUCCESS;
}

/* ---- Handles ---- */

HANDLE ke_handle_open(struct hal_kernel *k, PVOID object)
{
    struct ke_state *ke = &k->ke;
    if (ke->handles == NULL) {
        ke->handles = emu_arena_alloc(k->machine, HANDLES_MAX * sizeof(*ke->handles));
    }
    uint32_t index;
    if (ke->handles_free != 0) {
        index = ke->handles_free - 1;
        ke->handles_free = ke->handles[index].next_free;
    } else {
        index = ke->handles_used++;
        EMU_ASSERT(index < HANDLES_MAX);
    }
    ke->handles[index].object = object;
    return (HANDLE)((ULONG_PTR)(index + 1) * HANDLE_STEP);
}

static struct ke_handle *slot_of(const struct hal_kernel *k, HANDLE handle)
{
    const ULONG_PTR value = (ULONG_PTR)handle;
    const ULONG_PTR index = value / HANDLE_STEP - 1;
    if (value % HANDLE_STEP != 0 || value == 0 || index >= k->ke.handles_used ||
        k->ke.handles[index].object == NULL) {
        return NULL;
    }
    return &k->ke.handles[index];
}

PVOID ke_handle_object(const struct hal_kernel *k, HANDLE handle)
{
    const struct ke_handle *slot = slot_of(k, handle);
    return slot != NULL ? slot->object : NULL;
}

NTSTATUS ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                   KPROCESSOR_MODE AccessMode, PVOID *Object,
                                   POBJECT_HANDLE_INFORMATION HandleInformation)
{
    (void)DesiredAccess;
    (void)AccessMode;
    struct hal_kernel *k = hal_kernel();
    ke_level_at_most(k->machine, PASSIVE_LEVEL, "KE-OBJ-4", KE_CODE_IRQL_OB_PASSIVE,
                     "ObReferenceObjectByHandle");
    *Object = NULL;
    PVOID object = Handle == ZwCurrentThread() ? ke_thread_self(k) : ke_handle_object(k, Handle);
    if (object == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    if (ObjectType != NULL && !is_of_type(object, ObjectType)) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    ObfReferenceObject(object);
    if (HandleInformation != NULL) {
        *HandleInformation =
            (OBJECT_HANDLE_INFORMATION){.GrantedAccess = STANDARD_RIGHTS_ALL | SPECIFIC_RIGHTS_ALL};
    }
    *Object = object;
    return STATUS_SUCCESS;
}

NTSTATUS ObOpenObjectByPointer(PVOID Object, ULONG HandleAttributes, PACCESS_STATE PassedAccessState,
                               ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                               PHANDLE Handle)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)HandleAttributes;
    (void)PassedAccessState;
    const NTSTATUS status = ObReferenceObjectByPointer(Object, DesiredAccess, ObjectType, AccessMode);
    if (status == STATUS_SUCCESS) {
        *Handle = ke_handle_open(hal_kernel(), Object);
    }
    return status;
}

NTSTATUS ZwClose(HANDLE Handle)
{
    struct hal_kernel *k = hal_kernel();
    ke_level_at_most(k->machine, PASSIVE_LEVEL, "KE-OBJ-4", KE_CODE_IRQL_ZW_PASSIVE, "ZwClose");
    emu_step(k->machine, HAL_OP_KE_CLOSE, EMU_NO_OBJECT, (ULONG_PTR)Handle);
    struct ke_handle *slot = slot_of(k, Handle);
    if (slot == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    PVOID object = slot->object;
    slot->object = NULL;
    slot->next_free = k->ke.handles_free;
    k->ke.handles_free = (uint32_t)(slot - k->ke.handles) + 1;
    count(k, object, -1);
    return STATUS_SUCCESS;
}

/* ---- Events of the kernel's ---- */

static PKEVENT create_event(HANDLE *handle, EVENT_TYPE type, BOOLEAN state)
{
    struct hal_kernel *k = hal_kernel();
    if (emu_fault(k->machine, HAL_OP_KE_CREATE_EVENT)) {
        return NULL;
    }
    struct ke_event *e = k->ke.events;
    while (e != NULL && e->references != 0) {
        e = e->next;
    }
    if (e == NULL) {
        e = emu_arena_alloc(k->machine, sizeof(*e));
        e->next = k->ke.events;
        k->ke.events = e;
    }
    KeInitializeEvent(&e->event, type, state);
    e->references = 1;
    *handle = ke_handle_open(k, e);
    return &e->event;
}

/* Each call makes an event of its own: names are not shared. */
PKEVENT IoCreateNotificationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_PASSIVE4, __func__);
    (void)EventName;
    return create_event(EventHandle, NotificationEvent, TRUE);
}

PKEVENT IoCreateSynchronizationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_PASSIVE4, __func__);
    (void)EventName;
    return create_event(EventHandle, SynchronizationEvent, TRUE);
}

NTSTATUS ZwCreateEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                       EVENT_TYPE EventType, BOOLEAN InitialState)
{
    (void)DesiredAccess;
    (void)ObjectAttributes;
    ke_level_at_most(emu_current(), PASSIVE_LEVEL, "KE-OBJ-4", KE_CODE_WRONG_LEVEL, "ZwCreateEvent");
    return create_event(EventHandle, EventType, InitialState) != NULL ? STATUS_SUCCESS
                                                                      : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS ZwSetEvent(HANDLE EventHandle, PLONG PreviousState)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    PVOID event = ke_handle_object(hal_kernel(), EventHandle);
    if (event == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    if (!is_of_type(event, &event_type)) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    const LONG old = KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    if (PreviousState != NULL) {
        *PreviousState = old;
    }
    return STATUS_SUCCESS;
}

NTSTATUS ZwWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    PVOID object = ke_handle_object(hal_kernel(), Handle);
    if (object == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    if (is_io_object(object)) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    return KeWaitForSingleObject(object, UserRequest, KernelMode, Alertable, Timeout);
}
