/*
 * The verifier: Driver Verifier's DMA verification of every adapter (docs/verifier.md).
 *
 * It stands before the operations tables and the exported functions: drivers get its tables, of the same
 * type, and those call the subsystem's own. It keeps books of its own (verifier_shadow.h) and compares what a
 * driver says with them; the subsystem never asks whether somebody does. What it changes of an adapter are
 * plain properties of that: every page is double-buffered, and what is nobody's is padding.
 *
 * verifier.c             the entries, adapters from their birth to their release
 * verifier_level.c       a table that checks the IRQL alone, before whichever other
 * verifier_table.c       the table that checks everything else
 * verifier_shadow.c      the books
 * verifier_common.c      common buffers and the tags around them
 * verifier_channel.c     requests, channels, map registers
 * verifier_list.c        scatter/gather lists
 * verifier_map.c         what is mapped and flushed
 * verifier_buffer.c      the buffers that drivers name
 * verifier_guard.c       the padding of double buffers
 */
#ifndef DMA_VERIFIER_H
#define DMA_VERIFIER_H

#include <stdint.h>
#include <wdm.h>

struct dma_system;

/* Verifies from now on what the HALDMA_VERIFY_ bits say. */
void dma_verifier_boot(struct dma_system *s, uint32_t verify);

/* verifier_table.c: versions 1 to 3 */
extern const DMA_OPERATIONS dma_verifier_tables[3];
/* verifier_level.c: the same before the tables that verifier_level.c finds in the verifier */
extern const DMA_OPERATIONS dma_level_tables[3];

#endif
