/*
 * System DMA: channels, their transfers, completion routines and cancellation.
 */
#include "world.h"

#include <emu/device/soc_dma.h>

typedef UCHAR transfer_bytes[DMA_TRANSFER_CONTEXT_SIZE_V1];

/* One transfer, and what its completion routine saw. */
struct stream {
    PDMA_ADAPTER adapter;
    transfer_bytes transfer;
    PVOID base;
    PMDL mdl;
    unsigned char *memory;
    ULONG length;
    ULONG length_seen; /* by the completion routine */
    unsigned completions;
    KIRQL level;
    DMA_COMPLETION_STATUS status;
    KEVENT completed;
};

static VOID completed(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID context,
                      DMA_COMPLETION_STATUS status)
{
    struct stream *s = context;
    (void)device;
    rig_expect(adapter == s->adapter);
    s->completions++;
    s->length_seen = s->length;
    s->level = KeGetCurrentIrql();
    s->status = status;
    KeSetEvent(&s->completed, IO_NO_INCREMENT, FALSE);
}

/* A channel with a buffer of this many pages. */
static struct stream *make(uint32_t pages, ULONG line)
{
    struct stream *s = haldma_scratch(sizeof *s);
    s->adapter = world_channel(line);
    s->mdl = world_buffer(pages, false, &s->memory);
    s->length = pages * PAGE_SIZE;
    s->base = world_take(s->adapter, s->transfer, pages);
    KeInitializeEvent(&s->completed, SynchronizationEvent, FALSE);
    return s;
}

static NTSTATUS start(struct stream *s, BOOLEAN to_device)
{
    return s->adapter->DmaOperations->MapTransferEx(s->adapter, s->mdl, s->base, 0, 0, &s->length, to_device,
                                                    NULL, 0, completed, s);
}

static NTSTATUS flush(struct stream *s, BOOLEAN to_device)
{
    return s->adapter->DmaOperations->FlushAdapterBuffersEx(s->adapter, s->mdl, s->base, 0, s->length,
                                                            to_device);
}

static void wait(struct stream *s)
{
    rig_expect_equal(KeWaitForSingleObject(&s->completed, Executive, KernelMode, FALSE, NULL),
                     STATUS_SUCCESS);
}

/* rule: DMA-CHANNEL-1 */
static void adapters_that_share_a_channel_get_it_in_order_of_arrival(void *context)
{
    (void)context;
    transfer_bytes transfers[3];
    struct world_call second = {.action = KeepObject}, third = {.action = DeallocateObject};
    PDMA_ADAPTER one = world_channel(WORLD_LINE), two = world_channel(WORLD_LINE + 1),
                 three = world_channel(WORLD_LINE);
    world_take(one, transfers[0], 1);
    rig_expect_equal(world_ask(two, transfers[1], 1, &second), STATUS_SUCCESS);
    rig_expect_equal(world_ask(three, transfers[2], 1, &third), STATUS_SUCCESS);
    rig_expect_equal(second.calls + third.calls, 0);
    one->DmaOperations->FreeAdapterChannel(one);
    rig_expect_equal(second.calls, 1);
    rig_expect_equal(third.calls, 0);
    two->DmaOperations->FreeAdapterChannel(two);
    rig_expect_equal(third.calls, 1);
}

/* rule: DMA-CHANNEL-2 */
static void a_completion_routine_runs_at_dispatch_level_and_finds_the_length_written(void *context)
{
    (void)context;
    struct stream *s = make(2, WORLD_LINE);
    rig_expect_equal(start(s, FALSE), STATUS_SUCCESS);
    wait(s);
    rig_expect_equal(s->completions, 1);
    rig_expect_equal(s->level, DISPATCH_LEVEL);
    rig_expect_equal(s->status, DmaComplete);
    rig_expect_equal(s->length_seen, 2 * PAGE_SIZE);
    rig_expect_equal(flush(s, FALSE), STATUS_SUCCESS);
    for (unsigned i = 0; i < 2 * PAGE_SIZE; i += 511)
        rig_expect_equal(s->memory[i], emu_soc_dma_pattern(WORLD_LINE, i));
    s->adapter->DmaOperations->FreeAdapterChannel(s->adapter);
    s->adapter->DmaOperations->PutDmaAdapter(s->adapter);
}

/* rule: DMA-CHANNEL-3 */
static void mapping_without_the_channel(void *context)
{
    (void)context;
    struct stream *s = make(1, WORLD_LINE);
    s->adapter->DmaOperations->FreeAdapterChannel(s->adapter);
    s->base = NULL;
    start(s, TRUE);
}

/* rule: DMA-CHANNEL-4 */
static void mapping_on_a_channel_that_was_not_flushed(void *context)
{
    (void)context;
    struct stream *s = make(1, WORLD_LINE);
    rig_expect_equal(start(s, TRUE), STATUS_SUCCESS);
    wait(s);
    start(s, TRUE);
}

/* rule: DMA-CHANNEL-4 */
static void freeing_a_channel_that_was_not_flushed(void *context)
{
    (void)context;
    struct stream *s = make(1, WORLD_LINE);
    rig_expect_equal(start(s, TRUE), STATUS_SUCCESS);
    wait(s);
    s->adapter->DmaOperations->FreeAdapterObject(s->adapter, DeallocateObjectKeepRegisters);
}

/* rule: DMA-CHANNEL-5 */
static void a_cancelled_transfer_completes_once_and_its_context_starts_no_other(void *context)
{
    (void)context;
    struct stream *s = make(4, WORLD_LINE);
    rig_expect_equal(start(s, TRUE), STATUS_SUCCESS);
    rig_expect_equal(s->adapter->DmaOperations->CancelMappedTransfer(s->adapter, s->transfer),
                     STATUS_SUCCESS);
    wait(s);
    rig_expect_equal(s->status, DmaCancelled);
    rig_expect_equal(start(s, TRUE), STATUS_CANCELLED);
    rig_expect_equal(flush(s, TRUE), STATUS_SUCCESS);
    rig_expect_equal(s->completions, 1);
}

/* rule: DMA-CHANNEL-6 */
static void the_flush_ends_the_cancelled_state(void *context)
{
    (void)context;
    struct stream *s = make(1, WORLD_LINE);
    rig_expect_equal(start(s, TRUE), STATUS_SUCCESS);
    rig_expect_equal(s->adapter->DmaOperations->CancelMappedTransfer(s->adapter, s->transfer),
                     STATUS_SUCCESS);
    wait(s);
    rig_expect_equal(flush(s, TRUE), STATUS_SUCCESS);
    rig_expect_equal(start(s, TRUE), STATUS_SUCCESS);
    wait(s);
    rig_expect_equal(s->status, DmaComplete);
    rig_expect_equal(flush(s, TRUE), STATUS_SUCCESS);
}

/* rule: DMA-CHANNEL-7 */
static void a_context_can_be_cancelled_before_anything_is_mapped(void *context)
{
    (void)context;
    struct stream *s = make(1, WORLD_LINE);
    PDMA_OPERATIONS o = s->adapter->DmaOperations;
    rig_expect_equal(o->CancelMappedTransfer(s->adapter, s->transfer), STATUS_SUCCESS);
    rig_expect_equal(start(s, TRUE), STATUS_CANCELLED);
    o->FreeAdapterChannel(s->adapter);
    o->InitializeDmaTransferContext(s->adapter, s->transfer);
    rig_expect_equal(o->CancelMappedTransfer(s->adapter, s->transfer), STATUS_SUCCESS);
    rig_expect_equal(o->AllocateAdapterChannelEx(s->adapter, NULL, s->transfer, 1, DMA_SYNCHRONOUS_CALLBACK,
                                                 NULL, NULL, &s->base),
                     STATUS_SUCCESS);
    rig_expect_equal(start(s, TRUE), STATUS_CANCELLED);
    rig_expect_equal(s->completions, 0);
}

/* rule: DMA-CHANNEL-8 */
static void cancelling_what_was_cancelled_or_released_fails(void *context)
{
    (void)context;
    struct stream *s = make(1, WORLD_LINE);
    PDMA_OPERATIONS o = s->adapter->DmaOperations;
    rig_expect_equal(start(s, TRUE), STATUS_SUCCESS);
    rig_expect_equal(o->CancelMappedTransfer(s->adapter, s->transfer), STATUS_SUCCESS);
    rig_expect(!NT_SUCCESS(o->CancelMappedTransfer(s->adapter, s->transfer)));
    wait(s);
    rig_expect(!NT_SUCCESS(o->CancelMappedTransfer(s->adapter, s->transfer)));
    rig_expect_equal(flush(s, TRUE), STATUS_SUCCESS);
    o->FreeAdapterChannel(s->adapter);
    rig_expect(!NT_SUCCESS(o->CancelMappedTransfer(s->adapter, s->transfer)));
    rig_expect(!NT_SUCCESS(o->CancelMappedTransfer(s->adapter, NULL)));
    rig_expect_equal(s->completions, 1);
}

/* rule: DMA-CHANNEL-14 */
static void cancelling_between_the_end_and_the_flush_marks_the_context_until_the_flush(void *context)
{
    (void)context;
    struct stream *s = make(1, WORLD_LINE);
    PDMA_OPERATIONS o = s->adapter->DmaOperations;
    rig_expect_equal(start(s, TRUE), STATUS_SUCCESS);
    wait(s);
    rig_expect_equal(o->CancelMappedTransfer(s->adapter, s->transfer), STATUS_SUCCESS);
    rig_expect_equal(start(s, TRUE), STATUS_CANCELLED);
    rig_expect_equal(s->completions, 1);
    rig_expect_equal(s->status, DmaComplete);
    rig_expect_equal(flush(s, TRUE), STATUS_SUCCESS);
    rig_expect_equal(start(s, TRUE), STATUS_SUCCESS);
    wait(s);
    rig_expect_equal(flush(s, TRUE), STATUS_SUCCESS);
}

/* rule: DMA-CHANNEL-15 */
static void a_mark_from_before_the_allocation_is_for_that_allocation_only(void *context)
{
    (void)context;
    struct stream *s = make(1, WORLD_LINE);
    PDMA_OPERATIONS o = s->adapter->DmaOperations;
    o->FreeAdapterChannel(s->adapter);
    o->InitializeDmaTransferContext(s->adapter, s->transfer);
    rig_expect_equal(o->CancelMappedTransfer(s->adapter, s->transfer), STATUS_SUCCESS);
    rig_expect(!NT_SUCCESS(o->CancelMappedTransfer(s->adapter, s->transfer)));
    for (unsigned i = 0; i < 2; i++) {
        rig_expect_equal(o->AllocateAdapterChannelEx(s->adapter, NULL, s->transfer, 1,
                                                     DMA_SYNCHRONOUS_CALLBACK, NULL, NULL, &s->base),
                         STATUS_SUCCESS);
        rig_expect_equal(start(s, TRUE), i == 0 ? STATUS_CANCELLED : STATUS_SUCCESS);
        if (i != 0)
            wait(s);
        rig_expect_equal(flush(s, TRUE), STATUS_SUCCESS);
        o->FreeAdapterChannel(s->adapter);
    }
}

/* rule: DMA-MAP-9 */
static void mapping_no_bytes_succeeds_and_starts_nothing(void *context)
{
    (void)context;
    struct stream *s = make(1, WORLD_LINE);
    s->length = 0;
    rig_expect_equal(start(s, TRUE), STATUS_SUCCESS);
    rig_expect_equal(s->length, 0);
    s->length = PAGE_SIZE;
    rig_expect_equal(start(s, TRUE), STATUS_SUCCESS);
    wait(s);
    rig_expect_equal(flush(s, TRUE), STATUS_SUCCESS);
    rig_expect_equal(s->completions, 1);
}

/* rule: DMA-ADAPTER-21 */
static void releasing_an_adapter_whose_completion_routine_is_still_to_be_called(void *context)
{
    (void)context;
    KIRQL old;
    struct stream *s = make(1, WORLD_LINE);
    PDMA_OPERATIONS o = s->adapter->DmaOperations;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    rig_expect_equal(start(s, TRUE), STATUS_SUCCESS);
    rig_expect_equal(o->CancelMappedTransfer(s->adapter, s->transfer), STATUS_SUCCESS);
    rig_expect_equal(flush(s, TRUE), STATUS_SUCCESS);
    o->FreeAdapterChannel(s->adapter);
    o->PutDmaAdapter(s->adapter);
    KeLowerIrql(old);
}

/* rule: DMA-CHANNEL-9 */
static void bus_masters_have_no_mapped_transfer_to_cancel(void *context)
{
    (void)context;
    transfer_bytes transfer;
    PDMA_ADAPTER adapter = world_adapter(64);
    world_take(adapter, transfer, 1);
    rig_expect(!NT_SUCCESS(adapter->DmaOperations->CancelMappedTransfer(adapter, transfer)));
}

/* rule: DMA-CHANNEL-10 */
static void the_counter_says_how_many_bytes_are_left(void *context)
{
    (void)context;
    struct stream *s = make(2, WORLD_LINE);
    PDMA_OPERATIONS o = s->adapter->DmaOperations;
    LARGE_INTEGER while_it_runs = {.QuadPart = -25};
    rig_expect_equal(start(s, TRUE), STATUS_SUCCESS);
    rig_expect_equal(o->ReadDmaCounter(s->adapter), 2 * PAGE_SIZE);
    KeDelayExecutionThread(KernelMode, FALSE, &while_it_runs);
    ULONG left = o->ReadDmaCounter(s->adapter);
    rig_expect(left > 0 && left < 2 * PAGE_SIZE);
    wait(s);
    rig_expect_equal(o->ReadDmaCounter(s->adapter), 0);
    rig_expect_equal(flush(s, TRUE), STATUS_SUCCESS);
    PDMA_ADAPTER master = world_adapter(64);
    rig_expect_equal(master->DmaOperations->ReadDmaCounter(master), 0);
}

/* rule: DMA-CHANNEL-11 */
static void a_flush_before_the_end_stops_the_transfer_and_the_routine_is_called_all_the_same(void *context)
{
    (void)context;
    struct stream *s = make(4, WORLD_LINE);
    rig_expect_equal(start(s, TRUE), STATUS_SUCCESS);
    rig_expect_equal(flush(s, TRUE), STATUS_SUCCESS);
    wait(s);
    rig_expect_equal(s->status, DmaCancelled);
    rig_expect_equal(s->completions, 1);
    rig_expect_equal(s->adapter->DmaOperations->ReadDmaCounter(s->adapter), 4 * PAGE_SIZE);
    s->adapter->DmaOperations->FreeAdapterChannel(s->adapter);
}

/* rule: DMA-CHANNEL-12 */
static void version_1_starts_the_channel_with_map_transfer(void *context)
{
    (void)context;
    struct stream *s = make(1, WORLD_LINE);
    PDMA_OPERATIONS o = s->adapter->DmaOperations;
    LARGE_INTEGER long_enough = {.QuadPart = -1000};
    ULONG length = 1000;
    o->MapTransfer(s->adapter, s->mdl, s->base, s->memory + 24, &length, FALSE);
    rig_expect_equal(length, 1000);
    KeDelayExecutionThread(KernelMode, FALSE, &long_enough);
    rig_expect_equal(o->ReadDmaCounter(s->adapter), 0);
    rig_expect_equal(o->FlushAdapterBuffers(s->adapter, s->mdl, s->base, s->memory + 24, length, FALSE),
                     TRUE);
    rig_expect_equal(s->memory[24], emu_soc_dma_pattern(WORLD_LINE, 0));
    rig_expect_equal(s->memory[1023], emu_soc_dma_pattern(WORLD_LINE, 999));
    rig_expect_equal(s->memory[1024], 'a');
    o->FreeAdapterChannel(s->adapter);
}

/* rule: DMA-MAP-24 */
static void version_1_maps_all_that_it_is_asked_for_whatever_the_controllers_fragments(void *context)
{
    (void)context;
    enum { PAGES = 2 * WORLD_FRAGMENTS };
    struct stream *s = make(PAGES, WORLD_LINE);
    PDMA_OPERATIONS o = s->adapter->DmaOperations;
    LARGE_INTEGER long_enough = {.QuadPart = -10000};
    PPFN_NUMBER frames = MmGetMdlPfnArray(s->mdl);
    for (unsigned i = 0; i < PAGES; i += 2) { /* neighbours change places: not one piece in either order */
        PFN_NUMBER frame = frames[i];
        frames[i] = frames[i + 1];
        frames[i + 1] = frame;
    }
    ULONG length = PAGES * PAGE_SIZE;
    o->MapTransfer(s->adapter, s->mdl, s->base, s->memory, &length, FALSE);
    rig_expect_equal(length, PAGES * PAGE_SIZE);
    KeDelayExecutionThread(KernelMode, FALSE, &long_enough);
    rig_expect_equal(o->ReadDmaCounter(s->adapter), 0);
    rig_expect_equal(o->FlushAdapterBuffers(s->adapter, s->mdl, s->base, s->memory, length, FALSE), TRUE);
    for (unsigned i = 0; i < PAGES; i++)
        rig_expect_equal(*(unsigned char *)emu_ram_at(emu_current(), (uint64_t)frames[i] << PAGE_SHIFT),
                         emu_soc_dma_pattern(WORLD_LINE, i * PAGE_SIZE));
    o->FreeAdapterChannel(s->adapter);
}

/* ---- Every interleaving ---------------------------------------------------------------------- */

static struct stream *raced;
static NTSTATUS cancel_status;
static struct {
    unsigned complete, cancelled, refused;
} ends; /* over all runs */

static void transfer(void *context)
{
    (void)context;
    NTSTATUS status = start(raced, TRUE);
    if (status == STATUS_CANCELLED) {
        ends.refused++;
        return;
    }
    rig_expect_equal(status, STATUS_SUCCESS);
    wait(raced);
    rig_expect_equal(flush(raced, TRUE), STATUS_SUCCESS);
}

static void cancel(void *context)
{
    (void)context;
    cancel_status = raced->adapter->DmaOperations->CancelMappedTransfer(raced->adapter, raced->transfer);
}

static void set_up_cancel(void *context)
{
    (void)context;
    raced = make(1, WORLD_LINE);
    rig_thread("transfers", 0, transfer, NULL);
    rig_thread("cancels", 1, cancel, NULL);
}

static void check_cancel(void *context)
{
    (void)context;
    rig_expect(raced->completions <= 1);
    rig_expect(raced->completions == 1 || cancel_status == STATUS_SUCCESS);
    rig_expect(raced->status == DmaComplete ||
               (raced->status == DmaCancelled && cancel_status == STATUS_SUCCESS));
    ends.complete += raced->completions == 1 && raced->status == DmaComplete;
    ends.cancelled += raced->completions == 1 && raced->status == DmaCancelled;
    rig_expect_equal(dma_system()->completions.taken, 0);
    rig_expect_equal(dma_system()->deferred.taken, 0);
}

/* rule: DMA-CHANNEL-13 */
static void a_transfer_completes_once_whether_its_end_or_the_cancellation_comes_first(void **state)
{
    (void)state;
    struct haldma_config config = world_config();
    config.controllers[0].beat_bytes = PAGE_SIZE;
    memset(&ends, 0, sizeof ends);
    world_explore(&config, set_up_cancel, check_cancel, 3);
    assert_true(ends.complete > 0 && ends.cancelled > 0 && ends.refused > 0);
}

/* rule: DMA-CHANNEL-3 */
static void flushing_a_channel_that_another_adapter_has(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    unsigned char *memory;
    struct world_list list;
    ULONG length = PAGE_SIZE;
    PDMA_ADAPTER one = world_channel(WORLD_LINE), two = world_channel(WORLD_LINE + 1);
    PMDL mdl = world_buffer(1, false, &memory);
    rig_expect_equal(world_map(one, mdl, world_take(one, transfer, 1), 0, &length, true, &list),
                     STATUS_SUCCESS);
    two->DmaOperations->FlushAdapterBuffersEx(two, mdl, NULL, 0, PAGE_SIZE, TRUE);
}

/* rule: DMA-CHANNEL-3 */
static void reading_the_counter_of_a_channel_that_another_adapter_has(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    PDMA_ADAPTER one = world_channel(WORLD_LINE), two = world_channel(WORLD_LINE + 1);
    world_take(one, transfer, 1);
    two->DmaOperations->ReadDmaCounter(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_STOPS(flushing_a_channel_that_another_adapter_has, "DMA-CHANNEL-3", NULL),
        WORLD_STOPS(reading_the_counter_of_a_channel_that_another_adapter_has, "DMA-CHANNEL-3", NULL),
        WORLD_HOLDS(adapters_that_share_a_channel_get_it_in_order_of_arrival),
        WORLD_HOLDS(a_completion_routine_runs_at_dispatch_level_and_finds_the_length_written),
        WORLD_STOPS(mapping_without_the_channel, "DMA-CHANNEL-3", NULL),
        WORLD_STOPS(mapping_on_a_channel_that_was_not_flushed, "DMA-CHANNEL-4", "0xE6/0D"),
        WORLD_STOPS(freeing_a_channel_that_was_not_flushed, "DMA-CHANNEL-4", "0xE6/0D"),
        WORLD_HOLDS(a_cancelled_transfer_completes_once_and_its_context_starts_no_other),
        WORLD_HOLDS(the_flush_ends_the_cancelled_state),
        WORLD_HOLDS(a_context_can_be_cancelled_before_anything_is_mapped),
        WORLD_HOLDS(cancelling_what_was_cancelled_or_released_fails),
        WORLD_HOLDS(cancelling_between_the_end_and_the_flush_marks_the_context_until_the_flush),
        WORLD_HOLDS(a_mark_from_before_the_allocation_is_for_that_allocation_only),
        WORLD_HOLDS(mapping_no_bytes_succeeds_and_starts_nothing),
        WORLD_STOPS(releasing_an_adapter_whose_completion_routine_is_still_to_be_called, "DMA-ADAPTER-21",
                    NULL),
        WORLD_HOLDS(bus_masters_have_no_mapped_transfer_to_cancel),
        WORLD_HOLDS(the_counter_says_how_many_bytes_are_left),
        WORLD_HOLDS(a_flush_before_the_end_stops_the_transfer_and_the_routine_is_called_all_the_same),
        WORLD_HOLDS(version_1_starts_the_channel_with_map_transfer),
        WORLD_HOLDS(version_1_maps_all_that_it_is_asked_for_whatever_the_controllers_fragments),
        cmocka_unit_test(a_transfer_completes_once_whether_its_end_or_the_cancellation_comes_first),
    };
    return cmocka_run_group_tests_name("dma.channel", tests, NULL, NULL);
}
