/*
 * A set of 64-bit numbers that only grows: what was seen. Private to emu.
 *
 * The lowest bit of a number does not count. Hashes go in, so of 2^32 numbers two may be taken for one.
 */
#ifndef EMU_NUMBER_SET_H
#define EMU_NUMBER_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct emu_number_set {
    uint64_t *numbers; /* 0: free */
    size_t count, capacity;
};

/* False: it was there. */
bool emu_number_set_add(struct emu_number_set *s, uint64_t number);
void emu_number_set_clear(struct emu_number_set *s); /* keeps its room */
void emu_number_set_free(struct emu_number_set *s);

/* Spreads the bits of a number over all of it: splitmix64's mixture (Steele, Lea, Flood 2014). */
static inline uint64_t emu_mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

#endif
