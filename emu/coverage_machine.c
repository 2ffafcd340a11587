/*
 * What a machine tells its coverage: the steps of the race and what they touch, choices, moments.
 *
 * The context of a step is the strand on whose stack it happens; a device's or timer's move is a context of
 * its own. Set-up and check are quiet and the same in every run; of them only choices count (page frames).
 */
#include "emu/coverage_state.h"

#include "emu/checkpoint.h"
#include "emu/footprint.h"

void emu_machine_set_coverage(struct emu_machine *m, struct emu_coverage *c)
{
    m->coverage = c;
    m->moments = c != NULL ? emu_coverage_moments(c) : NULL;
}

static uint32_t place_of(emu_object object)
{
    return EMU_PLACE_OBJECTS + object;
}

static uint32_t context(const struct emu_machine *m)
{
    return place_of(m->in_callback ? m->mover : m->self->object);
}

void emu_cover_performed(struct emu_machine *m, emu_op op, emu_object object)
{
    struct emu_coverage *c = m->coverage;
    if (m->quiet != 0) {
        emu_coverage_moment(c, op);
        if (m->checkpoints != NULL && m->moments[op] != 0)
            emu_checkpoint_moment(m, op);
        return;
    }
    bool moves = op == EMU_OP_ENGINE || op == EMU_OP_EVENT;
    m->mover = moves ? object : EMU_NO_OBJECT;
    uint32_t who = moves ? place_of(object) : context(m);
    if (op == EMU_OP_SOFT)
        emu_coverage_perform(c, who, op, EMU_PLACE_SOFT + m->self->cpu, EMU_ACCESS_WRITE);
    else if (moves)
        emu_coverage_perform(c, who, op, EMU_PLACE_CLOCK, EMU_ACCESS_WRITE);
    else
        emu_coverage_perform(c, who, op, object != EMU_NO_OBJECT ? place_of(object) : EMU_PLACE_EVERYTHING,
                             emu_op_info(m, op)->access);
}

void emu_cover_noted(struct emu_machine *m, emu_op op, uint64_t arg)
{
    bool chosen = op == EMU_OP_CHOICE;
    if (chosen)
        emu_coverage_step(m->coverage, context(m), arg);
    else
        emu_coverage_moment(m->coverage, op);
    if (m->quiet == 0 || m->checkpoints == NULL)
        return;
    if (chosen)
        emu_checkpoint_covered(m, context(m), arg);
    else
        emu_checkpoint_moment(m, op);
}

void emu_cover_touch(struct emu_machine *m, uint32_t place, enum emu_access access)
{
    if (m->quiet == 0)
        emu_coverage_access(m->coverage, context(m), place, access);
}

void emu_cover_made(struct emu_machine *m, emu_object object, const void *address)
{
    if (address != NULL)
        emu_coverage_appeared(m->coverage, place_of(object));
    else
        emu_coverage_made(m->coverage, context(m), place_of(object));
}
