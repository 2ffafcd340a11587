/*
 * Every code of verification: a driver that makes the mistake, and the same driver mended.
 *
 * A thread sends a write to the device of the copier's kind; then the device is removed, as by the plug and
 * play manager. The driver does its deed when it is written to, or what it leaves is found when it is
 * removed. The profile is verifier.
 */
#include "verifier_list.h"

#include "../scenario_transfer.h"

#include <emu/device/copier.h>

enum { WINDOW = 0xE0000000, LENGTH = 3 * PAGE_SIZE, REQUEST_LINE = 0x1000, SKEW_NS = 1000000 };

#define DECLARE(name, ...)                \
    DRIVER_INITIALIZE name##_DriverEntry; \
    DRIVER_INITIALIZE name##_mended_DriverEntry;
VERIFIER_LIST(DECLARE)

struct scene {
    PDRIVER_OBJECT driver; /* NULL: DriverEntry failed */
    PDEVICE_OBJECT pdo;
    struct transfer *write; /* NULL: the device was not started */
};

static struct scene *scene; /* of the current run: made anew by set_up */

static void user(void *context)
{
    (void)context;
    transfer_send(scene->write);
    NTSTATUS status = haldma_remove_device(scene->pdo);
    haldma_require(NT_SUCCESS(status), "the device was not removed: 0x%08X", (unsigned)status);
}

static void start(const char *name, PDRIVER_INITIALIZE entry)
{
    PDEVICE_OBJECT device;
    scene = haldma_scratch(sizeof *scene);
    struct emu_copier_config copier = {.window = WINDOW};
    haldma_require(emu_copier_create(emu_current(), &copier) != NULL, "no copier");
    struct haldma_device hardware = {.name = "card",
                                     .bus = PCIBus,
                                     .window = WINDOW,
                                     .window_bytes = EMU_COPIER_WINDOW_BYTES,
                                     .has_dma_line = true,
                                     .dma_line = REQUEST_LINE};
    scene->pdo = haldma_add_device(&hardware);
    if (!haldma_succeeded(haldma_load_driver(name, entry, &scene->driver), "DriverEntry") ||
        !haldma_succeeded(haldma_start_device(scene->driver, scene->pdo, &device), "the start"))
        return;
    scene->write = transfer_make(device, IRP_MJ_WRITE, LENGTH, 0);
    haldma_thread("user", 0, user, NULL);
}

static void check(void)
{
    if (scene->write != NULL)
        transfer_check(scene->write);
    if (scene->driver != NULL)
        haldma_unload_driver(scene->driver);
}

/* ---- Machines -------------------------------------------------------------------------------- */

static void configure(struct haldma_config *config)
{
    config->machine.profile = EMU_PROFILE_VERIFIER;
}

/* Performance counters of its processors do not agree. */
static void configure_skewed(struct haldma_config *config)
{
    configure(config);
    config->counter_skew_ns = SKEW_NS;
}

/* A DMA controller serves the card's request line. */
static void configure_controlled(struct haldma_config *config)
{
    configure(config);
    config->controllers[0] =
        (struct haldma_controller){.first_line = REQUEST_LINE, .lines = 1, .channels = 1};
}

#define PLAIN      configure
#define SKEWED     configure_skewed
#define CONTROLLED configure_controlled

/* ---- Platforms ------------------------------------------------------------------------------- */

static const char *const physical[] = {"pc", "pc-lowmem", "soc", NULL};
static const char *const remapped[] = {"pc-remapped", NULL};
static const char *const incoherent[] = {"soc", NULL};

#define ALL        NULL
#define PHYSICAL   physical
#define REMAPPED   remapped
#define INCOHERENT incoherent

/* ---- The scenarios --------------------------------------------------------------------------- */

#define SET_UP(name, ...)                                  \
    static void start_##name(void)                         \
    {                                                      \
        start(#name, name##_DriverEntry);                  \
    }                                                      \
    static void start_##name##_mended(void)                \
    {                                                      \
        start(#name "_mended", name##_mended_DriverEntry); \
    }
VERIFIER_LIST(SET_UP)

#define SCENARIO(id, mended, rule, code, second, third, fourth, where, machine) \
    {.name = #id,                                                               \
     .summary = "a driver that bug check " code " is for",                      \
     .configure = machine,                                                      \
     .set_up = start_##id,                                                      \
     .check = check,                                                            \
     .platforms = where},                                                       \
        {.name = #mended,                                                       \
         .summary = "the driver of " #id ", mended",                            \
         .configure = machine,                                                  \
         .set_up = start_##id##_mended,                                         \
         .check = check,                                                        \
         .platforms = where},

static const struct haldma_scenario scenarios[] = {VERIFIER_LIST(SCENARIO)};

HALDMA_MODULE(scenarios);
