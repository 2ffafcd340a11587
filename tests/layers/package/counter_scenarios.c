/*
 * The scenario of somebody else's driver.
 */
#include <emu/access.h>
#include <haldma.h>

DRIVER_INITIALIZE counter_DriverEntry;
DRIVER_INITIALIZE counter_watched_DriverEntry;

static void load(const char *name, PDRIVER_INITIALIZE entry)
{
    PDRIVER_OBJECT driver;
    NTSTATUS status = haldma_load_driver(name, entry, &driver);
    haldma_require(NT_SUCCESS(status), "DriverEntry returned 0x%08X", (unsigned)status);
    haldma_unload_driver(driver);
}

static void set_up(void)
{
    load("counter", counter_DriverEntry);
    haldma_require(!emu_access_watched(emu_current()), "a driver is watched that is not instrumented");
    load("counter_watched", counter_watched_DriverEntry);
    haldma_require(emu_access_watched(emu_current()), "an instrumented driver is not watched");
}

static const struct haldma_scenario scenarios[] = {
    {"loads", "the driver loads and unloads", NULL, set_up, NULL}};

HALDMA_MODULE(scenarios);
