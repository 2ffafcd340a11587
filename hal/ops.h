/*
 * The operations of the kernel layer: every family's, numbered from the layer's base on.
 */
#ifndef HAL_OPS_H
#define HAL_OPS_H

#include <emu/step.h>

#include "hal/ops_io.h"
#include "hal/ops_ke.h"

#define HAL_OP_NUMBER(id, name, access, arg) id,
enum hal_op {
    HAL_OP_BEFORE_FIRST = EMU_OP_BASE_KERNEL - 1,
    /* Each one is the number before it plus one. */
    HAL_OPS_KE(HAL_OP_NUMBER) HAL_OPS_IO(HAL_OP_NUMBER) HAL_OP_END
};
#undef HAL_OP_NUMBER

_Static_assert((int)HAL_OP_END <= (int)EMU_OP_BASE_DMA, "the kernel layer has this many operation numbers");

/* Tells the machine what the operations are called and what they do. */
void hal_describe_ops(struct emu_machine *m);

#endif
