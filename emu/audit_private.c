/*
 * Parts of the machine that no driver can observe, each with the reason: what they hold decides nothing that
 * an event does, or is what partial-order reduction itself reasons about.
 */
#include "emu/audit.h"

#include <stddef.h>

struct part {
    uint32_t offset, bytes;
    const char *why;
};

#define PART(type, field, why)                                                  \
    {                                                                           \
        offsetof(struct type, field), sizeof(((struct type *)NULL)->field), why \
    }

static const struct part of_machine[] = {
    PART(emu_machine, steps, "counts"),
    PART(emu_machine, calls, "counts; where it ends a run, the run is a finding"),
    PART(emu_machine, hash, "names the run"),
    PART(emu_machine, in_callback, "guards against nesting"),
    PART(emu_machine, callback_frame, "what reports say of call stacks"),
    PART(emu_machine, self, "whose stack this is"),
    PART(emu_machine, footprints, "the book itself"),
    PART(emu_machine, dead, "a stack that is left"),
    PART(emu_machine, stop, "for the host"),
    PART(emu_machine, resume, "for the host"),
    PART(emu_machine, streak, "fairness; where it decides, nothing is claimed"),
    PART(emu_machine, turns, "fairness; where it decides, nothing is claimed"),
    PART(emu_machine, liveness, "fairness; where it decides, nothing is claimed"),
    PART(emu_machine, unfinished, "when a run is over: after its last event"),
    PART(emu_machine, held, "when a run is over: after its last event"),
    /* What could happen next is what the reduction itself reasons about, by actors and their causes. */
    PART(emu_machine, menu, "the menu"),
    PART(emu_machine, agenda, "the menu"),
    PART(emu_machine, busy, "the menu"),
    PART(emu_machine, ready_total, "the menu"),
    PART(emu_machine, ready_cpus, "the menu"),
    PART(emu_machine, soft_cpus, "the menu; the processors' own bits are looked at"),
    PART(emu_machine, pending_lines, "the menu; the lines' own states are looked at"),
    PART(emu_machine, pending_count, "the menu; the lines' own states are looked at"),
    PART(emu_machine, arriving, "the menu's order"),
    PART(emu_machine, order, "the menu's order among equal deadlines"),
};

static const struct part of_strand[] = {
    PART(emu_strand, fiber, "the switch of stacks"),
    PART(emu_strand, steps, "counts"),
    PART(emu_strand, order, "why it is resumed"),
    PART(emu_strand, order_id, "why it is resumed"),
    PART(emu_strand, deepest, "the cleaning of stacks"),
    PART(emu_strand, soiled, "the cleaning of stacks"),
    PART(emu_strand, pending, "the menu"),
    PART(emu_strand, next_ready, "the menu; which of a processor's strands can go on, not their line"),
    PART(emu_strand, state, "the menu"),
    PART(emu_strand, level, "its own, which orders nothing: the menu"),
    PART(emu_strand, cpu, "only the strand itself changes it"),
    PART(emu_strand, next_cpu, "only the strand itself changes it"),
    PART(emu_strand, since, "fairness; where it decides, nothing is claimed"),
    PART(emu_strand, actor, "the book itself"),
    PART(emu_strand, woken, "the book itself"),
    PART(emu_strand, disabled_at, "the book itself"),
    PART(emu_strand, resumes, "the book itself"),
    PART(emu_strand, watched, "who runs on it, for data races"),
};

static const struct part of_cpu[] = {
    PART(emu_cpu, top, "who runs: the menu"),
    PART(emu_cpu, level, "its processor's own, which orders nothing: the menu"),
    PART(emu_cpu, depth, "the same"),
    PART(emu_cpu, handler_frame, "what reports say of call stacks"),
    PART(emu_cpu, idle, "carries handlers of a processor without a strand"),
    PART(emu_cpu, ready_first, "the menu; which of a processor's strands can go on, not their line"),
    PART(emu_cpu, ready_last, "the menu; which of a processor's strands can go on, not their line"),
    PART(emu_cpu, since, "fairness; where it decides, nothing is claimed"),
    PART(emu_cpu, soft_since, "fairness; where it decides, nothing is claimed"),
    PART(emu_cpu, soft_woken, "the book itself"),
};

static const struct part of_line[] = {
    PART(emu_line_state, since, "fairness; where it decides, nothing is claimed"),
    PART(emu_line_state, woken, "the book itself"),
    PART(emu_line_state, delivered, "the book itself"),
};

/* Where such parts lie, each a table of equal records. */
struct table {
    uintptr_t first;
    size_t record, records;
    const struct part *parts;
    size_t count;
};
#define TABLE(first, records, parts)                                                           \
    {                                                                                          \
        (uintptr_t)(first), sizeof *(first), (records), parts, sizeof(parts) / sizeof *(parts) \
    }

bool emu_audit_is_private(const struct emu_machine *m, uintptr_t address)
{
    if (address - (uintptr_t)m->footprints < sizeof *m->footprints)
        return true;
    const struct table tables[] = {
        TABLE(m->cpus, EMU_PROCESSORS_MAX, of_cpu),
        TABLE(m->lines, EMU_LINES_MAX, of_line),
        TABLE(m, 1, of_machine),
        TABLE(m->strands, m->config.strands_max, of_strand),
    };
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
        size_t offset = address - tables[t].first;
        if (offset >= tables[t].record * tables[t].records)
            continue;
        offset %= tables[t].record;
        for (size_t i = 0; i < tables[t].count; i++)
            if (offset - tables[t].parts[i].offset < tables[t].parts[i].bytes)
                return true;
    }
    return false;
}
