/*
 * Processors' caches, on machines whose devices do not see them (struct emu_config's incoherent).
 *
 * There every page has two sides: what processors see, and what is in memory, which is what devices see. The
 * sides meet only in the operations below. Nothing is written back or fetched earlier, except where a real
 * machine could do it and it would matter, which is a choice (kind LATITUDE, 0: it does not happen):
 *
 *  - a device reads bytes that a processor changed and nobody cleaned: they were written back by chance;
 *  - a device writes over such bytes: the processor's line is written back later, over what the device wrote;
 *  - a line is invalidated of which only a part is the buffer, and a processor changed the rest meanwhile:
 *    that change is lost, or what the device wrote into the line is.
 *
 * A page that nobody cleaned yet holds old bytes on the devices' side. All processors see the same.
 * On other machines the operations do nothing. None of them steps; ranges may be of any length, and what is
 * no memory is left out.
 */
#ifndef EMU_CACHE_H
#define EMU_CACHE_H

#include <emu/mem.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { EMU_CACHE_LINE = 64 }; /* bytes */

/* What processors wrote is in memory: before a device reads or writes there. */
void emu_cache_clean(struct emu_machine *m, uint64_t physical, uint64_t bytes);
/* What is in memory is what processors see: after a device wrote there. */
void emu_cache_invalidate(struct emu_machine *m, uint64_t physical, uint64_t bytes);
/* Both, line by line: what a device wrote since is fetched, what a processor wrote is written back. */
void emu_cache_flush(struct emu_machine *m, uint64_t physical, uint64_t bytes);

/*
 * Pages that emu_ram_alloc() handed out are not cached from now on (or are again): processors and devices see
 * the same. Freeing them ends that.
 */
void emu_cache_share(struct emu_machine *m, void *base, uint32_t pages, bool shared);

#ifdef __cplusplus
}
#endif
#endif
