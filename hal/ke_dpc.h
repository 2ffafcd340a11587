/*
 * Deferred procedure calls, for the rest of the kernel layer.
 */
#ifndef HAL_KE_DPC_H
#define HAL_KE_DPC_H

#include <emu/machine.h>

#include "hal/ke_state.h"

struct _KDPC;
struct hal_kernel;

/* The software interrupt of DISPATCH_LEVEL: runs what the processor's queue holds. */
void ke_dpc_drain(struct emu_machine *m, unsigned cpu);

/*
 * Queues it without a yield point before: for callers that have just made one, and for events of the clock.
 * cpu is where it goes unless it has a target. False when it is queued already.
 */
bool ke_dpc_queue(struct hal_kernel *k, struct _KDPC *dpc, void *argument1, void *argument2, unsigned cpu);

/* Stops the run when memory that is being freed holds a DPC that is queued. */
void ke_dpc_freed(struct hal_kernel *k, const void *block, size_t bytes);

/* A queued DPC that is such code; EMU_NO_OBJECT: none. */
emu_object ke_dpc_with_code(struct hal_kernel *k, ke_code_fn *is, const void *context);

#endif
