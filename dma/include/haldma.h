/*
 * haldma: the one header for tests, scenarios and tools.
 *
 * A scenario is C: it describes a machine, loads drivers into it, adds devices, starts threads that race, and
 * states what must hold afterwards. It runs inside a test (emu_explore) or from a module that the command
 * line loads (HALDMA_MODULE).
 */
#ifndef HALDMA_H
#define HALDMA_H

#include <emu/explore.h>
#include <emu/irq.h>
#include <emu/machine.h>
#include <emu/token.h>
#include <emu/trace.h>
#include <wdm.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The machine ----------------------------------------------------------------------------- */

enum { HALDMA_CONTROLLERS_MAX = 4 };

/* A system DMA controller and the request lines that it serves. */
struct haldma_controller {
    uint32_t first_line; /* request lines first_line .. first_line + lines - 1 */
    uint32_t lines;
    uint32_t channels;      /* 1 to 32; request lines share them in order */
    uint32_t fragments_max; /* scatter/gather elements per transfer; 1: no scatter/gather; 0: 1 */
    uint32_t address_width; /* bits; 0: 32 */
    uint32_t beat_bytes;    /* moved per beat; 0: 64 */
    uint64_t beat_ns;       /* 0: 1,000 */
};

/* Zero means the default. */
struct haldma_config {
    struct emu_config machine;
    uint32_t map_registers;             /* of the whole system, shared by its adapters; default 1,024 */
    uint32_t adapter_map_registers_max; /* most that one adapter is promised; default 256 */
    struct haldma_controller controllers[HALDMA_CONTROLLERS_MAX]; /* channels == 0 ends the list */
};

/* A machine with the kernel and the DMA subsystem on it; NULL with a static one-line reason.
 * emu_machine_destroy() ends it. */
struct emu_machine *haldma_machine_create(const struct haldma_config *config, const char **error);
const struct haldma_config *haldma_machine_config(const struct emu_machine *m);

/* ---- Inside a scenario (on a strand of a running machine) ------------------------------------ */

/* Loads a driver: calls its DriverEntry at PASSIVE_LEVEL. Its writable data is put back before each run. */
NTSTATUS haldma_load_driver(const char *name, PDRIVER_INITIALIZE entry, PDRIVER_OBJECT *driver);

/* What a bus driver would report about a device. */
struct haldma_device {
    const char *name;
    INTERFACE_TYPE bus; /* PCIBus, Internal, ... */
    uint64_t window;    /* physical address of its registers; 0: none */
    uint64_t window_bytes;
    uint32_t port; /* first I/O port; ports == 0: none */
    uint32_t ports;
    emu_line line;     /* interrupt line; 0: none */
    bool has_dma_line; /* a CmResourceTypeDma (V3) descriptor is reported */
    uint32_t dma_line; /* request line */
    uint32_t dma_channel;
};
/* Creates the physical device object that a bus driver would. */
PDEVICE_OBJECT haldma_add_device(const struct haldma_device *device);

/* AddDevice, then IRP_MN_START_DEVICE with the device's resources, through the whole stack. *fdo: top of the
 * stack. */
NTSTATUS haldma_start_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo, PDEVICE_OBJECT *fdo);
/* IRP_MN_SURPRISE_REMOVAL is not sent; IRP_MN_QUERY_REMOVE_DEVICE and IRP_MN_REMOVE_DEVICE are. */
NTSTATUS haldma_remove_device(PDEVICE_OBJECT pdo);
/* DriverUnload, where the driver has one; its device objects must be gone (else a finding). */
void haldma_unload_driver(PDRIVER_OBJECT driver);

/* A thread that must finish, on this processor, at PASSIVE_LEVEL. In set_up: it starts when set_up has
 * returned. */
void haldma_thread(const char *name, unsigned processor, void (*routine)(void *context), void *context);

/* The property failed: stops the run with a finding named by rule (e.g. "property"). */
__attribute__((noreturn, format(printf, 2, 3))) void haldma_fail(const char *rule, const char *format, ...);
#define haldma_require(condition, ...) ((condition) ? (void)0 : haldma_fail("property", __VA_ARGS__))

/*
 * Non-paged, page-aligned, zeroed memory of the machine, as a caller of the driver would have; physical
 * limits of 0: none. Which page frames back it is a choice of the hostile profile: in the wrong order,
 * contiguous, or every other one above 4 GiB.
 */
void *haldma_alloc_pages(uint32_t pages, uint64_t lowest, uint64_t highest);

/*
 * The hardware of a configured controller, to attach a peripheral to a request line (emu/device/soc_dma.h);
 * NULL: no such controller.
 */
struct emu_soc_dma;
struct emu_soc_dma *haldma_controller_device(unsigned controller);

/*
 * Pool blocks that are allocated now under a tag (first character in the low byte; 0: every tag), to state
 * that nothing leaked. That nobody wrote beyond a block, or into one that was freed, is verified after every
 * run's check anyway.
 */
uint32_t haldma_pool_blocks(ULONG tag);

/*
 * Memory for the scenario's own state, zeroed, gone with the run. Static variables of a scenario are not put
 * back, unless a driver is linked into the scenario's module: then the whole module's are.
 */
void *haldma_scratch(size_t bytes);

/* ---- Scenarios
 * ---------------------------------------------------------------------------------------------- */

struct haldma_scenario {
    const char *name;                                /* letters, digits, underscore */
    const char *summary;                             /* one line */
    void (*configure)(struct haldma_config *config); /* NULL: the default machine */
    void (*set_up)(void);                            /* quiet; starts what races */
    void (*check)(void);                             /* quiet, when all is idle; may be NULL */
};

/* Fills in a program for emu_explore() and its kin. */
void haldma_scenario_program(const struct haldma_scenario *scenario, struct emu_program *program);

/* The hash of everything in a machine's configuration that a token is bound to. */
uint32_t haldma_configuration(const struct emu_machine *m);

/* A token for a run of the scenario on this machine; malloc'ed. */
char *haldma_token(const struct emu_machine *m, const struct haldma_scenario *scenario,
                   const struct emu_record *record, uint64_t hash);

enum { HALDMA_MODULE_ABI = 1 };
struct haldma_module {
    uint32_t abi;
    uint32_t count;
    const struct haldma_scenario *scenarios;
};
#define HALDMA_MODULE(array)                                                                \
    __attribute__((visibility("default"))) extern const struct haldma_module haldma_module; \
    const struct haldma_module haldma_module = {HALDMA_MODULE_ABI, sizeof(array) / sizeof((array)[0]), array}

#ifdef __cplusplus
}
#endif
#endif
