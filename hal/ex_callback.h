/*
 * Callback objects, for the object manager: their references are counted there.
 */
#ifndef HAL_EX_CALLBACK_H
#define HAL_EX_CALLBACK_H

#include <emu/step.h>
#include <wdm.h>

struct ex_registration;

/* What is done to a callback object, as the trace's argument shows it. */
enum ex_callback_action { EX_CALLBACK_REGISTER, EX_CALLBACK_UNREGISTER, EX_CALLBACK_NOTIFY };

struct _CALLBACK_OBJECT {
    DISPATCHER_HEADER header; /* its kind only: it cannot be waited for */
    struct _CALLBACK_OBJECT *next;
    struct ex_registration *first;
    UNICODE_STRING name;
    emu_object object;
    uint32_t references; /* by pointers and by registrations */
    bool several;        /* routines may be registered */
    bool permanent;      /* stays without references */
    bool systems;        /* only the system notifies it */
};

#endif
