/*
 * Scatter/gather lists of system DMA: GetScatterGatherList programs the controller, and the channel stays
 * with the list.
 */
#include <emu/device/soc_dma.h>

#include "gather.h"

enum { A_WHILE_100NS = 10000 };

static void wait_a_while(void)
{
    LARGE_INTEGER while_it_runs = {.QuadPart = -A_WHILE_100NS};
    KeDelayExecutionThread(KernelMode, FALSE, &while_it_runs);
}

static void require_pattern(const unsigned char *memory, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++)
        rig_expect_equal(memory[i], emu_soc_dma_pattern(WORLD_LINE, i));
}

/* A list of so many pages is transferred when its routine is called; the next adapter waits for its end. */
static void transfer_and_wait(uint32_t pages)
{
    unsigned char *memory, *other;
    struct gather_call first = {0}, second = {0};
    PDMA_ADAPTER adapter = world_channel(WORLD_LINE), neighbour = world_channel(WORLD_LINE + 1);
    PMDL mdl = world_buffer(pages, false, &memory), unused = world_buffer(1, false, &other);
    rig_expect_equal(gather_get(adapter, mdl, 0, pages * PAGE_SIZE, false, &first), STATUS_SUCCESS);
    rig_expect_equal(first.calls, 1);
    rig_expect_equal(gather_bytes(first.list), pages * PAGE_SIZE);
    rig_expect_equal(gather_get(neighbour, unused, 0, 1, false, &second), STATUS_SUCCESS);
    wait_a_while();
    rig_expect_equal(adapter->DmaOperations->ReadDmaCounter(adapter), 0);
    rig_expect_equal(second.calls, 0);
    gather_put(adapter, first.list, false);
    require_pattern(memory, pages * PAGE_SIZE);
    rig_expect_equal(second.calls, 1);
    wait_a_while();
    gather_put(neighbour, second.list, false);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
    adapter->DmaOperations->PutDmaAdapter(adapter);
    neighbour->DmaOperations->PutDmaAdapter(neighbour);
}

/* rule: DMA-LIST-34 */
static void a_list_is_transferred_and_keeps_the_channel_until_the_put(void *context)
{
    (void)context;
    transfer_and_wait(WORLD_FRAGMENTS);
}

/* rule: DMA-LIST-34 */
static void more_pages_than_the_controller_takes_become_one_piece(void *context)
{
    (void)context;
    transfer_and_wait(2 * WORLD_FRAGMENTS);
}

static VOID put_within(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    PDMA_ADAPTER adapter = context;
    (void)device;
    (void)irp;
    gather_put(adapter, list, true);
}

/* rule: DMA-LIST-34 */
static void a_list_that_its_routine_puts_frees_the_channel_with_the_return(void *context)
{
    (void)context;
    unsigned char *memory;
    gather_context transfer;
    PDMA_ADAPTER adapter = world_channel(WORLD_LINE);
    PMDL mdl = world_buffer(1, false, &memory);
    rig_expect_equal(adapter->DmaOperations->GetScatterGatherList(adapter, NULL, mdl, memory, PAGE_SIZE,
                                                                  put_within, adapter, TRUE),
                     STATUS_SUCCESS);
    world_take(adapter, transfer, 1);
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
}

/* rule: DMA-LIST-30 */
static void freeing_the_channel_of_a_list(void *context)
{
    (void)context;
    unsigned char *memory;
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_channel(WORLD_LINE);
    rig_expect_equal(gather_get(adapter, world_buffer(1, false, &memory), 0, 1, true, &call), STATUS_SUCCESS);
    adapter->DmaOperations->FreeAdapterChannel(adapter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(a_list_is_transferred_and_keeps_the_channel_until_the_put),
        WORLD_HOLDS(more_pages_than_the_controller_takes_become_one_piece),
        WORLD_HOLDS(a_list_that_its_routine_puts_frees_the_channel_with_the_return),
        WORLD_STOPS(freeing_the_channel_of_a_list, "DMA-LIST-30", "0xE6/10"),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
