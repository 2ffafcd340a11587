/*
 * Which shard a run of a search belongs to: known from its first choices. Private to emu.
 *
 * The first choices of all runs are the top of a tree. It is cut where it has become wide enough to give
 * every shard some subtrees, and each subtree belongs to the shard that a hash of the way to it names. The
 * top itself is walked by every shard; it costs a run for each subtree of the others, which nobody counts.
 */
#ifndef EMU_SHARD_H
#define EMU_SHARD_H

#include <stdbool.h>
#include <stdint.h>

enum { EMU_SUBTREES_PER_SHARD = 8 };

struct emu_shard {
    uint32_t index, count; /* a count of 0 or 1: everything is its own */
};

/* The way from the top to where a run stands. Zeroed: at the top. */
struct emu_shard_way {
    uint64_t hash;
    uint64_t width; /* about how many runs go as far as this; 0 stands for 1 */
};

static inline bool emu_shard_divides(const struct emu_shard *s)
{
    return s->count > 1;
}

/* Has the way left the top? */
static inline bool emu_shard_is_below(const struct emu_shard *s, const struct emu_shard_way *w)
{
    return w->width >= (uint64_t)s->count * EMU_SUBTREES_PER_SHARD;
}

/* The way goes on with the alternative of this number, one of count. */
static inline void emu_shard_go(struct emu_shard_way *w, uint32_t alternative, uint32_t count)
{
    const uint64_t mix_a = 0x9E3779B97F4A7C15ull, mix_b = 0xD6E8FEB86659FD93ull;
    w->hash = (w->hash + alternative + 1) * mix_a;
    w->hash = (w->hash ^ w->hash >> 32) * mix_b;
    w->width = (w->width == 0 ? 1 : w->width) * count;
}

/* Is it this shard's? Asked below the top, or where a run ended in it. */
static inline bool emu_shard_owns(const struct emu_shard *s, const struct emu_shard_way *w)
{
    return !emu_shard_divides(s) || (w->hash >> 32) % s->count == s->index;
}

#endif
