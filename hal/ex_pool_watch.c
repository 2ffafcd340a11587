/*
 * Pool, as watched drivers touch it: every load and store of theirs to a page of pool is looked at before it
 * is made (emu/access.h). What was freed is nobody's, what lies beside a block is not its owner's, and paged
 * pool is not there at DISPATCH_LEVEL, however seldom it is really paged out.
 *
 * Drivers that are not watched are told of the first two when the block is freed, used again or audited, and
 * of a write alone.
 */
#include <emu/access.h>
#include <emu/cpu.h>
#include <emu/finding.h>

#include "hal/kernel.h"

static const char *deed(bool writes)
{
    return writes ? "writes" : "reads";
}

static void came_from(struct emu_machine *m, const struct pool_block *b)
{
    if (b->watched)
        emu_finding_came_from(m, EMU_NO_OBJECT, "allocated", &b->allocated);
    if (b->watched && !b->live)
        emu_finding_came_from(m, EMU_NO_OBJECT, "freed", &b->freed);
}

static void look(struct emu_machine *m, void *context, uintptr_t address, size_t bytes, bool writes)
{
    struct hal_kernel *k = context;
    const struct pool_block *b = pool_block_at(k, (const void *)address);
    char tag[POOL_TAG_BYTES + 1];
    uintptr_t first = b != NULL ? (uintptr_t)b->user : 0;
    bool beside = b != NULL && (address < first || address + bytes > first + b->bytes);
    bool paged_out = b != NULL && b->paged && emu_level(m) > EMU_LEVEL_APC;
    if (b != NULL && b->live && b->tag == IO_IRP_TAG && b->bytes >= sizeof(IRP))
        io_irp_is_lost(k, (const IRP *)b->user, writes ? "the driver writes" : "the driver reads");
    if (b == NULL || (b->live && !beside && !paged_out))
        return;
    pool_tag_text(b->tag, tag);
    came_from(m, b);
    if (!b->live)
        emu_finding_raise(
            m, "EX-POOL-14", "0xD5", (const uint64_t[4]){address, writes, 0, 0},
            "the driver %s pool that was freed: the block of %zu bytes with tag '%s', allocated at "
            "step %llu",
            deed(writes), b->bytes, tag, (unsigned long long)b->birth);
    if (beside)
        emu_finding_raise(
            m, "EX-POOL-15", "0xD6", (const uint64_t[4]){address, writes, 0, 0},
            "the driver %s %zu byte(s) %s the block of %zu bytes with tag '%s', allocated at step %llu",
            deed(writes), bytes, address < first ? "before" : "beyond the end of", b->bytes, tag,
            (unsigned long long)b->birth);
    emu_finding_raise(m, "EX-POOL-13", "0xD1", (const uint64_t[4]){address, emu_level(m), writes, 0},
                      "the driver %s paged pool (tag '%s') at IRQL %u: it may be paged out", deed(writes),
                      tag, emu_level(m));
}

void pool_watch_boot(struct hal_kernel *k)
{
    emu_access_add_guard(k->machine, look, k);
}
