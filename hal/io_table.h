/*
 * Tables: records of the I/O manager that are found by a key, as fast among ten thousand as among ten.
 *
 * A record holds an entry; a table links entries whose keys have the same hash. Keys are the owner's: it
 * compares them itself, from one entry of a hash to the next. Nothing walks a table in an order that a run
 * could see, so hashes of addresses are harmless.
 */
#ifndef HAL_IO_TABLE_H
#define HAL_IO_TABLE_H

#include <emu/machine.h>

/* A member of the record. */
struct io_entry {
    struct io_entry *next;
    uint32_t hash;
};

/* Empty when zeroed. */
struct io_table {
    struct io_entry **chains;
    uint32_t chain_count; /* 0 or a power of two */
    uint32_t entries;
};

/* The entry is in no table. Memory comes from the machine's arena. */
void io_table_add(struct emu_machine *m, struct io_table *t, struct io_entry *entry, uint32_t hash);
/* The entry is in this table. */
void io_table_remove(struct io_table *t, struct io_entry *entry);

/* The first entry with this hash, and the next one with the same; NULL: none. */
struct io_entry *io_table_first(const struct io_table *t, uint32_t hash);
struct io_entry *io_table_next(const struct io_entry *entry);

/* The hash of an address. */
uint32_t io_table_hash(const void *address);

#endif
