/*
 * Records: what a run decided, in order.
 *
 * A machine writes one record over and over: it grows during the first runs and never shrinks, so that the
 * steady state of an exploration allocates nothing.
 */
#include <emu/choose.h>

#include <stdlib.h>
#include <string.h>

enum { RECORD_CAPACITY_FIRST = 256 };

void emu_record_init(struct emu_record *r)
{
    *r = (struct emu_record){0};
}

void emu_record_free(struct emu_record *r)
{
    free(r->choices);
    emu_record_init(r);
}

static void record_reserve(struct emu_record *r, size_t capacity)
{
    if (capacity <= r->capacity)
        return;
    struct emu_choice *choices = realloc(r->choices, capacity * sizeof *choices);
    EMU_ASSERT(choices != NULL);
    r->choices = choices;
    r->capacity = capacity;
}

void emu_record_copy(struct emu_record *to, const struct emu_record *from)
{
    EMU_ASSERT(to != from);
    record_reserve(to, from->length);
    if (from->length != 0)
        memcpy(to->choices, from->choices, from->length * sizeof *from->choices);
    to->length = from->length;
}

void emu_record_append(struct emu_record *r, struct emu_choice choice)
{
    EMU_ASSERT(choice.count == 0 ? choice.value == 0 : choice.value < choice.count);
    if (r->length == r->capacity)
        record_reserve(r, r->capacity == 0 ? RECORD_CAPACITY_FIRST : 2 * r->capacity);
    r->choices[r->length++] = choice;
}

unsigned emu_record_preemptions(const struct emu_record *r)
{
    unsigned preemptions = 0;
    for (size_t i = 0; i < r->length; i++) {
        const struct emu_choice *c = &r->choices[i];
        preemptions += c->kind == EMU_CHOICE_SCHEDULE && !c->free && c->value != 0;
    }
    return preemptions;
}

size_t emu_record_deviations(const struct emu_record *r)
{
    size_t deviations = 0;
    for (size_t i = 0; i < r->length; i++)
        deviations += r->choices[i].value != 0;
    return deviations;
}
