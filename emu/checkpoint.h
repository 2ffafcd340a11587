/*
 * Checkpoints: what a set-up left behind, so that the next runs of an exploration can begin at their race.
 * Private to emu.
 *
 * A set-up is quiet: nothing in it depends on anything but the choices that it asks for (page frames). So
 * what it leaves is copied once for each row of answers, and later runs that give the same answers get the
 * copy. It holds all that a run can change: the machine, its arena, pages in use, stacks, and, told by
 * whoever explores, the memory outside of the machine that the program writes (emu_program_memory_fn). Where
 * that cannot be told, or more is looked at than the machine (traces, accesses), each run begins with its
 * set-up.
 */
#ifndef EMU_CHECKPOINT_H
#define EMU_CHECKPOINT_H

#include <emu/explore.h>

#include "emu/machine_state.h"

/* For the explorations of one program; without memory, or where there can be none, each run begins with its
 * set-up. */
void emu_checkpoints_begin(struct emu_machine *m, const struct emu_program *program,
                           emu_program_memory_fn *memory);
void emu_checkpoints_end(struct emu_machine *m);

/*
 * Begins a run at its race, with the strategy's answers to what set-up would ask. False: it begins with a
 * reset and its set-up, and those answers that were given already are not asked for again.
 */
bool emu_checkpoint_resume(struct emu_machine *m);
/* After a reset, before set-up, and after a set-up that ended without a finding. */
void emu_checkpoint_watch(struct emu_machine *m);
void emu_checkpoint_take(struct emu_machine *m);

/* After a run: it began at a checkpoint, and is to be compared with the same run from its set-up. */
bool emu_checkpoint_is_due(const struct emu_machine *m);

/* Runs that began at their race. */
uint64_t emu_checkpoint_uses(const struct emu_machine *m);
/* Where set-up asked for something else than when its checkpoint was taken; NULL: it never did. */
const struct emu_divergence *emu_checkpoint_divergence(const struct emu_machine *m);

/* ---- Of the machine, in a set-up that is watched: only where m->checkpoints is not NULL ---- */

/* The answer was given before set-up asked for it. */
bool emu_checkpoint_answer(struct emu_machine *m, const struct emu_decision *d, uint32_t *value);
/* What coverage was told: a moment, or a step of a context. */
void emu_checkpoint_moment(struct emu_machine *m, emu_op op);
void emu_checkpoint_covered(struct emu_machine *m, uint32_t context, uint64_t what);
/* Something that is looked at outside was said. */
void emu_checkpoint_spoiled(struct emu_machine *m);

#endif
