/*
 * Tables: see io_table.h. There is at least a chain an entry; twice as many when they are used up.
 */
#include "hal/io_table.h"

enum { CHAINS_FIRST = 16, HASH_SHIFT = 32 };

/* The golden ratio of 64 bits: spreads whatever low bits a hash has. */
#define HASH_MIX 0x9E3779B97F4A7C15ull

static uint32_t mix(uint64_t value)
{
    return (uint32_t)(value * HASH_MIX >> HASH_SHIFT);
}

uint32_t io_table_hash(const void *address)
{
    return mix((uintptr_t)address);
}

static struct io_entry **chain_of(const struct io_table *t, uint32_t hash)
{
    return &t->chains[mix(hash) & (t->chain_count - 1)];
}

static void put(struct io_table *t, struct io_entry *entry)
{
    struct io_entry **chain = chain_of(t, entry->hash);

    entry->next = *chain;
    *chain = entry;
}

static void grow(struct emu_machine *m, struct io_table *t)
{
    struct io_table old = *t;

    t->chain_count = old.chain_count != 0 ? 2 * old.chain_count : CHAINS_FIRST;
    t->chains = emu_arena_alloc(m, t->chain_count * sizeof *t->chains);
    for (uint32_t i = 0; i < old.chain_count; i++)
        while (old.chains[i] != NULL) {
            struct io_entry *entry = old.chains[i];
            old.chains[i] = entry->next;
            put(t, entry);
        }
}

void io_table_add(struct emu_machine *m, struct io_table *t, struct io_entry *entry, uint32_t hash)
{
    if (t->entries == t->chain_count)
        grow(m, t);
    entry->hash = hash;
    put(t, entry);
    t->entries++;
}

void io_table_remove(struct io_table *t, struct io_entry *entry)
{
    EMU_ASSERT(t->entries > 0);
    struct io_entry **link = chain_of(t, entry->hash);

    while (*link != entry) {
        EMU_ASSERT(*link != NULL);
        link = &(*link)->next;
    }
    *link = entry->next;
    t->entries--;
}

static struct io_entry *with_hash(struct io_entry *entry, uint32_t hash)
{
    while (entry != NULL && entry->hash != hash)
        entry = entry->next;
    return entry;
}

struct io_entry *io_table_first(const struct io_table *t, uint32_t hash)
{
    return t->chain_count != 0 ? with_hash(*chain_of(t, hash), hash) : NULL;
}

struct io_entry *io_table_next(const struct io_entry *entry)
{
    return with_hash(entry->next, entry->hash);
}
