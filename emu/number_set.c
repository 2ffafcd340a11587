/*
 * A set of numbers: open addressing, doubled when it is half full.
 */
#include "emu/number_set.h"

#include <emu/machine.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_FIRST = 1024 };

static size_t place_of(const struct emu_number_set *s, uint64_t number)
{
    size_t at = (size_t)(number >> 1) & (s->capacity - 1);
    while (s->numbers[at] != 0 && s->numbers[at] != number)
        at = (at + 1) & (s->capacity - 1);
    return at;
}

static void grow(struct emu_number_set *s)
{
    struct emu_number_set old = *s;
    s->capacity = old.capacity == 0 ? CAPACITY_FIRST : 2 * old.capacity;
    s->numbers = calloc(s->capacity, sizeof *s->numbers);
    EMU_ASSERT(s->numbers != NULL);
    for (size_t i = 0; i < old.capacity; i++)
        if (old.numbers[i] != 0)
            s->numbers[place_of(s, old.numbers[i])] = old.numbers[i];
    free(old.numbers);
}

bool emu_number_set_add(struct emu_number_set *s, uint64_t number)
{
    number |= 1;
    if (2 * (s->count + 1) > s->capacity)
        grow(s);
    size_t at = place_of(s, number);
    if (s->numbers[at] != 0)
        return false;
    s->numbers[at] = number;
    s->count++;
    return true;
}

void emu_number_set_clear(struct emu_number_set *s)
{
    if (s->count > 0)
        memset(s->numbers, 0, s->capacity * sizeof *s->numbers);
    s->count = 0;
}

void emu_number_set_free(struct emu_number_set *s)
{
    free(s->numbers);
}
