/*
 * Addresses: physical ones behind virtual ones, register windows, and what of the memory manager has nothing
 * to do here (paging of code, section handles).
 */
#include <wdm.h>

#include <emu/choose.h>

#include <emu/bus.h>
#include <emu/finding.h>

#include "hal/ke_check.h"
#include "hal/kernel.h"
#include "hal/ops.h"

/* Where the lowest bank of memory begins (see emu/mem.h). */
#define LOWEST_MEMORY 0x100000ull

PHYSICAL_ADDRESS MmGetPhysicalAddress(PVOID BaseAddress)
{
    struct emu_machine *m = emu_current();
    PHYSICAL_ADDRESS physical;
    uint64_t address = emu_ram_owns(m, BaseAddress) ? EMU_NO_ADDRESS : emu_bus_physical(m, BaseAddress);

    if (address == EMU_NO_ADDRESS)
        address = emu_ram_physical(m, BaseAddress);
    physical.QuadPart = (LONGLONG)address;
    return physical;
}

/* The tag of MmGetPhysicalMemoryRanges' list: "MmPh", first character in the low byte. */
#define RANGES_TAG 0x68506D4Du

PPHYSICAL_MEMORY_RANGE MmGetPhysicalMemoryRanges(VOID)
{
    const struct emu_config *c = emu_machine_config(emu_current());
    const struct {
        uint64_t base;
        uint32_t pages;
    } banks[] = {
        {LOWEST_MEMORY, c->ram_low_pages}, {EMU_16MIB, c->ram_mid_pages}, {EMU_4GIB, c->ram_high_pages}};
    enum { BANKS = sizeof(banks) / sizeof(banks[0]) };
    PPHYSICAL_MEMORY_RANGE ranges = hal_pool_take(HAL_OP_MM_RANGES, NonPagedPoolNx | POOL_ZERO_ALLOCATION,
                                                  (BANKS + 1) * sizeof *ranges, RANGES_TAG);
    PPHYSICAL_MEMORY_RANGE r = ranges;

    if (ranges == NULL)
        return NULL;
    for (int i = 0; i < BANKS; i++) {
        if (banks[i].pages == 0 || banks[i].pages == EMU_NO_PAGES)
            continue;
        r->BaseAddress.QuadPart = (LONGLONG)banks[i].base;
        r++->NumberOfBytes.QuadPart = (LONGLONG)banks[i].pages << PAGE_SHIFT;
    }
    return ranges;
}

/* Not in every header that drivers include. */
PVOID MmGetVirtualForPhysical(PHYSICAL_ADDRESS PhysicalAddress);

PVOID MmGetVirtualForPhysical(PHYSICAL_ADDRESS PhysicalAddress)
{
    return emu_ram_at(emu_current(), (uint64_t)PhysicalAddress.QuadPart);
}

BOOLEAN MmIsAddressValid(PVOID VirtualAddress)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    return emu_ram_owns(emu_current(), VirtualAddress) ? TRUE : FALSE;
}

/* RAM has its address already; what is no RAM must be a register window. NULL for a range that is neither, or
 * that goes beyond the last address. */
static void *map(struct emu_machine *m, uint64_t physical, uint64_t bytes)
{
    uint8_t *ram = emu_ram_at(m, physical);

    if (bytes - 1 > UINT64_MAX - physical)
        return NULL;
    if (ram == NULL)
        return emu_bus_map(m, physical, bytes);
    uint64_t last = (physical + bytes - 1) & ~(uint64_t)(PAGE_SIZE - 1);
    for (uint64_t page = (physical & ~(uint64_t)(PAGE_SIZE - 1)) + PAGE_SIZE; page <= last; page += PAGE_SIZE)
        if (emu_ram_at(m, page) != ram + (page - physical))
            return NULL;
    return ram;
}

PVOID MmMapIoSpace(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, MEMORY_CACHING_TYPE CacheType)
{
    ke_called_at_most(DISPATCH_LEVEL, "0xC4/73", __func__);
    struct hal_kernel *k = hal_kernel();

    (void)CacheType;
    if (NumberOfBytes == 0 || emu_fault(k->machine, HAL_OP_MM_MAP_IO_SPACE))
        return NULL;
    void *base = map(k->machine, (uint64_t)PhysicalAddress.QuadPart, NumberOfBytes);
    if (base != NULL) {
        mm_pages_hold(k, base, 0, NumberOfBytes, MM_PAGES_IO);
        k->mm.io_mappings++;
    }
    return base;
}

PVOID MmMapIoSpaceEx(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, ULONG Protect)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)Protect;
    return MmMapIoSpace(PhysicalAddress, NumberOfBytes, MmNonCached);
}

VOID MmUnmapIoSpace(PVOID BaseAddress, SIZE_T NumberOfBytes)
{
    ke_called_at_most(DISPATCH_LEVEL, "0xC4/7B", __func__);
    struct hal_kernel *k = hal_kernel();
    const struct mm_pages *p = mm_pages_take(k, BaseAddress, MM_PAGES_IO);

    if (p == NULL) {
        uint64_t parameters[4] = {0, (uintptr_t)BaseAddress, NumberOfBytes, 0};
        emu_finding_raise(k->machine, "MM-IOSPACE-3", "0xDA", parameters,
                          "MmUnmapIoSpace was given an address (%zu bytes) that is not mapped",
                          (size_t)NumberOfBytes);
    }
    if (p->bytes != NumberOfBytes) {
        uint64_t parameters[4] = {0, (uintptr_t)BaseAddress, NumberOfBytes, p->bytes};
        emu_finding_raise(k->machine, "MM-IOSPACE-4", "0xDA", parameters,
                          "MmUnmapIoSpace was called for %zu bytes of a mapping of %llu",
                          (size_t)NumberOfBytes, (unsigned long long)p->bytes);
    }
    k->mm.io_mappings--;
    if (!emu_ram_owns(k->machine, BaseAddress))
        emu_bus_unmap(k->machine, BaseAddress);
}

/* ---- Nothing is ever paged out ----------------------------------------------------------------------------
 */

PVOID MmLockPagableDataSection(PVOID AddressWithinSection)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_IRQL_MM_APC_LTE, __func__);
    return AddressWithinSection;
}

VOID MmLockPagableSectionByHandle(PVOID ImageSectionHandle)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_IRQL_MM_APC_LTE, __func__);
    (void)ImageSectionHandle;
}

VOID MmUnlockPagableImageSection(PVOID ImageSectionHandle)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_IRQL_MM_APC_LTE, __func__);
    (void)ImageSectionHandle;
}

PVOID MmPageEntireDriver(PVOID AddressWithinSection)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_IRQL_MM_APC_LTE, __func__);
    return AddressWithinSection;
}

VOID MmResetDriverPaging(PVOID AddressWithinSection)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_IRQL_MM_APC_LTE, __func__);
    (void)AddressWithinSection;
}

/* No routine is found by name: drivers fall back to what they do on a system without it. */
PVOID MmGetSystemRoutineAddress(PUNICODE_STRING SystemRoutineName)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)SystemRoutineName;
    return NULL;
}

LOGICAL MmIsDriverVerifying(struct _DRIVER_OBJECT *DriverObject)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)DriverObject;
    return FALSE;
}

MM_SYSTEMSIZE MmQuerySystemSize(VOID)
{
    return MmMediumSystem;
}

/* ---- Buffers of user mode: one address space, so only what no address can be is refused -------------------
 */

VOID ProbeForRead(const volatile VOID *Address, SIZE_T Length, ULONG Alignment)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_IRQL_EX_APC_LTE2, __func__);
    uintptr_t at = (uintptr_t)Address;

    if (Length == 0)
        return;
    if ((at & (Alignment - 1)) != 0)
        ExRaiseDatatypeMisalignment();
    if (at == 0 || at + Length < at)
        ExRaiseAccessViolation();
}

VOID ProbeForWrite(volatile VOID *Address, SIZE_T Length, ULONG Alignment)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_IRQL_EX_APC_LTE2, __func__);
    ProbeForRead(Address, Length, Alignment);
}
