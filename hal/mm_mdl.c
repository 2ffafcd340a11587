/*
 * Memory descriptor lists: building, locking, advancing.
 *
 * An MDL is the driver's own bytes: the structure, then a page-frame number per page. Nothing of it is kept
 * here but a count of those that are locked. Flags are set and cleared as the documentation and drivers know
 * them.
 */
#include <string.h>
#include <wdm.h>

#include <emu/choose.h>
#include <emu/deed.h>
#include <emu/finding.h>

#include "hal/constants.h"
#include "hal/ke_check.h"
#include "hal/ke_exception.h"
#include "hal/kernel.h"
#include "hal/ops.h"

/* The tag of MDLs that the system allocates: "Mdl ", first character in the low byte. */
#define MDL_TAG 0x206C644Du

enum { MDL_FIXED_PAGES = 23 }; /* an MDL with room for no more pages is of the common, fixed size */

/* Pages that are locked by somebody, or stay where they are anyway: not locked (again). */
#define MDL_PAGES_STAY (MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL)

#define MDL_BYTES_MAX (UINT32_MAX - PAGE_SIZE)

const char *mm_mdl_tell(struct emu_machine *m, const MDL *mdl, char out[MM_NAME_BYTES])
{
    emu_object object = emu_object_at(m, mdl, "mdl");
    emu_deed_tell(m, mdl);
    return emu_object_text(m, object, out, MM_NAME_BYTES);
}

/* How many page-frame numbers there is room for behind the structure. */
static uint32_t mdl_capacity(const MDL *mdl)
{
    return ((uint32_t)(USHORT)mdl->Size - (uint32_t)sizeof(MDL)) / (uint32_t)sizeof(PFN_NUMBER);
}

static uint32_t mdl_pages(const MDL *mdl)
{
    return ADDRESS_AND_SIZE_TO_SPAN_PAGES((ULONG_PTR)mdl->ByteOffset, mdl->ByteCount);
}

/* False when some page is no memory. */
static bool fill_frames(struct hal_kernel *k, PMDL mdl)
{
    PPFN_NUMBER frames = MmGetMdlPfnArray(mdl);
    const uint8_t *page = mdl->StartVa;
    uint32_t pages = mdl_pages(mdl);

    for (uint32_t i = 0; i < pages; i++, page += PAGE_SIZE) {
        if (!emu_ram_owns(k->machine, page) && !mm_host_has(k, page))
            return false;
        uint64_t physical = emu_ram_physical(k->machine, page);
        if (physical == EMU_NO_ADDRESS)
            return false;
        frames[i] = physical >> PAGE_SHIFT;
    }
    return true;
}

static bool has_constant_page(const MDL *mdl)
{
    const uint8_t *page = mdl->StartVa;

    for (uint32_t left = mdl_pages(mdl); left > 0; left--, page += PAGE_SIZE)
        if (hal_is_constant(page))
            return true;
    return false;
}

SIZE_T MmSizeOfMdl(PVOID Base, SIZE_T Length)
{
    return sizeof(MDL) + sizeof(PFN_NUMBER) * ADDRESS_AND_SIZE_TO_SPAN_PAGES(Base, Length);
}

static PMDL new_mdl(PVOID base, SIZE_T length)
{
    if (length > MDL_BYTES_MAX)
        return NULL;
    size_t pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(base, length);
    bool fixed = pages <= MDL_FIXED_PAGES;
    size_t bytes = sizeof(MDL) + sizeof(PFN_NUMBER) * (fixed ? MDL_FIXED_PAGES : pages);
    PMDL mdl = hal_pool_take(0, NonPagedPoolNx, bytes, MDL_TAG);

    if (mdl == NULL)
        return NULL;
    MmInitializeMdl(mdl, base, length);
    emu_object_at(emu_current(), mdl, "mdl");
    emu_deed_first(emu_current(), mdl, "allocated");
    mdl->Process = NULL;
    mdl->MappedSystemVa = NULL;
    if (fixed)
        mdl->MdlFlags |= MDL_ALLOCATED_FIXED_SIZE;
    return mdl;
}

PMDL MmCreateMdl(PMDL MemoryDescriptorList, PVOID Base, SIZE_T Length)
{
    if (MemoryDescriptorList == NULL)
        return new_mdl(Base, Length);
    MmInitializeMdl(MemoryDescriptorList, Base, Length);
    return MemoryDescriptorList;
}

PMDL IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer, BOOLEAN ChargeQuota, PIRP Irp)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)ChargeQuota;
    if (emu_fault(emu_current(), HAL_OP_IO_ALLOCATE_MDL))
        return NULL;
    PMDL mdl = new_mdl(VirtualAddress, Length);
    if (mdl == NULL || Irp == NULL)
        return mdl;
    PMDL *link = &Irp->MdlAddress;
    if (SecondaryBuffer)
        while (*link != NULL)
            link = &(*link)->Next;
    *link = mdl;
    return mdl;
}

VOID IoFreeMdl(PMDL Mdl)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    if ((Mdl->MdlFlags & MDL_PAGES_LOCKED) != 0) {
        struct emu_machine *m = emu_current();
        uint64_t parameters[4] = {(uintptr_t)Mdl, 0, 0, 0};
        char name[MM_NAME_BYTES];
        emu_finding_report(m, "MM-MDL-4", NULL, parameters,
                           "IoFreeMdl was called for %s (%u bytes), whose pages are still locked",
                           mm_mdl_tell(m, Mdl, name), Mdl->ByteCount);
        MmUnlockPages(Mdl);
    }
    emu_touch_within(emu_current(), Mdl, sizeof *Mdl, EMU_ACCESS_WRITE);
    MmPrepareMdlForReuse(Mdl);
    emu_deed_note(emu_current(), Mdl, "freed");
    ExFreePoolWithTag(Mdl, MDL_TAG);
}

/* Paged pool, and a stack, are no non-paged memory. */
static void require_nonpaged(struct hal_kernel *k, const MDL *mdl)
{
    struct emu_machine *m = k->machine;
    const void *address = MmGetMdlVirtualAddress(mdl);
    const struct pool_block *b = pool_block_at(k, address);
    uint64_t parameters[4] = {0x7F, emu_level(m), (uintptr_t)mdl, (uint64_t)(USHORT)mdl->MdlFlags};
    char name[MM_NAME_BYTES], tag[POOL_TAG_BYTES + 1];

    if (b != NULL && b->live && b->paged)
        emu_finding_report(
            m, "MM-MDL-6", "0xC4/7F", parameters,
            "MmBuildMdlForNonPagedPool was called for %s, whose buffer is paged pool (tag '%s')",
            mm_mdl_tell(m, mdl, name), pool_tag_text(b->tag, tag));
    if (emu_ram_is_stack(m, address)) {
        parameters[0] = 0x140;
        emu_finding_report(
            m, "MM-MDL-7", "0xC4/140", parameters,
            "MmBuildMdlForNonPagedPool was called for %s, whose buffer of %u bytes is on a stack: "
            "MmProbeAndLockPages locks such a buffer",
            mm_mdl_tell(m, mdl, name), mdl->ByteCount);
    }
}

VOID MmBuildMdlForNonPagedPool(PMDL MemoryDescriptorList)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    PMDL mdl = MemoryDescriptorList;

    require_nonpaged(hal_kernel(), mdl);
    mdl->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
    mdl->Process = NULL;
    mdl->MappedSystemVa = MmGetMdlVirtualAddress(mdl);
    if (!fill_frames(hal_kernel(), mdl)) {
        struct emu_machine *m = emu_current();
        uint64_t parameters[4] = {(uintptr_t)mdl, 0, 0, 0};
        char name[MM_NAME_BYTES];
        emu_finding_raise(
            m, "MM-MDL-5", NULL, parameters,
            "MmBuildMdlForNonPagedPool was called for %s, whose buffer of %u bytes is no memory",
            mm_mdl_tell(m, mdl, name), mdl->ByteCount);
    }
}

VOID MmProbeAndLockPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode, LOCK_OPERATION Operation)
{
    ke_called_at_most(DISPATCH_LEVEL, "0xC4/70", __func__);
    struct hal_kernel *k = hal_kernel();
    PMDL mdl = MemoryDescriptorList;

    if ((mdl->MdlFlags & MDL_PAGES_STAY) != 0) {
        const char *why = (mdl->MdlFlags & MDL_PAGES_LOCKED) != 0 ? "locked already"
                          : (mdl->MdlFlags & MDL_PARTIAL) != 0    ? "another MDL's (IoBuildPartialMdl)"
                                                                  : "non-paged (MmBuildMdlForNonPagedPool)";
        uint64_t parameters[4] = {(uintptr_t)mdl, (uint64_t)(USHORT)mdl->MdlFlags, 0, 0};
        char name[MM_NAME_BYTES];
        emu_finding_report(k->machine, "MM-LOCK-4", NULL, parameters,
                           "MmProbeAndLockPages was called for %s (%u bytes), whose pages are %s",
                           mm_mdl_tell(k->machine, mdl, name), mdl->ByteCount, why);
        return;
    }
    (void)AccessMode; /* one address space: what user mode may touch is not told apart from the rest */
    if (emu_fault(k->machine, HAL_OP_IO_LOCK_PAGES))
        ke_raise(STATUS_INSUFFICIENT_RESOURCES);
    if (!fill_frames(k, mdl) || (Operation != IoReadAccess && has_constant_page(mdl)))
        ke_raise(STATUS_ACCESS_VIOLATION);
    mdl->Process = NULL;
    mdl->MdlFlags |= MDL_PAGES_LOCKED;
    if (Operation != IoReadAccess)
        mdl->MdlFlags |= MDL_WRITE_OPERATION;
    else
        mdl->MdlFlags &= ~MDL_WRITE_OPERATION;
    k->mm.locked_mdls++;
    emu_deed_note(k->machine, mdl, "locked");
}

VOID MmUnlockPages(PMDL MemoryDescriptorList)
{
    ke_called_at_most(DISPATCH_LEVEL, "0xC4/78", __func__);
    struct hal_kernel *k = hal_kernel();
    PMDL mdl = MemoryDescriptorList;

    if ((mdl->MdlFlags & MDL_PAGES_LOCKED) == 0) {
        uint64_t parameters[4] = {0x07, 0, 0, 0};
        char name[MM_NAME_BYTES];
        emu_finding_report(k->machine, "MM-LOCK-3", "0x4E/07", parameters,
                           "MmUnlockPages was called for %s (%u bytes), whose pages are not locked",
                           mm_mdl_tell(k->machine, mdl, name), mdl->ByteCount);
        return;
    }
    if (k->mm.given_back.unlocked != NULL)
        k->mm.given_back.unlocked(k->mm.given_back.context, mdl);
    if ((mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0)
        MmUnmapLockedPages(mdl->MappedSystemVa, mdl);
    mdl->MdlFlags &= ~(MDL_PAGES_LOCKED | MDL_WRITE_OPERATION);
    if (k->mm.locked_mdls > 0)
        k->mm.locked_mdls--;
    emu_deed_note(k->machine, mdl, "unlocked");
}

VOID IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    uint8_t *source_va = MmGetMdlVirtualAddress(SourceMdl);
    ULONG offset = (ULONG)((uint8_t *)VirtualAddress - source_va);
    ULONG length = Length != 0 ? Length : SourceMdl->ByteCount - offset;
    ULONG pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(VirtualAddress, length);
    const CSHORT kept = MDL_ALLOCATED_FIXED_SIZE | MDL_ALLOCATED_MUST_SUCCEED;
    const CSHORT inherited =
        MDL_SOURCE_IS_NONPAGED_POOL | MDL_MAPPED_TO_SYSTEM_VA | MDL_IO_PAGE_READ | MDL_IO_SPACE;

    ULONG room =
        (TargetMdl->MdlFlags & MDL_ALLOCATED_FIXED_SIZE) != 0 ? MDL_FIXED_PAGES : mdl_capacity(TargetMdl);
    if (pages > room) {
        uint64_t parameters[4] = {(uintptr_t)TargetMdl, pages, room, 0};
        emu_finding_raise(emu_current(), "MM-PARTIAL-2", "0x40", parameters,
                          "IoBuildPartialMdl was given a target with room for %u pages; %u bytes need %u",
                          room, length, pages);
    }
    if (offset > SourceMdl->ByteCount || length > SourceMdl->ByteCount - offset) {
        uint64_t parameters[4] = {(uintptr_t)SourceMdl, offset, length, SourceMdl->ByteCount};
        char name[MM_NAME_BYTES];
        emu_finding_raise(emu_current(), "MM-PARTIAL-3", NULL, parameters,
                          "IoBuildPartialMdl was asked for %u bytes at offset %u of %s, which has %u bytes",
                          length, offset, mm_mdl_tell(emu_current(), SourceMdl, name), SourceMdl->ByteCount);
    }
    const struct hal_given_back *told = &hal_kernel()->mm.given_back;
    if (told->rebuilt != NULL)
        told->rebuilt(told->context, TargetMdl);
    emu_touch_within(emu_current(), TargetMdl, sizeof *TargetMdl, EMU_ACCESS_WRITE);
    TargetMdl->Process = SourceMdl->Process;
    TargetMdl->StartVa = PAGE_ALIGN(VirtualAddress);
    TargetMdl->ByteOffset = BYTE_OFFSET(VirtualAddress);
    TargetMdl->ByteCount = length;
    TargetMdl->Size = (CSHORT)(sizeof(MDL) + sizeof(PFN_NUMBER) * pages);
    TargetMdl->MdlFlags &= kept;
    TargetMdl->MdlFlags |= (CSHORT)(SourceMdl->MdlFlags & inherited);
    TargetMdl->MdlFlags |= MDL_PARTIAL;
    TargetMdl->MappedSystemVa =
        (TargetMdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) != 0
            ? (uint8_t *)SourceMdl->MappedSystemVa + offset
            : NULL;
    size_t first = (size_t)(((uint8_t *)TargetMdl->StartVa - (uint8_t *)SourceMdl->StartVa) >> PAGE_SHIFT);
    memcpy(MmGetMdlPfnArray(TargetMdl), MmGetMdlPfnArray(SourceMdl) + first, pages * sizeof(PFN_NUMBER));
}

NTSTATUS MmAdvanceMdl(PMDL Mdl, ULONG NumberOfBytes)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    const CSHORT movable = MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL;

    if ((Mdl->MdlFlags & movable) == 0)
        return STATUS_INVALID_PARAMETER;
    if (NumberOfBytes > Mdl->ByteCount)
        return STATUS_INVALID_PARAMETER_2;
    ULONG before = mdl_pages(Mdl);
    ULONG start = Mdl->ByteOffset + NumberOfBytes;
    ULONG skipped = start >> PAGE_SHIFT;

    if (skipped > before)
        skipped = before;
    memmove(MmGetMdlPfnArray(Mdl), MmGetMdlPfnArray(Mdl) + skipped, (before - skipped) * sizeof(PFN_NUMBER));
    Mdl->StartVa = (uint8_t *)Mdl->StartVa + ((size_t)skipped << PAGE_SHIFT);
    Mdl->ByteOffset = start - (skipped << PAGE_SHIFT);
    Mdl->ByteCount -= NumberOfBytes;
    if (Mdl->MappedSystemVa != NULL)
        Mdl->MappedSystemVa = (uint8_t *)Mdl->MappedSystemVa + NumberOfBytes;
    return STATUS_SUCCESS;
}
