/*
 * Nodes: which processors and how much memory are near to each other.
 *
 * How many there are is the machine's configuration. Processors are shared out among them in order, as the
 * banks of memory are by whoever allocates it; with more nodes than processors some have memory alone.
 */
#include <wdm.h>

#include "hal/boot.h"
#include "hal/kernel.h"

void hal_set_nodes(struct emu_machine *m, uint32_t nodes)
{
    struct hal_kernel *k = emu_slot(m, EMU_SLOT_KERNEL);
    EMU_ASSERT(nodes >= 1 && nodes <= HAL_NODES_MAX);
    k->ke.node_count = nodes;
}

static uint32_t node_of(const struct ke_state *ke, unsigned cpu)
{
    return cpu * ke->node_count / ke->processor_count;
}

USHORT KeQueryHighestNodeNumber(VOID)
{
    return (USHORT)(hal_kernel()->ke.node_count - 1);
}

USHORT KeGetCurrentNodeNumber(VOID)
{
    const struct hal_kernel *k = hal_kernel();
    return (USHORT)node_of(&k->ke, emu_cpu(k->machine));
}

VOID KeQueryNodeActiveAffinity(USHORT NodeNumber, PGROUP_AFFINITY Affinity, PUSHORT Count)
{
    const struct ke_state *ke = &hal_kernel()->ke;
    KAFFINITY mask = 0;
    USHORT count = 0;
    for (unsigned cpu = 0; cpu < ke->processor_count; cpu++) {
        if (node_of(ke, cpu) == NodeNumber) {
            mask |= (KAFFINITY)1 << cpu;
            count++;
        }
    }
    if (Affinity != NULL) {
        *Affinity = (GROUP_AFFINITY){.Mask = mask};
    }
    if (Count != NULL) {
        *Count = count;
    }
}
