/*
 * The scenario of somebody else's driver.
 */
#include <haldma.h>

DRIVER_INITIALIZE counter_DriverEntry;

static void set_up(void)
{
    PDRIVER_OBJECT driver;
    NTSTATUS status = haldma_load_driver("counter", counter_DriverEntry, &driver);
    haldma_require(NT_SUCCESS(status), "DriverEntry returned 0x%08X", (unsigned)status);
    haldma_unload_driver(driver);
}

static const struct haldma_scenario scenarios[] = {
    {"loads", "the driver loads and unloads", NULL, set_up, NULL}};

HALDMA_MODULE(scenarios);
