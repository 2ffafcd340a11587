/*
 * What is said of two events that touched the same bytes without declaring it: both places, both operations,
 * both declared footprints. On the host's stack.
 */
#include "emu/audit.h"

#include <stdio.h>

enum { NAME_BYTES = 48 };

static const char *place_text(const struct emu_machine *m, uint32_t place, char *out, size_t size)
{
    if (place >= EMU_PLACE_OBJECTS)
        return emu_object_text(m, place - EMU_PLACE_OBJECTS, out, size);
    if (place >= EMU_PLACE_RUN)
        snprintf(out, size, "what processor %u runs", place - EMU_PLACE_RUN);
    else if (place >= EMU_PLACE_SOFT)
        snprintf(out, size, "software interrupts of processor %u", place - EMU_PLACE_SOFT);
    else if (place >= EMU_PLACE_PAGES)
        snprintf(out, size, "pages %u of %u", place - EMU_PLACE_PAGES, EMU_PAGE_PLACES);
    else
        snprintf(out, size, "%s",
                 place == EMU_PLACE_CLOCK    ? "the clock"
                 : place == EMU_PLACE_MEMORY ? "memory (devices)"
                 : place == EMU_PLACE_TIMERS ? "the timers"
                                             : "everything");
    return out;
}

static const char *actor_text(const struct emu_footprint_actor *a)
{
    switch ((enum emu_actor_kind)a->kind) {
    case EMU_ACTOR_STRAND:
        return "a strand";
    case EMU_ACTOR_LINE:
        return "an interrupt";
    case EMU_ACTOR_SOFT:
        return "a software interrupt";
    case EMU_ACTOR_ENGINE:
        return "a device";
    case EMU_ACTOR_TIMER:
        return "a timer";
    }
    return "nobody";
}

static void tell_event(struct emu_machine *m, const struct emu_audit_access *access)
{
    const struct emu_footprints *f = m->footprints;
    const struct emu_footprint_event *e = &f->events[access->event];
    struct emu_audit_deed_of announced = {0};
    if (access->event < m->audit->announced_capacity)
        announced = m->audit->announced[access->event];
    struct emu_source place = {{0}, {0}, 0};
    char text[NAME_BYTES];
    emu_sources_tell(m, &access->pc, &place, 1);
    fprintf(stderr,
            "haldma:   event %u, %s (actor %u) on processor %u at level %u, %s of %s, %s at %s:%u in %s; "
            "declared:",
            access->event, e->actor == 0 ? "nobody" : actor_text(&f->actors[e->actor]), e->actor,
            e->cpu == EMU_NO_CPU ? 0u : e->cpu, e->level, emu_op_info(m, announced.op)->name,
            emu_object_text(m, announced.object, text, sizeof text),
            access->deed == EMU_AUDIT_WRITE ? "writes" : "reads", place.file, place.line, place.name);
    for (uint32_t i = e->accesses; i < e[1].accesses; i++)
        fprintf(stderr, "%s %s %s", i == e->accesses ? "" : ",",
                f->accesses[i].access == EMU_ACCESS_WRITE ? "write" : "read",
                place_text(m, f->accesses[i].place, text, sizeof text));
    fprintf(stderr, "%s\n", e->accesses == e[1].accesses ? " nothing" : "");
}

/* "machine+1234", "strand 3+56", "arena+789" */
static void tell_address(const struct emu_machine *m, uintptr_t address)
{
    uintptr_t strands = (uintptr_t)m->strands;
    if (address - (uintptr_t)m < sizeof *m)
        fprintf(stderr, "machine+%zu", (size_t)(address - (uintptr_t)m));
    else if (address - strands < m->config.strands_max * sizeof *m->strands)
        fprintf(stderr, "strand+%zu", (size_t)(address - strands) % sizeof *m->strands);
    else if (address - (uintptr_t)m->arena < m->arena_used)
        fprintf(stderr, "arena+%zu", (size_t)(address - (uintptr_t)m->arena));
    else if (address - (uintptr_t)m->ram.pages < (uintptr_t)m->ram.page_count << EMU_PAGE_SHIFT)
        fprintf(stderr, "memory+%zu", (size_t)(address - (uintptr_t)m->ram.pages));
    else if (address - (uintptr_t)m->ram.stacks < m->ram.stacks_bytes)
        fprintf(stderr, "a stack");
    else
        fprintf(stderr, "host memory");
}

void emu_audit_tell(struct emu_machine *m, const struct emu_audit_access *first,
                    const struct emu_audit_access *second)
{
    fprintf(stderr, "haldma: emulator error: two events touch the same bytes (");
    tell_address(m, (first->word << 3) + (unsigned)__builtin_ctz(first->bytes & second->bytes));
    fprintf(stderr, ") and what they declared does not order them:\n");
    tell_event(m, first);
    tell_event(m, second);
}
