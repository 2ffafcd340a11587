/*
 * Memory that is not the machine's own: what of it there is.
 *
 * A driver may describe its static data, which lies in a module of the host's. The host is asked about a page
 * once a run, as long as it is remembered.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* mincore */
#endif
#include <sys/mman.h>

#include "hal/kernel.h"

bool mm_host_has(struct hal_kernel *k, const void *page)
{
    const uintptr_t number = (uintptr_t)page >> EMU_PAGE_SHIFT;
    uintptr_t *known = &k->mm.host_pages[number % MM_HOST_PAGES];
    unsigned char resident;

    if (number == 0)
        return false;
    if (*known == number)
        return true;
    /* It fails for what is not mapped, and only then. */
    if (mincore((void *)(number << EMU_PAGE_SHIFT), EMU_PAGE_SIZE, &resident) != 0)
        return false;
    *known = number;
    return true;
}
