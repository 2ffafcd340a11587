/*
 * A driver with static variables: every run finds them as the linker left them.
 */
#include <haldma.h>

DRIVER_INITIALIZE stateful_DriverEntry;

static PDRIVER_OBJECT driver; /* of the current run: loaded anew by set_up */

static void set_up(void)
{
    NTSTATUS status = haldma_load_driver("stateful", stateful_DriverEntry, &driver);
    haldma_require(NT_SUCCESS(status), "DriverEntry found the state of an earlier load: 0x%08X",
                   (unsigned)status);
}

/* The same after an unload. */
static void check(void)
{
    haldma_unload_driver(driver);
    set_up();
}

static const struct haldma_scenario scenarios[] = {
    {.name = "globals",
     .summary = "a driver's static variables are put back",
     .set_up = set_up,
     .check = check},
};

HALDMA_MODULE(scenarios);
