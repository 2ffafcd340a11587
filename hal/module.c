/*
 * Modules: shared objects of the process, as the dynamic linker tells of them. See module.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dl_iterate_phdr */
#endif
#include "hal/module.h"

#include <emu/mem.h>
#include <string.h>

enum { GOT_RESERVED_SLOTS = 3 /* of the procedure linkage table, before those of functions */ };

static int look_at_module(struct dl_phdr_info *info, size_t size, void *context)
{
    struct hal_module *s = context;
    uintptr_t low = UINTPTR_MAX, high = 0, code_low = UINTPTR_MAX, code_high = 0;

    (void)size;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *h = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + h->p_vaddr;
        if (h->p_type != PT_LOAD)
            continue;
        low = start < low ? start : low;
        high = start + h->p_memsz > high ? start + h->p_memsz : high;
        if ((h->p_flags & PF_X) == 0)
            continue;
        code_low = start < code_low ? start : code_low;
        code_high = start + h->p_memsz > code_high ? start + h->p_memsz : code_high;
    }
    if (s->address < low || s->address >= high)
        return 0;
    s->base = info->dlpi_addr;
    s->low = low;
    s->high = high;
    s->code_low = code_low;
    s->code_high = code_high;
    s->headers = info->dlpi_phdr;
    s->count = info->dlpi_phnum;
    s->found = true;
    s->is_main = info->dlpi_name == NULL || info->dlpi_name[0] == '\0';
    s->path = s->is_main ? "" : info->dlpi_name;
    const char *slash = s->is_main ? NULL : strrchr(info->dlpi_name, '/');
    s->name = s->is_main ? "program" : slash != NULL ? slash + 1 : info->dlpi_name;
    return 1;
}

bool hal_module_find(const void *address, struct hal_module *s)
{
    memset(s, 0, sizeof *s);
    s->address = (uintptr_t)address;
    dl_iterate_phdr(look_at_module, s);
    return s->found;
}

bool hal_module_is_own(const struct hal_module *s)
{
    struct hal_module own;

    return hal_module_find((const void *)(uintptr_t)&hal_module_find, &own) && own.low == s->low;
}

struct hole {
    uintptr_t start, end;
};

static struct hole relro_of(const struct hal_module *s)
{
    struct hole none = {0, 0};

    for (unsigned i = 0; i < s->count; i++) {
        const ElfW(Phdr) *h = &s->headers[i];
        if (h->p_type != PT_GNU_RELRO)
            continue;
        struct hole relro = {s->base + h->p_vaddr, s->base + h->p_vaddr + h->p_memsz};
        relro.start &= ~(uintptr_t)(EMU_PAGE_SIZE - 1);
        relro.end &=
            ~(uintptr_t)(EMU_PAGE_SIZE - 1); /* a page that is shared with writable data stays writable */
        return relro;
    }
    return none;
}

/* The slots that lazy binding fills. Dynamic entries hold addresses that the linker may have relocated, or
 * not. */
static struct hole linkage_of(const struct hal_module *s)
{
    struct hole none = {0, 0};
    uintptr_t table = 0;
    size_t slots = 0;

    for (unsigned i = 0; i < s->count; i++) {
        const ElfW(Phdr) *h = &s->headers[i];
        if (h->p_type != PT_DYNAMIC)
            continue;
        for (const ElfW(Dyn) *d = (const ElfW(Dyn) *)(s->base + h->p_vaddr); d->d_tag != DT_NULL; d++) {
            if (d->d_tag == DT_PLTGOT)
                table = d->d_un.d_ptr < s->base ? s->base + d->d_un.d_ptr : d->d_un.d_ptr;
            else if (d->d_tag == DT_PLTRELSZ)
                slots = d->d_un.d_val / sizeof(ElfW(Rela));
        }
    }
    if (table == 0)
        return none;
    struct hole linkage = {table, table + (GOT_RESERVED_SLOTS + slots) * sizeof(uintptr_t)};
    return linkage;
}

/* Adds [start, end) without the holes from number at on. */
static bool add_range(struct hal_module_ranges *r, uintptr_t start, uintptr_t end, const struct hole holes[2],
                      unsigned at)
{
    if (start >= end)
        return true;
    for (; at < 2; at++) {
        const struct hole *h = &holes[at];
        if (h->start >= h->end || h->end <= start || h->start >= end)
            continue;
        return add_range(r, start, h->start, holes, at + 1) && add_range(r, h->end, end, holes, at + 1);
    }
    if (r->count == HAL_MODULE_RANGES_MAX)
        return false;
    r->start[r->count] = (void *)start;
    r->bytes[r->count++] = end - start;
    return true;
}

bool hal_module_writable(const struct hal_module *s, struct hal_module_ranges *r)
{
    const struct hole holes[2] = {relro_of(s), linkage_of(s)};
    bool fits = true;

    r->count = 0;
    for (unsigned i = 0; fits && i < s->count; i++) {
        const ElfW(Phdr) *h = &s->headers[i];
        uintptr_t start = s->base + h->p_vaddr;
        if (h->p_type == PT_LOAD && (h->p_flags & PF_W) != 0)
            fits = add_range(r, start, start + h->p_memsz, holes, 0);
    }
    return fits;
}
