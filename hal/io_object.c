/*
 * References to the I/O manager's objects: devices, drivers, files.
 *
 * The object manager's functions (ObReferenceObject and its kin) come here for what begins like one of these
 * three kinds.
 */
#include <wdm.h>

#include <emu/finding.h>

#include "hal/kernel.h"

/* Where an object's count is, or NULL for an object of another kind. */
static LONG *count_of(struct hal_kernel *k, const void *object)
{
    CSHORT type = *(const CSHORT *)object;

    if (type == IO_TYPE_DEVICE) {
        struct io_device *d = io_device_find(k, object);
        return d != NULL ? &d->references : NULL;
    }
    if (type == IO_TYPE_DRIVER) {
        struct io_driver *d = io_driver_find(k, object);
        return d != NULL ? &d->references : NULL;
    }
    if (type == IO_TYPE_FILE) {
        struct io_file *f = io_file_find(k, object);
        return f != NULL ? &f->references : NULL;
    }
    return NULL;
}

void io_file_hold(struct hal_kernel *k, PFILE_OBJECT file)
{
    struct io_file *f = emu_arena_alloc(k->machine, sizeof *f);

    f->file = file;
    f->references = 1;
    f->next = k->io.files;
    k->io.files = f;
}

void io_file_drop(struct hal_kernel *k, PFILE_OBJECT file)
{
    struct io_file *f = io_file_find(k, file);

    if (f != NULL)
        f->file = NULL;
}

struct io_file *io_file_find(struct hal_kernel *k, const void *file)
{
    struct io_file *f = k->io.files;

    while (f != NULL && f->file != file)
        f = f->next;
    return f;
}

void io_reference(struct hal_kernel *k, void *object, int change)
{
    LONG *references = count_of(k, object);
    CSHORT type = *(const CSHORT *)object;

    if (references == NULL)
        return;
    emu_touch(k->machine, emu_object_at(k->machine, object, "object"), EMU_ACCESS_WRITE);
    if (*references + change < 0) {
        uint64_t parameters[4] = {0, (uintptr_t)object, 0, 0};
        char name[IO_NAME_BYTES];
        emu_finding_raise(
            k->machine, "IO-OBJECT-2", "0x18", parameters,
            "%s was dereferenced more often than it was referenced",
            emu_object_text(k->machine, emu_object_at(k->machine, object, "object"), name, sizeof name));
    }
    *references += change;
    if (change > 0)
        return;
    if (type == IO_TYPE_DEVICE)
        io_device_settle(k, io_device_find(k, object));
    else if (type == IO_TYPE_FILE && *references == 0)
        io_file_close(k, object);
}
