/*
 * Processors and their task-priority level; software interrupts.
 *
 * A processor runs one strand, with interrupts nested on that strand's stack. Lines above the level are
 * delivered at a later yield point (a choice); software interrupts above the level are delivered at once when
 * the level drops. At EMU_LEVEL_DISPATCH and above the processor keeps its strand; other processors go on.
 */
#ifndef EMU_CPU_H
#define EMU_CPU_H

#include <emu/step.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    EMU_LEVEL_PASSIVE = 0,
    EMU_LEVEL_APC = 1,
    EMU_LEVEL_DISPATCH = 2,
    EMU_LEVEL_HIGH = 15,
    EMU_LEVELS = 16
};

/* The processor and level of the running context. */
unsigned emu_cpu(const struct emu_machine *m);
uint8_t emu_level(const struct emu_machine *m);

/* Raises (never lowers) the level; returns the old one. Not a yield point by itself. */
uint8_t emu_level_raise(struct emu_machine *m, uint8_t level);

/* Lowers (never raises) the level, delivering this processor's software interrupts above it first. */
void emu_level_lower(struct emu_machine *m, uint8_t level);

/* What runs at a software interrupt of this level (1 or 2), on the processor it was requested for, at that
 * level. */
typedef void emu_soft_fn(struct emu_machine *m, unsigned cpu);
void emu_soft_connect(struct emu_machine *m, uint8_t level, emu_soft_fn *handler);

/*
 * Requests a software interrupt. On this processor below that level it is delivered before the call returns,
 * unless lazy; lazy ones, and those for other processors, are delivered at a later yield point (a choice), at
 * the latest when that processor's level drops below theirs.
 */
void emu_soft_request(struct emu_machine *m, unsigned cpu, uint8_t level, bool lazy);

/* Is this processor inside an interrupt handler (of either sort)? */
bool emu_cpu_in_interrupt(const struct emu_machine *m);

#ifdef __cplusplus
}
#endif
#endif
