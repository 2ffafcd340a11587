/*
 * Drivers' writable data, put back before each run.
 *
 * A driver is a module of its own. At its first load a copy is taken of its writable segments; at later loads
 * the copy is written back, so that static variables begin each run as the linker left them (module.h says
 * what is left out).
 *
 * The same look at a module makes its code known to the machine, for call stacks (emu/callers.h).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <emu/callers.h>
#include <emu/sanitized.h>

#include "hal/io_driver.h"
#include "hal/kernel.h"
#include "hal/module.h"

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
    struct image_range ranges[HAL_MODULE_RANGES_MAX];
};

struct hal_images {
    struct image *first;
};

/* A whole segment, with the guard bytes that AddressSanitizer keeps between its variables: memcpy would be
 * reported. */
#if EMU_SANITIZED
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

/* ---- Which module --------------------------------------------------------------------------------------
 */

void hal_code_note(struct emu_machine *m, const void *code)
{
    struct hal_module s;

    if (!emu_code_known(m, (uintptr_t)code) && hal_module_find(code, &s) && !hal_module_is_own(&s))
        emu_code_add(m, s.name, s.code_low, s.code_high);
}

static bool copy_ranges(struct image *image, const struct hal_module *s)
{
    struct hal_module_ranges r;

    if (!hal_module_writable(s, &r))
        return false;
    for (unsigned i = 0; i < r.count; i++) {
        struct image_range *range = &image->ranges[image->count];
        *range = (struct image_range){r.start[i], r.bytes[i], malloc(r.bytes[i])};
        if (range->copy == NULL)
            return false;
        copy_segment(range->copy, range->start, range->bytes);
        image->count++;
    }
    return true;
}

static struct image *remember(struct hal_images *images, const struct hal_module *s)
{
    struct image *image = calloc(1, sizeof *image);

    if (image == NULL)
        return NULL;
    image->low = s->low;
    image->high = s->high;
    image->skipped = s->is_main || hal_module_is_own(s);
    if (!image->skipped && !copy_ranges(image, s)) {
        free_image(image);
        return NULL;
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
    struct hal_module s;

    if (image != NULL) {
        write_back(image);
        return true;
    }
    return !hal_module_find(code, &s) || remember(images, &s) != NULL;
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
    struct hal_module s;

    if (hal_module_find((const void *)image->low, &s) && s.low == image->low && s.high == image->high)
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
