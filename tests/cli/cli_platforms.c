/*
 * Scenarios for the tests of platforms: for all of them, for some, for none but a machine of its own.
 */
#include <haldma.h>

static const char *const some[] = {"soc", "pc", NULL};

static bool remapped(void)
{
    return haldma_machine_config(emu_current())->remapping;
}

static void set_up(void)
{
}

static void check(void)
{
    haldma_require(!remapped(), "it was remapped");
}

static void own_machine(struct haldma_config *config)
{
    *config = (struct haldma_config){.remapping = true};
}

static void fewer_registers(struct haldma_config *config)
{
    enum { FEWER = 5 };
    config->map_registers = FEWER;
}

static const struct haldma_scenario scenarios[] = {
    {.name = "everywhere", .summary = "fails where it is remapped", .set_up = set_up, .check = check},
    {.name = "somewhere", .summary = "is for some", .set_up = set_up, .check = check, .platforms = some},
    {.name = "own",
     .summary = "has a machine of its own",
     .configure = own_machine,
     .set_up = set_up,
     .check = check},
    {.name = "changed",
     .summary = "changes a field",
     .configure = fewer_registers,
     .set_up = set_up,
     .check = check},
};

HALDMA_MODULE(scenarios);
