/*
 * MDLs: building, locking, mapping, partial ones, advancing; pages and contiguous memory; registers and I/O
 * space.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <wdm.h>

#include <emu/bus.h>

#include "hal/boot.h"
#include "hal/kernel.h"
#include "rig/rig.h"

enum { TAG = 0x74736574, MDL_TAG = 0x206C644D };

static const struct rig_boot boots[] = {{hal_boot, NULL}, {NULL, NULL}};

static void run_clean(void (*body)(void *))
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;

    rig_run(m, body, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
}

static void run_stopped(void (*body)(void *), const char *rule, const char *code)
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;

    rig_run(m, body, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_stopped(&outcome, rule, code);
}

static bool frames_match(PMDL mdl, const uint8_t *va)
{
    ULONG pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(va, mdl->ByteCount);
    const uint8_t *page = PAGE_ALIGN(va);

    for (ULONG i = 0; i < pages; i++)
        if (MmGetMdlPfnArray(mdl)[i] !=
            emu_ram_physical(emu_current(), page + (size_t)i * PAGE_SIZE) >> PAGE_SHIFT)
            return false;
    return true;
}

/* ---- Allocating ---- */

static void allocating(void *context)
{
    uint8_t *buffer = ExAllocatePoolWithTag(NonPagedPoolNx, 3 * PAGE_SIZE, TAG);
    PIRP irp = IoAllocateIrp(1, FALSE);

    (void)context;
    PMDL first = IoAllocateMdl(buffer + 100, 2 * PAGE_SIZE, FALSE, FALSE, irp);
    rig_expect(irp->MdlAddress == first);
    rig_expect(first->StartVa == buffer);
    rig_expect_equal(first->ByteOffset, 100);
    rig_expect_equal(first->ByteCount, 2 * PAGE_SIZE);
    rig_expect_equal(first->Size, sizeof(MDL) + 3 * sizeof(PFN_NUMBER));
    rig_expect_equal(first->MdlFlags, MDL_ALLOCATED_FIXED_SIZE);
    rig_expect(first->Next == NULL);
    PMDL second = IoAllocateMdl(buffer, 10, TRUE, FALSE, irp);
    rig_expect(irp->MdlAddress == first && first->Next == second);
    rig_expect(MmGetMdlVirtualAddress(first) == buffer + 100);
    rig_expect_equal(MmSizeOfMdl(buffer + 100, 2 * PAGE_SIZE), sizeof(MDL) + 3 * sizeof(PFN_NUMBER));
    rig_expect_equal(MmSizeOfMdl(buffer, 2 * PAGE_SIZE), sizeof(MDL) + 2 * sizeof(PFN_NUMBER));
    IoFreeMdl(first);
    IoFreeMdl(second);
    PMDL large = IoAllocateMdl(NULL, 100 * PAGE_SIZE, FALSE, FALSE, NULL);
    rig_expect_equal(large->MdlFlags, 0);
    IoFreeMdl(large);
    rig_expect(IoAllocateMdl(NULL, 0xFFFFFFFF, FALSE, FALSE, NULL) == NULL);
    rig_expect_equal(hal_pool_each(MDL_TAG, NULL, NULL), 0);
}

/* rule: MM-MDL-1 */
static void an_mdl_describes_its_buffer_and_joins_the_irps_chain(void **state)
{
    (void)state;
    run_clean(allocating);
}

static void nonpaged(void *context)
{
    uint8_t *buffer = ExAllocatePoolWithTag(NonPagedPoolNx, 3 * PAGE_SIZE, TAG);
    PMDL mdl = IoAllocateMdl(buffer + 8, 2 * PAGE_SIZE, FALSE, FALSE, NULL);

    (void)context;
    MmBuildMdlForNonPagedPool(mdl);
    rig_expect((mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL) != 0);
    rig_expect((mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA)) == 0);
    rig_expect(mdl->MappedSystemVa == buffer + 8);
    rig_expect(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == buffer + 8);
    rig_expect(frames_match(mdl, buffer + 8));
    IoFreeMdl(mdl);
}

/* rule: MM-MDL-2 */
static void an_mdl_for_nonpaged_pool_has_its_frames_and_its_address_at_once(void **state)
{
    (void)state;
    run_clean(nonpaged);
}

static void locking(void *context)
{
    uint8_t *buffer = ExAllocatePoolWithTag(PagedPool, 3 * PAGE_SIZE, TAG);
    PMDL mdl = IoAllocateMdl(buffer + 8, 2 * PAGE_SIZE, FALSE, FALSE, NULL);

    (void)context;
    MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    rig_expect_equal(mdl->MdlFlags, MDL_ALLOCATED_FIXED_SIZE | MDL_PAGES_LOCKED);
    rig_expect(frames_match(mdl, buffer + 8));
    rig_expect_equal(hal_kernel()->mm.locked_mdls, 1);
    rig_expect(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == buffer + 8);
    rig_expect((mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0);
    MmUnlockPages(mdl);
    rig_expect_equal(mdl->MdlFlags, MDL_ALLOCATED_FIXED_SIZE);
    rig_expect_equal(hal_kernel()->mm.locked_mdls, 0);
    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
    rig_expect((mdl->MdlFlags & MDL_WRITE_OPERATION) != 0);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
}

/* rule: MM-LOCK-1 */
static void locking_fills_the_frames_and_unlocking_also_unmaps(void **state)
{
    (void)state;
    run_clean(locking);
}

static void lock_null(void *context)
{
    PMDL mdl = IoAllocateMdl(NULL, 100, FALSE, FALSE, NULL);

    (void)context;
    MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
}

/* rule: MM-LOCK-2 */
static void locking_what_is_no_memory_raises_an_exception(void **state)
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;

    (void)state;
    rig_run(m, lock_null, NULL, &outcome);
    emu_machine_destroy(m);
    assert_true(outcome.found); /* nobody handles it */
}

static void unlock_twice(void *context)
{
    PMDL mdl = IoAllocateMdl(ExAllocatePoolWithTag(NonPagedPoolNx, 100, TAG), 100, FALSE, FALSE, NULL);

    (void)context;
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    MmUnlockPages(mdl);
    MmUnlockPages(mdl);
}

/* rule: MM-LOCK-3 */
static void unlocking_what_is_not_locked_is_bug_check_4e_7(void **state)
{
    (void)state;
    run_stopped(unlock_twice, "MM-LOCK-3", "0x4E/07");
}

static void map_unlocked(void *context)
{
    PMDL mdl = IoAllocateMdl(ExAllocatePoolWithTag(NonPagedPoolNx, 100, TAG), 100, FALSE, FALSE, NULL);

    (void)context;
    MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
}

/* rule: MM-MAP-4 */
static void mapping_what_is_not_locked_is_a_finding(void **state)
{
    (void)state;
    run_stopped(map_unlocked, "MM-MAP-4", "");
}

static void edited(void *context)
{
    uint8_t *buffer = ExAllocatePoolWithTag(NonPagedPoolNx, 4 * PAGE_SIZE, TAG);
    PMDL mdl = IoAllocateMdl(buffer, 2 * PAGE_SIZE, FALSE, FALSE, NULL);

    (void)context;
    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
    PFN_NUMBER first = MmGetMdlPfnArray(mdl)[0];
    MmGetMdlPfnArray(mdl)[0] = MmGetMdlPfnArray(mdl)[1];
    MmGetMdlPfnArray(mdl)[1] = first;
    rig_expect(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == NULL);
    MmGetMdlPfnArray(mdl)[1] = MmGetMdlPfnArray(mdl)[0];
    MmGetMdlPfnArray(mdl)[0] = first;
    rig_expect(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == buffer);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
}

/* rule: MM-MAP-2 */
static void a_mapping_follows_the_frames_and_fails_where_they_do_not_follow_each_other(void **state)
{
    (void)state;
    run_clean(edited);
}

static void map_or_bug_check(void *context)
{
    uint8_t *buffer = ExAllocatePoolWithTag(NonPagedPoolNx, 2 * PAGE_SIZE, TAG);
    PMDL mdl = IoAllocateMdl(buffer, 2 * PAGE_SIZE, FALSE, FALSE, NULL);

    (void)context;
    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
    MmGetMdlPfnArray(mdl)[1] = MmGetMdlPfnArray(mdl)[0];
    MmMapLockedPages(mdl, KernelMode);
}

/* rule: MM-MAP-5 */
static void a_mapping_that_must_not_fail_and_does_is_bug_check_3f(void **state)
{
    (void)state;
    run_stopped(map_or_bug_check, "MM-MAP-5", "0x3F");
}

/* ---- Partial MDLs and advancing ---- */

static void partial(void *context)
{
    uint8_t *buffer = ExAllocatePoolWithTag(NonPagedPoolNx, 4 * PAGE_SIZE, TAG);
    PMDL source = IoAllocateMdl(buffer + 16, 3 * PAGE_SIZE, FALSE, FALSE, NULL);
    PMDL target = IoAllocateMdl(buffer + 16, 3 * PAGE_SIZE, FALSE, FALSE, NULL);

    (void)context;
    MmProbeAndLockPages(source, KernelMode, IoReadAccess);
    IoBuildPartialMdl(source, target, buffer + PAGE_SIZE + 32, 100);
    rig_expect_equal(target->MdlFlags, MDL_ALLOCATED_FIXED_SIZE | MDL_PARTIAL);
    rig_expect(MmGetMdlVirtualAddress(target) == buffer + PAGE_SIZE + 32);
    rig_expect_equal(target->ByteCount, 100);
    rig_expect(frames_match(target, buffer + PAGE_SIZE + 32));
    rig_expect(MmGetSystemAddressForMdlSafe(target, NormalPagePriority) == buffer + PAGE_SIZE + 32);
    rig_expect((target->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED) != 0);
    MmPrepareMdlForReuse(target);
    rig_expect_equal(target->MdlFlags, MDL_ALLOCATED_FIXED_SIZE | MDL_PARTIAL);
    IoBuildPartialMdl(source, target, buffer + 2 * PAGE_SIZE, 0); /* to the end */
    rig_expect_equal(target->ByteCount, PAGE_SIZE + 16);
    rig_expect(frames_match(target, buffer + 2 * PAGE_SIZE));
    MmGetSystemAddressForMdlSafe(source, NormalPagePriority);
    IoBuildPartialMdl(source, target, buffer + 20, 8);
    rig_expect((target->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0);
    rig_expect(MmGetSystemAddressForMdlSafe(target, NormalPagePriority) == buffer + 20);
    IoFreeMdl(target);
    MmUnlockPages(source);
    IoFreeMdl(source);
}

/* rule: MM-PARTIAL-1 */
static void a_partial_mdl_describes_a_part_with_the_sources_frames_and_mapping(void **state)
{
    (void)state;
    run_clean(partial);
}

static void partial_too_small(void *context)
{
    uint8_t *buffer = ExAllocatePoolWithTag(NonPagedPoolNx, 40 * PAGE_SIZE, TAG);
    UCHAR room[sizeof(MDL) + sizeof(PFN_NUMBER)];
    PMDL source = IoAllocateMdl(buffer, 40 * PAGE_SIZE, FALSE, FALSE, NULL);
    MDL *target = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof room, TAG);

    (void)context;
    MmBuildMdlForNonPagedPool(source);
    MmInitializeMdl(target, buffer, PAGE_SIZE);
    IoBuildPartialMdl(source, target, buffer, 2 * PAGE_SIZE);
}

static void partial_outside(void *context)
{
    uint8_t *buffer = ExAllocatePoolWithTag(NonPagedPoolNx, 4 * PAGE_SIZE, TAG);
    PMDL source = IoAllocateMdl(buffer, PAGE_SIZE, FALSE, FALSE, NULL);
    PMDL target = IoAllocateMdl(buffer, 2 * PAGE_SIZE, FALSE, FALSE, NULL);

    (void)context;
    MmBuildMdlForNonPagedPool(source);
    IoBuildPartialMdl(source, target, buffer + 100, PAGE_SIZE);
}

/* rule: MM-PARTIAL-2 */
static void a_target_without_room_for_the_part_is_bug_check_40(void **state)
{
    (void)state;
    run_stopped(partial_too_small, "MM-PARTIAL-2", "0x40");
}

/* rule: MM-PARTIAL-3 */
static void a_part_outside_the_source_is_a_finding(void **state)
{
    (void)state;
    run_stopped(partial_outside, "MM-PARTIAL-3", "");
}

static void advancing(void *context)
{
    uint8_t *buffer = ExAllocatePoolWithTag(NonPagedPoolNx, 3 * PAGE_SIZE, TAG);
    PMDL mdl = IoAllocateMdl(buffer + 16, 2 * PAGE_SIZE, FALSE, FALSE, NULL);

    (void)context;
    rig_expect_equal(MmAdvanceMdl(mdl, 10), STATUS_INVALID_PARAMETER); /* not locked */
    MmBuildMdlForNonPagedPool(mdl);
    rig_expect_equal(MmAdvanceMdl(mdl, 2 * PAGE_SIZE + 1), STATUS_INVALID_PARAMETER_2);
    rig_expect_equal(MmAdvanceMdl(mdl, PAGE_SIZE), STATUS_SUCCESS);
    rig_expect(MmGetMdlVirtualAddress(mdl) == buffer + PAGE_SIZE + 16);
    rig_expect_equal(mdl->ByteCount, PAGE_SIZE);
    rig_expect(mdl->MappedSystemVa == buffer + PAGE_SIZE + 16);
    rig_expect(frames_match(mdl, buffer + PAGE_SIZE + 16));
    rig_expect_equal(MmAdvanceMdl(mdl, 20), STATUS_SUCCESS);
    rig_expect_equal(mdl->ByteOffset, 36);
    rig_expect_equal(MmAdvanceMdl(mdl, mdl->ByteCount), STATUS_SUCCESS);
    rig_expect_equal(mdl->ByteCount, 0);
    IoFreeMdl(mdl);
}

/* rule: MM-MDL-3 */
static void advancing_takes_bytes_and_pages_from_the_front(void **state)
{
    (void)state;
    run_clean(advancing);
}

/* ---- Pages and contiguous memory ---- */

static PHYSICAL_ADDRESS at(ULONGLONG address)
{
    PHYSICAL_ADDRESS a = {.QuadPart = (LONGLONG)address};
    return a;
}

static void pages(void *context)
{
    const ULONGLONG limit = 0xFFFFFF;
    PMDL mdl =
        MmAllocatePagesForMdlEx(at(0), at(limit), at(0), 3 * PAGE_SIZE, MmCached, MM_ALLOCATE_FULLY_REQUIRED);

    (void)context;
    rig_expect_equal(mdl->ByteCount, 3 * PAGE_SIZE);
    rig_expect_equal(mdl->MdlFlags, MDL_PAGES_LOCKED);
    for (int i = 0; i < 3; i++)
        rig_expect((MmGetMdlPfnArray(mdl)[i] << PAGE_SHIFT) <= limit);
    uint8_t *p = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    rig_expect(p != NULL);
    for (int i = 0; i < 3 * PAGE_SIZE; i++)
        rig_expect_equal(p[i], 0);
    rig_expect(frames_match(mdl, p));
    MmUnmapLockedPages(p, mdl);
    MmFreePagesFromMdl(mdl);
    ExFreePool(mdl);
    rig_expect_equal(hal_kernel()->mm.live_pages[MM_PAGES_MDL], 0);
    rig_expect(MmAllocatePagesForMdlEx(at(0), at(limit), at(0), (SIZE_T)1 << 30, MmCached,
                                       MM_ALLOCATE_FULLY_REQUIRED) == NULL);
    PMDL some = MmAllocatePagesForMdl(at(0), at(limit), at(0), (SIZE_T)1 << 30);
    rig_expect(some != NULL && some->ByteCount < 1u << 30);
    MmFreePagesFromMdl(some);
    ExFreePool(some);
}

/* rule: MM-PAGES-1 */
static void pages_for_an_mdl_are_zeroed_inside_the_limits_and_may_be_fewer(void **state)
{
    (void)state;
    run_clean(pages);
}

static void contiguous(void *context)
{
    uint8_t *p = MmAllocateContiguousMemory(5 * PAGE_SIZE, at(0xFFFFFF));

    (void)context;
    ULONGLONG first = (ULONGLONG)MmGetPhysicalAddress(p).QuadPart;
    for (ULONG i = 0; i < 5; i++)
        rig_expect_equal(MmGetPhysicalAddress(p + i * PAGE_SIZE + 7).QuadPart, first + i * PAGE_SIZE + 7);
    rig_expect(first + 5 * PAGE_SIZE - 1 <= 0xFFFFFF);
    MmFreeContiguousMemory(p);
    p = MmAllocateContiguousMemorySpecifyCache(PAGE_SIZE, at(0x100000000), at(~0ull), at(0), MmCached);
    rig_expect((ULONGLONG)MmGetPhysicalAddress(p).QuadPart >= 0x100000000);
    MmFreeContiguousMemorySpecifyCache(p, PAGE_SIZE, MmCached);
    rig_expect(MmAllocateContiguousMemory((SIZE_T)1 << 40, at(~0ull)) == NULL);
    p = MmAllocateNonCachedMemory(PAGE_SIZE);
    rig_expect(p != NULL);
    MmFreeNonCachedMemory(p, PAGE_SIZE);
}

/* rule: MM-CONTIGUOUS-1 */
static void contiguous_memory_is_contiguous_and_inside_its_limits(void **state)
{
    (void)state;
    run_clean(contiguous);
}

/* Nothing has that many bytes; rounded up to pages, or halved, some of them would be few. */
static const SIZE_T no_sizes[] = {0,
                                  ~(SIZE_T)0,
                                  ~(SIZE_T)0 - PAGE_SIZE + 1,
                                  ~(SIZE_T)0 - PAGE_SIZE,
                                  ~(SIZE_T)0 - 2 * PAGE_SIZE,
                                  (SIZE_T)1 << 63};

static void no_such_sizes(void *context)
{
    uint8_t *ram = MmAllocateNonCachedMemory(PAGE_SIZE);
    PHYSICAL_ADDRESS physical = MmGetPhysicalAddress(ram);

    (void)context;
    for (unsigned i = 0; i < sizeof no_sizes / sizeof no_sizes[0]; i++) {
        SIZE_T bytes = no_sizes[i];
        rig_expect(MmAllocateContiguousMemory(bytes, at(~0ull)) == NULL);
        rig_expect(MmAllocateNonCachedMemory(bytes) == NULL);
        rig_expect(MmAllocatePagesForMdlEx(at(0), at(~0ull), at(0), bytes, MmCached,
                                           MM_ALLOCATE_FULLY_REQUIRED) == NULL);
        rig_expect(MmMapIoSpace(physical, bytes, MmNonCached) == NULL);
        rig_expect(MmMapIoSpace(at(~0ull), bytes, MmNonCached) == NULL);
        if (bytes != 0)
            rig_expect(MmCreateMdl(NULL, ram, bytes) == NULL);
    }
    rig_expect(IoAllocateMdl(ram, MAXULONG, FALSE, FALSE, NULL) == NULL);
    MmFreeNonCachedMemory(ram, PAGE_SIZE);
}

/* rule: MM-CONTIGUOUS-1, MM-PAGES-1, MM-MDL-1, MM-IOSPACE-5 */
static void no_size_makes_less_than_was_asked_for(void **state)
{
    (void)state;
    run_clean(no_such_sizes);
}

static void as_many_pages_as_there_are(void *context)
{
    (void)context;
    for (unsigned i = 1; i < sizeof no_sizes / sizeof no_sizes[0]; i++) {
        PMDL mdl = MmAllocatePagesForMdl(at(0), at(~0ull), at(0), no_sizes[i]);
        rig_expect(mdl != NULL && mdl->ByteCount != 0);
        MmFreePagesFromMdl(mdl);
        ExFreePool(mdl);
    }
}

/* rule: MM-PAGES-1 */
static void more_pages_than_there_are_become_those_that_there_are(void **state)
{
    (void)state;
    run_clean(as_many_pages_as_there_are);
}

static void free_contiguous_twice(void *context)
{
    PVOID p = MmAllocateContiguousMemory(PAGE_SIZE, at(~0ull));

    (void)context;
    MmFreeContiguousMemory(p);
    MmFreeContiguousMemory(p);
}

/* rule: MM-CONTIGUOUS-4 */
static void freeing_contiguous_memory_twice_is_bug_check_c2_60(void **state)
{
    (void)state;
    run_stopped(free_contiguous_twice, "MM-CONTIGUOUS-4", "0xC2/60");
}

/* ---- Registers ---- */

enum { WINDOW_BYTES = 0x1000, PORTS = 0x300 };
#define WINDOW 0xE0000000u

struct registers {
    uint64_t bytes[8];
    uint32_t accesses;
};

static uint64_t read_register(void *device, struct emu_machine *m, uint64_t offset, unsigned width)
{
    struct registers *r = device;
    uint64_t value = 0;

    (void)m;
    r->accesses++;
    memcpy(&value, (uint8_t *)r->bytes + offset, width);
    return value;
}

static void write_register(void *device, struct emu_machine *m, uint64_t offset, unsigned width,
                           uint64_t value)
{
    struct registers *r = device;

    (void)m;
    r->accesses++;
    memcpy((uint8_t *)r->bytes + offset, &value, width);
}

static const struct emu_register_ops register_ops = {.read = read_register, .write = write_register};

static void register_access(void *context)
{
    struct emu_machine *m = emu_current();
    struct registers r = {{0}, 0};
    ULONG values[3] = {1, 2, 3};
    ULONG back[3];

    (void)context;
    emu_bus_add_window(m, "window", WINDOW, WINDOW_BYTES, &register_ops, &r);
    emu_bus_add_ports(m, "ports", PORTS, sizeof r.bytes, &register_ops, &r);
    UCHAR *base = MmMapIoSpace(at(WINDOW), WINDOW_BYTES, MmNonCached);
    rig_expect(base != NULL);
    rig_expect(MmMapIoSpace(at(WINDOW + 0x100000), PAGE_SIZE, MmNonCached) == NULL);
    rig_expect_equal(MmGetPhysicalAddress(base + 8).QuadPart, WINDOW + 8);
    uint64_t steps = emu_steps(m);
    WRITE_REGISTER_ULONG((volatile ULONG *)(base + 4), 0x11223344);
    rig_expect_equal(emu_steps(m), steps + 1);
    rig_expect_equal(READ_REGISTER_ULONG((volatile ULONG *)(base + 4)), 0x11223344);
    rig_expect_equal(READ_REGISTER_USHORT((volatile USHORT *)(base + 4)), 0x3344);
    rig_expect_equal(READ_REGISTER_UCHAR(base + 7), 0x11);
    WRITE_REGISTER_ULONG64((volatile ULONG64 *)(base + 8), 0x8877665544332211);
    rig_expect_equal(READ_REGISTER_ULONG64((volatile ULONG64 *)(base + 8)), 0x8877665544332211);
    r.accesses = 0;
    WRITE_REGISTER_BUFFER_ULONG((volatile ULONG *)(base + 16), values, 3);
    READ_REGISTER_BUFFER_ULONG((volatile ULONG *)(base + 16), back, 3);
    rig_expect_equal(r.accesses, 6);
    rig_expect(memcmp(values, back, sizeof values) == 0);
    PUCHAR port = (PUCHAR)(ULONG_PTR)PORTS;
    WRITE_PORT_USHORT((PUSHORT)port, 0xBEEF);
    rig_expect_equal(READ_PORT_UCHAR(port), 0xEF);
    WRITE_PORT_BUFFER_ULONG((PULONG)port, values, 3);
    rig_expect_equal(READ_PORT_ULONG((PULONG)port), 3); /* one port, three times */
    MmUnmapIoSpace(base, WINDOW_BYTES);
    rig_expect_equal(hal_kernel()->mm.io_mappings, 0);
}

/* rule: MM-REGISTER-1 */
static void registers_and_ports_are_read_and_written_with_their_width_one_step_each(void **state)
{
    (void)state;
    run_clean(register_access);
}

static void no_register(void *context)
{
    (void)context;
    READ_REGISTER_ULONG((volatile ULONG *)(ULONG_PTR)0x1000);
}

static void no_port(void *context)
{
    (void)context;
    WRITE_PORT_UCHAR((PUCHAR)(ULONG_PTR)0x7F, 1);
}

/* rule: MM-REGISTER-3 */
static void a_register_access_that_meets_nothing_is_a_finding(void **state)
{
    (void)state;
    run_stopped(no_register, "MM-REGISTER-3", "");
}

/* rule: MM-REGISTER-4 */
static void a_port_access_that_meets_nothing_is_a_finding(void **state)
{
    (void)state;
    run_stopped(no_port, "MM-REGISTER-4", "");
}

static void unmap_nothing(void *context)
{
    (void)context;
    MmUnmapIoSpace((PVOID)(ULONG_PTR)0x1000, PAGE_SIZE);
}

static void unmap_other_size(void *context)
{
    PVOID page = ExAllocatePoolWithTag(NonPagedPoolNx, PAGE_SIZE, TAG);

    (void)context;
    PVOID base = MmMapIoSpace(MmGetPhysicalAddress(page), PAGE_SIZE, MmCached);
    rig_expect(base == page);
    MmUnmapIoSpace(base, PAGE_SIZE / 2);
}

/* rule: MM-IOSPACE-3 */
static void unmapping_what_is_not_mapped_is_bug_check_da(void **state)
{
    (void)state;
    run_stopped(unmap_nothing, "MM-IOSPACE-3", "0xDA");
}

/* rule: MM-IOSPACE-4 */
static void unmapping_another_size_than_was_mapped_is_bug_check_da(void **state)
{
    (void)state;
    run_stopped(unmap_other_size, "MM-IOSPACE-4", "0xDA");
}

static void addresses(void *context)
{
    UCHAR *p = ExAllocatePoolWithTag(NonPagedPoolNx, 100, TAG);
    static UCHAR outside[16];

    (void)context;
    rig_expect(MmIsAddressValid(p));
    rig_expect(!MmIsAddressValid(NULL));
    rig_expect(emu_ram_at(emu_current(), (uint64_t)MmGetPhysicalAddress(p).QuadPart) == p);
    rig_expect(MmGetPhysicalAddress(outside).QuadPart == MmGetPhysicalAddress(outside).QuadPart);
    PVOID handle = MmLockPagableCodeSection((PVOID)(ULONG_PTR)addresses);
    MmUnlockPagableImageSection(handle);
    rig_expect(handle != NULL);
}

/* rule: MM-ADDRESS-1 */
static void addresses_and_frames_are_two_views_of_one_memory(void **state)
{
    (void)state;
    run_clean(addresses);
}

static void build_for_paged_pool(void *context)
{
    (void)context;
    void *paged = ExAllocatePoolWithTag(PagedPool, 64, TAG);
    MmBuildMdlForNonPagedPool(IoAllocateMdl(paged, 64, FALSE, FALSE, NULL));
}

/* rule: MM-MDL-6 */
static void an_mdl_for_nonpaged_pool_is_not_built_for_paged_pool(void **state)
{
    (void)state;
    run_stopped(build_for_paged_pool, "MM-MDL-6", "0xC4/7F");
}

static void build_for_a_stack(void *context)
{
    (void)context;
    uint8_t buffer[64];
    MmBuildMdlForNonPagedPool(IoAllocateMdl(buffer, sizeof buffer, FALSE, FALSE, NULL));
}

/* rule: MM-MDL-7 */
static void an_mdl_for_nonpaged_pool_is_not_built_for_a_stack(void **state)
{
    (void)state;
    run_stopped(build_for_a_stack, "MM-MDL-7", "0xC4/140");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_mdl_for_nonpaged_pool_is_not_built_for_paged_pool),
        cmocka_unit_test(an_mdl_for_nonpaged_pool_is_not_built_for_a_stack),
        cmocka_unit_test(an_mdl_describes_its_buffer_and_joins_the_irps_chain),
        cmocka_unit_test(an_mdl_for_nonpaged_pool_has_its_frames_and_its_address_at_once),
        cmocka_unit_test(locking_fills_the_frames_and_unlocking_also_unmaps),
        cmocka_unit_test(locking_what_is_no_memory_raises_an_exception),
        cmocka_unit_test(unlocking_what_is_not_locked_is_bug_check_4e_7),
        cmocka_unit_test(mapping_what_is_not_locked_is_a_finding),
        cmocka_unit_test(a_mapping_follows_the_frames_and_fails_where_they_do_not_follow_each_other),
        cmocka_unit_test(a_mapping_that_must_not_fail_and_does_is_bug_check_3f),
        cmocka_unit_test(a_partial_mdl_describes_a_part_with_the_sources_frames_and_mapping),
        cmocka_unit_test(a_target_without_room_for_the_part_is_bug_check_40),
        cmocka_unit_test(a_part_outside_the_source_is_a_finding),
        cmocka_unit_test(advancing_takes_bytes_and_pages_from_the_front),
        cmocka_unit_test(pages_for_an_mdl_are_zeroed_inside_the_limits_and_may_be_fewer),
        cmocka_unit_test(contiguous_memory_is_contiguous_and_inside_its_limits),
        cmocka_unit_test(no_size_makes_less_than_was_asked_for),
        cmocka_unit_test(more_pages_than_there_are_become_those_that_there_are),
        cmocka_unit_test(freeing_contiguous_memory_twice_is_bug_check_c2_60),
        cmocka_unit_test(registers_and_ports_are_read_and_written_with_their_width_one_step_each),
        cmocka_unit_test(a_register_access_that_meets_nothing_is_a_finding),
        cmocka_unit_test(a_port_access_that_meets_nothing_is_a_finding),
        cmocka_unit_test(unmapping_what_is_not_mapped_is_bug_check_da),
        cmocka_unit_test(unmapping_another_size_than_was_mapped_is_bug_check_da),
        cmocka_unit_test(addresses_and_frames_are_two_views_of_one_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
