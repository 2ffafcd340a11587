/*
 * Registers of 32 bits, two of which make one of 64: what the register files of the devices in this folder
 * share.
 */
#ifndef EMU_DEVICE_PAIR_H
#define EMU_DEVICE_PAIR_H

#include <stdbool.h>
#include <stdint.h>

enum { BYTE_BITS = 8, WORD_BITS = 32, WORD_BYTES = 4, PAIR_BYTES = 8, ADDRESS_BITS_MAX = 64 };

static inline uint32_t low_half(uint64_t pair)
{
    return (uint32_t)pair;
}

static inline uint32_t high_half(uint64_t pair)
{
    return (uint32_t)(pair >> WORD_BITS);
}

static inline uint64_t pair_of(uint32_t low, uint32_t high)
{
    return (uint64_t)high << WORD_BITS | low;
}

static inline void set_low_half(uint64_t *pair, uint32_t value)
{
    *pair = pair_of(value, high_half(*pair));
}

static inline void set_high_half(uint64_t *pair, uint32_t value)
{
    *pair = pair_of(low_half(*pair), value);
}

/* What a bus without an answer reads as, width bytes of it. */
static inline uint64_t no_answer(unsigned width)
{
    return UINT64_MAX >> (PAIR_BYTES - width) * BYTE_BITS;
}

/* Do bytes (at least one) from address on lie within width address bits? */
static inline bool address_reaches(uint64_t address, uint64_t bytes, uint32_t width)
{
    uint64_t highest = UINT64_MAX >> (ADDRESS_BITS_MAX - width);
    return address <= highest && bytes - 1 <= highest - address;
}

#endif
