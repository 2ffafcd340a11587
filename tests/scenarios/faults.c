/*
 * Drivers whose mistakes show when a call fails (tests/drivers/faulty): two writes, one after the other, from
 * the loading of the driver to its unloading. To be explored with --faults.
 */
#include "scenario_card.h"

#include <string.h>

DRIVER_INITIALIZE faulty_mended_DriverEntry;
DRIVER_INITIALIZE faulty_leaks_pool_DriverEntry;
DRIVER_INITIALIZE faulty_leaks_buffer_DriverEntry;
DRIVER_INITIALIZE faulty_frees_twice_DriverEntry;
DRIVER_INITIALIZE faulty_ignores_partial_DriverEntry;
DRIVER_INITIALIZE faulty_completes_twice_DriverEntry;
DRIVER_INITIALIZE faulty_forgets_registers_DriverEntry;

enum { LENGTH = 2 * PAGE_SIZE };

static struct card *card; /* of the current run */

/* What is written must be there, unless something failed by choice. */
static void require_written(const struct transfer *t)
{
    uint8_t got[LENGTH];
    haldma_succeeded(t->status, "the write");
    if (!NT_SUCCESS(t->status))
        return;
    emu_copier_memory_read(card->copier, 0, got, sizeof got);
    haldma_require(t->information == LENGTH && memcmp(got, t->buffer, LENGTH) == 0,
                   "a write succeeded without its data");
}

static void writer(void *context)
{
    (void)context;
    for (unsigned i = 0; i < card->count; i++) {
        memset(card->transfers[i]->buffer, (int)('a' + i), LENGTH);
        transfer_send(card->transfers[i]);
        require_written(card->transfers[i]);
    }
}

static void start(PDRIVER_INITIALIZE entry)
{
    struct emu_copier_config copier = {0};
    card = haldma_scratch(sizeof *card);
    if (!card_plug_copier(card, &copier, "faulty", entry))
        return;
    card_make_transfers(card, IRP_MJ_WRITE, LENGTH);
    haldma_thread("writer", 0, writer, NULL);
}

static void check(void)
{
    card_check(card);
}

#define STARTS(bug)                        \
    static void start_##bug(void)          \
    {                                      \
        start(faulty_##bug##_DriverEntry); \
    }
STARTS(mended)
STARTS(leaks_pool)
STARTS(leaks_buffer)
STARTS(frees_twice)
STARTS(ignores_partial)
STARTS(completes_twice)
STARTS(forgets_registers)

static const struct haldma_scenario scenarios[] = {
    {.name = "mended",
     .summary = "a driver that is ready for failures",
     .set_up = start_mended,
     .check = check},
    {.name = "leaks_pool",
     .summary = "a block of pool stays allocated where the interrupt cannot be connected",
     .set_up = start_leaks_pool,
     .check = check},
    {.name = "leaks_buffer",
     .summary = "the common buffer stays allocated where the allocation after it fails",
     .set_up = start_leaks_buffer,
     .check = check},
    {.name = "frees_twice",
     .summary = "the failure path of the start frees what the removal frees again",
     .set_up = start_frees_twice,
     .check = check},
    {.name = "ignores_partial",
     .summary = "what MapTransferEx did not map is taken for transferred",
     .set_up = start_ignores_partial,
     .check = check},
    {.name = "completes_twice",
     .summary = "two functions complete the IRP where there are no map registers",
     .set_up = start_completes_twice,
     .check = check},
    {.name = "forgets_registers",
     .summary = "map registers are kept where there is no MDL after they were granted",
     .set_up = start_forgets_registers,
     .check = check},
};

HALDMA_MODULE(scenarios);
