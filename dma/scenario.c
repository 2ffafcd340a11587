/*
 * Scenarios: what haldma.h offers to those who set a machine up, race drivers on it, and state what must
 * hold.
 */
#include <emu/finding.h>
#include <emu/mem.h>
#include <emu/strand.h>
#include <hal/io_driver.h>
#include <hal/pnp.h>
#include <hal/pool.h>
#include <stdarg.h>

#include "dma/controller.h"
#include "dma/system.h"

/* ---- Drivers and devices --------------------------------------------------------------------- */

NTSTATUS haldma_load_driver(const char *name, PDRIVER_INITIALIZE entry, PDRIVER_OBJECT *driver)
{
    return hal_driver_load(name, entry, driver);
}

PDEVICE_OBJECT haldma_add_device(const struct haldma_device *device)
{
    struct hal_pnp_device hardware = {
        .name = device->name,
        .bus = device->bus,
        .window = device->window,
        .window_bytes = device->window_bytes,
        .port = device->port,
        .ports = device->ports,
        .line = device->line,
        .has_dma_line = device->has_dma_line,
        .dma_line = device->dma_line,
        .dma_channel = device->dma_channel,
    };
    return hal_pnp_add_device(&hardware);
}

NTSTATUS haldma_start_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo, PDEVICE_OBJECT *fdo)
{
    return hal_pnp_start(driver, pdo, fdo);
}

NTSTATUS haldma_remove_device(PDEVICE_OBJECT pdo)
{
    return hal_pnp_remove(pdo);
}

void haldma_unload_driver(PDRIVER_OBJECT driver)
{
    hal_driver_unload(driver);
}

struct emu_soc_dma *haldma_controller_device(unsigned controller)
{
    const struct dma_system *s = dma_system();
    return controller < s->controller_count ? s->controllers[controller]->device : NULL;
}

/* ---- The scenario's own ---------------------------------------------------------------------- */

void haldma_thread(const char *name, unsigned processor, void (*routine)(void *context), void *context)
{
    struct emu_machine *m = emu_current();
    uint32_t processors = emu_machine_config(m)->processors;
    if (processor >= processors)
        haldma_fail("scenario", "thread %s is to run on processor %u of %u", name, processor, processors);
    struct emu_strand_config thread = {
        .name = name,
        .fn = routine,
        .arg = context,
        .cpu = processor,
        .must_finish = true,
        .held = dma_system()->sets_up,
    };
    if (emu_strand_start(m, &thread) == NULL)
        haldma_fail("scenario", "no strand is left for thread %s", name);
}

void haldma_fail(const char *rule, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    emu_finding_vraise(emu_current(), rule, NULL, NULL, format, arguments);
}

void *haldma_alloc_pages(uint32_t pages, uint64_t lowest, uint64_t highest)
{
    struct emu_ram_request request = {.pages = pages, .lowest = lowest, .highest = highest, .explore = true};
    return emu_ram_alloc(emu_current(), &request);
}

uint32_t haldma_pool_blocks(ULONG tag)
{
    return hal_pool_each(tag, NULL, NULL);
}

void *haldma_scratch(size_t bytes)
{
    return emu_arena_alloc(emu_current(), bytes);
}

/* ---- Running it ------------------------------------------------------------------------------ */

static void set_up(void *context)
{
    const struct haldma_scenario *scenario = context;
    struct dma_system *s = dma_system();
    s->sets_up = true;
    scenario->set_up();
    s->sets_up = false;
}

static void check(void *context)
{
    const struct haldma_scenario *scenario = context;
    if (scenario->check != NULL)
        scenario->check();
    hal_pool_audit();
}

void haldma_scenario_program(const struct haldma_scenario *scenario, struct emu_program *program)
{
    *program = (struct emu_program){
        .name = scenario->name,
        .set_up = scenario->set_up != NULL ? set_up : NULL,
        .check = check,
        .context = (void *)(uintptr_t)scenario, /* the callbacks above take it as const again */
    };
}

char *haldma_token(const struct emu_machine *m, const struct haldma_scenario *scenario,
                   const struct emu_record *record, uint64_t hash)
{
    const struct emu_config *config = emu_machine_config(m);
    struct emu_token token = {
        .program = emu_token_program(scenario->name),
        .configuration = emu_token_configuration(m),
        .profile = config->profile,
        .faults = config->faults,
        .hash = (uint32_t)hash,
        .record = *record,
    };
    return emu_token_write(&token);
}
