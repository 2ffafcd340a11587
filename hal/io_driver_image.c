/*
 * Drivers' writable data, put back before each run.
 *
 * A driver is a module of its own. At its first load a copy is taken of its writable segments; at later loads
 * the copy is written back, so that static variables begin each run as the linker left them. Not copied: what
 * the dynamic linker has made read-only (RELRO), and the slots of the procedure linkage table, which it fills
 * as it goes.
 *
 * The same look at a module makes its code known to the machine, for call stacks (emu/callers.h).
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dl_iterate_phdr */
#endif
#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <emu/callers.h>

#include "hal/io_driver.h"
#include "hal/kernel.h"

enum {
    IMAGE_RANGES_MAX = 8,
    GOT_RESERVED_SLOTS = 3 /* of the procedure linkage table, before those of functions */
};

struct image_range {
    uint8_t *start;
    size_t bytes;
    uint8_t *copy;
};

/* One module. */
struct image {
    struct image *next;
    uintptr_t low, high; /* where it is mapped */
    unsigned count;
    bool skipped; /* the emulator's own, or the main program */
    struct image_range ranges[IMAGE_RANGES_MAX];
};

struct hal_images {
    struct image *first;
};

#if defined(__SANITIZE_ADDRESS__)
#define IMAGE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IMAGE_SANITIZED 1
#endif
#endif
#ifndef IMAGE_SANITIZED
#define IMAGE_SANITIZED 0
#endif

/* A whole segment, with the guard bytes that AddressSanitizer keeps between its variables: memcpy would be
 * reported. */
#if IMAGE_SANITIZED
__attribute__((no_sanitize("address"))) static void copy_segment(uint8_t *to, const uint8_t *from,
                                                                 size_t bytes)
{
    volatile uint8_t *out = to;

    for (size_t i = 0; i < bytes; i++)
        out[i] = from[i];
}
#else
static void copy_segment(uint8_t *to, const uint8_t *from, size_t bytes)
{
    memcpy(to, from, bytes);
}
#endif

struct hal_images *hal_images_create(void)
{
    return calloc(1, sizeof(struct hal_images));
}

static void free_image(struct image *image)
{
    for (unsigned i = 0; i < image->count; i++)
        free(image->ranges[i].copy);
    free(image);
}

/* ---- Which module, and what of it is writable -------------------------------------------------------------
 */

struct search {
    uintptr_t address; /* in: code of the module */
    uintptr_t base;    /* out */
    uintptr_t low, high;
    uintptr_t code_low, code_high; /* of what is executable */
    const ElfW(Phdr) * headers;
    unsigned count;
    const char *name; /* the last part of its path; the main program's: "program" */
    bool found;
    bool is_main;
};

static int look_at_module(struct dl_phdr_info *info, size_t size, void *context)
{
    struct search *s = context;
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
    const char *slash = s->is_main ? NULL : strrchr(info->dlpi_name, '/');
    s->name = s->is_main ? "program" : slash != NULL ? slash + 1 : info->dlpi_name;
    return 1;
}

static bool find_module(const void *address, struct search *s)
{
    memset(s, 0, sizeof *s);
    s->address = (uintptr_t)address;
    dl_iterate_phdr(look_at_module, s);
    return s->found;
}

/* Is it the module that holds the emulator? */
static bool is_own(const struct search *s)
{
    struct search own;

    return find_module((const void *)(uintptr_t)&hal_images_restore, &own) && own.low == s->low;
}

void hal_code_note(struct emu_machine *m, const void *code)
{
    struct search s;

    if (!emu_code_known(m, (uintptr_t)code) && find_module(code, &s) && !is_own(&s))
        emu_code_add(m, s.name, s.code_low, s.code_high);
}

struct hole {
    uintptr_t start, end;
};

static struct hole relro_of(const struct search *s)
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
static struct hole linkage_of(const struct search *s)
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
static bool add_range(struct image *image, uintptr_t start, uintptr_t end, const struct hole holes[2],
                      unsigned at)
{
    if (start >= end)
        return true;
    for (; at < 2; at++) {
        const struct hole *h = &holes[at];
        if (h->start >= h->end || h->end <= start || h->start >= end)
            continue;
        return add_range(image, start, h->start, holes, at + 1) &&
               add_range(image, h->end, end, holes, at + 1);
    }
    if (image->count == IMAGE_RANGES_MAX)
        return false;
    struct image_range *r = &image->ranges[image->count];
    r->start = (uint8_t *)start;
    r->bytes = end - start;
    r->copy = malloc(r->bytes);
    if (r->copy == NULL)
        return false;
    copy_segment(r->copy, r->start, r->bytes);
    image->count++;
    return true;
}

static struct image *remember(struct hal_images *images, const struct search *s)
{
    struct image *image = calloc(1, sizeof *image);

    if (image == NULL)
        return NULL;
    image->low = s->low;
    image->high = s->high;
    image->skipped = s->is_main || is_own(s);
    const struct hole holes[2] = {relro_of(s), linkage_of(s)};
    for (unsigned i = 0; !image->skipped && i < s->count; i++) {
        const ElfW(Phdr) *h = &s->headers[i];
        uintptr_t start = s->base + h->p_vaddr;
        if (h->p_type != PT_LOAD || (h->p_flags & PF_W) == 0)
            continue;
        if (!add_range(image, start, start + h->p_memsz, holes, 0)) {
            free_image(image);
            return NULL;
        }
    }
    image->next = images->first;
    images->first = image;
    return image;
}

static void write_back(const struct image *image)
{
    for (unsigned i = 0; i < image->count; i++)
        copy_segment(image->ranges[i].start, image->ranges[i].copy, image->ranges[i].bytes);
}

static struct image *image_of(const struct hal_images *images, uintptr_t address)
{
    struct image *image = images->first;

    while (image != NULL && (address < image->low || address >= image->high))
        image = image->next;
    return image;
}

bool hal_images_restore(struct hal_images *images, const void *code)
{
    const struct image *image = image_of(images, (uintptr_t)code);
    struct search s;

    if (image != NULL) {
        write_back(image);
        return true;
    }
    return !find_module(code, &s) || remember(images, &s) != NULL;
}

bool hal_images_share(const struct hal_images *images, const void *code, const void *other)
{
    return code == other || (image_of(images, (uintptr_t)code) != NULL &&
                             image_of(images, (uintptr_t)code) == image_of(images, (uintptr_t)other));
}

bool hal_images_has(const struct hal_images *images, const void *code, const void *other)
{
    const struct image *image = images != NULL ? image_of(images, (uintptr_t)code) : NULL;
    return image != NULL && !image->skipped && image_of(images, (uintptr_t)other) == image;
}

/* The next machine must find the data as this one did, and takes its own copy; unless the module is gone. */
static void leave_pristine(const struct image *image)
{
    struct search s;

    if (find_module((const void *)image->low, &s) && s.low == image->low && s.high == image->high)
        write_back(image);
}

void hal_images_destroy(struct hal_images *images)
{
    if (images == NULL)
        return;
    while (images->first != NULL) {
        struct image *image = images->first;
        images->first = image->next;
        leave_pristine(image);
        free_image(image);
    }
    free(images);
}

void hal_images_use(struct emu_machine *m, struct hal_images *images)
{
    struct hal_kernel *k = emu_slot(m, EMU_SLOT_KERNEL);

    k->io.images = images;
}
