/*
 * What drivers left behind: looked at when the last of them is unloaded.
 *
 * As long as any driver is loaded, something that nobody freed may still be in use, or was handed from one
 * driver to another. What was asked for by others than drivers (a scenario's threads, the emulator itself) is
 * not counted.
 */
#include <wdm.h>

#include <emu/finding.h>

#include "hal/io_driver.h"
#include "hal/ke_interrupt.h"
#include "hal/kernel.h"
#include "hal/pool.h"

enum { VERIFIER_NOT_FREED = 0x62, TAG_BYTES = 4 };

bool hal_drivers_are_gone(void)
{
    const struct hal_kernel *k = hal_kernel();

    for (const struct io_driver *d = k->io.drivers; d != NULL; d = d->next)
        if (d->driver != NULL && d->driver != k->io.bus_driver)
            return false;
    return true;
}

static void require_no_interrupts(struct hal_kernel *k, const char *driver)
{
    for (const struct ke_line *line = k->ke.lines; line != NULL; line = line->next) {
        if (line->first == NULL || !line->first->drivers)
            continue;
        char name[IO_NAME_BYTES];
        emu_finding_report(k->machine, "IO-LEFT-2", NULL, NULL,
                           "driver %s was unloaded, and %s is still connected", driver,
                           emu_object_text(k->machine, line->first->object, name, sizeof name));
    }
}

struct left {
    uint32_t count;
    struct hal_pool_live first;
};

static void note_block(void *context, const struct hal_pool_live *block)
{
    struct left *left = context;

    if (block->drivers && left->count++ == 0)
        left->first = *block;
    else if (block->drivers && block->birth < left->first.birth)
        left->first = *block;
}

static void require_no_pool(struct hal_kernel *k, const char *driver)
{
    struct left left = {0};
    char tag[TAG_BYTES + 1] = "";

    hal_pool_each(0, note_block, &left);
    if (left.count == 0)
        return;
    for (unsigned i = 0; i < TAG_BYTES; i++) {
        char c = (char)(left.first.tag >> 8 * i & 0x7F);
        tag[i] = c >= ' ' && c != 0x7F ? c : '.';
    }
    uint64_t parameters[4] = {VERIFIER_NOT_FREED, 0, 0, left.count};
    emu_finding_report(
        k->machine, "IO-LEFT-1", "0xC4/62", parameters,
        "driver %s was unloaded, and %u block%s of pool %s not freed; the oldest has %zu bytes "
        "and tag '%s' and was allocated at step %llu",
        driver, left.count, left.count == 1 ? "" : "s", left.count == 1 ? "is" : "are", left.first.bytes, tag,
        (unsigned long long)left.first.birth);
}

static void require_no_pages(struct hal_kernel *k, const char *driver)
{
    static const struct {
        enum mm_pages_kind kind;
        const char *what;
    } kinds[] = {{MM_PAGES_IO, "mapped with MmMapIoSpace"},
                 {MM_PAGES_CONTIGUOUS, "of MmAllocateContiguousMemory"},
                 {MM_PAGES_NONCACHED, "of MmAllocateNonCachedMemory"},
                 {MM_PAGES_MDL, "of MmAllocatePagesForMdl"}};

    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const struct mm_pages *p = mm_pages_oldest(k, kinds[i].kind);
        if (p != NULL)
            emu_finding_report(k->machine, "IO-LEFT-3", NULL, NULL,
                               "driver %s was unloaded, and %llu bytes %s at step %llu were not given back",
                               driver, (unsigned long long)p->bytes, kinds[i].what,
                               (unsigned long long)p->birth);
    }
}

void hal_drivers_left(const char *driver)
{
    struct hal_kernel *k = hal_kernel();

    require_no_interrupts(k, driver);
    require_no_pages(k, driver);
    require_no_pool(k, driver);
    if (k->ke.work_items_live != 0)
        emu_finding_report(k->machine, "IO-LEFT-4", NULL, NULL,
                           "driver %s was unloaded, and %u work item%s not freed", driver,
                           k->ke.work_items_live, k->ke.work_items_live == 1 ? " is" : "s are");
}
