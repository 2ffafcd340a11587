/*
 * What a data race's finding says: both accesses, with their places, contexts and locks.
 *
 * Raising it only keeps the two accesses; the text is made when the run is over, on the host's stack, because
 * reading debug information takes more stack than a strand has. Places are looked up once per instruction.
 */
#include "emu/access_state.h"
#include "emu/footprint.h"

#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 40, LOCKS_BYTES = 64, ACCESS_BYTES = 320, LOCKS_SHOWN = 3, SITE_BYTES = 112 };

/* ---- Locks ------------------------------------------------------------------------------------------------
 */

static uint32_t with_lock(struct emu_watch *w, uint32_t held, emu_object lock)
{
    uint32_t child = w->locks[held].child;
    if (child != 0 && w->locks[child].lock == lock && w->locks[child].parent == held)
        return child;
    if (w->lock_count == w->lock_capacity)
        w->locks = emu_watch_grow(w->locks, &w->lock_capacity, sizeof *w->locks);
    uint32_t node = w->lock_count++;
    w->locks[node] = (struct emu_lock_node){.parent = held, .lock = lock};
    w->locks[held].child = node;
    return node;
}

static uint32_t without_lock(struct emu_watch *w, uint32_t held, emu_object lock)
{
    if (held == 0 || w->locks[held].lock == lock)
        return w->locks[held].parent;
    emu_object top = w->locks[held].lock;
    return with_lock(w, without_lock(w, w->locks[held].parent, lock), top);
}

static bool has_locks(const struct emu_machine *m)
{
    return m->watch != NULL && !m->in_callback && m->self != &m->host;
}

void emu_lock_taken(struct emu_machine *m, emu_object lock)
{
    if (EMU_UNLIKELY(m->footprints != NULL))
        emu_footprint_takes(m, lock);
    if (EMU_LIKELY(!has_locks(m)))
        return;
    struct emu_context *c = emu_watch_context(m);
    c->locks = with_lock(m->watch, c->locks, lock);
}

void emu_lock_left(struct emu_machine *m, emu_object lock)
{
    if (EMU_LIKELY(!has_locks(m)))
        return;
    struct emu_context *c = emu_watch_context(m);
    c->locks = without_lock(m->watch, c->locks, lock);
}

void emu_access_runs(struct emu_machine *m, emu_object object)
{
    if (has_locks(m))
        emu_watch_context(m)->object = object;
}

/* ", holding lock#1 and lock#4" */
static void locks_text(const struct emu_machine *m, uint32_t held, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, held == 0 ? ", holding no lock" : ", holding ");
    for (unsigned shown = 0; held != 0 && used < size; held = m->watch->locks[held].parent) {
        char name[NAME_BYTES];
        emu_object_text(m, m->watch->locks[held].lock, name, sizeof name);
        int n = snprintf(out + used, size - used, "%s%s", shown > 0 ? " and " : "", name);
        if (n < 0 || ++shown == LOCKS_SHOWN)
            break;
        used += (size_t)n;
    }
}

/* ---- Places -----------------------------------------------------------------------------------------------
 */

static struct emu_source place_of(struct emu_machine *m, uintptr_t pc)
{
    struct emu_watch *w = m->watch;
    struct emu_source place;
    for (uint32_t i = 0; i < w->place_count; i++)
        if (w->places[i].pc == pc)
            return w->places[i].place;
    emu_sources_tell(m, &pc, &place, 1);
    if (w->place_count < EMU_PLACES_MAX)
        w->places[w->place_count++] = (struct emu_known_place){pc, place};
    return place;
}

/* "at counter.c:31 in Count" */
static void place_text(const struct emu_source *p, char *out, size_t size)
{
    if (p->line != 0)
        snprintf(out, size, "at %s:%u in %s", emu_source_base(p), p->line,
                 p->name[0] != '\0' ? p->name : "a function");
    else
        snprintf(out, size, "in %s", p->name[0] != '\0' ? p->name : "code without debug information");
}

/* ---- The finding ------------------------------------------------------------------------------------------
 */

static const char *deed(unsigned memory, bool now)
{
    bool atomic = memory & EMU_MEMORY_ATOMIC, is_volatile = memory & EMU_MEMORY_VOLATILE;
    if (memory & EMU_MEMORY_WRITE)
        return now           ? atomic        ? "writes (atomic)"
                               : is_volatile ? "writes (volatile)"
                                             : "writes"
               : atomic      ? "wrote (atomic)"
               : is_volatile ? "wrote (volatile)"
                             : "wrote";
    return now           ? atomic        ? "reads (atomic)"
                           : is_volatile ? "reads (volatile)"
                                         : "reads"
           : atomic      ? "read (atomic)"
           : is_volatile ? "read (volatile)"
                         : "read";
}

/* "writer on processor 0 at IRQL 2 wrote at counter.c:31 in Count at step 17, holding lock#1" */
static void access_text(struct emu_machine *m, const struct emu_access_record *r, bool now, char *out,
                        size_t size)
{
    char who[NAME_BYTES], where[SITE_BYTES], locks[LOCKS_BYTES];
    struct emu_source place = place_of(m, r->pc);
    snprintf(who, sizeof who, "a handler");
    if (r->object != EMU_NO_OBJECT)
        emu_object_text(m, r->object, who, sizeof who);
    place_text(&place, where, sizeof where);
    locks_text(m, r->locks, locks, sizeof locks);
    snprintf(out, size, "%s%s on processor %u at IRQL %u %s %s at step %llu%s",
             r->handler && r->level > EMU_LEVEL_DISPATCH ? "interrupt of " : "", who, (unsigned)r->cpu,
             (unsigned)r->level, deed(r->memory, now), where, (unsigned long long)r->step, locks);
}

/* The same for both orders of the two, so that a race is one finding: "counter.c:31/40", or the lines alone.
 */
static void code_text(struct emu_machine *m, char *out, size_t size)
{
    struct emu_source a = place_of(m, m->watch->earlier.pc), b = place_of(m, m->watch->later.pc);
    int files = strcmp(emu_source_base(&a), emu_source_base(&b));
    if (files > 0 || (files == 0 && a.line > b.line)) {
        struct emu_source other = a;
        a = b;
        b = other;
    }
    int n = files == 0 ? snprintf(out, size, "%s:%u/%u", emu_source_base(&a), a.line, b.line)
                       : snprintf(out, size, "%s:%u/%s:%u", emu_source_base(&a), a.line, emu_source_base(&b),
                                  b.line);
    if (n >= (int)size)
        snprintf(out, size, "%u/%u", a.line, b.line);
    if (a.line == 0 && b.line == 0)
        out[0] = '\0';
}

static void datum_text(struct emu_machine *m, char *out, size_t size)
{
    struct emu_source place;
    emu_sources_tell(m, &m->watch->race_address, &place, 1);
    snprintf(out, size, "%s", place.name[0] != '\0' ? place.name : "memory");
}

void emu_watch_report(struct emu_machine *m)
{
    struct emu_watch *w = m->watch;
    struct emu_finding *f = &m->finding;
    char later[ACCESS_BYTES], earlier[ACCESS_BYTES], datum[EMU_SOURCE_NAME];
    if (!w->raced)
        return;
    w->raced = false;
    datum_text(m, datum, sizeof datum);
    access_text(m, &w->later, true, later, sizeof later);
    access_text(m, &w->earlier, false, earlier, sizeof earlier);
    int n = snprintf(f->message, sizeof f->message, "data race on %s (%u byte%s): %s; ", datum, w->race_bytes,
                     w->race_bytes == 1 ? "" : "s", later);
    if (n > 0 && (size_t)n < sizeof f->message)
        snprintf(f->message + n, sizeof f->message - (size_t)n, "%s; nothing orders the two", earlier);
    code_text(m, f->code, sizeof f->code);
}
