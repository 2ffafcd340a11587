/*
 * Objects: ordinal ids for what lives at an address, in the order of first appearance.
 */
#include "emu/footprint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOTS_FIRST = 1024,
    OBJECTS_FIRST = 1024,
    FILL_NUMERATOR = 3,
    FILL_DENOMINATOR = 4,
    ADDRESS_SHIFT = 3
};
#define ADDRESS_MIX 0x9E3779B97F4A7C15ull
enum { HASH_SHIFT = 32 };

bool emu_objects_create(struct emu_machine *m)
{
    m->object_slots = calloc(SLOTS_FIRST, sizeof *m->object_slots);
    m->object_mask = SLOTS_FIRST - 1;
    m->objects = calloc(OBJECTS_FIRST, sizeof *m->objects);
    m->object_capacity = OBJECTS_FIRST;
    return m->object_slots != NULL && m->objects != NULL;
}

void emu_objects_destroy(struct emu_machine *m)
{
    free(m->object_slots);
    free(m->objects);
}

/* Slots of an older epoch are empty: a reset touches none of them. */
void emu_objects_reset(struct emu_machine *m)
{
    if (++m->epoch == 0) {
        memset(m->object_slots, 0, ((size_t)m->object_mask + 1) * sizeof *m->object_slots);
        emu_ram_forget_adopted(m);
        emu_cache_forget(m);
        m->epoch = 1;
    }
    m->object_filled = 0;
    m->object_count = 1; /* id 0 is none */
    m->objects[0] = (struct emu_object_info){"nothing", "nothing", EMU_NO_OBJECT, NULL};
}

static uint32_t place_of(const struct emu_machine *m, const void *address)
{
    return (uint32_t)(((uintptr_t)address >> ADDRESS_SHIFT) * ADDRESS_MIX >> HASH_SHIFT) & m->object_mask;
}

/* The slot that holds the address; where none does, the one to put it: the first dead or empty one of the
 * search. */
static struct emu_object_slot *find(const struct emu_machine *m, const void *address)
{
    struct emu_object_slot *dead = NULL;
    for (uint32_t i = place_of(m, address);; i = (i + 1) & m->object_mask) {
        struct emu_object_slot *s = &m->object_slots[i];
        if (s->epoch != m->epoch)
            return dead != NULL ? dead : s;
        if (s->address == address)
            return s;
        if (s->address == NULL && dead == NULL)
            dead = s;
    }
}

static inline bool holds(const struct emu_machine *m, const struct emu_object_slot *s, const void *address)
{
    return s->epoch == m->epoch && s->address == address;
}

static void grow_slots(struct emu_machine *m)
{
    struct emu_object_slot *old = m->object_slots;
    uint32_t old_mask = m->object_mask;
    uint32_t size = (old_mask + 1) * 2;
    m->object_slots = calloc(size, sizeof *m->object_slots);
    EMU_ASSERT(m->object_slots != NULL);
    m->object_mask = size - 1;
    m->object_filled = 0;
    for (uint32_t i = 0; i <= old_mask; i++) {
        if (old[i].epoch == m->epoch && old[i].address != NULL) {
            *find(m, old[i].address) = old[i];
            m->object_filled++;
        }
    }
    free(old);
}

static inline emu_object make(struct emu_machine *m, const char *class_name, const void *address)
{
    if (EMU_UNLIKELY(m->object_count == m->object_capacity)) {
        m->object_capacity *= 2;
        m->objects = realloc(m->objects, m->object_capacity * sizeof *m->objects);
        EMU_ASSERT(m->objects != NULL);
    }
    uint64_t key = m->object_count;
    if (EMU_UNLIKELY(m->footprints != NULL))
        key = emu_footprint_key(m, address);
    m->objects[m->object_count] = (struct emu_object_info){class_name, NULL, key, address};
    if (EMU_UNLIKELY(m->coverage != NULL && m->quiet == 0))
        emu_cover_made(m, m->object_count, address);
    return m->object_count++;
}

emu_object emu_object_new(struct emu_machine *m, const char *class_name)
{
    return make(m, class_name, NULL);
}

emu_object emu_object_at(struct emu_machine *m, const void *address, const char *class_name)
{
    struct emu_object_slot *s = find(m, address);
    if (EMU_LIKELY(holds(m, s, address)))
        return s->id;
    bool fresh = s->epoch != m->epoch;
    if (EMU_UNLIKELY(fresh && m->object_filled >= (m->object_mask + 1) / FILL_DENOMINATOR * FILL_NUMERATOR)) {
        grow_slots(m);
        s = find(m, address);
    }
    *s = (struct emu_object_slot){address, m->epoch, make(m, class_name, address)};
    m->object_filled += fresh;
    return s->id;
}

/* A dead slot keeps its epoch, so that searches pass over it, until another address takes it. */
static void leave(struct emu_machine *m, struct emu_object_slot *s)
{
    m->objects[s->id].address = NULL;
    s->address = NULL;
}

emu_object emu_object_fresh(struct emu_machine *m, const void *address, const char *class_name)
{
    struct emu_object_slot *s = find(m, address);
    if (holds(m, s, address)) {
        emu_touch_object(m, s->id, EMU_ACCESS_WRITE);
        leave(m, s);
    }
    emu_object object = emu_object_at(m, address, class_name);
    emu_touch_object(m, object, EMU_ACCESS_WRITE);
    return object;
}

emu_object emu_object_find(const struct emu_machine *m, const void *address)
{
    const struct emu_object_slot *s = address != NULL ? find(m, address) : NULL;
    return s != NULL && holds(m, s, address) ? s->id : EMU_NO_OBJECT;
}

void emu_object_forget(struct emu_machine *m, const void *address)
{
    struct emu_object_slot *s = find(m, address);
    if (holds(m, s, address))
        leave(m, s);
}

/* Of few bytes each place is looked at, of many bytes each object. */
static void touch_addresses(struct emu_machine *m, const char *at, size_t bytes, enum emu_access access)
{
    enum { ALIGNED = 1 << ADDRESS_SHIFT };
    for (const char *end = at + bytes; at < end; at += ALIGNED) {
        emu_object object = emu_object_find(m, at);
        if (object != EMU_NO_OBJECT)
            emu_touch_object(m, object, access);
    }
}

static void touch_objects(struct emu_machine *m, const void *address, size_t bytes, enum emu_access access)
{
    for (emu_object object = 1; object < m->object_count; object++)
        if ((uintptr_t)m->objects[object].address - (uintptr_t)address < bytes)
            emu_touch_object(m, object, access);
}

void emu_touch_within(struct emu_machine *m, const void *address, size_t bytes, enum emu_access access)
{
    if (m->footprints == NULL && m->coverage == NULL)
        return;
    if (bytes >> ADDRESS_SHIFT < m->object_count)
        touch_addresses(m, address, bytes, access);
    else
        touch_objects(m, address, bytes, access);
}

void emu_object_name(struct emu_machine *m, emu_object object, const char *name)
{
    EMU_ASSERT(object < m->object_count);
    m->objects[object].name = name;
}

/* Counting within a class is left to the moment when somebody reads it. */
const char *emu_object_text(const struct emu_machine *m, emu_object object, char *out, size_t size)
{
    EMU_ASSERT(object < m->object_count);
    const struct emu_object_info *o = &m->objects[object];
    if (o->name != NULL) {
        snprintf(out, size, "%s", o->name);
        return out;
    }
    unsigned ordinal = 0;
    for (emu_object i = 1; i <= object; i++)
        ordinal += strcmp(m->objects[i].class_name, o->class_name) == 0 && m->objects[i].name == NULL;
    snprintf(out, size, "%s#%u", o->class_name, ordinal);
    return out;
}
