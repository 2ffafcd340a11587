/*
 * Booting the kernel layer: the state of all its families, and the names of their operations.
 */
#include "hal/boot.h"

#include "hal/code_place.h"
#include "hal/kernel.h"
#include "hal/ops.h"

#define HAL_OP_INFO(id, name, access, arg) {name, access, arg},
static const struct emu_op_info op_infos[] = {HAL_OPS_KE(HAL_OP_INFO) HAL_OPS_IO(HAL_OP_INFO)};
#undef HAL_OP_INFO

_Static_assert(sizeof(op_infos) / sizeof(op_infos[0]) == (int)HAL_OP_END - (int)EMU_OP_BASE_KERNEL,
               "one each");

void hal_describe_ops(struct emu_machine *m)
{
    emu_describe_ops(m, EMU_OP_BASE_KERNEL, op_infos, sizeof(op_infos) / sizeof(op_infos[0]));
}

void hal_boot(struct emu_machine *m, void *context)
{
    (void)context;
    struct hal_kernel *k = emu_arena_alloc(m, sizeof(*k));
    k->machine = m;
    emu_set_slot(m, EMU_SLOT_KERNEL, k);
    hal_describe_ops(m);
    emu_sources_set(m, hal_code_places);
    ke_boot(k);
    mm_boot(k);
    io_boot(k);
    io_waiting_boot(k);
    pool_boot(k);
    pool_watch_boot(k);
}

void hal_tell_given_back(struct emu_machine *m, const struct hal_given_back *told)
{
    struct hal_kernel *k = emu_slot(m, EMU_SLOT_KERNEL);
    k->mm.given_back = *told;
}

void hal_set_verify(struct emu_machine *m, uint32_t verify)
{
    struct hal_kernel *k = emu_slot(m, EMU_SLOT_KERNEL);
    k->verify = verify;
}
