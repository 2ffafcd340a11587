/*
 * Work items, for the rest of the kernel layer.
 */
#ifndef HAL_EX_WORKITEM_H
#define HAL_EX_WORKITEM_H

#include "hal/ke_state.h"

/* A queued work item whose routine is such code; EMU_NO_OBJECT: none. */
emu_object ex_work_item_with_code(struct hal_kernel *k, ke_code_fn *is, const void *context);

#endif
