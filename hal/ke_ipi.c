/*
 * KeIpiGenericCall: a routine on every processor at once, at IPI_LEVEL.
 *
 * Each processor has an interrupt line of its own for this. All of them wait until every one is there, then
 * all call the routine, and the caller goes on when every call is done. One broadcast at a time.
 */
#include <emu/irq.h>

#include "hal/ke_check.h"

struct ke_ipi {
    emu_line lines[EMU_PROCESSORS_MAX];
    PKIPI_BROADCAST_WORKER function;
    ULONG_PTR context;
    emu_object object; /* who broadcasts */
    emu_object arrivals;
    emu_object ends;
    uint32_t processors;
    uint32_t arrived;
    uint32_t done;
    bool busy;
};

static bool is_free(const void *context)
{
    return !((const struct ke_ipi *)context)->busy;
}

static bool all_arrived(const void *context)
{
    const struct ke_ipi *ipi = context;
    return ipi->arrived == ipi->processors;
}

static bool all_done(const void *context)
{
    const struct ke_ipi *ipi = context;
    return ipi->done == ipi->processors;
}

/* One processor's part, at IPI_LEVEL. */
static ULONG_PTR take_part(struct hal_kernel *k)
{
    struct ke_ipi *ipi = k->ke.ipi;
    struct emu_machine *m = k->machine;
    struct ke_handler handler;
    ke_handler_begin(k, &handler, emu_level(m));
    emu_touch(m, ipi->arrivals, EMU_ACCESS_WRITE);
    ipi->arrived++;
    emu_step_when(m, HAL_OP_KE_IPI_WAIT, ipi->arrivals, emu_cpu(m), all_arrived, ipi);
    const ULONG_PTR result = ipi->function(ipi->context);
    if (emu_level(m) != IPI_LEVEL) {
        emu_finding_raise(m, "KE-IPI-3", NULL, NULL,
                          "the routine of KeIpiGenericCall returns at level %u, it was called at %u",
                          emu_level(m), IPI_LEVEL);
    }
    emu_order_release(m, ipi->ends);
    emu_touch(m, ipi->ends, EMU_ACCESS_WRITE);
    ipi->done++;
    ke_handler_end(k, &handler);
    return result;
}

static void interrupted(struct emu_machine *m, void *context)
{
    (void)m;
    take_part(context);
}

static struct ke_ipi *prepare(struct hal_kernel *k)
{
    struct ke_ipi *ipi = emu_arena_alloc(k->machine, sizeof(*ipi));
    ipi->object = emu_object_at(k->machine, ipi, "broadcast");
    ipi->arrivals = emu_object_at(k->machine, &ipi->arrived, "arrivals");
    ipi->ends = emu_object_at(k->machine, &ipi->done, "ends");
    emu_touch(k->machine, EMU_NO_OBJECT, EMU_ACCESS_WRITE); /* the first one makes the lines */
    ipi->processors = k->ke.processor_count;
    for (uint32_t i = 0; i < ipi->processors; i++) {
        const struct emu_line_config config = {.name = "interprocessor interrupt",
                                               .trigger = EMU_TRIGGER_EDGE,
                                               .level = IPI_LEVEL,
                                               .processors = 1ull << i};
        ipi->lines[i] = emu_line_add(k->machine, &config);
        EMU_ASSERT(ipi->lines[i] != 0);
        emu_line_connect(k->machine, ipi->lines[i], interrupted, k);
    }
    return ipi;
}

ULONG_PTR KeIpiGenericCall(PKIPI_BROADCAST_WORKER BroadcastFunction, ULONG_PTR Context)
{
    struct hal_kernel *k = hal_kernel();
    struct emu_machine *m = k->machine;
    ke_level_at_most(m, IPI_LEVEL - 1, "KE-IPI-2", KE_CODE_WRONG_LEVEL, "KeIpiGenericCall");
    EMU_UNSEEN(m, "who is the first to need it")
    {
        if (k->ke.ipi == NULL) {
            k->ke.ipi = prepare(k);
        }
    }
    struct ke_ipi *ipi = k->ke.ipi;
    emu_step_when(m, HAL_OP_KE_IPI, ipi->object, emu_cpu(m), is_free, ipi);
    const uint8_t before = emu_level_raise(m, IPI_LEVEL);
    emu_touch(m, ipi->ends, EMU_ACCESS_WRITE);
    ipi->busy = true;
    ipi->arrived = 0;
    ipi->done = 0;
    ipi->function = BroadcastFunction;
    ipi->context = Context;
    for (uint32_t i = 0; i < ipi->processors; i++) {
        if (i != emu_cpu(m)) {
            emu_line_raise(m, ipi->lines[i]);
        }
    }
    const ULONG_PTR result = take_part(k);
    emu_step_when(m, HAL_OP_KE_IPI_WAIT, ipi->ends, emu_cpu(m), all_done, ipi);
    emu_touch(m, ipi->object, EMU_ACCESS_WRITE);
    ipi->busy = false;
    emu_level_lower(m, before);
    return result;
}
