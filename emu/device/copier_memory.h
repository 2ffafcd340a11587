/*
 * The memory on the copier's card: private to the copier.
 *
 * Kept in blocks that come to be when they are first written. What was never written is the pattern, and
 * costs a reset nothing. Offsets beyond the end go on at the beginning.
 */
#ifndef EMU_DEVICE_COPIER_MEMORY_H
#define EMU_DEVICE_COPIER_MEMORY_H

#include <emu/machine.h>

enum { COPIER_BLOCK_BYTES = 256 };

struct copier_memory {
    struct emu_machine *machine;
    uint32_t bytes; /* a power of two, a block at least */
    uint32_t seed;
    uint8_t **blocks; /* NULL where never written */
};

void emu_copier_card_init(struct copier_memory *memory, struct emu_machine *m, uint32_t bytes, uint32_t seed);
void emu_copier_card_read(const struct copier_memory *memory, uint64_t offset, void *to, size_t bytes);
void emu_copier_card_write(struct copier_memory *memory, uint64_t offset, const void *from, size_t bytes);

#endif
