/*
 * Deeds: see emu/deed.h. A log that begins again over its oldest entries; only findings search it.
 */
#include <emu/deed.h>
#include <emu/finding.h>

#include "emu/machine_state.h"

/* The frames that are noted, the layers' own among them. */
enum { FRAMES_FIRST = 7, FRAMES_LATER = 5 };

static const struct emu_deed *at(const struct emu_machine *m, uint64_t number)
{
    return &m->deeds[number % EMU_DEEDS_MAX];
}

static inline void note(struct emu_machine *m, const void *address, const char *deed, bool begins)
{
    struct emu_deed *d = &m->deeds[m->deed_count++ % EMU_DEEDS_MAX];
    d->address = address;
    d->deed = deed;
    d->begins = begins;
    emu_birth_take(m, &d->birth, begins ? FRAMES_FIRST : FRAMES_LATER);
}

void emu_deed_first(struct emu_machine *m, const void *address, const char *deed)
{
    note(m, address, deed, true);
}

void emu_deed_note(struct emu_machine *m, const void *address, const char *deed)
{
    note(m, address, deed, false);
}

static uint64_t oldest(const struct emu_machine *m)
{
    return m->deed_count > EMU_DEEDS_MAX ? m->deed_count - EMU_DEEDS_MAX : 0;
}

/* The number of the first deed of what lives there now; deed_count: there is none. */
static uint64_t first_of(const struct emu_machine *m, const void *address)
{
    for (uint64_t n = m->deed_count; n-- > oldest(m);)
        if (at(m, n)->address == address && at(m, n)->begins)
            return n;
    return m->deed_count;
}

const struct emu_birth *emu_deed_birth(const struct emu_machine *m, const void *address)
{
    uint64_t first = first_of(m, address);
    return first < m->deed_count ? &at(m, first)->birth : NULL;
}

void emu_deed_tell(struct emu_machine *m, const void *address)
{
    emu_object object = emu_object_find(m, address);
    uint64_t first = first_of(m, address);
    uint32_t left = 0;
    for (uint64_t n = first; n < m->deed_count; n++)
        left += at(m, n)->address == address;
    for (uint64_t n = first; n < m->deed_count; n++) {
        if (at(m, n)->address != address)
            continue;
        if (n == first || left < EMU_ORIGINS_MAX)
            emu_finding_came_from(m, object, at(m, n)->deed, &at(m, n)->birth);
        left--;
    }
}
