/*
 * Callback objects: named, with routines that are called in the order in which they were registered.
 *
 * Records lie in the arena and stay; one whose last reference is gone is found no more, unless it is
 * permanent. A registration that is given back waits for calls of its routine that are under way.
 */
#include "hal/ex_callback.h"

#include <emu/choose.h>
#include <emu/finding.h>

#include "hal/ke_check.h"
#include "hal/ke_dispatcher.h"
#include "hal/ops.h"

/* One routine of one object; what ExRegisterCallback returns. */
struct ex_registration {
    struct ex_registration *next; /* in order of registration; or the next spare one */
    struct _CALLBACK_OBJECT *object;
    PCALLBACK_FUNCTION function;
    PVOID context;
    uint32_t running; /* calls under way */
    bool leaving;
    KEVENT idle;
};

static const char *const system_names[] = {"\\Callback\\SetSystemTime", "\\Callback\\PowerState",
                                           "\\Callback\\ProcessorAdd"};
enum { SYSTEM_NAMES = sizeof(system_names) / sizeof(system_names[0]) };

static struct _CALLBACK_OBJECT *make(struct hal_kernel *k, UNICODE_STRING name, bool several, bool permanent)
{
    struct _CALLBACK_OBJECT *c = emu_arena_alloc(k->machine, sizeof *c);

    c->header.Type = KE_OBJECT_CALLBACK;
    c->name = name;
    c->several = several;
    c->permanent = permanent;
    c->object = emu_object_new(k->machine, "callback object");
    c->next = k->io.callbacks;
    k->io.callbacks = c;
    return c;
}

static void make_system_objects(struct hal_kernel *k)
{
    for (int i = 0; i < SYSTEM_NAMES; i++)
        make(k, io_string_from_ascii(k, "", system_names[i]), true, true)->systems = true;
}

static struct _CALLBACK_OBJECT *find(struct hal_kernel *k, PCUNICODE_STRING name, bool ignore_case)
{
    struct _CALLBACK_OBJECT *c = k->io.callbacks;

    while (c != NULL && ((c->references == 0 && !c->permanent) ||
                         !RtlEqualUnicodeString(&c->name, name, ignore_case || c->systems)))
        c = c->next;
    return c;
}

NTSTATUS ExCreateCallback(PCALLBACK_OBJECT *CallbackObject, POBJECT_ATTRIBUTES ObjectAttributes,
                          BOOLEAN Create, BOOLEAN AllowMultipleCallbacks)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_IRQL_EX_PASSIVE, __func__);
    struct hal_kernel *k = hal_kernel();
    const UNICODE_STRING *name = ObjectAttributes->ObjectName;

    ke_level_at_most(k->machine, APC_LEVEL, "EX-CALLBACK-2", KE_CODE_IRQL_EX_PASSIVE, "ExCreateCallback");
    *CallbackObject = NULL;
    emu_touch(k->machine, EMU_NO_OBJECT, EMU_ACCESS_WRITE); /* whether the name is there */
    if (name == NULL || name->Length == 0)
        return STATUS_UNSUCCESSFUL;
    if (k->io.callbacks == NULL)
        make_system_objects(k);
    struct _CALLBACK_OBJECT *c = find(k, name, (ObjectAttributes->Attributes & OBJ_CASE_INSENSITIVE) != 0);
    if (c == NULL && !Create)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (c == NULL && emu_fault(k->machine, HAL_OP_EX_CREATE_CALLBACK))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (c == NULL)
        c = make(k, io_string_copy(k, name->Buffer, name->Length), AllowMultipleCallbacks,
                 (ObjectAttributes->Attributes & OBJ_PERMANENT) != 0);
    c->references++;
    *CallbackObject = c;
    return STATUS_SUCCESS;
}

PVOID ExRegisterCallback(PCALLBACK_OBJECT CallbackObject, PCALLBACK_FUNCTION CallbackFunction,
                         PVOID CallbackContext)
{
    struct hal_kernel *k = hal_kernel();
    struct ex_registration **last = &CallbackObject->first;

    ke_level_at_most(k->machine, APC_LEVEL, "EX-CALLBACK-2", KE_CODE_IRQL_EX_APC_LTE2, "ExRegisterCallback");
    emu_step(k->machine, HAL_OP_IO_CALLBACK, CallbackObject->object, EX_CALLBACK_REGISTER);
    if (CallbackObject->first != NULL && !CallbackObject->several)
        return NULL;
    if (emu_fault(k->machine, HAL_OP_EX_REGISTER_CALLBACK))
        return NULL;
    struct ex_registration *r = k->io.registrations_free;
    if (r != NULL)
        k->io.registrations_free = r->next;
    else
        r = emu_arena_alloc(k->machine, sizeof *r);
    *r = (struct ex_registration){
        .object = CallbackObject, .function = CallbackFunction, .context = CallbackContext};
    while (*last != NULL)
        last = &(*last)->next;
    *last = r;
    CallbackObject->references++;
    return r;
}

VOID ExUnregisterCallback(PVOID CallbackRegistration)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_IRQL_EX_APC_LTE2, __func__);
    struct hal_kernel *k = hal_kernel();
    struct ex_registration *r = CallbackRegistration;
    struct _CALLBACK_OBJECT *c = r->object;

    ke_level_at_most(k->machine, APC_LEVEL, "EX-CALLBACK-2", KE_CODE_IRQL_EX_APC_LTE2,
                     "ExUnregisterCallback");
    if (c == NULL || r->leaving)
        emu_finding_raise(k->machine, "EX-CALLBACK-4", NULL, NULL,
                          "ExUnregisterCallback was called for a registration that was given back before");
    emu_step(k->machine, HAL_OP_IO_CALLBACK, c->object, EX_CALLBACK_UNREGISTER);
    r->leaving = true;
    if (r->running > 0) {
        KeInitializeEvent(&r->idle, NotificationEvent, FALSE);
        KeWaitForSingleObject(&r->idle, Executive, KernelMode, FALSE, NULL);
        emu_touch(k->machine, c->object, EMU_ACCESS_WRITE);
    }
    struct ex_registration **link = &c->first;
    while (*link != r)
        link = &(*link)->next;
    *link = r->next;
    r->object = NULL;
    r->next = k->io.registrations_free;
    k->io.registrations_free = r;
    c->references--;
}

/* The first registration from here on that stays; it does so until it is dropped. */
static struct ex_registration *hold(struct ex_registration *r)
{
    while (r != NULL && r->leaving)
        r = r->next;
    if (r != NULL)
        r->running++;
    return r;
}

static void drop(struct ex_registration *r)
{
    r->running--;
    if (r->leaving && r->running == 0)
        KeSetEvent(&r->idle, IO_NO_INCREMENT, FALSE);
}

VOID ExNotifyCallback(PVOID CallbackObject, PVOID Argument1, PVOID Argument2)
{
    struct hal_kernel *k = hal_kernel();
    struct _CALLBACK_OBJECT *c = CallbackObject;

    ke_level_at_most(k->machine, DISPATCH_LEVEL, "EX-CALLBACK-2", KE_CODE_WRONG_LEVEL, "ExNotifyCallback");
    if (c->systems)
        emu_finding_raise(k->machine, "EX-CALLBACK-3", NULL, NULL,
                          "ExNotifyCallback was called for a callback object of the system's");
    emu_step(k->machine, HAL_OP_IO_CALLBACK, c->object, EX_CALLBACK_NOTIFY);
    for (struct ex_registration *r = hold(c->first); r != NULL;) {
        r->function(r->context, Argument1, Argument2);
        emu_touch(k->machine, c->object, EMU_ACCESS_WRITE);
        struct ex_registration *next = hold(r->next);
        drop(r);
        r = next;
    }
}
