/*
 * Handles and references, for the rest of the kernel layer.
 */
#ifndef HAL_KE_OBJECT_H
#define HAL_KE_OBJECT_H

#include <wdm.h>

struct hal_kernel;

/* A handle for the object; it takes over one reference of the caller's. */
HANDLE ke_handle_open(struct hal_kernel *k, PVOID object);
/* The object behind a handle, or NULL. */
PVOID ke_handle_object(const struct hal_kernel *k, HANDLE handle);

/* Counts a reference more or less, of whatever kind the object is. Not a yield point. */
void ke_object_reference(struct hal_kernel *k, PVOID object);
void ke_object_dereference(struct hal_kernel *k, PVOID object);

#endif
