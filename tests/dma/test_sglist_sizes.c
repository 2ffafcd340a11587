/*
 * How large a list's buffer must be: what is told, what is enough, and what is written.
 */
#include "gather.h"

enum { CANARY = 0xC5, ROOM = 1024 };

static NTSTATUS calculate(PDMA_ADAPTER adapter, PMDL mdl, PVOID address, ULONG length, ULONG *bytes,
                          ULONG *registers)
{
    return adapter->DmaOperations->CalculateScatterGatherList(adapter, mdl, address, length, bytes,
                                                              registers);
}

static DMA_TRANSFER_INFO info_of(PDMA_ADAPTER adapter, ULONG version, PMDL mdl, ULONGLONG offset,
                                 ULONG length)
{
    DMA_TRANSFER_INFO info = {.Version = version};
    rig_expect_equal(adapter->DmaOperations->GetDmaTransferInfo(adapter, mdl, offset, length, FALSE, &info),
                     STATUS_SUCCESS);
    return info;
}

/* A list of this transfer is built in a buffer of exactly this many bytes, and not in one byte less. */
static void require_exact(PDMA_ADAPTER adapter, PMDL mdl, ULONG offset, ULONG length, ULONG bytes)
{
    PDMA_OPERATIONS o = adapter->DmaOperations;
    gather_context transfer;
    struct gather_call call = {0};
    unsigned char *buffer = haldma_scratch(ROOM);
    rig_expect(bytes + 1 < ROOM);
    memset(buffer, CANARY, ROOM);
    o->InitializeDmaTransferContext(adapter, transfer);
    for (int ex = 0; ex < 2; ex++) {
        PUCHAR address = (PUCHAR)MmGetMdlVirtualAddress(mdl) + offset;
        for (ULONG less = 1; less <= 1; less--) {
            NTSTATUS status =
                ex ? o->BuildScatterGatherListEx(adapter, NULL, transfer, mdl, offset, length, 0,
                                                 gather_control, &call, TRUE, buffer, bytes - less, NULL,
                                                 NULL, NULL)
                   : o->BuildScatterGatherList(adapter, NULL, mdl, address, length, gather_control, &call,
                                               TRUE, buffer, bytes - less);
            rig_expect_equal(status, less ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS);
            rig_expect_equal(call.calls, less ? ex : ex + 1);
            if (!less)
                gather_put(adapter, call.list, true);
        }
    }
    for (ULONG i = bytes; i < ROOM; i++)
        rig_expect_equal(buffer[i], CANARY);
}

static void require_sizes(PDMA_ADAPTER adapter, PMDL mdl, ULONG offset, ULONG length, ULONG pages)
{
    ULONG bytes = 0, registers = 0;
    PUCHAR address = (PUCHAR)MmGetMdlVirtualAddress(mdl) + offset;
    rig_expect_equal(calculate(adapter, mdl, address, length, &bytes, &registers), STATUS_SUCCESS);
    rig_expect_equal(registers, pages);
    DMA_TRANSFER_INFO info = info_of(adapter, DMA_TRANSFER_INFO_VERSION1, mdl, offset, length);
    rig_expect_equal(info.V1.MapRegisterCount, pages);
    rig_expect_equal(info.V1.ScatterGatherListSize, bytes);
    rig_expect(info.V1.ScatterGatherListSize >
               sizeof(SCATTER_GATHER_LIST) +
                   info.V1.ScatterGatherElementCount * sizeof(SCATTER_GATHER_ELEMENT));
    require_exact(adapter, mdl, offset, length, bytes);
}

/* rule: DMA-LIST-38 */
static void the_size_that_is_told_is_enough_and_one_byte_less_is_not(void *context)
{
    (void)context;
    PMDL mdl = gather_piece(0x800, 0x3000, true, 'x');
    mdl->Next = gather_piece(0xFFF, 2, true, 'y');
    for (ULONG width = 32; width <= 64; width += 32) {
        PDMA_ADAPTER adapter = world_adapter(width);
        require_sizes(adapter, mdl, 0, 1, 1);
        require_sizes(adapter, mdl, 0, 0x800, 1);
        require_sizes(adapter, mdl, 0, 0x801, 2);
        require_sizes(adapter, mdl, 0x7FF, 2, 2);
        require_sizes(adapter, mdl, 0, 0x3000, 4);
        require_sizes(adapter, mdl, 0, 0x3001, 5);
        require_sizes(adapter, mdl, 0, 0x3002, 6);
        require_sizes(adapter, mdl, 0x2FFF, 3, 3);
    }
}

/* rule: DMA-LIST-38 */
static void a_device_without_scatter_gather_needs_room_for_one_element(void *context)
{
    (void)context;
    DEVICE_DESCRIPTION description = world_master(DEVICE_DESCRIPTION_VERSION3, 64);
    description.ScatterGather = FALSE;
    PDMA_ADAPTER adapter = world_get(description, NULL);
    PMDL mdl = gather_piece(0x800, 0x3000, true, 'x');
    require_sizes(adapter, mdl, 0, 0x3000, 4);
    DMA_TRANSFER_INFO info = info_of(adapter, DMA_TRANSFER_INFO_VERSION1, mdl, 0, 0x3000);
    rig_expect_equal(info.V1.ScatterGatherElementCount, 1);
}

/* rule: DMA-LIST-41 */
static void version_2_tells_the_pages_as_well(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = gather_piece(0x800, 0x3000, true, 'x');
    DMA_TRANSFER_INFO one = info_of(adapter, DMA_TRANSFER_INFO_VERSION1, mdl, 0x7FF, 0x1002);
    DMA_TRANSFER_INFO two = info_of(adapter, DMA_TRANSFER_INFO_VERSION2, mdl, 0x7FF, 0x1002);
    rig_expect_equal(two.V2.MapRegisterCount, 3);
    rig_expect_equal(two.V2.ScatterGatherElementCount, 3);
    rig_expect_equal(two.V2.ScatterGatherListSize, one.V1.ScatterGatherListSize);
    rig_expect_equal(two.V2.LogicalPageCount, 3);
}

/* rule: DMA-LIST-39 */
static void without_an_mdl_it_is_the_most_that_so_many_bytes_can_need(void *context)
{
    (void)context;
    ULONG count, bytes, registers, offset_bytes;
    PDMA_ADAPTER adapter = world_get(world_master(DEVICE_DESCRIPTION_VERSION3, 64), &count);
    rig_expect_equal(calculate(adapter, NULL, NULL, count * PAGE_SIZE, &bytes, &registers), STATUS_SUCCESS);
    rig_expect_equal(registers, count);
    rig_expect_equal(calculate(adapter, NULL, NULL, 3 * PAGE_SIZE, &bytes, &registers), STATUS_SUCCESS);
    rig_expect_equal(registers, 3);
    rig_expect_equal(calculate(adapter, NULL, (PVOID)(uintptr_t)1, 3 * PAGE_SIZE, &offset_bytes, &registers),
                     STATUS_SUCCESS);
    rig_expect_equal(registers, 4);
    rig_expect(offset_bytes > bytes);
    PMDL mdl = gather_piece(0, 3 * PAGE_SIZE, true, 'x');
    rig_expect_equal(calculate(adapter, mdl, gather_memory(mdl), 3 * PAGE_SIZE, &offset_bytes, NULL),
                     STATUS_SUCCESS);
    rig_expect_equal(offset_bytes, bytes);
}

/* rule: DMA-LIST-40 */
static void too_many_registers_and_too_few_bytes_are_told(void *context)
{
    (void)context;
    ULONG count, bytes = 7, registers = 7;
    PDMA_ADAPTER adapter = world_get(world_master(DEVICE_DESCRIPTION_VERSION3, 64), &count);
    PMDL mdl = gather_piece(1, count * PAGE_SIZE, false, 'x');
    PUCHAR address = gather_memory(mdl);
    rig_expect_equal(calculate(adapter, NULL, NULL, count * PAGE_SIZE + 1, &bytes, &registers),
                     STATUS_INSUFFICIENT_RESOURCES);
    rig_expect_equal(calculate(adapter, mdl, address, count * PAGE_SIZE, &bytes, &registers),
                     STATUS_INSUFFICIENT_RESOURCES);
    rig_expect_equal(calculate(adapter, mdl, address, count * PAGE_SIZE + 1, &bytes, &registers),
                     STATUS_BUFFER_TOO_SMALL);
    rig_expect_equal(bytes, 7);
    rig_expect_equal(registers, 7);
}

/* rule: DMA-LIST-22 */
static void the_size_needs_a_place(void *context)
{
    (void)context;
    calculate(world_adapter(64), NULL, NULL, 1, NULL, NULL);
}

static void at_any_level(void *context)
{
    (void)context;
    ULONG bytes;
    KIRQL old;
    PDMA_ADAPTER adapter = world_adapter(64);
    KeRaiseIrql(HIGH_LEVEL, &old);
    NTSTATUS status = calculate(adapter, NULL, NULL, 1, &bytes, NULL);
    KeLowerIrql(old);
    rig_expect_equal(status, STATUS_SUCCESS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(the_size_that_is_told_is_enough_and_one_byte_less_is_not),
        WORLD_HOLDS(a_device_without_scatter_gather_needs_room_for_one_element),
        WORLD_HOLDS(version_2_tells_the_pages_as_well),
        WORLD_HOLDS(without_an_mdl_it_is_the_most_that_so_many_bytes_can_need),
        WORLD_HOLDS(too_many_registers_and_too_few_bytes_are_told),
        WORLD_STOPS(the_size_needs_a_place, "DMA-LIST-22", NULL),
        WORLD_HOLDS(at_any_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
