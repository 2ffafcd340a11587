/*
 * Scenarios: what haldma.h offers to those who set a machine up, race drivers on it, and state what must
 * hold.
 */
#include <emu/cpu.h>
#include <emu/finding.h>
#include <emu/liveness.h>
#include <emu/mem.h>
#include <emu/strand.h>
#include <hal/io_driver.h>
#include <hal/module_reach.h>
#include <hal/pnp.h>
#include <hal/pool.h>
#include <stdarg.h>

#include "dma/adapter.h"
#include "dma/controller.h"
#include "dma/system.h"

enum {
    SCRATCH_BYTES_MAX = 1 << 28,
    FOLD_REMAPPING = 'R',
    FOLD_FILTER = 'F',
    FOLD_SIZE = 'S',
    FOLD_GO_PAST = 'G',
    FOLD_VERIFY = 'V',
    FOLD_SKEW = 'K'
};

/* ---- Drivers and devices --------------------------------------------------------------------- */

NTSTATUS haldma_load_driver(const char *name, PDRIVER_INITIALIZE entry, PDRIVER_OBJECT *driver)
{
    return hal_driver_load(name, entry, driver);
}

/* The configuration's filter driver attaches itself to a new device. */
static void add_filter(PDEVICE_OBJECT pdo)
{
    struct dma_system *s = dma_system();
    NTSTATUS status = STATUS_SUCCESS;
    if (s->config->filter == NULL || pdo == NULL)
        return;
    if (s->filter == NULL)
        status = hal_driver_load("filter", s->config->filter, &s->filter);
    if (NT_SUCCESS(status))
        status = hal_pnp_add(s->filter, pdo);
    if (!NT_SUCCESS(status) && haldma_faults() > 0)
        s->filter_status = status;
    else if (!NT_SUCCESS(status))
        haldma_fail("scenario", "the filter driver does not take the device: 0x%08X", (unsigned)status);
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
        .requester = device->requester,
        .node = device->numa_node,
    };
    PDEVICE_OBJECT pdo = hal_pnp_add_device(&hardware);
    add_filter(pdo);
    return pdo;
}

NTSTATUS haldma_start_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo, PDEVICE_OBJECT *fdo)
{
    const struct dma_system *s = dma_system();
    if (fdo != NULL)
        *fdo = NULL;
    return NT_SUCCESS(s->filter_status) ? hal_pnp_start(driver, pdo, fdo) : s->filter_status;
}

NTSTATUS haldma_remove_device(PDEVICE_OBJECT pdo)
{
    struct dma_system *s = dma_system();
    NTSTATUS status = hal_pnp_remove(pdo);
    if (NT_SUCCESS(status))
        s->entry->removed(s, pdo);
    return status;
}

uint32_t haldma_requester(PDMA_ADAPTER adapter)
{
    return dma_adapter_of(adapter)->requester;
}

void haldma_unload_driver(PDRIVER_OBJECT driver)
{
    const char *name = hal_driver_unload(driver);
    if (hal_drivers_are_gone())
        dma_adapters_left(dma_system(), name);
}

struct emu_soc_dma *haldma_controller_device(unsigned controller)
{
    return dma_builtin_soc(dma_system(), controller);
}

struct emu_i8237 *haldma_i8237(void)
{
    return dma_builtin_i8237(dma_system());
}

/* ---- The scenario's own ---------------------------------------------------------------------- */

/* What a thread of a scenario is to do. */
struct thread {
    const char *name;
    void (*routine)(void *context);
    void *context;
};

static void require_passive(const char *who)
{
    uint8_t level = emu_level(emu_current());
    if (level != PASSIVE_LEVEL)
        haldma_fail("scenario", "%s ended at IRQL %u", who, level);
}

static void thread_main(void *context)
{
    struct thread *t = context;
    t->routine(t->context);
    require_passive(t->name);
}

void haldma_thread(const char *name, unsigned processor, void (*routine)(void *context), void *context)
{
    struct emu_machine *m = emu_current();
    uint32_t processors = emu_machine_config(m)->processors;
    if (name == NULL || routine == NULL)
        haldma_fail("scenario", "a thread needs a name and a routine");
    if (processor >= processors)
        haldma_fail("scenario", "thread %s is to run on processor %u of %u", name, processor, processors);
    struct thread *t = emu_arena_alloc(m, sizeof *t);
    *t = (struct thread){.name = name, .routine = routine, .context = context};
    struct emu_strand_config thread = {
        .name = name,
        .fn = thread_main,
        .arg = t,
        .cpu = processor,
        .must_finish = true,
        .spared = true,
        .held = dma_system()->sets_up,
    };
    if (emu_strand_start(m, &thread) == NULL)
        haldma_fail("scenario", "no strand is left for thread %s", name);
}

static void strike(void *pdo)
{
    hal_pnp_surprise(pdo);
}

void haldma_surprise_removal_thread(PDEVICE_OBJECT pdo, unsigned processor)
{
    haldma_thread("surprise removal", processor, strike, pdo);
}

void haldma_surprise_remove(PDEVICE_OBJECT pdo)
{
    hal_pnp_surprise(pdo);
    hal_pnp_remove(pdo);
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

uint32_t haldma_faults(void)
{
    return emu_faults_so_far(emu_current());
}

bool haldma_succeeded(NTSTATUS status, const char *what)
{
    if (!NT_SUCCESS(status) && haldma_faults() == 0)
        haldma_fail("property", "%s failed with 0x%08X, and nothing had failed by choice", what,
                    (unsigned)status);
    return NT_SUCCESS(status);
}

uint32_t haldma_pool_blocks(ULONG tag)
{
    return hal_pool_each(tag, NULL, NULL);
}

unsigned haldma_size(void)
{
    return dma_system()->config->size;
}

void *haldma_scratch(size_t bytes)
{
    if (bytes > SCRATCH_BYTES_MAX)
        haldma_fail("scenario", "%zu bytes of scratch memory are more than there are", bytes);
    return emu_arena_alloc(emu_current(), bytes);
}

/* ---- Running it ------------------------------------------------------------------------------ */

static void set_up(void *context)
{
    const struct haldma_scenario *scenario = context;
    struct dma_system *s = dma_system();
    hal_code_note(emu_current(), (const void *)(uintptr_t)scenario->set_up);
    s->sets_up = true;
    scenario->set_up();
    s->sets_up = false;
    require_passive("set_up");
}

static void check(void *context)
{
    const struct haldma_scenario *scenario = context;
    if (scenario->check != NULL)
        scenario->check();
    require_passive("check");
    emu_require_drained(emu_current());
    hal_pool_audit();
    dma_system()->entry->audit(dma_system());
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

bool haldma_scenario_memory(void *context, emu_memory_fn *tell, void *to)
{
    const struct haldma_scenario *scenario = context;
    return hal_module_reach((const void *)(uintptr_t)scenario->set_up, tell, to);
}

uint32_t haldma_configuration(const struct emu_machine *m)
{
    const struct haldma_config *c = haldma_machine_config(m);
    uint32_t hash = emu_token_configuration(m);
    hash = emu_token_fold(hash, c->map_registers);
    hash = emu_token_fold(hash, c->adapter_map_registers_max);
    hash = c->remapping ? emu_token_fold(hash, FOLD_REMAPPING) : hash;
    hash = emu_token_fold(hash, c->bus_width);
    hash = emu_token_fold(hash, c->numa_nodes);
    if (c->i8237)
        hash = emu_token_fold(hash, c->i8237);
    hash = c->filter != NULL ? emu_token_fold(hash, FOLD_FILTER) : hash;
    hash = c->size != 0 ? emu_token_fold(emu_token_fold(hash, FOLD_SIZE), c->size) : hash;
    if (c->counter_skew_ns != 0)
        hash = emu_token_fold(emu_token_fold(hash, FOLD_SKEW), c->counter_skew_ns);
    hash = c->verify != 0 ? emu_token_fold(emu_token_fold(hash, FOLD_VERIFY), c->verify) : hash;
    uint32_t go_past = emu_machine_config(m)->go_past;
    hash = go_past != 0 ? emu_token_fold(emu_token_fold(hash, FOLD_GO_PAST), go_past) : hash;
    for (unsigned i = 0; i < HALDMA_CONTROLLERS_MAX && c->controllers[i].channels != 0; i++) {
        const struct haldma_controller *k = &c->controllers[i];
        const uint64_t fields[] = {k->first_line,    k->lines,      k->channels, k->fragments_max,
                                   k->address_width, k->beat_bytes, k->beat_ns};
        for (unsigned f = 0; f < sizeof fields / sizeof fields[0]; f++)
            hash = emu_token_fold(hash, fields[f]);
    }
    return hash;
}

char *haldma_token(const struct emu_machine *m, const struct haldma_scenario *scenario,
                   const struct emu_record *record, uint64_t hash)
{
    const struct emu_config *config = emu_machine_config(m);
    struct emu_token token = {
        .program = emu_token_program(scenario->name),
        .configuration = haldma_configuration(m),
        .profile = config->profile,
        .faults = config->faults,
        .hash = (uint32_t)hash,
        .record = *record,
    };
    return emu_token_write(&token);
}
