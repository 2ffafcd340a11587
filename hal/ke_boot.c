/*
 * Booting the Ke family: processors with empty queues. Everything else comes into being when it is first
 * needed.
 */
#include "hal/ke_dpc.h"
#include "hal/kernel.h"

void ke_boot(struct hal_kernel *k)
{
    struct ke_state *ke = &k->ke;
    ke->processor_count = emu_machine_config(k->machine)->processors;
    ke->node_count = 1;
    ke->processors = emu_arena_alloc(k->machine, ke->processor_count * sizeof(*ke->processors));
    emu_soft_connect(k->machine, EMU_LEVEL_DISPATCH, ke_dpc_drain);
}
