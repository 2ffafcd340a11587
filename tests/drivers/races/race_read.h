/*
 * The part that the drivers of races 6 and 7 share: a read that can be cancelled while the card fills its
 * buffer. The cancel routine and the DPC are theirs.
 */
#pragma once
#include "race_driver.h"

/* race_read.c. One page at most. */
_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH RaceRead;

/* The driver's own. The request has the card: device->Irp is its IRP until one of the two takes it, with the
 * lock. */
DRIVER_CANCEL RaceReadCancel;
