/*
 * Every piece of the driver in tests/drivers/data_race as a scenario: its two routines on two processors, or
 * its first on processor 0, which its device interrupts.
 */
#include <haldma.h>

#include <string.h>

#include "data_race.h"

DRIVER_INITIALIZE data_race_DriverEntry;

enum { FIRST_PROCESSOR = 0, SECOND_PROCESSOR = 1, DEVICE_IRQL = 5 };

struct race {
    PDRIVER_OBJECT driver;
    const struct race_piece *piece;
    emu_line line;
};

static struct race *race; /* of the current run: made anew by set_up */

static void run(void *routine)
{
    (*(RACE_ROUTINE *const *)routine)();
}

static void interrupt(void *context)
{
    (void)context;
    emu_line_raise(emu_current(), race->line);
}

static const struct race_piece *find(const struct race_extension *extension, const char *name)
{
    for (unsigned i = 0; i < RTL_NUMBER_OF(extension->Pieces); i++)
        for (const struct race_piece *p = extension->Pieces[i]; p->Name != NULL; p++)
            if (strcmp(p->Name, name) == 0)
                return p;
    haldma_fail("property", "the driver has no piece called %s", name);
}

static void set_up(const char *name)
{
    struct emu_machine *m = emu_current();
    race = haldma_scratch(sizeof *race);
    struct emu_line_config line = {.name = "device line",
                                   .trigger = EMU_TRIGGER_EDGE,
                                   .level = DEVICE_IRQL,
                                   .processors = 1u << FIRST_PROCESSOR};
    race->line = emu_line_add(m, &line);
    NTSTATUS status = haldma_load_driver("data_race", data_race_DriverEntry, &race->driver);
    haldma_require(NT_SUCCESS(status), "DriverEntry returned 0x%08X", (unsigned)status);
    struct race_extension *extension = race->driver->DeviceObject->DeviceExtension;
    extension->Vector = race->line;
    extension->Irql = DEVICE_IRQL;
    race->piece = find(extension, name);
    if (race->piece->Begin != NULL)
        race->piece->Begin();
    haldma_thread("first", FIRST_PROCESSOR, run, (void *)(uintptr_t)&race->piece->First);
    if (race->piece->Second != NULL)
        haldma_thread("second", SECOND_PROCESSOR, run, (void *)(uintptr_t)&race->piece->Second);
    else
        haldma_thread("device", SECOND_PROCESSOR, interrupt, NULL);
}

static void check(void)
{
    if (race->piece->End != NULL)
        race->piece->End();
    haldma_unload_driver(race->driver);
}

#define PIECES(X)          \
    X(publish_plain)       \
    X(publish_half)        \
    X(publish_interlocked) \
    X(publish_atomic)      \
    X(publish_relaxed)     \
    X(publish_event)       \
    X(publish_multiple)    \
    X(publish_late)        \
    X(counter_plain)       \
    X(counter_locked)      \
    X(counter_two_locks)   \
    X(counter_queued)      \
    X(counter_mutex)       \
    X(counter_interlocked) \
    X(counter_mixed)       \
    X(counter_atomic)      \
    X(counter_raised)      \
    X(once_plain)          \
    X(once_ordered)        \
    X(isr_plain)           \
    X(isr_dispatch)        \
    X(isr_level)           \
    X(isr_synchronized)    \
    X(isr_disconnected)    \
    X(dpc_plain)           \
    X(dpc_raised)          \
    X(dpc_elsewhere)       \
    X(dpc_flushed)         \
    X(timer_dpc)           \
    X(thread)              \
    X(work_item)           \
    X(work_items)          \
    X(copied)              \
    X(copied_beside)       \
    X(moved)               \
    X(compared)            \
    X(bits)                \
    X(letters)             \
    X(structure)           \
    X(volatile_flag)       \
    X(volatile_barrier)    \
    X(volatile_poll)       \
    X(stack)

#define SET_UP(name)                \
    static void set_up_##name(void) \
    {                               \
        set_up(#name);              \
    }
PIECES(SET_UP)

#define SCENARIO(piece) \
    {.name = #piece, .summary = "a piece of the driver data_race", .set_up = set_up_##piece, .check = check},
static const struct haldma_scenario scenarios[] = {PIECES(SCENARIO)};

HALDMA_MODULE(scenarios);
