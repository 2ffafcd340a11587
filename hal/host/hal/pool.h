/*
 * The pool as a host sees it: what is allocated, and whether anybody wrote where nobody may.
 */
#ifndef HAL_POOL_H
#define HAL_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One block of pool that is allocated. tag is as the driver gave it, first character in the low byte. */
struct hal_pool_live {
    const void *address;
    size_t bytes;
    uint64_t birth; /* step of the allocation */
    uint32_t tag;
    bool paged;
    bool drivers; /* a driver asked for it, or for what it is part of */
};
/* Calls fn for each live block, oldest slot first; tag 0: every tag. Returns how many there were. fn may be
 * NULL. */
uint32_t hal_pool_each(uint32_t tag, void (*fn)(void *context, const struct hal_pool_live *block),
                       void *context);
/*
 * What a routine of the kernel takes for itself or its caller, freed with ExFreePoolWithTag. type: the bits
 * of a POOL_TYPE. site: the operation that its failure is told of (emu_fault); 0 where the routine has asked
 * already.
 */
void *hal_pool_take(uint32_t site, uint32_t type, size_t bytes, uint32_t tag);
/* Bytes of the block of pool that begins at this address; SIZE_MAX where none does. */
size_t hal_pool_room(const void *address);
/* Looks at every block of the pool, live or free, for bytes written where nobody may: a finding, as a free
 * would be. */
void hal_pool_audit(void);

#endif
