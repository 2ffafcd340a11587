/*
 * The driver of races 1 and 2: between its two layers.
 */
#pragma once
#include "race_driver.h"

typedef struct _GRANT_EXTENSION {
    RACE_DEVICE Device;
    PIRP Waiting; /* for map registers, as far as cancelling is concerned; with the lock */
} GRANT_EXTENSION, *PGRANT_EXTENSION;

/* race_01_grant.c */
DRIVER_CONTROL GrantAdapterControl;

/* race_02_execute.c: asks for map registers. At DISPATCH_LEVEL. */
NTSTATUS GrantExecute(PGRANT_EXTENSION Extension, PIRP Irp);
