/*
 * The memory on the copier's card: see copier_memory.h.
 */
#include "emu/device/copier_memory.h"

#include <emu/device/copier.h>

#include <string.h>

void emu_copier_card_init(struct copier_memory *memory, struct emu_machine *m, uint32_t bytes, uint32_t seed)
{
    EMU_ASSERT(bytes >= COPIER_BLOCK_BYTES && (bytes & (bytes - 1)) == 0);
    memory->machine = m;
    memory->bytes = bytes;
    memory->seed = seed;
    memory->blocks = emu_arena_alloc(m, bytes / COPIER_BLOCK_BYTES * sizeof *memory->blocks);
}

static uint32_t wrap(const struct copier_memory *memory, uint64_t offset)
{
    return (uint32_t)(offset & (memory->bytes - 1));
}

/* How many of bytes from offset on lie in one block. */
static uint32_t run_length(uint32_t offset, size_t bytes)
{
    uint32_t run = COPIER_BLOCK_BYTES - offset % COPIER_BLOCK_BYTES;
    return run < bytes ? run : (uint32_t)bytes;
}

static void pattern_fill(const struct copier_memory *memory, uint32_t offset, uint8_t *to, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++) {
        to[i] = emu_copier_pattern(memory->seed, offset + i);
    }
}

/* The block, where what is not about to be overwritten is as it was. */
static uint8_t *block_to_write(struct copier_memory *memory, uint32_t index, uint32_t bytes)
{
    if (!memory->blocks[index]) {
        memory->blocks[index] = emu_arena_alloc(memory->machine, COPIER_BLOCK_BYTES);
        if (bytes < COPIER_BLOCK_BYTES) {
            pattern_fill(memory, index * COPIER_BLOCK_BYTES, memory->blocks[index], COPIER_BLOCK_BYTES);
        }
    }
    return memory->blocks[index];
}

void emu_copier_card_read(const struct copier_memory *memory, uint64_t offset, void *to, size_t bytes)
{
    uint8_t *out = to;
    while (bytes) {
        uint32_t at = wrap(memory, offset);
        uint32_t run = run_length(at, bytes);
        const uint8_t *block = memory->blocks[at / COPIER_BLOCK_BYTES];
        if (block) {
            memcpy(out, block + at % COPIER_BLOCK_BYTES, run);
        } else {
            pattern_fill(memory, at, out, run);
        }
        out += run;
        bytes -= run;
        offset += run;
    }
}

void emu_copier_card_write(struct copier_memory *memory, uint64_t offset, const void *from, size_t bytes)
{
    const uint8_t *in = from;
    while (bytes) {
        uint32_t at = wrap(memory, offset);
        uint32_t run = run_length(at, bytes);
        memcpy(block_to_write(memory, at / COPIER_BLOCK_BYTES, run) + at % COPIER_BLOCK_BYTES, in, run);
        in += run;
        bytes -= run;
        offset += run;
    }
}
