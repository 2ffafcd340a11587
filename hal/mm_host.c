/*
 * Memory that is not the machine's own: what of it there is.
 *
 * A driver may describe its static data, which lies in a module of the host's. The host is asked about a page
 * once a run, as long as it is remembered. What of a module is read-only its program headers say.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dl_iterate_phdr, mincore */
#endif
#include <elf.h>
#include <link.h>
#include <sys/mman.h>

#include "hal/constants.h"
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

struct search {
    uintptr_t page;
    bool read_only;
};

/* Does the page lie in pages that begin with the one of first and end before the one of end, rounded up? */
static bool lies_in(uintptr_t page, uintptr_t first, uintptr_t end)
{
    const uintptr_t within = EMU_PAGE_SIZE - 1;
    return page >= (first & ~within) && page < ((end + within) & ~within);
}

/* The dynamic linker makes RELRO read-only but for a page that it shares with what lies behind. */
static int look_at_module(struct dl_phdr_info *info, size_t size, void *context)
{
    struct search *s = context;
    bool loaded = false, writable = false;

    (void)size;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *h = &info->dlpi_phdr[i];
        const uintptr_t first = info->dlpi_addr + h->p_vaddr, end = first + h->p_memsz;
        if (h->p_type != PT_LOAD || !lies_in(s->page, first, end))
            continue;
        loaded = true;
        writable = writable || (h->p_flags & PF_W) != 0;
    }
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *h = &info->dlpi_phdr[i];
        const uintptr_t first = info->dlpi_addr + h->p_vaddr;
        const uintptr_t end = (first + h->p_memsz) & ~(uintptr_t)(EMU_PAGE_SIZE - 1);
        if (h->p_type == PT_GNU_RELRO && lies_in(s->page, first, end))
            writable = false;
    }
    s->read_only = loaded && !writable;
    return loaded ? 1 : 0;
}

bool hal_is_constant(const void *address)
{
    struct search s = {.page = (uintptr_t)address & ~(uintptr_t)(EMU_PAGE_SIZE - 1)};

    if (emu_ram_owns(emu_current(), address))
        return false;
    dl_iterate_phdr(look_at_module, &s);
    return s.read_only;
}
