/*
 * Booting the DMA subsystem.
 */
#include "dma/system.h"

#include "dma/controller.h"
#include "dma/deferred.h"
#include "dma/domain.h"
#include "dma/iommu_calls.h"
#include "dma/operations.h"
#include "dma/request.h"
#include "dma/sglist.h"
#include "dma/vector.h"
#include "dma/verifier.h"

#define DMA_OP_INFO(id, name, access, arg) {name, access, arg},
static const struct emu_op_info op_infos[] = {DMA_OPS(DMA_OP_INFO)};
#undef DMA_OP_INFO
_Static_assert(sizeof op_infos / sizeof op_infos[0] == DMA_OP_COUNT, "one each");

void dma_boot(struct emu_machine *m, void *context)
{
    struct dma_system *s = emu_arena_alloc(m, sizeof *s);
    s->machine = m;
    s->config = context;
    s->entry = &dma_plain;
    emu_set_slot(m, EMU_SLOT_DMA, s);
    emu_describe_ops(m, EMU_OP_BASE_DMA, op_infos, DMA_OP_COUNT);
    dma_pool_init(&s->pool, m, s->config->map_registers);
    dma_slots_init(&s->requests, m, sizeof(struct dma_request));
    dma_sglists_init(&s->lists, m);
    dma_deferred_init(&s->deferred, m);
    dma_completions_init(&s->completions, m);
    s->dispatchers = emu_arena_alloc(m, emu_machine_config(m)->processors * sizeof *s->dispatchers);
    dma_domains_boot(s);
    dma_owned_boot(s);
    dma_iommu_boot(s);
    dma_builtin_boot(s);
    dma_vectors_boot(s);
    dma_drain_boot(s);
    if (haldma_verify(m) != 0)
        dma_verifier_boot(s, haldma_verify(m));
}
