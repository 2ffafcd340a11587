/*
 * How a machine feeds its coverage. Private to emu.
 *
 * Contexts and what they touch are places (footprint.h): a strand is the place of its object.
 */
#ifndef EMU_COVERAGE_STATE_H
#define EMU_COVERAGE_STATE_H

#include <emu/coverage.h>

/* A step of a context, before what it touches. what: anything that tells steps apart. */
void emu_coverage_step(struct emu_coverage *c, uint32_t context, uint64_t what);
/* A step of a context that is an operation, what that touches, and the moment that it may be. */
void emu_coverage_perform(struct emu_coverage *c, uint32_t context, emu_op op, uint32_t place,
                          enum emu_access access);
/* What the context's present step touches besides. */
void emu_coverage_access(struct emu_coverage *c, uint32_t context, uint32_t place, enum emu_access access);
/* A context made an object in the race. */
void emu_coverage_made(struct emu_coverage *c, uint32_t context, uint32_t place);
/* An address was seen for the first time in the race. */
void emu_coverage_appeared(struct emu_coverage *c, uint32_t place);
/* For each operation whether it is a named moment: not 0. */
const uint8_t *emu_coverage_moments(const struct emu_coverage *c);
/* A named moment, where the operation is one. */
void emu_coverage_moment(struct emu_coverage *c, emu_op op);

/* ---- Of the machine: called only where m->coverage is not NULL ---- */

void emu_cover_performed(struct emu_machine *m, emu_op op, emu_object object);
void emu_cover_noted(struct emu_machine *m, emu_op op, uint64_t arg);
void emu_cover_touch(struct emu_machine *m, uint32_t place, enum emu_access access);
/* In the race. address: NULL where the object has none. */
void emu_cover_made(struct emu_machine *m, emu_object object, const void *address);

#endif
